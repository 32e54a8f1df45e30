//! What one lets others see and do, and whom one blocks: asked of the server; what another device changes is shown.

use pipit_client::command::{Command, Reply};
use pipit_client::io::HttpMethod;
use pipit_wire::privacy::{BlockedPeople, BlockedPerson, Circle, Privacy, PrivacyChange};
use pipit_wire::{ServerFrame, Timestamp};
use serde_json::json;

use crate::support::*;

#[test]
fn it_is_asked_of_the_server_and_changed_there() {
    let mut bob = Device::online(vec![]);
    let privacy = Privacy {
        receipts: false,
        added_by: Circle::Known,
        changed_at: Timestamp(7),
        ..Privacy::default()
    };
    let id = bob.command(Command::GetPrivacy);
    let asked = bob.answer(200, &privacy);
    assert_eq!(
        (asked.method, asked.path.as_str()),
        (HttpMethod::Get, "/v1/me/privacy")
    );
    assert_eq!(bob.reply_to(id), Some(Reply::Privacy { privacy }));
    let change = PrivacyChange {
        receipts: Some(false),
        ..PrivacyChange::default()
    };
    let id = bob.command(Command::SetPrivacy { change });
    let asked = bob.answer(200, &privacy);
    assert_eq!(
        (asked.method, asked.path.as_str(), asked.body.as_deref()),
        (HttpMethod::Patch, "/v1/me/privacy", Some(r#"{"receipts":false}"#))
    );
    assert_eq!(bob.reply_to(id), Some(Reply::Privacy { privacy }));
    assert_eq!(bob.screen.privacy, None);
    bob.receive(&ServerFrame::Privacy(privacy));
    assert_eq!(bob.screen.privacy, Some(privacy), "said by another device");
}

#[test]
fn the_blocked_are_listed_in_pages_and_let_go() {
    let mut bob = Device::online(vec![]);
    let people = BlockedPeople {
        items: vec![BlockedPerson {
            profile: profile(ALICE),
            at: Timestamp(5),
        }],
        next: Some("5.x y".to_owned()),
    };
    for (after, path) in [
        (None, "/v1/me/blocked"),
        (people.next.clone(), "/v1/me/blocked?after=5.x%20y"),
    ] {
        let id = bob.command(Command::ListBlocked { after });
        assert_eq!(bob.answer(200, &people).path, path);
        let told = Reply::Blocked {
            items: people.items.clone(),
            next: people.next.clone(),
        };
        assert_eq!(bob.reply_to(id), Some(told));
    }
    let id = bob.command(Command::Unblock { user: user(ALICE) });
    let asked = bob.answer(204, &json!(null));
    assert_eq!(
        (asked.method, asked.path),
        (HttpMethod::Delete, format!("/v1/me/blocked/{}", user(ALICE)))
    );
    assert_eq!(bob.reply_to(id), Some(Reply::Done));
}
