//! What PostgreSQL says, in the words of [`StoreError`]: the one place where SQLSTATE codes are mapped
//! (PostgreSQL 15, appendix A).

use deadpool_postgres::PoolError;
use pipit_store::error::StoreError;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::WrongType;

/// Everything that goes wrong inside this crate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The server or the line to it.
    #[error(transparent)]
    Postgres(#[from] tokio_postgres::Error),
    /// No connection could be had.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// A row holds what it cannot hold.
    #[error("{0}")]
    Corrupt(String),
    /// An entry could not be written as JSON.
    #[error(transparent)]
    Body(#[from] serde_json::Error),
}

/// An error that says that the database breaks its own rules.
pub(crate) fn corrupt(detail: impl Into<String>) -> Error {
    Error::Corrupt(detail.into())
}

impl Error {
    /// The server chose this transaction to give way to another: nothing of it has happened, so it is tried again at once.
    pub(crate) fn gave_way(&self) -> bool {
        let Self::Postgres(error) = self else {
            return false;
        };
        error.code().is_some_and(|code| {
            *code == SqlState::T_R_DEADLOCK_DETECTED || *code == SqlState::T_R_SERIALIZATION_FAILURE
        })
    }
}

enum Class {
    Full,
    ReadOnly,
    Corrupt,
    Unavailable,
    Statement,
}

fn class(error: &tokio_postgres::Error) -> Class {
    let Some(code) = error.code() else {
        // Not the server's own word: the line, the connecting, a parameter of the wrong type.
        let is_ours = std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<WrongType>);
        return if is_ours {
            Class::Statement
        } else {
            Class::Unavailable
        };
    };
    if *code == SqlState::DISK_FULL {
        Class::Full
    } else if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        Class::ReadOnly
    } else if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED {
        Class::Corrupt
    } else {
        match code.code().get(..2) {
            // Connection; authorization and unknown database (an operator's to mend); transaction rollback after the last try;
            // insufficient resources; a lock that was not had in time; an operator's intervention, timeouts included; system error.
            Some("08" | "28" | "3D" | "40" | "53" | "55" | "57" | "58") => Class::Unavailable,
            _ if *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => Class::Unavailable,
            _ => Class::Statement,
        }
    }
}

/// The error of one call.
pub(crate) fn store_error(error: Error) -> StoreError {
    match error {
        Error::Postgres(error) | Error::Pool(PoolError::Backend(error)) => match class(&error) {
            Class::Full => StoreError::Full(Box::new(error)),
            Class::ReadOnly => StoreError::ReadOnly(Box::new(error)),
            Class::Corrupt => StoreError::Corrupt {
                detail: error.to_string(),
            },
            Class::Unavailable => StoreError::Unavailable(Box::new(error)),
            Class::Statement => StoreError::Statement(Box::new(error)),
        },
        Error::Pool(error) => StoreError::Unavailable(Box::new(error)),
        Error::Corrupt(detail) => StoreError::Corrupt { detail },
        Error::Body(error) => StoreError::Statement(Box::new(error)),
    }
}
