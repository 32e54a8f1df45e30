//! Answering cursors, a few conversations at a time, so that a client that reads slowly is not read ahead for.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use pipit_store::change::leave_out_expired;
use pipit_store::log::CatchUpRow;
use pipit_store::poll::veil;
use pipit_wire::encryption::GroupHead;
use pipit_wire::frame::Cursor;
use pipit_wire::frame::server::{CatchUp as CatchUpFrame, ConversationGone, Synced};
use pipit_wire::{ConversationId, RequestId, ServerFrame, UserId, codec};

use crate::context::Context;
use crate::error::ServiceError;
use crate::service::access::Caller;

/// How many cursors are answered by one reading of the storage.
const CURSORS_AT_ONCE: usize = 32;
/// The most entries that one `hello` or `sync` streams; beyond that, what is missing is a gap.
const EVENTS_MAX: usize = 2_000;
/// The most bytes of frames that one `hello` or `sync` streams before what is missing is a gap.
const BYTES_MAX: usize = 2 * 1024 * 1024;

/// The cursors of one request that have not been answered.
pub(super) struct CatchUp {
    id: RequestId,
    cursors: VecDeque<Cursor>,
    events_left: usize,
    bytes_left: usize,
}

impl CatchUp {
    pub(super) fn new(id: RequestId, cursors: Vec<Cursor>) -> Self {
        Self {
            id,
            cursors: cursors.into(),
            events_left: EVENTS_MAX,
            bytes_left: BYTES_MAX,
        }
    }

    pub(super) const fn id(&self) -> RequestId {
        self.id
    }

    /// The next few answers, what they say is gone, and whether it is over: the last answer is `synced`. Where it fails, nothing was answered.
    pub(super) async fn step(
        &mut self,
        context: &Context,
        caller: Caller,
    ) -> Result<(Vec<Bytes>, Vec<ConversationId>, bool), ServiceError> {
        let chunk: Vec<_> = self.cursors.iter().take(CURSORS_AT_ONCE).copied().collect();
        let mut frames = Vec::with_capacity(chunk.len() + 1);
        let mut all_gone = Vec::new();
        if !chunk.is_empty() {
            let limit = if self.bytes_left == 0 {
                0
            } else {
                context
                    .limits
                    .page_events_max
                    .min(u32::try_from(self.events_left).unwrap_or(u32::MAX))
            };
            let user = caller.user;
            let mut rows = context.store.catch_up(user, &chunk, limit).await?;
            let mut heads = heads(context, caller, &rows).await?;
            let now = context.now();
            for row in &mut rows {
                leave_out_expired(&mut row.events, &mut Vec::new(), now);
                veil(&mut row.events, Some(user));
            }
            for cursor in &chunk {
                if !rows.iter().any(|row| row.conversation == cursor.conversation) {
                    frames.push(gone(context, user, cursor.conversation).await);
                    all_gone.push(cursor.conversation);
                }
            }
            for row in rows {
                self.events_left = self.events_left.saturating_sub(row.events.len());
                let frame = encode(&ServerFrame::CatchUp(CatchUpFrame {
                    id: self.id,
                    conversation: row.conversation,
                    events: row.events,
                    last_seq: row.last_seq,
                    gap: row.gap,
                    group: heads.remove(&row.conversation),
                }));
                self.bytes_left = self.bytes_left.saturating_sub(frame.len());
                frames.push(frame);
            }
            self.cursors.drain(..chunk.len());
        }
        let over = self.cursors.is_empty();
        if over {
            frames.push(encode(&ServerFrame::Synced(Synced { id: self.id })));
        }
        Ok((frames, all_gone, over))
    }
}

/// Says that somebody is not in a conversation (any more), and whether another one has taken them out.
pub(super) async fn gone(context: &Context, user: UserId, conversation: ConversationId) -> Bytes {
    let by = match context.store.find_removal(conversation, user).await {
        Ok(by) => by,
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "who has taken somebody out could not be found out");
            None
        }
    };
    encode(&ServerFrame::ConversationGone(ConversationGone {
        conversation,
        removed: by.is_some_and(|by| by != user),
    }))
}

/// How far the groups are of those of these conversations that are encrypted. Read after the rows: what comes in between comes by itself.
async fn heads(
    context: &Context,
    caller: Caller,
    rows: &[CatchUpRow],
) -> Result<HashMap<ConversationId, GroupHead>, ServiceError> {
    let Some(device) = caller.device.filter(|_| !rows.is_empty()) else {
        return Ok(HashMap::new());
    };
    let conversations: Vec<_> = rows.iter().map(|row| row.conversation).collect();
    let heads = context.store.find_heads(device, &conversations).await?;
    Ok(heads.into_iter().collect())
}

pub(super) fn encode(frame: &ServerFrame) -> Bytes {
    Bytes::from(codec::encode_server(frame))
}
