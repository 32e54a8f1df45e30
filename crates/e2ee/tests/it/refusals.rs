//! What is refused, with what reason, and that it changes nothing.

use pipit_e2ee::{CONTENT_BYTES_MAX, Error, Goal, Received};
use pipit_wire::ConversationId;

use crate::world::{Anything, CONVERSATION, Scene, entry, identity, log, now};

/// Takes an entry in that is to be refused, and checks that nothing was changed.
fn refused(scene: &mut Scene, at: usize, number: u64, bytes: &[u8]) -> Error {
    let directory = scene.directory.clone();
    let before = scene.phones[at].port.clone();
    let refused = scene.phones[at]
        .receive(&directory, entry(number), bytes)
        .unwrap_err();
    assert!(
        scene.phones[at].port.same(&before),
        "{refused:?} has changed the state"
    );
    refused
}

#[test]
fn messages_are_read_once_and_only_where_they_belong() {
    let mut scene = Scene::group(&[(1, 1), (2, 1)]);
    let directory = scene.directory.clone();
    let sealed = scene.phones[0].seal(entry(50), b"hello").unwrap();
    assert!(matches!(
        refused(&mut scene, 1, 51, &sealed.bytes),
        Error::WrongEntry
    ));
    let phone = &mut scene.phones[1];
    let elsewhere = pipit_e2ee::Log {
        conversation: ConversationId::from_bytes([8; 16]),
        entry: entry(50),
    };
    phone
        .device
        .create_group(
            &mut phone.port,
            &mut phone.random,
            elsewhere.conversation,
            pipit_e2ee::Suite::ALL[0],
            now(),
        )
        .unwrap();
    let crossed = phone.device.receive(
        &mut phone.port,
        &mut phone.random,
        &directory,
        elsewhere,
        &sealed.bytes,
    );
    assert!(matches!(crossed, Err(Error::WrongGroup)), "{crossed:?}");
    scene.phones[1]
        .receive(&directory, entry(50), &sealed.bytes)
        .unwrap();
    assert!(matches!(
        refused(&mut scene, 1, 50, &sealed.bytes),
        Error::Replayed
    ));
    scene.phones[1].restart();
    assert!(
        matches!(refused(&mut scene, 1, 50, &sealed.bytes), Error::Replayed),
        "after a restart too"
    );
    scene.say(0, "on", &[1]);
}

#[test]
fn changed_bytes_are_not_authentic() {
    let mut scene = Scene::group(&[(1, 1), (2, 1)]);
    let directory = scene.directory.clone();
    let sealed = scene.phones[0].seal(entry(50), b"hello").unwrap();
    let mut changed = sealed.bytes.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert!(matches!(
        refused(&mut scene, 1, 50, &changed),
        Error::NotAuthentic
    ));
    // What goes along in the clear is sealed with it.
    let at = sealed
        .bytes
        .windows(16)
        .position(|bytes| bytes == entry(50).as_bytes())
        .unwrap();
    let mut moved = sealed.bytes.clone();
    moved[at + 15] = 51;
    assert!(matches!(refused(&mut scene, 1, 51, &moved), Error::NotAuthentic));
    scene.phones[1]
        .receive(&directory, entry(50), &sealed.bytes)
        .unwrap();
}

#[test]
fn what_is_no_message_is_malformed_and_what_is_too_large_is_not_read() {
    let mut scene = Scene::group(&[(1, 1), (2, 1)]);
    assert!(matches!(refused(&mut scene, 1, 50, b""), Error::Malformed));
    assert!(matches!(refused(&mut scene, 1, 50, b"hello"), Error::Malformed));
    let package = scene.phones[0].key_package();
    assert!(
        matches!(refused(&mut scene, 1, 50, &package), Error::Malformed),
        "not an entry"
    );
    let sealed = scene.phones[0].seal(entry(50), b"hello").unwrap();
    assert!(matches!(
        refused(&mut scene, 1, 50, &sealed.bytes[..100]),
        Error::Malformed
    ));
    let longer = [sealed.bytes, vec![0]].concat();
    assert!(matches!(refused(&mut scene, 1, 50, &longer), Error::Malformed));
    let huge = vec![0; pipit_e2ee::CHANGE_BYTES_MAX + 1];
    assert!(matches!(
        refused(&mut scene, 1, 50, &huge),
        Error::TooLarge { .. }
    ));
    let directory = scene.directory.clone();
    let huge = vec![0; pipit_e2ee::WELCOME_BYTES_MAX + 1];
    assert!(matches!(
        scene.phones[1].join(&directory, &huge),
        Err(Error::TooLarge { .. })
    ));
    let text = vec![b'a'; CONTENT_BYTES_MAX + 1];
    assert!(matches!(
        scene.phones[0].seal(entry(51), &text),
        Err(Error::TooLarge { .. })
    ));
    let largest = scene.phones[0].seal(entry(51), &text[1..]).unwrap();
    assert!(largest.bytes.len() < pipit_e2ee::MESSAGE_BYTES_MAX);
    let read = scene.phones[1]
        .receive(&directory, entry(51), &largest.bytes)
        .unwrap();
    assert!(matches!(read, Received::Message { content, .. } if content == text[1..]));
}

