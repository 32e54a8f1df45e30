//! What groups of 10, 100 and 999 devices cost (one more is added: 1,000).
//!
//! `cargo bench -p pipit-mls-vectors` prints a table and one line of JSON. `PIPIT_BENCH_DEVICES` asks for other sizes (`10,100`).
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a benchmark: it stops where something fails, speaks to a person, and measures real time"
)]

use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use pipit_mls_vectors::groups::{Clock, lengths, measure};
use pipit_wire::Timestamp;
use serde_json::{Value, json};

static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

fn main() {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let clock = Clock {
        now: Timestamp(i64::try_from(since.as_millis()).unwrap()),
        steady_ms: || BEGIN.elapsed().as_secs_f64() * 1_000.0,
    };
    let sizes = std::env::var("PIPIT_BENCH_DEVICES").unwrap_or_else(|_| "10,100,999".to_owned());
    let rows: Vec<Value> = sizes
        .split(',')
        .map(|size| measure(size.parse().unwrap(), clock))
        .collect();
    let names: Vec<&String> = rows[0].as_object().unwrap().keys().collect();
    for name in names {
        let values = rows.iter().map(|row| match &row[name] {
            Value::Number(number) if number.is_f64() => format!("{:>12.2}", number.as_f64().unwrap()),
            other => format!("{:>12}", other.to_string()),
        });
        println!("{name:<24}{}", values.collect::<String>());
    }
    let lengths = lengths(clock.now);
    for (content, sealed) in &lengths {
        println!("content of {content:>6} bytes: sealed {sealed:>6}");
    }
    println!("{}", json!({"groups": rows, "lengths": lengths}));
}
