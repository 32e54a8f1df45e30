//! Files that are written by a program and committed, so that they can be read and reviewed like any other.

use anyhow::Result;

use crate::shell;
use crate::web;
use crate::workspace::Workspace;

/// Writes them, or says which are not current.
pub(crate) fn run(workspace: &Workspace, check: bool) -> Result<()> {
    web::ensure_dist_folder(workspace)?;
    let mut cargo = shell::cargo(workspace.root());
    cargo.args(["run", "--quiet", "--package", "pipit-xtask-gen", "--"]);
    if check {
        cargo.arg("--check");
    }
    shell::run(&mut cargo)
}
