//! A thousand seeds at every change. A seed that fails is named, and `cargo run -p pipit-simulation -- --seed N` replays it.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use pipit_simulation::Plan;

/// How many seeds each test runs; the tests run beside each other.
const EACH: u64 = 125;

fn check(part: u64) {
    for seed in part * EACH..(part + 1) * EACH {
        if let Err(error) = pipit_simulation::run(seed) {
            panic!("{error:#}");
        }
    }
}

macro_rules! parts {
    ($($name:ident: $part:literal;)*) => {$(
        #[test]
        fn $name() {
            check($part);
        }
    )*};
}

parts! {
    seeds_from_0: 0;
    seeds_from_125: 1;
    seeds_from_250: 2;
    seeds_from_375: 3;
    seeds_from_500: 4;
    seeds_from_625: 5;
    seeds_from_750: 6;
    seeds_from_875: 7;
}

#[test]
fn a_seed_decides_everything() {
    for nodes in 1..=3 {
        for seed in [3, 14, 159] {
            let run = || pipit_simulation::run_plan(Plan::draw(seed).with_nodes(nodes), |_, _| {}).ok();
            let first = run();
            assert!(
                first.is_some() && first == run(),
                "seed {seed} with {nodes} nodes twice"
            );
        }
    }
}
