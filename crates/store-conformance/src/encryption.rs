//! Conversations that are encrypted end to end: the log's epochs, what devices have sealed, their keys, key packages and welcomes.

use std::collections::BTreeSet;
use std::sync::Arc;

use pipit_store::Store;
use pipit_store::conversation::{CreateError, NewDirect, NewGroup};
use pipit_store::encryption::{
    DeviceKeyRecord, NewKeyPackage, NewWelcome, Pool, Publication, PublishError, PublishKeyError,
};
use pipit_store::log::AppendError;
use pipit_wire::encryption::{GroupHead, HandshakeKind, Seal};
use pipit_wire::event::{Content, EventBody, MessageChange};
use pipit_wire::{ConversationId, DeviceId, EventId, Timestamp};
use tokio::task::JoinSet;

use crate::world::{Person, START, World, text, uuid};

fn sealed(epoch: u64, count: u64) -> EventBody {
    EventBody::Message {
        written_at: START,
        content: Content::Sealed {
            scheme: "mls1".to_owned(),
            bytes: "AAEC".to_owned(),
            seal: Some(Seal { epoch, count }),
        },
        reply_to: None,
        expires_at: None,
    }
}

fn handshake(kind: HandshakeKind, epoch: u64, count: u64) -> EventBody {
    EventBody::Handshake {
        kind,
        seal: Seal { epoch, count },
        bytes: "AAEC".to_owned(),
    }
}

fn commit(epoch: u64, count: u64) -> EventBody {
    handshake(HandshakeKind::Commit, epoch, count)
}

async fn encrypted_group(world: &World, creator: Person, members: &[Person]) -> ConversationId {
    let new = NewGroup {
        encrypted: true,
        ..world.new_group("Den", creator, members)
    };
    world.store.create_group(new).await.unwrap().unwrap().conversation
}

async fn head(world: &World, group: ConversationId, device: DeviceId) -> GroupHead {
    world.store.find_group(group, device).await.unwrap().unwrap().head
}

async fn refusal(world: &World, group: ConversationId, who: Person, body: EventBody) -> AppendError {
    world.try_append(world.entry(group, who, body)).await.unwrap_err()
}

/// Chosen when it is made, part of what makes it the same, and shown to its members.
pub async fn a_conversation_is_encrypted_from_its_beginning(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let new = NewGroup {
        encrypted: true,
        ..world.new_group("Den", alice, &[bob])
    };
    let den = world.store.create_group(new.clone()).await.unwrap().unwrap();
    let first = den.event.unwrap();
    assert!(
        matches!(first.body, EventBody::Created { encrypted: true, .. }),
        "{first:?}"
    );
    let again = world.store.create_group(new.clone()).await.unwrap().unwrap();
    assert_eq!((again.conversation, again.event), (den.conversation, None));
    let open = NewGroup {
        encrypted: false,
        ..new
    };
    assert_eq!(
        world.store.create_group(open).await.unwrap(),
        Err(CreateError::IdConflict)
    );
    let summary = world
        .store
        .find_summary(den.conversation, bob.user)
        .await
        .unwrap()
        .unwrap();
    assert!(summary.encrypted);
    let listed = world.store.list_conversations(bob.user, None, 10).await.unwrap();
    assert!(listed[0].encrypted);
    let access = world
        .store
        .find_access(den.conversation, bob.user, None)
        .await
        .unwrap();
    assert!(access.unwrap().encrypted);
    let plain = world.group("Tea", alice, &[bob]).await;
    assert!(
        !world
            .store
            .find_summary(plain, bob.user)
            .await
            .unwrap()
            .unwrap()
            .encrypted
    );
    assert_eq!(world.store.find_group(plain, bob.device).await.unwrap(), None);
}

/// One that is encrypted and one that is not, and each of them once.
pub async fn two_people_may_have_an_encrypted_conversation_too(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let plain = world.direct(alice, bob).await;
    let new = NewDirect {
        encrypted: true,
        ..world.new_direct(bob, alice)
    };
    let secret = world.store.create_direct(new.clone()).await.unwrap();
    assert_ne!(secret.conversation, plain);
    assert!(secret.event.is_some());
    let again = NewDirect {
        encrypted: true,
        ..world.new_direct(alice, bob)
    };
    let again = world.store.create_direct(again).await.unwrap();
    assert_eq!((again.conversation, again.event), (secret.conversation, None));
    assert_eq!(world.direct(bob, alice).await, plain);
}

