//! What is sealed: the JSON of the body that the entry would have in an open conversation (`docs/protocol.md`, "What is sealed").
//!
//! The server cannot look at it, so all that it would check is checked here, when it is opened.

use pipit_e2ee::CONTENT_BYTES_MAX;
use pipit_model::{commitment, emoji, poll, preview, text};
use pipit_wire::event::{EventBody, MessageChange, SealedPurpose};
use pipit_wire::limits::REACTION_BYTES_MAX;
use pipit_wire::media::Attachment;
use pipit_wire::poll::Poll;
use pipit_wire::report::Opening;
use pipit_wire::rest::encryption::UnreadableCause;
use pipit_wire::{Content, Event, MessageId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fold;
use crate::profile::ProfileSaid;
use crate::sealed;
use crate::storage::{LogEntry, OutboxBody};

/// Why what was opened is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// Somebody else's device sealed it than the entry says.
    #[error("sealed by somebody else than the entry's sender")]
    OtherSender,
    /// The server does not list the device that sealed it.
    #[error("nobody vouches for the device that sealed it")]
    UnknownDevice,
    /// It is not what its sender has committed to.
    #[error("not what was committed to")]
    Uncommitted,
    /// It is no body of an entry.
    #[error("not the body of an entry")]
    Malformed,
    /// A body that does not go into an encrypted conversation: it is said in the clear, or not at all.
    #[error("a body that is not sealed")]
    Misplaced,
    /// The text, the emoji, the poll, the vote, or what is said of files or of the group, is none.
    #[error("not a text, emoji, poll or vote, or not what is said of sealed files or of the group")]
    Unfit,
    /// It edits what somebody else has said, or ends what somebody else has asked.
    #[error("for the message's author alone")]
    NotTheAuthor,
}

impl Refusal {
    /// What is counted.
    pub(super) const fn cause(self) -> UnreadableCause {
        match self {
            Self::OtherSender => UnreadableCause::OtherSender,
            Self::UnknownDevice => UnreadableCause::UnknownDevice,
            Self::Uncommitted | Self::Malformed | Self::Misplaced | Self::Unfit | Self::NotTheAuthor => {
                UnreadableCause::Malformed
            }
        }
    }
}

/// What was opened and fits.
#[derive(Debug, PartialEq)]
pub(super) enum Opened {
    /// A body that this version knows.
    Known(EventBody),
    /// What the group is called, is about, and shows as its picture.
    Profile(ProfileSaid),
    /// One that a later version knows: it is kept, and shows nothing.
    Unknown(Value),
}

impl Opened {
    /// As it is kept: what opens a history is not, nor what was told again, once that was noted.
    pub(super) fn lasting(self) -> Self {
        match self {
            Self::Profile(ProfileSaid::HistoryShown { archive, users, .. }) => {
                let key = String::new();
                Self::Profile(ProfileSaid::HistoryShown { archive, key, users })
            }
            Self::Profile(ProfileSaid::ToldAgain { asked, .. }) => {
                let sealed = String::new();
                Self::Profile(ProfileSaid::ToldAgain { asked, sealed })
            }
            other => other,
        }
    }
}

/// What is sealed for something in the outbox, with its files; nothing where it does not go into an encrypted conversation, or is sent in the clear.
pub(super) fn encode(body: &OutboxBody, files: &[Attachment], written_at: Timestamp) -> Option<Vec<u8>> {
    match body {
        OutboxBody::Profile { said } => serde_json::to_vec(said).ok(),
        body => serde_json::to_vec(&said(body, files, written_at)?).ok(),
    }
}

/// What the server has to know of something that is sealed.
pub(super) const fn purpose(body: &OutboxBody) -> SealedPurpose {
    match body {
        OutboxBody::Message { .. } => SealedPurpose::Message,
        OutboxBody::Change { .. } => SealedPurpose::Change,
        OutboxBody::Profile { said } => said.purpose(),
    }
}

/// Whether something in the outbox is sealed, and not said in the clear.
pub(super) const fn is_said(body: &OutboxBody) -> bool {
    match body {
        OutboxBody::Message { .. } | OutboxBody::Profile { .. } => true,
        OutboxBody::Change { change, .. } => is_sealed(change),
    }
}

/// What the entry of a message or a change says, where that is sealed. Its files are sealed as well.
pub(super) fn said(body: &OutboxBody, files: &[Attachment], written_at: Timestamp) -> Option<EventBody> {
    match body {
        OutboxBody::Message {
            text,
            reply_to,
            poll,
            preview,
            ..
        } if files.iter().all(|file| file.seal.is_some()) => {
            Some(EventBody::Message {
                written_at,
                content: Content::Plain {
                    text: text.clone(),
                    attachments: files.to_vec(),
                    poll: poll.clone(),
                    // It may have been rewritten while it waited.
                    preview: preview.clone().filter(|preview| text.contains(&preview.url)),
                },
                reply_to: *reply_to,
                expires_at: None,
            })
        }
        OutboxBody::Change { message, change } if is_sealed(change) => Some(EventBody::MessageChanged {
            message: *message,
            change: change.clone(),
        }),
        OutboxBody::Message { .. } | OutboxBody::Change { .. } | OutboxBody::Profile { .. } => None,
    }
}

