//! The same, for JavaScript.

use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// Runs every vector of a file, and says how many there were, or what went wrong with the first that fails.
#[wasm_bindgen]
pub fn run(file: &str) -> Result<usize, JsError> {
    let vectors = crate::read(file)?;
    for (number, vector) in vectors.iter().enumerate() {
        vector
            .run()
            .map_err(|failure| JsError::new(&format!("vector {number}: {failure}")))?;
    }
    Ok(vectors.len())
}
