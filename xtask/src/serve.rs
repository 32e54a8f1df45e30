//! Starting the server from source.

use std::os::unix::process::CommandExt as _;
use std::process::Stdio;

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{shell, web};

/// Builds what has changed, then becomes `pipit serve`.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    web::run(workspace, false)?;
    shell::run(shell::cargo(workspace.root()).args(["build", "--package", "pipit-server"]))?;
    let program = workspace.target().join("debug/pipit");
    let mut command = shell::command(&program, workspace.root());
    // The server takes this program's place, so that a signal meant for it reaches it and nobody else.
    let error = command
        .arg("serve")
        .args(arguments)
        .stdin(Stdio::inherit())
        .exec();
    Err(error).with_context(|| format!("starting {}", program.display()))
}
