//! Small pictures that were shown: of messages, and of people and groups, which are of no entry.

use pipit_client::storage::{PictureOf, PictureRecord, PicturesMax};
use pipit_wire::BlobId;
use rusqlite::{Connection, OptionalExtension, params};

use crate::value;

/// One that is there already stays. The oldest of the same kind go where there would be more than `most`.
pub(crate) fn keep(
    connection: &Connection,
    of: PictureOf,
    picture: &PictureRecord,
    most: PicturesMax,
) -> rusqlite::Result<()> {
    let (blob, media_type, bytes) = (picture.blob.as_bytes(), &picture.media_type, &picture.bytes);
    let kept = match of {
        PictureOf::Message(conversation, message) => connection
            .prepare_cached(
                "INSERT INTO picture (blob, entry, media_type, size, bytes)
                 SELECT ?1, id, ?2, length(?3), ?3 FROM entry WHERE conversation = ?4 AND event = ?5
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                blob,
                media_type,
                bytes,
                conversation.as_bytes(),
                message.as_bytes()
            ])?,
        PictureOf::Face => connection
            .prepare_cached(
                "INSERT INTO picture (blob, media_type, size, bytes) SELECT ?1, ?2, length(?3), ?3
                 WHERE EXISTS (SELECT 1 FROM profile WHERE face ->> '$.avatar' = ?4)
                    OR EXISTS (SELECT 1 FROM conversation WHERE settings ->> '$.avatar' = ?4)
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![blob, media_type, bytes, picture.blob.to_string()])?,
    };
    if kept == 0 {
        return Ok(());
    }
    connection
        .prepare_cached(
            "DELETE FROM picture WHERE id IN (
                SELECT id FROM (
                    SELECT id, row_number() OVER newest AS count, sum(size) OVER newest AS bytes
                    FROM picture WHERE (entry IS NULL) = ?1 WINDOW newest AS (ORDER BY id DESC)
                ) WHERE count > ?2 OR bytes > ?3)",
        )?
        .execute(params![
            of == PictureOf::Face,
            most.count,
            most.bytes.cast_signed()
        ])?;
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

pub(crate) fn filter(connection: &Connection, blobs: &[BlobId]) -> rusqlite::Result<Vec<BlobId>> {
    let mut kept = Vec::new();
    let mut find = connection.prepare_cached("SELECT blob FROM picture WHERE blob = ?1")?;
    for blob in blobs {
        kept.extend(
            find.query_row([blob.as_bytes()], |row| value::id(row, 0, BlobId::from_bytes))
                .optional()?,
        );
    }
    Ok(kept)
}
