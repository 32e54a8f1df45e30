//! Between the domain's values and SQLite's.

use pipit_wire::event::{ConversationKind, Role};
use pipit_wire::{Seq, Timestamp};
use rusqlite::Row;
use rusqlite::types::Type;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Seqs are below 2^53.
pub(crate) fn from_seq(seq: Seq) -> i64 {
    i64::try_from(seq.get()).unwrap_or(i64::MAX)
}

pub(crate) fn seq(row: &Row<'_>, column: usize) -> rusqlite::Result<Seq> {
    let number: i64 = row.get(column)?;
    let seq = u64::try_from(number).ok().and_then(Seq::new);
    seq.ok_or(rusqlite::Error::IntegralValueOutOfRange(column, number))
}

pub(crate) fn timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp)
}

/// An id from its 16 bytes: give the id's `from_bytes`.
pub(crate) fn id<T>(row: &Row<'_>, column: usize, make: impl Fn([u8; 16]) -> T) -> rusqlite::Result<T> {
    row.get(column).map(make)
}

pub(crate) fn optional_id<T>(
    row: &Row<'_>,
    column: usize,
    make: impl Fn([u8; 16]) -> T,
) -> rusqlite::Result<Option<T>> {
    let bytes: Option<[u8; 16]> = row.get(column)?;
    Ok(bytes.map(make))
}

pub(crate) const fn from_kind(kind: ConversationKind) -> i64 {
    match kind {
        ConversationKind::Direct => 0,
        ConversationKind::Group => 1,
    }
}

pub(crate) fn kind(row: &Row<'_>, column: usize) -> rusqlite::Result<ConversationKind> {
    match row.get(column)? {
        0 => Ok(ConversationKind::Direct),
        1 => Ok(ConversationKind::Group),
        other => Err(rusqlite::Error::IntegralValueOutOfRange(column, other)),
    }
}

pub(crate) const fn from_role(role: Role) -> i64 {
    match role {
        Role::Member => 0,
        Role::Moderator => 1,
        Role::Admin => 2,
        Role::Owner => 3,
    }
}

pub(crate) fn role(row: &Row<'_>, column: usize) -> rusqlite::Result<Role> {
    match row.get(column)? {
        0 => Ok(Role::Member),
        1 => Ok(Role::Moderator),
        2 => Ok(Role::Admin),
        3 => Ok(Role::Owner),
        other => Err(rusqlite::Error::IntegralValueOutOfRange(column, other)),
    }
}

pub(crate) fn to_json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

pub(crate) fn optional_json<T: DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<T>> {
    match row.get_ref(column)?.as_str_or_null()? {
        Some(_) => json(row, column).map(Some),
        None => Ok(None),
    }
}
