//! Files on their way: the queue, breaks at each point, refusals, and what the person does with them.

use pipit_client::command::{Command, NewAttachment, Reply};
use pipit_client::io::{FilePart, HttpAnswer, HttpMethod, HttpRequest, Input};
use pipit_client::view::{AttachmentView, DeliveryState, ItemBody, UploadState, UploadView};
use pipit_wire::frame::client::SendMessage;
use pipit_wire::frame::server::ConversationGone;
use pipit_wire::media::Attachment;
use pipit_wire::rest::FinishedUpload;
use pipit_wire::{BlobId, Content, ErrorCode, ServerFrame, WireError};
use uuid::Uuid;

use crate::support::*;

const MIB: u64 = 1024 * 1024;

pub(crate) fn blob(number: u128) -> BlobId {
    Uuid::from_u128(0xb1_0000 + number).into()
}

pub(crate) fn file(number: u128, size: u64) -> NewAttachment {
    NewAttachment {
        blob: blob(number),
        name: format!("photo {number}.jpg"),
        media_type: "image/jpeg".to_owned(),
        size,
        width: None,
        height: None,
        duration_ms: None,
        waveform: None,
        caption: None,
        preview: None,
        thumbnail: None,
    }
}

/// What the server finds a file to be.
pub(crate) fn found(number: u128, size: u64) -> Attachment {
    Attachment {
        name: format!("photo {number}.jpg"),
        media_type: "image/png".to_owned(),
        size,
        width: Some(4),
        height: Some(3),
        ..Attachment::of(blob(number))
    }
}

/// What the server of these scenes takes: uploads, at its offsets, as tus says.
pub(crate) trait Uploading {
    fn attach(&mut self, id: u128, text: &str, files: Vec<NewAttachment>) -> Reply;
    fn uploads(&self) -> Vec<UploadView>;
    fn states(&self) -> Vec<UploadState>;
    fn answer_upload(&mut self, answer: HttpAnswer) -> HttpRequest;
    fn received(&mut self, offset: u64) -> HttpRequest;
    fn refused(&mut self, error: WireError) -> HttpRequest;
    fn finished(&mut self, number: u128, size: u64) -> HttpRequest;
    fn upload_whole(&mut self, number: u128, size: u64);
}

impl Uploading for Device {
    fn attach(&mut self, id: u128, text: &str, files: Vec<NewAttachment>) -> Reply {
        let reply = self.tell(Command::SendMessage {
            message: message(id),
            conversation: conversation(1),
            text: text.to_owned(),
            reply_to: None,
            attachments: files,
            preview: None,
        });
        self.calls.retain(|call| call.path.starts_with("/v1/uploads"));
        reply
    }

    fn uploads(&self) -> Vec<UploadView> {
        let views = self.screen.items.iter().flat_map(|item| match &item.body {
            ItemBody::Message { attachments, .. } => attachments.clone(),
            _ => Vec::new(),
        });
        views.filter_map(|AttachmentView { upload, .. }| upload).collect()
    }

    fn states(&self) -> Vec<UploadState> {
        self.uploads().into_iter().map(|upload| upload.state).collect()
    }

    /// Answers the oldest request that is about a file. Whatever else is asked for stays open.
    fn answer_upload(&mut self, answer: HttpAnswer) -> HttpRequest {
        self.calls.retain(|call| call.path.starts_with("/v1/uploads"));
        let request = self.calls.pop_front().expect("no request");
        self.input(Input::HttpDone {
            id: request.id,
            answer,
        });
        self.calls.retain(|call| call.path.starts_with("/v1/uploads"));
        request
    }

    fn received(&mut self, offset: u64) -> HttpRequest {
        self.answer_upload(HttpAnswer::Received { offset })
    }

    fn refused(&mut self, error: WireError) -> HttpRequest {
        self.answer_upload(HttpAnswer::Answered {
            status: error.code.http_status(),
            body: serde_json::to_string(&error).unwrap(),
        })
    }

    fn finished(&mut self, number: u128, size: u64) -> HttpRequest {
        let attachment = found(number, size);
        self.answer_upload(HttpAnswer::Answered {
            status: 200,
            body: serde_json::to_string(&FinishedUpload { attachment }).unwrap(),
        })
    }

    /// All steps of a file that is one part.
    fn upload_whole(&mut self, number: u128, size: u64) {
        self.received(0);
        self.received(size);
        self.finished(number, size);
    }
}

