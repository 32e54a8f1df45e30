//! Carries the client engine's bytes natively: its WebSocket, its HTTP requests and its timer, on tokio.
//!
//! [`NativeClient`] owns an engine, carries out what it asks for and tells it what happens. It decides nothing: when to connect,
//! when a silent line is dead and what to try again is the engine's, so that simulation tests it. The browser has its own driver
//! in the web client's `runtime` folder, for there the socket, `fetch` and the timers are JavaScript's.
//!
//! Everything that a client starts is tracked and ends with its shutdown; every queue is bounded:
//!
//! | queue | bound | when it is full |
//! | --- | --- | --- |
//! | commands of views | [`COMMANDS_MAX`] | the view waits |
//! | updates of one view | [`UPDATES_MAX`] | they are dropped; once the view has read what it has, it is given the whole picture anew |
//! | frames to the server | [`FRAMES_MAX`] | the line is too slow to be of use: it is given up, the engine makes another |
//! | frames from the server | [`FRAMES_MAX`] | they stay in the socket, and the server sees a slow reader |
//!
//! Whoever speaks the protocol without an engine, such as the load generator, uses [`Socket`] and [`HttpClient`] by themselves.
#![warn(missing_docs)]

mod address;
mod driver;
mod files;
mod http;
mod line;
mod socket;
mod view;

pub use address::{AddressError, ServerAddress};
pub use driver::{Clock, Core, NativeClient};
pub use files::Files;
pub use http::HttpClient;
pub use line::FRAMES_MAX;
pub use socket::{Socket, SocketError, Text, Tls};
pub use view::{Asker, COMMANDS_MAX, Stopped, UPDATES_MAX, View, ViewEvent};
