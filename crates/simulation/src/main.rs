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
}

fn main() -> anyhow::Result<()> {
    let Arguments { seed, runs } = Arguments::parse();
    let mut sum = pipit_simulation::Report::default();
    for seed in seed..seed.saturating_add(runs) {
        let report = pipit_simulation::run(seed)?;
        sum.messages += report.messages;
        sum.entries += report.entries;
        sum.mishaps += report.mishaps;
        sum.crashes += report.crashes;
    }
    println!(
        "{runs} runs: {} messages, {} log entries, {} frames dropped or doubled, {} crashes; nothing lost, nothing doubled",
        sum.messages, sum.entries, sum.mishaps, sum.crashes
    );
    Ok(())
}
