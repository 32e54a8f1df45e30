//! Files: sending them, and who gets what of them.

use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, ImageFormat};
use pipit_server::service::access::Caller;
use pipit_wire::event::{Content, EventBody, Message};
use pipit_wire::{Attachment, BlobId, ConversationId, MessageId, Timestamp};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::world::{Person, Reply, World, nobody};

fn metadata(name: &str, media_type: &str) -> String {
    format!(
        "filename {},filetype {}",
        STANDARD.encode(name),
        STANDARD.encode(media_type)
    )
}

pub(crate) fn tus(world: &World, person: &Person, method: &Method, path: &str) -> RequestBuilder {
    world
        .request(method, path)
        .bearer_auth(&person.access)
        .header("tus-resumable", "1.0.0")
}

pub(crate) fn creation(world: &World, person: &Person, size: usize, metadata: &str) -> RequestBuilder {
    tus(world, person, &Method::POST, "/v1/uploads")
        .header("upload-length", size)
        .header("upload-metadata", metadata)
}

pub(crate) fn part(
    world: &World,
    person: &Person,
    path: &str,
    offset: usize,
    bytes: &[u8],
) -> RequestBuilder {
    tus(world, person, &Method::PATCH, path)
        .header("content-type", "application/offset+octet-stream")
        .header("upload-offset", offset)
        .body(bytes.to_vec())
}

pub(crate) fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply.headers[name].to_str().unwrap()
}

/// The path of a new upload.
pub(crate) async fn begin(world: &World, person: &Person, size: usize, name: &str) -> String {
    let reply = world
        .send(creation(world, person, size, &metadata(name, "text/plain")))
        .await;
    assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
    header(&reply, "location").to_owned()
}

async fn offset(world: &World, person: &Person, path: &str) -> String {
    let reply = world.send(tus(world, person, &Method::HEAD, path)).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    header(&reply, "upload-offset").to_owned()
}

pub(crate) async fn finish(world: &World, person: &Person, path: &str) -> Reply {
    let request = world
        .request(&Method::POST, &format!("{path}/finish"))
        .bearer_auth(&person.access);
    world.send(request).await
}

/// Sends a whole file, and says what the server found.
pub(crate) async fn upload(world: &World, person: &Person, name: &str, bytes: &[u8]) -> Attachment {
    let path = begin(world, person, bytes.len(), name).await;
    world.send(part(world, person, &path, 0, bytes)).await.ok();
    let found = finish(world, person, &path).await.ok();
    serde_json::from_value(found["attachment"].clone()).unwrap()
}

pub(crate) async fn group(world: &World, owner: &Person, members: &[&Person]) -> ConversationId {
    let users: Vec<_> = members.iter().map(|person| person.user).collect();
    let id = ConversationId::new(world.now(), [u8::try_from(members.len()).unwrap() + 1; 10]);
    let body = json!({"id": id, "title": "Birds", "members": users});
    world.post("/v1/conversations/group", owner, body).await.ok();
    id
}

fn message(number: u8, place: ConversationId, files: Vec<Attachment>) -> Message {
    Message {
        id: MessageId::new(Timestamp(1_790_000_000_000), [number; 10]),
        conversation: place,
        written_at: Timestamp(1_790_000_000_000),
        content: Content::Plain {
            text: String::new(),
            attachments: files,
            poll: None,
            preview: None,
        },
        reply_to: None,
    }
}

/// Sends a message as a gateway would, and says what the log has.
async fn send(world: &World, person: &Person, message: Message) -> Result<Vec<Attachment>, String> {
    let caller = Caller {
        user: person.user,
        device: Some(person.device),
    };
    let sent = world.node().messaging.send(caller, message).await;
    match sent.map_err(|error| error.into_wire([0; 8]).code) {
        Ok(appended) => {
            let EventBody::Message { content, .. } = appended.event.body else {
                return Err(format!("{:?}", appended.event.body));
            };
            match content {
                Content::Plain { attachments, .. } => Ok(attachments),
                other @ (Content::Sealed { .. } | Content::Erased {}) => Err(format!("{other:?}")),
            }
        }
        Err(code) => Err(format!("{code:?}")),
    }
}

pub(crate) async fn link(world: &World, person: &Person, blob: BlobId) -> Option<String> {
    let links = world
        .post("/v1/blobs/links", person, json!({"blobs": [blob]}))
        .await
        .ok();
    links["items"][0]["path"].as_str().map(str::to_owned)
}

