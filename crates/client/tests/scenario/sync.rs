//! Catching up: cursors, live entries, jumps, gaps, and the list of conversations.

use crate::support::*;
use pipit_client::command::Command;
use pipit_client::storage::Storage;
use pipit_client::view::ConnectionView;
use pipit_wire::event::{EventBody, MemberRole, Role};
use pipit_wire::frame::ListPosition;
use pipit_wire::frame::client::Sync;
use pipit_wire::frame::server::{ConversationGone, ConversationsPage, Synced};
use pipit_wire::{ClientFrame, ServerFrame};

fn asked_to_sync(bob: &mut Device) -> Option<Sync> {
    let frames = bob.sent();
    frames.into_iter().find_map(|frame| match frame {
        ClientFrame::Sync(sync) => Some(sync),
        _ => None,
    })
}

fn cursor(bob: &Device, place: u128) -> u64 {
    let ranges = bob.engine.storage().ranges(conversation(place)).unwrap();
    ranges.last().unwrap().through.get()
}

#[test]
fn it_resumes_where_it_was() {
    let mut bob = Device::online(vec![direct(1, 3), direct(2, 0)]);
    bob.receive(&event(said(1, 4, ALICE, "four")));
    bob.receive(&event(said(1, 5, ALICE, "five")));
    let mut bob = bob.crash();
    let hello = bob.connect();
    let cursors: Vec<_> = hello
        .cursors
        .iter()
        .map(|cursor| (cursor.conversation, cursor.seq.get()))
        .collect();
    assert_eq!(cursors, [(conversation(1), 5), (conversation(2), 0)]);
    let now = bob.now;
    bob.receive(&welcome(
        &hello,
        now,
        vec![behind(direct(1, 7), 5, 3, 4), direct(2, 0)],
    ));
    assert_eq!(bob.screen.connection, Some(ConnectionView::CatchingUp));
    assert_eq!(bob.unread(1), 4);
    bob.receive(&catch_up(hello.id, 1, lines(1, 6..=7), 7, false));
    bob.receive(&catch_up(hello.id, 2, vec![], 0, false));
    bob.receive(&ServerFrame::Synced(Synced { id: hello.id }));
    assert_eq!(bob.screen.connection, Some(ConnectionView::UpToDate));
    assert_eq!(bob.unread(1), 4);
    assert_eq!(cursor(&bob, 1), 7);
    assert!(asked_to_sync(&mut bob).is_none());
}

#[test]
fn a_jump_is_repaired() {
    let mut bob = Device::online(vec![direct(1, 3)]);
    bob.sent();
    bob.receive(&event(said(1, 6, ALICE, "six")));
    let sync = asked_to_sync(&mut bob).expect("did not ask");
    assert_eq!(sync.cursors[0].seq, seq(3));
    // Meanwhile more comes live; one question is enough.
    bob.receive(&event(said(1, 7, ALICE, "seven")));
    assert!(asked_to_sync(&mut bob).is_none());
    bob.receive(&catch_up(sync.id, 1, lines(1, 4..=6), 6, false));
    // Seven came before the catch-up and was not in it.
    let sync = asked_to_sync(&mut bob).expect("forgot what came before");
    assert_eq!(sync.cursors[0].seq, seq(6));
    bob.receive(&catch_up(sync.id, 1, lines(1, 7..=7), 7, false));
    assert_eq!(cursor(&bob, 1), 7);
    assert_eq!(bob.unread(1), 4);
    assert!(asked_to_sync(&mut bob).is_none());
}

#[test]
fn a_crash_between_a_jump_and_its_repair_loses_nothing() {
    let mut bob = Device::online(vec![direct(1, 3)]);
    bob.receive(&event(said(1, 6, ALICE, "six")));
    let mut bob = bob.crash();
    assert_eq!(bob.connect().cursors[0].seq, seq(3));
}

#[test]
fn doubled_entries_are_one() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.open(1);
    for _ in 0..3 {
        bob.receive(&event(said(1, 1, ALICE, "one")));
    }
    assert_eq!(bob.screen.texts(), ["one"]);
    assert_eq!(bob.unread(1), 1);
}

