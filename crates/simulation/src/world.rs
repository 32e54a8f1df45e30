//! The world: one queue of what happens next, in the order of its clock.

mod life;
mod polls;
mod requests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::FutureExt as _;
use pipit_bus::Topic;
use pipit_client::command::{Command, CommandId};
use pipit_client::io::{HttpAnswer, HttpId, HttpRequest, Input, Output};
use pipit_client::view::ConnectionView;
use pipit_server::gateway::session::Session;
use pipit_wire::{ServerFrame, Timestamp, UserId, codec};
use rand::{Rng as _, RngExt as _};
use rand_chacha::ChaCha8Rng;

use crate::bus::Posted;
use crate::device::{Device, Line};
use crate::fault::Rates;
use crate::ledger::Ledger;
use crate::plan::Plan;
use crate::server::Server;
use crate::{Report, check};

/// Is told what happens, and when.
pub type Trace = fn(Timestamp, &fmt::Arguments<'_>);

/// Something that happens.
#[derive(Debug)]
enum Step {
    Wake {
        device: usize,
        life: u64,
    },
    LineUp {
        device: usize,
        line: u64,
    },
    LineDown {
        device: usize,
        line: u64,
    },
    Up {
        device: usize,
        line: u64,
        text: String,
    },
    Down {
        device: usize,
        line: u64,
        text: String,
    },
    Request {
        device: usize,
        life: u64,
        request: HttpRequest,
    },
    Answer {
        device: usize,
        life: u64,
        id: HttpId,
        answer: HttpAnswer,
    },
    Act,
    StartNode {
        node: usize,
    },
    /// What one node tells another arrives.
    Announcement(Posted),
    BusIsBack {
        node: usize,
    },
    /// A device that did not read reads again.
    ReadAgain {
        device: usize,
        line: u64,
    },
    /// Time passes for the nodes.
    Beat,
    GoOnline {
        device: usize,
    },
}

struct Due {
    at: Timestamp,
    order: u64,
    step: Step,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// See the module.
pub struct World {
    /// What the seed decided.
    pub plan: Plan,
    /// What time it is.
    pub now: Timestamp,
    /// The server.
    pub server: Server,
    /// The devices.
    pub devices: Vec<Device>,
    /// What is remembered.
    pub ledger: Ledger,
    random: ChaCha8Rng,
    /// For polls, so that what else happens is what it would be without them.
    polls: ChaCha8Rng,
    trace: Trace,
    people: Vec<UserId>,
    queue: BinaryHeap<Reverse<Due>>,
    next_order: u64,
    next_line: u64,
    actions_left: u32,
    /// Whether things go wrong.
    faulty: bool,
    /// What one node tells another under one topic arrives in the order in which it was said.
    last_told: BTreeMap<(usize, usize, Topic), Timestamp>,
}

impl World {
    /// A world at its beginning: accounts exist, devices are signed in.
    pub async fn new(plan: Plan, trace: Trace) -> anyhow::Result<Self> {
        let mut random = plan.random(0);
        let genesis = plan.genesis;
        let people: Vec<UserId> = (0..plan.people())
            .map(|_| UserId::new(genesis, bytes(&mut random)))
            .collect();
        let server = Server::new(&plan, genesis, &people).await?;
        let is_alone = plan.nodes.len() == 1;
        let mut world = Self {
            actions_left: plan.actions,
            polls: plan.random(5),
            plan,
            now: genesis,
            server,
            devices: Vec::new(),
            ledger: Ledger::new(is_alone),
            random,
            trace,
            people,
            queue: BinaryHeap::new(),
            next_order: 0,
            next_line: 0,
            faulty: false,
            last_told: BTreeMap::new(),
        };
        world.start_all();
        for (number, person) in world.plan.devices.clone().into_iter().enumerate() {
            world.add_device(number, person)?;
        }
        world.sign_in().await?;
        if world.plan.encrypted {
            // Every device has said what others need to let it in.
            world.pass(60_000).await?;
        }
        Ok(world)
    }

    fn add_device(&mut self, number: usize, person: usize) -> anyhow::Result<()> {
        let skew_ms = self.random.random_range(-3_600_000..=3_600_000);
        let user = *self.people.get(person).context("a person")?;
        let random = self.plan.random(100 + u64::try_from(number)?);
        self.devices
            .push(Device::new(person, user, skew_ms, random, self.now)?);
        self.attach(number)?;
        let handle = format!("person{person}");
        let sign_in = Command::SignIn {
            handle,
            password: "any".to_owned(),
            device_name: "a device".to_owned(),
        };
        self.command(number, sign_in)?;
        Ok(())
    }

    async fn sign_in(&mut self) -> anyhow::Result<()> {
        let patience = self.now.plus_ms(600_000);
        while !self
            .devices
            .iter()
            .all(|device| device.screen.connection == Some(ConnectionView::UpToDate))
        {
            ensure!(self.now < patience, "every device signs in and is up to date");
            self.step().await?;
        }
        Ok(())
    }

    /// People do things, and things break, until all actions of the plan are done.
    pub async fn live(&mut self) -> anyhow::Result<()> {
        self.faulty = true;
        self.server.faults.fail_at(self.plan.storage);
        self.later(1, Step::Act);
        while self.actions_left > 0 {
            self.step().await?;
        }
        Ok(())
    }

    /// Nothing breaks any more; everybody gets a fresh line, and then time to settle.
    pub async fn heal(&mut self) -> anyhow::Result<()> {
        self.faulty = false;
        self.server.faults.fail_at(Rates::default());
        self.start_all();
        for running in self.server.nodes.iter().flatten() {
            running.life.live_on();
        }
        for node in 0..self.plan.nodes.len() {
            self.server.network.come_back(node);
        }
        for device in 0..self.devices.len() {
            self.device(device)?.online = true;
            if let Some(line) = &mut self.device(device)?.line {
                line.reads = true;
            }
            self.command(device, Command::SetOnline { online: true })?;
        }
        // Where only nodes have lost something they find it by themselves, before the devices ask on their part.
        self.settle(75).await?;
        if self.plan.nodes.len() > 1 && self.plan.drop == 0.0 {
            // Each node has compared everything with the storage twice.
            check::entries(self).await?;
        }
        self.settle(45).await?;
        for device in 0..self.devices.len() {
            self.cut(device)?;
        }
        self.settle(120).await?;
        if self.plan.encrypted {
            self.say_farewell().await?;
        }
        Ok(())
    }

    /// Lets so many seconds pass, in which nodes get to do what they do of themselves.
    pub(super) async fn settle(&mut self, seconds: i64) -> anyhow::Result<()> {
        if self.plan.nodes.len() > 1 {
            for second in (1..seconds).step_by(3) {
                self.later(second * 1_000, Step::Beat);
            }
        }
        self.pass(seconds * 1_000).await
    }

    /// Lets this much time pass, with all that happens in it.
    pub async fn pass(&mut self, duration_ms: i64) -> anyhow::Result<()> {
        let until = self.now.plus_ms(duration_ms);
        while self.queue.peek().is_some_and(|Reverse(due)| due.at <= until) {
            self.step().await?;
        }
        self.move_clock(until).await;
        Ok(())
    }

    /// Gives a device a command of its view.
    pub fn command(&mut self, device: usize, command: Command) -> anyhow::Result<CommandId> {
        let (id, input) = self.device(device)?.command(command);
        self.feed(device, input)?;
        Ok(id)
    }

    /// The figures of the run.
    pub async fn report(&self) -> anyhow::Result<Report> {
        let (mut entries, mut votes) = (0, 0);
        for conversation in &self.ledger.conversations {
            let log = check::log(self, *conversation).await?;
            entries += log.len();
            votes += check::votes(&log);
        }
        Ok(Report {
            messages: u64::try_from(self.ledger.queued.values().map(Vec::len).sum::<usize>())?,
            entries: u64::try_from(entries)?,
            votes: u64::try_from(votes)?,
            mishaps: self.ledger.mishaps,
            lost: self.ledger.lost,
            interrupted: self.ledger.interrupted,
            crashes: self.ledger.crashes,
        })
    }

    /// Stops the node.
    pub async fn end(&mut self) {
        for device in &mut self.devices {
            device.line = None;
        }
        for node in 0..self.plan.nodes.len() {
            self.server.stop(node).await;
        }
    }

    fn start_all(&mut self) {
        for node in 0..self.plan.nodes.len() {
            self.server.start(node);
        }
    }

    fn device(&mut self, number: usize) -> anyhow::Result<&mut Device> {
        self.devices.get_mut(number).context("a device")
    }

    fn later(&mut self, delay_ms: i64, step: Step) {
        self.at(self.now.plus_ms(delay_ms), step);
    }

    fn at(&mut self, at: Timestamp, step: Step) {
        self.next_order += 1;
        self.queue.push(Reverse(Due {
            at: at.max(self.now),
            order: self.next_order,
            step,
        }));
    }

    async fn move_clock(&mut self, to: Timestamp) {
        let passed_ms = u64::try_from(to.since_ms(self.now)).unwrap_or(0);
        self.now = self.now.max(to);
        self.server.clock.set(self.now);
        if passed_ms > 0 {
            tokio::time::advance(Duration::from_millis(passed_ms)).await;
        }
    }

    async fn step(&mut self) -> anyhow::Result<()> {
        let Reverse(due) = self
            .queue
            .pop()
            .context("something always happens: somebody waits for a wake")?;
        self.move_clock(due.at).await;
        let now = self.now;
        (self.trace)(now, &format_args!("{:?}", due.step));
        match due.step {
            Step::Wake { device, life } => {
                let due = self.device(device)?;
                if due.life == life && due.woken_at.is_some_and(|at| at <= now) {
                    due.woken_at = None;
                    self.feed(device, Input::Tick)?;
                }
            }
            Step::LineUp { device, line } => self.line_up(device, line)?,
            Step::LineDown { device, line } => {
                if self.is_line(device, line)? {
                    self.device(device)?.line = None;
                    self.feed(device, Input::Disconnected)?;
                }
            }
            Step::Up { device, line, text } => self.up(device, line, &text).await?,
            Step::Down { device, line, text } => {
                if self.is_line(device, line)? {
                    self.feed(device, Input::Received { text })?;
                }
            }
            Step::Request {
                device,
                life,
                request,
            } => self.request(device, life, &request).await?,
            Step::Answer {
                device,
                life,
                id,
                answer,
            } => {
                if self.device(device)?.life == life {
                    self.feed(device, Input::HttpDone { id, answer })?;
                }
            }
            Step::Act => self.act().await?,
            Step::StartNode { node } => self.server.start(node),
            Step::Announcement(posted) => self.server.network.arrive(posted),
            Step::BusIsBack { node } => self.server.network.come_back(node),
            Step::ReadAgain { device, line } => {
                if self.is_line(device, line)?
                    && let Some(line) = &mut self.device(device)?.line
                {
                    line.reads = true;
                }
            }
            Step::Beat => {}
            Step::GoOnline { device } => {
                self.device(device)?.online = true;
                self.command(device, Command::SetOnline { online: true })?;
            }
        }
        self.collect().await
    }

    fn is_line(&mut self, device: usize, line: u64) -> anyhow::Result<bool> {
        Ok(self
            .device(device)?
            .line
            .as_ref()
            .is_some_and(|current| current.number == line))
    }

    fn line_up(&mut self, device: usize, line: u64) -> anyhow::Result<()> {
        if !self.is_line(device, line)? {
            return Ok(());
        }
        let online = self.device(device)?.online;
        let Some(line) = &mut self.devices.get_mut(device).context("a device")?.line else {
            return Ok(());
        };
        if let (true, Some(running)) = (online, self.server.running(line.node)) {
            line.life = Arc::clone(&running.life);
            line.session = Some(Session::new(Arc::clone(&running.node)));
            return self.feed(device, Input::Connected);
        }
        self.device(device)?.line = None;
        self.feed(device, Input::Disconnected)
    }

    async fn up(&mut self, device: usize, line: u64, text: &str) -> anyhow::Result<()> {
        if !self.is_line(device, line)? {
            return Ok(());
        }
        let Some(line) = &mut self.device(device)?.line else {
            return Ok(());
        };
        let alive = line.life.step();
        if let (true, Some(session)) = (alive, &mut line.session) {
            let frames = session.handle(text).await;
            self.send_down(device, frames)?;
        }
        Ok(())
    }

    /// Lets the nodes do all that they can do now, and sends what they have for devices and for each other.
    async fn collect(&mut self) -> anyhow::Result<()> {
        for _ in 0..3 {
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
            for device in 0..self.devices.len() {
                self.collect_for(device).await?;
            }
            self.carry_announcements();
        }
        for node in 0..self.plan.nodes.len() {
            if self
                .server
                .running(node)
                .is_some_and(|running| !running.life.is_alive())
            {
                self.ledger.interrupted += 1;
                self.crash_node(node).await?;
            }
        }
        Ok(())
    }

    async fn collect_for(&mut self, device: usize) -> anyhow::Result<()> {
        loop {
            let Some(line) = self.device(device)?.line.as_mut().filter(|line| line.reads) else {
                return Ok(());
            };
            let Some(session) = &mut line.session else {
                return Ok(());
            };
            // What the storage has not answered yet comes with a later step.
            if session.closing().is_some() || session.ready().now_or_never().is_none() {
                return Ok(());
            }
            let frames = session.work().await;
            let closing = session.closing().is_some();
            self.send_down(device, frames)?;
            if closing && let Some(line) = &mut self.device(device)?.line {
                line.session = None;
                let (number, at) = (line.number, line.last_down.plus_ms(1));
                self.at(at, Step::LineDown { device, line: number });
            }
        }
    }

    /// What nodes have said to each other arrives later, or never. Under one topic it stays in order.
    fn carry_announcements(&mut self) {
        for posted in self.server.network.take_posted() {
            // Who misses having been added hears of it minutes later: calm worlds show what a node finds of what it knows.
            let may_vanish = self.plan.drop > 0.0 || matches!(posted.topic, Topic::Conversation(_));
            if may_vanish && self.faulty && self.random.random_bool(self.plan.bus_drop) {
                self.ledger.lost += 1;
                continue;
            }
            let latency_ms = self.random.random_range(1..=self.plan.bus_latency_ms);
            let key = (posted.from, posted.to, posted.topic);
            let last = self.last_told.get(&key).copied().unwrap_or(self.now);
            let at = last.max(self.now.plus_ms(latency_ms));
            self.last_told.insert(key, at);
            self.at(at, Step::Announcement(posted));
        }
    }

    fn send_down(&mut self, device: usize, frames: Vec<impl AsRef<[u8]>>) -> anyhow::Result<()> {
        for frame in frames {
            let line = self.device(device)?.line.as_ref();
            if line.is_some_and(|line| !line.life.step()) {
                return Ok(());
            }
            let text = std::str::from_utf8(frame.as_ref())?.to_owned();
            let decoded = codec::decode_server(&text)?;
            ensure!(decoded != ServerFrame::Unknown, "the server sent {text}");
            let Some(number) = self.device(device)?.line.as_ref().map(|line| line.number) else {
                return Ok(());
            };
            self.ledger.sent(device, number, &decoded)?;
            let may_vanish = matches!(
                decoded,
                ServerFrame::Event(_)
                    | ServerFrame::Receipt(_)
                    | ServerFrame::Typing(_)
                    | ServerFrame::Presence(_)
            );
            if may_vanish && self.faulty && self.random.random_bool(self.plan.drop) {
                self.ledger.mishaps += 1;
                continue;
            }
            self.down_once(device, text.clone())?;
            if may_vanish && self.faulty && self.random.random_bool(self.plan.double) {
                self.ledger.mishaps += 1;
                self.down_once(device, text)?;
            }
        }
        Ok(())
    }

    fn down_once(&mut self, device: usize, text: String) -> anyhow::Result<()> {
        let latency_ms = self.random.random_range(1..=self.plan.latency_ms);
        let at = self.now.plus_ms(latency_ms);
        let Some(line) = &mut self.device(device)?.line else {
            return Ok(());
        };
        line.last_down = line.last_down.max(at);
        let (at, line) = (line.last_down, line.number);
        self.at(at, Step::Down { device, line, text });
        Ok(())
    }

    fn feed(&mut self, device: usize, input: Input) -> anyhow::Result<()> {
        let now = self.now;
        let outputs = self.device(device)?.handle(input, now)?;
        for output in outputs {
            self.carry_out(device, output)?;
        }
        let owner = self.device(device)?;
        let (wake_at, life) = (owner.wake_at(), owner.life);
        if wake_at == owner.woken_at {
            return Ok(());
        }
        owner.woken_at = wake_at;
        if let Some(at) = wake_at {
            self.at(at, Step::Wake { device, life });
        }
        Ok(())
    }

    fn carry_out(&mut self, device: usize, output: Output) -> anyhow::Result<()> {
        let latency_ms = self.random.random_range(1..=self.plan.latency_ms);
        let now = self.now;
        match output {
            Output::Connect => {
                self.next_line += 1;
                let number = self.next_line;
                let node = self.draw_node();
                let line = Line {
                    number,
                    node,
                    reads: true,
                    life: Arc::default(),
                    session: None,
                    last_up: now,
                    last_down: now,
                };
                self.device(device)?.line = Some(line);
                self.later(latency_ms, Step::LineUp { device, line: number });
            }
            Output::Disconnect => self.device(device)?.line = None,
            Output::Send { text } => {
                let Some(line) = &mut self.device(device)?.line else {
                    return Ok(());
                };
                line.last_up = line.last_up.max(now.plus_ms(latency_ms));
                let (at, line) = (line.last_up, line.number);
                self.at(at, Step::Up { device, line, text });
            }
            Output::Http(request) => {
                let life = self.device(device)?.life;
                if !self.plan.encrypted && request.path.starts_with("/v1/devices/current/") {
                    self.has_no_keys(device, life, request.id);
                    return Ok(());
                }
                self.later(
                    latency_ms,
                    Step::Request {
                        device,
                        life,
                        request,
                    },
                );
            }
            // Simulated people send no files.
            Output::AbortHttp { .. }
            | Output::HashFile { .. }
            | Output::DropFile { .. }
            | Output::KeepFiles { .. } => {}
            Output::Update { view, update } => {
                let device = self.device(device)?;
                if view == device.view() {
                    device.screen.apply(update)?;
                }
            }
            Output::Reply { view, id, reply } => {
                let device = self.device(device)?;
                if view == device.view() {
                    device.replies.push((id, reply));
                }
            }
        }
        Ok(())
    }

    fn attach(&mut self, device: usize) -> anyhow::Result<()> {
        let view = self.device(device)?.view();
        self.feed(device, Input::Attach { view })
    }

    fn cut(&mut self, device: usize) -> anyhow::Result<()> {
        if let Some(line) = &mut self.device(device)?.line {
            line.session = None;
            let number = line.number;
            self.later(1, Step::LineDown { device, line: number });
        }
        Ok(())
    }

    /// Any node: the balancer knows nothing.
    fn draw_node(&mut self) -> usize {
        self.random.random_range(0..self.plan.nodes.len())
    }

    async fn crash_node(&mut self, node: usize) -> anyhow::Result<()> {
        self.ledger.crashes += 1;
        for device in 0..self.devices.len() {
            if self
                .device(device)?
                .line
                .as_ref()
                .is_some_and(|line| line.node == node)
            {
                self.cut(device)?;
            }
        }
        self.server.stop(node).await;
        let down_ms = self.random.random_range(1..=20_000);
        self.later(down_ms, Step::StartNode { node });
        Ok(())
    }
}

fn bytes(random: &mut ChaCha8Rng) -> [u8; 10] {
    let mut bytes = [0; 10];
    random.fill_bytes(&mut bytes);
    bytes
}
