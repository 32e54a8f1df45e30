//! Messages: sealed for one entry of one conversation, and opened there.

use openmls::prelude::{
    ContentType, DeserializeBytes, MlsGroup, MlsMessageBodyIn, MlsMessageIn, ProcessedMessageContent,
    ProtocolMessage,
};
use pipit_wire::{ConversationId, EventId};

use crate::authority::Authority;
use crate::commit::{Applied, Log};
use crate::device::{Device, Held, Standing, Step};
use crate::error::Error;
use crate::identity::Identity;
use crate::padding;
use crate::place::Place;
use crate::port::Port;
use crate::random::Randomness;

/// The largest content that is sealed, in bytes.
pub const CONTENT_BYTES_MAX: usize = 64 * 1024;
/// The largest sealed message that is taken, in bytes: the content's bucket, the seal and the envelope.
pub const MESSAGE_BYTES_MAX: usize = 80 * 1024;
/// The largest commit or proposal that is taken, in bytes: one that adds 1,000 devices has about 500 KB.
pub const CHANGE_BYTES_MAX: usize = 1024 * 1024;

/// A sealed message. It is to be sent with its epoch; the server puts it into the log only if that is the log's epoch, so that
/// everyone who is a member at that place can read it. Refused, the content is sealed again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The epoch that it can be read in.
    pub epoch: u64,
    /// Which one of this device's it is in this conversation: the server keeps the greatest that it has seen.
    pub count: u64,
    /// What is sent.
    pub bytes: Vec<u8>,
}

/// What came out of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A message.
    Message {
        /// Who sealed it.
        sender: Identity,
        /// In which epoch.
        epoch: u64,
        /// That epoch was over at its place: only a server that does not keep its own rule lets that in.
        late: bool,
        /// What it says.
        content: Vec<u8>,
    },
    /// This device's own message or wish: nobody can open their own, what it says is in the outbox.
    Own,
    /// Somebody wants a device, their own usually, to be taken out. To be committed by somebody else before anything more is sealed.
    Wish {
        /// Who.
        by: Identity,
        /// Which device.
        removes: Identity,
    },
    /// The group has changed.
    Changed(Applied),
    /// The commit by which this device meant to rejoin came too late. To be made again, from the group as it is now.
    RejoinLost,
}

/// The kind of an entry, from what is readable of it.
pub(crate) fn parse(bytes: &[u8]) -> Result<ProtocolMessage, Error> {
    if bytes.len() > CHANGE_BYTES_MAX {
        return Err(too_large(bytes, CHANGE_BYTES_MAX));
    }
    let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes).map_err(|_| Error::Malformed)?;
    let message = match message.extract() {
        MlsMessageBodyIn::PrivateMessage(message) => ProtocolMessage::from(message),
        MlsMessageBodyIn::PublicMessage(message) => ProtocolMessage::from(message),
        _ => return Err(Error::Malformed),
    };
    if message.content_type() == ContentType::Application && bytes.len() > MESSAGE_BYTES_MAX {
        return Err(too_large(bytes, MESSAGE_BYTES_MAX));
    }
    Ok(message)
}

fn too_large(bytes: &[u8], max: usize) -> Error {
    Error::TooLarge {
        size: bytes.len(),
        max,
    }
}

impl Held {
    /// Checks that something may be sealed with this state.
    pub(crate) fn require_sealing(&self) -> Result<(), Error> {
        if !self.group.is_active() {
            return Err(Error::Removed);
        }
        match self.record.standing {
            Standing::Current => Ok(()),
            Standing::OldCopy => Err(Error::OldCopy),
            Standing::Rejoining => Err(Error::Rejoining),
        }
    }

    /// Counts one more, and says what it is sealed for.
    pub(crate) fn next_place(
        &mut self,
        step: &Step<'_>,
        conversation: ConversationId,
        entry: EventId,
    ) -> Result<Place, Error> {
        self.record.count = self.record.count.saturating_add(1);
        step.save_record(conversation, &self.record)?;
        let place = Place {
            conversation,
            entry,
            count: self.record.count,
        };
        self.group.set_aad(place.encode());
        Ok(place)
    }

    /// Notices that the log has something of this device that the state does not know.
    pub(crate) fn notice(
        &mut self,
        step: &Step<'_>,
        conversation: ConversationId,
        count: u64,
    ) -> Result<(), Error> {
        if count > self.record.count {
            self.record.count = count;
            if self.record.standing == Standing::Current {
                self.record.standing = Standing::OldCopy;
            }
            step.save_record(conversation, &self.record)?;
        }
        Ok(())
    }
}

