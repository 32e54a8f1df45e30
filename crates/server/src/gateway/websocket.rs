//! A server's side of one WebSocket (RFC 6455), made for many idle connections and for many that get the same bytes.
//!
//! The library behind the HTTP framework keeps a read buffer and a write buffer for each connection, the latter as large as the
//! largest frame it has ever written, and copies every frame into it: measured with it, an idle connection cost 6.0 KiB before
//! and 8.1 KiB after its first message of 1,000 bytes (unoptimised build, 2026-11-24). Here a connection holds no memory while nothing is under way: it
//! reads into the stack, and writes headers and shared payloads by vectored writes without a copy. What is left out
//! is what Pipit's protocol has no use for: binary messages, extensions, sub-protocols.

mod frame;
mod handshake;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use self::frame::{Decoder, FrameHeader};
pub(super) use self::frame::{Incoming, Violation};
pub(super) use self::handshake::accept;

/// How much is read at once, on the stack.
const READ_BYTES: usize = 16 * 1024;
/// How many slices one write takes: headers and payloads of 32 frames.
const SLICES_MAX: usize = 64;

/// Why nothing more can be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// The line is gone.
    #[error(transparent)]
    Line(#[from] io::Error),
    /// The client breaks the rules.
    #[error(transparent)]
    Violation(#[from] Violation),
}

struct Outgoing {
    header: FrameHeader,
    payload: Bytes,
}

impl Outgoing {
    fn len(&self) -> usize {
        self.header.as_bytes().len() + self.payload.len()
    }
}

/// See the module.
pub(super) struct WebSocket<S> {
    stream: S,
    decoder: Decoder,
    outgoing: VecDeque<Outgoing>,
    /// How much of the first of `outgoing` has been written.
    written: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// A connection whose handshake is done. Messages longer than `message_bytes_max` are refused unread.
    pub(super) const fn new(stream: S, message_bytes_max: usize) -> Self {
        Self {
            stream,
            decoder: Decoder::new(message_bytes_max),
            outgoing: VecDeque::new(),
            written: 0,
        }
    }

    /// The next message; none at the end of the stream. Dropping the future loses nothing. Pings are for the caller to answer.
    pub(super) async fn receive(&mut self) -> Result<Option<Incoming>, ReadError> {
        poll_fn(|context| self.poll_receive(context)).await
    }

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Incoming>, ReadError>> {
        loop {
            if let Some(message) = self.decoder.next()? {
                return Poll::Ready(Ok(Some(message)));
            }
            let mut space = [const { MaybeUninit::<u8>::uninit() }; READ_BYTES];
            let mut space = ReadBuf::uninit(&mut space);
            match Pin::new(&mut self.stream).poll_read(context, &mut space)? {
                Poll::Ready(()) if space.filled().is_empty() => return Poll::Ready(Ok(None)),
                Poll::Ready(()) => self.decoder.feed(space.filled()),
                Poll::Pending => {
                    self.decoder.rest();
                    return Poll::Pending;
                }
            }
        }
    }

    /// Adds a text message to what is to be written.
    pub(super) fn queue_text(&mut self, payload: Bytes) {
        self.outgoing.push_back(Outgoing {
            header: FrameHeader::text(payload.len()),
            payload,
        });
    }

    /// Adds an empty ping.
    pub(super) fn queue_ping(&mut self) {
        self.outgoing.push_back(Outgoing {
            header: FrameHeader::ping(0),
            payload: Bytes::new(),
        });
    }

    /// Adds a pong.
    pub(super) fn queue_pong(&mut self, payload: Vec<u8>) {
        self.outgoing.push_back(Outgoing {
            header: FrameHeader::pong(payload.len()),
            payload: payload.into(),
        });
    }

    /// Adds a close frame. Nothing may follow.
    pub(super) fn queue_close(&mut self, code: u16, reason: &str) {
        let mut payload = Vec::with_capacity(2 + reason.len());
        payload.extend(code.to_be_bytes());
        payload.extend(reason.bytes().take(123));
        self.outgoing.push_back(Outgoing {
            header: FrameHeader::close(payload.len()),
            payload: payload.into(),
        });
    }

    /// Ends the own side, and reads what still comes, unseen, until the client ends its side: closing with unread bytes would
    /// reset the connection, and what was written last would be lost with it.
    pub(super) async fn drain(&mut self) -> io::Result<()> {
        poll_fn(|context| Pin::new(&mut self.stream).poll_shutdown(context)).await?;
        poll_fn(|context| {
            loop {
                let mut space = [const { MaybeUninit::<u8>::uninit() }; READ_BYTES];
                let mut space = ReadBuf::uninit(&mut space);
                ready!(Pin::new(&mut self.stream).poll_read(context, &mut space))?;
                if space.filled().is_empty() {
                    return Poll::Ready(Ok(()));
                }
            }
        })
        .await
    }

    /// Writes all that was queued. Dropping the future loses nothing.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|context| self.poll_flush(context)).await
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.outgoing.is_empty() {
            let written = ready!(self.poll_write(context))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
        }
        // An idle connection holds no queue.
        self.outgoing = VecDeque::new();
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        let mut skip = self.written;
        let parts = self
            .outgoing
            .iter()
            .flat_map(|frame| [frame.header.as_bytes(), &frame.payload]);
        let parts = parts.filter_map(|part| {
            let skipped = skip.min(part.len());
            skip -= skipped;
            part.get(skipped..).filter(|rest| !rest.is_empty())
        });
        let mut count = 0;
        for (slice, part) in slices.iter_mut().zip(parts) {
            *slice = IoSlice::new(part);
            count += 1;
        }
        let slices = slices.get(..count).unwrap_or_default();
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn advance(&mut self, written: usize) {
        self.written += written;
        while let Some(first) = self.outgoing.front() {
            let len = first.len();
            if self.written < len {
                return;
            }
            self.written -= len;
            self.outgoing.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::{SinkExt as _, StreamExt as _};
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::*;

    /// A connection whose line holds `bytes` at a time, and another implementation at its other end.
    async fn pair(
        bytes: usize,
    ) -> (
        WebSocket<tokio::io::DuplexStream>,
        WebSocketStream<tokio::io::DuplexStream>,
    ) {
        let (server, client) = tokio::io::duplex(bytes);
        let client = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
        (WebSocket::new(server, 1_000_000), client)
    }

    #[tokio::test]
    async fn another_implementation_understands_it_however_the_line_splits() {
        for bytes in [1, 7, 64, 1_000, 100_000] {
            let longest = if bytes < 64 { 1_000 } else { 70_000 };
            let (mut server, mut client) = pair(bytes).await;
            let texts: Vec<String> = [0, 1, 125, 126, longest].map(|len| "x".repeat(len)).into();
            for text in &texts {
                server.queue_text(Bytes::from(text.clone()));
            }
            server.queue_ping();
            server.queue_close(1001, "bye");
            let reads = async {
                let mut read = Vec::new();
                while !read.last().is_some_and(Message::is_close) {
                    read.push(client.next().await.unwrap().unwrap());
                }
                read
            };
            let (written, read) = tokio::join!(server.flush(), reads);
            written.unwrap();
            let got: Vec<_> = read.iter().filter(|message| message.is_text()).collect();
            assert_eq!(got.len(), texts.len(), "by {bytes}");
            for (message, text) in got.iter().zip(&texts) {
                assert_eq!(message.to_text().unwrap(), text);
            }
            let [.., ping, Message::Close(Some(close))] = &read[..] else {
                panic!("no close frame")
            };
            assert!(ping.is_ping());
            assert_eq!((u16::from(close.code), close.reason.as_str()), (1001, "bye"));
        }
    }

    #[tokio::test]
    async fn it_understands_another_implementation() {
        let (mut server, mut client) = pair(64).await;
        let writes = async {
            for message in [
                Message::text("hello"),
                Message::text("y".repeat(70_000)),
                Message::Ping(Bytes::from_static(b"p")),
            ] {
                client.send(message).await.unwrap();
            }
            client.close(None).await.unwrap();
        };
        let reads = async {
            let mut read = Vec::new();
            while let Ok(Some(message)) = server.receive().await {
                let is_end = matches!(message, Incoming::Close(_));
                read.push(message);
                if is_end {
                    break;
                }
            }
            read
        };
        let (read, ()) = tokio::join!(reads, writes);
        assert_eq!(
            read,
            [
                Incoming::Text("hello".to_owned()),
                Incoming::Text("y".repeat(70_000)),
                Incoming::Ping(b"p".to_vec()),
                Incoming::Close(None)
            ]
        );
    }

    #[tokio::test]
    async fn a_write_that_is_given_up_goes_on_where_it_was() {
        let (mut server, mut client) = pair(10).await;
        server.queue_text(Bytes::from("z".repeat(1_000)));
        for _ in 0..3 {
            assert!(
                tokio::time::timeout(Duration::ZERO, server.flush())
                    .await
                    .is_err()
            );
        }
        server.queue_text(Bytes::from_static(b"and on"));
        let reads = async {
            (
                client.next().await.unwrap().unwrap(),
                client.next().await.unwrap().unwrap(),
            )
        };
        let (written, (first, second)) = tokio::join!(server.flush(), reads);
        written.unwrap();
        assert_eq!(first.to_text().unwrap(), "z".repeat(1_000));
        assert_eq!(second.to_text().unwrap(), "and on");
    }
}
