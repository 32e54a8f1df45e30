//! Files that are written by a program and committed, so that they can be read and reviewed like any other.

use anyhow::Result;

use crate::setup::{self, Need};
use crate::shell::{self, Helper};
use crate::workspace::Workspace;

const PACKAGE: &str = "pipit-xtask-gen";

/// Writes them, or says which are not current. PostgreSQL is asked for its schema, and so has to be there.
pub(crate) fn run(workspace: &Workspace, check: bool) -> Result<()> {
    setup::run(workspace, &[Need::Services])?;
    let mut program = Helper::Build.command(workspace, PACKAGE);
    if check {
        program.arg("--check");
    }
    shell::run(&mut program)
}

/// Says which are not current, with the program as it was built with the rest of the workspace.
pub(crate) fn check_built(workspace: &Workspace) -> Result<()> {
    shell::run(Helper::Built.command(workspace, PACKAGE).arg("--check"))
}
