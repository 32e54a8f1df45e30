//! One WebSocket, from the attempt to make it to its end.

use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::address::ServerAddress;
use crate::socket::{Socket, SocketError, Tls};

/// The most frames that wait in either direction.
pub const FRAMES_MAX: usize = 256;
/// What a line holds for reading.
const BUFFER_BYTES: usize = 128 * 1024;

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
        tls: Tls,
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
        tasks.spawn(task.run(server.clone(), tls, close.clone()));
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

struct Task {
    number: u32,
    events: mpsc::Sender<Numbered>,
    outgoing: mpsc::Receiver<String>,
}

impl Task {
    async fn run(mut self, server: ServerAddress, tls: Tls, close: CancellationToken) {
        let connecting = Box::pin(Socket::connect(&server, &tls, BUFFER_BYTES));
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
                socket.close();
            }
            Err(error) => tracing::debug!(%error, "the line could not be made"),
        }
        if !close.is_cancelled() {
            self.tell(LineEvent::Disconnected).await;
        }
    }

    /// Carries frames until the line ends.
    async fn carry(&mut self, socket: &mut Socket) -> Result<(), SocketError> {
        self.tell(LineEvent::Connected).await;
        loop {
            tokio::select! {
                outgoing = self.outgoing.recv() => match outgoing {
                    Some(text) => self.send(socket, text).await?,
                    None => return Ok(()),
                },
                incoming = socket.next() => match incoming {
                    Some(Ok(text)) => self.tell(LineEvent::Received(text.to_string())).await,
                    Some(Err(error)) => return Err(error),
                    None => return Ok(()),
                },
            }
        }
    }

    /// Sends a frame and those that wait behind it, flushed once.
    async fn send(&mut self, socket: &mut Socket, first: String) -> Result<(), SocketError> {
        socket.feed(first).await?;
        while let Ok(next) = self.outgoing.try_recv() {
            socket.feed(next).await?;
        }
        socket.flush().await
    }

    async fn tell(&self, event: LineEvent) {
        // A driver that is gone wants to hear nothing.
        let _ = self.events.send((self.number, event)).await;
    }
}
