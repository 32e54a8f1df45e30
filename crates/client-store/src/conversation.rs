//! Conversations and their members.

use pipit_client::storage::{ConversationRecord, Counted, MemberRecord};
use pipit_wire::frame::Cursor;
use pipit_wire::{ConversationId, UserId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::value::{self, from_seq};

const COLUMNS: &str = "id, kind, title, peer, role, member_count, first_seq, last_seq, last_at, activity_at, \
     state_seq, last_message, delivered_seq, read_seq, delivered_confirmed, read_confirmed, counted_unread, \
     counted_last_seq, counted_read_seq, settings, join_requests, encrypted";

pub(crate) fn find(
    connection: &Connection,
    id: ConversationId,
) -> rusqlite::Result<Option<ConversationRecord>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM conversation WHERE id = ?1"))?
        .query_row([id.as_bytes()], read)
        .optional()
}

fn read(row: &Row<'_>) -> rusqlite::Result<ConversationRecord> {
    Ok(ConversationRecord {
        id: value::id(row, 0, ConversationId::from_bytes)?,
        kind: value::kind(row, 1)?,
        title: row.get(2)?,
        peer: value::optional_id(row, 3, UserId::from_bytes)?,
        role: value::role(row, 4)?,
        member_count: row.get(5)?,
        first_seq: value::seq(row, 6)?,
        last_seq: value::seq(row, 7)?,
        last_at: value::timestamp(row, 8)?,
        activity_at: value::timestamp(row, 9)?,
        state_seq: value::seq(row, 10)?,
        last_message: value::optional_json(row, 11)?,
        delivered_seq: value::seq(row, 12)?,
        read_seq: value::seq(row, 13)?,
        delivered_confirmed: value::seq(row, 14)?,
        read_confirmed: value::seq(row, 15)?,
        counted: Counted {
            unread: row.get(16)?,
            last_seq: value::seq(row, 17)?,
            read_seq: value::seq(row, 18)?,
        },
        settings: value::optional_json(row, 19)?.unwrap_or_default(),
        join_requests: row.get(20)?,
        encrypted: row.get(21)?,
    })
}

pub(crate) fn save(connection: &Connection, record: &ConversationRecord) -> rusqlite::Result<()> {
    // Not INSERT OR REPLACE: that would delete the row first, and with it what refers to it.
    connection
        .prepare_cached(&format!(
            "INSERT INTO conversation ({COLUMNS})
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
                ?20, ?21, ?22)
             ON CONFLICT (id) DO UPDATE SET
                kind = excluded.kind, title = excluded.title, peer = excluded.peer, role = excluded.role,
                member_count = excluded.member_count, first_seq = excluded.first_seq,
                last_seq = excluded.last_seq, last_at = excluded.last_at, activity_at = excluded.activity_at,
                state_seq = excluded.state_seq, last_message = excluded.last_message,
                delivered_seq = excluded.delivered_seq, read_seq = excluded.read_seq,
                delivered_confirmed = excluded.delivered_confirmed, read_confirmed = excluded.read_confirmed,
                counted_unread = excluded.counted_unread, counted_last_seq = excluded.counted_last_seq,
                counted_read_seq = excluded.counted_read_seq, settings = excluded.settings,
                join_requests = excluded.join_requests, encrypted = excluded.encrypted"
        ))?
        .execute(params![
            record.id.as_bytes(),
            value::from_kind(record.kind),
            record.title,
            record.peer.as_ref().map(UserId::as_bytes),
            value::from_role(record.role),
            record.member_count,
            from_seq(record.first_seq),
            from_seq(record.last_seq),
            record.last_at.as_ms(),
            record.activity_at.as_ms(),
            from_seq(record.state_seq),
            record.last_message.as_ref().map(value::to_json).transpose()?,
            from_seq(record.delivered_seq),
            from_seq(record.read_seq),
            from_seq(record.delivered_confirmed),
            from_seq(record.read_confirmed),
            record.counted.unread,
            from_seq(record.counted.last_seq),
            from_seq(record.counted.read_seq),
            Some(&record.settings)
                .filter(|settings| !settings.is_default())
                .map(value::to_json)
                .transpose()?,
            record.join_requests,
            record.encrypted,
        ])?;
    Ok(())
}

