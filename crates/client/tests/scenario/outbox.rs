//! The outbox: durable, in order, once.

use pipit_client::command::{Command, Reply};
use pipit_client::storage::Storage;
use pipit_client::view::DeliveryState;
use pipit_wire::frame::client::SendMessage;
use pipit_wire::{ClientFrame, ErrorCode, ServerFrame, WireError};

use crate::support::*;

fn text(sent: &SendMessage) -> String {
    match &sent.message.content {
        pipit_wire::Content::Plain { text, .. } => text.clone(),
        other => panic!("{other:?}"),
    }
}

fn next(bob: &mut Device) -> SendMessage {
    let mut sent = bob.sent_messages();
    assert_eq!(sent.len(), 1, "{sent:?}");
    sent.remove(0)
}

#[test]
fn a_message_goes_from_queued_to_read() {
    let mut bob = Device::online(vec![direct(1, 2)]);
    bob.open(1);
    bob.sent();
    assert_eq!(bob.write(1, 1, "hello"), Reply::Done);
    assert_eq!(bob.screen.texts(), ["hello [Queued]"]);
    assert_eq!(bob.screen.list[0].preview.as_ref().unwrap().text, "hello");
    let sent = next(&mut bob);
    bob.receive(&ack(&sent, 3));
    assert_eq!(bob.screen.texts(), ["hello [Sent]"]);
    assert_eq!(bob.screen.items[0].seq, Some(seq(3)));
    bob.receive(&receipt(1, ALICE, 3, 2));
    assert_eq!(bob.screen.texts(), ["hello [Delivered]"]);
    bob.receive(&receipt(1, ALICE, 3, 3));
    assert_eq!(bob.screen.texts(), ["hello [Read]"]);
    // Markers never move back.
    bob.receive(&receipt(1, ALICE, 2, 2));
    assert_eq!(bob.screen.texts(), ["hello [Read]"]);
    assert_eq!(
        bob.screen.list[0].preview.as_ref().unwrap().delivery,
        Some(DeliveryState::Read)
    );
    assert_eq!(bob.unread(1), 0);
}

#[test]
fn a_group_has_read_when_all_have() {
    let mut bob = Device::online(vec![group(1, 1, &[ALICE, BOB, CAROL])]);
    bob.open(1);
    bob.write(1, 1, "hello");
    let sent = next(&mut bob);
    bob.receive(&ack(&sent, 2));
    bob.receive(&receipt(1, ALICE, 2, 2));
    assert_eq!(bob.screen.texts(), ["hello [Sent]"]);
    bob.receive(&receipt(1, CAROL, 2, 1));
    assert_eq!(bob.screen.texts(), ["hello [Delivered]"]);
    bob.receive(&receipt(1, CAROL, 2, 2));
    assert_eq!(bob.screen.texts(), ["hello [Read]"]);
}

#[test]
fn what_is_written_offline_is_sent_once_in_order_when_the_line_returns() {
    let mut bob = Device::online(vec![direct(1, 0), direct(2, 0)]);
    bob.cut();
    for (id, place) in [(1, 1), (2, 2), (3, 1), (4, 1)] {
        bob.write(id, place, &format!("message {id}"));
        bob = bob.crash();
    }
    bob.open(1);
    assert_eq!(
        bob.screen.texts(),
        ["message 1 [Queued]", "message 3 [Queued]", "message 4 [Queued]"]
    );
    bob.go_online(vec![direct(1, 0), direct(2, 0)]);
    let mut sent = bob.sent_messages();
    let mut order = Vec::new();
    let mut seqs = std::collections::HashMap::new();
    while let Some(message) = sent.pop() {
        let place = message.message.conversation;
        let seq = seqs.entry(place).or_insert(0);
        *seq += 1;
        order.push((place, text(&message)));
        bob.receive(&ack(&message, *seq));
        sent.extend(bob.sent_messages());
    }
    let of = |number: u128| {
        let id = conversation(number);
        let texts: Vec<_> = order
            .iter()
            .filter(|(place, _)| *place == id)
            .map(|(_, text)| text.as_str())
            .collect();
        texts
    };
    assert_eq!(of(1), ["message 1", "message 3", "message 4"]);
    assert_eq!(of(2), ["message 2"]);
    assert!(bob.engine.storage().outbox_conversations().unwrap().is_empty());
}

#[test]
fn a_lost_acknowledgement_sends_the_same_message_again() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.open(1);
    bob.write(1, 1, "hello");
    let first = next(&mut bob);
    let mut bob = bob.crash();
    let hello = bob.connect();
    let now = bob.now;
    // The server has it: it comes with the catch-up, before or after it is sent again.
    bob.receive(&welcome(&hello, now, vec![behind(direct(1, 1), 0, 0, 0)]));
    let again = next(&mut bob);
    assert_eq!(again.message, first.message);
    bob.receive(&catch_up(hello.id, 1, vec![echo(&first, 1)], 1, false));
    bob.receive(&ack(&again, 1));
    bob.open(1);
    assert_eq!(bob.screen.texts(), ["hello [Read]"]);
    assert!(bob.sent_messages().is_empty());
}

