//! Between columns and the domain's types.

use pipit_store::account::{DeviceRecord, InviteRecord, UserRecord};
use pipit_wire::event::{Content, ConversationKind, EventBody, GroupSettings, HistoryPolicy, Role};
use pipit_wire::frame::client::ClientInfo;
use pipit_wire::frame::{Member, Profile, Receipt, RequestState};
use pipit_wire::person::Face;
use pipit_wire::{BlobId, ConversationId, Event, Seq, Timestamp, UserId};
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use uuid::Uuid;

use crate::error::{Error, corrupt};

type Result<T> = std::result::Result<T, Error>;

/// The number that `event.kind` has for a message. Unread are these alone.
pub(crate) const KIND_MESSAGE: i16 = 1;
/// The number of a message that is deleted: nobody has to read it any more.
pub(crate) const KIND_ERASED: i16 = 7;

/// The number of an entry's kind. Never changes once released.
pub(crate) const fn event_kind(body: &EventBody) -> i16 {
    match body {
        EventBody::Created { .. } => 0,
        EventBody::Message {
            content: Content::Erased {},
            ..
        } => KIND_ERASED,
        EventBody::Message { content, .. } if content.is_sealed_change() => 10,
        EventBody::Message { .. } => KIND_MESSAGE,
        EventBody::MemberAdded { .. } => 2,
        EventBody::MemberRemoved { .. } => 3,
        EventBody::RoleChanged { .. } => 4,
        EventBody::TitleChanged { .. } => 5,
        EventBody::MessageChanged { .. } => 6,
        EventBody::SettingsChanged { .. } => 8,
        EventBody::Handshake { .. } => 9,
        EventBody::HistoryShown { .. } => 11,
        EventBody::Unknown => 255,
    }
}

pub(crate) const fn role_number(role: Role) -> i16 {
    match role {
        Role::Member => 0,
        Role::Moderator => 1,
        Role::Admin => 2,
        Role::Owner => 3,
    }
}

pub(crate) fn role(number: i16) -> Result<Role> {
    match number {
        0 => Ok(Role::Member),
        1 => Ok(Role::Moderator),
        2 => Ok(Role::Admin),
        3 => Ok(Role::Owner),
        other => Err(corrupt(format!("a member has role {other}"))),
    }
}

pub(crate) const fn request_number(request: RequestState) -> i16 {
    match request {
        RequestState::Accepted => 0,
        RequestState::Waiting => 1,
        RequestState::Refused => 2,
    }
}

pub(crate) fn request(number: i16) -> Result<RequestState> {
    match number {
        0 => Ok(RequestState::Accepted),
        1 => Ok(RequestState::Waiting),
        2 => Ok(RequestState::Refused),
        other => Err(corrupt(format!("a request stands at {other}"))),
    }
}

pub(crate) const KIND_DIRECT: i16 = 0;
pub(crate) const KIND_GROUP: i16 = 1;

pub(crate) fn conversation_kind(number: i16) -> Result<ConversationKind> {
    match number {
        KIND_DIRECT => Ok(ConversationKind::Direct),
        KIND_GROUP => Ok(ConversationKind::Group),
        other => Err(corrupt(format!("a conversation has kind {other}"))),
    }
}

pub(crate) const fn history_number(history: HistoryPolicy) -> i16 {
    match history {
        HistoryPolicy::None => 0,
        HistoryPolicy::All => 1,
    }
}

pub(crate) fn history(number: i16) -> Result<HistoryPolicy> {
    match number {
        0 => Ok(HistoryPolicy::None),
        1 => Ok(HistoryPolicy::All),
        other => Err(corrupt(format!("a group has history {other}"))),
    }
}

/// What a group is set to, from `topic, announcements, history, expire_after_ms, avatar` that begin at this column.
pub(crate) fn settings(row: &Row, first: usize) -> Result<GroupSettings> {
    Ok(GroupSettings {
        topic: at(row, first)?,
        announcements: at(row, first + 1)?,
        history: history(at(row, first + 2)?)?,
        expire_after_ms: at(row, first + 3)?,
        avatar: at::<Option<Uuid>>(row, first + 4)?.map(BlobId::from),
    })
}

/// A seq for a parameter. Below 2^53, so that nothing is lost.
pub(crate) const fn seq_number(seq: Seq) -> i64 {
    seq.get().cast_signed()
}

/// A seq from a column.
pub(crate) fn seq(number: i64) -> Result<Seq> {
    u64::try_from(number)
        .ok()
        .and_then(Seq::new)
        .ok_or_else(|| corrupt(format!("a seq is {number}")))
}

/// What this column has.
pub(crate) fn at<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Result<T> {
    row.try_get(column)
        .map_err(|error| corrupt(format!("a column cannot be read: {error}")))
}

/// The seq in this column.
pub(crate) fn seq_at(row: &Row, column: usize) -> Result<Seq> {
    seq(at(row, column)?)
}

/// The count in this column.
pub(crate) fn count_at(row: &Row, column: usize) -> Result<u32> {
    let count: i64 = at(row, column)?;
    u32::try_from(count).map_err(|_| corrupt(format!("a count is {count}")))
}

