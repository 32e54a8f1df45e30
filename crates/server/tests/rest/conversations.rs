//! Conversations over HTTP: the rules themselves are tested where they are made; here, that they arrive.

use serde_json::{Value, json};

use crate::world::{Person, World, nobody};

/// An id of a client's making.
fn id(number: u8) -> String {
    format!("01999999-0000-7000-8000-0000000000{number:02x}")
}

async fn group(world: &World, owner: &Person, number: u8, members: &[&Person]) -> String {
    let members: Vec<_> = members.iter().map(|person| person.user).collect();
    let body = json!({"id": id(number), "title": "Birds", "members": members});
    let made = world.post("/v1/conversations/group", owner, body).await.ok();
    made["conversation"]["id"].as_str().unwrap().to_owned()
}

fn roles(members: &Value) -> Vec<(&str, &str)> {
    let members = members.as_array().unwrap();
    members
        .iter()
        .map(|member| {
            (
                member["handle"].as_str().unwrap(),
                member["role"].as_str().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn two_people_have_one_direct_conversation() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let from_ada = world
        .post("/v1/conversations/direct", &ada, json!({"user": bob.user}))
        .await
        .ok();
    let from_bob = world
        .post("/v1/conversations/direct", &bob, json!({"user": ada.user}))
        .await
        .ok();
    assert_eq!(from_ada["conversation"]["id"], from_bob["conversation"]["id"]);
    assert_eq!(from_ada["conversation"]["kind"], "direct");
    let listed = world.get("/v1/conversations", &bob).await.ok();
    assert_eq!(listed["items"][0]["id"], from_ada["conversation"]["id"]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let myself = world
        .post("/v1/conversations/direct", &ada, json!({"user": ada.user}))
        .await;
    let notes = myself.ok();
    assert_eq!(notes["conversation"]["kind"], "direct");
    assert_eq!(notes["conversation"]["member_count"], 1);
    assert_ne!(notes["conversation"]["id"], from_ada["conversation"]["id"]);
    let stranger = world
        .post("/v1/conversations/direct", &ada, json!({"user": nobody()}))
        .await;
    assert_eq!(stranger.refusal(), (404, "not_found"));
}

#[tokio::test]
async fn a_group_is_made_once_and_its_id_is_its_makers() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let body = json!({"id": id(1), "title": "Birds", "members": [bob.user]});
    let first = world
        .post("/v1/conversations/group", &ada, body.clone())
        .await
        .ok();
    assert_eq!(
        world
            .post("/v1/conversations/group", &ada, body.clone())
            .await
            .ok(),
        first
    );
    assert_eq!(
        roles(&first["conversation"]["members"]),
        [("ada", "owner"), ("bob", "member")]
    );
    // Somebody else's id, and another group under one's own.
    let stolen = json!({"id": id(1), "title": "Birds", "members": [ada.user]});
    assert_eq!(
        world
            .post("/v1/conversations/group", &bob, stolen)
            .await
            .refusal(),
        (409, "id_conflict")
    );
    let other = json!({"id": id(1), "title": "Fish", "members": []});
    assert_eq!(
        world.post("/v1/conversations/group", &ada, other).await.refusal(),
        (409, "id_conflict")
    );
}

#[tokio::test]
async fn members_come_change_and_go() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let cyn = world.join(&ada, "cyn").await;
    let birds = group(&world, &ada, 1, &[&bob]).await;
    let members = format!("/v1/conversations/{birds}/members");
    let member = |person: &Person| format!("{members}/{}", person.user);

    let add = json!({"event_ids": [id(10)], "users": [cyn.user]});
    assert_eq!(
        world.post(&members, &bob, add.clone()).await.refusal(),
        (403, "forbidden")
    );
    world.post(&members, &ada, add.clone()).await.ok();
    world.post(&members, &ada, add).await.ok();
    let change = json!({"event_id": id(11), "role": "moderator"});
    let changed = world.patch(&member(&bob), &ada, change.clone()).await.ok();
    assert_eq!(changed["member"], json!({"user": bob.user, "role": "moderator"}));
    assert_eq!(
        world.patch(&member(&ada), &bob, change).await.refusal(),
        (403, "forbidden")
    );
    let page = world.get(&members, &cyn).await.ok();
    assert_eq!(
        roles(&page["items"]),
        [("ada", "owner"), ("bob", "moderator"), ("cyn", "member")]
    );

    // A page of one, and the next.
    let page = world.get(&format!("{members}?limit=1"), &cyn).await.ok();
    let next = page["next"].as_str().unwrap();
    let page = world
        .get(&format!("{members}?limit=1&after={next}"), &cyn)
        .await
        .ok();
    assert_eq!(page["items"][0]["handle"], "bob");

    let removal = format!("{}?event_id={}", member(&cyn), id(12));
    assert_eq!(world.delete(&removal, &bob).await.status, 204);
    // The answer was lost; asking again is answered alike.
    assert_eq!(world.delete(&removal, &bob).await.status, 204);
    assert_eq!(world.get(&members, &cyn).await.refusal(), (403, "not_member"));
    // The last owner may not leave the others behind; who is none leaves.
    assert_eq!(
        world.delete(&member(&ada), &ada).await.refusal(),
        (409, "owner_required")
    );
    assert_eq!(world.delete(&member(&bob), &bob).await.status, 204);
}

#[tokio::test]
async fn a_group_is_renamed_by_whoever_may() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let birds = group(&world, &ada, 1, &[&bob]).await;
    let path = format!("/v1/conversations/{birds}");
    let rename = json!({"event_id": id(10), "title": "Pipits"});
    assert_eq!(
        world.patch(&path, &bob, rename.clone()).await.refusal(),
        (403, "forbidden")
    );
    let renamed = world.patch(&path, &ada, rename).await.ok();
    assert_eq!(renamed["conversation"]["title"], "Pipits");
    assert_eq!(
        world.get(&path, &bob).await.ok()["conversation"]["title"],
        "Pipits"
    );
    for bad in ["", "a\u{202e}b", &"x".repeat(129)] {
        let rename = json!({"event_id": id(11), "title": bad});
        assert_eq!(
            world.patch(&path, &ada, rename).await.refusal(),
            (400, "invalid_field")
        );
    }
}

#[tokio::test]
async fn the_list_is_paged() {
    let (world, ada) = World::with_ada().await;
    for number in 1..=5 {
        world.pass_ms(1_000);
        group(&world, &ada, number, &[]).await;
    }
    let mut seen = Vec::new();
    let mut path = "/v1/conversations?limit=2".to_owned();
    loop {
        let page = world.get(&path, &ada).await.ok();
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/conversations?limit=2&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, [5, 4, 3, 2, 1].map(id));
    for bad in [
        "limit=0",
        "limit=51",
        "limit=x",
        "limit=-1",
        "after=",
        "after=x",
        "after=1.x",
        "after=9999999999999999999999.x",
    ] {
        let reply = world.get(&format!("/v1/conversations?{bad}"), &ada).await;
        assert_eq!(reply.refusal(), (400, "invalid_field"), "{bad}");
    }
}

#[tokio::test]
async fn members_are_searched_in_pages_by_role() {
    let (world, ada) = World::with_ada().await;
    let mut people = Vec::new();
    for handle in ["bob", "bea", "cyn"] {
        people.push(world.join(&ada, handle).await);
    }
    let birds = group(&world, &ada, 1, &people.iter().collect::<Vec<_>>()).await;
    let members = format!("/v1/conversations/{birds}/members");
    let page = world.get(&format!("{members}?query=%40b"), &people[0]).await.ok();
    assert_eq!(roles(&page["items"]), [("bea", "member"), ("bob", "member")]);
    let mut found = Vec::new();
    let mut path = format!("{members}?query=&limit=3");
    loop {
        let page = world.get(&path, &ada).await.ok();
        found.extend(
            roles(&page["items"])
                .into_iter()
                .map(|(handle, _)| handle.to_owned()),
        );
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{members}?query=&limit=3&after={next}");
    }
    assert_eq!(found, ["ada", "bea", "bob", "cyn"]);
    let wrong = world.get(&format!("{members}?query=&after=king.bob"), &ada).await;
    assert_eq!(wrong.refusal(), (400, "invalid_field"));
    let outsider = world.join(&ada, "dan").await;
    let refused = world.get(&format!("{members}?query=b"), &outsider).await;
    assert_eq!(refused.refusal(), (403, "not_member"));
}

#[tokio::test]
async fn strangers_ask_first_and_who_came_by_ones_invite_is_none() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let carol = world.join(&ada, "carol").await;
    let begun = |from: Person, to: Person| {
        let world = &world;
        async move {
            let body = json!({"user": to.user});
            let made = world.post("/v1/conversations/direct", &from, body).await.ok();
            let path = format!(
                "/v1/conversations/{}",
                made["conversation"]["id"].as_str().unwrap()
            );
            let seen = world.get(&path, &to).await.ok();
            seen["conversation"]["personal"]["request"].clone()
        }
    };
    assert_eq!(begun(bob.clone(), carol.clone()).await, "waiting");
    assert_eq!(begun(bob.clone(), ada.clone()).await, serde_json::Value::Null);
    assert_eq!(begun(ada, carol.clone()).await, serde_json::Value::Null);
    // Nor is one to oneself.
    assert_eq!(begun(carol.clone(), carol).await, serde_json::Value::Null);
}
