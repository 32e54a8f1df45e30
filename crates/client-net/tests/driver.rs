//! The driver against a real WebSocket and HTTP server, with a script in the engine's place.
#![expect(clippy::unwrap_used, reason = "the helpers of a test fail it")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use pipit_client::command::{Command, Reply, ViewId};
use pipit_client::io::{HttpAnswer, HttpId, HttpMethod, HttpRequest, Input, Output};
use pipit_client::view::{StorageView, Update};
use pipit_client_net::{Core, NativeClient, Stopped, UPDATES_MAX, View, ViewEvent};
use pipit_wire::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const QUEUE: usize = 8_192;

/// Says what the engine wants done when it hears something.
type Step = Box<dyn FnMut(&Input) -> Vec<Output> + Send>;

struct Script {
    step: Step,
    heard: mpsc::Sender<Input>,
    wake_at: Arc<Mutex<Option<Timestamp>>>,
}

impl Core for Script {
    fn handle_all(&mut self, inputs: Vec<Input>, _now: Timestamp) -> Vec<Output> {
        let mut outputs = Vec::new();
        for input in inputs {
            if input == Input::Tick {
                *self.wake_at.lock().unwrap() = None;
            }
            outputs.extend((self.step)(&input));
            self.heard.try_send(input).unwrap();
        }
        outputs
    }

    fn wake_at(&self) -> Option<Timestamp> {
        *self.wake_at.lock().unwrap()
    }
}

struct Rig {
    client: NativeClient,
    heard: mpsc::Receiver<Input>,
    wake_at: Arc<Mutex<Option<Timestamp>>>,
}

fn start(server: SocketAddr, step: impl FnMut(&Input) -> Vec<Output> + Send + 'static) -> Rig {
    let (sender, heard) = mpsc::channel(QUEUE);
    let wake_at = Arc::new(Mutex::new(None));
    let script = Script {
        step: Box::new(step),
        heard: sender,
        wake_at: Arc::clone(&wake_at),
    };
    let address = format!("http://{server}").parse().unwrap();
    let client =
        NativeClient::start(script, address, || Timestamp(1_000), &CancellationToken::new()).unwrap();
    Rig {
        client,
        heard,
        wake_at,
    }
}

impl Rig {
    async fn attach(&mut self) -> View {
        let view = self.client.attach(ViewId("screen".into())).await.unwrap();
        assert!(matches!(self.heard.recv().await, Some(Input::Attach { .. })));
        view
    }

