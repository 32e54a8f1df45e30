//! What a device could not read it is told again, by who has said it; and nothing that was not sealed for it.

use std::path::Path;

use pipit_client::command::{Command, Reply};
use pipit_client::storage::Storage;
use pipit_client::view::{DeliveryState, ItemBody, TimelineItem, UnreadableReason};
use pipit_client_store::SqliteStorage;
use pipit_wire::{ConversationId, UserId};

use crate::encrypted::{open, sign_in_anew};
use crate::named::invited;
use crate::{Running, Screen, meet, new_message};

/// Under which what is to be asked for again is kept.
const REPAIR: u8 = 8;

async fn group(alice: &Screen, members: Vec<UserId>) -> ConversationId {
    let group = Command::CreateGroup {
        id: ConversationId::from_bytes(*new_message().as_bytes()),
        title: "Rowers".to_owned(),
        members,
        encrypted: true,
    };
    let Reply::Conversation { conversation } = alice.ask(group).await else {
        panic!("no group")
    };
    conversation
}

async fn reads(screen: &mut Screen, expect: &[&str]) {
    let what = format!("{expect:?} is read");
    screen.until(&what, |screen| screen.texts() == expect).await;
}

fn unreadable(screen: &Screen) -> Vec<UnreadableReason> {
    let bodies = screen.timeline.iter().map(|item| &item.body);
    bodies
        .filter_map(|body| match body {
            ItemBody::Unreadable { reason } => Some(*reason),
            _ => None,
        })
        .collect()
}

/// A store that nobody has open, with what it has not folded into its main file yet.
fn copy_store(from: &Path, to: &Path) {
    for ending in ["db", "db-wal", "db-shm"] {
        let (from, to) = (from.with_extension(ending), to.with_extension(ending));
        if from.exists() {
            std::fs::copy(from, to).unwrap();
        } else if to.exists() {
            std::fs::remove_file(to).unwrap();
        }
    }
}

/// What alice has said herself, and twice what bob has.
const LOST: [UnreadableReason; 3] = [
    UnreadableReason::BeforeYou,
    UnreadableReason::AskedAgain,
    UnreadableReason::AskedAgain,
];

/// Alice's device is set back to before it took carol's out: it has lost the group's state since, what bob has said, and what she has said herself, which nobody else is believed in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_was_set_back_is_told_again_what_it_has_lost() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&folder.path().join("data"), ([127, 0, 0, 1], 0).into()).await;
    let (mut alice, mut bob, _) = meet(&folder, &server).await;
    let mut carol = invited(&folder, &server, &alice, "carol").await;
    let conversation = group(&alice, vec![bob.me(), carol.me()]).await;
    let mut said = Vec::new();
    for screen in [&mut alice, &mut bob, &mut carol] {
        open(screen, conversation).await;
    }
    // Who has said something is in the group.
    for (text, screen) in [("bob is in", &bob), ("carol is in", &carol)] {
        said.push(text);
        screen.write(conversation, text).await;
        reads(&mut alice, &said).await;
    }
    bob.client.stop().await;
    alice.client.stop().await;
    let (store, copy) = (folder.path().join("alice.db"), folder.path().join("copy.db"));
    copy_store(&store, &copy);

    // With the others away it is alice's device that changes the group, and nothing but what it has then leads on from there.
    let mut alice = Screen::open(&store, server.address).await;
    open(&mut alice, conversation).await;
    let remove = Command::RemoveMember {
        conversation,
        user: carol.me(),
    };
    carol.client.stop().await;
    alice.ask(remove).await;
    said.push("own");
    alice.write(conversation, "own").await;
    alice
        .until("it is sealed for who is left", |screen| {
            screen.texts() == said && screen.last_delivery() == Some(&DeliveryState::Sent)
        })
        .await;
    let mut bob = Screen::open(&folder.path().join("bob.db"), server.address).await;
    open(&mut bob, conversation).await;
    for text in ["one", "two"] {
        said.push(text);
        bob.write(conversation, text).await;
        reads(&mut alice, &said).await;
    }
    // Bob is away when she asks.
    bob.client.stop().await;
    alice.client.stop().await;

    copy_store(&copy, &store);
    let mut alice = Screen::open(&store, server.address).await;
    open(&mut alice, conversation).await;
    alice
        .until("what was lost is asked for", |screen| unreadable(screen) == LOST)
        .await;
    let mut bob = Screen::open(&folder.path().join("bob.db"), server.address).await;
    open(&mut bob, conversation).await;
    let mut told: Vec<&str> = said.iter().copied().filter(|text| *text != "own").collect();
    reads(&mut alice, &told).await;
    assert_eq!(unreadable(&alice), LOST[..1]);
    // It goes on from there, and is said once.
    alice.write(conversation, "after").await;
    told.push("after");
    reads(&mut alice, &told).await;
    said.push("after");
    reads(&mut bob, &said).await;
    for screen in [alice, bob] {
        screen.client.stop().await;
    }
    server.stop().await;
}

/// Another device of bob's, which nobody has let in but the server, asks for what was said before it came: not even bob's own device tells it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_told_again_what_was_not_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&folder.path().join("data"), ([127, 0, 0, 1], 0).into()).await;
    let (mut alice, mut bob, _) = meet(&folder, &server).await;
    let conversation = group(&alice, vec![bob.me()]).await;
    open(&mut alice, conversation).await;
    open(&mut bob, conversation).await;
    bob.write(conversation, "are we alone?").await;
    reads(&mut alice, &["are we alone?"]).await;
    alice.write(conversation, "we are").await;
    reads(&mut bob, &["are we alone?", "we are"]).await;
    let store = folder.path().join("laptop.db");
    let mut laptop = sign_in_anew(&store, &server, conversation).await;
    laptop.write(conversation, "here, too").await;
    reads(&mut laptop, &["here, too"]).await;
    laptop.ask(Command::LoadOlder).await;
    laptop
        .until("what was before it is there, sealed", |screen| {
            unreadable(screen).contains(&UnreadableReason::BeforeYou)
        })
        .await;
    laptop.client.stop().await;

    {
        let mut storage = SqliteStorage::open(store.to_str().unwrap(), None).unwrap();
        let seqs: Vec<u64> = (1..=40).collect();
        let wants = format!(r#"{{"wanted":{seqs:?},"asks":[]}}"#);
        let key = [&[REPAIR], conversation.as_bytes().as_slice()].concat();
        storage.save_secret(&key, wants.as_bytes()).unwrap();
    }
    let mut laptop = Screen::open(&store, server.address).await;
    open(&mut laptop, conversation).await;
    laptop
        .until("it asks", |screen| {
            let asked = |item: &TimelineItem| {
                let reason = UnreadableReason::AskedAgain;
                item.body == ItemBody::Unreadable { reason }
            };
            screen.timeline.iter().any(asked)
        })
        .await;
    // The answers that there are come before what is said once the question was read.
    laptop.write(conversation, "well?").await;
    for (screen, text) in [(&mut alice, "no"), (&mut bob, "nor I")] {
        screen
            .until("the question was read", |screen| {
                screen.texts().contains(&"well?")
            })
            .await;
        screen.write(conversation, text).await;
    }
    laptop
        .until("both have answered", |screen| screen.texts().len() == 4)
        .await;
    assert_eq!(laptop.texts()[..2], ["here, too", "well?"]);
    for screen in [alice, bob, laptop] {
        screen.client.stop().await;
    }
    server.stop().await;
}
