//! Finding messages.
//!
//! The index is behind the log: entries are indexed some time after they were appended, in their order, by
//! [`crate::Store::index_entries`], which remembers how far it has come in each log. Whoever searches first has it catch up in the
//! asker's conversations, so that everything is found from the moment at which it was acknowledged.
//!
//! What is deleted leaves the index in the transaction that deletes it. Edits take effect as the index comes to them.
//!
//! Words come split and folded from [`pipit_model::search`], so that every storage gives the same answers.

use pipit_model::search::{Has, Term};
use pipit_wire::{Content, ConversationId, Event, Seq, Timestamp, UserId};

/// What is looked for, by whom. Everything given must hold.
#[derive(Clone, Debug)]
pub struct SearchMessages {
    /// Who asks: only what they may read now is found.
    pub asker: UserId,
    /// All of these are in the text, or in the names or captions of its files.
    pub terms: Vec<Term>,
    /// Sent by one of these, where it is given.
    pub from: Option<Vec<UserId>>,
    /// In one of these, where it is given.
    pub within: Option<Vec<ConversationId>>,
    /// The message has all of these.
    pub has: Vec<Has>,
    /// Sent at this time or later.
    pub since: Option<Timestamp>,
    /// Sent before this time.
    pub until: Option<Timestamp>,
    /// Only what comes after this place, for the next page.
    pub after: Option<FoundPosition>,
    /// At most so many; zero finds nothing.
    pub limit: u32,
}

/// A place in what was found: later ones come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundPosition {
    /// When it was sent, by the server's clock.
    pub at: Timestamp,
    /// Where.
    pub conversation: ConversationId,
    /// Its place there.
    pub seq: Seq,
}

/// A page of what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundMessages {
    /// Newest first: by position, descending.
    pub items: Vec<FoundMessage>,
    /// Where the next page begins; none at the end. A page may have fewer than `limit` and still a next one.
    pub next: Option<FoundPosition>,
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundMessage {
    /// Its entry, as the log has it.
    pub event: Event,
    /// What it says now.
    pub content: Content,
}

/// What a conversation is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedConversation {
    /// Which one.
    pub conversation: ConversationId,
    /// A group's title.
    pub title: Option<String>,
    /// The handle and the name of the other person of a direct conversation.
    pub peer: Option<(String, String)>,
}

/// What a look at some conversations has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swept {
    /// Those that have entries which are not indexed.
    pub behind: Vec<ConversationId>,
    /// Where to go on; none at the end of all of them.
    pub next: Option<ConversationId>,
}
