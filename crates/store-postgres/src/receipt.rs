//! Markers, and what is unread after them.

use std::collections::HashMap;

use pipit_store::log::{ReceiptAdvance, ReceiptOutcome};
use pipit_wire::frame::Receipt;
use pipit_wire::{ConversationId, Seq, UserId};
use uuid::Uuid;

use crate::error::Error;
use crate::row::{self, seq_number};
use crate::session::{Session, params};

type Result<T> = std::result::Result<T, Error>;

/// Messages of others after a marker, counted up to a limit: one stretch of a partial index that has nothing but messages, and in
/// it everything that the question needs. It steps over one's own messages; that they are few after one's own marker is what
/// bounds it.
pub(crate) const UNREAD: &str = "
    SELECT unread.count FROM member CROSS JOIN LATERAL (
        SELECT count(*) AS count FROM (
            SELECT 1 FROM event WHERE conversation = $1 AND kind = 1 AND seq > member.read_seq AND sender <> $2 LIMIT $3
        ) AS message
    ) AS unread
    WHERE member.conversation = $1 AND member.user_id = $2";

/// The markers of members, the ends of the logs, and whether it is a request that they have not accepted.
pub(crate) const MARKERS: &str = "
    SELECT member.conversation, member.user_id, member.delivered_seq, member.read_seq, conversation.last_seq, EXISTS (
            SELECT 1 FROM personal WHERE personal.conversation = member.conversation
                AND personal.user_id = member.user_id AND request > 0)
    FROM unnest($1::uuid[], $2::uuid[]) AS asked (conversation, user_id)
        JOIN member ON member.conversation = asked.conversation AND member.user_id = asked.user_id
        JOIN conversation ON conversation.id = asked.conversation";

/// In the order of the key, so that two batches with the same members wait for each other and do not block each other.
const LOCK: &str = "
    SELECT 1 FROM member JOIN unnest($1::uuid[], $2::uuid[]) AS asked (conversation, user_id)
        ON member.conversation = asked.conversation AND member.user_id = asked.user_id
    ORDER BY member.conversation, member.user_id FOR NO KEY UPDATE OF member";
pub(crate) const ADVANCE: &str = "
    UPDATE member SET delivered_seq = greatest(member.delivered_seq, target.delivered_seq),
        read_seq = greatest(member.read_seq, target.read_seq)
    FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[])
        AS target (conversation, user_id, delivered_seq, read_seq)
    WHERE member.conversation = target.conversation AND member.user_id = target.user_id
    RETURNING member.conversation, member.user_id, member.delivered_seq, member.read_seq";

type Key = (ConversationId, UserId);

struct Markers {
    delivered: Seq,
    read: Seq,
    last: Seq,
    moved: bool,
    unanswered: bool,
}

/// Two flights where a marker moves, one where none does. What is read in the first is not locked: markers and logs only grow,
/// so a marker that is there already stays there, and the second never moves one back.
pub(crate) async fn advance(session: &Session, batch: &[ReceiptAdvance]) -> Result<Vec<ReceiptOutcome>> {
    let mut markers = find_markers(session, batch).await?;
    let mut outcomes: Vec<ReceiptOutcome> = batch
        .iter()
        .map(
            |advance| match markers.get_mut(&(advance.conversation, advance.user)) {
                Some(markers) => advance_one(markers, advance, session.is_in_doubt()),
                None => ReceiptOutcome::NotMember,
            },
        )
        .collect();
    markers.retain(|_, markers| markers.moved);
    if markers.is_empty() {
        return Ok(outcomes);
    }
    let now = write(session, &markers).await?;
    for outcome in &mut outcomes {
        if let ReceiptOutcome::Advanced { receipt, .. } = *outcome
            && markers.contains_key(&(receipt.conversation, receipt.user))
            && !now.contains_key(&(receipt.conversation, receipt.user))
        {
            // Removed between the two flights.
            *outcome = ReceiptOutcome::NotMember;
        }
    }
    Ok(outcomes)
}