#[test]
fn much_that_is_missing_is_a_gap_and_is_paged_in_when_somebody_looks() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    for number in 1..=4 {
        bob.receive(&event(said(1, number, ALICE, &format!("line {number}"))));
    }
    let mut bob = bob.crash();
    let hello = bob.connect();
    let now = bob.now;
    bob.receive(&welcome(&hello, now, vec![behind(direct(1, 300), 4, 4, 296)]));
    bob.receive(&catch_up(hello.id, 1, vec![], 300, true));
    bob.receive(&ServerFrame::Synced(Synced { id: hello.id }));
    assert_eq!(bob.unread(1), 296);
    assert!(bob.sent().is_empty(), "nobody looks yet");
    // Live entries join after the gap.
    bob.receive(&event(said(1, 301, ALICE, "line 301")));
    assert_eq!(bob.unread(1), 297);

    bob.open(1);
    assert_eq!(bob.screen.texts(), ["line 301"]);
    let header = bob.screen.header.clone().unwrap();
    assert!(header.has_older && header.loading_older);
    let sent = bob.sent();
    let [ClientFrame::History(history)] = sent.as_slice() else {
        panic!("{sent:?}");
    };
    assert_eq!(history.before_seq, Some(seq(301)));
    bob.receive(&page(history.id, 1, lines(1, 201..=300), 301));
    assert_eq!(bob.screen.items.len(), 51);
    assert_eq!(bob.screen.texts()[50], "line 301");
    assert!(!bob.screen.header.as_ref().unwrap().loading_older);

    // Older: first from the store, then over the hole until it meets what was there before.
    bob.tell(Command::LoadOlder);
    assert_eq!(bob.screen.items.len(), 101);
    assert!(bob.sent().is_empty());
    for before in [201, 101] {
        bob.tell(Command::LoadOlder);
        let sent = bob.sent();
        let [ClientFrame::History(history)] = sent.as_slice() else {
            panic!("{sent:?}");
        };
        assert_eq!(history.before_seq, Some(seq(before)));
        let first = before.saturating_sub(100).max(1);
        bob.receive(&page(history.id, 1, lines(1, first..=before - 1), 301));
        bob.tell(Command::LoadOlder);
    }
    let texts = bob.screen.texts();
    assert_eq!(texts.len(), 301);
    assert_eq!((texts[0].as_str(), texts[300].as_str()), ("line 1", "line 301"));
    assert!(!bob.screen.header.as_ref().unwrap().has_older);
    assert_eq!(bob.unread(1), 297);
}

#[test]
fn offline_what_was_read_is_there() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    for number in 1..=80 {
        bob.receive(&event(said(1, number, ALICE, &format!("line {number}"))));
    }
    let mut bob = bob.crash();
    bob.tell(Command::SetOnline { online: false });
    assert_eq!(bob.screen.list[0].title, "Alice");
    bob.open(1);
    bob.tell(Command::LoadOlder);
    assert_eq!(bob.screen.items.len(), 80);
    assert_eq!(bob.screen.items[0].sender_name, "Alice");
    assert_eq!(bob.engine.storage().search(&words("line 42")).unwrap().len(), 1);
}

#[test]
fn a_new_device_fetches_what_no_device_has_had() {
    let mut bob = Device::signed_in();
    let hello = bob.connect();
    let now = bob.now;
    let conversations = vec![
        behind(direct(1, 40), 37, 30, 10),
        behind(direct(2, 400), 10, 10, 390),
    ];
    bob.receive(&welcome(&hello, now, conversations));
    bob.receive(&ServerFrame::Synced(Synced { id: hello.id }));
    let sync = asked_to_sync(&mut bob).expect("did not ask");
    assert_eq!(sync.cursors.len(), 1, "{sync:?}");
    assert_eq!(sync.cursors[0].seq, seq(37));
    bob.receive(&catch_up(sync.id, 1, lines(1, 38..=40), 40, false));
    bob.pass(250);
    let receipts = bob.sent_receipts();
    assert_eq!(receipts.len(), 1);
    assert_eq!(
        (receipts[0].delivered_seq, receipts[0].read_seq),
        (seq(40), seq(30))
    );
    assert_eq!((bob.unread(1), bob.unread(2)), (10, 390));
}

