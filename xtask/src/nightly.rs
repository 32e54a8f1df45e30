//! What takes too long for every change, or means something only where nothing else runs.

use anyhow::Result;

use crate::chaos;
use crate::setup::{self, Need};
use crate::shell;
use crate::web;
use crate::workspace::Workspace;

/// Rounds of a day's use: what a page does not let go of shows over many.
const SOAK_ROUNDS: u32 = 12;

/// Breaks what must not break, then measures the web client as it is shipped: with Lighthouse, and over a long day; then looks at it in another browser.
pub(crate) fn run(workspace: &Workspace, seed: Option<u64>) -> Result<()> {
    chaos::nightly(workspace, seed)?;
    setup::run(workspace, &[Need::Wasm, Need::Web, Need::Browsers])?;
    web::run(workspace, true)?;
    let mut cargo = shell::cargo(workspace.root());
    shell::run(cargo.args(["build", "--package", "pipit-server"]))?;
    lighthouse(workspace)?;
    soak(workspace)?;
    // What people do, in the other browser: the tests of a change have two people there.
    end_to_end(workspace, "firefox", &[])
}

/// Its reports are left in `target/lighthouse`.
fn lighthouse(workspace: &Workspace) -> Result<()> {
    setup::lighthouse(workspace)?;
    end_to_end(workspace, "lighthouse", &[])
}

/// What a page holds on to must not grow with the day.
fn soak(workspace: &Workspace) -> Result<()> {
    end_to_end(workspace, "soak", &[("PIPIT_SOAK_ROUNDS", SOAK_ROUNDS)])
}

/// Runs a project of the end-to-end tests on what was built; what it leaves is in `target`, under its name.
fn end_to_end(workspace: &Workspace, name: &str, told: &[(&str, u32)]) -> Result<()> {
    let mut npm = shell::command("npm", &workspace.web());
    npm.args(["run", "--silent", name, "--", "--output"])
        .arg(workspace.target().join(name))
        // They open no scripted views: none need to be built.
        .env("PIPIT_VIEWS_BUILT", "1")
        .env("PIPIT_BINARY", workspace.target().join("debug/pipit"));
    for (variable, value) in told {
        npm.env(variable, value.to_string());
    }
    shell::run(&mut npm)
}
