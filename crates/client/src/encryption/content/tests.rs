use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_wire::event::{MessageChange, SealedPurpose, SettingsChange};
use pipit_wire::media::{FileSeal, SealedThumbnail};
use pipit_wire::preview::LinkPreview;
use pipit_wire::{BlobId, ConversationId, EventId, Seq, UserId};
use proptest::prelude::*;

use super::*;
use crate::picture::{GROUP_PICTURE_BYTES_MAX as LONG, GROUP_PICTURE_PIXELS_MAX as WIDE, GroupPicture};

fn entry() -> Event {
    entry_of(SealedPurpose::Message)
}

fn entry_of(purpose: SealedPurpose) -> Event {
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
                commitment: None,
                blobs: Vec::new(),
                purpose,
            },
            reply_to: None,
            expires_at: Some(Timestamp(9_000)),
        },
    }
}

fn read(text: &str) -> Result<Opened, Refusal> {
    decode(text.as_bytes(), &entry(), 100)
}

fn poll(options: &[&str], anonymous: bool) -> Poll {
    Poll {
        options: options.iter().map(ToString::to_string).collect(),
        anonymous,
        ..Poll::default()
    }
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
    let poll = OutboxBody::Message {
        text: "Where?".to_owned(),
        reply_to: None,
        files: Vec::new(),
        poll: Some(Box::new(poll(&["here", "there"], false))),
        preview: None,
    };
    let vote = change(MessageChange::vote(vec![1]));
    let end = change(MessageChange::ClosePoll {});
    for body in [message, edit, react, poll, vote, end] {
        let sealed = encode(&body, &[], Timestamp(900)).unwrap();
        let opened = decode(&sealed, &entry(), 100).unwrap();
        let expected = timed(said(&body, &[], Timestamp(900)).unwrap(), &entry());
        assert_eq!(opened, Opened::Known(expected));
        let kept = opened_entry(&entry(), opened, None).unwrap();
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
            encode(&body, &[], Timestamp(900)),
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
    let asking = |options: &str| {
        format!(
            r#"{{"type":"message","written_at":1,"content":{{"kind":"plain","text":"Where?","poll":{{{options}}}}}}}"#
        )
    };
    for (text, refusal) in [
        ("", Refusal::Malformed),
        (&asking(r#""options":["here"]"#), Refusal::Unfit),
        (&asking(r#""options":["here","here"]"#), Refusal::Unfit),
        (
            &asking(r#""options":["here","there"],"anonymous":true"#),
            Refusal::Unfit,
        ),
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

/// A file as it is said inside a sealed message.
fn file() -> Attachment {
    Attachment {
        name: "plan.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size: 7,
        seal: Some(Box::new(FileSeal {
            key: STANDARD.encode([1; 39]),
            digest: STANDARD.encode([2; 32]),
            thumbnail: None,
        })),
        ..Attachment::of(BlobId::from_bytes([5; 16]))
    }
}

fn sealed(change: impl Fn(&mut FileSeal)) -> Attachment {
    let mut file = file();
    change(file.seal.as_mut().unwrap());
    file
}

#[test]
fn files_are_sealed_with_what_is_said_of_them() {
    let body = OutboxBody::Message {
        text: String::new(),
        reply_to: None,
        files: Vec::new(),
        poll: None,
        preview: None,
    };
    let bytes = encode(&body, &[file()], Timestamp(900)).unwrap();
    let Opened::Known(EventBody::Message { content, .. }) = decode(&bytes, &entry(), 100).unwrap() else {
        panic!("not a message")
    };
    assert!(matches!(content, Content::Plain { attachments, .. } if attachments == [file()]));
    let open = Attachment { seal: None, ..file() };
    assert_eq!(encode(&body, &[open], Timestamp(900)), None, "the server has it");
    assert!(fits(&body, &[(); 20].map(|()| file())));
    let long = Attachment {
        name: "n".repeat(4_000),
        ..file()
    };
    assert!(
        !fits(&body, &[(); 20].map(|()| long.clone())),
        "more than is sealed at a time"
    );
}

/// What a page says that a text links to is sealed with the text, and left out where it is not what this program would make.
#[test]
fn previews_are_sealed_with_their_text() {
    let preview = |url: &str, picture: Option<&str>| {
        Some(Box::new(LinkPreview {
            url: url.to_owned(),
            title: "Tides".to_owned(),
            description: None,
            site_name: None,
            picture: picture.map(str::to_owned),
        }))
    };
    let link = "https://example.org/";
    for (given, is_shown) in [
        (preview(link, None), true),
        (preview("https://example.net/", None), false),
        (preview(link, Some("bm8gSlBFRw==")), false),
    ] {
        let body = OutboxBody::Message {
            text: format!("see {link}"),
            reply_to: None,
            files: Vec::new(),
            poll: None,
            preview: given.clone(),
        };
        let bytes = encode(&body, &[], Timestamp(900)).unwrap();
        let Opened::Known(EventBody::Message { content, .. }) = decode(&bytes, &entry(), 100).unwrap() else {
            panic!("not a message")
        };
        let Content::Plain { preview, text, .. } = content else {
            panic!("not a text")
        };
        assert_eq!(
            (preview, text.as_str()),
            (given.filter(|_| is_shown), "see https://example.org/")
        );
    }
}

fn with_thumbnail(media_type: &str, size: u32) -> Attachment {
    sealed(|seal| {
        seal.thumbnail = Some(SealedThumbnail {
            media_type: media_type.to_owned(),
            size,
        });
    })
}

/// Files of which something is said that is not said of sealed files.
fn unfit() -> Vec<Attachment> {
    vec![
        Attachment { seal: None, ..file() },
        sealed(|seal| seal.key = STANDARD.encode([1; 38])),
        sealed(|seal| seal.digest = String::new()),
        with_thumbnail("text/html", 9),
        with_thumbnail("image/jpeg", 0),
        with_thumbnail("image/jpeg", 300_000),
        Attachment {
            name: "../../etc/passwd".to_owned(),
            ..file()
        },
        Attachment {
            name: "\u{202e}gpj.exe".to_owned(),
            ..file()
        },
        Attachment {
            media_type: "text / html".to_owned(),
            ..file()
        },
        Attachment {
            size: u64::MAX,
            ..file()
        },
        Attachment {
            width: Some(4),
            ..file()
        },
        Attachment {
            caption: Some(" ".to_owned()),
            ..file()
        },
        Attachment {
            caption: Some("a".repeat(1_025)),
            ..file()
        },
        Attachment {
            preview: Some("not base64".to_owned()),
            ..file()
        },
        Attachment {
            waveform: Some(STANDARD.encode([1; 65])),
            ..file()
        },
    ]
}

#[test]
fn what_is_said_of_files_has_to_fit() {
    let good = [
        file(),
        with_thumbnail("image/webp", 9),
        Attachment {
            caption: Some("a\nb".to_owned()),
            preview: Some(STANDARD.encode([1; 25])),
            waveform: Some(STANDARD.encode([1; 64])),
            ..file()
        },
    ];
    for (files, fits) in good
        .map(|file| (vec![file], true))
        .into_iter()
        .chain(unfit().into_iter().map(|file| (vec![file], false)))
        .chain([(vec![file(), file()], false)])
    {
        let body = EventBody::Message {
            written_at: Timestamp(1),
            content: Content::Plain {
                text: "with words".to_owned(),
                attachments: files.clone(),
                poll: None,
                preview: None,
            },
            reply_to: None,
            expires_at: None,
        };
        let opened = decode(&serde_json::to_vec(&body).unwrap(), &entry(), 100);
        assert_eq!(opened.err(), (!fits).then_some(Refusal::Unfit), "{files:?}");
    }
}

#[test]
fn what_a_later_version_says_is_kept() {
    let opened = read(r#"{"type":"whiteboard","strokes":3}"#).unwrap();
    let kept = opened_entry(&entry(), opened, None).unwrap();
    assert_eq!(kept.event.body, EventBody::Unknown);
    assert!(kept.raw.contains(r#""strokes":3"#), "{}", kept.raw);
    assert_eq!(serde_json::from_str::<Event>(&kept.raw).unwrap(), kept.event);
}

proptest! {
    #[test]
    fn nothing_that_is_opened_breaks_anything(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(opened) = decode(&bytes, &entry(), 100) {
            opened_entry(&entry(), opened, None).unwrap();
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
            let kept = opened_entry(&entry(), opened, None).unwrap();
            prop_assert!(kept.raw.len() < 2_000);
            // The time at which it erases itself is the server's word.
            prop_assert!(fold::expires_at(&kept.event).is_none_or(|at| at == Timestamp(9_000)));
        }
    }
}

fn titled(title: &str) -> ProfileSaid {
    ProfileSaid::TitleChanged {
        title: title.to_owned(),
    }
}

/// A PNG (its beginning, RFC 2083, section 4.1.1) of so many pixels on a side and so many bytes.
fn pictured(media_type: &str, pixels: usize, length: usize) -> ProfileSaid {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    for _ in 0..2 {
        bytes.extend(u32::try_from(pixels).unwrap().to_be_bytes());
    }
    bytes.resize(length, 0);
    ProfileSaid::PictureChanged {
        picture: Some(GroupPicture {
            media_type: media_type.to_owned(),
            bytes: STANDARD.encode(bytes),
        }),
    }
}

fn set(change: SettingsChange) -> ProfileSaid {
    ProfileSaid::SettingsChanged { change }
}

fn told(title: &str) -> ProfileSaid {
    ProfileSaid::Profile {
        title: Some(title.to_owned()),
        topic: String::new(),
        picture: None,
    }
}

fn about(topic: &str) -> SettingsChange {
    SettingsChange {
        topic: Some(topic.to_owned()),
        ..SettingsChange::default()
    }
}

/// What a group is called, for what it is said, and what is made of it.
fn asked(entries: u64, key: usize) -> ProfileSaid {
    ProfileSaid::AskedAgain {
        seqs: (1..=entries).filter_map(pipit_wire::Seq::new).collect(),
        key: STANDARD.encode(vec![7; key]),
    }
}

fn told_again(sealed: &str) -> ProfileSaid {
    ProfileSaid::ToldAgain {
        asked: pipit_wire::EventId::from_bytes([4; 16]),
        sealed: sealed.to_owned(),
    }
}

#[test]
fn what_is_said_of_a_group_is_read_where_it_is_said_as_that() {
    use SealedPurpose::{Change, Message, Profile};
    let both = SettingsChange {
        announcements: Some(true),
        ..about("birds")
    };
    for (said, purpose, expect) in [
        (titled("Birds"), Profile, None),
        (titled("Birds"), Message, Some(Refusal::Misplaced)),
        (titled("Birds"), Change, Some(Refusal::Misplaced)),
        (titled(""), Profile, Some(Refusal::Unfit)),
        (titled(" padded"), Profile, Some(Refusal::Unfit)),
        (titled("evil\u{202e}"), Profile, Some(Refusal::Unfit)),
        (set(about("birds")), Profile, None),
        (set(about("")), Profile, None),
        (set(both), Profile, Some(Refusal::Unfit)),
        (set(SettingsChange::default()), Profile, Some(Refusal::Unfit)),
        (pictured("image/png", WIDE, LONG), Profile, None),
        (
            pictured("image/png", WIDE + 1, LONG),
            Profile,
            Some(Refusal::Unfit),
        ),
        (
            pictured("image/png", WIDE, LONG + 1),
            Profile,
            Some(Refusal::Unfit),
        ),
        (pictured("image/png", 0, 99), Profile, Some(Refusal::Unfit)),
        (pictured("image/jpeg", 1, 99), Profile, Some(Refusal::Unfit)),
        (pictured("image/svg+xml", 1, 99), Profile, Some(Refusal::Unfit)),
        (pictured("image/png", 1, 9), Profile, Some(Refusal::Unfit)),
        (ProfileSaid::PictureChanged { picture: None }, Profile, None),
        (told("Birds"), Change, None),
        (told("Birds"), Profile, Some(Refusal::Misplaced)),
        (told(" "), Change, Some(Refusal::Unfit)),
        (asked(1, 32), Change, None),
        (asked(100, 32), Change, None),
        (asked(100, 32), Message, Some(Refusal::Misplaced)),
        (asked(0, 32), Change, Some(Refusal::Unfit)),
        (asked(101, 32), Change, Some(Refusal::Unfit)),
        (asked(1, 31), Change, Some(Refusal::Unfit)),
        (told_again("AAEC"), Change, None),
        (told_again("AAEC"), Profile, Some(Refusal::Misplaced)),
        (told_again(""), Change, Some(Refusal::Unfit)),
    ] {
        let body = OutboxBody::Profile { said: said.clone() };
        let bytes = encode(&body, &[], Timestamp(900)).unwrap();
        assert!(bytes.len() <= CONTENT_BYTES_MAX, "{said:?}");
        let opened = decode(&bytes, &entry_of(purpose), 100);
        let expect = expect.map_or_else(|| Ok(Opened::Profile(said.clone())), Err);
        assert_eq!(opened, expect, "{said:?} as {purpose:?}");
    }
}

/// Who may not write says nothing by calling it a change.
#[test]
fn a_message_is_said_as_one() {
    let body = OutboxBody::Message {
        text: "hello".to_owned(),
        reply_to: None,
        files: Vec::new(),
        poll: None,
        preview: None,
    };
    let bytes = encode(&body, &[], Timestamp(900)).unwrap();
    for purpose in [SealedPurpose::Change, SealedPurpose::Profile] {
        assert_eq!(decode(&bytes, &entry_of(purpose), 100), Err(Refusal::Misplaced));
    }
}

/// What a device shows is what whoever it is reported to reads: nothing has two readings.
#[test]
fn what_has_two_readings_has_none() {
    for twice in [
        r#"{"type":"message","written_at":1,"content":{"kind":"plain","text":"mild"},"content":{"kind":"plain","text":"wild"}}"#,
        r#"{"type":"message","written_at":1,"content":{"kind":"plain","text":"mild","text":"wild"}}"#,
        r#"{"type":"message","written_at":1,"content":{"$serde_json::private::RawValue":"{\"kind\":\"plain\",\"text\":\"wild\"}"}}"#,
    ] {
        assert_eq!(read(twice), Err(Refusal::Malformed), "{twice}");
        assert!(serde_json::from_str::<EventBody>(twice).is_err());
    }
}

#[test]
fn what_is_kept_can_be_shown() {
    let said = r#"{"type":"message","written_at":1,"content":{"kind":"plain","text":"so"}}"#;
    let (unsealed, made) = commitment::commit([3; commitment::KEY_BYTES], said.as_bytes());
    let mut event = entry();
    if let EventBody::Message {
        content: Content::Sealed { commitment, .. },
        ..
    } = &mut event.body
    {
        *commitment = Some(made);
    }
    let (content, opening) = uncovered(unsealed.clone(), &event).unwrap();
    assert_eq!(content, said.as_bytes());
    let opened = decode(&content, &event, 100).unwrap();
    let kept = opened_entry(&event, opened, opening.as_ref()).unwrap();
    assert_eq!(opening_of(&kept), opening);
    // Nothing by which something could be read that is not shown.
    let unknown = Opened::Unknown(serde_json::json!({"type": "nothing"}));
    let kept = opened_entry(&event, unknown, opening.as_ref()).unwrap();
    assert_eq!(opening_of(&kept), None);
    let mut changed = unsealed;
    changed[40] ^= 1;
    assert_eq!(uncovered(changed, &event), Err(Refusal::Uncommitted));
    assert_eq!(handed_over(said, &event), Err(Refusal::Uncommitted));
}
