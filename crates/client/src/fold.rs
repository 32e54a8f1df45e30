//! What has become of a message: its last edit, its deletion, its reactions, its pin.
//!
//! It is a pure function of two things: what a page of the server said of it, with the place in the log as of which that holds,
//! and the entries after that place that concern it and are in this device's copy of the log, in order. So it does not matter
//! in which order pages, live entries and gaps come in; and where an entry comes after all that is in it already, as live ones
//! do, it is applied to what is there.

use std::collections::BTreeMap;

use pipit_wire::event::{EventBody, LastEdit, MessageChange, MessageState, Reaction};
use pipit_wire::limits::{REACTION_USERS_MAX, REACTIONS_MAX};
use pipit_wire::poll::{PollState, Tally};
use pipit_wire::{Content, Event, MessageId, Seq, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// What has become of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folded {
    /// The last edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<LastEdit>,
    /// Whether it is deleted. Then there is nothing else.
    #[serde(default)]
    pub deleted: bool,
    /// Who deleted it, where that is known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_by: Option<UserId>,
    /// The reactions, in the order in which each emoji came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    /// The entry that pinned it; zero where it is not pinned.
    #[serde(default)]
    pub pinned_seq: Seq,
    /// How it stands with the poll, where it is one and somebody has voted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll: Option<PollState>,
    /// What others have chosen, where votes are sealed and so counted here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub votes: BTreeMap<UserId, Vec<u8>>,
}

impl From<MessageState> for Folded {
    fn from(state: MessageState) -> Self {
        Self {
            edit: state.edit,
            reactions: state.reactions,
            pinned_seq: state.pinned_seq,
            poll: state.poll,
            ..Self::default()
        }
    }
}

impl Folded {
    /// Whether nothing has happened.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// What it says now: nothing where it was never edited, or not readably.
    pub fn text(&self) -> Option<&str> {
        match self.edit.as_ref().map(|edit| &edit.content) {
            Some(Content::Plain { text, .. }) => Some(text),
            _ => None,
        }
    }

    /// Whether oneself reacted with this.
    pub fn is_mine(&self, emoji: &str) -> bool {
        self.reactions
            .iter()
            .any(|reaction| reaction.mine && reaction.emoji == emoji)
    }

    /// Whether one more emoji has room.
    pub fn has_room_for(&self, emoji: &str) -> bool {
        self.reactions.len() < REACTIONS_MAX || self.reactions.iter().any(|reaction| reaction.emoji == emoji)
    }

    /// Applies an entry that comes after all that are in it. Entries that do not concern a message change nothing.
    pub fn apply(&mut self, event: &Event, me: UserId) {
        let EventBody::MessageChanged { change, .. } = &event.body else {
            return;
        };
        if self.deleted {
            return;
        }
        match change {
            MessageChange::Delete {} => {
                *self = Self {
                    deleted: true,
                    deleted_by: Some(event.sender),
                    ..Self::default()
                };
            }
            // Of a message that is deleted further on in the log.
            MessageChange::Edit {
                content: Content::Erased {},
                ..
            } => {}
            MessageChange::Edit { content, .. } => {
                self.edit = Some(LastEdit {
                    seq: event.seq,
                    at: event.at,
                    content: content.clone(),
                });
            }
            MessageChange::React { emoji, on: true } => self.react(emoji, event.sender, me),
            MessageChange::React { emoji, on: false } => self.take_back(emoji, event.sender, me),
            MessageChange::Pin { on } => {
                self.pinned_seq = if *on { event.seq } else { Seq::ZERO };
            }
            MessageChange::Vote { options, tally, .. } => {
                self.vote(event.sender, options, tally.as_ref(), me);
            }
            MessageChange::ClosePoll {} => self.poll.get_or_insert_default().closed = true,
        }
    }

    fn vote(&mut self, user: UserId, options: &[u8], tally: Option<&Tally>, me: UserId) {
        let poll = self.poll.get_or_insert_default();
        match tally {
            Some(tally) => poll.tally.clone_from(tally),
            // The server has not counted it: it waits in the outbox, or is sealed. The server takes no vote after the end either.
            None if poll.closed => return,
            None if user == me => poll.tally.change(&poll.mine, options),
            None => {
                let before = self.votes.insert(user, options.to_vec());
                poll.tally.change(&before.unwrap_or_default(), options);
            }
        }
        if user == me {
            poll.mine = options.to_vec();
        }
    }

