//! Small pictures that were shown.

use pipit_client::storage::PictureRecord;
use pipit_wire::{BlobId, ConversationId, MessageId};
use rusqlite::{Connection, OptionalExtension, params};

/// One that is there already stays. The oldest go where there would be more than `bytes_max`.
pub(crate) fn keep(
    connection: &Connection,
    (conversation, message): (ConversationId, MessageId),
    picture: &PictureRecord,
    bytes_max: u64,
) -> rusqlite::Result<()> {
    let kept = connection
        .prepare_cached(
            "INSERT INTO picture (blob, entry, media_type, size, bytes)
             SELECT ?3, id, ?4, length(?5), ?5 FROM entry WHERE conversation = ?1 AND event = ?2
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            conversation.as_bytes(),
            message.as_bytes(),
            picture.blob.as_bytes(),
            picture.media_type,
            picture.bytes
        ])?;
    if kept == 0 {
        return Ok(());
    }
    let all: i64 = connection
        .prepare_cached("SELECT coalesce(sum(size), 0) FROM picture")?
        .query_row([], |row| row.get(0))?;
    if all.cast_unsigned() > bytes_max {
        connection
            .prepare_cached(
                "DELETE FROM picture WHERE id IN (
                    SELECT id FROM (SELECT id, sum(size) OVER (ORDER BY id DESC) AS newer FROM picture) WHERE newer > ?1)",
            )?
            .execute([bytes_max.cast_signed()])?;
    }
    Ok(())
}

pub(crate) fn find(connection: &Connection, blob: BlobId) -> rusqlite::Result<Option<PictureRecord>> {
    connection
        .prepare_cached("SELECT media_type, bytes FROM picture WHERE blob = ?1")?
        .query_row([blob.as_bytes()], |row| {
            Ok(PictureRecord {
                blob,
                media_type: row.get(0)?,
                bytes: row.get(1)?,
            })
        })
        .optional()
}