/// A device of Bob's with the conversation open, and nothing but uploads over HTTP.
pub(crate) fn bob() -> Device {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.calls.clear();
    bob.open(1);
    bob.sent();
    bob
}

pub(crate) fn attachments(sent: &SendMessage) -> &[Attachment] {
    match &sent.message.content {
        Content::Plain { attachments, .. } => attachments,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn header<'a>(request: &'a HttpRequest, name: &str) -> &'a str {
    let found = request.headers.iter().find(|(header, _)| header == name);
    &found.unwrap_or_else(|| panic!("no {name} in {request:?}")).1
}

fn part(number: u128, offset: u64, length: u64) -> FilePart {
    FilePart {
        blob: blob(number),
        offset,
        length,
        seal: None,
    }
}

fn failed_with(code: &str) -> Vec<UploadState> {
    vec![UploadState::Failed {
        code: code.to_owned(),
    }]
}

#[test]
fn a_file_goes_in_parts_and_then_its_message() {
    let mut bob = bob();
    let size = 5 * MIB;
    let mut photo = file(1, size);
    photo.caption = Some("the lake".to_owned());
    assert_eq!(bob.attach(1, "look", vec![photo]), Reply::Done);
    assert_eq!(bob.screen.texts(), ["look [Queued]"]);

    let open = bob.received(0);
    assert_eq!(
        (open.method, open.path.as_str()),
        (HttpMethod::Post, "/v1/uploads")
    );
    assert_eq!(header(&open, "tus-resumable"), "1.0.0");
    assert_eq!(header(&open, "upload-length"), size.to_string());
    let id = "id MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwYjEwMDAx";
    let metadata = format!("{id},filename cGhvdG8gMS5qcGc=,filetype aW1hZ2UvanBlZw==");
    assert_eq!(header(&open, "upload-metadata"), metadata);
    assert_eq!(open.bearer.as_deref(), Some("access-1"));

    let id = bob.calls[0].id;
    bob.input(Input::HttpProgress { id, sent: MIB });
    let sending = |sent| UploadView {
        state: UploadState::Sending,
        sent,
        size,
    };
    assert_eq!(bob.uploads(), [sending(MIB)]);
    let first = bob.received(4 * MIB);
    assert_eq!(first.method, HttpMethod::Patch);
    assert_eq!(first.path, format!("/v1/uploads/{}", blob(1)));
    assert_eq!(first.file, Some(part(1, 0, 4 * MIB)));
    assert_eq!(header(&first, "upload-offset"), "0");
    assert_eq!(header(&first, "content-type"), "application/offset+octet-stream");
    assert_eq!(bob.uploads(), [sending(4 * MIB)]);
    assert_eq!(bob.received(size).file, Some(part(1, 4 * MIB, MIB)));
    assert_eq!(bob.states(), [UploadState::Processing]);
    assert!(bob.sent_messages().is_empty());

    let finish = bob.finished(1, size);
    assert_eq!(finish.path, format!("/v1/uploads/{}/finish", blob(1)));
    let [sent] = &bob.sent_messages()[..] else {
        panic!("not sent")
    };
    let expected = Attachment {
        caption: Some("the lake".to_owned()),
        ..found(1, size)
    };
    assert_eq!(attachments(sent), std::slice::from_ref(&expected));
    assert!(bob.dropped_files.is_empty(), "it is not in the log yet");

    bob.receive(&ack(sent, 1));
    assert_eq!(bob.dropped_files, [blob(1)]);
    assert_eq!(bob.uploads(), [], "it has arrived");
    let ItemBody::Message { attachments, .. } = &bob.screen.items[0].body else {
        panic!("not a message")
    };
    assert_eq!(attachments[0].file, expected);
}

