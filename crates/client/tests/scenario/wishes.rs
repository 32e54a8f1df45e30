//! What is set here and what others show of themselves: pictures of groups, profiles, statuses that end.

use pipit_client::command::{Command, Reply};
use pipit_client::io::{HttpAnswer, HttpMethod, HttpRequest, Input};
use pipit_client::picture::{NewPicture, PictureChange};
use pipit_client::view::SessionView;
use pipit_wire::frame::Profile;
use pipit_wire::frame::server::ConversationGone;
use pipit_wire::media::Attachment;
use pipit_wire::person::{Face, Status, StatusChange};
use pipit_wire::rest::{Conversation, FinishedUpload, Me, Users};
use pipit_wire::{BlobId, ErrorCode, EventId, ServerFrame, Timestamp, WireError};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::*;

const SIZE: u64 = 300;

fn blob(number: u128) -> BlobId {
    Uuid::from_u128(0xb1_0000 + number).into()
}

fn id(number: u128) -> EventId {
    Uuid::from_u128(0xe_0000 + number).into()
}

fn picture(number: Option<u128>) -> PictureChange {
    PictureChange {
        picture: number.map(|number| NewPicture {
            blob: blob(number),
            media_type: "image/jpeg".to_owned(),
            size: SIZE,
        }),
        sealed: None,
    }
}

fn show(event: u128, number: Option<u128>) -> Command {
    Command::SetGroupPicture {
        conversation: conversation(1),
        event_id: id(event),
        picture: picture(number),
    }
}

fn profile_change(
    event: u128,
    name: Option<&str>,
    about: Option<&str>,
    status: Option<StatusChange>,
) -> Command {
    Command::ChangeProfile {
        event_id: id(event),
        name: name.map(str::to_owned),
        about: about.map(str::to_owned),
        status,
        picture: None,
    }
}

fn rowing(until: Option<Timestamp>) -> Status {
    Status {
        emoji: "🚣".to_owned(),
        text: "on the water".to_owned(),
        until,
    }
}

fn says(status: Status) -> StatusChange {
    StatusChange { status: Some(status) }
}

fn in_a_group() -> Device {
    Device::online(vec![group(1, 1, &[ALICE, BOB])])
}

fn received(bob: &mut Device, offset: u64) -> HttpRequest {
    let request = bob.calls.pop_front().expect("no request");
    bob.input(Input::HttpDone {
        id: request.id,
        answer: HttpAnswer::Received { offset },
    });
    request
}

fn finished(bob: &mut Device, number: u128) -> HttpRequest {
    let attachment = Attachment {
        width: Some(512),
        height: Some(512),
        ..Attachment::of(blob(number))
    };
    bob.answer(200, &FinishedUpload { attachment })
}

/// Answers the steps of a picture up to where it is wished for.
fn send_picture(bob: &mut Device, number: u128) {
    let open = received(bob, 0);
    assert_eq!(
        (open.method, open.path.as_str()),
        (HttpMethod::Post, "/v1/uploads")
    );
    assert_eq!(received(bob, SIZE).file.unwrap().blob, blob(number));
    let finish = finished(bob, number);
    assert_eq!(finish.path, format!("/v1/uploads/{}/finish", blob(number)));
}

fn body(request: &HttpRequest) -> Value {
    serde_json::from_str(request.body.as_deref().unwrap()).unwrap()
}

