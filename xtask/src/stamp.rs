//! Skipping work whose inputs have not changed, decided by content and not by time: a fresh clone, a switched branch
//! and a restored cache all look new by time.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Collects everything that a result depends on.
#[derive(Default)]
pub(crate) struct Inputs {
    hasher: Sha256,
}

impl Inputs {
    /// A word that matters, such as a compiler's version.
    pub(crate) fn word(&mut self, word: &str) {
        self.part(word.as_bytes());
    }

    /// A file, by name and content. A missing file counts as one without content.
    pub(crate) fn file(&mut self, file: &Path) -> Result<()> {
        self.part(file.as_os_str().as_encoded_bytes());
        match fs::read(file) {
            Ok(content) => self.part(&content),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
        }
        Ok(())
    }

    /// Every file under a folder, but for the folders with these names. Stamps are not inputs.
    pub(crate) fn folder(&mut self, folder: &Path, without: &[&str]) -> Result<()> {
        for file in files(folder, without)? {
            if file.extension().is_none_or(|extension| extension != "stamp") {
                self.file(&file)?;
            }
        }
        Ok(())
    }

    /// The name of this set of inputs.
    pub(crate) fn finish(self) -> String {
        use std::fmt::Write as _;
        self.hasher
            .finalize()
            .iter()
            .fold(String::new(), |mut text, byte| {
                // Writing to a string cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            })
    }

    fn part(&mut self, bytes: &[u8]) {
        self.hasher
            .update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes());
        self.hasher.update(bytes);
    }
}

/// Every file under `folder`, sorted, but for what is in folders with the names in `without`.
pub(crate) fn files(folder: &Path, without: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_file() {
                found.push(entry.path());
            } else if kind.is_dir() && !without.iter().any(|name| entry.file_name() == *name) {
                folders.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Whether `folder` holds the result of these inputs.
pub(crate) fn is_current(folder: &Path, inputs: &str) -> bool {
    fs::read_to_string(stamp_file(folder)).is_ok_and(|stamp| stamp == inputs)
}

/// Says that what is in `folder` is about to change.
pub(crate) fn forget(folder: &Path) -> Result<()> {
    match fs::remove_file(stamp_file(folder)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing the stamp of {}", folder.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Says that `folder` holds the result of these inputs.
pub(crate) fn remember(folder: &Path, inputs: &str) -> Result<()> {
    fs::write(stamp_file(folder), inputs).with_context(|| format!("stamping {}", folder.display()))
}

/// Beside the folder, not in it: what is in it is embedded or bundled.
fn stamp_file(folder: &Path) -> PathBuf {
    folder.with_extension("stamp")
}

#[cfg(test)]
mod tests {
    use super::Inputs;

    #[test]
    fn inputs_with_different_borders_differ() {
        let name = |words: &[&str]| {
            let mut inputs = Inputs::default();
            for word in words {
                inputs.word(word);
            }
            inputs.finish()
        };
        assert_eq!(name(&["ab", "c"]), name(&["ab", "c"]));
        assert_ne!(name(&["ab", "c"]), name(&["a", "bc"]));
        assert_ne!(name(&["ab"]), name(&["ab", ""]));
    }
}
