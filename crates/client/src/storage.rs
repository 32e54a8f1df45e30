//! What the engine asks of the device's storage: the port, its records and its errors.
//!
//! The port is synchronous, because SQLite is: natively, and in a worker on OPFS. One call of [`crate::Engine::handle`] is one
//! transaction, so that what an input changed (entries, markers, cursors, the outbox, the state of encryption groups) is
//! on disk as a whole or not at all, and nothing leaves the engine before it is. Reads inside a transaction see its writes.

use std::fmt;

use pipit_model::search::{Has, Term};
use pipit_wire::encryption::Seal;
use pipit_wire::event::{ConversationKind, GroupSettings, MessageChange, Role};
use pipit_wire::frame::{Cursor, Personal, PersonalChange, Profile};
use pipit_wire::media::Attachment;
use pipit_wire::poll::Poll;
use pipit_wire::preview::LinkPreview;
use pipit_wire::rest::{ChangeProfile, ExcerptPart, Me};
use pipit_wire::{
    BlobId, ConversationId, DeviceId, Event, EventId, Limits, MessageId, Seq, Timestamp, UserId,
};

use serde::{Deserialize, Serialize};

use crate::fold::{FoldRecord, Folded};
pub use crate::profile::ProfileSaid;
use crate::range::LogRange;
pub use crate::view::Unsent;

/// Why storage could not do something. After any of these the engine rolls the transaction back and goes on from what is on
/// disk.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The disk, or the share of it that the browser grants, is full.
    #[error("the device's storage is full")]
    Full,
    /// What is stored cannot be read: not a database, or damaged. Nothing is guessed; erasing and signing in again helps.
    #[error("the device's storage is damaged: {detail}")]
    Corrupt {
        /// What was found.
        detail: String,
    },
    /// A newer version of the program wrote it.
    #[error("the store has schema version {found}, this program knows up to {known}")]
    Newer {
        /// The version that was found.
        found: u32,
        /// The newest that this program knows.
        known: u32,
    },
    /// Another process or tab holds it.
    #[error("another process holds the store")]
    Locked,
    /// Anything else.
    #[error("storage failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Who is signed in on this device.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// The account.
    pub me: Me,
    /// This device.
    pub device: DeviceId,
    /// What the server allows, as it said last.
    pub limits: Limits,
    /// What the server is called; empty until it has said so.
    pub server_name: String,
    /// Goes with requests.
    pub access_token: String,
    /// Until when it is good, by this device's clock.
    pub access_until: Timestamp,
    /// Trades for the next pair. Replaced only when the next pair has been written.
    pub refresh_token: String,
    /// The server's clock minus this device's, milliseconds.
    pub clock_offset_ms: i64,
    /// Whether the first page of the list of conversations has ever come.
    pub list_loaded: bool,
    /// Whether every conversation of the account is known here.
    pub list_complete: bool,
}

impl fmt::Debug for SessionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionRecord")
            .field("me", &self.me)
            .field("device", &self.device)
            .field("access_until", &self.access_until)
            .field("clock_offset_ms", &self.clock_offset_ms)
            .field("list_loaded", &self.list_loaded)
            .field("list_complete", &self.list_complete)
            .finish_non_exhaustive()
    }
}

/// A conversation as this device knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRecord {
    /// Which one.
    pub id: ConversationId,
    /// What kind it is.
    pub kind: ConversationKind,
    /// The group's name.
    pub title: Option<String>,
    /// The other person of a direct conversation.
    pub peer: Option<UserId>,
    /// What oneself is in it.
    pub role: Role,
    /// How many members there are.
    pub member_count: u32,
    /// The first entry that oneself may read.
    pub first_seq: Seq,
    /// The last entry that is known to exist.
    pub last_seq: Seq,
    /// When it was put there.
    pub last_at: Timestamp,
    /// The order of the list: `last_at`, or later where something waits in the outbox.
    pub activity_at: Timestamp,
    /// Title, role and members are as of this entry.
    pub state_seq: Seq,
    /// The last message that is known.
    pub last_message: Option<Event>,
    /// Everything up to here is in this store.
    pub delivered_seq: Seq,
    /// Everything up to here was on a screen.
    pub read_seq: Seq,
    /// The server is known to have this delivered marker.
    pub delivered_confirmed: Seq,
    /// The server is known to have this read marker.
    pub read_confirmed: Seq,
    /// What the server counted.
    pub counted: Counted,
    /// What the group is set to, as of `state_seq`.
    pub settings: GroupSettings,
    /// How many people wait to be let in, as the server said last; zero where oneself does not decide that.
    pub join_requests: u32,
    /// Whether it is encrypted end to end.
    pub encrypted: bool,
}

