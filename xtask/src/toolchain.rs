//! Which compiler builds the WebAssembly core.
//!
//! A Rust toolchain from rustup gets the target `wasm32-unknown-unknown` in seconds, where its server can be reached.
//! Elsewhere Debian 12 has everything needed: a recent compiler made for its browsers (`rustc-web`), the source of
//! the standard library, and a clang that knows WebAssembly. The two compilers never share a target folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::shell;

/// The only WebAssembly target here: it has no operating system below it, so nothing can reach for one.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's compiler, its standard library's source, and what they need.
pub(crate) const DEBIAN_PACKAGES: &[&str] = &[
    "rustc-web",
    "rust-web-src",
    "rust-web-llvm",
    "cargo-web",
    "lld-22",
];

/// A compiler for C to WebAssembly, for SQLite.
pub(crate) const CLANG_PACKAGES: &[&str] = &["clang-22", "llvm-22"];

/// Versions of clang that are looked for, newest first.
const CLANG_VERSIONS: std::ops::RangeInclusive<u32> = 14..=24;

/// A compiler that builds for WebAssembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The Rust toolchain that builds everything else.
    Active,
    /// Debian's `rustc-web`, which builds the standard library along.
    Debian,
}

/// The store is sealed with ChaCha20-Poly1305 alone: the other ciphers of `SQLite3` Multiple Ciphers are left out.
const SQLITE_FLAGS: &str = "-DHAVE_CIPHER_AES_128_CBC=0 -DHAVE_CIPHER_AES_256_CBC=0 -DHAVE_CIPHER_SQLCIPHER=0 \
    -DHAVE_CIPHER_RC4=0 -DHAVE_CIPHER_ASCON128=0 -DHAVE_CIPHER_AEGIS=0";

impl Toolchain {
    /// The one that is ready to be used, if any is. `PIPIT_WASM_TOOLCHAIN` set to `active` or `debian` decides where both are.
    pub(crate) fn find(root: &Path) -> Result<Option<Self>> {
        let found = match wanted()? {
            Some(Self::Active) => active_has_target(root).then_some(Self::Active),
            Some(Self::Debian) => debian_is_there().then_some(Self::Debian),
            None if active_has_target(root) => Some(Self::Active),
            None if debian_is_there() => Some(Self::Debian),
            None => None,
        };
        Ok(found)
    }

    /// A cargo that builds for WebAssembly with this toolchain.
    pub(crate) fn cargo(self, root: &Path) -> Result<Command> {
        let mut command = match self {
            Self::Active => shell::cargo(root),
            Self::Debian => {
                let mut command = shell::command("/usr/bin/cargo", root);
                // What rustup's cargo has put into the environment belongs to another compiler.
                for name in [
                    "CARGO",
                    "RUSTUP_TOOLCHAIN",
                    "RUSTUP_HOME",
                    "LD_LIBRARY_PATH",
                    "RUSTC_WRAPPER",
                    "RUSTC_WORKSPACE_WRAPPER",
                    "RUSTFLAGS",
                    "CARGO_ENCODED_RUSTFLAGS",
                ] {
                    command.env_remove(name);
                }
                command
                    .env("RUSTC", "/usr/bin/rustc")
                    // `-Zbuild-std` on a compiler that calls itself stable; of this one command only.
                    .env("RUSTC_BOOTSTRAP", "1");
                command
            }
        };
        let Some(clang) = Clang::find() else {
            bail!("there is no clang that could compile SQLite to WebAssembly");
        };
        command
            .env("CC_wasm32_unknown_unknown", clang.compiler)
            .env("AR_wasm32_unknown_unknown", clang.archiver)
            .env("SQLITE_WASM_RS_FLAGS", SQLITE_FLAGS);
        Ok(command)
    }

    /// What else this toolchain's `cargo build` is told.
    pub(crate) fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Active => &[],
            Self::Debian => &["-Zbuild-std=std,panic_abort"],
        }
    }

    /// The name of its target folder.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Active => "wasm",
            Self::Debian => "wasm-debian",
        }
    }

    /// The compiler's version in its own words.
    pub(crate) fn version(self, root: &Path) -> Result<String> {
        let mut command = match self {
            Self::Active => shell::command(active_compiler(), root),
            Self::Debian => shell::command("/usr/bin/rustc", root),
        };
        shell::read(command.arg("--version"))
    }
}

fn wanted() -> Result<Option<Toolchain>> {
    match std::env::var("PIPIT_WASM_TOOLCHAIN").as_deref() {
        Ok("active") => Ok(Some(Toolchain::Active)),
        Ok("debian") => Ok(Some(Toolchain::Debian)),
        Ok(other) => bail!("PIPIT_WASM_TOOLCHAIN is `{other}`: `active` and `debian` are known"),
        Err(_) => Ok(None),
    }
}

/// Lets rustup add the target. False where there is no rustup, or it cannot reach its server.
pub(crate) fn add_target(root: &Path) -> bool {
    if wanted().is_ok_and(|wanted| wanted == Some(Toolchain::Debian)) {
        return false;
    }
    let Some(rustup) = shell::find_program("rustup") else {
        return false;
    };
    println!("rustup adds the target {TARGET} to the Rust toolchain");
    shell::run(shell::command(rustup, root).args(["target", "add", TARGET])).is_ok()
        && active_has_target(root)
}

fn active_has_target(root: &Path) -> bool {
    let mut command = shell::command(active_compiler(), root);
    let Ok(folder) = shell::read(command.args(["--print", "target-libdir", "--target", TARGET])) else {
        return false;
    };
    Path::new(folder.trim()).is_dir()
}

fn debian_is_there() -> bool {
    Path::new("/usr/bin/cargo").is_file()
        && Path::new("/usr/lib/rustlib/src/rust/library/std").is_dir()
        && shell::find_program("lld-22").is_some()
}

fn active_compiler() -> std::ffi::OsString {
    std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

/// A clang with its archiver.
pub(crate) struct Clang {
    compiler: PathBuf,
    archiver: PathBuf,
}

impl Clang {
    /// The newest on the search path that can write WebAssembly.
    pub(crate) fn find() -> Option<Self> {
        let suffixes = CLANG_VERSIONS.rev().map(|version| format!("-{version}"));
        suffixes.chain([String::new()]).find_map(|suffix| {
            let compiler = shell::find_program(&format!("clang{suffix}"))?;
            let archiver = shell::find_program(&format!("llvm-ar{suffix}"))?;
            let mut targets = Command::new(&compiler);
            let knows = shell::read(targets.arg("--print-targets")).is_ok_and(|list| list.contains("wasm32"));
            knows.then_some(Self { compiler, archiver })
        })
    }
}
