//! Making conversations, and what authorization needs to know about them.

use pipit_store::conversation::{
    ConversationAccess, CreateError, Created, MemberPosition, NewDirect, NewGroup,
};
use pipit_wire::event::{ConversationKind, EventBody, MemberRole, Role};
use pipit_wire::frame::Member;
use pipit_wire::{ConversationId, Event, EventId, Seq, UserId};
use uuid::Uuid;

use crate::append::{self, AskedColumns, EventColumns, MemberColumns};
use crate::error::{Error, corrupt};
use crate::privacy::read_seq_for;
use crate::row::{self, KIND_DIRECT, KIND_GROUP, at};
use crate::session::{Session, only_if, params};
use crate::{log, personal};

type Result<T> = std::result::Result<T, Error>;

const FIND_DIRECT: &str = "SELECT id FROM conversation WHERE low = $1 AND high = $2 AND encrypted = $3";
/// Two that make the same one at once wait for each other here, and the second makes none.
const INSERT_DIRECT: &str = "
    INSERT INTO conversation
        (id, kind, low, high, last_seq, last_at, last_message_seq, member_count, owner_count, encrypted)
    VALUES ($1, $2, $3, $4, 1, $5, 0, $6, 0, $7)
    ON CONFLICT (low, high, encrypted) WHERE low IS NOT NULL DO NOTHING";
const INSERT_GROUP: &str = "
    INSERT INTO conversation
        (id, kind, title, last_seq, last_at, last_message_seq, member_count, owner_count, encrypted)
    VALUES ($1, $2, $3, 1, $4, 0, $5, 1, $6)
    ON CONFLICT (id) DO NOTHING";

pub(crate) async fn create_direct(session: &Session, new: &NewDirect) -> Result<Created> {
    let low = new.creator.min(new.other).as_uuid();
    let high = new.creator.max(new.other).as_uuid();
    let pair = params![low, high, new.encrypted];
    if let Some(found) = session.first(FIND_DIRECT, pair).await? {
        let conversation = row::id_at(&found, 0)?;
        return Ok(Created {
            conversation,
            event: find_own_first(session, conversation, new.event).await?,
        });
    }
    let insert = session.prepare(INSERT_DIRECT).await?;
    let members = new.members();
    let count = i64::try_from(members.len()).unwrap_or(i64::MAX);
    let row = params![
        new.id.as_uuid(),
        KIND_DIRECT,
        low,
        high,
        new.now.as_ms(),
        count,
        new.encrypted
    ];
    let (begun, made) = tokio::join!(biased; session.begin(), session.execute(&insert, row));
    begun?;
    if made? == 0 {
        session.rollback().await?;
        let found = session.first(FIND_DIRECT, pair).await?;
        let found = found.ok_or_else(|| corrupt("a direct conversation is there and is not"))?;
        return Ok(Created {
            conversation: row::id_at(&found, 0)?,
            event: None,
        });
    }
    let event = Event {
        id: new.event,
        conversation: new.id,
        seq: Seq::ZERO.next(),
        at: new.now,
        sender: new.creator,
        device: new.device,
        body: EventBody::Created {
            kind: ConversationKind::Direct,
            title: None,
            members: members.clone(),
            encrypted: new.encrypted,
        },
    };
    let asked: &[UserId] = if new.asks { &[new.other] } else { &[] };
    complete(session, &event, &members, asked).await?;
    Ok(Created {
        conversation: new.id,
        event: Some(event),
    })
}

pub(crate) async fn create_group(
    session: &Session,
    new: &NewGroup,
) -> Result<std::result::Result<Created, CreateError>> {
    let owner = MemberRole {
        user: new.creator,
        role: Role::Owner,
    };
    let others = new.members.iter().map(|user| MemberRole {
        user: *user,
        role: Role::Member,
    });
    let members: Vec<MemberRole> = std::iter::once(owner).chain(others).collect();
    let count = i64::try_from(members.len()).unwrap_or(i64::MAX);
    let insert = session.prepare(INSERT_GROUP).await?;
    let row = params![
        new.id.as_uuid(),
        KIND_GROUP,
        new.title,
        new.now.as_ms(),
        count,
        new.encrypted
    ];
    let (begun, made) = tokio::join!(biased; session.begin(), session.execute(&insert, row));
    begun?;
    if made? == 0 {
        session.rollback().await?;
        let first = log::find_at(session, new.id, Seq::ZERO.next()).await?;
        let first = first.ok_or_else(|| corrupt("a conversation without a first entry"))?;
        let same = first.sender == new.creator && is_same_group(&first.body, new, &members);
        return Ok(if same {
            Ok(Created {
                conversation: new.id,
                event: find_own_first(session, new.id, new.event).await?,
            })
        } else {
            Err(CreateError::IdConflict)
        });
    }
    let event = Event {
        id: new.event,
        conversation: new.id,
        seq: Seq::ZERO.next(),
        at: new.now,
        sender: new.creator,
        device: new.device,
        body: EventBody::Created {
            kind: ConversationKind::Group,
            title: new.title.clone(),
            members: members.clone(),
            encrypted: new.encrypted,
        },
    };
    complete(session, &event, &members, &new.asked).await?;
    Ok(Ok(Created {
        conversation: new.id,
        event: Some(event),
    }))
}