#[test]
fn a_few_files_go_at_a_time_and_what_is_written_later_waits_for_them() {
    let mut bob = bob();
    let files = (1..=5).map(|number| file(number, 10)).collect();
    bob.attach(1, "", files);
    bob.write(2, 1, "later");
    assert_eq!(bob.calls.len(), 3);
    for number in 1..=3 {
        // Steps of three files take turns.
        let open = bob.received(0);
        assert!(header(&open, "upload-metadata").contains("filename"), "{number}");
    }
    for _ in 1..=3 {
        bob.received(10);
    }
    for number in 1..=3 {
        bob.finished(number, 10);
    }
    assert!(bob.sent_messages().is_empty(), "two files are missing");
    bob.received(0);
    bob.received(0);
    bob.received(10);
    bob.received(10);
    bob.finished(4, 10);
    bob.finished(5, 10);
    let sent = bob.sent_messages();
    assert_eq!(sent.len(), 1);
    assert_eq!(attachments(&sent[0]).len(), 5);
    let order: Vec<BlobId> = attachments(&sent[0]).iter().map(|file| file.blob).collect();
    assert_eq!(order, (1..=5).map(blob).collect::<Vec<_>>());
    bob.receive(&ack(&sent[0], 1));
    assert_eq!(bob.sent_messages().len(), 1, "now the later one");
}

#[test]
fn a_crash_at_any_point_sends_each_file_and_the_message_once() {
    // So many steps are answered before the program ends; then the server has so many bytes.
    for (steps, has) in [(0, 0), (1, 0), (2, 4 * MIB), (3, 6 * MIB), (4, 6 * MIB)] {
        let mut bob = bob();
        let size = 6 * MIB;
        bob.attach(1, "look", vec![file(1, size)]);
        for step in 0..steps {
            match step {
                0 => drop(bob.received(0)),
                1 => drop(bob.received(4 * MIB)),
                2 => drop(bob.received(size)),
                _ => drop(bob.finished(1, size)),
            }
        }
        let mut bob = bob.crash();
        assert!(bob.calls.is_empty(), "there is no line yet");
        bob.go_online(vec![direct(1, 0)]);
        assert_eq!(bob.kept_files, Some(vec![blob(1)]));
        bob.calls.retain(|call| call.path.contains("uploads"));
        if steps < 4 {
            let first = bob.received(has);
            let expected = match steps {
                0 => (HttpMethod::Post, "/v1/uploads".to_owned()),
                _ => (HttpMethod::Head, format!("/v1/uploads/{}", blob(1))),
            };
            assert_eq!((first.method, first.path), expected, "after {steps} steps");
            if has < size {
                let next = bob.received(size);
                let from = next.file.unwrap().offset;
                assert_eq!(from, has, "after {steps} steps");
                if from == 0 {
                    bob.calls.clear();
                    continue;
                }
            }
            bob.finished(1, size);
        }
        assert!(bob.calls.is_empty());
        assert_eq!(bob.sent_messages().len(), 1, "after {steps} steps");
    }
}

#[test]
fn a_broken_line_makes_parts_smaller_and_goes_on_from_what_the_server_has() {
    let mut bob = bob();
    bob.attach(1, "", vec![file(1, 8 * MIB)]);
    bob.received(0);
    assert_eq!(
        bob.answer_upload(HttpAnswer::Unreachable).file,
        Some(part(1, 0, 4 * MIB))
    );
    assert_eq!(bob.states(), [UploadState::Waiting]);
    assert!(bob.calls.is_empty());
    bob.pass(1_000);
    assert_eq!(bob.received(MIB).method, HttpMethod::Head);
    assert_eq!(bob.received(3 * MIB).file, Some(part(1, MIB, 2 * MIB)));
    assert_eq!(
        bob.calls[0].file,
        Some(part(1, 3 * MIB, 4 * MIB)),
        "it is a good line again"
    );
}

#[test]
fn a_part_of_which_nothing_is_heard_is_given_up() {
    let mut bob = bob();
    bob.attach(1, "", vec![file(1, MIB)]);
    bob.received(0);
    let id = bob.calls[0].id;
    bob.pass(25_000);
    bob.input(Input::HttpProgress { id, sent: 1_000 });
    bob.pass(25_000);
    assert_eq!(bob.calls.len(), 1, "it was heard of in between");
    bob.pass(5_000);
    assert!(!bob.calls.iter().any(|call| call.id == id), "given up");
    // Nothing was heard on the line either: it is made anew.
    bob.go_online(vec![direct(1, 0)]);
    assert_eq!(bob.received(500).method, HttpMethod::Head, "asked for");
    assert_eq!(bob.calls[0].file, Some(part(1, 500, MIB / 2)));
}

