//! Files on their way: the queue of uploads.
//!
//! A message with files is in the outbox at once; its files are sent in order, a few at a time, and the message goes out when the
//! server has all of them. What is known of a file is on disk with the message; its bytes are kept by the driver until the message
//! is in the log. Where the line broke, or the program ended, the server is asked how much it has, and the rest is sent.
//!
//! While files of a message are being sent, later messages of its conversation wait, so that the order in which they were written is
//! kept. A message with a file that has failed or was stopped by the person steps aside, as a refused one does.

use std::collections::BTreeMap;

use pipit_e2ee::stream::STREAM_KEY_BYTES;
use pipit_wire::media::{Attachment, FILE_NAME_BYTES_MAX};
use pipit_wire::rest::FinishedUpload;
use pipit_wire::{BlobId, ConversationId, ErrorCode, MessageId, Retry, Timestamp};

use crate::command::{CommandError, NewAttachment, Reply};
use crate::engine::{Engine, Stored};
use crate::http::{Call, local_error, read, refusal};
use crate::io::{FilePart, HttpAnswer, HttpId, Output};
use crate::items::arrived;
use crate::sealed;
use crate::storage::{OutboxBody, OutboxRecord, OutboxState, Storage, UploadRecord, UploadStage};
use crate::upload;
use crate::view::{AttachmentView, UploadState, UploadView};

/// Files that are sent at the same time.
const AT_ONCE: usize = 3;
/// Parts get no smaller than this on a bad line. The largest are as the server says (`chunk_bytes`).
const PART_BYTES_MIN: u64 = 256 * 1024;
/// The first and the last wait before a step that failed is tried again.
const RETRY_MS: (i64, i64) = (1_000, 60_000);
/// So often a server may have lost what it had, or have got something else than was sent, before the file has failed.
const RESTARTS_MAX: u32 = 8;
/// Bytes without a message are kept so long: the message is on its way from the view.
const STAGED_MS: u64 = 60 * 60_000;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Its digest is taken, on this device.
    Hash,
    Open,
    Ask,
    Part {
        length: u64,
    },
    Finish,
}

#[derive(Debug)]
struct Running {
    conversation: ConversationId,
    step: Step,
    /// Bytes of the part that have gone out.
    gone_out: u64,
}

/// What is under way.
#[derive(Debug, Default)]
pub(crate) struct Uploads {
    running: BTreeMap<BlobId, Running>,
    /// Not before this time.
    put_off: BTreeMap<BlobId, Timestamp>,
    /// Failures since something came through.
    failures: BTreeMap<BlobId, u32>,
    /// Steps that have failed in this input.
    refused: Vec<(BlobId, CommandError)>,
    /// How much is sent at once; none until something is.
    part_bytes: Option<u64>,
    /// The queue is looked into at the end of this input.
    nudged: bool,
    /// The driver knows which bytes are still wanted.
    swept: bool,
}

impl Uploads {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.put_off.values().min().copied()
    }

    pub(crate) fn refused(&mut self, blob: BlobId, error: CommandError) {
        self.refused.push((blob, error));
    }

    /// The line stands again: whatever waits does not wait longer.
    pub(crate) fn hurry(&mut self) {
        self.put_off.clear();
        self.nudged = true;
    }

    fn forget(&mut self, blob: BlobId) {
        self.running.remove(&blob);
        self.put_off.remove(&blob);
        self.failures.remove(&blob);
        self.nudged = true;
    }
}

/// Whether a message can go out as far as its files are concerned.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Files {
    /// With these.
    Ready(Vec<Attachment>),
    /// Not yet: what comes after it waits too.
    Coming,
    /// Not until the person wants: what comes after it goes first.
    Stopped,
}

/// Those of its files that the server had before.
fn known_files(waiting: &OutboxRecord) -> &[Attachment] {
    match &waiting.body {
        OutboxBody::Message { files, .. } => files,
        OutboxBody::Change { .. } | OutboxBody::Profile { .. } => &[],
    }
}

