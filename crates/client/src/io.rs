//! What goes into the engine and what comes out: the whole of its contact with the world, but for the [`crate::storage`] port.
//!
//! A driver feeds [`Input`]s with the time and carries out the [`Output`]s in order. It keeps no state that matters: after a
//! crash the engine is opened again on its store and goes on.

use serde::{Deserialize, Serialize};

use pipit_wire::BlobId;

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
    /// A request that carries a part of a file is under way. Said now and then; a request of which nothing is heard is given up.
    HttpProgress {
        /// Which request.
        id: HttpId,
        /// How many of the part's bytes have gone out.
        sent: u64,
    },
    /// The answer to [`Output::HashFile`].
    FileHashed {
        /// Which file.
        blob: BlobId,
        /// SHA-256 in standard base64; none where this device does not have its bytes any more, or not so many.
        digest: Option<String>,
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
    /// The server answered that it did it, without a body but with `Upload-Offset`: how many bytes of a file it has.
    Received {
        /// How many.
        offset: u64,
    },
    /// No answer came. The request may have been carried out.
    Unreachable,
    /// The request was not made: this device does not have the bytes of the file any more.
    FileGone,
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
    /// Give up a request that carries a part of a file. No answer is expected to it.
    AbortHttp {
        /// Which one.
        id: HttpId,
    },
    /// Take the digest of a file that is to be sent sealed, and say it with [`Input::FileHashed`].
    HashFile {
        /// Which one.
        blob: BlobId,
        /// How many bytes it has.
        size: u64,
    },
    /// Forget the bytes of a file that was to be sent.
    DropFile {
        /// Which one.
        blob: BlobId,
    },
    /// Forget the bytes of all files but these, and but those that came to this device a moment ago: their message is on its way to
    /// the engine.
    KeepFiles {
        /// Which ones.
        blobs: Vec<BlobId>,
        /// How long a moment is, milliseconds.
        younger_than_ms: u64,
    },
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
    /// Further headers, names in small letters.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body is a part of a file instead. The driver adds `upload-checksum` where it can, and says how far it is with
    /// [`Input::HttpProgress`].
    #[serde(default)]
    pub file: Option<FilePart>,
}

/// A part of a file whose bytes the driver keeps, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePart {
    /// Which file.
    pub blob: BlobId,
    /// Its first byte.
    pub offset: u64,
    /// How many bytes.
    pub length: u64,
    /// How it is sealed, where it is: then it is a part of the sealed file (`pipit_e2ee::file::FileSealer`).
    #[serde(default)]
    pub seal: Option<PartSeal>,
}

/// What a part of a file is sealed with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartSeal {
    /// The file's key, in standard base64 (`pipit_e2ee::stream::StreamKey`).
    pub key: String,
    /// How many bytes the file has that the driver keeps.
    pub content: u64,
}

impl std::fmt::Debug for PartSeal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartSeal")
            .field("content", &self.content)
            .finish_non_exhaustive()
    }
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum HttpMethod {
    /// Reads.
    Get,
    /// Reads the headers alone.
    Head,
    /// Makes.
    Post,
    /// Changes.
    Patch,
    /// Replaces.
    Put,
    /// Removes.
    Delete,
}
