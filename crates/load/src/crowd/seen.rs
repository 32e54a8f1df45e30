//! What a frame says, with a memory of the last ones: one event goes to every member's device in the same bytes, and is parsed
//! once for all of them.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use pipit_client_net::Text;
use pipit_wire::{Content, Event, EventBody, ServerFrame, UserId, codec};

use crate::record::{Entry, Micros, Said, UserNumber, content_hash};

/// Frames that are remembered; each new one takes the place of an old one.
const REMEMBERED: usize = 1_024;

/// A frame that was read.
#[derive(Debug)]
pub(crate) enum Frame {
    /// An event, with what a record keeps of it.
    Event(Event, Said, Option<Micros>),
    /// Anything else.
    Other(ServerFrame),
}

type Slot = Mutex<Option<(Text, Arc<Frame>)>>;

/// Reads frames.
#[derive(Debug)]
pub(crate) struct Frames {
    users: HashMap<UserId, UserNumber>,
    hasher: RandomState,
    slots: Vec<Slot>,
}

impl Frames {
    pub(crate) fn new(users: &[UserId]) -> Self {
        Self {
            users: users.iter().copied().zip((0..).map(UserNumber)).collect(),
            hasher: RandomState::new(),
            slots: (0..REMEMBERED).map(|_| Slot::default()).collect(),
        }
    }

    /// The number of somebody.
    pub(crate) fn user(&self, user: UserId) -> UserNumber {
        self.users.get(&user).copied().unwrap_or(UserNumber::STRANGER)
    }

    /// Reads a frame; none where it is not one.
    pub(crate) fn read(&self, text: &Text) -> Option<Arc<Frame>> {
        // Only events come to many.
        if !text.starts_with("{\"type\":\"event\"") {
            return self.parse(text).map(Arc::new);
        }
        let hash = usize::try_from(self.hasher.hash_one(text) % 1_024).unwrap_or_default();
        let slot = self.slots.get(hash)?;
        if let Some((same, frame)) = &*slot.lock().unwrap_or_else(PoisonError::into_inner)
            && same == text
        {
            return Some(Arc::clone(frame));
        }
        let frame = Arc::new(self.parse(text)?);
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some((text.clone(), Arc::clone(&frame)));
        Some(frame)
    }

    fn parse(&self, text: &str) -> Option<Frame> {
        match codec::decode_server(text).ok()? {
            ServerFrame::Event(event) => {
                let said = self.said(&event);
                let written = intended(&event);
                Some(Frame::Event(event, said, written))
            }
            other => Some(Frame::Other(other)),
        }
    }

    /// What a record keeps of an event.
    pub(crate) fn said(&self, event: &Event) -> Said {
        let (entry, hash) = match &event.body {
            EventBody::Message {
                content: Content::Plain { text, .. },
                ..
            } => (Entry::Message, content_hash(text.as_bytes())),
            EventBody::Message {
                content: Content::Sealed { bytes, .. },
                ..
            } => (Entry::Message, content_hash(bytes.as_bytes())),
            EventBody::Message {
                content: Content::Erased {},
                ..
            } => (Entry::Message, content_hash(&[])),
            body => (Entry::Other, content_hash(format!("{body:?}").as_bytes())),
        };
        Said {
            event: event.id,
            sender: self.user(event.sender),
            entry,
            hash,
        }
    }
}

/// The crowd's messages begin with the time at which they should have been sent.
fn intended(event: &Event) -> Option<Micros> {
    let EventBody::Message {
        content: Content::Plain { text, .. },
        ..
    } = &event.body
    else {
        return None;
    };
    text.split(' ').next()?.parse().ok().map(Micros)
}
