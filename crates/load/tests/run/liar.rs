//! A proxy before the real server that makes it break its promises, one at a time. It rewrites what it has to so that no client can tell.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt as _, StreamExt as _};
use pipit_client_net::{Socket, Tls};
use pipit_wire::frame::server::Ack;
use pipit_wire::{ClientFrame, Event, Seq, ServerFrame, Timestamp, codec};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_util::task::TaskTracker;

/// The message that a lie is about is the one at this place; or messages up to here.
const PLACE: u64 = 5;

/// How the server lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// Acknowledges what never reaches the log.
    AcknowledgeUnlogged,
    /// One connection never gets one entry, and history looks as if it had not been.
    DropAndRewrite,
    /// Gives one place twice.
    SeqTwice,
    /// Turns the beginning of each log around.
    Reorder,
    /// Moves receipts back.
    ReceiptBack,
}

/// What one connection, and all, have seen.
#[derive(Default)]
struct State {
    messages: u64,
    lines: u64,
}

pub(crate) async fn start(upstream: SocketAddr, lie: Lie) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let state = Arc::new(Mutex::new(State::default()));
    let tasks = TaskTracker::new();
    tasks.clone().spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let state = Arc::clone(&state);
            tasks.spawn(async move {
                let mut start = [0; 10];
                // A request that is cut after a few bytes does not come from this test.
                stream.peek(&mut start).await.unwrap();
                if &start == b"GET /v1/ws" {
                    line(stream, upstream, lie, state).await;
                } else if let Ok(mut to) = TcpStream::connect(upstream).await {
                    let mut from = stream;
                    let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
                }
            });
        }
    });
    address
}

async fn line(stream: TcpStream, upstream: SocketAddr, lie: Lie, state: Arc<Mutex<State>>) {
    let mut client = tokio_tungstenite::accept_async(stream).await.unwrap();
    let server = format!("http://{upstream}").parse().unwrap();
    let mut server = Socket::connect(&server, &Tls::new(false).unwrap(), 4_096)
        .await
        .unwrap();
    let number = {
        let mut state = state.lock().unwrap();
        state.lines += 1;
        state.lines
    };
    loop {
        tokio::select! {
            frame = client.next() => {
                let Some(Ok(frame)) = frame else { return };
                let Message::Text(text) = frame else { continue };
                if let Some(ack) = swallow(lie, &text, &state) {
                    let text = codec::encode_server(&ServerFrame::Ack(ack));
                    if client.send(Message::text(text)).await.is_err() {
                        return;
                    }
                } else if server.feed(text.to_string()).await.is_err() || server.flush().await.is_err() {
                    return;
                }
            }
            text = server.next() => {
                let Some(Ok(text)) = text else { return };
                for frame in told(lie, codec::decode_server(&text).unwrap(), number) {
                    if client.send(Message::text(codec::encode_server(&frame))).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

/// The answer to a message that the server never gets.
fn swallow(lie: Lie, text: &str, state: &Mutex<State>) -> Option<Ack> {
    let Ok(ClientFrame::Message(sent)) = codec::decode_client(text) else {
        return None;
    };
    let mut state = state.lock().unwrap();
    state.messages += 1;
    (lie == Lie::AcknowledgeUnlogged && state.messages == PLACE).then(|| Ack {
        id: sent.id,
        message: sent.message.id,
        conversation: sent.message.conversation,
        seq: Seq::new(1_000_000).unwrap(),
        at: Timestamp(0),
    })
}

fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

/// Where an entry is said to be; none where it is not said to be at all.
fn moved(lie: Lie, at: Seq, connection: u64) -> Option<Seq> {
    let number = at.get();
    match lie {
        Lie::DropAndRewrite if connection.is_multiple_of(2) => match number {
            PLACE => None,
            later if later > PLACE => Some(at.previous()),
            _ => Some(at),
        },
        // From 2 to 9.
        Lie::Reorder if (2..10).contains(&number) => Some(seq(11 - number)),
        _ => Some(at),
    }
}

fn events(lie: Lie, events: Vec<Event>, connection: u64) -> Vec<Event> {
    let events = events.into_iter();
    let mut events: Vec<Event> = events
        .filter_map(|event| moved(lie, event.seq, connection).map(|seq| Event { seq, ..event }))
        .collect();
    events.sort_by_key(|event| event.seq);
    events
}

/// What the client is told in place of a frame.
fn told(lie: Lie, frame: ServerFrame, connection: u64) -> Vec<ServerFrame> {
    let end = |last: Seq| {
        moved(lie, last, connection)
            .unwrap_or(last.previous())
            .max(last.previous())
    };
    vec![match frame {
        ServerFrame::Event(event) => match events(lie, vec![event], connection).pop() {
            Some(event) => ServerFrame::Event(event),
            None => return Vec::new(),
        },
        ServerFrame::Ack(mut ack) => {
            ack.seq = moved(lie, ack.seq, connection).unwrap_or(ack.seq);
            if lie == Lie::SeqTwice && ack.seq.get() == PLACE {
                ack.seq = seq(PLACE - 1);
            }
            ServerFrame::Ack(ack)
        }
        ServerFrame::CatchUp(mut catch_up) => {
            catch_up.events = events(lie, catch_up.events, connection);
            catch_up.last_seq = end(catch_up.last_seq);
            ServerFrame::CatchUp(catch_up)
        }
        ServerFrame::Page(mut page) => {
            page.events = events(lie, page.events, connection);
            page.last_seq = end(page.last_seq);
            ServerFrame::Page(page)
        }
        ServerFrame::Receipt(receipt) if lie == Lie::ReceiptBack => {
            let mut back = receipt;
            (back.delivered_seq, back.read_seq) = (Seq::ZERO, Seq::ZERO);
            return vec![ServerFrame::Receipt(receipt), ServerFrame::Receipt(back)];
        }
        other => other,
    }]
}