pub(crate) async fn fetch(world: &World, path: &str) -> Reply {
    world.send(world.request(&Method::GET, path)).await
}

pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(width, height)
        .write_to(&mut bytes, ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn a_file_comes_in_parts_and_over_a_restart() {
    let (world, ada) = World::with_ada().await;
    let path = begin(&world, &ada, 11, "hello.txt").await;
    assert_eq!(offset(&world, &ada, &path).await, "0");
    let reply = world.send(part(&world, &ada, &path, 0, b"hello ")).await;
    assert_eq!(
        (reply.status.as_u16(), header(&reply, "upload-offset")),
        (204, "6")
    );
    assert_eq!(
        finish(&world, &ada, &path).await.refusal(),
        (409, "offset_conflict")
    );
    let world = world.restart().await;
    let reply = world.send(tus(&world, &ada, &Method::HEAD, &path)).await;
    assert_eq!(header(&reply, "upload-offset"), "6");
    assert_eq!(header(&reply, "upload-length"), "11");
    assert_eq!(header(&reply, "cache-control"), "no-store");
    assert_eq!(header(&reply, "upload-expires"), "Tue, 22 Sep 2026 14:13:20 GMT");
    let list = world.get("/v1/uploads", &ada).await.ok();
    assert_eq!(
        (&list["items"][0]["received"], &list["used_bytes"]),
        (&json!(6), &json!(11))
    );
    world.send(part(&world, &ada, &path, 6, b"world")).await.ok();
    let found = finish(&world, &ada, &path).await.ok();
    assert_eq!(found["attachment"]["media_type"], "text/plain");
    assert_eq!(found["attachment"]["name"], "hello.txt");
    assert_eq!(finish(&world, &ada, &path).await.ok(), found, "again");
    let blob = found["attachment"]["blob"].as_str().unwrap().parse().unwrap();
    let file = fetch(&world, &link(&world, &ada, blob).await.unwrap()).await;
    assert_eq!(file.body, "hello world");
    assert_eq!(world.get("/v1/uploads", &ada).await.ok()["items"], json!([]));
}

#[tokio::test]
async fn the_protocol_is_spoken() {
    let (world, ada) = World::with_ada().await;
    let reply = world.send(world.request(&Method::OPTIONS, "/v1/uploads")).await;
    assert_eq!(
        (reply.status.as_u16(), header(&reply, "tus-version")),
        (204, "1.0.0")
    );
    assert_eq!(
        header(&reply, "tus-extension"),
        "creation,checksum,expiration,termination"
    );
    assert_eq!(header(&reply, "tus-max-size"), "104857600");
    let old = world
        .request(&Method::POST, "/v1/uploads")
        .bearer_auth(&ada.access)
        .header("upload-length", 1)
        .header("tus-resumable", "0.2.2");
    let reply = world.send(old).await;
    assert_eq!(
        (reply.status.as_u16(), header(&reply, "tus-version")),
        (412, "1.0.0")
    );
    let path = begin(&world, &ada, 4, "x").await;
    let reply = world.send(part(&world, &ada, &path, 1, b"abc")).await;
    assert_eq!(reply.refusal(), (409, "offset_conflict"));
    let untyped = tus(&world, &ada, &Method::PATCH, &path)
        .header("upload-offset", 0)
        .body("abcd");
    assert_eq!(world.send(untyped).await.status.as_u16(), 415);
    for (headers, refusal) in [
        (&[("upload-length", "x")][..], (400, "invalid_field")),
        (&[][..], (400, "invalid_field")),
        (
            &[("upload-length", "1"), ("upload-metadata", "filename ?")],
            (400, "invalid_field"),
        ),
        (
            &[("upload-length", "1"), ("upload-metadata", "id eA==")],
            (400, "invalid_field"),
        ),
    ] {
        let request = tus(&world, &ada, &Method::POST, "/v1/uploads");
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        assert_eq!(world.send(request).await.refusal(), refusal, "{headers:?}");
    }
    let reply = world.send(tus(&world, &ada, &Method::DELETE, &path)).await;
    assert_eq!(reply.status.as_u16(), 204);
    assert_eq!(
        world
            .send(tus(&world, &ada, &Method::HEAD, &path))
            .await
            .status
            .as_u16(),
        404
    );
}

#[tokio::test]
async fn asking_again_with_the_same_id_makes_nothing_new() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let metadata = format!("id {}", STANDARD.encode(nobody()));
    for _ in 0..2 {
        let reply = world.send(creation(&world, &ada, 4, &metadata)).await;
        assert_eq!(header(&reply, "location"), format!("/v1/uploads/{}", nobody()));
    }
    let reply = world.send(creation(&world, &bob, 4, &metadata)).await;
    assert_eq!(reply.refusal(), (409, "id_conflict"));
}

