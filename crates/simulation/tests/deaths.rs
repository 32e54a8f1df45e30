//! A node dies at every step of a message's way. See `pipit_simulation::deaths`.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use pipit_simulation::deaths::{Whose, run};

/// More than the scene has: where it is reached, it has no end.
const STEPS_MAX: u64 = 1_000;

fn every_death(nodes: usize, whose: Whose) {
    let mut deaths = 0;
    for steps in 0..STEPS_MAX {
        match run(5, nodes, whose, steps, |_, _| {}) {
            Ok(true) => deaths += 1,
            Ok(false) => break,
            Err(error) => panic!("{error:#}"),
        }
    }
    assert!((15..STEPS_MAX).contains(&deaths), "the scene has {deaths} steps");
}

#[test]
fn the_only_node_dies() {
    every_death(1, Whose::Writer);
}

#[test]
fn the_writers_node_dies() {
    every_death(2, Whose::Writer);
}

#[test]
fn the_readers_node_dies() {
    every_death(2, Whose::Reader);
}
