//! What goes out: sealed when its turn comes, once. The bytes are kept with what waits, and the same bytes are sent until the log has them, or says that
//! its epoch is over: then the log has them not, and they are sealed anew under the same id.

use pipit_e2ee::Error;
use pipit_model::commitment;
use pipit_wire::encryption::{SCHEME, Seal};
use pipit_wire::event::{EventBody, Message};
use pipit_wire::media::Attachment;
use pipit_wire::report::Opening;
use pipit_wire::{Content, ConversationId, ErrorCode, Event, EventId, Seq};

use super::calls::to_base64;
use super::content::{self, Opened};
use crate::engine::{Engine, Stored};
use crate::profile::ProfileSaid;
use crate::storage::{OutboxBody, OutboxRecord, OutboxState, SealedContent, Storage};

/// The wait before something is sealed whose group has to be looked at first.
const LOOK_MS: i64 = 500;

/// What becomes of something that was to be sealed.
#[derive(Debug)]
pub(crate) enum Sealing {
    /// It is sent in the clear.
    Open,
    /// It is sealed.
    Sealed,
    /// Not now.
    Later,
    /// Never: it is larger than what can be sealed, or is nothing that goes into an encrypted conversation.
    Never(ErrorCode),
}

impl<S: Storage> Engine<S> {
    /// Whether something waits that has to be sealed.
    pub(super) fn has_words_waiting(&self, conversation: ConversationId) -> Stored<bool> {
        let waiting = self.storage.outbox(conversation)?;
        let is_word = |record: &OutboxRecord| {
            record.state == OutboxState::Queued && record.sealed.is_none() && content::is_said(&record.body)
        };
        Ok(waiting.iter().any(is_word))
    }

    /// Seals something whose turn it is, unless it was sealed before.
    pub(crate) fn seal_next(&mut self, next: &mut OutboxRecord, files: &[Attachment]) -> Stored<Sealing> {
        if next.sealed.is_some() {
            return Ok(Sealing::Sealed);
        }
        if !self.is_encrypted(next.conversation)? {
            // What it is called is never said in the clear.
            let is_profile = matches!(next.body, OutboxBody::Profile { .. });
            return Ok(if is_profile { Sealing::Later } else { Sealing::Open });
        }
        if content::is_open(&next.body) {
            return Ok(Sealing::Open);
        }
        let Some(content) = content::encode(&next.body, files, next.written_at) else {
            return Ok(Sealing::Never(ErrorCode::SealedOnly));
        };
        let (conversation, entry) = (next.conversation, next.id);
        if !self.encryption.talk(conversation).is_open {
            self.encryption.nudge(conversation);
            return Ok(Sealing::Later);
        }
        if let OutboxBody::Profile {
            said: ProfileSaid::HistoryShown { archive, .. },
        } = next.body
            && !self.may_tell_history(archive)?
        {
            return Ok(Sealing::Never(ErrorCode::Forbidden));
        }
        let mut key = [0; commitment::KEY_BYTES];
        (self.config.random)(&mut key);
        let (content, commitment) = commitment::commit(key, &content);
        let sealed = self
            .with_device(|device, port, random| device.seal(port, random, conversation, entry, &content))?;
        match sealed {
            Ok(sealed) => {
                next.sealed = Some(SealedContent {
                    seal: Seal {
                        epoch: sealed.epoch,
                        count: sealed.count,
                    },
                    bytes: to_base64(&sealed.bytes),
                    commitment: Some(commitment),
                    key: Some(to_base64(&key)),
                    over_at: None,
                });
                Ok(Sealing::Sealed)
            }
            Err(Error::TooLarge { .. }) => Ok(Sealing::Never(ErrorCode::TooLarge)),
            Err(error) => {
                tracing::info!(%conversation, %error, "nothing can be sealed before the group was looked at");
                let talk = self.encryption.talk(conversation);
                (talk.is_open, talk.is_due, talk.head) = (false, true, None);
                let until = self.clock.steady().plus_ms(LOOK_MS);
                self.sending.put_off_until(conversation, until);
                Ok(Sealing::Later)
            }
        }
    }

    /// The server has refused what was sealed, because the group has moved on: it is sealed anew. False where that is not so.
    pub(crate) fn seal_again(
        &mut self,
        conversation: ConversationId,
        id: EventId,
        code: &str,
    ) -> Stored<bool> {
        let Some(mut waiting) = self.storage.find_outbox(id)? else {
            return Ok(false);
        };
        let Some(sealed) = waiting.sealed.take() else {
            return Ok(false);
        };
        // What was sealed before there were commitments is not taken without one.
        let is_old = sealed.commitment.is_none() && code == crate::http::code_name(ErrorCode::InvalidField);
        if !is_old && code != crate::http::code_name(ErrorCode::StaleEpoch) {
            return Ok(false);
        }
        self.storage.save_outbox(&waiting)?;
        let talk = self.encryption.talk(conversation);
        (talk.is_open, talk.head) = (false, None);
        self.syncing.want(conversation);
        let wait_ms = LOOK_MS.saturating_add(self.random_ms(LOOK_MS));
        let until = self.clock.steady().plus_ms(wait_ms);
        self.sending.put_off_until(conversation, until);
        Ok(true)
    }