/// The id in this column.
pub(crate) fn id_at<T: From<Uuid>>(row: &Row, column: usize) -> Result<T> {
    at(row, column).map(|id: Uuid| T::from(id))
}

/// The id in this column, where it has one.
pub(crate) fn optional_id_at<T: From<Uuid>>(row: &Row, column: usize) -> Result<Option<T>> {
    Ok(at::<Option<Uuid>>(row, column)?.map(T::from))
}

/// The time in this column.
pub(crate) fn time_at(row: &Row, column: usize) -> Result<Timestamp> {
    at(row, column).map(Timestamp)
}

/// Ids for an array parameter.
pub(crate) fn user_ids(users: &[UserId]) -> Vec<Uuid> {
    users.iter().map(UserId::as_uuid).collect()
}

/// Whether PostgreSQL can hold this text: all but U+0000. What it cannot hold is not in any column, so nothing is found by it.
pub(crate) fn is_text(text: &str) -> bool {
    !text.contains('\0')
}

/// The columns of [`event`], in its order.
macro_rules! event_columns {
    () => {
        "event.conversation, event.seq, event.id, event.sender, event.device, event.at, event.body"
    };
}
pub(crate) use event_columns;

/// An entry from the [`event_columns`] that begin at this column.
pub(crate) fn event(row: &Row, first: usize) -> Result<Event> {
    let conversation: ConversationId = id_at(row, first)?;
    Ok(Event {
        conversation,
        seq: seq_at(row, first + 1)?,
        id: id_at(row, first + 2)?,
        sender: id_at(row, first + 3)?,
        device: optional_id_at(row, first + 4)?,
        at: time_at(row, first + 5)?,
        body: body(conversation, row, first + 6)?,
    })
}

/// What an entry of this conversation says, from this column.
pub(crate) fn body(conversation: ConversationId, row: &Row, column: usize) -> Result<EventBody> {
    let body: &str = at(row, column)?;
    serde_json::from_str(body)
        .map_err(|error| corrupt(format!("an entry of {conversation} is not an entry: {error}")))
}

/// The entry that begins at this column, where an outer join found one.
pub(crate) fn optional_event(row: &Row, first: usize) -> Result<Option<Event>> {
    match at::<Option<Uuid>>(row, first)? {
        Some(_) => event(row, first).map(Some),
        None => Ok(None),
    }
}

/// An account from a row of `id, handle, name, admin, suspended_at, created_at`.
pub(crate) fn user(row: &Row) -> Result<UserRecord> {
    Ok(UserRecord {
        profile: Profile {
            face: face(row, 6)?,
            ..profile(row, 0)?
        },
        admin: at(row, 3)?,
        suspended_at: at::<Option<i64>>(row, 4)?.map(Timestamp),
        created_at: time_at(row, 5)?,
    })
}

/// What somebody shows of themselves.
pub(crate) fn face(row: &Row, column: usize) -> Result<Option<Face>> {
    let text: Option<&str> = at(row, column)?;
    text.map(|text| Ok(serde_json::from_str(text)?)).transpose()
}

/// An account as others see it, from `id, handle, name` that begin at this column.
pub(crate) fn profile(row: &Row, first: usize) -> Result<Profile> {
    Ok(Profile {
        user: id_at(row, first)?,
        handle: at(row, first + 1)?,
        name: at(row, first + 2)?,
        face: None,
    })
}

/// A device from `id, user, name, client_name, client_version, signed_in_at, last_seen_at` that begin at this column.
pub(crate) fn device(row: &Row, first: usize) -> Result<DeviceRecord> {
    Ok(DeviceRecord {
        id: id_at(row, first)?,
        user: id_at(row, first + 1)?,
        name: at(row, first + 2)?,
        client: ClientInfo {
            name: at(row, first + 3)?,
            version: at(row, first + 4)?,
        },
        signed_in_at: time_at(row, first + 5)?,
        last_seen_at: time_at(row, first + 6)?,
    })
}

/// An invite from a row of `id, made_by, its maker's name, expires_at, uses_left`.
pub(crate) fn invite(row: &Row) -> Result<InviteRecord> {
    Ok(InviteRecord {
        id: id_at(row, 0)?,
        made_by: id_at(row, 1)?,
        made_by_name: at(row, 2)?,
        expires_at: time_at(row, 3)?,
        uses_left: count_at(row, 4)?,
    })
}

/// A member from `id, handle, name, role, delivered_seq, read_seq, face` that begin at this column.
pub(crate) fn member(row: &Row, first: usize) -> Result<Member> {
    Ok(Member {
        profile: Profile {
            face: face(row, first + 6)?,
            ..profile(row, first)?
        },
        role: role(at(row, first + 3)?)?,
        delivered_seq: seq_at(row, first + 4)?,
        read_seq: seq_at(row, first + 5)?,
    })
}

/// Markers from `user, delivered_seq, read_seq` that begin at this column.
pub(crate) fn receipt(conversation: ConversationId, row: &Row, first: usize) -> Result<Receipt> {
    Ok(Receipt {
        conversation,
        user: id_at(row, first)?,
        delivered_seq: seq_at(row, first + 1)?,
        read_seq: seq_at(row, first + 2)?,
    })
}
