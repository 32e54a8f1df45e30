//! The line: when it is made, given up, and tried again.

use crate::support::*;
use pipit_client::command::Command;
use pipit_client::io::Input;
use pipit_client::view::ConnectionView;
use pipit_wire::frame::PresenceState;
use pipit_wire::frame::server::{Goodbye, GoodbyeReason, Pong};
use pipit_wire::{ClientFrame, ServerFrame};

fn wait_ms(bob: &Device) -> i64 {
    match bob.screen.connection {
        Some(ConnectionView::Waiting { retry_at }) => retry_at.since_ms(bob.now),
        other => panic!("not waiting: {other:?}"),
    }
}

#[test]
fn waits_grow_to_half_a_minute_and_no_further() {
    let mut bob = Device::signed_in();
    bob.pass(0);
    let mut waits = Vec::new();
    for _ in 0..40 {
        bob.input(Input::Disconnected);
        let wait = wait_ms(&bob);
        waits.push(wait);
        bob.pass(wait);
        assert_eq!(bob.screen.connection, Some(ConnectionView::Connecting));
    }
    assert!(waits[0] <= 1_000, "{waits:?}");
    assert!(waits[1] <= 2_000, "{waits:?}");
    assert!(waits.iter().all(|wait| (0..=30_000).contains(wait)), "{waits:?}");
    assert!(waits.iter().any(|wait| *wait > 15_000), "{waits:?}");
    let mut distinct = waits.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert!(distinct.len() > 30, "no jitter: {waits:?}");
}

#[test]
fn a_hint_makes_the_next_try_at_once() {
    for hint in [
        Command::SetOnline { online: true },
        Command::SetVisible { visible: true },
    ] {
        let mut bob = Device::signed_in();
        bob.pass(0);
        for _ in 0..20 {
            bob.input(Input::Disconnected);
            bob.line.clear();
            bob.tell(hint.clone());
            assert_eq!(bob.line, ["connect"]);
        }
    }
}

#[test]
fn a_minute_of_a_good_line_forgets_the_failures() {
    let mut bob = Device::signed_in();
    bob.pass(0);
    for _ in 0..10 {
        bob.input(Input::Disconnected);
        bob.pass(30_000);
    }
    let hello = bob.connect();
    let now = bob.now;
    bob.receive(&welcome(&hello, now, vec![]));
    for _ in 0..4 {
        bob.pass(20_000);
        bob.receive(&ServerFrame::Unknown);
    }
    bob.cut();
    assert!(wait_ms(&bob) <= 1_000);
}

#[test]
fn a_quiet_line_is_asked_and_a_dead_one_dropped() {
    let mut bob = Device::online(vec![]);
    bob.sent();
    bob.pass(24_999);
    assert!(bob.sent().is_empty());
    bob.pass(1);
    let sent = bob.sent();
    let [ClientFrame::Ping(ping)] = sent.as_slice() else {
        panic!("{sent:?}");
    };
    bob.receive(&ServerFrame::Pong(Pong { id: ping.id }));
    bob.pass(25_000);
    assert!(matches!(bob.sent().as_slice(), [ClientFrame::Ping(_)]));
    bob.line.clear();
    bob.pass(10_000);
    assert_eq!(bob.line.first(), Some(&"disconnect"));
}

#[test]
fn a_connection_that_is_not_made_or_welcomed_in_time_is_given_up() {
    let mut bob = Device::signed_in();
    bob.pass(0);
    bob.pass(19_999);
    assert_eq!(bob.screen.connection, Some(ConnectionView::Connecting));
    bob.line.clear();
    bob.pass(1);
    assert_eq!(bob.line, ["disconnect"]);

    bob.connect();
    bob.line.clear();
    bob.pass(20_000);
    assert_eq!(bob.line.first(), Some(&"disconnect"));
}

#[test]
fn a_goodbye_says_when_to_come_back() {
    let mut bob = Device::online(vec![]);
    bob.receive(&ServerFrame::Goodbye(Goodbye {
        reason: GoodbyeReason::Shutdown,
        reconnect_after_ms: 4_000,
    }));
    let wait = wait_ms(&bob);
    assert!((4_000..=5_000).contains(&wait), "{wait}");
    // The driver's word that the socket is gone comes after it, and changes nothing.
    bob.input(Input::Disconnected);
    assert_eq!(wait_ms(&bob), wait);
}

#[test]
fn two_engines_of_one_device_do_not_push_each_other_out_in_a_circle() {
    let mut bob = Device::online(vec![]);
    bob.receive(&ServerFrame::Goodbye(Goodbye {
        reason: GoodbyeReason::Replaced,
        reconnect_after_ms: 0,
    }));
    assert!(wait_ms(&bob) >= 10_000);
}

#[test]
fn without_a_network_it_is_offline_until_there_is_one() {
    let mut bob = Device::online(vec![]);
    bob.line.clear();
    bob.tell(Command::SetOnline { online: false });
    assert_eq!(bob.screen.connection, Some(ConnectionView::Offline));
    assert_eq!(bob.line, ["disconnect"]);
    bob.pass(5_000);
    assert_eq!(bob.line, ["disconnect"]);
    bob.tell(Command::SetOnline { online: true });
    assert_eq!(bob.line, ["disconnect", "connect"]);
}

#[test]
fn presence_follows_the_views() {
    let mut bob = Device::signed_in();
    assert_eq!(bob.connect().presence, PresenceState::Online);
    bob.cut();
    bob.tell(Command::SetVisible { visible: false });
    let hello = bob.connect();
    assert_eq!(hello.presence, PresenceState::Away);
    let now = bob.now;
    bob.receive(&welcome(&hello, now, vec![]));
    bob.frames.clear();
    bob.tell(Command::SetVisible { visible: true });
    bob.tell(Command::SetVisible { visible: true });
    assert_eq!(bob.frames.len(), 1, "{:?}", bob.frames);
    assert!(
        matches!(&bob.frames[0], ClientFrame::Presence(presence) if presence.state == PresenceState::Online)
    );
}

#[test]
fn the_servers_clock_is_measured() {
    let mut bob = Device::signed_in();
    let hello = bob.connect();
    let theirs = bob.now.plus_ms(3_600_000);
    bob.receive(&welcome(&hello, theirs, vec![direct(1, 3)]));
    // Waits in the list at the server's time, so that it stands above what others wrote before.
    bob.write(1, 1, "hello");
    assert_eq!(bob.screen.list[0].last_at, theirs);
}
