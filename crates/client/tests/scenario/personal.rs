//! What oneself keeps of conversations: shown at once, kept through crashes, said until the server has it.

use pipit_client::command::Command;
use pipit_client::view::ListFilter;
use pipit_wire::frame::Personal;
use pipit_wire::frame::client::SetPersonal;
use pipit_wire::frame::server::PersonalChanged;
use pipit_wire::{ClientFrame, ErrorCode, ServerFrame, Timestamp, WireError};

use crate::support::*;

fn sent_changes(device: &mut Device) -> Vec<SetPersonal> {
    let changes = device.sent().into_iter().filter_map(|frame| match frame {
        ClientFrame::Personal(change) => Some(change),
        _ => None,
    });
    changes.collect()
}

/// The server takes it.
fn take(device: &mut Device, sent: &SetPersonal, before: Personal) -> Personal {
    let personal = Personal {
        changed_at: before.changed_at.plus_ms(1_000),
        ..before.with(&sent.change)
    };
    device.receive(&ServerFrame::Personal(PersonalChanged {
        id: Some(sent.id),
        conversation: sent.conversation,
        personal: personal.clone(),
    }));
    personal
}

fn listed(device: &mut Device, filter: ListFilter) -> Vec<pipit_wire::ConversationId> {
    device.tell(Command::SetListFilter { filter });
    device.screen.list.iter().map(|item| item.id).collect()
}

fn archive(device: &mut Device, number: u128) {
    device.tell(Command::ArchiveConversation {
        conversation: conversation(number),
        archived: true,
    });
}

#[test]
fn what_is_changed_offline_is_shown_at_once_and_said_once_there_is_a_line() {
    let mut bob = Device::online(vec![direct(1, 1), direct(2, 1)]);
    bob.cut();
    archive(&mut bob, 1);
    assert_eq!(listed(&mut bob, ListFilter::All), [conversation(2)]);
    assert_eq!(sent_changes(&mut bob), []);
    let mut bob = bob.crash();
    assert_eq!(listed(&mut bob, ListFilter::Archived), [conversation(1)]);
    bob.go_online(vec![direct(1, 1), direct(2, 1)]);
    bob.pass(0);
    let sent = sent_changes(&mut bob);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].change.archived_seq, Some(seq(1)));
    take(&mut bob, &sent[0], Personal::default());
    assert_eq!(listed(&mut bob, ListFilter::Archived), [conversation(1)]);
    bob.cut();
    bob.go_online(vec![direct(1, 1), direct(2, 1)]);
    bob.pass(5_000);
    assert_eq!(sent_changes(&mut bob), [], "the server has it");
}

#[test]
fn a_message_brings_an_archived_conversation_back_unless_it_is_muted() {
    let mut bob = Device::online(vec![direct(1, 1), direct(2, 1)]);
    for number in [1, 2] {
        archive(&mut bob, number);
    }
    let until = bob.now.plus_ms(60_000);
    bob.tell(Command::MuteConversation {
        conversation: conversation(2),
        until: Some(until),
    });
    for number in [1, 2] {
        bob.receive(&ServerFrame::Event(said(number, 2, ALICE, "hello?")));
    }
    assert_eq!(listed(&mut bob, ListFilter::All), [conversation(1)]);
    assert_eq!(listed(&mut bob, ListFilter::Archived), [conversation(2)]);
    assert_eq!(bob.screen.list[0].personal.muted_until, Some(until));
    bob.pass(60_000);
    assert_eq!(listed(&mut bob, ListFilter::Archived), [], "the mute has ended");
}

#[test]
fn another_device_s_change_is_shown_and_an_older_one_is_not() {
    let mut bob = Device::online(vec![direct(1, 1)]);
    let told = |pin, at| {
        ServerFrame::Personal(PersonalChanged {
            id: None,
            conversation: conversation(1),
            personal: Personal {
                changed_at: Timestamp(at),
                pin,
                draft: format!("draft {at}"),
                ..Personal::default()
            },
        })
    };
    bob.receive(&told(1, 7));
    assert!(bob.screen.list[0].personal.pinned);
    assert_eq!(bob.screen.list[0].draft.as_deref(), Some("draft 7"));
    bob.receive(&told(0, 6));
    assert!(bob.screen.list[0].personal.pinned, "that was before");
    bob.receive(&told(0, 8));
    assert!(!bob.screen.list[0].personal.pinned);
}

