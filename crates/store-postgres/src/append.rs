//! Appending to logs: the hot path.
//!
//! Two flights and one fsync a batch, whatever its size:
//! 1. `BEGIN`; the conversations are locked in the order of their ids; under the locks the ids that are in the logs already, the
//!    roles, the blocks and the accounts that the entries speak of are read, one statement each. What is not spoken of is not asked.
//! 2. [`Ledger`] decides in memory, entry by entry, and counts the seqs. Then one statement a table writes what it has
//!    decided, and `COMMIT`.
//!
//! Changes of messages take one flight more in between, where a batch has any: see [`crate::change`].
//!
//! The lock on a conversation's row is what makes its log gap-free over several nodes, and what the facts hold under: whatever
//! changes members, roles and counts takes it. Batches that share conversations wait for each other and do not block
//! each other, because all lock in one order.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use futures_util::future::{BoxFuture, join_all};
use pipit_store::blob::{attached, required};
use pipit_store::log::{Append, AppendError, Appended};
use pipit_wire::event::{EventBody, MemberRole};
use pipit_wire::{ConversationId, Event, Seq, Timestamp, UserId};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::book::Place;
use crate::error::{Error, corrupt};
use crate::ledger::{Decided, Fate, Ledger, Start};
use crate::row::{self, at, event_columns, seq_number};
use crate::session::{Params, Session, only_if, params};
use crate::{blob, change, encryption, expiry, personal};

type Result<T> = std::result::Result<T, Error>;

pub(crate) const LOCK: &str = "
    SELECT id, last_seq, last_at, last_message_seq, member_count, owner_count, topic, announcements, history,
        expire_after_ms, avatar, encrypted, epoch FROM conversation
    WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE";
pub(crate) const FIND_REPEATED: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM unnest($1::uuid[], $2::uuid[]) AS given (conversation, id) CROSS JOIN LATERAL (
        SELECT * FROM event WHERE conversation = given.conversation AND id = given.id LIMIT 1
    ) AS event"
);
const FIND_ROLES: &str = "
    SELECT member.conversation, member.user_id, member.role
    FROM unnest($1::uuid[], $2::uuid[]) AS asked (conversation, user_id)
        JOIN member ON member.conversation = asked.conversation AND member.user_id = asked.user_id";
const FIND_BLOCKS: &str = "
    SELECT asked.one, asked.other FROM unnest($1::uuid[], $2::uuid[]) AS asked (one, other)
    WHERE EXISTS (SELECT 1 FROM block WHERE block.user_id = asked.one AND block.other = asked.other)
        OR EXISTS (SELECT 1 FROM block WHERE block.user_id = asked.other AND block.other = asked.one)";
const FIND_BANS: &str = "
    SELECT ban.conversation, ban.user_id FROM unnest($1::uuid[], $2::uuid[]) AS asked (conversation, user_id)
        JOIN ban ON ban.conversation = asked.conversation AND ban.user_id = asked.user_id";
const FIND_ACCOUNTS: &str = "SELECT id FROM account WHERE id = ANY($1)";

pub(crate) const INSERT_EVENTS: &str = "
    INSERT INTO event (conversation, seq, id, kind, sender, device, at, body)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::smallint[], $5::uuid[], $6::uuid[], $7::bigint[],
        $8::text[])";
/// Makes memberships that begin with an entry; the markers stand just before it. Who has asked to be let in is.
pub(crate) const INSERT_MEMBERS: &str = "
    WITH added AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::bigint[], $5::bigint[])
            AS added (conversation, user_id, role, first_seq, joined_seq)
    ), let_in AS (
        DELETE FROM join_request USING added
        WHERE join_request.conversation = added.conversation AND join_request.user_id = added.user_id
    )
    INSERT INTO member (conversation, user_id, role, first_seq, delivered_seq, read_seq)
    SELECT conversation, user_id, role, first_seq, joined_seq - 1, joined_seq - 1 FROM added";
const INSERT_BANS: &str = "
    INSERT INTO ban (conversation, user_id, made_by, at)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[])";