    fn react(&mut self, emoji: &str, user: UserId, me: UserId) {
        let known = self.reactions.iter_mut().find(|known| known.emoji == emoji);
        let Some(reaction) = known else {
            self.reactions.push(Reaction {
                emoji: emoji.to_owned(),
                count: 1,
                mine: user == me,
                users: vec![user],
            });
            return;
        };
        // The log never says twice that somebody reacts; the outbox of this device may, after another device did.
        if (user == me && reaction.mine) || reaction.users.contains(&user) {
            return;
        }
        reaction.count = reaction.count.saturating_add(1);
        reaction.mine |= user == me;
        if reaction.users.len() < REACTION_USERS_MAX {
            reaction.users.push(user);
        }
    }

    fn take_back(&mut self, emoji: &str, user: UserId, me: UserId) {
        let known = self.reactions.iter_mut().find(|known| known.emoji == emoji);
        let Some(reaction) = known.filter(|reaction| user != me || reaction.mine) else {
            return;
        };
        reaction.count = reaction.count.saturating_sub(1);
        reaction.mine &= user != me;
        reaction.users.retain(|known| *known != user);
        self.reactions.retain(|reaction| reaction.count > 0);
    }
}

/// What is known of a message beyond its entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoldRecord {
    /// What a page said of it.
    pub base: Option<MessageState>,
    /// As of which entry that holds, also where nothing was said: entries up to here are in it.
    pub as_of: Seq,
    /// What has become of it.
    pub folded: Folded,
    /// The last entry that is in `folded`.
    pub folded_seq: Seq,
}

impl FoldRecord {
    /// Takes in what a page said, where it is newer. The entries after it have to be applied again: true.
    pub fn rebase(&mut self, base: Option<MessageState>, as_of: Seq) -> bool {
        let newer = as_of > self.as_of;
        if newer {
            (self.base, self.as_of) = (base, as_of);
        }
        newer
    }

    /// Folds anew: `entries` are all that concern the message and come after `as_of`, in order.
    pub fn fold(&mut self, entries: &[Event], me: UserId) {
        self.folded = self.base.clone().map(Folded::from).unwrap_or_default();
        self.folded_seq = self.as_of;
        for event in entries {
            self.append(event, me);
        }
    }

    /// Applies an entry. False where it does not come after all that were applied: then it has to be folded anew.
    pub fn append(&mut self, event: &Event, me: UserId) -> bool {
        let after = event.seq > self.folded_seq;
        if after {
            self.folded.apply(event, me);
            self.folded_seq = event.seq;
        }
        after
    }
}

/// The message that an entry changes.
pub fn target(event: &Event) -> Option<MessageId> {
    match &event.body {
        EventBody::MessageChanged { message, .. } => Some(*message),
        _ => None,
    }
}

/// Whether an entry deletes its message.
pub fn is_deletion(event: &Event) -> bool {
    matches!(
        event.body,
        EventBody::MessageChanged {
            change: MessageChange::Delete {},
            ..
        }
    )
}

/// Whether the content of an entry has been erased.
pub fn is_erased(event: &Event) -> bool {
    matches!(
        event.body,
        EventBody::Message {
            content: Content::Erased {},
            ..
        } | EventBody::MessageChanged {
            change: MessageChange::Edit {
                content: Content::Erased {},
                ..
            },
            ..
        }
    )
}

/// When what an entry says erases itself.
pub const fn expires_at(event: &Event) -> Option<Timestamp> {
    match &event.body {
        EventBody::Message { expires_at, .. }
        | EventBody::MessageChanged {
            change: MessageChange::Edit { expires_at, .. },
            ..
        } => *expires_at,
        _ => None,
    }
}

/// Whether the time of what an entry says has passed.
pub fn is_expired(event: &Event, now: Timestamp) -> bool {
    expires_at(event).is_some_and(|end| end <= now)
}

/// Replaces what an entry says by the word that it was erased.
pub fn erase(event: &mut Event) {
    match &mut event.body {
        EventBody::Message { content, .. }
        | EventBody::MessageChanged {
            change: MessageChange::Edit { content, .. },
            ..
        } => *content = Content::Erased {},
        EventBody::MessageChanged {
            change: MessageChange::Vote { options, tally, .. },
            ..
        } => {
            options.clear();
            *tally = None;
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
