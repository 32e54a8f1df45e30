//! Edits, deletions, reactions and pins: shown at once, sent once, taken back where they are refused.

use pipit_client::command::{Command, ForwardTarget, Reply};
use pipit_client::storage::Storage;
use pipit_client::view::{ItemBody, ReactionView};
use pipit_wire::event::{EventBody, LastEdit, MessageChange, MessageState, Reaction};
use pipit_wire::frame::client::SendChange;
use pipit_wire::frame::server::{Ack, Page};
use pipit_wire::media::Attachment;
use pipit_wire::{ClientFrame, Content, ErrorCode, Event, EventId, MessageId, Seq, ServerFrame, WireError};

use crate::support::*;

pub(crate) fn change_id(number: u128) -> EventId {
    uuid::Uuid::from_u128(0xca_0000 + number).into()
}

pub(crate) fn edit(text: &str) -> MessageChange {
    MessageChange::edit(Content::text(text))
}

fn react(emoji: &str, on: bool) -> MessageChange {
    MessageChange::React {
        emoji: emoji.to_owned(),
        on,
    }
}

pub(crate) fn changed(number: u64, sender: u128, message: MessageId, change: MessageChange) -> Event {
    entry(1, number, sender, EventBody::MessageChanged { message, change })
}

/// The only change that was sent since the last look.
fn next(bob: &mut Device) -> SendChange {
    let mut sent = sent_changes(bob);
    assert_eq!(sent.len(), 1, "{sent:?}");
    sent.remove(0)
}

fn sent_changes(bob: &mut Device) -> Vec<SendChange> {
    let frames = bob.sent().into_iter();
    let changes = frames.filter_map(|frame| match frame {
        ClientFrame::Change(change) => Some(change),
        _ => None,
    });
    changes.collect()
}

fn ack_of(sent: &SendChange, number: u64) -> ServerFrame {
    ServerFrame::Ack(Ack {
        id: sent.id,
        message: sent.change.id.into(),
        conversation: sent.change.conversation,
        seq: seq(number),
        at: START,
    })
}

/// One's own change as the log has it.
fn echo_of(sent: &SendChange, number: u64) -> ServerFrame {
    event(Event {
        id: sent.change.id,
        ..changed(number, BOB, sent.change.message, sent.change.change.clone())
    })
}

fn code(reply: Reply) -> String {
    match reply {
        Reply::Failed { error } => error.code,
        other => panic!("{other:?}"),
    }
}

fn do_edit(bob: &mut Device, id: u128, message: MessageId, text: &str) -> Reply {
    bob.tell(Command::EditMessage {
        change: change_id(id),
        conversation: conversation(1),
        message,
        text: text.to_owned(),
    })
}

fn do_delete(bob: &mut Device, id: u128, message: MessageId) -> Reply {
    bob.tell(Command::DeleteMessage {
        change: change_id(id),
        conversation: conversation(1),
        message,
    })
}

fn do_react(bob: &mut Device, id: u128, message: MessageId, on: bool) -> Reply {
    bob.tell(Command::React {
        change: change_id(id),
        conversation: conversation(1),
        message,
        emoji: "👍".to_owned(),
        on,
    })
}

fn do_pin(bob: &mut Device, id: u128, message: MessageId, on: bool) -> Reply {
    bob.tell(Command::PinMessage {
        change: change_id(id),
        conversation: conversation(1),
        message,
        on,
    })
}

/// Bob, online, with the conversation open: one message of Alice, then one of his.
fn with_two_messages() -> (Device, MessageId, MessageId) {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.open(1);
    let (hers, his) = (said(1, 1, ALICE, "hers"), said(1, 2, BOB, "his"));
    let ids = (hers.id.into(), his.id.into());
    bob.receive(&event(hers));
    bob.receive(&event(his));
    bob.sent();
    assert_eq!(bob.screen.texts(), ["hers", "his [Sent]"]);
    (bob, ids.0, ids.1)
}