#[tokio::test]
async fn checksums_are_checked() {
    let (world, ada) = World::with_ada().await;
    let path = begin(&world, &ada, 8, "x").await;
    let sum = |bytes: &[u8]| format!("sha256 {}", STANDARD.encode(Sha256::digest(bytes)));
    let damaged = part(&world, &ada, &path, 0, b"abce").header("upload-checksum", sum(b"abcd"));
    assert_eq!(world.send(damaged).await.refusal(), (460, "checksum_mismatch"));
    assert_eq!(offset(&world, &ada, &path).await, "0");
    let whole = part(&world, &ada, &path, 0, b"abcd").header("upload-checksum", sum(b"abcd"));
    assert_eq!(world.send(whole).await.status.as_u16(), 204);
    let sha1 =
        part(&world, &ada, &path, 4, b"abcd").header("upload-checksum", "sha1 gf6L/odXbD7LIkJvjleEc4KRes8=");
    assert_eq!(world.send(sha1).await.status.as_u16(), 204);
    let unknown = part(&world, &ada, &path, 8, b"").header("upload-checksum", "md5 eA==");
    assert_eq!(world.send(unknown).await.refusal(), (400, "invalid_field"));
}

#[tokio::test]
async fn limits_are_told_and_kept() {
    let world = World::start_with(|config| {
        config.media.file_bytes_max = 10;
        config.media.account_bytes_max = 15;
        config.media.uploads_max = 2;
    })
    .await;
    let ada = world.set_up("ada").await;
    let server = world.get("/v1/server", &ada).await.ok();
    let told = &server["limits"]["media"];
    assert_eq!(
        (&told["file_bytes_max"], &told["account_bytes_max"]),
        (&json!(10), &json!(15))
    );
    let text = metadata("x", "");
    assert_eq!(
        world.send(creation(&world, &ada, 11, &text)).await.refusal(),
        (413, "too_large")
    );
    let path = begin(&world, &ada, 10, "x").await;
    assert_eq!(
        world.send(creation(&world, &ada, 6, &text)).await.refusal(),
        (413, "quota_exceeded")
    );
    begin(&world, &ada, 1, "x").await;
    assert_eq!(
        world.send(creation(&world, &ada, 1, &text)).await.refusal(),
        (429, "too_many_uploads")
    );
    // More than was said is not taken, and nothing of it stays.
    let lying = world.send(part(&world, &ada, &path, 0, b"0123456789more")).await;
    assert_eq!(lying.refusal(), (413, "too_large"));
    assert_eq!(offset(&world, &ada, &path).await, "0");
}

#[tokio::test]
async fn what_is_anothers_is_not_there() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let path = begin(&world, &ada, 4, "x").await;
    assert_eq!(
        world
            .send(tus(&world, &bob, &Method::HEAD, &path))
            .await
            .status
            .as_u16(),
        404
    );
    for request in [
        part(&world, &bob, &path, 0, b"abcd"),
        tus(&world, &bob, &Method::DELETE, &path),
    ] {
        assert_eq!(world.send(request).await.refusal(), (404, "not_found"));
    }
    assert_eq!(finish(&world, &bob, &path).await.refusal(), (404, "not_found"));
    assert_eq!(offset(&world, &ada, &path).await, "0");
    let secret = upload(&world, &ada, "secret.txt", b"secret").await;
    assert_eq!(link(&world, &bob, secret.blob).await, None);
    let place = group(&world, &bob, &[]).await;
    let stolen = send(&world, &bob, message(1, place, vec![Attachment::of(secret.blob)])).await;
    assert_eq!(stolen.unwrap_err(), "AttachmentUnusable");
    let reply = world.get(&format!("/v1/blobs/{}", secret.blob), &bob).await;
    assert_eq!(reply.refusal(), (404, "not_found"));
}

