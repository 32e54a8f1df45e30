//! Short chaos runs with the real binary and PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking; the lint's own switch does not reach helpers of integration tests"
)]

use std::path::PathBuf;

use pipit_load::chaos::cluster::Setting;
use pipit_load::chaos::command::{last_line, summary};
use pipit_load::chaos::plan::{Edge, Fault, Planned, Trouble};
use pipit_load::chaos::{Options, report, run};
use pipit_load::check::Kind;

/// The binary, which is built together with the tests.
fn server() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let folder = own.parent().unwrap().parent().unwrap();
    let server = folder.join("pipit");
    assert!(
        server.exists(),
        "build it first: cargo build --package pipit-server"
    );
    server
}

fn options(nodes: usize, faults: &[(u64, u64, Fault)]) -> Options {
    let faults = faults
        .iter()
        .map(|&(at_ms, for_ms, fault)| Planned { at_ms, for_ms, fault });
    Options {
        setting: Setting {
            server: server(),
            nodes,
            redis: true,
            clock: false,
            seed: 7,
        },
        seed: 7,
        seconds: 6,
        people: 8,
        faults: Some(faults.collect()),
        sabotage: false,
        tell: |_line| {},
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_killed_paused_and_cut_off_keeps_everything() {
    let cut = Fault::Link(Edge::Clients(0), Trouble::Cut);
    let faults = [
        (500, 300, Fault::KillNode(0)),
        (2_500, 500, cut),
        (3_500, 500, Fault::PauseNode(0)),
    ];
    let outcome = Box::pin(run(&options(1, &faults))).await.unwrap();
    assert!(
        outcome.is_satisfied(),
        "{}\n{}",
        summary(&outcome),
        last_line(&outcome)
    );
    assert_eq!((outcome.asked, outcome.suffered.len()), (0, 3));
    let recovered = outcome
        .suffered
        .iter()
        .all(|one| one.recovered_after_us.is_some());
    assert!(recovered, "{}", summary(&outcome));
    assert!(last_line(&outcome).starts_with("verdict: satisfied: "));
    let page = report::page(&outcome);
    assert!(page.contains("kill node 0") && page.contains("pause node 0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_to_a_standby_in_step_keeps_everything() {
    let outcome = Box::pin(run(&options(2, &[(1_500, 0, Fault::FailOver)])))
        .await
        .unwrap();
    assert!(
        outcome.is_satisfied(),
        "{}\n{}",
        summary(&outcome),
        last_line(&outcome)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_that_loses_what_was_acknowledged_is_caught() {
    let options = Options {
        sabotage: true,
        ..options(2, &[(3_000, 0, Fault::FailOver)])
    };
    let outcome = Box::pin(run(&options)).await.unwrap();
    assert!(outcome.verdict.has(Kind::Lost), "{}", last_line(&outcome));
    assert!(!outcome.is_satisfied());
    assert!(last_line(&outcome).contains("chaos VIOLATED"));
    // It was expected: nobody has to look at the logs.
    std::fs::remove_dir_all(outcome.kept.unwrap()).unwrap();
}
