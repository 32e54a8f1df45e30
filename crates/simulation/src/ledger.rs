//! What the world remembers, to hold devices and server to it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;
use pipit_wire::frame::Receipt;
use pipit_wire::frame::server::Ack;
use pipit_wire::{ConversationId, MessageId, Seq, ServerFrame, UserId};

/// What was said and must hold.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Messages that a device has confirmed to its person as queued, in that order, by device and conversation.
    pub queued: BTreeMap<(usize, ConversationId), Vec<MessageId>>,
    /// Messages that their person has withdrawn.
    pub withdrawn: BTreeSet<MessageId>,
    /// Places that the server has acknowledged.
    pub acknowledged: BTreeMap<(ConversationId, MessageId), Seq>,
    /// The highest markers that each connection of the present line has seen; they never go back.
    markers: BTreeMap<(usize, u64, ConversationId, UserId), (Seq, Seq)>,
    /// Conversations that exist.
    pub conversations: BTreeSet<ConversationId>,
    /// Frames that were dropped or doubled.
    pub mishaps: u64,
    /// Crashes.
    pub crashes: u64,
}

impl Ledger {
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
            ServerFrame::Receipt(receipt) => self.moved(device, line, receipt),
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
            before.is_none_or(|seq| seq == ack.seq),
            "{ack:?}, and before it was {before:?}"
        );
        Ok(())
    }

    fn moved(&mut self, device: usize, line: u64, receipt: &Receipt) -> anyhow::Result<()> {
        let key = (device, line, receipt.conversation, receipt.user);
        let markers = (receipt.delivered_seq, receipt.read_seq);
        ensure!(markers.1 <= markers.0, "read before delivered: {receipt:?}");
        if let Some(before) = self.markers.insert(key, markers) {
            ensure!(
                before.0 <= markers.0 && before.1 <= markers.1,
                "{receipt:?} after {before:?}"
            );
        }
        Ok(())
    }
}
