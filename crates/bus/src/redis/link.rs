//! One connection to Redis, whichever kind of Redis it is.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future;
use pipit_wire::{ConversationId, UserId};
use redis::aio::{MultiplexedConnection, SendError};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::{AsyncConnectionConfig, Cmd, FromRedisValue, Pipeline, PushInfo, PushKind, RedisResult, Value};

use super::{Common, NODE_BYTES, RedisAddress, add};
use crate::Topic;

/// The longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest wait for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// How many commands are under way at once where each goes its own way.
const UNDER_WAY_MAX: usize = 128;
/// The channel on which a node says that it has dropped something; every node listens to it.
const DROPPED_CHANNEL: &str = "pipit:dropped";

/// See the module. Cheap to clone; what is sent over clones shares the connection.
#[derive(Clone)]
pub(super) enum Link {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Link {
    /// Connects. What is published arrives at the sink; when the connection ends, the carrier is woken.
    pub(super) async fn open(
        address: &RedisAddress,
        common: &Arc<Common>,
        ended: Arc<Ended>,
    ) -> RedisResult<Self> {
        // Others in the process may have chosen one already, which does as well.
        drop(rustls::crypto::ring::default_provider().install_default());
        let reader = Reader {
            common: Arc::downgrade(common),
            ended,
        };
        let read = move |push| {
            reader.read(push);
            Ok::<(), SendError>(())
        };
        let config = || {
            AsyncConnectionConfig::new()
                .set_connection_timeout(Some(CONNECT_TIMEOUT))
                .set_response_timeout(Some(ANSWER_TIMEOUT))
        };
        match address {
            RedisAddress::Single(client) => {
                let config = config().set_push_sender(read);
                client
                    .get_multiplexed_async_connection_with_config(&config)
                    .await
                    .map(Self::Single)
            }
            RedisAddress::Sentinel(sentinels) => {
                let config = config().set_push_sender(read);
                let asked = async {
                    sentinels
                        .client()?
                        .get_async_connection_with_config(&config)
                        .await
                };
                within(CONNECT_TIMEOUT * 2, asked).await.map(Self::Single)
            }
            RedisAddress::Cluster(shards) => {
                let mut builder = ClusterClientBuilder::new(shards.urls.clone())
                    .use_protocol(redis::ProtocolVersion::RESP3)
                    .connection_timeout(CONNECT_TIMEOUT)
                    .response_timeout(ANSWER_TIMEOUT)
                    .push_sender(read);
                if let Some(certificates) = &shards.certificates {
                    builder = builder.certs(certificates.clone());
                }
                let client = builder.build()?;
                within(CONNECT_TIMEOUT * 2, client.get_async_connection())
                    .await
                    .map(Self::Cluster)
            }
        }
    }

