//! Files of messages in the outbox.

use pipit_client::storage::{UploadRecord, UploadStage};
use pipit_wire::{BlobId, ConversationId, MessageId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::value;

const WAITING: i64 = 0;
const PAUSED: i64 = 1;
const FAILED: i64 = 2;
const DONE: i64 = 3;

const COLUMNS: &str =
    "upload.message, outbox.conversation, upload.file, upload.stage, upload.failed_code, upload.sent";
const TABLES: &str = "upload JOIN outbox ON outbox.id = upload.message";

fn read(row: &Row<'_>) -> rusqlite::Result<UploadRecord> {
    let stage = match row.get(3)? {
        WAITING => UploadStage::Waiting,
        PAUSED => UploadStage::Paused,
        FAILED => UploadStage::Failed { code: row.get(4)? },
        DONE => UploadStage::Done,
        other => return Err(rusqlite::Error::IntegralValueOutOfRange(3, other)),
    };
    let sent: Option<i64> = row.get(5)?;
    Ok(UploadRecord {
        message: value::id(row, 0, MessageId::from_bytes)?,
        conversation: value::id(row, 1, ConversationId::from_bytes)?,
        file: value::json(row, 2)?,
        stage,
        sent: sent.map(|sent| bytes(5, sent)).transpose()?,
    })
}

fn bytes(column: usize, count: i64) -> rusqlite::Result<u64> {
    u64::try_from(count).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, count))
}

pub(crate) fn list(connection: &Connection) -> rusqlite::Result<Vec<UploadRecord>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM {TABLES} ORDER BY upload.place"))?
        .query_map([], read)?
        .collect()
}

pub(crate) fn of(connection: &Connection, message: MessageId) -> rusqlite::Result<Vec<UploadRecord>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM {TABLES} WHERE upload.message = ?1 ORDER BY upload.place"
        ))?
        .query_map([message.as_bytes()], read)?
        .collect()
}

pub(crate) fn find(connection: &Connection, blob: BlobId) -> rusqlite::Result<Option<UploadRecord>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM {TABLES} WHERE upload.blob = ?1"))?
        .query_row([blob.as_bytes()], read)
        .optional()
}

pub(crate) fn save(connection: &Connection, upload: &UploadRecord) -> rusqlite::Result<()> {
    let (stage, code) = match &upload.stage {
        UploadStage::Waiting => (WAITING, None),
        UploadStage::Paused => (PAUSED, None),
        UploadStage::Failed { code } => (FAILED, Some(code)),
        UploadStage::Done => (DONE, None),
    };
    connection
        .prepare_cached(
            "INSERT INTO upload (blob, message, file, stage, failed_code, sent) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (blob) DO UPDATE SET
                file = excluded.file, stage = excluded.stage, failed_code = excluded.failed_code, sent = excluded.sent",
        )?
        .execute(params![
            upload.file.blob.as_bytes(),
            upload.message.as_bytes(),
            value::to_json(&upload.file)?,
            stage,
            code,
            upload.sent.map(|sent| i64::try_from(sent).unwrap_or(i64::MAX)),
        ])?;
    Ok(())
}

pub(crate) fn remove(connection: &Connection, blob: BlobId) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM upload WHERE blob = ?1")?
        .execute([blob.as_bytes()])?;
    Ok(())
}
