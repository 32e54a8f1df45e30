//! The key logs of accounts.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::key_log::{CheckedVouch, KeyLogError, KeyLogRecord, NewKeyEntry, hash};
use pipit_wire::key_log::{KeyHolder, KeyStep, NO_HASH, VouchBytes};
use pipit_wire::{DeviceId, UserId};
use tokio::task::JoinSet;

use crate::encryption::encrypted_group;
use crate::world::{Person, World};

/// A device's key, for which nobody vouches.
pub(crate) fn new_key(world: &World, user: UserId, device: DeviceId, key: [u8; 32]) -> NewKeyEntry {
    NewKeyEntry {
        user,
        step: KeyStep::Added,
        holder: KeyHolder::Device,
        device,
        key,
        vouch: None,
        now: world.now(),
    }
}

fn key_of(device: DeviceId) -> [u8; 32] {
    let mut key = [5; 32];
    key[..16].copy_from_slice(device.as_bytes());
    key
}

fn new(world: &World, user: UserId, device: DeviceId, by: Option<DeviceId>) -> NewKeyEntry {
    NewKeyEntry {
        vouch: by.map(|by| CheckedVouch {
            bytes: VouchBytes {
                by,
                signature: [by.as_bytes()[15]; 64],
            },
            key: key_of(by),
        }),
        ..new_key(world, user, device, key_of(device))
    }
}

async fn another_device(world: &World, person: Person) -> DeviceId {
    let device = world.new_device(person.user);
    let id = device.id;
    world.store.create_device(device).await.unwrap();
    id
}

/// The log, whose hashes and numbers are looked at.
async fn log(world: &World, user: UserId) -> Vec<KeyLogRecord> {
    let log = world.store.read_key_log(user, 0, 1_000).await.unwrap();
    let mut before = NO_HASH;
    for (record, number) in log.iter().zip(1..) {
        assert_eq!((record.entry.user, record.entry.number), (user, number));
        assert_eq!(record.hash, hash(&record.entry, &before));
        before = record.hash;
    }
    log
}

fn steps(log: &[KeyLogRecord]) -> Vec<(KeyStep, DeviceId, Option<DeviceId>)> {
    let step = |record: &KeyLogRecord| {
        let entry = record.entry;
        (entry.step, entry.device, entry.vouch.map(|vouch| vouch.by))
    };
    log.iter().map(step).collect()
}

async fn publish(world: &World, new: NewKeyEntry) -> Result<(), KeyLogError> {
    world.store.publish_key(new).await.unwrap()
}

/// A key that comes, and a device that is signed out, or whose token was used twice.
pub async fn a_log_says_what_came_and_went(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let laptop = another_device(&world, alice).await;
    let silent = another_device(&world, alice).await;
    for new in [
        new(&world, alice.user, alice.device, None),
        new(&world, alice.user, laptop, Some(alice.device)),
        new(&world, bob.user, bob.device, None),
    ] {
        assert_eq!(publish(&world, new).await, Ok(()));
        assert_eq!(publish(&world, new).await, Ok(()), "the same again");
    }
    for device in [silent, alice.device] {
        let gone = world.store.revoke_device(alice.user, device, world.now()).await;
        assert!(gone.unwrap());
        let again = world.store.revoke_device(alice.user, device, world.now()).await;
        assert!(!again.unwrap());
    }
    let all = log(&world, alice.user).await;
    assert_eq!(
        steps(&all),
        [
            (KeyStep::Added, alice.device, None),
            (KeyStep::Added, laptop, Some(alice.device)),
            (KeyStep::Removed, alice.device, None),
        ],
        "what had no key leaves no trace"
    );
    assert_eq!(all[2].entry.key, key_of(alice.device));
    assert_eq!(log(&world, bob.user).await.len(), 1);
    let page = world.store.read_key_log(alice.user, 1, 1).await.unwrap();
    assert_eq!(page, all[1..2]);
    let back = publish(&world, new(&world, alice.user, alice.device, None)).await;
    assert_eq!(back, Err(KeyLogError::NoDevice));
}

/// Later than the key, once.
pub async fn a_vouch_is_kept_and_nothing_is_said_twice(store: Arc<dyn Store>) {
    let (world, alice, _, _) = World::with_three(store).await;
    let (laptop, tablet) = (
        another_device(&world, alice).await,
        another_device(&world, alice).await,
    );
    for device in [alice.device, laptop, tablet] {
        let new = new(&world, alice.user, device, None);
        assert_eq!(publish(&world, new).await, Ok(()));
    }
    let vouch = |device, by| NewKeyEntry {
        step: KeyStep::Vouched,
        ..new(&world, alice.user, device, Some(by))
    };
    let vouched = |new| world.store.vouch(new);
    assert_eq!(vouched(vouch(laptop, alice.device)).await.unwrap(), Ok(()));
    assert_eq!(
        vouched(vouch(laptop, tablet)).await.unwrap(),
        Ok(()),
        "it has one"
    );
    // With the key, said again.
    let with_key = new(&world, alice.user, tablet, Some(laptop));
    assert_eq!(publish(&world, with_key).await, Ok(()));
    assert_eq!(
        vouched(vouch(alice.device, tablet)).await.unwrap(),
        Err(KeyLogError::Circular)
    );
    assert_eq!(
        vouched(vouch(world.id(), tablet)).await.unwrap(),
        Err(KeyLogError::NoDevice)
    );
    let all = log(&world, alice.user).await;
    assert_eq!(
        steps(&all)[3..],
        [
            (KeyStep::Vouched, laptop, Some(alice.device)),
            (KeyStep::Vouched, tablet, Some(laptop)),
        ]
    );
}

