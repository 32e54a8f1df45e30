//! Large things, sealed piece by piece: files of messages, and archives.
//!
//! This is STREAM (Hoang, Reyhanitabar, Rogaway and Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015) as `RustCrypto`'s
//! `StreamBE32` has it, over ChaCha20-Poly1305 (RFC 8439), without associated data. Nothing of the construction is ours.
//!
//! ```text
//! segment i = ChaCha20-Poly1305(key, nonce = prefix (7 bytes) ‖ i (4 bytes, big-endian) ‖ last (1 byte: 1 in the last segment, else 0), plain i)
//! plain i   = 65,536 bytes; in the last segment 1 to 65,536, or none where nothing at all was sealed
//! ```
//!
//! What is sealed is the segments, one after the other: 16 bytes more for each. Segments that are cut off, added, swapped, repeated, changed, or of another stream do not open. Any segment
//! opens by itself, so a part of a film can be shown without the rest of it.
//!
//! A key and its prefix are drawn at random **for each thing that is sealed** and never used for another: the same segment of two things under one key would undo the seal of both. Sealing the same
//! bytes again with them gives the same bytes, which is what an upload that goes on after a restart needs.
//!
//! Memory: one segment each way, whatever the length. Who has the key can make other bytes that open with it, so what has to be *that* file is to be
//! compared with a digest as well (as everywhere with symmetric keys).

use std::fmt;
use std::ops::Range;

use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::stream::{NewStream, StreamBE32, StreamPrimitive};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::error::Error;
use crate::random::Randomness;

/// How many bytes of what is sealed go into a segment; the last one has what is left.
pub const SEGMENT_BYTES: usize = 65_536;
/// How many bytes a segment is longer, sealed.
pub const TAG_BYTES: usize = 16;
/// How many bytes a [`StreamKey`] is stored and sent as.
pub const STREAM_KEY_BYTES: usize = KEY_BYTES + PREFIX_BYTES;

const KEY_BYTES: usize = 32;
const PREFIX_BYTES: usize = 7;
/// 2^31 segments are 128 TiB: no counter is near its end, on any platform.
const SEGMENTS_MAX: u64 = 1 << 31;
const SEGMENT: u64 = SEGMENT_BYTES as u64;
const TAG: u64 = TAG_BYTES as u64;
const SEALED_SEGMENT: u64 = SEGMENT + TAG;

/// What one thing is sealed with: a key and the beginning of the nonces. For one thing, once.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct StreamKey {
    key: [u8; KEY_BYTES],
    prefix: [u8; PREFIX_BYTES],
}

impl StreamKey {
    /// A new one.
    pub fn random(source: &mut dyn Randomness) -> Self {
        let mut key = Self {
            key: [0; KEY_BYTES],
            prefix: [0; PREFIX_BYTES],
        };
        source.fill(&mut key.key);
        source.fill(&mut key.prefix);
        key
    }

    /// The key, then the prefix, as [`Self::to_bytes`] gave them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let (key, prefix) = bytes.split_first_chunk().ok_or(Error::Malformed)?;
        let prefix = prefix.try_into().map_err(|_| Error::Malformed)?;
        Ok(Self { key: *key, prefix })
    }

    /// The key, then the prefix.
    pub fn to_bytes(&self) -> Zeroizing<[u8; STREAM_KEY_BYTES]> {
        let mut bytes = Zeroizing::new([0; STREAM_KEY_BYTES]);
        let parts = self.key.iter().chain(&self.prefix);
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
        bytes
    }

    fn stream(&self) -> StreamBE32<ChaCha20Poly1305> {
        StreamBE32::new(&self.key.into(), &self.prefix.into())
    }
}

impl PartialEq for StreamKey {
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes()
            .as_slice()
            .ct_eq(other.to_bytes().as_slice())
            .into()
    }
}

impl Eq for StreamKey {}

impl fmt::Debug for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamKey(…)")
    }
}

/// Seals from the beginning to the end. It holds back up to a segment, because only the last one is marked as such.
pub struct Sealer {
    stream: StreamBE32<ChaCha20Poly1305>,
    segment: u32,
    held: Zeroizing<Vec<u8>>,
}

impl Sealer {
    /// From the beginning.
    pub fn new(key: &StreamKey) -> Self {
        Self::at(key, 0)
    }

    /// From the segment of this number on: what is written next is the plain bytes from `segment` times [`SEGMENT_BYTES`] on, **the same** as were sealed there
    /// before, where any were.
    pub fn at(key: &StreamKey, segment: u32) -> Self {
        Self {
            stream: key.stream(),
            segment,
            held: Zeroizing::new(Vec::with_capacity(SEGMENT_BYTES)),
        }
    }

