//! Tells everybody concerned of an entry that is in the log.

use std::sync::Arc;

use bytes::Bytes;
use pipit_wire::event::EventBody;
use pipit_wire::{Event, ServerFrame, codec};

use super::announcement::Header;
use super::hub::Hub;
use crate::stats::Stats;

/// See the module.
#[derive(Clone)]
pub struct Announcer {
    hub: Arc<Hub>,
    stats: Arc<Stats>,
}

impl Announcer {
    /// An announcer to the connections of this hub and of the nodes that its bus reaches.
    pub fn new(hub: Arc<Hub>, stats: Arc<Stats>) -> Self {
        Self { hub, stats }
    }

    /// Announces an entry after its commit. Whoever appends calls this in the order of `seq`; it never waits.
    ///
    /// New members get the conversation first and then the entry that made them members; a removed member gets
    /// `conversation_gone` in place of the entry.
    pub fn announce(&self, event: Event) -> Event {
        let conversation = event.conversation;
        match &event.body {
            EventBody::Created { members, .. } => {
                for member in members {
                    self.hub.member_joined(member.user, conversation);
                }
            }
            EventBody::MemberAdded { member } => self.hub.member_joined(member.user, conversation),
            EventBody::MemberRemoved { user } => self.hub.member_left(*user, conversation),
            EventBody::Message { .. }
            | EventBody::RoleChanged { .. }
            | EventBody::TitleChanged { .. }
            | EventBody::Unknown => {}
        }
        let header = Header {
            seq: Some(event.seq),
            except: None,
        };
        let frame = ServerFrame::Event(event);
        let text = Bytes::from(codec::encode_server(&frame));
        self.hub.announce(conversation, header, &text);
        self.stats.announcements.add_one();
        match frame {
            ServerFrame::Event(event) => event,
            #[expect(clippy::unreachable, reason = "it was made three lines above")]
            _ => unreachable!("the frame is the event"),
        }
    }
}
