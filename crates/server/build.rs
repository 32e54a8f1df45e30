//! Says what to do where the web client has not been built, before `rust-embed` says only that a folder is missing.
//!
//! A debug build reads the client's files when they are asked for: it can be built and tested before the client is, and need not be
//! built again after it.

use std::path::Path;

fn main() {
    let dist = Path::new("../../apps/web/dist");
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_WEB").is_none() {
        return;
    }
    let is_release = std::env::var_os("PROFILE").is_some_and(|profile| profile == "release");
    if !is_release && std::fs::create_dir_all(dist).is_ok() {
        return;
    }
    println!("cargo::rerun-if-changed={}", dist.display());
    if !dist.join("index.html").is_file() {
        println!(
            "cargo::error=the web client has not been built: run `cargo xtask web`, or build the server without it: --no-default-features"
        );
    }
}
