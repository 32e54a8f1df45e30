//! A storage that fails when the seed says so: before it has done anything, or after it has done everything. It takes its time, and
//! does nothing for a node that is dead.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use pipit_store::account::{
    Barred, CreateAccount, CreateAccountError, CredentialRecord, DeviceRecord, InviteRecord, NewDevice,
    NewInvite, Opening, RotateRefresh, RotateRefreshError, ServerRecord, SetUp, SetUpError, TokenHash,
    UserRecord,
};
use pipit_store::archive::{
    AddPartError, AddedPart, Approval, ApproveError, ArchiveRecord, ArchiveStore, BeginArchiveError,
    NewArchive, NewPart, PartRecord,
};
use pipit_store::blob::{
    AdvanceError, AdvanceUpload, BlobRecord, CreateUploadError, FinishUpload, NewUpload, UploadList,
};
use pipit_store::change::{Pins, ReactionRecord};
use pipit_store::conversation::{
    ConversationAccess, CreateError, Created, MemberPosition, NewDirect, NewGroup,
};
use pipit_store::departure::DepartureStore;
use pipit_store::encryption::{
    ClaimedPackage, GroupRecord, ListedKey, NewWelcome, Pool, Publication, PublishError, WelcomeRecord,
};
use pipit_store::error::StoreError;
use pipit_store::group::{
    BanRecord, GroupInviteRecord, JoinRequestRecord, NewGroupInvite, NewJoinRequest, Requested,
};
use pipit_store::key_log::{KeyLogError, KeyLogRecord, NewKeyEntry};
use pipit_store::log::{
    Append, AppendError, Appended, CatchUpRow, LogPage, LogRange, ReceiptAdvance, ReceiptOutcome,
};
use pipit_store::poll::VoteRecord;
use pipit_store::privacy::{BlockedPosition, DirectRecord, PrivacyStore};
use pipit_store::push::{PushStore, PushTarget, PushedEntry, Subscription};
use pipit_store::report::{AddedReport, NewReport, ReportPosition, ReportStore};
use pipit_store::schedule::DueMessage;
use pipit_store::search::{FoundMessages, NamedConversation, SearchMessages, Swept};
use pipit_store::{EncryptionStore, KeyLogStore, Store};
use pipit_wire::encryption::GroupHead;
use pipit_wire::frame::{
    ConversationSummary, Cursor, ListPosition, Member, Personal, PersonalChange, Profile, Receipt,
};
use pipit_wire::person::{Face, FaceChange};
use pipit_wire::privacy::{BlockedPerson, Privacy, PrivacyChange};
use pipit_wire::report::Report;
use pipit_wire::{
    ArchiveId, BlobId, ConversationId, DeviceId, Event, EventId, InviteId, MessageId, ReportId, Seq,
    Timestamp, UserId,
};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use crate::lifeline::Lifeline;

/// How often a call that writes to a log or its markers fails.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Nothing has happened.
    pub before: f64,
    /// It has happened, and the caller is told that it has not.
    pub after: f64,
    /// The longest that it takes to begin, and again to answer, milliseconds.
    pub slow_ms: u64,
}

/// What decides how the storage of all nodes fails.
pub struct Faults {
    state: Mutex<State>,
}

struct State {
    random: ChaCha8Rng,
    rates: Rates,
}

/// A node's storage, around the one that all nodes share.
pub struct FaultStore {
    inner: Arc<dyn Store>,
    faults: Arc<Faults>,
    life: Arc<Lifeline>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Before,
    After,
}

impl Faults {
    /// Nothing fails yet, and later as this generator decides.
    pub fn new(random: ChaCha8Rng) -> Self {
        Self {
            state: Mutex::new(State {
                random,
                rates: Rates::default(),
            }),
        }
    }

    /// Fails at these rates from now on.
    pub fn fail_at(&self, rates: Rates) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).rates = rates;
    }

    fn draw(&self) -> (Fault, Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let rates = state.rates;
        let drawn: f64 = state.random.random();
        let fault = if drawn < rates.before {
            Fault::Before
        } else if drawn < rates.before + rates.after {
            Fault::After
        } else {
            Fault::None
        };
        let slow_ms = match rates.slow_ms {
            0 => 0,
            most => state.random.random_range(0..=most),
        };
        (fault, Duration::from_millis(slow_ms))
    }
}

impl FaultStore {
    /// The storage of the node with this life.
    pub fn new(inner: Arc<dyn Store>, faults: Arc<Faults>, life: Arc<Lifeline>) -> Self {
        Self { inner, faults, life }
    }

    /// A step that only a living node makes.
    fn step(&self) -> Result<(), StoreError> {
        if self.life.step() { Ok(()) } else { Err(failed()) }
    }
}

