//! The store of a native client, with the key store of a system: gnome-keyring on a D-Bus of its own, in folders of its own.
//!
//! Each test starts this program again inside such a session, for its address is in the environment.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use keyring_core::api::CredentialStore;
use pipit_client::StorageError;
use pipit_client::storage::Storage;
use pipit_client_store::{KeyStoreError, NativeError, SqliteStorage, erase_native, open_native};
use pipit_wire::ConversationId;

/// In the environment of the program inside: the folder that is its home.
const INSIDE: &str = "PIPIT_CLIENT_STORE_TEST_HOME";

/// How a session begins. Its password comes by standard input, as from whatever signs a person in.
const UNLOCKED: &str = "printf hunter2 | gnome-keyring-daemon --unlock --components=secrets >&2; exec \"$@\"";
const NOTHING: &str = "exec \"$@\"";

/// The configuration of the bus, where a home has one: the system's own starts the key store when it is asked for.
const BUS: &str = "bus.conf";

fn bare_bus(home: &Path) -> String {
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
            "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
        <busconfig>
          <type>session</type>
          <listen>unix:dir={}</listen>
          <policy context="default">
            <allow send_destination="*" eavesdrop="true"/>
            <allow eavesdrop="true"/>
            <allow own="*"/>
          </policy>
        </busconfig>"#,
        home.display()
    )
}

/// Runs one test of this file inside a session that begins like this, in this home.
fn session(home: &Path, begin: &str, test: &str) {
    let (runtime, data) = (home.join("runtime"), home.join("data"));
    for folder in [&runtime, &data] {
        std::fs::create_dir_all(folder).unwrap();
    }
    let own = std::env::current_exe().unwrap();
    let mut command = Command::new("dbus-run-session");
    if home.join(BUS).exists() {
        command.arg("--config-file").arg(home.join(BUS));
    }
    let output = command
        .args(["--", "sh", "-c", begin, "sh"])
        .arg(own)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", &runtime)
        .env("XDG_DATA_HOME", &data)
        .env(INSIDE, home)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{test}: {}\n{said}\n{errors}",
        output.status
    );
}

/// Where this program is inside a session: its home.
fn inside() -> Option<PathBuf> {
    std::env::var_os(INSIDE).map(PathBuf::from)
}

/// In a session with a key store: does this, inside.
fn in_session(test: &str, work: impl FnOnce(&Path)) {
    match inside() {
        Some(home) => work(&home),
        None => session(tempfile::tempdir().unwrap().path(), UNLOCKED, test),
    }
}

/// A key that nobody would draw.
fn random(bytes: &mut [u8]) {
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::try_from(place).unwrap() ^ 0xa5;
    }
}

fn no_random(_: &mut [u8]) {
    unreachable!("a key is made though there is one");
}

fn file(home: &Path) -> PathBuf {
    home.join("store.db")
}

fn keys() -> Arc<CredentialStore> {
    zbus_secret_service_keyring_store::Store::new().unwrap()
}

fn entry(account: &str) -> keyring_core::Entry {
    keys().build("pipit", account, None).unwrap()
}

fn write(mut storage: SqliteStorage, text: &[u8]) {
    storage.begin().unwrap();
    storage.save_secret(b"key", text).unwrap();
    storage.commit().unwrap();
}

fn holds(storage: &SqliteStorage, text: &[u8]) -> bool {
    storage.secret(b"key").unwrap().as_deref() == Some(text)
}