async fn find_markers(session: &Session, batch: &[ReceiptAdvance]) -> Result<HashMap<Key, Markers>> {
    let conversations: Vec<Uuid> = batch
        .iter()
        .map(|advance| advance.conversation.as_uuid())
        .collect();
    let users: Vec<Uuid> = batch.iter().map(|advance| advance.user.as_uuid()).collect();
    let rows = session.rows(MARKERS, params![conversations, users]).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        let markers = Markers {
            delivered: row::seq_at(row, 2)?,
            read: row::seq_at(row, 3)?,
            last: row::seq_at(row, 4)?,
            moved: false,
            unanswered: row::at(row, 5)?,
        };
        found.insert((row::id_at(row, 0)?, row::id_at(row, 1)?), markers);
    }
    Ok(found)
}

/// In doubt, what is there already counts as moved: an earlier try may have done it, and then nobody has announced it.
fn advance_one(old: &mut Markers, advance: &ReceiptAdvance, in_doubt: bool) -> ReceiptOutcome {
    let delivered_seq = advance.delivered_seq.max(advance.read_seq);
    if delivered_seq > old.last {
        return ReceiptOutcome::Ahead { last_seq: old.last };
    }
    // A stranger learns nothing: `model` says so of `MarkReceipt`.
    if old.unanswered {
        return ReceiptOutcome::Unchanged;
    }
    let delivered = delivered_seq.max(old.delivered);
    let read = advance.read_seq.max(old.read);
    let delivered_moves = delivered != old.delivered || in_doubt;
    if (delivered, read) != (old.delivered, old.read) {
        (old.delivered, old.read, old.moved) = (delivered, read, true);
    } else if !in_doubt {
        return ReceiptOutcome::Unchanged;
    }
    ReceiptOutcome::Advanced {
        receipt: Receipt {
            conversation: advance.conversation,
            user: advance.user,
            delivered_seq: delivered,
            read_seq: read,
        },
        delivered: delivered_moves,
    }
}

/// Moves markers, and returns them as they are then.
async fn write(session: &Session, markers: &HashMap<Key, Markers>) -> Result<HashMap<Key, Receipt>> {
    let lock = session.prepare(LOCK).await?;
    let advance = session.prepare(ADVANCE).await?;
    let conversations: Vec<Uuid> = markers
        .keys()
        .map(|(conversation, _)| conversation.as_uuid())
        .collect();
    let users: Vec<Uuid> = markers.keys().map(|(_, user)| user.as_uuid()).collect();
    let delivered: Vec<i64> = markers
        .values()
        .map(|markers| seq_number(markers.delivered))
        .collect();
    let read: Vec<i64> = markers.values().map(|markers| seq_number(markers.read)).collect();
    let keys = params![conversations, users];
    let targets = params![conversations, users, delivered, read];
    let (begun, locked, advanced, committed) = tokio::join!(
        biased;
        session.begin(),
        session.query(&lock, keys),
        session.query(&advance, targets),
        session.commit(),
    );
    begun?;
    locked?;
    let advanced = advanced?;
    committed?;
    advanced
        .iter()
        .map(|row| {
            let receipt = row::receipt(row::id_at(row, 0)?, row, 1)?;
            Ok(((receipt.conversation, receipt.user), receipt))
        })
        .collect()
}

pub(crate) async fn list(
    session: &Session,
    conversation: ConversationId,
    limit: u32,
) -> Result<Vec<Receipt>> {
    let rows = session
        .rows(
            "SELECT user_id, delivered_seq, read_seq FROM member WHERE conversation = $1 LIMIT $2",
            params![conversation.as_uuid(), i64::from(limit)],
        )
        .await?;
    rows.iter()
        .map(|row| row::receipt(conversation, row, 0))
        .collect()
}

pub(crate) async fn count_unread(
    session: &Session,
    conversation: ConversationId,
    user: UserId,
    limit: u32,
) -> Result<Option<u32>> {
    let key = params![conversation.as_uuid(), user.as_uuid(), i64::from(limit)];
    let row = session.first(UNREAD, key).await?;
    row.map(|row| row::count_at(&row, 0)).transpose()
}
