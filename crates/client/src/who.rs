//! Who has reacted to a message and voted in a poll of an encrypted conversation: this device knows, and the server does not.

use pipit_wire::event::{EventBody, MessageChange};
use pipit_wire::frame::Profile;
use pipit_wire::{ConversationId, ErrorCode, MessageId, Seq, UserId};

use crate::command::{Command, ReactionBy, Reply, VoteBy};
use crate::commands::Done;
use crate::engine::{Engine, Stored};
use crate::http::refusal;
use crate::storage::Storage;

impl<S: Storage> Engine<S> {
    /// Those of the commands that ask for it, where this device can tell.
    pub(crate) fn who_command(&mut self, command: Command) -> Stored<Done> {
        let reply = match command {
            Command::ListReactions {
                conversation,
                message,
            } if self.is_encrypted(conversation)? => self.who_reacted(conversation, message)?,
            Command::ListVotes {
                conversation,
                message,
            } if self.is_encrypted(conversation)? => self.who_voted(conversation, message)?,
            other => return Ok(Done::Not(other)),
        };
        Ok(Done::Now(reply))
    }

    fn who_reacted(&mut self, conversation: ConversationId, message: MessageId) -> Stored<Reply> {
        let mut stand: Vec<(String, UserId)> = Vec::new();
        for (user, change) in self.changes_by(conversation, message)? {
            if let MessageChange::React { emoji, on } = change {
                let mine = |(earlier, by): &(String, UserId)| *by == user && *earlier == emoji;
                match stand.iter().position(mine) {
                    Some(place) if !on => drop(stand.remove(place)),
                    None if on => stand.push((emoji, user)),
                    _ => {}
                }
            }
        }
        let mut items = Vec::with_capacity(stand.len());
        for (emoji, user) in stand {
            let profile = self.profile_in(conversation, user)?;
            items.push(ReactionBy { emoji, profile });
        }
        Ok(Reply::Reactions { items })
    }

    fn who_voted(&mut self, conversation: ConversationId, message: MessageId) -> Stored<Reply> {
        if self.poll_of(conversation, message)?.is_none() {
            let error = refusal(ErrorCode::NotFound, None);
            return Ok(Reply::Failed { error });
        }
        let mut stand: Vec<(UserId, Vec<u8>)> = Vec::new();
        for (user, change) in self.changes_by(conversation, message)? {
            match change {
                MessageChange::Vote { options, .. } => {
                    stand.retain(|(by, _)| *by != user);
                    stand.push((user, options));
                }
                MessageChange::ClosePoll {} => break,
                _ => {}
            }
        }
        let mut items = Vec::with_capacity(stand.len());
        for (user, options) in stand {
            if !options.is_empty() {
                let profile = self.profile_in(conversation, user)?;
                items.push(VoteBy { options, profile });
            }
        }
        Ok(Reply::Votes { items })
    }

    /// What was done to a message, and by whom, in the order of the log, and then what one has done oneself and still waits: as it is shown.
    fn changes_by(
        &self,
        conversation: ConversationId,
        message: MessageId,
    ) -> Stored<Vec<(UserId, MessageChange)>> {
        let mut entries = self.storage.changes_of(conversation, message, Seq::ZERO)?;
        let pending = self.pending_changes(&self.storage.outbox(conversation)?);
        entries.extend(pending.into_changes(message));
        let change = entries.into_iter().filter_map(|entry| match entry.body {
            EventBody::MessageChanged { change, .. } => Some((entry.sender, change)),
            _ => None,
        });
        Ok(change.collect())
    }

    fn profile_in(&mut self, conversation: ConversationId, user: UserId) -> Stored<Profile> {
        let name = self.name_in(conversation, user)?;
        Ok(self.profile(user)?.unwrap_or(Profile {
            user,
            handle: String::new(),
            name,
            face: None,
        }))
    }
}
