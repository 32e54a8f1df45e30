//! The people who chat while things break: each has one device, which writes, reads, reconnects to any node, resumes and sends again.
//!
//! A device has one message under way in each conversation, as Pipit's own client has: the server may put one message off and
//! take the next, so more could not keep their order.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use pipit_wire::event::MessageChange;
use pipit_wire::frame::client::ClientInfo;
use pipit_wire::rest::{NewAccount, NewDirect, NewGroup, Refresh, Session, SetUp, SignIn, SignUp};
use pipit_wire::{ConversationId, Event, EventBody, EventId, Seq, Timestamp, UserId, rest};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use reqwest::Client;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::device::Device;
use crate::record::{
    Cast, ConversationNumber, DeviceNumber, Entry, Recorder, Said, UserNumber, content_hash,
};

const PASSWORD: &str = "correct horse battery staple";
const GROUP_MEMBERS: usize = 8;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// What the people do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// They chat.
    Chat,
    /// They write nothing new, and wait for what is under way.
    Finish,
    /// They ask the server once for what they may have missed.
    Ask,
    /// They go.
    Stop,
}

/// What all devices share.
#[derive(Debug)]
pub struct Shared {
    /// Where each node is reached.
    pub addresses: Vec<SocketAddr>,
    /// Who takes part.
    pub cast: Cast,
    /// Keeps what happens.
    pub recorder: Arc<Recorder>,
    /// The number of each person.
    users: HashMap<UserId, UserNumber>,
    /// Of each conversation, the highest seq that was acknowledged.
    acknowledged: Vec<AtomicU64>,
    http: Client,
}

/// How far a device is in one conversation.
#[derive(Debug)]
pub struct Progress {
    conversation: ConversationNumber,
    have: AtomicU64,
    waiting: AtomicU64,
}

