//! `/metrics`: what the node counts, in the `OpenMetrics` text format, which Prometheus reads.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use pipit_bus::RedisBus;
use pipit_wire::frame::client::ClientInfo;
use pipit_wire::rest::encryption::{ReportUnreadable, UNREADABLE_COUNT_MAX, UnreadableCause};
use pipit_wire::{ErrorCode, WireError};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::App;
use super::answer::refusal;
use super::request::Peer;
use crate::config::MetricsAccess;
use crate::stats::Stats;

/// Upper ends of the latency buckets, seconds: from a cached answer to a password's hash on a busy machine.
const BUCKETS_S: [f64; 10] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

/// So many kinds of software have counts of their own: what calls itself something is told apart by its own word, which is not to fill the memory.
const BUILDS_MAX: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct UnreadableLabels {
    client: String,
    version: String,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BuildLabels {
    client: String,
    version: String,
}

/// What is counted about HTTP, beside what the node counts itself.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
    unreadable: Family<UnreadableLabels, Counter>,
    repaired: Family<BuildLabels, Counter>,
    builds: Mutex<BTreeSet<(String, String)>>,
}

impl Metrics {
    /// Shows these counters as well, and those of the bus where there is one.
    pub fn new(stats: Arc<Stats>, bus: Option<Arc<RedisBus>>) -> Self {
        let mut registry = Registry::with_prefix("pipit");
        let requests = Family::default();
        let durations: Family<_, _, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(BUCKETS_S));
        registry.register(
            "http_requests",
            "HTTP requests answered",
            Family::clone(&requests),
        );
        registry.register_with_unit(
            "http_request_duration",
            "Time from a request's head to its answer's",
            Unit::Seconds,
            Family::clone(&durations),
        );
        let unreadable = Family::default();
        registry.register(
            "unreadable_messages",
            "What devices were sent in encrypted conversations and could not read, as they report it",
            Family::clone(&unreadable),
        );
        let repaired = Family::default();
        registry.register(
            "repaired_messages",
            "What devices could not read in encrypted conversations and were told again, as they report it",
            Family::clone(&repaired),
        );
        registry.register_collector(Box::new(NodeStats(stats)));
        if let Some(bus) = bus {
            registry.register_collector(Box::new(BusCounters(bus)));
        }
        Self {
            registry,
            requests,
            durations,
            unreadable,
            repaired,
            builds: Mutex::default(),
        }
    }

    /// Counts what a device could not read.
    pub(super) fn count_unreadable(&self, report: &ReportUnreadable) {
        let (client, version) = self.build(&report.client);
        for counted in &report.counts {
            self.unreadable
                .get_or_create(&UnreadableLabels {
                    client: client.clone(),
                    version: version.clone(),
                    reason: cause_label(counted.reason),
                })
                .inc_by(counted.count.min(UNREADABLE_COUNT_MAX).into());
        }
        if report.repaired > 0 {
            self.repaired
                .get_or_create(&BuildLabels { client, version })
                .inc_by(report.repaired.min(UNREADABLE_COUNT_MAX).into());
        }
    }

    /// What software calls itself, where that is a plain word, and one of the first that were heard of.
    fn build(&self, client: &ClientInfo) -> (String, String) {
        let is_plain = |word: &str| {
            let mut bytes = word.bytes();
            (1..=64).contains(&word.len())
                && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"-._+".contains(&byte))
        };
        let build = (client.name.clone(), client.version.clone());
        let mut builds = self.builds.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = is_plain(&build.0)
            && is_plain(&build.1)
            && (builds.contains(&build) || (builds.len() < BUILDS_MAX && builds.insert(build.clone())));
        if is_known {
            build
        } else {
            ("other".to_owned(), "other".to_owned())
        }
    }

    /// Counts an answer. `route` is the pattern, not the path: paths hold ids and tokens, and are without number.
    pub(super) fn count(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        self.requests
            .get_or_create(&RequestLabels {
                method: method_label(method),
                route: route.to_owned(),
                status: class(status),
            })
            .inc();
        self.durations
            .get_or_create(&RouteLabels {
                route: route.to_owned(),
            })
            .observe(took.as_secs_f64());
    }
}

fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

const fn cause_label(cause: UnreadableCause) -> &'static str {
    match cause {
        UnreadableCause::NotOpened => "not_opened",
        UnreadableCause::MissedChange => "missed_change",
        UnreadableCause::OtherSender => "other_sender",
        UnreadableCause::UnknownDevice => "unknown_device",
        UnreadableCause::Malformed => "malformed",
        UnreadableCause::NotSealed => "not_sealed",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

#[derive(Debug)]
struct NodeStats(Arc<Stats>);

impl Collector for NodeStats {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        for (name, value) in self.0.all() {
            let help = name.replace('_', " ");
            if matches!(name, "connections" | "push_waiting") {
                let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
                gauge.encode(encoder.encode_descriptor(name, &help, None, gauge.metric_type())?)?;
            } else {
                let counter = ConstCounter::new(value);
                counter.encode(encoder.encode_descriptor(name, &help, None, counter.metric_type())?)?;
            }
        }
        Ok(())
    }
}

struct BusCounters(Arc<RedisBus>);

impl std::fmt::Debug for BusCounters {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.stats().fmt(formatter)
    }
}

impl Collector for BusCounters {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let stats = self.0.stats();
        for (name, help, value) in [
            (
                "bus_connected",
                "whether Redis answers",
                u64::from(stats.connected),
            ),
            (
                "bus_subscriptions",
                "topics that this node listens to",
                stats.subscriptions,
            ),
        ] {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        for (name, help, value) in [
            (
                "bus_dropped",
                "announcements that Redis was not there for",
                stats.dropped,
            ),
            (
                "bus_connects",
                "connections made to Redis, the first one included",
                stats.connects,
            ),
            (
                "bus_failed_calls",
                "calls for limits and presence that Redis did not answer in time",
                stats.failed_calls,
            ),
        ] {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        Ok(())
    }
}

/// What the node counts. Who may read it is the operator's choice; where that is nobody, it does not exist.
#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses((status = 200, body = String, content_type = "application/openmetrics-text")), security(())
)]
pub(super) async fn metrics(
    State(app): State<App>,
    peer: Option<axum::Extension<Peer>>,
    headers: HeaderMap,
) -> Response {
    let allowed = match app.metrics_access {
        MetricsAccess::Everyone => true,
        MetricsAccess::Off => false,
        MetricsAccess::Local => {
            peer.is_some_and(|peer| peer.0.0.ip().is_loopback()) && !came_by_proxy(&headers)
        }
    };
    if !allowed {
        return refusal(&WireError::new(ErrorCode::NotFound, "there is no such endpoint"));
    }
    let mut text = String::new();
    if let Err(error) = prometheus_client::encoding::text::encode(&mut text, &app.metrics.registry) {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the metrics could not be written"
        );
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], text).into_response()
}

/// Every common proxy adds one of these.
fn came_by_proxy(headers: &HeaderMap) -> bool {
    ["forwarded", "x-forwarded-for", "x-real-ip", "via"]
        .iter()
        .any(|name| headers.contains_key(*name))
}
