//! Message requests: apart from the list, and silent towards the stranger, until they are answered.

use pipit_client::command::{Command, RequestAnswer};
use pipit_client::view::ListFilter;
use pipit_wire::frame::server::PersonalChanged;
use pipit_wire::frame::{ConversationSummary, Personal, PersonalChange, RequestState};
use pipit_wire::{ClientFrame, ServerFrame, Timestamp};

use crate::support::*;

/// What a stranger has begun with Bob, in conversation 1.
fn request() -> ConversationSummary {
    let mut summary = direct(1, 1);
    summary.personal = Personal {
        changed_at: Timestamp(1),
        request: RequestState::Waiting,
        ..Personal::default()
    };
    summary
}

/// Bob, online, with a request of Alice's and another conversation.
fn asked() -> Device {
    let mut bob = Device::online(vec![request(), direct(2, 0)]);
    bob.receive(&event(said(1, 2, ALICE, "Do I know you?")));
    bob.sent();
    bob
}

fn listed(bob: &mut Device, filter: ListFilter) -> Vec<pipit_wire::ConversationId> {
    bob.tell(Command::SetListFilter { filter });
    bob.screen.list.iter().map(|item| item.id).collect()
}

fn answer(bob: &mut Device, answer: RequestAnswer) {
    bob.tell(Command::AnswerRequest {
        conversation: conversation(1),
        answer,
    });
    bob.pass(0);
}

/// The answer that was sent, taken by the server.
fn take(bob: &mut Device) -> PersonalChange {
    let sent = bob.sent().into_iter().find_map(|frame| match frame {
        ClientFrame::Personal(change) => Some(change),
        _ => None,
    });
    let sent = sent.unwrap();
    bob.receive(&ServerFrame::Personal(PersonalChanged {
        id: Some(sent.id),
        conversation: sent.conversation,
        personal: Personal {
            // Each is later than the one before.
            changed_at: Timestamp(9 + i64::from(sent.id.0)),
            ..request().personal.with(&sent.change)
        },
    }));
    sent.change
}

/// Whether a stranger would learn anything by this.
fn tells(frame: &ClientFrame) -> bool {
    matches!(frame, ClientFrame::Receipt(_) | ClientFrame::Typing(_))
}

#[test]
fn it_stands_apart_and_shows_nothing() {
    let mut bob = asked();
    assert_eq!(bob.screen.requests, 1);
    for filter in [ListFilter::All, ListFilter::People] {
        assert_eq!(listed(&mut bob, filter), [conversation(2)], "{filter:?}");
    }
    assert_eq!(listed(&mut bob, ListFilter::Unread), []);
    assert_eq!(listed(&mut bob, ListFilter::Requests), [conversation(1)]);
    let item = &bob.screen.list[0];
    assert_eq!((item.unread, item.presence), (0, None));
    assert!(item.preview.is_none());
    // Opened, it can be read, and nothing can be done with its messages.
    bob.open(1);
    let header = bob.screen.header.clone().unwrap();
    assert_eq!(header.personal.request, RequestState::Waiting);
    assert!(bob.screen.texts().contains(&"Do I know you?".to_owned()));
    let can = bob.screen.items.iter().find_map(|item| match &item.body {
        pipit_client::view::ItemBody::Message { can, .. } => Some(*can),
        _ => None,
    });
    assert_eq!(can, Some(pipit_client::view::MessageActions::default()));
}

#[test]
fn the_stranger_learns_nothing_until_it_is_accepted() {
    let mut bob = asked();
    bob.open(1);
    bob.tell(Command::MarkRead {
        conversation: conversation(1),
        seq: seq(2),
    });
    bob.tell(Command::SetTyping {
        conversation: conversation(1),
        active: true,
    });
    bob.pass(10_000);
    let sent = bob.sent();
    assert!(!sent.iter().any(tells), "{sent:?}");
    answer(&mut bob, RequestAnswer::Accept);
    assert_eq!(listed(&mut bob, ListFilter::All).len(), 2);
    assert_eq!(bob.screen.requests, 0);
    assert_eq!(take(&mut bob).request, Some(RequestState::Accepted));
    bob.pass(1_000);
    let said: Vec<_> = bob.sent().into_iter().filter(tells).collect();
    let [ClientFrame::Receipt(receipt)] = said.as_slice() else {
        panic!("what was read is said now: {said:?}");
    };
    assert_eq!(
        (receipt.conversation, receipt.read_seq),
        (conversation(1), seq(2))
    );
}

