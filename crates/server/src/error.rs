//! What a service answers when it does not do what was asked, and how a client learns of it.

use pipit_model::Refusal;
use pipit_model::text::TextError;
use pipit_store::error::StoreError;
use pipit_wire::{ErrorCode, WireError};

/// Why a service did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The client's doing: the error as it gets it.
    #[error(transparent)]
    Refused(#[from] WireError),
    /// The storage's doing.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server's own doing.
    #[error("internal: {0}")]
    Internal(&'static str, #[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ServiceError {
    /// A refusal with this code.
    pub fn refused(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Refused(WireError::new(code, message))
    }

    /// A field that is not acceptable.
    pub fn field(field: &'static str, message: impl std::fmt::Display) -> Self {
        Self::Refused(WireError::new(ErrorCode::InvalidField, format!("`{field}`: {message}")).about(field))
    }

    /// A name or text that is not acceptable.
    pub fn text(field: &'static str, error: TextError) -> Self {
        Self::field(field, error)
    }

    /// Whether the server, not the client, is at fault: such errors are logged, and a client gets no detail of them.
    pub const fn is_fault(&self) -> bool {
        match self {
            Self::Refused(_) => false,
            Self::Store(_) | Self::Internal(..) => true,
        }
    }
}

impl ServiceError {
    /// The error as a client gets it. Where the server is at fault it gets no detail, but an incident id, which is `incident` in hex
    /// and stands in the log beside what happened.
    pub fn into_wire(self, incident: [u8; 8]) -> WireError {
        let incident = u64::from_be_bytes(incident);
        match self {
            Self::Refused(refusal) => refusal,
            Self::Store(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    incident = format_args!("{incident:016x}"),
                    "the storage failed"
                );
                WireError::new(
                    ErrorCode::Unavailable,
                    format!("the storage does not answer (incident {incident:016x})"),
                )
            }
            Self::Internal(what, error) => {
                tracing::error!(
                    error = &*error as &dyn std::error::Error,
                    incident = format_args!("{incident:016x}"),
                    what,
                    "a fault"
                );
                WireError::new(
                    ErrorCode::Internal,
                    format!("a fault in the server (incident {incident:016x})"),
                )
            }
        }
    }
}

impl From<Refusal> for ServiceError {
    fn from(refusal: Refusal) -> Self {
        Self::refused(refusal.code(), refusal.to_string())
    }
}
