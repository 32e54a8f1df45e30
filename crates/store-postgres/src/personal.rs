//! What a person keeps of a conversation for themselves.

use pipit_wire::frame::{Personal, PersonalChange};
use pipit_wire::{ConversationId, Timestamp, UserId};
use tokio_postgres::Row;

use crate::error::Error;
use crate::row::{self, at, seq_number};
use crate::session::{Session, params};

type Result<T> = std::result::Result<T, Error>;

/// What is left out of the change stays as it is, or is nothing where there was nothing.
const SET: &str = "
    INSERT INTO personal AS known
        (conversation, user_id, changed_at, archived_seq, pin, muted_until, marked_unread, draft, request)
    SELECT $1, $2, $3, coalesce($4::bigint, 0), coalesce($5::bigint, 0), coalesce($6::bigint, 0),
        coalesce($7::boolean, false), coalesce($8::text, ''), coalesce($9::smallint, 0::smallint)
    FROM member WHERE conversation = $1 AND user_id = $2
    ON CONFLICT (conversation, user_id) DO UPDATE SET
        changed_at = greatest(excluded.changed_at, known.changed_at + 1),
        archived_seq = coalesce($4, known.archived_seq), pin = coalesce($5, known.pin),
        muted_until = coalesce($6, known.muted_until), marked_unread = coalesce($7, known.marked_unread),
        draft = coalesce($8, known.draft), request = coalesce($9, known.request)
    RETURNING changed_at, archived_seq, pin, muted_until, marked_unread, draft, request";

/// The request that a new conversation is to somebody.
pub(crate) const ASK: &str = "
    INSERT INTO personal
        (conversation, user_id, changed_at, archived_seq, pin, muted_until, marked_unread, draft, request)
    VALUES ($1, $2, $3, 0, 0, 0, false, '', $4)";

pub(crate) async fn set(
    session: &Session,
    conversation: ConversationId,
    user: UserId,
    change: &PersonalChange,
    now: Timestamp,
) -> Result<Option<Personal>> {
    let row = session
        .first(
            SET,
            params![
                conversation.as_uuid(),
                user.as_uuid(),
                now.as_ms(),
                change.archived_seq.map(seq_number),
                change.pin.map(i64::from),
                change.muted_until.map(Timestamp::as_ms),
                change.marked_unread,
                change.draft,
                change.request.map(row::request_number)
            ],
        )
        .await?;
    row.map(|row| personal(&row, 0)).transpose()
}

/// From a row of `changed_at, archived_seq, pin, muted_until, marked_unread, draft, request`, all null where there is none.
pub(crate) fn personal(row: &Row, first: usize) -> Result<Personal> {
    let Some(changed_at) = at::<Option<i64>>(row, first)? else {
        return Ok(Personal::default());
    };
    Ok(Personal {
        changed_at: Timestamp(changed_at),
        archived_seq: row::seq_at(row, first + 1)?,
        pin: row::count_at(row, first + 2)?,
        muted_until: row::time_at(row, first + 3)?,
        marked_unread: at(row, first + 4)?,
        draft: at(row, first + 5)?,
        request: row::request(at(row, first + 6)?)?,
    })
}
