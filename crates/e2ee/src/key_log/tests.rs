use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

const USER: UserId = UserId::from_bytes([9; 16]);

fn id(number: u8) -> DeviceId {
    DeviceId::from_bytes([number; 16])
}

fn key(number: u8) -> SignatureKey {
    SignatureKey(SigningKey::from_bytes(&[number; 32]).verifying_key().to_bytes())
}

/// A step, whose key, and who vouches.
type Wanted = (KeyStep, u8, Option<u8>);
type Entries = Vec<(KeyEntry, [u8; 32])>;

fn entry(number: u64, (step, device, by): Wanted) -> KeyEntry {
    let holder = if device >= 200 {
        KeyHolder::Recovery
    } else {
        KeyHolder::Device
    };
    KeyEntry {
        user: USER,
        number,
        step,
        holder,
        device: id(device),
        key: key(device).0,
        at: Timestamp(7),
        vouch: by.map(|by| sign_vouch(&[by; 32], USER, (holder, id(device), &key(device)), id(by))),
    }
}

/// Hashes entries as a server would that wants them to be believed.
fn chained(entries: impl IntoIterator<Item = KeyEntry>, mut before: [u8; 32]) -> Entries {
    let chain = entries.into_iter().map(|entry| {
        before = entry_hash(&entry, &before);
        (entry, before)
    });
    chain.collect()
}

fn entries(steps: &[Wanted]) -> Entries {
    let made = steps.iter().zip(1..).map(|(step, number)| entry(number, *step));
    chained(made, NO_HASH)
}

fn log(steps: &[Wanted]) -> KeyLog {
    let mut log = KeyLog::new(USER);
    log.extend(&entries(steps)).unwrap();
    log
}

fn roots(steps: &[Wanted]) -> Vec<u8> {
    let roots = log(steps).roots();
    (0..=255).filter(|number| roots.contains(&key(*number))).collect()
}

use KeyStep::{Added, Removed, Vouched};

#[test]
fn roots_stay_while_devices_vouch_for_each_other() {
    for (steps, expect) in [
        (&[][..], &[][..]),
        (&[(Added, 1, None)], &[1]),
        (&[(Added, 1, None), (Added, 2, Some(1))], &[1]),
        (&[(Added, 1, None), (Added, 2, Some(1)), (Removed, 1, None)], &[1]),
        (&[(Added, 1, None), (Added, 2, None)], &[1, 2]),
        (&[(Added, 1, None), (Added, 2, None), (Vouched, 2, Some(1))], &[1]),
        (&[(Added, 1, None), (Added, 2, None), (Removed, 2, None)], &[1]),
        (&[(Added, 1, None), (Added, 2, None), (Removed, 1, None)], &[2]),
        // What hangs on it comes with it.
        (
            &[
                (Added, 1, None),
                (Added, 2, None),
                (Added, 3, Some(2)),
                (Vouched, 2, Some(1)),
            ],
            &[1],
        ),
        // A stranger that vouches for what was there does not get away with its number.
        (&[(Added, 1, None), (Added, 2, None), (Vouched, 1, Some(2))], &[2]),
        // By the recovery key, when no device is left.
        (
            &[
                (Added, 1, None),
                (Added, 200, Some(1)),
                (Removed, 1, None),
                (Added, 2, Some(200)),
            ],
            &[1],
        ),
        (
            &[(Added, 1, None), (Added, 200, Some(1)), (Removed, 1, None)],
            &[],
        ),
    ] {
        assert_eq!(roots(steps), expect, "{steps:?}");
    }
}

#[test]
fn what_cannot_be_true_is_refused_by_its_name() {
    let begun: &[Wanted] = &[
        (Added, 1, None),
        (Added, 2, Some(1)),
        (Added, 3, None),
        (Added, 4, Some(3)),
        (Removed, 4, None),
        (Added, 200, Some(1)),
    ];
    for (step, expect) in [
        ((Added, 5, None), Ok(())),
        ((Added, 5, Some(200)), Ok(())),
        ((Vouched, 3, Some(2)), Ok(())),
        ((Added, 1, None), Err(KeyLogError::AddedAgain)),
        ((Added, 4, Some(1)), Err(KeyLogError::AddedAgain)),
        ((Added, 201, None), Err(KeyLogError::Misplaced)),
        ((Added, 5, Some(4)), Err(KeyLogError::VoucherRemoved)),
        ((Added, 5, Some(6)), Err(KeyLogError::NoVoucher)),
        ((Added, 5, Some(5)), Err(KeyLogError::Circular)),
        ((Vouched, 1, Some(2)), Err(KeyLogError::Circular)),
        ((Vouched, 2, Some(3)), Err(KeyLogError::Misplaced)),
        ((Vouched, 3, None), Err(KeyLogError::Misplaced)),
        ((Removed, 3, Some(1)), Err(KeyLogError::Misplaced)),
        ((Vouched, 4, Some(1)), Err(KeyLogError::NoKey)),
        ((Removed, 4, None), Err(KeyLogError::NoKey)),
        ((Removed, 6, None), Err(KeyLogError::NoKey)),
    ] {
        let mut log = log(begun);
        let before = log.clone();
        let next = chained([entry(7, step)], log.hash());
        assert_eq!(log.extend(&next), expect, "{step:?}");
        if expect.is_err() {
            assert_eq!(log, before);
        }
    }
}