fn body(bob: &Device, place: usize) -> &ItemBody {
    &bob.screen.items[place].body
}

fn reactions(bob: &Device, place: usize) -> Vec<ReactionView> {
    match body(bob, place) {
        ItemBody::Message { reactions, .. } => reactions.clone(),
        other => panic!("{other:?}"),
    }
}

fn edited(bob: &Device, place: usize) -> bool {
    matches!(
        body(bob, place),
        ItemBody::Message {
            edited_at: Some(_),
            ..
        }
    )
}

#[test]
fn an_edit_is_shown_at_once_and_survives_a_crash_until_it_is_in_the_log() {
    let (mut bob, _, his) = with_two_messages();
    assert_eq!(do_edit(&mut bob, 1, his, "better"), Reply::Done);
    assert_eq!(bob.screen.texts(), ["hers", "better [Sent]"]);
    assert!(edited(&bob, 1) && !edited(&bob, 0));
    assert_eq!(bob.screen.list[0].preview.as_ref().unwrap().text, "better");
    let first = next(&mut bob);
    let mut bob = bob.crash();
    let hello = bob.connect();
    let now = bob.now;
    bob.receive(&welcome(&hello, now, vec![direct(1, 2)]));
    let again = next(&mut bob);
    assert_eq!(again.change, first.change);
    bob.receive(&ack_of(&again, 3));
    bob.open(1);
    assert_eq!(bob.screen.texts(), ["hers", "better [Read]"]);
    bob.receive(&echo_of(&again, 3));
    assert_eq!(bob.screen.texts(), ["hers", "better [Read]"]);
    assert!(bob.engine.storage().outbox(conversation(1)).unwrap().is_empty());
    // Repeated by a tab that has not heard of the answer.
    assert_eq!(do_edit(&mut bob, 1, his, "better"), Reply::Done);
    assert!(sent_changes(&mut bob).is_empty());
    let found = bob.engine.storage().search(&words("better")).unwrap();
    assert_eq!(found.len(), 1);
    assert!(bob.engine.storage().search(&words("his")).unwrap().is_empty());
}

#[test]
fn an_entry_of_ones_own_that_does_not_come_is_asked_for() {
    let (mut bob, _, his) = with_two_messages();
    do_edit(&mut bob, 1, his, "better");
    let sent = next(&mut bob);
    bob.receive(&ack_of(&sent, 3));
    assert!(bob.sent().is_empty(), "the entry comes by itself");
    bob.pass(1_000);
    let ClientFrame::Sync(sync) = bob.sent().pop().unwrap() else {
        panic!("did not ask");
    };
    assert_eq!(sync.cursors[0].seq, seq(2));
}

#[test]
fn what_the_server_refuses_is_taken_back_and_said() {
    let (mut bob, hers, his) = with_two_messages();
    do_edit(&mut bob, 1, his, "better");
    do_react(&mut bob, 2, hers, true);
    assert_eq!(bob.screen.texts(), ["hers", "better [Sent]"]);
    let sent = next(&mut bob);
    let error = WireError::new(ErrorCode::WindowClosed, "too late").answering(Some(sent.id));
    bob.receive(&ServerFrame::Error(error));
    assert_eq!(bob.screen.texts(), ["hers", "his [Sent]"]);
    assert_eq!(bob.screen.refused, [(his, "window_closed".to_owned())]);
    // What comes after it goes on.
    assert_eq!(next(&mut bob).change.message, hers);
    assert_eq!(reactions(&bob, 0).len(), 1);
}

