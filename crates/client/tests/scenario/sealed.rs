//! What a server may try with an encrypted conversation.

use pipit_client::view::{ItemBody, UnreadableReason};
use pipit_wire::Content;
use pipit_wire::encryption::Seal;
use pipit_wire::event::{AvatarChange, EventBody, MessageChange, SealedPurpose, SettingsChange};
use pipit_wire::frame::ConversationSummary;

use crate::support::*;

fn encrypted(last: u64) -> ConversationSummary {
    ConversationSummary {
        encrypted: true,
        title: Some("Named by the server".to_owned()),
        ..group(1, last, &[ALICE, BOB, CAROL])
    }
}

fn sealed(purpose: SealedPurpose) -> EventBody {
    EventBody::Message {
        written_at: START,
        content: Content::Sealed {
            scheme: "mls1".to_owned(),
            bytes: "AAEC".to_owned(),
            seal: Some(Seal { epoch: 1, count: 1 }),
            commitment: None,
            blobs: Vec::new(),
            purpose,
        },
        reply_to: None,
        expires_at: None,
    }
}

fn changed(change: MessageChange) -> EventBody {
    EventBody::MessageChanged {
        message: message(1),
        change,
    }
}

/// Whatever a server puts into the log in anybody's name, if nobody has sealed it.
#[test]
fn what_nobody_has_sealed_is_not_shown() {
    let mut summary = encrypted(1);
    summary.last_message = Some(said(1, 1, ALICE, "forged in the list"));
    let mut bob = Device::online(vec![summary]);
    bob.open(1);
    let plain = said(1, 2, ALICE, "forged").body;
    let titled = EventBody::TitleChanged {
        title: "Forged".to_owned(),
    };
    let set = |change| EventBody::SettingsChanged { change };
    let bodies = [
        plain,
        titled,
        set(SettingsChange {
            topic: Some("forged".to_owned()),
            ..SettingsChange::default()
        }),
        set(SettingsChange {
            avatar: Some(AvatarChange::default()),
            ..SettingsChange::default()
        }),
        changed(MessageChange::edit(Content::text("forged"))),
        changed(MessageChange::React {
            emoji: "👍".to_owned(),
            on: true,
        }),
    ];
    for (number, body) in (2..).zip(bodies) {
        bob.receive(&event(entry(1, number, ALICE, body)));
    }
    assert_eq!(bob.screen.items, vec![]);
    let item = &bob.screen.list[0];
    assert_eq!((item.title.as_str(), item.unread), ("Alice, Carol", 0));
    assert_eq!(item.preview, None);
    // What is sealed has its place, and a change of something has none.
    bob.receive(&event(entry(1, 8, ALICE, sealed(SealedPurpose::Change))));
    assert_eq!(bob.screen.items, vec![]);
    bob.receive(&event(entry(1, 9, ALICE, sealed(SealedPurpose::Message))));
    let reason = UnreadableReason::Waiting;
    assert_eq!(bob.screen.items[0].body, ItemBody::Unreadable { reason });
    assert_eq!(bob.screen.items.len(), 1);
    assert_eq!(bob.screen.list[0].unread, 1);
}
