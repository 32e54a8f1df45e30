use pipit_wire::event::MessageChange;
use pipit_wire::{ConversationId, EventId, Seq, UserId};
use proptest::prelude::*;

use super::*;

fn entry() -> Event {
    Event {
        id: EventId::from_bytes([1; 16]),
        conversation: ConversationId::from_bytes([2; 16]),
        seq: Seq::new(7).unwrap(),
        at: Timestamp(1_000),
        sender: UserId::from_bytes([3; 16]),
        device: None,
        body: EventBody::Message {
            written_at: Timestamp(900),
            content: Content::Sealed {
                scheme: "mls1".to_owned(),
                bytes: "AAAA".to_owned(),
                seal: None,
            },
            reply_to: None,
            expires_at: Some(Timestamp(9_000)),
        },
    }
}

fn read(text: &str) -> Result<Opened, Refusal> {
    decode(text.as_bytes(), &entry(), 100)
}

const MESSAGE: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[test]
fn what_is_sealed_is_read() {
    let answered = MessageId::from_bytes([9; 16]);
    let message = OutboxBody::Message {
        text: "hello".to_owned(),
        reply_to: Some(answered),
        files: Vec::new(),
        poll: None,
        preview: None,
    };
    let change = |change| OutboxBody::Change {
        message: answered,
        change,
    };
    let edit = change(MessageChange::edit(Content::text("hallo")));
    let react = change(MessageChange::React {
        emoji: "👍".to_owned(),
        on: true,
    });
    for body in [message, edit, react] {
        let sealed = encode(&body, Timestamp(900)).unwrap();
        let opened = decode(&sealed, &entry(), 100).unwrap();
        let expected = timed(said(&body, Timestamp(900)).unwrap(), &entry());
        assert_eq!(opened, Opened::Known(expected));
        let kept = opened_entry(&entry(), opened).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&kept.raw).unwrap(), kept.event);
        assert_eq!(
            fold::expires_at(&kept.event).is_some(),
            fold::target(&kept.event).is_none() || kept.raw.contains("edit")
        );
    }
    let open = [
        change(MessageChange::Delete {}),
        change(MessageChange::Pin { on: true }),
    ];
    for body in open {
        assert_eq!(
            encode(&body, Timestamp(900)),
            None,
            "{body:?} is said in the clear"
        );
    }
}

#[test]
fn what_does_not_belong_there_is_refused() {
    let long = format!(
        r#"{{"type":"message","written_at":1,"content":{{"kind":"plain","text":"{}"}}}}"#,
        "a".repeat(101)
    );
    let change =
        |change: &str| format!(r#"{{"type":"message_changed","message":"{MESSAGE}","change":{change}}}"#);
    for (text, refusal) in [
        ("", Refusal::Malformed),
        ("[]", Refusal::Malformed),
        (r#"{"type":7}"#, Refusal::Malformed),
        (r#"{"type":"message"}"#, Refusal::Malformed),
        (
            r#"{"type":"message","written_at":1,"content":{"kind":"plain","text":""}}"#,
            Refusal::Unfit,
        ),
        (&long, Refusal::Unfit),
        (
            r#"{"type":"message","written_at":1,"content":{"kind":"erased"}}"#,
            Refusal::Misplaced,
        ),
        (
            r#"{"type":"message","written_at":1,"content":{"kind":"sealed","scheme":"mls1","bytes":"AAAA"}}"#,
            Refusal::Misplaced,
        ),
        (r#"{"type":"title_changed","title":"mine"}"#, Refusal::Misplaced),
        (&change(r#"{"kind":"delete"}"#), Refusal::Misplaced),
        (&change(r#"{"kind":"pin","on":true}"#), Refusal::Misplaced),
        (
            &change(r#"{"kind":"react","emoji":"not an emoji","on":true}"#),
            Refusal::Unfit,
        ),
        (
            &change(r#"{"kind":"edit","content":{"kind":"erased"}}"#),
            Refusal::Misplaced,
        ),
    ] {
        assert_eq!(read(text), Err(refusal), "{text}");
    }
}

#[test]
fn what_a_later_version_says_is_kept() {
    let opened = read(r#"{"type":"whiteboard","strokes":3}"#).unwrap();
    let kept = opened_entry(&entry(), opened).unwrap();
    assert_eq!(kept.event.body, EventBody::Unknown);
    assert!(kept.raw.contains(r#""strokes":3"#), "{}", kept.raw);
    assert_eq!(serde_json::from_str::<Event>(&kept.raw).unwrap(), kept.event);
}

proptest! {
    #[test]
    fn nothing_that_is_opened_breaks_anything(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(opened) = decode(&bytes, &entry(), 100) {
            opened_entry(&entry(), opened).unwrap();
        }
    }

    /// Bodies that are nearly right: a field of another type, one too many, one less.
    #[test]
    fn nothing_that_is_nearly_right_breaks_anything(
        kind in prop_oneof![Just("message"), Just("message_changed"), Just("created"), Just("handshake"), Just("poll")],
        field in prop_oneof![Just("content"), Just("change"), Just("message"), Just("reply_to"), Just("expires_at")],
        value in prop_oneof![
            Just(r#"{"kind":"plain","text":"hi"}"#.to_owned()),
            Just(r#"{"kind":"plain","text":"hi","attachments":[{}]}"#.to_owned()),
            Just(r#"{"kind":"react","emoji":"👍","on":true}"#.to_owned()),
            Just(format!("\"{MESSAGE}\"")),
            Just("null".to_owned()),
            any::<i64>().prop_map(|number| number.to_string()),
        ],
        text in "\\PC{0,120}",
    ) {
        let text = serde_json::to_string(&text).unwrap();
        let body = format!(
            r#"{{"type":"{kind}","written_at":1,"content":{{"kind":"plain","text":{text}}},"message":"{MESSAGE}","{field}":{value}}}"#
        );
        if let Ok(opened) = read(&body) {
            let kept = opened_entry(&entry(), opened).unwrap();
            prop_assert!(kept.raw.len() < 2_000);
            // The time at which it erases itself is the server's word.
            prop_assert!(fold::expires_at(&kept.event).is_none_or(|at| at == Timestamp(9_000)));
        }
    }
}
