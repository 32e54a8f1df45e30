//! Devices and their refresh tokens.

use std::collections::HashSet;
use std::sync::Arc;

use pipit_store::Store;
use pipit_store::account::{Barred, DeviceRecord, RotateRefresh, RotateRefreshError};
use pipit_wire::{DeviceId, Timestamp};
use tokio::task::JoinSet;

use crate::world::{Person, World, token};

async fn rotate(world: &World, presented: u64, successor: u64) -> Result<DeviceRecord, RotateRefreshError> {
    let rotation = RotateRefresh {
        presented: token(presented),
        successor: token(successor),
        now: world.now(),
    };
    world.store.rotate_refresh(rotation).await.unwrap()
}

fn reused(person: Person) -> Result<DeviceId, RotateRefreshError> {
    Err(RotateRefreshError::Reused {
        user: person.user,
        device: person.device,
    })
}

/// A device comes back as it was made; the list is newest first and a person's own.
pub async fn devices_are_listed(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let second = world.new_device(alice.user);
    world.store.create_device(second.clone()).await.unwrap();
    let expect = DeviceRecord {
        id: second.id,
        user: alice.user,
        name: "Phone".to_owned(),
        client: second.client.clone(),
        signed_in_at: second.now,
        last_seen_at: second.now,
    };
    assert_eq!(
        world.store.find_device(second.id).await.unwrap(),
        Some(expect.clone())
    );
    let list = world.store.list_devices(alice.user).await.unwrap();
    assert_eq!(list.len(), 2);
    assert_eq!(list[0], expect);
    assert_eq!(list[1].id, alice.device);
    let list = world.store.list_devices(bob.user).await.unwrap();
    assert_eq!(
        list.iter().map(|device| device.id).collect::<Vec<_>>(),
        [bob.device]
    );
    assert_eq!(world.store.find_device(world.id()).await.unwrap(), None);
}

/// A device that opens a connection is told of its account and where that is a member; one that was revoked, or never was, of nothing.
pub async fn a_device_opens(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let (first, second) = (
        world.direct(alice, bob).await,
        world.group("A group", alice, &[carol]).await,
    );
    let opening = |device: DeviceId| {
        let store = Arc::clone(&world.store);
        async move { store.find_opening(device).await.unwrap() }
    };
    let alices = opening(alice.device).await.unwrap();
    let user = world.store.find_user(alice.user).await.unwrap().unwrap();
    assert_eq!(alices.user, user);
    let ids: HashSet<_> = alices.conversations.iter().copied().collect();
    assert_eq!(
        (ids, alices.conversations.len()),
        (HashSet::from([first, second]), 2)
    );
    assert_eq!(opening(carol.device).await.unwrap().conversations, [second]);
    assert_eq!(opening(world.id()).await, None);
    assert!(
        world
            .store
            .set_suspended(bob.user, Some(world.now()))
            .await
            .unwrap()
    );
    assert!(opening(bob.device).await.unwrap().user.suspended_at.is_some());
    assert!(
        world
            .store
            .revoke_device(alice.user, alice.device, world.now())
            .await
            .unwrap()
    );
    assert_eq!(opening(alice.device).await, None);
}

/// A device is revoked once, by its own account alone; its token is unknown from then on.
pub async fn a_device_is_revoked(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let revoke = |person: Person, device| {
        let store = Arc::clone(&world.store);
        let now = world.now();
        async move { store.revoke_device(person.user, device, now).await.unwrap() }
    };
    assert!(!revoke(bob, alice.device).await, "another's device");
    assert!(world.store.find_device(alice.device).await.unwrap().is_some());
    assert!(revoke(alice, alice.device).await);
    assert!(!revoke(alice, alice.device).await, "revoked before");
    assert!(!revoke(alice, world.id()).await, "no such device");
    assert_eq!(world.store.find_device(alice.device).await.unwrap(), None);
    assert_eq!(world.store.list_devices(alice.user).await.unwrap(), []);
    assert_eq!(
        rotate(&world, alice.refresh, 1_000).await,
        Err(RotateRefreshError::Unknown)
    );
    assert!(world.store.find_device(bob.device).await.unwrap().is_some());
}

