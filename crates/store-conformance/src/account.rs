//! The server itself, and accounts.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::account::{ServerRecord, SetUp, SetUpError};
use tokio::task::JoinSet;

use crate::world::{World, uuid};

/// A storage that was just made answers.
pub async fn answers_a_ping(store: Arc<dyn Store>) {
    store.ping().await.unwrap();
}

fn new_set_up(world: &World, handle: &str) -> SetUp {
    let mut account = world.new_account(handle, "The Administrator");
    account.account.admin = true;
    SetUp {
        server_name: format!("{handle}'s house"),
        generation: uuid(9_000),
        account: account.account,
        device: account.device,
        now: account.now,
    }
}

/// Set-up makes the administrator with a device, once; a second one changes nothing.
pub async fn sets_up_once(store: Arc<dyn Store>) {
    let world = World::new(store);
    assert_eq!(world.store.find_server().await.unwrap(), None);
    let first = new_set_up(&world, "alice");
    world.store.set_up(first.clone()).await.unwrap().unwrap();
    let expect = ServerRecord {
        name: "alice's house".to_owned(),
        generation: uuid(9_000),
        set_up_at: first.now,
    };
    assert_eq!(world.store.find_server().await.unwrap(), Some(expect.clone()));
    let user = world.store.find_user(first.account.id).await.unwrap().unwrap();
    assert!(user.admin);
    assert_eq!(user.created_at, first.now);
    assert_eq!(
        world.store.list_devices(user.profile.user).await.unwrap().len(),
        1
    );

    let second = new_set_up(&world, "bob");
    assert_eq!(
        world.store.set_up(second.clone()).await.unwrap(),
        Err(SetUpError::AlreadySetUp)
    );
    assert_eq!(world.store.find_server().await.unwrap(), Some(expect));
    assert_eq!(world.store.find_user(second.account.id).await.unwrap(), None);
    assert_eq!(world.store.find_device(second.device.id).await.unwrap(), None);
}

/// Of several set-ups at once, one succeeds.
pub async fn concurrent_set_ups_make_one_administrator(store: Arc<dyn Store>) {
    let world = World::new(store);
    let mut tasks = JoinSet::new();
    for number in 0..8 {
        let store = Arc::clone(&world.store);
        let set_up = new_set_up(&world, &format!("admin{number}"));
        tasks.spawn(async move { store.set_up(set_up).await.unwrap() });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
}
