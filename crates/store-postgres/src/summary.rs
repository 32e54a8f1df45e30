//! Conversations as one of their members sees them in the list.
//!
//! A page takes two flights whatever its length: the conversations with their last message and their unread count, then the
//! members of all of them.

use std::collections::HashMap;

use pipit_store::change;
use pipit_wire::frame::{ConversationSummary, ListPosition, Member};
use pipit_wire::limits::SUMMARY_MEMBERS_MAX;
use pipit_wire::{ConversationId, Event, UserId};
use tokio_postgres::{Row, Statement};
use uuid::Uuid;

use crate::error::Error;
use crate::personal;
use crate::privacy::read_seq_for;
use crate::row::{self, at, event_columns};
use crate::session::{BEGIN_READ, Params, Session, params};

type Result<T> = std::result::Result<T, Error>;

/// How far unread messages are counted: beyond it, the number itself tells nobody anything.
const UNREAD_MAX: i64 = 1_000;

macro_rules! page {
    ($which:literal, $order:literal) => {
        concat!(
            "WITH place AS MATERIALIZED (
                SELECT conversation.id FROM member JOIN conversation ON conversation.id = member.conversation
                WHERE member.user_id = $1 AND ",
            $which,
            "), page AS MATERIALIZED (
                SELECT conversation.*, member.first_seq, member.role, member.delivered_seq, member.read_seq
                FROM place JOIN conversation ON conversation.id = place.id
                    JOIN member ON member.conversation = place.id AND member.user_id = $1
            )
            SELECT page.id, page.kind, page.title, page.member_count, page.first_seq, page.last_seq, page.last_at,
                unread.count, account.id, account.handle, account.name, page.role, page.delivered_seq, page.read_seq,
                account.face, ",
            event_columns!(),
            ", personal.changed_at, personal.archived_seq, personal.pin, personal.muted_until,
                personal.marked_unread, personal.draft, personal.hidden, personal.request, personal.asked_by, personal.scheduled::text, personal.notify, edit.body, page.topic, page.announcements, page.history,
                page.expire_after_ms, page.avatar,
                CASE WHEN page.role >= 2 THEN (SELECT count(*) FROM join_request WHERE conversation = page.id) ELSE 0 END,
                page.encrypted
            FROM page JOIN account ON account.id = $1
            LEFT JOIN personal ON personal.conversation = page.id AND personal.user_id = $1
            LEFT JOIN LATERAL (
                SELECT * FROM event WHERE conversation = page.id AND seq = page.last_message_seq
                    AND page.last_message_seq >= page.first_seq LIMIT 1
            ) AS event ON true
            LEFT JOIN LATERAL (
                SELECT edit.body FROM message_state AS state CROSS JOIN LATERAL (
                    SELECT body FROM event AS edit WHERE edit.conversation = page.id AND edit.seq = state.edit_seq LIMIT 1
                ) AS edit
                WHERE state.conversation = page.id AND state.message_seq = event.seq AND state.edit_seq > 0 LIMIT 1
            ) AS edit ON true
            CROSS JOIN LATERAL (
                SELECT count(*) AS count FROM (
                    SELECT 1 FROM event WHERE conversation = page.id AND kind = 1 AND seq > page.read_seq
                        AND sender <> $1 LIMIT $2
                ) AS message
            ) AS unread ",
            $order
        )
    };
}

/// The first page of a person's list. The times of all of a person's conversations are looked up and sorted for each page; keeping
/// them sorted would cost a write for every member with every message. Everything else is looked up for those on the page only.
pub(crate) const FIRST_PAGE: &str = page!(
    "true ORDER BY last_at DESC, id DESC LIMIT $3",
    "ORDER BY page.last_at DESC, page.id DESC"
);
/// A later page.
pub(crate) const NEXT_PAGE: &str = page!(
    "(last_at, id) < ($4, $5) ORDER BY last_at DESC, id DESC LIMIT $3",
    "ORDER BY page.last_at DESC, page.id DESC"
);
const ONE: &str = page!("member.conversation = $3", "");

