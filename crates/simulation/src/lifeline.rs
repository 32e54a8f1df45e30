//! When a node dies, counted in the steps that somebody else can see.
//!
//! A node that dies is not stopped: from that step on, nothing that it does has an effect. Its storage refuses, its bus and its
//! lines are silent. From outside that is a process that was killed there; two deaths between the same two steps cannot be told
//! apart, so that trying every number of steps tries every death.

use std::sync::{Mutex, PoisonError};

/// The steps of one node, from its start to its end.
#[derive(Debug, Default)]
pub struct Lifeline {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    steps: u64,
    /// How many more steps it makes, where that is decided.
    left: Option<u64>,
}

impl Lifeline {
    /// Makes a step. Where this is false the node is dead and the step was not made.
    pub fn step(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut state.left {
            Some(0) => return false,
            Some(left) => *left -= 1,
            None => {}
        }
        state.steps += 1;
        true
    }

    /// Whether the next step will be made.
    pub fn is_alive(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.left != Some(0)
    }

    /// Dies after so many more steps.
    pub fn die_after(&self, steps: u64) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).left = Some(steps);
    }

    /// Does not die after all, where it has not yet.
    pub fn live_on(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.left != Some(0) {
            state.left = None;
        }
    }

    /// How many steps it has made.
    pub fn steps(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).steps
    }
}