impl<S: Storage> Engine<S> {
    /// Why a message cannot have these files.
    pub(crate) fn unfit_attachments(&self, files: &[Attachment]) -> Stored<Option<CommandError>> {
        for file in files {
            if self.storage.upload(file.blob)?.is_some() {
                return Ok(Some(refusal(ErrorCode::IdConflict, Some("attachments"))));
            }
        }
        Ok(self.beyond_limits(files))
    }

    fn beyond_limits(&self, files: &[Attachment]) -> Option<CommandError> {
        let limits = &self.session.as_ref()?.limits.media;
        let many = |count: usize, most: u32| u32::try_from(count).map_or(true, |count| count > most);
        if many(files.len(), limits.attachments_max) {
            return Some(refusal(ErrorCode::InvalidField, Some("attachments")));
        }
        let caption_bytes = |file: &Attachment| file.caption.as_deref().map_or(0, str::len);
        if files
            .iter()
            .any(|file| many(caption_bytes(file), limits.caption_bytes_max))
        {
            return Some(refusal(ErrorCode::InvalidField, Some("caption")));
        }
        let too_large = files
            .iter()
            .any(|file| sealed::content_bytes(file) > limits.file_bytes_max);
        too_large.then(|| refusal(ErrorCode::TooLarge, Some("attachments")))
    }

    /// Files that a message is to have, each with a key of its own where it is to be sealed.
    pub(crate) fn new_files(&mut self, files: Vec<NewAttachment>, encrypted: bool) -> Vec<Attachment> {
        let mut made = Vec::with_capacity(files.len());
        for new in files {
            let seal = encrypted.then(|| {
                let mut key = [0; STREAM_KEY_BYTES];
                (self.config.random)(&mut key);
                Box::new(sealed::new_seal(&key, new.thumbnail))
            });
            made.push(Attachment {
                name: match seal {
                    Some(_) => pipit_model::file_name(&new.name, FILE_NAME_BYTES_MAX),
                    None => new.name,
                },
                media_type: new.media_type,
                size: new.size,
                width: new.width,
                height: new.height,
                preview: new.preview.filter(|_| encrypted),
                duration_ms: new.duration_ms,
                waveform: new.waveform,
                caption: new.caption.filter(|caption| !caption.is_empty()),
                seal,
                ..Attachment::of(new.blob)
            });
        }
        made
    }

    /// The files of a message that has just been put into the outbox.
    pub(crate) fn queue_uploads(
        &mut self,
        message: MessageId,
        conversation: ConversationId,
        files: Vec<Attachment>,
    ) -> Stored {
        for file in files {
            self.storage.save_upload(&UploadRecord {
                message,
                conversation,
                file,
                stage: UploadStage::Waiting,
                sent: None,
            })?;
        }
        self.uploads.nudged = true;
        Ok(())
    }

    pub(crate) fn uploads_due(&mut self) {
        let clock = self.clock;
        let before = self.uploads.put_off.len();
        self.uploads.put_off.retain(|_, until| !clock.is_due(*until));
        self.uploads.nudged |= self.uploads.put_off.len() != before;
    }

    pub(crate) fn pump_uploads(&mut self) -> Stored {
        self.take_refusals()?;
        if self.session.is_none() {
            return Ok(());
        }
        if !self.uploads.swept {
            self.uploads.swept = true;
            let wanted = self.storage.uploads()?;
            let wished = self.wished_files()?;
            let files = wanted.iter().map(|upload| upload.file.blob).chain(wished);
            self.out.push(Output::KeepFiles {
                blobs: files.collect(),
                younger_than_ms: STAGED_MS,
            });
        }
        if !self.connection.is_up() || !std::mem::take(&mut self.uploads.nudged) {
            return Ok(());
        }
        for upload in self.storage.uploads()? {
            if self.uploads.running.len() >= AT_ONCE {
                break;
            }
            let blob = upload.file.blob;
            let starts = upload.stage == UploadStage::Waiting
                && !self.uploads.running.contains_key(&blob)
                && !self.uploads.put_off.contains_key(&blob);
            if starts {
                self.begin(&upload);
            }
        }
        self.take_refusals()
    }

