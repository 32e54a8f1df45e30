//! What storage promises the server.
//!
//! [`Store`] is one trait with one method a use case; each is atomic, and what it returned is durable. No transaction
//! handle leaves it, so that both implementations (SQLite in `store-sqlite`, PostgreSQL in `store-postgres`) can batch as
//! suits them. Both pass the same list of cases, `store-conformance`.
//!
//! Invariants that every implementation holds:
//! * the log of a conversation has `seq` 1, 2, 3, … without gaps, whatever fails in between;
//! * an event id is unique within its conversation: appending it again returns what the first append returned;
//! * receipts only move forward, and `read_seq <= delivered_seq <= last_seq`;
//! * what a log entry says about members and titles, and the tables of members and titles, change in one transaction;
//! * what a log entry says about an earlier message, and what is kept of that message, change in one transaction; what was
//!   deleted is nowhere any more from then on;
//! * a commit ends the epoch of an encrypted conversation's log in the transaction that appends it ([`encryption::after`]);
//! * the key log of an account says of each key of its devices that it came and that it went, in the transaction in which it did ([`key_log::next`]).
//!
//! Authorization is not decided here. The service decides it in `model` on facts that it has read; the facts travel with
//! the append ([`Facts`]) and the store refuses with [`AppendError::Stale`] where they no longer hold.
#![warn(missing_docs)]

pub mod account;
pub mod archive;
pub mod blob;
pub mod change;
pub mod conversation;
pub mod departure;
pub mod encryption;
pub mod error;
pub mod group;
pub mod key_log;
pub mod log;
pub mod poll;
pub mod privacy;
pub mod push;
pub mod report;
pub mod schedule;
pub mod search;

use async_trait::async_trait;
use pipit_wire::frame::{
    ConversationSummary, Cursor, ListPosition, Member, Personal, PersonalChange, Profile, Receipt,
};
use pipit_wire::person::{Face, FaceChange};
use pipit_wire::{
    BlobId, ConversationId, DeviceId, Event, EventId, InviteId, MessageId, Seq, Timestamp, UserId,
};

use account::{
    Barred, CreateAccount, CreateAccountError, CredentialRecord, DeviceRecord, InviteRecord, NewDevice,
    NewInvite, Opening, RotateRefresh, RotateRefreshError, ServerRecord, SetUp, SetUpError, TokenHash,
    UserRecord,
};
use blob::{AdvanceError, AdvanceUpload, BlobRecord, CreateUploadError, FinishUpload, NewUpload, UploadList};
use change::{Pins, ReactionRecord};
use conversation::{ConversationAccess, CreateError, Created, MemberPosition, NewDirect, NewGroup};
use error::StoreError;
use group::{GroupInviteRecord, JoinRequestRecord, NewGroupInvite, NewJoinRequest, Requested};
use log::{Append, AppendError, Appended, CatchUpRow, LogPage, LogRange, ReceiptAdvance, ReceiptOutcome};
use poll::VoteRecord;
use schedule::DueMessage;
use search::{FoundMessages, NamedConversation, SearchMessages, Swept};

pub use encryption::EncryptionStore;
pub use key_log::KeyLogStore;
pub use log::Facts;