#[test]
fn the_key_is_made_once_and_each_store_has_its_own() {
    in_session("the_key_is_made_once_and_each_store_has_its_own", |home| {
        let alice = home.join("alice.db");
        write(
            open_native(&alice, "alice@one.example", &mut random).unwrap(),
            b"marzipan",
        );
        let kept = entry("alice@one.example").get_secret().unwrap();
        let mut made = [0; 32];
        random(&mut made);
        assert_eq!(kept, made);
        let storage = open_native(&alice, "alice@one.example", &mut no_random).unwrap();
        assert!(holds(&storage, b"marzipan"));

        let mut others = |bytes: &mut [u8]| bytes.fill(9);
        let bob = open_native(&home.join("bob.db"), "bob@one.example", &mut others).unwrap();
        assert!(!holds(&bob, b"marzipan"));
        assert_eq!(entry("bob@one.example").get_secret().unwrap(), [9; 32]);
        assert_eq!(entry("alice@one.example").get_secret().unwrap(), made);
        drop(storage);
        let other_key = open_native(&alice, "bob@one.example", &mut no_random);
        assert!(matches!(
            other_key,
            Err(NativeError::Storage(StorageError::Corrupt { .. }))
        ));
        // A plain program finds nothing.
        assert!(matches!(
            SqliteStorage::open(alice.to_str().unwrap(), None),
            Err(StorageError::Corrupt { .. })
        ));
        let bytes = std::fs::read(&alice).unwrap();
        for word in [&b"marzipan"[..], b"SQLite format", &made] {
            assert!(!bytes.windows(word.len()).any(|window| window == word));
        }
    });
}

#[test]
fn the_key_is_there_when_the_person_signs_in_again() {
    let name = "the_key_is_there_when_the_person_signs_in_again";
    let Some(home) = inside() else {
        let home = tempfile::tempdir().unwrap();
        session(home.path(), UNLOCKED, name);
        assert!(file(home.path()).is_file());
        session(home.path(), UNLOCKED, name);
        return;
    };
    if file(&home).exists() {
        let storage = open_native(&file(&home), "alice", &mut no_random).unwrap();
        assert!(holds(&storage, b"marzipan"));
    } else {
        write(
            open_native(&file(&home), "alice", &mut random).unwrap(),
            b"marzipan",
        );
    }
}

#[test]
fn a_store_whose_key_is_gone_is_said_to_be_so_and_left_as_it_is() {
    in_session(
        "a_store_whose_key_is_gone_is_said_to_be_so_and_left_as_it_is",
        |home| {
            write(
                open_native(&file(home), "alice", &mut random).unwrap(),
                b"marzipan",
            );
            let key = entry("alice").get_secret().unwrap();
            entry("alice").delete_credential().unwrap();
            let before = std::fs::read(file(home)).unwrap();
            let opened = open_native(&file(home), "alice", &mut no_random);
            assert!(matches!(opened, Err(NativeError::KeyMissing)), "{opened:?}");
            assert!(matches!(
                entry("alice").get_secret(),
                Err(keyring_core::Error::NoEntry)
            ));
            assert_eq!(std::fs::read(file(home)).unwrap(), before);
            // Whoever finds the key again has it all.
            entry("alice").set_secret(&key).unwrap();
            let storage = open_native(&file(home), "alice", &mut no_random).unwrap();
            assert!(holds(&storage, b"marzipan"));
        },
    );
}

#[test]
fn erasing_takes_the_key_and_the_files() {
    in_session("erasing_takes_the_key_and_the_files", |home| {
        let storage = open_native(&file(home), "alice", &mut random).unwrap();
        let kept = open_native(&home.join("bob.db"), "bob", &mut random).unwrap();
        assert!(matches!(
            erase_native(&file(home), "alice"),
            Err(NativeError::Storage(StorageError::Locked))
        ));
        write(storage, b"marzipan");
        erase_native(&file(home), "alice").unwrap();
        assert!(!file(home).exists());
        assert!(matches!(
            entry("alice").get_secret(),
            Err(keyring_core::Error::NoEntry)
        ));
        write(kept, b"gooseberry");
        assert!(holds(
            &open_native(&home.join("bob.db"), "bob", &mut no_random).unwrap(),
            b"gooseberry"
        ));
        // Once more is no mistake, and it begins anew.
        erase_native(&file(home), "alice").unwrap();
        let mut again = |bytes: &mut [u8]| bytes.fill(3);
        let storage = open_native(&file(home), "alice", &mut again).unwrap();
        assert!(!holds(&storage, b"marzipan"));
        assert_eq!(entry("alice").get_secret().unwrap(), [3; 32]);
    });
}

