//! What is a person's own: whom they block, and their settings.

use std::collections::BTreeSet;
use std::sync::Arc;

use pipit_store::Store;
use pipit_wire::event::EventBody;
use pipit_wire::frame::{Personal, PersonalChange, RequestState};
use pipit_wire::{ConversationId, Timestamp};

use crate::world::{Person, World, seq};

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

async fn personal(world: &World, conversation: ConversationId, person: Person) -> Personal {
    let found = world.store.find_summary(conversation, person.user).await.unwrap();
    let summary = found.unwrap();
    let page = world
        .store
        .list_conversations(person.user, None, 50)
        .await
        .unwrap();
    let listed = page.iter().find(|listed| listed.id == conversation).unwrap();
    assert_eq!(listed.personal, summary.personal, "the list says the same");
    summary.personal
}

/// What is left out of a change stays; the time only grows; others see nothing of it.
pub async fn what_is_kept_of_a_conversation_is_shown_to_its_owner_alone(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let tea = world.group("Tea", alice, &[bob]).await;
    assert_eq!(personal(&world, tea, alice).await, Personal::default());
    let change = PersonalChange {
        archived_seq: Some(seq(1)),
        pin: Some(3),
        muted_until: Some(Timestamp(7_000)),
        ..PersonalChange::default()
    };
    let now = Timestamp(1_000);
    let set = world.store.set_personal(tea, alice.user, change, now).await;
    let mut expect = Personal {
        changed_at: now,
        archived_seq: seq(1),
        pin: 3,
        muted_until: Timestamp(7_000),
        marked_unread: false,
        draft: String::new(),
        hidden: BTreeSet::new(),
        request: RequestState::Accepted,
        asked_by: None,
        scheduled: std::collections::BTreeMap::new(),
        notify: pipit_wire::push::NotifyRule::All,
    };
    assert_eq!(set.unwrap().as_ref(), Some(&expect));
    let change = PersonalChange {
        pin: Some(0),
        marked_unread: Some(true),
        draft: Some("Dear Bob, \"☕\"".to_owned()),
        ..PersonalChange::default()
    };
    // A clock that goes back does not take the time back.
    let set = world
        .store
        .set_personal(tea, alice.user, change, Timestamp(500))
        .await;
    expect.changed_at = Timestamp(1_001);
    expect.pin = 0;
    expect.marked_unread = true;
    "Dear Bob, \"☕\"".clone_into(&mut expect.draft);
    assert_eq!(set.unwrap().as_ref(), Some(&expect));
    assert_eq!(personal(&world, tea, alice).await, expect);
    assert_eq!(personal(&world, tea, bob).await, Personal::default());
}

/// What is deleted for oneself is added up, whatever else changes, and is nobody else's.
pub async fn what_is_deleted_for_oneself_only_grows(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let tea = world.group("Tea", alice, &[bob]).await;
    let hide = |seqs: &[u64]| PersonalChange {
        hide: seqs.iter().map(|number| seq(*number)).collect(),
        ..PersonalChange::default()
    };
    let draft = PersonalChange {
        draft: Some("Dear".to_owned()),
        ..PersonalChange::default()
    };
    for (change, expect) in [
        (hide(&[3]), &[3][..]),
        (hide(&[1, 3, 2]), &[1, 2, 3]),
        (draft, &[1, 2, 3]),
        (hide(&[9]), &[1, 2, 3, 9]),
    ] {
        let set = world
            .store
            .set_personal(tea, alice.user, change.clone(), Timestamp(9))
            .await;
        let expect: BTreeSet<_> = expect.iter().map(|number| seq(*number)).collect();
        assert_eq!(set.unwrap().unwrap().hidden, expect, "{change:?}");
        assert_eq!(personal(&world, tea, alice).await.hidden, expect);
    }
    assert_eq!(personal(&world, tea, bob).await, Personal::default());
}

/// Outsiders keep nothing, and who comes back begins anew.
pub async fn what_is_kept_of_a_conversation_ends_with_the_membership(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let tea = world.group("Tea", alice, &[bob]).await;
    let archive = || PersonalChange {
        archived_seq: Some(seq(1)),
        ..PersonalChange::default()
    };
    let set = |person: Person| {
        world
            .store
            .set_personal(tea, person.user, archive(), Timestamp(9))
    };
    assert_eq!(set(carol).await.unwrap(), None);
    assert!(set(bob).await.unwrap().is_some());
    world
        .enter(
            tea,
            alice,
            EventBody::MemberRemoved {
                user: bob.user,
                banned: false,
            },
        )
        .await;
    assert_eq!(set(bob).await.unwrap(), None);
    let member = crate::world::member(bob.user, pipit_wire::event::Role::Member);
    world.enter(tea, alice, EventBody::MemberAdded { member }).await;
    assert_eq!(personal(&world, tea, bob).await, Personal::default());
}
