//! A crowd of simulated people that speaks the public protocol, and a checker that trusts nobody.
//!
//! * [`record`]: what happened, seen from each device, by the generator's own clock.
//! * [`crowd`]: the people, their devices and what they do.
//! * [`workload`], [`run`], [`report`]: `pipit-load run`.
//! * [`chaos`]: a cluster that is broken by a plan while people chat on it.
//! * [`peer`]: the same crowd against other servers, side by side.
//! * [`check`]: whether that, and what fresh clients read at the end, is what Pipit promises.
#![warn(missing_docs)]

pub mod chaos;
pub mod check;
pub mod crowd;
pub mod peer;
pub mod process;
pub mod record;
pub mod report;
pub mod rude;
pub mod run;
pub mod workload;
