//! A crowd of simulated people: thousands of devices in one process, each one task.
//!
//! A device does what a real client does: it keeps cursors and an outbox, sends one message of each conversation at a time, sends
//! again what has no acknowledgement (with the same id), closes holes from the log, reconnects with backoff to the next address,
//! and heeds `goodbye` and `rate_limited`. Everything that it sees is recorded.
//!
//! All devices are in one [`Phase`] at a time; each reports when it has done what a phase asks for.

mod device;
mod hearing;
mod meter;
pub mod people;
mod place;
mod reader;
mod seen;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use pipit_client_net::{HttpClient, ServerAddress, Tls};
use pipit_wire::{ConversationId, UserId};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::meter::{Latencies, Meter};
use self::people::Person;
use self::place::Place;
use self::seen::Frames;
use crate::check::Reading;
use crate::record::{Cast, ConversationNumber, DeviceNumber, Micros, Recorder, Records, UserNumber};

/// What all devices do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Be connected and up to date. Reported then.
    Idle,
    /// Send and scroll as the behaviour says. Not reported.
    Run,
    /// Send nothing new. Reported when nothing is under way.
    Drain,
    /// Compare with the server. Reported when everything is here.
    CatchUp,
    /// Who leaves is gone; who has a burst sends it. Reported then.
    Away,
    /// Disconnect for good.
    End,
}

/// How a device sends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sending {
    /// Not at all.
    Nothing,
    /// The next message when one is acknowledged: so many under way, each in another conversation.
    Closed {
        /// How many.
        under_way: usize,
    },
    /// At times of its own, whatever the server does.
    Open {
        /// Messages a second, on average.
        per_second: f64,
    },
}

/// What a device does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Behaviour {
    /// How it sends while the crowd runs.
    pub sending: Sending,
    /// Whether it tells its markers.
    pub receipts: bool,
    /// Whether it pages through history while the crowd runs.
    pub scrolls: bool,
    /// Whether it disconnects in [`Phase::Away`].
    pub leaves: bool,
    /// How many messages it sends to each of its conversations in [`Phase::Away`].
    pub burst: u32,
}

impl Behaviour {
    /// Is connected, and reads what comes.
    pub const QUIET: Self = Self {
        sending: Sending::Nothing,
        receipts: false,
        scrolls: false,
        leaves: false,
        burst: 0,
    };
}

/// What devices share.
pub(crate) struct Shared {
    servers: Vec<ServerAddress>,
    tls: Tls,
    http: Vec<HttpClient>,
    frames: Frames,
    meter: Arc<Meter>,
    users: Vec<UserNumber>,
    seed: u64,
    /// When the recorder's clock began, for the ids of messages.
    epoch_ms: u64,
    reports: mpsc::Sender<(DeviceNumber, Phase)>,
}

impl Shared {
    /// Whose device it is.
    fn user(&self, device: DeviceNumber) -> UserNumber {
        let index = usize::try_from(device.0).unwrap_or(usize::MAX);
        self.users.get(index).copied().unwrap_or(UserNumber::STRANGER)
    }
}

/// Who makes up a crowd: people and conversations that exist on the server.
#[derive(Clone, Debug, Default)]
pub struct Guests {
    /// The people, each with one device.
    pub people: Vec<Person>,
    /// What each device does, in the order of the people.
    pub behaviours: Vec<Behaviour>,
    /// The conversations, with their members as places in `people`.
    pub conversations: Vec<(ConversationId, Vec<usize>)>,
}

