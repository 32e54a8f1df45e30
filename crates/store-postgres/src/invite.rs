//! Invites to the server.

use pipit_store::account::{InviteRecord, NewInvite, TokenHash};
use pipit_wire::{InviteId, Timestamp, UserId};

use crate::error::Error;
use crate::row;
use crate::session::{Session, params};

type Result<T> = std::result::Result<T, Error>;

pub(crate) async fn create(session: &Session, invite: &NewInvite) -> Result<()> {
    let own = "SELECT 1 FROM invite WHERE id = $1";
    if session.is_in_doubt() && session.first(own, params![invite.id.as_uuid()]).await?.is_some() {
        return Ok(());
    }
    session
        .run(
            "INSERT INTO invite (id, token, made_by, created_at, expires_at, uses_left)
            VALUES ($1, $2, $3, $4, $5, $6)",
            params![
                invite.id.as_uuid(),
                invite.token.0.as_slice(),
                invite.made_by.as_uuid(),
                invite.created_at.as_ms(),
                invite.expires_at.as_ms(),
                i64::from(invite.uses)
            ],
        )
        .await?;
    Ok(())
}

/// Nodes that do this at once do not wait for each other.
pub(crate) async fn prune(session: &Session, before: Timestamp, limit: u32) -> Result<u64> {
    session
        .run(
            "DELETE FROM invite WHERE id = ANY(ARRAY(
                SELECT id FROM invite WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
            params![before.as_ms(), i64::from(limit)],
        )
        .await
}

/// Takes one use. Changes nothing where the invite does not work.
pub(crate) const USE_ONCE: &str = "
    UPDATE invite SET uses_left = uses_left - 1
    WHERE token = $1 AND uses_left > 0 AND revoked_at IS NULL AND expires_at > $2";

pub(crate) async fn find(
    session: &Session,
    token: &TokenHash,
    now: Timestamp,
) -> Result<Option<InviteRecord>> {
    let row = session
        .first(
            "SELECT invite.id, made_by, account.name, expires_at, uses_left
            FROM invite JOIN account ON account.id = made_by
            WHERE token = $1 AND uses_left > 0 AND revoked_at IS NULL AND expires_at > $2",
            params![token.0.as_slice(), now.as_ms()],
        )
        .await?;
    row.map(|row| row::invite(&row)).transpose()
}

/// Those that still work are few: they expire. The index holds no others but the expired ones that were not used up.
pub(crate) async fn list(
    session: &Session,
    made_by: Option<UserId>,
    now: Timestamp,
) -> Result<Vec<InviteRecord>> {
    let rows = session
        .rows(
            "SELECT invite.id, made_by, account.name, expires_at, uses_left
            FROM invite JOIN account ON account.id = made_by
            WHERE uses_left > 0 AND revoked_at IS NULL AND expires_at > $1
                AND ($2::uuid IS NULL OR made_by = $2)
            ORDER BY invite.created_at DESC, invite.id DESC LIMIT 200",
            params![now.as_ms(), made_by.map(|user| user.as_uuid())],
        )
        .await?;
    rows.iter().map(row::invite).collect()
}

pub(crate) async fn revoke(
    session: &Session,
    invite: InviteId,
    made_by: Option<UserId>,
    now: Timestamp,
) -> Result<bool> {
    let revoked = session
        .run(
            "UPDATE invite SET revoked_at = $3 WHERE id = $1 AND ($2::uuid IS NULL OR made_by = $2)
            AND uses_left > 0 AND revoked_at IS NULL AND expires_at > $3",
            params![invite.as_uuid(), made_by.map(|user| user.as_uuid()), now.as_ms()],
        )
        .await?;
    if revoked == 0 && session.is_in_doubt() {
        let own = "SELECT 1 FROM invite WHERE id = $1 AND revoked_at = $2";
        let key = params![invite.as_uuid(), now.as_ms()];
        return Ok(session.first(own, key).await?.is_some());
    }
    Ok(revoked > 0)
}
