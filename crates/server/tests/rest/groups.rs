//! Groups over HTTP: what they are set to, links into them, requests to be let in, and bans.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Person, Reply, World, nobody};

/// An id of a client's making.
fn id(number: u8) -> String {
    format!("01999999-0000-7000-8000-0000000000{number:02x}")
}

/// Ada's group with bob in it, as a path.
async fn birds(world: &World, ada: &Person, bob: &Person) -> String {
    let body = json!({"id": id(1), "title": "Birds", "members": [bob.user]});
    world.post("/v1/conversations/group", ada, body).await.ok();
    format!("/v1/conversations/{}", id(1))
}

async fn set(world: &World, group: &str, who: &Person, number: u8, settings: Value) -> Reply {
    let mut body = settings;
    body["event_id"] = json!(id(number));
    world.patch(group, who, body).await
}

/// The token of a new link.
async fn link(world: &World, group: &str, who: &Person, uses: u32, approval: bool) -> String {
    let body = json!({"expires_in_s": 3600, "uses": uses, "approval": approval});
    let made = world.post(&format!("{group}/invites"), who, body).await;
    assert_eq!(made.status, 201);
    made.ok()["token"].as_str().unwrap().to_owned()
}

async fn join(world: &World, who: &Person, token: &str, number: u8) -> Reply {
    let body = json!({"token": token, "event_id": id(number)});
    world.post("/v1/groups/join", who, body).await
}

async fn summary(world: &World, group: &str, who: &Person) -> Value {
    world.get(group, who).await.ok()["conversation"].clone()
}

#[tokio::test]
async fn a_group_is_set_by_its_admins() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let group = birds(&world, &ada, &bob).await;
    assert!(summary(&world, &group, &bob).await.get("settings").is_none());
    let settings = json!({"topic": " Terns \u{1f426}", "announcements": true, "history": "all"});
    let refused = set(&world, &group, &bob, 10, settings.clone()).await;
    assert_eq!(refused.refusal(), (403, "forbidden"));
    let changed = set(&world, &group, &ada, 10, settings.clone()).await.ok();
    let expect = json!({"topic": "Terns \u{1f426}", "announcements": true, "history": "all"});
    assert_eq!(changed["conversation"]["settings"], expect);
    // The answer was lost; asking again is answered alike, and is no entry of its own.
    set(&world, &group, &ada, 10, settings).await.ok();
    let seen = summary(&world, &group, &bob).await;
    assert_eq!((&seen["settings"], &seen["last_seq"]), (&expect, &json!(2)));

    set(&world, &group, &ada, 11, json!({"topic": "  "})).await.ok();
    let seen = summary(&world, &group, &bob).await;
    assert_eq!(seen["settings"]["topic"], "");
    assert_eq!(seen["settings"]["announcements"], true, "the rest stays");
    for bad in [
        json!({}),
        json!({"title": "Fish", "topic": "x"}),
        json!({"topic": "a\nb"}),
        json!({"topic": "turns \u{202e}round"}),
        json!({"topic": "x".repeat(513)}),
        json!({"history": "some"}),
        json!({"announcements": "yes"}),
    ] {
        let refused = set(&world, &group, &ada, 12, bad.clone()).await;
        assert_eq!(refused.refusal(), (400, "invalid_field"), "{bad}");
    }
    let refused = set(&world, &group, &ada, 12, json!({"color": "red"})).await;
    assert_eq!(refused.refusal(), (400, "unknown_field"));
}

