//! Node and the packages of the web client.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};

use crate::shell;

/// The oldest Node that every package of the web client runs on.
const NODE_VERSION_MIN: u32 = 20;

/// Fails where Node is missing or too old.
pub(super) fn require() -> Result<()> {
    let advice =
        format!("install Node {NODE_VERSION_MIN} or newer, with npm, from nodejs.org or your distribution");
    let (Some(node), Some(_)) = (shell::find_program("node"), shell::find_program("npm")) else {
        bail!("the web client needs Node and npm, which are not on the search path: {advice}");
    };
    let version = shell::read(std::process::Command::new(node).arg("--version"))?;
    match major(&version) {
        Some(found) if found >= NODE_VERSION_MIN => Ok(()),
        _ => bail!(
            "the web client does not build with Node {}: {advice}",
            version.trim()
        ),
    }
}

fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Installs the packages named by a folder's lock file where it is newer than what is installed.
pub(super) fn install_packages(folder: &Path) -> Result<()> {
    let lock = folder.join("package-lock.json");
    let locked = changed(&lock).with_context(|| format!("{} is missing", lock.display()))?;
    // npm writes this file last, so that it is there only after a complete installation.
    match changed(&folder.join("node_modules/.package-lock.json")) {
        Some(installed) if installed >= locked => Ok(()),
        _ => {
            println!("Installing packages, in {}/node_modules only:", folder.display());
            shell::run(shell::command("npm", folder).args(["ci", "--no-audit", "--no-fund"]))
        }
    }
}

fn changed(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|metadata| metadata.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_version_of_node() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("20.20.2"), None);
        assert_eq!(major(""), None);
    }
}
