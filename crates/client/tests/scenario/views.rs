//! What views are shown: timelines, lists, typing, presence, drafts, several views at once.

use pipit_client::command::{Command, CommandId, Reply, ViewId};
use pipit_client::io::{Input, Output};
use pipit_client::view::{ItemBody, UnreadableReason, Update};
use pipit_wire::event::{EventBody, Role, SealedPurpose};
use pipit_wire::frame::PresenceState;
use pipit_wire::frame::server::{Presence, Synced, Typing};
use pipit_wire::{ClientFrame, Content, Event, ServerFrame, Timestamp, rest};

use crate::support::*;

#[test]
fn messages_of_one_sender_are_grouped() {
    let mut bob = Device::online(vec![group(1, 0, &[ALICE, BOB, CAROL])]);
    bob.open(1);
    let title = "Owls".to_owned();
    for event_ in [
        said(1, 1, ALICE, "a"),
        said(1, 2, ALICE, "b"),
        said(1, 3, CAROL, "c"),
        entry(1, 4, CAROL, EventBody::TitleChanged { title }),
        said(1, 5, CAROL, "d"),
        Event {
            at: START.plus_ms(5_000 + 5 * 60_000 + 1),
            ..said(1, 6, CAROL, "e")
        },
    ] {
        bob.receive(&event(event_));
    }
    let continues: Vec<bool> = bob.screen.items.iter().map(|item| item.continues).collect();
    assert_eq!(continues, [false, true, false, false, false, false]);
    let names: Vec<_> = bob
        .screen
        .items
        .iter()
        .map(|item| item.sender_name.as_str())
        .collect();
    assert_eq!(names, ["Alice", "Alice", "Carol", "Carol", "Carol", "Carol"]);
}

#[test]
fn an_answer_shows_what_it_answers() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.open(1);
    let first = said(1, 1, ALICE, "tea?\nor coffee?");
    bob.receive(&event(first.clone()));
    let mut answer = said(1, 2, BOB, "tea");
    if let EventBody::Message { reply_to, .. } = &mut answer.body {
        *reply_to = Some(first.id.into());
    }
    let mut lost = said(1, 3, BOB, "yes");
    if let EventBody::Message { reply_to, .. } = &mut lost.body {
        *reply_to = Some(message(77));
    }
    bob.receive(&event(answer));
    bob.receive(&event(lost));
    let replies: Vec<_> = bob
        .screen
        .items
        .iter()
        .filter_map(|item| match &item.body {
            ItemBody::Message { reply, .. } => reply.clone(),
            _ => None,
        })
        .map(|reply| (reply.sender_name, reply.text))
        .collect();
    let known = (Some("Alice".to_owned()), Some("tea? or coffee?".to_owned()));
    assert_eq!(replies, [known, (None, None)]);

    // One may answer what has not left the device yet.
    bob.write(1, 1, "and a biscuit");
    bob.tell(Command::SendMessage {
        message: message(2),
        conversation: conversation(1),
        text: "or two".to_owned(),
        reply_to: Some(message(1)),
        attachments: Vec::new(),
        preview: None,
    });
    let ItemBody::Message { reply, .. } = &bob.screen.items[4].body else {
        panic!("{:?}", bob.screen.items);
    };
    let reply = reply.clone().unwrap();
    assert_eq!(
        (reply.sender_name.as_deref(), reply.text.as_deref()),
        (Some("Bob"), Some("and a biscuit"))
    );
}

#[test]
fn sealed_messages_are_unreadable_not_lost() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.open(1);
    let body = EventBody::Message {
        written_at: START,
        content: Content::Sealed {
            seal: None,
            commitment: None,
            scheme: "mls1".to_owned(),
            bytes: "AAAA".to_owned(),
            blobs: Vec::new(),
            purpose: SealedPurpose::Message,
        },
        reply_to: None,
        expires_at: None,
    };
    bob.receive(&event(entry(1, 1, ALICE, body)));
    assert_eq!(
        bob.screen.items[0].body,
        ItemBody::Unreadable {
            reason: UnreadableReason::Failed
        }
    );
    assert_eq!(bob.unread(1), 1);
}

