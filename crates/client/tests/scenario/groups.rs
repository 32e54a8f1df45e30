//! Groups: what they are set to, who may write, and what is asked about who comes in and who is kept out.

use pipit_client::command::{Command, CommandId, Reply};
use pipit_client::io::HttpMethod;
use pipit_client::view::{Allowed, ItemBody};
use pipit_wire::event::{
    AvatarChange, EventBody, GroupSettings, HistoryPolicy, MemberRole, Role, SettingsChange,
};
use pipit_wire::rest::{
    Bans, Conversation, GroupInvite, GroupInviteInfo, GroupInvites, JoinRequest, JoinRequests, Joining,
};
use pipit_wire::{BlobId, ConversationId, EventId, InviteId, ServerFrame, WireError};
use serde_json::{Value, json};

use crate::support::*;

fn allowed(bob: &Device) -> Allowed {
    bob.screen.header.as_ref().unwrap().allowed
}

fn role(person: u128, role: Role) -> EventBody {
    EventBody::RoleChanged {
        member: MemberRole {
            user: user(person),
            role,
        },
    }
}

#[test]
fn entries_set_a_group_and_with_it_who_writes() {
    let mut bob = Device::online(vec![group(1, 0, &[ALICE, BOB])]);
    bob.open(1);
    assert!(allowed(&bob).send);
    let picture = BlobId::from_bytes([7; 16]);
    let change = SettingsChange {
        topic: Some("Terns".to_owned()),
        announcements: Some(true),
        avatar: Some(AvatarChange { blob: Some(picture) }),
        ..SettingsChange::default()
    };
    let body = EventBody::SettingsChanged {
        change: change.clone(),
    };
    bob.receive(&event(entry(1, 1, ALICE, body)));
    let header = bob.screen.header.as_ref().unwrap();
    let expect = GroupSettings {
        topic: "Terns".to_owned(),
        announcements: true,
        avatar: Some(picture),
        ..GroupSettings::default()
    };
    assert_eq!(header.settings, expect);
    assert_eq!(bob.screen.list[0].avatar, Some(picture));
    assert!(!allowed(&bob).send, "only admins write now");
    assert_eq!(
        bob.screen.items.last().unwrap().body,
        ItemBody::SettingsChanged { change }
    );
    // It is on disk.
    bob = bob.crash();
    bob.open(1);
    assert_eq!(bob.screen.header.as_ref().unwrap().settings, expect);
    bob.go_online(vec![pipit_wire::frame::ConversationSummary {
        settings: expect,
        ..group(1, 1, &[ALICE, BOB])
    }]);
    bob.receive(&event(entry(1, 2, ALICE, role(BOB, Role::Admin))));
    assert!(allowed(&bob).send, "an admin does");
}

#[test]
fn each_role_is_offered_what_it_may_do() {
    let mut bob = Device::online(vec![group(1, 0, &[ALICE, BOB])]);
    bob.open(1);
    let offers = |bob: &Device| {
        let allowed = allowed(bob);
        [
            allowed.ban,
            allowed.change_settings,
            allowed.manage_invites,
            allowed.hand_over,
            allowed.step_down,
            allowed.leave,
        ]
    };
    assert_eq!(offers(&bob), [false, false, false, false, false, true]);
    for (number, to, expect) in [
        (1, Role::Moderator, [true, false, false, false, true, true]),
        (2, Role::Admin, [true, true, true, false, true, true]),
        (3, Role::Owner, [true, true, true, true, true, true]),
    ] {
        bob.receive(&event(entry(1, number, ALICE, role(BOB, to))));
        assert_eq!(offers(&bob), expect, "{to:?}");
    }
    bob.receive(&event(entry(1, 4, ALICE, role(ALICE, Role::Member))));
    assert_eq!(
        offers(&bob),
        [true, true, true, true, false, false],
        "the last owner"
    );
}

