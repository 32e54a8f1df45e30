//! What happened, seen from each device, by one clock.
//!
//! Devices, people and conversations have numbers in the order in which the crowd made them, so that a record is small: at most
//! [`RECORD_BYTES_MAX`] bytes. Each device writes on a [`Tape`] of its own, without a lock for most records; full pieces of it go to the
//! [`Recorder`]. A run keeps at most as many records as it was allowed; one that would need more drops them, counts what it
//! dropped, and the checker is then not satisfied: nothing is forgotten in silence.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use pipit_wire::{ConversationId, DeviceId, ErrorCode, EventId, MessageId, Seq, UserId};

/// The most bytes that a record takes.
pub const RECORD_BYTES_MAX: usize = 64;
/// Records that a recorder keeps unless it is told otherwise: 448 MiB.
pub const RECORDS_MAX: u64 = 8 * 1024 * 1024;
/// Records that a tape hands over at once.
const PIECE: usize = 64;

/// Microseconds since the recorder was made, by the machine's monotonic clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub u64);

impl Micros {
    /// From an earlier time to this one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A device of the crowd, by its number in the [`Cast`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceNumber(pub u32);

/// A person of the crowd, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserNumber(pub u32);

impl UserNumber {
    /// Somebody who is not of the crowd.
    pub const STRANGER: Self = Self(u32::MAX);
}

/// A conversation of the crowd, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversationNumber(pub u32);

/// Who takes part: what the numbers stand for.
#[derive(Clone, Debug, Default)]
pub struct Cast {
    /// The people.
    pub users: Vec<UserId>,
    /// The devices, each with its person.
    pub devices: Vec<(DeviceId, UserNumber)>,
    /// The conversations, each with its members. Members do not change while the crowd runs.
    pub conversations: Vec<(ConversationId, Vec<UserNumber>)>,
}

/// Something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// When.
    pub at: Micros,
    /// Seen from where.
    pub device: DeviceNumber,
    /// What.
    pub what: What,
}

/// What an entry of a log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    /// A message.
    Message,
    /// An edit of the message whose id ends so: in bytes that are random.
    Edit([u8; 7]),
    /// Anything else.
    Other,
}

impl Entry {
    /// An edit of this message.
    #[must_use]
    pub fn edit_of(message: EventId) -> Self {
        let end = message.as_bytes().last_chunk().copied();
        Self::Edit(end.unwrap_or_default())
    }
}

/// What an entry of a log says, short enough to be kept for each delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// The entry's id: for a message, the message's.
    pub event: EventId,
    /// Who caused it.
    pub sender: UserNumber,
    /// What it is.
    pub entry: Entry,
    /// A hash of its content, see [`content_hash`].
    pub hash: u32,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The device wrote a message, or an edit of one, and began to send it. Recorded once: sending it again is not a new record.
    Sent {
        /// Where to.
        conversation: ConversationNumber,
        /// Which.
        message: MessageId,
        /// A hash of its content.
        hash: u32,
    },
    /// The server said that it is on disk.
    Acknowledged {
        /// Where.
        conversation: ConversationNumber,
        /// Which.
        message: MessageId,
        /// Its place in the log.
        seq: Seq,
    },
    /// The server refused it. Where the code says so it is sent again later.
    Refused {
        /// Where.
        conversation: ConversationNumber,
        /// Which.
        message: MessageId,
        /// Why.
        code: ErrorCode,
    },
    /// An entry came: live, in a catch-up, or in a page that the device asked for to close a hole.
    Delivered {
        /// From where.
        conversation: ConversationNumber,
        /// Its place in the log.
        seq: Seq,
        /// What it says.
        said: Said,
    },
    /// Somebody's markers, as the server told them.
    Receipt {
        /// Where.
        conversation: ConversationNumber,
        /// Whose.
        member: UserNumber,
        /// Stored up to here.
        delivered: Seq,
        /// Read up to here.
        read: Seq,
    },
    /// The server said `welcome`.
    Connected {
        /// Which of the addresses it was.
        node: u16,
    },
    /// The line is gone.
    Disconnected,
}

