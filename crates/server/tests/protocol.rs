//! A client written from the protocol page alone: HTTP, a WebSocket and JSON, and none of Pipit's own types. It speaks to the real
//! binary, which is killed in the middle.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "every function here is a test or a helper of one: to panic is to fail"
)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

const PATIENCE: Duration = Duration::from_mins(1);

/// The binary, running on a folder.
struct Pipit {
    process: Child,
    address: String,
    lines: Box<dyn Iterator<Item = String> + Send>,
}

impl Pipit {
    fn start(folder: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_pipit"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let ready = lines
            .find(|line| line.contains("http://"))
            .expect("it says where it is");
        let address = ready.rsplit("http://").next().unwrap().to_owned();
        Self {
            process,
            address,
            lines: Box::new(lines),
        }
    }

    /// The token of the link on the next line, which is there while the server has no account.
    fn set_up_token(&mut self) -> String {
        let line = self.lines.next().expect("a set-up link");
        let (_, token) = line.rsplit_once("/setup#").expect("a set-up link");
        token.to_owned()
    }

    /// The end that no process can prepare for.
    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Value,
    ) -> (StatusCode, Value) {
        pipit_blob::install_tls();
        let mut request = reqwest::Client::new().request(method, format!("http://{}{path}", self.address));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.timeout(PATIENCE).send().await.unwrap();
        let status = answer.status();
        (status, answer.json().await.unwrap_or_default())
    }

    async fn post(&self, path: &str, token: Option<&str>, body: Value) -> Value {
        let (status, answer) = self.call(Method::POST, path, token, body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    /// Connects, says hello, and gives what comes before `synced`.
    async fn connect(&self, token: &str, cursors: Value) -> (Line, Vec<Value>) {
        let url = format!("ws://{}/v1/ws", self.address);
        let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let mut line = Line(socket);
        line.send(json!({
            "type": "hello", "id": 1, "protocol": 1, "token": token, "cursors": cursors, "presence": "online",
            "client": {"name": "black box", "version": "1.0"},
        }))
        .await;
        let (_, frames) = line.until("synced").await;
        assert_eq!(frames[0]["type"], "welcome");
        (line, frames)
    }
}

impl Drop for Pipit {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

struct Line(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Line {
    async fn send(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    async fn next(&mut self) -> Option<Value> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.0.next())
                .await
                .expect("something comes");
            match next.and_then(Result::ok)? {
                Message::Text(text) => return Some(serde_json::from_str(text.as_str()).unwrap()),
                Message::Ping(_) | Message::Pong(_) => {}
                _ => return None,
            }
        }
    }

    /// The next frame of this type, and what came before it. Types that a client does not know it passes over.
    async fn until(&mut self, kind: &str) -> (Value, Vec<Value>) {
        let mut before = Vec::new();
        loop {
            let frame = self.next().await.expect("the line stands");
            if frame["type"] == kind {
                return (frame, before);
            }
            assert_ne!(frame["type"], "error", "{frame}");
            before.push(frame);
        }
    }

    async fn say(&mut self, message: &Value) -> Value {
        self.send(json!({"type": "message", "id": 2, "message": message}))
            .await;
        let (ack, _) = self.until("ack").await;
        assert_eq!(ack["message"], message["id"]);
        ack
    }
}

fn account(handle: &str) -> Value {
    json!({
        "handle": handle, "name": handle, "password": "correct horse battery", "device_name": "black box",
        "client": {"name": "black box", "version": "1.0"},
    })
}

/// A message with a UUID of its own, version 7 by its form.
fn message(conversation: &Value, number: u32) -> Value {
    json!({
        "id": format!("019b7b3a-0000-7000-8000-{number:012x}"), "conversation": conversation, "written_at": number,
        "content": {"kind": "plain", "text": format!("number {number}")},
    })
}

fn texts(frames: &[Value]) -> Vec<String> {
    let text = |event: &Value| event["body"]["content"]["text"].as_str().map(str::to_owned);
    let mut texts = Vec::new();
    for frame in frames {
        texts.extend(text(frame));
        texts.extend(frame["events"].as_array().into_iter().flatten().filter_map(text));
    }
    texts
}

/// Sets the server up for alice and invites bob: their sessions.
async fn two_accounts(pipit: &mut Pipit) -> (Value, Value) {
    let set_up = json!({"token": pipit.set_up_token(), "server_name": "Test", "account": account("alice")});
    let alice = pipit.post("/v1/setup", None, set_up).await;
    let invite = json!({"expires_in_s": 600, "uses": 1});
    let invite = pipit
        .post("/v1/invites", alice["access_token"].as_str(), invite)
        .await;
    let sign_up = json!({"invite": invite["token"], "account": account("bob")});
    let bob = pipit.post("/v1/accounts", None, sign_up).await;
    (alice, bob)
}

/// Text, typing, and how far it has come: the seq up to which both have everything.
async fn chat(phone: &mut Line, laptop: &mut Line, conversation: &Value) -> Value {
    let ack = phone.say(&message(conversation, 1)).await;
    laptop.until("event").await;
    let (event, _) = laptop.until("event").await;
    assert_eq!(event["seq"], ack["seq"]);
    assert_eq!(texts(&[event]), ["number 1"]);
    phone
        .send(json!({"type": "typing", "conversation": conversation, "active": true}))
        .await;
    laptop.until("typing").await;
    let seq = &ack["seq"];
    let receipt =
        json!({"type": "receipt", "conversation": conversation, "delivered_seq": seq, "read_seq": seq});
    laptop.send(receipt).await;
    let (receipt, _) = phone.until("receipt").await;
    assert_eq!(receipt["read_seq"], *seq);
    seq.clone()
}

#[tokio::test]
async fn two_people_chat_and_the_server_is_killed_in_between() {
    let folder = tempfile::tempdir().unwrap();
    let mut pipit = Pipit::start(folder.path());
    let (alice, bob) = two_accounts(&mut pipit).await;
    let [alice_token, bob_token] = [&alice, &bob].map(|session| session["access_token"].as_str().unwrap());
    let (mut phone, _) = pipit.connect(alice_token, json!([])).await;
    let (mut laptop, _) = pipit.connect(bob_token, json!([])).await;
    let direct = json!({"user": bob["me"]["profile"]["user"]});
    let made = pipit
        .post("/v1/conversations/direct", Some(alice_token), direct)
        .await;
    let conversation = made["conversation"]["id"].clone();
    let (shown, _) = laptop.until("conversation").await;
    assert_eq!(shown["id"], conversation);
    let seq = chat(&mut phone, &mut laptop, &conversation).await;

    // Bob goes; alice writes on; the server is killed; both come back.
    drop(laptop);
    let mut acks = Vec::new();
    for number in 2..=21 {
        acks.push(phone.say(&message(&conversation, number)).await);
    }
    pipit.kill();
    while phone.next().await.is_some() {}
    let pipit = Pipit::start(folder.path());
    let (_, server) = pipit.call(Method::GET, "/v1/server", None, Value::Null).await;
    assert_eq!(server["needs_setup"], false);
    let cursors = json!([{"conversation": conversation, "seq": seq}]);
    let (mut laptop, frames) = pipit.connect(bob_token, cursors.clone()).await;
    let missed: Vec<_> = (2..=21).map(|number| format!("number {number}")).collect();
    assert_eq!(
        texts(&frames[1..]),
        missed,
        "nothing acknowledged is lost, nothing doubled, in order"
    );
    let (mut phone, frames) = pipit.connect(alice_token, cursors).await;
    assert_eq!(texts(&frames[1..]), missed);
    // What alice is not sure of she sends again, and gets the first answer.
    for (number, first) in (2..=21).zip(&acks) {
        let again = phone.say(&message(&conversation, number)).await;
        assert_eq!((&again["seq"], &again["at"]), (&first["seq"], &first["at"]));
    }
    let ack = phone.say(&message(&conversation, 22)).await;
    let (event, before) = laptop.until("event").await;
    assert_eq!(
        (&event["seq"], before.len()),
        (&ack["seq"], 0),
        "what was sent again is not announced again"
    );

    // A device that is signed out is cut at once, and its token is worth nothing any more.
    let path = format!("/v1/devices/{}", bob["device"].as_str().unwrap());
    let (status, _) = pipit
        .call(Method::DELETE, &path, Some(bob_token), Value::Null)
        .await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(laptop.next().await.unwrap()["code"], "signed_out");
    assert_eq!(laptop.next().await, None);
}