/// A commit gets in only if it names the log's epoch, and ends it; everything else that is sealed only if it names the log's epoch.
pub async fn the_log_keeps_the_epoch(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let den = encrypted_group(&world, alice, &[bob]).await;
    let stale = |epoch| AppendError::StaleEpoch { epoch };
    assert_eq!(
        refusal(&world, den, alice, sealed(0, 1)).await,
        stale(0),
        "nobody has made the group"
    );
    world.enter(den, alice, commit(0, 2)).await;
    assert_eq!(
        refusal(&world, den, bob, commit(0, 1)).await,
        stale(1),
        "the first one counts"
    );
    world.enter(den, alice, sealed(1, 3)).await;
    world
        .enter(den, bob, handshake(HandshakeKind::Proposal, 1, 2))
        .await;
    world.enter(den, bob, sealed(1, 3)).await;
    world.enter(den, bob, commit(1, 4)).await;
    for body in [
        sealed(1, 4),
        sealed(3, 4),
        commit(3, 4),
        handshake(HandshakeKind::Proposal, 1, 4),
    ] {
        assert_eq!(refusal(&world, den, alice, body).await, stale(2));
    }
    assert_eq!(
        head(&world, den, alice.device).await,
        GroupHead { epoch: 2, count: 4 }
    );
    let summary = world.store.find_summary(den, alice.user).await.unwrap().unwrap();
    assert_eq!(summary.last_seq.get(), 6, "what was refused leaves no gap");
    // The epoch outlives what is no business of its.
    let title = EventBody::TitleChanged {
        title: "Lair".to_owned(),
    };
    world.enter(den, alice, title).await;
    world.enter(den, alice, sealed(2, 5)).await;
}

/// The same entry again gets the first answer, whatever the epoch is by then.
pub async fn a_repeated_handshake_is_answered_like_the_first(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let den = encrypted_group(&world, alice, &[bob]).await;
    let first = world.entry(den, alice, commit(0, 1));
    let seq = world.append(first.clone()).await;
    let again = world.try_append(first.clone()).await.unwrap();
    assert!(again.repeated);
    assert_eq!(again.event.seq.get(), seq);
    assert_eq!(
        head(&world, den, alice.device).await.epoch,
        1,
        "it ends one epoch"
    );
    let other = pipit_store::log::Append {
        body: commit(1, 2),
        ..first
    };
    assert_eq!(
        world.try_append(other).await.unwrap_err(),
        AppendError::IdConflict
    );
}

/// Of two commits in one batch the first counts, and a message after it in the batch is in the new epoch.
pub async fn epochs_hold_within_a_batch(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let den = encrypted_group(&world, alice, &[bob]).await;
    let batch = [
        (alice, commit(0, 1)),
        (bob, commit(0, 1)),
        (alice, sealed(0, 2)),
        (alice, sealed(1, 3)),
    ];
    let batch = batch.map(|(who, body)| world.entry(den, who, body)).to_vec();
    let outcomes = world.store.append_batch(batch).await.unwrap();
    let stale = Err(AppendError::StaleEpoch { epoch: 1 });
    let outcomes: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| outcome.map(|appended| appended.event.seq.get()))
        .collect();
    assert_eq!(outcomes, [Ok(2), stale, stale, Ok(3)]);
}

/// Many devices commit at once: one gets in.
pub async fn concurrent_commits_end_an_epoch_once(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let den = encrypted_group(&world, alice, &[bob, carol]).await;
    for epoch in 0..5 {
        let mut tries = JoinSet::new();
        for who in [alice, bob, carol] {
            let (world, entry) = (world.clone(), world.entry(den, who, commit(epoch, epoch + 1)));
            tries.spawn(async move { world.try_append(entry).await });
        }
        let mut taken = 0;
        while let Some(one) = tries.join_next().await {
            match one.unwrap() {
                Ok(_) => taken += 1,
                Err(error) => assert_eq!(error, AppendError::StaleEpoch { epoch: epoch + 1 }),
            }
        }
        assert_eq!(taken, 1);
    }
}

/// Whatever a device has sealed is counted, refused or not, for that device alone, and never less than before.
pub async fn what_was_sealed_is_counted_though_it_is_refused(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let den = encrypted_group(&world, alice, &[bob]).await;
    let tablet = world.new_device(alice.user);
    world.store.create_device(tablet.clone()).await.unwrap();
    world.enter(den, alice, commit(0, 1)).await;
    refusal(&world, den, alice, sealed(0, 7)).await;
    assert_eq!(
        head(&world, den, alice.device).await,
        GroupHead { epoch: 1, count: 7 }
    );
    world.enter(den, alice, sealed(1, 5)).await;
    assert_eq!(head(&world, den, alice.device).await.count, 7);
    assert_eq!(head(&world, den, tablet.id).await.count, 0);
    world.store.note_sealed(den, bob.device, 3).await.unwrap();
    world.store.note_sealed(den, bob.device, 2).await.unwrap();
    assert_eq!(
        head(&world, den, bob.device).await,
        GroupHead { epoch: 1, count: 3 }
    );
    // Of those who are no member, and of what has no group, nothing is kept.
    world.store.note_sealed(den, carol.device, 9).await.unwrap();
    assert_eq!(head(&world, den, carol.device).await.count, 0);
    let plain = world.group("Tea", alice, &[bob]).await;
    world.store.note_sealed(plain, bob.device, 9).await.unwrap();
    let heads = world.store.find_heads(bob.device, &[plain, den]).await.unwrap();
    assert_eq!(heads, [(den, GroupHead { epoch: 1, count: 3 })]);
}