#[test]
fn the_list_is_read_to_its_end_in_the_background_and_then_no_further_than_news_go() {
    let mut bob = Device::signed_in();
    let position = |number: u128| ListPosition {
        last_at: START,
        conversation: conversation(number),
    };
    let page_of = |number: u128, id, next: Option<ListPosition>| {
        ServerFrame::Conversations(ConversationsPage {
            id,
            items: vec![direct(number, 1)],
            next,
        })
    };
    let welcome_with = |bob: &mut Device, items| {
        let hello = bob.connect();
        let now = bob.now;
        let ServerFrame::Welcome(mut frame) = welcome(&hello, now, items) else {
            unreachable!("a welcome");
        };
        frame.next = Some(position(1));
        bob.receive(&ServerFrame::Welcome(frame));
        bob.receive(&ServerFrame::Synced(Synced { id: hello.id }));
    };
    let list_asked = |bob: &mut Device| {
        bob.sent().into_iter().find_map(|frame| match frame {
            ClientFrame::Conversations(list) => Some(list),
            _ => None,
        })
    };
    welcome_with(&mut bob, vec![direct(1, 1)]);
    assert!(bob.screen.has_more);
    let asked = list_asked(&mut bob).expect("did not read on");
    assert_eq!(asked.after, Some(position(1)));
    bob.receive(&page_of(2, asked.id, Some(position(2))));
    // A crash in the middle: it is read from the start again.
    let mut bob = bob.crash();
    welcome_with(&mut bob, vec![direct(1, 1)]);
    let asked = list_asked(&mut bob).expect("stopped half way");
    bob.receive(&page_of(2, asked.id, Some(position(2))));
    let asked = list_asked(&mut bob).expect("stopped half way");
    bob.receive(&page_of(3, asked.id, None));
    assert!(list_asked(&mut bob).is_none());
    assert!(!bob.screen.has_more);
    assert_eq!(bob.screen.list.len(), 3);
    // Nothing new on the first page: nothing after it either.
    let mut bob = bob.crash();
    welcome_with(&mut bob, vec![direct(1, 1)]);
    assert!(list_asked(&mut bob).is_none());
    // News on the first page, and a crash before the second: the third time the first page says nothing new, and yet the second
    // has not been read.
    let mut bob = bob.crash();
    welcome_with(&mut bob, vec![direct(4, 1)]);
    assert!(list_asked(&mut bob).is_some());
    let mut bob = bob.crash();
    welcome_with(&mut bob, vec![direct(4, 1)]);
    let asked = list_asked(&mut bob).expect("took an old list for a whole one");
    bob.receive(&page_of(3, asked.id, None));
    let mut bob = bob.crash();
    welcome_with(&mut bob, vec![direct(4, 1)]);
    assert!(list_asked(&mut bob).is_none());
}

#[test]
fn conversations_come_and_go() {
    let mut bob = Device::online(vec![]);
    assert!(bob.screen.loaded);
    bob.receive(&ServerFrame::Conversation(Box::new(behind(
        group(1, 1, &[ALICE, BOB]),
        0,
        0,
        0,
    ))));
    assert_eq!(bob.screen.list[0].title, "Birds");
    let sync = asked_to_sync(&mut bob).expect("its first entry is not here");
    let created = EventBody::Created {
        encrypted: false,
        kind: pipit_wire::event::ConversationKind::Group,
        title: Some("Birds".to_owned()),
        members: vec![],
    };
    bob.receive(&catch_up(sync.id, 1, vec![entry(1, 1, ALICE, created)], 1, false));
    bob.open(1);
    bob.receive(&event(said(1, 2, ALICE, "welcome")));
    assert_eq!(bob.unread(1), 1);
    bob.receive(&ServerFrame::ConversationGone(ConversationGone {
        conversation: conversation(1),
        removed: false,
    }));
    assert_eq!(bob.screen.gone, [conversation(1)]);
    assert!(bob.screen.list.is_empty());
    assert!(bob.engine.storage().search(&words("welcome")).unwrap().is_empty());
    // What comes late of it changes nothing.
    bob.receive(&event(said(1, 3, ALICE, "late")));
    assert!(bob.screen.list.is_empty());
}

