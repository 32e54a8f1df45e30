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
    /// How many nodes, where the seed is not to decide that.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=9))]
    nodes: Option<u8>,
    /// With encrypted conversations.
    #[arg(long)]
    encrypted: bool,
    /// Say everything that happens.
    #[arg(long)]
    trace: bool,
}

fn main() -> anyhow::Result<()> {
    let Arguments {
        seed,
        runs,
        nodes,
        encrypted,
        trace,
    } = Arguments::parse();
    let trace: pipit_simulation::world::Trace = if trace {
        |at, what| println!("{} {what}", at.as_ms())
    } else {
        |_, _| {}
    };
    let mut sum = pipit_simulation::Report::default();
    let mut failed = Vec::new();
    for seed in seed..seed.saturating_add(runs) {
        let mut plan = if encrypted {
            pipit_simulation::Plan::draw_encrypted(seed)
        } else {
            pipit_simulation::Plan::draw(seed)
        };
        if let Some(nodes) = nodes {
            plan = plan.with_nodes(usize::from(nodes));
        }
        let report = match pipit_simulation::run_plan(plan, trace) {
            Ok(report) => report,
            Err(error) => {
                println!("{error:#}");
                failed.push(seed);
                continue;
            }
        };
        sum.messages += report.messages;
        sum.entries += report.entries;
        sum.votes += report.votes;
        sum.mishaps += report.mishaps;
        sum.lost += report.lost;
        sum.interrupted += report.interrupted;
        sum.crashes += report.crashes;
    }
    anyhow::ensure!(
        failed.is_empty(),
        "{} of {runs} runs failed: {failed:?}",
        failed.len()
    );
    println!(
        "{runs} runs: {} messages, {} log entries, {} votes, {} frames dropped or doubled, {} announcements lost between nodes, {} crashes ({} amid something); nothing lost, nothing doubled",
        sum.messages, sum.entries, sum.votes, sum.mishaps, sum.lost, sum.crashes, sum.interrupted
    );
    Ok(())
}
