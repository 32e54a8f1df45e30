//! The files of the repository.

use std::path::Path;

use anyhow::{Context, Result};

use crate::shell;

/// Every text file that is committed or would be, with its path from the top.
#[derive(Default)]
pub(super) struct Tree {
    files: Vec<(String, String)>,
}

impl Tree {
    /// Asks git for the list, and reads them.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut git = shell::command("git", root);
        let list = shell::read(git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
        let mut files = Vec::new();
        for path in list.split('\0').filter(|path| !path.is_empty()) {
            // A file may be gone since it was committed, or be a picture.
            if let Ok(text) = std::fs::read_to_string(root.join(path)) {
                files.push((path.to_owned(), text));
            }
        }
        files.sort();
        files.dedup();
        Ok(Self { files })
    }

    /// For tests: these files.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        Self {
            files: files.iter().map(own).collect(),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// All of them, path and text.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Those whose names end in one of these extensions.
    pub(super) fn with_extension(&self, extensions: &[&str]) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(move |(path, _)| {
            Path::new(path)
                .extension()
                .is_some_and(|found| extensions.iter().any(|wanted| found == *wanted))
        })
    }

    /// The text of one.
    pub(super) fn find(&self, path: &str) -> Option<&str> {
        self.files()
            .find(|(found, _)| *found == path)
            .map(|(_, text)| text)
    }

    /// The text of one that has to be there.
    pub(super) fn require(&self, path: &str) -> Result<&str> {
        self.find(path).with_context(|| format!("{path} is missing"))
    }
}

/// Whether a program writes this file.
pub(super) fn is_generated(path: &str) -> bool {
    path.split('/')
        .any(|part| part == "generated" || part == "snapshots")
}
