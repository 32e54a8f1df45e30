//! Reports: see [`pipit_store::report`].

use async_trait::async_trait;
use pipit_store::error::StoreError;
use pipit_store::report::{AddedReport, NewReport, ReportPosition, ReportStore, reason_number, reason_of};
use pipit_wire::report::{ClosedReport, Report};
use pipit_wire::{ConversationId, ReportId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::error::corrupt;
use crate::{SqliteStore, row};

fn find_reporter(db: &Connection, id: ReportId) -> Result<Option<UserId>> {
    db.prepare_cached("SELECT reporter FROM report WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| row::id_at(row, 0))
        .optional()
}

fn add(db: &Connection, new: &NewReport, open_max: u32) -> Result<AddedReport> {
    if let Some(reporter) = find_reporter(db, new.id)? {
        return Ok(if reporter == new.reporter {
            AddedReport::Repeated
        } else {
            AddedReport::Taken
        });
    }
    let open: u32 = db
        .prepare_cached("SELECT count(*) FROM report WHERE reporter = ?1 AND closed_at IS NULL")?
        .query_row([new.reporter.as_bytes()], |row| row.get(0))?;
    if open >= open_max {
        return Ok(AddedReport::TooMany);
    }
    let evidence = serde_json::to_string(&new.evidence).map_err(|error| corrupt(error.to_string()))?;
    db.prepare_cached(
        "INSERT INTO report (id, at, reporter, user, reason, note, conversation, evidence)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        new.id.as_bytes(),
        new.at.as_ms(),
        new.reporter.as_bytes(),
        new.user.as_bytes(),
        reason_number(new.reason),
        new.note,
        new.conversation.as_ref().map(ConversationId::as_bytes),
        evidence
    ])?;
    Ok(AddedReport::Added)
}

macro_rules! list {
    ($where_and_order:literal) => {
        concat!(
            "SELECT report.id, report.at, report.reason, report.note, report.conversation, report.evidence,
                reporter.id, reporter.handle, reporter.name, reported.id, reported.handle, reported.name,
                report.closed_at, report.outcome, closer.id, closer.handle, closer.name
            FROM report JOIN user AS reporter ON reporter.id = report.reporter
                JOIN user AS reported ON reported.id = report.user
                LEFT JOIN user AS closer ON closer.id = report.closed_by
            WHERE ",
            $where_and_order,
            " LIMIT ?3"
        )
    };
}

const OPEN: &str =
    list!("report.closed_at IS NULL AND (report.at, report.id) > (?1, ?2) ORDER BY report.at, report.id");
const CLOSED: &str = list!(
    "report.closed_at IS NOT NULL AND (report.closed_at, report.id) < (?1, ?2)
    ORDER BY report.closed_at DESC, report.id DESC"
);

fn list(db: &Connection, closed: bool, after: Option<ReportPosition>, limit: u32) -> Result<Vec<Report>> {
    let (at, id) = match after {
        Some((at, id)) => (at.as_ms(), id.as_bytes().to_vec()),
        // Before and after all times.
        None if closed => (i64::MAX, Vec::new()),
        None => (i64::MIN, Vec::new()),
    };
    db.prepare_cached(if closed { CLOSED } else { OPEN })?
        .query_map(params![at, id, limit], report)?
        .collect()
}

fn report(row: &Row<'_>) -> Result<Report> {
    let closed_at: Option<i64> = row.get(12)?;
    let closed = closed_at.map(|at| {
        Ok::<_, rusqlite::Error>(ClosedReport {
            at: Timestamp(at),
            by: row::profile_at(row, 14)?,
            note: row.get(13)?,
        })
    });
    Ok(Report {
        id: row::id_at(row, 0)?,
        at: row::time_at(row, 1)?,
        reporter: row::profile_at(row, 6)?,
        user: row::profile_at(row, 9)?,
        reason: reason_of(row.get(2)?).ok_or_else(|| corrupt("a report is for no reason"))?,
        note: row.get(3)?,
        conversation: row::optional_id_at(row, 4)?,
        evidence: serde_json::from_str(row.get_ref(5)?.as_str()?)
            .map_err(|error| corrupt(error.to_string()))?,
        closed: closed.transpose()?,
    })
}

fn close(db: &Connection, id: ReportId, by: UserId, at: Timestamp, note: &str) -> Result<bool> {
    let there = find_reporter(db, id)?.is_some();
    db.prepare_cached(
        "UPDATE report SET closed_at = ?2, closed_by = ?3, outcome = ?4 WHERE id = ?1 AND closed_at IS NULL",
    )?
    .execute(params![id.as_bytes(), at.as_ms(), by.as_bytes(), note])?;
    Ok(there)
}

fn prune(db: &Connection, before: Timestamp, limit: u32) -> Result<usize> {
    db.prepare_cached(
        "DELETE FROM report WHERE id IN
        (SELECT id FROM report WHERE closed_at IS NOT NULL AND closed_at < ?1 LIMIT ?2)",
    )?
    .execute(params![before.as_ms(), limit])
}

#[async_trait]
impl ReportStore for SqliteStore {
    async fn add_report(
        &self,
        report: NewReport,
        open_max: u32,
    ) -> std::result::Result<AddedReport, StoreError> {
        self.engine.write(move |db| add(db, &report, open_max)).await
    }

    async fn find_reporter(&self, id: ReportId) -> std::result::Result<Option<UserId>, StoreError> {
        self.engine.read(move |db| find_reporter(db, id)).await
    }

    async fn list_reports(
        &self,
        closed: bool,
        after: Option<ReportPosition>,
        limit: u32,
    ) -> std::result::Result<Vec<Report>, StoreError> {
        self.engine.read(move |db| list(db, closed, after, limit)).await
    }

    async fn close_report(
        &self,
        id: ReportId,
        by: UserId,
        at: Timestamp,
        note: &str,
    ) -> std::result::Result<bool, StoreError> {
        let note = note.to_owned();
        self.engine.write(move |db| close(db, id, by, at, &note)).await
    }

    async fn prune_reports(&self, before: Timestamp, limit: u32) -> std::result::Result<u64, StoreError> {
        let pruned = self.engine.write(move |db| prune(db, before, limit)).await?;
        Ok(u64::try_from(pruned).unwrap_or(u64::MAX))
    }
}
