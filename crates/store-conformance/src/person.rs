//! What is a person's own: whom they block, and their settings.

use std::sync::Arc;

use pipit_store::Store;

use crate::world::{Person, World};

async fn blocked(world: &World, person: Person) -> Vec<pipit_wire::UserId> {
    let mut blocked = world.store.list_blocked(person.user).await.unwrap();
    blocked.sort_unstable();
    blocked
}

/// A block counts from both sides; others' blocks do not.
pub async fn the_blocked_are_filtered(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let dave = world.person("dave", "Dave").await;
    for (who, whom) in [(alice, bob), (carol, alice), (bob, dave)] {
        let set = world.store.set_blocked(who.user, whom.user, true, world.now());
        set.await.unwrap();
    }
    let all = [bob.user, carol.user, dave.user];
    let mut found = world.store.filter_blocked(alice.user, &all).await.unwrap();
    found.sort_unstable();
    let mut expect = [bob.user, carol.user];
    expect.sort_unstable();
    assert_eq!(found, expect);
    assert_eq!(world.store.filter_blocked(alice.user, &[]).await.unwrap(), []);
    assert_eq!(
        world
            .store
            .filter_blocked(alice.user, &[dave.user])
            .await
            .unwrap(),
        []
    );
}

/// A block is one person's, holds however often it is set, and is lifted however often.
pub async fn blocks_are_set_and_lifted(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let set = |who: Person, whom: Person, blocked| {
        let store = Arc::clone(&world.store);
        let now = world.now();
        async move {
            let set = store.set_blocked(who.user, whom.user, blocked, now).await;
            set.unwrap();
        }
    };
    assert_eq!(blocked(&world, alice).await, []);
    set(alice, bob, true).await;
    set(alice, bob, true).await;
    set(alice, carol, true).await;
    assert_eq!(blocked(&world, alice).await, [bob.user, carol.user]);
    assert_eq!(blocked(&world, bob).await, [], "a block has a direction");
    set(alice, bob, false).await;
    set(alice, bob, false).await;
    assert_eq!(blocked(&world, alice).await, [carol.user]);
}

/// A setting is an account's own text under a key: set, changed, forgotten.
pub async fn settings_are_kept(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let find = |person: Person, key: &'static str| {
        let store = Arc::clone(&world.store);
        async move { store.find_setting(person.user, key).await.unwrap() }
    };
    assert_eq!(find(alice, "theme").await, None);
    world
        .store
        .set_setting(alice.user, "theme", Some(r#"{"dark":true}"#))
        .await
        .unwrap();
    world
        .store
        .set_setting(alice.user, "sound", Some("\"bell 🔔\""))
        .await
        .unwrap();
    world
        .store
        .set_setting(bob.user, "theme", Some("1"))
        .await
        .unwrap();
    assert_eq!(
        find(alice, "theme").await.as_deref(),
        Some(r#"{"dark":true}"#),
        "the text as it was"
    );
    world
        .store
        .set_setting(alice.user, "theme", Some("{}"))
        .await
        .unwrap();
    assert_eq!(find(alice, "theme").await.as_deref(), Some("{}"));
    world.store.set_setting(alice.user, "theme", None).await.unwrap();
    world.store.set_setting(alice.user, "theme", None).await.unwrap();
    assert_eq!(find(alice, "theme").await, None);
    assert_eq!(find(alice, "sound").await.as_deref(), Some("\"bell 🔔\""));
    assert_eq!(find(bob, "theme").await.as_deref(), Some("1"));
}