#[test]
fn the_divider_stays_where_it_was_when_the_timeline_was_opened() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    for number in 1..=4 {
        bob.receive(&event(said(1, number, ALICE, "x")));
    }
    bob.tell(Command::MarkRead {
        conversation: conversation(1),
        seq: seq(2),
    });
    bob.open(1);
    let divider = |bob: &Device| bob.screen.header.as_ref().unwrap().first_unread;
    assert_eq!(divider(&bob), Some(seq(3)));
    bob.tell(Command::MarkRead {
        conversation: conversation(1),
        seq: seq(4),
    });
    bob.receive(&event(said(1, 5, ALICE, "x")));
    assert_eq!(divider(&bob), Some(seq(3)));
    assert_eq!(bob.screen.header.as_ref().unwrap().unread, 1);
    bob.tell(Command::MarkRead {
        conversation: conversation(1),
        seq: seq(5),
    });
    bob.open(1);
    assert_eq!(divider(&bob), None);
}

#[test]
fn a_timeline_opens_far_enough_back_to_show_the_first_unread() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    for number in 1..=150 {
        bob.receive(&event(said(1, number, ALICE, "x")));
    }
    bob.tell(Command::MarkRead {
        conversation: conversation(1),
        seq: seq(40),
    });
    bob.open(1);
    assert_eq!(bob.screen.header.as_ref().unwrap().first_unread, Some(seq(41)));
    assert_eq!(bob.screen.items[0].seq, Some(seq(31)));
    bob.tell(Command::MarkRead {
        conversation: conversation(1),
        seq: seq(150),
    });
    bob.open(1);
    assert_eq!(bob.screen.items.len(), 50);
    assert!(bob.screen.header.as_ref().unwrap().has_older);
}

#[test]
fn typing_is_shown_until_it_ends_by_itself_or_by_a_message() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.open(1);
    let typing = |person: u128, active: bool| {
        ServerFrame::Typing(Typing {
            conversation: conversation(1),
            user: user(person),
            active,
        })
    };
    let shown = |bob: &Device| {
        let names = bob.screen.header.as_ref().unwrap().typing.clone();
        assert_eq!(names, bob.screen.list[0].typing);
        names
    };
    bob.receive(&typing(ALICE, true));
    bob.receive(&typing(BOB, true));
    assert_eq!(shown(&bob), ["Alice"]);
    bob.pass(5_999);
    assert_eq!(shown(&bob), ["Alice"]);
    bob.pass(1);
    assert!(shown(&bob).is_empty());
    bob.receive(&typing(ALICE, true));
    bob.receive(&typing(ALICE, false));
    assert!(shown(&bob).is_empty());
    bob.receive(&typing(ALICE, true));
    bob.receive(&event(said(1, 1, ALICE, "there")));
    assert!(shown(&bob).is_empty());
    bob.receive(&typing(ALICE, true));
    bob.cut();
    assert!(shown(&bob).is_empty());
}

#[test]
fn ones_own_typing_is_said_sparingly_and_stops_with_the_message() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.sent();
    let press = |bob: &mut Device, active| {
        bob.tell(Command::SetTyping {
            conversation: conversation(1),
            active,
        });
    };
    let said_typing = |bob: &mut Device| -> Vec<bool> {
        let frames = bob.sent();
        frames
            .iter()
            .filter_map(|frame| match frame {
                ClientFrame::Typing(typing) => Some(typing.active),
                _ => None,
            })
            .collect()
    };
    for _ in 0..70 {
        press(&mut bob, true);
        bob.pass(100);
    }
    assert_eq!(said_typing(&mut bob), [true, true, true]);
    press(&mut bob, false);
    press(&mut bob, false);
    assert_eq!(said_typing(&mut bob), [false]);
    press(&mut bob, true);
    bob.write(1, 1, "hello");
    assert_eq!(said_typing(&mut bob), [true, false]);
    bob.cut();
    press(&mut bob, true);
    assert!(said_typing(&mut bob).is_empty());
}

