//! What people let others do to them, and whom they block.

use pipit_server::service::access::Caller;
use pipit_store::account::{CreateAccount, NewDevice, NewUser, PasswordHash, TokenHash};
use pipit_store_postgres::testing::TestPostgres;
use pipit_wire::frame::client::ClientInfo;
use pipit_wire::frame::{PersonalChange, RequestState};
use pipit_wire::{ConversationId, DeviceId, UserId};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Person, Reply, World, nobody};

/// An id of a client's making.
fn id(number: u8) -> String {
    format!("01999999-0000-7000-8000-0000000000{number:02x}")
}

async fn set(world: &World, who: &Person, change: Value) -> Value {
    world.patch("/v1/me/privacy", who, change).await.ok()
}

async fn write(world: &World, from: &Person, to: &Person) -> Reply {
    world
        .post("/v1/conversations/direct", from, json!({"user": to.user}))
        .await
}

async fn found(world: &World, from: &Person, query: &str) -> Vec<Value> {
    let found = world.get(&format!("/v1/users?query={query}"), from).await.ok();
    let items = found["items"].as_array().unwrap();
    items.iter().map(|item| item["handle"].clone()).collect()
}

#[tokio::test]
async fn it_is_read_and_changed_piece_by_piece() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let everything = json!({
        "receipts": true, "typing": true, "presence": true,
        "found_by": "everyone", "written_by": "everyone", "added_by": "everyone", "changed_at": 0,
    });
    assert_eq!(world.get("/v1/me/privacy", &ada).await.ok(), everything);
    let changed = set(&world, &ada, json!({"typing": false, "found_by": "nobody"})).await;
    let again = set(&world, &ada, json!({"added_by": "known"})).await;
    assert!(again["changed_at"].as_i64() > changed["changed_at"].as_i64());
    let mut expect = everything.clone();
    for (field, value) in [
        ("typing", json!(false)),
        ("found_by", json!("nobody")),
        ("added_by", json!("known")),
        ("changed_at", again["changed_at"].clone()),
    ] {
        expect[field] = value;
    }
    assert_eq!(again, expect);
    assert_eq!(world.get("/v1/me/privacy", &ada).await.ok(), expect);
    assert_eq!(world.get("/v1/me/privacy", &bob).await.ok(), everything);
    for (bad, code) in [
        (json!({}), "invalid_field"),
        (json!({"typing": "no"}), "invalid_field"),
        (json!({"found_by": "friends"}), "invalid_field"),
        (json!({"changed_at": 5}), "unknown_field"),
        (json!({"receipts": true, "location": false}), "unknown_field"),
    ] {
        let refused = world.patch("/v1/me/privacy", &ada, bad.clone()).await;
        assert_eq!(refused.refusal(), (400, code), "{bad}");
    }
    assert_eq!(world.get("/v1/me/privacy", &ada).await.ok(), expect);
}

#[tokio::test]
async fn others_do_what_they_are_let_on_sqlite() {
    let world = World::start().await;
    others_do_what_they_are_let(&world).await;
}

#[tokio::test]
async fn others_do_what_they_are_let_on_postgresql() {
    let postgres = TestPostgres::start().await.unwrap();
    let database = postgres.empty_database().await.unwrap();
    let world = World::start_with(|config| config.general.database = Some(database.url().to_owned())).await;
    others_do_what_they_are_let(&world).await;
    world.stop().await;
}

