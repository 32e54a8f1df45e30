//! `pipit-load compare`.

use std::io::{Seek as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;

use super::measure::{Figure, How};
use super::report::{Comparison, median};
use super::subject::{Programmes, Subject, round};
use crate::record::Stopwatch;

/// How long syncs to the disk are counted in each round.
const FSYNCS: Duration = Duration::from_secs(2);

/// The command's options.
#[derive(Clone, Debug, clap::Args)]
pub struct Compare {
    /// Which servers; repeatable. Without it all.
    #[arg(long)]
    only: Vec<Subject>,
    /// How often each has its turn.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// How long each rate is measured.
    #[arg(long, default_value_t = 5)]
    seconds: u32,
    /// Pipit's server; else `pipit` beside this program.
    #[arg(long)]
    server: Option<PathBuf>,
    /// The folder of the Node server, with its packages installed.
    #[arg(long, default_value = "crates/load/peers/node")]
    node: PathBuf,
    /// Prints JSON in place of the table.
    #[arg(long)]
    json: bool,
    /// Writes a page with plots.
    #[arg(long)]
    report: Option<PathBuf>,
    /// Writes each plot as an SVG file into this folder: `docs/plots` is where docs/performance.md looks for them.
    #[arg(long)]
    plots: Option<PathBuf>,
}

/// Writes a line where a pipe is not buffered away.
pub(super) fn print(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// Runs the bare broadcast.
pub fn broadcast() -> anyhow::Result<bool> {
    runtime()?.block_on(super::broadcast::serve())?;
    Ok(true)
}

impl Compare {
    /// Measures, and writes what came out; false where something could not be measured.
    pub fn run(&self) -> anyhow::Result<bool> {
        let comparison = runtime()?.block_on(self.rounds())?;
        if let Some(path) = &self.report {
            std::fs::write(path, comparison.page())
                .with_context(|| format!("{} cannot be written", path.display()))?;
        }
        if let Some(folder) = &self.plots {
            for (file, svg) in comparison.plots() {
                let path = folder.join(file);
                std::fs::write(&path, svg)
                    .with_context(|| format!("{} cannot be written", path.display()))?;
            }
        }
        if self.json {
            print(&serde_json::to_string(&comparison)?)?;
        } else {
            print(&comparison.table())?;
        }
        Ok(comparison.failed.is_empty())
    }

    async fn rounds(&self) -> anyhow::Result<Comparison> {
        let pipit = match &self.server {
            Some(path) => path.clone(),
            None => std::env::current_exe()?.with_file_name("pipit"),
        };
        let node = self.node.clone();
        let programmes = Programmes { pipit, node };
        let subjects = if self.only.is_empty() {
            Subject::ALL.to_vec()
        } else {
            self.only.clone()
        };
        let mut comparison = Comparison {
            rounds: self.rounds,
            seconds: self.seconds,
            ..Comparison::default()
        };
        let (mut fsyncs, mut slowest_per_s) = (Vec::new(), f64::INFINITY);
        for number in 1..=self.rounds {
            fsyncs.push(tokio::task::spawn_blocking(fsyncs_per_s).await??);
            for subject in &subjects {
                let what = format!("round {number}, {}", subject.name());
                let _ = writeln!(std::io::stderr(), "{what}");
                let how = How {
                    seconds: self.seconds,
                    keeps: subject.keeps(),
                    slowest_per_s,
                };
                match round(*subject, &programmes, how).await {
                    Ok(figures) => {
                        let rate = figures.get(&Figure::PairsPerS).copied();
                        slowest_per_s = slowest_per_s.min(rate.unwrap_or(f64::INFINITY));
                        comparison.add(*subject, &figures);
                    }
                    Err(error) => comparison.failed.push(format!("{what}: {error:#}")),
                }
            }
        }
        comparison.fsyncs_per_s = median(&fsyncs);
        Ok(comparison)
    }
}

/// Appends of 4 KiB, each synced before the next: what the disk gives to whoever does not batch.
fn fsyncs_per_s() -> anyhow::Result<f64> {
    let mut file = tempfile::tempfile()?;
    let clock = Stopwatch::start();
    let mut count = 0_u32;
    while Duration::from_micros(clock.now().0) < FSYNCS {
        file.write_all(&[7; 4_096])?;
        file.sync_data()?;
        count += 1;
        if count.is_multiple_of(1_024) {
            file.rewind()?;
        }
    }
    Ok(f64::from(count) / Duration::from_micros(clock.now().0).as_secs_f64())
}
