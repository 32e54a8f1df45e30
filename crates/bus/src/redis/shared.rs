//! What nodes share in Redis's memory: limits and presence. Redis's clock counts, so that clocks of nodes may differ.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use pipit_wire::UserId;
use pipit_wire::frame::PresenceState;
use redis::{RedisResult, Script};

use super::link::Link;
use super::{RedisBus, add};
use crate::{BusError, PRESENCE_TTL, Shared, Taken};

/// The longest wait for an answer: whoever asks has somebody waiting, and does without.
const CALL_TIMEOUT: Duration = Duration::from_millis(500);
/// How many calls are under way at once.
const UNDER_WAY_MAX: usize = 128;

/// The generic cell rate algorithm (ITU-T I.371, annex A): the key holds when the bucket will be full again, in microseconds.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local time = redis.call('TIME')
        local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
        local interval = 60000000 / tonumber(ARGV[1])
        local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + interval
        local wait = full_at - 60000000 - now
        if wait > 0 then return math.max(1, math.ceil(wait / 1000)) end
        redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000) + 1)
        return 0",
    )
});

/// A field for each node: a digit for the state, and until when it holds, in milliseconds.
static SHOW: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        if ARGV[2] == '0' then return redis.call('HDEL', KEYS[1], ARGV[1]) end
        local time = redis.call('TIME')
        local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
        redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. string.format('%.0f', now + tonumber(ARGV[3])))
        redis.call('PEXPIRE', KEYS[1], ARGV[3])
        return 1",
    )
});

static LOOK: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local time = redis.call('TIME')
        local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
        local fields = redis.call('HGETALL', KEYS[1])
        local most = 0
        for place = 1, #fields, 2 do
            local state = tonumber(string.sub(fields[place + 1], 1, 1))
            if fields[place] ~= ARGV[1] and tonumber(string.sub(fields[place + 1], 2)) > now and state > most then
                most = state
            end
        end
        return most",
    )
});

const fn digit(state: PresenceState) -> u8 {
    match state {
        PresenceState::Offline => 0,
        PresenceState::Away => 1,
        PresenceState::Online => 2,
    }
}

const fn state_of(digit: u8) -> Option<PresenceState> {
    match digit {
        1 => Some(PresenceState::Away),
        2 => Some(PresenceState::Online),
        _ => None,
    }
}

fn presence_key(user: UserId) -> String {
    format!("pipit:p:{user}")
}

impl RedisBus {
    async fn call<T>(&self, work: impl AsyncFnOnce(Link) -> RedisResult<T> + Send) -> Result<T, BusError> {
        let Some(link) = self.common.link() else {
            add(&self.common.counters.failed_calls, 1);
            return Err(BusError::Unavailable("Redis is away".into()));
        };
        let outcome = match tokio::time::timeout(CALL_TIMEOUT, work(link)).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => BusError::Unavailable(error.into()),
            Err(late) => BusError::Unavailable(late.into()),
        };
        add(&self.common.counters.failed_calls, 1);
        Err(outcome)
    }

    fn node_name(&self) -> String {
        u128::from_be_bytes(self.common.node.0).to_string()
    }
}

#[async_trait]
impl Shared for RedisBus {
    async fn take(&self, bucket: &str, per_minute: u32) -> Result<Taken, BusError> {
        let mut script = TAKE.prepare_invoke();
        script.key(format!("pipit:l:{bucket}")).arg(per_minute.max(1));
        let wait_ms: u32 = self.call(async move |link| link.run(&script).await).await?;
        Ok(if wait_ms == 0 {
            Taken::Yes
        } else {
            Taken::No { wait_ms }
        })
    }

    async fn show_presence(&self, states: &[(UserId, PresenceState)]) -> Result<(), BusError> {
        let node = self.node_name();
        let ttl_ms = u64::try_from(PRESENCE_TTL.as_millis()).unwrap_or(u64::MAX);
        for part in states.chunks(UNDER_WAY_MAX) {
            let node = node.as_str();
            let scripts: Vec<_> = part
                .iter()
                .map(|(user, state)| {
                    let mut script = SHOW.prepare_invoke();
                    script
                        .key(presence_key(*user))
                        .arg(node)
                        .arg(digit(*state))
                        .arg(ttl_ms);
                    script
                })
                .collect();
            self.call(async move |link| link.run_all::<i64>(scripts).await)
                .await?;
        }
        Ok(())
    }

    async fn presence(&self, users: &[UserId]) -> Result<Vec<(UserId, PresenceState)>, BusError> {
        let node = self.node_name();
        let mut found = Vec::new();
        for part in users.chunks(UNDER_WAY_MAX) {
            let scripts: Vec<_> = part
                .iter()
                .map(|user| {
                    let mut script = LOOK.prepare_invoke();
                    script.key(presence_key(*user)).arg(&node);
                    script
                })
                .collect();
            let digits = self
                .call(async move |link| link.run_all::<u8>(scripts).await)
                .await?;
            let states = part.iter().zip(digits);
            found.extend(states.filter_map(|(user, digit)| Some((*user, state_of(digit)?))));
        }
        Ok(found)
    }
}
