//! The server's side of the world: the node's logic on a storage in memory, with a clock that the world moves.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::ensure;
use pipit_bus::SingleNode;
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

use crate::fault::FaultStore;
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

/// A node that runs.
pub struct Running {
    /// The node.
    pub node: Arc<Node>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

/// The server: a storage that stays, and a node that comes and goes.
pub struct Server {
    /// The storage as the node has it.
    pub store: Arc<FaultStore>,
    /// The storage as it is, for checkers.
    pub truth: Arc<SqliteStore>,
    /// The clock.
    pub clock: Arc<WorldClock>,
    /// The node, while it runs.
    pub running: Option<Running>,
    context: Context,
    tokens: AtomicU64,
}

impl Server {
    /// A server with these people on it.
    pub async fn new(plan: &Plan, now: Timestamp, people: &[UserId]) -> anyhow::Result<Self> {
        let truth = Arc::new(SqliteStore::open_in_memory()?);
        let store = Arc::new(FaultStore::new(Arc::<SqliteStore>::clone(&truth), plan.random(1)));
        let clock = Arc::new(WorldClock(AtomicI64::new(now.as_ms())));
        let context = Context {
            store: Arc::<FaultStore>::clone(&store),
            clock: Arc::<WorldClock>::clone(&clock),
            random: Arc::new(SeededRandom(Mutex::new(plan.random(2)))),
            limits: Limits::default(),
        };
        let server = Self {
            store,
            truth,
            clock,
            running: None,
            context,
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
        let device = self.new_device(DeviceId::new(now, self.context.random_bytes()), user, now);
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

    /// What services work with.
    pub const fn context(&self) -> &Context {
        &self.context
    }

    /// Starts the node, where it does not run.
    pub fn start(&mut self) {
        if self.running.is_some() {
            return;
        }
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let parts = Parts {
            context: self.context.clone(),
            bus: Arc::new(SingleNode),
            authenticator: Arc::new(ClearTokens),
            gateway: Settings::default(),
        };
        let node = Node::start(parts, tasks.clone(), shutdown.clone());
        self.running = Some(Running {
            node,
            tasks,
            shutdown,
        });
    }

    /// Ends the node. The world has let its sessions go before.
    pub async fn stop(&mut self) {
        if let Some(Running {
            node,
            tasks,
            shutdown,
        }) = self.running.take()
        {
            shutdown.cancel();
            drop(node);
            tasks.close();
            tasks.wait().await;
        }
    }
}
