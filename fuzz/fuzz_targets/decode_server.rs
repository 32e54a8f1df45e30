//! No text from a server makes a client's decoder panic, and what it accepts it reads back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pipit_wire::codec::{decode_server, encode_server};

fuzz_target!(|text: &str| {
    if let Ok(frame) = decode_server(text) {
        assert_eq!(decode_server(&encode_server(&frame)), Ok(frame));
    }
});
