//! What devices need for encrypted conversations, over HTTP: keys, key packages, handshakes, welcomes. The bytes are nothing but bytes to the server.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_server::clock::SystemRandom;
use pipit_server::run::{self, Environment};
use pipit_wire::UserId;
use serde_json::{Value, json};

use crate::world::{Person, World, nobody};

const GROUP: &str = "01999999-0000-7000-8000-000000000001";

fn id(number: u32) -> String {
    format!("01999999-0000-7000-8000-{:012x}", number + 0x1000)
}

fn bytes(text: &str) -> String {
    STANDARD.encode(text)
}

fn path(rest: &str) -> String {
    format!("/v1/conversations/{GROUP}{rest}")
}

/// An encrypted group.
async fn den(world: &World, owner: &Person, members: &[UserId]) {
    let new = json!({"id": GROUP, "members": members, "encrypted": true});
    let made = world.post("/v1/conversations/group", owner, new).await.ok();
    assert_eq!(made["conversation"]["encrypted"], true);
}

/// A device with a key and key packages.
async fn prepared(world: &World, person: &Person, packages: &[&str], last_resort: Option<&str>) -> Value {
    let key = json!({"signature_key": STANDARD.encode([7; 32])});
    let reply = world.post("/v1/devices/current/key", person, key).await;
    assert_eq!(reply.status.as_u16(), 204);
    publish(world, person, 1, packages, last_resort).await
}

async fn publish(
    world: &World,
    person: &Person,
    publication: u64,
    packages: &[&str],
    last_resort: Option<&str>,
) -> Value {
    let body = publication_of(world, publication, packages, last_resort);
    let path = "/v1/devices/current/key-packages";
    world.post(path, person, body).await.ok()
}

fn publication_of(world: &World, publication: u64, packages: &[&str], last_resort: Option<&str>) -> Value {
    let end = world.now().plus_ms(86_400_000);
    let package = |text: &&str| json!({"bytes": bytes(text), "not_after": end});
    let mut body = json!({"publication": publication, "replace_all": false,
        "packages": packages.iter().map(package).collect::<Vec<_>>()});
    if let Some(last_resort) = last_resort {
        body["last_resort"] = package(&last_resort);
    }
    body
}

fn commit(number: u32, epoch: u64, count: u64) -> Value {
    json!({"id": id(number), "kind": "commit", "seal": {"epoch": epoch, "count": count}, "bytes": bytes("a commit")})
}

/// Its members know, and nobody tells the server.
#[tokio::test]
async fn what_an_encrypted_group_is_called_is_not_said_to_the_server() {
    let (world, ada) = World::with_ada().await;
    let titled = json!({"id": GROUP, "title": "Den", "members": [], "encrypted": true});
    let refused = world.post("/v1/conversations/group", &ada, titled).await;
    assert_eq!(refused.refusal(), (403, "sealed_only"));
    let nameless = json!({"id": GROUP, "members": []});
    let refused = world.post("/v1/conversations/group", &ada, nameless).await;
    assert_eq!(refused.refusal(), (400, "invalid_field"));
    den(&world, &ada, &[]).await;
    for (number, change) in [
        (1, json!({"title": "Den"})),
        (2, json!({"topic": "Bears"})),
        (3, json!({"avatar": {}})),
    ] {
        let mut body = change.clone();
        body["event_id"] = json!(id(number));
        let refused = world.patch(&path(""), &ada, body).await;
        assert_eq!(refused.refusal(), (403, "sealed_only"), "{change}");
    }
    let set = json!({"event_id": id(4), "announcements": true});
    let summary = world.patch(&path(""), &ada, set).await.ok();
    assert_eq!(summary["conversation"]["settings"]["announcements"], true);
    assert!(summary["conversation"]["title"].is_null(), "{summary}");
}

