//! Where the bytes of attachments are: a folder, or a bucket that speaks S3. Both pass the same tests.
//!
//! What is kept are *objects*: a key and its bytes, written once and never changed. Which objects make up which file, and who may read it,
//! is the database's to know; an object that no row names is rubbish, and is found by [`BlobStore::list`].
//!
//! Objects are put whole and are small (the server cuts uploads into pieces), so that nothing here streams in, and no upload of the
//! store's own kind can be left half done. A returned [`BlobStore::put`] is on disk.
#![warn(missing_docs)]

mod address;
mod error;
mod store;
#[cfg(feature = "testing")]
mod testing;

pub use address::{AddressError, BlobAddress, Bucket, Keys};
pub use error::BlobError;
pub use store::{BlobStore, ByteStream, Listed, install_tls};