/// The first entry of a conversation, where an earlier try of this very call has made it.
async fn find_own_first(
    session: &Session,
    conversation: ConversationId,
    event: EventId,
) -> Result<Option<Event>> {
    if !session.is_in_doubt() {
        return Ok(None);
    }
    let first = log::find_at(session, conversation, Seq::ZERO.next()).await?;
    Ok(first.filter(|first| first.id == event))
}

/// Whether the first entry of a log made this group, in whatever order its members were named.
fn is_same_group(first: &EventBody, new: &NewGroup, new_members: &[MemberRole]) -> bool {
    let EventBody::Created {
        kind: ConversationKind::Group,
        title,
        members,
        encrypted,
    } = first
    else {
        return false;
    };
    let sorted = |members: &[MemberRole]| {
        let mut members: Vec<_> = members.iter().map(|member| (member.user, member.role)).collect();
        members.sort_unstable();
        members
    };
    *title == new.title && *encrypted == new.encrypted && sorted(members) == sorted(new_members)
}

/// Puts the first entry into the log of a new conversation, makes its members, notes whom it asks as a request, and ends the transaction.
async fn complete(session: &Session, event: &Event, members: &[MemberRole], asked: &[UserId]) -> Result<()> {
    let ask = session.prepare(personal::ASK).await?;
    let insert_event = session.prepare(append::INSERT_EVENTS).await?;
    let insert_members = session.prepare(append::INSERT_MEMBERS).await?;
    let mut events = EventColumns::default();
    events.push(event)?;
    let mut rows = MemberColumns::default();
    for member in members {
        rows.push(event.conversation, *member, event.seq, event.seq);
    }
    let (events, rows) = (events.params(), rows.params());
    let mut requests = AskedColumns::default();
    for user in asked {
        requests.push(event.conversation, *user, event.at, event.sender);
    }
    let requests = requests.params();
    let (wrote_event, wrote_members, wrote_requests, committed) = tokio::join!(
        biased;
        session.execute(&insert_event, &events),
        session.execute(&insert_members, &rows),
        only_if(!asked.is_empty(), session.execute(&ask, &requests)),
        session.commit(),
    );
    wrote_event?;
    wrote_members?;
    wrote_requests?;
    committed
}

const ACCESS: &str = "
    SELECT conversation.kind, conversation.low, conversation.high, conversation.last_seq,
        conversation.member_count, conversation.owner_count, me.role, me.first_seq, target.role,
        EXISTS (SELECT 1 FROM account WHERE id = $2 AND suspended_at IS NOT NULL),
        EXISTS (SELECT 1 FROM block WHERE user_id = conversation.low AND other = conversation.high)
            OR EXISTS (SELECT 1 FROM block WHERE user_id = conversation.high AND other = conversation.low),
        conversation.announcements,
        EXISTS (SELECT 1 FROM ban WHERE conversation = $1 AND user_id = $3),
        (SELECT request FROM personal WHERE conversation = $1 AND user_id = $2),
        conversation.encrypted
    FROM conversation
        LEFT JOIN member AS me ON me.conversation = conversation.id AND me.user_id = $2
        LEFT JOIN member AS target ON target.conversation = conversation.id AND target.user_id = $3
    WHERE conversation.id = $1";

pub(crate) async fn find_access(
    session: &Session,
    conversation: ConversationId,
    user: UserId,
    target: Option<UserId>,
) -> Result<Option<ConversationAccess>> {
    let key = params![
        conversation.as_uuid(),
        user.as_uuid(),
        target.map(|target| target.as_uuid())
    ];
    let Some(row) = session.first(ACCESS, key).await? else {
        return Ok(None);
    };
    let low: Option<UserId> = row::optional_id_at(&row, 1)?;
    let high: Option<UserId> = row::optional_id_at(&row, 2)?;
    let role = |column| at::<Option<i16>>(&row, column)?.map(row::role).transpose();
    Ok(Some(ConversationAccess {
        kind: row::conversation_kind(at(&row, 0)?)?,
        encrypted: at(&row, 14)?,
        role: role(6)?,
        first_seq: at::<Option<i64>>(&row, 7)?
            .map(row::seq)
            .transpose()?
            .unwrap_or(Seq::ZERO),
        last_seq: row::seq_at(&row, 3)?,
        member_count: row::count_at(&row, 4)?,
        owner_count: row::count_at(&row, 5)?,
        target_role: role(8)?,
        peer: match (low, high) {
            (Some(low), Some(high)) if low == high => None,
            (Some(low), Some(high)) if low == user => Some(high),
            (Some(low), Some(high)) if high == user => Some(low),
            _ => None,
        },
        blocked: at(&row, 10)?,
        suspended: at(&row, 9)?,
        announcements: at(&row, 11)?,
        target_banned: at(&row, 12)?,
        request: at::<Option<i16>>(&row, 13)?
            .map(row::request)
            .transpose()?
            .unwrap_or_default(),
    }))
}

