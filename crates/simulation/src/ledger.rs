//! What the world remembers, to hold devices and server to it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;
use pipit_wire::frame::Receipt;
use pipit_wire::frame::server::Ack;
use pipit_wire::{ConversationId, EventId, MessageId, Seq, ServerFrame, UserId};

/// What was said and must hold.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Messages that a device has confirmed to its person as queued, in that order, by device and conversation.
    pub queued: BTreeMap<(usize, ConversationId), Vec<MessageId>>,
    /// Messages that their person has withdrawn.
    pub withdrawn: BTreeSet<MessageId>,
    /// Edits and reactions in encrypted conversations: the log has them as sealed messages.
    pub changes: BTreeSet<EventId>,
    /// Votes. One that finds things as it wants them is acknowledged with the entry that made them so, and its id is not remembered.
    pub votes: BTreeSet<MessageId>,
    /// Places that the server has acknowledged.
    pub acknowledged: BTreeMap<(ConversationId, MessageId), Seq>,
    /// The markers that each connection has seen last; a node that is alone never lets them go back. Two nodes may tell a third of
    /// an account's markers in any order, and the devices keep the greater: that is seen by what they show in the end.
    markers: BTreeMap<(usize, u64, ConversationId, UserId), (Seq, Seq)>,
    /// What each connection was told is gone, and was not given again since.
    gone: BTreeSet<(usize, u64, ConversationId)>,
    /// Whether there is one node alone.
    is_alone: bool,
    /// Conversations that exist.
    pub conversations: BTreeSet<ConversationId>,
    /// Frames that were dropped or doubled.
    pub mishaps: u64,
    /// Announcements that were lost between nodes.
    pub lost: u64,
    /// Nodes that died amid something.
    pub interrupted: u64,
    /// Crashes.
    pub crashes: u64,
}

impl Ledger {
    /// Nothing is remembered yet.
    pub fn new(is_alone: bool) -> Self {
        Self {
            is_alone,
            ..Self::default()
        }
    }

    /// A device has confirmed a message as queued. Repetitions count once.
    pub fn queued(&mut self, device: usize, conversation: ConversationId, message: MessageId) {
        let messages = self.queued.entry((device, conversation)).or_default();
        if !messages.contains(&message) {
            messages.push(message);
        }
    }

    /// The server has sent this frame to a device.
    pub fn sent(&mut self, device: usize, line: u64, frame: &ServerFrame) -> anyhow::Result<()> {
        match frame {
            ServerFrame::Ack(ack) => self.acknowledged(ack),
            ServerFrame::Receipt(receipt) => {
                self.is_member(device, line, receipt.conversation, frame)?;
                self.moved(device, line, receipt)
            }
            ServerFrame::Event(event) => self.is_member(device, line, event.conversation, frame),
            ServerFrame::Typing(typing) => self.is_member(device, line, typing.conversation, frame),
            ServerFrame::ConversationGone(gone) => {
                self.gone.insert((device, line, gone.conversation));
                Ok(())
            }
            ServerFrame::Conversation(summary) => {
                self.gone.remove(&(device, line, summary.id));
                Ok(())
            }
            ServerFrame::Error(error) => {
                // A client of ours never breaks the protocol, whatever happens to it.
                let slip = matches!(
                    error.code,
                    pipit_wire::ErrorCode::Malformed
                        | pipit_wire::ErrorCode::UnknownType
                        | pipit_wire::ErrorCode::UnknownField
                        | pipit_wire::ErrorCode::InvalidField
                        | pipit_wire::ErrorCode::OutOfOrder
                        | pipit_wire::ErrorCode::IdConflict
                        | pipit_wire::ErrorCode::TooLarge
                        | pipit_wire::ErrorCode::RateLimited
                        | pipit_wire::ErrorCode::Internal
                );
                ensure!(!slip, "device {device} was told {error:?}");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn acknowledged(&mut self, ack: &Ack) -> anyhow::Result<()> {
        let before = self.acknowledged.insert((ack.conversation, ack.message), ack.seq);
        ensure!(
            before.is_none_or(|seq| seq == ack.seq) || self.votes.contains(&ack.message),
            "{ack:?}, and before it was {before:?}"
        );
        Ok(())
    }

    /// Whoever was told that a conversation is gone gets nothing of it.
    fn is_member(
        &self,
        device: usize,
        line: u64,
        conversation: ConversationId,
        frame: &ServerFrame,
    ) -> anyhow::Result<()> {
        ensure!(
            !self.gone.contains(&(device, line, conversation)),
            "device {device} was told that the conversation is gone, and then {frame:?}"
        );
        Ok(())
    }

    fn moved(&mut self, device: usize, line: u64, receipt: &Receipt) -> anyhow::Result<()> {
        let key = (device, line, receipt.conversation, receipt.user);
        let markers = (receipt.delivered_seq, receipt.read_seq);
        ensure!(markers.1 <= markers.0, "read before delivered: {receipt:?}");
        if let Some(before) = self.markers.insert(key, markers) {
            ensure!(
                !self.is_alone || (before.0 <= markers.0 && before.1 <= markers.1),
                "{receipt:?} after {before:?}"
            );
        }
        Ok(())
    }
}
