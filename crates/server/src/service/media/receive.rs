//! Taking in the bytes of an upload, piece by piece. What has come counts when its row says so, which is after it is on disk; what broke
//! off is kept as far as it came, unless the request had a checksum to keep.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use pipit_store::blob::{AdvanceError, AdvanceUpload, BlobRecord, Piece};
use pipit_wire::{BlobId, ErrorCode, UserId, WireError};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{Media, not_found};
use crate::error::ServiceError;

/// The most bytes of one object: what a request holds in memory, and what is lost where a node dies.
const PIECE_BYTES: usize = 4 * 1024 * 1024;
/// The most objects of one file, so that nobody sends it byte by byte.
const PIECES_MAX: usize = 4_096;
/// How long to wait for the next bytes before what has come is kept and the request ended.
const IDLE: Duration = Duration::from_secs(30);
/// How long to wait for a turn.
const TURN: Duration = Duration::from_secs(5);

/// What the bytes of a request have to hash to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// SHA-1, which every server of the protocol has to know. Against damage, not against people.
    Sha1(Vec<u8>),
    /// SHA-256.
    Sha256(Vec<u8>),
}

enum Hasher {
    None,
    Sha1(Sha1, Vec<u8>),
    Sha256(Sha256, Vec<u8>),
}

impl Hasher {
    fn new(checksum: Option<Checksum>) -> Self {
        match checksum {
            None => Self::None,
            Some(Checksum::Sha1(expect)) => Self::Sha1(Sha1::new(), expect),
            Some(Checksum::Sha256(expect)) => Self::Sha256(Sha256::new(), expect),
        }
    }

    const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::None => {}
            Self::Sha1(hasher, _) => hasher.update(bytes),
            Self::Sha256(hasher, _) => hasher.update(bytes),
        }
    }

    fn fits(self) -> bool {
        match self {
            Self::None => true,
            Self::Sha1(hasher, expect) => hasher.finalize().ct_eq(&expect).into(),
            Self::Sha256(hasher, expect) => hasher.finalize().ct_eq(&expect).into(),
        }
    }
}

/// A request while its bytes come.
struct Receiving {
    record: BlobRecord,
    /// How much of the file its row has.
    committed: u64,
    /// On disk, but not in the row.
    pending: Vec<Piece>,
    buffer: BytesMut,
    hasher: Hasher,
}

impl Receiving {
    fn pending_bytes(&self) -> u64 {
        self.pending.iter().map(|piece| piece.size).sum()
    }

    /// How many bytes may still come.
    fn room(&self) -> u64 {
        let taken = self.committed + self.pending_bytes() + self.buffer.len() as u64;
        self.record.size.saturating_sub(taken)
    }
}

impl Media {
    /// Takes in the bytes of one request, and says how much of the file there is now. Goes on where whoever asked does not wait for it.
    pub async fn receive<E: Send + 'static>(
        self: &Arc<Self>,
        owner: UserId,
        blob: BlobId,
        offset: u64,
        checksum: Option<Checksum>,
        body: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    ) -> Result<u64, ServiceError> {
        let record = self.upload(owner, blob).await?;
        if record.received != offset || record.finished {
            return Err(at_offset(record.received));
        }
        let busy =
            || WireError::new(ErrorCode::Unavailable, "too many uploads at this moment").after_ms(5_000);
        let turn = tokio::time::timeout(TURN, Arc::clone(&self.receiving).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(busy().into());
        };
        let media = Arc::clone(self);
        let receiving = Receiving {
            committed: offset,
            pending: Vec::new(),
            buffer: BytesMut::new(),
            hasher: Hasher::new(checksum),
            record,
        };
        // A task of its own: where the line breaks, the request is dropped, and what has come is kept all the same.
        let task = self.tasks.spawn(async move {
            let outcome = media.take_in(receiving, body).await;
            drop(turn);
            outcome
        });
        task.await
            .map_err(|error| ServiceError::Internal("an upload ended early", Box::new(error)))?
    }

    async fn take_in<E>(
        &self,
        mut receiving: Receiving,
        body: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<u64, ServiceError> {
        let outcome = self.take_all(&mut receiving, body).await;
        // Nothing names them: they were not committed, and it is known that they were not.
        if outcome.is_err() {
            self.discard(&receiving.pending).await;
        }
        outcome
    }

    async fn take_all<E>(
        &self,
        receiving: &mut Receiving,
        body: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<u64, ServiceError> {
        let mut body = pin!(body);
        let broken = loop {
            match tokio::time::timeout(IDLE, body.next()).await {
                Ok(Some(Ok(bytes))) => self.take(receiving, &bytes).await?,
                Ok(None) => break false,
                Ok(Some(Err(_))) | Err(_) => break true,
            }
        };
        if broken && !receiving.hasher.is_none() {
            return Err(ServiceError::refused(ErrorCode::Malformed, "the body broke off"));
        }
        let hasher = std::mem::replace(&mut receiving.hasher, Hasher::None);
        if !hasher.fits() {
            return Err(ServiceError::refused(
                ErrorCode::ChecksumMismatch,
                "the bytes do not have the checksum",
            ));
        }
        self.write(receiving).await?;
        self.commit(receiving).await?;
        Ok(receiving.committed)
    }

    async fn take(&self, receiving: &mut Receiving, bytes: &Bytes) -> Result<(), ServiceError> {
        if bytes.len() as u64 > receiving.room() {
            return Err(ServiceError::refused(
                ErrorCode::TooLarge,
                format!("the file was said to have {} bytes", receiving.record.size),
            ));
        }
        receiving.hasher.update(bytes);
        receiving.buffer.extend_from_slice(bytes);
        if receiving.buffer.len() >= PIECE_BYTES {
            self.write(receiving).await?;
            if receiving.hasher.is_none() {
                self.commit(receiving).await?;
            }
        }
        Ok(())
    }

    async fn write(&self, receiving: &mut Receiving) -> Result<(), ServiceError> {
        if !receiving.buffer.is_empty() {
            let bytes = receiving.buffer.split().freeze();
            let piece = self.put(receiving.record.id, bytes).await?;
            receiving.pending.push(piece);
        }
        Ok(())
    }

    async fn commit(&self, receiving: &mut Receiving) -> Result<(), ServiceError> {
        if receiving.pending.is_empty() {
            return Ok(());
        }
        let advance = AdvanceUpload {
            id: receiving.record.id,
            owner: receiving.record.owner,
            from: receiving.committed,
            pieces: receiving.pending.clone(),
            pieces_max: PIECES_MAX,
            now: self.context.now(),
        };
        match self.context.store.advance_upload(advance).await {
            Ok(Ok(received)) => {
                let bytes = usize::try_from(received.saturating_sub(receiving.committed));
                self.stats.upload_bytes.add(bytes.unwrap_or(usize::MAX));
                receiving.committed = received;
                receiving.pending.clear();
                Ok(())
            }
            Ok(Err(refused)) => Err(refusal(refused)),
            Err(unknown) => {
                // It may have been written: what may be named is not removed.
                receiving.pending.clear();
                Err(unknown.into())
            }
        }
    }
}

fn refusal(error: AdvanceError) -> ServiceError {
    match error {
        AdvanceError::NotFound => not_found(),
        AdvanceError::Offset { received } => at_offset(received),
        AdvanceError::TooLong | AdvanceError::TooManyPieces => {
            ServiceError::refused(ErrorCode::TooLarge, error.to_string())
        }
    }
}

pub(super) fn at_offset(received: u64) -> ServiceError {
    ServiceError::refused(
        ErrorCode::OffsetConflict,
        format!("the upload has {received} bytes"),
    )
}
