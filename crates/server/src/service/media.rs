//! Files: taking them in, finding out what they are, and giving them to those who may have them.

mod clearing;
mod drawing;
mod finish;
mod kind;
mod link;
mod picture;
mod receive;
mod strip;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use pipit_blob::{BlobError, BlobStore, ByteStream};
use pipit_store::blob::{BlobRecord, CreateUploadError, NewUpload, Piece};
use pipit_wire::media::FILE_NAME_BYTES_MAX;
use pipit_wire::{BlobId, ErrorCode, Timestamp, UserId, rest};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::context::Context;
use crate::data_dir::SigningKey;
use crate::error::ServiceError;
use crate::stats::Stats;

pub use self::clearing::Cleared;
pub use self::drawing::Drawing;
pub(in crate::service) use self::finish::attachment_of;
use self::link::Links;
pub use self::link::Reader;
pub use self::receive::Checksum;

/// How long an upload of which nothing comes, and a file that no message has, is kept.
pub const KEPT_MS: i64 = 24 * 60 * 60 * 1_000;
/// The most files in one question for links.
pub const LINKS_MAX: usize = 100;
/// The longest media type that is taken as a claim, in bytes.
const MEDIA_TYPE_BYTES_MAX: usize = 127;
/// How many requests may bring bytes at one time. Each holds a piece in memory.
const RECEIVING_MAX: usize = 64;

/// See the module.
pub struct Media {
    context: Context,
    blobs: BlobStore,
    stats: Arc<Stats>,
    links: Links,
    tasks: TaskTracker,
    receiving: Arc<Semaphore>,
    drawing: Arc<Drawing>,
}

/// What an upload is asked to be.
#[derive(Clone, Debug)]
pub struct Announced {
    /// Its id, where the device has made one.
    pub blob: Option<BlobId>,
    /// How many bytes it will have.
    pub size: u64,
    /// What it is called.
    pub name: String,
    /// What it is said to be.
    pub media_type: String,
    /// Whether the device has sealed it: then nothing is said of it.
    pub sealed: bool,
}

/// A file or a smaller picture of it, to be read.
#[derive(Debug)]
pub struct Readable {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub media_type: String,
    /// Whether a browser may show it in place.
    pub shown: bool,
    /// How many bytes it has.
    pub size: u64,
    /// Changes with its bytes, which never change.
    pub tag: String,
    pieces: Vec<Piece>,
}

impl Media {
    /// Over these blobs. What has begun is waited for through `tasks`.
    pub fn new(
        context: Context,
        blobs: BlobStore,
        stats: Arc<Stats>,
        key: &SigningKey,
        tasks: TaskTracker,
    ) -> Arc<Self> {
        Arc::new(Self {
            context,
            blobs,
            stats,
            links: Links::new(key),
            drawing: Arc::new(Drawing::new(tasks.clone())),
            tasks,
            receiving: Arc::new(Semaphore::new(RECEIVING_MAX)),
        })
    }

    /// What makes pictures, for whoever else has any made: they take turns.
    pub fn drawing(&self) -> Arc<Drawing> {
        Arc::clone(&self.drawing)
    }

    /// Makes room for a file. Repeating it with the same id and size returns the upload as it is.
    pub async fn create(&self, owner: UserId, announced: Announced) -> Result<BlobRecord, ServiceError> {
        let limits = &self.context.limits.media;
        let bytes_max = limits.file_bytes_max;
        // A sealed file is longer than what is in it: it is filled up, by a sixteenth at most, and has seals.
        let longer = if announced.sealed { bytes_max / 16 + 16 } else { 0 };
        if announced.size > bytes_max.saturating_add(longer) {
            return Err(ServiceError::refused(
                ErrorCode::TooLarge,
                format!("a file has at most {} bytes", limits.file_bytes_max),
            ));
        }
        if announced.sealed && !(announced.name.is_empty() && announced.media_type.is_empty()) {
            return Err(ServiceError::refused(
                ErrorCode::SealedOnly,
                "what a sealed file is called and what it is go inside its message",
            ));
        }
        let now = self.context.now();
        let mut media_type = announced.media_type;
        if media_type.len() > MEDIA_TYPE_BYTES_MAX || !media_type.bytes().all(|byte| byte.is_ascii_graphic())
        {
            media_type.clear();
        }
        let upload = NewUpload {
            id: announced
                .blob
                .unwrap_or_else(|| BlobId::new(now, self.context.random_bytes())),
            owner,
            size: announced.size,
            name: pipit_model::file_name(&announced.name, FILE_NAME_BYTES_MAX),
            media_type,
            sealed: announced.sealed,
            now,
            account_bytes_max: limits.account_bytes_max,
            uploads_max: limits.uploads_max,
        };
        self.context.store.create_upload(upload).await?.map_err(|error| {
            let code = match error {
                CreateUploadError::IdConflict => ErrorCode::IdConflict,
                CreateUploadError::Quota => ErrorCode::QuotaExceeded,
                CreateUploadError::TooMany => ErrorCode::TooManyUploads,
            };
            ServiceError::refused(code, error.to_string())
        })
    }

