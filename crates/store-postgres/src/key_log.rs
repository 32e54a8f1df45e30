//! The key logs of accounts: see [`pipit_store::key_log`].
//!
//! Whoever adds to a log has the account's row locked; readers have not.

use async_trait::async_trait;
use pipit_store::KeyLogStore;
use pipit_store::error::StoreError;
use pipit_store::key_log::{
    KeyLogError, KeyLogRecord, NewKeyEntry, end_of, next, next_recovery, recovery_key,
};
use pipit_wire::key_log::{KeyEntry, KeyHolder, KeyStep, VouchBytes};
use pipit_wire::{ConversationId, DeviceId, Timestamp, UserId};
use tokio_postgres::types::ToSql;
use tokio_postgres::{GenericClient, Row};
use uuid::Uuid;

use crate::PostgresStore;
use crate::encryption::{bytes_at, number, number_at};
use crate::error::{Error, corrupt, store_error};
use crate::row::{self, at};
use crate::session::{Session, params, run};

type Result<T> = std::result::Result<T, Error>;
type Entered = std::result::Result<(), KeyLogError>;

macro_rules! work {
    ($store:ident, |$session:ident| $work:expr) => {
        async { run!($store.sessions, |$session| $work) }
            .await
            .map_err(store_error)
    };
}

#[async_trait]
impl KeyLogStore for PostgresStore {
    async fn publish_key(&self, new: NewKeyEntry) -> std::result::Result<Entered, StoreError> {
        work!(self, |session| publish_key(session, &new))
    }

    async fn vouch(&self, new: NewKeyEntry) -> std::result::Result<Entered, StoreError> {
        work!(self, |session| add(session, new.user, |log| {
            next(log, &new).map(|record| record.into_iter().collect())
        }))
    }

    async fn set_recovery_key(&self, new: NewKeyEntry) -> std::result::Result<Entered, StoreError> {
        work!(self, |session| add(session, new.user, |log| next_recovery(
            log, &new
        )))
    }

    async fn remove_recovery_key(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> std::result::Result<bool, StoreError> {
        work!(self, |session| remove_recovery_key(session, user, now))
    }

    async fn read_key_log(
        &self,
        user: UserId,
        after: u64,
        limit: u32,
    ) -> std::result::Result<Vec<KeyLogRecord>, StoreError> {
        let rows = work!(self, |session| session
            .rows(READ, params![user.as_uuid(), number(after), i64::from(limit)]))?;
        records(&rows).map_err(store_error)
    }

    async fn read_key_logs(
        &self,
        conversation: ConversationId,
        of: &[(UserId, u64)],
        limit: u32,
    ) -> std::result::Result<Vec<KeyLogRecord>, StoreError> {
        let users: Vec<Uuid> = of.iter().map(|(user, _)| user.as_uuid()).collect();
        let after: Vec<i64> = of.iter().map(|(_, after)| number(*after)).collect();
        let rows = work!(self, |session| session.rows(
            READ_OF_MEMBERS,
            params![conversation.as_uuid(), users, after, i64::from(limit)]
        ))?;
        records(&rows).map_err(store_error)
    }
}

/// Whoever adds to the log of an account waits for whoever else does.
pub(crate) const LOCK: &str = "SELECT 1 FROM account WHERE id = $1 FOR NO KEY UPDATE";
/// A statement of its own after the lock.
pub(crate) const READ: &str = "
    SELECT user_id, number, step, holder, device, signature_key, at, voucher, signature, hash FROM key_log
    WHERE user_id = $1 AND number > $2 ORDER BY number LIMIT $3";
const READ_OF_MEMBERS: &str = "
    SELECT key_log.user_id, number, step, holder, device, signature_key, at, voucher, signature, hash
    FROM unnest($2::uuid[], $3::bigint[]) WITH ORDINALITY AS asked (user_id, after, place)
        JOIN member ON member.conversation = $1 AND member.user_id = asked.user_id
        JOIN key_log ON key_log.user_id = asked.user_id AND key_log.number > asked.after
    ORDER BY asked.place, number LIMIT $4";
/// Any number of records, none included.
pub(crate) const INSERT: &str = "
    INSERT INTO key_log (user_id, number, step, holder, device, signature_key, at, voucher, signature, hash)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::smallint[], $4::smallint[], $5::uuid[], $6::bytea[],
        $7::bigint[], $8::uuid[], $9::bytea[], $10::bytea[])";

