//! The figures of all rounds as a table, as JSON and as a page.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::measure::{Figure, Figures};
use super::subject::Subject;

/// What all rounds gave.
#[derive(Debug, Default, serde::Serialize)]
pub struct Comparison {
    /// Syncs of 4 KiB to the disk a second, one after the other: the median of the rounds.
    pub fsyncs_per_s: f64,
    /// How many rounds there were.
    pub rounds: u32,
    /// How long each rate was measured.
    pub seconds: u32,
    /// For each server and figure the median of the rounds.
    pub medians: BTreeMap<Subject, Figures>,
    /// For each server and figure what each round gave.
    pub all: BTreeMap<Subject, BTreeMap<Figure, Vec<f64>>>,
    /// What could not be measured, and why.
    pub failed: Vec<String>,
}

/// Which way a figure is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Better {
    More,
    Less,
    /// It says how another was measured.
    Neither,
}

/// Every figure with how it is written.
const FIGURES: [(Figure, &str, Better); 9] = [
    (
        Figure::PairsPerS,
        "1:1 messages acknowledged a second",
        Better::More,
    ),
    (
        Figure::CpuPer100k,
        "CPU-seconds for 100,000 of them, with the database",
        Better::Less,
    ),
    (
        Figure::DeliveryRate,
        "half of the slowest's rate: messages a second",
        Better::Neither,
    ),
    (
        Figure::DeliveryP50Ms,
        "delivery at that rate, median, ms",
        Better::Less,
    ),
    (
        Figure::DeliveryP99Ms,
        "delivery at that rate, p99, ms",
        Better::Less,
    ),
    (
        Figure::Group100PerS,
        "deliveries a second, group of 100",
        Better::More,
    ),
    (
        Figure::Group1000PerS,
        "deliveries a second, group of 1,000",
        Better::More,
    ),
    (
        Figure::ConnectionKib,
        "KiB a connected, idle client",
        Better::Less,
    ),
    (
        Figure::StormS,
        "2,000 clients back with 10 missed each, s",
        Better::Less,
    ),
];

/// The one in the middle; the mean of the two where there are two.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let (Some(low), Some(high)) = (
        values.get(values.len().saturating_sub(1) / 2),
        values.get(values.len() / 2),
    ) else {
        return f64::NAN;
    };
    f64::midpoint(*low, *high)
}

