//! Parts of archives: what one device says to another, or puts by, compressed and sealed.
//!
//! ```text
//! plain  = sections ‖ zeros, up to the length that [`padding::rounded`] gives
//! section = length (4 bytes, big-endian, not 0) ‖ DEFLATE (RFC 1951) of so many bytes
//! stream key (39 bytes) = HKDF-SHA256(salt, archive key, "Pipit archive part 1" ‖ archive ‖ part)
//! part   = version (1 byte: 1) ‖ salt (32 random bytes) ‖ the plain, sealed as a [stream](crate::stream)
//! ```
//!
//! Each part has a key of its own, by a salt that is drawn each time that something is sealed: no key seals two things, though a part is made anew after a crash. A part of another archive, or
//! under another part's id, does not open.
//!
//! Each section is compressed by itself. What stands in one tells nothing of another by its length: a section has what one conversation says, so that nobody who writes there learns about others
//! by how well that compresses beside theirs.

use std::fmt;

use pipit_wire::{ArchiveId, PartId};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::code::derive;
use crate::error::Error;
use crate::padding;
use crate::random::Randomness;
use crate::stream::{Opener, STREAM_KEY_BYTES, Sealer, StreamKey};

const VERSION: u8 = 1;
const SALT_BYTES: usize = 32;
const HEAD_BYTES: usize = 1 + SALT_BYTES;
const LENGTH_BYTES: usize = 4;
/// How hard it is tried to make sections small: zlib's usual level.
const LEVEL: u8 = 6;
/// The most that one section is, opened out. More than anything that is put into a part.
pub const SECTION_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The most sections of a part.
const SECTIONS_MAX: usize = 4_096;

/// What the parts of one archive are sealed with.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ArchiveKey {
    #[zeroize(skip)]
    archive: ArchiveId,
    key: [u8; 32],
}

impl ArchiveKey {
    /// Of this archive, as it was made or kept.
    pub const fn new(archive: ArchiveId, key: [u8; 32]) -> Self {
        Self { archive, key }
    }

    /// For keeping it.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.key)
    }

    fn stream_key(&self, part: PartId, salt: &[u8; SALT_BYTES]) -> Result<StreamKey, Error> {
        let mut bytes = Zeroizing::new([0; STREAM_KEY_BYTES]);
        let info: [&[u8]; 3] = [b"Pipit archive part 1", self.archive.as_bytes(), part.as_bytes()];
        derive(salt, &self.key, &info, bytes.as_mut_slice());
        StreamKey::from_bytes(bytes.as_slice())
    }

    /// Seals these sections as a part.
    pub fn seal<'a>(
        &self,
        part: PartId,
        sections: impl IntoIterator<Item = &'a [u8]>,
        random: &mut dyn Randomness,
    ) -> Result<Vec<u8>, Error> {
        let mut plain = Zeroizing::new(pack(sections)?);
        let padded = usize::try_from(padding::rounded(plain.len() as u64)).map_err(|_| Error::Malformed)?;
        plain.resize(padded, 0);
        let mut salt = [0; SALT_BYTES];
        random.fill(&mut salt);
        let mut sealed = vec![VERSION];
        sealed.extend(salt);
        let mut stream = Sealer::new(&self.stream_key(part, &salt)?);
        stream.write(&plain, &mut sealed)?;
        stream.finish(&mut sealed)?;
        Ok(sealed)
    }

    /// The sections of a part.
    pub fn open(&self, part: PartId, sealed: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let (head, sealed) = sealed.split_first_chunk::<HEAD_BYTES>().ok_or(Error::Malformed)?;
        let (version, salt) = head.split_first().ok_or(Error::Malformed)?;
        if *version != VERSION {
            return Err(Error::Malformed);
        }
        let salt = salt.try_into().map_err(|_| Error::Malformed)?;
        let opener = Opener::new(&self.stream_key(part, salt)?, sealed.len() as u64)?;
        let mut plain = Zeroizing::new(Vec::new());
        for segment in 0..opener.segments() {
            let range = opener.sealed_range(segment);
            let start = usize::try_from(range.start).map_err(|_| Error::Malformed)?;
            let end = usize::try_from(range.end).map_err(|_| Error::Malformed)?;
            let bytes = sealed.get(start..end).ok_or(Error::Malformed)?;
            plain.extend(opener.open(segment, bytes)?);
        }
        sections(&plain)
    }
}

