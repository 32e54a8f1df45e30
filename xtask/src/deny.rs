//! cargo-deny: known vulnerabilities, licences by their texts, banned crates.

use std::path::PathBuf;

use anyhow::Result;

use crate::shell;
use crate::workspace::Workspace;

/// Checks all of `deny.toml`. Installs cargo-deny into the target folder where it is missing, which takes minutes.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let program = match find(workspace) {
        Some(program) => program,
        None => install(workspace)?,
    };
    check(workspace, &program, "all")
}

/// The checks that need nothing from the network.
pub(crate) fn run_offline(workspace: &Workspace, program: &PathBuf) -> Result<()> {
    check(workspace, program, "bans")?;
    check(workspace, program, "licenses")?;
    check(workspace, program, "sources")
}

/// cargo-deny, where it is installed.
pub(crate) fn find(workspace: &Workspace) -> Option<PathBuf> {
    let ours = tools(workspace).join("bin/cargo-deny");
    shell::find_program("cargo-deny").or_else(|| ours.is_file().then_some(ours))
}

fn check(workspace: &Workspace, program: &PathBuf, what: &str) -> Result<()> {
    shell::run(shell::command(program, workspace.root()).args(["--all-features", "check", what]))
}

fn install(workspace: &Workspace) -> Result<PathBuf> {
    println!("Installing cargo-deny, which takes some minutes, once:");
    let tools = tools(workspace);
    let mut cargo = shell::cargo(workspace.root());
    cargo
        .args(["install", "cargo-deny", "--locked", "--root"])
        .arg(&tools);
    shell::run(&mut cargo)?;
    Ok(tools.join("bin/cargo-deny"))
}

fn tools(workspace: &Workspace) -> PathBuf {
    workspace.target().join("tools")
}
