//! What an account shows of itself, as a node knows it: kept beside its connections and those who watch it, so that nothing that is
//! told costs a look into the storage.

use std::sync::atomic::{AtomicU64, Ordering};

use pipit_model::privacy::Signs;
use pipit_wire::privacy::Privacy;

const READ: u64 = 1;
const TYPING: u64 = 2;
const PRESENCE: u64 = 4;
/// How many bits the signs take; the others are the time of the change.
const BITS: u32 = 3;

/// See the module. Of two states the later wins, whichever comes first. While nothing is known, nothing is shown.
#[derive(Debug, Default)]
pub struct KnownSigns(AtomicU64);

impl KnownSigns {
    /// What is known.
    pub fn get(&self) -> Signs {
        signs(self.0.load(Ordering::Relaxed))
    }

    /// Takes in a state; what was known before it, where it is later than that.
    pub fn learn(&self, privacy: &Privacy) -> Option<Signs> {
        self.raise(packed(privacy))
    }

    /// Takes in what is known elsewhere.
    pub fn learn_from(&self, other: &Self) {
        self.raise(other.0.load(Ordering::Relaxed));
    }

    fn raise(&self, new: u64) -> Option<Signs> {
        let before = self.0.fetch_max(new, Ordering::Relaxed);
        (before < new).then(|| signs(before))
    }
}

/// The time above the signs, so that what is later is greater; one more than the time, so that nothing is as small as knowing nothing.
fn packed(privacy: &Privacy) -> u64 {
    let at = u64::try_from(privacy.changed_at.as_ms()).unwrap_or_default();
    let mut bits = at.saturating_add(1).min(u64::MAX >> BITS) << BITS;
    for (shown, bit) in [
        (privacy.receipts, READ),
        (privacy.typing, TYPING),
        (privacy.presence, PRESENCE),
    ] {
        if shown {
            bits |= bit;
        }
    }
    bits
}

const fn signs(bits: u64) -> Signs {
    Signs {
        read: bits & READ != 0,
        typing: bits & TYPING != 0,
        presence: bits & PRESENCE != 0,
    }
}

#[cfg(test)]
mod tests {
    use pipit_wire::Timestamp;

    use super::*;

    fn state(at: i64, receipts: bool, typing: bool, presence: bool) -> Privacy {
        Privacy {
            receipts,
            typing,
            presence,
            changed_at: Timestamp(at),
            ..Privacy::default()
        }
    }

    #[test]
    fn nothing_is_shown_while_nothing_is_known() {
        let known = KnownSigns::default();
        assert_eq!(known.get(), Signs::default());
        let all = Signs::of(&Privacy::default());
        assert_eq!(known.learn(&Privacy::default()), Some(Signs::default()));
        assert_eq!(
            known.get(),
            all,
            "an account that never changed it shows everything"
        );
        let copy = KnownSigns::default();
        copy.learn_from(&known);
        assert_eq!(copy.get(), all);
    }

    #[test]
    fn the_later_state_wins_whichever_comes_first() {
        let now = 1_790_000_000_000;
        let known = KnownSigns::default();
        let late = state(now, false, true, false);
        let all = Signs::of(&Privacy::default());
        known.learn(&Privacy::default());
        assert_eq!(known.learn(&late), Some(all));
        assert_eq!(known.get(), Signs::of(&late));
        for stale in [Privacy::default(), state(now - 1, true, true, true), late] {
            assert_eq!(known.learn(&stale), None, "{stale:?}");
            assert_eq!(known.get(), Signs::of(&late));
        }
        let later = state(now + 1, true, false, true);
        assert_eq!(known.learn(&later), Some(Signs::of(&late)));
        assert_eq!(known.get(), Signs::of(&later));
    }
}