    /// Where the server has made room before, it says how much has come; else it is to make room. What is sealed has its digest taken first.
    fn begin(&mut self, upload: &UploadRecord) {
        let blob = upload.file.blob;
        if upload
            .file
            .seal
            .as_ref()
            .is_some_and(|seal| seal.digest.is_empty())
        {
            self.running(upload, Step::Hash);
            let size = sealed::content_bytes(&upload.file);
            self.out.push(Output::HashFile { blob, size });
            return;
        }
        match upload.sent {
            Some(_) => self.step(upload, Step::Ask, upload::ask(blob)),
            None => self.step(upload, Step::Open, upload::open(&upload.file)),
        }
    }

    /// The digest of a file that is to be sealed was taken.
    pub(crate) fn file_hashed(&mut self, blob: BlobId, digest: Option<String>) -> Stored {
        let Some(mut upload) = self.storage.upload(blob)? else {
            return Ok(());
        };
        let Some(digest) = digest else {
            self.uploads.refused(blob, local_error("file_gone", None));
            return self.take_refusals();
        };
        if let Some(seal) = upload.file.seal.as_mut().filter(|seal| seal.digest.is_empty()) {
            seal.digest = digest;
            self.storage.save_upload(&upload)?;
        }
        let is_running = |running: &Running| running.step == Step::Hash;
        if self.uploads.running.get(&blob).is_some_and(is_running) {
            self.uploads.running.remove(&blob);
            self.uploads.nudged = true;
        }
        Ok(())
    }

    fn step(&mut self, upload: &UploadRecord, step: Step, request: crate::http::Waiting) {
        self.running(upload, step);
        self.call(request);
    }

    fn running(&mut self, upload: &UploadRecord, step: Step) {
        let running = Running {
            conversation: upload.conversation,
            step,
            gone_out: 0,
        };
        self.uploads.running.insert(upload.file.blob, running);
        self.dirty.conversation(upload.conversation);
    }

    /// A step has been answered, and not by a refusal.
    pub(crate) fn upload_answered(&mut self, blob: BlobId, step: Step, answer: &HttpAnswer) -> Stored {
        let Some(mut upload) = self.storage.upload(blob)? else {
            return Ok(());
        };
        match (step, answer) {
            (Step::Open | Step::Ask | Step::Part { .. }, HttpAnswer::Received { offset }) => {
                if let Step::Part { length } = step {
                    self.uploads.failures.remove(&blob);
                    self.part_went_through(length);
                }
                upload.sent = Some(*offset);
                self.storage.save_upload(&upload)?;
                self.next_part(&upload, *offset)?;
            }
            (Step::Finish, answer) => match read::<FinishedUpload>(answer) {
                Ok(finished) => self.upload_done(upload, finished.attachment)?,
                Err(error) => self.uploads.refused(blob, error),
            },
            _ => self.uploads.refused(blob, local_error("bad_answer", None)),
        }
        Ok(())
    }

    fn next_part(&mut self, upload: &UploadRecord, offset: u64) -> Stored {
        let blob = upload.file.blob;
        let left = sealed::sent_bytes(&upload.file).saturating_sub(offset);
        if left == 0 {
            let keep_until = self.kept_until(upload.message)?;
            self.step(upload, Step::Finish, upload::finish(blob, keep_until));
            return Ok(());
        }
        let length = left.min(self.part_bytes());
        let part = FilePart {
            blob,
            offset,
            length,
            seal: sealed::part_seal(&upload.file),
        };
        self.step(upload, Step::Part { length }, upload::part(part));
        Ok(())
    }

    /// What is on the server of a message's files is to be kept for longer: they are finished anew, which says so.
    pub(crate) fn keep_longer(&mut self, message: MessageId) -> Stored {
        for mut upload in self.storage.uploads_of(message)? {
            if upload.stage == UploadStage::Done {
                upload.stage = UploadStage::Waiting;
                self.storage.save_upload(&upload)?;
                self.uploads.forget(upload.file.blob);
            }
        }
        Ok(())
    }

