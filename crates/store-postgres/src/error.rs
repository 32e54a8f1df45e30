//! What PostgreSQL says, in the words of [`StoreError`]: the one place where SQLSTATE codes are mapped
//! (PostgreSQL 15, appendix A).

use deadpool_postgres::{HookError, PoolError, TimeoutType};
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
    /// Neither an answer nor an error came within the time of a call.
    #[error("the database did not answer in time")]
    Hung,
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

/// What to do about a unit of work that has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Tell the caller.
    None,
    /// Again at once: it had to give way to another, and nothing of it has happened.
    AtOnce,
    /// Again after a while: the connection broke, or could not be had. It may have happened.
    Later,
    /// Again after a while, on new connections: these lead to a server that no longer takes writes.
    Elsewhere,
}

impl Error {
    pub(crate) fn remedy(&self) -> Remedy {
        match self {
            // The hook sets a new connection up: it broke while it was made.
            Self::Postgres(error)
            | Self::Pool(PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error))) => {
                remedy(error)
            }
            Self::Pool(PoolError::Timeout(TimeoutType::Create | TimeoutType::Recycle)) => Remedy::Later,
            Self::Pool(_) | Self::Hung | Self::Corrupt(_) | Self::Body(_) => Remedy::None,
        }
    }
}

fn remedy(error: &tokio_postgres::Error) -> Remedy {
    let Some(code) = error.code() else {
        return if is_wrong_type(error) {
            Remedy::None
        } else {
            Remedy::Later
        };
    };
    match code.code() {
        "40001" | "40P01" => Remedy::AtOnce,
        // The old primary, demoted to a standby.
        "25006" => Remedy::Elsewhere,
        // Shut down by an operator, crashed, not ready yet (a standby that is being promoted says so); too many connections.
        "57P01" | "57P02" | "57P03" | "53300" => Remedy::Later,
        code if code.starts_with("08") => Remedy::Later,
        _ => Remedy::None,
    }
}

/// A parameter or a column of a type that is not the statement's: ours to mend.
fn is_wrong_type(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<WrongType>)
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
        return if is_wrong_type(error) {
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
        Error::Postgres(error)
        | Error::Pool(PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error))) => {
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
        error @ Error::Hung => StoreError::Unavailable(Box::new(error)),
        Error::Pool(error) => StoreError::Unavailable(Box::new(error)),
        Error::Corrupt(detail) => StoreError::Corrupt { detail },
        Error::Body(error) => StoreError::Statement(Box::new(error)),
    }
}
