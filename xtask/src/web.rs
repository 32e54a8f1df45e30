//! The web client.

use anyhow::Result;

use crate::setup::{self, Need};
use crate::shell::{self, Helper};
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
    wasm::build(workspace, size, Helper::Build)?;
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
