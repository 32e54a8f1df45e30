//! What is broken: nodes, PostgreSQL and Redis as child processes, and the links between them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::link::Link;
use super::plan::{Edge, Fault, Shape, Trouble};
use super::postgres::Postgres;
use super::process::{Process, Watcher, free_port, run};

const TRY_AGAIN: Duration = Duration::from_millis(20);
/// How long a node may take from its start to being ready, tries: with its services gone it ends, and is started again.
const READY_TRIES: u32 = 3_000;
/// How long a node may take to stop in good order.
const STOP_MS: u64 = 15_000;
/// A disk that is soon full.
const DISK: &str = "size=96m";

/// What to run.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The binary `pipit`.
    pub server: PathBuf,
    /// How many nodes. One runs on SQLite, several on PostgreSQL.
    pub nodes: usize,
    /// Nodes have a Redis, where the binary knows of it.
    pub redis: bool,
    /// The nodes' clocks can be set (`libfaketime`, where it is installed).
    pub clock: bool,
    /// Of the links' jitter.
    pub seed: u64,
}

/// Everything that runs.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    nodes: Vec<Node>,
    postgres: Option<Mutex<Postgres>>,
    redis: Option<Redis>,
    shape: Shape,
    watcher: Watcher,
}

#[derive(Debug)]
struct Node {
    number: usize,
    server: PathBuf,
    port: u16,
    data: PathBuf,
    logs: PathBuf,
    /// The library that the process is told the time by, and the file that says how far it is off.
    clock: Option<(PathBuf, PathBuf)>,
    arguments: Vec<String>,
    clients: Link,
    postgres: Vec<Link>,
    redis: Option<Link>,
    running: Mutex<Running>,
    watcher: Watcher,
}

#[derive(Debug, Default)]
struct Running {
    process: Option<Process>,
    starts: u32,
}

#[derive(Debug)]
struct Redis {
    port: u16,
    folder: PathBuf,
    process: Mutex<Option<Process>>,
}

impl Redis {
    async fn start(&self, watcher: &Watcher) -> Result<()> {
        let mut command = Command::new("redis-server");
        let port = self.port.to_string();
        command.args([
            "--bind",
            "127.0.0.1",
            "--port",
            &port,
            "--save",
            "",
            "--appendonly",
            "no",
        ]);
        command.arg("--dir").arg(&self.folder);
        let process = Process::start(command, &self.folder.join("redis.log"), watcher)?;
        *self.process.lock().await = Some(process);
        for _ in 0..READY_TRIES {
            if tokio::net::TcpStream::connect(("127.0.0.1", self.port))
                .await
                .is_ok()
            {
                return Ok(());
            }
            tokio::time::sleep(TRY_AGAIN).await;
        }
        bail!("Redis does not start")
    }

    async fn signal(&self, signal: Signal) {
        if let Some(process) = &*self.process.lock().await {
            process.signal(signal);
        }
    }
}

