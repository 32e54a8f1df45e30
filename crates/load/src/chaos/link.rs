//! A stretch of network that can be broken: a TCP proxy that does as it is told.
//!
//! Every connection of the cluster goes through one: from the clients to each node, and from each node to each of its services. A
//! proxy needs no rights and works on every machine; network namespaces with `netem` would lose packets as well, which TCP
//! turns into the delays that a proxy makes just so.

use std::net::SocketAddr;
use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::plan::Trouble;

/// Pieces under way in one direction of a connection: with their size, what a long thin line holds.
const UNDER_WAY_MAX: usize = 64;
const PIECE_BYTES: usize = 16 * 1_024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// What a link does now.
#[derive(Clone, Copy, Debug, Default)]
struct Condition {
    trouble: Option<Trouble>,
    /// Connections of earlier generations are reset.
    generation: u64,
}

/// A proxy. It ends with its tasks' token.
#[derive(Debug)]
pub struct Link {
    address: SocketAddr,
    condition: watch::Sender<Condition>,
}

impl Link {
    /// Begins to carry connections to that address. `seed` is of its jitter.
    pub async fn open(
        to: SocketAddr,
        seed: u64,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (condition, watched) = watch::channel(Condition::default());
        let accepting = Accepting {
            listener,
            to,
            watched,
            random: ChaCha8Rng::seed_from_u64(seed),
            tasks: tasks.clone(),
            stop: stop.clone(),
        };
        let stop = stop.clone();
        tasks.spawn(async move { stop.run_until_cancelled(accepting.run()).await });
        Ok(Self { address, condition })
    }

    /// Where to connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on it does this; `None`: it works.
    pub fn set(&self, trouble: Option<Trouble>) {
        self.condition
            .send_modify(|condition| condition.trouble = trouble);
    }

    /// Resets every connection that stands.
    pub fn reset(&self) {
        self.condition.send_modify(|condition| condition.generation += 1);
    }
}

struct Accepting {
    listener: TcpListener,
    to: SocketAddr,
    watched: watch::Receiver<Condition>,
    random: ChaCha8Rng,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Accepting {
    async fn run(mut self) {
        loop {
            let Ok((near, _)) = self.listener.accept().await else {
                // Too many open files, say: those that stand go on.
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let carrying = carry(near, self.to, self.watched.clone(), self.random.random());
            let stop = self.stop.clone();
            self.tasks
                .spawn(async move { stop.run_until_cancelled(carrying).await });
        }
    }
}

/// Carries one connection to its end.
async fn carry(near: TcpStream, to: SocketAddr, mut watched: watch::Receiver<Condition>, seed: u64) {
    let generation = watched.borrow().generation;
    if watched.borrow().trouble == Some(Trouble::Cut) {
        let _ = near.set_zero_linger();
        return;
    }
    // Who connects to a black hole is not answered.
    if watched
        .wait_for(|now| now.trouble != Some(Trouble::BlackHole))
        .await
        .is_err()
    {
        return;
    }
    let Ok(Ok(far)) = tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(to)).await else {
        let _ = near.set_zero_linger();
        return;
    };
    for stream in [&near, &far] {
        let _ = stream.set_nodelay(true);
    }
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    let mut there = std::pin::pin!(direction(near_read, far_write, watched.clone(), seed));
    let mut back = std::pin::pin!(direction(
        far_read,
        near_write,
        watched.clone(),
        seed.wrapping_add(1)
    ));
    let cut = watched.wait_for(|now| now.trouble == Some(Trouble::Cut) || now.generation != generation);
    let mut cut = std::pin::pin!(cut);
    let (mut there_ended, mut back_ended) = (false, false);
    while !(there_ended && back_ended) {
        tokio::select! {
            // Both ends are dropped with what they have not read, which resets them.
            _ = cut.as_mut() => return,
            broken = there.as_mut(), if !there_ended => if broken { return } else { there_ended = true },
            broken = back.as_mut(), if !back_ended => if broken { return } else { back_ended = true },
        }
    }
}

/// Carries one direction; whether it broke, rather than ended.
async fn direction(
    mut from: OwnedReadHalf,
    mut into: OwnedWriteHalf,
    watched: watch::Receiver<Condition>,
    seed: u64,
) -> bool {
    let (sender, mut pieces) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY_MAX);
    let mut writer_watched = watched.clone();
    let reading = async move {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        loop {
            let mut piece = vec![0; PIECE_BYTES];
            match from.read(&mut piece).await {
                Ok(0) => return false,
                Err(_) => return true,
                Ok(length) => piece.truncate(length),
            }
            let trouble = watched.borrow().trouble;
            let late_ms = match trouble {
                Some(Trouble::Delay { ms }) => random.random_range(ms / 2..=ms + ms / 2),
                _ => 0,
            };
            if sender.send((due(late_ms), piece)).await.is_err() {
                return true;
            }
        }
    };
    let writing = async move {
        while let Some((due, piece)) = pieces.recv().await {
            tokio::time::sleep_until(due).await;
            let open = writer_watched
                .wait_for(|now| now.trouble != Some(Trouble::BlackHole))
                .await;
            let Ok(trouble) = open.map(|now| now.trouble) else {
                return true;
            };
            if into.write_all(&piece).await.is_err() {
                return true;
            }
            if let Some(Trouble::Throttle { bytes_per_s }) = trouble {
                let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
                tokio::time::sleep(Duration::from_millis(
                    length.saturating_mul(1_000) / bytes_per_s.max(1),
                ))
                .await;
            }
        }
        let _ = into.shutdown().await;
        false
    };
    let (read_broken, write_broken) = tokio::join!(reading, writing);
    read_broken || write_broken
}

