//! A timeline that is opened at an older place of the log.

use pipit_client::command::{Command, Reply};
use pipit_wire::frame::client::History;
use pipit_wire::frame::server::Page;
use pipit_wire::rest::Place;
use pipit_wire::{ClientFrame, ServerFrame, Timestamp};

use crate::support::*;

fn open_at(bob: &mut Device, place: u64) -> Reply {
    bob.screen.items.clear();
    bob.screen.header = None;
    bob.tell(Command::OpenTimelineAt {
        conversation: conversation(1),
        seq: seq(place),
    })
}

fn asked(bob: &mut Device) -> History {
    let asked = bob.sent().into_iter().find_map(|frame| match frame {
        ClientFrame::History(history) => Some(history),
        _ => None,
    });
    asked.expect("did not ask")
}

/// The server's answer, of a log of 1,000 lines.
fn answer(bob: &mut Device, history: &History) {
    let (first, last) = match (history.before_seq, history.after_seq) {
        (Some(before), None) => (before.get().saturating_sub(100).max(1), before.get() - 1),
        (None, Some(after)) => (after.get() + 1, (after.get() + 100).min(1_000)),
        other => panic!("{other:?}"),
    };
    bob.receive(&ServerFrame::Page(Page {
        id: history.id,
        conversation: conversation(1),
        events: lines(1, first..=last),
        states: Vec::new(),
        first_seq: seq(1),
        last_seq: seq(1_000),
    }));
}

/// The first and last line that are shown, without a hole between them.
fn shown(bob: &Device) -> (u64, u64) {
    let seqs: Vec<u64> = bob
        .screen
        .items
        .iter()
        .filter_map(|item| item.seq.map(pipit_wire::Seq::get))
        .collect();
    for pair in seqs.windows(2) {
        assert_eq!(pair[1], pair[0] + 1, "a hole");
    }
    (seqs[0], seqs[seqs.len() - 1])
}

fn has_newer(bob: &Device) -> bool {
    bob.screen.header.as_ref().unwrap().has_newer
}

/// Bob, online, with the newest page of a log of 1,000 lines.
fn with_the_newest_page() -> Device {
    let mut bob = Device::online(vec![direct(1, 1_000)]);
    bob.open(1);
    let history = asked(&mut bob);
    answer(&mut bob, &history);
    assert_eq!(shown(&bob), (951, 1_000));
    bob.sent();
    bob
}

#[test]
fn a_place_far_back_is_fetched_and_lengthened_to_the_end() {
    let mut bob = with_the_newest_page();
    assert_eq!(open_at(&mut bob, 400), Reply::Done);
    assert!(bob.screen.items.is_empty());
    let history = asked(&mut bob);
    answer(&mut bob, &history);
    assert_eq!(shown(&bob), (376, 425));
    assert!(has_newer(&bob));
    // What is written elsewhere meanwhile, or waits here, belongs to the end.
    bob.receive(&event(said(1, 1_001, ALICE, "live")));
    bob.write(1, 1, "mine");
    assert_eq!(shown(&bob), (376, 425));
    bob.tell(Command::LoadOlder);
    assert_eq!(shown(&bob).0, 351);
    for _ in 0..40 {
        if !has_newer(&bob) {
            break;
        }
        let before = shown(&bob).1;
        bob.sent();
        bob.tell(Command::LoadNewer);
        if shown(&bob).1 == before {
            let history = asked(&mut bob);
            answer(&mut bob, &history);
        }
        assert!(shown(&bob).1 > before);
    }
    let texts = bob.screen.texts();
    assert_eq!(texts[texts.len() - 2..], ["live", "mine [Queued]"]);
    // It follows the end again.
    bob.receive(&event(said(1, 1_002, ALICE, "live again")));
    assert!(bob.screen.texts().contains(&"live again".to_owned()));
}

#[test]
fn a_place_in_the_newest_part_needs_no_server() {
    let mut bob = with_the_newest_page();
    bob.cut();
    assert_eq!(open_at(&mut bob, 980), Reply::Done);
    assert_eq!(shown(&bob), (906, 1_000));
    assert!(!has_newer(&bob));
    let code = match open_at(&mut bob, 400) {
        Reply::Failed { error } => error.code,
        other => panic!("{other:?}"),
    };
    assert_eq!(code, "offline");
}

#[test]
fn a_place_that_is_not_to_be_had_is_the_end() {
    let mut bob = with_the_newest_page();
    assert_eq!(open_at(&mut bob, 400), Reply::Done);
    let history = asked(&mut bob);
    let nothing = page(history.id, 1, Vec::new(), 1_000);
    bob.receive(&nothing);
    assert_eq!(shown(&bob), (951, 1_000));
    assert!(!has_newer(&bob));
}

#[test]
fn the_end_is_one_command_away() {
    let mut bob = with_the_newest_page();
    open_at(&mut bob, 400);
    let history = asked(&mut bob);
    answer(&mut bob, &history);
    bob.open(1);
    assert_eq!(shown(&bob), (951, 1_000));
    // The place is on this device now, and shown at once; what has become of it is asked for anew.
    assert_eq!(open_at(&mut bob, 400), Reply::Done);
    assert_eq!(shown(&bob), (376, 425));
    let history = asked(&mut bob);
    answer(&mut bob, &history);
    assert_eq!(shown(&bob), (376, 425));
}

#[test]
fn a_moment_is_found_by_the_server_and_without_a_line_among_what_is_here() {
    let mut bob = with_the_newest_page();
    let written = |number: u64| lines(1, number..=number).remove(0).at;
    let ask = |at: Timestamp| Command::FindPlace {
        conversation: conversation(1),
        at,
    };
    let asked = bob.command(ask(written(400)));
    bob.calls.retain(|call| call.path.contains("/place"));
    let request = bob.answer(200, &Place { seq: seq(400) });
    let path = format!(
        "/v1/conversations/{}/place?at={}",
        conversation(1),
        written(400).as_ms()
    );
    assert_eq!(request.path, path);
    assert_eq!(bob.reply_to(asked), Some(Reply::Place { seq: seq(400) }));
    bob.cut();
    let late = Timestamp(written(1_000).as_ms() + 1);
    for (at, found) in [
        (written(970), 970),
        (Timestamp(written(970).as_ms() - 1), 970),
        (written(400), 901),
        (late, 1_000),
    ] {
        assert_eq!(bob.tell(ask(at)), Reply::Place { seq: seq(found) }, "{at:?}");
    }
}