/// The epoch of a group.
pub(crate) fn epoch(group: &MlsGroup) -> u64 {
    group.epoch().as_u64()
}

impl Device {
    /// Seals a content for one entry. What it returns must be on disk, with everything that this call has written, before it is sent; the same bytes may be
    /// sent any number of times.
    pub fn seal(
        &mut self,
        port: &mut dyn Port,
        random: &mut dyn Randomness,
        conversation: ConversationId,
        entry: EventId,
        content: &[u8],
    ) -> Result<Sealed, Error> {
        if content.len() > CONTENT_BYTES_MAX {
            return Err(too_large(content, CONTENT_BYTES_MAX));
        }
        let padded = padding::pad(content)?;
        let confirmed = self.confirmed.contains(&conversation);
        self.step_in(port, random, conversation, |step, held| {
            held.require_sealing()?;
            if !confirmed {
                return Err(Error::Unconfirmed);
            }
            if held.group.has_pending_proposals() {
                return Err(Error::CommitFirst);
            }
            let place = held.next_place(step, conversation, entry)?;
            let message = held.group.create_message(&step.provider, step.signer, &padded);
            let message = message.map_err(Error::other)?;
            Ok(Sealed {
                epoch: epoch(&held.group),
                count: place.count,
                bytes: message.to_bytes().map_err(Error::other)?,
            })
        })
    }

    /// Takes an entry of the log in: a message, a wish, a commit of somebody's or of this device. Entries are taken in the log's order.
    pub fn receive(
        &mut self,
        port: &mut dyn Port,
        random: &mut dyn Randomness,
        authority: &dyn Authority,
        log: Log,
        bytes: &[u8],
    ) -> Result<Received, Error> {
        let message = parse(bytes)?;
        let received = self.step_in(port, random, log.conversation, |step, held| {
            held.receive(step, authority, log, message, bytes)
        })?;
        if let Received::Changed(applied) = &received
            && applied.own
        {
            self.confirmed.insert(log.conversation);
        }
        Ok(received)
    }
}

impl Held {
    fn receive(
        &mut self,
        step: &Step<'_>,
        authority: &dyn Authority,
        log: Log,
        message: ProtocolMessage,
        bytes: &[u8],
    ) -> Result<Received, Error> {
        if message.group_id().as_slice() != log.conversation.as_bytes() {
            return Err(Error::WrongGroup);
        }
        if self.record.standing == Standing::Rejoining {
            return self.receive_rejoining(step, log, &message, bytes);
        }
        if !self.group.is_active() {
            return Err(Error::Removed);
        }
        let (at, current) = (message.epoch().as_u64(), epoch(&self.group));
        if at > current {
            return Err(Error::FutureEpoch { epoch: at, current });
        }
        let content = message.content_type();
        if content == ContentType::Commit && step.is_pending(log.conversation, bytes)? {
            return self.accept(step, authority, log).map(Received::Changed);
        }
        if content != ContentType::Application && at < current {
            return Err(Error::PastEpoch { epoch: at, current });
        }
        let processed = self.group.process_message(&step.provider, message)?;
        let place = Place::require(processed.aad(), log.conversation, log.entry)?;
        let (sender, epoch) = (processed.sender().clone(), processed.epoch().as_u64());
        let credential = processed.credential().clone();
        match processed.into_content() {
            ProcessedMessageContent::ApplicationMessage(message) => Ok(Received::Message {
                sender: Identity::of(&credential)?,
                epoch,
                late: at < current,
                content: padding::unpad(&message.into_bytes())?,
            }),
            ProcessedMessageContent::OwnPrivateMessage => {
                // A commit of one's own that is not the one under way can only have been made by a newer state.
                let count = if content == ContentType::Commit {
                    place.count.max(self.record.count.saturating_add(1))
                } else {
                    place.count
                };
                self.notice(step, log.conversation, count)?;
                Ok(Received::Own)
            }
            ProcessedMessageContent::ProposalMessage(proposal) => self.take_wish(step, authority, *proposal),
            ProcessedMessageContent::StagedCommitMessage(commit) => self
                .apply(step, authority, log, &sender, *commit)
                .map(Received::Changed),
            ProcessedMessageContent::OwnPendingCommit
            | ProcessedMessageContent::ExternalJoinProposalMessage(_) => Err(Error::Unsupported),
        }
    }
}
