//! PostgreSQL: a primary and a standby that has everything before a commit is answered, so that a failover loses nothing.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::process::{Process, Watcher, free_port, run};

/// How long a server may take to be ready: recovery included.
const READY_TRIES: u32 = 600;
const TRY_AGAIN: Duration = Duration::from_millis(50);

/// Two servers in a folder.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    programs: Programs,
    watcher: Watcher,
    servers: [Server; 2],
    primary: usize,
    /// The standby is cut off from the primary on purpose, and a failover loses what was acknowledged.
    sabotaged: bool,
}

#[derive(Debug)]
struct Server {
    port: u16,
    data: PathBuf,
    log: PathBuf,
    process: Option<Process>,
}

/// Where PostgreSQL's programs are, and who runs them: it refuses root.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    folder: PathBuf,
    /// The ids of the account that runs them, where it is another.
    pub(crate) account: Option<(u32, u32)>,
}

impl Programs {
    pub(crate) fn find() -> Result<Self> {
        let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
            .context("PostgreSQL is not installed: apt-get install postgresql-15")?
            .flatten()
            .map(|entry| entry.path().join("bin"))
            .filter(|folder| folder.join("postgres").is_file())
            .collect();
        versions.sort();
        let folder = versions
            .pop()
            .context("there is no PostgreSQL server below /usr/lib/postgresql")?;
        let account = if rustix::process::geteuid().is_root() {
            let accounts = std::fs::read_to_string("/etc/passwd").context("reading /etc/passwd")?;
            let line = accounts.lines().find(|line| line.starts_with("postgres:"));
            let mut ids = line.context("there is no account postgres")?.split(':').skip(2);
            let mut id = || {
                ids.next()
                    .and_then(|id| id.parse().ok())
                    .context("reading /etc/passwd")
            };
            Some((id()?, id()?))
        } else {
            None
        };
        Ok(Self { folder, account })
    }

    pub(crate) fn command(&self, program: &str, folder: &Path) -> Command {
        let mut command = Command::new(self.folder.join(program));
        command.current_dir(folder);
        if let Some((uid, gid)) = self.account {
            command.uid(uid).gid(gid);
        }
        command
    }
}

impl Postgres {
    /// Makes both servers in this folder and starts them.
    pub async fn start(folder: PathBuf, watcher: &Watcher) -> Result<Self> {
        let programs = Programs::find()?;
        std::fs::create_dir_all(&folder).context("making PostgreSQL's folder")?;
        if let Some((uid, gid)) = programs.account {
            std::os::unix::fs::chown(&folder, Some(uid), Some(gid)).context("giving a folder to postgres")?;
        }
        let server = |name: &str| -> Result<Server> {
            Ok(Server {
                port: free_port()?,
                data: folder.join(name),
                log: folder.join(format!("{name}.log")),
                process: None,
            })
        };
        let mut postgres = Self {
            servers: [server("a")?, server("b")?],
            folder,
            programs,
            watcher: watcher.clone(),
            primary: 0,
            sabotaged: false,
        };
        let mut initdb = postgres.programs.command("initdb", &postgres.folder);
        initdb.args([
            "-U",
            "pipit",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "-D",
        ]);
        initdb.arg(&postgres.primary().data);
        run(initdb).await?;
        postgres.launch(0).await?;
        postgres.sql(0, "CREATE DATABASE pipit").await?;
        postgres.make_standby().await?;
        Ok(postgres)
    }

    /// The ports of both, in an order that stays.
    #[must_use]
    pub fn ports(&self) -> [u16; 2] {
        let [first, second] = &self.servers;
        [first.port, second.port]
    }

    /// From now on the primary does not wait for the standby, which is given nothing more: a failover loses what was acknowledged.
    pub async fn sabotage(&mut self) -> Result<()> {
        self.wait_until_in_step().await?;
        self.sabotaged = true;
        for (number, setting) in [
            (self.primary, "synchronous_standby_names"),
            (self.standby(), "primary_conninfo"),
        ] {
            self.sql(number, &format!("ALTER SYSTEM SET {setting} = ''"))
                .await?;
            self.sql(number, "SELECT pg_reload_conf()").await?;
        }
        Ok(())
    }

    /// Ends the primary with SIGKILL.
    pub fn kill(&mut self) {
        let primary = self.primary;
        if let Some(server) = self.servers.get_mut(primary) {
            server.process = None;
        }
    }

    /// Starts the primary again; it recovers.
    pub async fn restart(&mut self) -> Result<()> {
        self.launch(self.primary).await?;
        self.wait_until_in_step().await
    }