#[test]
fn what_the_server_has_is_its_word_and_not_ours() {
    for error in [
        WireError::new(ErrorCode::OffsetConflict, "other bytes"),
        WireError::new(ErrorCode::ChecksumMismatch, "broken on the way"),
        WireError::new(ErrorCode::NotFound, "expired"),
    ] {
        let mut bob = bob();
        bob.attach(1, "", vec![file(1, 100)]);
        bob.received(0);
        bob.refused(error);
        bob.pass(1_000);
        bob.received(40);
        assert_eq!(bob.received(100).file, Some(part(1, 40, 60)));
        bob.finished(1, 100);
        assert_eq!(bob.sent_messages().len(), 1);
    }
}

#[test]
fn a_server_that_does_not_say_how_much_it_has_is_asked_to_make_room() {
    let mut bob = bob();
    bob.attach(1, "", vec![file(1, 100)]);
    bob.received(0);
    bob.answer_upload(HttpAnswer::Unreachable);
    bob.pass(1_000);
    // An answer to HEAD has no body: the server may have forgotten it, or this device may have to sign in again.
    let asked = bob.answer_upload(HttpAnswer::Answered {
        status: 404,
        body: String::new(),
    });
    assert_eq!(asked.method, HttpMethod::Head);
    assert_eq!(bob.received(0).method, HttpMethod::Post, "at once");
    assert_eq!(bob.received(100).file, Some(part(1, 0, 100)));
    bob.finished(1, 100);
    assert_eq!(bob.sent_messages().len(), 1);
}

#[test]
fn a_server_that_never_agrees_is_not_asked_for_ever() {
    let mut bob = bob();
    bob.attach(1, "", vec![file(1, 100)]);
    for _ in 0..9 {
        bob.received(0);
        bob.refused(WireError::new(ErrorCode::ChecksumMismatch, "again"));
        bob.cut();
        bob.go_online(vec![direct(1, 0)]);
    }
    assert_eq!(bob.states(), failed_with("checksum_mismatch"));
    assert!(bob.calls.iter().all(|call| !call.path.starts_with("/v1/uploads")));
}

#[test]
fn a_refusal_for_now_is_waited_out() {
    let mut bob = bob();
    bob.attach(1, "", vec![file(1, 100)]);
    bob.refused(WireError::new(ErrorCode::TooManyUploads, "wait").after_ms(5_000));
    assert_eq!(bob.states(), [UploadState::Waiting]);
    bob.pass(4_999);
    assert!(bob.calls.is_empty());
    bob.pass(1);
    bob.upload_whole(1, 100);
    assert_eq!(bob.sent_messages().len(), 1);
}

#[test]
fn a_file_that_is_refused_fails_its_message_and_holds_nothing_up() {
    let mut bob = bob();
    bob.attach(1, "look", vec![file(1, 100)]);
    bob.write(2, 1, "later");
    bob.refused(WireError::new(ErrorCode::QuotaExceeded, "full"));
    assert_eq!(bob.states(), failed_with("quota_exceeded"));
    let failed = DeliveryState::Failed {
        code: "quota_exceeded".to_owned(),
    };
    assert_eq!(bob.screen.items[0].delivery, Some(failed));
    assert_eq!(bob.sent_messages().len(), 1, "the later one goes");

    bob.tell(Command::RetryMessage { message: message(1) });
    assert_eq!(bob.states(), [UploadState::Sending]);
    assert_eq!(bob.screen.items[0].delivery, Some(DeliveryState::Queued));
}

#[test]
fn bytes_that_are_gone_fail_the_file_and_it_can_be_taken_out() {
    let mut bob = bob();
    bob.attach(1, "look", vec![file(1, 100), file(2, 100)]);
    bob.received(0);
    bob.received(0);
    bob.answer_upload(HttpAnswer::FileGone);
    assert_eq!(bob.states()[0], failed_with("file_gone")[0]);
    bob.received(100);
    bob.finished(2, 100);
    assert!(bob.sent_messages().is_empty());

    bob.tell(Command::CancelUpload { blob: blob(1) });
    let sent = bob.sent_messages();
    assert_eq!(attachments(&sent[0]), [found(2, 100)]);
    assert_eq!(bob.dropped_files, [blob(1)]);
    let given_up = bob.calls.pop_back().unwrap();
    assert_eq!(given_up.method, HttpMethod::Delete);
    assert_eq!(given_up.path, format!("/v1/uploads/{}", blob(1)));
}