/// The whole way of a device into a group, as far as the server has to do with it.
#[tokio::test]
async fn a_device_comes_into_a_group() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    den(&world, &ada, &[bob.user]).await;
    let none = world.get("/v1/devices/current/key-packages", &bob).await.ok();
    assert_eq!((&none["count"], &none["publication"]), (&json!(0), &json!(0)));
    let pool = prepared(&world, &bob, &["one"], Some("last")).await;
    assert_eq!(
        (&pool["count"], &pool["last_resort"], &pool["publication"]),
        (&json!(1), &json!(true), &json!(1))
    );
    assert_eq!(pool["generation"], none["generation"]);
    let devices = world.get(&path("/devices"), &ada).await.ok();
    assert_eq!(devices["items"].as_array().unwrap().len(), 1, "ada's has no key");
    assert_eq!(devices["items"][0]["device"], json!(bob.device));
    assert_eq!(devices["items"][0]["signature_key"], STANDARD.encode([7; 32]));
    let claim = json!({"devices": [bob.device, nobody()]});
    for expect in [("one", false), ("last", true), ("last", true)] {
        let claimed = world.post(&path("/key-packages"), &ada, claim.clone()).await.ok();
        let item = &claimed["items"][0];
        assert_eq!(
            (&item["bytes"], &item["last_resort"]),
            (&json!(bytes(expect.0)), &json!(expect.1))
        );
        assert_eq!(claimed["items"].as_array().unwrap().len(), 1);
    }
    let mut first = commit(1, 0, 1);
    first["welcome"] = json!({"devices": [bob.device], "bytes": bytes("welcome, bob")});
    let waiting = || world.get("/v1/devices/current/welcomes", &bob);
    assert_eq!(waiting().await.ok()["items"], json!([]));
    let taken = world.post(&path("/handshakes"), &ada, first.clone()).await.ok();
    assert_eq!(taken["seq"], 2);
    let again = world.post(&path("/handshakes"), &ada, first.clone()).await.ok();
    assert_eq!(again, taken);
    let welcome = waiting().await.ok();
    assert_eq!(
        welcome["items"],
        json!([{"conversation": GROUP, "commit": id(1), "bytes": bytes("welcome, bob")}])
    );
    let done = format!("/v1/devices/current/welcomes/{GROUP}/{}", id(1));
    for _ in 0..2 {
        assert_eq!(world.delete(&done, &bob).await.status.as_u16(), 204);
    }
    assert_eq!(waiting().await.ok()["items"], json!([]));
    // The loser of a race: its welcome goes, its count stays.
    let mut late = commit(2, 0, 9);
    late["welcome"] = json!({"devices": [bob.device], "bytes": bytes("too late")});
    let refused = world.post(&path("/handshakes"), &ada, late).await;
    assert_eq!(refused.refusal(), (409, "stale_epoch"));
    assert_eq!(waiting().await.ok()["items"], json!([]));
    let group = world.get(&path("/group"), &ada).await.ok();
    assert_eq!(group, json!({"epoch": 1, "count": 9}));
    let described = json!({"epoch": 1, "bytes": bytes("the group")});
    assert_eq!(
        world
            .post(&path("/group"), &ada, described.clone())
            .await
            .status
            .as_u16(),
        204
    );
    let group = world.get(&path("/group"), &bob).await.ok();
    assert_eq!(group, json!({"epoch": 1, "count": 0, "info": bytes("the group")}));
    world
        .post(&path("/handshakes"), &ada, commit(3, 1, 10))
        .await
        .ok();
    assert_eq!(
        world.post(&path("/group"), &ada, described).await.refusal(),
        (409, "stale_epoch")
    );
    assert!(world.get(&path("/group"), &bob).await.ok().get("info").is_none());
}

/// What is said again changes nothing, and another key is none of this device's.
#[tokio::test]
async fn what_is_published_twice_is_published_once() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    den(&world, &ada, &[bob.user]).await;
    prepared(&world, &bob, &["one"], None).await;
    let claim = json!({"devices": [bob.device]});
    let claimed = world.post(&path("/key-packages"), &ada, claim.clone()).await.ok();
    assert_eq!(claimed["items"][0]["bytes"], bytes("one"));
    let again = prepared(&world, &bob, &["one"], None).await;
    assert_eq!(again["count"], 0, "what was given away does not come back");
    let other = json!({"signature_key": STANDARD.encode([8; 32])});
    let refused = world.post("/v1/devices/current/key", &bob, other).await;
    assert_eq!(refused.refusal(), (409, "id_conflict"));
    let replaced = publish(&world, &bob, 2, &["two"], None).await;
    assert_eq!(replaced["count"], 1);
    // What is signed out is in nobody's hands any more.
    world.delete("/v1/sessions/current", &bob).await;
    let nothing = world.post(&path("/key-packages"), &ada, claim).await.ok();
    assert_eq!(nothing["items"], json!([]));
    assert_eq!(world.get(&path("/devices"), &ada).await.ok()["items"], json!([]));
}

async fn refuses(world: &World, person: &Person, asked: Vec<(String, Value, (u16, &str))>) {
    for (path, body, expect) in asked {
        let reply = world.post(&path, person, body).await;
        assert_eq!(reply.refusal(), expect, "{path}: {}", reply.body);
    }
}

fn long(length: usize) -> String {
    STANDARD.encode(vec![1; length])
}

const INVALID: (u16, &str) = (400, "invalid_field");
const LARGE: (u16, &str) = (413, "too_large");

