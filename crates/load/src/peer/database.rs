//! A PostgreSQL server for one round.

use std::path::Path;

use anyhow::ensure;
use tempfile::TempDir;

use crate::chaos::postgres::Programs;
use crate::chaos::process::{Process, Watcher, free_port, run};

/// A PostgreSQL server of one's own, as it is when nobody has tuned it but for its memory; `fsync` is on.
pub struct Database {
    /// What clients are told.
    pub url: String,
    /// Where it listens.
    pub port: u16,
    /// Its main process.
    pub process: Process,
    programs: Programs,
    folder: TempDir,
}

impl Database {
    /// Starts one; its log is in the folder.
    pub async fn start(beside: &Path) -> anyhow::Result<Self> {
        let programs = Programs::find()?;
        let folder = tempfile::tempdir()?;
        if let Some((uid, gid)) = programs.account {
            std::os::unix::fs::chown(folder.path(), Some(uid), Some(gid))?;
        }
        let data = folder.path().join("data");
        let mut initdb = programs.command("initdb", folder.path());
        initdb.args([
            "-U",
            "pipit",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "-D",
        ]);
        initdb.arg(&data);
        run(initdb).await?;
        let port = free_port()?;
        let mut command = programs.command("postgres", folder.path());
        command.arg("-D").arg(&data).arg("-k").arg(folder.path());
        command.args(["-p", &port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "shared_buffers=128MB",
            "log_min_messages=warning",
        ] {
            command.args(["-c", setting]);
        }
        let own = beside.join("own");
        std::fs::create_dir_all(&own)?;
        let watcher = Watcher::start(&own)?;
        let process = Process::start(command, &beside.join("postgres.log"), &watcher)?;
        let mut made = None;
        for _ in 0..100 {
            let mut createdb = programs.command("createdb", folder.path());
            createdb.args(["-h", "127.0.0.1", "-U", "pipit", "-p", &port.to_string(), "pipit"]);
            made = run(createdb).await.ok();
            if made.is_some() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        ensure!(made.is_some(), "PostgreSQL does not start");
        Ok(Self {
            url: format!("postgres://pipit@127.0.0.1:{port}/pipit"),
            port,
            process,
            programs,
            folder,
        })
    }

    /// Runs a file of SQL on it, or SQL itself, with the program `psql`.
    pub async fn sql(&self, flag: &str, what: &str) -> anyhow::Result<()> {
        let mut psql = self.programs.command("psql", self.folder.path());
        psql.args([
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            "-h",
            "127.0.0.1",
            "-U",
            "pipit",
            "-p",
        ]);
        psql.args([&self.port.to_string(), flag, what, "pipit"]);
        run(psql).await.map(drop)
    }
}
