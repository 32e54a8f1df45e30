//! Where things are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The repository that this program was built from.
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Asks cargo for the workspace's folder at run time where it can, so that a moved clone still works.
    pub(crate) fn find() -> Result<Self> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().context("the folder of xtask has no parent")?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// The top of the repository.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where cargo puts what it builds.
    pub(crate) fn target(&self) -> PathBuf {
        match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => self.root.join(folder),
            None => self.root.join("target"),
        }
    }

    /// The web client.
    pub(crate) fn web(&self) -> PathBuf {
        self.root.join("apps/web")
    }

    /// Where what is built for the web client goes.
    pub(crate) fn web_generated(&self) -> PathBuf {
        self.web().join("src/generated")
    }

    /// The built web client, which the server embeds.
    pub(crate) fn web_dist(&self) -> PathBuf {
        self.web().join("dist")
    }
}
