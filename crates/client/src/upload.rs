//! What the steps of sending a file look like on the wire: tus 1.0.0 (<https://tus.io/protocols/resumable-upload>).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_wire::media::Attachment;
use pipit_wire::{BlobId, Timestamp};

use crate::http::{Call, Waiting};
use crate::io::{FilePart, HttpMethod};
use crate::sealed;
use crate::uploads::Step;

fn header(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

fn tus() -> (String, String) {
    header("tus-resumable", "1.0.0")
}

/// Makes room for a file; where that was done before, the server says how much of it has come.
pub(crate) fn open(file: &Attachment) -> Waiting {
    let id = ("id", file.blob.to_string());
    let pairs = if file.seal.is_some() {
        // Nothing of what it is.
        vec![id, ("sealed", "1".to_owned())]
    } else {
        let name = ("filename", file.name.clone());
        vec![id, name, ("filetype", file.media_type.clone())]
    };
    let metadata: Vec<String> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| format!("{key} {}", STANDARD.encode(value)))
        .collect();
    request(HttpMethod::Post, "/v1/uploads".to_owned(), file.blob, Step::Open).headed(vec![
        tus(),
        header("upload-length", sealed::sent_bytes(file).to_string()),
        header("upload-metadata", metadata.join(",")),
    ])
}

/// Asks how much of a file has come.
pub(crate) fn ask(blob: BlobId) -> Waiting {
    request(HttpMethod::Head, path(blob), blob, Step::Ask).headed(vec![tus()])
}

/// Sends a part.
pub(crate) fn part(part: FilePart) -> Waiting {
    let step = Step::Part { length: part.length };
    request(HttpMethod::Patch, path(part.blob), part.blob, step)
        .headed(vec![
            tus(),
            header("content-type", "application/offset+octet-stream"),
            header("upload-offset", part.offset.to_string()),
        ])
        .carrying(part)
}

/// Has the server look at what has come, and keep it until this time without a message.
pub(crate) fn finish(blob: BlobId, keep_until: Option<Timestamp>) -> Waiting {
    let keeping = keep_until.map_or_else(String::new, |until| format!("?keep_until={}", until.as_ms()));
    let path = format!("{}/finish{keeping}", path(blob));
    request(HttpMethod::Post, path, blob, Step::Finish)
}

/// Gives a file up; nobody waits for the answer, because the server forgets it anyway after a day.
pub(crate) fn give_up(blob: BlobId) -> Waiting {
    Waiting::authorized(Call::Farewell, HttpMethod::Delete, path(blob)).headed(vec![tus()])
}

fn request(method: HttpMethod, path: String, blob: BlobId, step: Step) -> Waiting {
    Waiting::authorized(Call::Upload { blob, step }, method, path)
}

fn path(blob: BlobId) -> String {
    format!("/v1/uploads/{blob}")
}