/// Rows of `key_log`, a column an array.
#[derive(Default)]
pub(crate) struct Columns<'a> {
    user: Vec<Uuid>,
    number: Vec<i64>,
    step: Vec<i16>,
    holder: Vec<i16>,
    device: Vec<Uuid>,
    key: Vec<&'a [u8]>,
    at: Vec<i64>,
    voucher: Vec<Option<Uuid>>,
    signature: Vec<Option<&'a [u8]>>,
    hash: Vec<&'a [u8]>,
}

impl<'a> Columns<'a> {
    pub(crate) fn of(records: &'a [KeyLogRecord]) -> Self {
        let mut columns = Self::default();
        for KeyLogRecord { entry, hash } in records {
            columns.user.push(entry.user.as_uuid());
            columns.number.push(number(entry.number));
            columns.step.push(i16::from(entry.step.number()));
            columns.holder.push(i16::from(entry.holder.number()));
            columns.device.push(entry.device.as_uuid());
            columns.key.push(&entry.key);
            columns.at.push(entry.at.as_ms());
            let vouch = entry.vouch.as_ref();
            columns.voucher.push(vouch.map(|vouch| vouch.by.as_uuid()));
            columns
                .signature
                .push(vouch.map(|vouch| vouch.signature.as_slice()));
            columns.hash.push(hash);
        }
        columns
    }

    /// For [`INSERT`].
    pub(crate) fn params(&self) -> [&(dyn ToSql + Sync); 10] {
        [
            &self.user,
            &self.number,
            &self.step,
            &self.holder,
            &self.device,
            &self.key,
            &self.at,
            &self.voucher,
            &self.signature,
            &self.hash,
        ]
    }
}

fn numbered<T>(row: &Row, column: usize, of_number: impl Fn(u8) -> Option<T>) -> Result<T> {
    let found: i16 = at(row, column)?;
    let known = u8::try_from(found).ok().and_then(of_number);
    known.ok_or_else(|| corrupt(format!("a key log has {found} in column {column}")))
}

fn record(row: &Row) -> Result<KeyLogRecord> {
    let by: Option<DeviceId> = row::optional_id_at(row, 7)?;
    let vouch = match by {
        None => None,
        Some(by) => Some(VouchBytes {
            by,
            signature: bytes_at(row, 8)?,
        }),
    };
    Ok(KeyLogRecord {
        entry: KeyEntry {
            user: row::id_at(row, 0)?,
            number: number_at(row, 1)?,
            step: numbered(row, 2, KeyStep::of_number)?,
            holder: numbered(row, 3, KeyHolder::of_number)?,
            device: row::id_at(row, 4)?,
            key: bytes_at(row, 5)?,
            at: row::time_at(row, 6)?,
            vouch,
        },
        hash: bytes_at(row, 9)?,
    })
}

/// What the rows of [`READ`] say.
pub(crate) fn records(rows: &[Row]) -> Result<Vec<KeyLogRecord>> {
    rows.iter().map(record).collect()
}

/// The logs of keys that were there before there were logs.
pub(crate) async fn begin(db: &impl GenericClient) -> Result<()> {
    let keys = db
        .query(
            "SELECT device_key.user_id, device_key.device, signature_key, signed_in_at
            FROM device_key JOIN device ON device.id = device_key.device
            ORDER BY device_key.user_id, signed_in_at, device_key.device",
            &[],
        )
        .await?;
    let mut log: Vec<KeyLogRecord> = Vec::new();
    let mut all = Vec::new();
    for key in &keys {
        let new = NewKeyEntry {
            user: row::id_at(key, 0)?,
            step: KeyStep::Added,
            holder: KeyHolder::Device,
            device: row::id_at(key, 1)?,
            key: bytes_at(key, 2)?,
            vouch: None,
            now: row::time_at(key, 3)?,
        };
        if log.first().is_some_and(|first| first.entry.user != new.user) {
            all.append(&mut log);
        }
        log.extend(next(&log, &new).map_err(|error| corrupt(error.to_string()))?);
    }
    all.append(&mut log);
    db.execute(INSERT, &Columns::of(&all).params()).await?;
    Ok(())
}

/// The device's row is locked too, so that one that is being signed out keeps no key.
const FIND_DEVICE: &str =
    "SELECT 1 FROM device WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL FOR SHARE";
