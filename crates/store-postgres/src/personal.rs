//! What a person keeps of a conversation for themselves.

use pipit_wire::frame::{Personal, PersonalChange};
use pipit_wire::{ConversationId, Timestamp, UserId};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::error::Error;
use crate::row::{self, at, seq_number};
use crate::session::{Session, params};
use crate::{push, schedule};

type Result<T> = std::result::Result<T, Error>;

/// What is left out of the change stays as it is, or is nothing where there was nothing.
const SET: &str = "
    INSERT INTO personal AS known
        (conversation, user_id, changed_at, archived_seq, pin, muted_until, marked_unread, draft, hidden, request, scheduled, notify)
    SELECT $1, $2, $3, coalesce($4::bigint, 0), coalesce($5::bigint, 0), coalesce($6::bigint, 0),
        coalesce($7::boolean, false), coalesce($8::text, ''),
        $9::bigint[], coalesce($10::smallint, 0::smallint), jsonb_strip_nulls($11::text::jsonb),
        coalesce($12::smallint, 0::smallint)
    FROM member WHERE conversation = $1 AND user_id = $2
    ON CONFLICT (conversation, user_id) DO UPDATE SET
        changed_at = greatest(excluded.changed_at, known.changed_at + 1),
        archived_seq = coalesce($4, known.archived_seq), pin = coalesce($5, known.pin),
        muted_until = coalesce($6, known.muted_until), marked_unread = coalesce($7, known.marked_unread),
        draft = coalesce($8, known.draft),
        hidden = CASE WHEN cardinality($9) = 0 THEN known.hidden
            ELSE ARRAY(SELECT DISTINCT seq FROM unnest(known.hidden || $9) AS seq ORDER BY seq) END,
        request = coalesce($10, known.request),
        scheduled = jsonb_strip_nulls(known.scheduled || $11::text::jsonb),
        notify = coalesce($12, known.notify)
    RETURNING changed_at, archived_seq, pin, muted_until, marked_unread, draft, hidden, request, asked_by,
        scheduled::text, notify";

/// New memberships are requests of somebody.
pub(crate) const ASK: &str = "
    INSERT INTO personal
        (conversation, user_id, changed_at, archived_seq, pin, muted_until, marked_unread, draft, hidden, request, asked_by)
    SELECT conversation, user_id, at, 0, 0, 0, false, '', '{}', 1, asked_by
    FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[]) AS asked (conversation, user_id, at, asked_by)";

pub(crate) async fn set(
    session: &Session,
    conversation: ConversationId,
    user: UserId,
    change: &PersonalChange,
    now: Timestamp,
) -> Result<Option<Personal>> {
    if change.schedule.is_empty() {
        return keep(session, conversation, user, change, now).await;
    }
    session.begin().await?;
    // Two changes of the same messages wait for each other here.
    session
        .rows(LOCK, params![conversation.as_uuid(), user.as_uuid()])
        .await?;
    let mut change = change.clone();
    schedule::leave_out_over(session, conversation, user, &mut change).await?;
    let kept = keep(session, conversation, user, &change, now).await?;
    if kept.is_none() {
        session.rollback().await?;
        return Ok(None);
    }
    schedule::note(session, conversation, user, &change, now).await?;
    session.commit().await?;
    Ok(kept)
}

const LOCK: &str = "SELECT 1 FROM member WHERE conversation = $1 AND user_id = $2 FOR NO KEY UPDATE";

async fn keep(
    session: &Session,
    conversation: ConversationId,
    user: UserId,
    change: &PersonalChange,
    now: Timestamp,
) -> Result<Option<Personal>> {
    let scheduled = serde_json::to_string(&change.schedule)?;
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
                change.hide.iter().copied().map(seq_number).collect::<Vec<i64>>(),
                change.request.map(row::request_number),
                scheduled,
                change.notify.map(push::notify_number)
            ],
        )
        .await?;
    row.map(|row| personal(&row, 0)).transpose()
}

/// From a row of `changed_at, archived_seq, pin, muted_until, marked_unread, draft, hidden, request, asked_by, scheduled, notify`, all null where there is
/// none.
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
        hidden: at::<Vec<i64>>(row, first + 6)?
            .into_iter()
            .map(row::seq)
            .collect::<Result<_>>()?,
        request: row::request(at(row, first + 7)?)?,
        asked_by: at::<Option<Uuid>>(row, first + 8)?.map(UserId::from),
        scheduled: schedule::schedule(row, first + 9)?,
        notify: push::notify(at(row, first + 10)?)?,
    })
}
