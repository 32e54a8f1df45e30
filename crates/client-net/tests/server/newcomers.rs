//! Who is added to an encrypted group that shows its past is shown it, by the device on which they were added; who is not meant is not; and what the server's disk has of that.

use pipit_client::command::{Command, Reply};
use pipit_client::view::ItemBody;
use pipit_wire::event::{HistoryPolicy, SettingsChange};
use pipit_wire::{ConversationId, EventId};

use crate::encrypted::{has, open};
use crate::handover::{PLANTED, has_reaction, say_much, sign_in};
use crate::named::invited;
use crate::{Running, Screen, meet, new_message};

fn change() -> EventId {
    EventId::from(new_message())
}

async fn shows(alice: &Screen, conversation: ConversationId, history: HistoryPolicy) {
    let set = Command::ChangeSettings {
        conversation,
        event_id: change(),
        change: SettingsChange {
            history: Some(history),
            ..SettingsChange::default()
        },
    };
    alice.ask(set).await;
}

async fn add(alice: &Screen, conversation: ConversationId, person: &Screen) {
    let add = Command::AddMembers {
        conversation,
        event_ids: vec![change()],
        users: vec![person.me()],
    };
    alice.ask(add).await;
}

/// What the timeline says of who is shown something: whether it is oneself, and their names.
fn shown(screen: &Screen) -> Vec<(bool, Vec<String>)> {
    let shown = screen.timeline.iter().filter_map(|item| match &item.body {
        ItemBody::HistoryShown { to_me, names, .. } => Some((*to_me, names.clone())),
        _ => None,
    });
    shown.collect()
}

async fn sees(screen: &mut Screen, said: &[String]) {
    let expect: Vec<&str> = said.iter().map(String::as_str).collect();
    screen.ask(Command::LoadOlder).await;
    screen
        .until("all that was said is there", |screen| {
            screen.texts().starts_with(&expect) && has_reaction(screen)
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn newcomers_are_shown_what_was_said_by_who_has_added_them() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Running::start(&data, ([127, 0, 0, 1], 0).into()).await;
    let (mut alice, mut bob, _) = meet(&folder, &server).await;
    let mut carol = invited(&folder, &server, &alice, "carol").await;
    let mut dave = invited(&folder, &server, &alice, "dave").await;
    let group = Command::CreateGroup {
        id: ConversationId::from_bytes(*new_message().as_bytes()),
        title: "Den".to_owned(),
        members: vec![bob.me()],
        encrypted: true,
    };
    let Reply::Conversation { conversation } = alice.ask(group).await else {
        panic!("no group")
    };
    for screen in [&mut alice, &mut bob] {
        open(screen, conversation).await;
    }
    let said = say_much(&mut bob, &mut alice, conversation).await;

    // Nobody is shown anything where the group does not show its past.
    add(&alice, conversation, &dave).await;
    open(&mut dave, conversation).await;
    bob.write(conversation, "and on").await;
    dave.until("dave reads on", |screen| screen.texts() == ["and on"])
        .await;

    shows(&alice, conversation, HistoryPolicy::All).await;
    dave.until("it is said that it shows its past", |screen| {
        let is_set = |body: &ItemBody| matches!(body, ItemBody::SettingsChanged { .. });
        screen.timeline.iter().any(|item| is_set(&item.body))
    })
    .await;
    add(&alice, conversation, &carol).await;
    open(&mut carol, conversation).await;
    let expect = [&said[..], &["and on".to_owned()]].concat();
    sees(&mut carol, &expect).await;
    carol
        .until("carol is told who shows it", |screen| {
            shown(screen) == [(true, vec!["carol".to_owned()])]
        })
        .await;
    for screen in [&mut alice, &mut bob, &mut dave] {
        screen
            .until("the others are told", |screen| {
                shown(screen) == [(false, vec!["carol".to_owned()])]
            })
            .await;
    }
    assert_eq!(dave.texts(), ["and on"], "who came before is shown nothing");

    // Another device of somebody who was there is not told by others what was said.
    let mut laptop = sign_in(&folder.path().join("laptop.db"), &server, "laptop").await;
    open(&mut laptop, conversation).await;
    laptop.write(conversation, "hello").await;
    carol
        .until("bob's new device has come in", |screen| {
            screen.texts().last() == Some(&"hello")
        })
        .await;
    laptop
        .until("what was before stays closed", |screen| {
            screen.texts() == ["hello"]
        })
        .await;

    for screen in [alice, bob, carol, dave, laptop] {
        screen.client.stop().await;
    }
    server.stop().await;
    for words in PLANTED {
        assert!(!has(&data, words.as_bytes()), "the server has {words}");
    }
}
