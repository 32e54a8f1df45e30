//! Files in an encrypted conversation, over a line that breaks and with a restart of both ends.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use pipit_client::command::{Command, ForwardTarget, NewAttachment, Reply};
use pipit_client::files::{ContentDigest, PartSealer};
use pipit_client::io::PartSeal;
use pipit_client::view::UploadState;
use pipit_wire::media::{Attachment, FileSeal, SealedThumbnail};
use pipit_wire::{BlobId, ConversationId};

use crate::encrypted::{has, open};
use crate::uploads::{Way, files_of, letters, new_blob};
use crate::{Running, Screen, meet_through, new_message, up_to_date};

const MIB: u64 = 1024 * 1024;
/// How long the smaller picture is said to be that comes before the file.
const BEFORE: u32 = 1_000;
const NAME: &str = "zwiebelkuchen.jpg";

async fn send(screen: &Screen, conversation: ConversationId, content: Bytes) -> BlobId {
    let blob = new_blob();
    let size = content.len() as u64 - u64::from(BEFORE);
    screen.files.keep(blob, content).await.unwrap();
    let attachment = NewAttachment {
        blob,
        name: NAME.to_owned(),
        media_type: "image/jpeg".to_owned(),
        size,
        width: Some(40),
        height: Some(30),
        duration_ms: None,
        waveform: None,
        caption: Some("of quetzalcoatl".to_owned()),
        preview: Some("aGFsbG8=".to_owned()),
        thumbnail: Some(SealedThumbnail {
            media_type: "image/jpeg".to_owned(),
            size: BEFORE,
        }),
    };
    let command = Command::SendMessage {
        message: new_message(),
        conversation,
        text: String::new(),
        reply_to: None,
        attachments: vec![attachment],
        preview: None,
    };
    assert_eq!(screen.ask(command).await, Reply::Done);
    blob
}

/// The bytes that the server has of a file, however many objects they are.
fn stored(data: &Path, blob: BlobId) -> Vec<Vec<u8>> {
    let folder = data.join("blobs").join(blob.to_string());
    let objects = fs::read_dir(folder).unwrap();
    objects
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect()
}

/// What the server has is what is sealed of this content, and nothing else.
fn check_stored(data: &Path, seal: &FileSeal, blob: BlobId, content: &[u8]) {
    let sealer = PartSealer::new(&PartSeal {
        key: seal.key.clone(),
        content: content.len() as u64,
    });
    let sealer = sealer.unwrap();
    let whole = sealer.seal(&(0..sealer.sealed_bytes()), content).unwrap();
    let objects = stored(data, blob);
    assert_eq!(objects.iter().map(Vec::len).sum::<usize>(), whole.len());
    for object in objects {
        assert!(is_in(&object, &whole), "other bytes");
    }
    let mut digest = ContentDigest::default();
    digest.update(content);
    assert_eq!(digest.finish(), seal.digest);
}

/// Whether some bytes stand in others. Looked for by their beginning, which is there once.
fn is_in(part: &[u8], whole: &[u8]) -> bool {
    let beginning = part.get(..16).unwrap();
    let at = whole.windows(16).position(|window| window == beginning);
    at.is_some_and(|at| whole.get(at..).unwrap().starts_with(part))
}

fn file_in(screen: &Screen) -> Attachment {
    files_of(screen).remove(0).file
}

/// The file as bob has it is the one that alice has sent, and the server has it sealed.
fn check_received(bob: &Screen, data: &Path, (sent, content): (BlobId, &Bytes)) -> (Attachment, FileSeal) {
    let file = file_in(bob);
    let size = content.len() as u64 - u64::from(BEFORE);
    assert_eq!((file.blob, file.size, file.name.as_str()), (sent, size, NAME));
    assert_eq!(
        (file.width, file.preview.as_deref()),
        (Some(40), Some("aGFsbG8="))
    );
    let seal = *file.seal.clone().unwrap();
    assert_eq!(
        seal.thumbnail.as_ref().map(|thumbnail| thumbnail.size),
        Some(BEFORE)
    );
    check_stored(data, &seal, sent, content);
    (file, seal)
}

