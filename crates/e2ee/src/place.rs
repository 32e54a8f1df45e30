//! Where something was sealed for: what goes along with every message and commit, in the clear but authenticated (the authenticated data of RFC 9420, section
//! 6.3.1).

use pipit_wire::{ConversationId, EventId};

use crate::error::Error;

const VERSION: u8 = 1;
const LENGTH: usize = 41;

/// The entry of a log that something was sealed for, and how many its device had sealed in that conversation by then. The server knows all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) conversation: ConversationId,
    pub(crate) entry: EventId,
    pub(crate) count: u64,
}

impl Place {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.push(VERSION);
        bytes.extend(self.conversation.as_bytes());
        bytes.extend(self.entry.as_bytes());
        bytes.extend(self.count.to_be_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let (&[version], rest) = bytes.split_first_chunk::<1>().ok_or(Error::Malformed)?;
        let (conversation, rest) = rest.split_first_chunk::<16>().ok_or(Error::Malformed)?;
        let (entry, count) = rest.split_first_chunk::<16>().ok_or(Error::Malformed)?;
        let count = <[u8; 8]>::try_from(count).map_err(|_| Error::Malformed)?;
        if version != VERSION {
            return Err(Error::Malformed);
        }
        Ok(Self {
            conversation: ConversationId::from_bytes(*conversation),
            entry: EventId::from_bytes(*entry),
            count: u64::from_be_bytes(count),
        })
    }

    /// Reads it, and refuses another place than the one where it was found.
    pub(crate) fn require(bytes: &[u8], conversation: ConversationId, entry: EventId) -> Result<Self, Error> {
        let place = Self::decode(bytes)?;
        if place.conversation != conversation || place.entry != entry {
            return Err(Error::WrongEntry);
        }
        Ok(place)
    }
}
