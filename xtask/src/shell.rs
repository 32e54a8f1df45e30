//! Running other programs.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

/// A command to run in `folder` that never waits for input.
pub(crate) fn command(program: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// The cargo that runs this program.
pub(crate) fn cargo(folder: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = command(program, folder);
    // Cargo sets these for the program it runs. Passed on, they would make build scripts believe that they changed.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    // What is built once, on a machine of its own, is not built again in parts.
    if std::env::var_os("CI").is_some() && std::env::var_os("CARGO_INCREMENTAL").is_none() {
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}

/// Where one of our own helping programs comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Helper {
    /// Cargo builds it, where it has changed.
    Build,
    /// It was built together with the rest of the workspace, and is run as it is. Asking cargo for it alone would choose other
    /// features of what it shares with the rest, and build all of that a second time.
    Built,
}

impl Helper {
    /// The command that runs the program of this package.
    pub(crate) fn command(self, workspace: &Workspace, package: &str) -> Command {
        match self {
            Self::Build => {
                let mut cargo = cargo(workspace.root());
                cargo.args(["run", "--quiet", "--package", package, "--"]);
                cargo
            }
            Self::Built => command(workspace.target().join("debug").join(package), workspace.root()),
        }
    }
}

/// Shows the command's output and fails if it does.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = describe(command);
    println!("$ {line}");
    let status = command
        .status()
        .with_context(|| format!("`{line}` could not be started"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

/// What the command prints, or an error with what it complained of.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let line = describe(command);
    let output = command
        .stderr(Stdio::piped())
        .output()
        .with_context(|| format!("`{line}` could not be started"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("`{line}` failed ({}): {}", output.status, complaint.trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{line}` printed what is not UTF-8"))
}

/// Whether the command can be started and succeeds; nothing is shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Ends a program and everything that it has started: npm and cargo leave theirs behind when they are killed.
pub(crate) fn end(child: &mut Child) {
    let mut kill = Command::new("kill");
    kill.arg("-KILL")
        .args(descendants(child.id()).iter().map(u32::to_string));
    succeeds(&mut kill);
    drop(child.kill());
    drop(child.wait());
}

fn descendants(ancestor: u32) -> BTreeSet<u32> {
    let listed = read(Command::new("ps").args(["-A", "-o", "pid=,ppid="])).unwrap_or_default();
    let pairs: Vec<(u32, u32)> = listed
        .lines()
        .filter_map(|line| {
            let (process, parent) = line.trim().split_once(char::is_whitespace)?;
            Some((process.parse().ok()?, parent.trim().parse().ok()?))
        })
        .collect();
    let mut family = BTreeSet::from([ancestor]);
    let mut known = 0;
    while family.len() > known {
        known = family.len();
        let children = pairs.iter().filter(|(_, parent)| family.contains(parent));
        let children: Vec<_> = children.map(|(process, _)| *process).collect();
        family.extend(children);
    }
    family
}

/// The file of a program on the search path.
pub(crate) fn find_program(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    std::iter::once(program)
        .chain(command.get_args())
        .map(|part| part.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Read as _};

    use super::*;

    #[test]
    fn what_a_program_has_started_ends_with_it() {
        let mut child = Command::new("sh")
            .args(["-c", "(sleep 3600; true) & echo started; wait"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        end(&mut child);
        // Whoever lives of them keeps this open.
        assert_eq!(output.read_to_string(&mut line).unwrap(), 0);
        assert_eq!(line, "started\n");
    }
}
