//! What a run has found: as a table, as JSON, as a page.

mod html;

use std::fmt::Write as _;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::check::Verdict;
use crate::process::Usage;
use crate::run::Options;
use crate::workload::Workload;

pub use html::{line, page};

/// Bars of a histogram.
const BARS_MAX: u64 = 60;

/// A latency in figures, milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// How many were measured.
    pub count: u64,
    /// Half were no longer than this.
    pub p50_ms: f64,
    /// 99 of 100 were no longer than this.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
    /// The histogram: an upper bound in milliseconds, and how many lie between it and the one before. Bounds grow by a quarter.
    pub bars: Vec<(f64, u64)>,
}

impl Latency {
    /// Of what was measured, microseconds.
    #[must_use]
    pub fn of(histogram: &Histogram<u64>) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "figures are read by people")]
        let ms = |us: u64| us as f64 / 1_000.0;
        let bars = histogram.iter_log(50, 1.25);
        let bars = bars.map(|bar| (ms(bar.value_iterated_to()), bar.count_since_last_iteration()));
        Self {
            count: histogram.len(),
            p50_ms: ms(histogram.value_at_quantile(0.5)),
            p99_ms: ms(histogram.value_at_quantile(0.99)),
            max_ms: ms(histogram.max()),
            bars: bars.take(usize::try_from(BARS_MAX).unwrap_or_default()).collect(),
        }
    }
}

/// One moment of a run; counts are since its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Sample {
    /// Seconds since people began to send.
    pub at_s: f64,
    /// Messages acknowledged.
    pub acknowledged: u64,
    /// Events that came live.
    pub delivered: u64,
    /// Pages of history.
    pub pages: u64,
    /// What the servers use.
    pub usage: Usage,
}

/// Everything about one run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What the crowd did.
    pub workload: Workload,
    /// Devices.
    pub devices: usize,
    /// How long they sent.
    pub seconds: u32,
    /// Messages a second that were asked for; none in the closed loop.
    pub rate: Option<f64>,
    /// What decided the random.
    pub seed: u64,
    /// Messages acknowledged a second.
    pub acknowledged_per_s: f64,
    /// Events given to devices a second, the sender's own included.
    pub deliveries_per_s: f64,
    /// Pages of history a second.
    pub pages_per_s: f64,
    /// From (intended) sending to acknowledgement.
    pub acknowledged: Latency,
    /// From (intended) sending to another's device.
    pub delivered: Latency,
    /// For a page of history.
    pub page: Latency,
    /// Delivery before the flood, where the workload has one.
    pub calm: Option<Latency>,
    /// Frames that the flood wrote.
    pub flood_frames: u64,
    /// Its connections that ended.
    pub flood_ended: u64,
    /// Until everybody was back and had what they had missed, where the workload has that.
    pub back_s: Option<f64>,
    /// Until nothing was under way and everybody had everything.
    pub settled_s: f64,
    /// Lines that broke.
    pub disconnected: u64,
    /// Processor time of the servers.
    pub cpu_s: f64,
    /// The same for 100,000 messages.
    pub cpu_s_per_100k: Option<f64>,
    /// Resident memory of the servers before anybody connected, KiB.
    pub memory_empty_kib: f64,
    /// When all were connected and at rest.
    pub memory_connected_kib: f64,
    /// At the end.
    pub memory_end_kib: f64,
    /// Twice a second.
    pub samples: Vec<Sample>,
    /// The checker's answer.
    pub verdict: Verdict,
}

impl Report {
    /// An empty one.
    pub(crate) fn new(options: &Options, devices: usize) -> Self {
        Self {
            workload: options.workload,
            devices,
            seconds: options.seconds,
            rate: options.rate,
            seed: options.seed,
            acknowledged_per_s: 0.0,
            deliveries_per_s: 0.0,
            pages_per_s: 0.0,
            acknowledged: Latency::default(),
            delivered: Latency::default(),
            page: Latency::default(),
            calm: None,
            flood_frames: 0,
            flood_ended: 0,
            back_s: None,
            settled_s: 0.0,
            disconnected: 0,
            cpu_s: 0.0,
            cpu_s_per_100k: None,
            memory_empty_kib: 0.0,
            memory_connected_kib: 0.0,
            memory_end_kib: 0.0,
            samples: Vec::new(),
            verdict: Verdict::default(),
        }
    }

    /// KiB of the servers for each device that is connected and idle.
    #[must_use]
    pub fn connection_kib(&self) -> Option<f64> {
        let devices = f64::from(u32::try_from(self.devices).unwrap_or(u32::MAX));
        (self.memory_empty_kib > 0.0 && devices > 0.0)
            .then(|| (self.memory_connected_kib - self.memory_empty_kib) / devices)
    }

    /// What and how much, for a table.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let latency = |latency: &Latency| {
            format!(
                "{:.1} / {:.1} / {:.1} ms",
                latency.p50_ms, latency.p99_ms, latency.max_ms
            )
        };
        let mut rows = vec![
            ("devices", self.devices.to_string()),
            (
                "messages acknowledged a second",
                format!("{:.0}", self.acknowledged_per_s),
            ),
            ("deliveries a second", format!("{:.0}", self.deliveries_per_s)),
            ("acknowledgement, p50 / p99 / max", latency(&self.acknowledged)),
            ("delivery, p50 / p99 / max", latency(&self.delivered)),
        ];
        if let Some(calm) = &self.calm {
            rows.push(("delivery before the flood", latency(calm)));
            rows.push(("frames of the flood", self.flood_frames.to_string()));
            rows.push(("its connections that ended", self.flood_ended.to_string()));
        }
        if self.page.count > 0 {
            rows.push(("pages of history a second", format!("{:.0}", self.pages_per_s)));
            rows.push(("a page, p50 / p99 / max", latency(&self.page)));
        }
        if let Some(back_s) = self.back_s {
            rows.push(("all back and caught up", format!("{back_s:.2} s")));
        }
        if let Some(cpu) = self.cpu_s_per_100k {
            rows.push((
                "CPU-seconds of the server for 100,000 messages",
                format!("{cpu:.2}"),
            ));
        }
        if let Some(kib) = self.connection_kib() {
            rows.push((
                "resident memory, empty",
                format!("{:.1} MiB", self.memory_empty_kib / 1_024.0),
            ));
            rows.push(("an idle connection", format!("{kib:.2} KiB")));
            rows.push((
                "resident memory at the end",
                format!("{:.1} MiB", self.memory_end_kib / 1_024.0),
            ));
        }
        rows.push(("lines that broke", self.disconnected.to_string()));
        rows.push(("settled after", format!("{:.2} s", self.settled_s)));
        rows
    }

    /// The table, and what is wrong. The verdict itself is the caller's last line.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut text = String::from("| what | figure |\n| --- | --- |\n");
        for (what, figure) in self.rows() {
            // Writing to memory cannot fail.
            let _ = writeln!(text, "| {what} | {figure} |");
        }
        for violation in &self.verdict.violations {
            let _ = writeln!(text, "{:?}: {}", violation.kind, violation.text);
        }
        text
    }
}
