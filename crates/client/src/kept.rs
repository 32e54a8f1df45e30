//! Small pictures that were shown, kept in the device's store: they are there without a line, and go with what their message said.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_model::picture;
use pipit_wire::event::EventBody;
use pipit_wire::{BlobId, Content, ConversationId, MessageId};

use crate::command::{KeptPicture, PictureCommand, Reply};
use crate::engine::{Engine, Stored};
use crate::storage::{PictureRecord, Storage};

/// The largest picture that is kept, in bytes.
const PICTURE_BYTES_MAX: usize = 128 * 1024;
/// Its greatest width and height, in pixels.
const PICTURE_PIXELS_MAX: usize = 1_280;
/// So many bytes of pictures are kept: the oldest go.
const ALL_BYTES_MAX: u64 = 64 * 1024 * 1024;

impl<S: Storage> Engine<S> {
    /// Keeps a picture, or gives one.
    pub(crate) fn picture_command(&mut self, ask: PictureCommand) -> Stored<Reply> {
        match ask {
            PictureCommand::Keep {
                conversation,
                message,
                blob,
                bytes,
            } => self.keep_picture(conversation, message, blob, &bytes),
            PictureCommand::Get { blob } => Ok(Reply::KeptPicture {
                picture: self.storage.picture(blob)?.map(|kept| KeptPicture {
                    media_type: kept.media_type,
                    bytes: STANDARD.encode(kept.bytes),
                }),
            }),
        }
    }

    fn keep_picture(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
        blob: BlobId,
        bytes: &str,
    ) -> Stored<Reply> {
        let Some(media_type) = picture::small(bytes, PICTURE_BYTES_MAX, PICTURE_PIXELS_MAX) else {
            return Ok(Reply::Done);
        };
        let names = self.storage.find_message(conversation, message)?.is_some_and(|event| {
            let EventBody::Message { content, .. } = &event.body else {
                return false;
            };
            matches!(content, Content::Plain { attachments, .. } if attachments.iter().any(|file| file.blob == blob))
        });
        if names && let Ok(bytes) = STANDARD.decode(bytes) {
            let picture = PictureRecord {
                blob,
                media_type: media_type.to_owned(),
                bytes,
            };
            self.storage
                .keep_picture((conversation, message), &picture, ALL_BYTES_MAX)?;
        }
        Ok(Reply::Done)
    }
}