#[tokio::test]
async fn members_get_files_until_they_are_removed() {
    let (world, ada) = World::with_ada().await;
    let (bob, eve) = (world.join(&ada, "bob").await, world.join(&ada, "eve").await);
    let place = group(&world, &ada, &[&bob]).await;
    let file = upload(&world, &ada, "plan.txt", b"the plan").await;
    assert_eq!(link(&world, &bob, file.blob).await, None, "not sent yet");
    let said = Attachment {
        name: "lie.exe".to_owned(),
        media_type: "text/html".to_owned(),
        size: 1,
        width: Some(9),
        caption: Some("look".to_owned()),
        ..Attachment::of(file.blob)
    };
    let sent = send(&world, &ada, message(1, place, vec![said])).await.unwrap();
    let caption = Some("look".to_owned());
    assert_eq!(
        sent,
        [Attachment {
            caption,
            ..file.clone()
        }],
        "the server's word"
    );
    let path = link(&world, &bob, file.blob).await.unwrap();
    assert_eq!(fetch(&world, &path).await.body, "the plan");
    assert_eq!(link(&world, &eve, file.blob).await, None);
    assert_eq!(
        fetch(&world, &path.replace("?t=", "?t=A")).await.refusal(),
        (404, "not_found")
    );
    assert_eq!(
        fetch(&world, &format!("/v1/blobs/{}", file.blob)).await.refusal(),
        (401, "unauthenticated")
    );
    // The link has minutes to go, and gives nothing from this moment on.
    let removal = format!("/v1/conversations/{place}/members/{}", bob.user);
    world.delete(&removal, &ada).await.ok();
    assert_eq!(fetch(&world, &path).await.refusal(), (404, "not_found"));
    assert_eq!(link(&world, &bob, file.blob).await, None);
    // Forwarded to where he is, he has it again.
    let elsewhere = group(&world, &ada, &[&bob, &eve]).await;
    send(
        &world,
        &ada,
        message(2, elsewhere, vec![Attachment::of(file.blob)]),
    )
    .await
    .unwrap();
    assert_eq!(fetch(&world, &path).await.body, "the plan");
    world.pass_ms(10 * 60_000);
    assert_eq!(
        fetch(&world, &path).await.refusal(),
        (404, "not_found"),
        "expired"
    );
}

#[tokio::test]
async fn a_signed_out_device_gets_nothing_by_its_links() {
    let (world, ada) = World::with_ada().await;
    let file = upload(&world, &ada, "x.txt", b"x").await;
    let other = world.sign_in("ada", crate::world::PASSWORD).await.person();
    let path = link(&world, &other, file.blob).await.unwrap();
    assert_eq!(fetch(&world, &path).await.body, "x");
    world
        .delete(&format!("/v1/devices/{}", other.device), &ada)
        .await
        .ok();
    assert_eq!(fetch(&world, &path).await.refusal(), (404, "not_found"));
}

#[tokio::test]
async fn nothing_runs_and_ranges_are_given() {
    let (world, ada) = World::with_ada().await;
    let html = b"<!DOCTYPE html><script>alert(1)</script>";
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>";
    let mut polyglot = png(4, 4);
    polyglot.extend_from_slice(b"<script>alert(1)</script>");
    for (name, bytes) in [
        ("a.html", &html[..]),
        ("a.svg", svg),
        ("../\u{202E}gpj.exe", b"MZ\x90\0"),
        ("bomb.zip", b"PK\x03\x04\0\0"),
    ] {
        let file = upload(&world, &ada, name, bytes).await;
        assert!(!file.name.contains(['/', '\u{202E}']), "{}", file.name);
        let reply = fetch(&world, &link(&world, &ada, file.blob).await.unwrap()).await;
        assert_eq!(
            header(&reply, "content-type"),
            "application/octet-stream",
            "{name}"
        );
        assert!(
            header(&reply, "content-disposition").starts_with("attachment; "),
            "{name}"
        );
        assert_eq!(header(&reply, "x-content-type-options"), "nosniff");
        assert!(header(&reply, "content-security-policy").starts_with("sandbox; default-src 'none'"));
    }
    let file = upload(&world, &ada, "Käse \"1\".png", &polyglot).await;
    let path = link(&world, &ada, file.blob).await.unwrap();
    let reply = world.request(&Method::GET, &path).send().await.unwrap();
    assert_eq!(reply.headers()["content-type"], "image/png");
    assert_eq!(
        reply.headers()["content-disposition"],
        "inline; filename=\"K_se _1_.png\"; filename*=UTF-8''K%C3%A4se%20_1_.png"
    );
    let tag = reply.headers()["etag"].clone();
    let whole = reply.bytes().await.unwrap();
    assert!(
        !whole.windows(6).any(|part| part == b"script"),
        "what hung on behind is gone"
    );
    assert_eq!(whole.len() as u64, file.size);
    let part = world
        .request(&Method::GET, &path)
        .header("range", "bytes=1-3")
        .send()
        .await
        .unwrap();
    assert_eq!(part.status().as_u16(), 206);
    assert_eq!(
        part.headers()["content-range"],
        format!("bytes 1-3/{}", file.size)
    );
    assert_eq!(&part.bytes().await.unwrap()[..], b"PNG");
    let beyond = world
        .request(&Method::GET, &path)
        .header("range", "bytes=99999-")
        .send()
        .await
        .unwrap();
    assert_eq!(beyond.status().as_u16(), 416);
    let again = world
        .request(&Method::GET, &path)
        .header("if-none-match", tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status().as_u16(), 304);
}