    /// The account's file with this id, finished or not. Another's is as if it were not there.
    pub async fn upload(&self, owner: UserId, blob: BlobId) -> Result<BlobRecord, ServiceError> {
        let found = self.context.store.find_blob(blob).await?;
        found.filter(|record| record.owner == owner).ok_or_else(not_found)
    }

    /// The account's uploads that are not finished.
    pub async fn uploads(&self, owner: UserId) -> Result<rest::Uploads, ServiceError> {
        let limit = self.context.limits.media.uploads_max;
        let list = self.context.store.list_uploads(owner, limit).await?;
        let items = list.items.into_iter().map(|record| rest::Upload {
            blob: record.id,
            expires_at: expires_at(&record),
            size: record.size,
            received: record.received,
            name: record.details.name,
        });
        Ok(rest::Uploads {
            items: items.collect(),
            used_bytes: list.used_bytes,
        })
    }

    /// Drops an upload, or a file that no message has.
    pub async fn remove(&self, owner: UserId, blob: BlobId) -> Result<(), ServiceError> {
        if !self.context.store.remove_upload(owner, blob).await? {
            return Err(not_found());
        }
        self.remove_objects(blob).await;
        Ok(())
    }

    /// Links for those of these files that the reader may read now.
    pub async fn links(&self, reader: Reader, blobs: &[BlobId]) -> Result<rest::BlobLinks, ServiceError> {
        if blobs.len() > LINKS_MAX {
            return Err(ServiceError::field("blobs", format_args!("at most {LINKS_MAX}")));
        }
        let expires_at = link::expiry(self.context.now());
        let readable = self.context.store.filter_readable(reader.user, blobs).await?;
        let items = readable.iter().map(|record| rest::BlobLink {
            blob: record.id,
            path: format!(
                "/v1/blobs/{}?t={}",
                record.id,
                self.links.token(record.id, reader, expires_at)
            ),
        });
        Ok(rest::BlobLinks {
            items: items.collect(),
            expires_at,
        })
    }

    /// Whose link this is, where it is for this file, has not expired, and the device is signed in still.
    pub async fn reader(&self, blob: BlobId, token: &str) -> Result<Reader, ServiceError> {
        let reader = self
            .links
            .check(blob, token, self.context.now())
            .ok_or_else(not_found)?;
        let barred = self.context.store.find_barred(&[reader.device]).await?;
        if barred.is_empty() {
            Ok(reader)
        } else {
            Err(not_found())
        }
    }

    /// A file, or the smallest picture of it that fills this many pixels, for one who may read it at this moment.
    pub async fn find(
        &self,
        user: UserId,
        blob: BlobId,
        pixels: Option<u32>,
    ) -> Result<Readable, ServiceError> {
        let mut found = self.context.store.filter_readable(user, &[blob]).await?;
        let record = found.pop().ok_or_else(not_found)?;
        let details = record.details;
        let smaller = pixels.and_then(|pixels| {
            let fits = |small: &pipit_store::blob::Thumbnail| small.pixels >= pixels;
            details.thumbnails.into_iter().find(fits)
        });
        if pixels.is_some() && details.width.is_none() {
            return Err(not_found());
        }
        Ok(match smaller {
            Some(small) => Readable {
                name: details.name,
                shown: kind::is_shown(&small.media_type),
                media_type: small.media_type,
                size: small.piece.size,
                tag: format!("{blob}.{}", small.pixels),
                pieces: vec![small.piece],
            },
            None => Readable {
                name: details.name,
                shown: kind::is_shown(&details.media_type),
                media_type: details.media_type,
                size: record.size,
                tag: blob.to_string(),
                pieces: details.pieces,
            },
        })
    }

