//! What is kept for conversations that are encrypted end to end: see [`pipit_store::encryption`].
//!
//! Work that is repeated after a broken connection answers as the first time would have, but for what is claimed: one key package more of a device is
//! used up then, and nobody has it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use pipit_store::EncryptionStore;
use pipit_store::encryption::{
    ClaimedPackage, DeviceKeyRecord, GroupRecord, ListedKey, NewWelcome, Pool, Publication, PublishError,
    WELCOME_STAGED_MS_MAX, WELCOMES_KEPT, WelcomeRecord,
};
use pipit_store::error::StoreError;
use pipit_store::key_log::KeyLogHead;
use pipit_wire::encryption::GroupHead;
use pipit_wire::{ConversationId, DeviceId, EventId, Timestamp};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::PostgresStore;
use crate::error::{Error, corrupt, store_error};
use crate::row::{self, at};
use crate::session::{Session, params, run};

type Result<T> = std::result::Result<T, Error>;

macro_rules! work {
    ($store:ident, |$session:ident| $work:expr) => {
        async { run!($store.sessions, |$session| $work) }
            .await
            .map_err(store_error)
    };
}

#[async_trait]
impl EncryptionStore for PostgresStore {
    async fn renew_generation(&self, generation: Uuid) -> std::result::Result<(), StoreError> {
        work!(self, |session| renew_generation(session, generation))
    }

    async fn publish_packages(
        &self,
        publication: Publication,
    ) -> std::result::Result<std::result::Result<Pool, PublishError>, StoreError> {
        work!(self, |session| publish_packages(session, &publication))
    }

    async fn find_pool(
        &self,
        device: DeviceId,
        now: Timestamp,
    ) -> std::result::Result<Option<Pool>, StoreError> {
        work!(self, |session| find_pool(session, device, now))
    }

    async fn list_device_keys(
        &self,
        conversation: ConversationId,
        after: Option<DeviceId>,
        limit: u32,
    ) -> std::result::Result<Vec<ListedKey>, StoreError> {
        work!(self, |session| list_device_keys(
            session,
            conversation,
            after,
            limit
        ))
    }

    async fn claim_packages(
        &self,
        conversation: ConversationId,
        devices: &[DeviceId],
        now: Timestamp,
    ) -> std::result::Result<Vec<ClaimedPackage>, StoreError> {
        work!(self, |session| claim_packages(
            session,
            conversation,
            devices,
            now
        ))
    }

    async fn stage_welcome(&self, welcome: NewWelcome) -> std::result::Result<(), StoreError> {
        work!(self, |session| stage_welcome(session, &welcome))
    }

    async fn drop_welcome(
        &self,
        conversation: ConversationId,
        commit: EventId,
    ) -> std::result::Result<(), StoreError> {
        work!(self, |session| drop_welcome(session, conversation, commit))
    }

    async fn list_welcomes(
        &self,
        device: DeviceId,
        limit: u32,
    ) -> std::result::Result<Vec<WelcomeRecord>, StoreError> {
        work!(self, |session| list_welcomes(session, device, limit))
    }

    async fn remove_welcome(
        &self,
        device: DeviceId,
        conversation: ConversationId,
        commit: EventId,
    ) -> std::result::Result<bool, StoreError> {
        work!(self, |session| remove_welcome(
            session,
            device,
            conversation,
            commit
        ))
    }

    async fn prune_welcomes(&self, before: Timestamp, limit: u32) -> std::result::Result<u64, StoreError> {
        work!(self, |session| prune_welcomes(session, before, limit))
    }

    async fn keep_group_info(
        &self,
        conversation: ConversationId,
        epoch: u64,
        bytes: Vec<u8>,
    ) -> std::result::Result<bool, StoreError> {
        work!(self, |session| keep_group_info(
            session,
            conversation,
            epoch,
            &bytes
        ))
    }

    async fn find_group(
        &self,
        conversation: ConversationId,
        device: DeviceId,
    ) -> std::result::Result<Option<GroupRecord>, StoreError> {
        work!(self, |session| find_group(session, conversation, device))
    }

    async fn find_heads(
        &self,
        device: DeviceId,
        conversations: &[ConversationId],
    ) -> std::result::Result<Vec<(ConversationId, GroupHead)>, StoreError> {
        work!(self, |session| find_heads(session, device, conversations))
    }

