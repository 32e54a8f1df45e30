//! A data folder or a port that cannot be used: one line that says what to do, an exit code of its own, and nothing changed.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::process::{Running, assert_refuses, outcome, pipit, serve};

/// A folder that a server has used, and has stopped using.
fn used() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&mut serve(folder.path()), &folder.path().join("log"));
    server.signal(Signal::TERM);
    assert!(server.end().0.success());
    folder
}

/// `pipit serve` on `/mnt`, with something mounted there that only it sees. Needs root, or user namespaces.
fn serve_on_mount(mount: &str) -> Command {
    let mut command = Command::new("unshare");
    if !rustix::process::getuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    let script = format!("{mount} && exec \"$0\" serve --listen 127.0.0.1:0 --data /mnt");
    command.args([
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        &script,
        env!("CARGO_BIN_EXE_pipit"),
    ]);
    command
}

#[test]
fn a_file_in_place_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "kept").unwrap();
    let line = format!(
        "pipit: {} is not a directory (choose a folder with --data)",
        file.display()
    );
    assert_refuses(&mut serve(&file), 73, &line);
    assert_eq!(fs::read_to_string(&file).unwrap(), "kept");
}

#[test]
fn a_folder_that_another_process_uses() {
    let folder = tempfile::tempdir().unwrap();
    let first = Running::start(&mut serve(folder.path()), &folder.path().join("log"));
    let line = format!(
        "pipit: another Pipit uses {} already (stop it, or give this one a folder of its own with --data)",
        folder.path().display()
    );
    assert_refuses(&mut serve(folder.path()), 75, &line);
    // The first one is not disturbed.
    assert_eq!(
        first.call("GET", "/readyz", None, &serde_json::Value::Null).0,
        200
    );
}

#[test]
fn a_read_only_folder() {
    assert_refuses(
        &mut serve_on_mount("mount -t tmpfs -o ro none /mnt"),
        73,
        "pipit: /mnt is read-only (mount it writable, or choose another folder with --data)",
    );
}

#[test]
fn a_read_only_folder_that_was_used() {
    let folder = used();
    let mount = format!(
        "mount --bind {0} /mnt && mount -o remount,bind,ro /mnt",
        folder.path().display()
    );
    assert_refuses(
        &mut serve_on_mount(&mount),
        73,
        "pipit: /mnt is read-only (mount it writable, or choose another folder with --data)",
    );
}

#[test]
fn a_full_disk() {
    // No room for the key; and room for the key, but not for the database.
    assert_refuses(
        &mut serve_on_mount("mount -t tmpfs -o size=4k none /mnt && echo x > /mnt/x"),
        74,
        "pipit: the disk that holds /mnt/token.key is full (make room; nothing that was acknowledged is lost)",
    );
    for size_kib in [8, 16, 32, 64, 96] {
        let mut command = serve_on_mount(&format!("mount -t tmpfs -o size={size_kib}k none /mnt"));
        let (status, _, stderr) = outcome(&mut command);
        assert_eq!(status, Some(74), "{size_kib} KiB: {stderr}");
        assert!(
            stderr.starts_with("pipit: the disk is full: "),
            "{size_kib} KiB: {stderr}"
        );
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }
}

/// The schema's number, from the header of the file.
fn schema(database: &Path) -> u32 {
    let bytes = fs::read(database).unwrap();
    u32::from_be_bytes(bytes[60..64].try_into().unwrap())
}

/// The schema's number is in the header of the file (SQLite's file format, section 1.3, offset 60).
fn set_schema(database: &Path, number: u32) {
    let mut bytes = fs::read(database).unwrap();
    bytes[60..64].copy_from_slice(&number.to_be_bytes());
    fs::write(database, bytes).unwrap();
}

#[test]
fn a_folder_of_a_newer_version() {
    let folder = used();
    let known = schema(&folder.path().join("pipit.db"));
    set_schema(&folder.path().join("pipit.db"), 9_999);
    let before = fs::read(folder.path().join("pipit.db")).unwrap();
    let line = format!(
        "pipit: the storage has schema 9999, and this version knows {known}: use a newer Pipit \
        (install the newer Pipit again; older ones cannot read its data)"
    );
    assert_refuses(&mut serve(folder.path()), 76, &line);
    assert_eq!(fs::read(folder.path().join("pipit.db")).unwrap(), before);
}

#[test]
fn a_database_of_something_else() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("pipit.db"),
        "not a database at all, but long enough to look like one".repeat(100),
    )
    .unwrap();
    let (status, _, stderr) = outcome(&mut serve(folder.path()));
    assert_eq!(status, Some(65), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.starts_with("pipit: the storage is corrupt: "), "{stderr}");
}

#[test]
fn a_key_that_others_may_read_or_that_is_damaged() {
    let folder = used();
    let key = folder.path().join("token.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let line = format!(
        "pipit: others may read {} (its mode is 644) (run `chmod 600` on it; where somebody may have read it, delete it, which makes a new one)",
        key.display()
    );
    assert_refuses(&mut serve(folder.path()), 77, &line);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, "short").unwrap();
    let line = format!(
        "pipit: {} is damaged: it has 5 bytes in place of 32 (delete it: a new one is made, and devices fetch new access tokens by themselves)",
        key.display()
    );
    assert_refuses(&mut serve(folder.path()), 65, &line);
}

#[test]
fn a_port_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let line = format!(
        "pipit: cannot listen on {address}: Address already in use (os error 98) (stop what uses the port, or choose another with --listen)"
    );
    let data = folder.path().join("data");
    assert_refuses(
        pipit().args(["serve", "--listen", &address, "--data"]).arg(&data),
        75,
        &line,
    );
    // Nothing was made.
    assert!(!data.exists());
}
