//! The safety number of two people: what they compare once to know that nobody stands between them.
//!
//! Built as Signal's numeric fingerprint is (`NumericFingerprintGenerator` of libsignal): each side's half is SHA-512, applied 5,200 times over the keys and the
//! person's id, of which thirty bytes become six groups of five digits; the two halves are put in ascending order, so that both see the same number.
//!
//! ```text
//! h(0) = SHA-512(version (2 bytes, big-endian) ‖ keys ‖ user id (16 bytes))
//! h(n) = SHA-512(h(n-1) ‖ keys)                         n = 1 … 5,199
//! group i = (5 bytes of h(5,199) at 5i, big-endian) mod 100,000     i = 0 … 5
//! ```
//!
//! `keys` are the roots of the person's key log ([`crate::KeyLog::roots`]), 32 bytes each, ascending, without repeats: the keys for which nobody vouches, on which all their devices hang. Half a number has
//! about 100 bits; the repetition makes each guess at another key set with the same half 5,200 times as costly.

use std::collections::BTreeSet;
use std::fmt;

use pipit_wire::UserId;
use sha2::{Digest, Sha512};
use subtle::ConstantTimeEq;

use crate::error::Error;
use crate::identity::SignatureKey;

/// The version of the construction, and of the QR code's content.
const VERSION: u16 = 1;
const ITERATIONS: u32 = 5_200;
const GROUPS: usize = 6;

/// One person's half.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Half([u8; 64]);

/// The safety number of two people.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SafetyNumber {
    mine: Half,
    theirs: Half,
}

impl Half {
    fn of((user, keys): (UserId, &BTreeSet<SignatureKey>), iterations: u32) -> Self {
        let keys: Vec<u8> = keys.iter().flat_map(|key| key.0).collect();
        let first = Sha512::new()
            .chain_update(VERSION.to_be_bytes())
            .chain_update(&keys)
            .chain_update(user.as_bytes());
        let mut hash = first.finalize();
        for _ in 1..iterations {
            hash = Sha512::new().chain_update(hash).chain_update(&keys).finalize();
        }
        Self(hash.into())
    }

    fn groups(&self) -> [u32; GROUPS] {
        let mut groups = [0; GROUPS];
        for (group, bytes) in groups.iter_mut().zip(self.0.chunks_exact(5)) {
            let number = bytes
                .iter()
                .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            *group = u32::try_from(number % 100_000).unwrap_or(0);
        }
        groups
    }
}

impl SafetyNumber {
    /// The number of oneself and another person. About 5 ms natively.
    pub fn new(me: (UserId, &BTreeSet<SignatureKey>), them: (UserId, &BTreeSet<SignatureKey>)) -> Self {
        Self::iterated(me, them, ITERATIONS)
    }

    fn iterated(
        me: (UserId, &BTreeSet<SignatureKey>),
        them: (UserId, &BTreeSet<SignatureKey>),
        iterations: u32,
    ) -> Self {
        Self {
            mine: Half::of(me, iterations),
            theirs: Half::of(them, iterations),
        }
    }

    /// Twelve groups of five digits, the same on both sides.
    pub fn groups(&self) -> [u32; 2 * GROUPS] {
        let (low, high) = if self.mine <= self.theirs {
            (self.mine, self.theirs)
        } else {
            (self.theirs, self.mine)
        };
        let mut groups = [0; 2 * GROUPS];
        let numbers = low.groups().into_iter().chain(high.groups());
        groups
            .iter_mut()
            .zip(numbers)
            .for_each(|(group, number)| *group = number);
        groups
    }

    /// What the QR code that oneself shows has in it: the version, one's own half, the other's, 32 bytes of each.
    pub fn qr_payload(&self) -> Vec<u8> {
        let halves = [&self.mine, &self.theirs];
        let halves = halves.into_iter().flat_map(|half| half.0.into_iter().take(32));
        VERSION.to_be_bytes().into_iter().chain(halves).collect()
    }

    /// Whether the QR code that the other person shows says the same.
    pub fn matches(&self, scanned: &[u8]) -> Result<bool, Error> {
        let (version, halves) = scanned.split_first_chunk::<2>().ok_or(Error::Malformed)?;
        if *version != VERSION.to_be_bytes() || halves.len() != 64 {
            return Err(Error::Malformed);
        }
        let seen_by_them = Self {
            mine: self.theirs,
            theirs: self.mine,
        };
        Ok(seen_by_them.qr_payload().as_slice().ct_eq(scanned).into())
    }
}

impl fmt::Display for SafetyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, group) in self.groups().into_iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            write!(f, "{space}{group:05}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for SafetyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SafetyNumber({self})")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::SafetyNumber;
    use crate::identity::SignatureKey;
    use pipit_wire::UserId;

    fn person(number: u8, keys: &[u8]) -> (UserId, BTreeSet<SignatureKey>) {
        let keys = keys.iter().map(|key| SignatureKey([*key; 32])).collect();
        (UserId::from_bytes([number; 16]), keys)
    }

    /// With few repetitions: hashing is slow where it is not optimised.
    fn number(
        me: &(UserId, BTreeSet<SignatureKey>),
        them: &(UserId, BTreeSet<SignatureKey>),
    ) -> SafetyNumber {
        SafetyNumber::iterated((me.0, &me.1), (them.0, &them.1), 3)
    }

    #[test]
    fn both_see_the_same_number_and_the_codes_match() {
        let (alice, bob) = (person(1, &[10, 11]), person(2, &[20]));
        let seen_by_alice = number(&alice, &bob);
        let seen_by_bob = number(&bob, &alice);
        assert_eq!(seen_by_alice.to_string(), seen_by_bob.to_string());
        assert_eq!(seen_by_alice.to_string().len(), 12 * 5 + 11);
        assert!(seen_by_alice.matches(&seen_by_bob.qr_payload()).unwrap());
        assert!(
            !seen_by_alice.matches(&seen_by_alice.qr_payload()).unwrap(),
            "one's own code"
        );
    }

    #[test]
    fn another_key_or_person_is_another_number() {
        let (alice, bob) = (person(1, &[10, 11]), person(2, &[20]));
        let shown = number(&alice, &bob);
        for other in [
            person(2, &[21]),
            person(2, &[20, 21]),
            person(2, &[]),
            person(3, &[20]),
        ] {
            let with_other = number(&alice, &other);
            assert_ne!(shown.groups()[..], with_other.groups()[..]);
            let code = number(&other, &alice).qr_payload();
            assert!(!shown.matches(&code).unwrap());
        }
    }

    #[test]
    fn other_codes_are_refused() {
        let (alice, bob) = (person(1, &[10]), person(2, &[20]));
        let shown = number(&alice, &bob);
        let code = number(&bob, &alice).qr_payload();
        let mut longer = code.clone();
        longer.push(0);
        let mut newer = code.clone();
        newer[1] = 2;
        for bad in [&code[..65], &longer, &newer, &[]] {
            assert!(shown.matches(bad).is_err());
        }
    }

    /// Computed apart from this code, with Python's hashlib.
    #[test]
    fn the_construction_is_the_documented_one() {
        let (alice, bob) = (person(1, &[10]), person(2, &[20]));
        let number = SafetyNumber::new((alice.0, &alice.1), (bob.0, &bob.1));
        assert_eq!(
            number.to_string(),
            "54227 73345 04038 05540 95881 75883 42647 31282 76407 52352 71759 16383"
        );
    }
}
