//! Signing in and out, and the tokens.

use crate::support::*;
use pipit_client::command::{AccountForm, Command, Reply};
use pipit_client::storage::Storage;
use pipit_client::view::{ConnectionView, SessionView};
use pipit_wire::rest::ServerInfo;
use pipit_wire::{ClientFrame, ErrorCode, Limits, PROTOCOL_VERSION, ServerFrame, WireError};

fn sign_in() -> Command {
    Command::SignIn {
        handle: "bob".to_owned(),
        password: "correct horse".to_owned(),
        device_name: "laptop".to_owned(),
    }
}

fn server_info() -> ServerInfo {
    ServerInfo {
        name: "Home".to_owned(),
        version: "0.1.0".to_owned(),
        protocol: PROTOCOL_VERSION,
        needs_setup: false,
        registration_open: false,
        limits: Limits::default(),
    }
}

fn failure(reply: Option<Reply>) -> String {
    match reply {
        Some(Reply::Failed { error }) => error.code,
        other => panic!("not a failure: {other:?}"),
    }
}

#[test]
fn signing_in_connects_and_survives_a_restart() {
    let mut bob = Device::new();
    assert_eq!(bob.screen.session, Some(SessionView::SignedOut { reason: None }));
    let id = bob.command(sign_in());
    let now = bob.now;
    let request = bob.answer(200, &session(1, now));
    assert_eq!(request.path, "/v1/sessions");
    assert_eq!(request.bearer, None);
    assert_eq!(bob.reply_to(id), Some(Reply::Done));
    assert_eq!(bob.answer(200, &server_info()).path, "/v1/server");
    let Some(SessionView::SignedIn { me, server_name, .. }) = &bob.screen.session else {
        panic!("{:?}", bob.screen.session);
    };
    assert_eq!(
        (me.profile.handle.as_str(), server_name.as_str()),
        ("bob", "Home")
    );
    assert_eq!(bob.line, ["connect"]);
    let hello = bob.connect();
    assert_eq!(hello.token, "access-1");
    assert!(hello.cursors.is_empty());

    let bob = bob.crash();
    assert!(matches!(bob.screen.session, Some(SessionView::SignedIn { .. })));
    assert!(
        !format!("{:?}", bob.engine).contains("refresh-1"),
        "a secret in Debug output"
    );
}

#[test]
fn a_refused_sign_in_says_why_and_leaves_nothing() {
    let mut bob = Device::new();
    let id = bob.command(sign_in());
    bob.answer(401, &WireError::new(ErrorCode::WrongCredentials, "no"));
    assert_eq!(failure(bob.reply_to(id)), "wrong_credentials");
    let id = bob.command(sign_in());
    bob.answer_unreachable();
    assert_eq!(failure(bob.reply_to(id)), "offline");
    assert_eq!(bob.screen.session, Some(SessionView::SignedOut { reason: None }));
    assert!(bob.line.is_empty());
}

#[test]
fn set_up_and_sign_up_sign_in() {
    let account = AccountForm {
        handle: "bob".to_owned(),
        name: "Bob".to_owned(),
        password: "correct horse".to_owned(),
        device_name: "laptop".to_owned(),
    };
    let set_up = Command::SetUp {
        token: "t".to_owned(),
        server_name: "Home".to_owned(),
        account: account.clone(),
    };
    let sign_up = Command::SignUp {
        invite: Some("i".to_owned()),
        account,
    };
    for (command, path) in [(set_up, "/v1/setup"), (sign_up, "/v1/accounts")] {
        let mut bob = Device::new();
        let id = bob.command(command.clone());
        let now = bob.now;
        assert_eq!(bob.answer(201, &session(1, now)).path, path);
        assert_eq!(bob.reply_to(id), Some(Reply::Done));
        // A tab repeats it to a new leader that has signed in already: harmless.
        assert_eq!(bob.tell(command), Reply::Done);
    }
}

#[test]
fn commands_of_somebody_who_is_not_signed_in_fail() {
    let mut bob = Device::new();
    let id = bob.command(Command::ListDevices);
    assert_eq!(failure(bob.reply_to(id)), "signed_out");
    let reply = bob.write(1, 1, "hello");
    assert_eq!(failure(Some(reply)), "signed_out");
}

