//! [`Store`] for [`PostgresStore`]: each method is one unit of work on a connection, repeated where the connection broke.
//!
//! # Why repeating is safe
//! A connection that breaks at the commit leaves it open whether the work was done. Doing it again answers as the first time would have:
//! * reading, `touch_devices`, `set_blocked`, `set_setting`, `set_privacy`, `rename_user`, `set_face`, `set_suspended`: the second time changes nothing;
//! * `append_batch`: by the ids of the entries, which are looked up under the locks. `repeated` is set then, so that nobody announces
//!   them; members find them in the log, as after any lost announcement;
//! * `create_direct`, `create_group`, `set_up`, `create_account`, `create_device`, `create_invite`, `create_group_invite`, `rotate_refresh`, `revoke_device`,
//!   `revoke_invite`: what stands in the second try's way is looked at, and is the first try's where it has this call's ids, tokens
//!   or time (`Session::is_in_doubt`);
//! * `advance_receipts`: a marker that is there already counts as moved;
//! * `use_group_invite`: one use more may be taken than somebody has come by: the link ends one person earlier;
//! * `request_join`, `remove_join_request`, `revoke_group_invite`, `lift_ban`: the second time finds it done, and says so: whoever asked
//!   is told that there was nothing to do, and everybody sees it done;
//! * `erase_expired`: what is erased is not found again;
//! * `prune_scheduled`: what is forgotten is not found again;
//! * `add_report`: by its id; `close_report`, `prune_reports`: the second time finds it done;
//! * `push_key`, `set_subscription`, `note_shown`, `forget_shown`: the second time changes nothing; `remove_subscription` finds it done;
//! * `set_personal`: the same change again is the same state, with a later time;
//! * `index_entries`: it goes on from where the log has been indexed.

use async_trait::async_trait;
use pipit_store::Store;
use pipit_store::account::{
    Barred, CreateAccount, CreateAccountError, CredentialRecord, DeviceRecord, InviteRecord, NewDevice,
    NewInvite, Opening, RotateRefresh, RotateRefreshError, ServerRecord, SetUp, SetUpError, TokenHash,
    UserRecord,
};
use pipit_store::blob::{
    AdvanceError, AdvanceUpload, BlobRecord, CreateUploadError, FinishUpload, NewUpload, UploadList,
};
use pipit_store::change::{Pins, ReactionRecord};
use pipit_store::conversation::{
    ConversationAccess, CreateError, Created, MemberPosition, NewDirect, NewGroup,
};
use pipit_store::error::StoreError;
use pipit_store::group::{GroupInviteRecord, JoinRequestRecord, NewGroupInvite, NewJoinRequest, Requested};
use pipit_store::log::{
    Append, AppendError, Appended, CatchUpRow, LogPage, LogRange, ReceiptAdvance, ReceiptOutcome,
};
use pipit_store::poll::VoteRecord;
use pipit_store::schedule::DueMessage;
use pipit_store::search::{FoundMessages, NamedConversation, SearchMessages, Swept};
use pipit_wire::frame::{
    ConversationSummary, Cursor, ListPosition, Member, Personal, PersonalChange, Profile, Receipt,
};
use pipit_wire::person::{Face, FaceChange};
use pipit_wire::{
    BlobId, ConversationId, DeviceId, Event, EventId, InviteId, MessageId, Seq, Timestamp, UserId,
};

use crate::error::{Error, store_error};
use crate::replica::read;
use crate::session::run;
use crate::{
    PostgresStore, account, append, blob, change, conversation, device, expiry, invite, joining, log, person,
    personal, poll, receipt, schedule, search, summary,
};

/// How long the answer to "are you there?" is waited for.
const PING_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(2);

/// One unit of work, in the words of the trait.
macro_rules! work {
    ($store:ident, |$session:ident| $work:expr) => {
        async { run!($store.sessions, |$session| $work) }
            .await
            .map_err(store_error)
    };
}
pub(crate) use work;

#[async_trait]
impl Store for PostgresStore {
    async fn ping(&self) -> Result<(), StoreError> {
        // Once: whoever asks wants to know how it is now.
        let answer = async {
            let session = self.sessions.session(&self.sessions.call()).await?;
            let answer = session.control("SELECT 1").await;
            session.settle(answer.is_ok());
            answer
        };
        tokio::time::timeout(PING_TIMEOUT, answer)
            .await
            .unwrap_or(Err(Error::Hung))
            .map_err(store_error)
    }