#[test]
fn members_titles_and_roles_follow_the_log() {
    let mut bob = Device::online(vec![group(1, 3, &[ALICE, BOB])]);
    bob.open(1);
    let carol = |role| MemberRole {
        user: user(CAROL),
        role,
    };
    bob.receive(&event(entry(
        1,
        4,
        ALICE,
        EventBody::MemberAdded {
            member: carol(Role::Member),
        },
    )));
    bob.receive(&event(entry(
        1,
        5,
        ALICE,
        EventBody::RoleChanged {
            member: carol(Role::Admin),
        },
    )));
    let title = "Owls".to_owned();
    bob.receive(&event(entry(1, 6, CAROL, EventBody::TitleChanged { title })));
    let header = bob.screen.header.clone().unwrap();
    assert_eq!((header.title.as_str(), header.member_count), ("Owls", 3));
    assert_eq!(header.members[2].role, Role::Admin);
    // Somebody unknown: the members are asked for, once, and the name appears.
    assert_eq!(header.members[2].name, "");
    let names: Vec<_> = bob.calls.iter().map(|call| call.path.clone()).collect();
    let members_path = format!("/v1/conversations/{}/members", conversation(1));
    assert_eq!(
        names.iter().filter(|path| **path == members_path).count(),
        1,
        "{names:?}"
    );
    while let Some(call) = bob.calls.front() {
        if call.path == members_path {
            let items = vec![member(CAROL, Role::Admin, 4, 4)];
            bob.answer(200, &pipit_wire::rest::Members { items, next: None });
        } else {
            bob.answer(
                200,
                &pipit_wire::rest::Conversation {
                    conversation: group(1, 3, &[ALICE, BOB]),
                },
            );
        }
    }
    let header = bob.screen.header.clone().unwrap();
    assert_eq!(header.members[2].name, "Carol");
    // The summary that was asked for is older than the log: it takes nothing back.
    assert_eq!((header.title.as_str(), header.member_count), ("Owls", 3));
    let removed = EventBody::MemberRemoved {
        user: user(CAROL),
        banned: false,
    };
    bob.receive(&event(entry(1, 7, ALICE, removed)));
    assert_eq!(bob.screen.header.clone().unwrap().member_count, 2);
    let removed = EventBody::MemberRemoved {
        user: user(BOB),
        banned: false,
    };
    bob.receive(&event(entry(1, 8, ALICE, removed)));
    assert_eq!(bob.screen.gone, [conversation(1)]);
}

#[test]
fn a_server_that_was_restored_from_a_copy_takes_back_what_it_does_not_have() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    for number in 1..=9 {
        bob.receive(&event(said(1, number, ALICE, &format!("line {number}"))));
    }
    bob.open(1);
    bob.cut();
    let hello = bob.connect();
    let now = bob.now;
    bob.receive(&welcome(&hello, now, vec![direct(1, 6)]));
    bob.receive(&catch_up(hello.id, 1, vec![], 6, false));
    bob.receive(&ServerFrame::Synced(Synced { id: hello.id }));
    assert_eq!(cursor(&bob, 1), 6);
    assert_eq!(bob.screen.items.len(), 6);
    bob.receive(&event(said(1, 7, ALICE, "another seven")));
    assert_eq!(bob.screen.texts()[6], "another seven");
}

