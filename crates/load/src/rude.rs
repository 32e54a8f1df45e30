//! People who do not behave, beside those who are measured: what they do must not be felt by others.
//!
//! They have accounts and a group of their own, which nobody checks: their messages are of no interest, only what they do to the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use futures_util::FutureExt as _;
use pipit_client_net::{ServerAddress, Socket, Tls};
use pipit_wire::event::Message;
use pipit_wire::frame::PresenceState;
use pipit_wire::frame::client::{Hello, History, SendMessage};
use pipit_wire::limits::PAGE_EVENTS_MAX;
use pipit_wire::{
    ClientFrame, Content, ConversationId, MessageId, PROTOCOL_VERSION, RequestId, Timestamp, codec,
};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::crowd::people::{self, Person};

/// How many people they are.
pub const PEOPLE: usize = 3;
/// Connections of the one who floods over many.
const CONNECTIONS: usize = 50;
/// Connections that never read what they have asked for.
const DEAF: usize = 5;
/// Connections that stop in the middle of the handshake, and such that never say hello.
const HALF_OPEN: usize = 100;
/// Frames that are written before what has come is looked at.
const AT_ONCE: usize = 32;
const BUFFER_BYTES: usize = 4 * 1024;
const AGAIN: Duration = Duration::from_millis(100);
const TEXT: &str = "A message that nobody wants, of about the length that people write to each other.";

/// What they have done.
#[derive(Debug, Default)]
pub struct Deeds {
    /// Frames that were written.
    pub frames: AtomicU64,
    /// Connections that the server ended.
    pub ended: AtomicU64,
}

/// They are at it until [`Rude::stop`].
#[derive(Debug)]
pub struct Rude {
    deeds: Arc<Deeds>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

#[derive(Clone)]
struct One {
    server: ServerAddress,
    tls: Tls,
    token: String,
    conversation: ConversationId,
    now: Timestamp,
    deeds: Arc<Deeds>,
}

impl Rude {
    /// Sets them loose. The first floods over one connection, the second over many, the third never reads.
    pub fn start(
        server: &ServerAddress,
        people: &[Person],
        conversation: ConversationId,
        unix_ms: u64,
    ) -> anyhow::Result<Self> {
        let rude = Self {
            deeds: Arc::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        let tls = Tls::new(server.is_encrypted())?;
        for (index, person) in people.iter().enumerate() {
            let one = One {
                server: server.clone(),
                tls: tls.clone(),
                token: person.access_token.clone(),
                conversation,
                now: Timestamp(i64::try_from(unix_ms).unwrap_or(i64::MAX)),
                deeds: Arc::clone(&rude.deeds),
            };
            let connections = match index {
                0 => 1,
                1 => CONNECTIONS,
                _ => DEAF,
            };
            for seed in 0..connections {
                let (one, seed) = (one.clone(), u64::try_from(seed + index * 1_000)?);
                rude.spawn(async move { one.flood(seed, index > 1).await });
            }
        }
        for number in 0..HALF_OPEN * 2 {
            let (server, tls, deeds) = (server.clone(), tls.clone(), Arc::clone(&rude.deeds));
            rude.spawn(async move {
                loop {
                    let ended = if number % 2 == 0 {
                        cut_short(&server).await
                    } else {
                        silent(&server, &tls).await
                    };
                    // Whatever ended it, there is another.
                    let _ = ended;
                    deeds.ended.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(AGAIN).await;
                }
            });
        }
        Ok(rude)
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks
            .spawn(async move { stop.run_until_cancelled(work).await });
    }

    /// Ends them; what they have done.
    pub async fn stop(self) -> Arc<Deeds> {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.deeds
    }
}

impl One {
    /// Writes as fast as the server takes it, again and again.
    async fn flood(self, seed: u64, deaf: bool) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        loop {
            // A flood that the server has ended begins anew.
            let _ = self.one_line(&mut random, deaf).await;
            self.deeds.ended.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn one_line(&self, random: &mut ChaCha8Rng, deaf: bool) -> anyhow::Result<()> {
        let mut socket = Box::pin(Socket::connect(&self.server, &self.tls, BUFFER_BYTES)).await?;
        let hello = Hello {
            id: RequestId(1),
            protocol: PROTOCOL_VERSION,
            token: self.token.clone(),
            client: people::client_info(),
            cursors: Vec::new(),
            presence: PresenceState::Online,
        };
        socket
            .feed(codec::encode_client(&ClientFrame::Hello(hello)))
            .await?;
        loop {
            for _ in 0..AT_ONCE {
                let frame = if deaf { self.ask() } else { self.message(random) };
                socket.feed(codec::encode_client(&frame)).await?;
                self.deeds.frames.fetch_add(1, Ordering::Relaxed);
            }
            socket.flush().await?;
            while !deaf && let Some(came) = socket.next().now_or_never() {
                came.context("the server ended the connection")??;
            }
            tokio::task::yield_now().await;
        }
    }

    fn message(&self, random: &mut ChaCha8Rng) -> ClientFrame {
        ClientFrame::Message(SendMessage {
            id: RequestId(2),
            message: Message {
                id: MessageId::new(self.now, random.random()),
                conversation: self.conversation,
                written_at: Timestamp(0),
                content: Content::Plain {
                    text: TEXT.to_owned(),
                    attachments: Vec::new(),
                    poll: None,
                    preview: None,
                },
                reply_to: None,
            },
        })
    }

    /// For as much as the server gives at once.
    fn ask(&self) -> ClientFrame {
        ClientFrame::History(History {
            id: RequestId(3),
            conversation: self.conversation,
            before_seq: None,
            after_seq: None,
            limit: PAGE_EVENTS_MAX,
        })
    }
}

/// Half a request, and then nothing until the server has had enough.
async fn cut_short(server: &ServerAddress) -> anyhow::Result<()> {
    let address = server.to_string();
    let address = address.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET /v1/socket HTTP/1.1\r\nHost: ").await?;
    stream.read_to_end(&mut Vec::new()).await?;
    Ok(())
}

/// A WebSocket on which nobody says hello.
async fn silent(server: &ServerAddress, tls: &Tls) -> anyhow::Result<()> {
    let mut socket = Box::pin(Socket::connect(server, tls, BUFFER_BYTES)).await?;
    while let Some(came) = socket.next().await {
        came?;
    }
    Ok(())
}