    async fn note_sealed(
        &self,
        conversation: ConversationId,
        device: DeviceId,
        count: u64,
    ) -> std::result::Result<(), StoreError> {
        work!(self, |session| note_of_member(
            session,
            conversation,
            device,
            count
        ))
    }
}

/// An epoch or a count for a parameter.
pub(crate) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// An epoch or a count from a column.
pub(crate) fn number_at(row: &Row, column: usize) -> Result<u64> {
    let found: i64 = at(row, column)?;
    u64::try_from(found).map_err(|_| corrupt(format!("an epoch or a count is {found}")))
}

/// So many bytes from a column.
pub(crate) fn bytes_at<const LENGTH: usize>(row: &Row, column: usize) -> Result<[u8; LENGTH]> {
    let found: &[u8] = at(row, column)?;
    found
        .try_into()
        .map_err(|_| corrupt("a key, a hash or a signature has another length"))
}

async fn renew_generation(session: &Session, generation: Uuid) -> Result<()> {
    let renew = session.prepare("UPDATE server SET generation = $1").await?;
    let forget = session
        .prepare("DELETE FROM key_package WHERE NOT last_resort")
        .await?;
    let id = params![generation];
    let (begun, renewed, forgotten, committed) = tokio::join!(
        biased;
        session.begin(),
        session.execute(&renew, id),
        session.execute(&forget, &[]),
        session.commit(),
    );
    begun?;
    renewed?;
    forgotten?;
    committed
}

const LOCK_KEY: &str = "SELECT 1 FROM device_key WHERE device = $1 FOR NO KEY UPDATE";
const FIND_POOL: &str = "
    SELECT publication,
        (SELECT count(*) FROM key_package WHERE key_package.device = $1 AND NOT last_resort AND not_after > $2),
        EXISTS (SELECT 1 FROM key_package WHERE key_package.device = $1 AND last_resort AND not_after > $2)
    FROM device_key WHERE device = $1";
const INSERT_PACKAGES: &str = "
    INSERT INTO key_package (device, last_resort, not_after, bytes)
    SELECT $1, given.last_resort, given.not_after, given.bytes
    FROM unnest($2::boolean[], $3::bigint[], $4::bytea[]) AS given (last_resort, not_after, bytes)";

async fn publish_packages(
    session: &Session,
    publication: &Publication,
) -> Result<std::result::Result<Pool, PublishError>> {
    let (device, now) = (publication.device, publication.now);
    let lock = session.prepare(LOCK_KEY).await?;
    let find = session.prepare(FIND_POOL).await?;
    let (whose, as_of) = (params![device.as_uuid()], params![device.as_uuid(), now.as_ms()]);
    let (begun, locked, found) = tokio::join!(
        biased;
        session.begin(),
        session.query(&lock, whose),
        session.query(&find, as_of),
    );
    begun?;
    locked?;
    let refused = match found?.first().map(pool).transpose()? {
        None => Some(Err(PublishError::NoKey)),
        Some(pool) if publication.number <= pool.publication => Some(Ok(pool)),
        Some(pool) => {
            let kept = if publication.replace_all { 0 } else { pool.count };
            let new = u32::try_from(publication.packages.len()).unwrap_or(u32::MAX);
            let fits = kept.saturating_add(new) <= publication.kept_max;
            (!fits).then_some(Err(PublishError::TooMany))
        }
    };
    if let Some(refused) = refused {
        session.rollback().await?;
        return Ok(refused);
    }
    write_packages(session, publication).await?;
    let pool = find_pool(session, device, now).await?;
    Ok(pool.ok_or(PublishError::NoKey))
}

