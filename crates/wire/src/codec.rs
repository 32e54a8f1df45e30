//! Text to frame and back.
//!
//! A client's text is checked in this order: length, JSON, `type`, fields. Every refusal names what it is about, so that
//! whoever writes a client finds the slip at once. A server's text is read leniently: unknown types become
//! [`ServerFrame::Unknown`], unknown fields are dropped.

use serde_json::{Map, Value};

use crate::error::{ErrorCode, WireError};
use crate::frame::client::ClientFrame;
use crate::frame::server::ServerFrame;
use crate::ids::RequestId;
use crate::limits::FRAME_BYTES_MAX;

/// Reads a client's frame. Errors carry the request's id where the text had a readable one.
pub fn decode_client(text: &str) -> Result<ClientFrame, WireError> {
    if text.len() > FRAME_BYTES_MAX {
        let message = format!(
            "a frame of {} bytes; at most {FRAME_BYTES_MAX} are allowed",
            text.len()
        );
        return Err(WireError::new(ErrorCode::TooLarge, message));
    }
    // The common case costs one pass; the slow path below only finds out what to say.
    serde_json::from_str(text).map_err(|error| explain(text, &error))
}

fn explain(text: &str, error: &serde_json::Error) -> WireError {
    let Ok(object) = serde_json::from_str::<Map<String, Value>>(text) else {
        return WireError::new(ErrorCode::Malformed, "a frame is one JSON object");
    };
    let id = object
        .get("id")
        .and_then(Value::as_u64)
        .and_then(|id| u32::try_from(id).ok())
        .map(RequestId);
    let refusal = match object.get("type") {
        None => WireError::new(ErrorCode::InvalidField, "the frame has no `type`").about("type"),
        Some(Value::String(name)) if ClientFrame::TYPES.contains(&name.as_str()) => explain_fields(error),
        Some(Value::String(name)) => {
            let name = printable(name);
            WireError::new(ErrorCode::UnknownType, format!("no frame has the type `{name}`")).about(name)
        }
        Some(_) => WireError::new(ErrorCode::InvalidField, "`type` is a string").about("type"),
    };
    refusal.answering(id)
}

/// serde says ``unknown field `x`, expected …`` and ``missing field `x` ``; other messages name no field.
fn explain_fields(error: &serde_json::Error) -> WireError {
    let text = error.to_string();
    let field = text.split('`').nth(1).map(printable);
    let code = if text.starts_with("unknown field") {
        ErrorCode::UnknownField
    } else {
        ErrorCode::InvalidField
    };
    let refusal = WireError::new(code, printable(&text));
    match field {
        Some(field) if text.starts_with("unknown field") || text.starts_with("missing field") => {
            refusal.about(field)
        }
        Some(_) | None => refusal,
    }
}

/// At most 200 characters, without control characters: peers' text goes into messages and logs.
fn printable(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control())
        .take(200)
        .collect()
}

/// Writes a client's frame.
pub fn encode_client(frame: &ClientFrame) -> String {
    encode(frame)
}

/// Reads a server's frame. Fails only on what is not a frame at all.
pub fn decode_server(text: &str) -> Result<ServerFrame, WireError> {
    serde_json::from_str(text)
        .map_err(|error| WireError::new(ErrorCode::Malformed, printable(&error.to_string())))
}

/// Writes a server's frame.
pub fn encode_server(frame: &ServerFrame) -> String {
    encode(frame)
}

fn encode<T: serde::Serialize>(frame: &T) -> String {
    // Writing a frame to memory cannot fail: no map has a key that is not a string, no value refuses itself.
    #[expect(
        clippy::expect_used,
        reason = "frames are plain data; the property tests write every one"
    )]
    serde_json::to_string(frame).expect("frames are plain data")
}