#[test]
fn a_message_that_has_not_left_is_changed_where_it_waits() {
    let (mut bob, ..) = with_two_messages();
    bob.cut();
    bob.write(1, 1, "one");
    bob.write(2, 1, "two");
    assert_eq!(do_edit(&mut bob, 1, message(1), "uno"), Reply::Done);
    assert_eq!(do_delete(&mut bob, 2, message(2)), Reply::Done);
    assert_eq!(bob.screen.texts(), ["hers", "his [Sent]", "uno [Queued]"]);
    assert!(!edited(&bob, 2), "nobody ever saw another text");
    bob.go_online(vec![direct(1, 2)]);
    let sent = bob.sent();
    let texts: Vec<_> = sent
        .iter()
        .filter_map(|frame| match frame {
            ClientFrame::Message(sent) => Some(sent.message.content.clone()),
            ClientFrame::Change(_) => panic!("{frame:?}"),
            _ => None,
        })
        .collect();
    assert_eq!(texts, [Content::text("uno")]);
}

#[test]
fn a_message_that_may_have_arrived_is_changed_behind_it() {
    let (mut bob, ..) = with_two_messages();
    bob.write(1, 1, "one");
    let sent = bob.sent_messages().remove(0);
    do_edit(&mut bob, 1, message(1), "uno");
    do_react(&mut bob, 2, message(1), true);
    assert_eq!(bob.screen.texts()[2], "uno [Queued]");
    assert!(bob.sent().is_empty());
    bob.receive(&ack(&sent, 3));
    assert_eq!(bob.screen.texts()[2], "uno [Sent]");
    let first = next(&mut bob);
    assert_eq!(first.change.change, edit("uno"));
    bob.receive(&echo_of(&first, 4));
    assert_eq!(next(&mut bob).change.change, react("👍", true));
}

#[test]
fn changes_of_a_message_that_was_refused_wait_for_it() {
    let (mut bob, ..) = with_two_messages();
    bob.write(1, 1, "one");
    let sent = bob.sent_messages().remove(0);
    do_react(&mut bob, 1, message(1), true);
    let error = WireError::new(ErrorCode::Blocked, "no").answering(Some(sent.id));
    bob.receive(&ServerFrame::Error(error));
    assert!(bob.sent().is_empty());
    assert_eq!(code(do_edit(&mut bob, 2, message(1), "uno")), "out_of_order");
    bob.tell(Command::RetryMessage { message: message(1) });
    let again = bob.sent_messages().remove(0);
    bob.receive(&ack(&again, 3));
    assert_eq!(next(&mut bob).change.message, message(1));

    bob.write(2, 1, "two");
    do_react(&mut bob, 3, message(2), true);
    assert_eq!(do_delete(&mut bob, 4, message(1)), Reply::Done);
    let waiting = bob.engine.storage().outbox(conversation(1)).unwrap();
    bob.tell(Command::DiscardMessage { message: message(2) });
    let left = bob.engine.storage().outbox(conversation(1)).unwrap();
    assert_eq!(left.len(), waiting.len() - 2, "its reaction goes with it");
}

#[test]
fn what_is_undone_before_it_leaves_is_not_sent() {
    let (mut bob, hers, _) = with_two_messages();
    bob.cut();
    do_react(&mut bob, 1, hers, true);
    assert_eq!(
        (reactions(&bob, 0)[0].count, reactions(&bob, 0)[0].mine),
        (1, true)
    );
    do_react(&mut bob, 2, hers, false);
    assert!(reactions(&bob, 0).is_empty());
    do_pin(&mut bob, 3, hers, true);
    assert_eq!(bob.screen.header.as_ref().unwrap().pinned[0].message, hers);
    do_pin(&mut bob, 4, hers, false);
    assert!(bob.screen.header.as_ref().unwrap().pinned.is_empty());
    // What is so already is not sent either.
    do_react(&mut bob, 5, hers, false);
    do_pin(&mut bob, 6, hers, false);
    bob.go_online(vec![direct(1, 2)]);
    assert!(sent_changes(&mut bob).is_empty());
}

