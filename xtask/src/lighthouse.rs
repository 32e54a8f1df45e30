//! Lighthouse, on the real client: its figures mean something only where nothing else runs, and it is heavy, so it is of the night.

use anyhow::Result;

use crate::setup::{self, Need};
use crate::shell;
use crate::web;
use crate::workspace::Workspace;

/// Builds the client as it is shipped and measures it; the reports are left in `target/lighthouse`.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    setup::run(workspace, &[Need::Wasm, Need::Web, Need::Browsers])?;
    web::run(workspace, true)?;
    let mut cargo = shell::cargo(workspace.root());
    shell::run(cargo.args(["build", "--package", "pipit-server"]))?;
    setup::lighthouse(workspace)?;
    let mut npm = shell::command("npm", &workspace.web());
    npm.args(["run", "--silent", "lighthouse", "--", "--output"])
        .arg(workspace.target().join("lighthouse"))
        // It opens no scripted views: none need to be built.
        .env("PIPIT_VIEWS_BUILT", "1")
        .env("PIPIT_BINARY", workspace.target().join("debug/pipit"));
    shell::run(&mut npm)
}