    async fn find_server(&self) -> Result<Option<ServerRecord>, StoreError> {
        work!(self, |session| account::find_server(session))
    }

    async fn set_up(&self, set_up: SetUp) -> Result<Result<(), SetUpError>, StoreError> {
        work!(self, |session| account::set_up(session, &set_up))
    }

    async fn server_key(&self, candidate: [u8; 32]) -> Result<[u8; 32], StoreError> {
        work!(self, |session| account::server_key(session, &candidate))
    }

    async fn create_account(
        &self,
        account: CreateAccount,
    ) -> Result<Result<(), CreateAccountError>, StoreError> {
        work!(self, |session| account::create(session, &account))
    }

    async fn find_user(&self, user: UserId) -> Result<Option<UserRecord>, StoreError> {
        work!(self, |session| account::find(session, user))
    }

    async fn find_credential(&self, handle: &str) -> Result<Option<CredentialRecord>, StoreError> {
        work!(self, |session| account::find_credential(session, handle))
    }

    async fn find_profiles(&self, users: &[UserId]) -> Result<Vec<Profile>, StoreError> {
        read!(self, |session| account::find_profiles(session, users), |found| {
            true
        })
    }

    async fn search_users(&self, asker: UserId, query: &str, limit: u32) -> Result<Vec<Profile>, StoreError> {
        read!(
            self,
            |session| account::search(session, asker, query, limit),
            |found| true
        )
    }

    async fn set_face(&self, user: UserId, change: &FaceChange) -> Result<Option<Face>, StoreError> {
        work!(self, |session| account::set_face(session, user, change))
    }

    async fn find_faces(&self, users: &[UserId]) -> Result<Vec<Profile>, StoreError> {
        work!(self, |session| account::find_faces(session, users))
    }

    async fn rename_user(&self, user: UserId, name: &str) -> Result<bool, StoreError> {
        work!(self, |session| account::rename(session, user, name))
    }

    async fn set_suspended(&self, user: UserId, at: Option<Timestamp>) -> Result<bool, StoreError> {
        work!(self, |session| account::set_suspended(session, user, at))
    }

    async fn create_device(&self, device: NewDevice) -> Result<(), StoreError> {
        work!(self, |session| device::create(session, &device))
    }

    async fn find_device(&self, device: DeviceId) -> Result<Option<DeviceRecord>, StoreError> {
        work!(self, |session| device::find(session, device))
    }

    async fn find_opening(&self, device: DeviceId) -> Result<Option<Opening>, StoreError> {
        work!(self, |session| device::find_opening(session, device))
    }

    async fn list_devices(&self, user: UserId) -> Result<Vec<DeviceRecord>, StoreError> {
        work!(self, |session| device::list(session, user))
    }

    async fn rotate_refresh(
        &self,
        rotation: RotateRefresh,
    ) -> Result<Result<DeviceRecord, RotateRefreshError>, StoreError> {
        work!(self, |session| device::rotate(session, &rotation))
    }

    async fn revoke_device(
        &self,
        user: UserId,
        device: DeviceId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        work!(self, |session| device::revoke(session, user, device, now))
    }

    async fn find_barred(&self, devices: &[DeviceId]) -> Result<Vec<(DeviceId, Barred)>, StoreError> {
        work!(self, |session| device::find_barred(session, devices))
    }

    async fn prune_refresh_tokens(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        work!(self, |session| device::prune_tokens(session, before, limit))
    }

    async fn prune_invites(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        work!(self, |session| joining::prune(session, before, limit))
    }

    async fn touch_devices(&self, seen: &[(DeviceId, Timestamp)]) -> Result<(), StoreError> {
        work!(self, |session| device::touch(session, seen))
    }

    async fn last_seen(&self, users: &[UserId]) -> Result<Vec<(UserId, Timestamp)>, StoreError> {
        read!(self, |session| device::last_seen(session, users), |seen| true)
    }

    async fn create_invite(&self, invite: NewInvite) -> Result<(), StoreError> {
        work!(self, |session| invite::create(session, &invite))
    }

