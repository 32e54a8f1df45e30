//! Acknowledgements over time, and how long nodes took to recover.

use std::collections::HashMap;

use pipit_wire::MessageId;
use serde::Serialize;

use super::Suffered;
use crate::record::{DeviceNumber, Micros, Records, What};

/// One second of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Second {
    /// Messages acknowledged in it.
    pub acknowledged: u64,
    /// Refusals in it.
    pub refused: u64,
    /// The median time from writing to the acknowledgement of these, microseconds.
    pub p50_us: u64,
    /// The longest of these, microseconds.
    pub max_us: u64,
}

/// A run, second by second.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Series {
    /// From the first.
    pub seconds: Vec<Second>,
    /// The median of all, microseconds.
    pub p50_us: u64,
    /// 99 of 100 of all were acknowledged within this, microseconds.
    pub p99_us: u64,
    /// The longest of all, microseconds.
    pub max_us: u64,
    /// Times of acknowledgements by node, in order.
    #[serde(skip)]
    nodes: Vec<Vec<u64>>,
}

impl Series {
    /// From the records of a run with so many nodes.
    #[must_use]
    pub fn new(records: &Records, nodes: usize) -> Self {
        let mut series = Self {
            nodes: vec![Vec::new(); nodes],
            ..Self::default()
        };
        let mut sent: HashMap<MessageId, Micros> = HashMap::new();
        let mut connected: HashMap<DeviceNumber, usize> = HashMap::new();
        let mut latencies: Vec<Vec<u64>> = Vec::new();
        for record in records.iter() {
            match record.what {
                What::Sent { message, .. } => {
                    sent.insert(message, record.at);
                }
                What::Connected { node } => {
                    connected.insert(record.device, usize::from(node));
                }
                What::Refused { .. } => series.second(record.at).refused += 1,
                What::Acknowledged { message, .. } => {
                    let node = connected
                        .get(&record.device)
                        .and_then(|node| series.nodes.get_mut(*node));
                    if let Some(times) = node {
                        times.push(record.at.0);
                    }
                    // A message that is acknowledged again, after a lost line, counts once.
                    let Some(written) = sent.remove(&message) else {
                        continue;
                    };
                    series.second(record.at).acknowledged += 1;
                    let place = place(record.at);
                    if latencies.len() <= place {
                        latencies.resize(place + 1, Vec::new());
                    }
                    if let Some(second) = latencies.get_mut(place) {
                        second.push(record.at.since(written));
                    }
                }
                _ => {}
            }
        }
        for (second, latencies) in series.seconds.iter_mut().zip(&mut latencies) {
            latencies.sort_unstable();
            second.p50_us = quantile(latencies, 50);
            second.max_us = quantile(latencies, 100);
        }
        let mut all: Vec<u64> = latencies.into_iter().flatten().collect();
        all.sort_unstable();
        series.p50_us = quantile(&all, 50);
        series.p99_us = quantile(&all, 99);
        series.max_us = quantile(&all, 100);
        for times in &mut series.nodes {
            times.sort_unstable();
        }
        series
    }

    fn second(&mut self, at: Micros) -> &mut Second {
        let place = place(at);
        if self.seconds.len() <= place {
            self.seconds.resize(place + 1, Second::default());
        }
        // It was just made; the other arm is never taken.
        match self.seconds.get_mut(place) {
            Some(second) => second,
            None => unreachable!("a second that was just added"),
        }
    }

    /// From the end of a fault to the first acknowledgement on the node that felt it, or on the last of all nodes; none where one
    /// of them acknowledged nothing any more.
    #[must_use]
    pub fn recovered_after_us(&self, suffered: &Suffered) -> Option<u64> {
        let first_after = |times: &Vec<u64>| {
            let place = times.partition_point(|time| *time < suffered.healed_us);
            times.get(place).map(|time| time - suffered.healed_us)
        };
        match suffered.fault.node() {
            Some(node) => self.nodes.get(node).and_then(first_after),
            None => self
                .nodes
                .iter()
                .map(first_after)
                .try_fold(0, |most, one| Some(most.max(one?))),
        }
    }
}

fn place(at: Micros) -> usize {
    usize::try_from(at.0 / 1_000_000).unwrap_or(usize::MAX)
}

fn quantile(sorted: &[u64], percent: usize) -> u64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * percent / 100).copied().unwrap_or_default()
}