    /// Takes in more, and appends to `sealed` the segments that are certain not to be the last.
    pub fn write(&mut self, mut plain: &[u8], sealed: &mut Vec<u8>) -> Result<(), Error> {
        while !plain.is_empty() {
            if self.held.len() == SEGMENT_BYTES {
                self.seal(false, sealed)?;
            }
            let fits = plain.len().min(SEGMENT_BYTES - self.held.len());
            let (now, later) = plain.split_at(fits);
            self.held.extend_from_slice(now);
            plain = later;
        }
        Ok(())
    }

    /// Nothing more comes: appends the last segment.
    pub fn finish(mut self, sealed: &mut Vec<u8>) -> Result<(), Error> {
        if self.held.is_empty() && self.segment != 0 {
            return Err(Error::Malformed);
        }
        self.seal(true, sealed)
    }

    fn seal(&mut self, last: bool, sealed: &mut Vec<u8>) -> Result<(), Error> {
        if u64::from(self.segment) >= SEGMENTS_MAX {
            return Err(Error::TooLarge {
                size: usize::MAX,
                max: usize::MAX,
            });
        }
        let segment = self.stream.encrypt(self.segment, last, self.held.as_slice());
        sealed.extend(segment.map_err(|_| Error::Malformed)?);
        self.segment += 1;
        self.held.zeroize();
        Ok(())
    }
}

/// Opens segments, in any order.
pub struct Opener {
    stream: StreamBE32<ChaCha20Poly1305>,
    segments: u32,
    sealed_bytes: u64,
}

impl Opener {
    /// Of something that has so many bytes, sealed. [`Error::Malformed`] where nothing sealed has this length.
    pub fn new(key: &StreamKey, sealed_bytes: u64) -> Result<Self, Error> {
        plain_bytes(sealed_bytes).ok_or(Error::Malformed)?;
        let segments = sealed_bytes.div_ceil(SEALED_SEGMENT);
        Ok(Self {
            stream: key.stream(),
            segments: u32::try_from(segments).map_err(|_| Error::Malformed)?,
            sealed_bytes,
        })
    }

    /// How many segments there are: at least one.
    pub fn segments(&self) -> u32 {
        self.segments
    }

    /// How many bytes it has when it is open.
    pub fn plain_bytes(&self) -> u64 {
        self.sealed_bytes - u64::from(self.segments) * TAG
    }

    /// Where a segment lies in what is sealed. Empty beyond the last one.
    pub fn sealed_range(&self, segment: u32) -> Range<u64> {
        let start = (u64::from(segment) * SEALED_SEGMENT).min(self.sealed_bytes);
        start..(start + SEALED_SEGMENT).min(self.sealed_bytes)
    }

    /// Which segments have these plain bytes in them.
    pub fn segments_with(&self, plain: &Range<u64>) -> Range<u32> {
        let end = plain.end.min(self.plain_bytes());
        let segment = |number: u64| u32::try_from(number).unwrap_or(self.segments);
        if plain.start >= end {
            return 0..0;
        }
        segment(plain.start / SEGMENT)..segment(end.div_ceil(SEGMENT))
    }

    /// What a segment has in it. [`Error::NotAuthentic`] where these are not the bytes that were sealed as the segment of this number of this thing.
    pub fn open(&self, segment: u32, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let place = self.sealed_range(segment);
        if place.is_empty() || u64::try_from(sealed.len()) != Ok(place.end - place.start) {
            return Err(Error::NotAuthentic);
        }
        let last = segment + 1 == self.segments;
        let plain = self.stream.decrypt(segment, last, sealed);
        plain.map_err(|_| Error::NotAuthentic)
    }
}

/// How many bytes so many have when they are sealed. `None`: too many.
pub fn sealed_bytes(plain: u64) -> Option<u64> {
    let segments = plain.div_ceil(SEGMENT).max(1);
    (segments <= SEGMENTS_MAX).then(|| plain + segments * TAG)
}

/// How many bytes are in so many sealed ones. `None`: nothing sealed has this length.
pub fn plain_bytes(sealed: u64) -> Option<u64> {
    let segments = sealed.div_ceil(SEALED_SEGMENT);
    let plain = sealed.checked_sub(segments * TAG)?;
    (sealed_bytes(plain) == Some(sealed)).then_some(plain)
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::format_collect,
    clippy::similar_names,
    reason = "lengths in tests are small and their digests short; a sealer makes what is sealed"
)]
mod tests {
    use super::{
        Opener, SEALED_SEGMENT, SEGMENT_BYTES, SEGMENTS_MAX, Sealer, StreamKey, plain_bytes, sealed_bytes,
    };
    use crate::error::Error;
    use crate::random::Randomness;
    use proptest::prelude::*;