#[test]
fn people_on_the_screen_are_watched() {
    let mut bob = Device::online(vec![direct(1, 0), group(2, 0, &[ALICE, BOB, CAROL])]);
    let watched = |bob: &mut Device| -> Vec<Vec<_>> {
        let frames: Vec<_> = bob.frames.drain(..).collect();
        frames
            .into_iter()
            .filter_map(|frame| match frame {
                ClientFrame::Watch(watch) => Some(watch.users),
                _ => None,
            })
            .collect()
    };
    bob.pass(300);
    assert_eq!(watched(&mut bob), [vec![user(ALICE)]]);
    bob.open(2);
    bob.pass(100);
    bob.tell(Command::CloseTimeline);
    bob.open(2);
    bob.pass(300);
    assert_eq!(watched(&mut bob), [vec![user(ALICE), user(CAROL)]]);
    let presence = |person: u128, state, last_seen| {
        ServerFrame::Presence(Presence {
            user: user(person),
            state,
            last_seen,
        })
    };
    bob.receive(&presence(ALICE, PresenceState::Online, None));
    assert_eq!(
        bob.screen.list.iter().find_map(|item| item.presence),
        Some(PresenceState::Online)
    );
    bob.open(1);
    bob.receive(&presence(ALICE, PresenceState::Offline, Some(Timestamp(5))));
    let header = bob.screen.header.clone().unwrap();
    assert_eq!(
        (header.presence, header.last_seen),
        (Some(PresenceState::Offline), Some(Timestamp(5)))
    );
    // Without a line nobody knows.
    bob.cut();
    assert_eq!(bob.screen.header.clone().unwrap().presence, None);
}

#[test]
fn drafts_are_kept() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.tell(Command::SaveDraft {
        conversation: conversation(1),
        text: "dear al".to_owned(),
    });
    assert_eq!(bob.screen.list[0].draft.as_deref(), Some("dear al"));
    let mut bob = bob.crash();
    bob.open(1);
    assert_eq!(bob.screen.header.as_ref().unwrap().draft, "dear al");
    bob.tell(Command::SaveDraft {
        conversation: conversation(1),
        text: String::new(),
    });
    assert_eq!(bob.screen.list[0].draft, None);
}

#[test]
fn what_one_may_do_follows_the_role() {
    let mut bob = Device::online(vec![group(1, 0, &[ALICE, BOB]), direct(2, 0)]);
    bob.open(1);
    let allowed = bob.screen.header.as_ref().unwrap().allowed;
    assert!(allowed.send && allowed.leave && !allowed.rename && !allowed.add_members);
    let member = pipit_wire::event::MemberRole {
        user: user(BOB),
        role: Role::Admin,
    };
    bob.receive(&event(entry(1, 1, ALICE, EventBody::RoleChanged { member })));
    let allowed = bob.screen.header.as_ref().unwrap().allowed;
    assert!(allowed.rename && allowed.add_members && allowed.remove_members);
    bob.open(2);
    let allowed = bob.screen.header.as_ref().unwrap().allowed;
    assert!(allowed.send && !allowed.leave && !allowed.rename);
}