/// The first members of each conversation.
pub(crate) const MEMBERS: &str = concat!(
    "SELECT page.id, account.id, account.handle, account.name, member.role, member.delivered_seq, ",
    read_seq_for!("$3"),
    ", account.face
    FROM unnest($1::uuid[]) AS page (id) CROSS JOIN LATERAL (
        SELECT * FROM member WHERE conversation = page.id ORDER BY first_seq, user_id LIMIT $2
    ) AS member JOIN account ON account.id = member.user_id
    ORDER BY page.id, member.first_seq, member.user_id"
);

pub(crate) async fn list(
    session: &Session,
    user: UserId,
    after: Option<ListPosition>,
    limit: u32,
) -> Result<Vec<ConversationSummary>> {
    let (user, limit) = (user.as_uuid(), i64::from(limit));
    match after {
        None => {
            let page = session.prepare(FIRST_PAGE).await?;
            find_page(session, &page, user, params![user, UNREAD_MAX, limit]).await
        }
        Some(after) => {
            let page = session.prepare(NEXT_PAGE).await?;
            let (at, id) = (after.last_at.as_ms(), after.conversation.as_uuid());
            find_page(session, &page, user, params![user, UNREAD_MAX, limit, at, id]).await
        }
    }
}

pub(crate) async fn find(
    session: &Session,
    conversation: ConversationId,
    user: UserId,
) -> Result<Option<ConversationSummary>> {
    let one = session.prepare(ONE).await?;
    let key = params![user.as_uuid(), UNREAD_MAX, conversation.as_uuid()];
    Ok(find_page(session, &one, user.as_uuid(), key).await?.pop())
}

async fn find_page(
    session: &Session,
    page: &Statement,
    viewer: Uuid,
    key: Params<'_>,
) -> Result<Vec<ConversationSummary>> {
    let find_members = session.prepare(MEMBERS).await?;
    let (begun, rows) = tokio::join!(biased; session.control(BEGIN_READ), session.query(page, key));
    begun?;
    let rows = rows?;
    let mut ids: Vec<Uuid> = Vec::with_capacity(rows.len());
    for row in &rows {
        ids.push(at(row, 0)?);
    }
    let limit = i64::try_from(SUMMARY_MEMBERS_MAX).unwrap_or(i64::MAX);
    let which = params![ids, limit, viewer];
    let (members, committed) = tokio::join!(biased; session.query(&find_members, which), session.commit());
    let mut members = by_conversation(&members?)?;
    committed?;
    rows.iter()
        .map(|row| {
            let members = members.remove(&row::id_at(row, 0)?).unwrap_or_default();
            summary(row, members)
        })
        .collect()
}

fn by_conversation(rows: &[Row]) -> Result<HashMap<ConversationId, Vec<Member>>> {
    let mut members: HashMap<ConversationId, Vec<Member>> = HashMap::new();
    for row in rows {
        members
            .entry(row::id_at(row, 0)?)
            .or_default()
            .push(row::member(row, 1)?);
    }
    Ok(members)
}

/// A summary with the first members, and whoever asks among them: in the last place, where they would not be.
fn summary(row: &Row, mut members: Vec<Member>) -> Result<ConversationSummary> {
    let asker = row::member(row, 8)?;
    if !members
        .iter()
        .any(|member| member.profile.user == asker.profile.user)
    {
        members.pop();
        members.push(asker);
    }
    Ok(ConversationSummary {
        id: row::id_at(row, 0)?,
        kind: row::conversation_kind(at(row, 1)?)?,
        title: at(row, 2)?,
        encrypted: at(row, 40)?,
        member_count: row::count_at(row, 3)?,
        members,
        first_seq: row::seq_at(row, 4)?,
        last_seq: row::seq_at(row, 5)?,
        last_at: row::time_at(row, 6)?,
        last_message: last_message(row)?,
        unread: row::count_at(row, 7)?,
        settings: row::settings(row, 34)?,
        join_requests: row::count_at(row, 39)?,
        personal: personal::personal(row, 22)?,
    })
}

/// The last message, as its last edit leaves it.
fn last_message(row: &Row) -> Result<Option<Event>> {
    let Some(event) = row::optional_event(row, 15)? else {
        return Ok(None);
    };
    if at::<Option<&str>>(row, 33)?.is_none() {
        return Ok(Some(event));
    }
    let edit = row::body(event.conversation, row, 33)?;
    Ok(Some(Event {
        body: change::edited(event.body, &edit),
        ..event
    }))
}
