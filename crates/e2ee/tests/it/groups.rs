//! What groups are for.

use pipit_e2ee::{Error, Goal, LogHead, Received, Suite};

use crate::world::{Phone, Scene, entry, identity, log};

#[test]
fn everyone_reads_everyone_and_sees_the_same_group() {
    let mut scene = Scene::group(&[(1, 1), (1, 2), (2, 1), (3, 1)]);
    let members = scene.phones[0].members();
    assert_eq!(members.len(), 4);
    for at in 0..4 {
        assert_eq!(scene.phones[at].members(), members);
        assert_eq!(scene.phones[at].view().epoch, 1);
        let readers: Vec<usize> = (0..4).filter(|reader| *reader != at).collect();
        scene.say(at, "hello", &readers);
    }
}

#[test]
fn a_group_survives_a_restart() {
    let mut scene = Scene::group(&[(1, 1), (2, 1)]);
    scene.say(0, "before", &[1]);
    scene.phones[1].restart();
    scene.say(0, "after", &[1]);
    assert!(matches!(
        scene.phones[1].seal(entry(900), b"x"),
        Err(Error::Unconfirmed)
    ));
}

#[test]
fn the_first_commit_of_an_epoch_counts_and_the_other_is_made_again() {
    let mut scene = Scene::group(&[(1, 1), (1, 2), (2, 1), (3, 1), (4, 1)]);
    // Two devices of one person: one adds nobody but renews its keys, the other takes a device out; at the same time.
    let directory = scene.directory.clone();
    let gone = scene.phones[4].id();
    scene.phones[0]
        .want(&directory, &[Goal::Remove { device: gone }])
        .unwrap();
    scene.phones[1].want(&directory, &[Goal::Refresh]).unwrap();
    let (first, second) = (scene.id(), scene.id());
    let winner = scene.phones[1].commit(&directory, second).unwrap().unwrap();
    let loser = scene.phones[0].commit(&directory, first).unwrap().unwrap();
    assert_eq!(winner.epoch, loser.epoch);
    let again = scene.phones[0].commit(&directory, second).unwrap().unwrap();
    assert_eq!(again, loser, "the one under way is given again");
    for at in 0..5 {
        let Received::Changed(applied) = scene.phones[at]
            .receive(&directory, second, &winner.commit)
            .unwrap()
        else {
            panic!("not a change");
        };
        assert_eq!(applied.own, at == 1);
        assert_eq!(
            applied.goals_left,
            at == 0,
            "what the loser wanted is still to be done"
        );
    }
    for at in 1..5 {
        let refused = scene.phones[at].receive(&directory, first, &loser.commit);
        assert!(matches!(refused, Err(Error::PastEpoch { .. })), "{refused:?}");
    }
    scene.commit(0, &[1, 2, 3, 4]);
    assert!(!scene.phones[2].members().contains(&gone));
    assert!(!scene.phones[0].view().commit_due);
    scene.say(0, "on we go", &[1, 2, 3]);
    scene.say(1, "yes", &[0, 2, 3]);
}

#[test]
fn a_goal_that_somebody_else_has_reached_is_done() {
    let mut scene = Scene::group(&[(1, 1), (1, 2), (2, 1)]);
    let directory = scene.directory.clone();
    let device = scene.phones[2].id();
    for at in [0, 1] {
        scene.phones[at]
            .want(&directory, &[Goal::Remove { device }])
            .unwrap();
    }
    let id = scene.id();
    let lost = scene.phones[1].commit(&directory, id).unwrap().unwrap();
    scene.commit(0, &[1]);
    assert_eq!(
        scene.phones[1].commit(&directory, id).unwrap(),
        None,
        "nothing is left to do"
    );
    assert!(matches!(
        scene.phones[0].receive(&directory, id, &lost.commit),
        Err(Error::PastEpoch { .. })
    ));
    scene.say(1, "done", &[0]);
}