#[test]
fn a_stale_token_is_refreshed_before_it_is_used() {
    let mut bob = Device::online(vec![]);
    bob.cut();
    bob.pass(15 * 60_000);
    bob.calls.clear();
    let mut bob = bob.crash();
    bob.pass(0);
    assert!(bob.line.is_empty(), "connected with a stale token");
    let now = bob.now;
    let request = bob.answer(200, &session(2, now));
    assert_eq!(request.path, "/v1/sessions/refresh");
    assert_eq!(request.body.as_deref(), Some(r#"{"refresh_token":"refresh-1"}"#));
    assert_eq!(bob.connect().token, "access-2");
}

#[test]
fn a_lost_refresh_answer_is_retried_with_the_same_token() {
    let mut bob = Device::signed_in_at(START.plus_ms(20 * 60_000));
    bob.answer_unreachable();
    let mut bob = bob.crash();
    bob.pass(0);
    let request = bob.calls.front().expect("no second try").clone();
    assert_eq!(request.body.as_deref(), Some(r#"{"refresh_token":"refresh-1"}"#));
    let now = bob.now;
    bob.answer(200, &session(2, now));
    // What was not written down is not used: only now is the successor.
    let record = bob.engine.storage().session().unwrap().unwrap();
    assert_eq!(record.refresh_token, "refresh-2");
}

#[test]
fn tokens_are_refreshed_while_the_line_stands() {
    let mut bob = Device::online(vec![]);
    let mut pings = 0;
    while bob.calls.is_empty() {
        bob.pass(5_000);
        for frame in bob.sent() {
            if let ClientFrame::Ping(ping) = frame {
                pings += 1;
                bob.receive(&ServerFrame::Pong(pipit_wire::frame::server::Pong {
                    id: ping.id,
                }));
            }
        }
    }
    assert!(pings > 10, "{pings}");
    let left = START.plus_ms(15 * 60_000).since_ms(bob.now);
    assert!((0..=60_000).contains(&left), "refreshed {left} ms before the end");
    let now = bob.now;
    bob.answer(200, &session(2, now));
    assert_eq!(bob.screen.connection, Some(ConnectionView::UpToDate));
    assert!(bob.calls.is_empty());
}

#[test]
fn a_refused_access_token_is_refreshed_once() {
    let mut bob = Device::online(vec![]);
    let id = bob.command(Command::ListInvites);
    bob.answer(401, &WireError::new(ErrorCode::Unauthenticated, "expired"));
    let now = bob.now;
    bob.answer(200, &session(2, now));
    let again = bob.answer(401, &WireError::new(ErrorCode::Unauthenticated, "still"));
    assert_eq!(again.bearer.as_deref(), Some("access-2"));
    assert_eq!(failure(bob.reply_to(id)), "unauthenticated");
}

#[test]
fn a_refused_hello_refreshes_and_tries_again() {
    let mut bob = Device::signed_in();
    let hello = bob.connect();
    let error = WireError::new(ErrorCode::Unauthenticated, "expired").answering(Some(hello.id));
    bob.receive(&ServerFrame::Error(error));
    let now = bob.now;
    bob.answer(200, &session(2, now));
    assert_eq!(bob.connect().token, "access-2");
}

#[test]
fn a_server_that_refuses_fresh_tokens_is_not_asked_without_a_pause() {
    let mut bob = Device::signed_in();
    let mut waited = 0;
    for number in 2..12 {
        let before = bob.now;
        let hello = bob.connect();
        waited += bob.now.since_ms(before);
        let error = WireError::new(ErrorCode::Unauthenticated, "never").answering(Some(hello.id));
        bob.receive(&ServerFrame::Error(error));
        while bob.calls.is_empty() {
            bob.pass(100);
            waited += 100;
        }
        let now = bob.now;
        bob.answer(200, &session(number, now));
    }
    assert!(waited > 10_000, "ten tries in {waited} ms");
}

#[test]
fn signed_out_elsewhere_erases_the_store() {
    for (code, reason) in [
        (ErrorCode::SignedOut, "signed_out"),
        (ErrorCode::Suspended, "suspended"),
    ] {
        let mut bob = Device::online(vec![direct(1, 0)]);
        bob.receive(&event(said(1, 1, ALICE, "secret")));
        bob.open(1);
        bob.receive(&ServerFrame::Error(WireError::new(code, "gone")));
        let reason = Some(reason.to_owned());
        assert_eq!(bob.screen.session, Some(SessionView::SignedOut { reason }));
        assert_eq!(bob.screen.connection, Some(ConnectionView::Offline));
        assert_eq!(bob.screen.gone, [conversation(1)]);
        assert!(bob.screen.list.is_empty());
        assert!(bob.engine.storage().search(&words("secret")).unwrap().is_empty());
        let bob = bob.crash();
        assert_eq!(bob.screen.session, Some(SessionView::SignedOut { reason: None }));
    }
}

#[test]
fn a_refresh_token_that_was_used_up_signs_out() {
    let mut bob = Device::signed_in_at(START.plus_ms(20 * 60_000));
    bob.answer(503, &WireError::new(ErrorCode::Unavailable, "later"));
    assert!(matches!(bob.screen.session, Some(SessionView::SignedIn { .. })));
    bob.pass(1_000);
    bob.answer(401, &WireError::new(ErrorCode::SignedOut, "used twice"));
    assert!(matches!(bob.screen.session, Some(SessionView::SignedOut { .. })));
}

#[test]
fn signing_out_works_offline_and_tells_the_server_where_it_can() {
    let mut bob = Device::online(vec![direct(1, 3)]);
    assert_eq!(bob.tell(Command::SignOut), Reply::Done);
    assert_eq!(bob.calls.front().unwrap().path, "/v1/sessions/current");
    bob.answer_unreachable();
    assert_eq!(bob.screen.session, Some(SessionView::SignedOut { reason: None }));
    assert!(bob.engine.storage().session().unwrap().is_none());
    assert!(bob.engine.wake_at().is_none(), "nothing to wait for");
    assert_eq!(bob.tell(Command::SignOut), Reply::Done);
}
