//! The client engine's storage on SQLite: one schema and one migration history natively and in the browser.
//!
//! The two differ in how the file is opened and journaled, and in nothing else. Natively it is a file in WAL mode with
//! `synchronous=FULL`, held by one process. In the browser it lives on OPFS behind a VFS that the driver has registered
//! (`opfs-sahpool`: one connection, in a dedicated worker), with `journal_mode=persist`, which costs as much as WAL there and
//! is what the VFS promises (`docs/adr/0008-browser-storage.md` has the figures).
#![warn(missing_docs)]

mod conversation;
mod entry;
mod error;
mod expiry;
mod fold;
#[cfg(feature = "native")]
mod key_store;
#[cfg(feature = "native")]
mod native;
mod outbox;
mod personal;
mod picture;
mod schema;
mod seal;
mod search;
mod secret;
mod session;
mod shelf;
mod unsent;
mod upload;
mod value;
mod wish;

use pipit_client::fold::{FoldRecord, Folded};
use pipit_client::range::LogRange;
use pipit_client::storage::{
    ConversationRecord, LogEntry, MemberRecord, OutboxRecord, PersonalRecord, PictureOf, PictureRecord,
    PicturesMax, SearchHit, SessionRecord, ShelfRecord, ShelfState, Storage, StorageError, StorageSearch,
    Unsent, UploadRecord, WishRecord, WishTarget,
};
use pipit_wire::frame::{Cursor, Profile};
use pipit_wire::{BlobId, ConversationId, Event, EventId, MessageId, Seq, Timestamp, UserId};
use rusqlite::{Connection, OpenFlags};

use crate::error::storage_error;
#[cfg(feature = "native")]
pub use crate::key_store::KeyStoreError;
#[cfg(feature = "native")]
pub use crate::native::{NativeError, erase_native, open_native};

/// The newest schema version that this program knows.
pub const SCHEMA_VERSION: u32 = schema::VERSION;

/// The device's storage in one SQLite database.
#[derive(Debug)]
pub struct SqliteStorage {
    connection: Connection,
    durable: bool,
    /// Changes of the connection when the transaction began.
    changes_before: u64,
    /// What was erased in this transaction has to leave the journal too.
    erased: bool,
    /// Says to other processes that it is open, and to them alone.
    #[cfg(feature = "native")]
    lock: Option<std::fs::File>,
}

impl SqliteStorage {
    /// Opens the database at `path`, made where there is none, on a VFS that is registered by this name (the default one
    /// where none is given). Fails with [`StorageError::Locked`] while another process or tab has it open, with
    /// [`StorageError::Newer`] where a newer program wrote it, and with [`StorageError::Corrupt`] where it is no database.
    pub fn open(path: &str, vfs: Option<&str>) -> Result<Self, StorageError> {
        Self::set_up(connect(path, vfs)?, true)
    }

    /// The same, sealed under a key: without it nothing of the database's file is to be read. One that was not sealed before is sealed first. Fails with
    /// [`StorageError::Corrupt`] where another key opens it, and with [`StorageError::Failed`] where this SQLite cannot seal: natively it can with the feature `native`,
    /// and programs call `open_native` (`docs/adr/0047-sealed-store.md`, `docs/adr/0053-native-sealed-store.md`).
    pub fn open_sealed(path: &str, vfs: Option<&str>, key: &[u8; 32]) -> Result<Self, StorageError> {
        Self::set_up(seal::open(path, vfs, key)?, true)
    }

    /// A database that ends with the program: where the browser keeps nothing, and for tests.
    pub fn open_in_memory() -> Result<Self, StorageError> {
        Self::set_up(Connection::open_in_memory().map_err(storage_error)?, false)
    }

