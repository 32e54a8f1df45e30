//! Files of messages: content that is filled up with zeros to a length that many have, and sealed as a [stream](crate::stream).
//!
//! ```text
//! plain = content ‖ zeros, up to rounded(length of the content) bytes ([`padding::rounded`])
//! ```
//!
//! How long the content is stands in the message, beside the key. Any part can be sealed by itself, and comes out the same each time: an upload that was broken off goes
//! on where it was, also after a restart. Any part can be opened by itself.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::padding;
use crate::stream::{self, Opener, SEGMENT_BYTES, Sealer, StreamKey, TAG_BYTES};

const SEALED_SEGMENT: u64 = (SEGMENT_BYTES + TAG_BYTES) as u64;

/// How many bytes a file of so many has when it is sealed. `None`: too many.
pub fn sealed_file_bytes(content: u64) -> Option<u64> {
    stream::sealed_bytes(padding::rounded(content))
}

/// SHA-256 of a file's content, taken in piece by piece.
#[derive(Default)]
pub struct FileDigest(Sha256);

impl FileDigest {
    /// Takes in what comes next.
    pub fn update(&mut self, content: &[u8]) {
        self.0.update(content);
    }

    /// The digest of all that was taken in.
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// Seals any part of one file.
pub struct FileSealer {
    key: StreamKey,
    content: u64,
    padded: u64,
    sealed: u64,
}

impl FileSealer {
    /// Of a file whose content has so many bytes. The key is for this file alone.
    pub fn new(key: StreamKey, content: u64) -> Result<Self, Error> {
        let padded = padding::rounded(content);
        Ok(Self {
            key,
            content,
            padded,
            sealed: stream::sealed_bytes(padded).ok_or(Error::Malformed)?,
        })
    }

    /// How many bytes it has when it is sealed.
    pub fn sealed_bytes(&self) -> u64 {
        self.sealed
    }

    /// Which part of the content is needed to seal this part of the file: whole segments, so that it is a little more.
    pub fn needed(&self, sealed: &Range<u64>) -> Range<u64> {
        let plain = self.plain(&self.segments(sealed));
        plain.start.min(self.content)..plain.end.min(self.content)
    }

    /// Seals this part of the file, of the content that [`Self::needed`] says.
    pub fn seal(&self, part: &Range<u64>, content: &[u8]) -> Result<Vec<u8>, Error> {
        let needed = self.needed(part);
        let segments = self.segments(part);
        let fits = u64::try_from(content.len()) == Ok(needed.end - needed.start);
        if !fits || part.is_empty() || part.end > self.sealed {
            return Err(Error::Malformed);
        }
        let plain = self.plain(&segments);
        let first = u32::try_from(segments.start).map_err(|_| Error::Malformed)?;
        let zeros = usize::try_from((plain.end - plain.start) - (needed.end - needed.start));
        let zeros = vec![0; zeros.map_err(|_| Error::Malformed)?];
        let (mut out, mut sealer) = (Vec::new(), Sealer::at(&self.key, first));
        sealer.write(content, &mut out)?;
        sealer.write(&zeros, &mut out)?;
        if plain.end == self.padded {
            sealer.finish(&mut out)?;
        } else {
            // One byte of the next segment: that the one before it is not the last is certain then. It is not sealed.
            sealer.write(&[0], &mut out)?;
        }
        let start = segments.start * SEALED_SEGMENT;
        let index = |at: u64| usize::try_from(at - start).map_err(|_| Error::Malformed);
        let (from, to) = (index(part.start)?, index(part.end)?);
        out.truncate(to);
        Ok(out.split_off(from))
    }

    fn segments(&self, sealed: &Range<u64>) -> Range<u64> {
        sealed.start / SEALED_SEGMENT..sealed.end.min(self.sealed).div_ceil(SEALED_SEGMENT)
    }

    fn plain(&self, segments: &Range<u64>) -> Range<u64> {
        let at = |segment: u64| (segment * SEGMENT_BYTES as u64).min(self.padded);
        at(segments.start)..at(segments.end)
    }
}

/// Opens any part of one file.
pub struct FileOpener {
    opener: Opener,
    content: u64,
}

impl FileOpener {
    /// Of a file whose content has so many bytes.
    pub fn new(key: &StreamKey, content: u64) -> Result<Self, Error> {
        let sealed = sealed_file_bytes(content).ok_or(Error::Malformed)?;
        Ok(Self {
            opener: Opener::new(key, sealed)?,
            content,
        })
    }

    /// How many bytes the sealed file has. One of another length is not this file.
    pub fn sealed_bytes(&self) -> u64 {
        self.opener.sealed_range(self.opener.segments() - 1).end
    }

    /// Which segments have this part of the content.
    pub fn segments_with(&self, content: &Range<u64>) -> Range<u32> {
        self.opener
            .segments_with(&(content.start..content.end.min(self.content)))
    }

    /// Where segments lie in the sealed file.
    pub fn sealed_range(&self, segments: &Range<u32>) -> Range<u64> {
        let start = self.opener.sealed_range(segments.start).start;
        let last = segments.end.saturating_sub(1).max(segments.start);
        start..self.opener.sealed_range(last).end
    }