pub(crate) async fn list_ids(session: &Session, user: UserId) -> Result<Vec<ConversationId>> {
    let rows = session
        .rows(
            "SELECT conversation FROM member WHERE user_id = $1",
            params![user.as_uuid()],
        )
        .await?;
    rows.iter().map(|row| row::id_at(row, 0)).collect()
}

pub(crate) const MEMBERSHIPS: &str =
    "SELECT user_id, conversation FROM member WHERE user_id = ANY($1::uuid[])";

pub(crate) async fn list_memberships(
    session: &Session,
    users: &[UserId],
) -> Result<Vec<(UserId, ConversationId)>> {
    let rows = session.rows(MEMBERSHIPS, params![row::user_ids(users)]).await?;
    rows.iter()
        .map(|row| Ok((row::id_at(row, 0)?, row::id_at(row, 1)?)))
        .collect()
}

/// The first page of members, oldest first.
pub(crate) const FIRST_MEMBERS: &str = concat!(
    "SELECT account.id, account.handle, account.name, member.role, member.delivered_seq, ",
    read_seq_for!("$3"),
    ", account.face
    FROM member JOIN account ON account.id = member.user_id
    WHERE member.conversation = $1
    ORDER BY member.first_seq, member.user_id LIMIT $2"
);
/// The page after a member; where they have left, and their place with them, from the start, so that nobody is missed.
pub(crate) const NEXT_MEMBERS: &str = concat!(
    "SELECT account.id, account.handle, account.name, member.role, member.delivered_seq, ",
    read_seq_for!("$3"),
    ", account.face
    FROM member JOIN account ON account.id = member.user_id
    WHERE member.conversation = $1 AND (member.first_seq, member.user_id) >
        (coalesce((SELECT first_seq FROM member WHERE conversation = $1 AND user_id = $4), 0), $4)
    ORDER BY member.first_seq, member.user_id LIMIT $2"
);

pub(crate) async fn list_members(
    session: &Session,
    conversation: ConversationId,
    viewer: UserId,
    after: Option<UserId>,
    limit: u32,
) -> Result<Vec<Member>> {
    let (conversation, viewer, limit) = (conversation.as_uuid(), viewer.as_uuid(), i64::from(limit));
    let rows = match after {
        None => {
            session
                .rows(FIRST_MEMBERS, params![conversation, limit, viewer])
                .await?
        }
        Some(after) => {
            let key = params![conversation, limit, viewer, after.as_uuid()];
            session.rows(NEXT_MEMBERS, key).await?
        }
    };
    rows.iter().map(|row| row::member(row, 0)).collect()
}

/// A page of the members that a search finds, the highest roles first, then by handle.
pub(crate) const SEARCH_MEMBERS: &str = concat!(
    "SELECT account.id, account.handle, account.name, member.role, member.delivered_seq, ",
    read_seq_for!("$7"),
    ", account.face
    FROM member JOIN account ON account.id = member.user_id
    WHERE member.conversation = $1 AND (-member.role, account.handle) > (-$2::smallint, $3)
        AND ($4 = '' OR (account.handle >= $4 AND account.handle < $5) OR EXISTS (
            SELECT 1 FROM account_word WHERE account_word.user_id = member.user_id AND word >= $4 AND word < $5
        ))
    ORDER BY -member.role, account.handle LIMIT $6"
);

pub(crate) async fn search_members(
    session: &Session,
    conversation: ConversationId,
    viewer: UserId,
    query: &str,
    after: Option<&MemberPosition>,
    limit: u32,
) -> Result<Vec<Member>> {
    if !row::is_text(query) || after.is_some_and(|after| !row::is_text(&after.handle)) {
        return Ok(Vec::new());
    }
    let query = query.to_lowercase();
    let above = format!("{query}{}", char::MAX);
    // A role above all, where there is no place to begin after.
    let (role, handle) = after.map_or((i16::MAX, ""), |after| {
        (row::role_number(after.role), after.handle.as_str())
    });
    let key = params![
        conversation.as_uuid(),
        role,
        handle,
        query,
        above,
        i64::from(limit),
        viewer.as_uuid()
    ];
    let rows = session.rows(SEARCH_MEMBERS, key).await?;
    rows.iter().map(|row| row::member(row, 0)).collect()
}

/// Those of the given people that are in any conversation together with somebody that is no request to them.
pub(crate) const ACQUAINTED: &str = "
    SELECT other FROM unnest($2::uuid[]) AS other WHERE EXISTS (
        SELECT 1 FROM member AS mine JOIN member AS theirs ON theirs.conversation = mine.conversation
        WHERE mine.user_id = $1 AND theirs.user_id = other AND NOT EXISTS (
            SELECT 1 FROM personal WHERE personal.conversation = theirs.conversation
                AND personal.user_id = theirs.user_id AND request > 0))";

pub(crate) async fn filter_acquainted(
    session: &Session,
    user: UserId,
    others: &[UserId],
) -> Result<Vec<UserId>> {
    let others: Vec<Uuid> = row::user_ids(others);
    let rows = session.rows(ACQUAINTED, params![user.as_uuid(), others]).await?;
    rows.iter().map(|row| row::id_at(row, 0)).collect()
}
