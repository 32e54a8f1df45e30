//! [`Store`] for [`SqliteStore`]: each method hands its work to the engine, as a writer or as a reader.

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

use crate::{
    SqliteStore, account, append, blob, change, conversation, device, expiry, invite, joining, log, person,
    personal, poll, receipt, schedule, search, summary,
};

#[async_trait]
impl Store for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        self.engine
            .read(|db| db.prepare_cached("SELECT 1")?.query_row([], |_| Ok(())))
            .await
    }

    async fn find_server(&self) -> Result<Option<ServerRecord>, StoreError> {
        self.engine.read(account::find_server).await
    }

    async fn set_up(&self, set_up: SetUp) -> Result<Result<(), SetUpError>, StoreError> {
        self.engine.write(move |db| account::set_up(db, &set_up)).await
    }

    async fn server_key(&self, candidate: [u8; 32]) -> Result<[u8; 32], StoreError> {
        self.engine
            .write(move |db| account::server_key(db, &candidate))
            .await
    }

    async fn create_account(
        &self,
        account: CreateAccount,
    ) -> Result<Result<(), CreateAccountError>, StoreError> {
        self.engine.write(move |db| account::create(db, &account)).await
    }

    async fn find_user(&self, user: UserId) -> Result<Option<UserRecord>, StoreError> {
        self.engine.read(move |db| account::find(db, user)).await
    }

    async fn find_credential(&self, handle: &str) -> Result<Option<CredentialRecord>, StoreError> {
        let handle = handle.to_owned();
        self.engine
            .read(move |db| account::find_credential(db, &handle))
            .await
    }

    async fn find_profiles(&self, users: &[UserId]) -> Result<Vec<Profile>, StoreError> {
        let users = users.to_vec();
        self.engine
            .read(move |db| account::find_profiles(db, &users))
            .await
    }

    async fn search_users(&self, asker: UserId, query: &str, limit: u32) -> Result<Vec<Profile>, StoreError> {
        let query = query.to_owned();
        self.engine
            .read(move |db| account::search(db, asker, &query, limit))
            .await
    }

    async fn set_face(&self, user: UserId, change: &FaceChange) -> Result<Option<Face>, StoreError> {
        let change = change.clone();
        self.engine
            .write(move |db| account::set_face(db, user, &change))
            .await
    }

    async fn find_faces(&self, users: &[UserId]) -> Result<Vec<Profile>, StoreError> {
        let users = users.to_vec();
        self.engine.read(move |db| account::find_faces(db, &users)).await
    }

    async fn rename_user(&self, user: UserId, name: &str) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.engine
            .write(move |db| account::rename(db, user, &name))
            .await
    }

    async fn set_suspended(&self, user: UserId, at: Option<Timestamp>) -> Result<bool, StoreError> {
        self.engine
            .write(move |db| account::set_suspended(db, user, at))
            .await
    }

    async fn create_device(&self, device: NewDevice) -> Result<(), StoreError> {
        self.engine.write(move |db| device::create(db, &device)).await
    }

    async fn find_device(&self, device: DeviceId) -> Result<Option<DeviceRecord>, StoreError> {
        self.engine.read(move |db| device::find(db, device)).await
    }

    async fn find_opening(&self, device: DeviceId) -> Result<Option<Opening>, StoreError> {
        self.engine.read(move |db| device::find_opening(db, device)).await
    }

    async fn list_devices(&self, user: UserId) -> Result<Vec<DeviceRecord>, StoreError> {
        self.engine.read(move |db| device::list(db, user)).await
    }

    async fn rotate_refresh(
        &self,
        rotation: RotateRefresh,
    ) -> Result<Result<DeviceRecord, RotateRefreshError>, StoreError> {
        self.engine.write(move |db| device::rotate(db, &rotation)).await
    }

    async fn revoke_device(
        &self,
        user: UserId,
        device: DeviceId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.engine
            .write(move |db| device::revoke(db, user, device, now))
            .await
    }

    async fn find_barred(&self, devices: &[DeviceId]) -> Result<Vec<(DeviceId, Barred)>, StoreError> {
        let devices = devices.to_vec();
        self.engine
            .read(move |db| device::find_barred(db, &devices))
            .await
    }

    async fn prune_refresh_tokens(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let pruned = self
            .engine
            .write(move |db| device::prune_tokens(db, before, limit))
            .await?;
        Ok(u64::try_from(pruned).unwrap_or(u64::MAX))
    }

    async fn prune_invites(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let pruned = self
            .engine
            .write(move |db| Ok(invite::prune(db, before, limit)?.max(joining::prune(db, before, limit)?)))
            .await?;
        Ok(u64::try_from(pruned).unwrap_or(u64::MAX))
    }

    async fn touch_devices(&self, seen: &[(DeviceId, Timestamp)]) -> Result<(), StoreError> {
        let seen = seen.to_vec();
        self.engine.write(move |db| device::touch(db, &seen)).await
    }

    async fn last_seen(&self, users: &[UserId]) -> Result<Vec<(UserId, Timestamp)>, StoreError> {
        let users = users.to_vec();
        self.engine.read(move |db| device::last_seen(db, &users)).await
    }

    async fn create_invite(&self, invite: NewInvite) -> Result<(), StoreError> {
        self.engine.write(move |db| invite::create(db, &invite)).await
    }

    async fn find_invite(
        &self,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<InviteRecord>, StoreError> {
        let token = token.clone();
        self.engine.read(move |db| invite::find(db, &token, now)).await
    }

    async fn list_invites(
        &self,
        made_by: Option<UserId>,
        now: Timestamp,
    ) -> Result<Vec<InviteRecord>, StoreError> {
        self.engine.read(move |db| invite::list(db, made_by, now)).await
    }

    async fn revoke_invite(
        &self,
        invite: InviteId,
        made_by: Option<UserId>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.engine
            .write(move |db| invite::revoke(db, invite, made_by, now))
            .await
    }

    async fn set_blocked(
        &self,
        user: UserId,
        other: UserId,
        blocked: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.engine
            .write(move |db| person::set_blocked(db, user, other, blocked, now))
            .await
    }

    async fn list_blocked(&self, user: UserId) -> Result<Vec<UserId>, StoreError> {
        self.engine.read(move |db| person::list_blocked(db, user)).await
    }

    async fn filter_blocked(&self, user: UserId, others: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        let others = others.to_vec();
        self.engine
            .read(move |db| person::filter_blocked(db, user, &others))
            .await
    }

    async fn find_setting(&self, user: UserId, key: &str) -> Result<Option<String>, StoreError> {
        let key = key.to_owned();
        self.engine
            .read(move |db| person::find_setting(db, user, &key))
            .await
    }

    async fn set_setting(&self, user: UserId, key: &str, value: Option<&str>) -> Result<(), StoreError> {
        let (key, value) = (key.to_owned(), value.map(str::to_owned));
        self.engine
            .write(move |db| person::set_setting(db, user, &key, value.as_deref()))
            .await
    }

    async fn create_direct(&self, new: NewDirect) -> Result<Created, StoreError> {
        self.engine
            .write(move |db| conversation::create_direct(db, &new))
            .await
    }

    async fn create_group(&self, new: NewGroup) -> Result<Result<Created, CreateError>, StoreError> {
        self.engine
            .write(move |db| conversation::create_group(db, &new))
            .await
    }

    async fn find_access(
        &self,
        conversation: ConversationId,
        user: UserId,
        target: Option<UserId>,
    ) -> Result<Option<ConversationAccess>, StoreError> {
        self.engine
            .read(move |db| conversation::find_access(db, conversation, user, target))
            .await
    }

    async fn list_conversation_ids(&self, user: UserId) -> Result<Vec<ConversationId>, StoreError> {
        self.engine.read(move |db| conversation::list_ids(db, user)).await
    }

    async fn list_memberships(&self, users: &[UserId]) -> Result<Vec<(UserId, ConversationId)>, StoreError> {
        let users = users.to_vec();
        self.engine
            .read(move |db| conversation::list_memberships(db, &users))
            .await
    }

    async fn list_conversations(
        &self,
        user: UserId,
        after: Option<ListPosition>,
        limit: u32,
    ) -> Result<Vec<ConversationSummary>, StoreError> {
        self.engine
            .read(move |db| summary::list(db, user, after, limit))
            .await
    }

    async fn find_summary(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<Option<ConversationSummary>, StoreError> {
        self.engine
            .read(move |db| summary::find(db, conversation, user))
            .await
    }

    async fn list_members(
        &self,
        conversation: ConversationId,
        viewer: UserId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<Member>, StoreError> {
        self.engine
            .read(move |db| conversation::list_members(db, conversation, viewer, after, limit))
            .await
    }

    async fn search_members(
        &self,
        conversation: ConversationId,
        viewer: UserId,
        query: &str,
        after: Option<MemberPosition>,
        limit: u32,
    ) -> Result<Vec<Member>, StoreError> {
        let query = query.to_owned();
        self.engine
            .read(move |db| {
                conversation::search_members(db, conversation, viewer, &query, after.as_ref(), limit)
            })
            .await
    }

    async fn set_personal(
        &self,
        conversation: ConversationId,
        user: UserId,
        change: PersonalChange,
        now: Timestamp,
    ) -> Result<Option<Personal>, StoreError> {
        self.engine
            .write(move |db| personal::set(db, conversation, user, change, now))
            .await
    }

    async fn count_scheduled(&self, user: UserId) -> Result<u32, StoreError> {
        self.engine.read(move |db| schedule::count(db, user)).await
    }

    async fn next_scheduled(&self) -> Result<Option<Timestamp>, StoreError> {
        self.engine.read(schedule::next).await
    }

    async fn list_due(&self, now: Timestamp, limit: u32) -> Result<Vec<DueMessage>, StoreError> {
        self.engine.read(move |db| schedule::due(db, now, limit)).await
    }

    async fn prune_scheduled(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.engine
            .write(move |db| schedule::prune(db, before, limit))
            .await
    }

    async fn erase_expired(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(ConversationId, MessageId)>, StoreError> {
        self.engine.write(move |db| expiry::erase(db, now, limit)).await
    }

    async fn filter_acquainted(&self, user: UserId, others: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        let others = others.to_vec();
        self.engine
            .read(move |db| conversation::filter_acquainted(db, user, &others))
            .await
    }

    async fn filter_invited(&self, user: UserId, others: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        let others = others.to_vec();
        self.engine
            .read(move |db| account::filter_invited(db, user, &others))
            .await
    }

    async fn create_upload(
        &self,
        upload: NewUpload,
    ) -> Result<Result<BlobRecord, CreateUploadError>, StoreError> {
        self.engine.write(move |db| blob::create(db, &upload)).await
    }

    async fn create_group_invite(&self, invite: NewGroupInvite) -> Result<(), StoreError> {
        self.engine.write(move |db| joining::create(db, &invite)).await
    }

    async fn find_group_invite(
        &self,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<GroupInviteRecord>, StoreError> {
        let token = token.clone();
        self.engine.read(move |db| joining::find(db, &token, now)).await
    }

    async fn list_group_invites(
        &self,
        conversation: ConversationId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<GroupInviteRecord>, StoreError> {
        self.engine
            .read(move |db| joining::list(db, conversation, now, limit))
            .await
    }

    async fn use_group_invite(&self, invite: InviteId, now: Timestamp) -> Result<bool, StoreError> {
        self.engine
            .write(move |db| joining::use_once(db, invite, now))
            .await
    }

    async fn revoke_group_invite(
        &self,
        conversation: ConversationId,
        invite: InviteId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.engine
            .write(move |db| joining::revoke(db, conversation, invite, now))
            .await
    }

    async fn request_join(&self, request: NewJoinRequest) -> Result<Requested, StoreError> {
        self.engine.write(move |db| joining::request(db, &request)).await
    }

    async fn list_join_requests(
        &self,
        conversation: ConversationId,
        limit: u32,
    ) -> Result<Vec<JoinRequestRecord>, StoreError> {
        self.engine
            .read(move |db| joining::list_requests(db, conversation, limit))
            .await
    }

    async fn has_join_request(&self, conversation: ConversationId, user: UserId) -> Result<bool, StoreError> {
        self.engine
            .read(move |db| joining::has_request(db, conversation, user))
            .await
    }

    async fn remove_join_request(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<bool, StoreError> {
        self.engine
            .write(move |db| joining::remove_request(db, conversation, user))
            .await
    }

    async fn find_blob(&self, blob: BlobId) -> Result<Option<BlobRecord>, StoreError> {
        self.engine.read(move |db| blob::find(db, blob)).await
    }

    async fn advance_upload(&self, advance: AdvanceUpload) -> Result<Result<u64, AdvanceError>, StoreError> {
        self.engine.write(move |db| blob::advance(db, &advance)).await
    }

    async fn finish_upload(&self, finish: FinishUpload) -> Result<bool, StoreError> {
        self.engine.write(move |db| blob::finish(db, &finish)).await
    }

    async fn keep_upload(&self, owner: UserId, blob: BlobId, until: Timestamp) -> Result<(), StoreError> {
        self.engine
            .write(move |db| blob::keep(db, owner, blob, until))
            .await
    }

    async fn remove_upload(&self, owner: UserId, blob: BlobId) -> Result<bool, StoreError> {
        self.engine.write(move |db| blob::remove(db, owner, blob)).await
    }

    async fn list_uploads(&self, owner: UserId, limit: u32) -> Result<UploadList, StoreError> {
        self.engine.read(move |db| blob::list(db, owner, limit)).await
    }

    async fn filter_readable(&self, user: UserId, blobs: &[BlobId]) -> Result<Vec<BlobRecord>, StoreError> {
        let blobs = blobs.to_vec();
        self.engine
            .read(move |db| blob::filter_readable(db, user, &blobs))
            .await
    }

    async fn filter_known_blobs(&self, blobs: &[BlobId]) -> Result<Vec<BlobId>, StoreError> {
        let blobs = blobs.to_vec();
        self.engine.read(move |db| blob::filter_known(db, &blobs)).await
    }

    async fn take_abandoned(&self, before: Timestamp, limit: u32) -> Result<Vec<BlobId>, StoreError> {
        self.engine
            .write(move |db| blob::take_abandoned(db, before, limit))
            .await
    }

    async fn release_attachments(
        &self,
        conversation: ConversationId,
        message: EventId,
    ) -> Result<(), StoreError> {
        self.engine
            .write(move |db| blob::release(db, conversation, message))
            .await
    }

    async fn append_batch(
        &self,
        batch: Vec<Append>,
    ) -> Result<Vec<Result<Appended, AppendError>>, StoreError> {
        self.engine.write(move |db| append::append_batch(db, batch)).await
    }

    async fn read_log(
        &self,
        conversation: ConversationId,
        user: UserId,
        range: LogRange,
    ) -> Result<Option<LogPage>, StoreError> {
        self.engine
            .read(move |db| log::read(db, conversation, user, range))
            .await
    }

    async fn catch_up(
        &self,
        user: UserId,
        cursors: &[Cursor],
        limit: u32,
    ) -> Result<Vec<CatchUpRow>, StoreError> {
        let cursors = cursors.to_vec();
        self.engine
            .read(move |db| log::catch_up(db, user, &cursors, limit))
            .await
    }

    async fn list_reactions(
        &self,
        conversation: ConversationId,
        user: UserId,
        message: EventId,
        limit: u32,
    ) -> Result<Option<Vec<ReactionRecord>>, StoreError> {
        self.engine
            .read(move |db| change::list_reactions(db, conversation, user, message, limit))
            .await
    }

    async fn list_votes(
        &self,
        conversation: ConversationId,
        user: UserId,
        message: EventId,
        limit: u32,
    ) -> Result<Option<Vec<VoteRecord>>, StoreError> {
        self.engine
            .read(move |db| poll::list_votes(db, conversation, user, message, limit))
            .await
    }

    async fn list_pins(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<Option<Pins>, StoreError> {
        self.engine
            .read(move |db| change::list_pins(db, conversation, user))
            .await
    }

    async fn scrub(&self) -> Result<bool, StoreError> {
        self.engine.scrub().await
    }

    async fn advance_receipts(&self, batch: &[ReceiptAdvance]) -> Result<Vec<ReceiptOutcome>, StoreError> {
        let batch = batch.to_vec();
        self.engine.write(move |db| receipt::advance(db, &batch)).await
    }

    async fn list_receipts(
        &self,
        conversation: ConversationId,
        limit: u32,
    ) -> Result<Vec<Receipt>, StoreError> {
        self.engine
            .read(move |db| receipt::list(db, conversation, limit))
            .await
    }

    async fn find_event(
        &self,
        conversation: ConversationId,
        event: EventId,
    ) -> Result<Option<Event>, StoreError> {
        self.engine
            .read(move |db| log::find_event(db, conversation, event))
            .await
    }

    async fn count_unread(
        &self,
        conversation: ConversationId,
        user: UserId,
        limit: u32,
    ) -> Result<Option<u32>, StoreError> {
        self.engine
            .read(move |db| receipt::count_unread(db, conversation, user, limit))
            .await
    }

    async fn last_seq(&self, conversation: ConversationId) -> Result<Option<Seq>, StoreError> {
        self.engine.read(move |db| log::last_seq(db, conversation)).await
    }

    async fn last_seqs(
        &self,
        conversations: &[ConversationId],
    ) -> Result<Vec<(ConversationId, Seq)>, StoreError> {
        let conversations = conversations.to_vec();
        self.engine
            .read(move |db| log::last_seqs(db, &conversations))
            .await
    }

    async fn read_entries(
        &self,
        conversation: ConversationId,
        after: Seq,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        self.engine
            .read(move |db| log::forwards(db, conversation, after.next(), limit))
            .await
    }

    async fn search_messages(&self, search: SearchMessages) -> Result<FoundMessages, StoreError> {
        self.engine.read(move |db| search::find(db, &search)).await
    }

    async fn list_names(&self, user: UserId, limit: u32) -> Result<Vec<NamedConversation>, StoreError> {
        self.engine
            .read(move |db| search::list_names(db, user, limit))
            .await
    }

    async fn list_unindexed(&self, user: UserId, limit: u32) -> Result<Vec<ConversationId>, StoreError> {
        self.engine
            .read(move |db| search::list_unindexed(db, user, limit))
            .await
    }

    async fn sweep_unindexed(&self, after: Option<ConversationId>, limit: u32) -> Result<Swept, StoreError> {
        self.engine.read(move |db| search::sweep(db, after, limit)).await
    }

    async fn index_entries(&self, conversations: &[ConversationId], limit: u32) -> Result<u32, StoreError> {
        let conversations = conversations.to_vec();
        let batch = self
            .engine
            .read(move |db| search::read_batch(db, &conversations, limit))
            .await?;
        let entries = batch.entries();
        if entries > 0 {
            self.engine.write(move |db| search::apply(db, &batch)).await?;
        }
        Ok(entries)
    }
}
