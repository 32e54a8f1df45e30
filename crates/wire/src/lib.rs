//! The protocol between Pipit's clients and its server: ids, frames, limits and error codes.
//!
//! This crate is the only one that knows what bytes travel on the socket. It does no I/O, holds no clock and
//! no source of randomness, and builds for `wasm32-unknown-unknown`, so that the server, every client and the
//! load generator share one definition.
//!
//! * [`frame`]: what travels over the WebSocket, in both directions.
//! * [`rest`]: what travels over HTTP under `/v1`.
//! * [`event`]: the entries of a conversation's log.
//! * [`codec`]: text to frame and back, with the length checked before anything is parsed.
//! * [`error`]: every error a client can meet, with its code and retry class.
//! * [`encryption`]: what is carried for encrypted conversations.
//! * [`limits`]: every size that the protocol bounds.
//! * [`media`]: the files of messages.
//! * [`person`]: what people show of themselves.
//! * [`poll`]: messages that ask, and the votes.
//! * [`privacy`]: what people let others see of them and do to them.
//! * [`push`]: notifications of devices that are not connected.
//! * [`scheduled`]: messages that are sent later.
#![warn(missing_docs)]

#[cfg(feature = "schema")]
pub mod asyncapi;
pub mod codec;
pub mod encryption;
pub mod error;
pub mod event;
pub mod frame;
pub mod ids;
pub mod key_log;
pub mod limits;
pub mod media;
pub mod person;
pub mod poll;
pub mod preview;
pub mod privacy;
pub mod push;
pub mod report;
pub mod rest;
pub mod scheduled;
pub mod time;

pub use error::{ErrorCode, Retry, WireError};
pub use event::{Content, Event, EventBody};
pub use frame::client::ClientFrame;
pub use frame::server::ServerFrame;
pub use ids::{
    ArchiveId, BlobId, ConversationId, DeviceId, EventId, InviteId, MessageId, PartId, ReportId, RequestId,
    Seq, UserId,
};
pub use limits::Limits;
pub use media::Attachment;
pub use time::Timestamp;

/// The version of the protocol that this crate speaks, sent in `hello` and `welcome`.
///
/// It changes only when a client of the older version could misread what it gets; new frame types and new
/// fields do not change it, because clients ignore what they do not know.
pub const PROTOCOL_VERSION: u32 = 1;
