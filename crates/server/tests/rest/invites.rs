//! Invite links.

use pipit_server::config::Inviters;
use reqwest::Method;
use serde_json::json;

use crate::world::{World, account, nobody};

async fn inspect(world: &World, token: &str) -> crate::world::Reply {
    world
        .call(Method::GET, &format!("/v1/invites/{token}"), None, None)
        .await
}

#[tokio::test]
async fn an_invite_says_where_it_leads_and_ends() {
    let (world, ada) = World::with_ada().await;
    let invite = world
        .post("/v1/invites", &ada, json!({"expires_in_s": 60, "uses": 2}))
        .await;
    assert_eq!(invite.status, 201);
    let invite = invite.ok();
    let token = invite["token"].as_str().unwrap();
    let info = inspect(&world, token).await.ok();
    assert_eq!(
        (&info["server_name"], &info["invited_by"]),
        (&json!("Home"), &json!("ADA"))
    );
    assert_eq!(info["expires_at"], json!(world.now().as_ms() + 60_000));
    // The list never shows the token again.
    let listed = world.get("/v1/invites", &ada).await.ok();
    assert_eq!(listed["items"][0]["id"], invite["id"]);
    assert!(listed["items"][0].get("token").is_none());

    world.pass_ms(60_000);
    assert_eq!(inspect(&world, token).await.refusal(), (410, "invite_invalid"));
    let sign_up = json!({"invite": token, "account": account("bob")});
    assert_eq!(
        world.knock("/v1/accounts", sign_up).await.refusal(),
        (410, "invite_invalid")
    );
    assert_eq!(world.get("/v1/invites", &ada).await.ok()["items"], json!([]));
}

#[tokio::test]
async fn an_invite_makes_as_many_accounts_as_it_says() {
    let (world, ada) = World::with_ada().await;
    let invite = world
        .post("/v1/invites", &ada, json!({"expires_in_s": 60, "uses": 2}))
        .await
        .ok();
    let sign_up = |handle: &str| json!({"invite": invite["token"], "account": account(handle)});
    world.knock("/v1/accounts", sign_up("bob")).await.person();
    assert_eq!(
        world.get("/v1/invites", &ada).await.ok()["items"][0]["uses_left"],
        1
    );
    world.knock("/v1/accounts", sign_up("cyn")).await.person();
    assert_eq!(
        world.knock("/v1/accounts", sign_up("dan")).await.refusal(),
        (410, "invite_invalid")
    );
    assert_eq!(
        inspect(&world, invite["token"].as_str().unwrap()).await.refusal(),
        (410, "invite_invalid")
    );
}

#[tokio::test]
async fn an_invite_is_ended_by_its_maker_or_an_administrator() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let cyn = world.join(&ada, "cyn").await;
    let new = json!({"expires_in_s": 60, "uses": 1});
    let first = world.post("/v1/invites", &bob, new.clone()).await.ok();
    let second = world.post("/v1/invites", &bob, new).await.ok();
    let path = |invite: &serde_json::Value| format!("/v1/invites/{}", invite["id"].as_str().unwrap());

    assert_eq!(world.get("/v1/invites", &cyn).await.ok()["items"], json!([]));
    assert_eq!(
        world.delete(&path(&first), &cyn).await.refusal(),
        (404, "not_found")
    );
    assert_eq!(world.delete(&path(&first), &bob).await.status, 204);
    assert_eq!(
        world.delete(&path(&first), &bob).await.refusal(),
        (404, "not_found")
    );
    // An administrator sees and ends everybody's.
    let all = world.get("/v1/invites", &ada).await.ok();
    assert!(
        all["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|invite| invite["id"] == second["id"])
    );
    assert_eq!(world.delete(&path(&second), &ada).await.status, 204);
    assert_eq!(
        inspect(&world, second["token"].as_str().unwrap()).await.refusal(),
        (410, "invite_invalid")
    );
}

#[tokio::test]
async fn an_operator_may_keep_invites_to_administrators() {
    let world = World::start_with(|config| config.general.invites = Inviters::Admins).await;
    let ada = world.set_up("ada").await;
    let bob = world.join(&ada, "bob").await;
    let new = json!({"expires_in_s": 60, "uses": 1});
    assert_eq!(
        world.post("/v1/invites", &bob, new).await.refusal(),
        (403, "forbidden")
    );
}

#[tokio::test]
async fn bad_invites_are_refused() {
    let (world, ada) = World::with_ada().await;
    for (expires_in_s, uses, field) in [
        (59, 1, "expires_in_s"),
        (31_536_001, 1, "expires_in_s"),
        (60, 0, "uses"),
        (60, 1_001, "uses"),
    ] {
        let reply = world
            .post(
                "/v1/invites",
                &ada,
                json!({"expires_in_s": expires_in_s, "uses": uses}),
            )
            .await;
        assert_eq!(reply.refusal(), (400, "invalid_field"));
        assert_eq!(reply.body["field"], field);
    }
    let long = "x".repeat(8_000);
    for token in ["x", "pipit_iv_", nobody(), "%00", "%ff", &long] {
        let reply = inspect(&world, token).await;
        assert!(
            matches!(reply.refusal(), (410, "invite_invalid") | (404, "not_found")),
            "{token}: {reply:?}"
        );
        let sign_up = json!({"invite": token, "account": account("bob")});
        assert_eq!(
            world.knock("/v1/accounts", sign_up).await.refusal(),
            (410, "invite_invalid"),
            "{token}"
        );
    }
}