fn me(bob: &Device) -> Profile {
    match bob.screen.session.clone() {
        Some(SessionView::SignedIn { me, .. }) => me.profile,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_groups_picture_is_set_without_a_line_and_outlives_the_program() {
    let mut bob = in_a_group();
    bob.open(1);
    bob.cut();
    bob.calls.clear();
    assert_eq!(bob.tell(show(1, Some(1))), Reply::Done);
    assert_eq!(bob.screen.list[0].avatar, Some(blob(1)), "shown at once");
    assert_eq!(bob.screen.header.as_ref().unwrap().avatar, Some(blob(1)));
    assert!(bob.calls.is_empty());

    let mut bob = bob.crash();
    assert_eq!(bob.screen.list[0].avatar, Some(blob(1)));
    bob.go_online(vec![group(1, 1, &[ALICE, BOB])]);
    assert_eq!(bob.kept_files, Some(vec![blob(1)]), "its bytes are wanted");
    send_picture(&mut bob, 1);
    assert_eq!(bob.dropped_files, [blob(1)]);
    let mut summary = group(1, 2, &[ALICE, BOB]);
    summary.settings.avatar = Some(blob(1));
    let said = bob.answer(
        200,
        &Conversation {
            conversation: summary,
        },
    );
    assert_eq!(said.path, format!("/v1/conversations/{}", conversation(1)));
    assert_eq!(
        body(&said),
        json!({ "event_id": id(1), "avatar": { "blob": blob(1) } })
    );
    assert_eq!(bob.screen.list[0].avatar, Some(blob(1)));

    assert_eq!(bob.tell(show(2, None)), Reply::Done);
    assert_eq!(bob.screen.list[0].avatar, None);
    let said = bob.calls.pop_back().unwrap();
    assert_eq!(body(&said), json!({ "event_id": id(2), "avatar": {} }));
}

#[test]
fn what_is_set_again_before_the_server_has_it_is_said_once() {
    let mut bob = in_a_group();
    bob.cut();
    bob.calls.clear();
    bob.tell(show(1, Some(1)));
    bob.tell(show(1, Some(1)));
    bob.tell(show(2, Some(2)));
    assert_eq!(bob.dropped_files, [blob(1)]);
    bob.go_online(vec![group(1, 1, &[ALICE, BOB])]);
    bob.calls.retain(|call| call.method != HttpMethod::Delete);
    send_picture(&mut bob, 2);
    let said = bob.answer(200, &json!({}));
    assert_eq!(body(&said)["avatar"], json!({ "blob": blob(2) }));
    assert!(bob.calls.is_empty(), "{:?}", bob.calls);

    // While the one is being said, there is another.
    bob.tell(show(3, None));
    bob.tell(show(4, Some(4)));
    assert_eq!(
        bob.calls.len(),
        1,
        "the one that is of no use any more is given up"
    );
    send_picture(&mut bob, 4);
    assert_eq!(body(&bob.calls[0])["event_id"], json!(id(4)));
}

#[test]
fn a_step_that_fails_is_tried_again() {
    let mut bob = in_a_group();
    bob.tell(show(1, Some(1)));
    bob.answer_unreachable();
    assert!(bob.calls.is_empty());
    bob.pass(1_000);
    received(&mut bob, 0);
    bob.answer(409, &WireError::new(ErrorCode::OffsetConflict, "no"));
    bob.pass(2_000);
    // The server says how much it has.
    assert_eq!(received(&mut bob, 100).path, "/v1/uploads");
    let rest = received(&mut bob, SIZE).file.unwrap();
    assert_eq!((rest.offset, rest.length), (100, SIZE - 100));
}

#[test]
fn what_the_server_refuses_is_taken_back() {
    let mut bob = in_a_group();
    bob.tell(show(1, None));
    bob.answer(403, &WireError::new(ErrorCode::Forbidden, "no"));
    assert_eq!(
        bob.screen.settings_refused,
        [(Some(conversation(1)), "forbidden".to_owned())]
    );
    bob.tell(show(2, Some(2)));
    assert_eq!(bob.screen.list[0].avatar, Some(blob(2)));
    bob.answer(413, &WireError::new(ErrorCode::QuotaExceeded, "full"));
    assert_eq!(bob.screen.list[0].avatar, None, "what the server has");
    assert_eq!(bob.screen.settings_refused[1].1, "quota_exceeded");
    assert_eq!(bob.dropped_files, [blob(2)]);

    bob.tell(show(3, Some(3)));
    bob.receive(&ServerFrame::ConversationGone(ConversationGone {
        conversation: conversation(1),
        removed: false,
    }));
    assert_eq!(bob.dropped_files, [blob(2), blob(3)]);
}

#[test]
fn a_profile_is_changed_without_a_line() {
    let mut bob = in_a_group();
    bob.cut();
    bob.calls.clear();
    let until = bob.now.plus_ms(3_600_000);
    bob.tell(profile_change(1, Some(" Bobby "), None, None));
    bob.tell(profile_change(
        2,
        None,
        Some("Rows"),
        Some(says(rowing(Some(until)))),
    ));
    let Reply::Failed { error } = bob.tell(profile_change(3, None, Some(&"x".repeat(141)), None)) else {
        panic!("taken")
    };
    assert_eq!(
        (error.code.as_str(), error.field.as_deref()),
        ("invalid_field", Some("about"))
    );
    let wordy = Status {
        emoji: "no emoji".to_owned(),
        ..rowing(None)
    };
    assert!(matches!(
        bob.tell(profile_change(4, None, None, Some(says(wordy)))),
        Reply::Failed { .. }
    ));

    let mut bob = bob.crash();
    let shown = me(&bob);
    assert_eq!(shown.name, "Bobby");
    let face = Face {
        about: "Rows".to_owned(),
        status: Some(rowing(Some(until))),
        avatar: None,
    };
    assert_eq!(shown.face, Some(face.clone()));
    bob.go_online(vec![group(1, 1, &[ALICE, BOB])]);
    assert_eq!(me(&bob).name, "Bobby", "the server does not have it yet");
    let now = Me {
        profile: Profile {
            name: "Bobby".to_owned(),
            face: Some(face),
            ..profile(BOB)
        },
        admin: false,
    };
    let said = bob.answer(200, &now);
    assert_eq!((said.method, said.path.as_str()), (HttpMethod::Patch, "/v1/me"));
    assert_eq!(
        body(&said),
        json!({
            "name": "Bobby", "about": "Rows",
            "status": { "status": { "emoji": "🚣", "text": "on the water", "until": until } }
        })
    );
    assert_eq!(me(&bob).name, "Bobby");
    bob.pass(3_600_000);
    assert_eq!(me(&bob).face.unwrap().status, None, "it has ended");
}

#[test]
fn what_others_show_is_kept_and_a_status_ends() {
    let mut bob = Device::online(vec![direct(1, 1)]);
    bob.open(1);
    let until = bob.now.plus_ms(60_000);
    let face = Face {
        avatar: Some(blob(9)),
        about: "Terns".to_owned(),
        status: Some(rowing(Some(until))),
    };
    bob.receive(&ServerFrame::Profile(Profile {
        name: "Alice L".to_owned(),
        face: Some(face.clone()),
        ..profile(ALICE)
    }));
    assert_eq!(bob.screen.list[0].avatar, Some(blob(9)));
    assert_eq!(bob.screen.list[0].status, face.status);
    let header = bob.screen.header.clone().unwrap();
    assert_eq!(
        (header.title.as_str(), header.about.as_str()),
        ("Alice L", "Terns")
    );
    assert_eq!(header.avatar, Some(blob(9)));
    assert_eq!(header.members[0].status, face.status);

    // A search tells names alone; what was known stays, on disk too.
    bob.calls.clear();
    let found = bob.command(Command::SearchUsers {
        query: "ali".to_owned(),
    });
    bob.answer(
        200,
        &Users {
            items: vec![profile(ALICE)],
        },
    );
    let Some(Reply::Users { items }) = bob.reply_to(found) else {
        panic!("no answer")
    };
    assert_eq!(items[0].face, Some(face));
    let mut bob = bob.crash();
    assert_eq!(bob.screen.list[0].avatar, Some(blob(9)));
    assert!(bob.screen.list[0].status.is_some());
    bob.pass(60_000);
    assert_eq!(bob.screen.list[0].status, None);
    bob.go_online(vec![direct(1, 1)]);
    bob.receive(&ServerFrame::Profile(Profile {
        face: Some(Face::default()),
        ..profile(ALICE)
    }));
    assert_eq!(bob.screen.list[0].avatar, None, "removed");
}