/// Ada has invited them all, so that she is known to each; bob and cyn share a group, and dan is a stranger to both.
async fn others_do_what_they_are_let(world: &World) {
    let ada = world.set_up("ada").await;
    let bob = world.join(&ada, "bob").await;
    let cyn = world.join(&ada, "cyn").await;
    let dan = world.join(&ada, "dan").await;
    let birds = json!({"id": id(1), "title": "Birds", "members": [bob.user]});
    world.post("/v1/conversations/group", &cyn, birds).await.ok();
    let accepted = PersonalChange {
        request: Some(RequestState::Accepted),
        ..PersonalChange::default()
    };
    let place: ConversationId = id(1).parse().unwrap();
    let store = world.store();
    store
        .set_personal(place, bob.user, accepted, world.now())
        .await
        .unwrap();

    set(world, &bob, json!({"found_by": "known"})).await;
    for (asker, finds) in [(&ada, true), (&cyn, true), (&dan, false)] {
        assert_eq!(!found(world, asker, "bo").await.is_empty(), finds);
        assert_eq!(
            found(world, asker, "@bob").await,
            [json!("bob")],
            "the whole handle"
        );
    }
    set(world, &bob, json!({"found_by": "nobody"})).await;
    assert_eq!(found(world, &cyn, "bo").await, [json!(null); 0]);
    let everywhere = world.get("/v1/search?query=bo", &cyn).await.ok();
    assert_eq!(everywhere["people"], json!([]), "{everywhere}");

    added_by_whom_they_let(world, &bob, &cyn, &dan).await;
    written_to_by_whom_they_let(world, &bob, &cyn, &dan).await;
}

async fn added_by_whom_they_let(world: &World, bob: &Person, cyn: &Person, dan: &Person) {
    set(world, bob, json!({"added_by": "known"})).await;
    let group = |number: u8, members: Value| json!({"id": id(number), "title": "Fish", "members": members});
    let make = async |who: &Person, number, members| {
        let body = group(number, members);
        world.post("/v1/conversations/group", who, body).await
    };
    let declined = make(dan, 2, json!([cyn.user, bob.user])).await;
    assert_eq!(declined.refusal(), (403, "declined"));
    assert_eq!(declined.body["field"], "members");
    assert_eq!(
        world
            .get(&format!("/v1/conversations/{}", id(2)), dan)
            .await
            .refusal(),
        (403, "not_member"),
        "nothing was made"
    );
    make(cyn, 3, json!([bob.user])).await.ok();
    make(dan, 4, json!([cyn.user])).await.ok();
    let members = format!("/v1/conversations/{}/members", id(4));
    let add = async |who: &Person, number| {
        let body = json!({"event_ids": [id(number)], "users": [bob.user]});
        world.post(&members, who, body).await
    };
    assert_eq!(add(dan, 10).await.refusal(), (403, "declined"));
    set(world, bob, json!({"added_by": "nobody"})).await;
    // A repetition is answered like the first time, and who is in it already is not asked.
    make(cyn, 3, json!([bob.user])).await.ok();
    assert_eq!(make(cyn, 5, json!([bob.user])).await.refusal(), (403, "declined"));
    // By a link they come themselves.
    let links = format!("/v1/conversations/{}/invites", id(4));
    let link = json!({"expires_in_s": 3600, "uses": 1, "approval": false});
    let link = world.post(&links, dan, link).await.ok();
    let body = json!({"token": link["token"], "event_id": id(11)});
    world.post("/v1/groups/join", bob, body).await.ok();
    add(dan, 12).await.ok();
}

async fn written_to_by_whom_they_let(world: &World, bob: &Person, cyn: &Person, dan: &Person) {
    let erin = world.join(cyn, "erin").await;
    // Cyn has invited erin, but bob has not.
    set(world, bob, json!({"written_by": "known"})).await;
    assert_eq!(write(world, &erin, bob).await.refusal(), (403, "declined"));
    assert_eq!(
        world
            .post("/v1/conversations/direct", &erin, json!({"user": nobody()}))
            .await
            .refusal(),
        (404, "not_found")
    );
    write(world, dan, bob).await.ok();
    set(world, bob, json!({"written_by": "nobody"})).await;
    // What has begun goes on; what bob begins is his.
    write(world, dan, bob).await.ok();
    assert_eq!(write(world, cyn, bob).await.refusal(), (403, "declined"));
    write(world, bob, bob).await.ok();
    write(world, bob, cyn).await.ok();
    write(world, cyn, bob).await.ok();
    let sealed = json!({"user": bob.user, "encrypted": true});
    world
        .post("/v1/conversations/direct", cyn, sealed.clone())
        .await
        .ok();
    assert_eq!(
        world
            .post("/v1/conversations/direct", &erin, sealed)
            .await
            .refusal(),
        (403, "declined")
    );
}