#[tokio::test]
async fn keys_and_key_packages_that_are_none_are_refused_by_name() {
    let (world, ada) = World::with_ada().await;
    let pool = "/v1/devices/current/key-packages".to_owned();
    let unknown = publication_of(&world, 1, &["x"], None);
    // A device without a key has no key packages.
    refuses(&world, &ada, vec![(pool.clone(), unknown, (404, "not_found"))]).await;
    prepared(&world, &ada, &[], None).await;
    let soon = world.now().plus_ms(1_000);
    let far = world.now().plus_ms(91 * 86_400_000);
    let package = |bytes: String, not_after| json!({"publication": 2, "replace_all": false, "packages": [{"bytes": bytes, "not_after": not_after}]});
    let key = "/v1/devices/current/key".to_owned();
    let asked = vec![
        (key.clone(), json!({"signature_key": "AAEC"}), INVALID),
        (key.clone(), json!({"signature_key": long(33)}), LARGE),
        (key, json!({"signature_key": "?"}), INVALID),
        (pool.clone(), package(long(8_193), soon), LARGE),
        (pool.clone(), package(String::new(), soon), INVALID),
        (pool.clone(), package(long(9), world.now()), INVALID),
        (pool.clone(), package(long(9), far), INVALID),
        (pool.clone(), publication_of(&world, 0, &[], None), INVALID),
        (
            pool,
            publication_of(&world, 2, &["x"; 101], None),
            (409, "limit_reached"),
        ),
    ];
    refuses(&world, &ada, asked).await;
}

#[tokio::test]
async fn claims_and_handshakes_that_are_none_are_refused_by_name() {
    let (world, ada) = World::with_ada().await;
    den(&world, &ada, &[]).await;
    let changed = |field: &str, value: Value| {
        let mut body = commit(7, 0, 1);
        body[field] = value;
        (path("/handshakes"), body)
    };
    let mut proposal = commit(8, 0, 1);
    proposal["kind"] = json!("proposal");
    proposal["welcome"] = json!({"devices": [id(1)], "bytes": long(9)});
    let many: Vec<String> = (0..101).map(id).collect();
    let claims = [json!([]), json!([id(1), id(1)]), json!(many), json!([ada.device])];
    let claims = claims.map(|devices| (path("/key-packages"), json!({"devices": devices})));
    let welcome = |devices: Value, length| json!({"devices": devices, "bytes": long(length)});
    let invalid = [
        changed("bytes", json!("")),
        changed("seal", json!({"epoch": 0, "count": 0})),
        changed("seal", json!({"epoch": 9_007_199_254_740_992_u64, "count": 1})),
        changed("kind", json!("greeting")),
        changed("welcome", welcome(json!([]), 9)),
        (path("/handshakes"), proposal),
    ];
    let large = [
        changed("bytes", json!(long(131_073))),
        changed("welcome", welcome(json!([id(1)]), 393_217)),
        changed("bytes", json!("x".repeat(1024 * 1024))),
    ];
    let invalid = claims
        .into_iter()
        .chain(invalid)
        .map(|(path, body)| (path, body, INVALID));
    let large = large.into_iter().map(|(path, body)| (path, body, LARGE));
    refuses(&world, &ada, invalid.chain(large).collect()).await;
    let group = world.get(&path("/group"), &ada).await.ok();
    assert_eq!(group["epoch"], 0, "none of it has happened");
}

/// Whoever takes them by the dozen has to wait, and uses up no more meanwhile.
#[tokio::test]
async fn claims_are_limited() {
    let (world, ada) = World::with_ada().await;
    den(&world, &ada, &[]).await;
    let claim = json!({"devices": [nobody()]});
    for _ in 0..60 {
        world.post(&path("/key-packages"), &ada, claim.clone()).await.ok();
    }
    let refused = world.post(&path("/key-packages"), &ada, claim.clone()).await;
    assert_eq!(refused.refusal(), (429, "rate_limited"));
    world.pass_ms(60_000);
    world.post(&path("/key-packages"), &ada, claim).await.ok();
}

/// A backup has what was given away after it was made.
#[tokio::test]
async fn a_server_that_was_restored_says_so() {
    let (world, ada) = World::with_ada().await;
    let before = prepared(&world, &ada, &["one", "two"], Some("last")).await;
    let (_, folder, config, clock) = world.stop().await;
    let environment = Environment {
        clock: Arc::<crate::world::ManualClock>::clone(&clock),
        random: Arc::new(SystemRandom),
    };
    assert!(run::restored(&config, environment).await.unwrap());
    let world = World::open(folder, config, clock).await;
    let after = world.get("/v1/devices/current/key-packages", &ada).await.ok();
    assert_ne!(after["generation"], before["generation"]);
    assert_eq!(
        (&after["count"], &after["last_resort"], &after["publication"]),
        (&json!(0), &json!(true), &json!(1))
    );
}
