//! Flags, the file, the small commands.

use std::fs;

use serde_json::Value;

use crate::process::{Running, assert_refuses, outcome, pipit, serve};

#[test]
fn it_says_its_version() {
    let (status, stdout, _) = outcome(pipit().arg("--version"));
    assert_eq!(
        (status, stdout.as_str()),
        (Some(0), concat!("pipit ", env!("CARGO_PKG_VERSION"), "\n"))
    );
}

#[test]
fn the_example_is_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let (status, example, _) = outcome(pipit().args(["config", "example"]));
    assert_eq!(status, Some(0));
    let file = folder.path().join("pipit.toml");
    fs::write(&file, &example).unwrap();
    let mut command = serve(&folder.path().join("data"));
    let server = Running::start(command.arg("--config").arg(&file), &folder.path().join("log"));
    assert_eq!(server.call("GET", "/healthz", None, &Value::Null).0, 200);
}

#[test]
fn every_option_is_in_the_help() {
    let (status, help, _) = outcome(pipit().args(["serve", "--help"]));
    assert_eq!(status, Some(0));
    for option in pipit_server::config::Config::options() {
        assert!(
            help.contains(&format!("--{} ", option.flag())),
            "{}",
            option.flag()
        );
        assert!(
            help.contains(&format!("[env: {}]", option.env())),
            "{}",
            option.env()
        );
    }
}

#[test]
fn an_unknown_key_is_refused_with_its_name_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pipit.toml");
    fs::write(&file, "# a slip\nlisen = \"127.0.0.1:0\"\n").unwrap();
    let line = format!(
        "pipit: {}:2: there is no option `lisen` (`pipit config example` prints every option)",
        file.display()
    );
    assert_refuses(pipit().arg("serve").arg("--config").arg(&file), 78, &line);
    assert_refuses(pipit().arg("serve").env("PIPIT_CONFIG", &file), 78, &line);
}

#[test]
fn a_bad_value_is_refused_with_the_name_of_its_flag_or_variable() {
    assert_refuses(
        pipit().args(["serve", "--listen", "somewhere"]),
        78,
        "pipit: --listen: invalid socket address syntax (`pipit config example` prints every option)",
    );
    assert_refuses(
        pipit().arg("serve").env("PIPIT_REGISTRATION", "maybe"),
        78,
        "pipit: PIPIT_REGISTRATION: unknown variant `maybe`, expected `invite` or `open` (`pipit config example` prints every option)",
    );
}

#[test]
fn health_asks_the_server_that_the_options_describe() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(
        &mut serve(&folder.path().join("data")),
        &folder.path().join("log"),
    );
    let address = server.address.to_string();
    let ask = || outcome(pipit().args(["health", "--listen", &address])).0;
    assert_eq!(ask(), Some(0));
    drop(server);
    assert_eq!(ask(), Some(1));
}
