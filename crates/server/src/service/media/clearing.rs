//! Removing what nobody has: uploads that were given up, files whose last message was deleted, and objects that no row names.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use pipit_wire::BlobId;
use tokio_util::sync::CancellationToken;

use super::{KEPT_MS, Media, fault};
use crate::error::ServiceError;
use crate::service::chore;

/// How often abandoned files are looked for.
const EVERY: Duration = Duration::from_mins(1);
/// After how many of those rounds all objects are looked through.
const SWEEP_ROUNDS: u32 = 24 * 60;
/// How many at a time.
const BATCH: u32 = 100;

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Files, finished or not.
    pub files: usize,
    /// Objects that belonged to no file.
    pub objects: usize,
}

impl Media {
    /// Clears for ever.
    pub async fn run_clearing(self: Arc<Self>, shutdown: CancellationToken) {
        let mut rounds = 0_u32;
        chore::repeat(EVERY, &shutdown, "clearing files", || {
            rounds = rounds.wrapping_add(1);
            self.clear(rounds.is_multiple_of(SWEEP_ROUNDS))
        })
        .await;
    }

    async fn clear(&self, objects_too: bool) -> Result<(), ServiceError> {
        let mut cleared = self.clear_abandoned().await?;
        if objects_too {
            cleared.objects = self.clear_rubbish().await?;
        }
        if cleared != Cleared::default() {
            tracing::info!(cleared.files, cleared.objects, "files were cleared");
        }
        Ok(())
    }

    /// Removes files that were given up.
    pub async fn clear_abandoned(&self) -> Result<Cleared, ServiceError> {
        let before = self.context.now().plus_ms(-KEPT_MS);
        let mut cleared = Cleared::default();
        loop {
            let taken = self.context.store.take_abandoned(before, BATCH).await?;
            for blob in &taken {
                // Where this fails, the objects are rubbish from now on.
                self.remove_objects(*blob).await;
            }
            self.stats.files_cleared.add(taken.len());
            cleared.files += taken.len();
            if taken.len() < BATCH as usize {
                return Ok(cleared);
            }
        }
    }

    /// Looks through all objects that are older than any request that may still name them, and removes those of files that
    /// are not there.
    pub async fn clear_rubbish(&self) -> Result<usize, ServiceError> {
        let before_ms = self.context.now().plus_ms(-KEPT_MS).as_ms();
        let mut objects = self.blobs.list(None);
        let mut batch: BTreeMap<BlobId, Vec<String>> = BTreeMap::new();
        let mut cleared = 0;
        while let Some(object) = objects.try_next().await.map_err(fault)? {
            let folder = object.key.split('/').next().unwrap_or_default();
            // What has no id for a name is not ours.
            let Ok(blob) = folder.parse::<BlobId>() else {
                continue;
            };
            if object.written_at_ms < before_ms {
                batch.entry(blob).or_default().push(object.key);
            }
            if batch.len() >= BATCH as usize {
                cleared += self.clear_unknown(std::mem::take(&mut batch)).await?;
            }
        }
        cleared += self.clear_unknown(batch).await?;
        self.stats.objects_cleared.add(cleared);
        Ok(cleared)
    }

    async fn clear_unknown(&self, mut batch: BTreeMap<BlobId, Vec<String>>) -> Result<usize, ServiceError> {
        let asked: Vec<BlobId> = batch.keys().copied().collect();
        for known in self.context.store.filter_known_blobs(&asked).await? {
            batch.remove(&known);
        }
        let mut cleared = 0;
        for key in batch.into_values().flatten() {
            self.blobs.remove(&key).await.map_err(fault)?;
            cleared += 1;
        }
        Ok(cleared)
    }
}
