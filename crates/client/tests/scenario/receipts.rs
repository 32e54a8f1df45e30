//! One's own markers, and the counts that follow from them.

use pipit_client::command::Command;
use pipit_wire::frame::server::Synced;
use pipit_wire::{ErrorCode, ServerFrame, WireError};
use proptest::prelude::*;

use crate::support::*;

fn read(bob: &mut Device, place: u128, number: u64) {
    bob.tell(Command::MarkRead {
        conversation: conversation(place),
        seq: seq(number),
    });
}

fn said_markers(bob: &mut Device) -> Vec<(u64, u64)> {
    let receipts = bob.sent_receipts();
    receipts
        .iter()
        .map(|receipt| (receipt.delivered_seq.get(), receipt.read_seq.get()))
        .collect()
}

#[test]
fn what_is_stored_is_said_to_be_delivered_once_it_settles() {
    let mut bob = Device::online(vec![direct(1, 2)]);
    for number in 3..=9 {
        bob.receive(&event(said(1, number, ALICE, "x")));
        bob.pass(10);
    }
    assert_eq!(said_markers(&mut bob), []);
    bob.pass(250);
    assert_eq!(said_markers(&mut bob), [(9, 2)]);
    bob.pass(10_000);
    assert_eq!(said_markers(&mut bob), []);
}

#[test]
fn reading_goes_forward_only_and_implies_delivery() {
    let mut bob = Device::online(vec![direct(1, 2)]);
    for number in 3..=6 {
        bob.receive(&event(said(1, number, ALICE, "x")));
    }
    assert_eq!(bob.unread(1), 4);
    read(&mut bob, 1, 4);
    read(&mut bob, 1, 3);
    assert_eq!(bob.unread(1), 2);
    bob.pass(250);
    assert_eq!(said_markers(&mut bob), [(6, 4)]);
    // Nobody reads what does not exist.
    read(&mut bob, 1, 1_000);
    bob.pass(250);
    assert_eq!(said_markers(&mut bob), [(6, 6)]);
    assert_eq!(bob.unread(1), 0);
}

#[test]
fn a_receipt_read_offline_is_sent_later_and_until_the_server_is_known_to_have_it() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    for number in 1..=3 {
        bob.receive(&event(said(1, number, ALICE, "x")));
    }
    bob.cut();
    read(&mut bob, 1, 3);
    let mut bob = bob.crash();
    assert_eq!(bob.unread(1), 0);
    bob.go_online(vec![behind(direct(1, 3), 0, 0, 3)]);
    assert_eq!(
        bob.unread(1),
        0,
        "an old summary does not make read messages unread"
    );
    bob.pass(250);
    assert_eq!(said_markers(&mut bob), [(3, 3)]);
    // The line breaks; nobody knows whether it arrived.
    bob.cut();
    bob.go_online(vec![behind(direct(1, 3), 0, 0, 3)]);
    bob.pass(250);
    assert_eq!(said_markers(&mut bob), [(3, 3)]);
    bob.cut();
    bob.go_online(vec![direct(1, 3)]);
    bob.pass(250);
    assert_eq!(said_markers(&mut bob), []);
}

#[test]
fn a_receipt_that_was_refused_for_now_is_said_again() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.receive(&event(said(1, 1, ALICE, "x")));
    bob.pass(250);
    assert_eq!(said_markers(&mut bob), [(1, 0)]);
    let error = WireError::new(ErrorCode::RateLimited, "slowly").after_ms(700);
    bob.receive(&ServerFrame::Error(error));
    bob.pass(699);
    assert_eq!(said_markers(&mut bob), []);
    bob.pass(1);
    assert_eq!(said_markers(&mut bob), [(1, 0)]);
}

#[test]
fn another_device_reads_and_this_one_follows() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    for number in 1..=5 {
        bob.receive(&event(said(1, number, ALICE, "x")));
    }
    bob.pass(250);
    bob.sent();
    bob.receive(&receipt(1, BOB, 5, 4));
    assert_eq!(bob.unread(1), 1);
    read(&mut bob, 1, 4);
    bob.pass(250);
    assert_eq!(said_markers(&mut bob), []);
}

#[test]
fn a_hidden_view_reads_when_it_is_seen() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.tell(Command::SetVisible { visible: false });
    bob.receive(&event(said(1, 1, ALICE, "x")));
    read(&mut bob, 1, 1);
    assert_eq!(bob.unread(1), 1);
    bob.tell(Command::SetVisible { visible: true });
    assert_eq!(bob.unread(1), 0);
}

#[test]
fn delivered_stops_at_a_hole() {
    let mut bob = Device::online(vec![direct(1, 2)]);
    bob.cut();
    let hello = bob.connect();
    let now = bob.now;
    bob.receive(&welcome(&hello, now, vec![behind(direct(1, 400), 2, 2, 398)]));
    bob.receive(&catch_up(hello.id, 1, vec![], 400, true));
    bob.receive(&ServerFrame::Synced(Synced { id: hello.id }));
    bob.receive(&event(said(1, 401, ALICE, "x")));
    bob.pass(250);
    assert_eq!(
        said_markers(&mut bob),
        [],
        "said what is not here to be delivered"
    );
    read(&mut bob, 1, 401);
    bob.pass(250);
    assert_eq!(said_markers(&mut bob), [(401, 401)]);
}

