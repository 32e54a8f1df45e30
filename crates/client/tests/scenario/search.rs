//! Searching: the server's answer, and the device's own where there is no line.

use crate::support::*;
use pipit_client::command::{Command, Reply};
use pipit_client::search::{FoundBy, SearchResults};
use pipit_client::storage::Storage;
use pipit_wire::frame::Personal;
use pipit_wire::rest::{self, ExcerptPart, Found};
use pipit_wire::{ErrorCode, Timestamp, WireError};

fn search(query: &str) -> Command {
    Command::Search {
        query: query.to_owned(),
        conversation: None,
        after: None,
        utc_offset_min: 60,
    }
}

fn results(reply: Option<Reply>) -> SearchResults {
    match reply {
        Some(Reply::SearchResults { results }) => results,
        other => panic!("nothing was found: {other:?}"),
    }
}

fn texts(results: &SearchResults) -> Vec<String> {
    let text = |part: &ExcerptPart| {
        if part.hit {
            format!("[{}]", part.text)
        } else {
            part.text.clone()
        }
    };
    let messages = results.messages.iter();
    messages
        .map(|message| message.excerpt.iter().map(text).collect())
        .collect()
}

/// A device that holds a few messages of a group and of a direct conversation.
fn device() -> Device {
    let mut device = Device::online(vec![group(1, 3, &[ALICE, BOB]), direct(2, 1)]);
    device.receive(&event(said(1, 4, ALICE, "Tea at five?")));
    device.receive(&event(said(1, 5, BOB, "Tea it is")));
    device.receive(&event(said(2, 2, ALICE, "No tea for me")));
    device
}

#[test]
fn the_server_answers_while_it_can_be_reached() {
    let mut device = device();
    let id = device.command(search("tea & more"));
    let found = Found {
        people: vec![profile(7)],
        conversations: vec![group(3, 9, &[BOB, 7])],
        messages: vec![rest::FoundMessage {
            conversation: conversation(3),
            seq: seq(2),
            message: message(99),
            sender: profile(7),
            at: device.now,
            excerpt: vec![ExcerptPart {
                text: "tea".to_owned(),
                hit: true,
            }],
        }],
        next: Some("more".to_owned()),
        complete: true,
    };
    let request = device.answer(200, &found);
    assert_eq!(
        request.path,
        "/v1/search?query=tea%20%26%20more&limit=20&utc_offset_min=60"
    );
    assert!(request.bearer.is_some());
    let results = results(device.reply_to(id));
    assert_eq!(
        (results.by, results.next.as_deref()),
        (FoundBy::Server, Some("more"))
    );
    assert_eq!(results.people, [shown(profile(7))]);
    assert_eq!(texts(&results), ["[tea]"]);
    // It can be opened: the device knows it now.
    assert_eq!(results.conversations[0].id, conversation(3));
    assert!(
        device
            .engine
            .storage()
            .conversation(conversation(3))
            .unwrap()
            .is_some()
    );
    assert!(!results.messages[0].title.is_empty());
}

#[test]
fn what_one_has_deleted_for_oneself_is_not_among_what_the_server_finds() {
    let mut known = group(1, 5, &[ALICE, BOB]);
    known.personal = Personal {
        changed_at: Timestamp(1),
        hidden: std::iter::once(seq(4)).collect(),
        ..Personal::default()
    };
    let mut device = Device::online(vec![known]);
    let id = device.command(search("tea"));
    let hit = |place: u64| rest::FoundMessage {
        conversation: conversation(1),
        seq: seq(place),
        message: message(u128::from(place)),
        sender: profile(ALICE),
        at: Timestamp(1),
        excerpt: Vec::new(),
    };
    let found = Found {
        people: Vec::new(),
        conversations: Vec::new(),
        messages: vec![hit(5), hit(4)],
        next: None,
        complete: true,
    };
    device.answer(200, &found);
    let results = results(device.reply_to(id));
    let places: Vec<u64> = results.messages.iter().map(|hit| hit.seq.get()).collect();
    assert_eq!(places, [5]);
}

#[test]
fn the_device_answers_without_a_line() {
    let mut device = device();
    device.cut();
    let id = device.command(search("tea"));
    let found = results(device.reply_to(id));
    assert_eq!(found.by, FoundBy::Device);
    assert_eq!(texts(&found).len(), 3);
    assert!(texts(&found).contains(&"[Tea] it is".to_owned()));
    let id = device.command(search("from:me tea"));
    let mine = results(device.reply_to(id));
    assert_eq!(texts(&mine), ["[Tea] it is"]);
    assert!(mine.messages[0].mine);
    let id = device.command(search(&profile(ALICE).handle));
    assert_eq!(results(device.reply_to(id)).people, [shown(profile(ALICE))]);
}

#[test]
fn a_request_that_is_lost_is_answered_by_the_device() {
    let mut device = device();
    let id = device.command(search("tea"));
    device.answer_unreachable();
    assert_eq!(results(device.reply_to(id)).by, FoundBy::Device);
}

#[test]
fn what_is_refused_is_said() {
    let mut device = device();
    let id = device.command(search("tea"));
    device.answer(429, &WireError::new(ErrorCode::RateLimited, "").after_ms(100));
    let Some(Reply::Failed { error }) = device.reply_to(id) else {
        panic!("it was not refused");
    };
    assert_eq!(error.code, "rate_limited");
    device.cut();
    let id = device.command(search("\"\""));
    let Some(Reply::Failed { error }) = device.reply_to(id) else {
        panic!("there is nothing to look for");
    };
    assert_eq!(
        (error.code.as_str(), error.field.as_deref()),
        ("invalid_field", Some("query"))
    );
}
