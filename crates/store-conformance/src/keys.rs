//! What devices need to come into encrypted conversations: keys, key packages and welcomes.

use std::collections::BTreeSet;
use std::sync::Arc;

use pipit_store::Store;
use pipit_store::encryption::{DeviceKeyRecord, NewKeyPackage, NewWelcome, Pool, Publication, PublishError};
use pipit_store::key_log::KeyLogError;
use pipit_wire::event::{EventBody, MemberRole, Role};
use pipit_wire::{ConversationId, DeviceId, EventId, Timestamp};
use tokio::task::JoinSet;

use crate::encryption::{commit, encrypted_group};
use crate::key_log::new_key;
use crate::world::{Person, START, World, uuid};

fn key_of(person: Person) -> DeviceKeyRecord {
    DeviceKeyRecord {
        user: person.user,
        device: person.device,
        signature_key: [u8::try_from(person.refresh % 251).unwrap(); 32],
    }
}

async fn publish_key(world: &World, key: DeviceKeyRecord) -> Result<(), KeyLogError> {
    let new = new_key(world, key.user, key.device, key.signature_key);
    world.store.publish_key(new).await.unwrap()
}

/// A page of keys. Each says how far its account's log is.
async fn page(
    world: &World,
    den: ConversationId,
    after: Option<DeviceId>,
    limit: u32,
) -> Vec<DeviceKeyRecord> {
    let listed = world.store.list_device_keys(den, after, limit).await.unwrap();
    let mut keys = Vec::new();
    for listed in listed {
        let log = world.store.read_key_log(listed.key.user, 0, 99).await.unwrap();
        let last = log.last().unwrap();
        assert_eq!(
            (listed.head.number, listed.head.hash),
            (last.entry.number, last.hash)
        );
        keys.push(listed.key);
    }
    keys
}

async fn with_keys(world: &World, people: &[Person]) {
    for person in people {
        assert_eq!(publish_key(world, key_of(*person)).await, Ok(()));
    }
}

/// Said once, kept for members to see, gone with the device.
pub async fn a_device_says_its_key_once(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    with_keys(&world, &[alice, bob, carol, alice]).await;
    let other = DeviceKeyRecord {
        signature_key: [99; 32],
        ..key_of(alice)
    };
    assert_eq!(publish_key(&world, other).await, Err(KeyLogError::OtherKey));
    let stolen = DeviceKeyRecord {
        user: bob.user,
        ..key_of(alice)
    };
    assert_eq!(publish_key(&world, stolen).await, Err(KeyLogError::NoDevice));
    let den = encrypted_group(&world, alice, &[bob]).await;
    let mut expect = vec![key_of(alice), key_of(bob)];
    expect.sort_by_key(|key| key.device);
    assert_eq!(page(&world, den, None, 9).await, expect, "carol is no member");
    assert_eq!(page(&world, den, None, 1).await, expect[..1]);
    assert_eq!(page(&world, den, Some(expect[0].device), 9).await, expect[1..]);
    assert!(
        world
            .store
            .revoke_device(alice.user, alice.device, world.now())
            .await
            .unwrap()
    );
    assert_eq!(page(&world, den, None, 9).await, [key_of(bob)]);
    let again = publish_key(&world, key_of(alice)).await;
    assert_eq!(
        again,
        Err(KeyLogError::NoDevice),
        "what was signed out has no key"
    );
}

fn package(number: u8, not_after: Timestamp) -> NewKeyPackage {
    NewKeyPackage {
        bytes: vec![number; 40],
        not_after,
    }
}

fn publication(device: DeviceId, number: u64, packages: &[u8]) -> Publication {
    let end = START.plus_ms(1_000_000_000);
    Publication {
        device,
        number,
        replace_all: false,
        packages: packages.iter().map(|number| package(*number, end)).collect(),
        last_resort: None,
        kept_max: 5,
        now: START,
    }
}