impl Cluster {
    /// Starts everything in this folder, which is removed by the watcher in the end.
    pub async fn start(
        setting: &Setting,
        folder: &Path,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Result<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        // The account that PostgreSQL runs as has to get to its own folder below.
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))
            .context("opening a folder")?;
        let watcher = Watcher::start(folder)?;
        let several = setting.nodes > 1;
        let postgres = if several {
            let folder = folder.join("postgres");
            Some(Postgres::start(folder, &watcher).await?)
        } else {
            None
        };
        let redis = if several && setting.redis && knows(&setting.server, "--redis").await {
            let redis = Redis {
                port: free_port()?,
                folder: folder.to_owned(),
                process: Mutex::default(),
            };
            redis.start(&watcher).await?;
            Some(redis)
        } else {
            None
        };
        let disk = !several && mount(folder).await;
        let faketime = if setting.clock { find_faketime() } else { None };
        let mut nodes: Vec<Node> = Vec::new();
        for number in 0..setting.nodes {
            let ports = postgres.as_ref().map(Postgres::ports);
            let link = Links {
                seed: setting
                    .seed
                    .wrapping_add(u64::try_from(number).unwrap_or_default() << 8),
                tasks,
                stop,
            };
            let mut node = Node::new(number, setting, folder, &link, &watcher).await?;
            node.connect_services(ports, redis.as_ref().map(|redis| redis.port), &link)
                .await?;
            node.clock = faketime
                .clone()
                .map(|library| (library, folder.join(format!("clock-{number}"))));
            node.set_clock(0)?;
            if let Some(first) = nodes.first() {
                node.share_key(first)?;
            }
            node.start().await?;
            nodes.push(node);
        }
        let shape = Shape {
            nodes: setting.nodes,
            postgres: several,
            redis: redis.is_some(),
            disk,
            clock: faketime.is_some(),
        };
        Ok(Self {
            folder: folder.to_owned(),
            nodes,
            postgres: postgres.map(Mutex::new),
            redis,
            shape,
            watcher,
        })
    }

    /// What there is to break.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Where clients reach each node: through the links.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.nodes.iter().map(|node| node.clients.address()).collect()
    }

    /// The token of the set-up link that the first node printed.
    pub fn set_up_token(&self) -> Result<String> {
        let node = self.nodes.first().context("there is a node")?;
        let log = std::fs::read_to_string(node.log(1)).context("reading the first node's log")?;
        let line = log.lines().find(|line| line.starts_with("Set it up: "));
        let token = line
            .and_then(|line| line.rsplit_once('#'))
            .map(|(_, token)| token.to_owned());
        token.context("the first node printed no set-up link")
    }

    /// Breaks a promise on purpose, see [`Postgres::sabotage`].
    pub async fn sabotage(&self) -> Result<()> {
        self.postgres()?.lock().await.sabotage().await
    }

    /// Keeps the folder with all logs; where it is.
    pub fn keep(&self) -> Result<&Path> {
        std::fs::write(self.folder.join("keep"), "").context("keeping the logs")?;
        Ok(&self.folder)
    }

    /// Does it, waits, and heals it. The time at which it was healed is when this returns.
    pub async fn suffer(&self, fault: Fault, lasts: Duration) -> Result<()> {
        match fault {
            Fault::KillNode(number) => {
                let node = self.node(number)?;
                node.running.lock().await.process = None;
                tokio::time::sleep(lasts).await;
                node.start().await
            }
            Fault::PauseNode(number) => {
                let node = self.node(number)?;
                node.signal(Signal::STOP).await;
                tokio::time::sleep(lasts).await;
                node.signal(Signal::CONT).await;
                Ok(())
            }
            Fault::RollingRestart => self.rolling_restart().await,
            Fault::KillRedis => {
                let redis = self.redis()?;
                *redis.process.lock().await = None;
                tokio::time::sleep(lasts).await;
                redis.start(&self.watcher).await
            }
            Fault::PauseRedis => {
                let redis = self.redis()?;
                redis.signal(Signal::STOP).await;
                tokio::time::sleep(lasts).await;
                redis.signal(Signal::CONT).await;
                Ok(())
            }
            Fault::FailOver => {
                let mut postgres = self.postgres()?.lock().await;
                postgres.fail_over().await?;
                postgres.rebuild().await
            }
            Fault::KillPostgres => {
                let mut postgres = self.postgres()?.lock().await;
                postgres.kill();
                tokio::time::sleep(lasts).await;
                postgres.restart().await
            }
            Fault::Link(edge, trouble) => {
                self.set(edge, Some(trouble))?;
                tokio::time::sleep(lasts).await;
                self.set(edge, None)
            }
            Fault::Reset(edge) => {
                for link in self.links(edge)? {
                    link.reset();
                }
                Ok(())
            }
            Fault::FillDisk => self.fill_disk(lasts).await,
            Fault::ClockJump { node, seconds } => {
                let node = self.node(node)?;
                node.set_clock(seconds)?;
                tokio::time::sleep(lasts).await;
                node.set_clock(0)
            }
        }
    }

    async fn rolling_restart(&self) -> Result<()> {
        for node in &self.nodes {
            node.signal(Signal::TERM).await;
            {
                let mut running = node.running.lock().await;
                if let Some(mut process) = running.process.take()
                    && !process.ended(STOP_MS).await
                {
                    bail!(
                        "node {} does not stop within {STOP_MS} ms of SIGTERM",
                        node.number
                    );
                }
            }
            node.start().await?;
        }
        Ok(())
    }

    async fn fill_disk(&self, lasts: Duration) -> Result<()> {
        let filler = self.node(0)?.data.join("filler");
        let path = filler.clone();
        tokio::task::spawn_blocking(move || {
            use std::io::Write as _;
            // Large pieces first, then small ones: until not a byte is left.
            let mut file = std::fs::File::create(&path)?;
            for size in [1 << 20, 4_096, 1] {
                let piece = vec![0_u8; size];
                while file.write_all(&piece).is_ok() {}
            }
            std::io::Result::Ok(())
        })
        .await
        .context("filling the disk")?
        .context("making the file that fills the disk")?;
        tokio::time::sleep(lasts).await;
        std::fs::remove_file(filler).context("emptying the disk")
    }

    fn set(&self, edge: Edge, trouble: Option<Trouble>) -> Result<()> {
        for link in self.links(edge)? {
            link.set(trouble);
        }
        Ok(())
    }

    fn links(&self, edge: Edge) -> Result<Vec<&Link>> {
        Ok(match edge {
            Edge::Clients(node) => vec![&self.node(node)?.clients],
            Edge::Postgres(node) => self.node(node)?.postgres.iter().collect(),
            Edge::Redis(node) => self.node(node)?.redis.iter().collect(),
        })
    }

    fn node(&self, number: usize) -> Result<&Node> {
        self.nodes
            .get(number)
            .with_context(|| format!("there is no node {number}"))
    }

    fn postgres(&self) -> Result<&Mutex<Postgres>> {
        self.postgres.as_ref().context("there is no PostgreSQL")
    }

    fn redis(&self) -> Result<&Redis> {
        self.redis.as_ref().context("there is no Redis")
    }
}