/// A time is noted where it is later than the one there is.
pub async fn a_touch_never_goes_back(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let (early, late) = (world.now(), world.now());
    let seen = [(alice.device, late), (bob.device, early), (world.id(), late)];
    world.store.touch_devices(&seen).await.unwrap();
    world
        .store
        .touch_devices(&[(alice.device, early), (bob.device, early)])
        .await
        .unwrap();
    world.store.touch_devices(&[]).await.unwrap();
    let at = |device: Option<DeviceRecord>| device.unwrap().last_seen_at;
    assert_eq!(at(world.store.find_device(alice.device).await.unwrap()), late);
    assert_eq!(at(world.store.find_device(bob.device).await.unwrap()), early);
    let carols = world.store.find_device(carol.device).await.unwrap().unwrap();
    assert_eq!(carols.last_seen_at, carols.signed_in_at);
}

/// An account was last seen when the last of its devices was.
pub async fn an_account_is_seen_by_any_device(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let second = world.new_device(alice.user);
    world.store.create_device(second.clone()).await.unwrap();
    let late = world.now();
    world.store.touch_devices(&[(alice.device, late)]).await.unwrap();
    let bobs = world
        .store
        .find_device(bob.device)
        .await
        .unwrap()
        .unwrap()
        .last_seen_at;
    let mut seen = world
        .store
        .last_seen(&[bob.user, world.id(), alice.user])
        .await
        .unwrap();
    seen.sort_unstable();
    assert_eq!(seen, [(alice.user, late), (bob.user, bobs)]);
}

/// Each rotation makes the successor current, and names the device.
pub async fn a_current_token_is_rotated(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    for step in 0..5 {
        let presented = if step == 0 {
            alice.refresh
        } else {
            1_000 + step - 1
        };
        let device = rotate(&world, presented, 1_000 + step).await.unwrap();
        assert_eq!((device.id, device.user), (alice.device, alice.user));
    }
    assert_eq!(
        rotate(&world, 5_000, 5_001).await,
        Err(RotateRefreshError::Unknown)
    );
    assert_eq!(rotate(&world, bob.refresh, 2_000).await.unwrap().id, bob.device);
}

/// Until the current token has been presented, its predecessor is taken too: an answer that was lost locks nobody out.
pub async fn a_predecessor_is_rotated_until_its_successor_is_used(store: Arc<dyn Store>) {
    let (world, alice, ..) = World::with_three(store).await;
    rotate(&world, alice.refresh, 1_000).await.unwrap();
    // The answer with 1000 was lost, and so was the next.
    rotate(&world, alice.refresh, 1_001).await.unwrap();
    rotate(&world, alice.refresh, 1_002).await.unwrap();
    rotate(&world, 1_002, 1_003).await.unwrap();
    // Now 1002 is the predecessor, and the first token is older.
    rotate(&world, 1_002, 1_004).await.unwrap();
    let outcome = rotate(&world, alice.refresh, 1_005).await.map(|device| device.id);
    assert_eq!(outcome, reused(alice));
}

/// An older token signs the device out, and is unknown after that, like all others of the device.
pub async fn an_older_token_revokes_the_device(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    rotate(&world, alice.refresh, 1_000).await.unwrap();
    rotate(&world, 1_000, 1_001).await.unwrap();
    let outcome = rotate(&world, alice.refresh, 1_002).await.map(|device| device.id);
    assert_eq!(outcome, reused(alice));
    assert_eq!(world.store.find_device(alice.device).await.unwrap(), None);
    for presented in [alice.refresh, 1_000, 1_001, 1_002] {
        let outcome = rotate(&world, presented, 1_003 + presented).await;
        assert_eq!(outcome, Err(RotateRefreshError::Unknown), "token {presented}");
    }
    assert!(
        world.store.find_device(bob.device).await.unwrap().is_some(),
        "another's device stays"
    );
}

