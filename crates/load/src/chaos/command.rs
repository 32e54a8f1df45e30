//! `pipit-load chaos`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::cluster::Setting;
use super::{Options, Outcome, report, run, seconds};

/// Breaks a cluster of its own by a seeded plan while people chat on it, and checks what was kept.
#[derive(Clone, Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Chaos {
    /// Of the plan: the same gives the same again
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How long faults are made
    #[arg(long, default_value_t = 45)]
    pub seconds: u64,
    /// Nodes: one runs on SQLite, several on PostgreSQL and Redis
    #[arg(long, default_value_t = 3)]
    pub nodes: usize,
    /// People, each with one device
    #[arg(long, default_value_t = 24)]
    pub people: usize,
    /// The binary `pipit`; without it the one beside this program
    #[arg(long, value_name = "PATH")]
    pub server: Option<PathBuf>,
    /// Writes a page about the run
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Prints the outcome as JSON before the last line
    #[arg(long)]
    pub json: bool,
    /// The nodes' clocks are left alone
    #[arg(long)]
    pub no_clock: bool,
    /// There is no Redis
    #[arg(long)]
    pub no_redis: bool,
    /// Breaks a promise on purpose: the standby is given nothing, and a failover loses what was acknowledged. The verdict must say so
    #[arg(long)]
    pub sabotage: bool,
}

impl Chaos {
    /// Runs it; true only where the checker is satisfied and everything has healed.
    pub fn run(&self) -> Result<bool> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("starting the runtime")?;
        let options = Options {
            setting: Setting {
                server: self.server()?,
                nodes: self.nodes.max(1),
                redis: !self.no_redis,
                clock: !self.no_clock,
                seed: self.seed,
            },
            seed: self.seed,
            seconds: self.seconds,
            people: self.people.max(2),
            faults: None,
            sabotage: self.sabotage,
            tell: |line| {
                // Nobody may be reading; the run goes on.
                let _ = writeln!(std::io::stderr(), "{line}");
            },
        };
        let outcome = runtime.block_on(Box::pin(run(&options)))?;
        if let Some(path) = &self.report {
            std::fs::write(path, report::page(&outcome))
                .with_context(|| format!("writing {}", path.display()))?;
        }
        let mut text = summary(&outcome);
        if self.json {
            text = serde_json::to_string(&outcome).context("writing JSON")? + "\n";
        }
        text += &last_line(&outcome);
        let mut stdout = std::io::stdout().lock();
        let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
        Ok(outcome.is_satisfied())
    }

    fn server(&self) -> Result<PathBuf> {
        if let Some(server) = &self.server {
            return server
                .canonicalize()
                .with_context(|| format!("there is no {}", server.display()));
        }
        let own = std::env::current_exe().context("finding this program")?;
        let beside = own.with_file_name("pipit");
        beside.canonicalize().with_context(|| {
            format!(
                "there is no {}: build it, or name another with --server",
                beside.display()
            )
        })
    }
}

/// The faults with their recovery, and what is wrong.
#[must_use]
pub fn summary(outcome: &Outcome) -> String {
    // Writing to a string cannot fail.
    let mut text = String::from("   from s  healed s  recovered after ms  fault\n");
    for one in &outcome.suffered {
        let recovered = match one.recovered_after_us {
            Some(us) => format!("{:.0}", seconds(us) * 1_000.0),
            None => "-".to_owned(),
        };
        let _ = writeln!(
            text,
            "{:>9.3} {:>9.3} {recovered:>19}  {}{}",
            seconds(one.from_us),
            seconds(one.healed_us),
            one.name,
            one.error
                .as_ref()
                .map(|error| format!(": {error}"))
                .unwrap_or_default(),
        );
    }
    for violation in &outcome.verdict.violations {
        let _ = writeln!(text, "{:?}: {}", violation.kind, violation.text);
    }
    if let Some(kept) = &outcome.kept {
        let _ = writeln!(text, "the logs of all processes are in {}", kept.display());
    }
    text
}

/// The verdict with its figures.
#[must_use]
pub fn last_line(outcome: &Outcome) -> String {
    let failed = outcome.suffered.iter().filter(|one| one.error.is_some()).count();
    let word = if outcome.is_satisfied() {
        "satisfied"
    } else {
        "VIOLATED"
    };
    let slowest = outcome
        .suffered
        .iter()
        .filter_map(|one| one.recovered_after_us)
        .max();
    format!(
        "{}; chaos {word}: seed {}, {} faults ({failed} not healed), slowest recovery {:.1} s, acknowledged after p50 {:.1} ms, p99 {:.0} ms, \
         at most {:.1} s; up to date {:.1} s after the last word ({} devices had to ask, {} were left behind)",
        outcome.verdict,
        outcome.plan.seed,
        outcome.suffered.len(),
        seconds(slowest.unwrap_or_default()),
        seconds(outcome.series.p50_us) * 1_000.0,
        seconds(outcome.series.p99_us) * 1_000.0,
        seconds(outcome.series.max_us),
        seconds(outcome.settled_ms * 1_000),
        outcome.asked,
        outcome.behind,
    )
}
