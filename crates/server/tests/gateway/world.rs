//! A server on a free port, and people who connect to it with a plain WebSocket client that knows nothing but JSON.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use pipit_bus::{Bus, SingleNode};
use pipit_server::clock::{SystemClock, SystemRandom};
use pipit_server::context::Context;
use pipit_server::error::ServiceError;
use pipit_server::gateway::{self, Settings};
use pipit_server::node::{Authenticated, Authenticator, Node, Parts};
use pipit_server::service::access::Caller;
use pipit_store::Store;
use pipit_store::account::{CreateAccount, NewDevice, NewUser, PasswordHash, TokenHash};
use pipit_store_sqlite::SqliteStore;
use pipit_wire::frame::client::ClientInfo;
use pipit_wire::{ConversationId, DeviceId, ErrorCode, EventId, Limits, Timestamp, UserId, rest};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The longest that anything may take before a test fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// Tokens of the tests: handed out, not signed.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<HashMap<String, Authenticated>>);

impl Authenticator for Tokens {
    fn verify(&self, token: &str, _now: Timestamp) -> Result<Authenticated, ServiceError> {
        let found = self.0.lock().unwrap().get(token).copied();
        found.ok_or_else(|| ServiceError::refused(ErrorCode::Unauthenticated, "no such token"))
    }
}

/// What all nodes of a test share.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) tokens: Arc<Tokens>,
    counter: Arc<AtomicU64>,
    message_requests: bool,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::over(Arc::new(SqliteStore::open_in_memory().unwrap()))
    }

    pub(crate) fn over(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            tokens: Arc::default(),
            counter: Arc::new(AtomicU64::new(1)),
            message_requests: false,
        }
    }

    /// A world in which strangers ask first.
    pub(crate) fn of_strangers() -> Self {
        Self {
            message_requests: true,
            ..Self::new()
        }
    }

    pub(crate) fn uuid(&self) -> String {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let mut random = [0; 10];
        random[2..].copy_from_slice(&number.to_be_bytes());
        EventId::new(Timestamp(1_767_225_600_000), random).to_string()
    }

    pub(crate) fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(&self) -> T {
        self.uuid().parse().unwrap()
    }

    /// Makes an account with its first device.
    pub(crate) async fn person(&self, handle: &str) -> Person {
        let user: UserId = self.id();
        let device = self.new_device(user);
        let device_id = device.id;
        let account = NewUser {
            id: user,
            handle: handle.to_owned(),
            name: handle.to_uppercase(),
            password: PasswordHash("$argon2id$none".to_owned()),
            admin: false,
        };
        let create = CreateAccount {
            account,
            device,
            invite: None,
            now: Timestamp(1_767_225_600_000),
        };
        self.store.create_account(create).await.unwrap().unwrap();
        self.signed_in(user, device_id)
    }

    /// Signs an account in on another device.
    pub(crate) async fn another_device(&self, person: &Person) -> Person {
        let device = self.new_device(person.user);
        let device_id = device.id;
        self.store.create_device(device).await.unwrap();
        self.signed_in(person.user, device_id)
    }

    fn new_device(&self, user: UserId) -> NewDevice {
        let id: DeviceId = self.id();
        let mut refresh = [0; 32];
        refresh[..16].copy_from_slice(id.as_bytes());
        NewDevice {
            id,
            user,
            name: "Phone".to_owned(),
            client: ClientInfo {
                name: "test".to_owned(),
                version: "1".to_owned(),
            },
            refresh: TokenHash(refresh),
            now: Timestamp(1_767_225_600_000),
        }
    }

    fn signed_in(&self, user: UserId, device: DeviceId) -> Person {
        let token = format!("token of {device}");
        let who = Authenticated { user, device };
        self.tokens.0.lock().unwrap().insert(token.clone(), who);
        Person { user, device, token }
    }

    pub(crate) async fn server(&self) -> Server {
        self.server_with(Arc::new(SingleNode), Settings::default(), Limits::default())
            .await
    }

    pub(crate) async fn server_on(&self, bus: Arc<dyn Bus>) -> Server {
        self.server_with(bus, Settings::default(), Limits::default())
            .await
    }

    pub(crate) async fn server_with(&self, bus: Arc<dyn Bus>, gateway: Settings, limits: Limits) -> Server {
        let context = Context {
            store: Arc::clone(&self.store),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            limits,
            message_requests: self.message_requests,
        };
        let authenticator: Arc<dyn Authenticator> = Arc::<Tokens>::clone(&self.tokens);
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let parts = Parts {
            context,
            bus,
            authenticator,
            gateway,
        };
        let node = Node::start(parts, tasks.clone(), shutdown.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = gateway::router(Arc::clone(&node));
        let stop = shutdown.clone();
        tasks.spawn(async move {
            axum::serve(listener, app)
                .with_graceful_shutdown(stop.cancelled_owned())
                .await
                .unwrap();
        });
        Server {
            node,
            address,
            world: self.clone(),
        }
    }
}