/// What a node's links are made with.
struct Links<'a> {
    seed: u64,
    tasks: &'a TaskTracker,
    stop: &'a CancellationToken,
}

impl Links<'_> {
    async fn to(&self, port: u16) -> Result<Link> {
        let to = SocketAddr::from(([127, 0, 0, 1], port));
        let link = Link::open(to, self.seed ^ u64::from(port), self.tasks, self.stop).await;
        link.context("opening a link")
    }
}

impl Node {
    async fn new(
        number: usize,
        setting: &Setting,
        folder: &Path,
        link: &Links<'_>,
        watcher: &Watcher,
    ) -> Result<Self> {
        let port = free_port()?;
        let data = folder.join(format!("node-{number}"));
        std::fs::create_dir_all(&data).context("making a node's folder")?;
        Ok(Self {
            number,
            server: setting.server.clone(),
            port,
            data,
            logs: folder.to_owned(),
            clock: None,
            arguments: Vec::new(),
            clients: link.to(port).await?,
            postgres: Vec::new(),
            redis: None,
            running: Mutex::default(),
            watcher: watcher.clone(),
        })
    }

    async fn connect_services(
        &mut self,
        postgres: Option<[u16; 2]>,
        redis: Option<u16>,
        link: &Links<'_>,
    ) -> Result<()> {
        if let Some([first, second]) = postgres {
            let (first, second) = (link.to(first).await?, link.to(second).await?);
            self.arguments.push("--database".to_owned());
            self.arguments.push(format!(
                "postgres://pipit@{},{}/pipit?target_session_attrs=read-write&connect_timeout=2",
                first.address(),
                second.address()
            ));
            self.postgres = vec![first, second];
        }
        if let Some(port) = redis {
            let link = link.to(port).await?;
            self.arguments.push("--redis".to_owned());
            self.arguments.push(format!("redis://{}", link.address()));
            self.redis = Some(link);
        }
        Ok(())
    }

