//! Who comes into a group by a link, who waits to be let in, and who is kept out.

use pipit_store::account::TokenHash;
use pipit_store::group::{GroupInviteRecord, JoinRequestRecord, NewGroupInvite, NewJoinRequest, Requested};
use pipit_wire::{ConversationId, InviteId, Timestamp, UserId};
use tokio_postgres::Row;

use crate::error::{Error, corrupt};
use crate::invite;
use crate::row::{self, at};
use crate::session::{Session, params};

type Result<T> = std::result::Result<T, Error>;

pub(crate) async fn create(session: &Session, new: &NewGroupInvite) -> Result<()> {
    let own = "SELECT 1 FROM group_invite WHERE id = $1";
    if session.is_in_doubt() && session.first(own, params![new.id.as_uuid()]).await?.is_some() {
        return Ok(());
    }
    session
        .run(
            "INSERT INTO group_invite
                (id, token, conversation, made_by, created_at, expires_at, uses_left, approval)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            params![
                new.id.as_uuid(),
                new.token.0.as_slice(),
                new.conversation.as_uuid(),
                new.made_by.as_uuid(),
                new.created_at.as_ms(),
                new.expires_at.as_ms(),
                i64::from(new.uses),
                new.approval
            ],
        )
        .await?;
    Ok(())
}

macro_rules! invites {
    ($which:literal) => {
        concat!(
            "SELECT group_invite.id, conversation, expires_at, uses_left, approval, account.id, account.handle,
                account.name, uses_left > 0 AND revoked_at IS NULL AND expires_at > $1
            FROM group_invite JOIN account ON account.id = made_by WHERE ",
            $which
        )
    };
}

pub(crate) async fn find(
    session: &Session,
    token: &TokenHash,
    now: Timestamp,
) -> Result<Option<GroupInviteRecord>> {
    let key = params![now.as_ms(), token.0.as_slice()];
    let row = session.first(invites!("token = $2"), key).await?;
    row.map(|row| invite(&row)).transpose()
}

pub(crate) async fn list(
    session: &Session,
    conversation: ConversationId,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<GroupInviteRecord>> {
    let sql = invites!(
        "conversation = $2 AND uses_left > 0 AND revoked_at IS NULL AND expires_at > $1
        ORDER BY group_invite.created_at DESC, group_invite.id DESC LIMIT $3"
    );
    let key = params![now.as_ms(), conversation.as_uuid(), i64::from(limit)];
    session.rows(sql, key).await?.iter().map(invite).collect()
}

fn invite(row: &Row) -> Result<GroupInviteRecord> {
    Ok(GroupInviteRecord {
        id: row::id_at(row, 0)?,
        conversation: row::id_at(row, 1)?,
        expires_at: row::time_at(row, 2)?,
        uses_left: row::count_at(row, 3)?,
        approval: at(row, 4)?,
        made_by: row::profile(row, 5)?,
        works: at(row, 8)?,
    })
}

pub(crate) async fn use_once(session: &Session, invite: InviteId, now: Timestamp) -> Result<bool> {
    let used = session
        .run(
            "UPDATE group_invite SET uses_left = uses_left - 1
            WHERE id = $1 AND uses_left > 0 AND revoked_at IS NULL AND expires_at > $2",
            params![invite.as_uuid(), now.as_ms()],
        )
        .await?;
    Ok(used > 0)
}

pub(crate) async fn revoke(
    session: &Session,
    conversation: ConversationId,
    invite: InviteId,
    now: Timestamp,
) -> Result<bool> {
    let revoked = session
        .run(
            "UPDATE group_invite SET revoked_at = $3
            WHERE id = $1 AND conversation = $2 AND uses_left > 0 AND revoked_at IS NULL AND expires_at > $3",
            params![invite.as_uuid(), conversation.as_uuid(), now.as_ms()],
        )
        .await?;
    Ok(revoked > 0)
}

/// Forgets invites of both kinds.
pub(crate) async fn prune(session: &Session, before: Timestamp, limit: u32) -> Result<u64> {
    let to_server = invite::prune(session, before, limit).await?;
    let to_groups = session
        .run(
            "DELETE FROM group_invite WHERE id = ANY(ARRAY(
                SELECT id FROM group_invite WHERE expires_at < $1 ORDER BY expires_at LIMIT $2
                FOR UPDATE SKIP LOCKED))",
            params![before.as_ms(), i64::from(limit)],
        )
        .await?;
    Ok(to_server.max(to_groups))
}

