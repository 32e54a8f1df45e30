//! Finding out what an upload is, once all of it is there.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use image::ImageFormat;
use pipit_store::blob::{BlobDetails, BlobRecord, FinishUpload, Piece, Thumbnail};
use pipit_wire::scheduled::FILES_KEPT_AHEAD_MS_MAX;
use pipit_wire::{Attachment, BlobId, ErrorCode, Timestamp, UserId};

use super::drawing::Undone;
use super::picture::{self, Picture, PictureError};
use super::{Media, fault, kind, not_found, receive};
use crate::error::ServiceError;

/// Pictures are read into memory. A larger one is refused.
const PICTURE_BYTES_MAX: u64 = 128 * 1024 * 1024;

impl Media {
    /// Makes an upload a file that can be sent, and says what it is. Repeating it says so again. Until `keep_until`, and some time after it, it is kept
    /// though no message has it: it is for one that its device sends later.
    pub async fn finish(
        self: &Arc<Self>,
        owner: UserId,
        blob: BlobId,
        keep_until: Option<Timestamp>,
    ) -> Result<Attachment, ServiceError> {
        let attachment = self.finish_upload(owner, blob).await?;
        if let Some(until) = keep_until {
            let latest = self.context.now().plus_ms(FILES_KEPT_AHEAD_MS_MAX);
            let store = &self.context.store;
            store.keep_upload(owner, blob, until.min(latest)).await?;
        }
        Ok(attachment)
    }

    async fn finish_upload(
        self: &Arc<Self>,
        owner: UserId,
        blob: BlobId,
    ) -> Result<Attachment, ServiceError> {
        let record = self.upload(owner, blob).await?;
        if record.finished {
            return Ok(attachment_of(&record));
        }
        if record.received != record.size {
            return Err(receive::at_offset(record.received));
        }
        let (size, details) = self.look_at(&record).await?;
        let finish = FinishUpload {
            id: blob,
            owner,
            size,
            details,
            now: self.context.now(),
        };
        if self.context.store.finish_upload(finish).await? {
            self.stats.files_finished.add_one();
        }
        let record = self.upload(owner, blob).await?;
        if !record.finished {
            return Err(not_found());
        }
        self.tidy(&record).await;
        Ok(attachment_of(&record))
    }

    /// What it is. Into what was sealed on a device nobody looks.
    async fn look_at(self: &Arc<Self>, record: &BlobRecord) -> Result<(u64, BlobDetails), ServiceError> {
        if record.details.sealed {
            return Ok((record.size, record.details.clone()));
        }
        let head = self.head(record).await?;
        let media_type = kind::sniff(&head, &record.details.media_type);
        if let Some(format) = picture::format_of(&media_type) {
            return self.picture(record, format).await;
        }
        let mut details = record.details.clone();
        details.media_type = media_type;
        Ok((record.size, details))
    }

    async fn head(&self, record: &BlobRecord) -> Result<Vec<u8>, ServiceError> {
        let parts = super::parts(&record.details.pieces, 0, kind::HEAD_BYTES);
        let mut head = Vec::new();
        for (object, start, end) in parts {
            let bytes = self.blobs.read(&object, start..end).await.map_err(fault)?;
            let bytes: Vec<Bytes> = bytes.try_collect().await.map_err(fault)?;
            head.extend(bytes.into_iter().flatten());
        }
        Ok(head)
    }

    async fn picture(
        self: &Arc<Self>,
        record: &BlobRecord,
        format: ImageFormat,
    ) -> Result<(u64, BlobDetails), ServiceError> {
        if record.size > PICTURE_BYTES_MAX {
            return Err(self.too_large(record).await);
        }
        let bytes = self.read_whole(&record.details.pieces).await?;
        let pixels_max = self.context.limits.media.image_pixels_max;
        let made = self
            .drawing
            .run(move || picture::make(format, &bytes, pixels_max))
            .await;
        let outcome = made.unwrap_or_else(|Undone| {
            tracing::error!(blob = %record.id, "a picture is passed on as a file");
            Err(PictureError::Unreadable { stripped: None })
        });
        match outcome {
            Ok(picture) => self.keep(record, picture).await,
            Err(PictureError::TooLarge) => Err(self.too_large(record).await),
            Err(PictureError::Unreadable { stripped }) => self.keep_as_file(record, stripped).await,
        }
    }

    /// Refuses a picture, and leaves nothing of it behind.
    async fn too_large(&self, record: &BlobRecord) -> ServiceError {
        self.stats.pictures_refused.add_one();
        if let Err(error) = self.remove(record.owner, record.id).await {
            return error;
        }
        let pixels_max = self.context.limits.media.image_pixels_max;
        ServiceError::refused(
            ErrorCode::PictureTooLarge,
            format!("a picture has at most {pixels_max} pixels"),
        )
    }

    async fn keep(&self, record: &BlobRecord, picture: Picture) -> Result<(u64, BlobDetails), ServiceError> {
        let size = picture.bytes.len() as u64;
        let mut thumbnails = Vec::new();
        let piece = self.put(record.id, picture.bytes).await?;
        for small in picture.smaller {
            thumbnails.push(Thumbnail {
                pixels: small.pixels,
                media_type: small.media_type.to_owned(),
                piece: self.put(record.id, small.bytes).await?,
            });
        }
        let details = BlobDetails {
            name: record.details.name.clone(),
            media_type: picture.media_type.to_owned(),
            width: Some(picture.width),
            height: Some(picture.height),
            preview: Some(picture.preview),
            pieces: vec![piece],
            thumbnails,
            sealed: false,
        };
        Ok((size, details))
    }

    /// What looks like a picture and is none is shown to nobody as one.
    async fn keep_as_file(
        &self,
        record: &BlobRecord,
        stripped: Option<Bytes>,
    ) -> Result<(u64, BlobDetails), ServiceError> {
        let mut details = record.details.clone();
        kind::UNKNOWN.clone_into(&mut details.media_type);
        let Some(bytes) = stripped else {
            return Ok((record.size, details));
        };
        let size = bytes.len() as u64;
        details.pieces = vec![self.put(record.id, bytes).await?];
        Ok((size, details))
    }

    /// Removes the objects under a finished file's id that its record does not name: what it was made of, and what was left there by
    /// requests that broke off.
    async fn tidy(&self, record: &BlobRecord) {
        let details = &record.details;
        let thumbnails = details.thumbnails.iter().map(|small| &small.piece);
        let named: HashSet<&str> = details
            .pieces
            .iter()
            .chain(thumbnails)
            .map(|piece| piece.object.as_str())
            .collect();
        let found: Result<Vec<_>, _> = self.blobs.list(Some(&record.id.to_string())).try_collect().await;
        let rubbish: Vec<Piece> = found
            .unwrap_or_default()
            .into_iter()
            .filter(|object| !named.contains(object.key.as_str()))
            .map(|object| Piece {
                object: object.key,
                size: object.size,
            })
            .collect();
        self.discard(&rubbish).await;
    }
}

/// A file as a message has it.
pub(in crate::service) fn attachment_of(record: &BlobRecord) -> Attachment {
    let details = &record.details;
    Attachment {
        name: details.name.clone(),
        media_type: details.media_type.clone(),
        size: record.size,
        width: details.width,
        height: details.height,
        preview: details.preview.clone(),
        ..Attachment::of(record.id)
    }
}
