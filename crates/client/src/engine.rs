//! The engine: one input, one transaction, then what follows from it.

use std::fmt;

use pipit_wire::frame::client::ClientInfo;
use pipit_wire::{ClientFrame, EventId, RequestId, Timestamp, codec};

use crate::archive::Archives;
use crate::clock::Clock;
use crate::command::{CommandId, Reply, ViewId};
use crate::connection::Connection;
use crate::encryption::Encryption;
use crate::http::{self, Calls};
use crate::io::{Input, Output};
use crate::list::List;
use crate::names::Names;
use crate::outbox::Sending;
use crate::personal::Personals;
use crate::presence::Presences;
use crate::receipts::Receipts;
use crate::request::Requests;
use crate::session::Tokens;
use crate::storage::{SessionRecord, Storage, StorageError};
use crate::sync::Syncing;
use crate::typing::Typists;
use crate::uploads::Uploads;
use crate::views::{Dirty, Views};
use crate::wishes::Wishes;

/// What an operation on the engine gives that may meet a storage that fails.
pub(crate) type Stored<T = ()> = Result<T, StorageError>;

/// Fills a buffer with random bytes.
pub type RandomSource = Box<dyn FnMut(&mut [u8]) + Send>;

/// What the engine is told once.
pub struct Config {
    /// What software this is, for the server's list of devices.
    pub client: ClientInfo,
    /// Where randomness comes from: the operating system, or a seeded generator under simulation.
    pub random: RandomSource,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// Everything a client does but I/O.
///
/// What must survive is in the storage; the fields are what is known of the connection, of requests under way and of what views
/// have been sent.
#[derive(Debug)]
pub struct Engine<S> {
    pub(crate) storage: S,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) out: Vec<Output>,
    pub(crate) session: Option<SessionRecord>,
    pub(crate) tokens: Tokens,
    pub(crate) connection: Connection,
    pub(crate) requests: Requests,
    pub(crate) calls: Calls,
    pub(crate) syncing: Syncing,
    pub(crate) sending: Sending,
    pub(crate) uploads: Uploads,
    pub(crate) wishes: Wishes,
    pub(crate) receipts: Receipts,
    pub(crate) personals: Personals,
    pub(crate) encryption: Encryption,
    pub(crate) archives: Archives,
    /// When the next message erases itself.
    pub(crate) expiry_at: Option<Timestamp>,
    pub(crate) typists: Typists,
    pub(crate) presences: Presences,
    pub(crate) names: Names,
    pub(crate) list: List,
    pub(crate) views: Views,
    pub(crate) dirty: Dirty,
    pub(crate) failing: bool,
}

impl<S: Storage> Engine<S> {
    /// An engine on this storage, as it was left: after an orderly end or a crash at any point. Nothing is asked of the driver
    /// before the first input; [`Engine::wake_at`] says when that is due.
    pub fn open(storage: S, config: Config, now: Timestamp) -> Result<Self, StorageError> {
        let session = storage.session()?;
        let clock = Clock::new(now);
        let mut engine = Self {
            storage,
            config,
            clock,
            out: Vec::new(),
            session,
            tokens: Tokens::default(),
            connection: Connection::default(),
            requests: Requests::default(),
            calls: Calls::default(),
            syncing: Syncing::default(),
            sending: Sending::default(),
            uploads: Uploads::default(),
            wishes: Wishes::default(),
            receipts: Receipts::default(),
            personals: Personals::default(),
            encryption: Encryption::default(),
            archives: Archives::default(),
            expiry_at: None,
            typists: Typists::default(),
            presences: Presences::default(),
            names: Names::default(),
            list: List::default(),
            views: Views::default(),
            dirty: Dirty::default(),
            failing: false,
        };
        if engine.session.is_some() {
            // What waits for its time has one, with or without a line.
            engine.resend_outbox()?;
            engine.connection.wait_until(engine.clock.steady());
            // What has expired meanwhile is erased with the first input.
            engine.expiry_at = engine.storage.next_expiry()?.map(|_| engine.clock.steady());
        }
        Ok(engine)
    }

    /// Takes in what has happened and says what is to be done. When it returns, what it took in is on disk.
    pub fn handle(&mut self, input: Input, now: Timestamp) -> Vec<Output> {
        self.handle_all([input], now)
    }

    /// Takes in several inputs in one transaction: what a driver has waiting costs one commit, and views see one change.
    pub fn handle_all(&mut self, inputs: impl IntoIterator<Item = Input>, now: Timestamp) -> Vec<Output> {
        self.clock.advance(now);
        let inputs: Vec<Input> = inputs.into_iter().collect();
        let commands = commands(&inputs);
        match self.transact(inputs) {
            Ok(wrote) => {
                // A disk that takes writes again works again.
                self.failing &= !wrote;
            }
            Err(error) => self.recover(&error, commands),
        }
        let shown = self.render().and_then(|()| self.ask_for_summaries());
        if let Err(error) = shown {
            self.note_failure(&error);
        }
        self.ask_for_names();
        self.watch_people();
        std::mem::take(&mut self.out)
    }

