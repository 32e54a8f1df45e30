//! What the server costs: time to start, memory when empty and with 1,000 idle clients, messages acknowledged, size.
//!
//! It starts the real binary on a folder in the temporary directory (set `TMPDIR` to choose the disk) and speaks to it from this
//! process, on the same cores. Prints a table and one line of JSON.
//!
//! Given paths of other builds of the server (`cargo bench -p pipit-server --bench footprint -- PATH`), it only sends messages: to them and to
//! this build in turns, so that what else the machine does falls on all of them alike. `ROUNDS=n` sets how often.
#![allow(clippy::print_stdout, reason = "printing is what a benchmark is for")]
#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and starts tasks of its own"
)]
#![allow(clippy::cast_precision_loss, reason = "figures are read by people")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark fails by panicking"
)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::{SinkExt as _, StreamExt as _};
use pipit_server::clock::SystemRandom;
use pipit_server::service::tokens::{Secret, SecretKind};
use pipit_store::Store as _;
use pipit_store::account::{CreateAccount, NewDevice, NewUser, PasswordHash, SetUp};
use pipit_store_sqlite::{Options, SqliteStore};
use pipit_wire::frame::client::ClientInfo;
use pipit_wire::{ConversationId, DeviceId, MessageId, Timestamp, UserId};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

const THIS_BUILD: &str = env!("CARGO_BIN_EXE_pipit");
/// How the metrics say how many commits there were.
const COMMITS: &str = "pipit_batches_total";
const CLIENTS: usize = 1_000;
/// Enough that none comes near what one connection may send.
const SENDERS: usize = 256;
const WINDOW: usize = 4;
const STARTS: usize = 9;
const SENDING: Duration = Duration::from_secs(5);
const ROUNDS: usize = 3;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

struct Server {
    child: Child,
    url: String,
    ready_ms: f64,
}

impl Server {
    fn start(data: &Path) -> Self {
        Self::start_build(THIS_BUILD, data)
    }

