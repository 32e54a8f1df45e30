//! Making conversations, and what authorization needs to know about them.

use pipit_store::conversation::{
    ConversationAccess, CreateError, Created, MemberPosition, NewDirect, NewGroup,
};
use pipit_wire::event::{ConversationKind, EventBody, MemberRole, Role};
use pipit_wire::frame::Member;
use pipit_wire::{ConversationId, Event, Seq, UserId};
use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::privacy::read_seq_for;
use crate::row::{KIND_DIRECT, KIND_GROUP};
use crate::{append, joining, log, person, personal, row};

pub(crate) fn create_direct(db: &Connection, new: &NewDirect) -> Result<Created> {
    let low = new.creator.min(new.other);
    let high = new.creator.max(new.other);
    let found = db
        .prepare_cached("SELECT id FROM conversation WHERE low = ?1 AND high = ?2 AND encrypted = ?3")?
        .query_row(params![low.as_bytes(), high.as_bytes(), new.encrypted], |row| {
            row::id_at(row, 0)
        })
        .optional()?;
    if let Some(conversation) = found {
        return Ok(Created {
            conversation,
            event: None,
        });
    }
    let members = new.members();
    db.prepare_cached(
        "INSERT INTO conversation (id, kind, low, high, last_seq, last_at, last_message_seq, member_count, owner_count,
            encrypted)
        VALUES (?1, ?2, ?3, ?4, 1, ?5, 0, ?6, 0, ?7)",
    )?
    .execute(params![
        new.id.as_bytes(),
        KIND_DIRECT,
        low.as_bytes(),
        high.as_bytes(),
        new.now.as_ms(),
        i64::try_from(members.len()).unwrap_or(i64::MAX),
        new.encrypted
    ])?;
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
            members,
            encrypted: new.encrypted,
        },
    };
    insert_first(db, &event)?;
    if new.asks {
        personal::ask(db, new.id, new.other, new.creator, new.now)?;
    }
    Ok(Created {
        conversation: new.id,
        event: Some(event),
    })
}

pub(crate) fn create_group(db: &Connection, new: &NewGroup) -> Result<Result<Created, CreateError>> {
    let owner = MemberRole {
        user: new.creator,
        role: Role::Owner,
    };
    let others = new.members.iter().map(|user| MemberRole {
        user: *user,
        role: Role::Member,
    });
    let members: Vec<MemberRole> = std::iter::once(owner).chain(others).collect();
    if let Some(first) = log::find_at(db, new.id, Seq::ZERO.next())? {
        let same = first.sender == new.creator && is_same_group(&first.body, new, &members);
        return Ok(if same {
            Ok(Created {
                conversation: new.id,
                event: None,
            })
        } else {
            Err(CreateError::IdConflict)
        });
    }
    let count = i64::try_from(members.len()).unwrap_or(i64::MAX);
    db.prepare_cached(
        "INSERT INTO conversation (id, kind, title, last_seq, last_at, last_message_seq, member_count, owner_count,
            encrypted)
        VALUES (?1, ?2, ?3, 1, ?4, 0, ?5, 1, ?6)",
    )?
    .execute(params![
        new.id.as_bytes(),
        KIND_GROUP,
        new.title,
        new.now.as_ms(),
        count,
        new.encrypted
    ])?;
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
            members,
            encrypted: new.encrypted,
        },
    };
    insert_first(db, &event)?;
    for user in &new.asked {
        personal::ask(db, new.id, *user, new.creator, new.now)?;
    }
    Ok(Ok(Created {
        conversation: new.id,
        event: Some(event),
    }))
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

/// Puts the first entry into the log of a new conversation, and makes the members that it names.
fn insert_first(db: &Connection, event: &Event) -> Result<()> {
    append::insert_event(db, event)?;
    if let EventBody::Created { members, .. } = &event.body {
        for member in members {
            append::insert_member(db, event.conversation, *member, event.seq, event.seq)?;
        }
    }
    Ok(())
}

struct Conversation {
    kind: ConversationKind,
    encrypted: bool,
    low: Option<UserId>,
    high: Option<UserId>,
    last_seq: Seq,
    member_count: u32,
    owner_count: u32,
    announcements: bool,
}

pub(crate) fn find_access(
    db: &Connection,
    conversation: ConversationId,
    user: UserId,
    target: Option<UserId>,
) -> Result<Option<ConversationAccess>> {
    let found = db
        .prepare_cached(
            "SELECT kind, low, high, last_seq, member_count, owner_count, announcements, encrypted
            FROM conversation WHERE id = ?1",
        )?
        .query_row([conversation.as_bytes()], |row| {
            Ok(Conversation {
                kind: row::conversation_kind(row.get(0)?)?,
                low: row::optional_id_at(row, 1)?,
                high: row::optional_id_at(row, 2)?,
                last_seq: row::seq_at(row, 3)?,
                member_count: row.get(4)?,
                owner_count: row.get(5)?,
                announcements: row.get(6)?,
                encrypted: row.get(7)?,
            })
        })
        .optional()?;
    let Some(found) = found else { return Ok(None) };
    let standing = find_standing(db, conversation, user)?;
    let target_role = match target {
        Some(target) => find_standing(db, conversation, target)?.map(|(role, _)| role),
        None => None,
    };
    let suspended = db
        .prepare_cached("SELECT 1 FROM user WHERE id = ?1 AND suspended_at IS NOT NULL")?
        .exists([user.as_bytes()])?;
    let peer = match (found.low, found.high) {
        (Some(low), Some(high)) if low == high => None,
        (Some(low), Some(high)) if low == user => Some(high),
        (Some(low), Some(high)) if high == user => Some(low),
        _ => None,
    };
    let blocked = match (found.low, found.high) {
        (Some(low), Some(high)) => person::is_blocked(db, low, high)?,
        _ => false,
    };
    Ok(Some(ConversationAccess {
        kind: found.kind,
        encrypted: found.encrypted,
        role: standing.map(|(role, _)| role),
        first_seq: standing.map_or(Seq::ZERO, |(_, first_seq)| first_seq),
        last_seq: found.last_seq,
        member_count: found.member_count,
        owner_count: found.owner_count,
        target_role,
        peer,
        blocked,
        suspended,
        announcements: found.announcements,
        target_banned: match target {
            Some(target) => joining::is_banned(db, conversation, target)?,
            None => false,
        },
        request: personal::find_request(db, conversation, user)?,
    }))
}

