//! Votes are among what people do in every run; here it is seen that there are enough of them for that to mean something.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use pipit_simulation::{Report, run};

#[test]
fn people_vote_while_things_break() {
    let mut sum = Report::default();
    for seed in 2_000..2_020 {
        let report = run(seed).unwrap_or_else(|error| panic!("{error:#}"));
        sum.votes += report.votes;
        sum.mishaps += report.mishaps;
        sum.crashes += report.crashes;
    }
    assert!(sum.votes >= 50 && sum.mishaps > 0 && sum.crashes > 0, "{sum:?}");
}