#[test]
fn entries_of_a_type_that_is_not_known_keep_their_place() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.open(1);
    let mut text = serde_json::to_value(event(said(1, 1, ALICE, "x"))).unwrap();
    text["body"] = serde_json::json!({"type": "poll", "question": "Tea?"});
    bob.input(pipit_client::io::Input::Received {
        text: text.to_string(),
    });
    bob.input(pipit_client::io::Input::Received {
        text: r#"{"type":"hologram"}"#.to_owned(),
    });
    bob.input(pipit_client::io::Input::Received {
        text: "not json".to_owned(),
    });
    bob.receive(&event(said(1, 2, ALICE, "two")));
    assert_eq!(bob.screen.texts(), ["two"]);
    assert_eq!(cursor(&bob, 1), 2);
    assert_eq!(bob.unread(1), 1);
}

#[test]
fn live_entries_may_overtake_a_catch_up() {
    let mut bob = Device::online(vec![direct(1, 5)]);
    bob.cut();
    let hello = bob.connect();
    let now = bob.now;
    bob.receive(&welcome(&hello, now, vec![behind(direct(1, 7), 5, 5, 2)]));
    for number in 6..=9 {
        bob.receive(&event(said(1, number, ALICE, "x")));
    }
    bob.receive(&catch_up(hello.id, 1, lines(1, 6..=7), 7, false));
    assert_eq!(cursor(&bob, 1), 9);
    assert_eq!(bob.unread(1), 4);
}

#[test]
fn what_is_put_off_is_asked_again() {
    let mut bob = Device::online(vec![direct(1, 3)]);
    bob.sent();
    bob.receive(&event(said(1, 6, ALICE, "six")));
    let sync = asked_to_sync(&mut bob).expect("did not ask");
    let error = pipit_wire::WireError::new(pipit_wire::ErrorCode::RateLimited, "slowly");
    bob.receive(&ServerFrame::Error(error.answering(Some(sync.id))));
    bob.pass(1_999);
    assert!(asked_to_sync(&mut bob).is_none());
    bob.pass(1);
    assert!(asked_to_sync(&mut bob).is_some());
}

#[test]
fn an_entry_of_an_unknown_conversation_asks_what_it_is() {
    let mut bob = Device::online(vec![]);
    bob.sent();
    bob.receive(&event(said(1, 6, ALICE, "six")));
    bob.receive(&event(said(1, 7, ALICE, "seven")));
    assert_eq!(bob.calls.len(), 1);
    let request = bob.answer(
        200,
        &pipit_wire::rest::Conversation {
            conversation: behind(direct(1, 7), 5, 5, 2),
        },
    );
    assert_eq!(request.path, format!("/v1/conversations/{}", conversation(1)));
    assert_eq!(bob.unread(1), 2);
    assert_eq!(
        asked_to_sync(&mut bob).expect("did not ask").cursors[0].seq,
        seq(5)
    );
}

#[test]
fn a_batch_of_inputs_is_one_transaction_and_one_change() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.open(1);
    let inputs: Vec<_> = (1..=50)
        .map(|number| pipit_client::io::Input::Received {
            text: pipit_wire::codec::encode_server(&event(said(1, number, ALICE, "x"))),
        })
        .collect();
    let outputs = bob.engine.handle_all(inputs, bob.now);
    let timelines = outputs
        .iter()
        .filter(|output| {
            matches!(
                output,
                pipit_client::io::Output::Update {
                    update: pipit_client::view::Update::Timeline { .. },
                    ..
                }
            )
        })
        .count();
    assert_eq!(timelines, 1);
    assert_eq!(cursor(&bob, 1), 50);
}

#[test]
fn a_lost_last_entry_is_found_without_a_next_one() {
    let mut bob = Device::online(vec![direct(1, 3), direct(2, 5)]);
    bob.sent();
    let mut waited = 0;
    let sync = loop {
        bob.pass(5_000);
        waited += 5_000;
        assert!(waited < 7 * 60_000, "never asked");
        // The line lives: something comes now and then.
        bob.receive(&ServerFrame::Unknown);
        if let Some(sync) = asked_to_sync(&mut bob) {
            break sync;
        }
    };
    assert!(waited >= 5 * 60_000, "asked after {waited} ms");
    assert_eq!(sync.cursors.len(), 2);
    bob.receive(&catch_up(sync.id, 1, lines(1, 4..=4), 4, false));
    assert_eq!(bob.unread(1), 1);
}
