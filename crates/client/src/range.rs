//! Which parts of a log this device holds.
//!
//! A log is gap-free on the server; on the device it may have holes, where more was missed than is worth fetching before
//! somebody looks. A part is written as the half-open interval `(after, through]`, so that an empty part has a place too:
//! `(120, 120]` says "nothing yet, but what comes after 120 joins here". The end of the last part is the conversation's
//! cursor.

use pipit_wire::Seq;

/// A part of a log without a hole: the entries with `after < seq <= through`. May be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogRange {
    /// The place before the first entry.
    pub after: Seq,
    /// The last entry.
    pub through: Seq,
}

impl LogRange {
    /// The empty part at this place.
    pub const fn empty_at(seq: Seq) -> Self {
        Self {
            after: seq,
            through: seq,
        }
    }

    /// Whether all entries with `after < seq <= through` are in it.
    pub fn covers(&self, after: Seq, through: Seq) -> bool {
        self.after <= after && through <= self.through
    }

    /// Whether it and the other one overlap or touch, so that they are one part.
    fn joins(&self, other: &Self) -> bool {
        self.after <= other.through && other.after <= self.through
    }
}

/// The parts with another one added: ascending, and apart from each other.
pub fn insert(ranges: &[LogRange], new: LogRange) -> Vec<LogRange> {
    let mut joined = new;
    let mut apart: Vec<LogRange> = Vec::with_capacity(ranges.len() + 1);
    for range in ranges {
        if range.joins(&joined) {
            joined.after = joined.after.min(range.after);
            joined.through = joined.through.max(range.through);
        } else {
            apart.push(*range);
        }
    }
    apart.push(joined);
    apart.sort_by_key(|range| range.after);
    apart
}

/// The parts as they are when the log ends at `last`: what was beyond is cut off.
pub fn truncate(ranges: &[LogRange], last: Seq) -> Vec<LogRange> {
    let kept = ranges
        .iter()
        .filter(|range| range.after <= last)
        .map(|range| LogRange {
            after: range.after,
            through: range.through.min(last),
        });
    kept.collect()
}

/// The part that this place is in, or directly before.
pub fn containing(ranges: &[LogRange], seq: Seq) -> Option<LogRange> {
    ranges.iter().find(|range| range.covers(seq, seq)).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn range(after: u64, through: u64) -> LogRange {
        LogRange {
            after: Seq::new(after).unwrap(),
            through: Seq::new(through).unwrap(),
        }
    }

    fn entries(ranges: &[LogRange]) -> BTreeSet<u64> {
        ranges
            .iter()
            .flat_map(|range| range.after.get() + 1..=range.through.get())
            .collect()
    }

    #[test]
    fn touching_parts_become_one() {
        assert_eq!(insert(&[range(0, 5)], range(5, 9)), [range(0, 9)]);
        assert_eq!(insert(&[range(9, 9)], range(4, 9)), [range(4, 9)]);
        assert_eq!(insert(&[range(0, 5)], range(6, 9)), [range(0, 5), range(6, 9)]);
        assert_eq!(
            insert(&[range(0, 2), range(4, 6), range(8, 9)], range(1, 8)),
            [range(0, 9)]
        );
    }

    #[test]
    fn a_shorter_log_cuts_parts() {
        assert_eq!(
            truncate(&[range(0, 2), range(4, 9), range(12, 14)], Seq::new(6).unwrap()),
            [range(0, 2), range(4, 6)]
        );
    }

    proptest! {
        #[test]
        fn parts_hold_what_was_inserted_and_stay_apart(
            parts in prop::collection::vec((0_u64..60, 0_u64..12), 0..40)
        ) {
            let mut ranges = Vec::new();
            let mut expected = BTreeSet::new();
            for (after, length) in parts {
                ranges = insert(&ranges, range(after, after + length));
                expected.extend(after + 1..=after + length);
                prop_assert_eq!(&entries(&ranges), &expected);
                for pair in ranges.windows(2) {
                    prop_assert!(pair[0].through < pair[1].after, "{:?}", ranges);
                }
            }
        }

        #[test]
        fn a_cut_keeps_what_is_before_it(
            parts in prop::collection::vec((0_u64..60, 0_u64..12), 0..10), last in 0_u64..70
        ) {
            let ranges = parts.iter().fold(Vec::new(), |ranges, (after, length)| insert(&ranges, range(*after, after + length)));
            let cut = truncate(&ranges, Seq::new(last).unwrap());
            let expected: BTreeSet<u64> = entries(&ranges).into_iter().filter(|seq| *seq <= last).collect();
            prop_assert_eq!(entries(&cut), expected);
        }
    }
}
