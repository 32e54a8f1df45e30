//! What a file is, by its content. What its sender says counts only where the content leaves it open.

/// What cannot be told.
pub(super) const UNKNOWN: &str = "application/octet-stream";
/// How much of a file's beginning is looked at.
pub(super) const HEAD_BYTES: u64 = 8 * 1_024;

/// Containers that hold sound as well as pictures: which of the two is the sender's word.
const CONTAINERS: &[(&str, &str)] = &[
    ("video/webm", "audio/webm"),
    ("video/mp4", "audio/mp4"),
    ("audio/ogg", "video/ogg"),
];

/// What may be shown by a browser in place: it draws or plays these, and runs nothing of them.
const SHOWN: &[&str] = &[
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "video/mp4",
    "video/webm",
    "video/ogg",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "audio/webm",
    "audio/x-wav",
    "audio/x-flac",
    "audio/aac",
];

/// What the content is.
pub(super) fn sniff(head: &[u8], claimed: &str) -> String {
    let claimed = claimed
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let found = infer::get(head).map_or(UNKNOWN, |kind| kind.mime_type());
    if CONTAINERS.contains(&(found, claimed.as_str())) {
        return claimed;
    }
    // Anything that begins like a page or a script is text, whatever it would be taken for elsewhere.
    let is_markup = matches!(found, "text/html" | "text/xml" | "text/x-shellscript");
    if is_markup || (found == UNKNOWN && is_text(head)) {
        return "text/plain".to_owned();
    }
    found.to_owned()
}

/// Whether a browser may show it in place.
pub(super) fn is_shown(media_type: &str) -> bool {
    SHOWN.contains(&media_type)
}

fn is_text(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The last letter may have been cut in two.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(head.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !valid.is_empty()
        && !valid
            .chars()
            .any(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t' | '\u{c}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_says_what_it_is() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";
        let mut webm =
            b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm".to_vec();
        webm.resize(300, 0);
        let webm = webm.as_slice();
        for (head, claimed, expect) in [
            (&png[..], "image/png", "image/png"),
            (png, "text/html", "image/png"),
            (webm, "video/webm", "video/webm"),
            (webm, "audio/webm;codecs=opus", "audio/webm"),
            (webm, "audio/mpeg", "video/webm"),
            (
                b"<!DOCTYPE html><script>alert(1)</script>",
                "image/png",
                "text/plain",
            ),
            (
                b"<svg xmlns='http://www.w3.org/2000/svg'/>",
                "image/svg+xml",
                "text/plain",
            ),
            (b"<?xml version='1.0'?><svg/>", "image/svg+xml", "text/plain"),
            (b"#!/bin/sh\nrm -rf /", "", "text/plain"),
            ("Grüße".as_bytes(), "", "text/plain"),
            (b"Gr\xc3", "text/plain", "text/plain"),
            (b"\0\x01\x02", "image/jpeg", UNKNOWN),
            (b"", "image/jpeg", UNKNOWN),
            (b"PK\x03\x04\0\0\0\0", "application/zip", "application/zip"),
            (b"%PDF-1.7 <script>", "text/html", "application/pdf"),
        ] {
            assert_eq!(sniff(head, claimed), expect, "{claimed}");
        }
    }

    #[test]
    fn nothing_that_runs_is_shown() {
        for media_type in [
            "text/html",
            "image/svg+xml",
            "text/xml",
            "application/pdf",
            "text/plain",
            UNKNOWN,
        ] {
            assert!(!is_shown(media_type), "{media_type}");
        }
    }
}
