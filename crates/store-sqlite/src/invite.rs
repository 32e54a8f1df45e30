//! Invites to the server.

use pipit_store::account::{InviteRecord, NewInvite, TokenHash};
use pipit_wire::{InviteId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::row;

pub(crate) fn create(db: &Connection, invite: &NewInvite) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO invite (id, token, made_by, created_at, expires_at, uses_left) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        invite.id.as_bytes(),
        invite.token.0,
        invite.made_by.as_bytes(),
        invite.created_at.as_ms(),
        invite.expires_at.as_ms(),
        invite.uses
    ])?;
    Ok(())
}

/// Takes one use. False where the invite does not work.
pub(crate) fn use_once(db: &Connection, token: &TokenHash, now: Timestamp) -> Result<Option<UserId>> {
    db.prepare_cached(
        "UPDATE invite SET uses_left = uses_left - 1
        WHERE token = ?1 AND uses_left > 0 AND revoked_at IS NULL AND expires_at > ?2 RETURNING made_by",
    )?
    .query_row(params![token.0, now.as_ms()], |row| row::id_at(row, 0))
    .optional()
}

pub(crate) fn prune(db: &Connection, before: Timestamp, limit: u32) -> Result<usize> {
    db.prepare_cached(
        "DELETE FROM invite WHERE id IN (SELECT id FROM invite WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)",
    )?
    .execute(params![before.as_ms(), limit])
}

pub(crate) fn find(db: &Connection, token: &TokenHash, now: Timestamp) -> Result<Option<InviteRecord>> {
    db.prepare_cached(
        "SELECT invite.id, made_by, user.name, expires_at, uses_left FROM invite JOIN user ON user.id = made_by
        WHERE token = ?1 AND uses_left > 0 AND revoked_at IS NULL AND expires_at > ?2",
    )?
    .query_row(params![token.0, now.as_ms()], row::invite)
    .optional()
}

/// Those that still work are few: they expire. The index holds no others but the expired ones that were not used up.
pub(crate) fn list(db: &Connection, made_by: Option<UserId>, now: Timestamp) -> Result<Vec<InviteRecord>> {
    db.prepare_cached(
        "SELECT invite.id, made_by, user.name, expires_at, uses_left FROM invite JOIN user ON user.id = made_by
        WHERE uses_left > 0 AND revoked_at IS NULL AND expires_at > ?1 AND (?2 IS NULL OR made_by = ?2)
        ORDER BY invite.created_at DESC, invite.id DESC LIMIT 200",
    )?
    .query_map(params![now.as_ms(), made_by.as_ref().map(UserId::as_bytes)], row::invite)?
    .collect()
}

pub(crate) fn revoke(
    db: &Connection,
    invite: InviteId,
    made_by: Option<UserId>,
    now: Timestamp,
) -> Result<bool> {
    let revoked = db
        .prepare_cached(
            "UPDATE invite SET revoked_at = ?3 WHERE id = ?1 AND (?2 IS NULL OR made_by = ?2)
            AND uses_left > 0 AND revoked_at IS NULL AND expires_at > ?3",
        )?
        .execute(params![
            invite.as_bytes(),
            made_by.as_ref().map(UserId::as_bytes),
            now.as_ms()
        ])?;
    Ok(revoked > 0)
}