    fn set_up(mut connection: Connection, durable: bool) -> Result<Self, StorageError> {
        schema::configure(&connection, durable).map_err(storage_error)?;
        search::register(&connection).map_err(storage_error)?;
        schema::migrate(&mut connection)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self {
            connection,
            durable,
            changes_before: 0,
            erased: false,
            #[cfg(feature = "native")]
            lock: None,
        })
    }

    /// Content was erased in this transaction: it has to leave the journal too.
    fn note_erased(&mut self, erased: bool) -> Result<(), StorageError> {
        if erased && !self.erased {
            self.erased = true;
            schema::keep_journal(&self.connection, false).map_err(storage_error)?;
        }
        Ok(())
    }

    /// The journal holds what was there before the erasure: natively it is emptied, in the browser (where it stays after a
    /// commit, [`schema::configure`]) the commit has cut it off already.
    fn empty_journal(&self) -> Result<(), StorageError> {
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        self.connection
            .query_row(checkpoint, [], |_| Ok(()))
            .and_then(|()| schema::keep_journal(&self.connection, true))
            .map_err(storage_error)
    }
}

fn connect(path: &str, vfs: Option<&str>) -> Result<Connection, StorageError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs),
        None => Connection::open_with_flags(path, flags),
    };
    connection.map_err(storage_error)
}

impl Storage for SqliteStorage {
    fn durable(&self) -> bool {
        self.durable
    }

    fn begin(&mut self) -> Result<(), StorageError> {
        self.connection.execute_batch("BEGIN").map_err(storage_error)?;
        self.changes_before = self.connection.total_changes();
        self.erased = false;
        Ok(())
    }

    fn commit(&mut self) -> Result<bool, StorageError> {
        self.connection.execute_batch("COMMIT").map_err(storage_error)?;
        if std::mem::take(&mut self.erased) {
            self.empty_journal()?;
        }
        Ok(self.connection.total_changes() != self.changes_before)
    }

    fn rollback(&mut self) -> Result<(), StorageError> {
        // Some failures (a full disk, say) have rolled it back already.
        if self.connection.is_autocommit() {
            return Ok(());
        }
        self.connection.execute_batch("ROLLBACK").map_err(storage_error)
    }

    fn erase(&mut self) -> Result<(), StorageError> {
        self.erased = true;
        schema::keep_journal(&self.connection, false)
            .and_then(|()| schema::erase(&self.connection))
            .map_err(storage_error)
    }

    fn secret(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        secret::find(&self.connection, key).map_err(storage_error)
    }

