//! The files of a message that is to be sent: what the sender says of them is checked, what the server knows is put in.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_store::blob::BlobRecord;
use pipit_wire::event::EventBody;
use pipit_wire::media::WAVEFORM_LEVELS_MAX;
use pipit_wire::{Attachment, BlobId, Content, ErrorCode, UserId};

use super::media::attachment_of;
use crate::context::Context;
use crate::error::ServiceError;

/// Checks the files of a content and puts in what the server knows of them.
pub async fn complete(context: &Context, sender: UserId, said: &mut Content) -> Result<(), ServiceError> {
    match said {
        Content::Plain { attachments, .. } => complete_files(context, sender, attachments).await,
        Content::Sealed { blobs, .. } if !blobs.is_empty() => check_sealed(context, sender, blobs).await,
        Content::Sealed { .. } | Content::Erased {} => Ok(()),
    }
}

/// Checks files that go in the clear and puts in what the server knows of them.
pub async fn complete_files(
    context: &Context,
    sender: UserId,
    attachments: &mut [Attachment],
) -> Result<(), ServiceError> {
    if attachments.is_empty() {
        return Ok(());
    }
    check(context, attachments)?;
    let blobs: Vec<BlobId> = attachments.iter().map(|attachment| attachment.blob).collect();
    let readable = context.store.filter_readable(sender, &blobs).await?;
    let known: HashMap<BlobId, BlobRecord> = readable.into_iter().map(|record| (record.id, record)).collect();
    for attachment in attachments {
        let record = known
            .get(&attachment.blob)
            .filter(|record| !record.details.sealed);
        let record = record.ok_or_else(unusable)?;
        *attachment = Attachment {
            duration_ms: attachment.duration_ms,
            waveform: attachment.waveform.take(),
            caption: attachment.caption.take(),
            ..attachment_of(record)
        };
    }
    Ok(())
}

/// Checks the files of a sealed message. What it says of them is not for the server; that they are sealed, are there, and may be read by the sender is.
async fn check_sealed(context: &Context, sender: UserId, blobs: &[BlobId]) -> Result<(), ServiceError> {
    let most = context.limits.media.attachments_max as usize;
    if blobs.len() > most {
        return Err(ServiceError::field("blobs", format_args!("at most {most}")));
    }
    if blobs.iter().collect::<HashSet<_>>().len() != blobs.len() {
        return Err(ServiceError::field("blobs", "each file once"));
    }
    let readable = context.store.filter_readable(sender, blobs).await?;
    if readable.len() == blobs.len() && readable.iter().all(|record| record.details.sealed) {
        Ok(())
    } else {
        Err(unusable())
    }
}

/// Whether somebody may have this file as a picture that stands for something: one that they may read, and that there are smaller
/// ones of.
pub async fn require_picture(context: &Context, user: UserId, blob: BlobId) -> Result<(), ServiceError> {
    let readable = context.store.filter_readable(user, &[blob]).await?;
    let record = readable.first().ok_or_else(unusable)?;
    if record.details.width.is_some() {
        Ok(())
    } else {
        Err(ServiceError::field("avatar", "is not a picture"))
    }
}

/// Whether an entry of the log is the one that this content was sent in before, as far as its files go: what the server knows of them was
/// put in then, and may be gone by now.
pub fn has_same_files(body: &EventBody, content: &Content) -> bool {
    let EventBody::Message { content: had, .. } = body else {
        return false;
    };
    let blobs = |files: &[Attachment]| files.iter().map(|file| file.blob).collect::<Vec<_>>();
    match (had, content) {
        (
            Content::Plain {
                text: said,
                attachments: had,
                ..
            },
            Content::Plain {
                text, attachments, ..
            },
        ) => said == text && blobs(had) == blobs(attachments),
        (Content::Sealed { .. }, Content::Sealed { .. }) => had == content,
        _ => false,
    }
}

fn check(context: &Context, attachments: &[Attachment]) -> Result<(), ServiceError> {
    let limits = &context.limits.media;
    if attachments.len() > limits.attachments_max as usize {
        return Err(ServiceError::field(
            "attachments",
            format_args!("at most {}", limits.attachments_max),
        ));
    }
    let mut blobs: Vec<BlobId> = attachments.iter().map(|attachment| attachment.blob).collect();
    blobs.sort_unstable();
    if blobs
        .windows(2)
        .any(|pair| matches!(pair, [one, other] if one == other))
    {
        return Err(ServiceError::field("attachments", "each file once"));
    }
    for attachment in attachments {
        if attachment.seal.is_some() {
            return Err(ServiceError::field("seal", "it goes inside what is sealed"));
        }
        let caption = attachment.caption.as_deref().unwrap_or_default();
        if caption.len() > limits.caption_bytes_max as usize {
            let most = limits.caption_bytes_max;
            return Err(ServiceError::field(
                "caption",
                format_args!("at most {most} bytes"),
            ));
        }
        let unseen = |letter: char| letter.is_control() && letter != '\n';
        if attachment.caption.is_some() && (caption.trim().is_empty() || caption.contains(unseen)) {
            return Err(ServiceError::field(
                "caption",
                "is empty or has control characters",
            ));
        }
        if let Some(waveform) = &attachment.waveform {
            let levels = STANDARD.decode(waveform).ok();
            if levels.is_none_or(|levels| levels.is_empty() || levels.len() > WAVEFORM_LEVELS_MAX) {
                return Err(ServiceError::field("waveform", "1 to 64 bytes in base64"));
            }
        }
    }
    Ok(())
}

fn unusable() -> ServiceError {
    ServiceError::refused(
        ErrorCode::AttachmentUnusable,
        "a file is not there, is not finished, or is not the sender's",
    )
}