/// How many messages of others the server counted as unread, and when that was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// The count.
    pub unread: u32,
    /// The last entry then.
    pub last_seq: Seq,
    /// The read marker then.
    pub read_seq: Seq,
}

/// What oneself keeps of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonalRecord {
    /// As the server had it last.
    pub state: Personal,
    /// What was changed on this device and the server is not known to have.
    pub pending: PersonalChange,
}

/// A member of a conversation, as far as the summary lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberRecord {
    /// Who.
    pub user: UserId,
    /// What they are.
    pub role: Role,
    /// Everything up to here is on a device of theirs.
    pub delivered_seq: Seq,
    /// Everything up to here was on their screen.
    pub read_seq: Seq,
}

/// An entry of a log, with the text that it came as: a later version of the program may see more in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// The entry.
    pub event: Event,
    /// The JSON.
    pub raw: String,
}

/// Where what is in the outbox stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxState {
    /// Waits for the server's word.
    Queued,
    /// A message that is to be sent later ([`crate::command::Command::ScheduleMessage`]): it waits here for its time, or until the server holds it.
    Held {
        /// When it is sent, by the server's clock.
        until: Timestamp,
        /// Why the server would not hold it: the name of an error code.
        failed: Option<String>,
    },
    /// Refused, with this code.
    Failed {
        /// The code.
        code: String,
    },
    /// In the log at this place; the entries before it have not come yet.
    Acknowledged {
        /// The place.
        seq: Seq,
        /// When it was put there.
        at: Timestamp,
    },
}

/// What was made on this device and is not yet in its copy of the log: it becomes one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRecord {
    /// The id of the entry; for a message, the message's.
    pub id: EventId,
    /// Where to.
    pub conversation: ConversationId,
    /// When it was made, by this device's clock.
    pub written_at: Timestamp,
    /// What it is.
    pub body: OutboxBody,
    /// Whether it has ever left the device: then the log may have it, whatever is known here.
    pub sent: bool,
    /// Where it stands.
    pub state: OutboxState,
    /// What is sent of it where the conversation is encrypted, once it has been sealed.
    pub sealed: Option<SealedContent>,
}

/// What was sealed for one entry. The same bytes may be sent any number of times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedContent {
    /// What stands beside it.
    pub seal: Seal,
    /// In base64.
    pub bytes: String,
    /// What this device commits to with it ([`pipit_model::commitment`]).
    #[serde(default)]
    pub commitment: Option<String>,
    /// What opens that, in base64: it is inside, and nobody can open their own.
    #[serde(default)]
    pub key: Option<String>,
    /// The epoch in which it was sealed is over from this place on. Behind it only a server that does not keep its own rule can put it: there it is shown to nobody else.
    #[serde(default)]
    pub over_at: Option<Seq>,
}

impl OutboxRecord {
    /// The change that it is, where that has never left the device: then it can be said anew.
    pub(crate) fn unsent_change(&self) -> Option<&MessageChange> {
        match &self.body {
            OutboxBody::Change { change, .. } if !self.sent => Some(change),
            _ => None,
        }
    }
}