async fn encrypted(alice: &Screen, bob: &Screen) -> ConversationId {
    let direct = Command::CreateDirect {
        user: alice.me(),
        encrypted: true,
    };
    let Reply::Conversation { conversation } = bob.ask(direct).await else {
        panic!("no conversation")
    };
    conversation
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sealed_file_goes_on_where_it_was_and_only_what_is_sealed_is_on_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Running::start(&data, ([127, 0, 0, 1], 0).into()).await;
    let way = Way::open(server.address).await;
    let (mut alice, mut bob, openly) = meet_through(&folder, &server, way.address).await;
    let conversation = encrypted(&alice, &bob).await;
    open(&mut alice, conversation).await;
    open(&mut bob, conversation).await;
    alice.write(conversation, "hello").await;
    bob.until("they are in one group", |screen| screen.texts() == ["hello"])
        .await;

    // The line breaks in the middle of the file.
    way.carries(2 * MIB);
    let content = letters(3 * MIB + 7);
    let sent = send(&alice, conversation, content.clone()).await;
    alice.until("the line breaks", |screen| !up_to_date(screen)).await;
    assert!(files_of(&alice).remove(0).upload.unwrap().state != UploadState::Done);
    alice.client.stop().await;
    bob.client.stop().await;
    server.stop().await;

    let server = Running::start(&data, ([127, 0, 0, 1], 0).into()).await;
    let mut alice = Screen::open(&folder.path().join("alice.db"), server.address).await;
    let mut bob = Screen::open(&folder.path().join("bob.db"), server.address).await;
    alice.ask(Command::OpenTimeline { conversation }).await;
    bob.ask(Command::OpenTimeline { conversation }).await;
    bob.until("the file comes", |screen| files_of(screen).len() == 1)
        .await;
    let (file, seal) = check_received(&bob, &data, (sent, &content));
    alice
        .until(
            "nothing waits",
            |screen| matches!(&files_of(screen)[..], [view] if view.upload.is_none()),
        )
        .await;
    assert_eq!(file_in(&alice), file, "what one has sent is the same for oneself");
    let left = fs::read_dir(folder.path().join("alice.files")).unwrap();
    assert_eq!(left.count(), 0, "nothing is left of it on alice's device");

    find(&bob, conversation).await;
    forward(&bob, (conversation, openly)).await;
    bob.until("forwarded", |screen| files_of(screen).len() == 2).await;
    alice
        .until("it comes", |screen| files_of(screen).len() == 2)
        .await;
    assert_eq!(
        files_of(&alice).remove(1).file,
        file,
        "the same file, not sent again"
    );

    alice.client.stop().await;
    bob.client.stop().await;
    server.stop().await;
    for words in [
        NAME,
        "quetzalcoatl",
        "image/jpeg",
        "line 1234\n",
        &seal.key,
        &seal.digest,
    ] {
        assert!(!has(&data, words.as_bytes()), "the server has {words}");
    }
}

/// By what it is, and by its caption: on the device.
async fn find(bob: &Screen, conversation: ConversationId) {
    for (query, expect) in [("has:image", 1), ("quetzalcoatl", 1), ("has:audio", 0)] {
        let search = Command::Search {
            query: query.to_owned(),
            conversation: Some(conversation),
            after: None,
            utc_offset_min: 0,
        };
        let Reply::SearchResults { results } = bob.ask(search).await else {
            panic!("{query} was not looked for")
        };
        assert_eq!(results.messages.len(), expect, "{query}");
    }
}

/// Within an encrypted conversation, and not into one that is not.
async fn forward(bob: &Screen, (conversation, openly): (ConversationId, ConversationId)) {
    let message = bob.timeline.last().unwrap().key;
    let to = |target| Command::ForwardMessages {
        conversation,
        messages: vec![message],
        to: vec![ForwardTarget {
            conversation: target,
            ids: vec![new_message()],
        }],
    };
    let Reply::Failed { error } = bob.view.request(to(openly)).await.unwrap() else {
        panic!("it left in the clear")
    };
    assert_eq!(error.code, "sealed_only");
    assert_eq!(bob.ask(to(conversation)).await, Reply::Done);
}
