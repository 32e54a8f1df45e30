//! Every frame as it stands on the wire, what is refused and how, and that nothing is lost on the way.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod examples;

use insta::assert_snapshot;
use pipit_wire::codec::{decode_client, decode_server, encode_client, encode_server};
use pipit_wire::limits::FRAME_BYTES_MAX;
use pipit_wire::{ClientFrame, ErrorCode, RequestId, Retry, Seq, ServerFrame};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use examples::{client_frames, server_frames};

#[test]
fn every_client_frame_on_the_wire() {
    let lines: Vec<String> = client_frames().iter().map(encode_client).collect();
    assert_snapshot!("client_frames", lines.join("\n"));
}

#[test]
fn every_server_frame_on_the_wire() {
    let lines: Vec<String> = server_frames().iter().map(encode_server).collect();
    assert_snapshot!("server_frames", lines.join("\n"));
}

#[test]
fn every_type_has_an_example() {
    let mut types: Vec<String> = client_frames()
        .iter()
        .map(|frame| parse(&encode_client(frame))["type"].as_str().unwrap().to_owned())
        .collect();
    types.dedup();
    assert_eq!(types, ClientFrame::TYPES);
}

#[test]
fn frames_survive_the_way_there_and_back() {
    for frame in client_frames() {
        assert_eq!(decode_client(&encode_client(&frame)), Ok(frame));
    }
    for frame in server_frames() {
        assert_eq!(decode_server(&encode_server(&frame)), Ok(frame));
    }
}

#[test]
fn an_unknown_field_is_refused_by_name_in_every_client_frame() {
    for frame in client_frames() {
        let mut object = parse(&encode_client(&frame));
        object.insert("surprise".to_owned(), json!(1));
        let refusal = decode_client(&Value::Object(object).to_string()).unwrap_err();
        assert_eq!(refusal.code, ErrorCode::UnknownField, "{frame:?}");
        assert_eq!(refusal.field.as_deref(), Some("surprise"), "{frame:?}");
        assert_eq!(refusal.id, frame.request_id(), "{frame:?}");
    }
}

