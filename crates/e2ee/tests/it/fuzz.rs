//! Bytes that were cut, changed or crossed, into every way in: a typed refusal, and a state that is as before and goes on.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use pipit_e2ee::{Error, Goal, LogHead, Received};

use crate::world::{CONVERSATION, Scene, entry, now};

/// One of each kind of bytes that this crate makes, and a scene that has taken none of them in yet.
fn samples() -> (Scene, Vec<Vec<u8>>) {
    let mut scene = Scene::group(&[(1, 1), (2, 1), (3, 1)]);
    let mut elsewhere = Scene::group(&[(1, 1), (4, 1)]);
    let directory = scene.directory.clone();
    let sealed = scene.phones[0].seal(entry(100), b"hello").unwrap();
    let crossed = elsewhere.phones[0].seal(entry(100), b"elsewhere").unwrap();
    let leaver = &mut scene.phones[2];
    let wish = leaver
        .device
        .leave(
            &mut leaver.port,
            &mut leaver.random,
            crate::world::log(entry(100)),
        )
        .unwrap();
    let mut guest = Scene::strangers(&[(1, 2)]);
    scene.directory.keys.extend(guest.directory.keys.clone());
    let directory = {
        let _ = directory;
        scene.directory.clone()
    };
    let key_package = guest.phones[0].key_package();
    let goals = [Goal::Add {
        key_package: key_package.clone(),
    }];
    scene.phones[0].want(&directory, &goals).unwrap();
    let outgoing = scene.phones[0].commit(&directory, entry(100)).unwrap().unwrap();
    let info = elsewhere.phones[0].group_info().unwrap();
    let external = elsewhere.phones[1]
        .rejoin(
            &elsewhere.directory,
            entry(100),
            &info,
            LogHead { epoch: 1, count: 0 },
        )
        .unwrap();
    let samples = vec![
        sealed.bytes,
        crossed.bytes,
        wish.bytes,
        outgoing.commit,
        outgoing.welcome.unwrap(),
        key_package,
        info,
        external.commit,
    ];
    (scene, samples)
}

/// What was done to the bytes.
#[derive(Clone, Debug)]
enum Damage {
    Cut(prop::sample::Index),
    Flip(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index),
    Splice(prop::sample::Index, usize),
    Random(Vec<u8>),
    Nothing,
}

fn damage() -> impl Strategy<Value = Damage> {
    use prop::sample::Index;
    prop_oneof![
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), 1..=255_u8).prop_map(|(at, with)| Damage::Flip(at, with)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        any::<Index>().prop_map(Damage::Remove),
        (any::<Index>(), 0..8_usize).prop_map(|(at, other)| Damage::Splice(at, other)),
        prop::collection::vec(any::<u8>(), 0..400).prop_map(Damage::Random),
        Just(Damage::Nothing),
    ]
}

fn apply(damage: &Damage, bytes: &[u8], samples: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    match damage {
        Damage::Cut(at) => bytes.truncate(at.index(bytes.len())),
        Damage::Flip(at, with) => {
            let at = at.index(bytes.len());
            bytes[at] ^= with;
        }
        Damage::Insert(at, byte) => bytes.insert(at.index(bytes.len()), *byte),
        Damage::Remove(at) => {
            bytes.remove(at.index(bytes.len()));
        }
        Damage::Splice(at, other) => {
            let at = at.index(bytes.len());
            bytes.truncate(at);
            bytes.extend(samples[*other].iter().skip(at));
        }
        Damage::Random(random) => bytes.clone_from(random),
        Damage::Nothing => {}
    }
    bytes
}

/// A refusal has a reason of its own; that OpenMLS gave up without one would be a bug.
fn require_typed(error: &Error) {
    assert!(
        !matches!(error, Error::Corrupt(_) | Error::Storage(_)),
        "bad input was taken for bad storage: {error:?}"
    );
}

#[test]
fn damaged_bytes_are_refused_everywhere_and_change_nothing() {
    let (mut scene, samples) = samples();
    let directory = scene.directory.clone();
    let before = scene.phones[1].port.clone();
    let original = samples.clone();
    let mut runner = TestRunner::new(Config {
        cases: 1_500,
        failure_persistence: None,
        ..Config::default()
    });
    let strategy = (0..8_usize, damage(), 0..5_usize);
    let phone = std::cell::RefCell::new(&mut scene.phones[1]);
    let outcome = runner.run(&strategy, |(which, damage, door)| {
        let bytes = apply(&damage, &samples[which], &samples);
        if samples.contains(&bytes) && door == 0 {
            return Ok(());
        }
        let mut phone = phone.borrow_mut();
        let refused = match door {
            0 => phone.receive(&directory, entry(100), &bytes).map(drop),
            1 => phone.receive(&directory, entry(101), &bytes).map(drop),
            2 => phone.join(&directory, &bytes),
            3 => {
                let head = LogHead { epoch: 1, count: 0 };
                let device_is_in = phone.rejoin(&directory, entry(100), &bytes, head);
                // The description of another group of the same name is a valid one; nothing of it is kept here.
                phone.port = before.clone();
                phone.device.forget();
                device_is_in.map(drop)
            }
            _ => phone.want(
                &directory,
                &[Goal::Add {
                    key_package: bytes.clone(),
                }],
            ),
        };
        match refused {
            Err(error) => require_typed(&error),
            Ok(()) => prop_assert!(
                original.contains(&bytes),
                "{damage:?} of {which} passed door {door}"
            ),
        }
        if !phone.port.same(&before) {
            prop_assert!(original.contains(&bytes));
            phone.port = before.clone();
            phone.device.forget();
        }
        Ok(())
    });
    outcome.unwrap();
    let read = scene.phones[1]
        .receive(&directory, entry(100), &samples[0])
        .unwrap();
    assert!(matches!(read, Received::Message { content, .. } if content == b"hello"));
    let _ = (CONVERSATION, now());
}
