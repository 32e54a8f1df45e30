//! The same, for JavaScript.

use pipit_wire::Timestamp;
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::groups::{self, Clock};

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

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn steady_ms() -> f64;
}

/// What a group of so many devices costs, as JSON. `now_ms` is the time since 1970.
#[wasm_bindgen]
pub fn measure(devices: usize, now_ms: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "a time of this century fits")]
    let now = Timestamp(now_ms as i64);
    groups::measure(devices, Clock { now, steady_ms }).to_string()
}
