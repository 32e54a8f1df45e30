//! Where devices are pushed to, whom a message is pushed to, and what was shown.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::push::{PushTarget, PushedEntry, SETTING, Subscription};
use pipit_wire::event::{ConversationKind, EventBody};
use pipit_wire::frame::{PersonalChange, RequestState};
use pipit_wire::push::NotifyRule;
use pipit_wire::{ConversationId, DeviceId, Seq, Timestamp, UserId};

use crate::world::{Person, World, seq};

fn subscription(user: UserId, device: DeviceId, endpoint: &str) -> Subscription {
    Subscription {
        device,
        user,
        endpoint: format!("https://push.example.org/{endpoint}"),
        key: [4; 65],
        secret: [7; 16],
        silent: true,
        made_at: Timestamp(17),
    }
}

async fn subscribe(world: &World, person: Person, endpoint: &str) -> Subscription {
    let new = subscription(person.user, person.device, endpoint);
    assert!(world.store.set_subscription(new.clone()).await.unwrap());
    new
}

async fn another_device(world: &World, person: Person) -> Person {
    let device = world.new_device(person.user);
    let id = device.id;
    world.store.create_device(device).await.unwrap();
    Person { device: id, ..person }
}

async fn targets(world: &World, conversation: ConversationId, sender: Person, place: u64) -> Vec<PushTarget> {
    let entry = PushedEntry {
        conversation,
        seq: seq(place),
        sender: sender.user,
    };
    world.store.list_push_targets(entry, None, 100).await.unwrap()
}

async fn devices(world: &World, conversation: ConversationId, sender: Person, place: u64) -> Vec<DeviceId> {
    let targets = targets(world, conversation, sender, place).await;
    targets.iter().map(|target| target.subscription.device).collect()
}

/// The first key is everybody's.
pub async fn the_first_push_key_is_kept(store: Arc<dyn Store>) {
    assert_eq!(store.push_key([1; 32]).await.unwrap(), [1; 32]);
    assert_eq!(store.push_key([2; 32]).await.unwrap(), [1; 32]);
}

/// A subscription is set, set anew, and ended; one that was set anew is not ended by its old address.
pub async fn a_subscription_is_set_and_ended(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let store = &world.store;
    assert!(!store.has_subscriptions().await.unwrap());
    let first = subscribe(&world, alice, "a").await;
    assert!(store.has_subscriptions().await.unwrap());
    assert_eq!(
        store.find_subscription(alice.device).await.unwrap(),
        Some(first.clone())
    );
    assert_eq!(store.find_subscription(bob.device).await.unwrap(), None);
    let second = Subscription {
        key: [5; 65],
        secret: [8; 16],
        silent: false,
        made_at: Timestamp(18),
        ..subscription(alice.user, alice.device, "b")
    };
    assert!(store.set_subscription(second.clone()).await.unwrap());
    let old = Some(first.endpoint.as_str());
    assert!(!store.remove_subscription(alice.device, old).await.unwrap());
    assert_eq!(
        store.find_subscription(alice.device).await.unwrap(),
        Some(second.clone())
    );
    let new = Some(second.endpoint.as_str());
    assert!(store.remove_subscription(alice.device, new).await.unwrap());
    assert!(!store.remove_subscription(alice.device, None).await.unwrap());
    assert!(!store.has_subscriptions().await.unwrap());
}

/// Who is signed out is pushed nothing, and cannot say where to; neither can anybody for another's device.
pub async fn a_subscription_ends_with_its_device(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let store = &world.store;
    subscribe(&world, alice, "a").await;
    let foreign = subscription(bob.user, alice.device, "b");
    assert!(!store.set_subscription(foreign).await.unwrap());
    assert!(
        store
            .revoke_device(alice.user, alice.device, world.now())
            .await
            .unwrap()
    );
    assert_eq!(store.find_subscription(alice.device).await.unwrap(), None);
    let late = subscription(alice.user, alice.device, "a");
    assert!(!store.set_subscription(late).await.unwrap());
    let nobody = subscription(alice.user, world.id(), "a");
    assert!(!store.set_subscription(nobody).await.unwrap());
}

/// An address is the device's that said it last.
pub async fn an_address_is_one_devices(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    subscribe(&world, alice, "a").await;
    let last = subscribe(&world, bob, "a").await;
    let store = &world.store;
    assert_eq!(store.find_subscription(alice.device).await.unwrap(), None);
    assert_eq!(store.find_subscription(bob.device).await.unwrap(), Some(last));
}

/// All devices of those who may read the message and have not; nobody else's.
pub async fn a_message_is_pushed_to_who_has_not_read_it(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let dave = world.person("dave", "Dave").await;
    let tablet = another_device(&world, bob).await;
    let tea = world.group("Tea", alice, &[bob, carol]).await;
    for (person, endpoint) in [(alice, "a"), (bob, "b"), (tablet, "t"), (carol, "c"), (dave, "d")] {
        subscribe(&world, person, endpoint).await;
    }
    let place = world.say(tea, alice, "Anybody?").await;
    let mut expect = [
        (bob.user, bob.device),
        (bob.user, tablet.device),
        (carol.user, carol.device),
    ];
    expect.sort_unstable();
    let all: Vec<_> = expect.iter().map(|(_, device)| *device).collect();
    assert_eq!(devices(&world, tea, alice, place).await, all);
    let entry = PushedEntry {
        conversation: tea,
        seq: seq(place),
        sender: alice.user,
    };
    let store = &world.store;
    let rest = store.list_push_targets(entry, Some(expect[0]), 1).await.unwrap();
    assert_eq!(rest[0].subscription.device, all[1]);
    assert_eq!(rest.len(), 1);
    world.advance(tea, bob, place, place).await;
    assert_eq!(devices(&world, tea, alice, place).await, [carol.device]);
    let member = world.enter(
        tea,
        alice,
        EventBody::MemberAdded {
            member: crate::world::member(dave.user, pipit_wire::event::Role::Member),
        },
    );
    member.await;
    assert_eq!(
        devices(&world, tea, alice, place).await,
        [carol.device],
        "who comes later cannot read it"
    );
    let now = world.now();
    store
        .set_blocked(carol.user, alice.user, true, now)
        .await
        .unwrap();
    assert_eq!(devices(&world, tea, alice, place).await, []);
    store
        .set_blocked(carol.user, alice.user, false, now)
        .await
        .unwrap();
    store.set_suspended(carol.user, Some(now)).await.unwrap();
    assert_eq!(devices(&world, tea, alice, place).await, []);
}

