//! The loop around the engine.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pipit_client::Engine;
use pipit_client::command::{CommandId, Reply, ViewId};
use pipit_client::io::{HttpAnswer, HttpId, HttpRequest, Input, Output};
use pipit_client::storage::Storage;
use pipit_client::view::Update;
use pipit_wire::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::address::ServerAddress;
use crate::files::Files;
use crate::http::HttpClient;
use crate::line::{FRAMES_MAX, Line, LineEvent, Numbered};
use crate::socket::Tls;
use crate::view::{COMMANDS_MAX, FromView, Stopped, View, ViewEvent};

/// The most inputs that are taken in at once: they cost one commit.
const BATCH_MAX: usize = 256;
/// The most HTTP answers that wait for the engine.
const ANSWERS_MAX: usize = 64;
/// The longest sleep: whatever the clock was set to meanwhile is seen then.
const SLEEP_MAX: Duration = Duration::from_mins(1);

/// Where the time comes from.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;
}

impl<F: Fn() -> Timestamp + Send + Sync + 'static> Clock for F {
    fn now(&self) -> Timestamp {
        self()
    }
}

/// What the driver needs of the engine; tests put a script in its place.
pub trait Core: Send + 'static {
    /// Takes in what has happened, in order, and says what is to be done.
    fn handle_all(&mut self, inputs: Vec<Input>, now: Timestamp) -> Vec<Output>;
    /// When a tick is due.
    fn wake_at(&self) -> Option<Timestamp>;
}

impl<S: Storage + Send + 'static> Core for Engine<S> {
    fn handle_all(&mut self, inputs: Vec<Input>, now: Timestamp) -> Vec<Output> {
        Self::handle_all(self, inputs, now)
    }

    fn wake_at(&self) -> Option<Timestamp> {
        Self::wake_at(self)
    }
}

/// A client that runs: an engine with a line to its server.
///
/// The engine commits to its store inside of the loop, a millisecond or so each time, on the runtime's thread: a program that
/// runs other things that cannot wait so long uses a runtime with several threads.
#[derive(Debug)]
pub struct NativeClient {
    commands: mpsc::Sender<FromView>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl NativeClient {
    /// Starts the client on the current tokio runtime. It ends with `shutdown`, or by [`NativeClient::stop`].
    ///
    /// Fails where the server is reached by TLS and the system's certificates cannot be read.
    pub fn start(
        engine: impl Core,
        server: ServerAddress,
        clock: impl Clock,
        shutdown: &CancellationToken,
    ) -> io::Result<Self> {
        Self::start_with(engine, Files::in_memory(), server, clock, shutdown)
    }

    /// The same, with a place for the bytes of files that are to be sent; [`NativeClient::start`] has them in memory.
    pub fn start_with(
        engine: impl Core,
        files: Files,
        server: ServerAddress,
        clock: impl Clock,
        shutdown: &CancellationToken,
    ) -> io::Result<Self> {
        let tls = Tls::new(server.is_encrypted())?;
        let shutdown = shutdown.child_token();
        let tasks = TaskTracker::new();
        let (commands, from_views) = mpsc::channel(COMMANDS_MAX);
        let (line_events, from_line) = mpsc::channel(FRAMES_MAX);
        let (answers, from_http) = mpsc::channel(ANSWERS_MAX);
        let (progress, from_uploads) = mpsc::channel(ANSWERS_MAX);
        let http = HttpClient::new(server.clone(), &tls, &tasks, &shutdown);
        let driver = Driver {
            engine,
            clock,
            server,
            tls,
            http,
            files,
            tasks: tasks.clone(),
            shutdown: shutdown.clone(),
            line: None,
            line_number: 0,
            line_events,
            answers,
            progress,
            sending: HashMap::new(),
            views: HashMap::new(),
            replies: HashMap::new(),
            command_number: 0,
            inputs: Vec::new(),
        };
        tasks.spawn(driver.run(from_views, from_line, from_http, from_uploads));
        tasks.close();
        Ok(Self {
            commands,
            tasks,
            shutdown,
        })
    }

    /// Adds a view. Two views at a time have different ids.
    pub async fn attach(&self, id: ViewId) -> Result<View, Stopped> {
        View::attach(id, self.commands.clone()).await
    }

    /// Ends the client, and returns when all that it had started has ended.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.tasks.wait().await;
    }
}

