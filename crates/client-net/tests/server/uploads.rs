//! Files that are sent over lines that break, to servers that are restarted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use pipit_client::command::{Command, NewAttachment, Reply};
use pipit_client::io::{HttpAnswer, HttpId, HttpMethod, HttpRequest};
use pipit_client::view::{AttachmentView, DeliveryState, ItemBody, UploadState};
use pipit_client_net::{HttpClient, Tls};
use pipit_server::clock::{Clock as _, SystemClock};
use pipit_wire::{BlobId, ConversationId};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::{Running, Screen, fill_random, meet_through, new_message, up_to_date};

const MIB: u64 = 1024 * 1024;

/// A line that carries so many bytes to the server, and then none, and breaks all connections.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) address: SocketAddr,
    carried: Arc<AtomicU64>,
    most: Arc<AtomicU64>,
    closed: CancellationToken,
}

impl Way {
    pub(crate) async fn open(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let way = Self {
            address: listener.local_addr().unwrap(),
            carried: Arc::default(),
            most: Arc::new(AtomicU64::new(u64::MAX)),
            closed: CancellationToken::new(),
        };
        let carrying = way.clone();
        let tasks = TaskTracker::new();
        tasks.clone().spawn(async move {
            let accepting = async {
                loop {
                    let (client, _) = listener.accept().await.unwrap();
                    let way = carrying.clone();
                    let closed = way.closed.clone();
                    tasks.spawn(
                        closed.run_until_cancelled_owned(async move { way.carry(client, server).await }),
                    );
                }
            };
            carrying.closed.run_until_cancelled(accepting).await;
        });
        way
    }

    async fn carry(self, client: TcpStream, server: SocketAddr) {
        let Ok(server) = TcpStream::connect(server).await else {
            return;
        };
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let up = async {
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let Ok(count @ 1..) = from_client.read(&mut buffer).await else {
                    return;
                };
                let Some(piece) = buffer.get(..count) else { return };
                let carried = self.carried.fetch_add(count as u64, Ordering::SeqCst);
                if carried + count as u64 > self.most.load(Ordering::SeqCst) {
                    self.closed.cancel();
                    return;
                }
                if to_server.write_all(piece).await.is_err() {
                    return;
                }
            }
        };
        let down = tokio::io::copy(&mut from_server, &mut to_client);
        tokio::select! {
            () = up => {}
            _ = down => {}
        }
    }

    /// From now on it carries so many bytes.
    pub(crate) fn carries(&self, bytes: u64) {
        self.most
            .store(self.carried.load(Ordering::SeqCst) + bytes, Ordering::SeqCst);
    }
}

pub(crate) fn new_blob() -> BlobId {
    let mut random = [0; 10];
    fill_random(&mut random);
    BlobId::new(SystemClock.now(), random)
}

/// Text that differs all over, so that bytes in the wrong place are found.
pub(crate) fn letters(size: u64) -> Bytes {
    let lines = (0_u64..).flat_map(|line| format!("line {line}\n").into_bytes());
    lines.take(usize::try_from(size).unwrap()).collect()
}

pub(crate) fn files_of(screen: &Screen) -> Vec<AttachmentView> {
    let attachments = screen.timeline.iter().filter_map(|item| match &item.body {
        ItemBody::Message { attachments, .. } => Some(attachments.clone()),
        _ => None,
    });
    attachments.flatten().collect()
}

async fn send_file(screen: &Screen, conversation: ConversationId, bytes: Bytes) -> BlobId {
    let blob = new_blob();
    let size = bytes.len() as u64;
    screen.files.keep(blob, bytes).await.unwrap();
    let attachment = NewAttachment {
        blob,
        name: "letters.txt".to_owned(),
        media_type: "text/plain".to_owned(),
        size,
        width: None,
        height: None,
        duration_ms: None,
        waveform: None,
        caption: None,
        preview: None,
        thumbnail: None,
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

/// Fetches a file by its link.
async fn fetch(screen: &Screen, server: SocketAddr, blob: BlobId) -> String {
    let Reply::BlobLinks { items, .. } = screen.ask(Command::GetBlobLinks { blobs: vec![blob] }).await else {
        panic!("no links")
    };
    let shutdown = CancellationToken::new();
    let address = format!("http://{server}").parse().unwrap();
    let http = HttpClient::new(address, &Tls::new(false).unwrap(), &TaskTracker::new(), &shutdown);
    let answer = http
        .request(HttpRequest {
            id: HttpId(1),
            method: HttpMethod::Get,
            path: items.first().unwrap().path.clone(),
            bearer: None,
            body: None,
            headers: Vec::new(),
            file: None,
        })
        .await;
    shutdown.cancel();
    match answer {
        HttpAnswer::Answered { status: 200, body } => body,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_goes_on_where_it_was_after_a_cut_and_a_restart_of_both_ends() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Running::start(&data, ([127, 0, 0, 1], 0).into()).await;
    let way = Way::open(server.address).await;
    let (mut alice, bob, conversation) = meet_through(&folder, &server, way.address).await;
    bob.client.stop().await;

    // The line breaks in the middle of the second part.
    way.carries(6 * MIB);
    let bytes = letters(9 * MIB);
    let sent_blob = send_file(&alice, conversation, bytes.clone()).await;
    alice.until("the line breaks", |screen| !up_to_date(screen)).await;
    let upload = files_of(&alice).remove(0).upload.unwrap();
    assert_eq!(upload.size, 9 * MIB);
    assert!(upload.state != UploadState::Done, "{upload:?}");
    alice.client.stop().await;
    server.stop().await;

    let server = Running::start(&data, ([127, 0, 0, 1], 0).into()).await;
    let way = Way::open(server.address).await;
    let mut alice = Screen::open(&folder.path().join("alice.db"), way.address).await;
    alice.ask(Command::OpenTimeline { conversation }).await;
    let sent = |screen: &Screen| screen.last_delivery() == Some(&DeliveryState::Sent);
    alice.until("the file has come", sent).await;
    let carried = way.carried.load(Ordering::SeqCst);
    assert!(carried < 6 * MIB, "the first part went once: {carried}");

    let mut bob = Screen::open(&folder.path().join("bob.db"), server.address).await;
    bob.ask(Command::OpenTimeline { conversation }).await;
    bob.until("bob has it", |screen| files_of(screen).len() == 1)
        .await;
    let file = files_of(&bob).remove(0).file;
    assert_eq!(
        (file.blob, file.size, file.name.as_str()),
        (sent_blob, 9 * MIB, "letters.txt")
    );
    assert!(
        fetch(&bob, server.address, sent_blob).await.into_bytes() == bytes,
        "other bytes"
    );
    let left = std::fs::read_dir(folder.path().join("alice.files")).unwrap();
    assert_eq!(left.count(), 0, "nothing is left of it on alice's device");
    alice.client.stop().await;
    bob.client.stop().await;
    server.stop().await;
}