/// A token that was replaced before it was used is reuse too: who holds it is not who presented its predecessor.
pub async fn a_replaced_token_revokes_the_device(store: Arc<dyn Store>) {
    let (world, alice, ..) = World::with_three(store).await;
    rotate(&world, alice.refresh, 1_000).await.unwrap();
    rotate(&world, alice.refresh, 1_001).await.unwrap();
    let outcome = rotate(&world, 1_000, 1_002).await.map(|device| device.id);
    assert_eq!(outcome, reused(alice));
}

/// A suspended account's tokens are unknown while it is suspended, and work again afterwards.
pub async fn a_suspended_account_rotates_nothing(store: Arc<dyn Store>) {
    let (world, alice, ..) = World::with_three(store).await;
    world
        .store
        .set_suspended(alice.user, Some(world.now()))
        .await
        .unwrap();
    assert_eq!(
        rotate(&world, alice.refresh, 1_000).await,
        Err(RotateRefreshError::Unknown)
    );
    world.store.set_suspended(alice.user, None).await.unwrap();
    rotate(&world, alice.refresh, 1_000).await.unwrap();
}

/// Several requests of a device with one token at once all get a successor, and the device stays signed in.
pub async fn concurrent_rotations_of_one_token_succeed(store: Arc<dyn Store>) {
    let (world, alice, ..) = World::with_three(store).await;
    let mut tasks = JoinSet::new();
    for number in 0..6 {
        let world = world.clone();
        tasks.spawn(async move { rotate(&world, alice.refresh, 1_000 + number).await });
    }
    for outcome in tasks.join_all().await {
        assert_eq!(outcome.unwrap().id, alice.device);
    }
    assert!(world.store.find_device(alice.device).await.unwrap().is_some());
}

/// What was spent before a time is forgotten, some at a time: then it is unknown. What still works, and what was spent later, stays.
pub async fn spent_tokens_are_pruned(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let prune = async |before, limit| world.store.prune_refresh_tokens(before, limit).await.unwrap();
    for step in 0..5 {
        let presented = if step == 0 { alice.refresh } else { 999 + step };
        rotate(&world, presented, 1_000 + step).await.unwrap();
    }
    // 1004 is current, 1003 its predecessor; those before them are spent, and so is bob's 2000, which was never used.
    rotate(&world, bob.refresh, 2_000).await.unwrap();
    rotate(&world, bob.refresh, 2_001).await.unwrap();
    let between = world.now();
    rotate(&world, 1_004, 1_005).await.unwrap();
    assert_eq!(prune(Timestamp(0), 100).await, 0);
    assert_eq!(prune(between, 2).await, 2);
    assert_eq!(prune(between, 100).await, 3);
    assert_eq!(prune(between, 100).await, 0);
    for (presented, successor) in [(alice.refresh, 3_000), (1_002, 3_001), (2_000, 3_002)] {
        let outcome = rotate(&world, presented, successor).await;
        assert_eq!(outcome, Err(RotateRefreshError::Unknown), "{presented}");
    }
    assert_eq!(rotate(&world, 1_004, 3_003).await.unwrap().id, alice.device);
    assert_eq!(rotate(&world, bob.refresh, 3_004).await.unwrap().id, bob.device);
    let outcome = rotate(&world, 1_003, 3_005).await.map(|device| device.id);
    assert_eq!(outcome, reused(alice), "it was spent later");
}

/// Devices that may not be connected are found among many: revoked, unknown, and those of the suspended.
pub async fn barred_devices_are_found(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let unknown: DeviceId = world.id();
    let (revoked, now) = (bob.device, world.now());
    assert!(world.store.revoke_device(bob.user, revoked, now).await.unwrap());
    world.store.set_suspended(carol.user, Some(now)).await.unwrap();
    let asked = [alice.device, revoked, unknown, carol.device];
    let found = world.store.find_barred(&asked).await.unwrap();
    assert_eq!(found.len(), 3, "{found:?}");
    for expect in [
        (revoked, Barred::SignedOut),
        (unknown, Barred::SignedOut),
        (carol.device, Barred::Suspended),
    ] {
        assert!(found.contains(&expect), "{expect:?} is not in {found:?}");
    }
    world.store.set_suspended(carol.user, None).await.unwrap();
    assert_eq!(world.store.find_barred(&[carol.device]).await.unwrap(), []);
}