/// What decides whether it is pushed comes along.
pub async fn a_target_knows_its_rules(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let tea = world.group("Tea", alice, &[bob]).await;
    let pushed_to = subscribe(&world, bob, "b").await;
    let place = world.say(tea, alice, "Anybody?").await;
    let plain = PushTarget {
        subscription: pushed_to,
        handle: "bob".to_owned(),
        kind: ConversationKind::Group,
        title: Some("Tea".to_owned()),
        muted_until: Timestamp::default(),
        notify: NotifyRule::All,
        request: RequestState::Accepted,
        setting: None,
        shown: Seq::ZERO,
    };
    let found = targets(&world, tea, alice, place).await;
    assert_eq!(found, std::slice::from_ref(&plain));
    world.store.note_shown(bob.device, tea, seq(7)).await.unwrap();
    let found = targets(&world, tea, alice, place).await;
    assert_eq!(found.first().map(|target| target.shown), Some(seq(7)));
    world.store.forget_shown(bob.device, tea, seq(7)).await.unwrap();
    let change = PersonalChange {
        muted_until: Some(Timestamp(99)),
        notify: Some(NotifyRule::Mentions),
        request: Some(RequestState::Waiting),
        ..PersonalChange::default()
    };
    let store = &world.store;
    let set = store.set_personal(tea, bob.user, change, world.now()).await;
    assert_eq!(set.unwrap().unwrap().notify, NotifyRule::Mentions);
    let summary = store.find_summary(tea, bob.user).await.unwrap().unwrap();
    assert_eq!(summary.personal.notify, NotifyRule::Mentions);
    store
        .set_setting(bob.user, SETTING, Some("{\"keywords\":[]}"))
        .await
        .unwrap();
    let ruled = PushTarget {
        muted_until: Timestamp(99),
        notify: NotifyRule::Mentions,
        request: RequestState::Waiting,
        setting: Some("{\"keywords\":[]}".to_owned()),
        ..plain
    };
    assert_eq!(targets(&world, tea, alice, place).await, [ruled]);
    let refused = PersonalChange {
        notify: Some(NotifyRule::Nothing),
        request: Some(RequestState::Refused),
        ..PersonalChange::default()
    };
    let set = store.set_personal(tea, bob.user, refused, world.now()).await;
    assert_eq!(set.unwrap().unwrap().notify, NotifyRule::Nothing);
    assert_eq!(targets(&world, tea, alice, place).await, []);
}

/// What was shown is known until it was cleared, and ends with the subscription.
pub async fn what_was_shown_is_known_until_it_is_cleared(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let tablet = another_device(&world, bob).await;
    let tea = world.group("Tea", alice, &[bob]).await;
    let cake = world.group("Cake", alice, &[bob]).await;
    let pushed_to = subscribe(&world, bob, "b").await;
    let tablet_to = subscribe(&world, tablet, "t").await;
    let store = &world.store;
    let shown = async |conversation, read| store.list_shown(bob.user, conversation, seq(read)).await.unwrap();
    for (device, place) in [(bob.device, 5), (bob.device, 4), (tablet.device, 9)] {
        store.note_shown(device, tea, seq(place)).await.unwrap();
    }
    assert_eq!(shown(tea, 4).await, []);
    assert_eq!(shown(cake, 9).await, []);
    assert_eq!(shown(tea, 5).await, std::slice::from_ref(&pushed_to));
    assert_eq!(shown(tea, 9).await.len(), 2);
    store.forget_shown(bob.device, tea, seq(4)).await.unwrap();
    assert_eq!(
        shown(tea, 5).await,
        [pushed_to],
        "what is shown is newer than what was cleared"
    );
    store.forget_shown(bob.device, tea, seq(5)).await.unwrap();
    assert_eq!(shown(tea, 9).await, std::slice::from_ref(&tablet_to));
    let loud = Subscription {
        silent: false,
        ..subscription(tablet.user, tablet.device, "t")
    };
    assert!(store.set_subscription(loud).await.unwrap());
    assert_eq!(shown(tea, 9).await, [], "it would show something for being told");
    assert!(store.set_subscription(tablet_to).await.unwrap());
    store.remove_subscription(tablet.device, None).await.unwrap();
    assert_eq!(shown(tea, 9).await, [], "it went with the subscription");
    store.note_shown(alice.device, tea, seq(1)).await.unwrap();
    let of_alice = store.list_shown(alice.user, tea, seq(9)).await.unwrap();
    assert_eq!(of_alice, [], "she is pushed nothing");
}