    /// Its bytes from `start` up to `end`.
    pub fn read(&self, file: &Readable, start: u64, end: u64) -> ByteStream {
        let blobs = self.blobs.clone();
        let parts = parts(&file.pieces, start, end);
        stream::iter(parts)
            .then(move |(object, start, end)| {
                let blobs = blobs.clone();
                async move { blobs.read(&object, start..end).await }
            })
            .try_flatten()
            .boxed()
    }

    async fn read_whole(&self, pieces: &[Piece]) -> Result<Bytes, ServiceError> {
        if let [piece] = pieces {
            return self.blobs.read_whole(&piece.object).await.map_err(fault);
        }
        let mut bytes = Vec::new();
        for piece in pieces {
            bytes.extend_from_slice(&self.blobs.read_whole(&piece.object).await.map_err(fault)?);
        }
        Ok(bytes.into())
    }

    /// Writes an object of this file under a key that nothing had before.
    async fn put(&self, blob: BlobId, bytes: Bytes) -> Result<Piece, ServiceError> {
        let random: [u8; 8] = self.context.random_bytes();
        let piece = Piece {
            object: format!("{blob}/{:016x}", u64::from_be_bytes(random)),
            size: bytes.len() as u64,
        };
        self.blobs.put(&piece.object, bytes).await.map_err(fault)?;
        Ok(piece)
    }

    /// Removes objects that no row names. What stays behind is found by the clearing.
    async fn discard(&self, pieces: &[Piece]) {
        for piece in pieces {
            if let Err(error) = self.blobs.remove(&piece.object).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "an object was left behind"
                );
            }
        }
    }

    /// Removes every object of a file that has no row any more.
    async fn remove_objects(&self, blob: BlobId) {
        if let Err(error) = self.blobs.remove_folder(&blob.to_string()).await {
            tracing::warn!(error = &error as &dyn std::error::Error, %blob, "objects were left behind");
        }
    }
}

/// When a file that nothing happens to is given up.
pub fn expires_at(record: &BlobRecord) -> Timestamp {
    record.touched_at.plus_ms(KEPT_MS)
}

/// Which parts of which objects a part of a file is.
fn parts(pieces: &[Piece], start: u64, end: u64) -> Vec<(String, u64, u64)> {
    let mut first = 0;
    let mut parts = Vec::new();
    for piece in pieces {
        let from = start.max(first);
        let until = end.min(first + piece.size);
        if from < until {
            parts.push((piece.object.clone(), from - first, until - first));
        }
        first += piece.size;
    }
    parts
}

fn not_found() -> ServiceError {
    ServiceError::refused(ErrorCode::NotFound, "there is no such file")
}

/// What went wrong with the blobs, as a client learns of it.
pub(in crate::service) fn fault(error: BlobError) -> ServiceError {
    match error {
        BlobError::Full(_) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a file could not be kept"
            );
            ServiceError::refused(ErrorCode::StorageFull, "the server's disk is full")
        }
        BlobError::NotFound => ServiceError::Internal("an object of a file is missing", Box::new(error)),
        BlobError::Unavailable(_) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the blobs do not answer"
            );
            ServiceError::refused(ErrorCode::Unavailable, "the files cannot be reached")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_pieces() {
        let pieces: Vec<Piece> = [("a", 4), ("b", 0), ("c", 3)]
            .map(|(object, size)| Piece {
                object: object.to_owned(),
                size,
            })
            .into();
        for (start, end, expect) in [
            (0, 7, &[("a", 0, 4), ("c", 0, 3)][..]),
            (0, 4, &[("a", 0, 4)]),
            (4, 7, &[("c", 0, 3)]),
            (3, 5, &[("a", 3, 4), ("c", 0, 1)]),
            (2, 2, &[]),
            (6, 99, &[("c", 2, 3)]),
        ] {
            let found = parts(&pieces, start, end);
            let found: Vec<_> = found
                .iter()
                .map(|(name, from, until)| (name.as_str(), *from, *until))
                .collect();
            assert_eq!(found, expect, "{start}..{end}");
        }
    }
}
