//! Reports: what people tell those who run the server of somebody.
//!
//! What a report shows is the server's own: of an open conversation what its log has, of an encrypted one what its sender's device has committed to there and the
//! reporter opens. So nobody is believed, and nothing else of the conversation is told.

use std::sync::Arc;

use pipit_model::{Action, commitment, text};
use pipit_store::change::leave_out_expired;
use pipit_store::log::LogRange;
use pipit_store::poll::veil;
use pipit_store::report::{AddedReport, NewReport as Record, ReportPosition};
use pipit_wire::event::{EventBody, MessageChange};
use pipit_wire::preview::LinkPreview;
use pipit_wire::report::{
    Evidence, NewReport, OPEN_REPORTS_MAX, OPENINGS_BYTES_MAX, Opening, REPORT_NOTE_BYTES_MAX,
    REPORTED_ENTRIES_MAX, REPORTS_PAGE_MAX, ReportedEntry, ReportedFile, Reports as Page,
};
use pipit_wire::{Content, ConversationId, ErrorCode, Event, MessageId, ReportId, Timestamp, UserId};

use super::access::{allow, not_member, require_access};
use super::accounts::Identity;
use crate::context::Context;
use crate::error::ServiceError;
use crate::stats::Stats;

/// See the module.
pub struct Reports {
    context: Context,
    stats: Arc<Stats>,
}

impl Reports {
    /// The service.
    pub fn new(context: &Context, stats: &Arc<Stats>) -> Self {
        Self {
            context: context.clone(),
            stats: Arc::clone(stats),
        }
    }

    /// Somebody is reported.
    pub async fn submit(&self, reporter: UserId, new: NewReport) -> Result<(), ServiceError> {
        check_note(&new.note)?;
        if new.user == reporter {
            return Err(ServiceError::field("user", "nobody reports themselves"));
        }
        if self.context.store.find_user(new.user).await?.is_none() {
            return Err(ServiceError::refused(
                ErrorCode::NotFound,
                "there is no such account",
            ));
        }
        // The same again is fine, whatever has become of what it shows.
        if self.context.store.find_reporter(new.id).await? == Some(reporter) {
            return Ok(());
        }
        let evidence = self.evidence(reporter, &new).await?;
        let entries = evidence.len();
        let record = Record {
            id: new.id,
            at: self.context.now(),
            reporter,
            user: new.user,
            reason: new.reason,
            note: new.note,
            // Where nothing is shown nothing says that they are in it.
            conversation: new.conversation.filter(|_| entries > 0),
            evidence,
        };
        match self.context.store.add_report(record, OPEN_REPORTS_MAX).await? {
            AddedReport::Added => {
                self.stats.reports_added.add_one();
                tracing::info!(report = %new.id, reason = ?new.reason, entries, "somebody was reported");
                Ok(())
            }
            AddedReport::Repeated => Ok(()),
            AddedReport::Taken => Err(ServiceError::field("id", "it is another report's")),
            AddedReport::TooMany => Err(ServiceError::refused(
                ErrorCode::LimitReached,
                "as many of your reports are open as there may be",
            )),
        }
    }

    /// A page of reports, for administrators.
    pub async fn list(
        &self,
        identity: &Identity,
        closed: bool,
        after: Option<&str>,
    ) -> Result<Page, ServiceError> {
        require_administrator(identity)?;
        let after = after.map(position).transpose()?;
        let store = &self.context.store;
        let mut items = store
            .list_reports(closed, after, REPORTS_PAGE_MAX.saturating_add(1))
            .await?;
        let full = usize::try_from(REPORTS_PAGE_MAX).unwrap_or(usize::MAX);
        let more = items.len() > full;
        items.truncate(full);
        let last = items.last().filter(|_| more);
        let next = last.map(|last| {
            let at = last.closed.as_ref().map_or(last.at, |closed| closed.at);
            format!("{}.{}", at.as_ms(), last.id)
        });
        Ok(Page { items, next })
    }

    /// An administrator has dealt with one.
    pub async fn close(&self, identity: &Identity, id: ReportId, note: &str) -> Result<(), ServiceError> {
        require_administrator(identity)?;
        check_note(note)?;
        let closed = self
            .context
            .store
            .close_report(id, identity.user, self.context.now(), note);
        if !closed.await? {
            return Err(ServiceError::refused(
                ErrorCode::NotFound,
                "there is no such report",
            ));
        }
        self.stats.reports_closed.add_one();
        tracing::info!(report = %id, by = %identity.user, "a report was closed");
        Ok(())
    }

