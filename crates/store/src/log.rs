//! Appending to a conversation's log, reading it, and the markers in it.

use pipit_wire::event::{EventBody, MessageState, Role};
use pipit_wire::frame::Receipt;
use pipit_wire::{ConversationId, DeviceId, Event, EventId, Seq, Timestamp, UserId};

/// An entry to append.
///
/// An id that is in the log already is looked at before anything else: repeating an entry whose facts no longer hold returns
/// what the first append returned. It is the same entry where sender and body are the same; device and time may differ, and so
/// may what has been erased since ([`crate::change::is_repetition`]).
///
/// The count of whatever is sealed for a group of devices is kept for its device, whether the entry is appended or refused ([`crate::encryption`]).
///
/// A message whose files are not all there and finished is [`AppendError::Stale`]; from then on the files are kept for it.
///
/// The store applies what it says about members and titles in the same transaction: `MemberAdded` makes a membership whose
/// `first_seq` is the entry's own (the first entry's, where the group's history is for newcomers) and whose markers stand just before
/// it, and ends a request to be let in; `MemberRemoved` ends one, and keeps the person out where it says so; `RoleChanged`,
/// `TitleChanged` and `SettingsChanged` change theirs; `MessageChanged` changes what is kept of its message, see [`crate::change`], or finds
/// it so already: then nothing is appended, and the answer is `repeated`, with the entry that stands. `Created` is refused by debug assertion: conversations are made by `create_*`.
#[derive(Clone, Debug)]
pub struct Append {
    /// The idempotency key, unique within the conversation.
    pub id: EventId,
    /// Whose log.
    pub conversation: ConversationId,
    /// Who causes it.
    pub sender: UserId,
    /// The device that causes it, where it is one.
    pub device: Option<DeviceId>,
    /// When, by the server's clock.
    pub at: Timestamp,
    /// What it says.
    pub body: EventBody,
    /// Whether a membership that it makes is a message request to whom it adds, of the sender.
    pub asks: bool,
    /// What must still hold.
    pub facts: Facts,
}

/// The facts that authorization was decided on. A fact that is not listed is not checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// What each of these people is in the conversation; none for "not a member".
    pub roles: Vec<(UserId, Option<Role>)>,
    /// How many owners there are.
    pub owner_count: Option<u32>,
    /// There are at most so many members before this entry.
    pub member_count_max: Option<u32>,
    /// No block stands between these two.
    pub not_blocked: Option<(UserId, UserId)>,
    /// Whether only admins write.
    pub announcements: Option<bool>,
}

/// An entry that is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The entry, as the log has it: of the first append, where this was a repetition.
    pub event: Event,
    /// Whether it was there before. Then it need not be announced again.
    pub repeated: bool,
}

/// Why an entry was not appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// There is no such conversation.
    #[error("there is no such conversation")]
    NoConversation,
    /// The id was used before in this conversation, by another sender or for something else.
    #[error("the id was used before for something else")]
    IdConflict,
    /// A fact no longer holds, or what the entry says cannot be applied (adding who is a member already or is kept out,
    /// removing or changing the role of who is none): read again, decide again.
    #[error("the facts have changed")]
    Stale,
    /// The message that is to change is not there: no such entry, none that is a message, or one that is deleted.
    #[error("there is no such message")]
    NoMessage,
    /// There are as many edits of the message, different emoji under it, or pinned messages in the conversation as may be.
    #[error("there are as many as may be")]
    LimitReached,
    /// The poll takes no more votes.
    #[error("the poll is closed")]
    PollClosed,
    /// It was sealed for another epoch than the log's.
    #[error("the log is in epoch {epoch}")]
    StaleEpoch {
        /// The log's.
        epoch: u64,
    },
    /// Something that is not sealed for a group of devices, in an encrypted conversation, or the other way round.
    #[error("what is sealed belongs into encrypted conversations, and nothing else does")]
    NotSealed,
}

/// Which part of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogRange {
    /// The last entries.
    Newest {
        /// At most so many.
        limit: u32,
    },
    /// The entries that end just before `seq`.
    Before {
        /// The entry after the last one of the page.
        seq: Seq,
        /// At most so many.
        limit: u32,
    },
    /// The entries that begin just after `seq`.
    After {
        /// The entry before the first one of the page.
        seq: Seq,
        /// At most so many.
        limit: u32,
    },
}

/// A page of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPage {
    /// In order of seq, without a gap.
    pub events: Vec<Event>,
    /// What has become of its messages as of `last_seq`, in order of seq; those to which nothing has happened, and those that are
    /// deleted, have none.
    pub states: Vec<MessageState>,
    /// The first entry that the reader may read.
    pub first_seq: Seq,
    /// The last entry of the log.
    pub last_seq: Seq,
}

/// What comes after a cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatchUpRow {
    /// Whose log.
    pub conversation: ConversationId,
    /// Directly after the cursor (or from `first_seq` where the cursor is before it), in order; empty where `gap`.
    pub events: Vec<Event>,
    /// The last entry of the log.
    pub last_seq: Seq,
    /// There is more than the limit.
    pub gap: bool,
}

/// Moves a member's markers forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptAdvance {
    /// Of which conversation.
    pub conversation: ConversationId,
    /// Whose.
    pub user: UserId,
    /// To where, at least.
    pub delivered_seq: Seq,
    /// To where, at least; raises `delivered_seq` where it is higher.
    pub read_seq: Seq,
}

/// What an advance did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptOutcome {
    /// A marker moved; both as they are now.
    Advanced {
        /// Where they are.
        receipt: Receipt,
        /// Whether that of what was delivered moved. Where not, those who may not know what was read learn nothing at all.
        delivered: bool,
    },
    /// Both were there or further already.
    Unchanged,
    /// Not a member, or no such conversation.
    NotMember,
    /// Beyond the end of the log: nothing moved.
    Ahead {
        /// The last entry.
        last_seq: Seq,
    },
}
