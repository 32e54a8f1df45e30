//! A crowd that chats while its servers are killed, paused, cut off and filled up; afterwards the checker says what was kept.
//!
//! * [`plan`]: what is broken when, from a seed.
//! * [`cluster`]: nodes, PostgreSQL and Redis as child processes; [`link`] between them; [`postgres`] and its failover; [`process`].
//! * [`people`]: who chats. They are their own crowd, and not the load generator's: they do not measure how fast a server is, but keep
//!   to the client's rules of resuming and sending again, whatever the network does.
//! * [`mod@reading`]: what fresh clients read at the end. [`report`]: a page about a run.
//!
//! A seed gives the same plan again, not the same run: processes and networks take their own time. What a run finds is reduced to
//! a test, or to a seed of the simulation.

pub mod cluster;
pub mod command;
mod device;
pub mod link;
pub mod people;
pub mod plan;
pub mod postgres;
pub mod process;
pub mod reading;
pub mod report;
mod series;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::cluster::{Cluster, Setting};
use self::people::{People, Phase};
use self::plan::{Fault, Plan, Planned, Shape};
use crate::check::{Expect, Verdict, check};
use crate::record::{RECORDS_MAX, Recorder, Stopwatch};
pub use series::{Second, Series};

/// They chat on for so long after the last fault, so that whatever was missed shows as a jump in `seq`.
const CHAT_ON: Duration = Duration::from_secs(3);
/// Within this everybody is up to date by themselves, once all is healed and nobody writes.
const SETTLE_MS: u64 = 10_000;
/// Within this everybody is up to date who has asked.
const ASK_MS: u64 = 15_000;
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// The cluster.
    pub setting: Setting,
    /// Of the plan, and of what people do.
    pub seed: u64,
    /// How long faults are made.
    pub seconds: u64,
    /// How many people.
    pub people: usize,
    /// Only these faults, in place of a seed's.
    pub faults: Option<Vec<Planned>>,
    /// Breaks a promise on purpose once the people have gathered: the standby is given nothing, a failover loses what was
    /// acknowledged, and the checker has to see it.
    pub sabotage: bool,
    /// Says what happens while it happens.
    pub tell: fn(&str),
}

/// A fault as it went.
#[derive(Clone, Debug, Serialize)]
pub struct Suffered {
    /// What.
    pub fault: Fault,
    /// The same for people.
    pub name: String,
    /// From when, microseconds.
    pub from_us: u64,
    /// When it was healed, microseconds.
    pub healed_us: u64,
    /// How long after that the first message was acknowledged on each node that felt it, microseconds; the longest. Zero where
    /// messages were acknowledged all along.
    pub recovered_after_us: Option<u64>,
    /// What did not go as it should: a node that does not stop, say.
    pub error: Option<String>,
}

/// How a run ended.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// What there was to break.
    pub shape: Shape,
    /// What was planned.
    pub plan: Plan,
    /// What happened.
    pub suffered: Vec<Suffered>,
    /// How long after the end of writing everybody was up to date, milliseconds.
    pub settled_ms: u64,
    /// So many devices were not, until they asked.
    pub asked: usize,
    /// So many devices were not even then.
    pub behind: usize,
    /// Second by second.
    pub series: Series,
    /// The checker's answer.
    pub verdict: Verdict,
    /// Where the logs were kept.
    pub kept: Option<PathBuf>,
}

impl Outcome {
    /// Whether everything was kept, and everything healed.
    #[must_use]
    pub fn is_satisfied(&self) -> bool {
        self.verdict.is_satisfied()
            && self.verdict.figures.acknowledged > 0
            && self.behind == 0
            && self.suffered.iter().all(|suffered| suffered.error.is_none())
    }
}

/// Runs it all.
pub async fn run(options: &Options) -> Result<Outcome> {
    let folder = tempfile::Builder::new()
        .prefix("pipit-chaos-")
        .tempdir()
        .context("making a folder")?
        .keep();
    let links = TaskTracker::new();
    let stop = CancellationToken::new();
    let _ended = stop.clone().drop_guard();
    let cluster = Arc::new(Cluster::start(&options.setting, &folder, &links, &stop).await?);
    let outcome = Box::pin(run_in(options, &cluster, &stop)).await;
    // A run that found something leaves what is needed to understand it.
    match outcome {
        Ok(mut outcome) => {
            if !outcome.is_satisfied() {
                outcome.kept = Some(cluster.keep()?.to_owned());
            }
            Ok(outcome)
        }
        Err(error) => {
            let kept = cluster.keep()?.display().to_string();
            Err(error.context(format!("the logs are in {kept}")))
        }
    }
}

