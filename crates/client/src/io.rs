//! What goes into the engine and what comes out: the whole of its contact with the world, but for the [`crate::storage`] port.
//!
//! A driver feeds [`Input`]s with the time and carries out the [`Output`]s in order. It keeps no state that matters: after a
//! crash the engine is opened again on its store and goes on.

use serde::{Deserialize, Serialize};

use crate::command::{Command, CommandId, Reply, ViewId};
use crate::view::Update;

/// Recognises the answer to an HTTP request; unique within one run of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HttpId(pub u32);

/// Something has happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Input {
    /// A view is there and wants everything that it shows: session, connection, storage, list.
    Attach {
        /// Which one.
        view: ViewId,
    },
    /// A view is gone.
    Detach {
        /// Which one.
        view: ViewId,
    },
    /// A view asks for something.
    Command {
        /// Which one.
        view: ViewId,
        /// Repeated in the reply.
        id: CommandId,
        /// What.
        command: Command,
    },
    /// The WebSocket that was asked for stands.
    Connected,
    /// A text frame came.
    Received {
        /// The frame.
        text: String,
    },
    /// The WebSocket is gone, or could not be made.
    Disconnected,
    /// The answer to an HTTP request.
    HttpDone {
        /// Of which request.
        id: HttpId,
        /// What came.
        answer: HttpAnswer,
    },
    /// The time that [`crate::Engine::wake_at`] named has come.
    Tick,
}

/// How an HTTP request ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum HttpAnswer {
    /// The server answered.
    Answered {
        /// The status.
        status: u16,
        /// The body: JSON, or empty.
        body: String,
    },
    /// No answer came. The request may have been carried out.
    Unreachable,
}

/// Something is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Output {
    /// Open the WebSocket (`/v1/ws`); a socket that is still open is closed first.
    Connect,
    /// Close the WebSocket. No `Disconnected` is expected for it.
    Disconnect,
    /// Send a text frame. Dropped where the socket is gone.
    Send {
        /// The frame.
        text: String,
    },
    /// Make an HTTP request.
    Http(HttpRequest),
    /// Show a change to one view.
    Update {
        /// Which one.
        view: ViewId,
        /// What changed.
        update: Update,
    },
    /// Answer a command.
    Reply {
        /// Whose.
        view: ViewId,
        /// Which.
        id: CommandId,
        /// How it went.
        reply: Reply,
    },
}

/// An HTTP request to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// Repeated in the answer.
    pub id: HttpId,
    /// The method.
    pub method: HttpMethod,
    /// The path and query, beginning with `/v1/`.
    pub path: String,
    /// The access token to send, where one is needed.
    pub bearer: Option<String>,
    /// The body: JSON.
    pub body: Option<String>,
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum HttpMethod {
    /// Reads.
    Get,
    /// Makes.
    Post,
    /// Changes.
    Patch,
    /// Replaces.
    Put,
    /// Removes.
    Delete,
}
