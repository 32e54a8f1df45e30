//! Frames from the server: what each is handed to.

use pipit_wire::{ErrorCode, Event, Retry, ServerFrame, WireError, codec};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::engine::{Engine, Stored};
use crate::http::code_name;
use crate::request::Request;
use crate::session::ended_by;
use crate::storage::{LogEntry, Storage};

/// The wait after a `hello` that this server will not take: a newer version of either side has to come first.
const VERSION_WAIT_MS: i64 = 60_000;

/// The entries of a frame as they came, so that what this version does not know is kept.
#[derive(Deserialize)]
struct RawEvents<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

impl<S: Storage> Engine<S> {
    pub(crate) fn received(&mut self, text: &str) -> Stored {
        if self.session.is_none() {
            return Ok(());
        }
        self.heard();
        match codec::decode_server(text) {
            Ok(frame) => self.frame(frame, text),
            Err(error) => {
                tracing::warn!(%error, "a frame was not understood");
                Ok(())
            }
        }
    }

    fn frame(&mut self, frame: ServerFrame, text: &str) -> Stored {
        match frame {
            ServerFrame::Welcome(welcome) => {
                self.requests.close(welcome.id);
                self.welcomed(&welcome)
            }
            // The other frames are answers to what is sent after the welcome, or follow it.
            _ if !self.connection.is_up()
                && !matches!(frame, ServerFrame::Error(_) | ServerFrame::Goodbye(_)) =>
            {
                Ok(())
            }
            ServerFrame::Ack(ack) => self.acknowledged(&ack),
            ServerFrame::Event(event) => self.live_entry(LogEntry {
                event,
                raw: text.to_owned(),
            }),
            ServerFrame::Receipt(receipt) => self.receipt_came(receipt),
            ServerFrame::Typing(typing) => {
                self.typing_changed(&typing);
                Ok(())
            }
            ServerFrame::Profile(profile) => self.profile_came(&profile),
            ServerFrame::Presence(presence) => {
                self.presence_changed(presence);
                Ok(())
            }
            ServerFrame::CatchUp(catch_up) => {
                let entries = entries(&catch_up.events, text);
                self.catch_up(&catch_up, entries)
            }
            ServerFrame::Synced(synced) => {
                self.synced(synced.id);
                Ok(())
            }
            ServerFrame::Page(page) => {
                let entries = entries(&page.events, text);
                self.page_came(&page, &entries)
            }
            ServerFrame::Conversations(page) => self.conversations_came(&page),
            ServerFrame::Conversation(summary) => self.apply_summary(&summary).map(|_| ()),
            ServerFrame::ConversationGone(gone) => self.conversation_gone(gone.conversation, gone.removed),
            ServerFrame::Privacy(privacy) => {
                self.privacy_came(privacy);
                Ok(())
            }
            ServerFrame::ArchivesChanged => {
                self.archives.list_due = true;
                Ok(())
            }
            ServerFrame::Personal(changed) => self.personal_came(&changed),
            ServerFrame::Pong(pong) => {
                self.requests.close(pong.id);
                Ok(())
            }
            ServerFrame::Error(error) => self.refused(&error),
            ServerFrame::Goodbye(goodbye) => {
                self.goodbye(&goodbye);
                Ok(())
            }
            ServerFrame::Unknown => Ok(()),
        }
    }

    fn refused(&mut self, error: &WireError) -> Stored {
        if let Some(reason) = ended_by(error) {
            return self.end_session(Some(reason));
        }
        let retry_after_ms = match error.retry {
            Retry::Later => Some(i64::from(error.retry_after_ms.unwrap_or(1_000))),
            Retry::Never | Retry::AfterSignIn => None,
        };
        if error.code == ErrorCode::Unauthenticated {
            self.token_refused();
            // A fresh token will do, at once; a server that refuses fresh ones too is not asked without a pause.
            let delay_ms = self.connection.is_first_failure().then_some(0);
            self.drop_line(delay_ms);
            return Ok(());
        }
        let request = error.id.and_then(|id| self.requests.close(id));
        match (request, error.id) {
            (Some(Request::Outbox { conversation, id }), _) => {
                self.sending_refused(conversation, id, &code_name(error.code), retry_after_ms)
            }
            (Some(Request::Sync), Some(id)) => {
                self.sync_failed(id, retry_after_ms);
                Ok(())
            }
            (Some(Request::History { conversation }), _) => {
                self.history_failed(conversation);
                if error.code == ErrorCode::NotMember {
                    return self.conversation_gone(conversation, false);
                }
                Ok(())
            }
            (Some(Request::Personal { conversation }), _) => {
                self.personal_refused(conversation, &code_name(error.code), retry_after_ms)
            }
            (Some(Request::ListPage), _) => {
                self.list_failed(retry_after_ms);
                Ok(())
            }
            (Some(Request::Hello), _) => {
                let wait = retry_after_ms
                    .or((error.code == ErrorCode::UnsupportedVersion).then_some(VERSION_WAIT_MS));
                self.drop_line(wait);
                Ok(())
            }
            (None, None) if retry_after_ms.is_some() => {
                self.receipts_put_off(retry_after_ms.unwrap_or_default())
            }
            _ => {
                tracing::warn!(%error, "the server refused something");
                Ok(())
            }
        }
    }
}

/// The events of a frame beside the text that each came as.
fn entries(events: &[Event], text: &str) -> Vec<LogEntry> {
    let raw = serde_json::from_str::<RawEvents<'_>>(text).map_or_else(|_| Vec::new(), |raw| raw.events);
    let pairs = events.iter().zip(raw).map(|(event, raw)| LogEntry {
        event: event.clone(),
        raw: raw.get().to_owned(),
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_keep_what_this_version_does_not_know() {
        let text = r#"{"type":"page","id":1,"conversation":"0198c5f0-0000-7000-8000-000000000001","events":[
            {"id":"0198c5f0-0000-7000-8000-000000000002","conversation":"0198c5f0-0000-7000-8000-000000000001","seq":1,
             "at":5,"sender":"0198c5f0-0000-7000-8000-000000000003","body":{"type":"poll","question":"Tea?"}}],
            "first_seq":1,"last_seq":1}"#;
        let ServerFrame::Page(page) = codec::decode_server(text).unwrap() else {
            panic!("not a page");
        };
        let entries = entries(&page.events, text);
        assert_eq!(entries.len(), 1);
        assert!(entries[0].raw.contains("Tea?"), "{}", entries[0].raw);
    }
}