#[test]
fn a_refused_commit_is_made_again_on_the_same_epoch() {
    let mut scene = Scene::group(&[(1, 1), (2, 1)]);
    let directory = scene.directory.clone();
    scene.phones[1].want(&directory, &[Goal::Refresh]).unwrap();
    let id = scene.id();
    let refused = scene.phones[1].commit(&directory, id).unwrap().unwrap();
    scene.phones[1].rejected();
    let again = scene.commit(1, &[0]);
    assert_ne!(refused.commit, again.commit);
    assert!(again.count > refused.count);
    scene.say(0, "fine", &[1]);
}

#[test]
fn who_was_removed_reads_nothing_after_it_though_it_keeps_listening() {
    let mut scene = Scene::group(&[(1, 1), (2, 1), (3, 1)]);
    let directory = scene.directory.clone();
    scene.say(0, "for all", &[1, 2]);
    let device = scene.phones[2].id();
    scene.phones[0]
        .want(&directory, &[Goal::Remove { device }])
        .unwrap();
    // A program that was tampered with keeps its keys of before.
    let before = scene.phones[2].port.clone();
    scene.commit(0, &[1, 2]);
    assert!(!scene.phones[2].view().active);
    let id = scene.id();
    let sealed = scene.phones[0].seal(id, b"without them").unwrap();
    assert!(matches!(
        scene.phones[2].receive(&directory, id, &sealed.bytes),
        Err(Error::Removed)
    ));
    assert!(matches!(
        scene.phones[2].seal(id, b"still here"),
        Err(Error::Removed)
    ));
    scene.phones[2].port = before;
    scene.phones[2].restart();
    let read = scene.phones[2].receive(&directory, id, &sealed.bytes);
    assert!(matches!(read, Err(Error::FutureEpoch { .. })), "{read:?}");
}

#[test]
fn who_was_removed_can_come_back_by_invitation() {
    let mut scene = Scene::group(&[(1, 1), (2, 1)]);
    let directory = scene.directory.clone();
    let device = scene.phones[1].id();
    scene.phones[0]
        .want(&directory, &[Goal::Remove { device }])
        .unwrap();
    scene.commit(0, &[1]);
    scene.say(0, "alone", &[]);
    scene.add(0, &[1], &[]);
    scene.say(0, "welcome back", &[1]);
    scene.say(1, "thanks", &[0]);
}

#[test]
fn who_wishes_to_leave_is_taken_out_by_somebody_else() {
    let mut scene = Scene::group(&[(1, 1), (2, 1), (3, 1)]);
    let directory = scene.directory.clone();
    let id = scene.id();
    let leaver = &mut scene.phones[2];
    let wish = leaver
        .device
        .leave(&mut leaver.port, &mut leaver.random, log(id))
        .unwrap();
    let gone = leaver.id();
    for at in [0, 1] {
        let received = scene.phones[at].receive(&directory, id, &wish.bytes).unwrap();
        assert_eq!(
            received,
            Received::Wish {
                by: gone,
                removes: gone
            }
        );
        assert!(scene.phones[at].view().commit_due);
        assert!(matches!(scene.phones[at].seal(id, b"x"), Err(Error::CommitFirst)));
    }
    assert_eq!(
        scene.phones[2].receive(&directory, id, &wish.bytes).unwrap(),
        Received::Own
    );
    let own = scene.id();
    assert!(matches!(
        scene.phones[2].commit(&directory, own),
        Err(Error::CommitFirst)
    ));
    // One without the role commits it: it is the leaver's wish.
    scene.phones[1].restart();
    scene.phones[1]
        .confirm(pipit_e2ee::LogHead { epoch: 1, count: 0 })
        .unwrap();
    let outgoing = scene.commit(1, &[0, 2]);
    assert_eq!(outgoing.change.removed, [gone]);
    assert!(!scene.phones[2].view().active);
    scene.say(0, "they left", &[1]);
}

