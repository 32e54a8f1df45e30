//! A storage that fails when the seed says so: before it has done anything, or after it has done everything.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use pipit_store::Store;
use pipit_store::account::{
    Barred, CreateAccount, CreateAccountError, CredentialRecord, DeviceRecord, InviteRecord, NewDevice,
    NewInvite, RotateRefresh, RotateRefreshError, ServerRecord, SetUp, SetUpError, TokenHash, UserRecord,
};
use pipit_store::conversation::{ConversationAccess, CreateError, Created, NewDirect, NewGroup};
use pipit_store::error::StoreError;
use pipit_store::log::{
    Append, AppendError, Appended, CatchUpRow, LogPage, LogRange, ReceiptAdvance, ReceiptOutcome,
};
use pipit_wire::frame::{ConversationSummary, Cursor, ListPosition, Member, Profile, Receipt};
use pipit_wire::{ConversationId, DeviceId, Event, EventId, InviteId, Seq, Timestamp, UserId};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

/// How often a call that writes to a log or its markers fails.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Nothing has happened.
    pub before: f64,
    /// It has happened, and the caller is told that it has not.
    pub after: f64,
}

/// A storage around another one.
pub struct FaultStore {
    inner: Arc<dyn Store>,
    state: Mutex<State>,
}

struct State {
    random: ChaCha8Rng,
    rates: Rates,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Before,
    After,
}

impl FaultStore {
    /// A storage that does not fail yet, and later as this generator decides.
    pub fn new(inner: Arc<dyn Store>, random: ChaCha8Rng) -> Self {
        Self {
            inner,
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

    fn draw(&self) -> Fault {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let rates = state.rates;
        let drawn: f64 = state.random.random();
        if drawn < rates.before {
            Fault::Before
        } else if drawn < rates.before + rates.after {
            Fault::After
        } else {
            Fault::None
        }
    }
}

fn failed() -> StoreError {
    StoreError::Unavailable("the simulation says so".into())
}

macro_rules! store {
    (
        passed { $(fn $name:ident($($arg:ident: $type:ty),*) -> $out:ty;)* }
        faulty { $(fn $faulty_name:ident($($faulty_arg:ident: $faulty_type:ty),*) -> $faulty_out:ty;)* }
    ) => {
        #[async_trait]
        impl Store for FaultStore {
            $(async fn $name(&self, $($arg: $type),*) -> Result<$out, StoreError> {
                self.inner.$name($($arg),*).await
            })*
            $(async fn $faulty_name(&self, $($faulty_arg: $faulty_type),*) -> Result<$faulty_out, StoreError> {
                let fault = self.draw();
                if fault == Fault::Before {
                    return Err(failed());
                }
                let done = self.inner.$faulty_name($($faulty_arg),*).await?;
                if fault == Fault::After { Err(failed()) } else { Ok(done) }
            })*
        }
    };
}

store! {
    passed {
        fn ping() -> ();
        fn find_server() -> Option<ServerRecord>;
        fn set_up(set_up: SetUp) -> Result<(), SetUpError>;
        fn create_account(account: CreateAccount) -> Result<(), CreateAccountError>;
        fn find_user(user: UserId) -> Option<UserRecord>;
        fn find_credential(handle: &str) -> Option<CredentialRecord>;
        fn find_profiles(users: &[UserId]) -> Vec<Profile>;
        fn search_users(asker: UserId, query: &str, limit: u32) -> Vec<Profile>;
        fn rename_user(user: UserId, name: &str) -> bool;
        fn set_suspended(user: UserId, at: Option<Timestamp>) -> bool;
        fn create_device(device: NewDevice) -> ();
        fn find_device(device: DeviceId) -> Option<DeviceRecord>;
        fn list_devices(user: UserId) -> Vec<DeviceRecord>;
        fn revoke_device(user: UserId, device: DeviceId, now: Timestamp) -> bool;
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
        fn list_conversations(user: UserId, after: Option<ListPosition>, limit: u32)
            -> Vec<ConversationSummary>;
        fn find_summary(conversation: ConversationId, user: UserId) -> Option<ConversationSummary>;
        fn list_members(conversation: ConversationId, after: Option<UserId>, limit: u32) -> Vec<Member>;
        fn filter_acquainted(user: UserId, others: &[UserId]) -> Vec<UserId>;
        fn read_log(conversation: ConversationId, user: UserId, range: LogRange) -> Option<LogPage>;
        fn catch_up(user: UserId, cursors: &[Cursor], limit: u32) -> Vec<CatchUpRow>;
        fn list_receipts(conversation: ConversationId, limit: u32) -> Vec<Receipt>;
        fn find_event(conversation: ConversationId, event: EventId) -> Option<Event>;
        fn count_unread(conversation: ConversationId, user: UserId, limit: u32) -> Option<u32>;
        fn last_seq(conversation: ConversationId) -> Option<Seq>;
        fn last_seqs(conversations: &[ConversationId]) -> Vec<(ConversationId, Seq)>;
        fn read_entries(conversation: ConversationId, after: Seq, limit: u32) -> Vec<Event>;
        fn find_barred(devices: &[DeviceId]) -> Vec<(DeviceId, Barred)>;
        fn server_key(candidate: [u8; 32]) -> [u8; 32];
    }
    faulty {
        fn create_direct(new: NewDirect) -> Created;
        fn create_group(new: NewGroup) -> Result<Created, CreateError>;
        fn append_batch(batch: Vec<Append>) -> Vec<Result<Appended, AppendError>>;
        fn advance_receipts(batch: &[ReceiptAdvance]) -> Vec<ReceiptOutcome>;
        fn rotate_refresh(rotation: RotateRefresh) -> Result<DeviceRecord, RotateRefreshError>;
    }
}
