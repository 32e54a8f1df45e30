//! `POST /v1/uploads`.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_wire::{ErrorCode, WireError};

use super::{Tus, UPLOAD_LENGTH, bytes_in, state};
use crate::rest::App;
use crate::rest::answer::ApiError;
use crate::rest::request::Authenticated;
use crate::service::media::Announced;

/// The longest metadata, in bytes. The longest head is a little more.
const METADATA_BYTES_MAX: usize = 4_096;

/// Makes room for a file. `Upload-Metadata` may have `filename`, `filetype`, and `id`: a UUID that the device made, so that asking again
/// makes nothing new. With `sealed` the device has sealed it, for a sealed message; then it has neither name nor type.
#[utoipa::path(
    post, path = "/v1/uploads", tag = "files",
    params(
        ("Tus-Resumable" = String, Header), ("Upload-Length" = u64, Header),
        ("Upload-Metadata" = Option<String>, Header, description = "Pairs of a key and a value in base64, separated by commas."),
    ),
    responses((status = 201, description = "`Location` has the upload's path."))
)]
pub(in crate::rest) async fn create(
    State(app): State<App>,
    Authenticated(identity): Authenticated,
    _: Tus,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let mut announced = metadata(&headers)?;
    announced.size = bytes_in(&headers, &UPLOAD_LENGTH)?;
    let record = app.media.create(identity.user, announced).await?;
    let place = HeaderValue::try_from(format!("/v1/uploads/{}", record.id));
    let place = place
        .map_err(|error| crate::error::ServiceError::Internal("an upload has no place", Box::new(error)))?;
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], state(&record)).into_response())
}

fn metadata(headers: &HeaderMap) -> Result<Announced, WireError> {
    let mut announced = Announced {
        blob: None,
        size: 0,
        name: String::new(),
        media_type: String::new(),
        sealed: false,
    };
    let invalid = |why: &str| WireError::new(ErrorCode::InvalidField, why).about("upload-metadata");
    let Some(given) = headers.get("upload-metadata") else {
        return Ok(announced);
    };
    let given = given.to_str().map_err(|_error| invalid("is not text"))?;
    if given.len() > METADATA_BYTES_MAX {
        return Err(invalid("is too long"));
    }
    for pair in given.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let value = STANDARD.decode(value.trim());
        let value = value.map_err(|_error| invalid("has a value that is not base64"))?;
        let value = String::from_utf8(value).map_err(|_error| invalid("has a value that is not UTF-8"))?;
        match key {
            "filename" => announced.name = value,
            "filetype" => announced.media_type = value,
            "sealed" => announced.sealed = true,
            "id" => {
                let id = value
                    .parse()
                    .map_err(|_error| invalid("has an id that is none"))?;
                announced.blob = Some(id);
            }
            // Clients say more than is needed.
            _ => {}
        }
    }
    Ok(announced)
}
