//! Packages of the system.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::shell;

/// Packages to install, each with the reason.
#[derive(Default)]
pub(super) struct Wanted {
    reasons: Vec<(&'static str, &'static [&'static str])>,
}

impl Wanted {
    /// These are missing, for this reason.
    pub(super) fn add(&mut self, reason: &'static str, packages: &'static [&'static str]) {
        self.reasons.push((reason, packages));
    }

    /// Installs them as root; says how to, to anyone else.
    pub(super) fn install(&self, root: &Path) -> Result<()> {
        if self.reasons.is_empty() {
            return Ok(());
        }
        println!("Missing on this machine:");
        for (reason, packages) in &self.reasons {
            println!("  {reason}: {}", packages.join(" "));
        }
        let line = self.line();
        if shell::find_program("apt-get").is_none() {
            bail!("this machine has no apt-get: install the above by other means, then run this again");
        }
        if !is_root(root)? {
            bail!(
                "installing packages needs root. Run this, then the same command again:\n\n    sudo {line}\n"
            );
        }
        println!("Installing them with apt-get:");
        apt_get(root, &["update", "--quiet"])?;
        let mut arguments = vec!["install", "--yes", "--no-install-recommends", "--quiet"];
        arguments.extend(self.packages());
        apt_get(root, &arguments).with_context(|| format!("installing failed; by hand it is `{line}`"))
    }

    fn packages(&self) -> impl Iterator<Item = &'static str> {
        self.reasons
            .iter()
            .flat_map(|(_, packages)| packages.iter().copied())
    }

    fn line(&self) -> String {
        let packages: Vec<_> = self.packages().collect();
        format!("apt-get install --no-install-recommends {}", packages.join(" "))
    }
}

fn apt_get(root: &Path, arguments: &[&str]) -> Result<()> {
    let mut command = shell::command("apt-get", root);
    shell::run(command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
}

fn is_root(root: &Path) -> Result<bool> {
    let user = shell::read(shell::command("id", root).arg("-u"))?;
    Ok(user.trim() == "0")
}

/// Whether a program is on the search path or in one of these folders, where `*` stands for any name.
pub(super) fn has_program(name: &str, folders: &[&str]) -> bool {
    shell::find_program(name).is_some()
        || folders.iter().any(|folder| match folder.split_once('*') {
            None => Path::new(folder).join(name).is_file(),
            Some((before, after)) => std::fs::read_dir(before).is_ok_and(|entries| {
                entries.flatten().any(|entry| {
                    entry
                        .path()
                        .join(after.trim_start_matches('/'))
                        .join(name)
                        .is_file()
                })
            }),
        })
}

/// Whether this file is there.
pub(super) fn has_file(file: &str) -> bool {
    Path::new(file).is_file()
}

#[cfg(test)]
mod tests {
    use super::{Wanted, has_program};

    #[test]
    fn the_line_to_run_names_every_package_once() {
        let mut wanted = Wanted::default();
        wanted.add("one thing", &["a", "b"]);
        wanted.add("another", &["c"]);
        assert_eq!(wanted.line(), "apt-get install --no-install-recommends a b c");
    }

    #[test]
    fn a_program_is_found_below_a_folder_of_any_name() {
        let folder = std::env::temp_dir().join(format!("pipit-xtask-{}", std::process::id()));
        let program = folder.join("15/bin/pipit-no-such-program");
        std::fs::create_dir_all(program.parent().unwrap()).unwrap();
        std::fs::write(&program, "").unwrap();
        let pattern = format!("{}/*/bin", folder.display());
        assert!(has_program("pipit-no-such-program", &[&pattern]));
        assert!(!has_program("pipit-no-such-program", &[]));
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(!has_program("pipit-no-such-program", &[&pattern]));
    }
}
