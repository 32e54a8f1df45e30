//! Files that are written by a program and committed, so that they can be read and reviewed like any other.

use anyhow::Result;

use crate::setup::{self, Need};
use crate::shell;
use crate::workspace::Workspace;

/// Writes them, or says which are not current. PostgreSQL is asked for its schema, and so has to be there.
pub(crate) fn run(workspace: &Workspace, check: bool) -> Result<()> {
    setup::run(workspace, &[Need::Services])?;
    let mut cargo = shell::cargo(workspace.root());
    cargo.args(["run", "--quiet", "--package", "pipit-xtask-gen", "--"]);
    if check {
        cargo.arg("--check");
    }
    shell::run(&mut cargo)
}