/// Under the lock of the device's key; ends the transaction.
async fn write_packages(session: &Session, publication: &Publication) -> Result<()> {
    let device = publication.device.as_uuid();
    let clear = session
        .prepare(
            "DELETE FROM key_package WHERE device = $1 AND (not_after <= $2 OR $3 OR ($4 AND last_resort))",
        )
        .await?;
    let insert = session.prepare(INSERT_PACKAGES).await?;
    let note = session
        .prepare("UPDATE device_key SET publication = $2 WHERE device = $1")
        .await?;
    let (mut last_resort, mut not_after, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    let once = publication.packages.iter().map(|package| (false, package));
    let last = publication.last_resort.iter().map(|package| (true, package));
    for (is_last, package) in once.chain(last) {
        last_resort.push(is_last);
        not_after.push(package.not_after.as_ms());
        bytes.push(package.bytes.as_slice());
    }
    let cleared = params![
        device,
        publication.now.as_ms(),
        publication.replace_all,
        publication.last_resort.is_some()
    ];
    let inserted = params![device, last_resort, not_after, bytes];
    let noted = params![device, number(publication.number)];
    let (cleared, inserted, noted, committed) = tokio::join!(
        biased;
        session.execute(&clear, cleared),
        session.execute(&insert, inserted),
        session.execute(&note, noted),
        session.commit(),
    );
    cleared?;
    inserted?;
    noted?;
    committed
}

fn pool(row: &Row) -> Result<Pool> {
    Ok(Pool {
        publication: number_at(row, 0)?,
        count: row::count_at(row, 1)?,
        last_resort: at(row, 2)?,
    })
}

async fn find_pool(session: &Session, device: DeviceId, now: Timestamp) -> Result<Option<Pool>> {
    let found = session
        .first(FIND_POOL, params![device.as_uuid(), now.as_ms()])
        .await?;
    found.as_ref().map(pool).transpose()
}

const LIST_KEYS: &str = "
    SELECT device_key.user_id, device_key.device, device_key.signature_key, head.number, head.hash
    FROM member JOIN device_key ON device_key.user_id = member.user_id
        CROSS JOIN LATERAL (
            SELECT number, hash FROM key_log WHERE key_log.user_id = device_key.user_id
            ORDER BY number DESC LIMIT 1) AS head
    WHERE member.conversation = $1 AND ($2::uuid IS NULL OR device_key.device > $2)
    ORDER BY device_key.device LIMIT $3";

async fn list_device_keys(
    session: &Session,
    conversation: ConversationId,
    after: Option<DeviceId>,
    limit: u32,
) -> Result<Vec<ListedKey>> {
    let key = params![
        conversation.as_uuid(),
        after.map(|after| after.as_uuid()),
        i64::from(limit)
    ];
    let rows = session.rows(LIST_KEYS, key).await?;
    let keys = rows.iter().map(|row| {
        Ok(ListedKey {
            key: DeviceKeyRecord {
                user: row::id_at(row, 0)?,
                device: row::id_at(row, 1)?,
                signature_key: bytes_at(row, 2)?,
            },
            head: KeyLogHead {
                number: number_at(row, 3)?,
                hash: bytes_at(row, 4)?,
            },
        })
    });
    keys.collect()
}

/// Claims of one device wait for each other, and for its publications.
const LOCK_MEMBERS_KEYS: &str = "
    SELECT device_key.device, device_key.user_id FROM device_key
    WHERE device_key.device = ANY($2) AND EXISTS (
        SELECT 1 FROM member WHERE member.conversation = $1 AND member.user_id = device_key.user_id)
    ORDER BY device_key.device FOR NO KEY UPDATE";
/// A statement of its own after the lock. Those that are given away once, before the last resort; the one that ends first, before the others.
const CLAIM: &str = "
    WITH chosen AS (
        SELECT DISTINCT ON (device) id, device, bytes, last_resort FROM key_package
        WHERE device = ANY($1) AND not_after > $2 ORDER BY device, last_resort, not_after, id
    ), taken AS (
        DELETE FROM key_package USING chosen WHERE key_package.id = chosen.id AND NOT chosen.last_resort
    )
    SELECT device, bytes, last_resort FROM chosen";

async fn claim_packages(
    session: &Session,
    conversation: ConversationId,
    devices: &[DeviceId],
    now: Timestamp,
) -> Result<Vec<ClaimedPackage>> {
    let ids: Vec<Uuid> = devices.iter().map(DeviceId::as_uuid).collect();
    let lock = session.prepare(LOCK_MEMBERS_KEYS).await?;
    let claim = session.prepare(CLAIM).await?;
    let key = params![conversation.as_uuid(), ids];
    let (begun, locked) = tokio::join!(biased; session.begin(), session.query(&lock, key));
    begun?;
    let mut owners = BTreeMap::new();
    for row in &locked? {
        owners.insert(row::id_at::<DeviceId>(row, 0)?, row::id_at(row, 1)?);
    }
    let ids: Vec<Uuid> = owners.keys().map(DeviceId::as_uuid).collect();
    let which = params![ids, now.as_ms()];
    let (rows, committed) = tokio::join!(biased; session.query(&claim, which), session.commit());
    let rows = rows?;
    committed?;
    let claimed = rows.iter().map(|row| {
        let device: DeviceId = row::id_at(row, 0)?;
        let user = owners.get(&device).copied();
        Ok(ClaimedPackage {
            user: user.ok_or_else(|| corrupt("a key package of nobody's"))?,
            device,
            bytes: at(row, 1)?,
            last_resort: at(row, 2)?,
        })
    });
    claimed.collect()
}

const INSERT_WELCOME: &str = "
    INSERT INTO welcome (conversation, commit_id, at, bytes) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const INSERT_RECIPIENTS: &str = "
    INSERT INTO welcome_recipient (device, conversation, commit_id)
    SELECT device, $1, $2 FROM device_key JOIN member ON member.conversation = $1 AND member.user_id = device_key.user_id
    WHERE device = ANY($3) ON CONFLICT DO NOTHING";
/// Leaves each of these devices the latest few welcomes into a conversation, of those whose commits are in the log.
const BOUND_WELCOMES: &str = "
    DELETE FROM welcome_recipient USING (
        SELECT waiting.device, waiting.commit_id, row_number() OVER (
            PARTITION BY waiting.device ORDER BY welcome.at DESC, welcome.commit_id DESC) AS place
        FROM welcome_recipient AS waiting JOIN welcome
            ON welcome.conversation = waiting.conversation AND welcome.commit_id = waiting.commit_id
        WHERE waiting.conversation = $1 AND waiting.device = ANY($2) AND EXISTS (
            SELECT 1 FROM event WHERE event.conversation = $1 AND event.id = welcome.commit_id)
    ) AS waiting
    WHERE welcome_recipient.conversation = $1 AND welcome_recipient.device = waiting.device
        AND welcome_recipient.commit_id = waiting.commit_id AND waiting.place > $3";
/// Forgets welcomes whose commits never came.
const DROP_STAGED: &str = "
    DELETE FROM welcome WHERE conversation = $1 AND at < $2 AND NOT EXISTS (
        SELECT 1 FROM event WHERE event.conversation = $1 AND event.id = welcome.commit_id)";
/// Forgets welcomes that wait for nobody.
const DROP_UNWANTED: &str = "
    DELETE FROM welcome WHERE conversation = $1 AND NOT EXISTS (
        SELECT 1 FROM welcome_recipient AS waiting
        WHERE waiting.conversation = welcome.conversation AND waiting.commit_id = welcome.commit_id)";
/// Whatever is done with welcomes into a conversation is done one after the other.
const LOCK_WELCOMES: &str = "SELECT 1 FROM conversation WHERE id = $1 FOR NO KEY UPDATE";

async fn stage_welcome(session: &Session, welcome: &NewWelcome) -> Result<()> {
    let lock = session.prepare(LOCK_WELCOMES).await?;
    let insert = session.prepare(INSERT_WELCOME).await?;
    let recipients = session.prepare(INSERT_RECIPIENTS).await?;
    let bound = session.prepare(BOUND_WELCOMES).await?;
    let staged = session.prepare(DROP_STAGED).await?;
    let unwanted = session.prepare(DROP_UNWANTED).await?;
    let conversation = welcome.conversation.as_uuid();
    let devices: Vec<Uuid> = welcome.devices.iter().map(DeviceId::as_uuid).collect();
    let kept = params![
        conversation,
        welcome.commit.as_uuid(),
        welcome.now.as_ms(),
        welcome.bytes
    ];
    let whose = params![conversation];
    let (begun, locked, inserted) = tokio::join!(
        biased;
        session.begin(),
        session.query(&lock, whose),
        session.execute(&insert, kept),
    );
    begun?;
    locked?;
    if inserted? == 0 {
        return session.rollback().await;
    }
    let waiting = params![conversation, welcome.commit.as_uuid(), devices];
    // With the one that is to come.
    let bounds = params![conversation, devices, i64::from(WELCOMES_KEPT - 1)];
    let old = params![conversation, welcome.now.plus_ms(-WELCOME_STAGED_MS_MAX).as_ms()];
    let (waiting, bounded, ended, dropped, committed) = tokio::join!(
        biased;
        session.execute(&recipients, waiting),
        session.execute(&bound, bounds),
        session.execute(&staged, old),
        session.execute(&unwanted, whose),
        session.commit(),
    );
    waiting?;
    bounded?;
    ended?;
    dropped?;
    committed
}

const DROP_WELCOME: &str = "
    DELETE FROM welcome WHERE conversation = $1 AND commit_id = $2 AND NOT EXISTS (
        SELECT 1 FROM event WHERE event.conversation = $1 AND event.id = $2)";

async fn drop_welcome(session: &Session, conversation: ConversationId, commit: EventId) -> Result<()> {
    let key = params![conversation.as_uuid(), commit.as_uuid()];
    session.run(DROP_WELCOME, key).await?;
    Ok(())
}

const LIST_WELCOMES: &str = "
    SELECT welcome.conversation, welcome.commit_id, welcome.bytes
    FROM welcome_recipient AS waiting
        JOIN device_key ON device_key.device = waiting.device
        JOIN welcome ON welcome.conversation = waiting.conversation AND welcome.commit_id = waiting.commit_id
        JOIN member ON member.conversation = welcome.conversation AND member.user_id = device_key.user_id
    WHERE waiting.device = $1 AND EXISTS (
        SELECT 1 FROM event WHERE event.conversation = welcome.conversation AND event.id = welcome.commit_id)
    ORDER BY welcome.at, welcome.commit_id LIMIT $2";

async fn list_welcomes(session: &Session, device: DeviceId, limit: u32) -> Result<Vec<WelcomeRecord>> {
    let rows = session
        .rows(LIST_WELCOMES, params![device.as_uuid(), i64::from(limit)])
        .await?;
    let welcomes = rows.iter().map(|row| {
        Ok(WelcomeRecord {
            conversation: row::id_at(row, 0)?,
            commit: row::id_at(row, 1)?,
            bytes: at(row, 2)?,
        })
    });
    welcomes.collect()
}

const REMOVE_RECIPIENT: &str = "
    DELETE FROM welcome_recipient WHERE device = $1 AND conversation = $2 AND commit_id = $3";

async fn remove_welcome(
    session: &Session,
    device: DeviceId,
    conversation: ConversationId,
    commit: EventId,
) -> Result<bool> {
    let lock = session.prepare(LOCK_WELCOMES).await?;
    let remove = session.prepare(REMOVE_RECIPIENT).await?;
    let unwanted = session.prepare(DROP_UNWANTED).await?;
    let whose = params![conversation.as_uuid()];
    let which = params![device.as_uuid(), conversation.as_uuid(), commit.as_uuid()];
    let (begun, locked, removed, dropped, committed) = tokio::join!(
        biased;
        session.begin(),
        session.query(&lock, whose),
        session.execute(&remove, which),
        session.execute(&unwanted, whose),
        session.commit(),
    );
    begun?;
    locked?;
    let removed = removed?;
    dropped?;
    committed?;
    Ok(removed > 0 || session.is_in_doubt())
}

const PRUNE_WELCOMES: &str = "
    DELETE FROM welcome USING (
        SELECT conversation, commit_id FROM welcome WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) AS old
    WHERE welcome.conversation = old.conversation AND welcome.commit_id = old.commit_id";

async fn prune_welcomes(session: &Session, before: Timestamp, limit: u32) -> Result<u64> {
    session
        .run(PRUNE_WELCOMES, params![before.as_ms(), i64::from(limit)])
        .await
}

const KEEP_INFO: &str = "
    INSERT INTO group_info (conversation, epoch, bytes)
    SELECT id, epoch, $3 FROM conversation WHERE id = $1 AND epoch = $2 AND encrypted
    ON CONFLICT (conversation) DO UPDATE SET epoch = excluded.epoch, bytes = excluded.bytes
    WHERE excluded.epoch >= group_info.epoch";

async fn keep_group_info(
    session: &Session,
    conversation: ConversationId,
    epoch: u64,
    bytes: &[u8],
) -> Result<bool> {
    let row = params![conversation.as_uuid(), number(epoch), bytes];
    Ok(session.run(KEEP_INFO, row).await? > 0)
}

const FIND_GROUP: &str = "
    SELECT conversation.epoch, coalesce(sealed_count.count, 0), group_info.bytes
    FROM conversation
        LEFT JOIN sealed_count ON sealed_count.conversation = conversation.id AND sealed_count.device = $2
        LEFT JOIN group_info
            ON group_info.conversation = conversation.id AND group_info.epoch = conversation.epoch
    WHERE conversation.id = $1 AND conversation.encrypted";

async fn find_group(
    session: &Session,
    conversation: ConversationId,
    device: DeviceId,
) -> Result<Option<GroupRecord>> {
    let key = params![conversation.as_uuid(), device.as_uuid()];
    let found = session.first(FIND_GROUP, key).await?;
    let group = found.map(|row| {
        Ok(GroupRecord {
            head: GroupHead {
                epoch: number_at(&row, 0)?,
                count: number_at(&row, 1)?,
            },
            info: at(&row, 2)?,
        })
    });
    group.transpose()
}

const FIND_HEADS: &str = "
    SELECT conversation.id, conversation.epoch, coalesce(sealed_count.count, 0)
    FROM conversation
        LEFT JOIN sealed_count ON sealed_count.conversation = conversation.id AND sealed_count.device = $2
    WHERE conversation.id = ANY($1) AND conversation.encrypted";

async fn find_heads(
    session: &Session,
    device: DeviceId,
    conversations: &[ConversationId],
) -> Result<Vec<(ConversationId, GroupHead)>> {
    let ids: Vec<Uuid> = conversations.iter().map(ConversationId::as_uuid).collect();
    let rows = session.rows(FIND_HEADS, params![ids, device.as_uuid()]).await?;
    let heads = rows.iter().map(|row| {
        let head = GroupHead {
            epoch: number_at(row, 1)?,
            count: number_at(row, 2)?,
        };
        Ok((row::id_at(row, 0)?, head))
    });
    heads.collect()
}

const NOTE_OF_MEMBER: &str = "
    INSERT INTO sealed_count (conversation, device, count)
    SELECT conversation.id, device.id, $3 FROM device
        JOIN member ON member.user_id = device.user_id AND member.conversation = $1
        JOIN conversation ON conversation.id = $1 AND conversation.encrypted
    WHERE device.id = $2
    ON CONFLICT (conversation, device) DO UPDATE SET count = greatest(sealed_count.count, excluded.count)";

async fn note_of_member(
    session: &Session,
    conversation: ConversationId,
    device: DeviceId,
    count: u64,
) -> Result<()> {
    let row = params![conversation.as_uuid(), device.as_uuid(), number(count)];
    session.run(NOTE_OF_MEMBER, row).await?;
    Ok(())
}

/// Keeps the greatest count that each device has sent; part of an append.
pub(crate) const NOTE_SEALED: &str = "
    INSERT INTO sealed_count (conversation, device, count)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[])
    ON CONFLICT (conversation, device) DO UPDATE SET count = greatest(sealed_count.count, excluded.count)";

/// Rows of `sealed_count`, a column an array.
#[derive(Default)]
pub(crate) struct CountColumns {
    conversation: Vec<Uuid>,
    device: Vec<Uuid>,
    count: Vec<i64>,
}

impl CountColumns {
    pub(crate) fn of(sealed: &BTreeMap<(ConversationId, DeviceId), u64>) -> Self {
        let mut columns = Self::default();
        for ((conversation, device), count) in sealed {
            columns.conversation.push(conversation.as_uuid());
            columns.device.push(device.as_uuid());
            columns.count.push(number(*count));
        }
        columns
    }

    /// For [`NOTE_SEALED`].
    pub(crate) fn params(&self) -> [&(dyn ToSql + Sync); 3] {
        [&self.conversation, &self.device, &self.count]
    }
}
