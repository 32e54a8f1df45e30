//! Real clients against the real server: an engine on SQLite, the driver, the wire, the store.
#![expect(clippy::unwrap_used, clippy::panic, reason = "the helpers of a test fail it")]

mod encrypted;
mod handover;
mod named;
mod newcomers;
mod polls;
mod recovery;
mod repairs;
mod reports;
mod sealed;
mod uploads;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use pipit_client::command::{AccountForm, Command, Reply, ViewId};
use pipit_client::view::{
    ArchivesView, ConnectionView, ConversationItem, DeliveryState, ItemBody, SessionView, Splice,
    TimelineHeader, TimelineItem, Update,
};
use pipit_client::{Config as ClientConfig, Engine};
use pipit_client_net::{Files, NativeClient, View, ViewEvent};
use pipit_client_store::SqliteStorage;
use pipit_server::clock::{Clock as _, SystemClock};
use pipit_server::config::Config;
use pipit_server::run::{Environment, Server, Stopped};
use pipit_wire::frame::client::ClientInfo;
use pipit_wire::{ConversationId, MessageId, UserId};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

struct Running {
    address: SocketAddr,
    set_up_token: Option<String>,
    shutdown: CancellationToken,
    serving: JoinHandle<Stopped>,
}

impl Running {
    async fn start(data: &Path, address: SocketAddr) -> Self {
        let mut config = Config::default();
        config.general.data = data.to_owned();
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::open(config, Environment::default()).await.unwrap();
        let link = server.set_up_link(address);
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        Self {
            address,
            set_up_token: link.map(|link| link.split_once('#').unwrap().1.to_owned()),
            shutdown,
            serving: TaskTracker::new().spawn(async move { server.serve(listener, stop).await }),
        }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        assert_eq!(self.serving.await.unwrap(), Stopped::Clean);
    }
}

/// A person's client, and what its one view shows.
struct Screen {
    client: NativeClient,
    files: Files,
    view: View,
    session: Option<SessionView>,
    connection: Option<ConnectionView>,
    conversations: Vec<ConversationItem>,
    timeline: Vec<TimelineItem>,
    header: Option<TimelineHeader>,
    archives: ArchivesView,
    /// What was set here and taken back, and why.
    refused: Vec<String>,
}

fn new_message() -> MessageId {
    let mut random = [0; 10];
    fill_random(&mut random);
    MessageId::new(SystemClock.now(), random)
}

fn fill_random(bytes: &mut [u8]) {
    getrandom::fill(bytes).unwrap();
}

impl Screen {
    async fn open(store: &Path, server: SocketAddr) -> Self {
        let storage = SqliteStorage::open(store.to_str().unwrap(), None).unwrap();
        let config = ClientConfig {
            client: ClientInfo {
                name: "Test".into(),
                version: "1".into(),
            },
            random: Box::new(fill_random),
        };
        let engine = Engine::open(storage, config, SystemClock.now()).unwrap();
        let address = format!("http://{server}").parse().unwrap();
        // Beside the store, so that both are there again for whoever opens that.
        let files = Files::in_folder(store.with_extension("files"));
        let shutdown = CancellationToken::new();
        let client =
            NativeClient::start_with(engine, files.clone(), address, || SystemClock.now(), &shutdown)
                .unwrap();
        let view = client.attach(ViewId("screen".into())).await.unwrap();
        Self {
            client,
            files,
            view,
            session: None,
            connection: None,
            conversations: Vec::new(),
            timeline: Vec::new(),
            header: None,
            archives: ArchivesView::default(),
            refused: Vec::new(),
        }
    }

    async fn ask(&self, command: Command) -> Reply {
        let reply = tokio::time::timeout(PATIENCE, self.view.request(command)).await;
        let reply = reply.unwrap().unwrap();
        assert!(!matches!(reply, Reply::Failed { .. }), "{reply:?}");
        reply
    }

