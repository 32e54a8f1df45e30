//! Crowds against the real server, in this process, and the page of what they found.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod liar;

use std::path::Path;

use liar::Lie;
use pipit_load::check::{Kind, Verdict};
use pipit_load::report::{Report, page};
use pipit_load::run::{Options, run};
use pipit_load::workload::{Accounts, Workload};
use pipit_server::config::{Config, Registration};
use pipit_server::run::{Environment, Server, Stopped};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Runs a workload for a second against a new server in this folder.
async fn run_before(
    data: &Path,
    workload: Workload,
    users: u32,
    rate: Option<f64>,
    lie: Option<Lie>,
) -> Report {
    let mut config = Config::default();
    config.general.data = data.to_owned();
    config.general.registration = Registration::Open;
    config.limits.attempts_per_minute_address = 1_000_000;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::open(config, Environment::default()).await.unwrap();
    let link = server.set_up_link(address).unwrap();
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    let serving = TaskTracker::new().spawn(async move { server.serve(listener, stop).await });
    let reached = match lie {
        Some(lie) => liar::start(address, lie).await,
        None => address,
    };
    let options = Options {
        workload,
        servers: vec![format!("http://{reached}").parse().unwrap()],
        accounts: Accounts::SetUp(link.split_once('#').unwrap().1.to_owned()),
        pids: Vec::new(),
        users,
        seconds: 1,
        rate,
        seed: 7,
    };
    let report = run(options).await.unwrap();
    shutdown.cancel();
    assert_eq!(serving.await.unwrap(), Stopped::Clean);
    report
}

async fn run_here(data: &Path, workload: Workload, users: u32, rate: Option<f64>) -> Report {
    let report = run_before(data, workload, users, rate, None).await;
    assert!(
        report.verdict.is_satisfied(),
        "{}
{}",
        report.summary(),
        report.verdict
    );
    report
}

/// A run against a server that lies, and what the checker says.
async fn lied_to(lie: Lie) -> Verdict {
    let data = tempfile::tempdir().unwrap();
    run_before(data.path(), Workload::Pairs, 2, None, Some(lie))
        .await
        .verdict
}

#[tokio::test(flavor = "multi_thread")]
async fn pairs_in_the_closed_loop() {
    let data = tempfile::tempdir().unwrap();
    let report = run_here(data.path(), Workload::Pairs, 6, None).await;
    let figures = report.verdict.figures;
    assert!(figures.acknowledged > 10, "{}", report.verdict);
    assert_eq!(figures.acknowledged, figures.sent);
    assert_eq!((figures.logs_read, figures.views), (6, 6));
    let page = page(&report);
    assert!(page.contains("<svg") && page.contains("verdict: satisfied") && !page.contains("<script"));
    assert!(report.delivered.count > 10 && report.acknowledged.p99_ms >= report.acknowledged.p50_ms);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_in_the_open_loop() {
    let data = tempfile::tempdir().unwrap();
    let report = run_here(data.path(), Workload::Group10, 10, Some(40.0)).await;
    let figures = report.verdict.figures;
    assert!((5..=120).contains(&figures.sent), "{}", report.verdict);
    // Each of ten has each message, and that the group was made. An entry may come live and in a catch-up as well; that each is
    // there once, by its place, is the verdict's to say.
    assert!(
        figures.deliveries >= (figures.sent + 1) * 10,
        "{}",
        report.verdict
    );
    assert_eq!(figures.views, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_away_gets_what_they_missed() {
    let data = tempfile::tempdir().unwrap();
    let report = run_here(data.path(), Workload::Storm, 5, None).await;
    assert_eq!((report.devices, report.verdict.figures.sent), (6, 10));
    assert!(report.back_s.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mixed_day_with_scrolling() {
    let data = tempfile::tempdir().unwrap();
    let report = run_here(data.path(), Workload::Mixed, 10, Some(50.0)).await;
    assert!(report.page.count > 0, "{}", report.summary());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_beside_pairs_loses_them_nothing() {
    let data = tempfile::tempdir().unwrap();
    let report = run_here(data.path(), Workload::Flood, 6, Some(30.0)).await;
    assert!(report.flood_frames > 100 && report.calm.unwrap().count > 0);
    // Those who flood are no part of the crowd, and nothing of theirs is checked.
    assert_eq!((report.devices, report.verdict.figures.logs_read), (6, 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_and_never_logged_is_caught() {
    let verdict = lied_to(Lie::AcknowledgeUnlogged).await;
    assert!(verdict.has(Kind::Lost), "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_entry_that_history_denies_is_caught() {
    let verdict = lied_to(Lie::DropAndRewrite).await;
    assert!(verdict.has(Kind::Disagreement), "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_place_given_twice_is_caught() {
    let verdict = lied_to(Lie::SeqTwice).await;
    assert!(verdict.has(Kind::SeqTwice), "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turned_order_is_caught() {
    let verdict = lied_to(Lie::Reorder).await;
    assert!(verdict.has(Kind::Reordered), "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_that_move_back_are_caught() {
    let verdict = lied_to(Lie::ReceiptBack).await;
    assert!(verdict.has(Kind::ReceiptBack), "{verdict}");
}
