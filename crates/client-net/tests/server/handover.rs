//! A device that comes in later gets what was there before it from another device of its account, by a code; and what the server's disk has of that.

use std::path::Path;

use pipit_client::command::{Command, Reply, TrustCommand};
use pipit_client::view::{HandoverState, ItemBody, PersonTrust, TrustState};
use pipit_wire::{ConversationId, EventId, MessageId};

use crate::encrypted::{has, meet_sealed, open};
use crate::{Running, Screen, account, meet, new_message, up_to_date};

/// Words that nobody says by accident.
pub(crate) const PLANTED: [&str; 3] = ["quetzalcoatl", "zwiebelkuchen", "syzygy"];
/// Long enough that it takes several parts.
const MANY: usize = 40;

fn long(number: usize) -> String {
    let words: Vec<String> = (0..1_500)
        .map(|word| format!("{}", word * 7_919 + number * 104_729))
        .collect();
    format!("{number} {} {}", PLANTED[0], words.join(" "))
}

pub(crate) async fn say_much(
    bob: &mut Screen,
    alice: &mut Screen,
    conversation: ConversationId,
) -> Vec<String> {
    let mut said = Vec::new();
    for number in 0..MANY {
        let text = long(number);
        bob.write(conversation, &text).await;
        said.push(text);
    }
    let last = said.last().cloned();
    alice
        .until("alice has it", |screen| {
            screen.texts().last().copied() == last.as_deref()
        })
        .await;
    bob.until("it is sent", |screen| screen.texts().len() >= MANY)
        .await;
    // An edit and a reaction are handed over, too.
    let message = bob
        .timeline
        .iter()
        .rev()
        .find(|item| matches!(item.body, ItemBody::Message { .. }));
    let message: MessageId = message.unwrap().key;
    let edited = format!("{} {}", PLANTED[1], PLANTED[2]);
    let edit = Command::EditMessage {
        change: EventId::from(new_message()),
        conversation,
        message,
        text: edited.clone(),
    };
    bob.ask(edit).await;
    let react = Command::React {
        change: EventId::from(new_message()),
        conversation,
        message,
        emoji: "🦆".to_owned(),
        on: true,
    };
    alice.ask(react).await;
    bob.until("it was edited, and somebody reacts", |screen| {
        screen.texts().last() == Some(&edited.as_str()) && has_reaction(screen)
    })
    .await;
    *said.last_mut().unwrap() = edited;
    said
}

pub(crate) fn has_reaction(screen: &Screen) -> bool {
    screen.timeline.iter().any(|item| match &item.body {
        ItemBody::Message { reactions, .. } => !reactions.is_empty(),
        _ => false,
    })
}

pub(crate) async fn sign_in(store: &Path, server: &Running, name: &str) -> Screen {
    let mut device = Screen::open(store, server.address).await;
    let account = account("bob");
    let sign_in = Command::SignIn {
        handle: account.handle,
        password: account.password,
        device_name: name.to_owned(),
    };
    device.ask(sign_in).await;
    device.until("it is up to date", up_to_date).await;
    device
}

pub(crate) fn is_done(screen: &Screen) -> bool {
    let taking = screen.archives.taking.as_ref();
    taking.is_some_and(|taking| taking.state == HandoverState::Done && taking.left == 0)
}

/// Asks, and says the code that is shown, once another device can see who asks.
pub(crate) async fn code_of(device: &mut Screen, other: &mut Screen) -> String {
    device.ask(Command::AskDevices).await;
    other
        .until("the other device sees who waits", |screen| {
            !screen.archives.waiting.is_empty()
        })
        .await;
    device
        .until("there is a code", |screen| {
            screen
                .archives
                .taking
                .as_ref()
                .is_some_and(|taking| taking.code.is_some())
        })
        .await;
    device.archives.taking.clone().unwrap().code.unwrap()
}

pub(crate) async fn refusal(screen: &Screen, command: Command) -> String {
    let Reply::Failed { error } = screen.view.request(command).await.unwrap() else {
        panic!("it was taken")
    };
    error.code
}

/// Who types the code wrongly is told how; who has it is told which device shows it, and nobody of another account is.
async fn look_at(code: &str, bob: &Screen, alice: &Screen) {
    let slip = code.replace(&code[..1], if code.starts_with('7') { "8" } else { "7" });
    for (wrong, expect) in [("nonsense".to_owned(), "code_malformed"), (slip, "code_slip")] {
        let check = Command::CheckDeviceCode { code: wrong };
        assert_eq!(refusal(bob, check).await, expect);
    }
    let check = Command::CheckDeviceCode {
        code: code.to_lowercase(),
    };
    let Reply::WaitingDevice { device } = bob.ask(check).await else {
        panic!("nobody shows it")
    };
    assert_eq!(device.name, "laptop");
    assert!(alice.archives.waiting.is_empty());
    let other = Command::ApproveDevice {
        code: code.to_owned(),
    };
    assert_eq!(refusal(alice, other).await, "code_unknown");
}

/// It is stopped after each change that it shows, and goes on where it was.
async fn get_in_pieces(mut laptop: Screen, store: &Path, server: &Running) -> Screen {
    let mut stops = 0;
    while !is_done(&laptop) {
        let before = laptop.archives.clone();
        laptop
            .until("something happens", |screen| {
                is_done(screen) || screen.archives != before
            })
            .await;
        if is_done(&laptop) || stops > 12 {
            continue;
        }
        stops += 1;
        laptop.client.stop().await;
        laptop = Screen::open(store, server.address).await;
        laptop
            .until("it shows what there is", |screen| {
                screen.archives.taking.is_some()
            })
            .await;
    }
    assert!(stops >= 3, "it took {stops} stops");
    laptop
}

