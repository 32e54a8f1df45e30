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
use crate::fold;
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
                if messages.len() > REPORTED_ENTRIES_MAX {
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

    /// Somebody's messages, each with what it was changed to, as far as they can be shown: what came sealed only with what opens its commitment, and of many edits
    /// the latest.
    fn shown_of(&self, user: UserId, conversation: ConversationId, messages: &[MessageId]) -> Stored<Shown> {
        let sealed = self.is_encrypted(conversation)?;
        let mut shown = Shown::default();
        let share = messages.len().max(1);
        for message in messages {
            let found = self.storage.find_message(conversation, *message)?;
            let found = found.filter(|found| found.sender == user && !fold::is_erased(found));
            let before = shown.entries.len();
            if let Some(found) = found {
                let (entries_max, bytes_max) = (REPORTED_ENTRIES_MAX / share, OPENINGS_BYTES_MAX / share);
                let mut bytes_left = bytes_max;
                for event in self.worth_showing(found)? {
                    if shown.entries.len().saturating_sub(before) >= entries_max {
                        break;
                    }
                    let Some((entry, bytes)) = self.shown_entry(&event, sealed)? else {
                        continue;
                    };
                    if let Some(left) = bytes_left.checked_sub(bytes) {
                        bytes_left = left;
                        shown.entries.push(entry);
                    }
                }
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

    /// What a message says now, what it said first, and what it said between, the latest first.
    fn worth_showing(&self, message: Event) -> Stored<Vec<Event>> {
        let changes = self
            .storage
            .changes_of(message.conversation, message.id.into(), Seq::ZERO)?;
        let mut edits: Vec<_> = changes.into_iter().filter(is_edit).rev().collect();
        edits.insert(edits.len().min(1), message);
        Ok(edits)
    }

    /// An entry as it is shown, and how many bytes that is; nothing where it was sealed and nothing opens what its sender has committed to.
    fn shown_entry(&self, event: &Event, sealed: bool) -> Stored<Option<(ReportedEntry, usize)>> {
        let kept = self
            .storage
            .log_entries(event.conversation, event.seq.previous(), 1)?;
        let Some(kept) = kept.first().filter(|kept| kept.event.seq == event.seq) else {
            return Ok(None);
        };
        let opening = opening_of(kept).filter(|_| sealed);
        if sealed && opening.is_none() {
            return Ok(None);
        }
        let said = opening.as_ref().map(|opening| opening.said.len());
        let bytes = said.unwrap_or(kept.raw.len());
        let seq = event.seq;
        Ok(Some((ReportedEntry { seq, opening }, bytes)))
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