/// What waits in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxBody {
    /// A message.
    Message {
        /// What it says.
        text: String,
        /// The message that it answers.
        reply_to: Option<MessageId>,
        /// Files that the server has already: those of a message that is forwarded.
        files: Vec<Attachment>,
        /// What people choose from, where it is a poll: its text is the question.
        poll: Option<Box<Poll>>,
        /// What a page says that it links to.
        preview: Option<Box<LinkPreview>>,
    },
    /// A change of a message.
    Change {
        /// Of which one.
        message: MessageId,
        /// What happens to it.
        change: MessageChange,
    },
    /// What an encrypted group is called, is about, and shows as its picture.
    Profile {
        /// What is said.
        said: ProfileSaid,
    },
}

/// What a small picture is of, and goes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureOf {
    /// A file of a message: until what that says is erased.
    Message(ConversationId, MessageId),
    /// What stands for a person or a group: until that is another one.
    Face,
}

/// How much is kept of small pictures of messages, or of those that stand for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PicturesMax {
    /// How many.
    pub count: u32,
    /// How many bytes together.
    pub bytes: u64,
}

/// A small picture that was shown of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureRecord {
    /// Of which file.
    pub blob: BlobId,
    /// What it is.
    pub media_type: String,
    /// It.
    pub bytes: Vec<u8>,
}

/// How a file of a message in the outbox stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadStage {
    /// Is to be sent, or is being sent.
    Waiting,
    /// The person has stopped it for now.
    Paused,
    /// Refused, or not on this device any more, with this code.
    Failed {
        /// The code.
        code: String,
    },
    /// The server has it and has said what it is.
    Done,
}

/// A file of a message in the outbox. Its bytes are with the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadRecord {
    /// Of which message.
    pub message: MessageId,
    /// Where that goes.
    pub conversation: ConversationId,
    /// What is known of it: what the view said, and when it is done what the server said.
    pub file: Attachment,
    /// How it stands.
    pub stage: UploadStage,
    /// How many bytes the server is known to have; none where it has not made room for them yet, or has forgotten them.
    pub sent: Option<u64>,
}

/// Whose picture, or what else, was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum WishTarget {
    /// What oneself shows.
    Me,
    /// A group's.
    Group(ConversationId),
}

/// What was set on this device and the server is not known to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WishRecord {
    /// Of what. There is one for each.
    pub target: WishTarget,
    /// Of the last change of it; of a group's, the id of the entry.
    pub id: EventId,
    /// What is to change; of a group, the picture alone.
    pub change: ChangeProfile,
    /// The picture, where it is still to be sent. Its bytes are with the driver.
    pub file: Option<Attachment>,
}

/// What an entry said when another device opened it, as it came in an archive. It waits for its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShelfRecord {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Its place there.
    pub seq: Seq,
    /// The entry.
    pub event: EventId,
    /// Whose entry it is said to be.
    pub sender: UserId,
    /// The message that it changes, where it does.
    pub target: Option<MessageId>,
    /// The JSON of its body.
    pub body: String,
}

/// How much of one conversation waits on the shelf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShelfState {
    /// Which one.
    pub conversation: ConversationId,
    /// How many entries.
    pub count: u32,
}

/// What a search looks for. Everything given must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageSearch {
    /// All of these are in the text.
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
    /// Only what comes after this place: by time, conversation and seq, descending.
    pub after: Option<(Timestamp, ConversationId, Seq)>,
    /// At most so many.
    pub limit: u32,
}

/// A message that a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchHit {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Its place there.
    pub seq: Seq,
    /// Which message.
    pub message: MessageId,
    /// Whose.
    pub sender: UserId,
    /// When.
    pub at: Timestamp,
    /// Its text around the first place that matches.
    pub excerpt: Vec<ExcerptPart>,
}

/// The device's storage.
///
/// Everything but the transaction methods is called between [`Storage::begin`] and [`Storage::commit`], or, for reads, also
/// outside. Whatever happens before `commit` returns may be lost by a crash; whatever happened before must not be.
pub trait Storage {
    /// Whether what is committed survives the end of the program.
    fn durable(&self) -> bool;
    /// Begins a transaction.
    fn begin(&mut self) -> Result<(), StorageError>;
    /// Makes what was written since `begin` durable. True where anything was written.
    fn commit(&mut self) -> Result<bool, StorageError>;
    /// Forgets what was written since `begin`.
    fn rollback(&mut self) -> Result<(), StorageError>;
    /// Removes everything, content overwritten.
    fn erase(&mut self) -> Result<(), StorageError>;

