//! What drivers do with the bytes of files that are sealed: a digest before, and each part as it is sent.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_e2ee::file::{FileDigest, FileSealer};
use pipit_e2ee::stream::StreamKey;

use crate::io::PartSeal;

/// SHA-256 of a file, taken in piece by piece.
#[derive(Default)]
pub struct ContentDigest(FileDigest);

impl ContentDigest {
    /// Takes in what comes next.
    pub fn update(&mut self, content: &[u8]) {
        self.0.update(content);
    }

    /// The digest in standard base64.
    pub fn finish(self) -> String {
        STANDARD.encode(self.0.finish())
    }
}

/// Seals parts of one file. The same part comes out the same each time.
pub struct PartSealer(FileSealer);

impl PartSealer {
    /// With what the engine says. None where that is no key.
    pub fn new(seal: &PartSeal) -> Option<Self> {
        let key = StreamKey::from_bytes(&STANDARD.decode(&seal.key).ok()?).ok()?;
        FileSealer::new(key, seal.content).ok().map(Self)
    }

    /// How many bytes the sealed file has.
    pub fn sealed_bytes(&self) -> u64 {
        self.0.sealed_bytes()
    }

    /// Which bytes of the kept file are needed to seal this part.
    pub fn needed(&self, part: &Range<u64>) -> Range<u64> {
        self.0.needed(part)
    }

    /// Seals a part, of the bytes that are needed. None where these are others.
    pub fn seal(&self, part: &Range<u64>, needed: &[u8]) -> Option<Vec<u8>> {
        self.0.seal(part, needed).ok()
    }
}