    fn part_bytes_max(&self) -> u64 {
        let limits = self
            .session
            .as_ref()
            .map(|session| session.limits.media.chunk_bytes);
        u64::from(limits.unwrap_or_default()).max(PART_BYTES_MIN)
    }

    pub(crate) fn part_bytes(&self) -> u64 {
        let most = self.part_bytes_max();
        self.uploads.part_bytes.unwrap_or(most).min(most)
    }

    fn part_went_through(&mut self, length: u64) {
        if length >= self.part_bytes() {
            self.uploads.part_bytes = Some(self.part_bytes_max().min(length.saturating_mul(2)));
        }
    }

    fn upload_done(&mut self, mut upload: UploadRecord, found: Attachment) -> Stored {
        // Of what is sealed the server knows nothing.
        if upload.file.seal.is_none() {
            let own = upload.file;
            upload.file = Attachment {
                duration_ms: own.duration_ms,
                waveform: own.waveform,
                caption: own.caption,
                ..found
            };
        }
        upload.stage = UploadStage::Done;
        upload.sent = Some(sealed::sent_bytes(&upload.file));
        self.storage.save_upload(&upload)?;
        self.uploads.forget(upload.file.blob);
        self.sending.nudge(upload.conversation);
        self.dirty.conversation(upload.conversation);
        Ok(())
    }

    fn take_refusals(&mut self) -> Stored {
        for (blob, error) in std::mem::take(&mut self.uploads.refused) {
            self.upload_refused(blob, &error)?;
        }
        Ok(())
    }

    fn upload_refused(&mut self, blob: BlobId, error: &CommandError) -> Stored {
        let Some(running) = self.uploads.running.remove(&blob) else {
            return Ok(());
        };
        self.uploads.nudged = true;
        let Some(mut upload) = self.storage.upload(blob)? else {
            return Ok(());
        };
        let unknown = error.code == "not_found" || (running.step == Step::Ask && error.code == "bad_answer");
        if unknown && upload.sent.take().is_some() {
            self.storage.save_upload(&upload)?;
        }
        if unknown && running.step == Step::Ask {
            // The answer to HEAD has no room for a reason. Making room says it, or makes room.
            self.begin(&upload);
            return Ok(());
        }
        let failures = self.uploads.failures.entry(blob).or_default();
        let doublings = (*failures).min(6);
        *failures = failures.saturating_add(1);
        let failures = *failures;
        if let Step::Part { length } = running.step {
            // A smaller part gets through a worse line, and through a proxy that does not let large ones pass.
            self.uploads.part_bytes = Some((length / 2).max(PART_BYTES_MIN));
        }
        // What the server has is not what this device thinks: that is asked for, and gone on from.
        let restarts = matches!(
            error.code.as_str(),
            "offset_conflict" | "checksum_mismatch" | "not_found"
        );
        let passing = error.retry != Retry::Never || error.code == "bad_answer";
        let again = if restarts {
            failures <= RESTARTS_MAX
        } else {
            passing
        };
        if again {
            let wait_ms = (RETRY_MS.0 << doublings).min(RETRY_MS.1);
            let wait_ms = error
                .retry_after_ms
                .map_or(wait_ms, |asked| wait_ms.max(i64::from(asked)));
            let until = self.clock.steady().plus_ms(wait_ms);
            self.uploads.put_off.insert(blob, until);
        } else {
            upload.stage = UploadStage::Failed {
                code: error.code.clone(),
            };
            self.storage.save_upload(&upload)?;
            self.uploads.failures.remove(&blob);
            self.sending_refused(upload.conversation, upload.message.into(), &error.code, None)?;
            // What was written after its message does not wait any more.
            self.sending.nudge(upload.conversation);
        }
        self.dirty.conversation(upload.conversation);
        Ok(())
    }

    pub(crate) fn http_progress(&mut self, id: HttpId, sent: u64) {
        let Some(blob) = self.calls.heard_of(id, self.clock.steady()) else {
            return;
        };
        if let Some(running) = self.uploads.running.get_mut(&blob)
            && let Step::Part { length } = running.step
        {
            running.gone_out = sent.min(length);
            self.dirty.conversation(running.conversation);
        }
    }

