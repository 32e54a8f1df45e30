//! ejabberd as Debian packages it, started for one round: its accounts and its archive in PostgreSQL.
//!
//! It is given what helps it: passwords that need no hashing, no roster, no presence of others in rooms, a pool of 16 connections
//! to the database, and rooms of any size. Nothing of it is part of Pipit: it runs as a program of its own.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::database::Database;
use super::plan::PEOPLE;
use super::xmpp::{HOST, ROOMS, account};
use crate::chaos::process::{Process, Watcher, free_port};

/// The tables that it wants, where the package puts them.
const SCHEMA: &str = "/usr/share/ejabberd/sql/pg.sql";
/// How long it may take to be ready.
const READY_TRIES: u32 = 600;
const TRY_AGAIN: Duration = Duration::from_millis(50);

/// One that runs.
pub struct Ejabberd {
    /// Where it speaks XMPP.
    pub port: u16,
    /// The Erlang machine that it is.
    pub process: Process,
}

impl Ejabberd {
    /// Starts it on this database, with files in this folder.
    pub async fn start(folder: &Path, database: &Database) -> anyhow::Result<Self> {
        let libraries = libraries()?;
        database.sql("--file", SCHEMA).await?;
        // The name and the password are the same word.
        let name = account(0).replace('0', "");
        let last = PEOPLE - 1;
        let accounts = format!(
            "INSERT INTO users (username, password) SELECT '{name}' || n, '{name}' || n FROM generate_series(0, {last}) n"
        );
        database.sql("--command", &accounts).await?;
        let port = free_port()?;
        let config = folder.join("ejabberd.yml");
        std::fs::write(&config, settings(port, database.port))?;
        let mut command = Command::new("erl");
        command
            .args(["+K", "true", "+P", "250000", "-noinput", "-mnesia", "dir"])
            .arg(format!("\"{}\"", folder.join("spool").display()))
            .args(["-s", "ejabberd"])
            .current_dir(folder)
            .env("HOME", folder)
            .env("ERL_LIBS", libraries)
            .env("ERL_MAX_PORTS", "32000")
            .env("ERL_CRASH_DUMP", folder.join("erl_crash.dump"))
            .env("EJABBERD_CONFIG_PATH", &config)
            .env("EJABBERD_LOG_PATH", folder.join("ejabberd.log"));
        let own = folder.join("ejabberd");
        std::fs::create_dir_all(&own)?;
        let log = folder.join("erl.log");
        let mut process = Process::start(command, &log, &Watcher::start(&own)?)?;
        for _ in 0..READY_TRIES {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(Self { port, process });
            }
            if !process.is_running() {
                break;
            }
            tokio::time::sleep(TRY_AGAIN).await;
        }
        let said = std::fs::read_to_string(log).unwrap_or_default();
        bail!("ejabberd does not start: {}", said.trim())
    }
}

/// The folder of Erlang libraries that ejabberd is in.
fn libraries() -> anyhow::Result<PathBuf> {
    let is_in = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.file_name())
            .any(|name| name.to_string_lossy().starts_with("ejabberd-"))
    };
    let folders = std::fs::read_dir("/usr/lib")?.flatten().map(|entry| entry.path());
    let found = folders
        .filter(|folder| folder.is_dir())
        .find(|folder| is_in(folder));
    found.context("ejabberd is not installed: apt-get install ejabberd erlang-p1-pgsql")
}

fn settings(port: u16, database: u16) -> String {
    format!(
        r#"hosts: ["{HOST}"]
loglevel: error
listen:
  - port: {port}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    backlog: 4096
    max_stanza_size: 65536
default_db: sql
sql_type: pgsql
sql_server: "127.0.0.1"
sql_port: {database}
sql_database: pipit
sql_username: pipit
sql_password: trusted
sql_pool_size: 16
auth_method: [sql]
auth_password_format: plain
access_rules:
  anybody:
    allow: all
modules:
  mod_mam:
    default: always
  mod_muc:
    host: "{ROOMS}"
    access: anybody
    access_create: anybody
    access_persistent: anybody
    max_users: 5000
    max_user_conferences: 100
    default_room_options:
      persistent: true
      mam: true
      max_users: 5000
      presence_broadcast: []
  mod_stream_mgmt:
    max_ack_queue: infinity
"#
    )
}
