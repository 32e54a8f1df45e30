//! Every endpoint against whoever may not: without a token, with an expired one, with one of a signed-out device, with a token
//! for another's things.

use pipit_server::rest::openapi;
use reqwest::Method;
use serde_json::json;

use crate::world::{Person, World, nobody};

/// The methods and paths of the document that need an access token, with ids filled in by `fill`.
fn guarded(fill: impl Fn(&str) -> String) -> Vec<(Method, String)> {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut guarded = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let is_open = operation
                .get("security")
                .is_some_and(|security| *security == json!([{}]) || *security == json!([]));
            if !is_open {
                let method: Method = method.to_uppercase().parse().unwrap();
                guarded.push((method, fill(path)));
            }
        }
    }
    assert!(guarded.len() >= 17, "{guarded:?}");
    guarded
}

fn with_nobody(path: &str) -> String {
    ["{id}", "{user}", "{invite}", "{blob}", "{message}"]
        .iter()
        .fold(path.to_owned(), |path, name| path.replace(name, nobody()))
        .replace("{pixels}", "320")
}

async fn try_all(world: &World, token: Option<&str>, expect: (u16, &str)) {
    for (method, path) in guarded(with_nobody) {
        let body = json!({});
        let body = (method == Method::POST || method == Method::PATCH).then_some(&body);
        let reply = world.call(method.clone(), &path, token, body).await;
        // The answer to HEAD has no body, and so no code.
        let (status, code) = reply.refusal();
        let code = if method == Method::HEAD { expect.1 } else { code };
        assert_eq!((status, code), expect, "{method} {path}");
    }
}

#[tokio::test]
async fn without_a_token_nothing_is_open_that_should_not_be() {
    let (world, _ada) = World::with_ada().await;
    try_all(&world, None, (401, "unauthenticated")).await;
    try_all(&world, Some("not.a.token"), (401, "unauthenticated")).await;
}

#[tokio::test]
async fn an_expired_token_opens_nothing() {
    let (world, ada) = World::with_ada().await;
    world.pass_ms(15 * 60 * 1_000);
    try_all(&world, Some(&ada.access), (401, "unauthenticated")).await;
}

#[tokio::test]
async fn a_signed_out_device_opens_nothing() {
    let (world, ada) = World::with_ada().await;
    world.delete("/v1/sessions/current", &ada).await;
    try_all(&world, Some(&ada.access), (401, "signed_out")).await;
}

/// Bob tries what is Ada's: that it exists shows nowhere, but where being no member is the answer.
#[tokio::test]
async fn what_belongs_to_others_is_not_there() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let invite = world
        .post("/v1/invites", &ada, json!({"expires_in_s": 60, "uses": 1}))
        .await
        .ok();
    let group = json!({"id": "01999999-0000-7000-8000-000000000001", "title": "Birds", "members": []});
    world.post("/v1/conversations/group", &ada, group).await.ok();
    let conversation = "/v1/conversations/01999999-0000-7000-8000-000000000001";
    let nowhere = format!("/v1/conversations/{}", nobody());
    let event = "01999999-0000-7000-8000-0000000000ff";
    let invite = format!("/v1/invites/{}", invite["id"].as_str().unwrap());

    assert_eq!(
        world
            .delete(&format!("/v1/devices/{}", ada.device), &bob)
            .await
            .refusal(),
        (404, "not_found")
    );
    assert_eq!(world.delete(&invite, &bob).await.refusal(), (404, "not_found"));
    let rename = json!({"event_id": event, "title": "x"});
    let add = json!({"event_ids": [event], "users": [bob.user]});
    let role = json!({"event_id": event, "role": "owner"});
    for place in [conversation, &nowhere] {
        let members = format!("{place}/members");
        let member = |person: &Person| format!("{members}/{}", person.user);
        for reply in [
            world.get(place, &bob).await,
            world.patch(place, &bob, rename.clone()).await,
            world.get(&members, &bob).await,
            world.get(&format!("{place}/pins"), &bob).await,
            world
                .get(&format!("{place}/messages/{event}/reactions"), &bob)
                .await,
            world.post(&members, &bob, add.clone()).await,
            world.patch(&member(&bob), &bob, role.clone()).await,
            world.patch(&member(&ada), &bob, role.clone()).await,
            world.delete(&member(&ada), &bob).await,
            world.delete(&member(&bob), &bob).await,
        ] {
            assert_eq!(reply.refusal(), (403, "not_member"), "{place}");
        }
    }
    // Nothing of it has happened.
    let birds = world.get(conversation, &ada).await.ok();
    assert_eq!(
        (
            &birds["conversation"]["title"],
            &birds["conversation"]["member_count"]
        ),
        (&json!("Birds"), &json!(1))
    );
    world.get("/v1/me", &ada).await.ok();
}