#[test]
fn what_others_do_is_shown() {
    let (mut bob, hers, his) = with_two_messages();
    bob.tell(Command::SendMessage {
        message: message(1),
        conversation: conversation(1),
        text: "an answer".to_owned(),
        reply_to: Some(hers),
        attachments: Vec::new(),
        preview: None,
    });
    let sent = bob.sent_messages().remove(0);
    bob.receive(&ack(&sent, 3));
    bob.receive(&event(changed(4, ALICE, hers, edit("hers, edited"))));
    bob.receive(&event(changed(5, ALICE, his, react("❤️", true))));
    bob.receive(&event(changed(6, ALICE, his, MessageChange::Pin { on: true })));
    assert_eq!(
        bob.screen.texts()[..3],
        ["hers, edited", "his [Sent]", "an answer [Sent]"]
    );
    assert!(matches!(body(&bob, 3), ItemBody::Pinned { message } if *message == his));
    assert_eq!(bob.screen.items.len(), 4);
    let reply = |bob: &Device| match body(bob, 2) {
        ItemBody::Message { reply, .. } => reply.clone().unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(reply(&bob).text.as_deref(), Some("hers, edited"));
    let shown = reactions(&bob, 1);
    assert_eq!(
        (shown[0].emoji.as_str(), shown[0].count, shown[0].mine),
        ("❤️", 1, false)
    );
    assert_eq!(shown[0].names, ["Alice"]);
    let pinned = &bob.screen.header.as_ref().unwrap().pinned;
    assert_eq!(
        (pinned.len(), pinned[0].seq, pinned[0].text.as_str()),
        (1, seq(2), "his")
    );
    assert!(matches!(body(&bob, 1), ItemBody::Message { pinned: true, .. }));

    bob.receive(&event(changed(7, ALICE, hers, MessageChange::Delete {})));
    assert!(matches!(body(&bob, 0), ItemBody::Deleted { by: None }));
    assert_eq!(
        (reply(&bob).sender_name.as_deref(), reply(&bob).text),
        (Some("Alice"), None)
    );
    bob.receive(&event(changed(8, ALICE, his, MessageChange::Pin { on: false })));
    bob.receive(&event(changed(9, ALICE, his, react("❤️", false))));
    assert!(bob.screen.header.as_ref().unwrap().pinned.is_empty());
    assert!(reactions(&bob, 1).is_empty());
}

#[test]
fn a_deletion_erases_what_was_said_and_what_waited_for_it() {
    let (mut bob, hers, _) = with_two_messages();
    bob.receive(&event(changed(3, ALICE, hers, edit("edited"))));
    let last = said(1, 4, ALICE, "the last word");
    bob.receive(&event(last.clone()));
    assert_eq!(bob.screen.list[0].preview.as_ref().unwrap().text, "the last word");
    bob.cut();
    do_react(&mut bob, 1, hers, true);
    bob.go_online(vec![direct(1, 4)]);
    let waiting = next(&mut bob);
    bob.receive(&event(changed(5, ALICE, hers, MessageChange::Delete {})));
    bob.receive(&event(changed(
        6,
        ALICE,
        last.id.into(),
        MessageChange::Delete {},
    )));
    let preview = bob.screen.list[0].preview.clone().unwrap();
    assert_eq!((preview.text.as_str(), preview.deleted), ("", true));
    assert!(bob.engine.storage().outbox(conversation(1)).unwrap().is_empty());
    let stored = bob
        .engine
        .storage()
        .entries(conversation(1), Seq::ZERO, seq(9))
        .unwrap();
    let stored = format!("{stored:?}");
    assert!(!stored.contains("hers") && !stored.contains("edited") && !stored.contains("last word"));
    for word in ["hers", "edited", "last"] {
        assert!(
            bob.engine.storage().search(&words(word)).unwrap().is_empty(),
            "{word}"
        );
    }
    // The answer to what had left already means nothing any more.
    let error = WireError::new(ErrorCode::NotFound, "gone").answering(Some(waiting.id));
    bob.receive(&ServerFrame::Error(error));
    assert!(bob.screen.refused.is_empty());
    assert_eq!(code(do_react(&mut bob, 2, hers, true)), "not_found");
}

#[test]
fn the_rules_are_asked_before_anything_waits() {
    let (mut bob, hers, his) = with_two_messages();
    assert_eq!(code(do_edit(&mut bob, 1, hers, "mine")), "forbidden");
    assert_eq!(code(do_delete(&mut bob, 2, hers)), "forbidden");
    assert_eq!(code(do_edit(&mut bob, 3, his, " ")), "invalid_field");
    assert_eq!(code(do_edit(&mut bob, 4, message(77), "x")), "not_found");
    let can = |bob: &Device, place: usize| match body(bob, place) {
        ItemBody::Message { can, .. } => *can,
        other => panic!("{other:?}"),
    };
    let (of_hers, of_his) = (can(&bob, 0), can(&bob, 1));
    assert!(of_hers.reply && of_hers.react && of_hers.pin && !of_hers.edit && !of_hers.delete);
    assert!(of_his.edit && of_his.delete);
    // A day later it can be deleted, and not edited.
    bob.cut();
    bob.now = bob.now.plus_ms(25 * 60 * 60 * 1_000);
    assert_eq!(code(do_edit(&mut bob, 5, his, "late")), "window_closed");
    bob.open(1);
    let of_his = can(&bob, 1);
    assert!(!of_his.edit && of_his.delete);
    assert_eq!(do_delete(&mut bob, 6, his), Reply::Done);
    assert!(matches!(body(&bob, 1), ItemBody::Deleted { by: None }));
}

#[test]
fn a_page_says_what_has_become_of_its_messages() {
    let mut bob = Device::online(vec![direct(1, 300)]);
    bob.open(1);
    let ClientFrame::History(history) = bob.sent().remove(0) else {
        panic!("did not ask");
    };
    let events = lines(1, 201..=300);
    let (edited_one, reacted) = (MessageId::from(events[60].id), MessageId::from(events[70].id));
    let reaction = Reaction {
        emoji: "👍".to_owned(),
        count: 7,
        mine: true,
        users: vec![user(ALICE), user(BOB)],
    };
    let states = vec![
        MessageState {
            message: edited_one,
            edit: Some(LastEdit {
                seq: seq(302),
                at: START,
                content: Content::text("edited later"),
            }),
            reactions: Vec::new(),
            pinned_seq: seq(0),
            poll: None,
        },
        MessageState {
            message: reacted,
            edit: None,
            reactions: vec![reaction],
            pinned_seq: seq(303),
            poll: None,
        },
    ];
    // Meanwhile the log has gone on; what comes live is in the state already, or not.
    bob.receive(&ServerFrame::Page(Page {
        id: history.id,
        conversation: conversation(1),
        events,
        states,
        first_seq: seq(1),
        last_seq: seq(303),
    }));
    let sync = bob.sent().into_iter().find_map(|frame| match frame {
        ClientFrame::Sync(sync) => Some(sync),
        _ => None,
    });
    let entries = vec![
        changed(301, ALICE, reacted, react("👍", true)),
        changed(302, ALICE, edited_one, edit("edited later")),
        changed(303, ALICE, reacted, MessageChange::Pin { on: true }),
        changed(304, CAROL, reacted, react("👍", true)),
    ];
    bob.receive(&catch_up(sync.unwrap().id, 1, entries, 304, false));
    let item = |key: MessageId| bob.screen.items.iter().position(|item| item.key == key).unwrap();
    assert!(bob.screen.texts()[item(edited_one)].starts_with("edited later"));
    assert_eq!(reactions(&bob, item(reacted))[0].count, 8);
    assert_eq!(bob.screen.header.as_ref().unwrap().pinned.len(), 1);
}

#[test]
fn messages_are_forwarded_as_they_stand_now() {
    let mut bob = Device::online(vec![direct(1, 0), direct(2, 0)]);
    let (hers, his) = (said(1, 1, ALICE, "hers"), said(1, 2, BOB, "his"));
    let (hers_id, his_id) = (MessageId::from(hers.id), MessageId::from(his.id));
    bob.receive(&event(hers));
    bob.receive(&event(his));
    bob.receive(&event(changed(3, ALICE, hers_id, edit("hers, edited"))));
    bob.sent();
    let forward = |ids: Vec<MessageId>| Command::ForwardMessages {
        conversation: conversation(1),
        messages: vec![hers_id, his_id],
        to: vec![ForwardTarget {
            conversation: conversation(2),
            ids,
        }],
    };
    assert_eq!(code(bob.tell(forward(vec![message(1)]))), "invalid_field");
    assert_eq!(bob.tell(forward(vec![message(1), message(2)])), Reply::Done);
    let sent = bob.sent_messages().remove(0);
    assert_eq!(sent.message.content, Content::text("hers, edited"));
    assert_eq!(sent.message.conversation, conversation(2));
    bob.receive(&ack(&sent, 1));
    assert_eq!(bob.sent_messages()[0].message.content, Content::text("his"));
    bob.receive(&event(changed(4, ALICE, hers_id, MessageChange::Delete {})));
    assert_eq!(code(bob.tell(forward(vec![message(3), message(4)]))), "not_found");
}

/// Alice's photo, as it is in the log.
fn photo() -> Attachment {
    Attachment {
        name: "lake.jpg".to_owned(),
        media_type: "image/jpeg".to_owned(),
        size: 900,
        caption: Some("the lake".to_owned()),
        ..Attachment::of(uuid::Uuid::from_u128(0xb1_0001).into())
    }
}

fn with_photo(mut event: Event) -> Event {
    if let EventBody::Message {
        content: Content::Plain { attachments, .. },
        ..
    } = &mut event.body
    {
        attachments.push(photo());
    }
    event
}

#[test]
fn files_are_forwarded_with_their_messages_and_not_sent_anew() {
    let both_places = vec![direct(1, 0), direct(2, 0)];
    let mut bob = Device::online(both_places.clone());
    let (hers, his) = (with_photo(said(1, 1, ALICE, "")), said(1, 2, BOB, "his"));
    let both = vec![MessageId::from(hers.id), MessageId::from(his.id)];
    bob.receive(&event(hers));
    bob.receive(&event(his));
    bob.open(2);
    bob.sent();
    bob.calls.clear();
    bob.cut();
    let reply = bob.tell(Command::ForwardMessages {
        conversation: conversation(1),
        messages: both,
        to: vec![ForwardTarget {
            conversation: conversation(2),
            ids: vec![message(1), message(2)],
        }],
    });
    assert_eq!(reply, Reply::Done);
    let ItemBody::Message { attachments, .. } = &bob.screen.items[0].body else {
        panic!("not a message")
    };
    assert_eq!((&attachments[0].file, &attachments[0].upload), (&photo(), &None));

    let mut bob = bob.crash();
    bob.go_online(both_places);
    let sent = bob.sent_messages();
    let content = Content::Plain {
        text: String::new(),
        attachments: vec![photo()],
        poll: None,
        preview: None,
    };
    assert_eq!(sent[0].message.content, content);
    assert!(bob.calls.iter().all(|call| !call.path.starts_with("/v1/uploads")));
    bob.receive(&ack(&sent[0], 1));
    assert_eq!(bob.sent_messages()[0].message.content, Content::text("his"));
    assert_eq!(bob.dropped_files, [], "they were never here");
}

#[test]
fn previews_answers_and_pins_say_which_files_there_are() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.open(1);
    let hers = with_photo(said(1, 1, ALICE, ""));
    let photo_id = MessageId::from(hers.id);
    bob.receive(&event(hers));
    assert_eq!(
        bob.screen.list[0].preview.as_ref().unwrap().attachments,
        [photo()]
    );
    bob.receive(&event(changed(
        2,
        ALICE,
        photo_id,
        MessageChange::Pin { on: true },
    )));
    let mut answer = said(1, 3, ALICE, "look");
    if let EventBody::Message { reply_to, .. } = &mut answer.body {
        *reply_to = Some(photo_id);
    }
    bob.receive(&event(answer));
    let answered = |bob: &Device| match &bob.screen.items.last().unwrap().body {
        ItemBody::Message { reply, .. } => reply.clone().unwrap().attachments,
        other => panic!("{other:?}"),
    };
    assert_eq!(answered(&bob), [photo()]);
    let pins = |bob: &Device| bob.screen.header.as_ref().unwrap().pinned.clone();
    assert_eq!(pins(&bob)[0].attachments, [photo()]);

    bob.receive(&event(changed(4, ALICE, photo_id, MessageChange::Delete {})));
    assert_eq!(answered(&bob), []);
    assert!(pins(&bob).is_empty());
}

