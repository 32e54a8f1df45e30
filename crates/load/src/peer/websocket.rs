//! Servers that speak Pipit's frames: Pipit, the Node server, the bare broadcast.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use pipit_client_net::{ServerAddress, Socket, Tls};
use pipit_wire::event::Message;
use pipit_wire::frame::client::{Hello, SendMessage};
use pipit_wire::frame::{Cursor, PresenceState};
use pipit_wire::{
    ClientFrame, Content, ConversationId, MessageId, PROTOCOL_VERSION, RequestId, Seq, Timestamp, codec,
};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::{Heard, Line, Peer, Stamp, plan};
use crate::crowd::people;

const BUFFER_BYTES: usize = 4 * 1024;
/// What stands before the text of a message, in an event and in a page.
const TEXT: &str = "\"text\":\"";

/// A server, and what its people need.
pub struct Server {
    /// Where it is.
    pub address: ServerAddress,
    /// How lines are encrypted: they are not.
    pub tls: Tls,
    /// The token of each person.
    pub tokens: Vec<String>,
    /// The ids of the conversations.
    pub conversations: Arc<[ConversationId]>,
    /// The time of day, for the ids of messages.
    pub unix_ms: u64,
    /// How far each conversation that is resumed was when it was first asked for.
    pub seqs: Mutex<HashMap<usize, u64>>,
    /// Connections so far: each makes ids of its own.
    pub lines: AtomicU64,
}

/// A connection to one.
pub struct SocketLine {
    socket: Socket,
    conversations: Arc<[ConversationId]>,
    random: ChaCha8Rng,
    now: Timestamp,
    requests: u32,
}

fn number_after(text: &str, name: &str) -> Option<u64> {
    let (_, rest) = text.split_once(name)?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit())?;
    rest.get(..end)?.parse().ok()
}

impl Server {
    fn cursors(&self, person: usize) -> Vec<Cursor> {
        let seqs = self.seqs.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = plan::storm_of(person) else {
            return Vec::new();
        };
        let seq = seqs.get(&place).copied().unwrap_or_default();
        let id = self.conversations.get(place);
        id.map(|id| Cursor {
            conversation: *id,
            seq: Seq::new(seq).unwrap_or(Seq::ZERO),
        })
        .into_iter()
        .collect()
    }

    fn remember(&self, person: usize, seq: u64) {
        if let Some(place) = plan::storm_of(person) {
            let mut seqs = self.seqs.lock().unwrap_or_else(PoisonError::into_inner);
            seqs.entry(place).or_insert(seq);
        }
    }
}

impl Peer for Server {
    type Line = SocketLine;

    async fn connect(&self, person: usize) -> anyhow::Result<(SocketLine, usize)> {
        let mut socket = Socket::connect(&self.address, &self.tls, BUFFER_BYTES).await?;
        let hello = Hello {
            id: RequestId(1),
            protocol: PROTOCOL_VERSION,
            token: self.tokens.get(person).context("a token for everybody")?.clone(),
            client: people::client_info(),
            cursors: self.cursors(person),
            presence: PresenceState::Online,
        };
        socket
            .feed(codec::encode_client(&ClientFrame::Hello(hello)))
            .await?;
        socket.flush().await?;
        let mut missed = 0;
        loop {
            let text = socket.next().await.context("the server ended the connection")??;
            ensure!(!text.starts_with("{\"type\":\"error\""), "{}", &*text);
            if text.starts_with("{\"type\":\"catch_up\"") {
                missed += text.matches(TEXT).count();
                if let Some(seq) = number_after(&text, "\"last_seq\":") {
                    self.remember(person, seq);
                }
            }
            if text.starts_with("{\"type\":\"synced\"") {
                break;
            }
        }
        let line = SocketLine {
            socket,
            conversations: Arc::clone(&self.conversations),
            random: ChaCha8Rng::seed_from_u64(self.lines.fetch_add(1, Ordering::Relaxed)),
            now: Timestamp(i64::try_from(self.unix_ms).unwrap_or(i64::MAX)),
            requests: 16,
        };
        Ok((line, missed))
    }
}

impl Line for SocketLine {
    async fn send(&mut self, to: usize, stamp: Stamp) -> anyhow::Result<()> {
        self.requests += 1;
        let conversation = self.conversations.get(to).context("a conversation of the plan")?;
        let message = Message {
            id: MessageId::new(self.now, self.random.random()),
            conversation: *conversation,
            written_at: Timestamp(0),
            content: Content::text(stamp.text()),
            reply_to: None,
        };
        let id = RequestId(self.requests);
        let frame = ClientFrame::Message(SendMessage { id, message });
        self.socket.feed(codec::encode_client(&frame)).await?;
        Ok(self.socket.flush().await?)
    }

    async fn next(&mut self) -> anyhow::Result<Heard> {
        let text = self
            .socket
            .next()
            .await
            .context("the server ended the connection")??;
        if text.starts_with("{\"type\":\"ack\"") {
            return Ok(Heard::Acknowledged);
        }
        ensure!(!text.starts_with("{\"type\":\"error\""), "{}", &*text);
        if !text.starts_with("{\"type\":\"event\"") {
            return Ok(Heard::Other);
        }
        let stamp = text.split_once(TEXT).and_then(|(_, rest)| Stamp::read(rest));
        Ok(stamp.map_or(Heard::Other, Heard::Delivered))
    }

    fn close(self) {
        self.socket.close();
    }
}