async fn claim(world: &World, den: ConversationId, device: DeviceId, now: Timestamp) -> Option<(u8, bool)> {
    let claimed = world.store.claim_packages(den, &[device], now).await.unwrap();
    assert!(claimed.len() <= 1);
    claimed.first().map(|package| {
        assert_eq!(package.device, device);
        (package.bytes[0], package.last_resort)
    })
}

/// Each is given away once, the last resort any number of times, and what is over never.
pub async fn key_packages_are_given_away_once(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let den = encrypted_group(&world, alice, &[bob]).await;
    let nothing = world
        .store
        .publish_packages(publication(bob.device, 1, &[1]))
        .await
        .unwrap();
    assert_eq!(nothing, Err(PublishError::NoKey));
    with_keys(&world, &[bob, carol]).await;
    let soon = START.plus_ms(1_000);
    let mut first = publication(bob.device, 1, &[2, 3]);
    first.packages.push(package(1, soon));
    first.last_resort = Some(package(9, START.plus_ms(2_000_000_000)));
    let pool = world
        .store
        .publish_packages(first.clone())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        pool,
        Pool {
            publication: 1,
            count: 3,
            last_resort: true
        }
    );
    assert_eq!(
        claim(&world, den, bob.device, START).await,
        Some((1, false)),
        "what ends first"
    );
    // The answer was lost, and the device says it again: nothing that was given away comes back.
    let again = world.store.publish_packages(first).await.unwrap().unwrap();
    assert_eq!(again.count, 2);
    let mut given = BTreeSet::new();
    for _ in 0..2 {
        given.insert(claim(&world, den, bob.device, START).await);
    }
    assert_eq!(given, [Some((2, false)), Some((3, false))].into());
    for _ in 0..2 {
        assert_eq!(claim(&world, den, bob.device, START).await, Some((9, true)));
    }
    let late = START.plus_ms(2_000_000_000);
    assert_eq!(
        claim(&world, den, bob.device, late).await,
        None,
        "the last resort is over too"
    );
    world
        .store
        .publish_packages(publication(carol.device, 1, &[4]))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        claim(&world, den, carol.device, START).await,
        None,
        "carol is no member"
    );
}

/// So many and no more; replaced, renewed, and gone with the device.
pub async fn a_pool_of_key_packages_is_bounded_and_replaced(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let den = encrypted_group(&world, alice, &[bob]).await;
    with_keys(&world, &[bob]).await;
    let publish = |publication| world.store.publish_packages(publication);
    publish(publication(bob.device, 1, &[1, 2, 3]))
        .await
        .unwrap()
        .unwrap();
    let too_many = publish(publication(bob.device, 2, &[4, 5, 6])).await.unwrap();
    assert_eq!(too_many, Err(PublishError::TooMany));
    let replaced = Publication {
        replace_all: true,
        ..publication(bob.device, 2, &[4, 5, 6])
    };
    let pool = publish(replaced).await.unwrap().unwrap();
    assert_eq!((pool.publication, pool.count, pool.last_resort), (2, 3, false));
    let old = publish(publication(bob.device, 1, &[7])).await.unwrap().unwrap();
    assert_eq!(old, pool, "an earlier publication changes nothing");
    // What is over makes room.
    let late = START.plus_ms(1_000_000_000);
    let renewed = Publication {
        now: late,
        packages: (0..5).map(|number| package(number, late.plus_ms(1))).collect(),
        ..publication(bob.device, 3, &[])
    };
    assert_eq!(publish(renewed).await.unwrap().unwrap().count, 5);
    assert_eq!(
        world
            .store
            .find_pool(bob.device, late.plus_ms(1))
            .await
            .unwrap()
            .unwrap()
            .count,
        0
    );
    assert_eq!(world.store.find_pool(alice.device, late).await.unwrap(), None);
    world
        .store
        .revoke_device(bob.user, bob.device, world.now())
        .await
        .unwrap();
    assert_eq!(claim(&world, den, bob.device, late).await, None);
    assert_eq!(world.store.find_pool(bob.device, late).await.unwrap(), None);
}

