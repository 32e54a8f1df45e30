//! Pictures of groups and of people, and what else people show of themselves.

use serde_json::json;

use crate::files::{fetch, group, link, png, upload};
use crate::world::World;

#[tokio::test]
async fn a_groups_picture_is_for_its_members() {
    let (world, ada) = World::with_ada().await;
    let (bob, eve) = (world.join(&ada, "bob").await, world.join(&ada, "eve").await);
    let place = group(&world, &ada, &[&bob]).await;
    let path = format!("/v1/conversations/{place}");
    let event = |number: u8| uuid::Uuid::from_bytes([number; 16]);
    let show = |number, blob| json!({"event_id": event(number), "avatar": {"blob": blob}});
    let text = upload(&world, &ada, "plan.txt", b"no picture").await;
    let refused = world.patch(&path, &ada, show(1, text.blob)).await;
    assert_eq!(refused.refusal(), (400, "invalid_field"));
    let first = upload(&world, &ada, "lake.png", &png(700, 500)).await;
    let second = upload(&world, &ada, "sea.png", &png(500, 700)).await;
    assert_eq!(
        world.patch(&path, &bob, show(2, first.blob)).await.refusal(),
        (422, "attachment_unusable"),
        "he may not read it"
    );
    let theirs = upload(&world, &bob, "hill.png", &png(50, 70)).await;
    assert_eq!(
        world.patch(&path, &bob, show(2, theirs.blob)).await.refusal(),
        (403, "forbidden"),
        "his role may not change what the group is"
    );
    let changed = world.patch(&path, &ada, show(3, first.blob)).await.ok();
    assert_eq!(changed["conversation"]["settings"]["avatar"], json!(first.blob));
    let small = link(&world, &bob, first.blob)
        .await
        .unwrap()
        .replace("?t=", "/thumb/320?t=");
    assert_eq!(fetch(&world, &small).await.status, 200);
    assert_eq!(link(&world, &eve, first.blob).await, None);

    world.patch(&path, &ada, show(4, second.blob)).await.ok();
    assert_eq!(
        fetch(&world, &small).await.refusal(),
        (404, "not_found"),
        "there is another"
    );
    let small = link(&world, &bob, second.blob).await.unwrap();
    world
        .delete(&format!("{path}/members/{}", bob.user), &ada)
        .await
        .ok();
    assert_eq!(
        fetch(&world, &small).await.refusal(),
        (404, "not_found"),
        "removed"
    );
    assert_eq!(
        world.media().clear_abandoned().await.unwrap().files,
        1,
        "the first"
    );
}

#[tokio::test]
async fn people_show_themselves_to_those_they_share_a_conversation_with() {
    let (world, ada) = World::with_ada().await;
    let (bob, eve) = (world.join(&ada, "bob").await, world.join(&ada, "eve").await);
    let place = group(&world, &ada, &[&bob]).await;
    let picture = upload(&world, &ada, "me.png", &png(600, 600)).await;
    let until = world.now().as_ms() + 60_000;
    let family = "👨‍👩‍👧‍👦".repeat(60);
    let change = json!({
        "avatar": {"blob": picture.blob},
        "about": "  Engines  ",
        "status": {"status": {"emoji": "🚣", "text": family, "until": until}},
    });
    let me = world.patch("/v1/me", &ada, change).await.ok();
    let face = json!({
        "avatar": picture.blob, "about": "Engines",
        "status": {"emoji": "🚣", "text": family, "until": until},
    });
    assert_eq!(me["profile"]["face"], face);
    assert_eq!(world.get("/v1/me", &ada).await.ok(), me);

    let members = world
        .get(&format!("/v1/conversations/{place}/members"), &bob)
        .await
        .ok();
    let of_ada = members["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["user"] == json!(ada.user));
    assert_eq!(of_ada.unwrap()["face"], face);
    let own = link(&world, &bob, picture.blob).await.unwrap();
    assert_eq!(fetch(&world, &own).await.status, 200);
    let found = world.get("/v1/users?query=ada", &eve).await.ok();
    assert_eq!(found["items"][0]["face"], json!(null), "a stranger finds names");
    assert_eq!(link(&world, &eve, picture.blob).await, None);

    let cleared = json!({"avatar": {}, "status": {}, "name": "Ada L."});
    let me = world.patch("/v1/me", &ada, cleared).await.ok();
    assert_eq!(me["profile"]["face"], json!({"about": "Engines"}));
    assert_eq!(me["profile"]["name"], "Ada L.");
    assert_eq!(fetch(&world, &own).await.refusal(), (404, "not_found"));
    assert_eq!(world.media().clear_abandoned().await.unwrap().files, 1);
}

#[tokio::test]
async fn what_cannot_be_shown_is_refused() {
    let (world, ada) = World::with_ada().await;
    let status = |emoji: &str, text: &str, until: Option<i64>| json!({"status": {"status": {"emoji": emoji, "text": text, "until": until}}});
    let now = world.now().as_ms();
    let year = 366 * 24 * 60 * 60 * 1_000;
    let bad = [
        json!({}),
        json!({"about": "x".repeat(141)}),
        json!({"about": "a\u{202e}b"}),
        // One character, as people count them, of a thousand marks.
        json!({"about": format!("a{}", "\u{301}".repeat(2_000))}),
        status("", "no emoji", None),
        status("ab", "no emoji", None),
        status("🚣🚣", "two", None),
        status("🚣", &"x".repeat(61), None),
        status("🚣", "", Some(now)),
        status("🚣", "", Some(now + year + 1)),
        json!({"name": "Ada", "about": "x".repeat(141)}),
    ];
    for body in bad {
        let reply = world.patch("/v1/me", &ada, body.clone()).await;
        assert_eq!(reply.refusal(), (400, "invalid_field"), "{body}");
    }
    let unknown = json!({"avatar": {"blob": uuid::Uuid::from_bytes([9; 16])}});
    let reply = world.patch("/v1/me", &ada, unknown).await;
    assert_eq!(reply.refusal(), (422, "attachment_unusable"));
    let me = world.get("/v1/me", &ada).await.ok();
    assert_eq!(me["profile"]["face"], json!(null), "nothing of it was taken");
    assert_ne!(me["profile"]["name"], "Ada", "nor the name beside it");
}
