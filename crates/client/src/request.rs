//! Requests over the WebSocket whose answers are to come.

use std::collections::HashMap;

use pipit_wire::{ConversationId, EventId, RequestId};

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Hello,
    /// Something from the outbox.
    Outbox {
        conversation: ConversationId,
        id: EventId,
    },
    Sync,
    History {
        conversation: ConversationId,
    },
    Personal {
        conversation: ConversationId,
    },
    /// The next page of the list.
    ListPage,
    Ping,
}

/// Requests of this connection. Ids go on over connections, so that a late answer is never taken for another's.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    last: u32,
    open: HashMap<RequestId, Request>,
}

impl Requests {
    pub(crate) const fn new_id(&mut self) -> RequestId {
        self.last = self.last.wrapping_add(1);
        RequestId(self.last)
    }

    pub(crate) fn open(&mut self, id: RequestId, request: Request) {
        self.open.insert(id, request);
    }

    pub(crate) fn close(&mut self, id: RequestId) -> Option<Request> {
        self.open.remove(&id)
    }

    pub(crate) fn is_open(&self, request: Request) -> bool {
        self.open.values().any(|open| *open == request)
    }

    pub(crate) fn clear(&mut self) {
        self.open.clear();
    }
}
