//! A device: an engine on its storage, the line to the server, and what its one view shows.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use pipit_client::command::{CommandId, Reply, ViewId};
use pipit_client::io::{Input, Output};
use pipit_client::view::{ConnectionView, ConversationItem, Splice, TimelineHeader, TimelineItem, Update};
use pipit_client::{Config, Engine};
use pipit_client_store::SqliteStorage;
use pipit_server::gateway::session::Session;
use pipit_wire::frame::client::ClientInfo;
use pipit_wire::{ConversationId, Seq, Timestamp, UserId};
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;

use crate::lifeline::Lifeline;

/// The line to the server. At most one stands or is being made.
pub struct Line {
    /// Unique in the world: what comes late from an earlier line is dropped.
    pub number: u64,
    /// To which node.
    pub node: usize,
    /// Whether the device takes what comes; what comes meanwhile waits at the server.
    pub reads: bool,
    /// The steps of the node at its other end, once it stands.
    pub life: Arc<Lifeline>,
    /// The server's end, once it stands.
    pub session: Option<Session>,
    /// Frames of a line arrive in the order in which they were sent.
    pub last_up: Timestamp,
    /// The same in the other direction.
    pub last_down: Timestamp,
}

/// What a view shows: nothing but the updates, applied.
#[derive(Debug, Default)]
pub struct Screen {
    /// The list of conversations.
    pub conversations: Vec<ConversationItem>,
    /// Whether there are more.
    pub has_more: bool,
    /// The open timeline.
    pub timeline: Vec<TimelineItem>,
    /// What is above it.
    pub header: Option<TimelineHeader>,
    /// How the line is.
    pub connection: Option<ConnectionView>,
}

impl Screen {
    /// Applies an update, as every client must be able to.
    pub fn apply(&mut self, update: Update) -> anyhow::Result<()> {
        match update {
            Update::Conversations {
                splices, has_more, ..
            } => {
                self.has_more = has_more;
                splice(&mut self.conversations, splices)
            }
            Update::Timeline { header, splices } => {
                self.header = Some(*header);
                splice(&mut self.timeline, splices)
            }
            Update::TimelineGone { .. } => {
                self.close();
                Ok(())
            }
            Update::Connection { connection } => {
                self.connection = Some(connection);
                Ok(())
            }
            Update::Session { .. }
            | Update::Storage { .. }
            | Update::ChangeRefused { .. }
            | Update::SettingRefused { .. }
            | Update::ConversationGone { .. }
            | Update::Unsent { .. }
            | Update::Privacy { .. }
            | Update::Archives { .. }
            | Update::Trust { .. } => Ok(()),
        }
    }

    /// The timeline is closed, or another one opened.
    pub fn close(&mut self) {
        self.timeline.clear();
        self.header = None;
    }
}

fn splice<T>(list: &mut Vec<T>, splices: Vec<Splice<T>>) -> anyhow::Result<()> {
    for Splice { at, remove, insert } in splices {
        let (at, remove) = (usize::try_from(at)?, usize::try_from(remove)?);
        ensure!(
            at + remove <= list.len(),
            "a splice of {at}+{remove} in a list of {}",
            list.len()
        );
        list.splice(at..at + remove, insert);
    }
    Ok(())
}

/// See the module.
pub struct Device {
    /// Whose.
    pub user: UserId,
    /// The number of that person.
    pub person: usize,
    /// Grows with every start of the engine: what was meant for an earlier one is dropped.
    pub life: u64,
    /// The line.
    pub line: Option<Line>,
    /// Whether there is a network at all.
    pub online: bool,
    /// The device's clock minus the world's, milliseconds.
    pub skew_ms: i64,
    /// For when a wake has been ordered; another one is ordered only when the engine wants another time.
    pub woken_at: Option<Timestamp>,
    /// What its view shows.
    pub screen: Screen,
    /// The answers to commands that have come.
    pub replies: Vec<(CommandId, Reply)>,
    engine: Option<Engine<SqliteStorage>>,
    random: ChaCha8Rng,
    commands: u32,
    view: ViewId,
}

