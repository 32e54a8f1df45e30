//! Messages that are sent later: written offline too, shown at once, changed and taken back on any device.

use pipit_client::command::{Command, Reply};
use pipit_client::view::ScheduledView;
use pipit_wire::ClientFrame;
use pipit_wire::frame::Personal;
use pipit_wire::frame::client::SetPersonal;
use pipit_wire::frame::server::PersonalChanged;
use pipit_wire::scheduled::Scheduled;
use pipit_wire::{ErrorCode, ServerFrame, Timestamp};

use crate::support::*;

fn schedule(device: &mut Device, id: u128, text: &str, send_at: Timestamp) -> Reply {
    device.tell(Command::ScheduleMessage {
        conversation: conversation(1),
        message: message(id),
        text: text.to_owned(),
        reply_to: None,
        send_at,
    })
}

fn shown(device: &Device) -> Vec<ScheduledView> {
    device.screen.header.as_ref().unwrap().scheduled.clone()
}

fn told(device: &mut Device) -> Option<SetPersonal> {
    let frames = device.sent().into_iter();
    let mut told = frames.filter_map(|frame| match frame {
        ClientFrame::Personal(set) => Some(set),
        _ => None,
    });
    told.next()
}

/// The server takes what was sent.
fn take(device: &mut Device, sent: &SetPersonal, before: &Personal, number: i64) -> Personal {
    let personal = Personal {
        changed_at: START.plus_ms(number),
        ..before.clone().with(&sent.change)
    };
    device.receive(&ServerFrame::Personal(PersonalChanged {
        id: Some(sent.id),
        conversation: sent.conversation,
        personal: personal.clone(),
    }));
    personal
}

#[test]
fn it_waits_on_the_device_until_the_server_has_it() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.open(1);
    bob.sent();
    bob.cut();
    let send_at = bob.now.plus_ms(3_600_000);
    assert_eq!(schedule(&mut bob, 1, "tomorrow", send_at), Reply::Done);
    assert_eq!(
        schedule(&mut bob, 1, "tomorrow", send_at),
        Reply::Done,
        "a tab repeats it"
    );
    assert!(shown(&bob)[0].waiting);
    let mut bob = bob.crash();
    bob.go_online(vec![direct(1, 0)]);
    bob.open(1);
    bob.pass(0);
    let sent = told(&mut bob).unwrap();
    assert_eq!(sent.change.schedule.len(), 1);
    let personal = take(&mut bob, &sent, &Personal::default(), 1);
    let view = &shown(&bob)[0];
    assert_eq!(
        (view.message, view.text.as_str(), view.send_at, view.waiting),
        (message(1), "tomorrow", send_at, false)
    );
    assert!(bob.sent_messages().is_empty(), "the server sends it");
    // Said differently, then sent at once.
    schedule(&mut bob, 1, "the day after", send_at);
    let sent = told(&mut bob).unwrap();
    let personal = take(&mut bob, &sent, &personal, 2);
    bob.tell(Command::SendScheduled {
        conversation: conversation(1),
        message: message(1),
    });
    let sent = told(&mut bob).unwrap();
    let entry = sent.change.schedule[&message(1)].as_ref().unwrap();
    assert_eq!((entry.text.as_str(), entry.send_at), ("the day after", bob.now));
    let personal = take(&mut bob, &sent, &personal, 3);
    // It comes as an entry of the log, before or after the word that it is not scheduled any more.
    let mut event_of_it = said(1, 1, BOB, "the day after");
    event_of_it.id = message(1).into();
    bob.receive(&event(event_of_it));
    assert!(shown(&bob).is_empty());
    let gone = Personal {
        changed_at: START.plus_ms(4),
        scheduled: std::collections::BTreeMap::new(),
        ..personal
    };
    bob.receive(&ServerFrame::Personal(PersonalChanged {
        id: None,
        conversation: conversation(1),
        personal: gone,
    }));
    assert_eq!(bob.screen.texts(), ["the day after [Sent]"]);
    assert_eq!(schedule(&mut bob, 1, "tomorrow", send_at), Reply::Done);
    assert!(shown(&bob).is_empty(), "it was sent");
}

#[test]
fn what_another_device_scheduled_is_seen_and_taken_back() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.open(1);
    bob.sent();
    let entry = |text: &str, ms: i64, failed| Scheduled {
        text: text.to_owned(),
        reply_to: None,
        send_at: START.plus_ms(ms),
        failed,
    };
    let personal = Personal {
        changed_at: START.plus_ms(1),
        scheduled: [
            (message(2), entry("second", 9_000_000, None)),
            (message(3), entry("refused", 1_000, Some(ErrorCode::Forbidden))),
        ]
        .into(),
        ..Personal::default()
    };
    bob.receive(&ServerFrame::Personal(PersonalChanged {
        id: None,
        conversation: conversation(1),
        personal: personal.clone(),
    }));
    let all = shown(&bob);
    assert_eq!(
        (all[0].failed.as_deref(), all[1].text.as_str()),
        (Some("forbidden"), "second")
    );
    for id in [2, 3] {
        bob.tell(Command::CancelScheduled {
            conversation: conversation(1),
            message: message(id),
        });
    }
    assert!(shown(&bob).is_empty());
    // The server says that it is too late for that: what it has is shown again.
    let sent = told(&mut bob).unwrap();
    let error =
        pipit_wire::WireError::new(ErrorCode::WindowClosed, "it is being sent").answering(Some(sent.id));
    bob.receive(&ServerFrame::Error(error));
    assert!(shown(&bob).iter().any(|view| view.message == message(2)));
}

#[test]
fn what_may_not_be_scheduled_is_refused_here() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.open(1);
    bob.sent();
    let soon = bob.now.plus_ms(1_000);
    let far = bob.now.plus_ms(400 * 24 * 3_600_000);
    for (text, send_at) in [(" ", soon), ("hello", far)] {
        let reply = schedule(&mut bob, 1, text, send_at);
        assert!(matches!(reply, Reply::Failed { .. }), "{text}");
    }
    assert!(told(&mut bob).is_none());
}