    fn start_build(binary: &str, data: &Path) -> Self {
        let begun = Instant::now();
        let mut child = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("PIPIT_LIMITS_ATTEMPTS_PER_MINUTE_ADDRESS", "1000000")
            .env("PIPIT_LOG_LEVEL", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let url = line.strip_prefix("Pipit is ready at ").unwrap().to_owned();
        std::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
        let ready_ms = begun.elapsed().as_secs_f64() * 1_000.0;
        Self { child, url, ready_ms }
    }

    fn resident_kib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// User and system time of the process so far, seconds; the kernel counts in hundredths.
    fn cpu_s(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    }

    /// Commits of the log so far.
    async fn commits(&self) -> f64 {
        let metrics = reqwest::get(format!("{}/metrics", self.url)).await.unwrap();
        let metrics = metrics.text().await.unwrap();
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix(COMMITS))
            .unwrap();
        line.trim().parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// So many accounts with a device each, straight into the storage; their refresh tokens.
async fn prepare(data: &Path) -> Vec<String> {
    let store = SqliteStore::open(data.join("pipit.db"), Options::default()).unwrap();
    let now = Timestamp(1_790_000_000_000);
    let mut tokens = Vec::new();
    for number in 0..CLIENTS {
        let secret = Secret::new(SecretKind::Refresh, &SystemRandom);
        let id = random(u64::try_from(number).unwrap());
        let user = UserId::new(now, id);
        let device = NewDevice {
            id: DeviceId::new(now, id),
            user,
            name: "bench".to_owned(),
            client: ClientInfo {
                name: "bench".to_owned(),
                version: "1".to_owned(),
            },
            refresh: secret.hash,
            now,
        };
        tokens.push(secret.text);
        let account = NewUser {
            id: user,
            handle: format!("bench{number}"),
            name: "Bench".to_owned(),
            password: PasswordHash(String::new()),
            admin: number == 0,
        };
        if number == 0 {
            let generation = user.as_uuid();
            let server_name = "Bench".to_owned();
            let set_up = SetUp {
                server_name,
                generation,
                account,
                device,
                now,
            };
            store.set_up(set_up).await.unwrap().unwrap();
        } else {
            let account = CreateAccount {
                account,
                device,
                invite: None,
                now,
            };
            store.create_account(account).await.unwrap().unwrap();
        }
    }
    store.close().await;
    tokens
}

async fn connect(server: &Server, http: &reqwest::Client, refresh_token: &str) -> Socket {
    let url = format!("{}/v1/sessions/refresh", server.url);
    let body = json!({ "refresh_token": refresh_token });
    let session: Value = http
        .post(url)
        .json(&body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let url = format!("{}/v1/ws", server.url.replace("http://", "ws://"));
    // Without Nagle's algorithm, as browsers and the native client connect.
    let (mut socket, _) = tokio_tungstenite::connect_async_with_config(url, None, true)
        .await
        .unwrap();
    let hello = json!({
        "type": "hello", "id": 1, "protocol": 1, "token": session["access_token"],
        "client": { "name": "bench", "version": "1" }, "cursors": [], "presence": "online",
    });
    socket.send(Message::text(hello.to_string())).await.unwrap();
    while !receive(&mut socket).await.contains("\"synced\"") {}
    socket
}

async fn receive(socket: &mut Socket) -> String {
    socket
        .next()
        .await
        .unwrap()
        .unwrap()
        .into_text()
        .unwrap()
        .to_string()
}

/// Sends with a window of messages under way, each sender in a conversation of its own; how many were acknowledged.
async fn send(
    mut socket: Socket,
    number: u64,
    base: String,
    token: String,
    start: Arc<Barrier>,
) -> (u64, Socket) {
    pipit_blob::install_tls();
    let http = reqwest::Client::new();
    let id = ConversationId::new(Timestamp(1_790_000_000_000), random(number));
    let body = json!({ "id": id, "title": "Bench", "members": [] });
    let made = http
        .post(format!("{base}/v1/conversations/group"))
        .bearer_auth(token)
        .json(&body);
    made.send().await.unwrap();
    start.wait().await;
    let begun = Instant::now();
    let (mut sent, mut acknowledged) = (0_u64, 0_u64);
    while acknowledged < sent || begun.elapsed() < SENDING {
        while begun.elapsed() < SENDING && sent - acknowledged < u64::try_from(WINDOW).unwrap() {
            sent += 1;
            let message = MessageId::new(now(), scattered(number << 40 | sent));
            let frame = json!({ "type": "message", "id": sent, "message": {
                "id": message, "conversation": id, "written_at": 0,
                "content": { "kind": "plain", "text": "A message of about the length that people write to each other." },
            }});
            socket.send(Message::text(frame.to_string())).await.unwrap();
        }
        let frame = receive(&mut socket).await;
        assert!(!frame.starts_with("{\"type\":\"error\""), "{frame}");
        if frame.starts_with("{\"type\":\"ack\"") {
            acknowledged += 1;
        }
    }
    (acknowledged, socket)
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

/// Bytes in which the order of the numbers is not seen (the finisher of SplitMix64): ids of one millisecond are in no order,
/// as those of real clients.
fn scattered(number: u64) -> [u8; 10] {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    random(mixed ^ (mixed >> 31))
}

fn random(number: u64) -> [u8; 10] {
    let mut bytes = [7; 10];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

#[tokio::main]
async fn main() {
    let others: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    if !others.is_empty() {
        return compare(others).await;
    }
    let first_ms = median(
        (0..STARTS)
            .map(|_| Server::start(&tempfile::tempdir().unwrap().keep()).ready_ms)
            .collect(),
    );
    let data = tempfile::tempdir().unwrap();
    drop(Server::start(data.path()));
    let tokens = prepare(data.path()).await;
    let again_ms = median((0..STARTS).map(|_| Server::start(data.path()).ready_ms).collect());

    let server = Server::start(data.path());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let empty_kib = server.resident_kib();
    pipit_blob::install_tls();
    let http = reqwest::Client::new();
    let mut sockets = Vec::new();
    for token in &tokens {
        sockets.push(connect(&server, &http, token).await);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let connected_kib = server.resident_kib();
    let count = f64::from(u32::try_from(CLIENTS).unwrap());
    let binary_bytes = std::fs::metadata(env!("CARGO_BIN_EXE_pipit")).unwrap().len();
    let sending = messages(&[THIS_BUILD.to_owned()]).await.remove(0);
    let Sending { rates, costs, groups } = sending.medians();
    println!("| what | figure |\n| --- | --- |");
    println!("| start to accepting, new folder | {first_ms:.0} ms |");
    println!("| start to accepting, existing folder | {again_ms:.0} ms |");
    println!("| resident, empty | {:.1} MiB |", empty_kib / 1_024.0);
    println!(
        "| resident, 1,000 idle clients | {:.1} MiB |",
        connected_kib / 1_024.0
    );
    println!(
        "| an idle client | {:.1} KiB |",
        (connected_kib - empty_kib) / count
    );
    println!("| messages acknowledged a second, {SENDERS} senders, {WINDOW} under way each | {rates:.0} |");
    println!("| CPU-seconds of the server a 100,000 of them | {costs:.2} |");
    println!("| of them in one commit | {groups:.0} |");
    println!("| the binary | {:.1} MiB |", binary_bytes as f64 / 1_048_576.0);
    let line = json!({
        "start_first_ms": first_ms, "start_again_ms": again_ms, "empty_kib": empty_kib,
        "connected_kib": connected_kib, "acknowledged_per_s": rates, "cpu_s_per_100k": costs,
        "per_commit": groups,
        "binary_bytes": binary_bytes,
    });
    println!("{line}");
}

/// Sends messages to this build and to others in turns.
async fn compare(mut binaries: Vec<String>) {
    binaries.push(THIS_BUILD.to_owned());
    println!("| build | messages a second | CPU-seconds a 100,000 | a commit |\n| --- | --- | --- | --- |");
    for (binary, sending) in binaries.iter().zip(messages(&binaries).await) {
        let Sending { rates, costs, groups } = sending.medians();
        println!("| {binary} | {rates:.0} | {costs:.2} | {groups:.0} |");
    }
}

/// Figures of sending: one a round, or their medians.
#[derive(Clone)]
struct Sending<T> {
    /// Messages acknowledged a second.
    rates: T,
    /// CPU-seconds of the server a 100,000 of them.
    costs: T,
    /// Of them in one commit.
    groups: T,
}

impl Sending<Vec<f64>> {
    fn medians(self) -> Sending<f64> {
        Sending {
            rates: median(self.rates),
            costs: median(self.costs),
            groups: median(self.groups),
        }
    }
}

/// Several rounds with each of these builds.
async fn messages(binaries: &[String]) -> Vec<Sending<Vec<f64>>> {
    let rounds = std::env::var("ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let nothing = Sending {
        rates: Vec::new(),
        costs: Vec::new(),
        groups: Vec::new(),
    };
    let mut figures = vec![nothing; binaries.len()];
    for _ in 0..rounds {
        for (binary, figures) in binaries.iter().zip(&mut figures) {
            let (rate, cost, group) = round(binary).await;
            figures.rates.push(rate);
            figures.costs.push(cost);
            figures.groups.push(group);
        }
    }
    figures
}

/// One round: messages acknowledged a second, CPU-seconds a 100,000, and how many a commit.
async fn round(binary: &str) -> (f64, f64, f64) {
    let data = tempfile::tempdir().unwrap();
    let tokens = prepare(data.path()).await;
    let server = Server::start_build(binary, data.path());
    pipit_blob::install_tls();
    let http = reqwest::Client::new();
    let mut tasks = Vec::new();
    let start = Arc::new(Barrier::new(SENDERS + 1));
    for (number, token) in tokens.iter().take(SENDERS).enumerate() {
        // Each has an access token of its own for making its conversation.
        let url = format!("{}/v1/sessions/refresh", server.url);
        let body = json!({ "refresh_token": token });
        let session: Value = http
            .post(url)
            .json(&body)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let access = session["access_token"].as_str().unwrap().to_owned();
        let next = session["refresh_token"].as_str().unwrap().to_owned();
        let socket = connect(&server, &http, &next).await;
        let number = u64::try_from(number).unwrap() + 1;
        tasks.push(tokio::spawn(send(
            socket,
            number,
            server.url.clone(),
            access,
            Arc::clone(&start),
        )));
    }
    start.wait().await;
    let (cpu_before, commits_before) = (server.cpu_s(), server.commits().await);
    let begun = Instant::now();
    let mut acknowledged = 0;
    let mut sockets = Vec::new();
    for task in tasks {
        let (count, socket) = task.await.unwrap();
        acknowledged += count;
        sockets.push(socket);
    }
    let acknowledged = acknowledged as f64;
    let rate = acknowledged / begun.elapsed().as_secs_f64();
    let cost = (server.cpu_s() - cpu_before) / acknowledged * 100_000.0;
    (
        rate,
        cost,
        acknowledged / (server.commits().await - commits_before),
    )
}