/// What somebody is in a conversation, and the first entry that they may read.
pub(crate) fn find_standing(
    db: &Connection,
    conversation: ConversationId,
    user: UserId,
) -> Result<Option<(Role, Seq)>> {
    db.prepare_cached("SELECT role, first_seq FROM member WHERE conversation = ?1 AND user = ?2")?
        .query_row([conversation.as_bytes(), user.as_bytes()], |row| {
            Ok((row::role(row.get(0)?)?, row::seq_at(row, 1)?))
        })
        .optional()
}

pub(crate) fn list_ids(db: &Connection, user: UserId) -> Result<Vec<ConversationId>> {
    db.prepare_cached("SELECT conversation FROM member WHERE user = ?1")?
        .query_map([user.as_bytes()], |row| row::id_at(row, 0))?
        .collect()
}

pub(crate) fn list_memberships(db: &Connection, users: &[UserId]) -> Result<Vec<(UserId, ConversationId)>> {
    let mut memberships = Vec::new();
    for user in users {
        let conversations = list_ids(db, *user)?;
        memberships.extend(
            conversations
                .into_iter()
                .map(|conversation| (*user, conversation)),
        );
    }
    Ok(memberships)
}

pub(crate) fn list_members(
    db: &Connection,
    conversation: ConversationId,
    viewer: UserId,
    after: Option<UserId>,
    limit: u32,
) -> Result<Vec<Member>> {
    let from: (i64, Vec<u8>) = match after {
        None => (0, Vec::new()),
        Some(after) => match find_standing(db, conversation, after)? {
            Some((_, first_seq)) => (row::seq_number(first_seq), after.as_bytes().to_vec()),
            // They have left, and their place with them: from the start, so that nobody is missed.
            None => (0, Vec::new()),
        },
    };
    db.prepare_cached(MEMBERS)?
        .query_map(
            params![conversation.as_bytes(), from.0, from.1, limit, viewer.as_bytes()],
            row::member,
        )?
        .collect()
}

/// A page of members, oldest first.
pub(crate) const MEMBERS: &str = concat!(
    "SELECT user.id, user.handle, user.name, member.role, member.delivered_seq, ",
    read_seq_for!("?5"),
    ", user.face
    FROM member JOIN user ON user.id = member.user
    WHERE member.conversation = ?1 AND (member.first_seq, member.user) > (?2, ?3)
    ORDER BY member.first_seq, member.user LIMIT ?4"
);

/// A page of the members that a search finds, the highest roles first, then by handle.
pub(crate) const SEARCH_MEMBERS: &str = concat!(
    "SELECT user.id, user.handle, user.name, member.role, member.delivered_seq, ",
    read_seq_for!("?7"),
    ", user.face
    FROM member CROSS JOIN user ON user.id = member.user
    WHERE member.conversation = ?1 AND (-member.role, user.handle) > (-?2, ?3)
        AND (?4 = '' OR (user.handle >= ?4 AND user.handle < ?5) OR EXISTS (
            SELECT 1 FROM user_word WHERE user_word.user = member.user AND word >= ?4 AND word < ?5
        ))
    ORDER BY -member.role, user.handle LIMIT ?6"
);

pub(crate) fn search_members(
    db: &Connection,
    conversation: ConversationId,
    viewer: UserId,
    query: &str,
    after: Option<&MemberPosition>,
    limit: u32,
) -> Result<Vec<Member>> {
    let query = query.to_lowercase();
    let above = format!("{query}{}", char::MAX);
    // A role above all, where there is no place to begin after.
    let (role, handle) = after.map_or((i64::from(u8::MAX), ""), |after| {
        (row::role_number(after.role), after.handle.as_str())
    });
    db.prepare_cached(SEARCH_MEMBERS)?
        .query_map(
            params![
                conversation.as_bytes(),
                role,
                handle,
                query,
                above,
                limit,
                viewer.as_bytes()
            ],
            row::member,
        )?
        .collect()
}

/// Whether two people are in any conversation together that is no request to the second of them.
pub(crate) const ACQUAINTED: &str = "
    SELECT 1 FROM member AS mine JOIN member AS theirs ON theirs.conversation = mine.conversation
    WHERE mine.user = ?1 AND theirs.user = ?2 AND NOT EXISTS (
        SELECT 1 FROM personal
        WHERE personal.conversation = theirs.conversation AND personal.user = theirs.user AND request > 0
    )";

pub(crate) fn filter_acquainted(db: &Connection, user: UserId, others: &[UserId]) -> Result<Vec<UserId>> {
    let mut meet = db.prepare_cached(ACQUAINTED)?;
    let mut acquainted = Vec::new();
    for other in others {
        if meet.exists([user.as_bytes(), other.as_bytes()])? {
            acquainted.push(*other);
        }
    }
    Ok(acquainted)
}
