//! A bare broadcast over tokio and tungstenite, the upper bound of what such a server can do here: it keeps nothing, checks
//! nothing, and acknowledges what it has numbered. Frames are those of Pipit's protocol, so that bytes and clients are the same.

use std::collections::HashMap;
use std::io::Read as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use pipit_wire::frame::server::{Ack, Synced};
use pipit_wire::{
    ClientFrame, ConversationId, DeviceId, Event, EventBody, EventId, Seq, ServerFrame, Timestamp, UserId,
    codec,
};
use serde::{Deserialize, Serialize};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_util::task::TaskTracker;

/// Frames that wait for one socket; more end it.
const QUEUE: usize = 65_536;
const BUFFER_BYTES: usize = 4 * 1024;
/// New connections that wait.
const BACKLOG: u32 = 4_096;

/// Who there is: what a reference server is told on its standard input.
#[derive(Debug, Serialize, Deserialize)]
pub struct Told {
    /// How many people. The token of the first is `person-0`.
    pub people: usize,
    /// Their conversations.
    pub conversations: Vec<Room>,
}

/// One conversation of them.
#[derive(Debug, Serialize, Deserialize)]
pub struct Room {
    /// Its id.
    pub id: ConversationId,
    /// Its members.
    pub members: Vec<usize>,
}

/// A conversation that runs.
struct Running {
    seq: AtomicU64,
    members: Vec<usize>,
}

struct Hub {
    rooms: HashMap<ConversationId, Running>,
    sockets: Vec<Mutex<Option<mpsc::Sender<Utf8Bytes>>>>,
}

/// Serves until it is killed.
pub async fn serve() -> anyhow::Result<()> {
    let mut told = String::new();
    std::io::stdin().read_to_string(&mut told)?;
    let told: Told = serde_json::from_str(&told)?;
    let rooms = told.conversations.into_iter().map(|room| {
        let seq = AtomicU64::new(0);
        let members = room.members;
        (room.id, Running { seq, members })
    });
    let hub = Arc::new(Hub {
        rooms: rooms.collect(),
        sockets: (0..told.people).map(|_| Mutex::default()).collect(),
    });
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    let listener = socket.listen(BACKLOG)?;
    super::command::print(&format!("Ready at http://{}", listener.local_addr()?))?;
    let tasks = TaskTracker::new();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // A client that is gone has taken its line with it.
        let (hub, of) = (Arc::clone(&hub), tasks.clone());
        tasks.spawn(async move { serve_one(&hub, stream, &of).await.ok() });
    }
}

async fn serve_one(hub: &Hub, stream: TcpStream, tasks: &TaskTracker) -> anyhow::Result<()> {
    let config = WebSocketConfig::default().read_buffer_size(BUFFER_BYTES);
    let socket = tokio_tungstenite::accept_async_with_config(stream, Some(config)).await?;
    let (mut sink, mut source) = socket.split();
    let (queue, mut queued) = mpsc::channel::<Utf8Bytes>(QUEUE);
    tasks.spawn(async move {
        while let Some(text) = queued.recv().await {
            let mut fed = sink.feed(Message::Text(text)).await;
            while fed.is_ok()
                && let Ok(text) = queued.try_recv()
            {
                fed = sink.feed(Message::Text(text)).await;
            }
            if fed.is_err() || sink.flush().await.is_err() {
                return;
            }
        }
    });
    let mut person = 0;
    while let Some(Ok(message)) = source.next().await {
        let Message::Text(text) = message else {
            continue;
        };
        match codec::decode_client(&text)? {
            ClientFrame::Hello(hello) => {
                person = hello.token.trim_start_matches("person-").parse()?;
                let place = hub.sockets.get(person).context("one of the people")?;
                *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(queue.clone());
                let synced = ServerFrame::Synced(Synced { id: hello.id });
                queue.try_send(codec::encode_server(&synced).into())?;
            }
            ClientFrame::Message(sent) => {
                let room = hub.rooms.get(&sent.message.conversation).context("a room")?;
                let number = room.seq.fetch_add(1, Ordering::Relaxed) + 1;
                let seq = Seq::new(number).context("room for seqs")?;
                let (id, conversation) = (sent.message.id, sent.message.conversation);
                let ack = ServerFrame::Ack(Ack {
                    id: sent.id,
                    message: id,
                    conversation,
                    seq,
                    at: Timestamp(0),
                });
                queue.try_send(codec::encode_server(&ack).into())?;
                let event = event(person, seq, sent.message);
                let text = Utf8Bytes::from(codec::encode_server(&ServerFrame::Event(event)));
                for member in &room.members {
                    hub.tell(*member, &text);
                }
            }
            _ => bail!("no such frame here"),
        }
    }
    Ok(())
}

fn event(person: usize, seq: Seq, message: pipit_wire::event::Message) -> Event {
    let mut random = [0; 10];
    if let (Some(last), Ok(person)) = (random.last_chunk_mut(), u64::try_from(person)) {
        *last = person.to_be_bytes();
    }
    Event {
        id: EventId::from(message.id),
        conversation: message.conversation,
        seq,
        at: Timestamp(0),
        sender: UserId::new(Timestamp(0), random),
        device: Some(DeviceId::new(Timestamp(0), random)),
        body: EventBody::Message {
            written_at: message.written_at,
            content: message.content,
            reply_to: None,
            expires_at: None,
        },
    }
}

impl Hub {
    fn tell(&self, member: usize, text: &Utf8Bytes) {
        let Some(place) = self.sockets.get(member) else {
            return;
        };
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        if place
            .as_ref()
            .is_some_and(|queue| queue.try_send(text.clone()).is_err())
        {
            *place = None;
        }
    }
}
