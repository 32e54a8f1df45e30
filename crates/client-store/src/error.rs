//! What SQLite's failures are to the engine.

use pipit_client::StorageError;
use rusqlite::ErrorCode;

pub(crate) fn storage_error(error: rusqlite::Error) -> StorageError {
    match &error {
        rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DiskFull => StorageError::Full,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StorageError::Corrupt {
                detail: error.to_string(),
            },
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StorageError::Locked,
            _ => StorageError::Failed(Box::new(error)),
        },
        // A value that was written by this program and cannot be read by it.
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..) => StorageError::Corrupt {
            detail: error.to_string(),
        },
        _ => StorageError::Failed(Box::new(error)),
    }
}