/// A number with as many digits as it deserves, and commas.
fn short(value: f64) -> String {
    if value < 10.0 {
        return format!("{value:.2}");
    }
    if value < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Comparison {
    /// Adds what a round gave.
    pub fn add(&mut self, subject: Subject, figures: &Figures) {
        let of = self.all.entry(subject).or_default();
        for (figure, value) in figures {
            of.entry(*figure).or_default().push(*value);
        }
        let medians = of.iter().map(|(figure, values)| (*figure, median(values)));
        self.medians.insert(subject, medians.collect());
    }

    fn of(&self, subject: Subject, figure: Figure) -> Option<f64> {
        self.medians.get(&subject)?.get(&figure).copied()
    }

    /// A Markdown table: medians, and in brackets how many times better than the server is Pipit on SQLite.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = format!(
            "Medians of {} rounds, rates over {} s; raw in the same run: {} syncs of 4 KiB a second.\n\n| what |",
            self.rounds,
            self.seconds,
            short(self.fsyncs_per_s)
        );
        let subjects: Vec<Subject> = self.medians.keys().copied().collect();
        // Writing to memory cannot fail.
        for subject in &subjects {
            let _ = write!(text, " {} |", subject.name());
        }
        let _ = write!(text, "\n| --- |{}", " --- |".repeat(subjects.len()));
        for (figure, name, _) in FIGURES {
            let _ = write!(text, "\n| {name} |");
            for subject in &subjects {
                let cell = self
                    .of(*subject, figure)
                    .map(|value| short(value) + &self.ratio(*subject, figure));
                let _ = write!(text, " {} |", cell.unwrap_or_else(|| "–".to_owned()));
            }
        }
        text.push('\n');
        for failed in &self.failed {
            let _ = writeln!(text, "\nnot measured: {failed}");
        }
        text
    }

    /// How many times better Pipit on SQLite is.
    fn ratio(&self, subject: Subject, figure: Figure) -> String {
        let figures = FIGURES.iter().find(|(one, _, _)| *one == figure);
        let better = figures.map_or(Better::Neither, |(_, _, better)| *better);
        match (self.of(Subject::Pipit, figure), self.of(subject, figure), better) {
            (Some(ours), Some(theirs), Better::More) if subject != Subject::Pipit => {
                format!(" ({:.2}×)", ours / theirs)
            }
            (Some(ours), Some(theirs), Better::Less) if subject != Subject::Pipit => {
                format!(" ({:.2}×)", theirs / ours)
            }
            _ => String::new(),
        }
    }

    /// A page with a bar for each figure and server, readable without script, light and dark.
    #[must_use]
    pub fn page(&self) -> String {
        let mut bars = String::new();
        for (figure, name, better) in FIGURES {
            let better = match better {
                Better::More => "more is better",
                Better::Less => "less is better",
                Better::Neither => continue,
            };
            let _ = write!(bars, "<h2>{name}</h2><p>{better}</p>{}", self.plot(figure));
        }
        let table = self.table().replace('&', "&amp;").replace('<', "&lt;");
        format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Pipit side by side</title><style>\
             :root{{color-scheme:light dark;font:16px system-ui}}body{{max-width:50rem;margin:2rem auto;padding:0 1rem}}\
             svg{{width:100%}}text{{fill:currentColor;font-size:13px}}rect{{fill:#2a78d6}}pre{{overflow:auto}}</style>\
             <h1>Pipit side by side</h1>{bars}<h2>Table</h2><pre>{table}</pre></html>\n"
        )
    }

    /// A picture of its own for each figure: the name of its file, and the SVG, light and dark.
    #[must_use]
    pub fn plots(&self) -> Vec<(String, String)> {
        let mut plots = Vec::new();
        for (figure, name, better) in FIGURES {
            if better == Better::Neither {
                continue;
            }
            let file = serde_json::to_value(figure).unwrap_or_default();
            let file = file.as_str().unwrap_or_default().replace('_', "-") + ".svg";
            let (bars, height) = self.bars(figure);
            let svg = format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 700 {height}\" role=\"img\"><title>{name}</title><style>\
                 text{{fill:#1f2328;font:13px system-ui,sans-serif}}rect{{fill:#2a78d6}}\
                 @media (prefers-color-scheme:dark){{text{{fill:#e6edf3}}}}</style>{bars}</svg>\n"
            );
            plots.push((file, svg));
        }
        plots
    }

    /// One figure of all servers, as SVG.
    fn plot(&self, figure: Figure) -> String {
        let (bars, height) = self.bars(figure);
        format!("<svg viewBox=\"0 0 700 {height}\" role=\"img\">{bars}</svg>")
    }

    /// A bar for each server, and how high they are together.
    fn bars(&self, figure: Figure) -> (String, usize) {
        let values: Vec<(Subject, f64)> = self
            .medians
            .iter()
            .filter_map(|(subject, figures)| Some((*subject, *figures.get(&figure)?)))
            .collect();
        let most = values.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        let mut rows = String::new();
        for (row, (subject, value)) in (0_u32..).zip(&values) {
            let y = row * 24;
            let width = if most > 0.0 { value / most * 420.0 } else { 0.0 };
            let _ = write!(
                rows,
                "<text x=\"0\" y=\"{}\">{}</text><rect x=\"170\" y=\"{}\" width=\"{width:.1}\" height=\"16\"/>\
                 <text x=\"{:.1}\" y=\"{}\">{}</text>",
                y + 14,
                subject.name(),
                y + 2,
                width + 176.0,
                y + 14,
                short(*value)
            );
        }
        (rows, values.len() * 24)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_ratios_and_what_is_missing() {
        let mut comparison = Comparison::default();
        for value in [1.0, 30_000.0, 2_000.0] {
            comparison.add(Subject::Pipit, &Figures::from([(Figure::PairsPerS, value)]));
        }
        comparison.add(Subject::Node, &Figures::from([(Figure::PairsPerS, 1_000.0)]));
        let table = comparison.table();
        assert!(table.contains("| 2,000 | 1,000 (2.00×) |"), "{table}");
        assert!(table.contains("| – | – |"), "{table}");
        assert!(comparison.page().contains("1,000</text>"));
        let plots = comparison.plots();
        assert_eq!(plots.len(), FIGURES.len() - 1);
        let (file, svg) = &plots[0];
        assert_eq!(file, "pairs-per-s.svg");
        assert!(
            svg.contains("1,000</text>") && svg.matches("<rect").count() == 2,
            "{svg}"
        );
    }
}