/// The storage itself keeps what could be read out of an encrypted conversation, and what is sealed for a group out of others.
pub async fn what_is_plain_stays_out_of_an_encrypted_conversation(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let den = encrypted_group(&world, alice, &[bob]).await;
    world.enter(den, alice, commit(0, 1)).await;
    let message = world.entry(den, alice, sealed(1, 2));
    world.append(message.clone()).await;
    let changed = |change| EventBody::MessageChanged {
        message: message.id.into(),
        change,
    };
    let react = MessageChange::React {
        emoji: "👍".to_owned(),
        on: true,
    };
    for body in [
        text("Hello"),
        changed(MessageChange::edit(Content::text("Hello"))),
        changed(react),
    ] {
        assert_eq!(refusal(&world, den, alice, body).await, AppendError::NotSealed);
    }
    world
        .enter(den, alice, changed(MessageChange::Pin { on: true }))
        .await;
    world.enter(den, alice, changed(MessageChange::Delete {})).await;
    let erased = world.store.find_event(den, message.id).await.unwrap().unwrap();
    assert!(matches!(
        erased.body,
        EventBody::Message {
            content: Content::Erased {},
            ..
        }
    ));
    let plain = world.group("Tea", alice, &[bob]).await;
    assert_eq!(
        refusal(&world, plain, alice, sealed(0, 1)).await,
        AppendError::NotSealed
    );
    assert_eq!(
        refusal(&world, plain, alice, commit(0, 1)).await,
        AppendError::NotSealed
    );
}

fn key_of(person: Person) -> DeviceKeyRecord {
    DeviceKeyRecord {
        user: person.user,
        device: person.device,
        signature_key: [u8::try_from(person.refresh % 251).unwrap(); 32],
    }
}

async fn with_keys(world: &World, people: &[Person]) {
    for person in people {
        let kept = world.store.publish_key(key_of(*person)).await.unwrap();
        assert_eq!(kept, Ok(()));
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
    assert_eq!(
        world.store.publish_key(other).await.unwrap(),
        Err(PublishKeyError::OtherKey)
    );
    let stolen = DeviceKeyRecord {
        user: bob.user,
        ..key_of(alice)
    };
    assert_eq!(
        world.store.publish_key(stolen).await.unwrap(),
        Err(PublishKeyError::NoDevice)
    );
    let den = encrypted_group(&world, alice, &[bob]).await;
    let mut expect = vec![key_of(alice), key_of(bob)];
    expect.sort_by_key(|key| key.device);
    let page = |after, limit| world.store.list_device_keys(den, after, limit);
    assert_eq!(page(None, 9).await.unwrap(), expect, "carol is no member");
    assert_eq!(page(None, 1).await.unwrap(), expect[..1]);
    assert_eq!(page(Some(expect[0].device), 9).await.unwrap(), expect[1..]);
    assert!(
        world
            .store
            .revoke_device(alice.user, alice.device, world.now())
            .await
            .unwrap()
    );
    assert_eq!(page(None, 9).await.unwrap(), [key_of(bob)]);
    let again = world.store.publish_key(key_of(alice)).await.unwrap();
    assert_eq!(
        again,
        Err(PublishKeyError::NoDevice),
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

/// Of the log's own epoch, and none of an earlier one.
pub async fn a_group_is_described_as_it_is(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let den = encrypted_group(&world, alice, &[bob]).await;
    world.enter(den, alice, commit(0, 1)).await;
    let keep = |epoch, bytes: &[u8]| world.store.keep_group_info(den, epoch, bytes.to_vec());
    assert!(!keep(0, b"old").await.unwrap());
    assert!(!keep(2, b"new").await.unwrap());
    assert!(keep(1, b"one").await.unwrap());
    assert!(keep(1, b"as well").await.unwrap());
    let info = || async {
        world
            .store
            .find_group(den, bob.device)
            .await
            .unwrap()
            .unwrap()
            .info
    };
    assert_eq!(info().await, Some(b"as well".to_vec()));
    world.enter(den, alice, commit(1, 2)).await;
    assert_eq!(info().await, None, "it is over");
    assert!(keep(2, b"two").await.unwrap());
    assert_eq!(info().await, Some(b"two".to_vec()));
    let plain = world.group("Tea", alice, &[bob]).await;
    assert!(
        !world
            .store
            .keep_group_info(plain, 0, b"x".to_vec())
            .await
            .unwrap()
    );
}
