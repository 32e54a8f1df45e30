//! Checks of what no compiler looks at. Each is a function from the tree, or from the graph of crates, to the problems found,
//! and has a test that it can fail.

mod crates;
mod dependencies;
mod docs;
mod files;
mod protocol;
mod tree;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;
use tree::Tree;

/// What is wrong, in one line that begins with where.
type Problem = String;

/// Runs every check and prints every problem.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let tree = Tree::read(workspace.root())?;
    let metadata = cargo_metadata::MetadataCommand::new()
        .current_dir(workspace.root())
        // A lock file that does not fit the manifests is a problem like any other, and cargo names it.
        .other_options(vec!["--locked".to_owned()])
        .exec()
        .context("asking cargo for all crates")?;
    let graph = crates::Graph::from_metadata(&metadata, &tree);
    let rules = dependencies::Rules::parse(tree.require("deny.toml")?)?;
    let problems: Vec<Problem> = [
        crates::edges(&graph),
        crates::outside(&graph),
        crates::names_and_lints(&graph),
        dependencies::check(&metadata, &rules),
        files::check(&tree),
        docs::titles(&tree),
        docs::links(&tree),
        docs::crate_list(&tree, &graph),
        docs::decisions(&tree),
        protocol::check(&tree)?,
    ]
    .concat();
    for problem in &problems {
        println!("{problem}");
    }
    if !problems.is_empty() {
        bail!("{} problems", problems.len());
    }
    println!(
        "{} files, {} crates of ours, {} in all: tidy",
        tree.len(),
        graph.len(),
        metadata.packages.len()
    );
    Ok(())
}