/// A server's storage. Every method is atomic; whatever it returned as done is on disk.
#[async_trait]
pub trait Store:
    EncryptionStore
    + KeyLogStore
    + archive::ArchiveStore
    + departure::DepartureStore
    + push::PushStore
    + privacy::PrivacyStore
    + report::ReportStore
{
    /// Whether it answers; for `/readyz`.
    async fn ping(&self) -> Result<(), StoreError>;

    // The server itself

    /// What the server is, once it has been set up.
    async fn find_server(&self) -> Result<Option<ServerRecord>, StoreError>;
    /// Makes the first account, the administrator, and names the server.
    async fn set_up(&self, set_up: SetUp) -> Result<Result<(), SetUpError>, StoreError>;

    /// The key that all nodes share: this one where there was none yet, else the one that there was.
    async fn server_key(&self, candidate: [u8; 32]) -> Result<[u8; 32], StoreError>;

    // Accounts

    /// Makes an account with its first device; uses the invite once where one is given.
    async fn create_account(
        &self,
        account: CreateAccount,
    ) -> Result<Result<(), CreateAccountError>, StoreError>;
    /// The account with this id.
    async fn find_user(&self, user: UserId) -> Result<Option<UserRecord>, StoreError>;
    /// The account with this handle (already lowered), with what its password is checked against.
    async fn find_credential(&self, handle: &str) -> Result<Option<CredentialRecord>, StoreError>;
    /// Those of these accounts that exist, as others see them, in any order.
    async fn find_profiles(&self, users: &[UserId]) -> Result<Vec<Profile>, StoreError>;
    /// At most `limit` accounts whose handle or a word of whose name begins with `query` (compared without case), exact
    /// handle first, then by handle; never `asker`, nor suspended accounts, nor those with a block between them and `asker`, nor those who
    /// do not want to be found by `asker` ([`pipit_wire::privacy::Privacy::found_by`]), unless `query` is their handle.
    async fn search_users(&self, asker: UserId, query: &str, limit: u32) -> Result<Vec<Profile>, StoreError>;
    /// Changes the name that others see. False where there is no such account.
    async fn rename_user(&self, user: UserId, name: &str) -> Result<bool, StoreError>;
    /// Changes what an account shows of itself, and says what that is now; the picture that it had is given up. None, and nothing has
    /// changed, where there is no such account, or the picture is no finished file.
    async fn set_face(&self, user: UserId, change: &FaceChange) -> Result<Option<Face>, StoreError>;
    /// Those of these accounts that exist, with what they show of themselves, for whoever may see that; in any order.
    async fn find_faces(&self, users: &[UserId]) -> Result<Vec<Profile>, StoreError>;
    /// Suspends an account (`at` set) or lifts it. False where there is no such account.
    async fn set_suspended(&self, user: UserId, at: Option<Timestamp>) -> Result<bool, StoreError>;

    // Devices and their refresh tokens

    /// Adds a device to an account that signs in.
    async fn create_device(&self, device: NewDevice) -> Result<(), StoreError>;
    /// The device with this id, where it has not been revoked.
    async fn find_device(&self, device: DeviceId) -> Result<Option<DeviceRecord>, StoreError>;
    /// The account of this device and where it is a member, in one reading; none where the device has been revoked.
    async fn find_opening(&self, device: DeviceId) -> Result<Option<Opening>, StoreError>;
    /// The devices of an account that have not been revoked, newest first.
    async fn list_devices(&self, user: UserId) -> Result<Vec<DeviceRecord>, StoreError>;
    /// Trades a refresh token for its successor; see [`RotateRefresh`] for the rules of reuse.
    async fn rotate_refresh(
        &self,
        rotation: RotateRefresh,
    ) -> Result<Result<DeviceRecord, RotateRefreshError>, StoreError>;
    /// Revokes a device of this account. False where it has none such, or it was revoked before.
    async fn revoke_device(&self, user: UserId, device: DeviceId, now: Timestamp)
    -> Result<bool, StoreError>;
    /// Forgets tokens that were spent before this, at most `limit`, and says how many. They are unknown from then on, and tell reuse no longer.
    async fn prune_refresh_tokens(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
    /// Those of these devices that may not be connected, with why, in any order.
    async fn find_barred(&self, devices: &[DeviceId]) -> Result<Vec<(DeviceId, Barred)>, StoreError>;
    /// Notes that these devices were connected at these times; never moves a time back.
    async fn touch_devices(&self, seen: &[(DeviceId, Timestamp)]) -> Result<(), StoreError>;
    /// When any device of each account was last connected; accounts without any are left out.
    async fn last_seen(&self, users: &[UserId]) -> Result<Vec<(UserId, Timestamp)>, StoreError>;

    // Invites to the server

    /// Keeps an invite.
    async fn create_invite(&self, invite: NewInvite) -> Result<(), StoreError>;
    /// The invite with this token, where it still works at `now`.
    async fn find_invite(
        &self,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<InviteRecord>, StoreError>;
    /// Invites that still work at `now`, newest first, at most 200: those made by `made_by`, or all.
    async fn list_invites(
        &self,
        made_by: Option<UserId>,
        now: Timestamp,
    ) -> Result<Vec<InviteRecord>, StoreError>;
    /// Ends an invite: any, or only one made by `made_by`. False where there is none such that still works.
    async fn revoke_invite(
        &self,
        invite: InviteId,
        made_by: Option<UserId>,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Forgets invites, to the server and to groups, that ended before this by their time, at most `limit` of each kind, and says how
    /// many of the kind that had more.
    async fn prune_invites(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;

    // Blocks and settings

    /// `user` blocks `other` (`blocked` true) or lifts it.
    async fn set_blocked(
        &self,
        user: UserId,
        other: UserId,
        blocked: bool,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Whom `user` blocks, in any order.
    async fn list_blocked(&self, user: UserId) -> Result<Vec<UserId>, StoreError>;
    /// Those of `others` with a block between them and `user`, from either side, in any order.
    async fn filter_blocked(&self, user: UserId, others: &[UserId]) -> Result<Vec<UserId>, StoreError>;
    /// A setting of an account: JSON text under a key, none where it was never set.
    async fn find_setting(&self, user: UserId, key: &str) -> Result<Option<String>, StoreError>;
    /// Sets or (with none) forgets a setting.
    async fn set_setting(&self, user: UserId, key: &str, value: Option<&str>) -> Result<(), StoreError>;

    // Conversations

    /// The direct conversation of two people, made where there is none.
    async fn create_direct(&self, new: NewDirect) -> Result<Created, StoreError>;
    /// Makes a group. Repeating it with the same id, creator and content returns the same group.
    async fn create_group(&self, new: NewGroup) -> Result<Result<Created, CreateError>, StoreError>;
    /// What authorization needs to know about `user` (and `target`, where one is given) in this conversation.
    async fn find_access(
        &self,
        conversation: ConversationId,
        user: UserId,
        target: Option<UserId>,
    ) -> Result<Option<ConversationAccess>, StoreError>;
    /// The ids of all conversations that `user` is a member of, in any order.
    async fn list_conversation_ids(&self, user: UserId) -> Result<Vec<ConversationId>, StoreError>;
    /// The same of several accounts at once, each membership with its account, in any order. There is no limit: the caller chooses how many
    /// accounts.
    async fn list_memberships(&self, users: &[UserId]) -> Result<Vec<(UserId, ConversationId)>, StoreError>;
    /// A page of the conversations that `user` is a member of, ordered by (`last_at`, id) descending.
    async fn list_conversations(
        &self,
        user: UserId,
        after: Option<ListPosition>,
        limit: u32,
    ) -> Result<Vec<ConversationSummary>, StoreError>;
    /// One conversation as `user` sees it; none where they are not a member.
    async fn find_summary(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<Option<ConversationSummary>, StoreError>;
    /// A page of members ordered by (`first_seq`, user) ascending, beginning after the member `after`; where they have left by
    /// now, from the start: whoever pages sees some members twice, and misses nobody. What they have read is told as `viewer` may know
    /// it: zero where that is kept from them ([`privacy`]).
    async fn list_members(
        &self,
        conversation: ConversationId,
        viewer: UserId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<Member>, StoreError>;
    /// A page of the members whose handle or a word of whose name begins with `query` (compared without case; all, where it is
    /// empty), the highest roles first, then by handle, beginning after the place `after`. What they have read is told like that by
    /// [`Store::list_members`].
    async fn search_members(
        &self,
        conversation: ConversationId,
        viewer: UserId,
        query: &str,
        after: Option<MemberPosition>,
        limit: u32,
    ) -> Result<Vec<Member>, StoreError>;
    /// Changes what `user` keeps of a conversation for themselves, and returns the whole of it; none where they are not a member.
    /// Its `changed_at` is `now`, or a millisecond after the one before where that is later. It ends with the membership.
    /// What it says of scheduled messages that are over is left out ([`schedule`]).
    async fn set_personal(
        &self,
        conversation: ConversationId,
        user: UserId,
        change: PersonalChange,
        now: Timestamp,
    ) -> Result<Option<Personal>, StoreError>;
    /// How many messages somebody has scheduled that are not over.
    async fn count_scheduled(&self, user: UserId) -> Result<u32, StoreError>;
    /// When the next scheduled message is due; none where none is.
    async fn next_scheduled(&self) -> Result<Option<Timestamp>, StoreError>;
    /// The scheduled messages that are due at `now`, the earliest first, at most `limit`. They stay due until [`Store::set_personal`] says
    /// otherwise: several nodes may be given the same ones.
    async fn list_due(&self, now: Timestamp, limit: u32) -> Result<Vec<DueMessage>, StoreError>;
    /// Forgets scheduled messages that were over before this time, at most `limit`, and says how many.
    async fn prune_scheduled(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
    /// Those of `others` that are a member of any conversation together with `user`, in any order. A request that the other has not
    /// accepted is none.
    async fn filter_acquainted(&self, user: UserId, others: &[UserId]) -> Result<Vec<UserId>, StoreError>;
    /// Those of `others` who have made their account by an invite of `user`, or by whose invite `user` has, in any order.
    async fn filter_invited(&self, user: UserId, others: &[UserId]) -> Result<Vec<UserId>, StoreError>;

    // Who comes into a group and who does not

    /// Keeps an invite link to a group.
    async fn create_group_invite(&self, invite: NewGroupInvite) -> Result<(), StoreError>;
    /// The invite link with this token, and whether it still works at `now`: whoever came by its last use may ask again.
    async fn find_group_invite(
        &self,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<GroupInviteRecord>, StoreError>;
    /// The invite links to a group that still work at `now`, newest first, at most `limit`.
    async fn list_group_invites(
        &self,
        conversation: ConversationId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<GroupInviteRecord>, StoreError>;
    /// Takes one use of a link. False where it does not work at `now`.
    async fn use_group_invite(&self, invite: InviteId, now: Timestamp) -> Result<bool, StoreError>;
    /// Ends an invite link to this group. False where there is none such that still works.
    async fn revoke_group_invite(
        &self,
        conversation: ConversationId,
        invite: InviteId,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Keeps a request to be let in, and takes a use of its link; neither where it was there before.
    async fn request_join(&self, request: NewJoinRequest) -> Result<Requested, StoreError>;
    /// Who waits to be let in, the oldest first, at most `limit`.
    async fn list_join_requests(
        &self,
        conversation: ConversationId,
        limit: u32,
    ) -> Result<Vec<JoinRequestRecord>, StoreError>;
    /// Whether somebody waits to be let in.
    async fn has_join_request(&self, conversation: ConversationId, user: UserId) -> Result<bool, StoreError>;
    /// Forgets a request to be let in. False where there was none.
    async fn remove_join_request(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<bool, StoreError>;

    // Files

    /// Makes room for a file. Repeating it with the same id, owner and size returns the upload as it is.
    async fn create_upload(
        &self,
        upload: NewUpload,
    ) -> Result<Result<BlobRecord, CreateUploadError>, StoreError>;
    /// The file with this id, finished or not, whoever asks.
    async fn find_blob(&self, blob: BlobId) -> Result<Option<BlobRecord>, StoreError>;
    /// Adds what has come to an upload, and says how much that is now.
    async fn advance_upload(&self, advance: AdvanceUpload) -> Result<Result<u64, AdvanceError>, StoreError>;
    /// Makes an upload a file that can be sent. False where the owner has no such upload, or it is finished.
    async fn finish_upload(&self, finish: FinishUpload) -> Result<bool, StoreError>;
    /// Has a finished file of `owner` count as touched at this time, where that is later than it was: until some time after it, it is not
    /// abandoned though no message has it.
    async fn keep_upload(&self, owner: UserId, blob: BlobId, until: Timestamp) -> Result<(), StoreError>;
    /// Forgets a file of `owner`, finished or not, that no message has. False where there is none such.
    async fn remove_upload(&self, owner: UserId, blob: BlobId) -> Result<bool, StoreError>;
    /// The unfinished uploads of an account, at most `limit`, and how much it uses.
    async fn list_uploads(&self, owner: UserId, limit: u32) -> Result<UploadList, StoreError>;
    /// Those of these files that are finished and that `user` may read, in any order: their own, and those of messages that they
    /// may read now.
    async fn filter_readable(&self, user: UserId, blobs: &[BlobId]) -> Result<Vec<BlobRecord>, StoreError>;
    /// Those of these files that are there, finished or not, and of these archives, whose objects are named alike; in any order.
    async fn filter_known_blobs(&self, blobs: &[BlobId]) -> Result<Vec<BlobId>, StoreError>;
    /// Forgets files that no message has and of which nothing came since `before`, at most `limit`, and says which: their objects are to
    /// be removed.
    async fn take_abandoned(&self, before: Timestamp, limit: u32) -> Result<Vec<BlobId>, StoreError>;
    /// A message has its files no longer. Those that no other message has are taken by the next [`Store::take_abandoned`].
    async fn release_attachments(
        &self,
        conversation: ConversationId,
        message: EventId,
    ) -> Result<(), StoreError>;

    // The log

    /// Appends entries, each on its own merits: one that is refused leaves no gap and does not touch the others. One
    /// transaction for the whole batch; entries of one conversation get their seq in the order given.
    async fn append_batch(
        &self,
        batch: Vec<Append>,
    ) -> Result<Vec<Result<Appended, AppendError>>, StoreError>;
    /// A page of a log with what has become of its messages, at one moment, for `user`; none where they are not a member. Entries before
    /// their `first_seq` are never returned.
    async fn read_log(
        &self,
        conversation: ConversationId,
        user: UserId,
        range: LogRange,
    ) -> Result<Option<LogPage>, StoreError>;
    /// What each cursor's conversation has after it, for `user`: at most `limit` entries each, or `gap` where there are more.
    /// Cursors of conversations that they are not a member of get no row. A cursor ahead of the log is answered like one at its end.
    async fn catch_up(
        &self,
        user: UserId,
        cursors: &[Cursor],
        limit: u32,
    ) -> Result<Vec<CatchUpRow>, StoreError>;
    /// Who reacted to a message, in the order in which they did, at most `limit`, for `user`; none where they are not a member, or there is
    /// no such message that they may read. Nobody, where it is deleted.
    async fn list_reactions(
        &self,
        conversation: ConversationId,
        user: UserId,
        message: EventId,
        limit: u32,
    ) -> Result<Option<Vec<ReactionRecord>>, StoreError>;
    /// Who voted in a poll and for what, in the order in which they did, at most `limit`, for `user`; none where they are not a member, or there is
    /// no such message that they may read. Nobody, where it is deleted. Whether they may know is not asked here.
    async fn list_votes(
        &self,
        conversation: ConversationId,
        user: UserId,
        message: EventId,
        limit: u32,
    ) -> Result<Option<Vec<VoteRecord>>, StoreError>;
    /// The pinned messages that `user` may read, at one moment; none where they are not a member.
    async fn list_pins(&self, conversation: ConversationId, user: UserId)
    -> Result<Option<Pins>, StoreError>;
    /// Erases messages whose time had passed at `now`, like a deletion but without an entry, the earliest first, at most `limit`, and says
    /// which. Several nodes may do it at once, each its own.
    async fn erase_expired(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(ConversationId, MessageId)>, StoreError>;
    /// Makes sure that what has been erased is gone from the storage's own files as well, as far as that is in its hands. False where it could
    /// not be done now, and is to be tried again.
    async fn scrub(&self) -> Result<bool, StoreError>;
    /// Moves markers forward, in the order given; one outcome each.
    async fn advance_receipts(&self, batch: &[ReceiptAdvance]) -> Result<Vec<ReceiptOutcome>, StoreError>;
    /// The markers of all members of a conversation, at most `limit`.
    async fn list_receipts(
        &self,
        conversation: ConversationId,
        limit: u32,
    ) -> Result<Vec<Receipt>, StoreError>;
    /// The entry with this id in this conversation, whoever asks. For tests and for checks inside the server.
    async fn find_event(
        &self,
        conversation: ConversationId,
        event: pipit_wire::EventId,
    ) -> Result<Option<Event>, StoreError>;
    /// How many messages of others stand after `read_seq` of `user`, counted up to `limit`; none where not a member.
    async fn count_unread(
        &self,
        conversation: ConversationId,
        user: UserId,
        limit: u32,
    ) -> Result<Option<u32>, StoreError>;
    /// The last entry's seq; none where there is no such conversation.
    async fn last_seq(&self, conversation: ConversationId) -> Result<Option<Seq>, StoreError>;
    /// The last entry's seq of each of these conversations, in any order; those that are not there are left out.
    async fn last_seqs(
        &self,
        conversations: &[ConversationId],
    ) -> Result<Vec<(ConversationId, Seq)>, StoreError>;
    /// The entries after `after`, oldest first, at most `limit`, whoever asks: for a node that has missed some of them.
    async fn read_entries(
        &self,
        conversation: ConversationId,
        after: Seq,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError>;

    // Search: see [`search`]

    /// Messages that match and that the asker may read now, newest first, of those that have been indexed.
    async fn search_messages(&self, search: SearchMessages) -> Result<FoundMessages, StoreError>;
    /// The names of the conversations that `user` is a member of, newest first, at most `limit`.
    async fn list_names(&self, user: UserId, limit: u32) -> Result<Vec<NamedConversation>, StoreError>;
    /// Conversations of `user` that have entries which are not indexed, at most `limit`, in any order.
    async fn list_unindexed(&self, user: UserId, limit: u32) -> Result<Vec<ConversationId>, StoreError>;
    /// Looks at the next `limit` conversations by id, whoever is in them, for entries that are not indexed.
    async fn sweep_unindexed(&self, after: Option<ConversationId>, limit: u32) -> Result<Swept, StoreError>;
    /// Indexes what comes next in these logs, at most `limit` entries of all of them, and says how many it went over: zero where nothing
    /// was left to do.
    async fn index_entries(&self, conversations: &[ConversationId], limit: u32) -> Result<u32, StoreError>;
}