    /// When [`Input::Tick`] is due, by the clock that `handle` is given; none while there is nothing to wait for.
    pub fn wake_at(&self) -> Option<Timestamp> {
        let deadlines = [
            self.connection.deadline(),
            self.calls.deadline(),
            self.token_deadline(),
            self.sending.deadline(),
            self.uploads.deadline(),
            self.wishes.deadline(),
            self.names.deadline(),
            self.receipts.deadline(),
            self.personals.deadline(),
            self.encryption.deadline(),
            self.archives.deadline(self.clock.steady()),
            self.expiry_at,
            self.typists.deadline(),
            self.presences.deadline(),
            self.syncing.deadline(),
        ];
        deadlines
            .into_iter()
            .flatten()
            .min()
            .map(|deadline| self.clock.on_device(deadline))
    }

    /// The storage, for reading: searches, and checks in tests.
    pub const fn storage(&self) -> &S {
        &self.storage
    }

    /// The storage, given back: what a crash leaves.
    pub fn into_storage(self) -> S {
        self.storage
    }

    fn transact(&mut self, inputs: Vec<Input>) -> Stored<bool> {
        self.calls.begin();
        self.storage.begin()?;
        for input in inputs {
            self.take_in(input)?;
        }
        self.do_what_is_due()?;
        self.settle()?;
        self.storage.commit()
    }

    fn take_in(&mut self, input: Input) -> Stored {
        match input {
            Input::Attach { view } => self.attach(view),
            Input::Detach { view } => self.detach(&view),
            Input::Command { view, id, command } => self.command(view, id, command)?,
            Input::Connected => self.greet()?,
            Input::Received { text } => self.received(&text)?,
            Input::Disconnected => self.line_lost(),
            Input::HttpDone { id, answer } => self.http_done(id, &answer)?,
            Input::HttpProgress { id, sent } => self.http_progress(id, sent),
            Input::FileHashed { blob, digest } => self.file_hashed(blob, digest)?,
            Input::Tick => {}
        }
        Ok(())
    }

    fn do_what_is_due(&mut self) -> Stored {
        self.calls_due()?;
        self.tokens_due();
        self.sending_due();
        self.uploads_due();
        self.wishes_due();
        self.names_due();
        self.syncing_due()?;
        self.receipts_due()?;
        self.personals_due()?;
        self.encryption_due();
        self.archives_due();
        self.typists_due();
        self.connection_due();
        Ok(())
    }

    /// What follows from all inputs together: requests that were wanted several times are made once.
    fn settle(&mut self) -> Stored {
        self.expire()?;
        self.announce_presence();
        self.pump_uploads()?;
        self.pump_wishes()?;
        self.pump_scheduled()?;
        self.pump_encryption()?;
        self.pump_archives()?;
        self.pump_outbox()?;
        self.load_timelines()?;
        self.ask_for_catch_up()
    }

    /// The transaction failed: everything since its beginning is void, and so is what is known beyond the storage. Calls whose
    /// answers are still to come stay, because views wait for them.
    fn recover(&mut self, error: &StorageError, commands: Vec<(ViewId, CommandId)>) {
        self.note_failure(error);
        if let Err(error) = self.storage.rollback() {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
        self.out.clear();
        self.stop_uploads();
        self.stop_wishes();
        self.encryption = Encryption::default();
        self.archives = Archives::default();
        if let Ok(session) = self.storage.session() {
            self.session = session;
        }
        let lost = self.calls.undo(commands);
        self.tokens = Tokens::under_way(self.calls.is_refreshing());
        self.list = List::default();
        self.names = Names::default();
        self.views.forget_loaded();
        self.dirty = Dirty::everything();
        self.drop_line(None);
        if let Err(error) = self.load_timelines() {
            self.note_failure(&error);
        }
        for (view, id) in lost {
            let reply = Reply::Failed {
                error: http::local_error("storage", None),
            };
            self.out.push(Output::Reply { view, id, reply });
        }
    }

    fn note_failure(&mut self, error: &StorageError) {
        tracing::error!(%error, "the device's storage failed");
        self.failing = true;
    }

    pub(crate) fn reply(&mut self, view: ViewId, id: CommandId, reply: Reply) {
        self.out.push(Output::Reply { view, id, reply });
    }

    pub(crate) fn send(&mut self, frame: &ClientFrame) {
        self.out.push(Output::Send {
            text: codec::encode_client(frame),
        });
    }

    pub(crate) const fn new_request(&mut self) -> RequestId {
        self.requests.new_id()
    }

    /// What goes into an id that is made now.
    pub(crate) fn random_id(&mut self) -> [u8; 10] {
        let mut bytes = [0; 10];
        (self.config.random)(&mut bytes);
        bytes
    }

    /// The id of an entry that is made now.
    pub(crate) fn new_event(&mut self) -> EventId {
        EventId::new(self.server_now(), self.random_id())
    }

    /// A random duration from `0` to `most_ms`.
    pub(crate) fn random_ms(&mut self, most_ms: i64) -> i64 {
        let mut bytes = [0_u8; 8];
        (self.config.random)(&mut bytes);
        let most = u64::try_from(most_ms).unwrap_or(0);
        let drawn = u64::from_le_bytes(bytes) % most.saturating_add(1);
        i64::try_from(drawn).unwrap_or(most_ms)
    }
}

fn commands(inputs: &[Input]) -> Vec<(ViewId, CommandId)> {
    let commands = inputs.iter().filter_map(|input| match input {
        Input::Command { view, id, .. } => Some((view.clone(), *id)),
        _ => None,
    });
    commands.collect()
}