struct ViewState {
    updates: mpsc::Sender<ViewEvent>,
    lagging: Arc<AtomicBool>,
    /// Updates are dropped until it has read what it has.
    behind: bool,
}

struct Driver<E, C> {
    engine: E,
    clock: C,
    server: ServerAddress,
    tls: Tls,
    http: HttpClient,
    files: Files,
    tasks: TaskTracker,
    shutdown: CancellationToken,
    line: Option<Line>,
    line_number: u32,
    line_events: mpsc::Sender<Numbered>,
    answers: mpsc::Sender<(HttpId, HttpAnswer)>,
    /// How far files are.
    progress: mpsc::Sender<Input>,
    /// Requests that carry parts of files, to be given up.
    sending: HashMap<HttpId, CancellationToken>,
    views: HashMap<ViewId, ViewState>,
    replies: HashMap<(ViewId, CommandId), oneshot::Sender<Reply>>,
    command_number: u32,
    /// What the engine is to be told next.
    inputs: Vec<Input>,
}

impl<E: Core, C: Clock> Driver<E, C> {
    async fn run(
        mut self,
        mut from_views: mpsc::Receiver<FromView>,
        mut from_line: mpsc::Receiver<Numbered>,
        mut from_http: mpsc::Receiver<(HttpId, HttpAnswer)>,
        mut from_uploads: mpsc::Receiver<Input>,
    ) {
        let shutdown = self.shutdown.clone();
        loop {
            let sleep = self.until_tick();
            tokio::select! {
                () = shutdown.cancelled() => return,
                message = from_views.recv() => match message {
                    Some(message) => self.hear(message),
                    // Nobody can ask for anything any more.
                    None if self.views.is_empty() => return,
                    None => shutdown.cancelled().await,
                },
                event = from_line.recv() => self.hear_line(event),
                answer = from_http.recv() => self.hear_http(answer),
                progress = from_uploads.recv() => self.inputs.extend(progress),
                () = tokio::time::sleep(sleep.unwrap_or(SLEEP_MAX)) => {
                    if self.engine.wake_at().is_some_and(|at| at <= self.clock.now()) {
                        self.inputs.push(Input::Tick);
                    }
                }
            }
            while self.inputs.len() < BATCH_MAX {
                if let Ok(event) = from_line.try_recv() {
                    self.hear_line(Some(event));
                } else if let Ok(message) = from_views.try_recv() {
                    self.hear(message);
                } else {
                    break;
                }
            }
            // Carrying out may itself make something happen: a line that is too slow breaks.
            while !self.inputs.is_empty() {
                let inputs = std::mem::take(&mut self.inputs);
                let outputs = self.engine.handle_all(inputs, self.clock.now());
                for output in outputs {
                    self.carry_out(output);
                }
            }
        }
    }

    fn until_tick(&self) -> Option<Duration> {
        let wait_ms = self.engine.wake_at()?.since_ms(self.clock.now()).max(0);
        Some(Duration::from_millis(wait_ms.unsigned_abs()).min(SLEEP_MAX))
    }

    fn hear(&mut self, message: FromView) {
        match message {
            FromView::Attach {
                view,
                updates,
                lagging,
            } => {
                let state = ViewState {
                    updates,
                    lagging,
                    behind: false,
                };
                self.views.insert(view.clone(), state);
                self.inputs.push(Input::Attach { view });
            }
            FromView::Command { view, command, reply } => {
                self.command_number = self.command_number.wrapping_add(1);
                let id = CommandId(self.command_number);
                self.replies.insert((view.clone(), id), reply);
                self.inputs.push(Input::Command { view, id, command });
            }
            FromView::Resume { view } => self.resume(view),
            FromView::Detach { view } => self.detach(view),
        }
    }

    /// The view has read everything: it gets the whole picture.
    fn resume(&mut self, view: ViewId) {
        let Some(state) = self.views.get_mut(&view) else {
            return;
        };
        state.behind = false;
        // There is room: the view has just emptied its queue.
        let _ = state.updates.try_send(ViewEvent::Restarted);
        self.inputs.push(Input::Detach { view: view.clone() });
        self.inputs.push(Input::Attach { view });
    }

    fn detach(&mut self, view: ViewId) {
        if self.views.remove(&view).is_some() {
            self.replies.retain(|(asker, _id), _reply| *asker != view);
            self.inputs.push(Input::Detach { view });
        }
    }

