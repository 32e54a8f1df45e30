//! One push: encrypted for its device (RFC 8291), signed (RFC 8292), handed to its push service (RFC 8030).

use std::time::Duration;

use pipit_store::push::Subscription;
use pipit_wire::Timestamp;
use pipit_wire::push::PushOutcome;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use url::Url;
use web_push_native::Auth;
use web_push_native::p256::PublicKey;

use super::vapid::Vapid;
use crate::error::ServiceError;
use crate::outgoing::{Outgoing, was_not_allowed};

/// How soon it should be there (RFC 8030, section 5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// It may wait for a good moment of the device.
    Normal,
    /// At once: somebody writes to this person.
    High,
}

/// What is pushed, and how.
#[derive(Clone)]
pub(super) struct Parcel {
    /// What it says, in the clear.
    pub(super) bytes: Vec<u8>,
    /// How long the push service keeps it, seconds.
    pub(super) ttl_s: u32,
    /// How soon it should be there.
    pub(super) urgency: Urgency,
    /// What it takes the place of, where the push service has that still.
    pub(super) topic: Option<String>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    /// How it went.
    pub(super) outcome: PushOutcome,
    /// The status of the answer, where there was one.
    pub(super) status: Option<u16>,
    /// How long to wait before the next try, where the push service says so.
    pub(super) wait: Option<Duration>,
}

impl Sent {
    pub(super) const fn without_answer(outcome: PushOutcome) -> Self {
        Self {
            outcome,
            status: None,
            wait: None,
        }
    }
}

/// See the module.
pub(super) struct Sender {
    outgoing: Outgoing,
    vapid: Vapid,
}

impl Sender {
    pub(super) const fn new(outgoing: Outgoing, vapid: Vapid) -> Self {
        Self { outgoing, vapid }
    }

    pub(super) const fn vapid(&self) -> &Vapid {
        &self.vapid
    }

    /// Whether there may be a push service at this address, as far as that can be said without asking.
    pub(super) fn may_push_to(&self, endpoint: &str) -> bool {
        Url::parse(endpoint).is_ok_and(|url| self.outgoing.client_for(&url).is_ok())
    }

    /// Pushes, once.
    pub(super) async fn push(
        &self,
        to: &Subscription,
        parcel: &Parcel,
        now: Timestamp,
    ) -> Result<Sent, ServiceError> {
        let refused = Sent::without_answer(PushOutcome::Refused);
        let Ok(url) = Url::parse(&to.endpoint) else {
            return Ok(refused);
        };
        let Ok(client) = self.outgoing.client_for(&url) else {
            return Ok(refused);
        };
        let Ok(key) = PublicKey::from_sec1_bytes(&to.key) else {
            return Ok(refused);
        };
        let sealed = web_push_native::encrypt(parcel.bytes.clone(), &key, &Auth::from(to.secret))
            .map_err(|error| ServiceError::Internal("a push was encrypted", Box::new(error)))?;
        let mut request = client
            .post(url.clone())
            .header(AUTHORIZATION, self.vapid.authorization(&url, now)?)
            .header(CONTENT_ENCODING, "aes128gcm")
            .header("ttl", parcel.ttl_s)
            .header(
                "urgency",
                match parcel.urgency {
                    Urgency::Normal => "normal",
                    Urgency::High => "high",
                },
            )
            .body(sealed);
        if let Some(topic) = &parcel.topic {
            request = request.header("topic", topic);
        }
        Ok(match request.send().await {
            Ok(response) => outcome(&response, now),
            Err(error) if was_not_allowed(&error) => refused,
            Err(error) => {
                // Its text may name the address.
                tracing::debug!(
                    timeout = error.is_timeout(),
                    connect = error.is_connect(),
                    "a push service did not answer"
                );
                Sent::without_answer(PushOutcome::Unreachable)
            }
        })
    }
}

fn outcome(response: &Response, now: Timestamp) -> Sent {
    let status = response.status();
    let outcome = match status {
        status if status.is_success() => PushOutcome::Taken,
        StatusCode::NOT_FOUND | StatusCode::GONE => PushOutcome::Gone,
        StatusCode::TOO_MANY_REQUESTS => PushOutcome::Busy,
        status if status.is_server_error() => PushOutcome::Busy,
        _ => PushOutcome::Refused,
    };
    let wait = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| wait(value, now));
    Sent {
        outcome,
        status: Some(status.as_u16()),
        wait,
    }
}

/// The time of `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.
fn wait(value: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(value.trim()).ok()?;
    let since_epoch = at.duration_since(std::time::UNIX_EPOCH).ok()?;
    let at = Timestamp(i64::try_from(since_epoch.as_millis()).ok()?);
    Some(Duration::from_millis(
        u64::try_from(at.since_ms(now)).unwrap_or_default(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_to_wait_is_read() {
        // 1994-11-06T08:49:37Z.
        let now = Timestamp(784_111_777_000);
        for (value, expect_s) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sun, 06 Nov 1994 08:49:27 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(wait(value, now), expect_s.map(Duration::from_secs), "{value}");
        }
    }
}
