//! Messages that are sent later: written offline too, shown at once, changed and taken back on any device.

use pipit_client::command::{Command, Reply};
use pipit_client::io::{HttpMethod, Input};
use pipit_client::view::{AttachmentView, ScheduledView, UploadState};
use pipit_wire::ClientFrame;
use pipit_wire::frame::Personal;
use pipit_wire::frame::client::SetPersonal;
use pipit_wire::frame::server::PersonalChanged;
use pipit_wire::scheduled::Scheduled;
use pipit_wire::{ErrorCode, ServerFrame, Timestamp, WireError};

use crate::support::*;
use crate::uploads::{Uploading, attachments, blob, bob, file, found};

fn schedule(device: &mut Device, id: u128, text: &str, send_at: Timestamp) -> Reply {
    device.tell(Command::ScheduleMessage {
        conversation: conversation(1),
        message: message(id),
        text: text.to_owned(),
        reply_to: None,
        send_at,
        attachments: Vec::new(),
    })
}

/// Schedules something with one file.
fn schedule_file(device: &mut Device, id: u128, place: u128, send_at: Timestamp) -> Reply {
    let reply = device.tell(Command::ScheduleMessage {
        conversation: conversation(place),
        message: message(id),
        text: String::new(),
        reply_to: None,
        send_at,
        attachments: vec![file(id, 10)],
    });
    device.calls.retain(|call| call.path.starts_with("/v1/uploads"));
    reply
}

fn files(device: &Device) -> Vec<Vec<AttachmentView>> {
    shown(device).into_iter().map(|view| view.attachments).collect()
}

fn entry(sent: &SetPersonal, id: u128) -> &Scheduled {
    sent.change.schedule[&message(id)].as_ref().unwrap()
}

fn shown(device: &Device) -> Vec<ScheduledView> {
    device.screen.header.as_ref().unwrap().scheduled.clone()
}

