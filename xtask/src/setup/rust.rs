//! Components of the Rust toolchain.

use std::path::Path;

use anyhow::{Result, bail};

use crate::shell;

/// Fails where rustfmt or clippy is missing and rustup cannot add it.
pub(super) fn require_lints(root: &Path) -> Result<()> {
    for (component, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if shell::succeeds(shell::cargo(root).args([subcommand, "--version"])) {
            continue;
        }
        let Some(rustup) = shell::find_program("rustup") else {
            bail!("`cargo {subcommand}` is missing: install {component} for this Rust toolchain");
        };
        println!("rustup adds {component}, which the checks run");
        shell::run(shell::command(rustup, root).args(["component", "add", component]))?;
    }
    Ok(())
}
