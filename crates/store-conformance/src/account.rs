//! The server itself, and accounts.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::account::{CreateAccountError, ServerRecord, SetUp, SetUpError, UserRecord};
use pipit_wire::frame::Profile;
use tokio::task::JoinSet;

use crate::world::{Person, World, uuid};

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

/// An account comes back as it was made, by id and by handle; who is not there is not found.
pub async fn accounts_are_found(store: Arc<dyn Store>) {
    let world = World::new(store);
    let mut new = world.new_account("alice", "Alice Liddell");
    new.account.admin = true;
    world.store.create_account(new.clone()).await.unwrap().unwrap();
    let expect = UserRecord {
        profile: Profile {
            user: new.account.id,
            handle: "alice".to_owned(),
            name: "Alice Liddell".to_owned(),
            face: None,
        },
        admin: true,
        suspended_at: None,
        created_at: new.now,
    };
    assert_eq!(
        world.store.find_user(new.account.id).await.unwrap(),
        Some(expect.clone())
    );
    let credential = world.store.find_credential("alice").await.unwrap().unwrap();
    assert_eq!(credential.user, expect);
    assert_eq!(credential.password, new.account.password);
    assert!(world.store.find_credential("bob").await.unwrap().is_none());
    assert!(
        world.store.find_credential("Alice").await.unwrap().is_none(),
        "handles are stored lowered"
    );
    assert_eq!(world.store.find_user(world.id()).await.unwrap(), None);
}

/// A taken handle is refused, and nothing of the refused account stays.
pub async fn a_taken_handle_is_refused(store: Arc<dyn Store>) {
    let (world, alice, ..) = World::with_three(store).await;
    let again = world.new_account("alice", "Another Alice");
    let outcome = world.store.create_account(again.clone()).await.unwrap();
    assert_eq!(outcome, Err(CreateAccountError::HandleTaken));
    assert_eq!(world.store.find_user(again.account.id).await.unwrap(), None);
    assert_eq!(world.store.find_device(again.device.id).await.unwrap(), None);
    let found = world.store.find_credential("alice").await.unwrap().unwrap();
    assert_eq!(found.user.profile.user, alice.user);
}

/// Of several accounts that want one handle at once, one gets it.
pub async fn concurrent_accounts_share_no_handle(store: Arc<dyn Store>) {
    let world = World::new(store);
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&world.store);
        let account = world.new_account("alice", "Alice");
        tasks.spawn(async move { store.create_account(account).await.unwrap() });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let refused = outcomes
        .iter()
        .filter(|outcome| **outcome == Err(CreateAccountError::HandleTaken));
    assert_eq!(refused.count(), 7);
}

/// Of the profiles asked for, those that exist are returned.
pub async fn profiles_are_found(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let mut profiles = world
        .store
        .find_profiles(&[bob.user, world.id(), alice.user])
        .await
        .unwrap();
    profiles.sort_by(|one, other| one.handle.cmp(&other.handle));
    let expect = [(alice, "alice", "Alice Liddell"), (bob, "bob", "Bob Cratchit")];
    let expect: Vec<Profile> = expect
        .map(|(person, handle, name)| Profile {
            user: person.user,
            handle: handle.to_owned(),
            name: name.to_owned(),
            face: None,
        })
        .into();
    assert_eq!(profiles, expect);
    assert_eq!(world.store.find_profiles(&[]).await.unwrap(), []);
}

/// A new name is shown, and is what a search finds; the old one is not.
pub async fn a_name_is_changed(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    assert!(
        world
            .store
            .rename_user(alice.user, "Alice Hargreaves")
            .await
            .unwrap()
    );
    assert!(!world.store.rename_user(world.id(), "Nobody").await.unwrap());
    let user = world.store.find_user(alice.user).await.unwrap().unwrap();
    assert_eq!(user.profile.name, "Alice Hargreaves");
    assert_eq!(search(&world, bob, "harg").await, ["alice"]);
    assert_eq!(search(&world, bob, "liddell").await, [""; 0]);
    let other = world.store.find_user(bob.user).await.unwrap().unwrap();
    assert_eq!(other.profile.name, "Bob Cratchit");
}

/// Suspending is noted and lifted.
pub async fn an_account_is_suspended(store: Arc<dyn Store>) {
    let (world, alice, ..) = World::with_three(store).await;
    let at = world.now();
    assert!(world.store.set_suspended(alice.user, Some(at)).await.unwrap());
    let user = world.store.find_user(alice.user).await.unwrap().unwrap();
    assert_eq!(user.suspended_at, Some(at));
    let credential = world.store.find_credential("alice").await.unwrap().unwrap();
    assert_eq!(credential.user.suspended_at, Some(at));
    assert!(world.store.set_suspended(alice.user, None).await.unwrap());
    let user = world.store.find_user(alice.user).await.unwrap().unwrap();
    assert_eq!(user.suspended_at, None);
    assert!(!world.store.set_suspended(world.id(), Some(at)).await.unwrap());
}

