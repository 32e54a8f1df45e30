use super::*;

const MAX: usize = 1_000;

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = vec![first];
    match payload.len() {
        len @ 0..126 => bytes.push(0x80 | u8::try_from(len).unwrap()),
        len @ 126..=0xffff => {
            bytes.push(0xfe);
            bytes.extend(u16::try_from(len).unwrap().to_be_bytes());
        }
        len => {
            bytes.push(0xff);
            bytes.extend(u64::try_from(len).unwrap().to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(
        payload
            .iter()
            .zip(mask.into_iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    bytes
}

fn decode(bytes: &[u8]) -> Result<Vec<Incoming>, Violation> {
    let mut decoder = Decoder::new(MAX);
    decoder.feed(bytes);
    let mut messages = Vec::new();
    while let Some(message) = decoder.next()? {
        messages.push(message);
    }
    Ok(messages)
}

fn said(text: &str) -> Incoming {
    Incoming::Text(text.to_owned())
}

#[test]
fn the_examples_of_the_rfc() {
    // Section 5.7: "a single-frame masked text message".
    let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(decode(&hello), Ok(vec![said("Hello")]));
    assert_eq!(frame(0x81, b"Hello"), hello);
    assert_eq!(FrameHeader::text(5).as_bytes(), [0x81, 0x05]);
    assert_eq!(FrameHeader::ping(5).as_bytes(), [0x89, 0x05]);
    assert_eq!(FrameHeader::text(256).as_bytes(), [0x81, 0x7e, 0x01, 0x00]);
    assert_eq!(
        FrameHeader::text(65_536).as_bytes(),
        [0x81, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]
    );
    assert_eq!(FrameHeader::text(125).as_bytes().len(), 2);
    assert_eq!(FrameHeader::text(126).as_bytes().len(), 4);
    assert_eq!(FrameHeader::text(65_535).as_bytes().len(), 4);
}

#[test]
fn messages_are_the_same_however_they_are_split() {
    let mut bytes = frame(0x81, "grüße".as_bytes());
    bytes.extend(frame(0x01, b"in "));
    bytes.extend(frame(0x89, b"between"));
    bytes.extend(frame(0x00, b"three "));
    bytes.extend(frame(0x80, b"parts"));
    bytes.extend(frame(0x81, &[b'x'; 300]));
    bytes.extend(frame(0x8a, b""));
    bytes.extend(frame(0x88, &[0x03, 0xe8]));
    let expected = vec![
        said("grüße"),
        Incoming::Ping(b"between".to_vec()),
        said("in three parts"),
        said(&"x".repeat(300)),
        Incoming::Pong,
        Incoming::Close(Some(1000)),
    ];
    for size in 1..bytes.len() {
        let mut decoder = Decoder::new(MAX);
        let mut messages = Vec::new();
        for chunk in bytes.chunks(size) {
            decoder.feed(chunk);
            while let Some(message) = decoder.next().unwrap() {
                messages.push(message);
            }
            decoder.rest();
        }
        assert_eq!(messages, expected, "in chunks of {size}");
        assert_eq!(decoder.buffer.capacity(), 0, "nothing is held");
    }
}

#[test]
fn a_character_may_be_split_between_frames() {
    let bytes = "ü".as_bytes();
    let mut split = frame(0x01, &bytes[..1]);
    split.extend(frame(0x80, &bytes[1..]));
    assert_eq!(decode(&split), Ok(vec![said("ü")]));
}

#[test]
fn what_the_rfc_forbids_is_refused() {
    let cases: [(&[u8], Violation); 12] = [
        (&[0xc1, 0x80], Violation::Protocol("a reserved bit is set")),
        (
            &[0x81, 0x05],
            Violation::Protocol("a client's frame is not masked"),
        ),
        (
            &frame(0x83, b""),
            Violation::Protocol("an opcode that does not exist"),
        ),
        (
            &frame(0x80, b""),
            Violation::Protocol("a continuation of nothing"),
        ),
        (
            &[frame(0x01, b"a"), frame(0x81, b"b")].concat(),
            Violation::Protocol("a message inside a message"),
        ),
        (
            &frame(0x09, b""),
            Violation::Protocol("a control frame is whole and short"),
        ),
        (
            &frame(0x89, &[0; 126]),
            Violation::Protocol("a control frame is whole and short"),
        ),
        (&frame(0x88, &[3]), Violation::Protocol("half a status code")),
        (
            &frame(0x88, &1005_u16.to_be_bytes()),
            Violation::Protocol("a status code that does not exist"),
        ),
        (&frame(0x88, &[0x03, 0xe8, 0xff]), Violation::InvalidText),
        (&frame(0x81, b"\xff"), Violation::InvalidText),
        (&frame(0x82, b"\x01"), Violation::Binary),
    ];
    for (bytes, violation) in cases {
        assert_eq!(decode(bytes), Err(violation), "{bytes:x?}");
    }
}

#[test]
fn what_is_too_long_is_refused_by_its_header() {
    assert_eq!(decode(&[0x81, 0xfe, 0x03, 0xe9]), Err(Violation::TooLarge));
    assert_eq!(
        decode(&[0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        Err(Violation::TooLarge)
    );
    let mut parts = frame(0x01, &[b'x'; 600]);
    parts.extend([0x80, 0xfe, 0x01, 0x91]);
    assert_eq!(
        decode(&parts),
        Err(Violation::TooLarge),
        "the parts count together"
    );
    assert!(decode(&frame(0x81, &[b'x'; MAX])).is_ok());
}

#[test]
fn no_bytes_make_it_panic() {
    // All starts of two bytes, and all of them again behind a fragment.
    for first in 0..=u8::MAX {
        for second in 0..=u8::MAX {
            let _any_answer = decode(&[first, second, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            let mut behind = frame(0x01, b"x");
            behind.extend([first, second, 1, 2, 3, 4, 5, 6]);
            let _any_answer = decode(&behind);
        }
    }
}