#[test]
fn pinned_conversations_stand_first_in_their_order() {
    let mut bob = Device::online((1..=4).map(|number| direct(number, 1)).collect());
    let pin = |bob: &mut Device, number, place| {
        bob.tell(Command::PinConversation {
            conversation: conversation(number),
            place,
        });
    };
    let order = |bob: &Device| -> Vec<_> { bob.screen.list.iter().map(|item| item.id).collect() };
    let all: Vec<_> = order(&bob);
    pin(&mut bob, 3, Some(9));
    pin(&mut bob, 2, Some(9));
    assert_eq!(order(&bob)[..2], [conversation(3), conversation(2)]);
    pin(&mut bob, 2, Some(0));
    assert_eq!(order(&bob)[..2], [conversation(2), conversation(3)]);
    pin(&mut bob, 2, None);
    pin(&mut bob, 3, None);
    assert_eq!(order(&bob), all);
}

#[test]
fn a_draft_travels_now_and_then_and_what_was_typed_meanwhile_after_it() {
    let mut bob = Device::online(vec![direct(1, 1)]);
    let type_in = |bob: &mut Device, text: &str| {
        bob.tell(Command::SaveDraft {
            conversation: conversation(1),
            text: text.to_owned(),
        });
    };
    for text in ["H", "He", "Hel"] {
        type_in(&mut bob, text);
        bob.pass(100);
    }
    assert_eq!(sent_changes(&mut bob), []);
    bob.pass(2_000);
    let sent = sent_changes(&mut bob);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].change.draft.as_deref(), Some("Hel"));
    type_in(&mut bob, "Hello");
    bob.pass(5_000);
    assert_eq!(sent_changes(&mut bob), [], "the first is under way");
    let now = take(&mut bob, &sent[0], Personal::default());
    assert_eq!(bob.screen.list[0].draft.as_deref(), Some("Hello"));
    bob.pass(2_000);
    let sent = sent_changes(&mut bob);
    assert_eq!(sent[0].change.draft.as_deref(), Some("Hello"));
    take(&mut bob, &sent[0], now);
    bob.pass(5_000);
    assert_eq!(sent_changes(&mut bob), []);
}

#[test]
fn a_mark_as_unread_is_found_by_the_filter_and_goes_when_it_is_looked_at() {
    let mut bob = Device::online(vec![direct(1, 1), group(2, 1, &[ALICE, BOB])]);
    assert_eq!(listed(&mut bob, ListFilter::Unread), []);
    bob.tell(Command::MarkUnread {
        conversation: conversation(1),
        unread: true,
    });
    assert_eq!(listed(&mut bob, ListFilter::Unread), [conversation(1)]);
    assert_eq!(listed(&mut bob, ListFilter::Groups), [conversation(2)]);
    assert_eq!(listed(&mut bob, ListFilter::People), [conversation(1)]);
    bob.open(1);
    assert_eq!(listed(&mut bob, ListFilter::Unread), []);
}

#[test]
fn what_is_refused_for_now_is_said_again_and_what_is_refused_for_good_is_taken_back() {
    let mut bob = Device::online(vec![direct(1, 1)]);
    let refuse = |bob: &mut Device, sent: &SetPersonal, code| {
        let error = WireError::new(code, "no").answering(Some(sent.id));
        bob.receive(&ServerFrame::Error(error));
    };
    archive(&mut bob, 1);
    bob.pass(0);
    let sent = sent_changes(&mut bob);
    refuse(&mut bob, &sent[0], ErrorCode::Unavailable);
    bob.pass(3_000);
    let again = sent_changes(&mut bob);
    assert_eq!(again[0].change, sent[0].change);
    refuse(&mut bob, &again[0], ErrorCode::InvalidField);
    bob.pass(10_000);
    assert_eq!(sent_changes(&mut bob), []);
    assert_eq!(listed(&mut bob, ListFilter::All), [conversation(1)]);
}
