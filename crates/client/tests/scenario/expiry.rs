//! Messages that erase themselves: at their time, with a line or without one, whatever of them is here.

use pipit_client::storage::Storage;
use pipit_wire::event::{EventBody, MessageChange, SettingsChange};
use pipit_wire::{Content, Event, Seq, ServerFrame, Timestamp};

use crate::changes::changed;
use crate::support::*;

const MINUTE_MS: i64 = 60_000;

/// A message of Alice's with this time to live.
fn fleeting(number: u64, text: &str, end: Timestamp) -> Event {
    let mut event = said(1, number, ALICE, text);
    if let EventBody::Message { expires_at, .. } = &mut event.body {
        *expires_at = Some(end);
    }
    event
}

fn fleeting_edit(number: u64, of: &Event, text: &str, end: Timestamp) -> Event {
    let change = MessageChange::Edit {
        content: Content::text(text),
        expires_at: Some(end),
    };
    changed(number, ALICE, of.id.into(), change)
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
fn a_message_goes_at_its_time_without_a_line_and_nothing_of_it_is_left() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.open(1);
    bob.receive(&event(said(1, 1, ALICE, "stays")));
    let end = bob.now.plus_ms(MINUTE_MS);
    let goes = fleeting(2, "fleeting", end);
    let edit = fleeting_edit(3, &goes, "fleeting edit", end);
    bob.receive(&event(goes));
    bob.receive(&event(edit));
    bob.cut();
    bob.pass(MINUTE_MS - 1);
    assert_eq!(bob.screen.texts(), ["stays", "fleeting edit"]);
    bob.pass(1);
    assert_eq!(bob.screen.texts(), ["stays"]);
    assert_eq!(bob.screen.list[0].preview.as_ref().unwrap().text, "stays");
    assert_eq!(bob.unread(1), 1, "nobody has to read what is gone");
    assert!(!stored(&bob).contains("fleeting"), "{}", stored(&bob));
    assert!(
        bob.engine
            .storage()
            .search(&words("fleeting"))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn what_expired_while_the_program_did_not_run_is_erased_when_it_does() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    let end = bob.now.plus_ms(MINUTE_MS);
    let goes = fleeting(1, "fleeting", end);
    // Of a message that is not here the edit goes, too.
    let edit = fleeting_edit(3, &fleeting(9, "", end), "fleeting edit", end);
    bob.receive(&event(goes));
    bob.receive(&event(said(1, 2, ALICE, "stays")));
    bob.receive(&event(edit));
    bob.now = end;
    let mut bob = bob.crash();
    bob.pass(0);
    assert!(!stored(&bob).contains("fleeting"), "{}", stored(&bob));
    bob.open(1);
    assert_eq!(bob.screen.texts(), ["stays"]);
}

#[test]
fn what_comes_too_late_is_never_shown_or_kept() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.open(1);
    let now = bob.now;
    bob.receive(&event(fleeting(1, "fleeting", now)));
    assert_eq!(bob.screen.texts(), Vec::<String>::new());
    assert!(!stored(&bob).contains("fleeting"), "{}", stored(&bob));
    assert_eq!(bob.unread(1), 0);
}

#[test]
fn the_timer_is_shown() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.open(1);
    let change = SettingsChange {
        expire_after_ms: Some(MINUTE_MS),
        ..SettingsChange::default()
    };
    let set = entry(1, 1, ALICE, EventBody::SettingsChanged { change });
    bob.receive(&ServerFrame::Event(set));
    let header = bob.screen.header.as_ref().unwrap();
    assert_eq!(header.settings.expire_after_ms, MINUTE_MS);
    assert!(header.allowed.set_timer, "either of the two may");
}
