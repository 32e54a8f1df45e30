//! What SQLite says, in the words of [`StoreError`]: the one place where codes are mapped.

use std::sync::Arc;

use pipit_store::error::StoreError;
use rusqlite::ErrorCode;
use rusqlite::types::Type;

/// What a row holds that it cannot hold. Travels as a conversion failure, so that everything inside this crate has one
/// error type, SQLite's own.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Corruption(String);

/// An error that says that the database breaks its own rules.
pub(crate) fn corrupt(detail: impl Into<String>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Null, Box::new(Corruption(detail.into())))
}

/// The store was closed, or its thread has ended.
#[derive(Debug, thiserror::Error)]
#[error("the store was closed")]
pub(crate) struct Closed;

/// The commit that a job was part of failed, with what was common to all jobs of its group.
#[derive(Debug, thiserror::Error)]
#[error("the group's transaction failed")]
struct GroupFailed(#[source] Arc<rusqlite::Error>);

/// The error for a store that no longer runs.
pub(crate) fn closed() -> StoreError {
    StoreError::Unavailable(Box::new(Closed))
}

/// The error of one call.
pub(crate) fn store_error(error: rusqlite::Error) -> StoreError {
    match class(&error) {
        Class::Full => StoreError::Full(Box::new(error)),
        Class::ReadOnly => StoreError::ReadOnly(Box::new(error)),
        Class::Corrupt => StoreError::Corrupt {
            detail: error.to_string(),
        },
        Class::Unavailable => StoreError::Unavailable(Box::new(error)),
        Class::Statement => StoreError::Statement(Box::new(error)),
    }
}

/// The error of each call whose group could not be committed.
pub(crate) fn group_error(error: &Arc<rusqlite::Error>) -> StoreError {
    let source = Box::new(GroupFailed(Arc::clone(error)));
    match class(error) {
        Class::Full => StoreError::Full(source),
        Class::ReadOnly => StoreError::ReadOnly(source),
        Class::Corrupt => StoreError::Corrupt {
            detail: error.to_string(),
        },
        Class::Unavailable => StoreError::Unavailable(source),
        Class::Statement => StoreError::Statement(source),
    }
}

/// The error of a file operation beside the database.
pub(crate) fn io_error(error: std::io::Error) -> StoreError {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => StoreError::ReadOnly(Box::new(error)),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full(Box::new(error)),
        _ => StoreError::Unavailable(Box::new(error)),
    }
}

enum Class {
    Full,
    ReadOnly,
    Corrupt,
    Unavailable,
    Statement,
}

fn class(error: &rusqlite::Error) -> Class {
    use rusqlite::Error;
    match error {
        Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DiskFull => Class::Full,
            // The index of the write-ahead log could not grow. SQLite does not ask why; a full disk is the reason there is.
            ErrorCode::SystemIoFailure if failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE => {
                Class::Full
            }
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Class::ReadOnly,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Class::Corrupt,
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::OutOfMemory
            | ErrorCode::OperationInterrupted
            | ErrorCode::SystemIoFailure
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::CannotOpen => Class::Unavailable,
            _ => Class::Statement,
        },
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => Class::Corrupt,
        _ => Class::Statement,
    }
}
