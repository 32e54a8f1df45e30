//! Tells everybody concerned of an entry that is in the log.

use std::sync::Arc;

use pipit_wire::Event;
use pipit_wire::event::EventBody;

use super::audience::Entry;
use super::hub::Hub;
use crate::service::push::PushQueue;
use crate::stats::Stats;

/// See the module.
#[derive(Clone)]
pub struct Announcer {
    hub: Arc<Hub>,
    stats: Arc<Stats>,
    pushes: PushQueue,
}

impl Announcer {
    /// An announcer to the connections of this hub and of the nodes that its bus reaches.
    /// What those who are not connected may have to be told goes into the queue.
    pub fn new(hub: Arc<Hub>, stats: Arc<Stats>, pushes: PushQueue) -> Self {
        Self { hub, stats, pushes }
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
                    self.hub.member_joined(member.user, conversation, event.seq);
                }
            }
            EventBody::MemberAdded { member } => self.hub.member_joined(member.user, conversation, event.seq),
            EventBody::MemberRemoved { user, .. } => {
                self.hub.member_left(*user, conversation);
                self.pushes.left(*user, conversation, event.seq);
            }
            EventBody::Message { content, .. } if content.is_sealed_change() => {}
            EventBody::Message { .. } => self.pushes.message(&event),
            EventBody::MessageChanged { message, change } => self.pushes.changed(&event, *message, change),
            EventBody::RoleChanged { .. }
            | EventBody::TitleChanged { .. }
            | EventBody::SettingsChanged { .. }
            | EventBody::Handshake { .. }
            | EventBody::HistoryShown { .. }
            | EventBody::Unknown => {}
        }
        let (entry, event) = Entry::encode(event);
        self.hub.announce_entry(conversation, entry);
        self.stats.announcements.add_one();
        event
    }

    /// Announces a message, a change of one or a handshake once more, where there are other nodes: the node that appended it may have ended before it told anybody.
    /// Whoever was given it already drops it.
    pub fn announce_again(&self, event: Event) -> Event {
        let is_written = matches!(
            event.body,
            EventBody::Message { .. } | EventBody::MessageChanged { .. } | EventBody::Handshake { .. }
        );
        if self.hub.is_alone() || !is_written {
            return event;
        }
        let conversation = event.conversation;
        let (entry, event) = Entry::encode(event);
        self.hub.announce_entry(conversation, entry);
        event
    }
}