#[test]
fn where_this_device_cannot_count_it_asks_the_server() {
    let mut bob = Device::online(vec![direct(1, 2)]);
    bob.cut();
    let hello = bob.connect();
    let now = bob.now;
    bob.receive(&welcome(&hello, now, vec![behind(direct(1, 400), 2, 2, 398)]));
    bob.receive(&catch_up(hello.id, 1, vec![], 400, true));
    bob.receive(&ServerFrame::Synced(Synced { id: hello.id }));
    bob.calls.clear();
    // Another device reads into the hole.
    bob.receive(&receipt(1, BOB, 150, 150));
    let request = bob.answer(
        200,
        &pipit_wire::rest::Conversation {
            conversation: behind(direct(1, 400), 150, 150, 249),
        },
    );
    assert_eq!(request.path, format!("/v1/conversations/{}", conversation(1)));
    assert_eq!(bob.unread(1), 249);
    bob.receive(&event(said(1, 401, ALICE, "x")));
    assert_eq!(bob.unread(1), 250);
    assert!(bob.calls.is_empty());
}

/// A step in the life of one conversation.
#[derive(Clone, Debug)]
enum Step {
    Alice,
    Bob,
    Read(u64),
    OtherDeviceReads(u64),
    Pass,
    Cut,
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Alice),
        2 => Just(Step::Bob),
        2 => (0_u64..40).prop_map(Step::Read),
        1 => (0_u64..40).prop_map(Step::OtherDeviceReads),
        1 => Just(Step::Pass),
        1 => Just(Step::Cut),
        1 => Just(Step::Crash),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens, in whatever order: the count is what a full recount gives, and markers that are said only go forward.
    #[test]
    fn unread_is_what_a_recount_gives(steps in prop::collection::vec(step(), 1..40)) {
        let mut log: Vec<bool> = Vec::new();
        let mut marker = 0_u64;
        let mut said_last = (0, 0);
        let mut bob = Device::online(vec![direct(1, 0)]);
        let mut online = true;
        for step in steps {
            let length = u64::try_from(log.len()).unwrap();
            match step {
                Step::Alice | Step::Bob => {
                    let by_alice = matches!(step, Step::Alice);
                    log.push(by_alice);
                    if online {
                        let sender = if by_alice { ALICE } else { BOB };
                        bob.receive(&event(said(1, length + 1, sender, "x")));
                    }
                }
                Step::Read(seq) if online => {
                    read(&mut bob, 1, seq);
                    marker = marker.max(seq.min(length));
                }
                Step::OtherDeviceReads(seq) if online && seq <= length => {
                    bob.receive(&receipt(1, BOB, seq, seq));
                    marker = marker.max(seq);
                }
                Step::Read(_) | Step::OtherDeviceReads(_) => {}
                Step::Pass => bob.pass(300),
                Step::Cut => {
                    bob.cut();
                    online = false;
                }
                Step::Crash => {
                    bob = bob.crash();
                    online = false;
                }
            }
            for markers in said_markers(&mut bob) {
                prop_assert!(markers.0 >= said_last.0 && markers.1 >= said_last.1 && markers.1 <= markers.0);
                prop_assert!(markers.0 <= u64::try_from(log.len()).unwrap());
                said_last = markers;
            }
            if !online && matches!(step, Step::Alice | Step::Bob) {
                bob = resume(bob, &log, marker);
                online = true;
                said_last = (0, 0);
            }
            if online {
                let after = usize::try_from(marker).unwrap();
                let recount = log[after..].iter().filter(|by_alice| **by_alice).count();
                prop_assert_eq!(bob.unread(1), u32::try_from(recount).unwrap());
            }
        }
    }
}

/// The line returns, and the server has not heard of what Bob has read here.
fn resume(mut bob: Device, log: &[bool], marker: u64) -> Device {
    let hello = bob.connect();
    let last = u64::try_from(log.len()).unwrap();
    let after = usize::try_from(marker).unwrap();
    let unread = log[after..].iter().filter(|by_alice| **by_alice).count();
    let now = bob.now;
    let summary = behind(direct(1, last), marker, marker, u32::try_from(unread).unwrap());
    bob.receive(&welcome(&hello, now, vec![summary]));
    let from = hello.cursors[0].seq.get() + 1;
    let events = (from..=last)
        .map(|number| {
            let by_alice = log[usize::try_from(number).unwrap() - 1];
            said(1, number, if by_alice { ALICE } else { BOB }, "x")
        })
        .collect();
    bob.receive(&catch_up(hello.id, 1, events, last, false));
    bob.receive(&ServerFrame::Synced(Synced { id: hello.id }));
    bob
}
