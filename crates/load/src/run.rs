//! `pipit-load run`: one workload from its making to its verdict.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use pipit_client_net::{HttpClient, ServerAddress, Tls};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::check::{Expect, check};
use crate::crowd::{Crowd, Meter, Phase};
use crate::process::{Usage, usage};
use crate::record::{Micros, RECORDS_MAX, Recorder};
use crate::report::{Latency, Report, Sample};
use crate::rude::Rude;
use crate::workload::{Accounts, Workload, gather};

/// How often throughput, memory and processor time are looked at.
const SAMPLE: Duration = Duration::from_millis(500);
/// Longest wait for everybody to connect, to end what is under way, to catch up.
const BOUND: Duration = Duration::from_mins(2);
/// Memory is looked at when it has come to rest.
const REST: Duration = Duration::from_secs(2);

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the crowd does.
    pub workload: Workload,
    /// The servers, at least one.
    pub servers: Vec<ServerAddress>,
    /// Where the accounts come from.
    pub accounts: Accounts,
    /// The servers' processes, where they run on this machine.
    pub pids: Vec<u32>,
    /// How many people.
    pub users: u32,
    /// How long they send.
    pub seconds: u32,
    /// Messages a second of all together, in the open loop; none for the closed one.
    pub rate: Option<f64>,
    /// Decides what is random.
    pub seed: u64,
}

/// The time of day, milliseconds.
pub(crate) fn unix_ms() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "ids of the crowd's messages carry the time of day"
    )]
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn say(text: &str) {
    // Nobody may be there to read it.
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[expect(clippy::cast_precision_loss, reason = "figures are read by people")]
fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}

/// Runs it.
pub async fn run(options: Options) -> anyhow::Result<Report> {
    let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
    let first = options.servers.first().context("an address of a server")?;
    let http = HttpClient::new(first.clone(), &Tls::new(first.is_encrypted())?, &tasks, &shutdown);
    let plan = options.workload.plan(options.users, options.rate);
    let unix_ms = unix_ms();
    say(&format!(
        "{} people, {} conversations: being made",
        plan.behaviours.len(),
        plan.conversations.len()
    ));
    let mut guests = gather(&http, options.accounts.clone(), &plan, options.seed, unix_ms).await?;
    shutdown.cancel();
    let crowd_size = plan.behaviours.len() - plan.rude;
    let rude_people = guests.people.split_off(crowd_size);
    guests.behaviours.truncate(crowd_size);
    let rude_group = if plan.rude > 0 {
        guests.conversations.pop()
    } else {
        None
    };
    let mut report = Report::new(&options, crowd_size);
    report.memory_empty_kib = usage(&options.pids).resident_kib;
    let recorder = Recorder::new(RECORDS_MAX);
    let mut crowd = Crowd::start(options.servers.clone(), guests, recorder, options.seed, unix_ms)?;
    crowd.ready(Phase::Idle, BOUND).await?;
    say(&format!("connected after {:.2} s", seconds(crowd.now().0)));
    tokio::time::sleep(REST).await;
    report.memory_connected_kib = usage(&options.pids).resident_kib;
    if options.workload.has_away() {
        crowd.enter(Phase::Away);
        crowd.ready(Phase::Away, BOUND).await?;
        let begun = crowd.now();
        crowd.enter(Phase::Idle);
        crowd.ready(Phase::Idle, BOUND).await?;
        report.back_s = Some(seconds(crowd.now().since(begun)));
    }
    crowd.meter().take_latencies();
    let mut rude = None;
    if let Some((group, _)) = rude_group {
        report.calm = Some(calm(&options, &mut crowd).await?);
        rude = Some(Rude::start(first, &rude_people, group, unix_ms)?);
        tokio::time::sleep(REST).await;
        crowd.meter().take_latencies();
    }
    send(&options, &mut crowd, &mut report).await?;
    if let Some(rude) = rude {
        let deeds = rude.stop().await;
        report.flood_frames = deeds.frames.load(Ordering::Relaxed);
        report.flood_ended = deeds.ended.load(Ordering::Relaxed);
    }
    say("checking: every log is read anew by every member");
    let (cast, records, readings) = crowd.end().await?;
    report.verdict = check(&cast, &records, &readings, Expect { complete: true });
    Ok(report)
}

/// Delivery while nobody disturbs.
async fn calm(options: &Options, crowd: &mut Crowd) -> anyhow::Result<Latency> {
    crowd.enter(Phase::Run);
    tokio::time::sleep(Duration::from_secs(options.seconds.into())).await;
    crowd.settle(BOUND).await?;
    Ok(Latency::of(&crowd.meter().take_latencies().delivered))
}

/// The time in which people send, and the settling after it.
async fn send(options: &Options, crowd: &mut Crowd, report: &mut Report) -> anyhow::Result<()> {
    let meter = crowd.meter();
    let mut watch = Watch {
        meter: Arc::clone(&meter),
        pids: options.pids.clone(),
        begun: crowd.now(),
    };
    let start = watch.look(crowd.now());
    let before = usage(&options.pids);
    crowd.enter(Phase::Run);
    let mut interval = tokio::time::interval(SAMPLE);
    let until = Micros(watch.begun.0 + u64::from(options.seconds) * 1_000_000);
    report.samples.push(start);
    while crowd.now() < until {
        interval.tick().await;
        let sample = watch.look(crowd.now());
        if report.samples.len().is_multiple_of(4) {
            say(&format!(
                "{:5.1} s: {} acknowledged, {} delivered, {} pages, {:.0} MiB",
                sample.at_s,
                sample.acknowledged,
                sample.delivered,
                sample.pages,
                sample.usage.resident_kib / 1_024.0
            ));
        }
        report.samples.push(sample);
    }
    let end = watch.look(crowd.now());
    let took = end.at_s.max(0.001);
    #[expect(clippy::cast_precision_loss, reason = "figures are read by people")]
    let per_s = |after: u64, before: u64| (after - before) as f64 / took;
    report.acknowledged_per_s = per_s(end.acknowledged, start.acknowledged);
    report.deliveries_per_s = per_s(end.delivered, start.delivered);
    report.pages_per_s = per_s(end.pages, start.pages);
    let settling = crowd.now();
    crowd.settle(BOUND).await?;
    report.settled_s = seconds(crowd.now().since(settling));
    let last = watch.look(crowd.now());
    #[expect(clippy::cast_precision_loss, reason = "figures are read by people")]
    let all = (last.acknowledged - start.acknowledged) as f64;
    let after = usage(&options.pids);
    if all > 0.0 && !options.pids.is_empty() {
        report.cpu_s_per_100k = Some((after.cpu_s - before.cpu_s) / all * 100_000.0);
    }
    report.cpu_s = after.cpu_s - before.cpu_s;
    report.memory_end_kib = after.resident_kib;
    report.disconnected = meter.disconnected.load(Ordering::Relaxed);
    let latencies = meter.take_latencies();
    report.acknowledged = Latency::of(&latencies.acknowledged);
    report.delivered = Latency::of(&latencies.delivered);
    report.page = Latency::of(&latencies.page);
    Ok(())
}

struct Watch {
    meter: Arc<Meter>,
    pids: Vec<u32>,
    begun: Micros,
}

impl Watch {
    fn look(&mut self, now: Micros) -> Sample {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let usage: Usage = usage(&self.pids);
        Sample {
            at_s: seconds(now.since(self.begun)),
            acknowledged: get(&self.meter.acknowledged),
            delivered: get(&self.meter.delivered),
            pages: get(&self.meter.pages),
            usage,
        }
    }
}
