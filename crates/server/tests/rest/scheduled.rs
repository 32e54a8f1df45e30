//! Files of messages that are sent later: kept for as long as the message is scheduled, and gone with it.

use pipit_server::service::access::Caller;
use pipit_wire::event::EventBody;
use pipit_wire::frame::{Personal, PersonalChange};
use pipit_wire::scheduled::Scheduled;
use pipit_wire::{Attachment, BlobId, Content, ConversationId, MessageId, Seq};
use reqwest::Method;
use serde_json::json;

use crate::files::{begin, group, link, part, png, upload};
use crate::world::{Person, World};

const DAY_MS: i64 = 24 * 60 * 60_000;

/// Schedules a message with these files, or takes it back.
async fn schedule(
    world: &World,
    person: &Person,
    place: ConversationId,
    message: MessageId,
    entry: Option<Scheduled>,
) -> Result<Personal, String> {
    let caller = Caller {
        user: person.user,
        device: Some(person.device),
    };
    let change = PersonalChange {
        schedule: [(message, entry)].into(),
        ..PersonalChange::default()
    };
    let set = world.node().personals.set(caller, place, change).await;
    set.map_err(|error| format!("{:?}", error.into_wire([0; 8]).code))
}

fn entry(world: &World, after_ms: i64, blobs: &[BlobId]) -> Scheduled {
    Scheduled {
        text: String::new(),
        reply_to: None,
        attachments: blobs.iter().map(|blob| Attachment::of(*blob)).collect(),
        send_at: world.now().plus_ms(after_ms),
        failed: None,
    }
}

fn message(number: u8) -> MessageId {
    MessageId::from_bytes([number; 16])
}

async fn cleared(world: &World) -> usize {
    world.pass_ms(1);
    world.media().clear_abandoned().await.unwrap().files
}

#[tokio::test]
async fn a_picture_is_kept_until_its_time_and_then_sent() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let place = group(&world, &ada, &[&bob]).await;
    let picture = upload(&world, &ada, "cat.png", &png(40, 30)).await;
    let set = schedule(
        &world,
        &ada,
        place,
        message(1),
        Some(entry(&world, 3 * DAY_MS, &[picture.blob])),
    )
    .await;
    let held = set.unwrap().scheduled.remove(&message(1)).unwrap();
    assert_eq!(
        held.attachments,
        std::slice::from_ref(&picture),
        "what the server knows of it is put in"
    );
    world.pass_ms(2 * DAY_MS);
    assert_eq!(cleared(&world).await, 0);
    let bob = world.sign_in("bob", crate::world::PASSWORD).await.person();
    assert_eq!(
        link(&world, &bob, picture.blob).await,
        None,
        "nobody else sees it yet"
    );
    let world = world.restart().await;
    world.pass_ms(DAY_MS);
    world.node().scheduling().send_due().await.unwrap();
    let events = world.store().read_entries(place, Seq::ZERO, 9).await.unwrap();
    let EventBody::Message { content, .. } = &events.last().unwrap().body else {
        panic!("{events:?}")
    };
    assert!(matches!(content, Content::Plain { attachments, .. } if *attachments == [picture.clone()]));
    world.pass_ms(2 * DAY_MS);
    assert_eq!(cleared(&world).await, 0);
    let bob = world.sign_in("bob", crate::world::PASSWORD).await.person();
    assert!(link(&world, &bob, picture.blob).await.is_some());
}

