//! The server's side of the world: the logic of one to three nodes on one storage in memory, with clocks that the world moves.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::ensure;
use pipit_bus::{Bus, SingleNode};
use pipit_server::clock::{Clock, Random};
use pipit_server::context::Context;
use pipit_server::error::ServiceError;
use pipit_server::gateway::Settings;
use pipit_server::node::{Authenticated, Authenticator, Node, Parts};
use pipit_store::Store;
use pipit_store::account::{CreateAccount, NewDevice, NewUser, PasswordHash, SetUp, TokenHash};
use pipit_store_sqlite::SqliteStore;
use pipit_wire::frame::client::ClientInfo;
use pipit_wire::{DeviceId, ErrorCode, Limits, Timestamp, UserId};
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::bus::Network;
use crate::fault::{FaultStore, Faults};
use crate::lifeline::Lifeline;
use crate::plan::Plan;

/// How long an access token is good, as on a real server.
const ACCESS_MS: i64 = 15 * 60 * 1_000;

/// The world's clock.
#[derive(Debug)]
pub struct WorldClock(AtomicI64);

impl WorldClock {
    /// Moves it.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_ms(), Ordering::SeqCst);
    }
}

impl Clock for WorldClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

struct SeededRandom(Mutex<ChaCha8Rng>);

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(bytes);
    }
}

/// Tokens that say in clear whose they are: this is about delivery, not about cryptography.
struct ClearTokens;

impl Authenticator for ClearTokens {
    fn verify(&self, token: &str, now: Timestamp) -> Result<Authenticated, ServiceError> {
        let refused = || ServiceError::refused(ErrorCode::Unauthenticated, "no valid token");
        let mut parts = token.split('/');
        let mut next = || parts.next().ok_or_else(refused);
        let user: UserId = next()?.parse().map_err(|_not_an_id| refused())?;
        let device: DeviceId = next()?.parse().map_err(|_not_an_id| refused())?;
        let until: i64 = next()?.parse().map_err(|_not_a_number| refused())?;
        if now.as_ms() >= until {
            return Err(refused());
        }
        Ok(Authenticated { user, device })
    }
}

/// A node's own clock: the world's, and how far it is off.
struct NodeClock {
    world: Arc<WorldClock>,
    skew_ms: i64,
}

impl Clock for NodeClock {
    fn now(&self) -> Timestamp {
        self.world.now().plus_ms(self.skew_ms)
    }
}

/// A node that runs.
pub struct Running {
    /// The node.
    pub node: Arc<Node>,
    /// Its steps.
    pub life: Arc<Lifeline>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

/// The server: a storage that stays, and nodes that come and go.
pub struct Server {
    /// The storage as it is, for checkers.
    pub truth: Arc<SqliteStore>,
    /// What decides how the nodes' storage fails.
    pub faults: Arc<Faults>,
    /// The bus between the nodes.
    pub network: Arc<Network>,
    /// The clock.
    pub clock: Arc<WorldClock>,
    /// The nodes, while they run.
    pub nodes: Vec<Option<Running>>,
    skews_ms: Vec<i64>,
    random: Arc<SeededRandom>,
    tokens: AtomicU64,
}

impl Server {
    /// A server with these people on it.
    pub async fn new(plan: &Plan, now: Timestamp, people: &[UserId]) -> anyhow::Result<Self> {
        let server = Self {
            truth: Arc::new(SqliteStore::open_in_memory()?),
            faults: Arc::new(Faults::new(plan.random(1))),
            network: Arc::new(Network::new(plan.nodes.len())),
            clock: Arc::new(WorldClock(AtomicI64::new(now.as_ms()))),
            nodes: plan.nodes.iter().map(|_| None).collect(),
            skews_ms: plan.nodes.clone(),
            random: Arc::new(SeededRandom(Mutex::new(plan.random(2)))),
            tokens: AtomicU64::new(0),
        };
        for (number, user) in people.iter().enumerate() {
            server.make_account(number, *user, now).await?;
        }
        Ok(server)
    }

