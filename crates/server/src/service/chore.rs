//! Work that a node does by itself, again and again.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::error::ServiceError;

/// Does `work` each time that `every` has passed since it was done last, until `stop`, which also ends it half-way. Where it fails, the log says that
/// `what` could not be done, and the next time tries again.
pub(super) async fn repeat<W>(
    every: Duration,
    stop: &CancellationToken,
    what: &'static str,
    mut work: impl FnMut() -> W,
) where
    W: Future<Output = Result<(), ServiceError>>,
{
    loop {
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = stop.cancelled() => return,
        }
        let outcome = tokio::select! {
            outcome = work() => outcome,
            () = stop.cancelled() => return,
        };
        if let Err(error) = outcome {
            tracing::warn!(error = &error as &dyn std::error::Error, what, "a chore failed");
        }
    }
}
