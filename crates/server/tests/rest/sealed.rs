//! Files of encrypted conversations: the server keeps them for their message, and learns nothing of what they are.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_server::service::access::Caller;
use pipit_wire::encryption::Seal;
use pipit_wire::event::{Content, Message, SealedPurpose};
use pipit_wire::media::FileSeal;
use pipit_wire::{Attachment, BlobId, ConversationId, MessageId};
use reqwest::Method;
use serde_json::{Value, json};

use crate::files::{creation, fetch, finish, group, header, link, part, png, upload};
use crate::world::{Person, Reply, World};

async fn announce(world: &World, person: &Person, size: usize, said: &[(&str, &str)]) -> Reply {
    let pairs = said
        .iter()
        .map(|(key, value)| format!("{key} {}", STANDARD.encode(value)));
    let metadata = pairs.collect::<Vec<_>>().join(",");
    world.send(creation(world, person, size, &metadata)).await
}

/// Sends a file that its device has sealed.
async fn upload_sealed(world: &World, person: &Person, bytes: &[u8]) -> Attachment {
    let reply = announce(world, person, bytes.len(), &[("sealed", "1")]).await;
    let path = header(&reply, "location").to_owned();
    world.send(part(world, person, &path, 0, bytes)).await.ok();
    let found = finish(world, person, &path).await.ok();
    serde_json::from_value(found["attachment"].clone()).unwrap()
}

/// An encrypted group in epoch 1.
pub(crate) async fn den(world: &World, owner: &Person, members: &[&Person]) -> ConversationId {
    let id = ConversationId::new(world.now(), [9; 10]);
    let users: Vec<_> = members.iter().map(|person| person.user).collect();
    let body = json!({"id": id, "members": users, "encrypted": true});
    world.post("/v1/conversations/group", owner, body).await.ok();
    let commit = json!({"id": MessageId::new(world.now(), [88; 10]), "kind": "commit",
        "seal": {"epoch": 0, "count": 1}, "bytes": "AAEC"});
    let path = format!("/v1/conversations/{id}/handshakes");
    world.post(&path, owner, commit).await.ok();
    id
}

pub(crate) fn message(world: &World, number: u8, place: ConversationId, content: Content) -> Message {
    Message {
        id: MessageId::new(world.now(), [number; 10]),
        conversation: place,
        written_at: world.now(),
        content,
        reply_to: None,
    }
}

pub(crate) fn sealed(count: u64, blobs: &[BlobId]) -> Content {
    Content::Sealed {
        scheme: "mls1".to_owned(),
        bytes: "AAEC".to_owned(),
        seal: Some(Seal { epoch: 1, count }),
        commitment: Some(STANDARD.encode([0; 32])),
        blobs: blobs.to_vec(),
        purpose: SealedPurpose::Message,
    }
}

pub(crate) async fn send(world: &World, person: &Person, message: Message) -> Result<(), String> {
    let caller = Caller {
        user: person.user,
        device: Some(person.device),
    };
    let sent = world.node().messaging.send(caller, message).await;
    let code = |error: pipit_server::error::ServiceError| format!("{:?}", error.into_wire([0; 8]).code);
    sent.map(|_appended| ()).map_err(code)
}

#[tokio::test]
async fn a_sealed_file_has_no_name_no_type_and_no_pictures() {
    let (world, ada) = World::with_ada().await;
    for said in [("filename", "plan.txt"), ("filetype", "image/png")] {
        let reply = announce(&world, &ada, 5, &[("sealed", "1"), said]).await;
        assert_eq!(reply.refusal(), (403, "sealed_only"), "{said:?}");
    }
    // Were it looked at, this would be a picture.
    let bytes = png(40, 30);
    let file = upload_sealed(&world, &ada, &bytes).await;
    let known = Attachment {
        media_type: "application/octet-stream".to_owned(),
        size: bytes.len() as u64,
        ..Attachment::of(file.blob)
    };
    assert_eq!(file, known);
    let path = link(&world, &ada, file.blob).await.unwrap();
    let reply = world.send(world.request(&Method::GET, &path)).await;
    assert_eq!(header(&reply, "content-type"), "application/octet-stream");
    assert_eq!(header(&reply, "content-length"), bytes.len().to_string());
    let small = path.replace("?t=", "/thumb/320?t=");
    assert_eq!(fetch(&world, &small).await.refusal(), (404, "not_found"));
}

