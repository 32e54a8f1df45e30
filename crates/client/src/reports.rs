//! Reports to those who run the server: the entries that are shown, with what opens the commitments of sealed ones, and the queue for administrators. Nothing of it is
//! kept here.

use pipit_wire::event::{EventBody, MessageChange};
use pipit_wire::report::{
    CloseReport, NewReport, OPENINGS_BYTES_MAX, REPORTED_ENTRIES_MAX, ReportedEntry, Reports,
};
use pipit_wire::{ConversationId, ErrorCode, Event, MessageId, Seq, UserId};

use crate::command::{CommandError, CommandId, Reply, ReportCommand, ViewId};
use crate::encryption::opening_of;
use crate::engine::{Engine, Stored};
use crate::http::{Call, Expects, Waiting, read, refusal};
use crate::io::{HttpAnswer, HttpMethod};
use crate::path::escape;
use crate::storage::Storage;

/// What the answer to a command about reports is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReportExpects {
    /// So many messages were shown, and so many could not be.
    Sent { shown: u32, left_out: u32 },
    /// A page.
    Reports,
}

pub(crate) fn read_reply(expects: ReportExpects, answer: &HttpAnswer) -> Result<Reply, CommandError> {
    match expects {
        ReportExpects::Sent { shown, left_out } => Ok(Reply::Reported { shown, left_out }),
        ReportExpects::Reports => read::<Reports>(answer).map(|reports| Reply::Reports {
            items: reports.items,
            next: reports.next,
        }),
    }
}

/// What of somebody's messages can be shown.
#[derive(Default)]
struct Shown {
    entries: Vec<ReportedEntry>,
    bytes: usize,
    messages: u32,
    left_out: u32,
}

impl<S: Storage> Engine<S> {
    /// Does what a view asks about reports.
    pub(crate) fn report_command(&mut self, view: ViewId, id: CommandId, ask: ReportCommand) -> Stored {
        let signed = |method, path: String| Waiting::authorized(Call::Farewell, method, path);
        let (expects, waiting) = match ask {
            ReportCommand::Send {
                id: report,
                user,
                reason,
                note,
                conversation,
                messages,
            } => {
                let shown = match conversation {
                    Some(conversation) => self.shown_of(user, conversation, &messages)?,
                    None => Shown::default(),
                };
                if shown.entries.len() > REPORTED_ENTRIES_MAX || shown.bytes > OPENINGS_BYTES_MAX {
                    let error = refusal(ErrorCode::TooLarge, Some("entries"));
                    self.reply(view, id, Reply::Failed { error });
                    return Ok(());
                }
                let new = NewReport {
                    id: report,
                    user,
                    reason,
                    note,
                    conversation,
                    entries: shown.entries,
                };
                let sent = ReportExpects::Sent {
                    shown: shown.messages,
                    left_out: shown.left_out,
                };
                let waiting = signed(HttpMethod::Post, "/v1/reports".to_owned()).with(&new);
                (Expects::Report(sent), waiting)
            }
            ReportCommand::List { closed, after } => {
                let after = after.map_or_else(String::new, |after| format!("&after={}", escape(&after)));
                let path = format!("/v1/reports?closed={closed}{after}");
                (
                    Expects::Report(ReportExpects::Reports),
                    signed(HttpMethod::Get, path),
                )
            }
            ReportCommand::Close { id: report, note } => {
                let path = format!("/v1/reports/{report}/close");
                let waiting = signed(HttpMethod::Post, path).with(&CloseReport { note });
                (Expects::Nothing, waiting)
            }
        };
        self.call(waiting.answering(Call::Command { view, id, expects }));
        Ok(())
    }

    /// Somebody's messages, each with what it was changed to, as far as they can be shown: what came sealed only with what opens its commitment.
    fn shown_of(&self, user: UserId, conversation: ConversationId, messages: &[MessageId]) -> Stored<Shown> {
        let sealed = self.is_encrypted(conversation)?;
        let mut shown = Shown::default();
        for message in messages {
            let found = self.storage.find_message(conversation, *message)?;
            let Some(found) = found.filter(|found| found.sender == user) else {
                shown.left_out = shown.left_out.saturating_add(1);
                continue;
            };
            let changes = self.storage.changes_of(conversation, *message, Seq::ZERO)?;
            let edits = changes.iter().filter(|change| is_edit(change));
            let before = shown.entries.len();
            for event in std::iter::once(&found).chain(edits) {
                self.show_entry(event, sealed, &mut shown)?;
            }
            let counted = if shown.entries.len() > before {
                &mut shown.messages
            } else {
                &mut shown.left_out
            };
            *counted = counted.saturating_add(1);
        }
        shown.entries.sort_unstable_by_key(|entry| entry.seq);
        Ok(shown)
    }

    fn show_entry(&self, event: &Event, sealed: bool, shown: &mut Shown) -> Stored {
        let opening = if sealed {
            let kept = self
                .storage
                .log_entries(event.conversation, event.seq.previous(), 1)?;
            let kept = kept.first().filter(|kept| kept.event.seq == event.seq);
            let Some(opening) = kept.and_then(opening_of) else {
                return Ok(());
            };
            shown.bytes = shown.bytes.saturating_add(opening.said.len());
            Some(opening)
        } else {
            None
        };
        shown.entries.push(ReportedEntry {
            seq: event.seq,
            opening,
        });
        Ok(())
    }
}

const fn is_edit(event: &Event) -> bool {
    matches!(
        event.body,
        EventBody::MessageChanged {
            change: MessageChange::Edit { .. },
            ..
        }
    )
}