    async fn make_account(&self, number: usize, user: UserId, now: Timestamp) -> anyhow::Result<()> {
        let account = NewUser {
            id: user,
            handle: format!("person{number}"),
            name: format!("Person {number}"),
            password: PasswordHash("none".to_owned()),
            admin: number == 0,
        };
        // A device that nobody has, because an account comes with one.
        let device = self.new_device(self.new_device_id(now), user, now);
        if number == 0 {
            let generation = user.as_uuid();
            let set_up = SetUp {
                server_name: "Simulation".to_owned(),
                generation,
                account,
                device,
                now,
            };
            ensure!(self.truth.set_up(set_up).await?.is_ok(), "the server is set up");
        } else {
            let made = self
                .truth
                .create_account(CreateAccount {
                    account,
                    device,
                    invite: None,
                    now,
                })
                .await?;
            ensure!(made.is_ok(), "the account is made");
        }
        Ok(())
    }

    fn new_device(&self, id: DeviceId, user: UserId, now: Timestamp) -> NewDevice {
        NewDevice {
            id,
            user,
            name: "a device".to_owned(),
            client: ClientInfo {
                name: "simulation".to_owned(),
                version: "1".to_owned(),
            },
            refresh: self.new_refresh_token().1,
            now,
        }
    }

    /// The id of a device that was never used.
    pub fn new_device_id(&self, now: Timestamp) -> DeviceId {
        let mut bytes = [0; 10];
        self.random.fill(&mut bytes);
        DeviceId::new(now, bytes)
    }

    /// A refresh token and its hash.
    pub fn new_refresh_token(&self) -> (String, TokenHash) {
        let text = format!("refresh-{}", self.tokens.fetch_add(1, Ordering::SeqCst));
        let hash = Self::hash(&text);
        (text, hash)
    }

    /// What the storage knows a refresh token by.
    pub fn hash(token: &str) -> TokenHash {
        let mut bytes = [0; 32];
        for (place, byte) in bytes.iter_mut().zip(token.bytes()) {
            *place = byte;
        }
        TokenHash(bytes)
    }

    /// An access token that is good from now on, and until when.
    pub fn access_token(&self, user: UserId, device: DeviceId) -> (String, Timestamp) {
        let until = self.clock.now().plus_ms(ACCESS_MS);
        (format!("{user}/{device}/{}", until.as_ms()), until)
    }

    /// Whose an access token is.
    pub fn authenticate(&self, token: &str) -> Result<Authenticated, ServiceError> {
        ClearTokens.verify(token, self.clock.now())
    }

    /// A node, while it runs.
    pub fn running(&self, node: usize) -> Option<&Running> {
        self.nodes.get(node)?.as_ref()
    }

    /// Starts a node, where it does not run.
    pub fn start(&mut self, node: usize) {
        let skew_ms = self.skews_ms.get(node).copied().unwrap_or_default();
        let is_alone = self.nodes.len() == 1;
        let Some(place) = self.nodes.get_mut(node).filter(|place| place.is_none()) else {
            return;
        };
        let life = Arc::new(Lifeline::default());
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let truth: Arc<dyn Store> = Arc::<SqliteStore>::clone(&self.truth);
        let bus: Arc<dyn Bus> = if is_alone {
            Arc::new(SingleNode)
        } else {
            Arc::new(self.network.connect(node, Arc::clone(&life)))
        };
        let parts = Parts {
            context: Context {
                store: Arc::new(FaultStore::new(
                    truth,
                    Arc::clone(&self.faults),
                    Arc::clone(&life),
                )),
                clock: Arc::new(NodeClock {
                    world: Arc::clone(&self.clock),
                    skew_ms,
                }),
                random: Arc::<SeededRandom>::clone(&self.random),
                limits: Limits::default(),
                message_requests: false,
            },
            bus,
            authenticator: Arc::new(ClearTokens),
            gateway: Settings::default(),
        };
        let node = Node::start(parts, tasks.clone(), shutdown.clone());
        *place = Some(Running {
            node,
            life,
            tasks,
            shutdown,
        });
    }

    /// Ends a node: what it holds is written, unless it is dead. The world has let its sessions go before.
    pub async fn stop(&mut self, node: usize) {
        if let Some(Running {
            node,
            tasks,
            shutdown,
            ..
        }) = self.nodes.get_mut(node).and_then(Option::take)
        {
            shutdown.cancel();
            drop(node);
            tasks.close();
            tasks.wait().await;
        }
    }
}
