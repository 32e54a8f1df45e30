//! Chaos runs: a cluster that is broken while people chat on it.

use std::fs;

use anyhow::{Context, Result};

use crate::setup::{self, Need};
use crate::shell;
use crate::workspace::Workspace;

/// What every change is tried with.
const SHORT_S: u32 = 45;
/// What a night has time for.
const LONG_S: u32 = 300;
/// The seed of every change: a check that fails by chance tells nobody which change it was.
const SHORT_SEED: u64 = 1;

/// A short run with the programs that were built with everything else.
pub(crate) fn short(workspace: &Workspace) -> Result<()> {
    let debug = workspace.target().join("debug");
    let mut load = shell::command(debug.join("pipit-load"), workspace.root());
    load.args(["chaos", "--seed", &SHORT_SEED.to_string()]);
    load.args(["--seconds", &SHORT_S.to_string()]);
    shell::run(&mut load)
}

/// Long runs, of a cluster and of one node on SQLite; a page about each is left in `target/chaos`. Without a seed it is the day's.
pub(crate) fn nightly(workspace: &Workspace, seed: Option<u64>) -> Result<()> {
    setup::run(workspace, &[Need::Services])?;
    let mut cargo = shell::cargo(workspace.root());
    shell::run(cargo.args(["build", "--package", "pipit-server", "--package", "pipit-load"]))?;
    let folder = workspace.target().join("chaos");
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let seed = seed.map_or_else(today, Ok)?;
    for nodes in ["3", "1"] {
        let program = workspace.target().join("debug/pipit-load");
        let mut load = shell::command(program, workspace.root());
        load.args(["chaos", "--nodes", nodes, "--seed", &seed.to_string()]);
        load.args(["--seconds", &LONG_S.to_string()]);
        load.arg("--report")
            .arg(folder.join(format!("nodes-{nodes}.html")));
        shell::run(&mut load)?;
    }
    Ok(())
}

/// Days since 1970: another plan every night, and the line that is printed repeats it.
fn today() -> Result<u64> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a night's seed is its date; nothing simulated depends on it"
    )]
    let now = std::time::SystemTime::now();
    let since = now
        .duration_since(std::time::UNIX_EPOCH)
        .context("the clock is before 1970")?;
    Ok(since.as_secs() / 86_400)
}
