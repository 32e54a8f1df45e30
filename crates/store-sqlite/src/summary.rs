//! Conversations as one of their members sees them in the list.

use pipit_wire::event::Role;
use pipit_wire::frame::{ConversationSummary, ListPosition, Member, Personal};
use pipit_wire::limits::SUMMARY_MEMBERS_MAX;
use pipit_wire::{ConversationId, Seq, UserId};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::{change, conversation, joining, log, personal, receipt, row};

/// How far unread messages are counted: beyond it, the number itself tells nobody anything.
const UNREAD_MAX: u32 = 1_000;
const MEMBERS_MAX: u32 = {
    assert!(SUMMARY_MEMBERS_MAX == 32, "the number of members in a summary");
    32
};

macro_rules! summary_columns {
    () => {
        "conversation.id, kind, title, member_count, last_seq, last_at, last_message_seq,
        member.first_seq, member.read_seq, topic, announcements, history, expire_after_ms, avatar, member.role, encrypted"
    };
}

macro_rules! page {
    ($which:literal) => {
        concat!(
            "SELECT ",
            summary_columns!(),
            " FROM (
                SELECT conversation.id AS place FROM member JOIN conversation ON conversation.id = member.conversation
                WHERE member.user = ?1 AND ",
            $which,
            " ORDER BY last_at DESC, conversation.id DESC LIMIT ?2
            ) AS page
            CROSS JOIN conversation ON conversation.id = page.place
            CROSS JOIN member ON member.conversation = page.place AND member.user = ?1
            ORDER BY last_at DESC, conversation.id DESC"
        )
    };
}

/// The first page of a person's list. The times of all of a person's conversations are looked up and sorted for each page; keeping
/// them sorted would cost a write for every member with every message. Everything else is looked up for those on the page only.
pub(crate) const FIRST_PAGE: &str = page!("true");
/// A later page.
pub(crate) const NEXT_PAGE: &str = page!("(last_at, conversation.id) < (?3, ?4)");
const ONE: &str = concat!(
    "SELECT ",
    summary_columns!(),
    " FROM member JOIN conversation ON conversation.id = member.conversation
    WHERE member.user = ?1 AND member.conversation = ?2"
);

pub(crate) fn list(
    db: &Connection,
    user: UserId,
    after: Option<ListPosition>,
    limit: u32,
) -> Result<Vec<ConversationSummary>> {
    let rows: Vec<SummaryRow> = match after {
        None => db
            .prepare_cached(FIRST_PAGE)?
            .query_map(params![user.as_bytes(), limit], summary_row)?
            .collect::<Result<_>>()?,
        Some(position) => db
            .prepare_cached(NEXT_PAGE)?
            .query_map(
                params![
                    user.as_bytes(),
                    limit,
                    position.last_at.as_ms(),
                    position.conversation.as_bytes()
                ],
                summary_row,
            )?
            .collect::<Result<_>>()?,
    };
    rows.into_iter().map(|row| complete(db, user, row)).collect()
}

pub(crate) fn find(
    db: &Connection,
    conversation: ConversationId,
    user: UserId,
) -> Result<Option<ConversationSummary>> {
    let row = db
        .prepare_cached(ONE)?
        .query_row([user.as_bytes(), conversation.as_bytes()], summary_row)
        .optional()?;
    row.map(|row| complete(db, user, row)).transpose()
}

/// A summary without what is looked up for each, and what that needs.
struct SummaryRow {
    summary: ConversationSummary,
    last_message_seq: Seq,
    read_seq: Seq,
    role: Role,
}

fn summary_row(row: &Row<'_>) -> Result<SummaryRow> {
    Ok(SummaryRow {
        summary: ConversationSummary {
            id: row::id_at(row, 0)?,
            kind: row::conversation_kind(row.get(1)?)?,
            title: row.get(2)?,
            encrypted: row.get(15)?,
            member_count: row.get(3)?,
            members: Vec::new(),
            first_seq: row::seq_at(row, 7)?,
            last_seq: row::seq_at(row, 4)?,
            last_at: row::time_at(row, 5)?,
            last_message: None,
            unread: 0,
            settings: row::settings(row, 9)?,
            join_requests: 0,
            personal: Personal::default(),
        },
        last_message_seq: row::seq_at(row, 6)?,
        read_seq: row::seq_at(row, 8)?,
        role: row::role(row.get(14)?)?,
    })
}

fn complete(db: &Connection, user: UserId, row: SummaryRow) -> Result<ConversationSummary> {
    let mut summary = row.summary;
    summary.members = find_members(db, summary.id, user)?;
    if row.last_message_seq >= summary.first_seq {
        let last = log::find_at(db, summary.id, row.last_message_seq)?;
        summary.last_message = last.map(|event| change::as_it_is(db, event)).transpose()?;
    }
    if row.role >= Role::Admin {
        summary.join_requests = joining::count_requests(db, summary.id)?;
    }
    summary.personal = personal::find(db, summary.id, user)?;
    summary.unread = receipt::unread_after(db, summary.id, user, row.read_seq, UNREAD_MAX)?;
    Ok(summary)
}

/// The first members, with whoever asks among them: in the last place, where they would not be.
fn find_members(db: &Connection, conversation: ConversationId, user: UserId) -> Result<Vec<Member>> {
    let mut members = conversation::list_members(db, conversation, user, None, MEMBERS_MAX)?;
    if members.iter().any(|member| member.profile.user == user) {
        return Ok(members);
    }
    let asker = db
        .prepare_cached(
            "SELECT user.id, user.handle, user.name, member.role, member.delivered_seq, member.read_seq, user.face
            FROM member JOIN user ON user.id = member.user
            WHERE member.conversation = ?1 AND member.user = ?2",
        )?
        .query_row([conversation.as_bytes(), user.as_bytes()], row::member)?;
    members.pop();
    members.push(asker);
    Ok(members)
}