    /// Whether a message's files have come.
    pub(crate) fn files_of(&self, waiting: &OutboxRecord) -> Stored<Files> {
        let uploads = self.storage.uploads_of(waiting.id.into())?;
        let stopped =
            |upload: &UploadRecord| matches!(upload.stage, UploadStage::Paused | UploadStage::Failed { .. });
        if uploads.iter().all(|upload| upload.stage == UploadStage::Done) {
            let sent = uploads.into_iter().map(|upload| upload.file);
            return Ok(Files::Ready(
                known_files(waiting).iter().cloned().chain(sent).collect(),
            ));
        }
        Ok(if uploads.iter().any(stopped) {
            Files::Stopped
        } else {
            Files::Coming
        })
    }

    /// A message's files as a view shows them.
    pub(crate) fn waiting_files(&self, waiting: &OutboxRecord) -> Stored<Vec<AttachmentView>> {
        let uploads = self.storage.uploads_of(waiting.id.into())?;
        let uploads = uploads.into_iter().map(|upload| self.upload_view(upload));
        Ok(known_files(waiting).iter().map(arrived).chain(uploads).collect())
    }

    /// What is known of them.
    pub(crate) fn files_known_of(&self, waiting: &OutboxRecord) -> Stored<Vec<Attachment>> {
        let views = self.waiting_files(waiting)?;
        Ok(views.into_iter().map(|view| view.file).collect())
    }

    fn upload_view(&self, upload: UploadRecord) -> AttachmentView {
        let running = self.uploads.running.get(&upload.file.blob);
        let state = match upload.stage {
            UploadStage::Waiting => match running.map(|running| running.step) {
                None => UploadState::Waiting,
                Some(Step::Hash | Step::Open | Step::Ask | Step::Part { .. }) => UploadState::Sending,
                Some(Step::Finish) => UploadState::Processing,
            },
            UploadStage::Paused => UploadState::Paused,
            UploadStage::Failed { code } => UploadState::Failed { code },
            UploadStage::Done => UploadState::Done,
        };
        let gone_out = running.map_or(0, |running| running.gone_out);
        let size = sealed::sent_bytes(&upload.file);
        AttachmentView {
            upload: Some(UploadView {
                state,
                sent: upload.sent.unwrap_or(0).saturating_add(gone_out).min(size),
                size,
            }),
            file: upload.file,
        }
    }

    pub(crate) fn pause_upload(&mut self, blob: BlobId) -> Stored<Reply> {
        if let Some(mut upload) = self.storage.upload(blob)?
            && upload.stage == UploadStage::Waiting
        {
            self.abort_upload(blob);
            upload.stage = UploadStage::Paused;
            self.storage.save_upload(&upload)?;
            // What was written after its message does not wait any more.
            self.sending.nudge(upload.conversation);
            self.dirty.conversation(upload.conversation);
        }
        Ok(Reply::Done)
    }

    pub(crate) fn resume_upload(&mut self, blob: BlobId) -> Stored<Reply> {
        if let Some(mut upload) = self.storage.upload(blob)?
            && matches!(upload.stage, UploadStage::Paused | UploadStage::Failed { .. })
        {
            upload.stage = UploadStage::Waiting;
            self.storage.save_upload(&upload)?;
            self.uploads.forget(blob);
            self.requeue_unless_failed(upload.message)?;
            self.dirty.conversation(upload.conversation);
        }
        Ok(Reply::Done)
    }

    /// A message that was given up because of its files waits again, once none of them has failed.
    fn requeue_unless_failed(&mut self, message: MessageId) -> Stored {
        let failed = |upload: &UploadRecord| matches!(upload.stage, UploadStage::Failed { .. });
        if self.storage.uploads_of(message)?.iter().any(failed) {
            return Ok(());
        }
        let failed = self.storage.find_outbox(message.into())?;
        if let Some(mut waiting) =
            failed.filter(|waiting| matches!(waiting.state, OutboxState::Failed { .. }))
        {
            waiting.state = OutboxState::Queued;
            self.storage.save_outbox(&waiting)?;
            self.sending.nudge(waiting.conversation);
        }
        Ok(())
    }