const DELETE_MEMBERS: &str = "
    DELETE FROM member USING unnest($1::uuid[], $2::uuid[]) AS removed (conversation, user_id)
    WHERE member.conversation = removed.conversation AND member.user_id = removed.user_id";
const UPDATE_ROLES: &str = "
    UPDATE member SET role = changed.role
    FROM unnest($1::uuid[], $2::uuid[], $3::smallint[]) AS changed (conversation, user_id, role)
    WHERE member.conversation = changed.conversation AND member.user_id = changed.user_id";
const UPDATE_CONVERSATIONS: &str = "
    UPDATE conversation SET last_seq = now.last_seq, last_at = now.last_at, last_message_seq = now.last_message_seq,
        member_count = now.member_count, owner_count = now.owner_count,
        title = coalesce(now.title, conversation.title), topic = now.topic, announcements = now.announcements,
        history = now.history, expire_after_ms = now.expire_after_ms, avatar = now.avatar, epoch = now.epoch
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[],
            $8::text[], $9::boolean[], $10::smallint[], $11::bigint[], $12::uuid[], $13::bigint[])
        AS now (id, last_seq, last_at, last_message_seq, member_count, owner_count, title, topic, announcements,
            history, expire_after_ms, avatar, epoch)
    WHERE conversation.id = now.id";

pub(crate) async fn append_batch(
    session: &Session,
    batch: &[Append],
) -> Result<Vec<std::result::Result<Appended, AppendError>>> {
    if batch.is_empty() {
        return Ok(Vec::new());
    }
    let mut ledger = read(session, batch).await?;
    change::read(session, batch, &mut ledger).await?;
    let mut decided = Vec::with_capacity(batch.len());
    for entry in batch {
        debug_assert!(
            !matches!(entry.body, EventBody::Created { .. }),
            "conversations are made by create_direct and create_group"
        );
        decided.push(ledger.append(entry));
    }
    let outcomes = answer(session, &ledger, decided).await?;
    if ledger.added.is_empty() && ledger.sealed.is_empty() {
        session.rollback().await?;
    } else {
        write(session, &ledger).await?;
    }
    Ok(outcomes)
}

/// Puts the entries that stand in place of changes into the answers: they are among the new ones, or are read.
async fn answer(
    session: &Session,
    ledger: &Ledger,
    decided: Vec<std::result::Result<Decided, AppendError>>,
) -> Result<Vec<std::result::Result<Appended, AppendError>>> {
    let added = |(conversation, seq): &Place| {
        let mut added = ledger.added.iter();
        added.find(|event| event.conversation == *conversation && event.seq == *seq)
    };
    let mut places: Vec<Place> = Vec::new();
    for outcome in &decided {
        if let Ok(Decided::Stands(place)) = outcome
            && added(place).is_none()
            && !places.contains(place)
        {
            places.push(*place);
        }
    }
    let standing = change::find_standing(session, &places).await?;
    let outcomes = decided.into_iter().map(|outcome| match outcome {
        Err(error) => Ok(Err(error)),
        Ok(Decided::Appended(appended)) => Ok(Ok(*appended)),
        Ok(Decided::Stands(place)) => {
            let event = added(&place).or_else(|| standing.get(&place));
            let event = event.ok_or_else(|| corrupt(format!("{} has no entry {}", place.0, place.1)))?;
            Ok(Ok(Appended {
                event: event.clone(),
                repeated: true,
            }))
        }
    });
    outcomes.collect()
}

/// What a batch speaks of.
struct Questions {
    conversations: Vec<Uuid>,
    entries: (Vec<Uuid>, Vec<Uuid>),
    roles: (Vec<Uuid>, Vec<Uuid>),
    blocks: (Vec<Uuid>, Vec<Uuid>),
    bans: (Vec<Uuid>, Vec<Uuid>),
    accounts: Vec<Uuid>,
    blobs: Vec<Uuid>,
}

