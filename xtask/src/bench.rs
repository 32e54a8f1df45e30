//! Benchmarks.

use anyhow::{Context, Result, bail};

use crate::setup::{self, Need};
use crate::workspace::Workspace;
use crate::{shell, web};

/// The package that measures Pipit beside other servers.
const SIDE_BY_SIDE: &str = "pipit-load";

/// Runs every program in a `benches` folder, one after the other, then Pipit and other servers side by side: all share the
/// machine's cores and disk.
pub(crate) fn run(workspace: &Workspace, package: Option<&str>, arguments: &[String]) -> Result<()> {
    let root = workspace.root();
    let metadata = cargo_metadata::MetadataCommand::new()
        .current_dir(root)
        .no_deps()
        .exec()
        .context("asking cargo for the workspace's crates")?;
    let benches: Vec<(&str, &str)> = metadata
        .packages
        .iter()
        .filter(|candidate| package.is_none_or(|wanted| candidate.name == wanted))
        .flat_map(|package| {
            let benches = package.targets.iter().filter(|target| target.is_bench());
            benches.map(|target| (package.name.as_str(), target.name.as_str()))
        })
        .collect();
    let compared = package.is_none_or(|wanted| wanted == SIDE_BY_SIDE);
    if benches.is_empty() && !compared {
        bail!(
            "no benchmarks{}",
            package.map(|name| format!(" in {name}")).unwrap_or_default()
        );
    }
    // Benchmarks are release builds, and those of the server have the web client inside.
    if benches.iter().any(|(package, _)| *package == "pipit-server") {
        web::run(workspace, false)?;
    }
    for (package, bench) in benches {
        println!("==> {package}, {bench}");
        let mut cargo = shell::cargo(root);
        cargo.args(["bench", "--package", package, "--bench", bench]);
        if !arguments.is_empty() {
            cargo.arg("--").args(arguments);
        }
        shell::run(&mut cargo)?;
    }
    if compared {
        // What benchmarks of other crates are given means nothing here.
        side_by_side(workspace, if package.is_some() { arguments } else { &[] })?;
    }
    Ok(())
}

/// Pipit, and the servers that it is measured against, in turns. The page about it is left in `target`.
fn side_by_side(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let root = workspace.root();
    let node = setup::reference(workspace)?;
    setup::run(workspace, &[Need::Services])?;
    let mut cargo = shell::cargo(root);
    cargo.args([
        "build",
        "--release",
        "--package",
        "pipit-server",
        "--package",
        "pipit-load",
    ]);
    shell::run(&mut cargo)?;
    let mut load = shell::command(workspace.target().join("release/pipit-load"), root);
    load.arg("compare").arg("--node").arg(node);
    load.arg("--report")
        .arg(workspace.target().join("side-by-side.html"));
    shell::run(load.args(arguments))
}