#[test]
fn a_vouch_is_of_one_key_of_one_device_of_one_person_by_one() {
    let good = sign_vouch(&[1; 32], USER, (KeyHolder::Device, id(2), &key(2)), id(1));
    let other_user = UserId::from_bytes([8; 16]);
    for forged in [
        sign_vouch(&[3; 32], USER, (KeyHolder::Device, id(2), &key(2)), id(1)),
        sign_vouch(&[1; 32], other_user, (KeyHolder::Device, id(2), &key(2)), id(1)),
        sign_vouch(&[1; 32], USER, (KeyHolder::Recovery, id(2), &key(2)), id(1)),
        sign_vouch(&[1; 32], USER, (KeyHolder::Device, id(3), &key(2)), id(1)),
        sign_vouch(&[1; 32], USER, (KeyHolder::Device, id(2), &key(3)), id(1)),
        VouchBytes {
            by: id(1),
            ..sign_vouch(&[1; 32], USER, (KeyHolder::Device, id(2), &key(2)), id(3))
        },
        VouchBytes {
            signature: [0; 64],
            ..good
        },
    ] {
        let mut log = log(&[(Added, 1, None)]);
        let added = KeyEntry {
            vouch: Some(forged),
            ..entry(2, (Added, 2, None))
        };
        let next = chained([added], log.hash());
        assert_eq!(log.extend(&next), Err(KeyLogError::Forged));
    }
    let (mut log, added) = (
        log(&[(Added, 1, None)]),
        KeyEntry {
            vouch: Some(good),
            ..entry(2, (Added, 2, None))
        },
    );
    log.extend(&chained([added], log.hash())).unwrap();
}

#[test]
fn what_the_server_says_of_the_end_is_compared() {
    let log = log(&[(Added, 1, None), (Added, 2, Some(1))]);
    let hash = log.hash();
    for (number, said, expect) in [
        (2, hash, Ok(false)),
        (3, [1; 32], Ok(true)),
        (2, [1; 32], Err(KeyLogError::Forked)),
        (1, hash, Err(KeyLogError::Cut)),
        (0, NO_HASH, Err(KeyLogError::Cut)),
    ] {
        assert_eq!(log.compare(number, &said), expect);
    }
    assert_eq!(KeyLog::from_bytes(&log.to_bytes().unwrap()).unwrap(), log);
}

#[test]
fn a_code_is_of_one_device_and_its_key() {
    let who = Identity {
        user: USER,
        device: id(1),
    };
    let code = device_code(who, &key(1));
    assert_eq!(code, device_code(who, &key(1)));
    assert_ne!(code, device_code(who, &key(2)));
    let other = Identity { device: id(2), ..who };
    assert_ne!(code, device_code(other, &key(1)));
}

/// Steps that may come one after the other, made of what is drawn.
fn steps_of(drawn: &[(u8, Index, Index)]) -> Vec<Wanted> {
    let mut steps: Vec<Wanted> = vec![(Added, 1, None)];
    let (mut standing, mut made) = (vec![1_u8], 1_u8);
    for (kind, one, other) in drawn {
        let by = (!standing.is_empty()).then(|| standing[one.index(standing.len().max(1))]);
        match kind % 4 {
            0 => {
                made += 1;
                steps.push((Added, made, None));
                standing.push(made);
            }
            1 | 2 => {
                made += 1;
                steps.push((Added, made, by));
                standing.push(made);
            }
            _ if standing.is_empty() => {}
            _ => {
                let gone = standing.remove(other.index(standing.len()));
                steps.push((Removed, gone, None));
            }
        }
    }
    steps
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Wherever a log is cut in two, it goes on; whatever is changed, left out or put elsewhere in it is noticed by whoever has seen its beginning.
    #[test]
    fn a_log_goes_on_and_no_other_does(
        drawn in proptest::collection::vec((any::<u8>(), any::<Index>(), any::<Index>()), 1..24),
        at: Index, seen: Index, bit in 0_usize..8, byte: Index,
    ) {
        let all = entries(&steps_of(&drawn));
        let seen = seen.index(all.len());
        let begun = || {
            let mut log = KeyLog::new(USER);
            log.extend(&all[..seen]).unwrap();
            log
        };
        let mut whole = begun();
        whole.extend(&all[seen..]).unwrap();
        let mut at_once = KeyLog::new(USER);
        at_once.extend(&all).unwrap();
        prop_assert_eq!(&whole, &at_once);
        // A vouched key never adds a root.
        let roots_at_most = all.iter().filter(|(entry, _)| entry.step == Added && entry.vouch.is_none()).count();
        prop_assert!(whole.roots().len() <= roots_at_most);

        // One bit of one entry that is still to come, chained as before.
        let changed = seen + at.index(all.len() - seen);
        let mut forged = all.clone();
        let key = &mut forged[changed].0.key;
        let byte = byte.index(32);
        key[byte] ^= 1 << bit;
        prop_assert_eq!(begun().extend(&forged[seen..]), Err(KeyLogError::Forked));
        // Left out.
        let mut shorter = all.clone();
        shorter.remove(changed);
        if changed + 1 < all.len() {
            let is_gap = matches!(begun().extend(&shorter[seen..]), Err(KeyLogError::Gap { .. }));
            prop_assert!(is_gap);
        }
        // Rewritten before what was seen, and chained anew: what follows does not fit.
        if seen > 0 {
            let mut rewritten: Vec<KeyEntry> = all.iter().map(|(entry, _)| *entry).collect();
            rewritten[at.index(seen)].at = Timestamp(8);
            let rewritten = chained(rewritten, NO_HASH);
            prop_assert_eq!(begun().extend(&rewritten[seen..]), Err(KeyLogError::Forked));
            let (_, last) = rewritten[seen - 1];
            prop_assert_eq!(begun().compare(seen as u64, &last), Err(KeyLogError::Forked));
        }
    }
}