fn due(late_ms: u64) -> Instant {
    Instant::now() + Duration::from_millis(late_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Stopwatch;

    /// A link to a server that sends back what it gets.
    struct Echo {
        link: Link,
        _stop: tokio_util::sync::DropGuard,
    }

    impl Echo {
        async fn start() -> Self {
            let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let ending = stop.clone();
            let echoing = tasks.clone();
            tasks.spawn(async move {
                ending
                    .run_until_cancelled(async move {
                        loop {
                            let (stream, _) = listener.accept().await.unwrap();
                            echoing.spawn(async move {
                                let (mut read, mut write) = stream.into_split();
                                let _ = tokio::io::copy(&mut read, &mut write).await;
                            });
                        }
                    })
                    .await
            });
            let link = Link::open(address, 1, &tasks, &stop).await.unwrap();
            Self {
                link,
                _stop: stop.drop_guard(),
            }
        }

        async fn connect(&self) -> TcpStream {
            TcpStream::connect(self.link.address()).await.unwrap()
        }
    }

    async fn says(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
        stream.write_all(b"hello").await?;
        let mut answer = vec![0; 5];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    }

    #[tokio::test]
    async fn it_carries_and_resets_and_carries_again() {
        let echo = Echo::start().await;
        let mut stream = echo.connect().await;
        assert_eq!(says(&mut stream).await.unwrap(), b"hello");
        echo.link.reset();
        assert!(stream.read_u8().await.is_err());
        let mut stream = echo.connect().await;
        assert_eq!(says(&mut stream).await.unwrap(), b"hello");
        echo.link.set(Some(Trouble::Cut));
        assert!(stream.read_u8().await.is_err());
        assert!(echo.connect().await.read_u8().await.is_err());
        echo.link.set(None);
        assert_eq!(says(&mut echo.connect().await).await.unwrap(), b"hello");
    }

    #[tokio::test]
    async fn a_black_hole_keeps_what_it_gets_until_it_is_healed() {
        let echo = Echo::start().await;
        let mut stream = echo.connect().await;
        assert_eq!(says(&mut stream).await.unwrap(), b"hello");
        echo.link.set(Some(Trouble::BlackHole));
        let silent = tokio::time::timeout(Duration::from_millis(100), says(&mut stream)).await;
        assert!(silent.is_err());
        echo.link.set(None);
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"hello");
    }

    #[tokio::test]
    async fn delay_and_throttle_take_their_time() {
        let echo = Echo::start().await;
        let mut stream = echo.connect().await;
        echo.link.set(Some(Trouble::Delay { ms: 80 }));
        let clock = Stopwatch::start();
        says(&mut stream).await.unwrap();
        assert!(clock.now().0 >= 80_000, "{:?}", clock.now());
        echo.link.set(Some(Trouble::Throttle { bytes_per_s: 50 }));
        let clock = Stopwatch::start();
        says(&mut stream).await.unwrap();
        says(&mut stream).await.unwrap();
        assert!(clock.now().0 >= 100_000, "{:?}", clock.now());
    }
}