#[test]
fn the_edits_of_a_message_are_listed() {
    let (mut bob, hers, _) = with_two_messages();
    bob.receive(&event(changed(3, ALICE, hers, edit("hers, edited"))));
    bob.receive(&event(changed(4, ALICE, hers, edit("hers, once more"))));
    let list = Command::ListEdits {
        conversation: conversation(1),
        message: hers,
    };
    let Reply::Edits { items } = bob.tell(list.clone()) else {
        panic!("no edits");
    };
    let texts: Vec<_> = items.iter().map(|item| item.text.as_str()).collect();
    assert_eq!(texts, ["hers", "hers, edited", "hers, once more"]);
    bob.receive(&event(changed(5, ALICE, hers, MessageChange::Delete {})));
    assert_eq!(code(bob.tell(list)), "not_found");
}

#[test]
fn who_reacted_and_who_has_read_is_asked_of_the_server() {
    let (mut bob, hers, his) = with_two_messages();
    bob.calls.clear();
    let asked = bob.command(Command::ListReactions {
        conversation: conversation(1),
        message: hers,
    });
    let body = serde_json::json!({"items": [{"emoji": "👍", "profile": profile(ALICE), "seq": 7}]});
    let request = bob.answer(200, &body);
    assert_eq!(
        request.path,
        format!("/v1/conversations/{}/messages/{hers}/reactions", conversation(1))
    );
    let Some(Reply::Reactions { items }) = bob.reply_to(asked) else {
        panic!("no reactions");
    };
    assert_eq!(
        (items[0].emoji.as_str(), items[0].profile.name.as_str()),
        ("👍", "Alice")
    );

    let info = |message| Command::GetMessageInfo {
        conversation: conversation(1),
        message,
    };
    assert_eq!(code(bob.tell(info(hers))), "forbidden");
    let asked = bob.command(info(his));
    let members = [
        member(ALICE, pipit_wire::event::Role::Member, 2, 1),
        member(BOB, pipit_wire::event::Role::Member, 2, 2),
    ];
    bob.answer(200, &serde_json::json!({ "items": members }));
    let Some(Reply::MessageInfo { items, total }) = bob.reply_to(asked) else {
        panic!("no info");
    };
    assert_eq!((items.len(), total), (1, 1));
    assert_eq!((items[0].delivered, items[0].read), (true, false));
}

#[test]
fn a_log_that_is_shorter_takes_back_what_came_after_its_end() {
    let (mut bob, hers, _) = with_two_messages();
    bob.receive(&event(changed(3, ALICE, hers, react("👍", true))));
    bob.receive(&event(changed(4, ALICE, hers, edit("hers, edited"))));
    assert_eq!(bob.screen.texts()[0], "hers, edited");
    bob.cut();
    let hello = bob.connect();
    let now = bob.now;
    bob.receive(&welcome(&hello, now, vec![direct(1, 3)]));
    bob.receive(&catch_up(hello.id, 1, Vec::new(), 3, false));
    assert_eq!(bob.screen.texts()[0], "hers");
    assert_eq!(reactions(&bob, 0)[0].count, 1);
    assert_eq!(bob.engine.storage().search(&words("hers")).unwrap().len(), 1);
    assert!(bob.engine.storage().search(&words("edited")).unwrap().is_empty());
}