#[tokio::test]
async fn the_blocked_are_listed_and_let_go() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let eve = world.join(&bob, "eve").await;
    assert_eq!(world.get("/v1/me/blocked", &ada).await.ok(), json!({"items": []}));
    // Ada refuses what eve, a stranger, has begun.
    let begun = write(&world, &eve, &ada).await.ok();
    let place: ConversationId = begun["conversation"]["id"].as_str().unwrap().parse().unwrap();
    let refused = PersonalChange {
        request: Some(RequestState::Refused),
        ..PersonalChange::default()
    };
    let node = world.node();
    let caller = Caller {
        user: ada.user,
        device: None,
    };
    node.personals.set(caller, place, refused).await.unwrap();
    let listed = world.get("/v1/me/blocked", &ada).await.ok();
    assert_eq!(listed["items"][0]["profile"]["handle"], "eve");
    assert_eq!(listed["items"][0]["at"], json!(world.now()));
    assert_eq!(
        world.get("/v1/me/blocked", &eve).await.ok(),
        json!({"items": []}),
        "who blocks whom is one's own"
    );
    assert_eq!(write(&world, &eve, &ada).await.refusal(), (403, "blocked"));

    let one = |user: UserId| format!("/v1/me/blocked/{user}");
    for (who, user) in [
        (&eve, ada.user),
        (&bob, eve.user),
        (&ada, nobody().parse().unwrap()),
    ] {
        assert_eq!(world.delete(&one(user), who).await.status, 204);
    }
    assert_eq!(
        write(&world, &eve, &ada).await.refusal(),
        (403, "blocked"),
        "only who blocks lifts it"
    );
    assert_eq!(world.delete(&one(eve.user), &ada).await.status, 204);
    assert_eq!(world.get("/v1/me/blocked", &ada).await.ok(), json!({"items": []}));
    write(&world, &eve, &ada).await.ok();
    let summary = world.get(&format!("/v1/conversations/{place}"), &ada).await.ok();
    assert_eq!(summary["conversation"]["personal"]["request"], "accepted");

    for bad in ["nonsense", "1", "1.x", "x.01999999-0000-7000-8000-000000000001"] {
        let refused = world.get(&format!("/v1/me/blocked?after={bad}"), &ada).await;
        assert_eq!(refused.refusal(), (400, "invalid_field"), "{bad}");
    }
    let wrong = world
        .call(Method::DELETE, "/v1/me/blocked/ada", Some(&ada.access), None)
        .await;
    assert_eq!(wrong.refusal(), (404, "not_found"), "no such path");
}

/// An account that nobody signs in to.
async fn somebody(world: &World, number: u8) -> UserId {
    let now = world.now();
    let user = UserId::new(now, [number; 10]);
    let account = CreateAccount {
        account: NewUser {
            id: user,
            handle: format!("pat{number}"),
            name: "Pat".to_owned(),
            password: PasswordHash("$argon2id$none".to_owned()),
            admin: false,
        },
        device: NewDevice {
            id: DeviceId::new(now, [number; 10]),
            user,
            name: "Phone".to_owned(),
            client: ClientInfo {
                name: "test".to_owned(),
                version: "1".to_owned(),
            },
            refresh: TokenHash([number; 32]),
            now,
        },
        invite: None,
        now,
    };
    world.store().create_account(account).await.unwrap().unwrap();
    user
}

#[tokio::test]
async fn the_blocked_are_listed_in_pages() {
    let (world, ada) = World::with_ada().await;
    // As many as a page has, and one more.
    let mut others = Vec::new();
    for number in 0..101 {
        world.pass_ms(1);
        let other = somebody(&world, number).await;
        let blocked = world
            .store()
            .set_blocked(ada.user, other, true, world.now())
            .await;
        blocked.unwrap();
        others.push(other);
    }
    let first = world.get("/v1/me/blocked", &ada).await.ok();
    assert_eq!(first["items"].as_array().unwrap().len(), 100);
    assert_eq!(first["items"][0]["profile"]["user"], json!(others[100]));
    let next = first["next"].as_str().unwrap();
    let last = world
        .get(&format!("/v1/me/blocked?after={next}"), &ada)
        .await
        .ok();
    assert_eq!(last["items"].as_array().unwrap().len(), 1);
    assert_eq!(last["items"][0]["profile"]["user"], json!(others[0]));
    assert_eq!(last.get("next"), None);
}