#[test]
fn a_summary_says_how_many_wait() {
    let waiting = |count| pipit_wire::frame::ConversationSummary {
        join_requests: count,
        ..group(1, 0, &[ALICE, BOB])
    };
    let mut bob = Device::online(vec![waiting(0)]);
    bob.open(1);
    bob.receive(&ServerFrame::Conversation(Box::new(waiting(2))));
    assert_eq!(bob.screen.list[0].join_requests, 2);
    assert_eq!(bob.screen.header.as_ref().unwrap().join_requests, 2);
    bob.receive(&ServerFrame::Conversation(Box::new(waiting(0))));
    assert_eq!(bob.screen.list[0].join_requests, 0);
}

/// Gives a command, checks what is asked of the server, and says what its answer gives.
#[track_caller]
fn check(
    bob: &mut Device,
    command: Command,
    (method, path, body): (HttpMethod, &str, Value),
    answer: &impl serde::Serialize,
) -> Reply {
    bob.calls.clear();
    let id: CommandId = bob.command(command);
    let request = bob.answer(200, answer);
    let sent = request
        .body
        .map_or(Value::Null, |body| serde_json::from_str(&body).unwrap());
    assert_eq!(
        (request.method, request.path.as_str(), sent),
        (method, path, body)
    );
    bob.reply_to(id).expect("no reply")
}

fn in_group() -> (Device, ConversationId) {
    let bob = Device::online(vec![group(1, 0, &[ALICE, BOB])]);
    (bob, conversation(1))
}

fn below(place: ConversationId, rest: &str) -> String {
    format!("/v1/conversations/{place}/{rest}")
}

#[test]
fn the_server_is_asked_about_links() {
    let (mut bob, place) = in_group();
    let at = |rest: &str| below(place, rest);
    let invite: InviteId = uuid::Uuid::from_u128(5).into();
    let link = GroupInvite {
        id: invite,
        token: Some("t".to_owned()),
        made_by: profile(BOB),
        expires_at: START,
        uses_left: 3,
        approval: true,
    };
    let new = json!({"expires_in_s": 60, "uses": 3, "approval": true});
    let create = Command::CreateGroupInvite {
        conversation: place,
        expires_in_s: 60,
        uses: 3,
        approval: true,
    };
    let made = check(&mut bob, create, (HttpMethod::Post, &at("invites"), new), &link);
    assert_eq!(made, Reply::GroupInvite { invite: link.clone() });
    let list = Command::ListGroupInvites { conversation: place };
    let items = vec![link];
    let answer = GroupInvites { items: items.clone() };
    let listed = check(
        &mut bob,
        list,
        (HttpMethod::Get, &at("invites"), Value::Null),
        &answer,
    );
    assert_eq!(listed, Reply::GroupInvites { items });
    let revoke = Command::RevokeGroupInvite {
        conversation: place,
        invite,
    };
    let path = at(&format!("invites/{invite}"));
    let done = check(&mut bob, revoke, (HttpMethod::Delete, &path, Value::Null), &());
    assert_eq!(done, Reply::Done);
}

#[test]
fn the_server_is_asked_about_requests() {
    let (mut bob, place) = in_group();
    let (event_id, whom): (EventId, _) = (message(9).into(), user(CAROL));
    let at = |rest: &str| below(place, rest);
    let items = vec![JoinRequest {
        profile: profile(CAROL),
        at: START,
    }];
    let answer = JoinRequests { items: items.clone() };
    let list = Command::ListJoinRequests { conversation: place };
    let listed = check(
        &mut bob,
        list,
        (HttpMethod::Get, &at("requests"), Value::Null),
        &answer,
    );
    assert_eq!(listed, Reply::JoinRequests { items });
    let approve = Command::ApproveJoin {
        conversation: place,
        event_id,
        user: whom,
    };
    let path = at(&format!("requests/{whom}"));
    let summary = group(1, 1, &[ALICE, BOB, CAROL]);
    let answer = Conversation {
        conversation: summary,
    };
    let key = json!({"event_id": event_id});
    assert_eq!(
        check(&mut bob, approve, (HttpMethod::Post, &path, key), &answer),
        Reply::Done
    );
    let decline = Command::DeclineJoin {
        conversation: place,
        user: whom,
    };
    assert_eq!(
        check(&mut bob, decline, (HttpMethod::Delete, &path, Value::Null), &()),
        Reply::Done
    );
}

