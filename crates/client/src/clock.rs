//! The time that drivers pass in, and a steady one derived from it.
//!
//! People and time servers set clocks back. Deadlines are therefore kept on a steady time that only ever adds up the steps
//! forward: a clock that was set back an hour delays nothing by an hour.

use pipit_wire::Timestamp;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    device: Timestamp,
    steady: Timestamp,
}

impl Clock {
    pub(crate) const fn new(now: Timestamp) -> Self {
        Self {
            device: now,
            steady: now,
        }
    }

    pub(crate) fn advance(&mut self, now: Timestamp) {
        self.steady = self.steady.plus_ms(now.since_ms(self.device).max(0));
        self.device = now;
    }

    /// The device's clock: what is written into messages.
    pub(crate) const fn now(&self) -> Timestamp {
        self.device
    }

    /// For deadlines.
    pub(crate) const fn steady(&self) -> Timestamp {
        self.steady
    }

    /// A deadline by the device's clock.
    pub(crate) const fn on_device(&self, deadline: Timestamp) -> Timestamp {
        self.device.plus_ms(deadline.since_ms(self.steady))
    }

    pub(crate) fn is_due(&self, deadline: Timestamp) -> bool {
        deadline <= self.steady
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_delays_no_deadline() {
        let mut clock = Clock::new(Timestamp(100_000));
        let deadline = clock.steady().plus_ms(1_000);
        clock.advance(Timestamp(5_000));
        assert_eq!(clock.on_device(deadline), Timestamp(6_000));
        clock.advance(Timestamp(6_000));
        assert!(clock.is_due(deadline));
    }
}
