//! The web client.

use std::fs;

use anyhow::{Context, Result};

use crate::setup::{self, Need};
use crate::shell;
use crate::stamp::{self, Inputs};
use crate::wasm::{self, Size};
use crate::workspace::Workspace;

/// What the built client does not depend on.
const NOT_INPUTS: &[&str] = &[
    "node_modules",
    "dist",
    "e2e",
    "test-results",
    "playwright-report",
    "screenshots",
];

/// Sets up what is missing and builds the core and the client, where anything has changed.
pub(crate) fn run(workspace: &Workspace, optimize: bool) -> Result<()> {
    setup::run(workspace, &[Need::Wasm, Need::Web])?;
    let size = if optimize { Size::Optimized } else { Size::Plain };
    wasm::build(workspace, size)?;
    build(workspace)
}

/// Builds the client around the core that is there, where anything has changed.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let web = workspace.web();
    let dist = workspace.web_dist();
    let mut inputs = Inputs::default();
    inputs.folder(&web, NOT_INPUTS)?;
    let inputs = inputs.finish();
    if dist.join("index.html").is_file() && stamp::is_current(&dist, &inputs) {
        return Ok(());
    }
    println!("Building the web client");
    stamp::forget(&dist)?;
    npm(workspace, "build")?;
    stamp::remember(&dist, &inputs)
}

/// Runs a script of `apps/web/package.json`.
pub(crate) fn npm(workspace: &Workspace, script: &str) -> Result<()> {
    shell::run(shell::command("npm", &workspace.web()).args(["run", "--silent", script]))
}

/// Makes the folder that the server embeds, empty where the client has not been built: the server's crate does not
/// compile without it, and checks of Rust code need not wait for the client.
pub(crate) fn ensure_dist_folder(workspace: &Workspace) -> Result<()> {
    let dist = workspace.web_dist();
    fs::create_dir_all(&dist).with_context(|| format!("making {}", dist.display()))
}
