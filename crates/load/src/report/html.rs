//! A page that holds everything it needs: no script, no other file, light and dark by the reader's setting.

use std::fmt::Write as _;

use super::{Latency, Report};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
color:#1c2024;background:#fff}table{border-collapse:collapse}td{padding:.2rem 1rem .2rem 0;border-bottom:1px solid #8886}\
svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:currentColor}.line{fill:none;stroke:#0b6bcb;stroke-width:2}\
.bar{fill:#0b6bcb}.axis{stroke:#8889}.bad{color:#b3261e}.good{color:#18794e}\
@media(prefers-color-scheme:dark){body{color:#e6e8ea;background:#16181a}.line{stroke:#6cb2ff}.bar{fill:#6cb2ff}\
.bad{color:#ff8a80}.good{color:#5bd197}}";
const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 180.0;
const LEFT: f64 = 70.0;

/// Text that is not markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The page of a run.
#[must_use]
pub fn page(report: &Report) -> String {
    let name = serde_json::to_string(&report.workload)
        .unwrap_or_default()
        .replace('"', "");
    let class = if report.verdict.is_satisfied() {
        "good"
    } else {
        "bad"
    };
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Load: {name}</title><style>{STYLE}</style><h1>Load: {name}</h1><p class=\"{class}\">{}</p><table>",
        escaped(&report.verdict.to_string())
    );
    for (what, figure) in report.rows() {
        // Writing to memory cannot fail.
        let _ = write!(page, "<tr><td>{what}<td>{}", escaped(&figure));
    }
    page.push_str("</table>");
    for violation in &report.verdict.violations {
        let _ = write!(
            page,
            "<p class=\"bad\">{:?}: {}</p>",
            violation.kind,
            escaped(&violation.text)
        );
    }
    for (title, latency) in [
        ("Acknowledgement", &report.acknowledged),
        ("Delivery", &report.delivered),
        ("A page of history", &report.page),
    ] {
        if latency.count > 0 {
            histogram(&mut page, title, latency);
        }
    }
    over_time(&mut page, report);
    page.push_str("</html>\n");
    page
}

/// Throughput, memory and processor time over time.
fn over_time(page: &mut String, report: &Report) {
    #[expect(clippy::cast_precision_loss, reason = "figures are read by people")]
    let rates = |count: fn(&super::Sample) -> u64| -> Vec<(f64, f64)> {
        let pairs = report.samples.iter().zip(report.samples.iter().skip(1));
        let rate = |a: &super::Sample, b: &super::Sample| {
            (count(b) - count(a)) as f64 / (b.at_s - a.at_s).max(0.001)
        };
        pairs
            .filter(|(a, b)| b.at_s > a.at_s + 0.1)
            .map(|(a, b)| (b.at_s, rate(a, b)))
            .collect()
    };
    line(
        page,
        "Messages acknowledged a second",
        &rates(|sample| sample.acknowledged),
    );
    line(page, "Deliveries a second", &rates(|sample| sample.delivered));
    let used = report
        .samples
        .iter()
        .map(|sample| (sample.at_s, sample.usage.resident_kib / 1_024.0));
    line(
        page,
        "Resident memory of the server, MiB",
        &used.collect::<Vec<_>>(),
    );
    let cores = report
        .samples
        .iter()
        .zip(report.samples.iter().skip(1))
        .filter(|(a, b)| b.at_s > a.at_s + 0.1);
    let cores = cores.map(|(a, b)| (b.at_s, (b.usage.cpu_s - a.usage.cpu_s) / (b.at_s - a.at_s)));
    line(
        page,
        "Cores that the server keeps busy",
        &cores.collect::<Vec<_>>(),
    );
}

/// A line over time; nothing where all is zero.
pub fn line(page: &mut String, title: &str, points: &[(f64, f64)]) {
    let max_x = points.iter().map(|point| point.0).fold(0.001, f64::max);
    let max_y = points.iter().map(|point| point.1).fold(0.0, f64::max);
    if max_y <= 0.0 {
        return;
    }
    begin(page, title, max_y);
    page.push_str("<polyline class=\"line\" points=\"");
    for (x, y) in points {
        let (x, y) = (
            LEFT + x / max_x * (WIDTH - LEFT),
            HEIGHT - y / max_y * (HEIGHT - 10.0),
        );
        let _ = write!(page, "{x:.1},{y:.1} ");
    }
    let _ = write!(
        page,
        "\"/><text x=\"{LEFT}\" y=\"{:.0}\">0 s</text>",
        HEIGHT + 15.0
    );
    let _ = write!(
        page,
        "<text x=\"{WIDTH}\" y=\"{:.0}\" text-anchor=\"end\">{max_x:.0} s</text></svg>",
        HEIGHT + 15.0
    );
}

/// Bars whose bounds grow by a quarter.
fn histogram(page: &mut String, title: &str, latency: &Latency) {
    #[expect(clippy::cast_precision_loss, reason = "figures are read by people")]
    let bars: Vec<(f64, f64)> = latency
        .bars
        .iter()
        .map(|(bound, count)| (*bound, *count as f64))
        .collect();
    let max_y = bars.iter().map(|bar| bar.1).fold(1.0, f64::max);
    let count = f64::from(u32::try_from(bars.len()).unwrap_or(u32::MAX)).max(1.0);
    let width = (WIDTH - LEFT) / count;
    begin(
        page,
        &format!("{title}: how many took how long (milliseconds, growing by a quarter)"),
        max_y,
    );
    let mut x = LEFT;
    for (index, (bound, value)) in bars.iter().enumerate() {
        let height = value / max_y * (HEIGHT - 10.0);
        let _ = write!(
            page,
            "<rect class=\"bar\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
            HEIGHT - height,
            width * 0.9
        );
        if index % 5 == 0 {
            let _ = write!(
                page,
                "<text x=\"{x:.1}\" y=\"{:.0}\">{bound:.1}</text>",
                HEIGHT + 15.0
            );
        }
        x += width;
    }
    page.push_str("</svg>");
}

fn begin(page: &mut String, title: &str, max_y: f64) {
    let _ = write!(
        page,
        "<h2>{title}</h2><svg role=\"img\" aria-label=\"{title}\" viewBox=\"0 0 {WIDTH} {:.0}\">\
         <line class=\"axis\" x1=\"{LEFT}\" y1=\"{HEIGHT}\" x2=\"{WIDTH}\" y2=\"{HEIGHT}\"/>\
         <text x=\"0\" y=\"14\">{max_y:.1}</text><text x=\"0\" y=\"{HEIGHT}\">0</text>",
        HEIGHT + 20.0
    );
}