/// Requests of one group come one after another: whoever appends to it waits for them too, and they are rare.
const LOCK: &str = "SELECT 1 FROM conversation WHERE id = $1 FOR NO KEY UPDATE";
const REQUEST: &str = "
    WITH before AS (
        SELECT EXISTS (SELECT 1 FROM join_request WHERE conversation = $1 AND user_id = $2) AS known,
            (SELECT count(*) FROM join_request WHERE conversation = $1) >= $5 AS full_up
    ), used AS (
        UPDATE group_invite SET uses_left = uses_left - 1 FROM before
        WHERE id = $3 AND uses_left > 0 AND revoked_at IS NULL AND expires_at > $4
            AND NOT before.known AND NOT before.full_up
        RETURNING 1
    ), made AS (
        INSERT INTO join_request (conversation, user_id, at) SELECT $1, $2, $4 FROM used RETURNING 1
    )
    SELECT known, full_up, EXISTS (SELECT 1 FROM made) FROM before";

pub(crate) async fn request(session: &Session, new: &NewJoinRequest) -> Result<Requested> {
    let lock = session.prepare(LOCK).await?;
    let request = session.prepare(REQUEST).await?;
    let place = params![new.conversation.as_uuid()];
    let row = params![
        new.conversation.as_uuid(),
        new.user.as_uuid(),
        new.invite.as_uuid(),
        new.now.as_ms(),
        i64::from(new.requests_max)
    ];
    let (begun, locked, requested, committed) = tokio::join!(
        biased;
        session.begin(),
        session.query(&lock, place),
        session.query(&request, row),
        session.commit(),
    );
    begun?;
    locked?;
    let requested = requested?;
    committed?;
    let row = requested
        .first()
        .ok_or_else(|| corrupt("a request has no outcome"))?;
    let (known, full, made): (bool, bool, bool) = (at(row, 0)?, at(row, 1)?, at(row, 2)?);
    Ok(match (known, full, made) {
        (true, ..) => Requested::Known,
        (_, true, _) => Requested::Full,
        (_, _, true) => Requested::Made,
        _ => Requested::NoInvite,
    })
}

pub(crate) async fn has_request(
    session: &Session,
    conversation: ConversationId,
    user: UserId,
) -> Result<bool> {
    let sql = "SELECT 1 FROM join_request WHERE conversation = $1 AND user_id = $2";
    let key = params![conversation.as_uuid(), user.as_uuid()];
    Ok(session.first(sql, key).await?.is_some())
}

pub(crate) async fn list_requests(
    session: &Session,
    conversation: ConversationId,
    limit: u32,
) -> Result<Vec<JoinRequestRecord>> {
    let rows = session
        .rows(
            "SELECT account.id, account.handle, account.name, at
            FROM join_request JOIN account ON account.id = join_request.user_id
            WHERE conversation = $1 ORDER BY at, account.id LIMIT $2",
            params![conversation.as_uuid(), i64::from(limit)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(JoinRequestRecord {
                profile: row::profile(row, 0)?,
                at: row::time_at(row, 3)?,
            })
        })
        .collect()
}

pub(crate) async fn remove_request(
    session: &Session,
    conversation: ConversationId,
    user: UserId,
) -> Result<bool> {
    let removed = session
        .run(
            "DELETE FROM join_request WHERE conversation = $1 AND user_id = $2",
            params![conversation.as_uuid(), user.as_uuid()],
        )
        .await?;
    Ok(removed > 0)
}