/// Somebody with one device.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) user: UserId,
    pub(crate) device: DeviceId,
    pub(crate) token: String,
}

impl Person {
    pub(crate) fn caller(&self) -> Caller {
        Caller {
            user: self.user,
            device: Some(self.device),
        }
    }
}

/// A node that listens.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) node: Arc<Node>,
    pub(crate) address: SocketAddr,
    pub(crate) world: World,
}

impl Server {
    pub(crate) async fn direct(&self, one: &Person, other: &Person) -> ConversationId {
        self.node
            .conversations
            .create_direct(one.caller(), other.user, false)
            .await
            .unwrap()
            .id
    }

    pub(crate) async fn group(&self, owner: &Person, members: &[&Person]) -> ConversationId {
        let group = rest::NewGroup {
            id: self.world.id(),
            title: Some("The group".to_owned()),
            members: members.iter().map(|member| member.user).collect(),
            encrypted: false,
        };
        self.node
            .conversations
            .create_group(owner.caller(), group)
            .await
            .unwrap()
            .id
    }

    pub(crate) async fn add(&self, caller: &Person, conversation: ConversationId, user: UserId) {
        let request = rest::AddMembers {
            event_ids: vec![self.world.id()],
            users: vec![user],
        };
        self.node
            .conversations
            .add_members(caller.caller(), conversation, request)
            .await
            .unwrap();
    }

    pub(crate) async fn remove(&self, caller: &Person, conversation: ConversationId, user: UserId) {
        let event = self.world.id();
        self.node
            .conversations
            .remove_member(caller.caller(), conversation, user, event)
            .await
            .unwrap();
    }

    /// A WebSocket that has not said anything.
    pub(crate) async fn socket(&self) -> Client {
        let url = format!("ws://{}/v1/ws", self.address);
        let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        Client {
            socket,
            world: self.world.clone(),
        }
    }

    /// Like `socket`, where the node may be stopping; none where it does not take it.
    pub(crate) async fn try_socket(&self) -> Option<Client> {
        let url = format!("ws://{}/v1/ws", self.address);
        let (socket, _) = tokio_tungstenite::connect_async(url).await.ok()?;
        Some(Client {
            socket,
            world: self.world.clone(),
        })
    }

    /// Connects a device that knows nothing yet.
    pub(crate) async fn connect(&self, person: &Person) -> Client {
        self.resume(person, &[]).await.0
    }

    /// Connects a device with cursors; what it gets before `synced`, `welcome` first.
    pub(crate) async fn resume(
        &self,
        person: &Person,
        cursors: &[(ConversationId, u64)],
    ) -> (Client, Vec<Value>) {
        let mut client = self.socket().await;
        client.send(hello(&person.token, cursors)).await;
        let mut frames = Vec::new();
        loop {
            let frame = client.next().await;
            if frame["type"] == "synced" {
                assert_eq!(frame["id"], 1);
                return (client, frames);
            }
            frames.push(frame);
        }
    }

    /// Stops, and waits until every task has ended.
    pub(crate) async fn stop(self) {
        self.node.shutdown.cancel();
        self.node.tasks.close();
        tokio::time::timeout(PATIENCE, self.node.tasks.wait())
            .await
            .expect("every task ends");
    }
}