/// Where it is long, others work meanwhile.
async fn take(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

fn failed() -> StoreError {
    StoreError::Unavailable("the simulation says so".into())
}

macro_rules! store {
    (
        $trait:ident
        passed { $(fn $name:ident($($arg:ident: $type:ty),*) -> $out:ty;)* }
        faulty { $(fn $faulty_name:ident($($faulty_arg:ident: $faulty_type:ty),*) -> $faulty_out:ty;)* }
    ) => {
        #[async_trait]
        impl $trait for FaultStore {
            $(async fn $name(&self, $($arg: $type),*) -> Result<$out, StoreError> {
                self.step()?;
                self.inner.$name($($arg),*).await
            })*
            $(async fn $faulty_name(&self, $($faulty_arg: $faulty_type),*) -> Result<$faulty_out, StoreError> {
                let (fault, time) = self.faults.draw();
                take(time).await;
                self.step()?;
                if fault == Fault::Before {
                    return Err(failed());
                }
                let done = self.inner.$faulty_name($($faulty_arg),*).await?;
                self.step()?;
                take(time).await;
                if fault == Fault::After { Err(failed()) } else { Ok(done) }
            })*
        }
    };
}

store! {
    Store
    passed {
        fn ping() -> ();
        fn find_server() -> Option<ServerRecord>;
        fn set_up(set_up: SetUp) -> Result<(), SetUpError>;
        fn create_account(account: CreateAccount) -> Result<(), CreateAccountError>;
        fn find_user(user: UserId) -> Option<UserRecord>;
        fn find_credential(handle: &str) -> Option<CredentialRecord>;
        fn find_profiles(users: &[UserId]) -> Vec<Profile>;
        fn search_users(asker: UserId, query: &str, limit: u32) -> Vec<Profile>;
        fn set_face(user: UserId, change: &FaceChange) -> Option<Face>;
        fn find_faces(users: &[UserId]) -> Vec<Profile>;
        fn rename_user(user: UserId, name: &str) -> bool;
        fn set_suspended(user: UserId, at: Option<Timestamp>) -> bool;
        fn create_device(device: NewDevice) -> ();
        fn find_device(device: DeviceId) -> Option<DeviceRecord>;
        fn find_opening(device: DeviceId) -> Option<Opening>;
        fn list_devices(user: UserId) -> Vec<DeviceRecord>;
        fn revoke_device(user: UserId, device: DeviceId, now: Timestamp) -> bool;
        fn prune_refresh_tokens(before: Timestamp, limit: u32) -> u64;
        fn prune_invites(before: Timestamp, limit: u32) -> u64;
        fn touch_devices(seen: &[(DeviceId, Timestamp)]) -> ();
        fn last_seen(users: &[UserId]) -> Vec<(UserId, Timestamp)>;
        fn create_invite(invite: NewInvite) -> ();
        fn find_invite(token: &TokenHash, now: Timestamp) -> Option<InviteRecord>;
        fn list_invites(made_by: Option<UserId>, now: Timestamp) -> Vec<InviteRecord>;
        fn revoke_invite(invite: InviteId, made_by: Option<UserId>, now: Timestamp) -> bool;
        fn set_blocked(user: UserId, other: UserId, blocked: bool, now: Timestamp) -> ();
        fn list_blocked(user: UserId) -> Vec<UserId>;
        fn find_setting(user: UserId, key: &str) -> Option<String>;
        fn set_setting(user: UserId, key: &str, value: Option<&str>) -> ();
        fn find_access(conversation: ConversationId, user: UserId, target: Option<UserId>)
            -> Option<ConversationAccess>;
        fn list_conversation_ids(user: UserId) -> Vec<ConversationId>;
        fn list_memberships(users: &[UserId]) -> Vec<(UserId, ConversationId)>;
        fn list_conversations(user: UserId, after: Option<ListPosition>, limit: u32)
            -> Vec<ConversationSummary>;
        fn find_summary(conversation: ConversationId, user: UserId) -> Option<ConversationSummary>;
        fn list_members(conversation: ConversationId, viewer: UserId, after: Option<UserId>, limit: u32) -> Vec<Member>;
        fn search_members(conversation: ConversationId, viewer: UserId, query: &str, after: Option<MemberPosition>, limit: u32)
            -> Vec<Member>;
        fn set_personal(conversation: ConversationId, user: UserId, change: PersonalChange, now: Timestamp)
            -> Option<Personal>;
        fn filter_acquainted(user: UserId, others: &[UserId]) -> Vec<UserId>;
        fn filter_invited(user: UserId, others: &[UserId]) -> Vec<UserId>;
        fn filter_blocked(user: UserId, others: &[UserId]) -> Vec<UserId>;
        fn read_log(conversation: ConversationId, user: UserId, range: LogRange) -> Option<LogPage>;
        fn catch_up(user: UserId, cursors: &[Cursor], limit: u32) -> Vec<CatchUpRow>;
        fn list_reactions(conversation: ConversationId, user: UserId, message: EventId, limit: u32)
            -> Option<Vec<ReactionRecord>>;
        fn list_votes(conversation: ConversationId, user: UserId, message: EventId, limit: u32)
            -> Option<Vec<VoteRecord>>;
        fn list_pins(conversation: ConversationId, user: UserId) -> Option<Pins>;
        fn count_scheduled(user: UserId) -> u32;
        fn next_scheduled() -> Option<Timestamp>;
        fn list_due(now: Timestamp, limit: u32) -> Vec<DueMessage>;
        fn prune_scheduled(before: Timestamp, limit: u32) -> u64;
        fn erase_expired(now: Timestamp, limit: u32) -> Vec<(ConversationId, MessageId)>;
        fn scrub() -> bool;
        fn search_messages(search: SearchMessages) -> FoundMessages;
        fn list_names(user: UserId, limit: u32) -> Vec<NamedConversation>;
        fn list_unindexed(user: UserId, limit: u32) -> Vec<ConversationId>;
        fn sweep_unindexed(after: Option<ConversationId>, limit: u32) -> Swept;
        fn index_entries(conversations: &[ConversationId], limit: u32) -> u32;
        fn list_receipts(conversation: ConversationId, limit: u32) -> Vec<Receipt>;
        fn find_event(conversation: ConversationId, event: EventId) -> Option<Event>;
        fn count_unread(conversation: ConversationId, user: UserId, limit: u32) -> Option<u32>;
        fn last_seq(conversation: ConversationId) -> Option<Seq>;
        fn last_seqs(conversations: &[ConversationId]) -> Vec<(ConversationId, Seq)>;
        fn read_entries(conversation: ConversationId, after: Seq, limit: u32) -> Vec<Event>;
        fn find_barred(devices: &[DeviceId]) -> Vec<(DeviceId, Barred)>;
        fn server_key(candidate: [u8; 32]) -> [u8; 32];
        fn create_upload(upload: NewUpload) -> Result<BlobRecord, CreateUploadError>;
        fn find_blob(blob: BlobId) -> Option<BlobRecord>;
        fn advance_upload(advance: AdvanceUpload) -> Result<u64, AdvanceError>;
        fn finish_upload(finish: FinishUpload) -> bool;
        fn keep_upload(owner: UserId, blob: BlobId, until: Timestamp) -> ();
        fn remove_upload(owner: UserId, blob: BlobId) -> bool;
        fn list_uploads(owner: UserId, limit: u32) -> UploadList;
        fn filter_readable(user: UserId, blobs: &[BlobId]) -> Vec<BlobRecord>;
        fn filter_known_blobs(blobs: &[BlobId]) -> Vec<BlobId>;
        fn take_abandoned(before: Timestamp, limit: u32) -> Vec<BlobId>;
        fn create_group_invite(invite: NewGroupInvite) -> ();
        fn find_group_invite(token: &TokenHash, now: Timestamp) -> Option<GroupInviteRecord>;
        fn list_group_invites(conversation: ConversationId, now: Timestamp, limit: u32) -> Vec<GroupInviteRecord>;
        fn use_group_invite(invite: InviteId, now: Timestamp) -> bool;
        fn revoke_group_invite(conversation: ConversationId, invite: InviteId, now: Timestamp) -> bool;
        fn request_join(request: NewJoinRequest) -> Requested;
        fn list_join_requests(conversation: ConversationId, limit: u32) -> Vec<JoinRequestRecord>;
        fn has_join_request(conversation: ConversationId, user: UserId) -> bool;
        fn remove_join_request(conversation: ConversationId, user: UserId) -> bool;
        fn release_attachments(conversation: ConversationId, message: EventId) -> ();
    }
    faulty {
        fn create_direct(new: NewDirect) -> Created;
        fn create_group(new: NewGroup) -> Result<Created, CreateError>;
        fn append_batch(batch: Vec<Append>) -> Vec<Result<Appended, AppendError>>;
        fn advance_receipts(batch: &[ReceiptAdvance]) -> Vec<ReceiptOutcome>;
        fn rotate_refresh(rotation: RotateRefresh) -> Result<DeviceRecord, RotateRefreshError>;
    }
}

store! {
    EncryptionStore
    passed {
        fn renew_generation(generation: Uuid) -> ();
        fn publish_packages(publication: Publication) -> Result<Pool, PublishError>;
        fn find_pool(device: DeviceId, now: Timestamp) -> Option<Pool>;
        fn list_device_keys(conversation: ConversationId, after: Option<DeviceId>, limit: u32)
            -> Vec<ListedKey>;
        fn claim_packages(conversation: ConversationId, devices: &[DeviceId], now: Timestamp)
            -> Vec<ClaimedPackage>;
        fn stage_welcome(welcome: NewWelcome) -> ();
        fn drop_welcome(conversation: ConversationId, commit: EventId) -> ();
        fn list_welcomes(device: DeviceId, limit: u32) -> Vec<WelcomeRecord>;
        fn remove_welcome(device: DeviceId, conversation: ConversationId, commit: EventId) -> bool;
        fn prune_welcomes(before: Timestamp, limit: u32) -> u64;
        fn keep_group_info(conversation: ConversationId, epoch: u64, bytes: Vec<u8>) -> bool;
        fn find_group(conversation: ConversationId, device: DeviceId) -> Option<GroupRecord>;
        fn find_heads(device: DeviceId, conversations: &[ConversationId]) -> Vec<(ConversationId, GroupHead)>;
        fn note_sealed(conversation: ConversationId, device: DeviceId, count: u64) -> ();
    }
    faulty {}
}

store! {
    KeyLogStore
    passed {
        fn publish_key(new: NewKeyEntry) -> Result<(), KeyLogError>;
        fn vouch(new: NewKeyEntry) -> Result<(), KeyLogError>;
        fn set_recovery_key(new: NewKeyEntry) -> Result<(), KeyLogError>;
        fn remove_recovery_key(user: UserId, now: Timestamp) -> bool;
        fn read_key_log(user: UserId, after: u64, limit: u32) -> Vec<KeyLogRecord>;
        fn read_key_logs(conversation: ConversationId, of: &[(UserId, u64)], limit: u32) -> Vec<KeyLogRecord>;
    }
    faulty {}
}

store! {
    ArchiveStore
    passed {
        fn begin_archive(new: NewArchive) -> Result<Vec<ArchiveId>, BeginArchiveError>;
        fn list_archives(user: UserId, now: Timestamp) -> Vec<ArchiveRecord>;
        fn approve_archive(approval: Approval) -> Result<(), ApproveError>;
        fn add_part(part: NewPart) -> Result<AddedPart, AddPartError>;
        fn list_parts(archive: ArchiveId, user: UserId, device: DeviceId, now: Timestamp) -> Option<Vec<PartRecord>>;
        fn remove_archive(archive: ArchiveId, user: UserId) -> bool;
        fn take_expired_archives(now: Timestamp, limit: u32) -> Vec<(UserId, ArchiveId)>;
    }
    faulty {}
}

store! {
    PushStore
    passed {
        fn push_key(candidate: [u8; 32]) -> [u8; 32];
        fn set_subscription(subscription: Subscription) -> bool;
        fn find_subscription(device: DeviceId) -> Option<Subscription>;
        fn remove_subscription(device: DeviceId, endpoint: Option<&str>) -> bool;
        fn has_subscriptions() -> bool;
        fn list_push_targets(entry: PushedEntry, after: Option<(UserId, DeviceId)>, limit: u32) -> Vec<PushTarget>;
        fn note_shown(device: DeviceId, conversation: ConversationId, seq: Seq) -> ();
        fn list_shown(user: UserId, conversation: ConversationId, read: Seq) -> Vec<Subscription>;
        fn forget_shown(device: DeviceId, conversation: ConversationId, read: Seq) -> ();
    }
    faulty {}
}

store! {
    ReportStore
    passed {
        fn add_report(report: NewReport, open_max: u32) -> AddedReport;
        fn find_reporter(id: ReportId) -> Option<UserId>;
        fn list_reports(closed: bool, after: Option<ReportPosition>, limit: u32) -> Vec<Report>;
        fn close_report(id: ReportId, by: UserId, at: Timestamp, note: &str) -> bool;
        fn prune_reports(before: Timestamp, limit: u32) -> u64;
    }
    faulty {}
}

store! {
    DepartureStore
    passed {
        fn find_removal(conversation: ConversationId, user: UserId) -> Option<UserId>;
        fn list_bans(conversation: ConversationId, limit: u32) -> Vec<BanRecord>;
        fn lift_ban(conversation: ConversationId, user: UserId) -> bool;
    }
    faulty {}
}

store! {
    PrivacyStore
    passed {
        fn find_privacy(users: &[UserId]) -> Vec<(UserId, Privacy)>;
        fn set_privacy(user: UserId, change: PrivacyChange, now: Timestamp) -> Privacy;
        fn list_directs(user: UserId, other: UserId) -> Vec<DirectRecord>;
        fn list_blocked_people(user: UserId, after: Option<BlockedPosition>, limit: u32) -> Vec<BlockedPerson>;
    }
    faulty {}
}
