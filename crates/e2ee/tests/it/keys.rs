//! Key packages.

use pipit_e2ee::{Error, Goal, POOL_TARGET, PoolNeeds, Suite};
use pipit_wire::Timestamp;

use crate::world::{Phone, Scene, identity, now};

const DAY_MS: i64 = 24 * 3_600 * 1_000;

fn needs(phone: &mut Phone, on_server: u32, now: Timestamp) -> PoolNeeds {
    phone.device.pool_needs(&phone.port, on_server, now).unwrap()
}

fn fill(phone: &mut Phone, count: u32, now: Timestamp) -> Vec<Vec<u8>> {
    phone
        .device
        .make_key_packages(&mut phone.port, &mut phone.random, Suite::ALL[0], count, now)
        .unwrap()
}

#[test]
fn the_pool_is_filled_up_and_replaced_in_time() {
    let mut phone = Phone::new(identity(1, 1));
    let start = now();
    let empty = PoolNeeds {
        packages: POOL_TARGET,
        last_resort: true,
        replace_all: false,
    };
    assert_eq!(needs(&mut phone, 0, start), empty);
    assert_eq!(fill(&mut phone, POOL_TARGET, start).len(), POOL_TARGET as usize);
    phone
        .device
        .make_last_resort(&mut phone.port, &mut phone.random, Suite::ALL[0], start)
        .unwrap();
    assert_eq!(needs(&mut phone, POOL_TARGET, start), PoolNeeds::default());
    assert_eq!(
        needs(&mut phone, 20, start).packages,
        30,
        "thirty were given away"
    );
    let later = start.plus_ms(46 * DAY_MS);
    assert_eq!(needs(&mut phone, POOL_TARGET, later), empty, "all are over soon");
    let kept = phone.port.size();
    let expire = |phone: &mut Phone, at| {
        phone
            .device
            .expire_key_packages(&mut phone.port, &mut phone.random, at)
            .unwrap()
    };
    assert_eq!(
        expire(&mut phone, start.plus_ms(80 * DAY_MS)),
        0,
        "a welcome may still come"
    );
    assert_eq!(
        expire(&mut phone, start.plus_ms(91 * DAY_MS)),
        POOL_TARGET as usize + 1
    );
    assert!(phone.port.size() * 10 < kept, "their secrets are gone");
}

#[test]
fn a_key_package_is_used_once_and_the_last_resort_more_often() {
    let mut scene = Scene::strangers(&[(1, 1), (2, 1), (3, 1)]);
    let directory = scene.directory.clone();
    let package = scene.phones[2].key_package();
    let phone = &mut scene.phones[2];
    let last_resort = phone
        .device
        .make_last_resort(&mut phone.port, &mut phone.random, Suite::ALL[0], now())
        .unwrap();
    let mut welcomes = Vec::new();
    for (at, key_package) in [(0, &package), (1, &package), (0, &last_resort), (1, &last_resort)] {
        let phone = &mut scene.phones[at];
        let _ = phone
            .device
            .erase_group(&mut phone.port, &mut phone.random, crate::world::CONVERSATION);
        phone.create();
        let mut everyone = directory.clone();
        everyone.admins.insert(phone.id().user);
        let key_package = key_package.clone();
        phone.want(&everyone, &[Goal::Add { key_package }]).unwrap();
        let id = scene.id();
        let outgoing = scene.phones[at].commit(&everyone, id).unwrap().unwrap();
        welcomes.push((everyone, outgoing.welcome.unwrap()));
    }
    let outcome = |scene: &mut Scene, at: usize| {
        let phone = &mut scene.phones[2];
        let _ = phone
            .device
            .erase_group(&mut phone.port, &mut phone.random, crate::world::CONVERSATION);
        phone.join(&welcomes[at].0, &welcomes[at].1)
    };
    outcome(&mut scene, 0).unwrap();
    assert!(
        matches!(outcome(&mut scene, 1), Err(Error::NotForThisDevice)),
        "used up"
    );
    assert!(!needs(&mut scene.phones[2], 0, now()).last_resort);
    outcome(&mut scene, 2).unwrap();
    outcome(&mut scene, 3).unwrap();
    assert!(
        needs(&mut scene.phones[2], 0, now()).last_resort,
        "to be replaced, for it was used"
    );
}

#[test]
fn withdrawn_key_packages_are_made_again_and_those_on_their_way_still_work() {
    let mut scene = Scene::strangers(&[(1, 1), (2, 1)]);
    let directory = scene.directory.clone();
    scene.phones[0].create();
    let key_package = fill(&mut scene.phones[1], POOL_TARGET, now()).remove(0);
    let phone = &mut scene.phones[1];
    phone
        .device
        .withdraw_key_packages(&mut phone.port, &mut phone.random)
        .unwrap();
    let replace = PoolNeeds {
        packages: POOL_TARGET,
        last_resort: true,
        replace_all: true,
    };
    assert_eq!(needs(phone, POOL_TARGET, now()), replace);
    scene.phones[0]
        .want(&directory, &[Goal::Add { key_package }])
        .unwrap();
    let outgoing = scene.commit(0, &[]);
    scene.phones[1]
        .join(&directory, &outgoing.welcome.unwrap())
        .unwrap();
    scene.say(1, "hello", &[0]);
}

#[test]
fn a_key_package_is_good_for_its_time_only() {
    let mut scene = Scene::strangers(&[(1, 1), (2, 1)]);
    let directory = scene.directory.clone();
    scene.phones[0].create();
    let key_package = scene.phones[1].key_package();
    let goals = [Goal::Add { key_package }];
    for at in [now().plus_ms(61 * DAY_MS), now().plus_ms(-DAY_MS)] {
        let phone = &mut scene.phones[0];
        let refused = phone.device.want(
            &mut phone.port,
            &mut phone.random,
            &directory,
            crate::world::CONVERSATION,
            &goals,
            at,
        );
        assert!(matches!(refused, Err(Error::KeyPackageExpired)), "{refused:?}");
    }
    // One that runs out between the wish and the commit is left out.
    scene.phones[0].want(&directory, &goals).unwrap();
    let id = scene.id();
    let phone = &mut scene.phones[0];
    let late = now().plus_ms(61 * DAY_MS);
    let nothing = phone
        .device
        .commit(
            &mut phone.port,
            &mut phone.random,
            &directory,
            crate::world::log(id),
            late,
        )
        .unwrap();
    assert_eq!(nothing, None);
}