#[test]
fn a_store_from_before_is_sealed() {
    in_session("a_store_from_before_is_sealed", |home| {
        let path = file(home);
        write(
            SqliteStorage::open(path.to_str().unwrap(), None).unwrap(),
            b"marzipan",
        );
        let storage = open_native(&path, "alice", &mut random).unwrap();
        assert!(holds(&storage, b"marzipan"));
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(8).any(|window| window == b"marzipan"));
        assert_eq!(storage.draft(ConversationId::from_bytes([1; 16])).unwrap(), None);
    });
}

#[test]
fn one_process_at_a_time_has_the_store() {
    in_session("one_process_at_a_time_has_the_store", |home| {
        let first = open_native(&file(home), "alice", &mut random).unwrap();
        assert!(matches!(
            open_native(&file(home), "alice", &mut no_random),
            Err(NativeError::Storage(StorageError::Locked))
        ));
        drop(first);
        open_native(&file(home), "alice", &mut no_random).unwrap();
    });
}

#[test]
fn what_is_no_key_is_not_used_and_not_replaced() {
    in_session("what_is_no_key_is_not_used_and_not_replaced", |home| {
        entry("alice").set_secret(b"a password").unwrap();
        let opened = open_native(&file(home), "alice", &mut no_random);
        assert!(matches!(opened, Err(NativeError::Key(KeyStoreError::NotOurs))));
        assert_eq!(entry("alice").get_secret().unwrap(), b"a password");
        assert!(!file(home).exists());
    });
}

#[track_caller]
fn opens_nothing(home: &Path, why: impl FnOnce(&KeyStoreError) -> bool) {
    let before = file(home).exists();
    let opened = open_native(&file(home), "alice", &mut random);
    assert!(
        matches!(&opened, Err(NativeError::Key(error)) if why(error)),
        "{opened:?}"
    );
    assert_eq!(file(home).exists(), before);
}

#[test]
fn without_a_key_store_nothing_is_opened() {
    let name = "without_a_key_store_nothing_is_opened";
    let Some(home) = inside() else {
        // A bus that has no key store and can start none; then no bus.
        for begin in [NOTHING, "unset DBUS_SESSION_BUS_ADDRESS; exec \"$@\""] {
            let home = tempfile::tempdir().unwrap();
            std::fs::write(home.path().join(BUS), bare_bus(home.path())).unwrap();
            session(home.path(), begin, name);
        }
        return;
    };
    opens_nothing(&home, |error| matches!(error, KeyStoreError::Absent(_)));
    // Who signs out is not left with the files for that.
    std::fs::write(file(&home), "what another day has left").unwrap();
    assert!(matches!(
        erase_native(&file(&home), "alice"),
        Err(NativeError::Key(KeyStoreError::Absent(_)))
    ));
    assert!(!file(&home).exists());
    assert_eq!(std::fs::metadata(home.join("store.db-lock")).unwrap().len(), 0);
}

/// The key store is there, and nobody who could be asked for its password: once it has never been unlocked, once it has the key.
#[test]
fn while_the_key_store_is_locked_nothing_is_opened() {
    let name = "while_the_key_store_is_locked_nothing_is_opened";
    let Some(home) = inside() else {
        let home = tempfile::tempdir().unwrap();
        session(home.path(), NOTHING, name);
        session(home.path(), UNLOCKED, "one_process_at_a_time_has_the_store");
        session(home.path(), NOTHING, name);
        return;
    };
    opens_nothing(&home, |error| matches!(error, KeyStoreError::Locked(_)));
}
