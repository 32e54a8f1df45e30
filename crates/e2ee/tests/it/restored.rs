//! A device whose store was restored from an old copy, or that has lost it.

use pipit_e2ee::{Error, LogHead, Received, Standing};

use crate::world::{CONVERSATION, Scene};

/// What the server would say of a device.
fn head(scene: &mut Scene, of: usize) -> LogHead {
    let view = scene.phones[of].view();
    LogHead {
        epoch: view.epoch,
        count: view.count,
    }
}

#[test]
fn an_old_copy_is_noticed_before_anything_is_sealed_with_it() {
    let mut scene = Scene::group(&[(1, 1), (2, 1)]);
    scene.say(1, "one", &[0]);
    let copy = scene.phones[1].port.clone();
    scene.say(1, "two", &[0]);
    let known = head(&mut scene, 1);
    scene.phones[1].port = copy;
    scene.phones[1].restart();
    let id = scene.id();
    assert!(matches!(
        scene.phones[1].seal(id, b"again"),
        Err(Error::Unconfirmed)
    ));
    assert!(matches!(scene.phones[1].confirm(known), Err(Error::OldCopy)));
    assert!(matches!(scene.phones[1].seal(id, b"again"), Err(Error::OldCopy)));
    // Reading goes on; and what is known survives a restart.
    scene.say(0, "three", &[1]);
    scene.phones[1].restart();
    assert!(matches!(scene.phones[1].confirm(known), Err(Error::OldCopy)));
    assert_eq!(scene.phones[1].view().standing, Standing::OldCopy);
    rejoin(&mut scene, known);
    scene.say(1, "here I am", &[0]);
    scene.say(0, "good", &[1]);
}

/// The second device comes in anew.
fn rejoin(scene: &mut Scene, known: LogHead) {
    let directory = scene.directory.clone();
    let info = scene.phones[0].group_info().unwrap();
    let id = scene.id();
    let outgoing = scene.phones[1].rejoin(&directory, id, &info, known).unwrap();
    assert!(outgoing.count > known.count);
    assert!(matches!(
        scene.phones[1].seal(id, b"too early"),
        Err(Error::Rejoining)
    ));
    for at in [0, 1] {
        let Received::Changed(applied) = scene.phones[at]
            .receive(&directory, id, &outgoing.commit)
            .unwrap()
        else {
            panic!("not a change");
        };
        assert_eq!(applied.own, at == 1);
        assert!(applied.change.external);
    }
    assert_eq!(scene.phones[0].members().len(), 2, "the old leaf is gone");
    assert_eq!(scene.phones[1].members().len(), 2);
}

#[test]
fn an_old_copy_is_noticed_by_reading_the_log_too() {
    let mut scene = Scene::group(&[(1, 1), (2, 1)]);
    let directory = scene.directory.clone();
    let copy = scene.phones[1].port.clone();
    let id = scene.id();
    let sealed = scene.phones[1].seal(id, b"sent by the newer state").unwrap();
    scene.phones[1].port = copy;
    scene.phones[1].restart();
    scene.phones[1].confirm(LogHead { epoch: 1, count: 0 }).unwrap();
    assert_eq!(
        scene.phones[1].receive(&directory, id, &sealed.bytes).unwrap(),
        Received::Own
    );
    assert!(matches!(scene.phones[1].seal(id, b"again"), Err(Error::OldCopy)));
}

#[test]
fn a_commit_of_a_newer_state_tells_too() {
    let mut scene = Scene::group(&[(1, 1), (2, 1)]);
    let directory = scene.directory.clone();
    let copy = scene.phones[1].port.clone();
    scene.phones[1]
        .want(&directory, &[pipit_e2ee::Goal::Refresh])
        .unwrap();
    let id = scene.id();
    let outgoing = scene.phones[1].commit(&directory, id).unwrap().unwrap();
    scene.phones[1].port = copy;
    scene.phones[1].restart();
    assert_eq!(
        scene.phones[1].receive(&directory, id, &outgoing.commit).unwrap(),
        Received::Own
    );
    assert_eq!(scene.phones[1].view().standing, Standing::OldCopy);
}

#[test]
fn a_way_back_that_came_too_late_is_gone_again() {
    let mut scene = Scene::group(&[(1, 1), (2, 1), (1, 2)]);
    let directory = scene.directory.clone();
    let known = head(&mut scene, 1);
    let info = scene.phones[0].group_info().unwrap();
    let id = scene.id();
    let late = scene.phones[1].rejoin(&directory, id, &info, known).unwrap();
    scene.phones[0]
        .want(&directory, &[pipit_e2ee::Goal::Refresh])
        .unwrap();
    let first = scene.commit(0, &[2]);
    let refused = scene.phones[0].receive(&directory, id, &late.commit);
    assert!(matches!(refused, Err(Error::PastEpoch { .. })), "{refused:?}");
    let lost = scene.phones[1]
        .receive(&directory, first.entry, &first.commit)
        .unwrap();
    assert_eq!(lost, Received::RejoinLost);
    let stale = scene.phones[1].rejoin(&directory, id, &info, LogHead { epoch: 2, count: 1 });
    assert!(
        matches!(stale, Err(Error::PastEpoch { .. })),
        "the description of the group is old"
    );
    let known = LogHead {
        epoch: 2,
        count: late.count,
    };
    let info = scene.phones[0].group_info().unwrap();
    let id = scene.id();
    let again = scene.phones[1].rejoin(&directory, id, &info, known).unwrap();
    assert!(again.count > late.count);
    for at in 0..3 {
        scene.phones[at].receive(&directory, id, &again.commit).unwrap();
    }
    scene.say(1, "at last", &[0, 2]);
}

#[test]
fn who_has_lost_everything_but_its_signature_key_comes_back() {
    let mut scene = Scene::group(&[(1, 1), (2, 1)]);
    scene.say(1, "one", &[0]);
    let known = head(&mut scene, 1);
    let phone = &mut scene.phones[1];
    phone
        .device
        .erase_group(&mut phone.port, &mut phone.random, CONVERSATION)
        .unwrap();
    rejoin(&mut scene, known);
    scene.say(0, "hello again", &[1]);
}

#[test]
fn a_stranger_cannot_come_in_from_outside() {
    let mut scene = Scene::strangers(&[(1, 1), (2, 1), (9, 1)]);
    scene.phones[0].create();
    scene.add(0, &[1], &[]);
    scene.directory.members.remove(&crate::world::user(9));
    let directory = scene.directory.clone();
    let info = scene.phones[0].group_info().unwrap();
    let known = LogHead { epoch: 1, count: 0 };
    let id = scene.id();
    let refused = scene.phones[2].rejoin(&directory, id, &info, known);
    assert!(matches!(refused, Err(Error::NotPermitted)), "{refused:?}");
    let forced = scene.phones[2]
        .rejoin(&crate::world::Anything, id, &info, known)
        .unwrap();
    for at in [0, 1] {
        let refused = scene.phones[at].receive(&directory, id, &forced.commit);
        assert!(matches!(refused, Err(Error::NotPermitted)), "{refused:?}");
    }
    scene.say(0, "nobody came", &[1]);
}