pub(crate) async fn trust_in(screen: &Screen, other: &Screen) -> PersonTrust {
    let user = other.me();
    let ask = Command::Trust {
        ask: TrustCommand::Person { user },
    };
    match screen.ask(ask).await {
        Reply::PersonTrust { person } => person,
        reply => panic!("{reply:?}"),
    }
}

/// Compares numbers with somebody.
pub(crate) async fn verify(screen: &Screen, other: &Screen) {
    let number = trust_in(screen, other).await.number;
    assert!(number.is_some(), "there is a number");
    let set = TrustCommand::SetVerified {
        user: other.me(),
        number,
    };
    screen.ask(Command::Trust { ask: set }).await;
    assert_eq!(trust_in(screen, other).await.state, TrustState::Verified);
}

/// Who approves a device by its code vouches for it, too.
async fn assert_vouched(bob: &Screen) {
    let Reply::OwnKeys { own } = bob
        .ask(Command::Trust {
            ask: TrustCommand::Own,
        })
        .await
    else {
        panic!("no keys")
    };
    let [first, second] = own.devices.as_slice() else {
        panic!("{own:?}")
    };
    assert_eq!(second.by, Some(first.device));
    assert!(second.approved);
}

pub(crate) fn assert_nothing_is_left(data: &Path) {
    for words in PLANTED {
        assert!(!has(data, words.as_bytes()), "the server has {words}");
    }
    let mut left = 0;
    for folder in std::fs::read_dir(data.join("blobs")).into_iter().flatten() {
        let path = folder.unwrap().path();
        left += std::fs::read_dir(path).map_or(0, Iterator::count);
    }
    assert_eq!(left, 0, "what was handed over is erased on the server");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_device_gets_what_was_there_however_often_it_stops() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Running::start(&data, ([127, 0, 0, 1], 0).into()).await;
    let (mut alice, mut bob, _) = meet(&folder, &server).await;
    let conversation = meet_sealed(&mut alice, &mut bob).await;
    let said = say_much(&mut bob, &mut alice, conversation).await;
    assert!(!bob.archives.has_gap, "the first device lacks nothing");
    verify(&bob, &alice).await;
    bob.ask(draft(conversation, "a quokka")).await;

    let store = folder.path().join("laptop.db");
    let mut laptop = sign_in(&store, &server, "laptop").await;
    laptop
        .until("something is missing", |screen| screen.archives.has_gap)
        .await;
    assert_eq!(draft_in(&laptop, conversation), None, "nobody has approved it");
    let code = code_of(&mut laptop, &mut bob).await;
    assert_eq!(bob.archives.waiting[0].name, "laptop");
    look_at(&code, &bob, &alice).await;
    bob.ask(Command::ApproveDevice { code }).await;
    let mut laptop = get_in_pieces(laptop, &store, &server).await;
    bob.until("it was handed over", |screen| {
        let giving = screen.archives.giving.as_ref();
        giving.is_some_and(|giving| giving.state == HandoverState::Done)
    })
    .await;
    assert_vouched(&bob).await;
    // What was begun on one device is gone on with on the other.
    laptop
        .until("the draft is there", |screen| {
            draft_in(screen, conversation) == Some("a quokka")
        })
        .await;
    laptop.ask(draft(conversation, "a quokka, or two")).await;
    bob.until("the draft goes on", |screen| {
        draft_in(screen, conversation) == Some("a quokka, or two")
    })
    .await;
    // With whom numbers were compared it knows, too; and a device that says nothing of it changes nothing.
    assert_eq!(trust_in(&laptop, &alice).await.state, TrustState::Verified);
    open(&mut laptop, conversation).await;
    let expect: Vec<&str> = said.iter().map(String::as_str).collect();
    laptop.ask(Command::LoadOlder).await;
    laptop
        .until("all of it is there", |screen| {
            screen.texts() == expect && has_reaction(screen)
        })
        .await;
    laptop.write(conversation, "and on").await;
    alice
        .until("it goes on", |screen| screen.texts().last() == Some(&"and on"))
        .await;
    for screen in [alice, bob, laptop] {
        screen.client.stop().await;
    }
    server.stop().await;
    assert_nothing_is_left(&data);
    assert!(!has(&data, b"quokka"), "the server has the draft");
}

fn draft(conversation: ConversationId, text: &str) -> Command {
    let text = text.to_owned();
    Command::SaveDraft { conversation, text }
}

fn draft_in(screen: &Screen, conversation: ConversationId) -> Option<&str> {
    let mut items = screen.conversations.iter();
    items.find(|item| item.id == conversation)?.draft.as_deref()
}

/// A device that nobody tells the code gets nothing, and stops when it is told so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_declined_gets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&folder.path().join("data"), ([127, 0, 0, 1], 0).into()).await;
    let (alice, mut bob, _) = meet(&folder, &server).await;
    let mut laptop = sign_in(&folder.path().join("laptop.db"), &server, "laptop").await;
    code_of(&mut laptop, &mut bob).await;
    let archive = bob.archives.waiting[0].archive;
    bob.ask(Command::DeclineDevice { archive }).await;
    laptop
        .until("it is told", |screen| {
            screen.archives.taking.as_ref().is_some_and(|taking| {
                matches!(taking.state, HandoverState::Failed { .. }) && taking.code.is_none()
            })
        })
        .await;
    bob.until("nobody waits", |screen| screen.archives.waiting.is_empty())
        .await;
    // It may ask again, and think better of it.
    code_of(&mut laptop, &mut bob).await;
    laptop.ask(Command::StopAsking).await;
    bob.until("nobody waits any more", |screen| {
        screen.archives.waiting.is_empty()
    })
    .await;
    for screen in [alice, bob, laptop] {
        screen.client.stop().await;
    }
    server.stop().await;
}
