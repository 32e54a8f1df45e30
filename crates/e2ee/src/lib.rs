//! End-to-end encrypted groups of devices: MLS (RFC 9420) on OpenMLS, shaped for a log that the server orders.
//!
//! A [`Device`] has a signature key, a pool of key packages, and for each encrypted conversation a group whose leaves are devices. It does no I/O: bytes
//! come from the conversation's log and go to the server in the caller's hands; keys are behind the [`Port`], in the caller's transaction; time and randomness are passed in (what
//! OpenMLS takes by itself is named in [`Randomness`] and [`Device::want`]'s key packages: their lifetime is checked by OpenMLS against the system's clock too).
//!
//! Three rules of the server are part of the construction (`docs/adr/0033-group-encryption.md`):
//!
//! - of the commits that name an epoch, only the first gets into the log;
//! - a message gets into the log only if it names the log's epoch at that place, or else its device seals it again;
//! - it tells a device, when it connects, the log's epoch and the greatest count that the device has ever sent ([`LogHead`]).
//!
//! So everyone who is a member at a place in the log can read what is there, nobody else can, and no key is used twice, not even by a device
//! whose store was restored from an old copy.
#![warn(missing_docs)]

pub mod archive;
mod authority;
mod code;
mod codec;
mod commit;
mod device;
mod envelope;
mod error;
pub mod file;
mod group;
mod identity;
pub mod key_log;
mod message;
pub mod padding;
mod place;
mod pool;
mod port;
mod random;
mod safety;
mod storage;
pub mod stream;
mod suite;

pub use archive::ArchiveKey;
pub use authority::{Authority, Change};
pub use code::{Code, CodeError, CodePurpose};
pub use commit::{Applied, Goal, KEY_PACKAGE_BYTES_MAX, Log, OutgoingCommit};
pub use device::{Device, Standing};
pub use envelope::{ENVELOPE_KEY_BYTES, ENVELOPE_OVERHEAD_BYTES, EnvelopeKey, seal_envelope};
pub use error::Error;
pub use group::{DEVICES_MAX, GroupView, LogHead, WELCOME_BYTES_MAX};
pub use identity::{Identity, SignatureKey};
pub use key_log::{KeyLog, KeyLogError, LoggedKey};
pub use message::{CHANGE_BYTES_MAX, CONTENT_BYTES_MAX, MESSAGE_BYTES_MAX, Received, Sealed};
pub use pool::{POOL_TARGET, PoolNeeds};
pub use port::{MemoryPort, Port, PortError};
pub use random::Randomness;
pub use safety::SafetyNumber;
pub use suite::Suite;