async fn search(world: &World, asker: Person, query: &str) -> Vec<String> {
    let found = world.store.search_users(asker.user, query, 20).await.unwrap();
    found.into_iter().map(|profile| profile.handle).collect()
}

/// A search finds the beginning of a handle and of any word of a name, without case, and nothing else.
pub async fn a_search_finds_beginnings(store: Arc<dyn Store>) {
    let (world, alice, ..) = World::with_three(store).await;
    world.person("ada", "Ada Lovelace").await;
    world.person("love", "Countess of Somewhere").await;
    world.person("lovelock", "James").await;
    world.person("aerztin", "Ärztin Özgür").await;
    assert_eq!(search(&world, alice, "ada").await, ["ada"]);
    assert_eq!(search(&world, alice, "LOVEL").await, ["ada", "lovelock"]);
    assert_eq!(
        search(&world, alice, "love").await,
        ["love", "ada", "lovelock"],
        "the exact handle is first"
    );
    assert_eq!(search(&world, alice, "some").await, ["love"], "the third word");
    assert_eq!(
        search(&world, alice, "ove").await,
        [""; 0],
        "the middle of a word is not its beginning"
    );
    assert_eq!(search(&world, alice, "ärz").await, ["aerztin"]);
    assert_eq!(
        search(&world, alice, "ÖZG").await,
        ["aerztin"],
        "case is not ASCII's alone"
    );
    assert_eq!(search(&world, alice, "zzz").await, [""; 0]);
}

/// What means something in a pattern means itself in a query.
pub async fn a_search_takes_wildcards_literally(store: Arc<dyn Store>) {
    let (world, alice, ..) = World::with_three(store).await;
    world
        .person("odd", "100% %odd _under back\\slash [a] *star")
        .await;
    assert_eq!(search(&world, alice, "%").await, ["odd"]);
    assert_eq!(search(&world, alice, "%o").await, ["odd"]);
    assert_eq!(search(&world, alice, "_").await, ["odd"]);
    assert_eq!(search(&world, alice, "_nder").await, [""; 0]);
    assert_eq!(search(&world, alice, "b%").await, [""; 0]);
    assert_eq!(search(&world, alice, "back\\").await, ["odd"]);
    assert_eq!(search(&world, alice, "\\").await, [""; 0]);
    assert_eq!(search(&world, alice, "*").await, ["odd"]);
    assert_eq!(search(&world, alice, "[a]").await, ["odd"]);
    assert_eq!(search(&world, alice, "'; DROP TABLE user; --").await, [""; 0]);
}

/// A search leaves out who asks, who is suspended, and who has a block between them and who asks.
pub async fn a_search_leaves_out_some(store: Arc<dyn Store>) {
    let world = World::new(store);
    let mut people = Vec::new();
    for number in 0..5 {
        people.push(world.person(&format!("sam{number}"), "Sam").await);
    }
    let [asker, suspended, blocked, blocks, other] = people[..] else {
        panic!("five people")
    };
    world
        .store
        .set_suspended(suspended.user, Some(world.now()))
        .await
        .unwrap();
    world
        .store
        .set_blocked(asker.user, blocked.user, true, world.now())
        .await
        .unwrap();
    world
        .store
        .set_blocked(blocks.user, asker.user, true, world.now())
        .await
        .unwrap();
    assert_eq!(search(&world, asker, "sam").await, ["sam4"]);
    assert_eq!(search(&world, other, "sam").await, ["sam0", "sam2", "sam3"]);
}

/// A search ends at its limit, in the order of handles, with the exact one first.
pub async fn a_search_is_limited(store: Arc<dyn Store>) {
    let (world, alice, ..) = World::with_three(store).await;
    for number in (0..10).rev() {
        world.person(&format!("pat{number}"), "Pat Pat").await;
    }
    world.person("pat", "Exact").await;
    let found = world.store.search_users(alice.user, "pat", 3).await.unwrap();
    let handles: Vec<_> = found.iter().map(|profile| profile.handle.as_str()).collect();
    assert_eq!(handles, ["pat", "pat0", "pat1"]);
}

/// Whichever node brings a key first, all get that one.
pub async fn the_first_key_is_kept(store: Arc<dyn Store>) {
    let mut nodes = JoinSet::new();
    for number in 0..4 {
        let store = Arc::clone(&store);
        nodes.spawn(async move { store.server_key([number; 32]).await.unwrap() });
    }
    let keys = nodes.join_all().await;
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    assert_eq!(store.server_key([9; 32]).await.unwrap(), keys[0]);
}