fn pack<'a>(sections: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, Error> {
    let mut plain = Vec::new();
    for section in sections {
        let packed = miniz_oxide::deflate::compress_to_vec(section, LEVEL);
        let length = u32::try_from(packed.len()).map_err(|_| Error::Malformed)?;
        plain.extend(length.to_be_bytes());
        plain.extend(packed);
    }
    Ok(plain)
}

fn sections(plain: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let mut sections = Vec::new();
    let mut rest = plain;
    while let Some((length, after)) = rest.split_first_chunk::<LENGTH_BYTES>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Error::Malformed)?;
        if length == 0 {
            break;
        }
        let (packed, after) = after.split_at_checked(length).ok_or(Error::Malformed)?;
        if sections.len() >= SECTIONS_MAX {
            return Err(Error::Malformed);
        }
        let section = miniz_oxide::inflate::decompress_to_vec_with_limit(packed, SECTION_BYTES_MAX);
        sections.push(section.map_err(|_| Error::Malformed)?);
        rest = after;
    }
    if rest.iter().any(|byte| *byte != 0) {
        return Err(Error::Malformed);
    }
    Ok(sections)
}

impl PartialEq for ArchiveKey {
    fn eq(&self, other: &Self) -> bool {
        self.archive == other.archive && bool::from(self.key.ct_eq(&other.key))
    }
}

impl Eq for ArchiveKey {}

impl fmt::Debug for ArchiveKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArchiveKey({})", self.archive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Counting(u8);

    impl Randomness for Counting {
        fn fill(&mut self, bytes: &mut [u8]) {
            self.0 = self.0.wrapping_add(1);
            bytes.fill(self.0);
        }
    }

    fn key(archive: u8, key: u8) -> ArchiveKey {
        ArchiveKey::new(ArchiveId::from_bytes([archive; 16]), [key; 32])
    }

    fn part(number: u8) -> PartId {
        PartId::from_bytes([number; 16])
    }

    fn seal(sections: &[Vec<u8>]) -> Vec<u8> {
        let sections = sections.iter().map(Vec::as_slice);
        key(1, 1).seal(part(1), sections, &mut Counting(0)).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_was_sealed_opens(sections in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..3_000), 0..8)) {
            let sealed = seal(&sections);
            prop_assert_eq!(key(1, 1).open(part(1), &sealed).unwrap(), sections);
        }

        #[test]
        fn nothing_else_does(length in 0..90_000_usize, at: prop::sample::Index, cut: prop::sample::Index) {
            let section: Vec<u8> = (0..length).map(|at| u8::try_from((at * 31 + at / 251) % 256).unwrap()).collect();
            let sealed = seal(&[section]);
            let mut changed = sealed.clone();
            changed[at.index(sealed.len())] ^= 1;
            prop_assert!(key(1, 1).open(part(1), &changed).is_err());
            prop_assert!(key(1, 1).open(part(1), &sealed[..cut.index(sealed.len())]).is_err());
            for (key, part) in [(key(2, 1), part(1)), (key(1, 2), part(1)), (key(1, 1), part(2))] {
                prop_assert!(key.open(part, &sealed).is_err());
            }
        }

        #[test]
        fn bytes_that_nobody_sealed_break_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(key(1, 1).open(part(1), &bytes).is_err());
            let _ = sections(&bytes);
        }
    }

    #[test]
    fn the_same_is_never_sealed_alike() {
        let mut random = Counting(0);
        let mut seal = || {
            key(1, 1)
                .seal(part(1), [b"the same".as_slice()], &mut random)
                .unwrap()
        };
        let (one, other) = (seal(), seal());
        assert_ne!(one[HEAD_BYTES..], other[HEAD_BYTES..]);
        assert_eq!(one.len(), other.len());
    }

    #[test]
    fn a_section_that_grows_without_end_is_refused() {
        let bomb = vec![0; SECTION_BYTES_MAX + 1];
        let sealed = seal(&[bomb]);
        assert!(sealed.len() < 20_000);
        assert!(matches!(key(1, 1).open(part(1), &sealed), Err(Error::Malformed)));
        assert!(
            key(1, 1)
                .open(part(1), &seal(&[vec![0; SECTION_BYTES_MAX]]))
                .is_ok()
        );
    }

    /// A guess beside a secret is as long as it is alone.
    #[test]
    fn sections_do_not_tell_of_each_other() {
        let secret = b"the code of the safe is 4711 4711 4711".as_slice();
        let guess = b"the code of the safe is 4711".as_slice();
        let together = pack([secret, guess]).unwrap().len();
        let apart = pack([secret]).unwrap().len() + pack([guess]).unwrap().len();
        assert_eq!(together, apart);
    }
}