fn told(device: &mut Device) -> Option<SetPersonal> {
    // What follows from an answer is said at the next turn.
    device.pass(0);
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
        attachments: Vec::new(),
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
    let error = WireError::new(ErrorCode::WindowClosed, "it is being sent").answering(Some(sent.id));
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

/// Its files go at once. The server is told of it when it has them, and keeps them from then on.
#[test]
fn files_are_there_before_the_server_holds_the_message() {
    let mut bob = bob();
    let send_at = bob.now.plus_ms(3_600_000);
    for _ in 0..2 {
        assert_eq!(schedule_file(&mut bob, 1, 1, send_at), Reply::Done);
    }
    assert!(bob.screen.items.is_empty(), "it is not on its way");
    assert_eq!(bob.calls.len(), 1);
    bob.received(0);
    let state = |bob: &Device| files(bob)[0][0].upload.clone().unwrap().state;
    assert_eq!(state(&bob), UploadState::Sending);
    // Said otherwise meanwhile, and the program ends and begins again.
    assert_eq!(schedule(&mut bob, 1, "the lake", send_at.plus_ms(1)), Reply::Done);
    let mut bob = bob.crash();
    bob.go_online(vec![direct(1, 0)]);
    bob.open(1);
    assert!(told(&mut bob).is_none(), "its file is not there");
    bob.received(10);
    let finish = bob.finished(1, 10);
    assert!(
        finish.path.contains("/finish?keep_until="),
        "should the line break now: {}",
        finish.path
    );
    let sent = told(&mut bob).unwrap();
    let expect = Scheduled {
        text: "the lake".to_owned(),
        reply_to: None,
        attachments: vec![found(1, 10)],
        send_at: send_at.plus_ms(1),
        failed: None,
    };
    assert_eq!(entry(&sent, 1), &expect);
    assert!(bob.dropped_files.is_empty(), "the server may refuse it");
    let personal = take(&mut bob, &sent, &Personal::default(), 1);
    assert_eq!(bob.dropped_files, [blob(1)]);
    let view = &shown(&bob)[0];
    assert_eq!((&view.attachments[0].file, view.waiting), (&found(1, 10), false));
    // Changed again, it keeps its file, and needs no words for that.
    schedule(&mut bob, 1, "", send_at);
    let sent = told(&mut bob).unwrap();
    assert_eq!(
        (entry(&sent, 1).text.as_str(), &entry(&sent, 1).attachments),
        ("", &vec![found(1, 10)])
    );
    take(&mut bob, &sent, &personal, 2);
    bob.pass(3_600_000);
    assert!(bob.sent_messages().is_empty(), "the server sends it");
}

/// Where the files are not there when its time comes, it is a message like any other.
#[test]
fn its_time_does_not_pass_before_its_files_are_there() {
    let mut bob = bob();
    let send_at = bob.now.plus_ms(60_000);
    schedule_file(&mut bob, 1, 1, send_at);
    bob.write(2, 1, "meanwhile");
    let meanwhile = bob.sent_messages().pop().unwrap();
    bob.receive(&ack(&meanwhile, 1));
    bob.cut();
    bob.pass(59_999);
    assert_eq!(bob.screen.texts(), ["meanwhile [Sent]"]);
    bob.pass(1);
    assert!(shown(&bob).is_empty());
    assert_eq!(bob.screen.texts(), ["meanwhile [Sent]", " [Queued]"]);
    assert_eq!(bob.states(), [UploadState::Waiting]);
    bob.go_online(vec![direct(1, 1)]);
    assert!(bob.sent_messages().is_empty());
    bob.upload_whole(1, 10);
    let [sent] = &bob.sent_messages()[..] else {
        panic!("not sent")
    };
    assert_eq!(
        (attachments(sent), sent.message.written_at),
        (&[found(1, 10)][..], send_at)
    );
    assert!(told(&mut bob).is_none());
}

/// What the server will not hold is not lost: its author sees why, and may try again, with the files sent anew.
#[test]
fn what_the_server_refuses_to_hold_stays_with_its_files() {
    let mut bob = bob();
    let send_at = bob.now.plus_ms(60_000);
    schedule_file(&mut bob, 1, 1, send_at);
    bob.upload_whole(1, 10);
    let sent = told(&mut bob).unwrap();
    let unusable = WireError::new(ErrorCode::AttachmentUnusable, "forgotten").answering(Some(sent.id));
    bob.receive(&ServerFrame::Error(unusable));
    assert_eq!(shown(&bob)[0].failed.as_deref(), Some("attachment_unusable"));
    assert!(bob.dropped_files.is_empty());
    bob.pass(1_000);
    assert!(told(&mut bob).is_none());
    schedule(&mut bob, 1, "", send_at.plus_ms(5));
    bob.upload_whole(1, 10);
    assert_eq!(entry(&told(&mut bob).unwrap(), 1).attachments, [found(1, 10)]);
    // Taken back before the answer comes: everywhere.
    bob.tell(Command::CancelScheduled {
        conversation: conversation(1),
        message: message(1),
    });
    assert!(shown(&bob).is_empty());
    assert_eq!(bob.dropped_files, [blob(1)]);
    let given_up = bob.calls.back().unwrap();
    assert_eq!(given_up.method, HttpMethod::Delete);
}

/// In an encrypted conversation the server hears nothing of it but that there is a file, to be kept for longer.
#[test]
fn what_is_encrypted_is_held_here() {
    let mut summary = direct(1, 0);
    summary.encrypted = true;
    let mut bob = Device::online(vec![summary]);
    bob.calls.clear();
    bob.open(1);
    bob.sent();
    let send_at = bob.now.plus_ms(3_600_000);
    schedule_file(&mut bob, 1, 1, send_at);
    schedule(&mut bob, 2, "words", send_at.plus_ms(1));
    assert!(shown(&bob).iter().all(|view| !view.waiting));
    bob.input(Input::FileHashed {
        blob: blob(1),
        digest: Some("AAAA".to_owned()),
    });
    let size = files(&bob)[0][0].upload.as_ref().unwrap().size;
    bob.received(0);
    bob.received(size);
    let keep = |path: &str| path.split_once("keep_until=").unwrap().1.parse::<i64>().unwrap();
    let first = keep(&bob.finished(1, size).path);
    assert!(first > send_at.as_ms() && first % 86_400_000 == 0, "a whole day");
    assert_eq!(
        files(&bob)[0][0].upload.as_ref().unwrap().state,
        UploadState::Done
    );
    // For a later time it is kept for longer.
    schedule(&mut bob, 1, "", send_at.plus_ms(3 * 86_400_000));
    bob.received(size);
    assert_eq!(keep(&bob.finished(1, size).path), first + 3 * 86_400_000);
    assert!(told(&mut bob).is_none());
    let mut bob = bob.crash();
    bob.pass(3_600_000);
    bob.open(1);
    assert_eq!(bob.screen.texts(), [""; 0]);
    bob.pass(1);
    assert_eq!(bob.screen.texts(), ["words [Queued]"]);
    assert_eq!(shown(&bob).len(), 1);
    bob.tell(Command::SendScheduled {
        conversation: conversation(1),
        message: message(1),
    });
    assert_eq!(bob.screen.texts().len(), 2);
    assert!(shown(&bob).is_empty());
}
