//! Installing what is missing, and nothing else.
//!
//! Every step looks first and is silent when nothing is to be done. Whatever is installed is named together with the reason.
//! Packages of the system need root: without it the exact line to run is printed, and nothing else happens.

mod debian;
mod node;
mod rust;

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::toolchain::{self, Clang, Toolchain};
use crate::workspace::Workspace;

/// Something that a task cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// rustfmt and clippy.
    Lints,
    /// Compilers of Rust and C to WebAssembly.
    Wasm,
    /// Node, and the packages of the web client.
    Web,
    /// PostgreSQL and Redis, for tests to start their own of.
    Services,
    /// What a native client is built with, and the key store that its tests start.
    Native,
    /// Two browsers, for the end-to-end tests.
    Browsers,
}

/// What text is drawn with in the pictures that the web client is compared with: a file of each, what it is for, its package.
const FONTS: [(&str, &str, &[&str]); 3] = [
    (
        "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
        "a font for what no other has",
        &["fonts-dejavu-core"],
    ),
    (
        "/usr/share/fonts/opentype/inter/Inter-Regular.otf",
        "the font of the web client, for pictures of it",
        &["fonts-inter"],
    ),
    (
        "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf",
        "emoji in colour, for pictures of the web client",
        &["fonts-noto-color-emoji"],
    ),
];

/// For every task.
pub(crate) const EVERYTHING: [Need; 6] = [
    Need::Lints,
    Need::Wasm,
    Need::Web,
    Need::Services,
    Need::Native,
    Need::Browsers,
];

/// Makes sure of these needs.
pub(crate) fn run(workspace: &Workspace, needs: &[Need]) -> Result<()> {
    let root = workspace.root();
    if needs.contains(&Need::Web) {
        node::require()?;
    }
    if needs.contains(&Need::Lints) {
        rust::require_lints(root)?;
    }
    let mut wanted = debian::Wanted::default();
    if needs.contains(&Need::Wasm) {
        if Toolchain::find(root)?.is_none() && !toolchain::add_target(root) {
            wanted.add("a compiler of Rust to WebAssembly", toolchain::DEBIAN_PACKAGES);
        }
        if Clang::find().is_none() {
            wanted.add(
                "a compiler of C to WebAssembly, for SQLite in the browser",
                toolchain::CLANG_PACKAGES,
            );
        }
    }
    if needs.contains(&Need::Services) {
        if !debian::has_program("postgres", &["/usr/lib/postgresql/*/bin"]) {
            wanted.add("PostgreSQL, for the tests of its store", &["postgresql-15"]);
        }
        if !debian::has_program("redis-server", &[]) {
            wanted.add("Redis, for the tests of several nodes", &["redis-server"]);
        }
        if !debian::has_program("libfaketimeMT.so.1", &["/usr/lib/*/faketime"]) {
            wanted.add("clocks that jump, for chaos runs", &["libfaketime"]);
        }
    }
    if needs.contains(&Need::Native) {
        want_native(&mut wanted);
    }
    if needs.contains(&Need::Browsers) {
        if !debian::has_program("chromium", &[]) {
            wanted.add("Chromium, for the end-to-end tests", &["chromium"]);
        }
        if !debian::has_program("firefox-esr", &[]) {
            wanted.add("Firefox, for the end-to-end tests", &["firefox-esr"]);
        }
        for (file, why, packages) in FONTS {
            if !debian::has_file(file) {
                wanted.add(why, packages);
            }
        }
    }
    wanted.install(root)?;
    if needs.contains(&Need::Wasm) && Toolchain::find(root)?.is_none() {
        bail!("there is still no Rust compiler for {}", toolchain::TARGET);
    }
    if needs.contains(&Need::Web) {
        node::install_packages(&workspace.web())?;
    }
    Ok(())
}

fn want_native(wanted: &mut debian::Wanted) {
    if !debian::has_file("/usr/include/openssl/evp.h") {
        wanted.add(
            "OpenSSL, for the store of native clients (the server goes without)",
            &["libssl-dev"],
        );
    }
    if !debian::has_program("gnome-keyring-daemon", &[]) {
        wanted.add("a key store, for the tests of native clients", &["gnome-keyring"]);
    }
    if !debian::has_program("dbus-run-session", &[]) {
        wanted.add("a D-Bus for that key store", &["dbus-daemon"]);
    }
}

/// Installs Lighthouse in a folder of its own: it is heavier than all that the client is built with, and wanted at night alone.
pub(crate) fn lighthouse(workspace: &Workspace) -> Result<()> {
    node::install_packages(&workspace.web().join("e2e/lighthouse"))
}

/// The folder of the Node server that Pipit is measured against, with its packages installed: for benchmarks alone.
pub(crate) fn reference(workspace: &Workspace) -> Result<PathBuf> {
    node::require()?;
    let folder = workspace.root().join("crates/load/peers/node");
    node::install_packages(&folder)?;
    Ok(folder)
}
