//! Answers: JSON, or a [`WireError`] with the status of its code.

use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use pipit_store::error::StoreError;
use pipit_wire::{ErrorCode, WireError};

use crate::error::ServiceError;

/// What a handler answers.
pub(super) type Answer<T> = Result<Json<T>, ApiError>;

/// An error on its way out.
#[derive(Debug)]
pub(super) struct ApiError(ServiceError);

impl<E: Into<ServiceError>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// A fault of the server's, until the outermost layer has logged it and written the answer with the incident's id.
#[derive(Clone)]
pub(super) struct Fault(Arc<ServiceError>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match self.0 {
            ServiceError::Refused(error) => refusal(&error),
            fault => {
                let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
                response.extensions_mut().insert(Fault(Arc::new(fault)));
                response
            }
        }
    }
}

impl Fault {
    /// The answer, without any detail but the incident's id.
    pub(super) fn answer(&self, incident: &str) -> Response {
        let error = &*self.0;
        tracing::error!(
            incident,
            error = error as &dyn std::error::Error,
            "a request failed"
        );
        let code = match error {
            ServiceError::Store(
                StoreError::Unavailable(_) | StoreError::Full(_) | StoreError::ReadOnly(_),
            ) => ErrorCode::Unavailable,
            _ => ErrorCode::Internal,
        };
        refusal(&WireError::new(code, format!("incident {incident}")))
    }
}

/// The answer that carries an error.
pub(super) fn refusal(error: &WireError) -> Response {
    let status = StatusCode::from_u16(error.code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(error)).into_response();
    if let Some(wait_ms) = error.retry_after_ms {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(wait_ms.div_ceil(1_000)));
    }
    if status == StatusCode::UNAUTHORIZED {
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