impl Progress {
    /// It has everything up to here, and so many messages of its own are not acknowledged.
    pub fn set(&self, have: Seq, waiting: usize) {
        self.have.store(have.get(), Ordering::Relaxed);
        self.waiting
            .store(u64::try_from(waiting).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// Everybody.
#[derive(Debug)]
pub struct People {
    shared: Arc<Shared>,
    sessions: Vec<Session>,
    progress: Vec<Arc<Vec<Progress>>>,
    phase: watch::Sender<Phase>,
}

impl Shared {
    /// What this entry says.
    #[must_use]
    pub fn said(&self, event: &Event) -> Said {
        let sender = self.user(event.sender);
        let (entry, hash) = match &event.body {
            EventBody::Message { content, .. } => (Entry::Message, hash_of(content)),
            EventBody::MessageChanged {
                message,
                change: MessageChange::Edit { content, .. },
            } => (Entry::edit_of(EventId::from(*message)), hash_of(content)),
            other => (Entry::Other, hash_of(other)),
        };
        Said {
            event: event.id,
            sender,
            entry,
            hash,
        }
    }

    /// The number of a person.
    #[must_use]
    pub fn user(&self, id: UserId) -> UserNumber {
        self.users.get(&id).copied().unwrap_or(UserNumber::STRANGER)
    }

    /// Somebody had an acknowledgement at this place.
    pub fn acknowledged(&self, conversation: ConversationNumber, seq: Seq) {
        if let Some(highest) = self.acknowledged.get(index(conversation.0)) {
            highest.fetch_max(seq.get(), Ordering::Relaxed);
        }
    }

    /// The time for ids and messages: it need not be true.
    #[must_use]
    pub fn timestamp(&self) -> Timestamp {
        let ms = self.recorder.clock().now().0 / 1_000;
        Timestamp(1_790_000_000_000 + i64::try_from(ms).unwrap_or_default())
    }

    /// Trades a refresh token for the next session, at this node.
    pub async fn refresh(&self, node: usize, refresh_token: &str) -> Result<Session> {
        let body = Refresh {
            refresh_token: refresh_token.to_owned(),
        };
        self.post(node, "/v1/sessions/refresh", None, &body).await
    }

    /// Signs in as this person on a new device.
    pub async fn sign_in(&self, node: usize, user: UserNumber) -> Result<Session> {
        let body = SignIn {
            handle: handle(index(user.0)),
            password: PASSWORD.to_owned(),
            device_name: "the reader at the end".to_owned(),
            client: client(),
        };
        self.post(node, "/v1/sessions", None, &body).await
    }

    async fn post<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        node: usize,
        path: &str,
        token: Option<&str>,
        body: &B,
    ) -> Result<T> {
        let address = self.addresses.get(node).context("there is no such node")?;
        let mut request = self
            .http
            .post(format!("http://{address}{path}"))
            .timeout(REQUEST_TIMEOUT)
            .json(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.with_context(|| format!("POST {path}"))?;
        let status = answer.status();
        if !status.is_success() {
            let text = answer.text().await.unwrap_or_default();
            bail!("POST {path}: {status}: {text}");
        }
        answer
            .json()
            .await
            .with_context(|| format!("the answer to POST {path}"))
    }
}

/// A number of the cast as a place in a list.
#[must_use]
pub fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// What these clients call themselves.
#[must_use]
pub fn client() -> ClientInfo {
    ClientInfo {
        name: "pipit-load".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// The hash of anything that travels, by its JSON.
pub fn hash_of<T: Serialize>(value: &T) -> u32 {
    content_hash(&serde_json::to_vec(value).unwrap_or_default())
}

fn handle(number: usize) -> String {
    format!("person{number}")
}

impl People {
    /// Makes the accounts and their conversations: everybody is in a pair, and most in groups of eight.
    pub async fn gather(
        addresses: Vec<SocketAddr>,
        set_up_token: String,
        count: usize,
        recorder: Arc<Recorder>,
        seed: u64,
    ) -> Result<Self> {
        let mut shared = Shared {
            addresses,
            cast: Cast::default(),
            recorder,
            users: HashMap::new(),
            acknowledged: Vec::new(),
            http: {
                // Refused only where one is installed already, which is the same.
                drop(rustls::crypto::ring::default_provider().install_default());
                Client::new()
            },
        };
        let mut sessions = Vec::new();
        for number in 0..count {
            let session = sign_up(&shared, number, &set_up_token).await?;
            let (user, device) = (session.me.profile.user, session.device);
            let of = UserNumber(u32::try_from(number).unwrap_or(u32::MAX));
            shared.cast.users.push(user);
            shared.cast.devices.push((device, of));
            shared.users.insert(user, of);
            sessions.push(session);
        }
        make_conversations(&mut shared, &sessions, seed).await?;
        shared.acknowledged = shared
            .cast
            .conversations
            .iter()
            .map(|_| AtomicU64::new(0))
            .collect();
        let shared = Arc::new(shared);
        let progress = (0..)
            .zip(&sessions)
            .map(|(number, _)| {
                let all = (0..).zip(&shared.cast.conversations);
                let own = all.filter(|(_, (_, members))| members.contains(&UserNumber(number)));
                Arc::new(
                    own.map(|(conversation, _)| Progress {
                        conversation: ConversationNumber(conversation),
                        have: AtomicU64::new(0),
                        waiting: AtomicU64::new(0),
                    })
                    .collect(),
                )
            })
            .collect();
        Ok(Self {
            shared,
            sessions,
            progress,
            phase: watch::Sender::new(Phase::Chat),
        })
    }

    /// What they share.
    #[must_use]
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Has them begin.
    pub fn start(&self, seed: u64, tasks: &TaskTracker, stop: &CancellationToken) {
        for ((number, session), progress) in (0..).zip(&self.sessions).zip(&self.progress) {
            let own = progress.iter().filter_map(|progress| {
                let (id, _) = self
                    .shared
                    .cast
                    .conversations
                    .get(index(progress.conversation.0))?;
                Some((progress.conversation, *id))
            });
            let device = Device::new(
                DeviceNumber(number),
                Arc::clone(&self.shared),
                session.clone(),
                own.collect(),
                Arc::clone(progress),
                ChaCha8Rng::seed_from_u64(seed ^ (u64::from(number) << 16)),
            );
            let running = device.run(self.phase.subscribe());
            let stop = stop.clone();
            tasks.spawn(async move { stop.run_until_cancelled(running).await });
        }
    }

    /// Has them do this.
    pub fn set(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    /// How many devices wait for an acknowledgement.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let is_waiting = |progress: &Progress| progress.waiting.load(Ordering::Relaxed) > 0;
        let devices = self.progress.iter();
        devices.filter(|device| device.iter().any(is_waiting)).count()
    }

    /// How many devices are not up to date, or wait for an acknowledgement.
    #[must_use]
    pub fn behind(&self) -> usize {
        let is_behind = |progress: &Progress| {
            let highest = self.shared.acknowledged.get(index(progress.conversation.0));
            let highest = highest.map_or(0, |highest| highest.load(Ordering::Relaxed));
            progress.waiting.load(Ordering::Relaxed) > 0 || progress.have.load(Ordering::Relaxed) < highest
        };
        let devices = self.progress.iter();
        devices.filter(|device| device.iter().any(is_behind)).count()
    }
}

async fn sign_up(shared: &Shared, number: usize, set_up_token: &str) -> Result<Session> {
    let account = NewAccount {
        handle: handle(number),
        name: format!("Person {number}"),
        password: PASSWORD.to_owned(),
        device_name: "a simulated device".to_owned(),
        client: client(),
    };
    if number == 0 {
        let body = SetUp {
            token: set_up_token.to_owned(),
            server_name: "Chaos".to_owned(),
            account,
        };
        shared.post(0, "/v1/setup", None, &body).await
    } else {
        let body = SignUp {
            invite: None,
            account,
        };
        shared
            .post(
                number % shared.addresses.len().max(1),
                "/v1/accounts",
                None,
                &body,
            )
            .await
    }
}

async fn make_conversations(shared: &mut Shared, sessions: &[Session], seed: u64) -> Result<()> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let token = |number: usize| sessions.get(number).map(|session| session.access_token.as_str());
    let numbers: Vec<usize> = (0..sessions.len()).collect();
    for pair in numbers.chunks_exact(2) {
        let &[first, second] = pair else { continue };
        let user = *shared.cast.users.get(second).context("a person is missing")?;
        let made: rest::Conversation = shared
            .post(
                0,
                "/v1/conversations/direct",
                token(first),
                &NewDirect {
                    user,
                    encrypted: false,
                },
            )
            .await?;
        add(shared, made.conversation.id, &[first, second]);
    }
    for (group, members) in numbers.chunks(GROUP_MEMBERS).enumerate() {
        let Some((owner, others)) = members.split_first() else {
            continue;
        };
        let body = NewGroup {
            id: ConversationId::new(shared.timestamp(), random.random()),
            title: Some(format!("Group {group}")),
            encrypted: false,
            members: others
                .iter()
                .filter_map(|other| shared.cast.users.get(*other).copied())
                .collect(),
        };
        let made: rest::Conversation = shared
            .post(0, "/v1/conversations/group", token(*owner), &body)
            .await?;
        add(shared, made.conversation.id, members);
    }
    Ok(())
}

fn add(shared: &mut Shared, id: ConversationId, members: &[usize]) {
    let members = members.iter().filter_map(|number| u32::try_from(*number).ok());
    shared
        .cast
        .conversations
        .push((id, members.map(UserNumber).collect()));
}
