//! Between columns and the domain's types.

use pipit_store::account::{DeviceRecord, InviteRecord, UserRecord};
use pipit_wire::event::{Content, ConversationKind, EventBody, GroupSettings, HistoryPolicy, Role};
use pipit_wire::frame::client::ClientInfo;
use pipit_wire::frame::{Member, Profile, Receipt, RequestState};
use pipit_wire::person::Face;
use pipit_wire::{BlobId, ConversationId, Event, Seq, Timestamp};
use rusqlite::{Result, Row};
use uuid::Uuid;

use crate::error::corrupt;

/// The number that `event.kind` has for a message. Unread are these alone.
pub(crate) const KIND_MESSAGE: i64 = 1;
/// The number of a message that is deleted: nobody has to read it any more.
const KIND_ERASED: i64 = 7;

/// The number of an entry's kind. Never changes once released.
pub(crate) const fn event_kind(body: &EventBody) -> i64 {
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

pub(crate) const fn role_number(role: Role) -> i64 {
    match role {
        Role::Member => 0,
        Role::Moderator => 1,
        Role::Admin => 2,
        Role::Owner => 3,
    }
}

pub(crate) fn role(number: i64) -> Result<Role> {
    match number {
        0 => Ok(Role::Member),
        1 => Ok(Role::Moderator),
        2 => Ok(Role::Admin),
        3 => Ok(Role::Owner),
        other => Err(corrupt(format!("a member has role {other}"))),
    }
}

pub(crate) const fn request_number(request: RequestState) -> i64 {
    match request {
        RequestState::Accepted => 0,
        RequestState::Waiting => 1,
        RequestState::Refused => 2,
    }
}

pub(crate) fn request(number: i64) -> Result<RequestState> {
    match number {
        0 => Ok(RequestState::Accepted),
        1 => Ok(RequestState::Waiting),
        2 => Ok(RequestState::Refused),
        other => Err(corrupt(format!("a request stands at {other}"))),
    }
}

pub(crate) const KIND_DIRECT: i64 = 0;
pub(crate) const KIND_GROUP: i64 = 1;

pub(crate) fn conversation_kind(number: i64) -> Result<ConversationKind> {
    match number {
        KIND_DIRECT => Ok(ConversationKind::Direct),
        KIND_GROUP => Ok(ConversationKind::Group),
        other => Err(corrupt(format!("a conversation has kind {other}"))),
    }
}

pub(crate) const fn history_number(history: HistoryPolicy) -> i64 {
    match history {
        HistoryPolicy::None => 0,
        HistoryPolicy::All => 1,
    }
}

pub(crate) fn history(number: i64) -> Result<HistoryPolicy> {
    match number {
        0 => Ok(HistoryPolicy::None),
        1 => Ok(HistoryPolicy::All),
        other => Err(corrupt(format!("a group has history {other}"))),
    }
}

/// What a group is set to, from `topic, announcements, history, expire_after_ms, avatar` that begin at this column.
pub(crate) fn settings(row: &Row<'_>, first: usize) -> Result<GroupSettings> {
    Ok(GroupSettings {
        topic: row.get(first)?,
        announcements: row.get(first + 1)?,
        history: history(row.get(first + 2)?)?,
        expire_after_ms: row.get(first + 3)?,
        avatar: row.get::<_, Option<[u8; 16]>>(first + 4)?.map(BlobId::from_bytes),
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

/// The seq in this column.
pub(crate) fn seq_at(row: &Row<'_>, column: usize) -> Result<Seq> {
    seq(row.get(column)?)
}

/// The id in this column.
pub(crate) fn id_at<T: From<Uuid>>(row: &Row<'_>, column: usize) -> Result<T> {
    Ok(T::from(Uuid::from_bytes(row.get(column)?)))
}

/// The id in this column, where it has one.
pub(crate) fn optional_id_at<T: From<Uuid>>(row: &Row<'_>, column: usize) -> Result<Option<T>> {
    Ok(row
        .get::<_, Option<[u8; 16]>>(column)?
        .map(|bytes| T::from(Uuid::from_bytes(bytes))))
}

/// The time in this column.
pub(crate) fn time_at(row: &Row<'_>, column: usize) -> Result<Timestamp> {
    Ok(Timestamp(row.get(column)?))
}

/// The columns of [`event`], in its order.
macro_rules! event_columns {
    () => {
        "seq, id, sender, device, at, body"
    };
}
pub(crate) use event_columns;

/// An entry of this conversation from a row of [`event_columns`].
pub(crate) fn event(conversation: ConversationId, row: &Row<'_>) -> Result<Event> {
    Ok(Event {
        id: id_at(row, 1)?,
        conversation,
        seq: seq_at(row, 0)?,
        at: time_at(row, 4)?,
        sender: id_at(row, 2)?,
        device: optional_id_at(row, 3)?,
        body: body(conversation, row, 5)?,
    })
}

/// What an entry of this conversation says, from this column.
pub(crate) fn body(conversation: ConversationId, row: &Row<'_>, column: usize) -> Result<EventBody> {
    let body = row
        .get_ref(column)?
        .as_str()
        .map_err(|error| corrupt(error.to_string()))?;
    serde_json::from_str(body)
        .map_err(|error| corrupt(format!("an entry of {conversation} is not an entry: {error}")))
}

/// What an entry says, as the column `body` has it.
pub(crate) fn body_text(body: &EventBody) -> Result<String> {
    serde_json::to_string(body).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// An account from a row of `id, handle, name, admin, suspended_at, created_at`.
pub(crate) fn user(row: &Row<'_>) -> Result<UserRecord> {
    Ok(UserRecord {
        profile: Profile {
            face: face(row, 6)?,
            ..profile(row)?
        },
        admin: row.get(3)?,
        suspended_at: row.get::<_, Option<i64>>(4)?.map(Timestamp),
        created_at: time_at(row, 5)?,
    })
}

/// What somebody shows of themselves.
pub(crate) fn face(row: &Row<'_>, column: usize) -> Result<Option<Face>> {
    let text: Option<String> = row.get(column)?;
    let read = |text: String| {
        serde_json::from_str(&text)
            .map_err(|error| corrupt(format!("what somebody shows cannot be read: {error}")))
    };
    text.map(read).transpose()
}

/// An account as others see it, from a row that begins with `id, handle, name`.
pub(crate) fn profile(row: &Row<'_>) -> Result<Profile> {
    profile_at(row, 0)
}

/// The same from `id, handle, name` that begin at this column.
pub(crate) fn profile_at(row: &Row<'_>, first: usize) -> Result<Profile> {
    Ok(Profile {
        user: id_at(row, first)?,
        handle: row.get(first + 1)?,
        name: row.get(first + 2)?,
        face: None,
    })
}

/// A device from a row of `id, user, name, client_name, client_version, signed_in_at, last_seen_at`.
pub(crate) fn device(row: &Row<'_>) -> Result<DeviceRecord> {
    Ok(DeviceRecord {
        id: id_at(row, 0)?,
        user: id_at(row, 1)?,
        name: row.get(2)?,
        client: ClientInfo {
            name: row.get(3)?,
            version: row.get(4)?,
        },
        signed_in_at: time_at(row, 5)?,
        last_seen_at: time_at(row, 6)?,
    })
}

/// An invite from a row of `id, made_by, its maker's name, expires_at, uses_left`.
pub(crate) fn invite(row: &Row<'_>) -> Result<InviteRecord> {
    Ok(InviteRecord {
        id: id_at(row, 0)?,
        made_by: id_at(row, 1)?,
        made_by_name: row.get(2)?,
        expires_at: time_at(row, 3)?,
        uses_left: row.get(4)?,
    })
}

/// A member from a row of `id, handle, name, role, delivered_seq, read_seq, face`.
pub(crate) fn member(row: &Row<'_>) -> Result<Member> {
    Ok(Member {
        profile: Profile {
            face: face(row, 6)?,
            ..profile(row)?
        },
        role: role(row.get(3)?)?,
        delivered_seq: seq_at(row, 4)?,
        read_seq: seq_at(row, 5)?,
    })
}

/// Markers from a row of `user, delivered_seq, read_seq`.
pub(crate) fn receipt(conversation: ConversationId, row: &Row<'_>) -> Result<Receipt> {
    Ok(Receipt {
        conversation,
        user: id_at(row, 0)?,
        delivered_seq: seq_at(row, 1)?,
        read_seq: seq_at(row, 2)?,
    })
}
