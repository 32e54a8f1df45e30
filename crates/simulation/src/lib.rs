//! Seeded runs of client engines against the server's own logic.
//!
//! A run is a world of two to five devices of two or three people and one to three nodes on one storage in memory. One seed decides
//! everything: who writes what and when, how long each frame takes, which are dropped or doubled, what the bus between the
//! nodes loses and when it goes away, when lines break, devices crash and nodes die, the storage fails before or after it has done what was asked. Then the world heals, and the checkers
//! of [`check`] compare what every device shows with the log.
//!
//! `pipit-simulate --seed N` replays one run and says what happened.
#![warn(missing_docs)]

pub mod bus;
pub mod check;
pub mod deaths;
pub mod device;
pub mod fault;
pub mod http;
pub mod ledger;
pub mod lifeline;
pub mod plan;
pub mod server;
pub mod world;

use anyhow::Context as _;

pub use plan::Plan;

/// What a run did, for a summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Messages that devices had queued.
    pub messages: u64,
    /// Entries in all logs at the end.
    pub entries: u64,
    /// Those of them that are votes, or take one back.
    pub votes: u64,
    /// Frames that were dropped or doubled on the way.
    pub mishaps: u64,
    /// Announcements that were lost between nodes.
    pub lost: u64,
    /// Nodes that died amid something.
    pub interrupted: u64,
    /// Crashes, of devices and of nodes.
    pub crashes: u64,
}

/// Runs the world of one seed to its end and checks it.
///
/// # Errors
/// The first thing that a checker found, with the seed.
pub fn run(seed: u64) -> anyhow::Result<Report> {
    run_plan(Plan::draw(seed), |_, _| {})
}

/// Runs the world of this plan to its end and checks it, telling `trace` everything that happens.
///
/// # Errors
/// As [`run`].
pub fn run_plan(plan: Plan, trace: world::Trace) -> anyhow::Result<Report> {
    let (seed, nodes) = (plan.seed, plan.nodes.len());
    block_on(async {
        let mut world = world::World::new(plan, trace).await?;
        world.live().await?;
        world.heal().await?;
        check::everything(&mut world).await?;
        let report = world.report().await?;
        world.end().await;
        Ok(report)
    })
    .with_context(|| {
        format!(
            "seed {seed}: replay it with `cargo run -p pipit-simulation -- --seed {seed} --nodes {nodes}`"
        )
    })
}

/// On a runtime of one thread, whose time is the world's.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?
        .block_on(work)
}
