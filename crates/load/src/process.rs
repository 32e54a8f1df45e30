//! A server of one's own, and what the system says about a process.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, bail, ensure};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// A `pipit` that this process has started, on a folder that is removed with it.
#[derive(Debug)]
pub struct OwnServer {
    child: Child,
    /// Where it is.
    pub address: String,
    /// What the system calls it.
    pub pid: u32,
    _data: TempDir,
}

impl OwnServer {
    /// Starts one with so many accounts; their refresh tokens.
    pub async fn start(binary: &Path, accounts: u32) -> anyhow::Result<(Self, Vec<String>)> {
        Self::start_on(binary, accounts, None).await
    }

    /// The same, on this PostgreSQL database where one is named.
    pub async fn start_on(
        binary: &Path,
        accounts: u32,
        database: Option<&str>,
    ) -> anyhow::Result<(Self, Vec<String>)> {
        let on = database.map(|database| ["--database", database]);
        let on = on.as_ref().map(<[&str; 2]>::as_slice).unwrap_or_default();
        let data = tempfile::tempdir()?;
        let named = || format!("{} cannot be run", binary.display());
        let seeded = Command::new(binary)
            .args(["seed", "--accounts", &accounts.to_string(), "--data"])
            .arg(data.path())
            .args(on)
            .stderr(Stdio::inherit())
            .output()
            .await
            .with_context(named)?;
        ensure!(
            seeded.status.success(),
            "`pipit seed` ended with {}",
            seeded.status
        );
        let tokens = refresh_tokens(&String::from_utf8(seeded.stdout)?);
        let mut child = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .args(on)
            .env("PIPIT_LIMITS_ATTEMPTS_PER_MINUTE_ADDRESS", "1000000")
            .env("PIPIT_LIMITS_REQUESTS_PER_MINUTE_DEVICE", "1000000")
            .env("PIPIT_MESSAGE_REQUESTS", "off")
            .env("PIPIT_LIMITS_CONNECTIONS_MAX", "1000000")
            .env("PIPIT_LIMITS_FRAMES_PER_SECOND", "1000000")
            .env("PIPIT_LIMITS_FRAMES_BURST", "1000000")
            .env("PIPIT_LOG_LEVEL", "warn")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(named)?;
        let stdout = child.stdout.take().context("standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        let Some(line) = lines.next_line().await? else {
            bail!("the server ended at once")
        };
        let address = line
            .strip_prefix("Pipit is ready at ")
            .context("the server says where it is")?;
        let (address, pid) = (address.to_owned(), child.id().context("a running process")?);
        Ok((
            Self {
                child,
                address,
                pid,
                _data: data,
            },
            tokens,
        ))
    }

    /// Ends it.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }
}

/// The refresh tokens in what `pipit seed` prints: one account a line.
#[must_use]
pub fn refresh_tokens(seeded: &str) -> Vec<String> {
    seeded
        .lines()
        .filter_map(|line| line.split(' ').nth(2))
        .map(str::to_owned)
        .collect()
}

/// What a process uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Usage {
    /// Processor time so far, seconds, in steps of a hundredth.
    pub cpu_s: f64,
    /// Resident memory, KiB.
    pub resident_kib: f64,
}

/// What these processes use together; nothing where the system does not say.
#[must_use]
pub fn usage(pids: &[u32]) -> Usage {
    pids.iter()
        .filter_map(|pid| of_process(*pid))
        .fold(Usage::default(), |sum, one| Usage {
            cpu_s: sum.cpu_s + one.cpu_s,
            resident_kib: sum.resident_kib + one.resident_kib,
        })
}

fn of_process(pid: u32) -> Option<Usage> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it may hold anything.
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(Usage {
        cpu_s: (ticks(11)? + ticks(12)?) / 100.0,
        resident_kib: line.split_whitespace().nth(1)?.parse().ok()?,
    })
}