#[test]
fn the_echo_and_the_acknowledgement_come_in_any_order() {
    for echo_first in [true, false] {
        let mut bob = Device::online(vec![direct(1, 0)]);
        bob.open(1);
        bob.write(1, 1, "one");
        bob.write(2, 1, "two");
        let sent = next(&mut bob);
        let frames = if echo_first {
            [event(echo(&sent, 1)), ack(&sent, 1)]
        } else {
            [ack(&sent, 1), event(echo(&sent, 1))]
        };
        for frame in &frames {
            bob.receive(frame);
        }
        assert_eq!(bob.screen.texts(), ["one [Sent]", "two [Queued]"]);
        assert_eq!(text(&next(&mut bob)), "two");
    }
}

#[test]
fn an_acknowledgement_ahead_of_others_messages_waits_for_them() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.open(1);
    bob.write(1, 1, "mine");
    let sent = next(&mut bob);
    bob.receive(&ack(&sent, 3));
    assert_eq!(bob.screen.texts(), ["mine [Sent]"]);
    let mut bob = bob.crash();
    bob.open(1);
    assert_eq!(bob.screen.texts(), ["mine [Sent]"]);
    let hello = bob.connect();
    assert_eq!(hello.cursors[0].seq, seq(0));
    let now = bob.now;
    bob.receive(&welcome(&hello, now, vec![behind(direct(1, 3), 0, 0, 2)]));
    let mut events = lines(1, 1..=2);
    events.push(echo(&sent, 3));
    bob.receive(&catch_up(hello.id, 1, events, 3, false));
    assert_eq!(bob.screen.texts(), ["line 1", "line 2", "mine [Read]"]);
    assert!(bob.sent_messages().is_empty());
    assert_eq!(bob.unread(1), 2);
}

#[test]
fn an_acknowledged_message_behind_a_gap_is_shown_once() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.write(1, 1, "mine");
    let sent = next(&mut bob);
    bob.receive(&ack(&sent, 150));
    let ClientFrame::Sync(sync) = bob.sent().remove(0) else {
        panic!("did not ask");
    };
    bob.receive(&catch_up(sync.id, 1, vec![], 400, true));
    assert!(bob.engine.storage().outbox_conversations().unwrap().is_empty());
}

#[test]
fn a_refusal_fails_the_message_and_lets_the_next_ones_go() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.open(1);
    bob.write(1, 1, "one");
    bob.write(2, 1, "two");
    let sent = next(&mut bob);
    let error = WireError::new(ErrorCode::Blocked, "no").answering(Some(sent.id));
    bob.receive(&ServerFrame::Error(error));
    assert_eq!(
        bob.screen.texts(),
        ["one [Failed { code: \"blocked\" }]", "two [Queued]"]
    );
    let second = next(&mut bob);
    assert_eq!(text(&second), "two");
    bob.receive(&ack(&second, 1));

    let mut bob = bob.crash();
    bob.go_online(vec![direct(1, 1)]);
    assert!(
        bob.sent_messages().is_empty(),
        "a failed message was sent by itself"
    );
    bob.tell(Command::RetryMessage { message: message(1) });
    let again = next(&mut bob);
    assert_eq!(text(&again), "one");
    let error = WireError::new(ErrorCode::Blocked, "no").answering(Some(again.id));
    bob.receive(&ServerFrame::Error(error));
    bob.open(1);
    bob.tell(Command::DiscardMessage { message: message(1) });
    assert_eq!(bob.screen.texts(), ["two [Read]"]);
}

#[test]
fn a_message_that_is_put_off_is_sent_again_and_keeps_its_place() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.write(1, 1, "one");
    bob.write(2, 1, "two");
    let sent = next(&mut bob);
    let error = WireError::new(ErrorCode::RateLimited, "slowly")
        .after_ms(3_000)
        .answering(Some(sent.id));
    bob.receive(&ServerFrame::Error(error));
    bob.pass(2_999);
    assert!(bob.sent_messages().is_empty());
    bob.pass(1);
    let again = next(&mut bob);
    assert_eq!(text(&again), "one");
    assert_ne!(again.id, sent.id);
    bob.receive(&ack(&again, 1));
    assert_eq!(text(&next(&mut bob)), "two");
}

#[test]
fn the_same_command_twice_is_one_message() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.open(1);
    for _ in 0..2 {
        assert_eq!(bob.write(1, 1, "hello"), Reply::Done);
    }
    let sent = next(&mut bob);
    bob.receive(&ack(&sent, 1));
    assert_eq!(bob.write(1, 1, "hello"), Reply::Done);
    assert_eq!(bob.screen.texts(), ["hello [Sent]"]);
    assert!(bob.sent_messages().is_empty());
}

#[test]
fn what_the_server_would_refuse_is_not_queued() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    let code = |reply| match reply {
        Reply::Failed { error } => error.code,
        other => panic!("{other:?}"),
    };
    assert_eq!(code(bob.write(1, 1, " \n ")), "invalid_field");
    assert_eq!(code(bob.write(1, 1, &"x".repeat(32 * 1024 + 1))), "too_large");
    assert_eq!(code(bob.write(1, 7, "hello")), "not_member");
    assert!(bob.sent_messages().is_empty());
}

#[test]
fn a_conversation_with_a_waiting_message_moves_up() {
    let mut bob = Device::online(vec![direct(1, 5), direct(2, 5)]);
    bob.pass(1_000);
    bob.write(1, 2, "hello");
    assert_eq!(bob.screen.list[0].id, conversation(2));
    bob.pass(1_000);
    bob.write(2, 1, "hello");
    assert_eq!(bob.screen.list[0].id, conversation(1));
    bob.tell(Command::DiscardMessage { message: message(2) });
    assert_eq!(bob.screen.list[0].id, conversation(2));
}
