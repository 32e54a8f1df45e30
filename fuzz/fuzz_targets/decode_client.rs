//! No text from a client makes the server's decoder panic, and what it accepts it reads back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pipit_wire::codec::{decode_client, encode_client};

fuzz_target!(|text: &str| {
    if let Ok(frame) = decode_client(text) {
        assert_eq!(decode_client(&encode_client(&frame)), Ok(frame));
    }
    let _ = pipit_model::text::name(text);
    let _ = pipit_model::text::handle(text);
    let _ = pipit_model::text::message(text, 1_000);
});