/// A voucher that is gone, another's, or has another key is none; nothing is kept then, not the key either.
pub async fn who_vouches_has_to_stand(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let (laptop, tablet) = (
        another_device(&world, alice).await,
        another_device(&world, alice).await,
    );
    for (user, device) in [
        (alice.user, alice.device),
        (alice.user, laptop),
        (bob.user, bob.device),
    ] {
        let new = new(&world, user, device, None);
        assert_eq!(publish(&world, new).await, Ok(()));
    }
    world
        .store
        .revoke_device(alice.user, laptop, world.now())
        .await
        .unwrap();
    let mut other_key = new(&world, alice.user, tablet, Some(alice.device));
    other_key.vouch.as_mut().unwrap().key = [9; 32];
    for refused in [
        new(&world, alice.user, tablet, Some(laptop)),
        new(&world, alice.user, tablet, Some(bob.device)),
        new(&world, alice.user, tablet, Some(tablet)),
        other_key,
    ] {
        assert_eq!(publish(&world, refused).await, Err(KeyLogError::NoVoucher));
    }
    assert_eq!(log(&world, alice.user).await.len(), 3);
    let den = encrypted_group(&world, alice, &[bob]).await;
    let keys = world.store.list_device_keys(den, None, 9).await.unwrap();
    let listed: Vec<DeviceId> = keys.iter().map(|listed| listed.key.device).collect();
    assert!(!listed.contains(&tablet));
}

/// One stands at a time, and vouches like a device.
pub async fn a_recovery_key_takes_the_place_of_the_one_before(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let laptop = another_device(&world, alice).await;
    assert_eq!(
        publish(&world, new(&world, alice.user, alice.device, None)).await,
        Ok(())
    );
    assert!(
        !world
            .store
            .remove_recovery_key(alice.user, world.now())
            .await
            .unwrap()
    );
    let (first, second): (DeviceId, DeviceId) = (world.id(), world.id());
    let recovery = |id| NewKeyEntry {
        holder: KeyHolder::Recovery,
        ..new(&world, alice.user, id, Some(alice.device))
    };
    for id in [first, first, second] {
        let set = world.store.set_recovery_key(recovery(id)).await.unwrap();
        assert_eq!(set, Ok(()));
    }
    let reused = world.store.set_recovery_key(recovery(first)).await.unwrap();
    assert_eq!(reused, Err(KeyLogError::NoDevice));
    let by_old = new(&world, alice.user, laptop, Some(first));
    assert_eq!(publish(&world, by_old).await, Err(KeyLogError::NoVoucher));
    let by_new = new(&world, alice.user, laptop, Some(second));
    assert_eq!(publish(&world, by_new).await, Ok(()));
    assert!(
        world
            .store
            .remove_recovery_key(alice.user, world.now())
            .await
            .unwrap()
    );
    assert_eq!(
        steps(&log(&world, alice.user).await),
        [
            (KeyStep::Added, alice.device, None),
            (KeyStep::Added, first, Some(alice.device)),
            (KeyStep::Removed, first, None),
            (KeyStep::Added, second, Some(alice.device)),
            (KeyStep::Added, laptop, Some(second)),
            (KeyStep::Removed, second, None),
        ]
    );
    let den = encrypted_group(&world, alice, &[bob]).await;
    let keys = world.store.list_device_keys(den, None, 9).await.unwrap();
    assert_eq!(keys.len(), 2, "a recovery key is no device");
}

/// Several at once, in the order asked for, and nobody else's.
pub async fn logs_of_members_are_read(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let laptop = another_device(&world, bob).await;
    for (user, device) in [
        (alice.user, alice.device),
        (bob.user, bob.device),
        (bob.user, laptop),
        (carol.user, carol.device),
    ] {
        let new = new(&world, user, device, None);
        assert_eq!(publish(&world, new).await, Ok(()));
    }
    let den = encrypted_group(&world, alice, &[bob]).await;
    let of = [(carol.user, 0), (bob.user, 0), (alice.user, 0)];
    let read = |of: Vec<(UserId, u64)>, limit| {
        let store = world.store.clone();
        async move {
            let records = store.read_key_logs(den, &of, limit).await.unwrap();
            let devices: Vec<DeviceId> = records.iter().map(|record| record.entry.device).collect();
            devices
        }
    };
    assert_eq!(read(of.to_vec(), 9).await, [bob.device, laptop, alice.device]);
    assert_eq!(read(of.to_vec(), 2).await, [bob.device, laptop]);
    assert_eq!(read(vec![(bob.user, 1), (alice.user, 1)], 9).await, [laptop]);
    assert_eq!(read(vec![(bob.user, 7)], 9).await, []);
}

/// Keys that come at once come one after the other.
pub async fn concurrent_keys_of_one_account_are_one_chain(store: Arc<dyn Store>) {
    let (world, alice, _, _) = World::with_three(store).await;
    let mut devices = vec![alice.device];
    for _ in 0..7 {
        devices.push(another_device(&world, alice).await);
    }
    let mut published = JoinSet::new();
    for device in devices {
        let world = world.clone();
        published.spawn(async move {
            let new = new(&world, alice.user, device, None);
            assert_eq!(publish(&world, new).await, Ok(()));
            world
                .store
                .revoke_device(alice.user, device, world.now())
                .await
                .unwrap()
        });
    }
    while let Some(gone) = published.join_next().await {
        assert!(gone.unwrap());
    }
    let all = log(&world, alice.user).await;
    assert_eq!(all.len(), 16);
    let removed = all.iter().filter(|record| record.entry.step == KeyStep::Removed);
    assert_eq!(removed.count(), 8);
}