    /// Sends a command and waits for its answer.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        match self.clone() {
            Self::Single(mut connection) => command.query_async(&mut connection).await,
            Self::Cluster(mut connection) => command.query_async(&mut connection).await,
        }
    }

    /// Runs a script, by its hash where Redis knows it.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: &redis::ScriptInvocation<'_>,
    ) -> RedisResult<T> {
        match self.clone() {
            Self::Single(mut connection) => script.invoke_async(&mut connection).await,
            Self::Cluster(mut connection) => script.invoke_async(&mut connection).await,
        }
    }

    /// Runs scripts together; their answers in the same order.
    pub(super) async fn run_all<T: FromRedisValue>(
        &self,
        scripts: Vec<redis::ScriptInvocation<'static>>,
    ) -> RedisResult<Vec<T>> {
        let answers = scripts.into_iter().map(|script| {
            let link = self.clone();
            async move { link.run::<T>(&script).await }
        });
        future::try_join_all(answers).await
    }

    /// Writes announcements, those of one topic in this order.
    pub(super) async fn publish(&self, common: &Common, batch: &[(Topic, Bytes)]) -> RedisResult<()> {
        let mut pipelines: HashMap<Option<Topic>, Pipeline> = HashMap::new();
        for (topic, payload) in batch {
            let mut bytes = Vec::with_capacity(NODE_BYTES + payload.len());
            bytes.extend_from_slice(&common.node.0);
            bytes.extend_from_slice(payload);
            // One server takes everything in one go; of a cluster each topic finds its own shard.
            let goes_with = matches!(self, Self::Cluster(_)).then_some(*topic);
            pipelines
                .entry(goes_with)
                .or_default()
                .add_command(spublish(&channel_of(*topic), &bytes))
                .ignore();
        }
        let written = pipelines.into_values().map(|pipeline| async move {
            match self.clone() {
                Self::Single(mut connection) => pipeline.query_async::<()>(&mut connection).await,
                Self::Cluster(mut connection) => pipeline.query_async::<()>(&mut connection).await,
            }
        });
        future::try_join_all(written).await.map(drop)
    }

    /// Tells every node that something of this one was dropped.
    pub(super) async fn say_dropped(&self, common: &Common) -> RedisResult<()> {
        self.ask::<Value>(&spublish(DROPPED_CHANNEL, &common.node.0))
            .await
            .map(drop)
    }

    /// Listens to other nodes' word that they have dropped something.
    pub(super) async fn hear_dropped(&self) -> RedisResult<()> {
        self.change("SSUBSCRIBE", DROPPED_CHANNEL.to_owned()).await
    }

    /// Subscribes to these topics.
    pub(super) async fn subscribe(&self, topics: &[Topic]) -> RedisResult<()> {
        self.change_all("SSUBSCRIBE", topics).await
    }

    /// No longer.
    pub(super) async fn unsubscribe(&self, topics: &[Topic]) -> RedisResult<()> {
        self.change_all("SUNSUBSCRIBE", topics).await
    }

    async fn change_all(&self, command: &'static str, topics: &[Topic]) -> RedisResult<()> {
        for part in topics.chunks(UNDER_WAY_MAX) {
            let changes = part.iter().map(|topic| {
                let (link, channel) = (self.clone(), channel_of(*topic));
                async move { link.change(command, channel).await }
            });
            future::try_join_all(changes).await?;
        }
        Ok(())
    }

    async fn change(&self, command: &'static str, channel: String) -> RedisResult<()> {
        let mut change = redis::cmd(command);
        change.arg(channel);
        self.ask::<Value>(&change).await.map(drop)
    }
}

async fn within<T>(time: Duration, work: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    match tokio::time::timeout(time, work).await {
        Ok(outcome) => outcome,
        Err(late) => Err(std::io::Error::from(late).into()),
    }
}

fn spublish(channel: &str, payload: &[u8]) -> Cmd {
    let mut command = redis::cmd("SPUBLISH");
    command.arg(channel).arg(payload);
    command
}

fn channel_of(topic: Topic) -> String {
    match topic {
        Topic::Conversation(conversation) => format!("pipit:c:{conversation}"),
        Topic::User(user) => format!("pipit:u:{user}"),
    }
}

fn topic_of(channel: &str) -> Option<Topic> {
    let rest = channel.strip_prefix("pipit:")?;
    if let Some(id) = rest.strip_prefix("c:") {
        return id.parse::<ConversationId>().ok().map(Topic::Conversation);
    }
    rest.strip_prefix("u:")?.parse::<UserId>().ok().map(Topic::User)
}

/// That a connection has ended, as its reader says.
#[derive(Default)]
pub(super) struct Ended {
    word: tokio::sync::Notify,
}

impl Ended {
    pub(super) async fn wait(&self) {
        self.word.notified().await;
    }
}

/// Takes what arrives on a connection.
struct Reader {
    common: Weak<Common>,
    ended: Arc<Ended>,
}

impl Reader {
    fn read(&self, push: PushInfo) {
        match push.kind {
            PushKind::SMessage => self.deliver(push.data),
            PushKind::Disconnection => self.ended.word.notify_one(),
            _ => {}
        }
    }

    fn deliver(&self, data: Vec<Value>) {
        let Ok([Value::BulkString(channel), Value::BulkString(payload)]) = <[Value; 2]>::try_from(data)
        else {
            return;
        };
        let Some(common) = self.common.upgrade() else {
            return;
        };
        let payload = Bytes::from(payload);
        if payload.get(..NODE_BYTES).is_none_or(|node| node == common.node.0) {
            return;
        }
        let (Some(sink), Ok(channel)) = (common.sink(), std::str::from_utf8(&channel)) else {
            return;
        };
        if channel == DROPPED_CHANNEL {
            sink.resumed();
        } else if let Some(topic) = topic_of(channel) {
            add(&common.counters.delivered, 1);
            sink.deliver(topic, payload.slice(NODE_BYTES..));
        }
    }
}