    async fn expect(&mut self, input: Input) {
        assert_eq!(self.heard.recv().await, Some(input));
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn received(frame: &str) -> Input {
    Input::Received { text: text(frame) }
}

fn send(frame: &str) -> Output {
    Output::Send { text: text(frame) }
}

/// A server whose WebSocket says what it hears to the test, and answers frames by echoing them, `close` by closing.
async fn serve() -> (SocketAddr, mpsc::Receiver<String>) {
    let (events, heard) = mpsc::channel(QUEUE);
    let router = Router::new()
        .route("/v1/ws", get(accept))
        .route("/v1/{*path}", any(echo))
        .with_state(events);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
    (address, heard)
}

async fn accept(upgrade: WebSocketUpgrade, State(events): State<mpsc::Sender<String>>) -> Response {
    upgrade.on_upgrade(async move |socket| talk(socket, events).await)
}

async fn talk(mut socket: WebSocket, events: mpsc::Sender<String>) {
    events.send(text("open")).await.unwrap();
    while let Some(Ok(message)) = socket.recv().await {
        let Message::Text(frame) = message else { continue };
        events.send(frame.to_string()).await.unwrap();
        if frame.as_str() == "close" {
            break;
        }
        if socket.send(Message::text(format!("echo {frame}"))).await.is_err() {
            break;
        }
    }
    drop(events.send(text("gone")).await);
}

async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    if uri.path() == "/v1/hang" {
        std::future::pending::<()>().await;
    }
    let header = |name: &str| {
        headers
            .get(name)
            .map_or("none", |value| value.to_str().unwrap())
            .to_owned()
    };
    let body = String::from_utf8(body.to_vec()).unwrap();
    let said = format!(
        "{method} {uri} {} {} {body}",
        header("authorization"),
        header("content-type")
    );
    let status = if method == Method::GET {
        StatusCode::OK
    } else {
        StatusCode::CONFLICT
    };
    (status, said).into_response()
}

#[tokio::test]
async fn frames_go_both_ways_in_order() {
    let (server, mut at_server) = serve().await;
    let mut rig = start(server, |input| match input {
        Input::Attach { .. } => vec![Output::Connect],
        Input::Connected => (0..100).map(|number| send(&number.to_string())).collect(),
        _ => vec![],
    });
    let _view = rig.attach().await;
    rig.expect(Input::Connected).await;
    assert_eq!(at_server.recv().await.as_deref(), Some("open"));
    for number in 0..100 {
        assert_eq!(at_server.recv().await, Some(number.to_string()));
        rig.expect(received(&format!("echo {number}"))).await;
    }
    rig.client.stop().await;
    assert_eq!(at_server.recv().await.as_deref(), Some("gone"));
}

#[tokio::test]
async fn a_line_that_breaks_is_told_once_and_made_again_when_asked() {
    let (server, mut at_server) = serve().await;
    let mut rig = start(server, |input| match input {
        Input::Attach { .. } | Input::Disconnected => vec![Output::Connect],
        Input::Connected => vec![send("close")],
        _ => vec![],
    });
    let _view = rig.attach().await;
    for _ in 0..3 {
        rig.expect(Input::Connected).await;
        rig.expect(Input::Disconnected).await;
        for event in ["open", "close", "gone"] {
            assert_eq!(at_server.recv().await.as_deref(), Some(event));
        }
    }
    rig.client.stop().await;
}

#[tokio::test]
async fn a_line_that_is_closed_on_purpose_says_nothing_more() {
    let (server, mut at_server) = serve().await;
    let mut lines = 0;
    let mut rig = start(server, move |input| match input {
        Input::Attach { .. } => vec![Output::Connect],
        Input::Connected if lines == 0 => {
            lines += 1;
            vec![send("lost"), Output::Disconnect, send("dropped"), Output::Connect]
        }
        Input::Connected => vec![send("second")],
        _ => vec![],
    });
    let _view = rig.attach().await;
    rig.expect(Input::Connected).await;
    // Neither the end of the first nor the echo of its frame is heard.
    rig.expect(Input::Connected).await;
    rig.expect(received("echo second")).await;
    let mut events = Vec::new();
    while events.iter().filter(|event| *event == "open").count() < 2 || !events.contains(&text("gone")) {
        events.push(at_server.recv().await.unwrap());
    }
    assert!(!events.contains(&text("dropped")));
    rig.client.stop().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_line_that_could_not_be_made() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nowhere = listener.local_addr().unwrap();
    drop(listener);
    let mut rig = start(nowhere, |input| match input {
        Input::Attach { .. } => vec![Output::Connect, http(1, HttpMethod::Get, "/v1/server")],
        _ => vec![],
    });
    let _view = rig.attach().await;
    let both = [rig.heard.recv().await.unwrap(), rig.heard.recv().await.unwrap()];
    let unreachable = Input::HttpDone {
        id: HttpId(1),
        answer: HttpAnswer::Unreachable,
    };
    assert!(
        both.contains(&Input::Disconnected) && both.contains(&unreachable),
        "{both:?}"
    );
    rig.client.stop().await;
}

#[tokio::test]
async fn a_line_that_hangs_is_given_up_when_the_engine_says_so() {
    // Accepts connections by the operating system's hand, and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let deaf = listener.local_addr().unwrap();
    let mut rig = start(deaf, |input| match input {
        Input::Attach { .. } | Input::Tick => vec![Output::Connect],
        _ => vec![],
    });
    let view = rig.attach().await;
    let (_first, _) = listener.accept().await.unwrap();
    *rig.wake_at.lock().unwrap() = Some(Timestamp(500));
    // Wakes the loop, which then finds that a tick is due.
    let asker = view.asker();
    let asking = TaskTracker::new().spawn(async move { asker.request(Command::LoadOlder).await });
    assert!(matches!(rig.heard.recv().await, Some(Input::Command { .. })));
    rig.expect(Input::Tick).await;
    let (_second, _) = listener.accept().await.unwrap();
    rig.client.stop().await;
    assert_eq!(asking.await.unwrap(), Err(Stopped));
}

fn http(id: u32, method: HttpMethod, path: &str) -> Output {
    Output::Http(HttpRequest {
        id: HttpId(id),
        method,
        path: text(path),
        bearer: (id > 1).then(|| text("token")),
        body: (id > 1).then(|| text("{}")),
        headers: Vec::new(),
        file: None,
    })
}

#[tokio::test]
async fn http_requests_are_made_as_asked() {
    let (server, _at_server) = serve().await;
    let mut rig = start(server, |input| match input {
        Input::Attach { .. } => vec![http(1, HttpMethod::Get, "/v1/users?q=a%20b")],
        Input::HttpDone { id: HttpId(1), .. } => vec![http(2, HttpMethod::Patch, "/v1/me")],
        Input::HttpDone { id: HttpId(2), .. } => vec![http(3, HttpMethod::Get, "not a path")],
        _ => vec![],
    });
    let _view = rig.attach().await;
    let done = |id, answer| Input::HttpDone {
        id: HttpId(id),
        answer,
    };
    let answered = |status, body: &str| HttpAnswer::Answered {
        status,
        body: text(body),
    };
    rig.expect(done(1, answered(200, "GET /v1/users?q=a%20b none none ")))
        .await;
    rig.expect(done(
        2,
        answered(409, "PATCH /v1/me Bearer token application/json {}"),
    ))
    .await;
    rig.expect(done(3, HttpAnswer::Unreachable)).await;
    rig.client.stop().await;
}

#[tokio::test]
async fn stopping_ends_what_hangs() {
    let (server, _at_server) = serve().await;
    let mut rig = start(server, |input| match input {
        Input::Attach { .. } => vec![http(1, HttpMethod::Get, "/v1/hang"), Output::Connect],
        _ => vec![],
    });
    let mut view = rig.attach().await;
    rig.expect(Input::Connected).await;
    rig.client.stop().await;
    assert_eq!(view.next().await, None);
    assert_eq!(view.request(Command::LoadOlder).await, Err(Stopped));
}

fn show(view: &ViewId, storage: StorageView) -> Output {
    Output::Update {
        view: view.clone(),
        update: Update::Storage { storage },
    }
}

#[tokio::test]
async fn commands_are_answered_and_views_that_go_are_detached() {
    let (server, _at_server) = serve().await;
    let mut rig = start(server, |input| match input {
        Input::Attach { view } => vec![show(view, StorageView::Memory)],
        Input::Command { view, id, .. } => vec![Output::Reply {
            view: view.clone(),
            id: *id,
            reply: Reply::Done,
        }],
        _ => vec![],
    });
    let mut view = rig.attach().await;
    let memory = Update::Storage {
        storage: StorageView::Memory,
    };
    assert_eq!(view.next().await, Some(ViewEvent::Update(memory)));
    assert_eq!(view.request(Command::LoadOlder).await, Ok(Reply::Done));
    assert!(matches!(rig.heard.recv().await, Some(Input::Command { .. })));
    drop(view);
    assert!(matches!(rig.heard.recv().await, Some(Input::Detach { .. })));
    rig.client.stop().await;
}

#[tokio::test]
async fn a_view_that_does_not_read_gets_the_whole_picture_when_it_does() {
    let (server, _at_server) = serve().await;
    let mut rig = start(server, |input| match input {
        Input::Attach { view } => vec![show(view, StorageView::Memory)],
        Input::Command { view, id, .. } => {
            let mut outputs = vec![show(view, StorageView::Durable); UPDATES_MAX * 2];
            outputs.push(Output::Reply {
                view: view.clone(),
                id: *id,
                reply: Reply::Done,
            });
            outputs
        }
        _ => vec![],
    });
    let mut view = rig.attach().await;
    assert_eq!(view.request(Command::LoadOlder).await, Ok(Reply::Done));
    let mut seen = Vec::new();
    while !seen.contains(&ViewEvent::Restarted) {
        seen.push(view.next().await.unwrap());
    }
    assert_eq!(seen.len(), UPDATES_MAX + 1);
    let memory = Update::Storage {
        storage: StorageView::Memory,
    };
    assert_eq!(view.next().await, Some(ViewEvent::Update(memory)));
    rig.client.stop().await;
}
