//! Reports: see [`pipit_store::report`].

use async_trait::async_trait;
use pipit_store::error::StoreError;
use pipit_store::report::{AddedReport, NewReport, ReportPosition, ReportStore, reason_number, reason_of};
use pipit_wire::report::{ClosedReport, Report};
use pipit_wire::{ReportId, Timestamp, UserId};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::PostgresStore;
use crate::error::{Error, corrupt, store_error};
use crate::row::{self, at};
use crate::session::{Session, params, run};
use crate::store::work;

type Result<T> = std::result::Result<T, Error>;

/// Takes the lock of the reporter: their reports are counted one after the other.
const LOCK: &str = "SELECT id FROM account WHERE id = $1 FOR UPDATE";
const THERE: &str = "SELECT reporter FROM report WHERE id = $1";
const OPEN_COUNT: &str = "SELECT count(*) FROM report WHERE reporter = $1 AND closed_at IS NULL";
const ADD: &str = "
    INSERT INTO report (id, at, reporter, user_id, reason, note, conversation, evidence)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

macro_rules! list {
    ($where_and_order:literal) => {
        concat!(
            "SELECT report.id, report.at, report.reason, report.note, report.conversation, report.evidence,
                reporter.id, reporter.handle, reporter.name, reported.id, reported.handle, reported.name,
                report.closed_at, report.outcome, closer.id, closer.handle, closer.name
            FROM report JOIN account AS reporter ON reporter.id = report.reporter
                JOIN account AS reported ON reported.id = report.user_id
                LEFT JOIN account AS closer ON closer.id = report.closed_by
            WHERE ",
            $where_and_order,
            " LIMIT $3"
        )
    };
}

const OPEN: &str =
    list!("report.closed_at IS NULL AND (report.at, report.id) > ($1, $2) ORDER BY report.at, report.id");
const CLOSED: &str = list!(
    "report.closed_at IS NOT NULL AND (report.closed_at, report.id) < ($1, $2)
    ORDER BY report.closed_at DESC, report.id DESC"
);
const CLOSE: &str = "
    UPDATE report SET closed_at = $2, closed_by = $3, outcome = $4 WHERE id = $1 AND closed_at IS NULL";
const PRUNE: &str = "
    DELETE FROM report WHERE id IN
        (SELECT id FROM report WHERE closed_at IS NOT NULL AND closed_at < $1 LIMIT $2)";

async fn add(session: &Session, new: &NewReport, open_max: u32) -> Result<AddedReport> {
    let evidence = serde_json::to_string(&new.evidence).map_err(|error| corrupt(error.to_string()))?;
    session.begin().await?;
    let added = decide(session, new, open_max).await?;
    if added == AddedReport::Added {
        let row = params![
            new.id.as_uuid(),
            new.at.as_ms(),
            new.reporter.as_uuid(),
            new.user.as_uuid(),
            reason_number(new.reason),
            new.note,
            new.conversation.map(|conversation| conversation.as_uuid()),
            evidence
        ];
        session.run(ADD, row).await?;
    }
    session.commit().await?;
    Ok(added)
}

async fn find_reporter(session: &Session, id: ReportId) -> Result<Option<UserId>> {
    let found = session.first(THERE, params![id.as_uuid()]).await?;
    found.map(|row| row::id_at(&row, 0)).transpose()
}

async fn decide(session: &Session, new: &NewReport, open_max: u32) -> Result<AddedReport> {
    session.rows(LOCK, params![new.reporter.as_uuid()]).await?;
    if let Some(reporter) = find_reporter(session, new.id).await? {
        return Ok(if reporter == new.reporter {
            AddedReport::Repeated
        } else {
            AddedReport::Taken
        });
    }
    let open = session.first(OPEN_COUNT, params![new.reporter.as_uuid()]).await?;
    let open: i64 = open.map(|row| at(&row, 0)).transpose()?.unwrap_or_default();
    Ok(if open >= i64::from(open_max) {
        AddedReport::TooMany
    } else {
        AddedReport::Added
    })
}

async fn list(
    session: &Session,
    closed: bool,
    after: Option<ReportPosition>,
    limit: u32,
) -> Result<Vec<Report>> {
    let (time, id) = match after {
        Some((time, id)) => (time.as_ms(), id.as_uuid()),
        // Before and after all times.
        None if closed => (i64::MAX, Uuid::nil()),
        None => (i64::MIN, Uuid::nil()),
    };
    let rows = session
        .rows(
            if closed { CLOSED } else { OPEN },
            params![time, id, i64::from(limit)],
        )
        .await?;
    rows.iter().map(report).collect()
}

fn report(row: &Row) -> Result<Report> {
    let closed_at: Option<i64> = at(row, 12)?;
    let closed = closed_at.map(|time| {
        Ok::<_, Error>(ClosedReport {
            at: Timestamp(time),
            by: row::profile(row, 14)?,
            note: at(row, 13)?,
        })
    });
    let evidence: String = at(row, 5)?;
    Ok(Report {
        id: row::id_at(row, 0)?,
        at: row::time_at(row, 1)?,
        reporter: row::profile(row, 6)?,
        user: row::profile(row, 9)?,
        reason: reason_of(at(row, 2)?).ok_or_else(|| corrupt("a report is for no reason"))?,
        note: at(row, 3)?,
        conversation: row::optional_id_at(row, 4)?,
        evidence: serde_json::from_str(&evidence).map_err(|error| corrupt(error.to_string()))?,
        closed: closed.transpose()?,
    })
}

async fn close(session: &Session, id: ReportId, by: UserId, time: Timestamp, note: &str) -> Result<bool> {
    session
        .run(CLOSE, params![id.as_uuid(), time.as_ms(), by.as_uuid(), note])
        .await?;
    Ok(find_reporter(session, id).await?.is_some())
}

#[async_trait]
impl ReportStore for PostgresStore {
    async fn add_report(
        &self,
        report: NewReport,
        open_max: u32,
    ) -> std::result::Result<AddedReport, StoreError> {
        work!(self, |session| add(session, &report, open_max))
    }

    async fn find_reporter(&self, id: ReportId) -> std::result::Result<Option<UserId>, StoreError> {
        work!(self, |session| find_reporter(session, id))
    }

    async fn list_reports(
        &self,
        closed: bool,
        after: Option<ReportPosition>,
        limit: u32,
    ) -> std::result::Result<Vec<Report>, StoreError> {
        work!(self, |session| list(session, closed, after, limit))
    }

    async fn close_report(
        &self,
        id: ReportId,
        by: UserId,
        time: Timestamp,
        note: &str,
    ) -> std::result::Result<bool, StoreError> {
        work!(self, |session| close(session, id, by, time, note))
    }

    async fn prune_reports(&self, before: Timestamp, limit: u32) -> std::result::Result<u64, StoreError> {
        work!(self, |session| session
            .run(PRUNE, params![before.as_ms(), i64::from(limit)]))
    }
}
