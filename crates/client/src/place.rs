//! Where in a log a moment is: what a jump to a date begins with.

use pipit_wire::{ConversationId, ErrorCode, Seq, Timestamp};

use crate::command::{CommandId, Reply, ViewId};
use crate::commands::Done;
use crate::engine::{Engine, Stored};
use crate::http::{Call, Expects, Waiting, local_error, refusal};
use crate::io::HttpMethod;
use crate::storage::Storage;

impl<S: Storage> Engine<S> {
    /// Asks the server, or without a line looks among what is here.
    pub(crate) fn find_place(
        &mut self,
        view: &ViewId,
        id: CommandId,
        conversation: ConversationId,
        at: Timestamp,
    ) -> Stored<Done> {
        if self.storage.conversation(conversation)?.is_none() {
            let error = refusal(ErrorCode::NotFound, None);
            return Ok(Done::Now(Reply::Failed { error }));
        }
        if !self.connection.is_up() {
            let reply = match self.place_here(conversation, at)? {
                Some(seq) => Reply::Place { seq },
                None => Reply::Failed {
                    error: local_error("offline", None),
                },
            };
            return Ok(Done::Now(reply));
        }
        let path = format!("/v1/conversations/{conversation}/place?at={}", at.as_ms());
        let call = Call::Command {
            view: view.clone(),
            id,
            expects: Expects::Place,
        };
        self.call(Waiting::authorized(call, HttpMethod::Get, path));
        Ok(Done::Asked)
    }

    /// The first entry on this device that is not older, or else the last one; none where nothing is here. Times ascend with places, as the server's do.
    fn place_here(&self, conversation: ConversationId, at: Timestamp) -> Stored<Option<Seq>> {
        let ranges = self.storage.ranges(conversation)?;
        let held = ranges.iter().filter(|range| range.after < range.through);
        let mut last = None;
        for range in held {
            last = Some(range.through);
            if self.is_older(conversation, range.through, at)? {
                continue;
            }
            // What is before `low` is older, what is from `high` on is not.
            let (mut low, mut high) = (range.after.next(), range.through);
            while low < high {
                let middle = Seq::new(low.get().midpoint(high.get())).unwrap_or(low);
                if self.is_older(conversation, middle, at)? {
                    low = middle.next();
                } else {
                    high = middle;
                }
            }
            return Ok(Some(low));
        }
        Ok(last)
    }

    fn is_older(&self, conversation: ConversationId, seq: Seq, at: Timestamp) -> Stored<bool> {
        let entries = self.storage.entries(conversation, seq.previous(), seq)?;
        Ok(entries.first().is_some_and(|entry| entry.at < at))
    }
}
