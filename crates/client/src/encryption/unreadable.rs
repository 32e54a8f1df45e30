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
    tell_at: Option<Timestamp>,
}

impl Unreadable {
    pub(super) const fn tell_at(&self) -> Option<Timestamp> {
        self.tell_at
    }

    pub(super) const fn tell_at_mut(&mut self) -> &mut Option<Timestamp> {
        &mut self.tell_at
    }
}

impl<S: Storage> Engine<S> {
    pub(super) fn count_unreadable(&mut self, cause: UnreadableCause) {
        if self.encryption.unreadable.counts.is_empty() {
            let wait_ms = self.random_ms(WAIT_MS);
            self.encryption.unreadable.tell_at = Some(self.clock.steady().plus_ms(wait_ms));
        }
        let count = self.encryption.unreadable.counts.entry(cause).or_default();
        *count = count.saturating_add(1);
    }

    /// Tells the server, when it is time.
    pub(super) fn tell_unreadable(&mut self) {
        let unreadable = &mut self.encryption.unreadable;
        if unreadable.tell_at.is_some() || unreadable.counts.is_empty() {
            return;
        }
        let counts = std::mem::take(&mut unreadable.counts).into_iter();
        let report = ReportUnreadable {
            client: self.config.client.clone(),
            counts: counts
                .map(|(reason, count)| UnreadableCount { reason, count })
                .collect(),
        };
        self.call(Waiting::authorized(Call::Farewell, HttpMethod::Post, "/v1/me/unreadable").with(&report));
    }
}
