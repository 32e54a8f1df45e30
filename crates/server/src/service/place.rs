//! Where in a log a moment is.

use pipit_store::log::{LogPage, LogRange};
use pipit_wire::{ConversationId, Seq, Timestamp, UserId};

use super::access::not_member;
use super::messaging::Messaging;
use crate::error::ServiceError;

impl Messaging {
    /// The first entry that `user` may read and that is not older than `at`, or else the last one.
    ///
    /// Entries have the time at which the server took them, so that a log is in the order of its times but for clocks that were set back; halving it
    /// reads about twenty entries of a million and needs no index. Where clocks were set back the answer is one of the places that fit.
    pub async fn place(
        &self,
        user: UserId,
        conversation: ConversationId,
        at: Timestamp,
    ) -> Result<Seq, ServiceError> {
        let page = self
            .one(user, conversation, LogRange::Newest { limit: 1 })
            .await?;
        let last = page.last_seq;
        // What is before `low` is older, what is from `high` on is not.
        let (mut low, mut high) = (page.first_seq.get(), last.get().saturating_add(1));
        while low < high {
            let middle = low.midpoint(high);
            let seq = Seq::new(middle).unwrap_or(last).previous();
            let page = self
                .one(user, conversation, LogRange::After { seq, limit: 1 })
                .await?;
            if page.events.first().is_some_and(|event| event.at < at) {
                low = middle.saturating_add(1);
            } else {
                high = middle;
            }
        }
        Ok(Seq::new(low).map_or(last, |seq| seq.min(last)))
    }

    async fn one(
        &self,
        user: UserId,
        conversation: ConversationId,
        range: LogRange,
    ) -> Result<LogPage, ServiceError> {
        let page = self.context.store.read_log(conversation, user, range).await?;
        page.ok_or_else(not_member)
    }
}
