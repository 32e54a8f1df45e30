//! The release binaries.

use std::fs;

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{shell, web};

/// Builds the web client, then the server around it.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    web::run(workspace, true)?;
    shell::run(shell::cargo(workspace.root()).args([
        "build",
        "--release",
        "--package",
        "pipit-server",
        "--package",
        "pipit-load",
    ]))?;
    for name in ["release/pipit", "release/pipit-load"] {
        let binary = workspace.target().join(name);
        let size_bytes = fs::metadata(&binary)
            .with_context(|| format!("{} was not built", binary.display()))?
            .len();
        println!("{}: {} kB", binary.display(), size_bytes / 1_000);
    }
    Ok(())
}