impl Questions {
    fn of(batch: &[Append]) -> Self {
        let mut roles: HashSet<(ConversationId, UserId)> = HashSet::new();
        let mut blocks = HashSet::new();
        let mut bans = HashSet::new();
        let mut accounts = HashSet::new();
        for entry in batch {
            roles.extend(
                entry
                    .facts
                    .roles
                    .iter()
                    .map(|(user, _)| (entry.conversation, *user)),
            );
            blocks.extend(entry.facts.not_blocked);
            match &entry.body {
                EventBody::MemberAdded { member } => {
                    roles.insert((entry.conversation, member.user));
                    bans.insert((entry.conversation.as_uuid(), member.user.as_uuid()));
                    accounts.insert(member.user.as_uuid());
                }
                EventBody::MemberRemoved { user, .. } => _ = roles.insert((entry.conversation, *user)),
                EventBody::RoleChanged { member } => _ = roles.insert((entry.conversation, member.user)),
                EventBody::Created { .. }
                | EventBody::Message { .. }
                | EventBody::TitleChanged { .. }
                | EventBody::SettingsChanged { .. }
                | EventBody::MessageChanged { .. }
                | EventBody::Handshake { .. }
                | EventBody::HistoryShown { .. }
                | EventBody::Unknown => {}
            }
        }
        let conversations: BTreeSet<Uuid> = batch.iter().map(|entry| entry.conversation.as_uuid()).collect();
        Self {
            conversations: conversations.into_iter().collect(),
            entries: batch
                .iter()
                .map(|entry| (entry.conversation.as_uuid(), entry.id.as_uuid()))
                .unzip(),
            roles: roles
                .into_iter()
                .map(|(place, user)| (place.as_uuid(), user.as_uuid()))
                .unzip(),
            blocks: blocks
                .into_iter()
                .map(|(one, other): (UserId, UserId)| (one.as_uuid(), other.as_uuid()))
                .unzip(),
            bans: bans.into_iter().unzip(),
            accounts: accounts.into_iter().collect(),
            blobs: batch
                .iter()
                .flat_map(|entry| required(&entry.body))
                .map(|blob| blob.as_uuid())
                .collect(),
        }
    }
}

/// The first flight: begins the transaction, locks, and reads what the batch speaks of.
async fn read(session: &Session, batch: &[Append]) -> Result<Ledger> {
    let asked = Questions::of(batch);
    let lock = session.prepare(LOCK).await?;
    let find_repeated = session.prepare(FIND_REPEATED).await?;
    let find_roles = session.prepare(FIND_ROLES).await?;
    let find_blocks = session.prepare(FIND_BLOCKS).await?;
    let find_bans = session.prepare(FIND_BANS).await?;
    let find_accounts = session.prepare(FIND_ACCOUNTS).await?;
    let lock_blobs = session.prepare(blob::LOCK_FINISHED).await?;
    let conversations = params![asked.conversations];
    let entries = params![asked.entries.0, asked.entries.1];
    let roles = params![asked.roles.0, asked.roles.1];
    let blocks = params![asked.blocks.0, asked.blocks.1];
    let bans = params![asked.bans.0, asked.bans.1];
    let accounts = params![asked.accounts];
    let blobs = params![asked.blobs];
    let (begun, locked, repeated, roles, blocks, bans, accounts, blobs) = tokio::join!(
        biased;
        session.begin(),
        session.query(&lock, conversations),
        session.query(&find_repeated, entries),
        only_if(!asked.roles.0.is_empty(), session.query(&find_roles, roles)),
        only_if(!asked.blocks.0.is_empty(), session.query(&find_blocks, blocks)),
        only_if(!asked.bans.0.is_empty(), session.query(&find_bans, bans)),
        only_if(!asked.accounts.is_empty(), session.query(&find_accounts, accounts)),
        only_if(!asked.blobs.is_empty(), session.query(&lock_blobs, blobs)),
    );
    begun?;
    let mut ledger = Ledger::default();
    for row in &locked? {
        ledger.open(row::id_at(row, 0)?, conversation_state(row)?);
    }
    for row in &repeated? {
        ledger.know_event(row::event(row, 0)?);
    }
    for row in &roles? {
        ledger.know_role(row::id_at(row, 0)?, row::id_at(row, 1)?, row::role(at(row, 2)?)?);
    }
    for row in &blocks? {
        ledger.know_block(row::id_at(row, 0)?, row::id_at(row, 1)?);
    }
    for row in &bans? {
        ledger.know_ban(row::id_at(row, 0)?, row::id_at(row, 1)?);
    }
    for row in &accounts? {
        ledger.know_account(row::id_at(row, 0)?);
    }
    for row in &blobs? {
        ledger.know_blob(row::id_at(row, 0)?, row::at(row, 1)?);
    }
    Ok(ledger)
}