#[tokio::test]
async fn a_link_says_little_and_lets_people_in() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let cyn = world.join(&ada, "cyn").await;
    let dan = world.join(&ada, "dan").await;
    let group = birds(&world, &ada, &bob).await;
    let token = link(&world, &group, &ada, 1, false).await;
    let info = world.get(&format!("/v1/groups/invites/{token}"), &cyn).await.ok();
    assert_eq!(
        info,
        json!({"title": "Birds", "member_count": 2, "approval": false})
    );
    let without = world
        .call(Method::GET, &format!("/v1/groups/invites/{token}"), None, None)
        .await;
    assert_eq!(without.refusal(), (401, "unauthenticated"));

    // Whoever is a member is told so, and uses nothing.
    join(&world, &bob, &token, 20).await.ok();
    let joined = join(&world, &cyn, &token, 21).await.ok();
    assert_eq!(joined["conversation"]["member_count"], 3);
    // The answer was lost, and hers was the last use.
    let joined = join(&world, &cyn, &token, 21).await.ok();
    assert_eq!(joined["conversation"]["member_count"], 3);
    assert_eq!(
        join(&world, &dan, &token, 22).await.refusal(),
        (410, "invite_invalid")
    );
    let used_up = world.get(&format!("/v1/groups/invites/{token}"), &cyn).await;
    assert_eq!(used_up.refusal(), (410, "invite_invalid"));
    for bad in ["", "x", "pipit_iv_x", nobody()] {
        assert_eq!(
            join(&world, &dan, bad, 23).await.refusal(),
            (410, "invite_invalid"),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn links_end_and_are_listed_without_their_token() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let cyn = world.join(&ada, "cyn").await;
    let group = birds(&world, &ada, &bob).await;
    let invites = format!("{group}/invites");
    let token = link(&world, &group, &ada, 5, true).await;
    let listed = world.get(&invites, &ada).await.ok();
    let item = &listed["items"][0];
    assert_eq!((&item["uses_left"], &item["approval"]), (&json!(5), &json!(true)));
    assert_eq!(item["made_by"]["handle"], "ada");
    assert!(item.get("token").is_none());
    let one = format!("{invites}/{}", item["id"].as_str().unwrap());
    assert_eq!(world.delete(&one, &ada).await.status, 204);
    assert_eq!(world.delete(&one, &ada).await.refusal(), (404, "not_found"));
    assert_eq!(
        join(&world, &cyn, &token, 20).await.refusal(),
        (410, "invite_invalid")
    );

    let token = link(&world, &group, &ada, 5, false).await;
    world.pass_ms(3_600_000);
    let ada = world.sign_in("ada", crate::world::PASSWORD).await.person();
    let cyn = world.sign_in("cyn", crate::world::PASSWORD).await.person();
    assert_eq!(
        join(&world, &cyn, &token, 21).await.refusal(),
        (410, "invite_invalid")
    );
    assert_eq!(world.get(&invites, &ada).await.ok()["items"], json!([]));
    for bad in [
        json!({"expires_in_s": 59, "uses": 1, "approval": false}),
        json!({"expires_in_s": 60, "uses": 0, "approval": false}),
        json!({"expires_in_s": 60, "uses": 1_001, "approval": false}),
    ] {
        assert_eq!(
            world.post(&invites, &ada, bad).await.refusal(),
            (400, "invalid_field")
        );
    }
    let fine = json!({"expires_in_s": 60, "uses": 1, "approval": false});
    for _ in 0..50 {
        world.post(&invites, &ada, fine.clone()).await.ok();
    }
    assert_eq!(
        world.post(&invites, &ada, fine).await.refusal(),
        (409, "limit_reached")
    );
}

#[tokio::test]
async fn who_asks_is_let_in_or_not() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let cyn = world.join(&ada, "cyn").await;
    let dan = world.join(&ada, "dan").await;
    let group = birds(&world, &ada, &bob).await;
    let requests = format!("{group}/requests");
    let token = link(&world, &group, &ada, 2, true).await;
    for person in [&cyn, &dan, &cyn] {
        let asked = join(&world, person, &token, 20).await.ok();
        assert_eq!(asked, json!({}), "nothing is told before one is let in");
        world.pass_ms(1);
    }
    assert_eq!(world.get(&group, &cyn).await.refusal(), (403, "not_member"));
    let waiting = world.get(&requests, &ada).await.ok();
    let handles: Vec<_> = waiting["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["profile"]["handle"].as_str().unwrap())
        .collect();
    assert_eq!(handles, ["cyn", "dan"]);
    assert_eq!(summary(&world, &group, &ada).await["join_requests"], 2);
    assert!(summary(&world, &group, &bob).await.get("join_requests").is_none());

    let of = |person: &Person| format!("{requests}/{}", person.user);
    let approve = json!({"event_id": id(21)});
    let let_in = world.post(&of(&cyn), &ada, approve.clone()).await.ok();
    assert_eq!(let_in["conversation"]["member_count"], 3);
    assert_eq!(let_in["conversation"]["join_requests"], 1);
    // The answer was lost; asking again is answered alike.
    world.post(&of(&cyn), &ada, approve).await.ok();
    world.get(&group, &cyn).await.ok();
    assert_eq!(world.delete(&of(&dan), &ada).await.status, 204);
    assert_eq!(world.delete(&of(&dan), &ada).await.refusal(), (404, "not_found"));
    let gone = world.post(&of(&dan), &ada, json!({"event_id": id(22)})).await;
    assert_eq!(
        gone.refusal(),
        (404, "not_found"),
        "nobody is let in who does not ask"
    );
    assert_eq!(world.get(&group, &dan).await.refusal(), (403, "not_member"));
}

#[tokio::test]
async fn who_is_banned_stays_out_until_that_is_lifted() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let cyn = world.join(&ada, "cyn").await;
    let group = birds(&world, &ada, &bob).await;
    let bans = format!("{group}/bans");
    let open = link(&world, &group, &ada, 5, false).await;
    let asking = link(&world, &group, &ada, 5, true).await;
    let ban = json!({"event_id": id(20), "user": bob.user});
    assert_eq!(world.post(&bans, &ada, ban.clone()).await.status, 204);
    assert_eq!(
        world.post(&bans, &ada, ban).await.status,
        204,
        "again, after a lost answer"
    );
    assert_eq!(world.get(&group, &bob).await.refusal(), (403, "not_member"));
    for token in [&open, &asking] {
        assert_eq!(join(&world, &bob, token, 21).await.refusal(), (403, "banned"));
    }
    let add = json!({"event_ids": [id(22)], "users": [bob.user]});
    let members = format!("{group}/members");
    assert_eq!(
        world.post(&members, &ada, add.clone()).await.refusal(),
        (403, "banned")
    );
    let listed = world.get(&bans, &ada).await.ok();
    assert_eq!(listed["items"][0]["profile"]["handle"], "bob");
    assert_eq!(listed["items"][0]["by"]["handle"], "ada");

    let stranger = json!({"event_id": id(23), "user": cyn.user});
    assert_eq!(
        world.post(&bans, &ada, stranger).await.refusal(),
        (404, "not_found")
    );
    let oneself = json!({"event_id": id(24), "user": ada.user});
    assert_eq!(
        world.post(&bans, &ada, oneself).await.refusal(),
        (403, "forbidden")
    );
    let lift = format!("{bans}/{}", bob.user);
    assert_eq!(world.delete(&lift, &ada).await.status, 204);
    assert_eq!(world.delete(&lift, &ada).await.refusal(), (404, "not_found"));
    world.post(&members, &ada, add).await.ok();
    world.get(&group, &bob).await.ok();
}

#[tokio::test]
async fn ownership_is_handed_over() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let group = birds(&world, &ada, &bob).await;
    let member = |person: &Person| format!("{group}/members/{}", person.user);
    let step_down = json!({"event_id": id(20), "role": "admin"});
    let refused = world.patch(&member(&ada), &ada, step_down.clone()).await;
    assert_eq!(refused.refusal(), (409, "owner_required"));
    let owner = json!({"event_id": id(21), "role": "owner"});
    world.patch(&member(&bob), &ada, owner.clone()).await.ok();
    world.patch(&member(&ada), &ada, step_down).await.ok();
    // Now bob is the last one.
    assert_eq!(
        world.delete(&member(&bob), &bob).await.refusal(),
        (409, "owner_required")
    );
    let back = world
        .patch(&member(&bob), &ada, json!({"event_id": id(22), "role": "member"}))
        .await;
    assert_eq!(back.refusal(), (403, "forbidden"), "what was given is gone");
}
