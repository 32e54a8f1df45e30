//! One WebSocket, from the attempt to make it to its end.

use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::address::ServerAddress;

/// The most frames that wait in either direction.
pub const FRAMES_MAX: usize = 256;
/// The longest frame that is taken from a server: a page of the log with the longest messages has room.
const FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What a line tells.
#[derive(Debug)]
pub(crate) enum LineEvent {
    Connected,
    Received(String),
    /// The last one.
    Disconnected,
}

/// What came from which line. Lines are numbered, because what a closed one has still under way must not be taken for the
/// next one's.
pub(crate) type Numbered = (u32, LineEvent);

/// A WebSocket that stands or is being made. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct Line {
    frames: mpsc::Sender<String>,
    _close: DropGuard,
}

impl Line {
    /// Begins to connect.
    pub(crate) fn open(
        number: u32,
        server: &ServerAddress,
        tls: Arc<ClientConfig>,
        events: mpsc::Sender<Numbered>,
        tasks: &TaskTracker,
    ) -> Self {
        let (frames, outgoing) = mpsc::channel(FRAMES_MAX);
        let close = CancellationToken::new();
        let task = Task {
            number,
            events,
            outgoing,
        };
        tasks.spawn(task.run(server.websocket(), tls, close.clone()));
        Self {
            frames,
            _close: close.drop_guard(),
        }
    }

    /// Sends a frame. False where too many wait already: the line is too slow to be of use.
    pub(crate) fn send(&self, text: String) -> bool {
        match self.frames.try_send(text) {
            // Where the line is closed, the word of its end is on its way to the driver.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => true,
            Err(mpsc::error::TrySendError::Full(_)) => false,
        }
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

struct Task {
    number: u32,
    events: mpsc::Sender<Numbered>,
    outgoing: mpsc::Receiver<String>,
}

impl Task {
    async fn run(mut self, url: String, tls: Arc<ClientConfig>, close: CancellationToken) {
        let connecting = Box::pin(connect(&url, tls));
        let socket = tokio::select! {
            () = close.cancelled() => return,
            socket = connecting => socket,
        };
        match socket {
            Ok(mut socket) => {
                tokio::select! {
                    () = close.cancelled() => {}
                    result = self.carry(&mut socket) => {
                        if let Err(error) = result {
                            tracing::debug!(%error, "the line broke");
                        }
                    }
                }
                // Says goodbye where that is possible at once; the operating system ends the rest.
                let _ = futures_util::FutureExt::now_or_never(socket.close(None));
            }
            Err(error) => tracing::debug!(%error, "the line could not be made"),
        }
        if !close.is_cancelled() {
            self.tell(LineEvent::Disconnected).await;
        }
    }

    /// Carries frames until the line ends.
    async fn carry(&mut self, socket: &mut Socket) -> Result<(), Error> {
        self.tell(LineEvent::Connected).await;
        loop {
            tokio::select! {
                outgoing = self.outgoing.recv() => match outgoing {
                    Some(text) => self.send(socket, text).await?,
                    None => return Ok(()),
                },
                incoming = socket.next() => match incoming {
                    Some(Ok(Message::Text(text))) => self.tell(LineEvent::Received(text.as_str().to_owned())).await,
                    // Pings are answered by the socket itself.
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error),
                    None => return Ok(()),
                },
            }
        }
    }

    /// Sends a frame and those that wait behind it, flushed once.
    async fn send(&mut self, socket: &mut Socket, first: String) -> Result<(), Error> {
        socket.feed(Message::text(first)).await?;
        while let Ok(next) = self.outgoing.try_recv() {
            socket.feed(Message::text(next)).await?;
        }
        socket.flush().await
    }

    async fn tell(&self, event: LineEvent) {
        // A driver that is gone wants to hear nothing.
        let _ = self.events.send((self.number, event)).await;
    }
}

async fn connect(url: &str, tls: Arc<ClientConfig>) -> Result<Socket, Error> {
    let config = WebSocketConfig::default()
        .max_message_size(Some(FRAME_BYTES_MAX))
        .max_frame_size(Some(FRAME_BYTES_MAX));
    let connector = Some(Connector::Rustls(tls));
    let (socket, _answer) = connect_async_tls_with_config(url, Some(config), true, connector).await?;
    Ok(socket)
}