    fn hear_line(&mut self, event: Option<Numbered>) {
        let Some((number, event)) = event else { return };
        if number != self.line_number || self.line.is_none() {
            return;
        }
        self.inputs.push(match event {
            LineEvent::Connected => Input::Connected,
            LineEvent::Received(text) => Input::Received { text },
            LineEvent::Disconnected => {
                self.line = None;
                Input::Disconnected
            }
        });
    }

    fn hear_http(&mut self, answer: Option<(HttpId, HttpAnswer)>) {
        if let Some((id, answer)) = answer {
            self.sending.remove(&id);
            self.inputs.push(Input::HttpDone { id, answer });
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Connect => self.connect(),
            Output::Disconnect => self.line = None,
            Output::Send { text } => self.send(text),
            Output::Http(wanted) => self.request(wanted),
            Output::AbortHttp { id } => {
                if let Some(sending) = self.sending.remove(&id) {
                    sending.cancel();
                }
            }
            Output::HashFile { blob, size } => {
                let (files, hashed) = (self.files.clone(), self.progress.clone());
                let shutdown = self.shutdown.clone();
                self.tasks.spawn(async move {
                    let carry = async {
                        let digest = files.digest(blob, size).await;
                        // A driver that is gone wants no answer.
                        let _ = hashed.send(Input::FileHashed { blob, digest }).await;
                    };
                    shutdown.run_until_cancelled(Box::pin(carry)).await;
                });
            }
            Output::DropFile { blob } => {
                let files = self.files.clone();
                self.tasks.spawn(async move { files.forget(blob).await });
            }
            Output::KeepFiles {
                blobs,
                younger_than_ms,
            } => {
                let files = self.files.clone();
                let younger_than = Duration::from_millis(younger_than_ms);
                self.tasks
                    .spawn(async move { files.keep_only(&blobs, younger_than).await });
            }
            Output::Update { view, update } => self.update(view, update),
            Output::Reply { view, id, reply } => {
                if let Some(answer) = self.replies.remove(&(view, id)) {
                    // Whoever asked may have stopped waiting.
                    let _ = answer.send(reply);
                }
            }
        }
    }

    fn connect(&mut self) {
        self.line_number = self.line_number.wrapping_add(1);
        let events = self.line_events.clone();
        self.line = Some(Line::open(
            self.line_number,
            &self.server,
            self.tls.clone(),
            events,
            &self.tasks,
        ));
    }

    fn send(&mut self, text: String) {
        if self.line.as_ref().is_some_and(|line| !line.send(text)) {
            tracing::debug!("the line is too slow, and is given up");
            self.line = None;
            self.inputs.push(Input::Disconnected);
        }
    }

    fn request(&mut self, wanted: HttpRequest) {
        if wanted.file.is_some() {
            return self.send_part(wanted);
        }
        let http = self.http.clone();
        let answers = self.answers.clone();
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move {
            let id = wanted.id;
            let carry = async {
                let answer = http.request(wanted).await;
                // A driver that is gone wants no answer.
                let _ = answers.send((id, answer)).await;
            };
            shutdown.run_until_cancelled(Box::pin(carry)).await;
        });
    }

    fn send_part(&mut self, wanted: HttpRequest) {
        let id = wanted.id;
        let given_up = self.shutdown.child_token();
        self.sending.insert(id, given_up.clone());
        let (http, files) = (self.http.clone(), self.files.clone());
        let (answers, progress) = (self.answers.clone(), self.progress.clone());
        self.tasks.spawn(async move {
            let carry = async {
                let part = match &wanted.file {
                    Some(part) => files.part(part).await,
                    None => None,
                };
                let answer = match part {
                    Some(bytes) => {
                        let say = move |sent| {
                            // Where the loop is busy it hears of the next piece.
                            let _ = progress.try_send(Input::HttpProgress { id, sent });
                        };
                        http.send_part(wanted, bytes, say).await
                    }
                    None => HttpAnswer::FileGone,
                };
                // A driver that is gone wants no answer.
                let _ = answers.send((id, answer)).await;
            };
            given_up.run_until_cancelled(Box::pin(carry)).await;
        });
    }

    fn update(&mut self, view: ViewId, update: Update) {
        let Some(state) = self.views.get_mut(&view) else {
            return;
        };
        if state.behind {
            return;
        }
        match state.updates.try_send(ViewEvent::Update(update)) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => {
                state.behind = true;
                state.lagging.store(true, Ordering::Release);
            }
            Err(mpsc::error::TrySendError::Closed(_)) => self.detach(view),
        }
    }
}
