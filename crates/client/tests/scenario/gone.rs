//! Conversations that one is not in any more: what is said of them, and what becomes of what was written there.

use pipit_client::command::{Command, Reply};
use pipit_client::view::Unsent;
use pipit_wire::event::EventBody;
use pipit_wire::frame::ConversationSummary;
use pipit_wire::frame::server::ConversationGone;
use pipit_wire::poll::Poll;
use pipit_wire::{EventId, MessageId, ServerFrame};

use crate::support::*;

fn gone(place: u128, removed: bool) -> ServerFrame {
    ServerFrame::ConversationGone(ConversationGone {
        conversation: conversation(place),
        removed,
    })
}

fn edit(change: u128, message: MessageId, text: &str) -> Command {
    Command::EditMessage {
        change: EventId::from(crate::support::message(change)),
        conversation: conversation(1),
        message,
        text: text.to_owned(),
    }
}

fn unsent(id: u128, text: &str, removed: bool) -> Unsent {
    Unsent {
        message: message(id),
        conversation: conversation(1),
        name: "Birds".to_owned(),
        removed,
        encrypted: false,
        text: text.to_owned(),
        files: 0,
    }
}

#[test]
fn words_outlive_the_conversation_they_were_for() {
    let mut bob = Device::online(vec![group(1, 2, &[ALICE, BOB]), direct(2, 2)]);
    bob.open(1);
    let ren = said(1, 3, BOB, "a ren");
    bob.receive(&event(ren.clone()));
    bob.write(9, 2, "elsewhere");
    bob.cut();
    bob.write(1, 1, "a heron");
    bob.write(2, 1, "two hrns");
    bob.tell(edit(3, message(2), "two herons"));
    bob.tell(edit(4, ren.id.into(), "a wren"));
    assert_eq!(bob.screen.unsent, []);
    bob.go_online(vec![direct(2, 2)]);
    bob.receive(&gone(1, true));
    let all = [
        unsent(1, "a heron", true),
        unsent(2, "two herons", true),
        unsent(4, "a wren", true),
    ];
    assert_eq!(bob.screen.unsent, all);
    assert_eq!(bob.screen.left, [("Birds".to_owned(), true)]);
    bob.receive(&gone(1, true));
    assert_eq!(bob.screen.left.len(), 1, "once");

    // They stay until a person has seen them.
    let mut bob = bob.crash();
    assert_eq!(bob.screen.unsent, all);
    assert_eq!(
        bob.tell(Command::DiscardMessage { message: message(1) }),
        Reply::Done
    );
    assert_eq!(bob.screen.unsent, all[1..]);
    bob.tell(Command::DiscardMessage { message: message(2) });
    bob.tell(Command::DiscardMessage { message: message(4) });
    assert_eq!(bob.screen.unsent, []);
    assert_eq!(bob.crash().screen.unsent, []);
}

#[test]
fn what_has_arrived_is_not_put_aside() {
    let mut bob = Device::online(vec![group(1, 2, &[ALICE, BOB])]);
    bob.sent();
    bob.write(1, 1, "here already");
    let sent = bob.sent_messages().remove(0);
    bob.receive(&ack(&sent, 5));
    bob.receive(&gone(1, false));
    assert_eq!(bob.screen.unsent, []);
    assert_eq!(bob.screen.left, [("Birds".to_owned(), false)]);
    assert!(bob.screen.list.is_empty());
}

#[test]
fn what_was_deleted_is_not_put_aside_and_what_changes_something_that_arrived_is() {
    let mut bob = Device::online(vec![group(1, 2, &[ALICE, BOB])]);
    bob.sent();
    for (id, text) in [(1, "here already"), (2, "not to be said")] {
        bob.write(id, 1, text);
    }
    let sent = bob.sent_messages().remove(0);
    bob.receive(&ack(&sent, 5));
    bob.cut();
    bob.tell(edit(3, message(1), "here, and changed"));
    bob.tell(Command::DeleteMessage {
        change: EventId::from(message(4)),
        conversation: conversation(1),
        message: message(2),
    });
    bob.go_online(vec![]);
    bob.receive(&gone(1, true));
    assert_eq!(bob.screen.unsent, [unsent(3, "here, and changed", true)]);
}

#[test]
fn of_a_poll_all_is_put_aside_and_of_what_is_encrypted_that_it_is() {
    let birds = ConversationSummary {
        encrypted: true,
        ..group(1, 2, &[ALICE, BOB])
    };
    let mut bob = Device::online(vec![birds, group(2, 2, &[ALICE, BOB])]);
    bob.cut();
    bob.write(1, 1, "a heron");
    let poll = Poll {
        options: ["Reed", "Weir"].map(str::to_owned).to_vec(),
        multiple: false,
        anonymous: false,
        closes_at: None,
    };
    let asked = bob.tell(Command::SendPoll {
        message: message(2),
        conversation: conversation(2),
        question: "Where?".to_owned(),
        poll,
    });
    assert_eq!(asked, Reply::Done);
    bob.go_online(vec![]);
    bob.receive(&gone(1, true));
    bob.receive(&gone(2, true));
    // What the server calls an encrypted group is not shown.
    let heron = Unsent {
        name: "Alice".to_owned(),
        encrypted: true,
        ..unsent(1, "a heron", true)
    };
    let poll = Unsent {
        conversation: conversation(2),
        ..unsent(2, "Where?\nReed\nWeir", true)
    };
    assert_eq!(bob.screen.unsent, [heron, poll]);
}

#[test]
fn the_log_says_who_has_taken_one_out() {
    let removed = |by| {
        let mut bob = Device::online(vec![group(1, 2, &[ALICE, BOB])]);
        let body = EventBody::MemberRemoved {
            user: user(BOB),
            banned: false,
        };
        bob.receive(&event(entry(1, 3, by, body)));
        bob.screen.left
    };
    assert_eq!(removed(ALICE), [("Birds".to_owned(), true)]);
    assert_eq!(removed(BOB), [("Birds".to_owned(), false)]);
}

#[test]
fn who_signs_out_takes_their_words_along() {
    let mut bob = Device::online(vec![group(1, 2, &[ALICE, BOB])]);
    bob.cut();
    bob.write(1, 1, "a heron");
    bob.go_online(vec![]);
    bob.receive(&gone(1, true));
    assert_eq!(bob.screen.unsent.len(), 1);
    bob.tell(Command::SignOut);
    assert_eq!(bob.screen.unsent, []);
}
