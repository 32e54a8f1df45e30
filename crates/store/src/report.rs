//! Reports of people to those who run the server.

use async_trait::async_trait;
use pipit_wire::report::{Evidence, Report, ReportReason};
use pipit_wire::{ConversationId, ReportId, Timestamp, UserId};

use crate::error::StoreError;

/// A place in the list of reports: when it came, or when it was closed, and which one.
pub type ReportPosition = (Timestamp, ReportId);

/// Somebody is reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReport {
    /// Which one; the idempotency key.
    pub id: ReportId,
    /// When it came.
    pub at: Timestamp,
    /// Who reports.
    pub reporter: UserId,
    /// Who is reported.
    pub user: UserId,
    /// For what.
    pub reason: ReportReason,
    /// In the reporter's words.
    pub note: String,
    /// Where it was said.
    pub conversation: Option<ConversationId>,
    /// What was said.
    pub evidence: Vec<Evidence>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddedReport {
    /// It is open.
    Added,
    /// It was here before, of the same reporter.
    Repeated,
    /// The id is another report's.
    Taken,
    /// The reporter has as many open ones as there may be.
    TooMany,
}

/// The part of [`crate::Store`] that is about reports.
#[async_trait]
pub trait ReportStore: Send + Sync + 'static {
    /// Adds one, unless the reporter has `open_max` open ones already.
    async fn add_report(&self, report: NewReport, open_max: u32) -> Result<AddedReport, StoreError>;
    /// Whose report this is, where there is one.
    async fn find_reporter(&self, id: ReportId) -> Result<Option<UserId>, StoreError>;
    /// The open ones, the oldest first, or the closed ones, the latest first; beginning after the place `after`.
    async fn list_reports(
        &self,
        closed: bool,
        after: Option<ReportPosition>,
        limit: u32,
    ) -> Result<Vec<Report>, StoreError>;
    /// Somebody has dealt with one. The first time counts; false where there is none.
    async fn close_report(
        &self,
        id: ReportId,
        by: UserId,
        at: Timestamp,
        note: &str,
    ) -> Result<bool, StoreError>;
    /// Forgets at most `limit` of those that were closed before `before`, and says how many.
    async fn prune_reports(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}

/// The number that a reason has in a database. Never changes once released.
#[must_use]
pub const fn reason_number(reason: ReportReason) -> i16 {
    match reason {
        ReportReason::Spam => 0,
        ReportReason::Harassment => 1,
        ReportReason::Danger => 2,
        ReportReason::Illegal => 3,
        ReportReason::Other => 4,
    }
}

/// The reason with this number.
#[must_use]
pub const fn reason_of(number: i16) -> Option<ReportReason> {
    Some(match number {
        0 => ReportReason::Spam,
        1 => ReportReason::Harassment,
        2 => ReportReason::Danger,
        3 => ReportReason::Illegal,
        4 => ReportReason::Other,
        _ => return None,
    })
}