    async fn find_invite(
        &self,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<InviteRecord>, StoreError> {
        work!(self, |session| invite::find(session, token, now))
    }

    async fn list_invites(
        &self,
        made_by: Option<UserId>,
        now: Timestamp,
    ) -> Result<Vec<InviteRecord>, StoreError> {
        work!(self, |session| invite::list(session, made_by, now))
    }

    async fn revoke_invite(
        &self,
        invite: InviteId,
        made_by: Option<UserId>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        work!(self, |session| invite::revoke(session, invite, made_by, now))
    }

    async fn set_blocked(
        &self,
        user: UserId,
        other: UserId,
        blocked: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        work!(self, |session| person::set_blocked(
            session, user, other, blocked, now
        ))
    }

    async fn list_blocked(&self, user: UserId) -> Result<Vec<UserId>, StoreError> {
        work!(self, |session| person::list_blocked(session, user))
    }

    async fn filter_blocked(&self, user: UserId, others: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        work!(self, |session| person::filter_blocked(session, user, others))
    }

    async fn find_setting(&self, user: UserId, key: &str) -> Result<Option<String>, StoreError> {
        work!(self, |session| person::find_setting(session, user, key))
    }

    async fn set_setting(&self, user: UserId, key: &str, value: Option<&str>) -> Result<(), StoreError> {
        work!(self, |session| person::set_setting(session, user, key, value))
    }

    async fn create_direct(&self, new: NewDirect) -> Result<Created, StoreError> {
        work!(self, |session| conversation::create_direct(session, &new))
    }

    async fn create_group(&self, new: NewGroup) -> Result<Result<Created, CreateError>, StoreError> {
        work!(self, |session| conversation::create_group(session, &new))
    }

    async fn find_access(
        &self,
        conversation: ConversationId,
        user: UserId,
        target: Option<UserId>,
    ) -> Result<Option<ConversationAccess>, StoreError> {
        work!(self, |session| conversation::find_access(
            session,
            conversation,
            user,
            target
        ))
    }

    async fn list_conversation_ids(&self, user: UserId) -> Result<Vec<ConversationId>, StoreError> {
        work!(self, |session| conversation::list_ids(session, user))
    }

    async fn list_memberships(&self, users: &[UserId]) -> Result<Vec<(UserId, ConversationId)>, StoreError> {
        work!(self, |session| conversation::list_memberships(session, users))
    }

    async fn list_conversations(
        &self,
        user: UserId,
        after: Option<ListPosition>,
        limit: u32,
    ) -> Result<Vec<ConversationSummary>, StoreError> {
        work!(self, |session| summary::list(session, user, after, limit))
    }

    async fn find_summary(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<Option<ConversationSummary>, StoreError> {
        work!(self, |session| summary::find(session, conversation, user))
    }

    async fn list_members(
        &self,
        conversation: ConversationId,
        viewer: UserId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<Member>, StoreError> {
        work!(self, |session| conversation::list_members(
            session,
            conversation,
            viewer,
            after,
            limit
        ))
    }

    async fn search_members(
        &self,
        conversation: ConversationId,
        viewer: UserId,
        query: &str,
        after: Option<MemberPosition>,
        limit: u32,
    ) -> Result<Vec<Member>, StoreError> {
        read!(
            self,
            |session| conversation::search_members(
                session,
                conversation,
                viewer,
                query,
                after.as_ref(),
                limit
            ),
            |found| true
        )
    }

    async fn set_personal(
        &self,
        conversation: ConversationId,
        user: UserId,
        change: PersonalChange,
        now: Timestamp,
    ) -> Result<Option<Personal>, StoreError> {
        work!(self, |session| personal::set(
            session,
            conversation,
            user,
            &change,
            now
        ))
    }

    async fn count_scheduled(&self, user: UserId) -> Result<u32, StoreError> {
        work!(self, |session| schedule::count(session, user))
    }

    async fn next_scheduled(&self) -> Result<Option<Timestamp>, StoreError> {
        work!(self, |session| schedule::next(session))
    }

    async fn list_due(&self, now: Timestamp, limit: u32) -> Result<Vec<DueMessage>, StoreError> {
        work!(self, |session| schedule::due(session, now, limit))
    }

    async fn prune_scheduled(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        work!(self, |session| schedule::prune(session, before, limit))
    }

    async fn erase_expired(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(ConversationId, MessageId)>, StoreError> {
        work!(self, |session| expiry::erase(session, now, limit))
    }

    async fn filter_acquainted(&self, user: UserId, others: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        work!(self, |session| conversation::filter_acquainted(
            session, user, others
        ))
    }

    async fn filter_invited(&self, user: UserId, others: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        work!(self, |session| account::filter_invited(session, user, others))
    }

    async fn create_upload(
        &self,
        upload: NewUpload,
    ) -> Result<Result<BlobRecord, CreateUploadError>, StoreError> {
        work!(self, |session| blob::create(session, &upload))
    }

    async fn create_group_invite(&self, invite: NewGroupInvite) -> Result<(), StoreError> {
        work!(self, |session| joining::create(session, &invite))
    }

    async fn find_group_invite(
        &self,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<GroupInviteRecord>, StoreError> {
        work!(self, |session| joining::find(session, token, now))
    }

    async fn list_group_invites(
        &self,
        conversation: ConversationId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<GroupInviteRecord>, StoreError> {
        work!(self, |session| joining::list(session, conversation, now, limit))
    }

    async fn use_group_invite(&self, invite: InviteId, now: Timestamp) -> Result<bool, StoreError> {
        work!(self, |session| joining::use_once(session, invite, now))
    }

    async fn revoke_group_invite(
        &self,
        conversation: ConversationId,
        invite: InviteId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        work!(self, |session| joining::revoke(
            session,
            conversation,
            invite,
            now
        ))
    }

    async fn request_join(&self, request: NewJoinRequest) -> Result<Requested, StoreError> {
        work!(self, |session| joining::request(session, &request))
    }

    async fn list_join_requests(
        &self,
        conversation: ConversationId,
        limit: u32,
    ) -> Result<Vec<JoinRequestRecord>, StoreError> {
        work!(self, |session| joining::list_requests(
            session,
            conversation,
            limit
        ))
    }

    async fn has_join_request(&self, conversation: ConversationId, user: UserId) -> Result<bool, StoreError> {
        work!(self, |session| joining::has_request(session, conversation, user))
    }

    async fn remove_join_request(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<bool, StoreError> {
        work!(self, |session| joining::remove_request(
            session,
            conversation,
            user
        ))
    }

    async fn find_blob(&self, blob: BlobId) -> Result<Option<BlobRecord>, StoreError> {
        work!(self, |session| blob::find(session, blob))
    }

    async fn advance_upload(&self, advance: AdvanceUpload) -> Result<Result<u64, AdvanceError>, StoreError> {
        work!(self, |session| blob::advance(session, &advance))
    }

    async fn finish_upload(&self, finish: FinishUpload) -> Result<bool, StoreError> {
        work!(self, |session| blob::finish(session, &finish))
    }

    async fn keep_upload(&self, owner: UserId, blob: BlobId, until: Timestamp) -> Result<(), StoreError> {
        work!(self, |session| blob::keep(session, owner, blob, until))
    }

    async fn remove_upload(&self, owner: UserId, blob: BlobId) -> Result<bool, StoreError> {
        work!(self, |session| blob::remove(session, owner, blob))
    }

    async fn list_uploads(&self, owner: UserId, limit: u32) -> Result<UploadList, StoreError> {
        work!(self, |session| blob::list(session, owner, limit))
    }

    async fn filter_readable(&self, user: UserId, blobs: &[BlobId]) -> Result<Vec<BlobRecord>, StoreError> {
        work!(self, |session| blob::filter_readable(session, user, blobs))
    }

    async fn filter_known_blobs(&self, blobs: &[BlobId]) -> Result<Vec<BlobId>, StoreError> {
        work!(self, |session| blob::filter_known(session, blobs))
    }

    async fn take_abandoned(&self, before: Timestamp, limit: u32) -> Result<Vec<BlobId>, StoreError> {
        work!(self, |session| blob::take_abandoned(session, before, limit))
    }

    async fn release_attachments(
        &self,
        conversation: ConversationId,
        message: EventId,
    ) -> Result<(), StoreError> {
        work!(self, |session| blob::release(session, conversation, message))
    }

    async fn append_batch(
        &self,
        batch: Vec<Append>,
    ) -> Result<Vec<Result<Appended, AppendError>>, StoreError> {
        work!(self, |session| append::append_batch(session, &batch))
    }

    async fn read_log(
        &self,
        conversation: ConversationId,
        user: UserId,
        range: LogRange,
    ) -> Result<Option<LogPage>, StoreError> {
        match range {
            LogRange::Before { seq, .. } => read!(
                self,
                |session| log::read(session, conversation, user, range),
                |page| page.as_ref().is_some_and(|page| page.last_seq.next() >= seq)
            ),
            LogRange::Newest { .. } | LogRange::After { .. } => {
                work!(self, |session| log::read(session, conversation, user, range))
            }
        }
    }

    async fn catch_up(
        &self,
        user: UserId,
        cursors: &[Cursor],
        limit: u32,
    ) -> Result<Vec<CatchUpRow>, StoreError> {
        work!(self, |session| log::catch_up(session, user, cursors, limit))
    }

    async fn list_reactions(
        &self,
        conversation: ConversationId,
        user: UserId,
        message: EventId,
        limit: u32,
    ) -> Result<Option<Vec<ReactionRecord>>, StoreError> {
        work!(self, |session| change::list_reactions(
            session,
            conversation,
            user,
            message,
            limit
        ))
    }

    async fn list_votes(
        &self,
        conversation: ConversationId,
        user: UserId,
        message: EventId,
        limit: u32,
    ) -> Result<Option<Vec<VoteRecord>>, StoreError> {
        work!(self, |session| poll::list_votes(
            session,
            conversation,
            user,
            message,
            limit
        ))
    }

    async fn list_pins(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<Option<Pins>, StoreError> {
        work!(self, |session| change::list_pins(session, conversation, user))
    }

    /// What is dead in the tables goes by the server's own `autovacuum`, and in its write-ahead log by its own time.
    async fn scrub(&self) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn advance_receipts(&self, batch: &[ReceiptAdvance]) -> Result<Vec<ReceiptOutcome>, StoreError> {
        work!(self, |session| receipt::advance(session, batch))
    }

    async fn list_receipts(
        &self,
        conversation: ConversationId,
        limit: u32,
    ) -> Result<Vec<Receipt>, StoreError> {
        read!(
            self,
            |session| receipt::list(session, conversation, limit),
            |list| true
        )
    }

    async fn find_event(
        &self,
        conversation: ConversationId,
        event: EventId,
    ) -> Result<Option<Event>, StoreError> {
        work!(self, |session| log::find_event(session, conversation, event))
    }

    async fn count_unread(
        &self,
        conversation: ConversationId,
        user: UserId,
        limit: u32,
    ) -> Result<Option<u32>, StoreError> {
        work!(self, |session| receipt::count_unread(
            session,
            conversation,
            user,
            limit
        ))
    }

    async fn last_seq(&self, conversation: ConversationId) -> Result<Option<Seq>, StoreError> {
        work!(self, |session| log::last_seq(session, conversation))
    }

    async fn last_seqs(
        &self,
        conversations: &[ConversationId],
    ) -> Result<Vec<(ConversationId, Seq)>, StoreError> {
        work!(self, |session| log::last_seqs(session, conversations))
    }

    async fn read_entries(
        &self,
        conversation: ConversationId,
        after: Seq,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        work!(self, |session| log::read_entries(
            session,
            conversation,
            after,
            limit
        ))
    }
    async fn search_messages(&self, search: SearchMessages) -> Result<FoundMessages, StoreError> {
        work!(self, |session| search::find(session, &search))
    }

    async fn list_names(&self, user: UserId, limit: u32) -> Result<Vec<NamedConversation>, StoreError> {
        work!(self, |session| search::list_names(session, user, limit))
    }

    async fn list_unindexed(&self, user: UserId, limit: u32) -> Result<Vec<ConversationId>, StoreError> {
        work!(self, |session| search::list_unindexed(session, user, limit))
    }

    async fn sweep_unindexed(&self, after: Option<ConversationId>, limit: u32) -> Result<Swept, StoreError> {
        work!(self, |session| search::sweep(session, after, limit))
    }

    async fn index_entries(&self, conversations: &[ConversationId], limit: u32) -> Result<u32, StoreError> {
        work!(self, |session| search::index_entries(
            session,
            conversations,
            limit
        ))
    }
}