    /// Takes in updates until the screen shows what is expected.
    async fn until(&mut self, what: &str, shows: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !shows(self) {
                match self.view.next().await.unwrap() {
                    ViewEvent::Update(update) => self.apply(update),
                    ViewEvent::Restarted => panic!("the test reads fast enough"),
                }
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(
            in_time.is_ok(),
            "{what}: {:?} {:?} {:?}",
            self.connection,
            self.timeline,
            self.archives
        );
    }

    fn apply(&mut self, update: Update) {
        match update {
            Update::Session { session } => self.session = Some(session),
            Update::Connection { connection } => self.connection = Some(connection),
            Update::Conversations { splices, .. } => splice(&mut self.conversations, splices),
            Update::Timeline { header, splices } => {
                splice(&mut self.timeline, splices);
                self.header = Some(*header);
            }
            Update::SettingRefused { code, .. } => self.refused.push(code),
            Update::Archives { archives } => self.archives = *archives,
            Update::TimelineGone { .. }
            | Update::ConversationGone { .. }
            | Update::Unsent { .. }
            | Update::Storage { .. }
            | Update::ChangeRefused { .. }
            | Update::Privacy { .. }
            | Update::Trust { .. } => {}
        }
    }

    async fn write(&self, conversation: ConversationId, text: &str) {
        let command = Command::SendMessage {
            message: new_message(),
            conversation,
            text: text.to_owned(),
            reply_to: None,
            attachments: Vec::new(),
            preview: None,
        };
        assert_eq!(self.ask(command).await, Reply::Done);
    }

    fn texts(&self) -> Vec<&str> {
        let text = |item: &TimelineItem| matches!(item.body, ItemBody::Message { .. });
        let messages = self.timeline.iter().filter(|item| text(item));
        messages
            .filter_map(|item| {
                if let ItemBody::Message { text, .. } = &item.body {
                    Some(text.as_str())
                } else {
                    None
                }
            })
            .collect()
    }

    fn last_delivery(&self) -> Option<&DeliveryState> {
        self.timeline.last()?.delivery.as_ref()
    }

    fn me(&self) -> UserId {
        match &self.session {
            Some(SessionView::SignedIn { me, .. }) => me.profile.user,
            other => panic!("nobody is signed in: {other:?}"),
        }
    }
}

fn splice<T>(list: &mut Vec<T>, splices: Vec<Splice<T>>) {
    for Splice { at, remove, insert } in splices {
        let at = at as usize;
        list.splice(at..at + remove as usize, insert);
    }
}

fn account(handle: &str) -> AccountForm {
    AccountForm {
        handle: handle.to_owned(),
        name: handle.to_owned(),
        password: "correct horse battery".to_owned(),
        device_name: "test".to_owned(),
    }
}

fn signed_in(screen: &Screen) -> bool {
    matches!(screen.session, Some(SessionView::SignedIn { .. }))
}

fn up_to_date(screen: &Screen) -> bool {
    screen.connection == Some(ConnectionView::UpToDate)
}

/// Alice sets the server up and invites bob; both are signed in, and in a conversation that both have open.
async fn meet(folder: &TempDir, server: &Running) -> (Screen, Screen, ConversationId) {
    meet_through(folder, server, server.address).await
}

/// The same, with alice's line going to this address.
async fn meet_through(
    folder: &TempDir,
    server: &Running,
    way: SocketAddr,
) -> (Screen, Screen, ConversationId) {
    let mut alice = Screen::open(&folder.path().join("alice.db"), way).await;
    let set_up = Command::SetUp {
        token: server.set_up_token.clone().unwrap(),
        server_name: "Home".into(),
        account: account("alice"),
    };
    alice.ask(set_up).await;
    alice.until("alice is up to date", up_to_date).await;
    let invite = Command::CreateInvite {
        expires_in_s: 3_600,
        uses: 1,
    };
    let Reply::Invite { invite } = alice.ask(invite).await else {
        panic!("no invite")
    };

    let mut bob = Screen::open(&folder.path().join("bob.db"), server.address).await;
    let sign_up = Command::SignUp {
        invite: invite.token,
        account: account("bob"),
    };
    bob.ask(sign_up).await;
    bob.until("bob is up to date", up_to_date).await;
    let direct = Command::CreateDirect {
        user: alice.me(),
        encrypted: false,
    };
    let Reply::Conversation { conversation } = bob.ask(direct).await else {
        panic!("no conversation")
    };
    alice
        .until("the conversation comes", |screen| screen.conversations.len() == 1)
        .await;
    for screen in [&alice, &bob] {
        screen.ask(Command::OpenTimeline { conversation }).await;
    }
    (alice, bob, conversation)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_chat_and_each_sees_where_the_messages_stand() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&folder.path().join("data"), ([127, 0, 0, 1], 0).into()).await;
    let (mut alice, mut bob, conversation) = meet(&folder, &server).await;

    alice.write(conversation, "hello").await;
    bob.until("bob has it", |screen| screen.texts() == ["hello"])
        .await;
    alice
        .until("it is delivered", |screen| {
            screen.last_delivery() == Some(&DeliveryState::Delivered)
        })
        .await;
    let seq = bob.timeline.last().unwrap().seq.unwrap();
    bob.ask(Command::SetVisible { visible: true }).await;
    bob.ask(Command::MarkRead { conversation, seq }).await;
    alice
        .until("it is read", |screen| {
            screen.last_delivery() == Some(&DeliveryState::Read)
        })
        .await;
    for number in 0..50 {
        bob.write(conversation, &number.to_string()).await;
    }
    let all: Vec<String> = std::iter::once("hello".to_owned())
        .chain((0..50).map(|number| number.to_string()))
        .collect();
    alice
        .until("all come, in order", |screen| screen.texts() == all)
        .await;
    alice.client.stop().await;
    bob.client.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_while_the_server_is_away_arrives_once_when_both_are_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Running::start(&data, ([127, 0, 0, 1], 0).into()).await;
    let address = server.address;
    let (mut alice, bob, conversation) = meet(&folder, &server).await;
    bob.client.stop().await;
    server.stop().await;

    alice
        .until("the line is gone", |screen| !up_to_date(screen))
        .await;
    alice.write(conversation, "are you there?").await;
    alice
        .until("it waits", |screen| {
            screen.last_delivery() == Some(&DeliveryState::Queued)
        })
        .await;
    // Alice's program ends too; what she wrote is on her disk.
    alice.client.stop().await;

    let server = Running::start(&data, address).await;
    let mut alice = Screen::open(&folder.path().join("alice.db"), address).await;
    alice.until("alice is still signed in", signed_in).await;
    alice.ask(Command::OpenTimeline { conversation }).await;
    alice
        .until("it is sent", |screen| {
            screen.last_delivery() == Some(&DeliveryState::Sent)
        })
        .await;
    let mut bob = Screen::open(&folder.path().join("bob.db"), address).await;
    bob.ask(Command::OpenTimeline { conversation }).await;
    bob.until("bob has it", |screen| screen.texts() == ["are you there?"])
        .await;
    alice
        .until("it is delivered", |screen| {
            screen.last_delivery() == Some(&DeliveryState::Delivered)
        })
        .await;
    assert_eq!(alice.texts(), ["are you there?"]);
    alice.client.stop().await;
    bob.client.stop().await;
    server.stop().await;
}