async fn run_in(options: &Options, cluster: &Arc<Cluster>, stop: &CancellationToken) -> Result<Outcome> {
    let mut plan = Plan::new(options.seed, options.seconds, cluster.shape());
    if let Some(faults) = &options.faults {
        plan.faults.clone_from(faults);
    }
    (options.tell)(&format!("{}\n{plan}", cluster.shape()));
    let recorder = Recorder::new(RECORDS_MAX);
    let people = People::gather(
        cluster.addresses(),
        cluster.set_up_token()?,
        options.people,
        Arc::clone(&recorder),
        options.seed,
    )
    .await
    .context("making the accounts")?;
    if options.sabotage {
        cluster.sabotage().await?;
    }
    let clock = recorder.clock();
    let chatting = TaskTracker::new();
    people.start(options.seed, &chatting, stop);
    let mut suffered = carry_out(&plan, cluster, clock, options.tell).await?;
    tokio::time::sleep(CHAT_ON).await;
    people.set(Phase::Finish);
    let finished = clock.now();
    // Who asks before the last message is in the log may ask too early.
    wait_until_none(|| people.waiting(), SETTLE_MS).await;
    // Nodes without a bus do not tell each other: nobody has to wait to see that.
    let shape = cluster.shape();
    let has_bus = shape.nodes == 1 || shape.redis;
    let asked = wait_until_none(|| people.behind(), if has_bus { SETTLE_MS } else { 0 }).await;
    let mut behind = asked;
    if asked > 0 {
        (options.tell)(&format!(
            "{asked} devices are not up to date by themselves, and ask"
        ));
        people.set(Phase::Ask);
        behind = wait_until_none(|| people.behind(), ASK_MS).await;
    }
    let settled_ms = clock.now().since(finished) / 1_000;
    people.set(Phase::Stop);
    chatting.close();
    chatting.wait().await;
    (options.tell)("reading every log anew");
    let readings = Box::pin(reading::read_all(people.shared(), options.tell)).await;
    let records = recorder.take();
    let cast = &people.shared().cast;
    let verdict = check(cast, &records, &readings, Expect { complete: true });
    let series = Series::new(&records, cluster.shape().nodes);
    for one in &mut suffered {
        one.recovered_after_us = series.recovered_after_us(one);
    }
    Ok(Outcome {
        shape,
        plan,
        suffered,
        settled_ms,
        asked,
        behind,
        series,
        verdict,
        kept: None,
    })
}

/// Makes every fault at its time, overlapping as planned, and heals it.
async fn carry_out(
    plan: &Plan,
    cluster: &Arc<Cluster>,
    clock: Stopwatch,
    tell: fn(&str),
) -> Result<Vec<Suffered>> {
    let begun = clock.now();
    let mut faults = tokio::task::JoinSet::new();
    for planned in plan.faults.iter().copied() {
        let cluster = Arc::clone(cluster);
        faults.spawn(async move {
            tokio::time::sleep(Duration::from_millis(planned.at_ms)).await;
            let from_us = clock.now().0;
            let name = planned.fault.to_string();
            tell(&format!("{:>8.3} s  {name}", seconds(from_us)));
            let result = Box::pin(cluster.suffer(planned.fault, Duration::from_millis(planned.for_ms))).await;
            let healed_us = clock.now().0;
            let error = result.err().map(|error| format!("{error:#}"));
            let word = error.as_deref().unwrap_or("healed");
            tell(&format!("{:>8.3} s  {name}: {word}", seconds(healed_us)));
            Suffered {
                fault: planned.fault,
                name,
                from_us,
                healed_us,
                recovered_after_us: None,
                error,
            }
        });
    }
    let mut suffered = Vec::new();
    while let Some(one) = faults.join_next().await {
        suffered.push(one.context("a fault's own task")?);
    }
    suffered.sort_by_key(|one| one.from_us);
    let left_us = (plan.seconds * 1_000_000).saturating_sub(clock.now().since(begun));
    tokio::time::sleep(Duration::from_micros(left_us)).await;
    Ok(suffered)
}

/// Waits until there are none any more; how many are left.
async fn wait_until_none(count: impl Fn() -> usize, within_ms: u64) -> usize {
    let clock = Stopwatch::start();
    loop {
        let left = count();
        if left == 0 || clock.now().0 > within_ms * 1_000 {
            return left;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// For people.
#[expect(clippy::cast_precision_loss, reason = "read by people")]
fn seconds(us: u64) -> f64 {
    us as f64 / 1_000_000.0
}