pub(crate) fn remove(connection: &Connection, id: ConversationId) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM conversation WHERE id = ?1")?
        .execute([id.as_bytes()])?;
    Ok(())
}

pub(crate) fn recent(connection: &Connection, limit: u32) -> rusqlite::Result<Vec<ConversationId>> {
    connection
        .prepare_cached("SELECT id FROM conversation ORDER BY activity_at DESC, id DESC LIMIT ?1")?
        .query_map([limit], |row| value::id(row, 0, ConversationId::from_bytes))?
        .collect()
}

pub(crate) fn encrypted(connection: &Connection) -> rusqlite::Result<Vec<ConversationId>> {
    connection
        .prepare_cached("SELECT id FROM conversation WHERE encrypted")?
        .query_map([], |row| value::id(row, 0, ConversationId::from_bytes))?
        .collect()
}

pub(crate) fn cursors(connection: &Connection, limit: u32) -> rusqlite::Result<Vec<Cursor>> {
    connection
        .prepare_cached(
            "SELECT id, (SELECT max(through_seq) FROM log_range WHERE conversation = id)
             FROM conversation ORDER BY activity_at DESC, id DESC LIMIT ?1",
        )?
        .query_map([limit], |row| {
            Ok(Cursor {
                conversation: value::id(row, 0, ConversationId::from_bytes)?,
                seq: value::seq(row, 1)?,
            })
        })?
        .collect()
}

pub(crate) fn unconfirmed(connection: &Connection, limit: u32) -> rusqlite::Result<Vec<ConversationId>> {
    connection
        .prepare_cached(
            "SELECT id FROM conversation
             WHERE delivered_seq > delivered_confirmed OR read_seq > read_confirmed
             ORDER BY activity_at DESC LIMIT ?1",
        )?
        .query_map([limit], |row| value::id(row, 0, ConversationId::from_bytes))?
        .collect()
}

pub(crate) fn members(
    connection: &Connection,
    conversation: ConversationId,
) -> rusqlite::Result<Vec<MemberRecord>> {
    connection
        .prepare_cached(
            "SELECT user, role, delivered_seq, read_seq FROM member WHERE conversation = ?1 ORDER BY place",
        )?
        .query_map([conversation.as_bytes()], |row| {
            Ok(MemberRecord {
                user: value::id(row, 0, UserId::from_bytes)?,
                role: value::role(row, 1)?,
                delivered_seq: value::seq(row, 2)?,
                read_seq: value::seq(row, 3)?,
            })
        })?
        .collect()
}

pub(crate) fn replace_members(
    connection: &Connection,
    conversation: ConversationId,
    members: &[MemberRecord],
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM member WHERE conversation = ?1")?
        .execute([conversation.as_bytes()])?;
    for member in members {
        save_member(connection, conversation, member)?;
    }
    Ok(())
}

pub(crate) fn save_member(
    connection: &Connection,
    conversation: ConversationId,
    member: &MemberRecord,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO member (conversation, user, place, role, delivered_seq, read_seq)
             VALUES (?1, ?2, (SELECT coalesce(max(place), 0) + 1 FROM member WHERE conversation = ?1), ?3, ?4, ?5)
             ON CONFLICT (conversation, user) DO UPDATE SET
                role = excluded.role, delivered_seq = excluded.delivered_seq, read_seq = excluded.read_seq",
        )?
        .execute(params![
            conversation.as_bytes(),
            member.user.as_bytes(),
            value::from_role(member.role),
            from_seq(member.delivered_seq),
            from_seq(member.read_seq),
        ])?;
    Ok(())
}

pub(crate) fn remove_member(
    connection: &Connection,
    conversation: ConversationId,
    user: UserId,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM member WHERE conversation = ?1 AND user = ?2")?
        .execute([conversation.as_bytes(), user.as_bytes()])?;
    Ok(())
}