#[test]
fn entries_of_other_epochs_are_told_apart() {
    let mut scene = Scene::group(&[(1, 1), (2, 1), (3, 1)]);
    let directory = scene.directory.clone();
    let behind = scene.phones[2].port.clone();
    scene.phones[0].want(&directory, &[Goal::Refresh]).unwrap();
    let outgoing = scene.commit(0, &[1, 2]);
    let sealed = scene.phones[0].seal(entry(60), b"new").unwrap();
    assert!(matches!(
        refused(&mut scene, 1, 2, &outgoing.commit),
        Error::PastEpoch { epoch: 1, current: 2 }
    ));
    scene.phones[2].port = behind;
    scene.phones[2].restart();
    assert!(matches!(
        refused(&mut scene, 2, 60, &sealed.bytes),
        Error::FutureEpoch { epoch: 2, current: 1 }
    ));
}

#[test]
fn a_commit_of_one_without_the_role_is_refused_by_everyone() {
    let mut scene = Scene::group(&[(1, 1), (2, 1), (3, 1), (2, 2)]);
    let directory = scene.directory.clone();
    let (device, own) = (scene.phones[2].id(), scene.phones[3].id());
    // They are told so at once; a program that was tampered with goes on.
    scene.phones[1]
        .want(&directory, &[Goal::Remove { device }])
        .unwrap();
    let before = scene.phones[1].port.clone();
    let refused_at_home = scene.phones[1].commit(&directory, entry(70));
    assert!(matches!(refused_at_home, Err(Error::NotPermitted)));
    assert!(scene.phones[1].port.same(&before));
    let forced = scene.phones[1].commit(&Anything, entry(70)).unwrap().unwrap();
    for at in [0, 2, 3] {
        assert!(matches!(
            refused(&mut scene, at, 70, &forced.commit),
            Error::NotPermitted
        ));
    }
    let mut stranger = Scene::strangers(&[(5, 1)]);
    let key_package = stranger.phones[0].key_package();
    scene.directory.keys.extend(stranger.directory.keys);
    let directory = scene.directory.clone();
    let add = [Goal::Add { key_package }];
    assert!(matches!(
        scene.phones[2].want(&directory, &add),
        Err(Error::NotPermitted)
    ));
    scene.phones[2].want(&Anything, &add).unwrap();
    let forced = scene.phones[2].commit(&Anything, entry(71)).unwrap().unwrap();
    assert!(matches!(
        refused(&mut scene, 0, 71, &forced.commit),
        Error::NotPermitted
    ));
    let refused_by_guest = stranger.phones[0].join(&directory, &forced.welcome.unwrap());
    assert!(
        matches!(refused_by_guest, Err(Error::NotPermitted)),
        "{refused_by_guest:?}"
    );
    // One's own device, on the other hand, one may take out; and what nobody vouches for, everyone may.
    scene.phones[1].rejected();
    scene.phones[2].rejected();
    scene.directory.keys.remove(&device);
    let directory = scene.directory.clone();
    scene.phones[1]
        .want(&directory, &[Goal::Remove { device: own }])
        .unwrap();
    let outgoing = scene.commit(1, &[0, 3]);
    assert_eq!(
        outgoing.change.removed.len(),
        2,
        "the wish of before, which is permitted now, and the new one"
    );
    scene.say(0, "two are left", &[1]);
}

#[test]
fn a_wish_of_one_without_the_role_is_refused() {
    let mut scene = Scene::group(&[(1, 1), (2, 1), (3, 1)]);
    // Leaving is a wish about oneself; OpenMLS makes no other here, so the role is taken away from whose wish it would be.
    let phone = &mut scene.phones[2];
    let wish = phone
        .device
        .leave(&mut phone.port, &mut phone.random, log(entry(80)))
        .unwrap();
    assert!(matches!(
        refused(&mut scene, 1, 81, &wish.bytes),
        Error::WrongEntry
    ));
    let received = scene.phones[1]
        .receive(&scene.directory, entry(80), &wish.bytes)
        .unwrap();
    assert!(matches!(received, Received::Wish { .. }));
    assert!(matches!(refused(&mut scene, 1, 80, &wish.bytes), Error::Replayed));
}

