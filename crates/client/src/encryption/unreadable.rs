//! How much could not be read. "Unable to decrypt" is a defect, so the server's operator is told how often it happens and why; not in which conversation, to whom, or what.

use std::collections::BTreeMap;

use pipit_wire::Timestamp;
use pipit_wire::rest::encryption::{ReportUnreadable, UnreadableCause, UnreadableCount};

use crate::engine::Engine;
use crate::http::{Call, Waiting};
use crate::io::HttpMethod;
use crate::storage::Storage;

/// The longest wait for more before the server is told. It is drawn at random, so that a report says little about when something came.
const WAIT_MS: i64 = 120_000;

/// What was counted. It is not on disk: what is lost of it with a crash is missed by nobody.
#[derive(Debug, Default)]
pub(super) struct Unreadable {
    counts: BTreeMap<UnreadableCause, u32>,
    /// How much was told again.
    repaired: u32,
    tell_at: Option<Timestamp>,
}

impl Unreadable {
    fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.repaired == 0
    }

    pub(super) const fn tell_at(&self) -> Option<Timestamp> {
        self.tell_at
    }

    pub(super) const fn tell_at_mut(&mut self) -> &mut Option<Timestamp> {
        &mut self.tell_at
    }
}

impl<S: Storage> Engine<S> {
    pub(super) fn count_unreadable(&mut self, cause: UnreadableCause) {
        self.tell_unreadable_later();
        let count = self.encryption.unreadable.counts.entry(cause).or_default();
        *count = count.saturating_add(1);
    }

    /// What could not be read was told again.
    pub(super) fn count_repaired(&mut self, count: u64) {
        if count > 0 {
            self.tell_unreadable_later();
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            let repaired = &mut self.encryption.unreadable.repaired;
            *repaired = repaired.saturating_add(count);
        }
    }

    fn tell_unreadable_later(&mut self) {
        if self.encryption.unreadable.is_empty() {
            let wait_ms = self.random_ms(WAIT_MS);
            self.encryption.unreadable.tell_at = Some(self.clock.steady().plus_ms(wait_ms));
        }
    }

    /// Tells the server, when it is time.
    pub(super) fn tell_unreadable(&mut self) {
        let unreadable = &mut self.encryption.unreadable;
        if unreadable.tell_at.is_some() || unreadable.is_empty() {
            return;
        }
        let repaired = std::mem::take(&mut unreadable.repaired);
        let counts = std::mem::take(&mut unreadable.counts).into_iter();
        let report = ReportUnreadable {
            client: self.config.client.clone(),
            counts: counts
                .map(|(reason, count)| UnreadableCount { reason, count })
                .collect(),
            repaired,
        };
        self.call(Waiting::authorized(Call::Farewell, HttpMethod::Post, "/v1/me/unreadable").with(&report));
    }
}
