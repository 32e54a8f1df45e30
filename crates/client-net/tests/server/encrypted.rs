//! An encrypted conversation of two people with three devices, and what the server's disk has of it.

use std::fs;
use std::path::Path;

use pipit_client::command::{Command, Reply};
use pipit_client::search::FoundBy;
use pipit_client::view::{ItemBody, ReactionView};
use pipit_wire::{ConversationId, EventId, MessageId};

use crate::{Running, Screen, account, meet, new_message, up_to_date};

/// Words that nobody says by accident.
const PLANTED: [&str; 4] = ["quetzalcoatl", "xylophonist", "zwiebelkuchen", "syzygy"];
const SAID_OPENLY: &str = "marmalade";

/// Whether any file of a folder has these bytes.
pub(crate) fn has(folder: &Path, bytes: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return has(&path, bytes);
        }
        let content = fs::read(&path).unwrap();
        content.windows(bytes.len()).any(|window| window == bytes)
    })
}

pub(crate) fn change() -> EventId {
    EventId::from(new_message())
}

pub(crate) fn message_that_says(screen: &Screen, said: &str) -> MessageId {
    let says = |body: &ItemBody| matches!(body, ItemBody::Message { text, .. } if text == said);
    let item = screen.timeline.iter().find(|item| says(&item.body));
    item.unwrap().key
}

fn reactions(screen: &Screen) -> Vec<ReactionView> {
    let of = screen.timeline.iter().map(|item| match &item.body {
        ItemBody::Message { reactions, .. } => reactions.clone(),
        _ => Vec::new(),
    });
    of.flatten().collect()
}

/// An encrypted conversation of two, which both have open.
pub(crate) async fn meet_sealed(alice: &mut Screen, bob: &mut Screen) -> ConversationId {
    let direct = Command::CreateDirect {
        user: alice.me(),
        encrypted: true,
    };
    let Reply::Conversation { conversation } = bob.ask(direct).await else {
        panic!("no conversation")
    };
    open(alice, conversation).await;
    open(bob, conversation).await;
    conversation
}

pub(crate) async fn open(screen: &mut Screen, conversation: ConversationId) {
    let is_there = |screen: &Screen| screen.conversations.iter().any(|item| item.id == conversation);
    screen.until("the conversation comes", is_there).await;
    screen.timeline.clear();
    screen.ask(Command::OpenTimeline { conversation }).await;
}

/// An edit and a reaction are sealed, too.
async fn edit_and_react(alice: &mut Screen, bob: &mut Screen, conversation: ConversationId) {
    let message = message_that_says(bob, PLANTED[0]);
    let edit = Command::EditMessage {
        change: change(),
        conversation,
        message,
        text: PLANTED[1].to_owned(),
    };
    bob.ask(edit).await;
    let react = Command::React {
        change: change(),
        conversation,
        message,
        emoji: "🦆".to_owned(),
        on: true,
    };
    alice.ask(react).await;
    for screen in [alice, bob] {
        screen
            .until("it was edited, and somebody reacts", |screen| {
                screen.texts() == [PLANTED[1]] && reactions(screen).len() == 1
            })
            .await;
    }
}

/// What was opened is found, in the conversation and among everything, though the server cannot find it.
async fn find(screen: &mut Screen, conversation: ConversationId, openly: ConversationId) {
    for (query, within, expect) in [
        (PLANTED[1], Some(conversation), conversation),
        (PLANTED[1], None, conversation),
        (SAID_OPENLY, None, openly),
    ] {
        let search = Command::Search {
            query: query.to_owned(),
            conversation: within,
            after: None,
            utc_offset_min: 0,
        };
        let Reply::SearchResults { results } = screen.ask(search).await else {
            panic!("{query} was not looked for")
        };
        let found = results.messages.iter().map(|message| message.conversation);
        assert_eq!(found.collect::<Vec<_>>(), [expect], "{query} in {within:?}");
        let by = if within.is_some() {
            FoundBy::Device
        } else {
            FoundBy::Server
        };
        assert_eq!(results.by, by, "{query} in {within:?}");
    }
}

/// Bob on another device, which comes in by itself.
pub(crate) async fn sign_in_anew(store: &Path, server: &Running, conversation: ConversationId) -> Screen {
    let mut laptop = Screen::open(store, server.address).await;
    let account = account("bob");
    let sign_in = Command::SignIn {
        handle: account.handle,
        password: account.password,
        device_name: "laptop".to_owned(),
    };
    laptop.ask(sign_in).await;
    laptop.until("the laptop is up to date", up_to_date).await;
    open(&mut laptop, conversation).await;
    laptop
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_in_an_encrypted_conversation_is_on_no_disk_of_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Running::start(&data, ([127, 0, 0, 1], 0).into()).await;
    let address = server.address;
    let (mut alice, mut bob, plain) = meet(&folder, &server).await;
    alice.write(plain, SAID_OPENLY).await;
    bob.until("it comes", |screen| screen.texts() == [SAID_OPENLY])
        .await;

    let direct = Command::CreateDirect {
        user: alice.me(),
        encrypted: true,
    };
    let Reply::Conversation { conversation } = bob.ask(direct).await else {
        panic!("no conversation")
    };
    assert_ne!(conversation, plain);
    open(&mut alice, conversation).await;
    open(&mut bob, conversation).await;
    bob.write(conversation, PLANTED[0]).await;
    alice
        .until("alice reads it", |screen| screen.texts() == [PLANTED[0]])
        .await;

    bob.until("bob sees it sent", |screen| screen.texts() == [PLANTED[0]])
        .await;

    edit_and_react(&mut alice, &mut bob, conversation).await;
    find(&mut alice, conversation, plain).await;

    // The server is restarted, and bob signs in on another device.
    server.stop().await;
    let server = Running::start(&data, address).await;
    let mut laptop = sign_in_anew(&folder.path().join("laptop.db"), &server, conversation).await;
    laptop.write(conversation, PLANTED[2]).await;
    for screen in [&mut alice, &mut bob] {
        screen
            .until("what the laptop says is read", |screen| {
                screen.texts() == [PLANTED[1], PLANTED[2]]
            })
            .await;
    }
    alice.write(conversation, PLANTED[3]).await;
    for screen in [&mut bob, &mut laptop] {
        screen
            .until("what alice says is read on both", |screen| {
                screen.texts().last() == Some(&PLANTED[3])
            })
            .await;
    }
    assert_eq!(
        laptop.texts(),
        [PLANTED[2], PLANTED[3]],
        "the laptop reads nothing from before it came"
    );

    for screen in [alice, bob, laptop] {
        screen.client.stop().await;
    }
    server.stop().await;
    assert!(
        has(&data, SAID_OPENLY.as_bytes()),
        "what was said openly is there"
    );
    for words in PLANTED {
        assert!(!has(&data, words.as_bytes()), "the server has {words}");
    }
    assert!(!has(&data, "🦆".as_bytes()), "the server has the reaction");
}
