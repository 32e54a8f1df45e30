//! A picture that is to stand for a group: sent at once, while its person waits. Unlike the files of messages it is not queued: without a
//! line it fails, and can be sent again with the same id.

use pipit_wire::BlobId;
use pipit_wire::media::Attachment;
use pipit_wire::rest::FinishedUpload;

use crate::command::{CommandError, CommandId, Reply, ViewId};
use crate::engine::{Engine, Stored};
use crate::http::{Call, local_error, read};
use crate::io::{FilePart, HttpAnswer, Output};
use crate::storage::Storage;
use crate::upload;
use crate::uploads::Step;

/// A picture on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SentPicture {
    pub(crate) view: ViewId,
    pub(crate) id: CommandId,
    blob: BlobId,
    size: u64,
    step: Step,
}

impl<S: Storage> Engine<S> {
    pub(crate) fn send_picture(&mut self, view: ViewId, id: CommandId, file: &Attachment) {
        let picture = SentPicture {
            view,
            id,
            blob: file.blob,
            size: file.size,
            step: Step::Open,
        };
        self.call(upload::open(file).answering(Call::Picture(picture)));
    }

    /// A step has been answered, and not by a refusal.
    pub(crate) fn picture_answered(&mut self, mut picture: SentPicture, answer: &HttpAnswer) -> Stored {
        match (picture.step, answer) {
            (Step::Finish, _) => {
                let reply = match read::<FinishedUpload>(answer) {
                    Ok(_) => Reply::Done,
                    Err(error) => Reply::Failed { error },
                };
                self.picture_done(picture, reply);
            }
            (_, HttpAnswer::Received { offset }) => {
                let left = picture.size.saturating_sub(*offset);
                let request = if left == 0 {
                    picture.step = Step::Finish;
                    upload::finish(picture.blob)
                } else {
                    let length = left.min(self.part_bytes());
                    picture.step = Step::Part { length };
                    upload::part(FilePart {
                        blob: picture.blob,
                        offset: *offset,
                        length,
                    })
                };
                self.call(request.answering(Call::Picture(picture)));
            }
            _ => self.picture_refused(picture, local_error("bad_answer", None)),
        }
        Ok(())
    }

    pub(crate) fn picture_refused(&mut self, picture: SentPicture, error: CommandError) {
        self.picture_done(picture, Reply::Failed { error });
    }

    fn picture_done(&mut self, picture: SentPicture, reply: Reply) {
        self.out.push(Output::DropFile { blob: picture.blob });
        self.reply(picture.view, picture.id, reply);
    }
}