/// Whether this is for the server to see, in an encrypted conversation too: a deletion, a pin.
pub(super) const fn is_open(body: &OutboxBody) -> bool {
    matches!(
        body,
        OutboxBody::Change {
            change: MessageChange::Delete {} | MessageChange::Pin { .. },
            ..
        }
    )
}

/// Whether a change says something, and so is sealed. What is deleted and pinned the server has to know.
pub(super) const fn is_sealed(change: &MessageChange) -> bool {
    match change {
        MessageChange::Edit { .. }
        | MessageChange::React { .. }
        | MessageChange::Vote { .. }
        | MessageChange::ClosePoll {} => true,
        MessageChange::Delete {} | MessageChange::Pin { .. } => false,
    }
}

/// Whether this fits into what is sealed at a time, with these files.
pub(crate) fn fits(body: &OutboxBody, files: &[Attachment]) -> bool {
    let files = sealed::with_digests(files);
    let most = CONTENT_BYTES_MAX - commitment::KEY_BYTES;
    encode(body, &files, Timestamp(i64::MAX)).is_some_and(|bytes| bytes.len() <= most)
}

/// What its sender has committed to; nothing where it is not sealed, or was before there were commitments.
pub(crate) fn commitment_of(entry: &Event) -> Option<&str> {
    match &entry.body {
        EventBody::Message {
            content: Content::Sealed { commitment, .. },
            ..
        } => commitment.as_deref(),
        _ => None,
    }
}

/// Takes what was unsealed apart: what it says, and what shows that to others.
pub(super) fn uncovered(unsealed: Vec<u8>, entry: &Event) -> Result<(Vec<u8>, Option<Opening>), Refusal> {
    let Some(commitment) = commitment_of(entry) else {
        return Ok((unsealed, None));
    };
    let opening = commitment::open(commitment, &unsealed).ok_or(Refusal::Uncommitted)?;
    Ok((opening.said.clone().into_bytes(), Some(opening)))
}

/// What another device has handed over of an entry: what it says, and what shows that. What is said of the group comes without, for what opens a history is not handed over.
pub(super) fn handed_over(body: &str, entry: &Event) -> Result<(Vec<u8>, Option<Opening>), Refusal> {
    let Some(commitment) = commitment_of(entry) else {
        return Ok((body.as_bytes().to_vec(), None));
    };
    match serde_json::from_str::<Opening>(body) {
        Ok(opening) if commitment::verify(commitment, &opening) => {
            Ok((opening.said.clone().into_bytes(), Some(opening)))
        }
        Err(_) if serde_json::from_str::<ProfileSaid>(body).is_ok() => Ok((body.as_bytes().to_vec(), None)),
        _ => Err(Refusal::Uncommitted),
    }
}

/// Reads what was opened. What stands beside it in the clear (when it was written, when it erases itself) is the entry's.
pub(super) fn decode(bytes: &[u8], entry: &Event, text_bytes_max: usize) -> Result<Opened, Refusal> {
    let EventBody::Message {
        written_at,
        expires_at,
        content: Content::Sealed { purpose, .. },
        ..
    } = entry.body
    else {
        return Err(Refusal::Misplaced);
    };
    let value: Value = serde_json::from_slice(bytes).map_err(|_| Refusal::Malformed)?;
    let Some(kind) = value.get("type").and_then(Value::as_str) else {
        return Err(Refusal::Malformed);
    };
    match kind {
        // Who may not write says nothing by calling it a change.
        "message" if !purpose.is_message() => return Err(Refusal::Misplaced),
        "title_changed" | "settings_changed" | "picture_changed" | "profile" | "history_shown"
        | "asked_again" | "told_again" => return profile(value, purpose),
        _ => {}
    }
    // As the server reads what is reported: what has two readings has none.
    let body = serde_json::from_slice(bytes).map_err(|_| Refusal::Malformed)?;
    let body = match body {
        EventBody::Message {
            content, reply_to, ..
        } => EventBody::Message {
            written_at,
            content: message(content, text_bytes_max)?,
            reply_to,
            expires_at,
        },
        EventBody::MessageChanged { message, change } => EventBody::MessageChanged {
            message,
            change: match change {
                MessageChange::Edit { content, .. } => MessageChange::Edit {
                    content: checked(content, text_bytes_max)?,
                    expires_at,
                },
                MessageChange::React { emoji, on } => {
                    emoji::reaction(&emoji, REACTION_BYTES_MAX).map_err(|_| Refusal::Unfit)?;
                    MessageChange::React { emoji, on }
                }
                // Whoever opens it counts; and everybody sees who voted.
                MessageChange::Vote { options, .. } => MessageChange::vote(options),
                MessageChange::ClosePoll {} => MessageChange::ClosePoll {},
                _ => return Err(Refusal::Misplaced),
            },
        },
        EventBody::Unknown => return Ok(Opened::Unknown(value)),
        _ => return Err(Refusal::Misplaced),
    };
    Ok(Opened::Known(body))
}

