//! Who is typing: oneself, throttled, and others, until they stop or fall silent.

use std::collections::BTreeMap;

use pipit_wire::frame::client::SendTyping;
use pipit_wire::frame::server::Typing;
use pipit_wire::{ClientFrame, ConversationId, Timestamp, UserId};

use crate::engine::Engine;
use crate::storage::Storage;
use crate::views::Dirty;

#[derive(Debug, Default)]
pub(crate) struct Typists {
    /// Until when somebody is shown as typing.
    others: BTreeMap<(ConversationId, UserId), Timestamp>,
    /// When others were last told that oneself is typing.
    told_at: BTreeMap<ConversationId, Timestamp>,
}

impl Typists {
    pub(crate) fn in_conversation(&self, conversation: ConversationId) -> impl Iterator<Item = UserId> {
        self.others
            .keys()
            .filter(move |(place, _)| *place == conversation)
            .map(|(_, user)| *user)
    }

    pub(crate) fn clear(&mut self, dirty: &mut Dirty) {
        for (conversation, _) in self.others.keys() {
            dirty.conversation(*conversation);
        }
        *self = Self::default();
    }

    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.others.values().min().copied()
    }
}

impl<S: Storage> Engine<S> {
    /// A key was pressed, or the composer was emptied.
    pub(crate) fn set_typing(&mut self, conversation: ConversationId, active: bool) {
        let Some(session) = self.session.as_ref().filter(|_| self.connection.is_up()) else {
            return;
        };
        let interval_ms = i64::from(session.limits.typing_interval_ms);
        if self.is_unanswered(conversation).unwrap_or(true) {
            return;
        }
        let now = self.clock.steady();
        let told_at = self.typists.told_at.get(&conversation).copied();
        let say = match told_at {
            Some(told_at) if active => now.since_ms(told_at) >= interval_ms,
            Some(_) => true,
            None => active,
        };
        if !say {
            return;
        }
        if active {
            self.typists.told_at.insert(conversation, now);
        } else {
            self.typists.told_at.remove(&conversation);
        }
        self.send(&ClientFrame::Typing(SendTyping { conversation, active }));
    }

    /// A message went out: its readers see for themselves that the typing has ended.
    pub(crate) fn typing_ended_by_message(&mut self, conversation: ConversationId) {
        self.set_typing(conversation, false);
    }

    pub(crate) fn typing_changed(&mut self, typing: &Typing) {
        let Some(session) = &self.session else { return };
        if typing.user == session.me.profile.user {
            return;
        }
        let until = self
            .clock
            .steady()
            .plus_ms(i64::from(session.limits.typing_shown_ms));
        let key = (typing.conversation, typing.user);
        let changed = if typing.active {
            self.typists.others.insert(key, until).is_none()
        } else {
            self.typists.others.remove(&key).is_some()
        };
        if changed {
            self.dirty.conversation(typing.conversation);
        }
    }

    /// What somebody was typing is here.
    pub(crate) fn stop_typing_of(&mut self, conversation: ConversationId, user: UserId) {
        if self.typists.others.remove(&(conversation, user)).is_some() {
            self.dirty.conversation(conversation);
        }
    }

    pub(crate) fn typists_due(&mut self) {
        let clock = self.clock;
        let dirty = &mut self.dirty;
        self.typists.others.retain(|(conversation, _), until| {
            let over = clock.is_due(*until);
            if over {
                dirty.conversation(*conversation);
            }
            !over
        });
    }
}
