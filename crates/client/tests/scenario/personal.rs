//! What oneself keeps of conversations: shown at once, kept through crashes, said until the server has it.

use pipit_client::command::{Command, Reply};
use pipit_client::storage::Storage;
use pipit_client::view::ListFilter;
use pipit_wire::frame::Personal;
use pipit_wire::frame::client::SetPersonal;
use pipit_wire::frame::server::PersonalChanged;
use pipit_wire::{ClientFrame, ErrorCode, MessageId, Seq, ServerFrame, Timestamp, WireError};

use crate::changes::{changed, edit};
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

fn delete_for_me(device: &mut Device, messages: &[MessageId]) -> Reply {
    device.tell(Command::DeleteForMe {
        conversation: conversation(1),
        messages: messages.to_vec(),
    })
}

fn stored(device: &Device) -> String {
    let events = device
        .engine
        .storage()
        .entries(conversation(1), Seq::ZERO, Seq::MAX);
    let record = device.engine.storage().conversation(conversation(1)).unwrap();
    format!("{:?} {:?}", events.unwrap(), record.unwrap().last_message)
}

#[test]
fn what_is_deleted_for_oneself_is_gone_from_the_device_at_once_and_from_the_others_when_they_hear() {
    let mut phone = Device::online(vec![direct(1, 0)]);
    let mut laptop = Device::online(vec![direct(1, 0)]);
    let said = [said(1, 1, ALICE, "stays"), said(1, 2, ALICE, "secret")];
    let edited = changed(3, ALICE, said[1].id.into(), edit("secret too"));
    for device in [&mut phone, &mut laptop] {
        device.open(1);
        for entry in said.iter().chain([&edited]) {
            device.receive(&event(entry.clone()));
        }
        assert_eq!(device.screen.texts(), ["stays", "secret too"]);
    }
    phone.cut();
    assert_eq!(delete_for_me(&mut phone, &[said[1].id.into()]), Reply::Done);
    assert_eq!(phone.screen.texts(), ["stays"]);
    assert_eq!(phone.screen.list[0].preview.as_ref().unwrap().text, "stays");
    assert!(!stored(&phone).contains("secret"), "{}", stored(&phone));
    assert!(
        phone
            .engine
            .storage()
            .search(&words("secret"))
            .unwrap()
            .is_empty()
    );
    let mut phone = phone.crash();
    phone.go_online(vec![direct(1, 3)]);
    phone.pass(0);
    let sent = sent_changes(&mut phone);
    assert_eq!(sent[0].change.hide, [seq(2)].into());
    let personal = take(&mut phone, &sent[0], Personal::default());
    phone.pass(60_000);
    assert_eq!(sent_changes(&mut phone), [], "the server has it");
    phone.open(1);
    assert_eq!(phone.screen.texts(), ["stays"]);
    laptop.receive(&ServerFrame::Personal(PersonalChanged {
        id: None,
        conversation: conversation(1),
        personal,
    }));
    assert_eq!(laptop.screen.texts(), ["stays"]);
    assert!(!stored(&laptop).contains("secret"), "{}", stored(&laptop));
    // What still happens to it shows nothing, and leaves nothing.
    laptop.receive(&event(changed(4, ALICE, said[1].id.into(), edit("secret again"))));
    assert_eq!(laptop.screen.texts(), ["stays"]);
    assert!(!stored(&laptop).contains("secret"), "{}", stored(&laptop));
}

#[test]
fn a_new_device_never_keeps_what_was_deleted_for_oneself() {
    let last = said(1, 2, ALICE, "secret");
    let summary = pipit_wire::frame::ConversationSummary {
        last_message: Some(last.clone()),
        personal: Personal {
            changed_at: Timestamp(7),
            hidden: [seq(2)].into(),
            ..Personal::default()
        },
        ..behind(direct(1, 2), 0, 0, 2)
    };
    let mut tablet = Device::signed_in();
    let hello = tablet.connect();
    let now = tablet.now;
    tablet.receive(&welcome(&hello, now, vec![summary]));
    assert!(
        !stored(&tablet).contains("secret"),
        "the list does not bring it back"
    );
    let edited = changed(3, ALICE, last.id.into(), edit("secret too"));
    // The entries may come in any order.
    tablet.receive(&event(edited));
    let stays = said(1, 1, ALICE, "stays");
    tablet.receive(&catch_up(hello.id, 1, vec![stays, last], 3, false));
    tablet.open(1);
    assert_eq!(tablet.screen.texts(), ["stays"]);
    assert!(!stored(&tablet).contains("secret"), "{}", stored(&tablet));
    assert_eq!(tablet.screen.list[0].preview.as_ref().unwrap().text, "stays");
}

#[test]
fn only_so_much_is_deleted_for_oneself() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.receive(&event(said(1, 1, ALICE, "one")));
    let full = Personal {
        changed_at: Timestamp(7),
        hidden: (2..=1_001).map(seq).collect(),
        ..Personal::default()
    };
    bob.receive(&ServerFrame::Personal(PersonalChanged {
        id: None,
        conversation: conversation(1),
        personal: full,
    }));
    let code = |reply| match reply {
        Reply::Failed { error } => error.code,
        other => panic!("{other:?}"),
    };
    let one: MessageId = said(1, 1, ALICE, "one").id.into();
    assert_eq!(code(delete_for_me(&mut bob, &[one])), "limit_reached");
    assert!(stored(&bob).contains("one"), "nothing was erased");
    assert_eq!(code(delete_for_me(&mut bob, &[message(9)])), "not_found");
    assert_eq!(code(delete_for_me(&mut bob, &[one; 101])), "invalid_field");
}