#[test]
fn nobody_leaves_who_is_alone_or_while_another_leaves() {
    let mut scene = Scene::group(&[(1, 1), (2, 1)]);
    let directory = scene.directory.clone();
    let leave = |phone: &mut Phone, number| {
        phone
            .device
            .leave(&mut phone.port, &mut phone.random, log(entry(number)))
    };
    let wish = leave(&mut scene.phones[1], 30).unwrap();
    scene.phones[0]
        .receive(&directory, entry(30), &wish.bytes)
        .unwrap();
    assert!(matches!(leave(&mut scene.phones[0], 31), Err(Error::CommitFirst)));
    scene.commit(0, &[1]);
    assert!(matches!(leave(&mut scene.phones[0], 32), Err(Error::Alone)));
    assert!(matches!(leave(&mut scene.phones[1], 33), Err(Error::Removed)));
}

#[test]
fn a_group_has_the_ciphersuite_that_all_have() {
    let mut scene = Scene::strangers(&[(1, 1), (2, 1)]);
    let directory = scene.directory.clone();
    scene.phones[0].create_with(Suite::X25519Aes128Gcm);
    let wrong = scene.phones[1].key_package();
    let refused = scene.phones[0].want(&directory, &[Goal::Add { key_package: wrong }]);
    assert!(matches!(refused, Err(Error::WrongSuite)));
    let right = scene.phones[1].key_package_of(Suite::X25519Aes128Gcm);
    scene.phones[0]
        .want(&directory, &[Goal::Add { key_package: right }])
        .unwrap();
    let outgoing = scene.commit(0, &[]);
    scene.phones[1]
        .join(&directory, &outgoing.welcome.unwrap())
        .unwrap();
    assert_eq!(scene.phones[1].view().suite, Suite::X25519Aes128Gcm);
    scene.say(1, "hello", &[0]);
}

#[test]
fn entries_of_a_few_epochs_can_be_read_late_and_backwards() {
    let mut scene = Scene::group(&[(1, 1), (2, 1)]);
    let directory = scene.directory.clone();
    let mut late = Vec::new();
    for epoch in 0..8 {
        for number in 0..40 {
            let id = scene.id();
            let text = format!("{epoch} {number}");
            late.push((
                epoch,
                id,
                scene.phones[0].seal(id, text.as_bytes()).unwrap(),
                text,
            ));
        }
        scene.phones[0].want(&directory, &[Goal::Refresh]).unwrap();
        scene.commit(0, &[1]);
    }
    for (epoch, id, sealed, text) in late.iter().rev() {
        let read = scene.phones[1].receive(&directory, *id, &sealed.bytes);
        if *epoch >= 5 {
            let Received::Message { content, late, .. } = read.unwrap() else {
                panic!("not a message")
            };
            assert_eq!(content, text.as_bytes());
            assert!(late, "its epoch was over");
        } else {
            assert!(
                matches!(read, Err(Error::TooOld)),
                "three epochs are kept: {read:?}"
            );
        }
    }
}

#[test]
fn an_erased_group_leaves_nothing() {
    let mut phone = Phone::new(identity(1, 1));
    let empty = phone.port.clone();
    phone.create();
    phone
        .device
        .erase_group(&mut phone.port, &mut phone.random, crate::world::CONVERSATION)
        .unwrap();
    assert!(phone.port.same(&empty));
    phone.create();
}

/// Two devices make the group of one conversation, and the log has the commit of one of them first.
#[test]
fn who_makes_a_group_second_gives_it_up_and_goes_on_counting() {
    let mut scene = Scene::strangers(&[(1, 1), (1, 2)]);
    let directory = scene.directory.clone();
    scene.phones[0].create();
    scene.phones[1].create();
    scene.phones[1].want(&directory, &[Goal::Refresh]).unwrap();
    let late = scene.id();
    let lost = scene.phones[1].commit(&directory, late).unwrap().unwrap();
    assert_eq!((lost.epoch, lost.count), (0, 1));
    let phone = &mut scene.phones[1];
    let (port, random) = (&mut phone.port, &mut phone.random);
    phone
        .device
        .abandon_group(port, random, crate::world::CONVERSATION)
        .unwrap();
    scene.add(0, &[1], &[]);
    scene.phones[1].confirm(LogHead { epoch: 1, count: 1 }).unwrap();
    let id = scene.id();
    assert_eq!(scene.phones[1].seal(id, b"hello").unwrap().count, 2);
}