/// What is said of the group: the server has seen to it that who changes it may.
fn profile(value: Value, purpose: SealedPurpose) -> Result<Opened, Refusal> {
    let said: ProfileSaid = serde_json::from_value(value).map_err(|_| Refusal::Malformed)?;
    if said.purpose() != purpose {
        return Err(Refusal::Misplaced);
    }
    if !said.is_fit() {
        return Err(Refusal::Unfit);
    }
    Ok(Opened::Profile(said))
}

/// A text, files, or both, a preview of what the text links to, or a poll: none that is anonymous, for each device is told who voted.
fn message(content: Content, text_bytes_max: usize) -> Result<Content, Refusal> {
    let Content::Plain {
        text: said,
        attachments,
        poll: asked,
        preview,
    } = content
    else {
        return Err(Refusal::Misplaced);
    };
    // Files may speak for themselves.
    if !said.is_empty() || attachments.is_empty() {
        text::message(&said, text_bytes_max).map_err(|_| Refusal::Unfit)?;
    }
    let is_fit =
        |asked: &Poll| !asked.anonymous && attachments.is_empty() && poll::check(&said, asked).is_ok();
    if !sealed::fit(&attachments) || !asked.as_deref().is_none_or(is_fit) {
        return Err(Refusal::Unfit);
    }
    Ok(Content::Plain {
        // A message is shown without one that does not fit.
        preview: preview.filter(|preview| preview::check(preview, &said).is_ok()),
        text: said,
        attachments,
        poll: asked,
    })
}

/// A text and nothing else.
fn checked(content: Content, text_bytes_max: usize) -> Result<Content, Refusal> {
    match content {
        Content::Plain {
            text: said,
            attachments,
            poll: None,
            preview: None,
        } if attachments.is_empty() => {
            text::message(&said, text_bytes_max).map_err(|_| Refusal::Unfit)?;
            Ok(Content::text(said))
        }
        _ => Err(Refusal::Misplaced),
    }
}

/// A body with what stands beside it in the clear.
pub(super) fn timed(body: EventBody, entry: &Event) -> EventBody {
    let expires_at = fold::expires_at(entry);
    match body {
        EventBody::Message {
            written_at,
            content,
            reply_to,
            ..
        } => EventBody::Message {
            written_at,
            content,
            reply_to,
            expires_at,
        },
        EventBody::MessageChanged {
            message,
            change: MessageChange::Edit { content, .. },
        } => EventBody::MessageChanged {
            message,
            change: MessageChange::Edit { content, expires_at },
        },
        other => other,
    }
}

/// The entry with what was opened in its place, and what shows it to others ([`opening_of`]): not what opens a history, and nothing by which something
/// could be read that is not shown.
pub(super) fn opened_entry(entry: &Event, opened: Opened, opening: Option<&Opening>) -> Option<LogEntry> {
    let with = |body| Event {
        body,
        ..entry.clone()
    };
    let (event, value) = match opened {
        Opened::Known(body) => return kept_entry(with(body), opening),
        Opened::Profile(said) => {
            let value = serde_json::to_value(said).ok()?;
            (with(serde_json::from_value(value.clone()).ok()?), value)
        }
        Opened::Unknown(value) => (with(EventBody::Unknown), value),
    };
    let mut kept = serde_json::to_value(&event).ok()?;
    *kept.get_mut("body")? = value;
    let raw = kept.to_string();
    Some(LogEntry { event, raw })
}

/// An entry as it is kept, with what shows others what it says.
#[derive(Serialize)]
struct Kept<'a> {
    #[serde(flatten)]
    event: &'a Event,
    #[serde(skip_serializing_if = "Option::is_none")]
    opening: Option<&'a Opening>,
}

/// The entry as it is kept.
pub(crate) fn kept_entry(event: Event, opening: Option<&Opening>) -> Option<LogEntry> {
    let kept = Kept {
        event: &event,
        opening,
    };
    let raw = serde_json::to_string(&kept).ok()?;
    Some(LogEntry { event, raw })
}

/// What shows others what an entry of an encrypted conversation says. It is kept with the entry, and goes with it.
pub(crate) fn opening_of(entry: &LogEntry) -> Option<Opening> {
    #[derive(Deserialize)]
    struct Shown {
        opening: Option<Opening>,
    }
    serde_json::from_str::<Shown>(&entry.raw).ok()?.opening
}

/// The message that a sealed change is of.
pub(super) fn target(opened: &Opened) -> Option<(MessageId, &MessageChange)> {
    match opened {
        Opened::Known(EventBody::MessageChanged { message, change }) => Some((*message, change)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