    /// The content of a segment, without the zeros behind the end. [`Error::NotAuthentic`] where this is not that segment of this file.
    pub fn open(&self, segment: u32, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let mut plain = self.opener.open(segment, sealed)?;
        let start = u64::from(segment) * SEGMENT_BYTES as u64;
        let left = usize::try_from(self.content.saturating_sub(start)).unwrap_or(usize::MAX);
        if let Some(zeros) = plain.get(left..)
            && zeros.iter().any(|byte| *byte != 0)
        {
            return Err(Error::NotAuthentic);
        }
        plain.truncate(left);
        Ok(plain)
    }
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::format_collect,
    clippy::similar_names,
    reason = "lengths in tests are small and their digests short; a sealer makes what is sealed"
)]
mod tests {
    use super::{FileDigest, FileOpener, FileSealer, sealed_file_bytes};
    use crate::error::Error;
    use crate::stream::{Sealer, StreamKey};
    use proptest::prelude::*;

    fn key(number: u8) -> StreamKey {
        StreamKey::from_bytes(&[number; 39]).unwrap()
    }

    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at * 7 + at / 253) as u8).collect()
    }

    fn part(sealer: &FileSealer, content: &[u8], from: u64, to: u64) -> Vec<u8> {
        let needed = sealer.needed(&(from..to));
        let needed = &content[needed.start as usize..needed.end as usize];
        sealer.seal(&(from..to), needed).unwrap()
    }

    fn open(number: u8, length: u64, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let opener = FileOpener::new(&key(number), length)?;
        if opener.sealed_bytes() != sealed.len() as u64 {
            return Err(Error::NotAuthentic);
        }
        let mut plain = Vec::new();
        for segment in 0..opener.opener.segments() {
            let place = opener.sealed_range(&(segment..segment + 1));
            plain.extend(opener.open(segment, &sealed[place.start as usize..place.end as usize])?);
        }
        Ok(plain)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn parts_of_any_length_are_the_whole(
            length in prop_oneof![0..3_usize, 200..300_usize, 65_000..66_000_usize, 0..400_000_usize],
            step in 1..90_000_u64,
        ) {
            let content = content(length);
            let sealer = FileSealer::new(key(1), length as u64).unwrap();
            let end = sealer.sealed_bytes();
            prop_assert_eq!(Some(end), sealed_file_bytes(length as u64));
            let whole = part(&sealer, &content, 0, end);
            // Each part seals every segment that it touches: a hundred of them are enough.
            let step = step.max(end / 100);
            let mut sealed = Vec::new();
            while (sealed.len() as u64) < end {
                let from = sealed.len() as u64;
                sealed.extend(part(&sealer, &content, from, (from + step).min(end)));
            }
            prop_assert!(sealed == whole);
            prop_assert!(open(1, length as u64, &sealed).unwrap() == content);
            prop_assert!(open(2, length as u64, &sealed).is_err(), "another file's key");
        }

        #[test]
        fn a_part_opens_without_the_rest(
            length in 1..400_000_usize, from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(),
        ) {
            let content = content(length);
            let sealer = FileSealer::new(key(1), length as u64).unwrap();
            let sealed = part(&sealer, &content, 0, sealer.sealed_bytes());
            let opener = FileOpener::new(&key(1), length as u64).unwrap();
            let (one, other) = (from.index(length), to.index(length));
            let wanted = one.min(other)..one.max(other) + 1;
            let segments = opener.segments_with(&(wanted.start as u64..wanted.end as u64));
            let place = opener.sealed_range(&segments);
            let mut fetched = &sealed[place.start as usize..place.end as usize];
            let start = segments.start as usize * 65_536;
            let mut plain = Vec::new();
            for segment in segments {
                let own = opener.sealed_range(&(segment..segment + 1));
                let (now, later) = fetched.split_at((own.end - own.start) as usize);
                plain.extend(opener.open(segment, now).unwrap());
                fetched = later;
            }
            prop_assert!(fetched.is_empty());
            prop_assert!(plain[wanted.start - start..wanted.end - start] == content[wanted]);
        }
    }

    #[test]
    fn nothing_hides_behind_the_end() {
        let mut padded = content(300);
        padded.resize(304, 0);
        for (at, fits) in [(None, true), (Some(300), false), (Some(303), false)] {
            let mut plain = padded.clone();
            if let Some(at) = at {
                plain[at] = 1;
            }
            let (mut sealed, mut sealer) = (Vec::new(), Sealer::new(&key(1)));
            sealer.write(&plain, &mut sealed).unwrap();
            sealer.finish(&mut sealed).unwrap();
            assert_eq!(sealed_file_bytes(300), Some(sealed.len() as u64));
            assert_eq!(open(1, 300, &sealed).is_ok(), fits, "{at:?}");
        }
        assert!(open(1, 300, &[0; 288]).is_err(), "the length of another file");
    }

    #[test]
    fn what_is_not_needed_is_not_taken() {
        let sealer = FileSealer::new(key(1), 10).unwrap();
        assert_eq!(sealer.sealed_bytes(), 256 + 16);
        assert_eq!(sealer.needed(&(0..5)), 0..10);
        for (range, given) in [(0..272, 9), (0..273, 10), (272..272, 10)] {
            assert!(
                sealer.seal(&range, &content(given)).is_err(),
                "{range:?} of {given}"
            );
        }
        assert!(FileSealer::new(key(1), u64::MAX).is_err());
        assert!(FileOpener::new(&key(1), u64::MAX).is_err());
    }

    #[test]
    fn the_digest_is_of_the_content_alone() {
        let mut digest = FileDigest::default();
        digest.update(b"ab");
        digest.update(b"c");
        let hex: String = digest.finish().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
