//! How values are stored: one byte that names the format, then the value.
//!
//! Postcard, because keys and trees are mostly bytes, which JSON makes four times as long. OpenMLS's settings of a group can only be read from a
//! format that describes itself (they accept what an earlier version wrote), so those few bytes are JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

const POSTCARD: u8 = 1;
const JSON: u8 = 2;

/// What is stored cannot be read, or something cannot be stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodecError {
    #[error("a stored value is in no format that this program knows")]
    UnknownFormat,
    #[error("a stored value is damaged")]
    Damaged,
    #[error("a value cannot be stored")]
    Unstorable,
}

/// A value as it is stored.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Zeroizing<Vec<u8>>, CodecError> {
    let bytes = postcard::to_extend(value, vec![POSTCARD]).map_err(|_| CodecError::Unstorable)?;
    Ok(Zeroizing::new(bytes))
}

/// The same, in the format that describes itself.
pub(crate) fn encode_described<T: Serialize + ?Sized>(value: &T) -> Result<Zeroizing<Vec<u8>>, CodecError> {
    let mut bytes = vec![JSON];
    serde_json::to_writer(&mut bytes, value).map_err(|_| CodecError::Unstorable)?;
    Ok(Zeroizing::new(bytes))
}

/// Reads a value in either format.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    match bytes.split_first() {
        Some((&POSTCARD, rest)) => match postcard::take_from_bytes(rest) {
            Ok((value, [])) => Ok(value),
            _ => Err(CodecError::Damaged),
        },
        Some((&JSON, rest)) => serde_json::from_slice(rest).map_err(|_| CodecError::Damaged),
        _ => Err(CodecError::UnknownFormat),
    }
}

#[cfg(test)]
mod tests {
    use super::{CodecError, decode, encode, encode_described};

    #[test]
    fn both_formats_are_read_and_others_are_refused() {
        let value = (7_u32, vec![1_u8, 255]);
        assert_eq!(decode::<(u32, Vec<u8>)>(&encode(&value).unwrap()).unwrap(), value);
        assert_eq!(
            decode::<(u32, Vec<u8>)>(&encode_described(&value).unwrap()).unwrap(),
            value
        );
        assert_eq!(encode(&value).unwrap().as_slice(), [1, 7, 2, 1, 255]);
        assert!(matches!(decode::<u32>(&[9, 1]), Err(CodecError::UnknownFormat)));
        assert!(matches!(decode::<u32>(&[]), Err(CodecError::UnknownFormat)));
        assert!(matches!(decode::<u32>(&[1]), Err(CodecError::Damaged)));
        assert!(
            matches!(decode::<u32>(&[1, 7, 7]), Err(CodecError::Damaged)),
            "bytes are left over"
        );
    }
}