    async fn evidence(&self, reporter: UserId, new: &NewReport) -> Result<Vec<Evidence>, ServiceError> {
        if new.entries.is_empty() {
            return Ok(Vec::new());
        }
        let Some(conversation) = new.conversation else {
            return Err(ServiceError::field("conversation", "it goes with `entries`"));
        };
        if new.entries.len() > REPORTED_ENTRIES_MAX {
            let why = format!("at most {REPORTED_ENTRIES_MAX}");
            return Err(ServiceError::field("entries", why));
        }
        let openings = new.entries.iter().filter_map(|entry| entry.opening.as_ref());
        let bytes = openings.fold(0_usize, |bytes, opening| bytes.saturating_add(opening.said.len()));
        if bytes > OPENINGS_BYTES_MAX {
            return Err(too_much());
        }
        let access = require_access(&self.context, conversation, reporter, None).await?;
        allow(&access, Action::Read, self.context.limits.group_members_max)?;
        let mut evidence = Vec::with_capacity(new.entries.len());
        for entry in &new.entries {
            let event = self.find(reporter, conversation, entry).await?;
            let shown = show(&event, new.user, entry.opening.as_ref());
            let shown = shown.inspect_err(|_| self.stats.reports_disproved.add_one());
            evidence.push(shown?);
        }
        evidence.sort_unstable_by_key(|shown| shown.seq);
        evidence.dedup_by_key(|shown| shown.seq);
        let bytes = evidence
            .iter()
            .fold(0_usize, |bytes, shown| bytes.saturating_add(shown.text.len()));
        if bytes > OPENINGS_BYTES_MAX {
            return Err(too_much());
        }
        Ok(evidence)
    }

    async fn find(
        &self,
        reporter: UserId,
        conversation: ConversationId,
        entry: &ReportedEntry,
    ) -> Result<Event, ServiceError> {
        let range = LogRange::After {
            seq: entry.seq.previous(),
            limit: 1,
        };
        let page = self.context.store.read_log(conversation, reporter, range).await?;
        let mut page = page.ok_or_else(not_member)?;
        // As the reporter may read it: who has voted is not told by what is refused either.
        leave_out_expired(&mut page.events, &mut page.states, self.context.now());
        veil(&mut page.events, Some(reporter));
        let found = page.events.into_iter().next();
        found
            .filter(|event| event.seq == entry.seq)
            .ok_or_else(|| ServiceError::field("entries", "one is not in the log"))
    }
}

/// What an entry of somebody's says.
fn show(event: &Event, user: UserId, opening: Option<&Opening>) -> Result<Evidence, ServiceError> {
    if event.sender != user {
        return Err(ServiceError::field("entries", "one is somebody else's"));
    }
    let sealed = match &event.body {
        EventBody::Message {
            content: Content::Sealed { commitment, .. },
            ..
        } => Some(commitment.as_deref().unwrap_or_default()),
        _ => None,
    };
    match (sealed, opening) {
        (None, None) => said(event, &event.body, false),
        (Some(commitment), Some(opening)) if commitment::verify(commitment, opening) => {
            let body = serde_json::from_str(&opening.said)
                .map_err(|_| ServiceError::field("entries", "what one says is no entry"))?;
            said(event, &body, true)
        }
        (Some(_), Some(_)) => Err(ServiceError::field("entries", "one was not said so")),
        (Some(_), None) => Err(ServiceError::field(
            "entries",
            "one is sealed, and nothing opens it",
        )),
        (None, Some(_)) => Err(ServiceError::field("entries", "one is not sealed")),
    }
}

fn said(event: &Event, body: &EventBody, sealed: bool) -> Result<Evidence, ServiceError> {
    let (message, content, edit) = match body {
        EventBody::Message { content, .. } => (MessageId::from(event.id), content, false),
        EventBody::MessageChanged {
            message,
            change: MessageChange::Edit { content, .. },
        } => (*message, content, true),
        _ => {
            return Err(ServiceError::field(
                "entries",
                "one is neither a message nor an edit",
            ));
        }
    };
    let Content::Plain {
        text,
        attachments,
        poll,
        preview,
    } = content
    else {
        return Err(ServiceError::field("entries", "one was deleted"));
    };
    let file = |file: &pipit_wire::Attachment| ReportedFile {
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        size: file.size,
        caption: file.caption.clone(),
    };
    Ok(Evidence {
        seq: event.seq,
        message,
        at: event.at,
        edit,
        sealed,
        text: text.clone(),
        options: poll.as_ref().map(|poll| poll.options.clone()).unwrap_or_default(),
        files: attachments.iter().map(file).collect(),
        preview: preview.as_deref().map(|preview| LinkPreview {
            picture: None,
            ..preview.clone()
        }),
    })
}

fn too_much() -> ServiceError {
    let why = format!("what they say has at most {OPENINGS_BYTES_MAX} bytes");
    ServiceError::field("entries", why)
}

fn require_administrator(identity: &Identity) -> Result<(), ServiceError> {
    if identity.admin {
        return Ok(());
    }
    Err(ServiceError::refused(
        ErrorCode::Forbidden,
        "reports are for administrators",
    ))
}

fn check_note(note: &str) -> Result<(), ServiceError> {
    if note.is_empty() {
        return Ok(());
    }
    text::message(note, REPORT_NOTE_BYTES_MAX).map_err(|error| ServiceError::text("note", error))
}

fn position(text: &str) -> Result<ReportPosition, ServiceError> {
    let parts = text.split_once('.');
    let read = parts.and_then(|(at, id)| Some((Timestamp(at.parse().ok()?), id.parse().ok()?)));
    read.ok_or_else(|| ServiceError::field("after", "is the `next` of another page"))
}
