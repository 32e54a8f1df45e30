//! Says what to do where the web client has not been built, before `rust-embed` says only that a folder is missing.

use std::path::Path;

fn main() {
    let dist = Path::new("../../apps/web/dist");
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_WEB").is_none() {
        return;
    }
    println!("cargo::rerun-if-changed={}", dist.display());
    if !dist.join("index.html").is_file() {
        println!(
            "cargo::error=the web client has not been built: run `cargo xtask web`, or build the server without it: --no-default-features"
        );
    }
}