    pub(crate) fn cancel_upload(&mut self, blob: BlobId) -> Stored<Reply> {
        let Some(upload) = self.storage.upload(blob)? else {
            return Ok(Reply::Done);
        };
        let Some(waiting) = self.storage.find_outbox(upload.message.into())? else {
            return Ok(Reply::Done);
        };
        if self.is_in_flight(&waiting) || matches!(waiting.state, OutboxState::Acknowledged { .. }) {
            let error = refusal(ErrorCode::OutOfOrder, None);
            return Ok(Reply::Failed { error });
        }
        let alone = self.storage.uploads_of(upload.message)?.len() == 1;
        let wordless = matches!(&waiting.body, OutboxBody::Message { text, .. } if text.trim().is_empty());
        if alone && wordless {
            return self.discard_message(upload.message);
        }
        self.give_up_upload(blob);
        self.storage.remove_upload(blob)?;
        self.sending.nudge(upload.conversation);
        self.requeue_unless_failed(upload.message)?;
        self.dirty.conversation(upload.conversation);
        Ok(Reply::Done)
    }

    /// A message that failed is to be tried again: so are those of its files that have failed, and, where the server has forgotten
    /// them meanwhile, all.
    pub(crate) fn retry_uploads(&mut self, message: MessageId, code: &str) -> Stored {
        let forgotten = code == "attachment_unusable";
        for mut upload in self.storage.uploads_of(message)? {
            let again = match upload.stage {
                UploadStage::Failed { .. } => true,
                UploadStage::Done => forgotten,
                UploadStage::Waiting | UploadStage::Paused => false,
            };
            if again {
                upload.stage = UploadStage::Waiting;
                if forgotten {
                    upload.sent = None;
                }
                self.storage.save_upload(&upload)?;
                self.uploads.forget(upload.file.blob);
            }
        }
        Ok(())
    }

    /// A message leaves the outbox because it is in the log: the bytes of its files are not needed any more.
    pub(crate) fn drop_files(&mut self, message: MessageId) -> Stored {
        for upload in self.storage.uploads_of(message)? {
            let blob = upload.file.blob;
            self.abort_upload(blob);
            self.out.push(Output::DropFile { blob });
        }
        Ok(())
    }

    /// A message is dropped: what the server has of its files is given up too.
    pub(crate) fn give_up_uploads(&mut self, message: MessageId) -> Stored {
        for upload in self.storage.uploads_of(message)? {
            self.give_up_upload(upload.file.blob);
        }
        Ok(())
    }

    /// A conversation is gone, with what waited in it.
    pub(crate) fn give_up_uploads_in(&mut self, conversation: ConversationId) -> Stored {
        for upload in self.storage.uploads()? {
            if upload.conversation == conversation {
                self.give_up_upload(upload.file.blob);
            }
        }
        Ok(())
    }

    fn give_up_upload(&mut self, blob: BlobId) {
        self.abort_upload(blob);
        self.out.push(Output::DropFile { blob });
        self.call(upload::give_up(blob));
    }

    fn abort_upload(&mut self, blob: BlobId) {
        self.uploads.forget(blob);
        let of_it = |call: &Call| matches!(call, Call::Upload { blob: of, .. } if *of == blob);
        for id in self.calls.forget(of_it) {
            self.out.push(Output::AbortHttp { id });
        }
    }

    /// Nothing is known of what was under way: it begins again from what is on disk.
    pub(crate) fn stop_uploads(&mut self) {
        for id in self.calls.forget(|call| matches!(call, Call::Upload { .. })) {
            self.out.push(Output::AbortHttp { id });
        }
        self.uploads = Uploads {
            nudged: true,
            ..Uploads::default()
        };
    }

    /// Nobody is signed in any more: no bytes stay.
    pub(crate) fn forget_files(&mut self) {
        self.stop_uploads();
        self.out.push(Output::KeepFiles {
            blobs: Vec::new(),
            younger_than_ms: 0,
        });
    }
}
