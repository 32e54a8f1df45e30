//! From the first start to the last signal.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::process::{PASSWORD, Running, serve};

fn sign_in() -> Value {
    json!({
        "handle": "ada", "password": PASSWORD,
        "device_name": "another", "client": {"name": "pipit-test", "version": "0.1.0"},
    })
}

#[test]
fn a_first_start_prints_where_it_is_and_a_link_that_works_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("deep/data");
    let mut server = Running::start(&mut serve(&data), &folder.path().join("log"));
    let session = server.set_up();
    let token = session["access_token"].as_str().unwrap();
    assert_eq!(
        server.call("GET", "/v1/me", Some(token), &Value::Null).1,
        session["me"]
    );
    for (path, mode) in [("", 0o700), ("token.key", 0o600), ("lock", 0o600)] {
        assert_eq!(
            std::fs::metadata(data.join(path)).unwrap().mode() & 0o777,
            mode,
            "{path}"
        );
    }
    server.signal(Signal::TERM);
    assert!(server.end().0.success());
    // No link where there is an account.
    let mut server = Running::start(&mut serve(&data), &folder.path().join("log"));
    server.signal(Signal::INT);
    assert_eq!(server.line(), "");
    assert!(server.end().0.success());
}

#[test]
fn links_lead_to_where_the_operator_says() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = serve(folder.path());
    command.args(["--public-url", "https://chat.example.org/"]);
    command.stdout(std::process::Stdio::piped());
    let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    assert_eq!(
        lines.next().unwrap().unwrap(),
        "Pipit is ready at https://chat.example.org"
    );
    assert!(
        lines
            .next()
            .unwrap()
            .unwrap()
            .starts_with("Set it up: https://chat.example.org/setup#pipit_su_")
    );
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn what_was_answered_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Running::start(&mut serve(folder.path()), &folder.path().join("log"));
    let session = server.set_up();
    server.signal(Signal::KILL);
    assert!(!server.end().0.success());
    let server = Running::start(&mut serve(folder.path()), &folder.path().join("log"));
    let token = session["access_token"].as_str().unwrap();
    assert_eq!(
        server.call("GET", "/v1/me", Some(token), &Value::Null).1,
        session["me"]
    );
    assert_eq!(server.call("POST", "/v1/sessions", None, &sign_in()).0, 201);
}

#[test]
fn a_second_signal_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&mut serve(folder.path()), &folder.path().join("log"));
    // A request whose body does not come keeps the server from ending.
    let mut slow = server.connect();
    slow.write_all(b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{")
        .unwrap();
    // The server is known to have read it when it answers to what came after it.
    assert_eq!(server.call("GET", "/healthz", None, &Value::Null).0, 200);
    server.signal(Signal::TERM);
    // It no longer takes anybody when it has understood the first one.
    while std::net::TcpStream::connect(server.address).is_ok() {
        std::thread::yield_now();
    }
    server.signal(Signal::TERM);
    assert_eq!(server.end().0.code(), Some(130));
    drop(slow);
}

#[test]
fn a_request_that_is_under_way_is_answered_before_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Running::start(&mut serve(folder.path()), &folder.path().join("log"));
    server.set_up();
    let body = sign_in().to_string();
    let (first, rest) = body.split_at(10);
    let mut slow = server.connect();
    write!(
        slow,
        "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{first}",
        body.len()
    )
    .unwrap();
    assert_eq!(server.call("GET", "/healthz", None, &Value::Null).0, 200);
    server.signal(Signal::TERM);
    while std::net::TcpStream::connect(server.address).is_ok() {
        std::thread::yield_now();
    }
    slow.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut slow, &mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(server.end().0.code(), Some(0));
}

#[test]
fn the_log_is_json_and_holds_no_secret_at_any_level() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = serve(folder.path());
    let mut server = Running::start(command.args(["--log-level", "trace"]), &folder.path().join("log"));
    let session = server.set_up();
    let text = |name: &str| session[name].as_str().unwrap().to_owned();
    let refresh = json!({"refresh_token": text("refresh_token")});
    let (_, second) = server.call("POST", "/v1/sessions/refresh", None, &refresh);
    let access = text("access_token");
    let new = json!({"expires_in_s": 60, "uses": 1});
    let (_, invite) = server.call("POST", "/v1/invites", Some(&access), &new);
    let invite = invite["token"].as_str().unwrap().to_owned();
    assert_eq!(
        server
            .call("GET", &format!("/v1/invites/{invite}"), None, &Value::Null)
            .0,
        200
    );
    assert_eq!(server.call("POST", "/v1/sessions", None, &sign_in()).0, 201);
    let forged = "GET /v1/me?\u{1b}[31m HTTP/1.1\r\nHost: x\r\nX-Request-Id: forged\r\n\r\n";
    server.connect().write_all(forged.as_bytes()).unwrap();
    server.signal(Signal::TERM);
    let (status, log) = server.end();
    assert!(status.success());
    for line in log.lines() {
        let entry: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(
            entry["level"].is_string() && entry["timestamp"].is_string(),
            "{line}"
        );
    }
    let second_refresh = second["refresh_token"].as_str().unwrap();
    for secret in [
        PASSWORD,
        &access,
        &text("refresh_token"),
        second_refresh,
        &invite,
        "argon2id$",
        "forged",
    ] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn the_log_is_text_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = serve(folder.path());
    let server = Running::start(command.args(["--log-format", "text"]), &folder.path().join("log"));
    server.signal(Signal::TERM);
    let (_, log) = server.end();
    assert!(
        log.lines()
            .any(|line| line.contains(" INFO Pipit is ready address=127.0.0.1:")),
        "{log}"
    );
}
