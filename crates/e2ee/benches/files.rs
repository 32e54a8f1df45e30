//! How fast files are sealed and opened, beside copying the same bytes: megabytes a second on one core, medians of five rounds over 64 MiB.
//!
//! `cargo bench -p pipit-e2ee --bench files` prints a table and one line of JSON.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark: it stops where something fails, speaks to a person, and measures real time"
)]

use std::hint::black_box;
use std::time::Instant;

use pipit_e2ee::file::{FileDigest, FileOpener, FileSealer};
use pipit_e2ee::stream::StreamKey;
use serde_json::json;

const BYTES: usize = 64 * 1024 * 1024;
/// As an upload goes, by default.
const PART: u64 = 4 * 1024 * 1024;
const ROUNDS: usize = 5;

fn rate(mut work: impl FnMut()) -> f64 {
    let mut rates: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            BYTES as f64 / 1_000_000.0 / start.elapsed().as_secs_f64()
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    rates.get(ROUNDS / 2).copied().unwrap_or_default()
}

fn main() {
    let content: Vec<u8> = (0..BYTES).map(|at| at.to_le_bytes()[1]).collect();
    let key = || StreamKey::from_bytes(&[7; 39]).unwrap();
    let sealer = FileSealer::new(key(), BYTES as u64).unwrap();
    let end = sealer.sealed_bytes();
    let seal = || {
        let mut whole = Vec::with_capacity(usize::try_from(end).unwrap());
        let mut at = 0;
        while at < end {
            let part = at..(at + PART).min(end);
            let needed = sealer.needed(&part);
            let (from, to) = (
                usize::try_from(needed.start).unwrap(),
                usize::try_from(needed.end).unwrap(),
            );
            whole.extend(sealer.seal(&part, content.get(from..to).unwrap()).unwrap());
            at = part.end;
        }
        whole
    };
    let whole = seal();
    let opener = FileOpener::new(&key(), BYTES as u64).unwrap();
    let figures = [
        ("copied", rate(|| drop(black_box(content.clone())))),
        (
            "its digest taken",
            rate(|| {
                let mut digest = FileDigest::default();
                digest.update(&content);
                black_box(digest.finish());
            }),
        ),
        ("sealed, in parts of 4 MiB", rate(|| drop(black_box(seal())))),
        (
            "opened, by segments",
            rate(|| {
                let segments = opener.segments_with(&(0..BYTES as u64));
                for segment in segments {
                    let place = opener.sealed_range(&(segment..segment + 1));
                    let (from, to) = (
                        usize::try_from(place.start).unwrap(),
                        usize::try_from(place.end).unwrap(),
                    );
                    black_box(opener.open(segment, whole.get(from..to).unwrap()).unwrap());
                }
            }),
        ),
    ];
    for (what, rate) in figures {
        println!("{what:<28} {rate:>7.0} MB/s");
    }
    println!(
        "{}",
        json!({ "megabytes_a_second": figures.iter().copied().collect::<std::collections::BTreeMap<_, _>>() })
    );
}