pub(crate) fn hello(token: &str, cursors: &[(ConversationId, u64)]) -> Value {
    let cursors: Vec<_> = cursors
        .iter()
        .map(|(conversation, seq)| json!({"conversation": conversation, "seq": seq}))
        .collect();
    json!({
        "type": "hello", "id": 1, "protocol": 1, "token": token, "cursors": cursors, "presence": "online",
        "client": {"name": "black box", "version": "1"},
    })
}

/// One connection.
pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    world: World,
}

impl Client {
    pub(crate) async fn send(&mut self, frame: Value) {
        self.send_text(frame.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: impl Into<String>) {
        self.send_raw(Message::text(text.into())).await;
    }

    pub(crate) async fn send_raw(&mut self, message: Message) {
        tokio::time::timeout(PATIENCE, self.socket.send(message))
            .await
            .expect("it can be sent")
            .unwrap();
    }

    /// Like `send`, for a line that may be gone.
    pub(crate) async fn try_send(&mut self, frame: Value) -> bool {
        self.socket.send(Message::text(frame.to_string())).await.is_ok()
    }

    pub(crate) fn message(&self, conversation: ConversationId, text: &str) -> Value {
        json!({
            "id": self.world.uuid(), "conversation": conversation, "written_at": 1,
            "content": {"kind": "plain", "text": text},
        })
    }

    /// Sends a message and waits for its `ack`; what else came before that.
    pub(crate) async fn say(&mut self, conversation: ConversationId, text: &str) -> (Value, Vec<Value>) {
        let message = self.message(conversation, text);
        self.send(json!({"type": "message", "id": 7, "message": message}))
            .await;
        self.until("ack").await
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            match self.next_raw().await.expect("the connection stands") {
                Message::Text(text) => return serde_json::from_str(text.as_str()).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?} in place of a frame"),
            }
        }
    }

    /// Like `next`, for a line that may end; none when it has.
    pub(crate) async fn try_next(&mut self) -> Option<Value> {
        loop {
            match self.next_raw().await? {
                Message::Text(text) => return Some(serde_json::from_str(text.as_str()).unwrap()),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    pub(crate) async fn next_raw(&mut self) -> Option<Message> {
        let next = tokio::time::timeout(PATIENCE, self.socket.next())
            .await
            .expect("something comes");
        next.and_then(Result::ok)
    }

    /// The next frame of this type, and what came before it.
    pub(crate) async fn until(&mut self, kind: &str) -> (Value, Vec<Value>) {
        let mut before = Vec::new();
        loop {
            let frame = self.next().await;
            if frame["type"] == kind {
                return (frame, before);
            }
            before.push(frame);
        }
    }

    /// The next frame, which must be of this type.
    pub(crate) async fn expect(&mut self, kind: &str) -> Value {
        let frame = self.next().await;
        assert_eq!(frame["type"], kind, "{frame}");
        frame
    }

    /// The next frame, which must be an error with this code.
    pub(crate) async fn expect_error(&mut self, code: &str) -> Value {
        let frame = self.expect("error").await;
        assert_eq!(frame["code"], code, "{frame}");
        frame
    }

    /// Shows that nothing has come: a ping is answered before anything else.
    pub(crate) async fn expect_nothing(&mut self) {
        self.send(json!({"type": "ping", "id": 99})).await;
        let frame = self.next().await;
        assert_eq!(frame, json!({"type": "pong", "id": 99}));
    }

    /// Passes over whatever has come already.
    pub(crate) async fn until_quiet(&mut self) {
        self.send(json!({"type": "ping", "id": 99})).await;
        self.until("pong").await;
    }

    /// The connection ends now, with this status code.
    pub(crate) async fn expect_close(&mut self, code: u16) {
        loop {
            match self.next_raw().await {
                Some(Message::Close(Some(frame))) => {
                    assert_eq!(frame.code, CloseCode::from(code), "{frame:?}");
                    return;
                }
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("{other:?} in place of a close"),
            }
        }
    }

    /// Everything that comes until the line ends, as text.
    pub(crate) async fn drain(&mut self) -> Vec<Value> {
        let mut frames = Vec::new();
        while let Some(message) = self.next_raw().await {
            if let Message::Text(text) = message {
                frames.push(serde_json::from_str(text.as_str()).unwrap());
            }
        }
        frames
    }

    pub(crate) async fn close(mut self) {
        let _gone = self.socket.close(None).await;
    }
}