/// A crowd that is connected, or on its way.
pub struct Crowd {
    shared: Arc<Shared>,
    recorder: Arc<Recorder>,
    cast: Cast,
    people: Vec<Person>,
    phases: watch::Sender<Phase>,
    reports: mpsc::Receiver<(DeviceNumber, Phase)>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

/// Not everybody was ready in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{missing} of {all} devices were not done with {phase:?} in time")]
pub struct NotReady {
    /// With what.
    pub phase: Phase,
    /// How many were not.
    pub missing: usize,
    /// How many there are.
    pub all: usize,
}

impl Crowd {
    /// Starts every device of `guests`. They connect to `servers` in turn. `unix_ms` is the time of day.
    pub fn start(
        servers: Vec<ServerAddress>,
        guests: Guests,
        recorder: Arc<Recorder>,
        seed: u64,
        unix_ms: u64,
    ) -> anyhow::Result<Self> {
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let tls = Tls::new(servers.iter().any(ServerAddress::is_encrypted))?;
        let http = servers
            .iter()
            .map(|server| HttpClient::new(server.clone(), &tls, &tasks, &shutdown));
        let users: Vec<UserId> = guests.people.iter().map(|person| person.user).collect();
        // Each device reports each phase once; those of the phase before may still be on their way.
        let (sender, reports) = mpsc::channel((users.len() * 8).max(8));
        let count = users.len();
        let user_numbers = || (0..).map(UserNumber).take(count);
        let devices = guests
            .people
            .iter()
            .map(|person| person.device)
            .zip(user_numbers())
            .collect();
        let number = |index: &usize| u32::try_from(*index).map_or(UserNumber::STRANGER, UserNumber);
        let conversations = guests.conversations.iter();
        let conversations = conversations.map(|(id, members)| (*id, members.iter().map(number).collect()));
        let cast = Cast {
            conversations: conversations.collect(),
            devices,
            users,
        };
        let shared = Arc::new(Shared {
            http: http.collect(),
            servers,
            tls,
            frames: Frames::new(&cast.users),
            meter: Arc::default(),
            users: user_numbers().collect(),
            seed,
            epoch_ms: unix_ms,
            reports: sender,
        });
        let mut places: Vec<Vec<Place>> = vec![Vec::new(); guests.people.len()];
        for (number, (id, members)) in (0..).map(ConversationNumber).zip(&guests.conversations) {
            for member in members {
                let of = places.get_mut(*member).context("a member is one of the people")?;
                of.push(Place::new(number, *id));
            }
        }
        let phases = watch::Sender::new(Phase::Idle);
        let behaviours = guests
            .behaviours
            .iter()
            .copied()
            .chain(std::iter::repeat(Behaviour::QUIET));
        let parts = (0..)
            .map(DeviceNumber)
            .zip(&guests.people)
            .zip(behaviours)
            .zip(places);
        for (((number, person), behaviour), places) in parts {
            let (shared, tape) = (Arc::clone(&shared), recorder.tape(number));
            let device = device::Device::new(shared, number, person.clone(), behaviour, places, tape);
            tasks.spawn(device.run(phases.subscribe()));
        }
        let people = guests.people;
        Ok(Self {
            shared,
            recorder,
            cast,
            people,
            phases,
            reports,
            tasks,
            shutdown,
        })
    }

    /// Counters and latencies.
    pub fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.shared.meter)
    }

    /// Has everybody go over to a phase.
    pub fn enter(&self, phase: Phase) {
        self.phases.send_replace(phase);
    }

    /// Waits until everybody has done what the phase asks for; how long that took since `enter` is the caller's to measure.
    ///
    /// # Errors
    /// Where somebody has not within `bound`.
    pub async fn ready(&mut self, phase: Phase, bound: Duration) -> Result<(), NotReady> {
        let all = self.cast.devices.len();
        let mut done = HashSet::new();
        let everybody = async {
            while done.len() < all {
                match self.reports.recv().await {
                    Some((device, of)) if of == phase => {
                        done.insert(device);
                    }
                    Some(_) => {}
                    None => break,
                }
            }
        };
        let _in_time = tokio::time::timeout(bound, everybody).await;
        let missing = all - done.len();
        if missing == 0 {
            Ok(())
        } else {
            Err(NotReady { phase, missing, all })
        }
    }

    /// Lets what is under way end, and everybody catch up; at most `bound` for each.
    pub async fn settle(&mut self, bound: Duration) -> Result<(), NotReady> {
        for phase in [Phase::Drain, Phase::CatchUp] {
            self.enter(phase);
            self.ready(phase, bound).await?;
        }
        Ok(())
    }

    /// Ends every device; then reads every log anew, as every member, and gives what the checker needs.
    pub async fn end(self) -> anyhow::Result<(Cast, Records, Vec<Reading>)> {
        self.phases.send_replace(Phase::End);
        drop(self.reports);
        self.tasks.close();
        // The HTTP client's connections end with the shutdown.
        self.shutdown.cancel();
        self.tasks.wait().await;
        let readings = reader::read_all(&self.shared, &self.cast, &self.people).await?;
        Ok((self.cast, self.recorder.take(), readings))
    }

    /// The time since the recorder began.
    pub fn now(&self) -> Micros {
        self.recorder.clock().now()
    }
}