#[test]
fn the_server_is_asked_about_bans() {
    let (mut bob, place) = in_group();
    let (event_id, whom): (EventId, _) = (message(9).into(), user(CAROL));
    let at = |rest: &str| below(place, rest);
    let ban = Command::BanMember {
        conversation: place,
        event_id,
        user: whom,
    };
    let body = json!({"event_id": event_id, "user": whom});
    assert_eq!(
        check(&mut bob, ban, (HttpMethod::Post, &at("bans"), body), &()),
        Reply::Done
    );
    let list = Command::ListBans { conversation: place };
    let answer = Bans { items: Vec::new() };
    let listed = check(
        &mut bob,
        list,
        (HttpMethod::Get, &at("bans"), Value::Null),
        &answer,
    );
    assert_eq!(listed, Reply::Bans { items: Vec::new() });
    let allow = Command::LiftBan {
        conversation: place,
        user: whom,
    };
    let path = at(&format!("bans/{whom}"));
    assert_eq!(
        check(&mut bob, allow, (HttpMethod::Delete, &path, Value::Null), &()),
        Reply::Done
    );
}

#[test]
fn the_server_is_asked_for_settings() {
    let (mut bob, place) = in_group();
    let event_id: EventId = message(9).into();
    let change = SettingsChange {
        history: Some(HistoryPolicy::All),
        ..SettingsChange::default()
    };
    let set = Command::ChangeSettings {
        conversation: place,
        event_id,
        change,
    };
    let body = json!({"event_id": event_id, "history": "all"});
    let path = format!("/v1/conversations/{place}");
    let answer = Conversation {
        conversation: group(1, 1, &[ALICE, BOB]),
    };
    assert_eq!(
        check(&mut bob, set, (HttpMethod::Patch, &path, body), &answer),
        Reply::Done
    );
}

#[test]
fn a_link_leads_into_the_list_or_to_waiting() {
    let mut bob = Device::online(Vec::new());
    let info = GroupInviteInfo {
        title: "Birds".to_owned(),
        member_count: 2,
        approval: false,
    };
    let look = Command::GetGroupInviteInfo {
        token: "a/b".to_owned(),
    };
    let asks = (HttpMethod::Get, "/v1/groups/invites/a%2Fb", Value::Null);
    assert_eq!(
        check(&mut bob, look, asks, &info),
        Reply::GroupInviteInfo { info: info.clone() }
    );
    let event_id = message(9).into();
    let join = || Command::JoinGroup {
        token: "t".to_owned(),
        event_id,
    };
    let asks = || {
        (
            HttpMethod::Post,
            "/v1/groups/join",
            json!({"token": "t", "event_id": event_id}),
        )
    };
    let waits = check(&mut bob, join(), asks(), &Joining { conversation: None });
    assert_eq!(waits, Reply::Joining { conversation: None });
    assert!(bob.screen.list.is_empty());
    let joined = Joining {
        conversation: Some(group(1, 3, &[ALICE, BOB])),
    };
    let joined = check(&mut bob, join(), asks(), &joined);
    assert_eq!(
        joined,
        Reply::Joining {
            conversation: Some(conversation(1))
        }
    );
    assert_eq!(bob.screen.list[0].title, "Birds");

    bob.calls.clear();
    let id = bob.command(join());
    bob.answer(403, &WireError::new(pipit_wire::ErrorCode::Banned, "no"));
    let Some(Reply::Failed { error }) = bob.reply_to(id) else {
        panic!("it was not refused");
    };
    assert_eq!(error.code, "banned");
}
