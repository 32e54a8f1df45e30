//! Small pictures that were shown, kept in the device's store: they are there without a line, and go with what their message said, or when somebody
//! shows another one of themselves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_model::picture;
use pipit_wire::event::EventBody;
use pipit_wire::rest::BlobLinks;
use pipit_wire::{BlobId, Content, ConversationId, MessageId};

use crate::command::{CommandError, KeptPicture, PictureCommand, PictureSubject, Reply};
use crate::engine::{Engine, Stored};
use crate::http::read;
use crate::io::HttpAnswer;
use crate::storage::{PictureOf, PictureRecord, PicturesMax, Storage};

/// The largest picture that is kept, in bytes.
const PICTURE_BYTES_MAX: usize = 128 * 1024;
/// Its greatest width and height, in pixels.
const PICTURE_PIXELS_MAX: usize = 1_280;
/// So much is kept of messages: the oldest go. Most have some 50 KiB.
const OF_MESSAGES_MAX: PicturesMax = PicturesMax {
    count: 10_000,
    bytes: 64 * 1024 * 1024,
};
/// The same of what stands for people and groups, of some 10 KiB each.
const OF_FACES_MAX: PicturesMax = PicturesMax {
    count: 1_000,
    bytes: 8 * 1024 * 1024,
};

impl<S: Storage> Engine<S> {
    /// Keeps a picture, or gives one.
    pub(crate) fn picture_command(&mut self, ask: PictureCommand) -> Stored<Reply> {
        match ask {
            PictureCommand::Keep { of, blob, bytes } => self.keep_picture(&of, blob, &bytes),
            PictureCommand::Get { blob } => Ok(Reply::KeptPicture {
                picture: self.storage.picture(blob)?.map(|kept| KeptPicture {
                    media_type: kept.media_type,
                    bytes: STANDARD.encode(kept.bytes),
                }),
            }),
        }
    }

    /// Where files can be fetched from, and which need not be kept again.
    pub(crate) fn read_links(&mut self, answer: &HttpAnswer) -> Stored<Result<Reply, CommandError>> {
        let links = match read::<BlobLinks>(answer) {
            Ok(links) => links,
            Err(error) => return Ok(Err(error)),
        };
        let blobs: Vec<BlobId> = links.items.iter().map(|link| link.blob).collect();
        Ok(Ok(Reply::BlobLinks {
            items: links.items,
            expires_at: links.expires_at,
            kept: self.storage.kept_pictures(&blobs)?,
        }))
    }

    fn keep_picture(&mut self, of: &PictureSubject, blob: BlobId, bytes: &str) -> Stored<Reply> {
        let Some(media_type) = picture::small(bytes, PICTURE_BYTES_MAX, PICTURE_PIXELS_MAX) else {
            return Ok(Reply::Done);
        };
        let (of, most) = match *of {
            PictureSubject::Message {
                conversation,
                message,
            } if self.has_file(conversation, message, blob)? => {
                (PictureOf::Message(conversation, message), OF_MESSAGES_MAX)
            }
            PictureSubject::Message { .. } => return Ok(Reply::Done),
            PictureSubject::Face => (PictureOf::Face, OF_FACES_MAX),
        };
        if let Ok(bytes) = STANDARD.decode(bytes) {
            let picture = PictureRecord {
                blob,
                media_type: media_type.to_owned(),
                bytes,
            };
            self.storage.keep_picture(of, &picture, most)?;
        }
        Ok(Reply::Done)
    }

    fn has_file(&self, conversation: ConversationId, message: MessageId, blob: BlobId) -> Stored<bool> {
        Ok(self.storage.find_message(conversation, message)?.is_some_and(|event| {
            let EventBody::Message { content, .. } = &event.body else {
                return false;
            };
            matches!(content, Content::Plain { attachments, .. } if attachments.iter().any(|file| file.blob == blob))
        }))
    }
}