    /// Ends the primary with SIGKILL and promotes the standby. There is no standby until [`Postgres::rebuild`].
    pub async fn fail_over(&mut self) -> Result<()> {
        self.wait_until_in_step().await?;
        self.kill();
        let next = self.standby();
        let mut promote = self.programs.command("pg_ctl", &self.folder);
        promote
            .args(["promote", "-w", "-D"])
            .arg(&self.server(next)?.data);
        run(promote).await?;
        self.primary = next;
        self.sabotaged = false;
        Ok(())
    }

    /// Makes a new standby in the place of the server that was killed.
    pub async fn rebuild(&mut self) -> Result<()> {
        self.make_standby().await
    }

    fn primary(&self) -> &Server {
        let [first, second] = &self.servers;
        if self.primary == 0 { first } else { second }
    }

    fn standby(&self) -> usize {
        1 - self.primary
    }

    fn server(&self, number: usize) -> Result<&Server> {
        self.servers.get(number).context("there are two servers")
    }

    async fn make_standby(&mut self) -> Result<()> {
        let number = self.standby();
        let source = self.primary().port.to_string();
        let data = self.server(number)?.data.clone();
        if data.exists() {
            self.wait_until_gone(&data).await?;
            std::fs::remove_dir_all(&data).context("removing the old primary's data")?;
        }
        let mut copy = self.programs.command("pg_basebackup", &self.folder);
        copy.args([
            "-h",
            "127.0.0.1",
            "-U",
            "pipit",
            "-p",
            &source,
            "-c",
            "fast",
            "-R",
            "-D",
        ]);
        copy.arg(&data);
        run(copy).await?;
        self.launch(number).await?;
        self.sql(self.primary, "ALTER SYSTEM SET synchronous_standby_names = '*'")
            .await?;
        self.sql(self.primary, "SELECT pg_reload_conf()").await?;
        self.wait_until_in_step().await
    }

    /// A killed server's own processes end when they notice; until then they hold its shared memory.
    async fn wait_until_gone(&self, data: &Path) -> Result<()> {
        for _ in 0..READY_TRIES {
            let held = std::fs::read_dir("/proc")
                .context("reading /proc")?
                .flatten()
                .any(|entry| std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == data));
            if !held {
                return Ok(());
            }
            tokio::time::sleep(TRY_AGAIN).await;
        }
        bail!("processes of a killed PostgreSQL do not end")
    }

    async fn launch(&mut self, number: usize) -> Result<()> {
        let (data, log, port) = {
            let server = self.server(number)?;
            (server.data.clone(), server.log.clone(), server.port)
        };
        self.wait_until_gone(&data).await?;
        let mut command = self.programs.command("postgres", &self.folder);
        command
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(&self.folder)
            .arg("-p")
            .arg(port.to_string());
        for setting in [
            "listen_addresses=127.0.0.1",
            "max_connections=120",
            "shared_buffers=64MB",
            "wal_receiver_status_interval=1",
            "wal_retrieve_retry_interval=200ms",
            "log_min_messages=warning",
        ] {
            command.args(["-c", setting]);
        }
        let process = Process::start(command, &log, &self.watcher)?;
        if let Some(server) = self.servers.get_mut(number) {
            server.process = Some(process);
        }
        for _ in 0..READY_TRIES {
            if self.sql(number, "SELECT 1").await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(TRY_AGAIN).await;
        }
        bail!("PostgreSQL does not start: {}", log.display())
    }

    /// Waits until the standby has everything that is answered.
    async fn wait_until_in_step(&self) -> Result<()> {
        if self.sabotaged {
            return Ok(());
        }
        for _ in 0..READY_TRIES {
            let states = self
                .sql(
                    self.primary,
                    "SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming'",
                )
                .await
                .unwrap_or_default();
            if states.contains("sync") && !states.contains("async") {
                return Ok(());
            }
            tokio::time::sleep(TRY_AGAIN).await;
        }
        bail!("the standby does not follow")
    }

    async fn sql(&self, number: usize, statement: &str) -> Result<String> {
        let port = self.server(number)?.port.to_string();
        let mut psql = Command::new("psql");
        psql.args([
            "-h",
            "127.0.0.1",
            "-U",
            "pipit",
            "-d",
            "postgres",
            "-p",
            &port,
            "-Atqc",
            statement,
        ]);
        psql.env("PGCONNECT_TIMEOUT", "3");
        run(psql).await
    }
}
