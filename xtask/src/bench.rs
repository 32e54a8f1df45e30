//! Benchmarks.

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;
use crate::{shell, web};

/// Runs every program in a `benches` folder, one after the other: they share the machine's cores and disk.
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
    if benches.is_empty() {
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
    Ok(())
}