    /// What is kept for encrypted conversations under a key.
    fn secret(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError>;
    /// Every such key that begins with these bytes, in order.
    fn secrets(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, StorageError>;
    /// Keeps or replaces it.
    fn save_secret(&mut self, key: &[u8], value: &[u8]) -> Result<(), StorageError>;
    /// Removes it.
    fn remove_secret(&mut self, key: &[u8]) -> Result<(), StorageError>;

    /// Who is signed in.
    fn session(&self) -> Result<Option<SessionRecord>, StorageError>;
    /// Replaces who is signed in.
    fn save_session(&mut self, session: &SessionRecord) -> Result<(), StorageError>;

    /// A person's names.
    fn profile(&self, user: UserId) -> Result<Option<Profile>, StorageError>;
    /// Replaces a person's names.
    fn save_profile(&mut self, profile: &Profile) -> Result<(), StorageError>;

    /// A conversation.
    fn conversation(&self, id: ConversationId) -> Result<Option<ConversationRecord>, StorageError>;
    /// Adds or replaces a conversation.
    fn save_conversation(&mut self, conversation: &ConversationRecord) -> Result<(), StorageError>;
    /// Removes a conversation with all that belongs to it.
    fn remove_conversation(&mut self, id: ConversationId) -> Result<(), StorageError>;
    /// The conversations with the latest activity, latest first.
    fn recent_conversations(&self, limit: u32) -> Result<Vec<ConversationId>, StorageError>;
    /// Those that are encrypted end to end, in no order.
    fn encrypted_conversations(&self) -> Result<Vec<ConversationId>, StorageError>;
    /// How far each of the conversations with the latest activity is held: the end of its last range.
    fn cursors(&self, limit: u32) -> Result<Vec<Cursor>, StorageError>;
    /// The conversations whose markers the server is not known to have, latest activity first.
    fn unconfirmed(&self, limit: u32) -> Result<Vec<ConversationId>, StorageError>;

    /// The members, in the summary's order.
    fn members(&self, conversation: ConversationId) -> Result<Vec<MemberRecord>, StorageError>;
    /// Replaces all members.
    fn replace_members(
        &mut self,
        conversation: ConversationId,
        members: &[MemberRecord],
    ) -> Result<(), StorageError>;
    /// Adds a member at the end, or replaces one.
    fn save_member(
        &mut self,
        conversation: ConversationId,
        member: &MemberRecord,
    ) -> Result<(), StorageError>;
    /// Removes a member.
    fn remove_member(&mut self, conversation: ConversationId, user: UserId) -> Result<(), StorageError>;

    /// Which parts of the log are held, ascending, apart from each other.
    fn ranges(&self, conversation: ConversationId) -> Result<Vec<LogRange>, StorageError>;
    /// Replaces which parts of the log are held.
    fn save_ranges(&mut self, conversation: ConversationId, ranges: &[LogRange]) -> Result<(), StorageError>;
    /// Adds entries, plain texts of messages to the search index too. Those that are there already stay as they are, unless what
    /// they say has been erased since: then it is erased here as well.
    fn save_entries(&mut self, entries: &[LogEntry]) -> Result<(), StorageError>;
    /// Replaces what the entry at a place says, in the search index too: it was opened. What has become of it stays.
    fn replace_entry(&mut self, entry: &LogEntry) -> Result<(), StorageError>;
    /// Removes the entries after this place.
    fn truncate_entries(&mut self, conversation: ConversationId, after: Seq) -> Result<(), StorageError>;
    /// The entries with `after < seq <= through`, ascending.
    fn entries(
        &self,
        conversation: ConversationId,
        after: Seq,
        through: Seq,
    ) -> Result<Vec<Event>, StorageError>;
    /// The entries after this place with the text that they came as, or were opened to; ascending, at most `limit`.
    fn log_entries(
        &self,
        conversation: ConversationId,
        after: Seq,
        limit: u32,
    ) -> Result<Vec<LogEntry>, StorageError>;
    /// How many entries there are after this place.
    fn count_entries(&self, conversation: ConversationId, after: Seq) -> Result<u32, StorageError>;

    /// Keeps what came in an archive until it has its place. What waits for the same place already stays. It goes with its conversation, and what a message and its
    /// edits say goes with [`Storage::erase_message`].
    fn put_on_shelf(&mut self, records: &[ShelfRecord]) -> Result<(), StorageError>;
    /// What waits in a conversation after this place, ascending, at most `limit`.
    fn shelf(
        &self,
        conversation: ConversationId,
        after: Seq,
        limit: u32,
    ) -> Result<Vec<ShelfRecord>, StorageError>;
    /// It has its place, or has none.
    fn take_off_shelf(&mut self, conversation: ConversationId, seq: Seq) -> Result<(), StorageError>;
    /// Nothing waits in this conversation any more.
    fn empty_shelf(&mut self, conversation: ConversationId) -> Result<(), StorageError>;
    /// The conversations in which something waits.
    fn shelves(&self) -> Result<Vec<ShelfState>, StorageError>;

    /// The entry of a message.
    fn find_message(
        &self,
        conversation: ConversationId,
        message: MessageId,
    ) -> Result<Option<Event>, StorageError>;
    /// The entry with this id.
    fn find_entry(&self, conversation: ConversationId, id: EventId) -> Result<Option<Event>, StorageError>;
    /// The entries that change a message, with `after < seq`, ascending.
    fn changes_of(
        &self,
        conversation: ConversationId,
        message: MessageId,
        after: Seq,
    ) -> Result<Vec<Event>, StorageError>;
    /// What has become of the message at this place.
    fn fold(&self, conversation: ConversationId, seq: Seq) -> Result<FoldRecord, StorageError>;
    /// Replaces what has become of the message at this place; it is found by what it says now.
    fn save_fold(
        &mut self,
        conversation: ConversationId,
        seq: Seq,
        fold: &FoldRecord,
    ) -> Result<(), StorageError>;
    /// The messages with `after < seq <= through` of which something has become, ascending.
    fn folds(
        &self,
        conversation: ConversationId,
        after: Seq,
        through: Seq,
    ) -> Result<Vec<(Seq, Folded)>, StorageError>;
    /// The pinned messages, the one pinned last first.
    fn pinned_messages(&self, conversation: ConversationId, limit: u32) -> Result<Vec<Event>, StorageError>;
    /// Erases what a message and its edits say, from the search index too: the bytes are overwritten.
    fn erase_message(&mut self, conversation: ConversationId, message: MessageId)
    -> Result<(), StorageError>;
    /// When the first of what is here erases itself.
    fn next_expiry(&self) -> Result<Option<Timestamp>, StorageError>;
    /// The messages of which something here was to be gone by this time, at most so many.
    fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<(ConversationId, MessageId)>, StorageError>;
    /// Erases a message like [`Storage::erase_message`]; it is counted no longer.
    fn expire_message(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
    ) -> Result<(), StorageError>;
    /// How many messages not by `me` there are with `after < seq <= through`, counted up to `most`.
    fn count_messages_of_others(
        &self,
        conversation: ConversationId,
        me: UserId,
        after: Seq,
        through: Seq,
        most: u32,
    ) -> Result<u32, StorageError>;
    /// The first message not by `me` with `after < seq`.
    fn first_message_of_others(
        &self,
        conversation: ConversationId,
        me: UserId,
        after: Seq,
    ) -> Result<Option<Seq>, StorageError>;

    /// What waits in a conversation, in the order in which it was made.
    fn outbox(&self, conversation: ConversationId) -> Result<Vec<OutboxRecord>, StorageError>;
    /// The conversations in which something waits.
    fn outbox_conversations(&self) -> Result<Vec<ConversationId>, StorageError>;
    /// What waits under this id.
    fn find_outbox(&self, id: EventId) -> Result<Option<OutboxRecord>, StorageError>;
    /// Adds something at the end of the outbox, or replaces it in its place.
    fn save_outbox(&mut self, record: &OutboxRecord) -> Result<(), StorageError>;
    /// Takes something out of the outbox; a message with its files.
    fn remove_outbox(&mut self, id: EventId) -> Result<(), StorageError>;

    /// The files of all messages in the outbox, in the order in which they came.
    fn uploads(&self) -> Result<Vec<UploadRecord>, StorageError>;
    /// The files of one of them, in their order.
    fn uploads_of(&self, message: MessageId) -> Result<Vec<UploadRecord>, StorageError>;
    /// One file.
    fn upload(&self, blob: BlobId) -> Result<Option<UploadRecord>, StorageError>;
    /// Adds a file at the end, or replaces it in its place. Its message is in the outbox.
    fn save_upload(&mut self, upload: &UploadRecord) -> Result<(), StorageError>;
    /// Takes a file out of its message.
    fn remove_upload(&mut self, blob: BlobId) -> Result<(), StorageError>;

    /// What was put aside of conversations that are gone, the oldest first.
    fn unsent(&self) -> Result<Vec<Unsent>, StorageError>;
    /// Puts something aside.
    fn save_unsent(&mut self, unsent: &Unsent) -> Result<(), StorageError>;
    /// Forgets it.
    fn remove_unsent(&mut self, message: MessageId) -> Result<(), StorageError>;

    /// A small picture that was kept.
    fn picture(&self, blob: BlobId) -> Result<Option<PictureRecord>, StorageError>;
    /// Those of these files of which a small picture is kept, in any order.
    fn kept_pictures(&self, blobs: &[BlobId]) -> Result<Vec<BlobId>, StorageError>;
    /// Keeps a small picture as long as there is what it is of, and as long as newer ones of the same kind are no more than fits beside it. Nothing
    /// where there is nothing that it would be of.
    fn keep_picture(
        &mut self,
        of: PictureOf,
        picture: &PictureRecord,
        most: PicturesMax,
    ) -> Result<(), StorageError>;

    /// What was set of this and the server is not known to have.
    fn wish(&self, target: WishTarget) -> Result<Option<WishRecord>, StorageError>;
    /// All of them.
    fn wishes(&self) -> Result<Vec<WishRecord>, StorageError>;
    /// Adds what was set, or replaces what was set before of the same.
    fn save_wish(&mut self, wish: &WishRecord) -> Result<(), StorageError>;
    /// The server has it, or will not have it.
    fn remove_wish(&mut self, target: WishTarget) -> Result<(), StorageError>;

    /// What oneself keeps of a conversation; empty where that is nothing.
    fn personal(&self, conversation: ConversationId) -> Result<PersonalRecord, StorageError>;
    /// Replaces what oneself keeps of a conversation. Nothing happens where there is no such conversation.
    fn save_personal(
        &mut self,
        conversation: ConversationId,
        personal: &PersonalRecord,
    ) -> Result<(), StorageError>;
    /// The conversations that are pinned, in their order.
    fn pinned_conversations(&self) -> Result<Vec<ConversationId>, StorageError>;
    /// The conversations with changes that the server is not known to have, in any order.
    fn pending_personals(&self, limit: u32) -> Result<Vec<ConversationId>, StorageError>;
    /// Message requests that wait for an answer, at most `limit`, in any order.
    fn requests(&self, limit: u32) -> Result<Vec<ConversationId>, StorageError>;

    /// What is in a composer.
    fn draft(&self, conversation: ConversationId) -> Result<Option<String>, StorageError>;
    /// Replaces what is in a composer; empty forgets it.
    fn save_draft(&mut self, conversation: ConversationId, text: &str) -> Result<(), StorageError>;

    /// The names of people, at most `limit`, by handle.
    fn profiles(&self, limit: u32) -> Result<Vec<Profile>, StorageError>;
    /// Messages that match, newest first.
    fn search(&self, search: &StorageSearch) -> Result<Vec<SearchHit>, StorageError>;
}
