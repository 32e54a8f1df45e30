//! What a person keeps of a conversation for themselves. What they have deleted for themselves is a JSON array of places, read and written
//! as a whole: it is short.

use std::collections::BTreeSet;

use pipit_wire::frame::{Personal, PersonalChange, RequestState};
use pipit_wire::{ConversationId, Seq, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::conversation;
use crate::error::corrupt;
use crate::row::{self, seq_number};
use crate::{push, schedule};

/// What somebody keeps of a conversation.
pub(crate) const FIND: &str = "
    SELECT changed_at, archived_seq, pin, muted_until, marked_unread, draft, hidden, request, asked_by, scheduled, notify FROM personal
    WHERE conversation = ?1 AND user = ?2";

pub(crate) fn find(db: &Connection, conversation: ConversationId, user: UserId) -> Result<Personal> {
    let found = db
        .prepare_cached(FIND)?
        .query_row([conversation.as_bytes(), user.as_bytes()], personal)
        .optional()?;
    Ok(found.unwrap_or_default())
}

pub(crate) fn set(
    db: &Connection,
    conversation: ConversationId,
    user: UserId,
    mut change: PersonalChange,
    now: Timestamp,
) -> Result<Option<Personal>> {
    if conversation::find_standing(db, conversation, user)?.is_none() {
        return Ok(None);
    }
    schedule::leave_out_over(db, conversation, user, &mut change)?;
    let before = find(db, conversation, user)?;
    let changed_at = now.max(before.changed_at.plus_ms(1));
    let personal = Personal {
        changed_at,
        ..before.with(&change)
    };
    save(db, conversation, user, &personal)?;
    schedule::note(db, conversation, user, &change, now)?;
    Ok(Some(personal))
}

/// A new membership is a request of somebody.
pub(crate) fn ask(
    db: &Connection,
    conversation: ConversationId,
    user: UserId,
    by: UserId,
    now: Timestamp,
) -> Result<()> {
    let personal = Personal {
        changed_at: now,
        request: RequestState::Waiting,
        asked_by: Some(by),
        ..Personal::default()
    };
    save(db, conversation, user, &personal)
}

fn save(db: &Connection, conversation: ConversationId, user: UserId, personal: &Personal) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO personal
            (conversation, user, changed_at, archived_seq, pin, muted_until, marked_unread, draft, hidden, request,
                asked_by, scheduled, notify)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
        ON CONFLICT (conversation, user) DO UPDATE SET changed_at = excluded.changed_at,
            archived_seq = excluded.archived_seq, pin = excluded.pin, muted_until = excluded.muted_until,
            marked_unread = excluded.marked_unread, draft = excluded.draft,
            hidden = excluded.hidden, request = excluded.request,
            scheduled = excluded.scheduled, notify = excluded.notify",
    )?
    .execute(params![
        conversation.as_bytes(),
        user.as_bytes(),
        personal.changed_at.as_ms(),
        seq_number(personal.archived_seq),
        personal.pin,
        personal.muted_until.as_ms(),
        personal.marked_unread,
        personal.draft,
        places_text(&personal.hidden)?,
        row::request_number(personal.request),
        personal.asked_by.as_ref().map(UserId::as_bytes),
        schedule::schedule_text(&personal.scheduled)?,
        push::notify_number(personal.notify)
    ])?;
    Ok(())
}

/// Where a request to somebody stands.
pub(crate) fn find_request(
    db: &Connection,
    conversation: ConversationId,
    user: UserId,
) -> Result<RequestState> {
    let found = db
        .prepare_cached("SELECT request FROM personal WHERE conversation = ?1 AND user = ?2")?
        .query_row([conversation.as_bytes(), user.as_bytes()], |found| {
            row::request(found.get(0)?)
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

fn personal(row: &Row<'_>) -> Result<Personal> {
    Ok(Personal {
        changed_at: row::time_at(row, 0)?,
        archived_seq: row::seq_at(row, 1)?,
        pin: row.get(2)?,
        muted_until: row::time_at(row, 3)?,
        marked_unread: row.get(4)?,
        draft: row.get(5)?,
        hidden: places(row, 6)?,
        request: row::request(row.get(7)?)?,
        asked_by: row::optional_id_at(row, 8)?,
        scheduled: schedule::schedule(row, 9)?,
        notify: push::notify(row.get(10)?)?,
    })
}

fn places(row: &Row<'_>, column: usize) -> Result<BTreeSet<Seq>> {
    let text = row
        .get_ref(column)?
        .as_str()
        .map_err(|error| corrupt(error.to_string()))?;
    serde_json::from_str(text).map_err(|error| corrupt(format!("what is hidden cannot be read: {error}")))
}

fn places_text(places: &BTreeSet<Seq>) -> Result<String> {
    serde_json::to_string(places).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}
