//! The way to the other nodes that the configuration asks for.

use std::sync::Arc;
use std::time::Duration;

use pipit_bus::{Bus, NodeId, RedisAddress, RedisBus, SingleNode};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::StartError;
use crate::clock::Random;
use crate::config::General;

/// How long a starting node waits for Redis. It starts without it as well, and serves its own people.
const START_WAIT: Duration = Duration::from_secs(2);
/// How long a stopping node waits until what it has published is written.
const STOP_WAIT: Duration = Duration::from_secs(1);

/// The way to the other nodes, if there may be any. It has tasks and an end of its own: what the node publishes as its last
/// still has to be carried.
pub(super) struct Way {
    redis: Option<Arc<RedisBus>>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Way {
    pub(super) fn open(general: &General, random: &dyn Random) -> Result<Self, StartError> {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let redis = match &general.redis {
            None => None,
            Some(address) => {
                let mut address: RedisAddress = address.parse()?;
                if let Some(path) = &general.redis_ca {
                    let authorities = std::fs::read(path).map_err(|source| StartError::RedisCa {
                        path: path.clone(),
                        source,
                    })?;
                    address = address.trusting(&authorities)?;
                }
                let mut id = [0; 16];
                random.fill(&mut id);
                Some(RedisBus::start(address, NodeId(id), &tasks, stop.clone()))
            }
        };
        tasks.close();
        Ok(Self { redis, tasks, stop })
    }

    /// Waits a moment until it is there.
    pub(super) async fn wait(&self) {
        if let Some(redis) = &self.redis
            && !redis.connected_within(START_WAIT).await
        {
            tracing::warn!("Redis does not answer: this node serves its own people until it does");
        }
    }

    pub(super) fn bus(&self) -> Arc<dyn Bus> {
        match &self.redis {
            Some(redis) => Arc::<RedisBus>::clone(redis),
            None => Arc::new(SingleNode),
        }
    }

    /// For what is counted about it.
    pub(super) fn redis(&self) -> Option<Arc<RedisBus>> {
        self.redis.clone()
    }

    /// Writes what waits, where that is soon done, and ends it.
    pub(super) async fn close(&self) {
        self.stop.cancel();
        if tokio::time::timeout(STOP_WAIT, self.tasks.wait()).await.is_err() {
            tracing::warn!("Redis did not take the last announcements in time");
        }
    }
}