#[tokio::test]
async fn pictures_get_smaller_ones() {
    let (world, ada) = World::with_ada().await;
    let file = upload(&world, &ada, "wide.png", &png(2_000, 1_000)).await;
    assert_eq!((file.width, file.height), (Some(2_000), Some(1_000)));
    assert!(file.preview.is_some());
    let path = link(&world, &ada, file.blob).await.unwrap();
    for (pixels, expect) in [(320, (320, 160)), (321, (1_280, 640)), (4_000, (2_000, 1_000))] {
        let path = path.replace('?', &format!("/thumb/{pixels}?"));
        let bytes = world
            .request(&Method::GET, &path)
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
        let image = image::load_from_memory(&bytes).unwrap();
        assert_eq!((image.width(), image.height()), expect, "{pixels}");
    }
    let text = upload(&world, &ada, "x.txt", b"x").await;
    let path = link(&world, &ada, text.blob)
        .await
        .unwrap()
        .replace('?', "/thumb/320?");
    assert_eq!(fetch(&world, &path).await.refusal(), (404, "not_found"));
    let broken = upload(&world, &ada, "x.png", &png(400, 400)[..60]).await;
    assert_eq!(
        (broken.media_type.as_str(), broken.width),
        ("application/octet-stream", None)
    );
}

#[tokio::test]
async fn a_bomb_is_refused_and_leaves_nothing() {
    let world = World::start_with(|config| config.media.image_pixels_max = 10_000).await;
    let ada = world.set_up("ada").await;
    let bomb = png(101, 100);
    let path = begin(&world, &ada, bomb.len(), "bomb.png").await;
    world.send(part(&world, &ada, &path, 0, &bomb)).await.ok();
    assert_eq!(
        finish(&world, &ada, &path).await.refusal(),
        (422, "picture_too_large")
    );
    let list = world.get("/v1/uploads", &ada).await.ok();
    assert_eq!(list, json!({"items": [], "used_bytes": 0}));
    assert_eq!(world.objects().await, Vec::<String>::new());
}

#[tokio::test]
async fn messages_say_only_what_they_may_of_files() {
    let (world, ada) = World::with_ada().await;
    let place = group(&world, &ada, &[]).await;
    let file = upload(&world, &ada, "x.txt", b"x").await;
    let of = || Attachment::of(file.blob);
    let with = |change: fn(&mut Attachment)| {
        let mut attachment = of();
        change(&mut attachment);
        vec![attachment]
    };
    for (number, files) in (0..).zip([
        vec![of(), of()],
        vec![of(); 21],
        with(|file| file.caption = Some("x".repeat(1_025))),
        with(|file| file.caption = Some(" ".to_owned())),
        with(|file| file.waveform = Some("?".to_owned())),
        with(|file| file.waveform = Some(STANDARD.encode([0; 65]))),
    ]) {
        let refused = send(&world, &ada, message(number, place, files)).await;
        assert_eq!(refused.unwrap_err(), "InvalidField", "{number}");
    }
    let missing = Attachment::of(nobody().parse().unwrap());
    let refused = send(&world, &ada, message(9, place, vec![missing])).await;
    assert_eq!(refused.unwrap_err(), "AttachmentUnusable");
    let nothing = send(&world, &ada, message(10, place, Vec::new())).await;
    assert_eq!(nothing.unwrap_err(), "InvalidField", "neither words nor files");
    let voice = with(|file| {
        file.duration_ms = Some(1_500);
        file.waveform = Some(STANDARD.encode([7; 64]));
    });
    let first = send(&world, &ada, message(11, place, voice.clone()))
        .await
        .unwrap();
    assert_eq!(first[0].duration_ms, Some(1_500));
    assert_eq!(
        send(&world, &ada, message(11, place, voice)).await.unwrap(),
        first,
        "repeated"
    );
}

