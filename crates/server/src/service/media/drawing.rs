//! Work on pictures that others have made: a few at a time, off the message path, for a limited time, and a decoder that panics fails its picture
//! alone.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::{kind, picture};
use crate::panics;

/// How many pictures are made at one time. Each may take [`picture`]'s memory, and a core.
const PICTURES_MAX: usize = 2;
/// The longest that a picture may take, the wait for its turn not counted. One that takes longer is given up.
const PICTURE_TIME: Duration = Duration::from_secs(20);

/// There is nothing: it took too long, its decoder panicked, or the node is stopping. What it was is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Undone;

/// See the module.
pub struct Drawing {
    turns: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Drawing {
    /// What has begun is waited for through `tasks`.
    pub fn new(tasks: TaskTracker) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(PICTURES_MAX)),
            tasks,
        }
    }

    /// Does work on a picture when it is its turn.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Undone> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_closed| Undone)?;
        let task = self.tasks.spawn_blocking(move || {
            let outcome = panics::contain(work);
            // Held to the end of the work, even where nobody waits for it any longer.
            drop(turn);
            outcome
        });
        match tokio::time::timeout(PICTURE_TIME, task).await {
            Ok(Ok(Ok(done))) => Ok(done),
            // What it said is in the log.
            Ok(Ok(Err(_)) | Err(_)) => {
                tracing::error!("a picture's decoder panicked");
                Err(Undone)
            }
            Err(_elapsed) => {
                tracing::warn!("a picture took too long");
                Err(Undone)
            }
        }
    }

    /// A small JPEG of a picture that others have made, for a preview of theirs. None where that is no picture, too large, or too small.
    pub async fn small(&self, bytes: Bytes, pixels_max: u32) -> Option<Bytes> {
        let head = bytes.get(..bytes.len().min(usize::try_from(kind::HEAD_BYTES).ok()?))?;
        let format = picture::format_of(&kind::sniff(head, ""))?;
        let small = self.run(move || picture::small(format, &bytes, pixels_max)).await;
        small.ok().flatten()
    }
}
