//! Replays one seed, or tries many.
#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use clap::Parser;

/// Seeded runs of client engines against the server's logic.
#[derive(Parser)]
struct Arguments {
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many seeds, from the first one on.
    #[arg(long, default_value_t = 1)]
    runs: u64,
    /// Say everything that happens.
    #[arg(long)]
    trace: bool,
}

fn main() -> anyhow::Result<()> {
    let Arguments { seed, runs, trace } = Arguments::parse();
    let trace: pipit_simulation::world::Trace = if trace {
        |at, what| println!("{} {what}", at.as_ms())
    } else {
        |_, _| {}
    };
    let mut sum = pipit_simulation::Report::default();
    let mut failed = Vec::new();
    for seed in seed..seed.saturating_add(runs) {
        let report = match pipit_simulation::run_traced(seed, trace) {
            Ok(report) => report,
            Err(error) => {
                println!("{error:#}");
                failed.push(seed);
                continue;
            }
        };
        sum.messages += report.messages;
        sum.entries += report.entries;
        sum.mishaps += report.mishaps;
        sum.crashes += report.crashes;
    }
    anyhow::ensure!(
        failed.is_empty(),
        "{} of {runs} runs failed: {failed:?}",
        failed.len()
    );
    println!(
        "{runs} runs: {} messages, {} log entries, {} frames dropped or doubled, {} crashes; nothing lost, nothing doubled",
        sum.messages, sum.entries, sum.mishaps, sum.crashes
    );
    Ok(())
}
