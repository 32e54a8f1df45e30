//! What people let others see of them and do to them.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::account::NewInvite;
use pipit_store::conversation::NewDirect;
use pipit_wire::frame::{PersonalChange, RequestState};
use pipit_wire::privacy::{Circle, Privacy, PrivacyChange};
use pipit_wire::{ConversationId, Timestamp, UserId};

use crate::world::{Person, World, seq, token};

async fn set(world: &World, person: Person, change: PrivacyChange) -> Privacy {
    let set = world.store.set_privacy(person.user, change, world.now());
    set.await.unwrap()
}

async fn found_by(world: &World, person: Person, found_by: Circle) {
    let change = PrivacyChange {
        found_by: Some(found_by),
        ..PrivacyChange::default()
    };
    assert_eq!(set(world, person, change).await.found_by, found_by);
}

async fn tells_reads(world: &World, person: Person, receipts: bool) {
    let change = PrivacyChange {
        receipts: Some(receipts),
        ..PrivacyChange::default()
    };
    assert_eq!(set(world, person, change).await.receipts, receipts);
}

/// What was never changed is not there; what was changed stays, each for itself, and its time only grows. A connection that opens is told.
pub async fn privacy_is_kept(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let all = [alice.user, bob.user, carol.user, world.id()];
    assert_eq!(world.store.find_privacy(&all).await.unwrap(), []);
    let first = PrivacyChange {
        typing: Some(false),
        found_by: Some(Circle::Nobody),
        ..PrivacyChange::default()
    };
    let kept = world
        .store
        .set_privacy(alice.user, first, Timestamp(9_000))
        .await
        .unwrap();
    let expect = Privacy {
        typing: false,
        found_by: Circle::Nobody,
        changed_at: Timestamp(9_000),
        ..Privacy::default()
    };
    assert_eq!(kept, expect);
    let second = PrivacyChange {
        receipts: Some(false),
        presence: Some(false),
        written_by: Some(Circle::Known),
        added_by: Some(Circle::Nobody),
        found_by: Some(Circle::Known),
        ..PrivacyChange::default()
    };
    // By a clock that goes behind.
    let kept = world
        .store
        .set_privacy(alice.user, second, Timestamp(7))
        .await
        .unwrap();
    let expect = Privacy {
        receipts: false,
        typing: false,
        presence: false,
        found_by: Circle::Known,
        written_by: Circle::Known,
        added_by: Circle::Nobody,
        changed_at: Timestamp(9_001),
    };
    assert_eq!(kept, expect);
    assert_eq!(
        world.store.find_privacy(&all).await.unwrap(),
        [(alice.user, expect)]
    );
    let opening = |person: Person| {
        let store = Arc::clone(&world.store);
        async move { store.find_opening(person.device).await.unwrap().unwrap().privacy }
    };
    assert_eq!(opening(alice).await, expect);
    assert_eq!(opening(bob).await, Privacy::default());
}

/// What `viewer` is told that `person` has read, by everything that tells it.
async fn told(world: &World, place: ConversationId, viewer: Person, person: Person) -> u64 {
    let store = &world.store;
    let members = store.list_members(place, viewer.user, None, 9).await.unwrap();
    let later = store.list_members(place, viewer.user, Some(viewer.user), 9).await;
    let searched = store
        .search_members(place, viewer.user, "", None, 9)
        .await
        .unwrap();
    let summary = store.find_summary(place, viewer.user).await.unwrap().unwrap();
    let mut page = store.list_conversations(viewer.user, None, 9).await.unwrap();
    page.retain(|summary| summary.id == place);
    let mut told = Vec::new();
    let pages = [
        members,
        later.unwrap(),
        searched,
        summary.members,
        page.remove(0).members,
    ];
    for member in pages.into_iter().flatten() {
        if member.profile.user == person.user {
            assert_eq!(member.delivered_seq, seq(3), "what was delivered is told");
            told.push(member.read_seq.get());
        }
    }
    told.dedup();
    assert_eq!(told.len(), 1, "all say the same: {told:?}");
    told[0]
}

/// Who tells nobody what they have read is told of nobody, and one's own is told in any case.
pub async fn what_is_read_is_told_to_those_who_tell(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let place = world.group("Tea", alice, &[bob, carol]).await;
    for number in 0..2 {
        world.say(place, alice, &format!("message {number}")).await;
    }
    for person in [alice, bob, carol] {
        world.advance(place, person, 3, 2).await;
    }
    let check = async |quiet: &[Person]| {
        for viewer in [alice, bob, carol] {
            for person in [alice, bob, carol] {
                let is_told = viewer == person || !(quiet.contains(&viewer) || quiet.contains(&person));
                assert_eq!(
                    told(&world, place, viewer, person).await,
                    if is_told { 2 } else { 0 },
                    "{quiet:?}: {person:?} to {viewer:?}"
                );
            }
        }
    };
    check(&[]).await;
    tells_reads(&world, bob, false).await;
    check(&[bob]).await;
    tells_reads(&world, carol, false).await;
    check(&[bob, carol]).await;
    tells_reads(&world, bob, true).await;
    check(&[carol]).await;
}

async fn finds(world: &World, asker: Person, query: &str) -> Vec<String> {
    let found = world.store.search_users(asker.user, query, 20).await.unwrap();
    found.into_iter().map(|profile| profile.handle).collect()
}

