//! What is told of members beside the log: how far they have it, and that they are typing. Each is told as far as both sides show it.

use std::sync::Arc;

use bytes::Bytes;
use pipit_bus::Topic;
use pipit_model::privacy::{Sign, Signs, is_shown};
use pipit_wire::frame::Receipt;
use pipit_wire::privacy::Privacy;
use pipit_wire::{ConversationId, Seq, ServerFrame, UserId, codec};

use super::{Connection, Hub};
use crate::fanout::announcement::{Header, encode_frame};
use crate::fanout::audience::Audience;
use crate::fanout::lock;
use crate::fanout::outbox::Outgoing;

/// A member's markers that have moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Where they are.
    pub receipt: Receipt,
    /// Whether that of what was delivered has moved.
    pub delivered: bool,
    /// What the member shows of themselves.
    pub signs: Signs,
}

impl Moved {
    /// As another node says it.
    pub fn from_header(receipt: Receipt, header: Header) -> Self {
        Self {
            receipt,
            delivered: !header.only_read,
            signs: Signs {
                read: !header.quiet,
                ..Signs::default()
            },
        }
    }
}

impl Hub {
    /// Tells the others who are in a conversation, and tell it of themselves, that somebody who does is typing there, here and on the other nodes.
    pub fn announce_typing(&self, conversation: ConversationId, who: UserId, frame: &Bytes) {
        self.give_typing(conversation, Some(who), frame);
        if !self.bus.is_alone() {
            let header = Header {
                except: Some(who),
                ..Header::default()
            };
            self.bus
                .publish(Topic::Conversation(conversation), encode_frame(header, frame));
            self.stats.bus_published.add_one();
        }
    }

    /// Tells everybody who is in a conversation how far a member's markers are, as far as each may know, here and on the other nodes.
    pub fn announce_receipt(&self, moved: Moved) {
        if self.bus.is_alone() {
            let shard = lock(self.shard(moved.receipt.conversation));
            if let Some(audience) = shard.get(&moved.receipt.conversation) {
                self.hand_receipt(audience, moved);
            }
            return;
        }
        let header = Header {
            receipt: Some(moved.receipt),
            only_read: !moved.delivered,
            quiet: !moved.signs.has(Sign::Read),
            ..Header::default()
        };
        let payload = encode_frame(header, &Bytes::new());
        self.bus
            .publish(Topic::Conversation(moved.receipt.conversation), payload);
        self.stats.bus_published.add_one();
        self.give_receipt(moved);
    }

    /// The same, here. Nodes do not hear each other in the order in which markers moved: what is older than what was told here is not told.
    pub fn give_receipt(&self, moved: Moved) {
        let mut shard = lock(self.shard(moved.receipt.conversation));
        let Some(audience) = shard.get_mut(&moved.receipt.conversation) else {
            return;
        };
        if let Some(receipt) = audience.advance(moved.receipt, moved.delivered) {
            // Under the lock, so that none overtakes another.
            self.hand_receipt(audience, Moved { receipt, ..moved });
        }
    }

    /// Its own account's devices get all of it. Others get what was read where both sides tell that; where not, they get what was delivered, and
    /// nothing at all where only the other marker has moved: that would tell it.
    fn hand_receipt(&self, audience: &Audience, moved: Moved) {
        let Moved {
            receipt,
            delivered,
            signs,
        } = moved;
        let all = receipt_frame(receipt);
        let mut veiled = None;
        let mut deliveries = 0;
        for connection in &audience.connections {
            let knows =
                connection.user == receipt.user || is_shown(Sign::Read, signs, connection.signs.get());
            let frame = if knows {
                &all
            } else if delivered {
                veiled.get_or_insert_with(|| {
                    receipt_frame(Receipt {
                        read_seq: Seq::ZERO,
                        ..receipt
                    })
                })
            } else {
                continue;
            };
            self.push(connection, Outgoing::Frame(frame.clone()));
            deliveries += 1;
        }
        self.stats.deliveries.add(deliveries);
    }

    /// Tells those here who are in a conversation, and tell it of themselves, that somebody is typing.
    pub fn give_typing(&self, conversation: ConversationId, who: Option<UserId>, frame: &Bytes) {
        let shard = lock(self.shard(conversation));
        let Some(audience) = shard.get(&conversation) else {
            return;
        };
        let mut deliveries = 0;
        for connection in &audience.connections {
            if Some(connection.user) != who && connection.signs.get().has(Sign::Typing) {
                self.push(connection, Outgoing::Frame(frame.clone()));
                deliveries += 1;
            }
        }
        self.stats.deliveries.add(deliveries);
    }

    /// An account lets others see something else. Its connections here for which that is news, each with what was known before.
    pub fn learn_privacy(&self, user: UserId, privacy: &Privacy) -> Vec<(Arc<Connection>, Signs)> {
        let connections = self.connections_of(user).into_iter();
        let news = connections.filter_map(|connection| {
            let before = connection.signs.learn(privacy)?;
            Some((connection, before))
        });
        news.collect()
    }
}

fn receipt_frame(receipt: Receipt) -> Bytes {
    Bytes::from(codec::encode_server(&ServerFrame::Receipt(receipt)))
}