/// Whoever asks at once gets different ones.
pub async fn concurrent_claims_share_no_key_package(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let den = encrypted_group(&world, alice, &[bob]).await;
    with_keys(&world, &[bob]).await;
    let mut many = publication(bob.device, 1, &[1, 2, 3, 4, 5]);
    many.last_resort = Some(package(9, START.plus_ms(2_000_000_000)));
    world.store.publish_packages(many).await.unwrap().unwrap();
    let mut claims = JoinSet::new();
    for _ in 0..8 {
        let world = world.clone();
        claims.spawn(async move { claim(&world, den, bob.device, START).await.unwrap() });
    }
    let (mut given, mut last_resorts) = (BTreeSet::new(), 0);
    while let Some(claim) = claims.join_next().await {
        match claim.unwrap() {
            (9, true) => last_resorts += 1,
            (number, false) => assert!(given.insert(number), "{number} was given twice"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((given.len(), last_resorts), (5, 3));
}

/// A restored server is another one, and gives away nothing that may have been given away already.
pub async fn a_new_generation_gives_nothing_away_twice(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let den = encrypted_group(&world, alice, &[bob]).await;
    with_keys(&world, &[bob]).await;
    let mut first = publication(bob.device, 1, &[1, 2]);
    first.last_resort = Some(package(9, START.plus_ms(2_000_000_000)));
    world.store.publish_packages(first).await.unwrap().unwrap();
    let set_up = pipit_store::account::SetUp {
        server_name: "Home".to_owned(),
        generation: uuid(9_001),
        now: world.now(),
        account: world.new_account("root", "Root").account,
        device: {
            let account = world.new_account("other", "Other");
            account.device
        },
    };
    let device = pipit_store::account::NewDevice {
        user: set_up.account.id,
        ..set_up.device.clone()
    };
    let set_up = pipit_store::account::SetUp { device, ..set_up };
    world.store.set_up(set_up).await.unwrap().unwrap();
    world.store.renew_generation(uuid(9_002)).await.unwrap();
    let server = world.store.find_server().await.unwrap().unwrap();
    assert_eq!(server.generation, uuid(9_002));
    let pool = world.store.find_pool(bob.device, START).await.unwrap().unwrap();
    assert_eq!((pool.count, pool.last_resort, pool.publication), (0, true, 1));
    assert_eq!(claim(&world, den, bob.device, START).await, Some((9, true)));
}

fn welcome(world: &World, den: ConversationId, commit: EventId, to: &[Person]) -> NewWelcome {
    NewWelcome {
        conversation: den,
        commit,
        devices: to.iter().map(|person| person.device).collect(),
        bytes: commit.as_bytes().to_vec(),
        now: world.now(),
    }
}

async fn waiting(world: &World, person: Person) -> Vec<EventId> {
    let welcomes = world.store.list_welcomes(person.device, 10).await.unwrap();
    welcomes
        .into_iter()
        .map(|welcome| {
            assert_eq!(welcome.bytes, welcome.commit.as_bytes());
            welcome.commit
        })
        .collect()
}

/// Given to those whom it is for, once its commit is in the log, until they have it.
pub async fn a_welcome_waits_for_its_commit_and_its_device(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let den = encrypted_group(&world, alice, &[bob, carol]).await;
    with_keys(&world, &[alice, bob, carol]).await;
    let entry = world.entry(den, alice, commit(0, 1));
    let (lost, id) = (world.id(), entry.id);
    world
        .store
        .stage_welcome(welcome(&world, den, lost, &[bob]))
        .await
        .unwrap();
    world
        .store
        .stage_welcome(welcome(&world, den, id, &[bob, carol]))
        .await
        .unwrap();
    world
        .store
        .stage_welcome(welcome(&world, den, id, &[bob, carol]))
        .await
        .unwrap();
    assert_eq!(waiting(&world, bob).await, [], "neither is in the log");
    world.append(entry).await;
    world.store.drop_welcome(den, lost).await.unwrap();
    let mut late = world.entry(den, alice, commit(1, 2));
    late.id = lost;
    world.append(late).await;
    world.store.drop_welcome(den, id).await.unwrap();
    assert_eq!(
        waiting(&world, bob).await,
        [id],
        "what is in the log keeps its welcome"
    );
    assert_eq!(waiting(&world, carol).await, [id]);
    assert_eq!(waiting(&world, alice).await, []);
    assert!(world.store.remove_welcome(bob.device, den, id).await.unwrap());
    assert!(!world.store.remove_welcome(bob.device, den, id).await.unwrap());
    assert_eq!(waiting(&world, bob).await, []);
    assert_eq!(waiting(&world, carol).await, [id], "it is the other's still");
    world
        .enter(
            den,
            alice,
            EventBody::MemberRemoved {
                user: carol.user,
                banned: false,
            },
        )
        .await;
    assert_eq!(
        waiting(&world, carol).await,
        [],
        "who was removed has nothing to come into"
    );
}

/// Many may race to welcome one device: only one of their commits gets into the log, and its welcome is there.
pub async fn losers_of_a_race_leave_the_welcome(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let den = encrypted_group(&world, alice, &[bob, carol]).await;
    with_keys(&world, &[alice, bob, carol]).await;
    let first = world.entry(den, alice, commit(0, 1));
    let mut staged: Vec<EventId> = vec![first.id];
    staged.extend((0..5).map(|_| world.id::<EventId>()));
    for id in &staged {
        let welcome = welcome(&world, den, *id, &[bob]);
        world.store.stage_welcome(welcome).await.unwrap();
    }
    let won = first.id;
    world.append(first).await;
    for id in &staged[1..] {
        world.store.drop_welcome(den, *id).await.unwrap();
    }
    assert_eq!(waiting(&world, bob).await, [won]);
    let stranger = world.person("dora", "Dora").await;
    with_keys(&world, &[stranger]).await;
    let entry = world.entry(den, alice, commit(1, 2));
    let to_stranger = welcome(&world, den, entry.id, &[stranger]);
    world.store.stage_welcome(to_stranger).await.unwrap();
    world.append(entry).await;
    world
        .enter(
            den,
            alice,
            EventBody::MemberAdded {
                member: MemberRole {
                    user: stranger.user,
                    role: Role::Member,
                },
            },
        )
        .await;
    assert_eq!(waiting(&world, stranger).await, [], "there was nobody to welcome");
}

/// The latest few wait for a device that never comes, and not for ever.
pub async fn welcomes_are_bounded(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let den = encrypted_group(&world, alice, &[bob, carol]).await;
    with_keys(&world, &[bob, carol]).await;
    let mut commits = Vec::new();
    for epoch in 0..5 {
        let entry = world.entry(den, alice, commit(epoch, epoch + 1));
        commits.push(entry.id);
        let to: &[Person] = if epoch == 0 { &[bob, carol] } else { &[bob] };
        world
            .store
            .stage_welcome(welcome(&world, den, entry.id, to))
            .await
            .unwrap();
        world.append(entry).await;
    }
    assert_eq!(waiting(&world, bob).await, commits[2..]);
    assert_eq!(waiting(&world, carol).await, commits[..1]);
    assert_eq!(world.store.list_welcomes(bob.device, 2).await.unwrap().len(), 2);
    world
        .store
        .revoke_device(bob.user, bob.device, world.now())
        .await
        .unwrap();
    assert_eq!(waiting(&world, bob).await, []);
    assert_eq!(world.store.prune_welcomes(START, 10).await.unwrap(), 0);
    let later = world.now();
    assert!(world.store.prune_welcomes(later, 10).await.unwrap() >= 1);
    assert_eq!(waiting(&world, carol).await, []);
}