async fn invite(world: &World, by: UserId, handle: &str) -> Person {
    let number = world.number();
    let invite = NewInvite {
        id: world.id(),
        token: token(number),
        made_by: by,
        created_at: world.now(),
        expires_at: world.now().plus_ms(1_000_000_000),
        uses: 1,
    };
    world.store.create_invite(invite).await.unwrap();
    let mut account = world.new_account(handle, "Somebody New");
    account.invite = Some(token(number));
    let person = Person {
        user: account.account.id,
        device: account.device.id,
        refresh: number,
    };
    world.store.create_account(account).await.unwrap().unwrap();
    person
}

/// A search leaves out who does not want to be found, by their name and by the beginning of their handle; the whole handle finds them.
pub async fn who_does_not_want_to_be_found_is_not(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let dave = invite(&world, bob.user, "dave").await;
    let place = world.group("Tea", alice, &[bob]).await;
    found_by(&world, bob, Circle::Known).await;
    for (asker, known) in [(alice, true), (carol, false), (dave, true)] {
        let expect: &[&str] = if known { &["bob"] } else { &[] };
        for query in ["bo", "cratch", "bob cratchit"] {
            assert_eq!(finds(&world, asker, query).await, expect, "{query}");
        }
        assert_eq!(finds(&world, asker, "bob").await, ["bob"]);
        assert_eq!(finds(&world, asker, "BOB").await, ["bob"]);
    }
    // By whose invite one has come is known as well.
    found_by(&world, dave, Circle::Known).await;
    assert_eq!(finds(&world, bob, "dav").await, ["dave"]);
    assert_eq!(finds(&world, alice, "dav").await, [""; 0]);
    // A request is no acquaintance until it is accepted.
    let asked = NewDirect {
        asks: true,
        ..world.new_direct(carol, bob)
    };
    let asked = world.store.create_direct(asked).await.unwrap().conversation;
    assert_eq!(finds(&world, carol, "bo").await, [""; 0]);
    let accepted = PersonalChange {
        request: Some(RequestState::Accepted),
        ..PersonalChange::default()
    };
    let set = world.store.set_personal(asked, bob.user, accepted, world.now());
    set.await.unwrap().unwrap();
    assert_eq!(finds(&world, carol, "bo").await, ["bob"]);

    found_by(&world, bob, Circle::Nobody).await;
    for asker in [alice, carol, dave] {
        assert_eq!(finds(&world, asker, "bo").await, [""; 0]);
        assert_eq!(finds(&world, asker, "bob").await, ["bob"]);
    }
    let members = world.store.search_members(place, alice.user, "bo", None, 9).await;
    assert_eq!(members.unwrap().len(), 1, "members are found among members");
    found_by(&world, bob, Circle::Everyone).await;
    assert_eq!(finds(&world, carol, "bo").await, ["bob"]);
}

/// The direct conversations of two people are found, with where each stands as a request to the second of them.
pub async fn the_conversations_of_two_are_found(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let directs = async |one: Person, other: Person| {
        let found = world.store.list_directs(one.user, other.user).await.unwrap();
        let mut found: Vec<_> = found
            .into_iter()
            .map(|direct| (direct.encrypted, direct.conversation, direct.request))
            .collect();
        found.sort_by_key(|(encrypted, ..)| *encrypted);
        found
    };
    world.group("Tea", alice, &[bob, carol]).await;
    assert_eq!(directs(alice, bob).await, [], "a group is none");
    let asked = NewDirect {
        asks: true,
        ..world.new_direct(alice, bob)
    };
    let plain = world.store.create_direct(asked).await.unwrap().conversation;
    let sealed = NewDirect {
        encrypted: true,
        ..world.new_direct(bob, alice)
    };
    let sealed = world.store.create_direct(sealed).await.unwrap().conversation;
    let (accepted, waiting) = (RequestState::Accepted, RequestState::Waiting);
    assert_eq!(
        directs(alice, bob).await,
        [(false, plain, waiting), (true, sealed, accepted)]
    );
    assert_eq!(
        directs(bob, alice).await,
        [(false, plain, accepted), (true, sealed, accepted)]
    );
    assert_eq!(directs(alice, carol).await, []);
    let change = PersonalChange {
        request: Some(accepted),
        ..PersonalChange::default()
    };
    let set = world.store.set_personal(plain, bob.user, change, world.now());
    set.await.unwrap().unwrap();
    assert_eq!(directs(alice, bob).await[0], (false, plain, accepted));
}

/// Whom one blocks is listed by name, the latest first, in pages that join.
pub async fn the_blocked_are_listed(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let dave = world.person("dave", "Dave").await;
    assert_eq!(
        world
            .store
            .list_blocked_people(alice.user, None, 9)
            .await
            .unwrap(),
        []
    );
    for (other, at) in [(bob, 5), (carol, 7), (dave, 7)] {
        let set = world
            .store
            .set_blocked(alice.user, other.user, true, Timestamp(at));
        set.await.unwrap();
    }
    let set = world.store.set_blocked(bob.user, alice.user, true, Timestamp(9));
    set.await.unwrap();
    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let page = world
            .store
            .list_blocked_people(alice.user, after, 2)
            .await
            .unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.at, last.profile.user));
        listed.extend(page.into_iter().map(|person| (person.profile.handle, person.at)));
    }
    let expect = [("dave", 7), ("carol", 7), ("bob", 5)];
    assert_eq!(
        listed,
        expect.map(|(handle, at)| (handle.to_owned(), Timestamp(at)))
    );
}
