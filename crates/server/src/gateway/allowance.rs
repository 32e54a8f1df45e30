//! How much one connection may send, by the injected clock.

use pipit_wire::Timestamp;

/// A token bucket: `burst` at once, `per_second` in the long run.
#[derive(Debug)]
pub struct Allowance {
    burst: i64,
    per_second: i64,
    /// In thousandths of a frame, so that a millisecond adds a whole number.
    left: i64,
    counted_at: Timestamp,
}

impl Allowance {
    /// A full bucket.
    pub fn new(burst: u32, per_second: u32, now: Timestamp) -> Self {
        let burst = i64::from(burst) * 1_000;
        Self {
            burst,
            per_second: i64::from(per_second),
            left: burst,
            counted_at: now,
        }
    }

    /// Takes one; where there is none, how many milliseconds until there is.
    pub fn take(&mut self, now: Timestamp) -> Result<(), u32> {
        // A clock that goes back adds nothing and costs nothing.
        let passed_ms = now.since_ms(self.counted_at).max(0);
        self.counted_at = now;
        self.left = self
            .left
            .saturating_add(passed_ms.saturating_mul(self.per_second))
            .min(self.burst);
        if self.left >= 1_000 {
            self.left -= 1_000;
            return Ok(());
        }
        let missing = 1_000 - self.left;
        let wait_ms = (missing + self.per_second - 1)
            .checked_div(self.per_second)
            .unwrap_or(1_000);
        Err(u32::try_from(wait_ms).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_the_rate() {
        let mut allowance = Allowance::new(2, 100, Timestamp(0));
        assert_eq!(allowance.take(Timestamp(0)), Ok(()));
        assert_eq!(allowance.take(Timestamp(0)), Ok(()));
        assert_eq!(allowance.take(Timestamp(0)), Err(10));
        assert_eq!(allowance.take(Timestamp(9)), Err(1));
        assert_eq!(allowance.take(Timestamp(10)), Ok(()));
        assert_eq!(allowance.take(Timestamp(3_600_000)), Ok(()));
        assert_eq!(allowance.take(Timestamp(3_600_000)), Ok(()));
        assert_eq!(
            allowance.take(Timestamp(3_600_000)),
            Err(10),
            "the bucket holds a burst, not an hour"
        );
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let mut allowance = Allowance::new(1, 1, Timestamp(1_000_000));
        assert_eq!(allowance.take(Timestamp(1_000_000)), Ok(()));
        assert_eq!(allowance.take(Timestamp(0)), Err(1_000));
        assert_eq!(allowance.take(Timestamp(1_000)), Ok(()));
    }

    #[test]
    fn a_rate_of_nothing_is_no_division_by_zero() {
        let mut allowance = Allowance::new(0, 0, Timestamp(0));
        assert_eq!(allowance.take(Timestamp(0)), Err(1_000));
    }
}
