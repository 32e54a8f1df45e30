//! What JavaScript gives and gets, checked.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_e2ee::file::{FileDigest, FileOpener, FileSealer};
use pipit_e2ee::stream::StreamKey;

/// The greatest whole number that a number of JavaScript tells from its neighbours.
const EXACT_MAX: f64 = 9_007_199_254_740_991.0;

/// Why a call failed. The message begins with a code.
#[derive(Debug, thiserror::Error)]
pub enum FaceError {
    /// Not a number of bytes, or not a key: a fault of the program.
    #[error("malformed: not what belongs here")]
    Malformed,
    /// These are not the bytes that were sealed.
    #[error("changed: these are not the bytes that were sealed")]
    Changed,
}

/// A number of bytes, as JavaScript has it.
pub fn bytes(number: f64) -> Result<u64, FaceError> {
    let is_whole = (0.0..=EXACT_MAX).contains(&number) && number.fract() == 0.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it was looked at: whole, not negative, and not too large"
    )]
    is_whole.then_some(number as u64).ok_or(FaceError::Malformed)
}

/// From one to before the other.
pub fn range(start: f64, end: f64) -> Result<Range<u64>, FaceError> {
    let range = bytes(start)?..bytes(end)?;
    if range.start <= range.end {
        Ok(range)
    } else {
        Err(FaceError::Malformed)
    }
}

/// A number of bytes, for JavaScript.
#[expect(clippy::cast_precision_loss, reason = "no file is that long")]
pub fn number(bytes: u64) -> f64 {
    bytes as f64
}

fn key(text: &str) -> Result<StreamKey, FaceError> {
    let bytes = STANDARD.decode(text).map_err(|_| FaceError::Malformed)?;
    StreamKey::from_bytes(&bytes).map_err(|_| FaceError::Malformed)
}

/// Seals parts of the file with this key, in base64, whose content has so many bytes.
pub fn sealer(text: &str, content: f64) -> Result<FileSealer, FaceError> {
    FileSealer::new(key(text)?, bytes(content)?).map_err(|_| FaceError::Malformed)
}

/// Opens parts of the file with this key, in base64, whose content has so many bytes.
pub fn opener(text: &str, content: f64) -> Result<FileOpener, FaceError> {
    FileOpener::new(&key(text)?, bytes(content)?).map_err(|_| FaceError::Malformed)
}

/// The digest of what was taken in, in base64.
pub fn digest(taken: FileDigest) -> String {
    STANDARD.encode(taken.finish())
}

#[cfg(test)]
mod tests {
    use super::{bytes, opener, range, sealer};

    const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn numbers_that_are_none_are_refused() {
        for (number, expect) in [
            (0.0, Some(0)),
            (9_007_199_254_740_991.0, Some(9_007_199_254_740_991)),
            (9_007_199_254_740_992.0, None),
            (-1.0, None),
            (0.5, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
        ] {
            assert_eq!(bytes(number).ok(), expect, "{number}");
        }
        assert!(range(2.0, 1.0).is_err());
        assert_eq!(range(1.0, 1.0).unwrap(), 1..1);
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        for text in ["", "AAAA", "not base64", &KEY[4..]] {
            assert!(sealer(text, 1.0).is_err(), "{text}");
            assert!(opener(text, 1.0).is_err(), "{text}");
        }
        let sealed = sealer(KEY, 3.0).unwrap();
        let bytes = sealed.seal(&(0..sealed.sealed_bytes()), b"abc").unwrap();
        assert_eq!(opener(KEY, 3.0).unwrap().open(0, &bytes).unwrap(), b"abc");
    }
}
