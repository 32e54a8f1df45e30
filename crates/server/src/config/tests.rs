use std::collections::HashMap;
use std::path::Path;

use super::*;

fn load_from(flags: &[(&str, &str)], env: &[(&str, &str)], file: Option<&str>) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipit.toml");
    if let Some(text) = file {
        std::fs::write(&path, text).unwrap();
    }
    let flags: HashMap<&str, &str> = flags.iter().copied().collect();
    let env: HashMap<&str, &str> = env.iter().copied().collect();
    load(&Sources {
        flag: &|option| flags.get(option.flag().as_str()).map(|text| (*text).to_owned()),
        env: &|name| env.get(name).map(|text| (*text).to_owned()),
        file: file.map(|_text| path.as_path()),
    })
    .map_err(|error| {
        error
            .to_string()
            .replace(&path.display().to_string(), "pipit.toml")
    })
}

#[test]
fn the_example_is_the_default() {
    assert_eq!(load_from(&[], &[], Some(&example())), Ok(Config::default()));
}

#[test]
fn the_example_reads_well() {
    insta::assert_snapshot!(example());
}

#[test]
fn every_option_of_the_example_has_a_sample_that_is_accepted() {
    let text: String = example()
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if Config::options().any(|option| rest.starts_with(&format!("{} = ", option.key))) => {
                format!("{rest}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let config = load_from(&[], &[], Some(&text)).unwrap();
    assert_eq!(
        config.general.public_url.as_deref(),
        Some("https://chat.example.org")
    );
    assert_eq!(config.proxy.address_header.as_deref(), Some("x-forwarded-for"));
}

const DATABASE: &str = "postgres://localhost/pipit";

fn is_number(key: &str) -> bool {
    let sections = ["limits.", "media.", "messages.", "previews."];
    sections.iter().any(|section| key.starts_with(section)) || key.ends_with("_ms")
}

#[test]
fn every_option_has_a_flag_a_variable_and_a_place_in_the_file() {
    for option in Config::options() {
        // A value that differs from the default, so that its arrival shows.
        let value = match option.file_key().as_str() {
            "data" => "/somewhere",
            "listen" => "127.0.0.1:9",
            "public_url" => "https://chat.example.org",
            "database" | "database_read" => DATABASE,
            "redis" => "redis://localhost",
            "redis_ca" => "/somewhere/ca.pem",
            "blobs" => "s3://bucket?endpoint=http://localhost:9000",
            "registration" => "open",
            "invites" => "admins",
            "message_requests" | "metrics" => "off",
            "log.format" => "json",
            "log.level" => "debug",
            "proxy.address_header" => "x-real-ip",
            "push.enabled" => "false",
            "push.contact" => "mailto:ada@example.org",
            "media.access_key" | "media.secret_key" => "key",
            "previews.enabled" => "true",
            "outgoing.networks" => "10.1.0.0/16",
            key if is_number(key) => "7",
            key => panic!("say here how to set `{key}`"),
        };
        // What needs another option beside it.
        let (flags, env, first): (&[_], &[_], _) = match option.key {
            "database_read" | "redis" => (
                &[("database", DATABASE)],
                &[("PIPIT_DATABASE", DATABASE)],
                format!("database = {DATABASE:?}\n"),
            ),
            "redis_ca" => (
                &[("database", DATABASE), ("redis", "rediss://localhost")],
                &[
                    ("PIPIT_DATABASE", DATABASE),
                    ("PIPIT_REDIS", "rediss://localhost"),
                ],
                format!("database = {DATABASE:?}\nredis = \"rediss://localhost\"\n"),
            ),
            "access_key" => (
                &[("media-secret-key", "key")],
                &[("PIPIT_MEDIA_SECRET_KEY", "key")],
                "secret_key = \"key\"\n".to_owned(),
            ),
            "secret_key" => (
                &[("media-access-key", "key")],
                &[("PIPIT_MEDIA_ACCESS_KEY", "key")],
                "access_key = \"key\"\n".to_owned(),
            ),
            _ => (&[], &[], String::new()),
        };
        let line = if matches!(value, "7" | "true" | "false") {
            format!("{} = {value}", option.key)
        } else if option.is_list() {
            format!("{first}{} = [{value:?}]", option.key)
        } else {
            format!("{first}{} = {value:?}", option.key)
        };
        let file = if option.section.is_empty() {
            line
        } else {
            format!("[{}]\n{line}", option.section)
        };
        let by_file = load_from(&[], &[], Some(&file)).unwrap();
        let (own_env, own_flag) = (option.env(), option.flag());
        let by_env = load_from(&[], &[env, &[(own_env.as_str(), value)]].concat(), None).unwrap();
        let by_flag = load_from(&[flags, &[(own_flag.as_str(), value)]].concat(), &[], None).unwrap();
        assert_ne!(by_file, Config::default(), "{option:?}");
        assert_eq!(by_file, by_env, "{option:?}");
        assert_eq!(by_file, by_flag, "{option:?}");
    }
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let file = Some("listen = \"127.0.0.1:1\"");
    let env = [("PIPIT_LISTEN", "127.0.0.1:2")];
    let flags = [("listen", "127.0.0.1:3")];
    for (config, port) in [
        (load_from(&[], &[], None), 8080),
        (load_from(&[], &[], file), 1),
        (load_from(&[], &env, file), 2),
        (load_from(&flags, &env, file), 3),
        (load_from(&[], &[("PIPIT_LISTEN", "")], file), 1),
    ] {
        assert_eq!(config.unwrap().general.listen.port(), port);
    }
}

#[track_caller]
fn check(refused: Result<Config, String>, expect: &str) {
    let message = refused.unwrap_err();
    assert!(
        message.starts_with(expect),
        "{message}\nshould begin with\n{expect}"
    );
    assert_eq!(message.lines().count(), 1, "{message}");
}

#[test]
fn refusals_name_the_line() {
    for (file, expect) in [
        ("\nlisen = \"x\"", "pipit.toml:2: there is no option `lisen`"),
        (
            "[log]\nlevel = \"info\"\ncolour = 1",
            "pipit.toml:3: there is no option `log.colour`",
        ),
        (
            "[logs]\nlevel = \"info\"",
            "pipit.toml:1: there is no option `logs`",
        ),
        ("log = 3", "pipit.toml:1: there is no option `log`"),
        ("a\nb", "pipit.toml:1:"),
        ("\nlisten = 3", "pipit.toml:2: `listen`: invalid type"),
        ("listen = [3]", "pipit.toml:1: `listen`: is a text"),
        (
            "[proxy]\naddress_header = \"a b\"",
            "pipit.toml:2: `proxy.address_header`: is not",
        ),
    ] {
        check(load_from(&[], &[], Some(file)), expect);
    }
}

#[test]
fn refusals_name_the_flag_or_variable() {
    check(
        load_from(&[], &[("PIPIT_LISTEN", "nowhere")], None),
        "PIPIT_LISTEN: invalid socket address",
    );
    for (flag, value, expect) in [
        ("registration", "maybe", "unknown variant `maybe`"),
        ("limits-connections-max", "many", "invalid type"),
        ("limits-connections-max", "-1", "invalid value"),
        ("limits-connections-max", "0", "is between"),
        ("messages-edit-window-s", "-2", "is between -1"),
        ("messages-delete-window-s", "soon", "invalid type"),
        ("log-level", "info,,=", ""),
        ("stop-delay-ms", "60001", "is at most 60000"),
        ("public-url", "chat.example.org", "begins with http"),
        ("public-url", "https://a.example/chat", "has nothing after"),
        ("public-url", "https://me@a.example", "has a user name"),
        ("database", "mysql://secret@x", "begins with postgres://"),
        ("database-read", "postgres://secret@x", "needs `database`"),
        ("redis", "postgres://secret@x", "a Redis address begins with"),
        ("redis", "redis://localhost", "needs `database`"),
        ("redis-ca", "/etc/ca.pem", "needs `redis`"),
    ] {
        check(
            load_from(&[(flag, value)], &[], None),
            &format!("--{flag}: {expect}"),
        );
    }
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let error = load(&Sources {
        flag: &|_| None,
        env: &|_| None,
        file: Some(Path::new("/nowhere/pipit.toml")),
    });
    assert!(
        error
            .unwrap_err()
            .to_string()
            .starts_with("cannot read the configuration file /nowhere/pipit.toml:")
    );
}
