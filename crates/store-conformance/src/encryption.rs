//! Conversations that are encrypted end to end: the log's epochs, and what devices have sealed.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::conversation::{CreateError, NewDirect, NewGroup};
use pipit_store::log::AppendError;
use pipit_wire::encryption::{GroupHead, HandshakeKind, Seal};
use pipit_wire::event::{Content, EventBody, MessageChange, SealedPurpose, SettingsChange};
use pipit_wire::{ConversationId, DeviceId};
use tokio::task::JoinSet;

use crate::world::{Person, START, World, text};

fn sealed(epoch: u64, count: u64) -> EventBody {
    EventBody::Message {
        written_at: START,
        content: Content::Sealed {
            scheme: "mls1".to_owned(),
            bytes: "AAEC".to_owned(),
            seal: Some(Seal { epoch, count }),
            commitment: None,
            blobs: Vec::new(),
            purpose: SealedPurpose::Message,
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

pub(crate) fn commit(epoch: u64, count: u64) -> EventBody {
    handshake(HandshakeKind::Commit, epoch, count)
}

pub(crate) async fn encrypted_group(world: &World, creator: Person, members: &[Person]) -> ConversationId {
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
    let announced = EventBody::SettingsChanged {
        change: SettingsChange {
            announcements: Some(true),
            ..SettingsChange::default()
        },
    };
    world.enter(den, alice, announced).await;
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