fn conversation_state(row: &tokio_postgres::Row) -> Result<crate::ledger::State> {
    Ok(crate::ledger::State {
        last_seq: row::seq_at(row, 1)?,
        last_at: row::time_at(row, 2)?,
        last_message_seq: row::seq_at(row, 3)?,
        member_count: row::count_at(row, 4)?,
        owner_count: row::count_at(row, 5)?,
        title: None,
        settings: row::settings(row, 6)?,
        encrypted: at(row, 11)?,
        epoch: encryption::number_at(row, 12)?,
        changed: false,
    })
}

/// The second flight: writes what has been decided, and commits.
async fn write(session: &Session, ledger: &Ledger) -> Result<()> {
    let mut events = EventColumns::default();
    for event in &ledger.added {
        events.push(event)?;
    }
    let attachments = AttachmentColumns::of(ledger);
    let fates = Fates::of(ledger);
    let conversations = ConversationColumns::of(ledger);
    let (removed, changed) = (fates.removed.params(), fates.changed.params());
    let removed_keys = removed.get(..2).unwrap_or_default();
    let changed_roles = changed.get(..3).unwrap_or_default();
    let (inserted, events, conversations) =
        (fates.inserted.params(), events.params(), conversations.params());
    let attached = attachments.params();
    let counted = params![attachments.counted, attachments.counts];
    let bans = BanColumns::of(ledger);
    let banned = bans.params();
    let expiring = expiry::Columns::of(&ledger.added);
    let expires = expiring.params();
    let asked = fates.asked.params();
    let sealing = encryption::CountColumns::of(&ledger.sealed);
    let sealed = sealing.params();
    let steps: [(&str, Params<'_>, usize); 11] = [
        (DELETE_MEMBERS, removed_keys, fates.removed.conversation.len()),
        (INSERT_BANS, &banned, ledger.bans.len()),
        (INSERT_MEMBERS, &inserted, fates.inserted.conversation.len()),
        (personal::ASK, &asked, fates.asked.conversation.len()),
        (UPDATE_ROLES, changed_roles, fates.changed.conversation.len()),
        (INSERT_EVENTS, &events, ledger.added.len()),
        (expiry::INSERT, &expires, expiring.len()),
        (blob::INSERT_ATTACHMENTS, &attached, attachments.blob.len()),
        (blob::COUNT_ATTACHMENTS, counted, attachments.counted.len()),
        (UPDATE_CONVERSATIONS, &conversations, ledger.changed().count()),
        (encryption::NOTE_SEALED, &sealed, ledger.sealed.len()),
    ];
    let mut flight: Vec<(tokio_postgres::Statement, Params<'_>, usize)> = Vec::new();
    for (sql, params, rows) in steps {
        if rows > 0 {
            flight.push((session.prepare(sql).await?, params, rows));
        }
    }
    let writes = change::Writes::of(ledger)?;
    let of_messages = writes.flight(session).await?;
    let statements = flight
        .iter()
        .map(|(statement, params, rows)| -> BoxFuture<'_, Result<()>> {
            Box::pin(async move {
                let written = session.execute(statement, params).await?;
                // Under the locks nothing else can have touched these rows.
                if written == *rows as u64 {
                    Ok(())
                } else {
                    Err(corrupt(format!("an append wrote {written} rows and not {rows}")))
                }
            })
        });
    let commit: BoxFuture<'_, Result<()>> = Box::pin(session.commit());
    // join_all polls in order up to 30 futures; here are 26 at most.
    for outcome in join_all(statements.chain(of_messages).chain(std::iter::once(commit))).await {
        outcome?;
    }
    Ok(())
}

/// Rows of `event`, a column an array.
#[derive(Default)]
pub(crate) struct EventColumns {
    conversation: Vec<Uuid>,
    seq: Vec<i64>,
    id: Vec<Uuid>,
    kind: Vec<i16>,
    sender: Vec<Uuid>,
    device: Vec<Option<Uuid>>,
    at: Vec<i64>,
    body: Vec<String>,
}

impl EventColumns {
    pub(crate) fn push(&mut self, event: &Event) -> Result<()> {
        self.conversation.push(event.conversation.as_uuid());
        self.seq.push(seq_number(event.seq));
        self.id.push(event.id.as_uuid());
        self.kind.push(row::event_kind(&event.body));
        self.sender.push(event.sender.as_uuid());
        self.device.push(event.device.map(|device| device.as_uuid()));
        self.at.push(event.at.as_ms());
        self.body.push(serde_json::to_string(&event.body)?);
        Ok(())
    }

    /// For [`INSERT_EVENTS`].
    pub(crate) fn params(&self) -> [&(dyn ToSql + Sync); 8] {
        [
            &self.conversation,
            &self.seq,
            &self.id,
            &self.kind,
            &self.sender,
            &self.device,
            &self.at,
            &self.body,
        ]
    }
}

/// Rows of `attachment`, a column an array, and by how much each file's count grows.
#[derive(Default)]
struct AttachmentColumns {
    blob: Vec<Uuid>,
    conversation: Vec<Uuid>,
    message: Vec<Uuid>,
    seq: Vec<i64>,
    counted: Vec<Uuid>,
    counts: Vec<i64>,
}

impl AttachmentColumns {
    fn of(ledger: &Ledger) -> Self {
        let mut columns = Self::default();
        let mut counts = BTreeMap::<Uuid, i64>::new();
        for event in &ledger.added {
            for blob in attached(&event.body) {
                columns.blob.push(blob.as_uuid());
                columns.conversation.push(event.conversation.as_uuid());
                columns.message.push(event.id.as_uuid());
                columns.seq.push(seq_number(event.seq));
                *counts.entry(blob.as_uuid()).or_default() += 1;
            }
        }
        for (blob, by) in &ledger.pictures {
            *counts.entry(blob.as_uuid()).or_default() += by;
        }
        // A picture that was set and replaced in one batch.
        counts.retain(|_, by| *by != 0);
        (columns.counted, columns.counts) = counts.into_iter().unzip();
        columns
    }

    /// For [`blob::INSERT_ATTACHMENTS`].
    fn params(&self) -> [&(dyn ToSql + Sync); 4] {
        [&self.blob, &self.conversation, &self.message, &self.seq]
    }
}

/// Rows of `member`, a column an array.
#[derive(Default)]
pub(crate) struct MemberColumns {
    conversation: Vec<Uuid>,
    user: Vec<Uuid>,
    role: Vec<i16>,
    first_seq: Vec<i64>,
    joined_seq: Vec<i64>,
}

impl MemberColumns {
    pub(crate) fn push(
        &mut self,
        conversation: ConversationId,
        member: MemberRole,
        first_seq: Seq,
        joined_seq: Seq,
    ) {
        self.conversation.push(conversation.as_uuid());
        self.user.push(member.user.as_uuid());
        self.role.push(row::role_number(member.role));
        self.first_seq.push(seq_number(first_seq));
        self.joined_seq.push(seq_number(joined_seq));
    }

    /// For [`INSERT_MEMBERS`]; the first three for [`UPDATE_ROLES`], the first two for [`DELETE_MEMBERS`].
    pub(crate) fn params(&self) -> [&(dyn ToSql + Sync); 5] {
        [
            &self.conversation,
            &self.user,
            &self.role,
            &self.first_seq,
            &self.joined_seq,
        ]
    }
}

/// Rows of `personal` that are requests, a column an array.
#[derive(Default)]
pub(crate) struct AskedColumns {
    conversation: Vec<Uuid>,
    user: Vec<Uuid>,
    at: Vec<i64>,
    by: Vec<Uuid>,
}

impl AskedColumns {
    pub(crate) fn push(&mut self, conversation: ConversationId, user: UserId, at: Timestamp, by: UserId) {
        self.conversation.push(conversation.as_uuid());
        self.user.push(user.as_uuid());
        self.at.push(at.as_ms());
        self.by.push(by.as_uuid());
    }

    /// For [`personal::ASK`].
    pub(crate) fn params(&self) -> [&(dyn ToSql + Sync); 4] {
        [&self.conversation, &self.user, &self.at, &self.by]
    }
}

/// Rows of `ban`, a column an array.
#[derive(Default)]
struct BanColumns {
    conversation: Vec<Uuid>,
    user: Vec<Uuid>,
    by: Vec<Uuid>,
    at: Vec<i64>,
}

impl BanColumns {
    fn of(ledger: &Ledger) -> Self {
        let mut columns = Self::default();
        for ban in &ledger.bans {
            columns.conversation.push(ban.conversation.as_uuid());
            columns.user.push(ban.user.as_uuid());
            columns.by.push(ban.by.as_uuid());
            columns.at.push(ban.at.as_ms());
        }
        columns
    }

    /// For [`INSERT_BANS`].
    fn params(&self) -> [&(dyn ToSql + Sync); 4] {
        [&self.conversation, &self.user, &self.by, &self.at]
    }
}

/// What becomes of members.
#[derive(Default)]
struct Fates {
    removed: MemberColumns,
    inserted: MemberColumns,
    changed: MemberColumns,
    asked: AskedColumns,
}

impl Fates {
    fn of(ledger: &Ledger) -> Self {
        let mut fates = Self::default();
        for (conversation, user, fate) in ledger.fates() {
            if let Fate::Inserted { start, .. } = fate
                && let Some((by, at)) = start.asked
            {
                fates.asked.push(conversation, user, at, by);
            }
            let (columns, role, start) = match fate {
                Fate::Inserted { role, start } => (&mut fates.inserted, role, start),
                Fate::Changed { role } => (&mut fates.changed, role, Start::default()),
                Fate::Removed { role } => (&mut fates.removed, role, Start::default()),
            };
            columns.push(
                conversation,
                MemberRole { user, role },
                start.first_seq,
                start.joined_seq,
            );
        }
        fates
    }
}

/// Rows of `conversation` that have changed, a column an array.
#[derive(Default)]
struct ConversationColumns {
    id: Vec<Uuid>,
    last_seq: Vec<i64>,
    last_at: Vec<i64>,
    last_message_seq: Vec<i64>,
    member_count: Vec<i64>,
    owner_count: Vec<i64>,
    title: Vec<Option<String>>,
    topic: Vec<String>,
    announcements: Vec<bool>,
    history: Vec<i16>,
    expire_after_ms: Vec<i64>,
    avatar: Vec<Option<Uuid>>,
    epoch: Vec<i64>,
}

impl ConversationColumns {
    fn of(ledger: &Ledger) -> Self {
        let mut columns = Self::default();
        for (conversation, state) in ledger.changed() {
            columns.id.push(conversation.as_uuid());
            columns.last_seq.push(seq_number(state.last_seq));
            columns.last_at.push(state.last_at.as_ms());
            columns.last_message_seq.push(seq_number(state.last_message_seq));
            columns.member_count.push(i64::from(state.member_count));
            columns.owner_count.push(i64::from(state.owner_count));
            columns.title.push(state.title.clone());
            columns.topic.push(state.settings.topic.clone());
            columns.announcements.push(state.settings.announcements);
            columns.history.push(row::history_number(state.settings.history));
            columns.expire_after_ms.push(state.settings.expire_after_ms);
            columns
                .avatar
                .push(state.settings.avatar.map(|blob| blob.as_uuid()));
            columns.epoch.push(encryption::number(state.epoch));
        }
        columns
    }

    /// For [`UPDATE_CONVERSATIONS`].
    fn params(&self) -> [&(dyn ToSql + Sync); 13] {
        [
            &self.id,
            &self.last_seq,
            &self.last_at,
            &self.last_message_seq,
            &self.member_count,
            &self.owner_count,
            &self.title,
            &self.topic,
            &self.announcements,
            &self.history,
            &self.expire_after_ms,
            &self.avatar,
            &self.epoch,
        ]
    }
}