#[test]
fn a_missing_field_is_named_or_was_optional() {
    for frame in client_frames() {
        let object = parse(&encode_client(&frame));
        for name in object.keys().filter(|name| *name != "type") {
            let mut without = object.clone();
            without.remove(name);
            match decode_client(&Value::Object(without).to_string()) {
                Ok(_) => assert!(
                    matches!(name.as_str(), "cursors" | "before_seq" | "after_seq" | "after"),
                    "{name}"
                ),
                Err(refusal) => {
                    assert_eq!(refusal.code, ErrorCode::InvalidField, "{frame:?} without {name}");
                    assert_eq!(
                        refusal.field.as_deref(),
                        Some(name.as_str()),
                        "{frame:?} without {name}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_field_of_the_wrong_type_is_refused() {
    for frame in client_frames() {
        let object = parse(&encode_client(&frame));
        for name in object.keys().filter(|name| *name != "type") {
            let mut wrong = object.clone();
            wrong.insert(name.clone(), json!({"not": ["this"]}));
            let refusal = decode_client(&Value::Object(wrong).to_string()).unwrap_err();
            assert!(
                matches!(refusal.code, ErrorCode::InvalidField | ErrorCode::UnknownField),
                "{frame:?} with {name}: {refusal:?}"
            );
        }
    }
}

#[test]
fn what_is_no_frame_is_refused_with_a_reason() {
    for (text, code, field) in [
        ("", ErrorCode::Malformed, None),
        ("null", ErrorCode::Malformed, None),
        ("[]", ErrorCode::Malformed, None),
        ("{", ErrorCode::Malformed, None),
        ("{}", ErrorCode::InvalidField, Some("type")),
        (r#"{"type":7}"#, ErrorCode::InvalidField, Some("type")),
        (r#"{"type":"teleport"}"#, ErrorCode::UnknownType, Some("teleport")),
        (r#"{"type":"welcome"}"#, ErrorCode::UnknownType, Some("welcome")),
        (r#"{"type":"ping"}"#, ErrorCode::InvalidField, Some("id")),
        (r#"{"type":"ping","id":-1}"#, ErrorCode::InvalidField, None),
        (r#"{"type":"ping","id":1,"id":2}"#, ErrorCode::InvalidField, None),
    ] {
        let refusal = decode_client(text).unwrap_err();
        assert_eq!((refusal.code, refusal.field.as_deref()), (code, field), "{text}");
        assert_eq!(refusal.retry, Retry::Never);
    }
}

#[test]
fn a_refusal_answers_the_request_where_it_can_be_read() {
    let refusal = decode_client(r#"{"type":"teleport","id":7}"#).unwrap_err();
    assert_eq!(refusal.id, Some(RequestId(7)));
}

#[test]
fn length_is_checked_before_anything_else() {
    let text = "x".repeat(FRAME_BYTES_MAX + 1);
    assert_eq!(decode_client(&text).unwrap_err().code, ErrorCode::TooLarge);
    let text = "x".repeat(FRAME_BYTES_MAX);
    assert_eq!(decode_client(&text).unwrap_err().code, ErrorCode::Malformed);
}

#[test]
fn what_a_peer_writes_does_not_reach_a_log_raw() {
    let refusal = decode_client("{\"type\":\"a\\u001b[31m\\nb\"}").unwrap_err();
    assert_eq!(refusal.field.as_deref(), Some("a[31mb"));
    let name = "n".repeat(100_000);
    let refusal = decode_client(&json!({"type": name}).to_string()).unwrap_err();
    assert!(refusal.message.len() < 300);
}

#[test]
fn a_seq_stays_exact_in_every_json_reader() {
    assert_eq!(serde_json::from_str::<Seq>("9007199254740991").unwrap(), Seq::MAX);
    assert!(serde_json::from_str::<Seq>("9007199254740992").is_err());
    assert!(serde_json::from_str::<Seq>("-1").is_err());
    assert!(serde_json::from_str::<Seq>("1.5").is_err());
}

#[test]
fn clients_ignore_what_they_do_not_know() {
    assert_eq!(
        decode_server(r#"{"type":"hologram","size":3}"#),
        Ok(ServerFrame::Unknown)
    );
    let pong = decode_server(r#"{"type":"pong","id":3,"mood":"good"}"#).unwrap();
    assert!(matches!(pong, ServerFrame::Pong(_)));
    let error = decode_server(r#"{"type":"error","code":"from_the_future","message":"","retry":"later"}"#);
    let Ok(ServerFrame::Error(error)) = error else {
        panic!("{error:?}")
    };
    assert_eq!((error.code, error.retry), (ErrorCode::Unknown, Retry::Later));
}

#[test]
fn every_code_has_a_status_and_a_name_of_its_own() {
    let mut names: Vec<String> = ErrorCode::ALL
        .iter()
        .map(|code| serde_json::to_string(code).unwrap())
        .collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), ErrorCode::ALL.len());
    for code in ErrorCode::ALL {
        assert!((400..600).contains(&code.http_status()), "{code:?}");
        let retryable = matches!(code.http_status(), 429 | 460 | 500..);
        assert_eq!(code.retry() == Retry::Later, retryable, "{code:?}");
    }
}

fn parse(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap()
}

proptest! {
    #[test]
    fn no_text_makes_the_decoders_panic(text in any::<String>()) {
        let _ = decode_client(&text);
        let _ = decode_server(&text);
    }

    #[test]
    fn a_damaged_frame_is_refused_or_means_what_it_says(
        which in 0..client_frames().len(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = encode_client(&client_frames()[which]).into_bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if let Ok(text) = String::from_utf8(bytes) {
            if let Ok(frame) = decode_client(&text) {
                prop_assert_eq!(decode_client(&encode_client(&frame)), Ok(frame));
            }
            let _ = decode_server(&text);
        }
    }

    #[test]
    fn any_message_text_survives(text in any::<String>(), id in any::<u32>(), seq in 0..=Seq::MAX.get()) {
        let frame = examples::message(id, &text);
        prop_assert_eq!(decode_client(&encode_client(&frame)), Ok(frame));
        let event = examples::event(seq, &text);
        prop_assert_eq!(decode_server(&encode_server(&event)), Ok(event));
    }
}