    /// Nodes of one cluster sign tokens with one key.
    fn share_key(&self, first: &Self) -> Result<()> {
        let key = first.data.join("token.key");
        if key.exists() {
            std::fs::copy(key, self.data.join("token.key")).context("sharing the key that signs tokens")?;
        }
        Ok(())
    }

    fn set_clock(&self, seconds: i64) -> Result<()> {
        let Some((_, path)) = &self.clock else {
            return Ok(());
        };
        std::fs::write(path, format!("{seconds:+}\n")).context("setting a clock")
    }

    fn log(&self, start: u32) -> PathBuf {
        self.logs.join(format!("node-{}.{start}.log", self.number))
    }

    async fn signal(&self, signal: Signal) {
        if let Some(process) = &self.running.lock().await.process {
            process.signal(signal);
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.server);
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("PIPIT_")) {
                command.env_remove(name);
            }
        }
        if let Some((library, path)) = &self.clock {
            command
                .env("LD_PRELOAD", library)
                .env("FAKETIME_TIMESTAMP_FILE", path)
                .env("FAKETIME_CACHE_DURATION", "1")
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
                .env("DONT_FAKE_MONOTONIC", "1");
        }
        command
            .env("PIPIT_LIMITS_ATTEMPTS_PER_MINUTE_ADDRESS", "1000000")
            .env("PIPIT_LIMITS_ATTEMPTS_PER_MINUTE_ACCOUNT", "1000000")
            .env("PIPIT_LIMITS_REQUESTS_PER_MINUTE_DEVICE", "1000000")
            .env("PIPIT_REGISTRATION", "open")
            .env("PIPIT_MESSAGE_REQUESTS", "off")
            .args(["serve", "--listen", &format!("127.0.0.1:{}", self.port), "--data"])
            .arg(&self.data)
            .args(&self.arguments);
        command
    }

    /// Starts it and waits until it is ready. One that ends before, because a service is away, is started again, as a supervisor would.
    async fn start(&self) -> Result<()> {
        let mut running = self.running.lock().await;
        let mut tries_left = READY_TRIES;
        while tries_left > 0 {
            running.process = None;
            running.starts += 1;
            let log = self.log(running.starts);
            let mut process = Process::start(self.command(), &log, &self.watcher)?;
            while tries_left > 0 && process.is_running() {
                tries_left -= 1;
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                if said.contains("Pipit is ready at ") {
                    running.process = Some(process);
                    return Ok(());
                }
                tokio::time::sleep(TRY_AGAIN).await;
            }
            tries_left = tries_left.saturating_sub(10);
            tokio::time::sleep(TRY_AGAIN.saturating_mul(10)).await;
        }
        let log = self.log(running.starts);
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        bail!(
            "node {} does not start, {} times. It said last, in {}: {}",
            self.number,
            running.starts,
            log.display(),
            said.lines().last().unwrap_or("nothing")
        )
    }
}

/// Debian's `libfaketime`, where it is installed.
fn find_faketime() -> Option<PathBuf> {
    std::fs::read_dir("/usr/lib")
        .ok()?
        .flatten()
        .map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"))
        .find(|library| library.exists())
}

/// Whether the server has this flag.
async fn knows(server: &Path, flag: &str) -> bool {
    let mut command = Command::new(server);
    command.args(["serve", "--help"]);
    run(command).await.is_ok_and(|text| text.contains(flag))
}

/// Gives the only node a small disk of its own, where there is the right.
async fn mount(folder: &Path) -> bool {
    let disk = folder.join("node-0");
    if std::fs::create_dir_all(&disk).is_err() {
        return false;
    }
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", DISK, "tmpfs"]).arg(disk);
    run(mount).await.is_ok()
}
