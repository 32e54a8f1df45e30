//! Lengths of messages, hidden in buckets.
//!
//! Up to 256 bytes all are alike: most of what people write is. Above, the length is rounded as PADMÉ does (Nikitin et al., "Reducing Metadata Leakage from
//! Encrypted Files and Communication with PURBs", 2019, section 4): at most 7 % more from here on, and what is told of a length `n` is `log log n` bits.
//! OpenMLS's own padding only knows multiples of one number.

use crate::error::Error;

/// The smallest bucket, in bytes: what a message with a hundred letters, its ids and its envelope fits into.
pub const SMALLEST: usize = 256;
/// How many bytes tell the length of the content.
const PREFIX: usize = 4;

/// How many bytes something of so many has when it is padded: what is sealed beside messages (files) is filled up with zeros to that, and says elsewhere where it
/// ends.
pub fn rounded(bytes: u64) -> u64 {
    if bytes <= SMALLEST as u64 {
        return SMALLEST as u64;
    }
    let exponent = bytes.ilog2();
    let significant = exponent.ilog2() + 1;
    let mask = (1_u64 << (exponent - significant)) - 1;
    bytes.saturating_add(mask) & !mask
}

/// How many bytes the bucket of a content has.
pub(crate) fn bucket(content: usize) -> usize {
    let length = content.saturating_add(PREFIX);
    usize::try_from(rounded(length as u64)).unwrap_or(usize::MAX)
}

/// The content with its length before it and zeros after it.
pub(crate) fn pad(content: &[u8]) -> Result<Vec<u8>, Error> {
    let length = u32::try_from(content.len()).map_err(|_| Error::Malformed)?;
    let mut padded = Vec::with_capacity(bucket(content.len()));
    padded.extend(length.to_be_bytes());
    padded.extend(content);
    padded.resize(bucket(content.len()), 0);
    Ok(padded)
}

/// The content of what [`pad`] made. Another bucket, or something in the padding, is refused: nothing is hidden there.
pub(crate) fn unpad(padded: &[u8]) -> Result<Vec<u8>, Error> {
    let (length, rest) = padded.split_first_chunk::<PREFIX>().ok_or(Error::Malformed)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Error::Malformed)?;
    let (content, zeros) = rest.split_at_checked(length).ok_or(Error::Malformed)?;
    if padded.len() != bucket(length) || zeros.iter().any(|byte| *byte != 0) {
        return Err(Error::Malformed);
    }
    Ok(content.to_vec())
}

#[cfg(test)]
mod tests {
    use super::{SMALLEST, bucket, pad, rounded, unpad};
    use proptest::prelude::*;

    #[test]
    fn small_messages_are_alike_and_large_ones_grow_little() {
        assert_eq!([bucket(0), bucket(1), bucket(252)], [SMALLEST; 3]);
        assert!(bucket(253) > SMALLEST);
        for content in 253..70_000 {
            assert!(bucket(content) >= content + 4);
            assert!(
                (bucket(content) - content - 4) * 100 < 7 * (content + 4),
                "{content}"
            );
        }
        let mut buckets: Vec<usize> = (0..65_536).map(bucket).collect();
        buckets.dedup();
        assert_eq!(buckets.len(), 130, "so many lengths can be told apart");
    }

    proptest! {
        #[test]
        fn files_grow_by_seven_in_a_hundred_at_most(bytes in 257..(1_u64 << 48)) {
            let padded = rounded(bytes);
            prop_assert!(padded >= bytes && (padded - bytes) * 100 < 7 * bytes);
            prop_assert_eq!(rounded(padded), padded, "rounded is rounded");
        }

        #[test]
        fn what_was_padded_comes_back_and_nothing_hides_in_it(
            content in proptest::collection::vec(any::<u8>(), 0..2_000),
            at in any::<prop::sample::Index>(),
            cut in any::<prop::sample::Index>(),
        ) {
            let padded = pad(&content).unwrap();
            prop_assert_eq!(unpad(&padded).unwrap(), content.clone());
            prop_assert!(unpad(&padded[..cut.index(padded.len())]).is_err());
            let mut changed = padded.clone();
            let at = content.len() + 4 + at.index(padded.len() - content.len() - 3);
            if at < changed.len() {
                changed[at] = 1;
                prop_assert!(unpad(&changed).is_err());
            }
        }
    }
}