/// A hash of content (FNV-1a, folded to 32 bits): the sender's and the readers' are compared.
#[must_use]
pub fn content_hash(bytes: &[u8]) -> u32 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    u32::try_from((hash >> 32) ^ (hash & 0xffff_ffff)).unwrap_or_default()
}

/// The generator's clock.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins now.
    #[must_use]
    pub fn start() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the generator measures by the machine's clock; this is the one place that reads it"
        )]
        let now = Instant::now();
        Self(now)
    }

    /// Time since the beginning.
    #[must_use]
    pub fn now(&self) -> Micros {
        Micros(u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX))
    }
}

/// Keeps the records of a run.
#[derive(Debug)]
pub struct Recorder {
    clock: Stopwatch,
    records_max: u64,
    taken: AtomicU64,
    dropped: AtomicU64,
    pieces: Mutex<Vec<Vec<Record>>>,
}

/// Everything that was recorded.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// The records: those of one device are in order.
    pub pieces: Vec<Vec<Record>>,
    /// How many there was no room for.
    pub dropped: u64,
}

impl Records {
    /// All of them; those of one device in order.
    pub fn iter(&self) -> impl Iterator<Item = &Record> {
        self.pieces.iter().flatten()
    }
}

impl Recorder {
    /// Begins; at most so many records are kept.
    #[must_use]
    pub fn new(records_max: u64) -> Arc<Self> {
        Arc::new(Self {
            clock: Stopwatch::start(),
            records_max,
            taken: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            pieces: Mutex::default(),
        })
    }

    /// Its clock.
    #[must_use]
    pub fn clock(&self) -> Stopwatch {
        self.clock
    }

    /// What a device writes on. A device has one at a time.
    #[must_use]
    pub fn tape(self: &Arc<Self>, device: DeviceNumber) -> Tape {
        Tape {
            recorder: Arc::clone(self),
            device,
            piece: Vec::new(),
        }
    }

    /// Everything so far that tapes have handed over; all of it, once they are dropped.
    #[must_use]
    pub fn take(&self) -> Records {
        let mut pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        Records {
            pieces: std::mem::take(&mut *pieces),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }

    fn keep(&self, piece: Vec<Record>) {
        let count = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        if self.taken.fetch_add(count, Ordering::Relaxed) + count > self.records_max {
            self.dropped.fetch_add(count, Ordering::Relaxed);
            return;
        }
        let mut pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        pieces.push(piece);
    }
}

/// Where one device writes what it sees. Dropping it hands over the rest.
#[derive(Debug)]
pub struct Tape {
    recorder: Arc<Recorder>,
    device: DeviceNumber,
    piece: Vec<Record>,
}

impl Tape {
    /// The time by the recorder's clock.
    #[must_use]
    pub fn now(&self) -> Micros {
        self.recorder.clock.now()
    }

    /// Adds a record.
    pub fn write(&mut self, at: Micros, what: What) {
        self.piece.push(Record {
            at,
            device: self.device,
            what,
        });
        if self.piece.len() >= PIECE {
            let mut piece = std::mem::take(&mut self.piece);
            piece.shrink_to_fit();
            self.recorder.keep(piece);
        }
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        if !self.piece.is_empty() {
            self.recorder.keep(std::mem::take(&mut self.piece));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_small() {
        assert!(size_of::<Record>() <= RECORD_BYTES_MAX, "{}", size_of::<Record>());
    }

    #[test]
    fn tapes_keep_their_order_and_what_is_too_much_is_counted() {
        let recorder = Recorder::new(128);
        let mut tape = recorder.tape(DeviceNumber(3));
        for number in 0..200 {
            tape.write(Micros(number), What::Disconnected);
        }
        drop(tape);
        let records = recorder.take();
        let times: Vec<u64> = records.iter().map(|record| record.at.0).collect();
        assert_eq!(times, (0..128).collect::<Vec<_>>());
        assert_eq!(records.dropped, 72);
    }
}