#[test]
fn writing_accepts_it_offline_and_through_a_crash() {
    let mut bob = asked();
    bob.cut();
    bob.write(1, 1, "Yes, from school");
    assert_eq!(bob.screen.requests, 0);
    let mut bob = bob.crash();
    assert_eq!(listed(&mut bob, ListFilter::All).len(), 2);
    bob.go_online(vec![request(), direct(2, 0)]);
    bob.pass(0);
    assert_eq!(take(&mut bob).request, Some(RequestState::Accepted));
}

#[test]
fn what_is_deleted_comes_back_with_the_next_message_and_what_is_refused_never() {
    let mut bob = asked();
    answer(&mut bob, RequestAnswer::Delete);
    let deleted = take(&mut bob);
    assert_eq!((deleted.request, deleted.hide), (None, [seq(2)].into()));
    assert_eq!(bob.screen.requests, 0);
    for filter in [ListFilter::Requests, ListFilter::Archived] {
        assert_eq!(listed(&mut bob, filter), [], "{filter:?}");
    }
    bob.receive(&event(said(1, 3, ALICE, "Hello?")));
    assert_eq!(bob.screen.requests, 1);
    answer(&mut bob, RequestAnswer::Refuse);
    assert_eq!(take(&mut bob).request, Some(RequestState::Refused));
    bob.receive(&event(said(1, 4, ALICE, "Hello??")));
    assert_eq!(bob.screen.requests, 0);
    for filter in [ListFilter::All, ListFilter::Requests] {
        assert!(!listed(&mut bob, filter).contains(&conversation(1)), "{filter:?}");
    }
    bob.pass(10_000);
    assert!(!bob.sent().iter().any(tells));
    // It is found among what was put away, says nothing, and can be accepted there.
    assert_eq!(listed(&mut bob, ListFilter::Archived), [conversation(1)]);
    assert!(bob.screen.list[0].preview.is_none());
    answer(&mut bob, RequestAnswer::Accept);
    assert_eq!(take(&mut bob).request, Some(RequestState::Accepted));
    assert!(listed(&mut bob, ListFilter::All).contains(&conversation(1)));
}

#[test]
fn who_is_known_is_blocked_offline_and_what_was_said_stays() {
    let mut bob = Device::online(vec![direct(1, 0), direct(2, 0)]);
    bob.receive(&event(said(1, 1, ALICE, "Hello")));
    bob.cut();
    answer(&mut bob, RequestAnswer::Block);
    assert_eq!(listed(&mut bob, ListFilter::All), [conversation(2)]);
    assert_eq!(listed(&mut bob, ListFilter::Archived), [conversation(1)]);
    let mut bob = bob.crash();
    bob.go_online(vec![direct(1, 1), direct(2, 0)]);
    bob.pass(0);
    let change = take(&mut bob);
    assert_eq!(
        (change.request, change.hide),
        (Some(RequestState::Refused), [].into())
    );
    bob.open(1);
    assert_eq!(bob.screen.texts(), ["Hello"]);
    bob.receive(&event(said(1, 2, ALICE, "Hello?")));
    bob.pass(10_000);
    assert!(!bob.sent().iter().any(tells));
    answer(&mut bob, RequestAnswer::Accept);
    assert_eq!(take(&mut bob).request, Some(RequestState::Accepted));
}

#[test]
fn an_answer_on_another_device_counts_here() {
    let mut bob = asked();
    bob.receive(&ServerFrame::Personal(PersonalChanged {
        id: None,
        conversation: conversation(1),
        personal: Personal {
            changed_at: Timestamp(9),
            ..Personal::default()
        },
    }));
    assert_eq!(bob.screen.requests, 0);
    assert_eq!(listed(&mut bob, ListFilter::All).len(), 2);
    bob.pass(1_000);
    assert!(bob.sent().iter().any(tells), "what has arrived is said now");
}
