//! Markers, and what is unread after them.

use pipit_store::log::{ReceiptAdvance, ReceiptOutcome};
use pipit_wire::frame::Receipt;
use pipit_wire::{ConversationId, Seq, UserId};
use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::row::{self, seq_number};

/// Messages of others after a marker, counted up to a limit: one stretch of a partial index that has nothing but messages, and in
/// it everything that the question needs. It steps over one's own messages; that they are few after one's own marker is what
/// bounds it.
pub(crate) const UNREAD: &str = "
    SELECT count(*) FROM (
        SELECT 1 FROM event WHERE conversation = ?1 AND kind = 1 AND seq > ?2 AND sender <> ?3 LIMIT ?4
    )";

/// A member's markers, the end of the log, and whether it is a request that they have not accepted.
pub(crate) const MARKERS: &str = "
    SELECT member.delivered_seq, member.read_seq, conversation.last_seq, EXISTS (
        SELECT 1 FROM personal WHERE personal.conversation = ?1 AND personal.user = ?2 AND request > 0
    ) FROM member
    JOIN conversation ON conversation.id = member.conversation
    WHERE member.conversation = ?1 AND member.user = ?2";

struct Markers {
    delivered: Seq,
    read: Seq,
    last: Seq,
    unanswered: bool,
}

fn find_markers(db: &Connection, conversation: ConversationId, user: UserId) -> Result<Option<Markers>> {
    db.prepare_cached(MARKERS)?
        .query_row([conversation.as_bytes(), user.as_bytes()], |row| {
            Ok(Markers {
                delivered: row::seq_at(row, 0)?,
                read: row::seq_at(row, 1)?,
                last: row::seq_at(row, 2)?,
                unanswered: row.get(3)?,
            })
        })
        .optional()
}

pub(crate) fn advance(db: &Connection, batch: &[ReceiptAdvance]) -> Result<Vec<ReceiptOutcome>> {
    batch.iter().map(|advance| advance_one(db, advance)).collect()
}

fn advance_one(db: &Connection, advance: &ReceiptAdvance) -> Result<ReceiptOutcome> {
    let Some(old) = find_markers(db, advance.conversation, advance.user)? else {
        return Ok(ReceiptOutcome::NotMember);
    };
    let delivered_seq = advance.delivered_seq.max(advance.read_seq);
    if delivered_seq > old.last {
        return Ok(ReceiptOutcome::Ahead { last_seq: old.last });
    }
    // A stranger learns nothing: `model` says so of `MarkReceipt`.
    if old.unanswered {
        return Ok(ReceiptOutcome::Unchanged);
    }
    let new = Receipt {
        conversation: advance.conversation,
        user: advance.user,
        delivered_seq: delivered_seq.max(old.delivered),
        read_seq: advance.read_seq.max(old.read),
    };
    if (new.delivered_seq, new.read_seq) == (old.delivered, old.read) {
        return Ok(ReceiptOutcome::Unchanged);
    }
    db.prepare_cached(
        "UPDATE member SET delivered_seq = ?3, read_seq = ?4 WHERE conversation = ?1 AND user = ?2",
    )?
    .execute(params![
        advance.conversation.as_bytes(),
        advance.user.as_bytes(),
        seq_number(new.delivered_seq),
        seq_number(new.read_seq)
    ])?;
    Ok(ReceiptOutcome::Advanced {
        receipt: new,
        delivered: new.delivered_seq != old.delivered,
    })
}

pub(crate) fn list(db: &Connection, conversation: ConversationId, limit: u32) -> Result<Vec<Receipt>> {
    db.prepare_cached("SELECT user, delivered_seq, read_seq FROM member WHERE conversation = ?1 LIMIT ?2")?
        .query_map(params![conversation.as_bytes(), limit], |row| {
            row::receipt(conversation, row)
        })?
        .collect()
}

pub(crate) fn count_unread(
    db: &Connection,
    conversation: ConversationId,
    user: UserId,
    limit: u32,
) -> Result<Option<u32>> {
    match find_markers(db, conversation, user)? {
        Some(markers) => unread_after(db, conversation, user, markers.read, limit).map(Some),
        None => Ok(None),
    }
}

pub(crate) fn unread_after(
    db: &Connection,
    conversation: ConversationId,
    user: UserId,
    read_seq: Seq,
    limit: u32,
) -> Result<u32> {
    db.prepare_cached(UNREAD)?.query_row(
        params![
            conversation.as_bytes(),
            seq_number(read_seq),
            user.as_bytes(),
            limit
        ],
        |row| row.get(0),
    )
}