#[test]
fn forged_and_doubled_credentials_are_refused() {
    let mut scene = Scene::group(&[(1, 1), (2, 1), (3, 1)]);
    // A device that says that it is one of person 3, with a key that is not that device's.
    let mut forged = crate::world::Phone::new(identity(3, 2));
    let key_package = forged.key_package();
    let add = [Goal::Add { key_package }];
    let directory = scene.directory.clone();
    assert!(matches!(
        scene.phones[0].want(&directory, &add),
        Err(Error::ForgedCredential(_))
    ));
    scene.phones[0].want(&Anything, &add).unwrap();
    let outgoing = scene.phones[0].commit(&Anything, entry(90)).unwrap().unwrap();
    assert!(matches!(
        refused(&mut scene, 1, 90, &outgoing.commit),
        Error::ForgedCredential(_)
    ));
    scene.phones[0].rejected();
    // The same device a second time, with another key that the account's list has by now.
    let mut twin = crate::world::Phone::new(identity(2, 1));
    let _ = twin.key_package();
    let mut other = crate::world::Seeded::new(9_999);
    let mut port = pipit_e2ee::MemoryPort::default();
    let mut device = pipit_e2ee::Device::create(&mut port, &mut other, identity(2, 1)).unwrap();
    let key_package = device
        .make_key_packages(&mut port, &mut other, pipit_e2ee::Suite::ALL[0], 1, now())
        .unwrap()
        .remove(0);
    let add = [Goal::Add {
        key_package: key_package.clone(),
    }];
    scene.phones[2].want(&Anything, &add).unwrap();
    let same = scene.phones[2].commit(&Anything, entry(91)).unwrap();
    assert_eq!(same, None, "it is in already");
    // And a member of the group whom nobody vouches for is a reason to stay out of it.
    let mut guest = Scene::strangers(&[(4, 1)]);
    let key_package = guest.phones[0].key_package();
    scene.phones[0]
        .want(&Anything, &[Goal::Add { key_package }])
        .unwrap();
    let outgoing = scene.phones[0].commit(&Anything, entry(92)).unwrap().unwrap();
    let mut directory = scene.directory.clone();
    directory.keys.extend(guest.directory.keys.clone());
    let before = guest.phones[0].port.clone();
    let entered = guest.phones[0].join(&directory, outgoing.welcome.as_ref().unwrap());
    assert!(matches!(entered, Err(Error::ForgedCredential(_))), "{entered:?}");
    assert!(
        guest.phones[0].port.same(&before),
        "the key package is still there"
    );
}

#[test]
fn a_welcome_for_another_device_or_conversation_is_refused() {
    let mut scene = Scene::strangers(&[(1, 1), (2, 1), (3, 1)]);
    let directory = scene.directory.clone();
    scene.phones[0].create();
    let key_package = scene.phones[1].key_package();
    scene.phones[0]
        .want(&directory, &[Goal::Add { key_package }])
        .unwrap();
    let welcome = scene.commit(0, &[]).welcome.unwrap();
    assert!(matches!(
        scene.phones[2].join(&directory, &welcome),
        Err(Error::NotForThisDevice)
    ));
    let before = scene.phones[1].port.clone();
    let phone = &mut scene.phones[1];
    let elsewhere = ConversationId::from_bytes([8; 16]);
    let wrong = phone.device.join(
        &mut phone.port,
        &mut phone.random,
        &directory,
        elsewhere,
        &welcome,
    );
    assert!(matches!(wrong, Err(Error::WrongGroup)));
    let mut changed = welcome.clone();
    *changed.last_mut().unwrap() ^= 1;
    let wrong = phone.join(&directory, &changed);
    assert!(matches!(wrong, Err(Error::NotAuthentic)), "{wrong:?}");
    assert!(phone.port.same(&before), "the key package is still there");
    phone.join(&directory, &welcome).unwrap();
    assert!(
        matches!(phone.join(&directory, &welcome), Err(Error::NotForThisDevice)),
        "used"
    );
    scene.say(1, "hello", &[0]);
}

#[test]
fn nothing_is_done_without_a_group() {
    let mut scene = Scene::strangers(&[(1, 1)]);
    assert!(matches!(
        scene.phones[0].seal(entry(1), b"x"),
        Err(Error::NoGroup)
    ));
    scene.phones[0].create();
    let phone = &mut scene.phones[0];
    let again = phone.device.create_group(
        &mut phone.port,
        &mut phone.random,
        CONVERSATION,
        pipit_e2ee::Suite::ALL[0],
        now(),
    );
    assert!(matches!(again, Err(Error::GroupExists)));
}