#[test]
fn a_paused_file_stops_lets_others_pass_and_goes_on() {
    let mut bob = bob();
    bob.attach(1, "look", vec![file(1, 100)]);
    bob.write(2, 1, "later");
    bob.received(0);
    bob.tell(Command::PauseUpload { blob: blob(1) });
    assert!(bob.calls.is_empty(), "the part under way is given up");
    assert_eq!(bob.states(), [UploadState::Paused]);
    let later = bob.sent_messages();
    assert_eq!(later.len(), 1);
    bob.receive(&ack(&later[0], 1));

    let mut bob = bob.crash();
    bob.go_online(vec![direct(1, 1)]);
    bob.open(1);
    bob.calls.clear();
    assert_eq!(bob.states(), [UploadState::Paused], "also after a crash");
    bob.tell(Command::ResumeUpload { blob: blob(1) });
    bob.received(30);
    assert_eq!(bob.received(100).file, Some(part(1, 30, 70)));
    bob.finished(1, 100);
    assert_eq!(bob.sent_messages().len(), 1);
}

#[test]
fn a_message_of_one_file_without_words_goes_with_it() {
    let mut bob = bob();
    bob.attach(1, "", vec![file(1, 100)]);
    bob.tell(Command::CancelUpload { blob: blob(1) });
    assert!(bob.screen.items.is_empty());
    assert_eq!(bob.dropped_files, [blob(1)]);
    bob.attach(2, "words", vec![file(2, 100)]);
    bob.tell(Command::CancelUpload { blob: blob(2) });
    assert_eq!(bob.screen.texts(), ["words [Queued]"]);
    assert_eq!(bob.sent_messages().len(), 1, "what is left goes out");
}

#[test]
fn a_message_that_is_dropped_drops_its_files() {
    let mut bob = bob();
    bob.attach(1, "look", vec![file(1, 100), file(2, 100)]);
    bob.received(0);
    bob.tell(Command::DiscardMessage { message: message(1) });
    assert_eq!(bob.dropped_files, [blob(1), blob(2)]);
    let deleted = bob.calls.iter().filter(|call| call.method == HttpMethod::Delete);
    assert_eq!(deleted.count(), 2);
    assert!(bob.calls.iter().all(|call| call.file.is_none()));
}

#[test]
fn files_that_the_server_has_forgotten_are_sent_again_with_their_message() {
    let mut bob = bob();
    bob.attach(1, "look", vec![file(1, 100)]);
    bob.upload_whole(1, 100);
    let sent = bob.sent_messages().remove(0);
    let error = WireError::new(ErrorCode::AttachmentUnusable, "too old").answering(Some(sent.id));
    bob.receive(&ServerFrame::Error(error));
    bob.tell(Command::RetryMessage { message: message(1) });
    bob.upload_whole(1, 100);
    assert_eq!(bob.sent_messages().len(), 1);
}

#[test]
fn what_is_beyond_the_limits_is_not_queued() {
    let mut bob = bob();
    let code = |reply| match reply {
        Reply::Failed { error } => error.code,
        other => panic!("{other:?}"),
    };
    assert_eq!(code(bob.attach(1, "", vec![file(1, 101 * MIB)])), "too_large");
    let many = (1..=21).map(|number| file(number, 1)).collect();
    assert_eq!(code(bob.attach(1, "", many)), "invalid_field");
    let mut wordy = file(1, 1);
    wordy.caption = Some("x".repeat(1_025));
    assert_eq!(code(bob.attach(1, "", vec![wordy])), "invalid_field");
    assert_eq!(bob.attach(1, "", vec![file(1, 1)]), Reply::Done);
    assert_eq!(bob.attach(1, "", vec![file(1, 1)]), Reply::Done, "the same again");
    assert_eq!(code(bob.attach(2, "", vec![file(1, 1)])), "id_conflict");
}

#[test]
fn who_signs_out_leaves_no_files() {
    let mut bob = bob();
    bob.attach(1, "look", vec![file(1, 100)]);
    bob.received(0);
    bob.tell(Command::SignOut);
    assert_eq!(bob.kept_files, Some(Vec::new()));
    assert!(
        bob.calls.iter().all(|call| call.file.is_none()),
        "nothing goes out any more"
    );
}

#[test]
fn files_of_a_conversation_that_is_gone_are_dropped() {
    let mut bob = Device::online(vec![group(1, 5, &[ALICE, BOB])]);
    bob.attach(1, "look", vec![file(1, 100)]);
    bob.receive(&ServerFrame::ConversationGone(ConversationGone {
        conversation: conversation(1),
        removed: false,
    }));
    assert_eq!(bob.dropped_files, [blob(1)]);
}