const INSERT_KEY: &str = "
    INSERT INTO device_key (device, user_id, signature_key) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

async fn publish_key(session: &Session, new: &NewKeyEntry) -> Result<Entered> {
    let lock = session.prepare(LOCK).await?;
    let find = session.prepare(FIND_DEVICE).await?;
    let find_key = session
        .prepare("SELECT signature_key FROM device_key WHERE device = $1")
        .await?;
    let read = session.prepare(READ).await?;
    let (whose, which) = (params![new.user.as_uuid()], params![new.device.as_uuid()]);
    let device = params![new.device.as_uuid(), new.user.as_uuid()];
    let all = params![new.user.as_uuid(), 0_i64, i64::MAX];
    let (begun, locked, found, kept, log) = tokio::join!(
        biased;
        session.begin(),
        session.query(&lock, whose),
        session.query(&find, device),
        session.query(&find_key, which),
        session.query(&read, all),
    );
    begun?;
    locked?;
    let kept = kept?;
    let kept: Option<[u8; 32]> = kept.first().map(|row| bytes_at(row, 0)).transpose()?;
    let record = if found?.is_empty() {
        Err(KeyLogError::NoDevice)
    } else if kept.is_some_and(|kept| kept != new.key) {
        Err(KeyLogError::OtherKey)
    } else {
        next(&records(&log?)?, new)
    };
    let record = match record {
        Ok(record) => record,
        Err(error) => {
            session.rollback().await?;
            return Ok(Err(error));
        }
    };
    let insert = session.prepare(INSERT).await?;
    let insert_key = session.prepare(INSERT_KEY).await?;
    let columns = Columns::of(record.as_slice());
    let columns = columns.params();
    let bytes = new.key.as_slice();
    let key = params![new.device.as_uuid(), new.user.as_uuid(), bytes];
    let (entered, kept, committed) = tokio::join!(
        biased;
        session.execute(&insert, &columns),
        session.execute(&insert_key, key),
        session.commit(),
    );
    entered?;
    kept?;
    committed?;
    Ok(Ok(()))
}

/// Adds to an account's log what follows from it.
async fn add(
    session: &Session,
    user: UserId,
    what: impl Fn(&[KeyLogRecord]) -> std::result::Result<Vec<KeyLogRecord>, KeyLogError> + Send + Sync,
) -> Result<Entered> {
    let lock = session.prepare(LOCK).await?;
    let read = session.prepare(READ).await?;
    let insert = session.prepare(INSERT).await?;
    let whose = params![user.as_uuid()];
    let all = params![user.as_uuid(), 0_i64, i64::MAX];
    let (begun, locked, log) = tokio::join!(
        biased;
        session.begin(),
        session.query(&lock, whose),
        session.query(&read, all),
    );
    begun?;
    locked?;
    let added = match what(&records(&log?)?) {
        Ok(added) => added,
        Err(error) => {
            session.rollback().await?;
            return Ok(Err(error));
        }
    };
    let columns = Columns::of(&added);
    let columns = columns.params();
    let (entered, committed) = tokio::join!(
        biased;
        session.execute(&insert, &columns),
        session.commit(),
    );
    entered?;
    committed?;
    Ok(Ok(()))
}

async fn remove_recovery_key(session: &Session, user: UserId, now: Timestamp) -> Result<bool> {
    let rows = session
        .rows(READ, params![user.as_uuid(), 0_i64, i64::MAX])
        .await?;
    let log = records(&rows)?;
    let Some(key) = recovery_key(&log) else {
        // An earlier try of this very call may have removed it.
        let own = log.iter().any(|record| {
            let entry = record.entry;
            entry.step == KeyStep::Removed && entry.holder == KeyHolder::Recovery && entry.at == now
        });
        return Ok(own && session.is_in_doubt());
    };
    let entered = add(session, user, |log| {
        next(log, &end_of(log, user, key, now)).map(|record| record.into_iter().collect())
    });
    entered.await?.map_err(|error| corrupt(error.to_string()))?;
    Ok(true)
}

/// What is added to a log where a device goes; nothing where it has no key.
pub(crate) fn removal(
    log: &[KeyLogRecord],
    user: UserId,
    device: DeviceId,
    now: Timestamp,
) -> Result<Option<KeyLogRecord>> {
    next(log, &end_of(log, user, device, now)).map_err(|error| corrupt(error.to_string()))
}
