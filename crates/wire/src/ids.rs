//! Identifiers: a newtype for every kind of thing, so that none can be passed for another.
//!
//! All but [`Seq`] and [`RequestId`] are UUIDv7 (RFC 9562, section 5.7): their order is roughly the order in
//! which they were made, which keeps database indexes compact. Whoever makes one passes the time and ten random bytes in;
//! nothing here reads a clock. Any UUID version is accepted from outside: an id is an opaque key, never a
//! source of truth about time.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::Timestamp;

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        #[serde(transparent)]
        pub struct $name(#[cfg_attr(feature = "ts", ts(type = "string"))] Uuid);

        impl $name {
            /// A new UUIDv7 from the time and ten random bytes, both given by the caller.
            pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
                let ms = u64::try_from(now.as_ms()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid())
            }

            /// The id with these 16 bytes, as a store keeps them.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes, for a store to keep.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The id as a plain UUID.
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

uuid_ids! {
    /// A person's account.
    UserId;
    /// One signed-in client of a person: a browser, a phone, a terminal, a bot's process.
    DeviceId;
    /// A conversation: direct or group.
    ConversationId;
    /// An entry of a conversation's log. Made by whoever causes the entry; the idempotency key of its append.
    EventId;
    /// A message: the id of the [`EventId`] that carried it, made by the sending device before it is sent.
    MessageId;
    /// An invitation, to the server or to a group.
    InviteId;
    /// An uploaded file, made by the device that uploads it, before its first byte.
    BlobId;
    /// What an account's devices have of encrypted conversations, sealed. Made by the device that asks for it or begins it.
    ArchiveId;
    /// A part of an archive, made by the device that seals it; the idempotency key of its adding.
    PartId;
    /// A report, made by the device that sends it; the idempotency key.
    ReportId;
}

impl From<MessageId> for EventId {
    fn from(id: MessageId) -> Self {
        Self(id.0)
    }
}

impl From<EventId> for MessageId {
    fn from(id: EventId) -> Self {
        Self(id.0)
    }
}

/// The place of an entry in its conversation's log.
///
/// The first entry has 1; each next one exactly one more. Zero means "before the first". Kept below 2^53 so
/// that every JSON reader holds it exactly (RFC 8259, section 6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(try_from = "u64", into = "u64")]
pub struct Seq(#[cfg_attr(feature = "ts", ts(type = "number"))] u64);

impl Seq {
    /// Before the first entry.
    pub const ZERO: Self = Self(0);
    /// The largest value that travels: 2^53 - 1.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// The seq with this number, or `None` where it is above [`Seq::MAX`].
    pub const fn new(number: u64) -> Option<Self> {
        if number <= Self::MAX.0 {
            Some(Self(number))
        } else {
            None
        }
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The place after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The place before this one, or zero.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl TryFrom<u64> for Seq {
    type Error = SeqTooLarge;

    fn try_from(number: u64) -> Result<Self, Self::Error> {
        Self::new(number).ok_or(SeqTooLarge { number })
    }
}

impl From<Seq> for u64 {
    fn from(seq: Seq) -> Self {
        seq.0
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A seq above [`Seq::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("seq {number} is above 2^53 - 1")]
pub struct SeqTooLarge {
    /// What was given.
    pub number: u64,
}

/// Chosen by the client to recognise the answer to a request; repeated in the answer, meaningless to the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct RequestId(pub u32);