#[tokio::test]
async fn sealed_files_go_with_sealed_messages_to_members_alone() {
    let (world, ada) = World::with_ada().await;
    let (bob, eve) = (world.join(&ada, "bob").await, world.join(&ada, "eve").await);
    let (den, square) = (
        den(&world, &ada, &[&bob]).await,
        group(&world, &ada, &[&bob]).await,
    );
    let file = upload_sealed(&world, &ada, b"opaque").await.blob;
    let other = upload_sealed(&world, &bob, b"bob's").await.blob;
    let open = upload(&world, &ada, "open.txt", b"open").await.blob;
    for (number, blobs, code) in [
        (1, vec![open], "AttachmentUnusable"),
        (2, vec![file, other], "AttachmentUnusable"),
        (3, vec![file, file], "InvalidField"),
        (
            4,
            (0..21).map(|at| BlobId::from_bytes([at; 16])).collect(),
            "InvalidField",
        ),
    ] {
        let refused = send(
            &world,
            &ada,
            message(&world, number, den, sealed(number.into(), &blobs)),
        )
        .await;
        assert_eq!(refused.unwrap_err(), code, "{blobs:?}");
    }
    // What was refused was sealed all the same, and is counted.
    let head = world
        .get(&format!("/v1/conversations/{den}/group"), &ada)
        .await
        .ok();
    assert_eq!(head["count"], json!(4));

    check_open(&world, &ada, square, (file, open)).await;

    assert_eq!(link(&world, &bob, file).await, None, "not sent yet");
    let sent = message(&world, 8, den, sealed(8, &[file]));
    send(&world, &ada, sent.clone()).await.unwrap();
    assert_eq!(
        fetch(&world, &link(&world, &bob, file).await.unwrap()).await.body,
        "opaque"
    );
    assert_eq!(link(&world, &eve, file).await, None);
    // Forwarded, without being sent again.
    send(&world, &bob, message(&world, 9, den, sealed(1, &[file])))
        .await
        .unwrap();
    world
        .store()
        .release_attachments(den, sent.id.into())
        .await
        .unwrap();
    assert!(
        link(&world, &bob, file).await.is_some(),
        "the forwarded message has it"
    );
    send(&world, &ada, sent).await.expect("sent before");
}

/// Nothing sealed goes into an open conversation, neither a file nor what opens it.
async fn check_open(world: &World, ada: &Person, square: ConversationId, (file, open): (BlobId, BlobId)) {
    let plain = |attachment: Attachment| Content::Plain {
        text: String::new(),
        attachments: vec![attachment],
        poll: None,
        preview: None,
    };
    let refused = send(world, ada, message(world, 5, square, plain(Attachment::of(file)))).await;
    assert_eq!(refused.unwrap_err(), "AttachmentUnusable");
    let said = Attachment {
        seal: Some(Box::new(FileSeal {
            key: "AAAA".to_owned(),
            digest: "AAAA".to_owned(),
            thumbnail: None,
        })),
        ..Attachment::of(open)
    };
    let refused = send(world, ada, message(world, 6, square, plain(said))).await;
    assert_eq!(refused.unwrap_err(), "InvalidField", "no keys in the clear");
    let opaque = Content::Sealed {
        scheme: "mls1".to_owned(),
        bytes: "AAEC".to_owned(),
        seal: None,
        commitment: None,
        blobs: vec![file],
        purpose: SealedPurpose::Message,
    };
    let refused = send(world, ada, message(world, 7, square, opaque)).await;
    assert_eq!(refused.unwrap_err(), "InvalidField");
    let path = format!("/v1/conversations/{square}");
    let avatar = world.patch(&path, ada, json!({"avatar": {"blob": file}})).await;
    assert_eq!(avatar.refusal().0, 400);
}

/// Deleted for everyone, a sealed file is gone with its message: no link, no object.
#[tokio::test]
async fn a_sealed_file_goes_with_its_message() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let den = den(&world, &ada, &[&bob]).await;
    let file = upload_sealed(&world, &ada, b"opaque").await.blob;
    let sent = message(&world, 1, den, sealed(2, &[file]));
    send(&world, &ada, sent.clone()).await.unwrap();
    let path = link(&world, &bob, file).await.unwrap();
    assert_eq!(world.objects().await.len(), 1);
    world
        .store()
        .release_attachments(den, sent.id.into())
        .await
        .unwrap();
    assert_eq!(fetch(&world, &path).await.refusal(), (404, "not_found"));
    world.pass_ms(2);
    assert_eq!(world.media().clear_abandoned().await.unwrap().files, 1);
    assert_eq!(world.objects().await, Vec::<String>::new());
    let _: Value = world.get("/v1/uploads", &ada).await.ok();
}
