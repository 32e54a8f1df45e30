//! Who comes into a group by a link, who waits to be let in, and who is kept out.

use pipit_store::account::TokenHash;
use pipit_store::group::{GroupInviteRecord, JoinRequestRecord, NewGroupInvite, NewJoinRequest, Requested};
use pipit_wire::limits::JOIN_REQUESTS_MAX;
use pipit_wire::{ConversationId, InviteId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::row;

pub(crate) fn create(db: &Connection, invite: &NewGroupInvite) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO group_invite
            (id, token, conversation, made_by, created_at, expires_at, uses_left, approval)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        invite.id.as_bytes(),
        invite.token.0,
        invite.conversation.as_bytes(),
        invite.made_by.as_bytes(),
        invite.created_at.as_ms(),
        invite.expires_at.as_ms(),
        invite.uses,
        invite.approval
    ])?;
    Ok(())
}

macro_rules! invites {
    ($which:literal) => {
        concat!(
            "SELECT group_invite.id, conversation, expires_at, uses_left, approval, user.id, user.handle, user.name,
                uses_left > 0 AND revoked_at IS NULL AND expires_at > ?1
            FROM group_invite JOIN user ON user.id = made_by WHERE ",
            $which
        )
    };
}

pub(crate) fn find(db: &Connection, token: &TokenHash, now: Timestamp) -> Result<Option<GroupInviteRecord>> {
    db.prepare_cached(invites!("token = ?2"))?
        .query_row(params![now.as_ms(), token.0], invite)
        .optional()
}

pub(crate) fn list(
    db: &Connection,
    conversation: ConversationId,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<GroupInviteRecord>> {
    db.prepare_cached(invites!(
        "conversation = ?2 AND uses_left > 0 AND revoked_at IS NULL AND expires_at > ?1
        ORDER BY group_invite.created_at DESC, group_invite.id DESC LIMIT ?3"
    ))?
    .query_map(params![now.as_ms(), conversation.as_bytes(), limit], invite)?
    .collect()
}

fn invite(row: &Row<'_>) -> Result<GroupInviteRecord> {
    Ok(GroupInviteRecord {
        id: row::id_at(row, 0)?,
        conversation: row::id_at(row, 1)?,
        expires_at: row::time_at(row, 2)?,
        uses_left: row.get(3)?,
        approval: row.get(4)?,
        made_by: row::profile_at(row, 5)?,
        works: row.get(8)?,
    })
}

pub(crate) fn use_once(db: &Connection, invite: InviteId, now: Timestamp) -> Result<bool> {
    let used = db
        .prepare_cached(
            "UPDATE group_invite SET uses_left = uses_left - 1
            WHERE id = ?1 AND uses_left > 0 AND revoked_at IS NULL AND expires_at > ?2",
        )?
        .execute(params![invite.as_bytes(), now.as_ms()])?;
    Ok(used > 0)
}

pub(crate) fn revoke(
    db: &Connection,
    conversation: ConversationId,
    invite: InviteId,
    now: Timestamp,
) -> Result<bool> {
    let revoked = db
        .prepare_cached(
            "UPDATE group_invite SET revoked_at = ?3
            WHERE id = ?1 AND conversation = ?2 AND uses_left > 0 AND revoked_at IS NULL AND expires_at > ?3",
        )?
        .execute(params![invite.as_bytes(), conversation.as_bytes(), now.as_ms()])?;
    Ok(revoked > 0)
}

pub(crate) fn prune(db: &Connection, before: Timestamp, limit: u32) -> Result<usize> {
    db.prepare_cached(
        "DELETE FROM group_invite
        WHERE id IN (SELECT id FROM group_invite WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)",
    )?
    .execute(params![before.as_ms(), limit])
}

pub(crate) fn request(db: &Connection, new: &NewJoinRequest) -> Result<Requested> {
    if has_request(db, new.conversation, new.user)? {
        return Ok(Requested::Known);
    }
    if count_requests(db, new.conversation)? >= new.requests_max {
        return Ok(Requested::Full);
    }
    if !use_once(db, new.invite, new.now)? {
        return Ok(Requested::NoInvite);
    }
    db.prepare_cached("INSERT INTO join_request (conversation, user, at) VALUES (?1, ?2, ?3)")?
        .execute(params![
            new.conversation.as_bytes(),
            new.user.as_bytes(),
            new.now.as_ms()
        ])?;
    Ok(Requested::Made)
}

pub(crate) fn has_request(db: &Connection, conversation: ConversationId, user: UserId) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM join_request WHERE conversation = ?1 AND user = ?2")?
        .exists([conversation.as_bytes(), user.as_bytes()])
}

/// How many wait; counted up to how many may.
pub(crate) fn count_requests(db: &Connection, conversation: ConversationId) -> Result<u32> {
    db.prepare_cached("SELECT count(*) FROM (SELECT 1 FROM join_request WHERE conversation = ?1 LIMIT ?2)")?
        .query_row(params![conversation.as_bytes(), JOIN_REQUESTS_MAX], |row| {
            row.get(0)
        })
}

pub(crate) fn list_requests(
    db: &Connection,
    conversation: ConversationId,
    limit: u32,
) -> Result<Vec<JoinRequestRecord>> {
    db.prepare_cached(
        "SELECT user.id, user.handle, user.name, at FROM join_request JOIN user ON user.id = join_request.user
        WHERE conversation = ?1 ORDER BY at, user.id LIMIT ?2",
    )?
    .query_map(params![conversation.as_bytes(), limit], |row| {
        Ok(JoinRequestRecord {
            profile: row::profile(row)?,
            at: row::time_at(row, 3)?,
        })
    })?
    .collect()
}

pub(crate) fn remove_request(db: &Connection, conversation: ConversationId, user: UserId) -> Result<bool> {
    let removed = db
        .prepare_cached("DELETE FROM join_request WHERE conversation = ?1 AND user = ?2")?
        .execute([conversation.as_bytes(), user.as_bytes()])?;
    Ok(removed > 0)
}

pub(crate) fn is_banned(db: &Connection, conversation: ConversationId, user: UserId) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM ban WHERE conversation = ?1 AND user = ?2")?
        .exists([conversation.as_bytes(), user.as_bytes()])
}

pub(crate) fn ban(
    db: &Connection,
    conversation: ConversationId,
    user: UserId,
    by: UserId,
    at: Timestamp,
) -> Result<()> {
    db.prepare_cached("INSERT INTO ban (conversation, user, made_by, at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            conversation.as_bytes(),
            user.as_bytes(),
            by.as_bytes(),
            at.as_ms()
        ])?;
    Ok(())
}
