//! The classes that workers hold.

use pipit_e2ee::file::{FileDigest, FileOpener, FileSealer};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::face::{self, FaceError};

fn error(error: &FaceError) -> JsError {
    JsError::new(&error.to_string())
}

/// SHA-256, taken in piece by piece.
#[wasm_bindgen]
#[derive(Default)]
pub struct Digest(FileDigest);

#[wasm_bindgen]
impl Digest {
    /// Of nothing yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what comes next.
    pub fn update(&mut self, content: &[u8]) {
        self.0.update(content);
    }

    /// The digest in base64; nothing can be taken in after it.
    pub fn finish(self) -> String {
        face::digest(self.0)
    }
}

/// Seals parts of one file.
#[wasm_bindgen]
pub struct Sealer(FileSealer);

#[wasm_bindgen]
impl Sealer {
    /// Of the file with this key, whose content has so many bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(key: &str, content: f64) -> Result<Self, JsError> {
        face::sealer(key, content)
            .map(Self)
            .map_err(|refused| error(&refused))
    }

    /// The first byte of the content that is needed to seal this part, and the one after the last.
    pub fn needed(&self, start: f64, end: f64) -> Result<Box<[f64]>, JsError> {
        let part = face::range(start, end).map_err(|refused| error(&refused))?;
        let needed = self.0.needed(&part);
        Ok(Box::new([face::number(needed.start), face::number(needed.end)]))
    }

    /// Seals a part, of the content that is needed.
    pub fn seal(&self, start: f64, end: f64, needed: &[u8]) -> Result<Vec<u8>, JsError> {
        let part = face::range(start, end).map_err(|refused| error(&refused))?;
        let sealed = self.0.seal(&part, needed);
        sealed.map_err(|_| error(&FaceError::Malformed))
    }
}

/// Opens parts of one file.
#[wasm_bindgen]
pub struct Opener(FileOpener);

#[wasm_bindgen]
impl Opener {
    /// Of the file with this key, whose content has so many bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(key: &str, content: f64) -> Result<Self, JsError> {
        face::opener(key, content)
            .map(Self)
            .map_err(|refused| error(&refused))
    }

    /// How many bytes the sealed file has.
    pub fn sealed_bytes(&self) -> f64 {
        face::number(self.0.sealed_bytes())
    }

    /// The first segment that has this part of the content, and the one after the last.
    pub fn segments_with(&self, start: f64, end: f64) -> Result<Box<[u32]>, JsError> {
        let part = face::range(start, end).map_err(|refused| error(&refused))?;
        let segments = self.0.segments_with(&part);
        Ok(Box::new([segments.start, segments.end]))
    }

    /// The first byte of these segments in the sealed file, and the one after the last.
    pub fn sealed_range(&self, first: u32, end: u32) -> Box<[f64]> {
        let place = self.0.sealed_range(&(first..end));
        Box::new([face::number(place.start), face::number(place.end)])
    }

    /// The content of a segment. An error that begins with `changed` says that these are not the bytes that were sealed.
    pub fn open(&self, segment: u32, sealed: &[u8]) -> Result<Vec<u8>, JsError> {
        let content = self.0.open(segment, sealed);
        content.map_err(|_| error(&FaceError::Changed))
    }
}