impl Device {
    /// A device that has never been used.
    pub fn new(
        person: usize,
        user: UserId,
        skew_ms: i64,
        random: ChaCha8Rng,
        now: Timestamp,
    ) -> anyhow::Result<Self> {
        let mut device = Self {
            user,
            person,
            life: 0,
            line: None,
            online: true,
            skew_ms,
            woken_at: None,
            screen: Screen::default(),
            replies: Vec::new(),
            engine: None,
            random,
            commands: 0,
            view: ViewId("view 0".to_owned()),
        };
        device.boot(SqliteStorage::open_in_memory()?, now)?;
        Ok(device)
    }

    fn boot(&mut self, storage: SqliteStorage, now: Timestamp) -> anyhow::Result<()> {
        self.life += 1;
        self.woken_at = None;
        self.view = ViewId(format!("view {}", self.life));
        self.screen = Screen::default();
        self.replies.clear();
        let mut seeded = self.random.clone();
        // The next life draws something else.
        self.random.next_u64();
        let config = Config {
            client: ClientInfo {
                name: "simulation".to_owned(),
                version: "1".to_owned(),
            },
            random: Box::new(move |bytes| seeded.fill_bytes(bytes)),
        };
        self.engine = Some(Engine::open(storage, config, now.plus_ms(self.skew_ms))?);
        Ok(())
    }

    /// The engine is gone from one moment to the next, and starts again on what is on disk.
    pub fn crash(&mut self, now: Timestamp) -> anyhow::Result<()> {
        let engine = self.engine.take().context("the engine runs")?;
        self.line = None;
        let mut storage = engine.into_storage();
        pipit_client::Storage::rollback(&mut storage).ok();
        self.boot(storage, now)
    }

    /// The name of its view.
    pub fn view(&self) -> ViewId {
        self.view.clone()
    }

    /// A command of its view, and its number.
    pub fn command(&mut self, command: pipit_client::command::Command) -> (CommandId, Input) {
        self.commands += 1;
        let id = CommandId(self.commands);
        (
            id,
            Input::Command {
                view: self.view.clone(),
                id,
                command,
            },
        )
    }

    /// Gives the engine an input at this time of the world.
    pub fn handle(&mut self, input: Input, now: Timestamp) -> anyhow::Result<Vec<Output>> {
        let now = now.plus_ms(self.skew_ms);
        let engine = self.engine.as_mut().context("the engine runs")?;
        Ok(engine.handle(input, now))
    }

    /// When the engine wants to be woken, by the world's clock.
    pub fn wake_at(&self) -> Option<Timestamp> {
        let wake_at = self.engine.as_ref()?.wake_at()?;
        Some(wake_at.plus_ms(-self.skew_ms))
    }

    /// The answer to a command, where it has come.
    pub fn reply(&self, command: CommandId) -> Option<&Reply> {
        self.replies
            .iter()
            .rev()
            .find(|(id, _)| *id == command)
            .map(|(_, reply)| reply)
    }

    /// The conversations that its storage has.
    pub fn stored(&self) -> anyhow::Result<Vec<ConversationId>> {
        let engine = self.engine.as_ref().context("the engine runs")?;
        Ok(pipit_client::Storage::recent_conversations(
            engine.storage(),
            1_000,
        )?)
    }

    /// Up to where it has each conversation.
    pub fn cursors(&self) -> anyhow::Result<BTreeMap<ConversationId, Seq>> {
        let engine = self.engine.as_ref().context("the engine runs")?;
        let cursors = pipit_client::Storage::cursors(engine.storage(), 1_000)?;
        Ok(cursors
            .into_iter()
            .map(|cursor| (cursor.conversation, cursor.seq))
            .collect())
    }

    /// The conversations that it shows.
    pub fn shown(&self) -> Vec<ConversationId> {
        self.screen.conversations.iter().map(|item| item.id).collect()
    }
}
