//! A page about a run: the faults on a time axis below throughput and latency. It is one file, and needs no script.

use std::fmt::Write as _;

use super::command::last_line;
use super::{Outcome, seconds};

const LEFT: f64 = 60.0;
const WIDTH: f64 = 1_000.0;
const PLOT: f64 = 120.0;
const ROW: f64 = 16.0;

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #6a737d; --paper: #fff; --line: #2563a8; --second: #c05621; --fault: #b23b3b; --after: #d9a441; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --soft: #9aa4ae; --paper: #16181b; --line: #6aa9ee; --second: #e8935a; --fault: #e07070; --after: #d9b96a; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto; max-width: 1100px; padding: 0 1rem; }
svg { width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: var(--soft); }
.axis { stroke: var(--soft); stroke-width: .5; } .line { fill: none; stroke: var(--line); stroke-width: 1.5; }
.second { stroke: var(--second); } .fault { fill: var(--fault); } .after { fill: var(--after); }
table { border-collapse: collapse; } td, th { padding: .15rem .8rem .15rem 0; text-align: left; font-variant-numeric: tabular-nums; }
pre { white-space: pre-wrap; }";

/// The whole page.
#[must_use]
pub fn page(outcome: &Outcome) -> String {
    let shown = outcome.series.seconds.len().max(1);
    let mut text = String::from(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Pipit: a chaos run</title>\n",
    );
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "<style>{STYLE}</style></head><body>\n<h1>A chaos run</h1>\n<p>{}.</p>\n<p>{}</p>\n",
        outcome.shape,
        escape(&last_line(outcome))
    );
    text.push_str("<h2>Acknowledged a second</h2>\n");
    let rates: Vec<f64> = outcome
        .series
        .seconds
        .iter()
        .map(|second| number(second.acknowledged))
        .collect();
    plot(
        &mut text,
        "Messages acknowledged in each second",
        &[(&rates, "line")],
        shown,
    );
    text.push_str("<h2>From writing to the acknowledgement</h2>\n<p>Milliseconds, on a logarithmic scale: the median of each second, and above it the longest. Where nothing was acknowledged both are at the bottom.</p>\n");
    let of = |us: u64| (seconds(us) * 1_000.0).max(0.1).log10() + 1.0;
    let medians: Vec<f64> = outcome
        .series
        .seconds
        .iter()
        .map(|second| of(second.p50_us))
        .collect();
    let longest: Vec<f64> = outcome
        .series
        .seconds
        .iter()
        .map(|second| of(second.max_us))
        .collect();
    plot(
        &mut text,
        "The logarithm of the median and the longest time in each second",
        &[(&medians, "line"), (&longest, "line second")],
        shown,
    );
    text.push_str("<h2>Faults</h2>\n<p>Red: while it lasted. Yellow: until the first acknowledgement on the node that felt it, or on the last of all nodes.</p>\n");
    faults(&mut text, outcome, shown);
    table(&mut text, outcome);
    if !outcome.verdict.violations.is_empty() {
        text.push_str("<h2>Violations</h2>\n<pre>");
        for violation in &outcome.verdict.violations {
            let _ = writeln!(
                text,
                "{}",
                escape(&format!("{:?}: {}", violation.kind, violation.text))
            );
        }
        text.push_str("</pre>\n");
    }
    text.push_str("</body></html>\n");
    text
}

fn plot(text: &mut String, title: &str, lines: &[(&[f64], &str)], shown: usize) {
    let top = lines
        .iter()
        .flat_map(|(values, _)| values.iter())
        .copied()
        .fold(1.0, f64::max);
    let _ = writeln!(
        text,
        "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{title}\">",
        LEFT + WIDTH + 10.0,
        PLOT + 24.0
    );
    time_axis(text, PLOT + 4.0, shown);
    let _ = writeln!(
        text,
        "<text x=\"0\" y=\"12\">{}</text><text x=\"0\" y=\"{PLOT}\">{}</text>",
        label(top, lines.len()),
        label(0.0, lines.len())
    );
    for (values, class) in lines {
        let _ = write!(text, "<polyline class=\"{class}\" points=\"");
        for (place, value) in values.iter().enumerate() {
            let _ = write!(
                text,
                "{:.1},{:.1} ",
                x(place_number(place) + 0.5, shown),
                4.0 + (1.0 - value / top) * PLOT
            );
        }
        text.push_str("\"/>\n");
    }
    text.push_str("</svg>\n");
}

/// Two lines are the logarithmic ones.
fn label(value: f64, lines: usize) -> String {
    if lines > 1 {
        format!("{:.1} ms", 10_f64.powf(value - 1.0))
    } else {
        format!("{value:.0}")
    }
}

fn time_axis(text: &mut String, y: f64, shown: usize) {
    let step = (shown / 15).max(1);
    for second in (0..=shown).step_by(step) {
        let at = x(place_number(second), shown);
        let _ = writeln!(
            text,
            "<line class=\"axis\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"4\" y2=\"{y:.0}\"/><text x=\"{at:.1}\" y=\"{:.0}\">{second} s</text>",
            y + 14.0
        );
    }
}

fn faults(text: &mut String, outcome: &Outcome, shown: usize) {
    let height = ROW * place_number(outcome.suffered.len());
    let _ = writeln!(
        text,
        "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"The faults over time, as in the table below\">",
        LEFT + WIDTH + 10.0,
        height + 24.0
    );
    time_axis(text, height + 4.0, shown);
    for (row, one) in outcome.suffered.iter().enumerate() {
        let y = 4.0 + ROW * place_number(row);
        let (from, healed) = (x(seconds(one.from_us), shown), x(seconds(one.healed_us), shown));
        let after = x(
            seconds(one.healed_us + one.recovered_after_us.unwrap_or_default()),
            shown,
        );
        let _ = writeln!(
            text,
            "<rect class=\"fault\" x=\"{from:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"10\"/><rect class=\"after\" x=\"{healed:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"10\"/>",
            (healed - from).max(2.0),
            (after - healed).max(0.0),
        );
        // Beside the bar, on the side that has room.
        let (at, anchor) = if from > LEFT + WIDTH / 2.0 {
            (from - 4.0, "end")
        } else {
            (after + 4.0, "start")
        };
        let _ = writeln!(
            text,
            "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
            y + 9.0,
            escape(&one.name)
        );
    }
    text.push_str("</svg>\n");
}

fn table(text: &mut String, outcome: &Outcome) {
    text.push_str("<table><thead><tr><th>from, s</th><th>healed, s</th><th>recovered after, ms</th><th>fault</th></tr></thead><tbody>\n");
    for one in &outcome.suffered {
        let recovered = one
            .recovered_after_us
            .map_or("-".to_owned(), |us| format!("{:.0}", seconds(us) * 1_000.0));
        let error = one
            .error
            .as_ref()
            .map(|error| format!(": {error}"))
            .unwrap_or_default();
        let _ = writeln!(
            text,
            "<tr><td>{:.3}</td><td>{:.3}</td><td>{recovered}</td><td>{}</td></tr>",
            seconds(one.from_us),
            seconds(one.healed_us),
            escape(&format!("{}{error}", one.name)),
        );
    }
    text.push_str("</tbody></table>\n");
}

fn x(second: f64, shown: usize) -> f64 {
    LEFT + (second / place_number(shown)).min(1.0) * WIDTH
}

#[expect(clippy::cast_precision_loss, reason = "places on a page")]
fn place_number(place: usize) -> f64 {
    place as f64
}

#[expect(clippy::cast_precision_loss, reason = "places on a page")]
fn number(value: u64) -> f64 {
    value as f64
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