#[tokio::test]
async fn what_nobody_has_is_cleared() {
    let (world, ada) = World::with_ada().await;
    let place = group(&world, &ada, &[]).await;
    let path = begin(&world, &ada, 4, "x").await;
    world.send(part(&world, &ada, &path, 0, b"ab")).await.ok();
    upload(&world, &ada, "unsent.txt", b"unsent").await;
    let sent = upload(&world, &ada, "sent.txt", b"sent").await;
    let first = message(1, place, vec![Attachment::of(sent.blob)]);
    send(&world, &ada, first.clone()).await.unwrap();
    world.pass_ms(24 * 60 * 60_000 - 1);
    assert_eq!(world.media().clear_abandoned().await.unwrap().files, 0);
    world.pass_ms(2);
    assert_eq!(world.media().clear_abandoned().await.unwrap().files, 2);
    assert_eq!(world.objects().await.len(), 1);
    let ada = world.sign_in("ada", crate::world::PASSWORD).await.person();
    let path = link(&world, &ada, sent.blob).await.unwrap();
    // Its message is deleted.
    world
        .store()
        .release_attachments(place, first.id.into())
        .await
        .unwrap();
    assert_eq!(world.media().clear_abandoned().await.unwrap().files, 1);
    assert_eq!(world.objects().await, Vec::<String>::new());
    assert_eq!(fetch(&world, &path).await.refusal(), (404, "not_found"));
    // Sending the same message again is no error for that: it has been sent.
    assert_eq!(send(&world, &ada, first).await.unwrap()[0].blob, sent.blob);
    let metrics = world.get("/metrics", &ada).await.body;
    let counted = metrics
        .as_str()
        .unwrap()
        .lines()
        .find(|line| line.contains("files_cleared_total"));
    assert!(counted.unwrap().ends_with(" 3"), "{counted:?}");
}

#[tokio::test]
async fn objects_of_no_file_are_cleared() {
    let (world, ada) = World::with_ada().await;
    let kept = upload(&world, &ada, "x.txt", b"x").await;
    let folder = world.blobs_folder().join(nobody());
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("left"), "by a node that died").unwrap();
    assert_eq!(
        world.media().clear_rubbish().await.unwrap(),
        0,
        "the clock of the tests is behind the disk's"
    );
    world.pass_ms(100 * 365 * 24 * 60 * 60_000);
    assert_eq!(world.media().clear_rubbish().await.unwrap(), 1);
    let left = world.objects().await;
    assert!(
        left.len() == 1 && left[0].starts_with(&kept.blob.to_string()),
        "{left:?}"
    );
}

#[tokio::test]
async fn a_broken_line_loses_nothing_that_came() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (world, ada) = World::with_ada().await;
    let path = begin(&world, &ada, 10, "x").await;
    let mut line = tokio::net::TcpStream::connect(world.address).await.unwrap();
    let head = format!(
        "PATCH {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ntus-resumable: 1.0.0\r\nupload-offset: 0\r\n\
        content-type: application/offset+octet-stream\r\ncontent-length: 10\r\n\r\n01234",
        ada.access
    );
    line.write_all(head.as_bytes()).await.unwrap();
    line.shutdown().await.unwrap();
    // The server ends the line when it is done with what came.
    let mut rest = Vec::new();
    let _ = line.read_to_end(&mut rest).await;
    let (_, folder, config, clock) = world.stop().await;
    let world = World::open(folder, config, clock).await;
    assert_eq!(offset(&world, &ada, &path).await, "5");
    world.send(part(&world, &ada, &path, 5, b"56789")).await.ok();
    let found = finish(&world, &ada, &path).await.ok();
    let blob = found["attachment"]["blob"].as_str().unwrap().parse().unwrap();
    let file = fetch(&world, &link(&world, &ada, blob).await.unwrap()).await;
    assert_eq!(file.body, "0123456789");
}

#[tokio::test]
async fn a_full_disk_is_said_and_leaves_nothing() {
    let world = World::start_with_room(10).await;
    let ada = world.set_up("ada").await;
    let path = begin(&world, &ada, 20, "x").await;
    world.send(part(&world, &ada, &path, 0, b"01234567")).await.ok();
    let full = world.send(part(&world, &ada, &path, 8, b"0123")).await;
    assert_eq!(full.refusal(), (507, "storage_full"));
    assert_eq!(full.body["retry"], Value::from("later"));
    assert_eq!(offset(&world, &ada, &path).await, "8");
    assert_eq!(world.objects().await.len(), 1);
}
