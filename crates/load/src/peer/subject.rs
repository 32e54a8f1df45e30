//! The servers that are measured: starting each anew for a round, with the same people and conversations.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use pipit_client_net::{HttpClient, ServerAddress, Tls};
use pipit_wire::{ConversationId, Timestamp};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Child;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::broadcast::{Room, Told};
use super::database::Database;
use super::ejabberd::Ejabberd;
use super::measure::{Figures, How, Pids, measure};
use super::plan::{self, PEOPLE};
use super::websocket::Server;
use super::xmpp;
use crate::process::OwnServer;
use crate::run::unix_ms;
use crate::workload::{Accounts, gather};

/// A server that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Pipit on SQLite.
    Pipit,
    /// Pipit on PostgreSQL.
    PipitPostgres,
    /// The minimal server on Node, `ws` and PostgreSQL.
    Node,
    /// ejabberd, its archive on PostgreSQL.
    Ejabberd,
    /// A bare broadcast that keeps nothing.
    Broadcast,
}

impl Subject {
    /// All of them, in the order of their turns: whoever is slow comes first, because delivery is measured at the slowest's rate.
    pub const ALL: [Self; 5] = [
        Self::Ejabberd,
        Self::Node,
        Self::PipitPostgres,
        Self::Pipit,
        Self::Broadcast,
    ];

    /// Whether it keeps messages, so that clients can come back to them.
    #[must_use]
    pub const fn keeps(self) -> bool {
        !matches!(self, Self::Broadcast)
    }

    /// As tables name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pipit => "Pipit, SQLite",
            Self::PipitPostgres => "Pipit, PostgreSQL",
            Self::Node => "Node `ws`, PostgreSQL",
            Self::Ejabberd => "ejabberd, PostgreSQL",
            Self::Broadcast => "bare broadcast, no store",
        }
    }
}

/// Where programs are.
#[derive(Clone, Debug)]
pub struct Programmes {
    /// `pipit`.
    pub pipit: PathBuf,
    /// The folder of the Node server, its packages installed.
    pub node: PathBuf,
}

/// One round on one server.
pub async fn round(subject: Subject, programmes: &Programmes, how: How) -> anyhow::Result<Figures> {
    let folder = tempfile::tempdir()?;
    let needs_database = matches!(
        subject,
        Subject::PipitPostgres | Subject::Node | Subject::Ejabberd
    );
    let database = if needs_database {
        Some(Database::start(folder.path()).await?)
    } else {
        None
    };
    let url = database.as_ref().map(|database| database.url.as_str());
    let pids = |server| Pids {
        server,
        database: database.as_ref().map(|database| database.process.pid()),
    };
    let (child, server, pid) = match subject {
        Subject::Pipit | Subject::PipitPostgres => pipit(&programmes.pipit, url).await?,
        Subject::Node => {
            let mut command = Command::new("node");
            command.arg(programmes.node.join("server.mjs"));
            command.env("DATABASE_URL", url.unwrap_or_default());
            told(command).await?
        }
        Subject::Ejabberd => {
            let database = database.as_ref().context("a database")?;
            let ejabberd = Ejabberd::start(folder.path(), database).await?;
            let server = xmpp::Server::new(ejabberd.port);
            return measure(server, pids(ejabberd.process.pid()), how).await;
        }
        Subject::Broadcast => {
            let mut command = Command::new(std::env::current_exe()?);
            command.arg("broadcast");
            told(command).await?
        }
    };
    let figures = measure(server, pids(pid), how).await;
    child.stop().await?;
    figures
}

/// What runs.
enum Running {
    Pipit(OwnServer),
    Other(Child),
}

impl Running {
    async fn stop(self) -> anyhow::Result<()> {
        match self {
            Self::Pipit(server) => server.stop().await,
            Self::Other(mut child) => Ok(child.kill().await?),
        }
    }
}

async fn pipit(binary: &Path, database: Option<&str>) -> anyhow::Result<(Running, Server, u32)> {
    let (server, tokens) = OwnServer::start_on(binary, u32::try_from(PEOPLE)?, database).await?;
    let address: ServerAddress = server.address.parse()?;
    let tls = Tls::new(false)?;
    let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
    let http = HttpClient::new(address.clone(), &tls, &tasks, &shutdown);
    let unix_ms = unix_ms();
    let guests = gather(&http, Accounts::Seeded(tokens), &plan::plan(), 1, unix_ms).await?;
    shutdown.cancel();
    let tokens = guests.people.into_iter().map(|person| person.access_token);
    let peer = Server {
        address,
        tls,
        tokens: tokens.collect(),
        conversations: guests.conversations.iter().map(|(id, _)| *id).collect(),
        unix_ms,
        seqs: Mutex::default(),
        lines: AtomicU64::new(unix_ms),
    };
    let pid = server.pid;
    Ok((Running::Pipit(server), peer, pid))
}

/// A reference server: it is told its people, and says where it is.
async fn told(command: Command) -> anyhow::Result<(Running, Server, u32)> {
    let unix_ms = unix_ms();
    let now = Timestamp(i64::try_from(unix_ms)?);
    let id = |number: u64| {
        let mut random = [0; 10];
        if let Some(last) = random.last_chunk_mut() {
            *last = number.to_be_bytes();
        }
        ConversationId::new(now, random)
    };
    let rooms = (0..).zip(plan::conversations());
    let conversations: Vec<Room> = rooms
        .map(|(number, members)| Room {
            id: id(number),
            members,
        })
        .collect();
    let ids: Arc<[ConversationId]> = conversations.iter().map(|room| room.id).collect();
    let people = PEOPLE;
    let plan = serde_json::to_vec(&Told {
        people,
        conversations,
    })?;
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = tokio::process::Command::from(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("starting {program}"))?;
    let mut stdin = child.stdin.take().context("standard input")?;
    stdin.write_all(&plan).await?;
    drop(stdin);
    let stdout = child.stdout.take().context("standard output")?;
    let line = BufReader::new(stdout).lines().next_line().await?;
    let line = line.with_context(|| format!("{program} ended at once"))?;
    let address = line
        .strip_prefix("Ready at ")
        .context("the server says where it is")?;
    let peer = Server {
        address: address.parse()?,
        tls: Tls::new(false)?,
        tokens: (0..PEOPLE).map(|person| format!("person-{person}")).collect(),
        conversations: ids,
        unix_ms,
        seqs: Mutex::default(),
        lines: AtomicU64::new(unix_ms),
    };
    let pid = child.id().context("a running process")?;
    Ok((Running::Other(child), peer, pid))
}
