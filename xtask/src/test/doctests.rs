//! Examples in documentation comments. Looking for them costs less than building for them in vain.

use anyhow::Result;

use crate::shell;
use crate::stamp;
use crate::workspace::Workspace;

/// Runs them, of all crates at once: a choice of some would have other features, and build what they share again.
pub(super) fn run(workspace: &Workspace) -> Result<()> {
    for file in stamp::files(&workspace.root().join("crates"), &["target", "tests", "benches"])? {
        let is_rust = file.extension().is_some_and(|extension| extension == "rs");
        if is_rust && has_example(&std::fs::read_to_string(&file)?) {
            return shell::run(shell::cargo(workspace.root()).args(["test", "--doc", "--workspace"]));
        }
    }
    println!("no documentation has examples");
    Ok(())
}

/// Whether a documentation comment opens a block of Rust.
fn has_example(text: &str) -> bool {
    let mut inside = false;
    for line in text.lines().map(str::trim_start) {
        let comment = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
        let Some(fence) = comment.and_then(|comment| comment.trim_start().strip_prefix("```")) else {
            continue;
        };
        if !inside && (fence.trim().is_empty() || fence.trim_start().starts_with("rust")) {
            return true;
        }
        inside = !inside;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::has_example;

    #[test]
    fn only_blocks_of_rust_are_examples() {
        assert!(has_example("/// Adds.\n/// ```\n/// add(1, 2);\n/// ```\n"));
        assert!(has_example("//! ```rust,no_run\n//! serve();\n//! ```\n"));
        assert!(!has_example("/// ```text\n/// {}\n/// ```\n"));
        assert!(!has_example("// ```\n"));
        assert!(!has_example("/// Nothing.\n"));
    }
}