    /// Whether an entry is here and was not opened.
    pub(crate) fn is_unopened(&self, conversation: ConversationId, id: EventId) -> Stored<bool> {
        let found = self.storage.find_entry(conversation, id)?;
        Ok(found.is_some_and(|event| is_sealed(&event)))
    }

    /// What an entry of this device's own says, by what it has sent: nobody can open their own.
    pub(super) fn said_here(&self, event: &Event) -> Stored<Option<(Opened, Option<Opening>)>> {
        let Some(waiting) = self.storage.find_outbox(event.id)? else {
            return Ok(None);
        };
        if let OutboxBody::Profile { said } = waiting.body {
            return Ok(Some((Opened::Profile(said), None)));
        }
        let files = self.files_known_of(&waiting)?;
        let Some(body) = content::said(&waiting.body, &files, waiting.written_at) else {
            return Ok(None);
        };
        let opening = shown_here(&waiting, content::commitment_of(event), &files, event.seq);
        Ok(Some((Opened::Known(content::timed(body, event)), opening)))
    }
}

/// What shows others what this device has sealed, where this is what it has committed to, and stands where it belongs.
fn shown_here(
    waiting: &OutboxRecord,
    commitment: Option<&str>,
    files: &[Attachment],
    seq: Seq,
) -> Option<Opening> {
    let sealed = waiting.sealed.as_ref()?;
    if sealed.over_at.is_some_and(|over| seq >= over) {
        return None;
    }
    let said = content::encode(&waiting.body, files, waiting.written_at)?;
    let opening = Opening {
        key: sealed.key.clone()?,
        said: String::from_utf8(said).ok()?,
    };
    commitment::verify(commitment?, &opening).then_some(opening)
}

/// Whether an entry is one that was sealed.
pub(crate) const fn is_sealed(event: &Event) -> bool {
    matches!(
        event.body,
        EventBody::Message {
            content: Content::Sealed { .. },
            ..
        }
    )
}

/// What is sent of something that was sealed, with these files.
pub(crate) fn sealed_message(record: &OutboxRecord, sealed: &SealedContent, files: &[Attachment]) -> Message {
    Message {
        id: record.id.into(),
        conversation: record.conversation,
        written_at: record.written_at,
        content: Content::Sealed {
            scheme: SCHEME.to_owned(),
            bytes: sealed.bytes.clone(),
            seal: Some(sealed.seal),
            commitment: sealed.commitment.clone(),
            blobs: files.iter().map(|file| file.blob).collect(),
            purpose: content::purpose(&record.body),
        },
        reply_to: None,
    }
}

/// What the entry at this place says that something sealed becomes, and what shows that to others.
pub(crate) fn sealed_body(
    record: &OutboxRecord,
    files: &[Attachment],
    seq: Seq,
) -> Option<(EventBody, Option<Opening>)> {
    let sealed = record.sealed.as_ref()?;
    let body = content::said(&record.body, files, record.written_at)?;
    Some((body, shown_here(record, sealed.commitment.as_deref(), files, seq)))
}

#[cfg(test)]
mod tests {
    use pipit_wire::Timestamp;

    use super::*;

    /// What stands behind the end of its epoch was put there for who has come in since: it shows them nothing.
    #[test]
    fn what_this_device_has_sealed_is_shown_where_it_belongs_alone() {
        let mut waiting = OutboxRecord {
            id: EventId::from_bytes([1; 16]),
            conversation: ConversationId::from_bytes([2; 16]),
            written_at: Timestamp(900),
            body: OutboxBody::Message {
                text: "among us".to_owned(),
                reply_to: None,
                files: Vec::new(),
                poll: None,
                preview: None,
            },
            sent: true,
            state: OutboxState::Queued,
            sealed: None,
        };
        let said = content::encode(&waiting.body, &[], waiting.written_at).unwrap();
        let key = [3; commitment::KEY_BYTES];
        let (_, commitment) = commitment::commit(key, &said);
        let seq = |number| Seq::new(number).unwrap();
        for (over_at, place, expect) in [(None, 99, true), (Some(10), 9, true), (Some(10), 10, false)] {
            waiting.sealed = Some(SealedContent {
                seal: Seal { epoch: 1, count: 1 },
                bytes: String::new(),
                commitment: Some(commitment.clone()),
                key: Some(to_base64(&key)),
                over_at: over_at.map(seq),
            });
            let shown = shown_here(&waiting, Some(&commitment), &[], seq(place));
            assert_eq!(shown.is_some(), expect, "{over_at:?} {place}");
            assert_eq!(sealed_body(&waiting, &[], seq(place)).unwrap().1, shown);
        }
    }
}