#[test]
fn several_views_each_see_their_own() {
    let mut bob = Device::online(vec![direct(1, 0), direct(2, 0)]);
    bob.open(1);
    let other = ViewId("window".to_owned());
    let attached = bob.engine.handle(Input::Attach { view: other.clone() }, bob.now);
    let updates: Vec<_> = attached
        .iter()
        .filter_map(|output| match output {
            Output::Update { view, update } if *view == other => Some(update),
            _ => None,
        })
        .collect();
    assert!(
        matches!(
            updates.as_slice(),
            [
                Update::Session { .. },
                Update::Connection { .. },
                Update::Storage { .. },
                Update::Conversations { splices, .. }
            ] if splices.len() == 1 && splices[0].insert.len() == 2
        ),
        "{updates:#?}"
    );
    let open = Input::Command {
        view: other.clone(),
        id: CommandId(1),
        command: Command::OpenTimeline {
            conversation: conversation(2),
        },
    };
    bob.engine.handle(open, bob.now);
    let text = pipit_wire::codec::encode_server(&event(said(2, 1, ALICE, "to two")));
    let outputs = bob.engine.handle(Input::Received { text }, bob.now);
    let shown: Vec<_> = outputs
        .iter()
        .filter_map(|output| match output {
            Output::Update {
                view,
                update: Update::Timeline { .. },
            } => Some(view.0.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(shown, ["window"]);
    // A view that attaches again has an empty screen.
    let again = bob.engine.handle(Input::Attach { view: other.clone() }, bob.now);
    assert!(again.iter().any(|output| matches!(
        output,
        Output::Update { update: Update::Conversations { splices, .. }, .. } if splices[0].insert.len() == 2
    )));
    bob.engine.handle(Input::Detach { view: other }, bob.now);
}

#[test]
fn only_what_changed_is_sent() {
    let mut bob = Device::online(vec![direct(1, 0), direct(2, 0), direct(3, 0)]);
    for number in 1..=20 {
        bob.receive(&event(said(1, number, ALICE, "x")));
    }
    bob.open(1);
    let text = pipit_wire::codec::encode_server(&event(said(1, 21, ALICE, "y")));
    let outputs = bob.engine.handle(Input::Received { text }, bob.now);
    for output in &outputs {
        match output {
            Output::Update {
                update: Update::Timeline { splices, .. },
                ..
            } => assert_eq!(
                (splices.len(), splices[0].remove, splices[0].insert.len()),
                (1, 0, 1)
            ),
            Output::Update {
                update: Update::Conversations { splices, .. },
                ..
            } => assert_eq!(
                (splices.len(), splices[0].remove, splices[0].insert.len()),
                (1, 1, 1)
            ),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(outputs.len(), 2);
}

#[test]
fn a_long_list_is_shown_in_pages() {
    let mut conversations = Vec::new();
    for number in 1..=40 {
        let at = START.plus_ms(-i64::try_from(number).unwrap());
        conversations.push(pipit_wire::frame::ConversationSummary {
            last_at: at,
            ..direct(number, 1)
        });
    }
    let mut bob = Device::online(conversations);
    assert_eq!(bob.screen.list.len(), 30);
    assert!(bob.screen.has_more);
    bob.tell(Command::LoadMoreConversations);
    assert_eq!(bob.screen.list.len(), 40);
    assert!(!bob.screen.has_more);
    let order: Vec<_> = bob.screen.list.iter().map(|item| item.id).collect();
    let expected: Vec<_> = (1..=40).map(conversation).collect();
    assert_eq!(order, expected);
}

#[test]
fn making_conversations_goes_over_http() {
    let mut bob = Device::online(vec![]);
    let id = bob.command(Command::CreateDirect {
        user: user(ALICE),
        encrypted: false,
    });
    let request = bob.answer(
        200,
        &rest::Conversation {
            conversation: direct(1, 1),
        },
    );
    assert_eq!(request.path, "/v1/conversations/direct");
    assert_eq!(request.bearer.as_deref(), Some("access-1"));
    assert_eq!(
        bob.reply_to(id),
        Some(Reply::Conversation {
            conversation: conversation(1)
        })
    );
    assert_eq!(bob.screen.list[0].title, "Alice");
    bob.open(1);
    let id = bob.command(Command::SearchUsers {
        query: "al ice&x".to_owned(),
    });
    while bob
        .calls
        .front()
        .is_some_and(|call| !call.path.starts_with("/v1/users"))
    {
        bob.answer_unreachable();
    }
    let request = bob.answer(
        200,
        &rest::Users {
            items: vec![profile(ALICE)],
        },
    );
    assert_eq!(request.path, "/v1/users?query=al%20ice%26x");
    assert_eq!(
        bob.reply_to(id),
        Some(Reply::Users {
            items: vec![shown(profile(ALICE))]
        })
    );
}

#[test]
fn opening_what_is_not_there_fails_and_a_request_that_gets_no_answer_ends() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    let reply = bob.tell(Command::OpenTimeline {
        conversation: conversation(9),
    });
    assert!(matches!(reply, Reply::Failed { error } if error.code == "not_member"));
    let id = bob.command(Command::ListDevices);
    bob.pass(30_000);
    assert!(matches!(bob.reply_to(id), Some(Reply::Failed { error }) if error.code == "offline"));
}

#[test]
fn history_that_cannot_be_had_now_is_not_waited_for_in_vain() {
    let mut bob = Device::online(vec![direct(1, 200)]);
    bob.open(1);
    assert!(bob.screen.header.as_ref().unwrap().loading_older);
    bob.cut();
    let header = bob.screen.header.clone().unwrap();
    assert!(header.has_older && !header.loading_older);
    bob.go_online(vec![direct(1, 200)]);
    let history = bob.sent().into_iter().find_map(|frame| match frame {
        ClientFrame::History(history) => Some(history),
        _ => None,
    });
    let history = history.expect("what was wanted is asked for again");
    bob.receive(&page(history.id, 1, lines(1, 101..=200), 200));
    assert_eq!(bob.screen.items.len(), 50);
    bob.receive(&ServerFrame::Synced(Synced { id: history.id }));
}