    fn secrets(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, StorageError> {
        secret::keys(&self.connection, prefix).map_err(storage_error)
    }

    fn save_secret(&mut self, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        secret::save(&self.connection, key, value).map_err(storage_error)
    }

    fn remove_secret(&mut self, key: &[u8]) -> Result<(), StorageError> {
        secret::remove(&self.connection, key).map_err(storage_error)
    }

    fn session(&self) -> Result<Option<SessionRecord>, StorageError> {
        session::find(&self.connection).map_err(storage_error)
    }

    fn save_session(&mut self, session: &SessionRecord) -> Result<(), StorageError> {
        session::save(&self.connection, session).map_err(storage_error)
    }

    fn profile(&self, user: UserId) -> Result<Option<Profile>, StorageError> {
        session::find_profile(&self.connection, user).map_err(storage_error)
    }

    fn save_profile(&mut self, profile: &Profile) -> Result<(), StorageError> {
        session::save_profile(&self.connection, profile).map_err(storage_error)
    }

    fn conversation(&self, id: ConversationId) -> Result<Option<ConversationRecord>, StorageError> {
        conversation::find(&self.connection, id).map_err(storage_error)
    }

    fn save_conversation(&mut self, conversation: &ConversationRecord) -> Result<(), StorageError> {
        conversation::save(&self.connection, conversation).map_err(storage_error)
    }

    fn remove_conversation(&mut self, id: ConversationId) -> Result<(), StorageError> {
        conversation::remove(&self.connection, id)
            .and_then(|()| shelf::take_all(&self.connection, id))
            .map_err(storage_error)
    }

    fn recent_conversations(&self, limit: u32) -> Result<Vec<ConversationId>, StorageError> {
        conversation::recent(&self.connection, limit).map_err(storage_error)
    }

    fn encrypted_conversations(&self) -> Result<Vec<ConversationId>, StorageError> {
        conversation::encrypted(&self.connection).map_err(storage_error)
    }

    fn cursors(&self, limit: u32) -> Result<Vec<Cursor>, StorageError> {
        conversation::cursors(&self.connection, limit).map_err(storage_error)
    }

    fn unconfirmed(&self, limit: u32) -> Result<Vec<ConversationId>, StorageError> {
        conversation::unconfirmed(&self.connection, limit).map_err(storage_error)
    }

    fn members(&self, conversation: ConversationId) -> Result<Vec<MemberRecord>, StorageError> {
        conversation::members(&self.connection, conversation).map_err(storage_error)
    }

    fn replace_members(
        &mut self,
        conversation: ConversationId,
        members: &[MemberRecord],
    ) -> Result<(), StorageError> {
        conversation::replace_members(&self.connection, conversation, members).map_err(storage_error)
    }

    fn save_member(
        &mut self,
        conversation: ConversationId,
        member: &MemberRecord,
    ) -> Result<(), StorageError> {
        conversation::save_member(&self.connection, conversation, member).map_err(storage_error)
    }

    fn remove_member(&mut self, conversation: ConversationId, user: UserId) -> Result<(), StorageError> {
        conversation::remove_member(&self.connection, conversation, user).map_err(storage_error)
    }

    fn ranges(&self, conversation: ConversationId) -> Result<Vec<LogRange>, StorageError> {
        entry::ranges(&self.connection, conversation).map_err(storage_error)
    }

    fn save_ranges(&mut self, conversation: ConversationId, ranges: &[LogRange]) -> Result<(), StorageError> {
        entry::save_ranges(&self.connection, conversation, ranges).map_err(storage_error)
    }

    fn save_entries(&mut self, entries: &[LogEntry]) -> Result<(), StorageError> {
        let erased = entry::save(&self.connection, entries).map_err(storage_error)?;
        self.note_erased(erased)
    }

    fn replace_entry(&mut self, entry: &LogEntry) -> Result<(), StorageError> {
        entry::replace(&self.connection, entry).map_err(storage_error)
    }

    fn truncate_entries(&mut self, conversation: ConversationId, after: Seq) -> Result<(), StorageError> {
        entry::truncate(&self.connection, conversation, after).map_err(storage_error)
    }

    fn entries(
        &self,
        conversation: ConversationId,
        after: Seq,
        through: Seq,
    ) -> Result<Vec<Event>, StorageError> {
        entry::list(&self.connection, conversation, after, through).map_err(storage_error)
    }

    fn log_entries(
        &self,
        conversation: ConversationId,
        after: Seq,
        limit: u32,
    ) -> Result<Vec<LogEntry>, StorageError> {
        entry::list_raw(&self.connection, conversation, after, limit).map_err(storage_error)
    }

    fn count_entries(&self, conversation: ConversationId, after: Seq) -> Result<u32, StorageError> {
        entry::count(&self.connection, conversation, after).map_err(storage_error)
    }

    fn picture(&self, blob: BlobId) -> Result<Option<PictureRecord>, StorageError> {
        picture::find(&self.connection, blob).map_err(storage_error)
    }

    fn kept_pictures(&self, blobs: &[BlobId]) -> Result<Vec<BlobId>, StorageError> {
        picture::filter(&self.connection, blobs).map_err(storage_error)
    }

    fn keep_picture(
        &mut self,
        of: PictureOf,
        picture: &PictureRecord,
        most: PicturesMax,
    ) -> Result<(), StorageError> {
        picture::keep(&self.connection, of, picture, most).map_err(storage_error)
    }

    fn unsent(&self) -> Result<Vec<Unsent>, StorageError> {
        unsent::list(&self.connection).map_err(storage_error)
    }

    fn save_unsent(&mut self, unsent: &Unsent) -> Result<(), StorageError> {
        unsent::save(&self.connection, unsent).map_err(storage_error)
    }

    fn remove_unsent(&mut self, message: MessageId) -> Result<(), StorageError> {
        unsent::remove(&self.connection, message).map_err(storage_error)
    }

    fn put_on_shelf(&mut self, records: &[ShelfRecord]) -> Result<(), StorageError> {
        shelf::put(&self.connection, records).map_err(storage_error)
    }

    fn shelf(
        &self,
        conversation: ConversationId,
        after: Seq,
        limit: u32,
    ) -> Result<Vec<ShelfRecord>, StorageError> {
        shelf::list(&self.connection, conversation, after, limit).map_err(storage_error)
    }

    fn take_off_shelf(&mut self, conversation: ConversationId, seq: Seq) -> Result<(), StorageError> {
        shelf::take(&self.connection, conversation, seq).map_err(storage_error)
    }

    fn empty_shelf(&mut self, conversation: ConversationId) -> Result<(), StorageError> {
        shelf::take_all(&self.connection, conversation).map_err(storage_error)
    }

    fn shelves(&self) -> Result<Vec<ShelfState>, StorageError> {
        shelf::states(&self.connection).map_err(storage_error)
    }

    fn find_message(
        &self,
        conversation: ConversationId,
        message: MessageId,
    ) -> Result<Option<Event>, StorageError> {
        entry::find_message(&self.connection, conversation, message).map_err(storage_error)
    }

    fn find_entry(&self, conversation: ConversationId, id: EventId) -> Result<Option<Event>, StorageError> {
        entry::find(&self.connection, conversation, id).map_err(storage_error)
    }

    fn changes_of(
        &self,
        conversation: ConversationId,
        message: MessageId,
        after: Seq,
    ) -> Result<Vec<Event>, StorageError> {
        fold::changes_of(&self.connection, conversation, message, after).map_err(storage_error)
    }

    fn fold(&self, conversation: ConversationId, seq: Seq) -> Result<FoldRecord, StorageError> {
        fold::find(&self.connection, conversation, seq).map_err(storage_error)
    }

    fn save_fold(
        &mut self,
        conversation: ConversationId,
        seq: Seq,
        record: &FoldRecord,
    ) -> Result<(), StorageError> {
        fold::save(&self.connection, conversation, seq, record).map_err(storage_error)
    }

    fn folds(
        &self,
        conversation: ConversationId,
        after: Seq,
        through: Seq,
    ) -> Result<Vec<(Seq, Folded)>, StorageError> {
        fold::list(&self.connection, conversation, after, through).map_err(storage_error)
    }

    fn pinned_messages(&self, conversation: ConversationId, limit: u32) -> Result<Vec<Event>, StorageError> {
        fold::pinned(&self.connection, conversation, limit).map_err(storage_error)
    }

    fn erase_message(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
    ) -> Result<(), StorageError> {
        let erased = fold::erase(&self.connection, conversation, message).map_err(storage_error)?;
        let waited = shelf::erase(&self.connection, conversation, message).map_err(storage_error)?;
        self.note_erased(erased | waited)
    }

    fn next_expiry(&self) -> Result<Option<Timestamp>, StorageError> {
        expiry::next(&self.connection).map_err(storage_error)
    }

    fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<(ConversationId, MessageId)>, StorageError> {
        expiry::due(&self.connection, now, limit).map_err(storage_error)
    }

    fn expire_message(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
    ) -> Result<(), StorageError> {
        self.erase_message(conversation, message)?;
        expiry::settle(&self.connection, conversation, message).map_err(storage_error)
    }

    fn count_messages_of_others(
        &self,
        conversation: ConversationId,
        me: UserId,
        after: Seq,
        through: Seq,
        most: u32,
    ) -> Result<u32, StorageError> {
        entry::count_of_others(&self.connection, conversation, me, (after, through), most)
            .map_err(storage_error)
    }

    fn first_message_of_others(
        &self,
        conversation: ConversationId,
        me: UserId,
        after: Seq,
    ) -> Result<Option<Seq>, StorageError> {
        entry::first_of_others(&self.connection, conversation, me, after).map_err(storage_error)
    }

    fn outbox(&self, conversation: ConversationId) -> Result<Vec<OutboxRecord>, StorageError> {
        outbox::list(&self.connection, conversation).map_err(storage_error)
    }

    fn outbox_conversations(&self) -> Result<Vec<ConversationId>, StorageError> {
        outbox::conversations(&self.connection).map_err(storage_error)
    }

    fn find_outbox(&self, id: EventId) -> Result<Option<OutboxRecord>, StorageError> {
        outbox::find(&self.connection, id).map_err(storage_error)
    }

    fn save_outbox(&mut self, record: &OutboxRecord) -> Result<(), StorageError> {
        outbox::save(&self.connection, record).map_err(storage_error)
    }

    fn remove_outbox(&mut self, id: EventId) -> Result<(), StorageError> {
        outbox::remove(&self.connection, id).map_err(storage_error)
    }

    fn uploads(&self) -> Result<Vec<UploadRecord>, StorageError> {
        upload::list(&self.connection).map_err(storage_error)
    }

    fn uploads_of(&self, message: MessageId) -> Result<Vec<UploadRecord>, StorageError> {
        upload::of(&self.connection, message).map_err(storage_error)
    }

    fn upload(&self, blob: BlobId) -> Result<Option<UploadRecord>, StorageError> {
        upload::find(&self.connection, blob).map_err(storage_error)
    }

    fn save_upload(&mut self, upload: &UploadRecord) -> Result<(), StorageError> {
        upload::save(&self.connection, upload).map_err(storage_error)
    }

    fn remove_upload(&mut self, blob: BlobId) -> Result<(), StorageError> {
        upload::remove(&self.connection, blob).map_err(storage_error)
    }

    fn wish(&self, target: WishTarget) -> Result<Option<WishRecord>, StorageError> {
        wish::find(&self.connection, target).map_err(storage_error)
    }

    fn wishes(&self) -> Result<Vec<WishRecord>, StorageError> {
        wish::list(&self.connection).map_err(storage_error)
    }

    fn save_wish(&mut self, wish: &WishRecord) -> Result<(), StorageError> {
        wish::save(&self.connection, wish).map_err(storage_error)
    }

    fn remove_wish(&mut self, target: WishTarget) -> Result<(), StorageError> {
        wish::remove(&self.connection, target).map_err(storage_error)
    }

    fn personal(&self, conversation: ConversationId) -> Result<PersonalRecord, StorageError> {
        personal::find(&self.connection, conversation).map_err(storage_error)
    }

    fn save_personal(
        &mut self,
        conversation: ConversationId,
        record: &PersonalRecord,
    ) -> Result<(), StorageError> {
        personal::save(&self.connection, conversation, record).map_err(storage_error)
    }

    fn pinned_conversations(&self) -> Result<Vec<ConversationId>, StorageError> {
        personal::pinned(&self.connection).map_err(storage_error)
    }

    fn pending_personals(&self, limit: u32) -> Result<Vec<ConversationId>, StorageError> {
        personal::pending(&self.connection, limit).map_err(storage_error)
    }

    fn requests(&self, limit: u32) -> Result<Vec<ConversationId>, StorageError> {
        personal::requests(&self.connection, limit).map_err(storage_error)
    }

    fn draft(&self, conversation: ConversationId) -> Result<Option<String>, StorageError> {
        outbox::draft(&self.connection, conversation).map_err(storage_error)
    }

    fn save_draft(&mut self, conversation: ConversationId, text: &str) -> Result<(), StorageError> {
        outbox::save_draft(&self.connection, conversation, text).map_err(storage_error)
    }

    fn profiles(&self, limit: u32) -> Result<Vec<Profile>, StorageError> {
        session::list_profiles(&self.connection, limit).map_err(storage_error)
    }

    fn search(&self, search: &StorageSearch) -> Result<Vec<SearchHit>, StorageError> {
        search::find(&self.connection, search).map_err(storage_error)
    }
}