    struct From(u8);

    impl Randomness for From {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    fn key(number: u8) -> StreamKey {
        StreamKey::random(&mut From(number))
    }

    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at * 31 + at / 251) as u8).collect()
    }

    /// Sealed in one go.
    fn seal(key: &StreamKey, plain: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::new();
        let mut sealer = Sealer::new(key);
        sealer.write(plain, &mut sealed).unwrap();
        sealer.finish(&mut sealed).unwrap();
        sealed
    }

    fn segment<'a>(opener: &Opener, sealed: &'a [u8], number: u32) -> &'a [u8] {
        let place = opener.sealed_range(number);
        &sealed[place.start as usize..place.end as usize]
    }

    fn open(key: &StreamKey, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let opener = Opener::new(key, sealed.len() as u64)?;
        let mut plain = Vec::new();
        for number in 0..opener.segments() {
            plain.extend(opener.open(number, segment(&opener, sealed, number))?);
        }
        Ok(plain)
    }

    fn refused(key: &StreamKey, sealed: &[u8]) {
        let result = open(key, sealed);
        assert!(
            matches!(result, Err(Error::NotAuthentic | Error::Malformed)),
            "{} bytes opened",
            sealed.len()
        );
    }

    /// Lengths around the edges of segments, and others.
    fn lengths() -> impl Strategy<Value = usize> {
        let edges = prop::sample::select(vec![0, 1, SEGMENT_BYTES, 2 * SEGMENT_BYTES, 3 * SEGMENT_BYTES]);
        prop_oneof![
            (edges, 0..3_usize).prop_map(|(edge, near)| (edge + near).saturating_sub(1)),
            0..200_000_usize,
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn what_was_sealed_opens_whatever_pieces_it_came_in(
            length in lengths(),
            cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let plain = content(length);
            let sealed = seal(&key(1), &plain);
            prop_assert_eq!(open(&key(1), &sealed).unwrap(), plain.clone());
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(length + 1)).chain([0, length]).collect();
            cuts.sort_unstable();
            let (mut again, mut sealer) = (Vec::new(), Sealer::new(&key(1)));
            for pair in cuts.windows(2) {
                sealer.write(&plain[pair[0]..pair[1]], &mut again).unwrap();
            }
            sealer.finish(&mut again).unwrap();
            prop_assert!(again == sealed, "the same bytes come out again");
        }

        #[test]
        fn sealing_goes_on_at_any_segment(length in 1..260_000_usize, at in any::<prop::sample::Index>()) {
            let plain = content(length);
            let sealed = seal(&key(1), &plain);
            let number = at.index(length.div_ceil(SEGMENT_BYTES));
            let (mut rest, mut sealer) = (Vec::new(), Sealer::at(&key(1), number as u32));
            sealer.write(&plain[number * SEGMENT_BYTES..], &mut rest).unwrap();
            sealer.finish(&mut rest).unwrap();
            prop_assert!(rest == sealed[number * SEALED_SEGMENT as usize..]);
        }

        #[test]
        fn any_part_opens_by_itself(length in 1..260_000_usize, from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()) {
            let plain = content(length);
            let sealed = seal(&key(1), &plain);
            let opener = Opener::new(&key(1), sealed.len() as u64).unwrap();
            let (from, to) = (from.index(length + 1), to.index(length + 1));
            let (from, to) = (from.min(to), from.max(to));
            let segments = opener.segments_with(&(from as u64..to as u64));
            let start = segments.start as usize * SEGMENT_BYTES;
            let mut part = Vec::new();
            for number in segments.rev() {
                part.splice(0..0, opener.open(number, segment(&opener, &sealed, number)).unwrap());
            }
            if from == to {
                prop_assert!(part.is_empty());
            } else {
                prop_assert!(part[from - start..to - start] == plain[from..to]);
            }
        }

        #[test]
        fn what_was_changed_does_not_open(
            length in lengths(), at in any::<prop::sample::Index>(), bit in 0..8_u32, cut in any::<prop::sample::Index>(), more in 1..70_000_usize,
        ) {
            let sealed = seal(&key(1), &content(length));
            let mut changed = sealed.clone();
            changed[at.index(sealed.len())] ^= 1 << bit;
            refused(&key(1), &changed);
            refused(&key(1), &sealed[..cut.index(sealed.len())]);
            let mut longer = sealed.clone();
            longer.resize(sealed.len() + more, 0);
            refused(&key(1), &longer);
            refused(&key(2), &sealed);
        }

        #[test]
        fn lengths_are_known_both_ways(plain in 0..(SEGMENTS_MAX * SEGMENT_BYTES as u64), sealed in any::<u64>()) {
            prop_assert_eq!(plain_bytes(sealed_bytes(plain).unwrap()), Some(plain));
            if let Some(plain) = plain_bytes(sealed) {
                prop_assert_eq!(sealed_bytes(plain), Some(sealed));
            }
        }
    }

    #[test]
    fn lengths_that_nothing_has() {
        for (plain, sealed) in [
            (0, 16),
            (1, 17),
            (65_536, 65_552),
            (65_537, 65_569),
            (131_072, 131_104),
        ] {
            assert_eq!(sealed_bytes(plain), Some(sealed));
            assert_eq!(plain_bytes(sealed), Some(plain));
        }
        for sealed in [0, 15, 65_553, 65_568, u64::MAX] {
            assert_eq!(plain_bytes(sealed), None, "{sealed}");
            assert!(Opener::new(&key(1), sealed).is_err());
        }
        assert_eq!(sealed_bytes(SEGMENTS_MAX * 65_536 + 1), None);
        assert_eq!(sealed_bytes(u64::MAX), None);
    }

    #[test]
    fn segments_do_not_open_in_another_place() {
        let sealed = seal(&key(1), &content(4 * SEGMENT_BYTES));
        let at = |number: usize| number * SEALED_SEGMENT as usize;
        // Two swapped, one twice, one left out in the middle, the last one left out, the last one moved forward, one more behind the last.
        refused(
            &key(1),
            &[&sealed[at(1)..at(2)], &sealed[..at(1)], &sealed[at(2)..]].concat(),
        );
        refused(
            &key(1),
            &[&sealed[..at(2)], &sealed[at(1)..at(2)], &sealed[at(3)..]].concat(),
        );
        refused(&key(1), &[&sealed[..at(1)], &sealed[at(2)..]].concat());
        refused(&key(1), &sealed[..at(3)]);
        refused(&key(1), &[&sealed[..at(2)], &sealed[at(3)..]].concat());
        refused(&key(1), &[&sealed[..], &sealed[at(3)..]].concat());
        // And one of another stream of the same length, in its own place.
        let other = seal(&key(2), &content(4 * SEGMENT_BYTES));
        refused(
            &key(1),
            &[&sealed[..at(1)], &other[at(1)..at(2)], &sealed[at(2)..]].concat(),
        );
        let opener = Opener::new(&key(1), sealed.len() as u64).unwrap();
        assert!(opener.open(4, &[]).is_err(), "beyond the last");
        assert!(opener.open(0, &sealed[..at(1) - 1]).is_err(), "cut");
    }

    #[test]
    fn nothing_at_all_is_one_segment_and_an_end_needs_something_in_it() {
        let sealed = seal(&key(1), &[]);
        assert_eq!(sealed.len(), 16);
        assert!(open(&key(1), &sealed).unwrap().is_empty());
        assert!(matches!(
            Sealer::at(&key(1), 1).finish(&mut Vec::new()),
            Err(Error::Malformed)
        ));
    }

    #[test]
    fn a_key_goes_there_and_back_and_does_not_show_itself() {
        let bytes = key(7).to_bytes();
        assert!(StreamKey::from_bytes(bytes.as_slice()).unwrap() == key(7));
        assert!(key(7) != key(8));
        assert!(StreamKey::from_bytes(&bytes[1..]).is_err());
        assert!(StreamKey::from_bytes(&[0; 40]).is_err());
        assert_eq!(format!("{:?}", key(7)), "StreamKey(…)");
    }

    /// Computed apart from this code, with Python's `cryptography` (`ChaCha20Poly1305`), by what the head of this page says.
    #[test]
    fn the_construction_is_the_documented_one() {
        let bytes: Vec<u8> = (0..39).collect();
        let key = StreamKey::from_bytes(&bytes).unwrap();
        let sealed = seal(&key, &content(SEGMENT_BYTES + 5));
        let ends = [&sealed[..8], &sealed[65_536..65_552], &sealed[65_552..]].concat();
        let hex: String = ends.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "8697bcfcd520450eae5e970152e32f9492a834258c5d3d2b4cbc0b1edbe7a0b657c613338c919760fd99939337"
        );
    }
}