#[tokio::test]
async fn files_go_when_the_message_is_taken_back_or_its_author_leaves() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let place = group(&world, &ada, &[&bob]).await;
    let (mine, bobs) = (
        upload(&world, &ada, "a.txt", b"a").await.blob,
        upload(&world, &bob, "b.txt", b"b").await.blob,
    );
    for (person, number, blob) in [(&ada, 1, mine), (&bob, 2, bobs)] {
        let entry = entry(&world, 90 * DAY_MS, &[blob]);
        schedule(&world, person, place, message(number), Some(entry))
            .await
            .unwrap();
    }
    let path = format!("/v1/uploads/{mine}");
    let request = world
        .request(&Method::DELETE, &path)
        .header("tus-resumable", "1.0.0");
    let refused = world.send(request.bearer_auth(&ada.access)).await;
    assert_eq!(refused.refusal(), (404, "not_found"), "a message has it");
    assert_eq!(cleared(&world).await, 0);
    // Said differently it keeps its file.
    let words = Scheduled {
        text: "with words".to_owned(),
        ..entry(&world, DAY_MS, &[mine])
    };
    schedule(&world, &ada, place, message(1), Some(words))
        .await
        .unwrap();
    assert_eq!(cleared(&world).await, 0);
    schedule(&world, &ada, place, message(1), None).await.unwrap();
    assert_eq!(cleared(&world).await, 1);
    let members = format!("/v1/conversations/{place}/members/{}", bob.user);
    world.delete(&members, &ada).await.ok();
    assert_eq!(cleared(&world).await, 1);
    assert_eq!(world.objects().await, Vec::<String>::new());
}

#[tokio::test]
async fn what_cannot_be_sent_is_not_scheduled() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let place = group(&world, &ada, &[&bob]).await;
    let unfinished = begin(&world, &ada, 4, "x").await;
    world.send(part(&world, &ada, &unfinished, 0, b"ab")).await.ok();
    let unfinished: BlobId = unfinished.rsplit('/').next().unwrap().parse().unwrap();
    let (mine, bobs) = (
        upload(&world, &ada, "a.txt", b"a").await.blob,
        upload(&world, &bob, "b.txt", b"b").await.blob,
    );
    let unknown = BlobId::from_bytes([9; 16]);
    for blobs in [[unfinished].as_slice(), &[bobs], &[unknown], &[mine, bobs]] {
        let refused = schedule(
            &world,
            &ada,
            place,
            message(1),
            Some(entry(&world, DAY_MS, blobs)),
        )
        .await;
        assert_eq!(refused.unwrap_err(), "AttachmentUnusable", "{blobs:?}");
    }
    for blobs in [&[mine, mine][..], &[]] {
        let refused = schedule(
            &world,
            &ada,
            place,
            message(1),
            Some(entry(&world, DAY_MS, blobs)),
        )
        .await;
        assert_eq!(refused.unwrap_err(), "InvalidField", "{blobs:?}");
    }
    // What is said of files counts like words.
    let mut long = entry(&world, DAY_MS, &[mine]);
    for file in &mut long.attachments {
        file.caption = Some("x".repeat(1_000));
    }
    let mut number = 0;
    let refused = loop {
        number += 1;
        let set = schedule(&world, &ada, place, message(number), Some(long.clone())).await;
        if let Err(code) = set {
            break code;
        }
    };
    assert_eq!(
        (refused.as_str(), number > 40),
        ("LimitReached", true),
        "{number}"
    );
}

/// For a message that its device holds.
#[tokio::test]
async fn a_file_is_kept_for_as_long_as_its_device_says() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let until = world.now().plus_ms(40 * DAY_MS);
    let ends = async |person: &Person, blob: BlobId, until: i64| {
        let path = format!("/v1/uploads/{blob}/finish?keep_until={until}");
        world.post(&path, person, json!({})).await
    };
    let file = upload(&world, &ada, "a.txt", b"a").await.blob;
    ends(&ada, file, until.as_ms()).await.ok();
    assert_eq!(
        ends(&bob, file, until.as_ms()).await.refusal(),
        (404, "not_found")
    );
    ends(&ada, file, 0).await.ok();
    let other = upload(&world, &ada, "b.txt", b"b").await.blob;
    // No longer than what may be scheduled.
    ends(&ada, other, i64::MAX).await.ok();
    world.pass_ms(41 * DAY_MS - 1);
    assert_eq!(cleared(&world).await, 0);
    assert_eq!(cleared(&world).await, 1);
    world.pass_ms(359 * DAY_MS);
    assert_eq!(cleared(&world).await, 1);
}
