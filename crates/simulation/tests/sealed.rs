//! Encrypted conversations of whole engines on the real node: what everybody else does, sealed.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use pipit_simulation::{Plan, run_plan};

const EACH: u64 = 6;

fn check(part: u64) {
    for seed in part * EACH..(part + 1) * EACH {
        if let Err(error) = run_plan(Plan::draw_encrypted(seed), |_, _| {}) {
            panic!("{error:#}");
        }
    }
}

#[test]
fn sealed_seeds_from_0() {
    check(0);
}

#[test]
fn sealed_seeds_from_6() {
    check(1);
}
