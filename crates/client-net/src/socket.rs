//! One WebSocket of text frames, for whoever speaks the protocol without an engine.

use std::fmt;
use std::io;
use std::ops::Deref;
use std::sync::Arc;

use futures_util::{FutureExt, SinkExt, StreamExt};
use hyper_rustls::ConfigBuilderExt;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

use crate::address::ServerAddress;

/// The longest frame that is taken from a server: a page of the log with the longest messages has room.
const FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How lines are encrypted. Cheap to clone.
#[derive(Clone)]
pub struct Tls(pub(crate) Arc<ClientConfig>);

impl Tls {
    /// Trusts what the system trusts. Where no line is `encrypted`, the system's certificates are not read.
    pub fn new(encrypted: bool) -> io::Result<Self> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        let builder = if encrypted {
            builder.with_native_roots()?
        } else {
            builder.with_root_certificates(RootCertStore::empty())
        };
        Ok(Self(Arc::new(builder.with_no_client_auth())))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

/// Why a WebSocket was not made, or has ended.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SocketError(Box<Error>);

impl From<Error> for SocketError {
    fn from(error: Error) -> Self {
        Self(Box::new(error))
    }
}

/// A text frame as it came; it shares memory with what was read, and is not copied.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Text(Utf8Bytes);

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.0.as_str()
    }
}

/// A WebSocket that stands.
#[derive(Debug)]
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Makes one. It holds a buffer of `buffer_bytes` for reading as long as it stands.
    pub async fn connect(
        server: &ServerAddress,
        tls: &Tls,
        buffer_bytes: usize,
    ) -> Result<Self, SocketError> {
        let config = WebSocketConfig::default()
            .read_buffer_size(buffer_bytes)
            .max_message_size(Some(FRAME_BYTES_MAX))
            .max_frame_size(Some(FRAME_BYTES_MAX));
        let connector = Some(Connector::Rustls(Arc::clone(&tls.0)));
        let connecting = connect_async_tls_with_config(server.websocket(), Some(config), true, connector);
        let (socket, _answer) = Box::pin(connecting).await?;
        Ok(Self(socket))
    }

    /// The next text frame; none at the end. Pings are answered by the way. May be dropped at any time without loss.
    pub async fn next(&mut self) -> Option<Result<Text, SocketError>> {
        loop {
            match self.0.next().await? {
                Ok(Message::Text(text)) => return Some(Ok(Text(text))),
                Ok(_) => {}
                Err(error) => return Some(Err(error.into())),
            }
        }
    }

    /// Takes a frame to be sent; [`Socket::flush`] sends what was taken.
    pub async fn feed(&mut self, text: String) -> Result<(), SocketError> {
        Ok(self.0.feed(Message::text(text)).await?)
    }

    /// Sends what was taken.
    pub async fn flush(&mut self) -> Result<(), SocketError> {
        Ok(self.0.flush().await?)
    }

    /// Says goodbye where that is possible at once; the operating system ends the rest.
    pub fn close(mut self) {
        let _ = self.0.close(None).now_or_never();
    }
}
