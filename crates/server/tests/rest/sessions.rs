//! Tokens and devices: what they are good for, and when no longer.

use std::sync::Arc;

use pipit_server::run::Stopped;
use pipit_server::service::pruning::Pruning;
use reqwest::Method;
use serde_json::json;

use crate::world::{PASSWORD, World, nobody};

const QUARTER_MS: i64 = 15 * 60 * 1_000;

#[tokio::test]
async fn an_access_token_lasts_a_quarter_of_an_hour() {
    let (world, ada) = World::with_ada().await;
    world.pass_ms(QUARTER_MS - 1);
    world.get("/v1/me", &ada).await.ok();
    world.pass_ms(1);
    let reply = world.get("/v1/me", &ada).await;
    assert_eq!(reply.refusal(), (401, "unauthenticated"));
    assert_eq!(reply.body["retry"], "after_sign_in");
    assert_eq!(reply.headers["www-authenticate"], "Bearer");
    let session = world.refresh(&ada.refresh).await.ok();
    let now = world.now().as_ms();
    assert_eq!(
        session["access_expires_at"],
        json!(now / 1_000 * 1_000 + QUARTER_MS)
    );
}

#[tokio::test]
async fn a_refresh_token_is_traded_for_the_next() {
    let (world, ada) = World::with_ada().await;
    let second = world.refresh(&ada.refresh).await.person();
    assert_eq!((second.user, second.device), (ada.user, ada.device));
    assert_ne!(second.refresh, ada.refresh);
    world.get("/v1/me", &second).await.ok();
    let third = world.refresh(&second.refresh).await.person();
    world.refresh(&third.refresh).await.ok();
}

#[tokio::test]
async fn a_lost_answer_locks_nobody_out() {
    let (world, ada) = World::with_ada().await;
    // The answer with this token never arrived.
    let lost = world.refresh(&ada.refresh).await.person();
    let again = world.refresh(&ada.refresh).await.person();
    assert_ne!(again.refresh, lost.refresh);
    let next = world.refresh(&again.refresh).await.person();
    // And it survives a restart.
    let world = world.restart().await;
    world.refresh(&next.refresh).await.ok();
}

#[tokio::test]
async fn a_token_that_is_used_twice_signs_its_device_out() {
    let (world, ada) = World::with_ada().await;
    let phone = world.sign_in("ada", PASSWORD).await.person();
    let second = world.refresh(&ada.refresh).await.person();
    let third = world.refresh(&second.refresh).await.person();
    // Whoever has kept the first token now shows it.
    assert_eq!(world.refresh(&ada.refresh).await.refusal(), (401, "signed_out"));
    // Thief and owner are both out, at once, with every token.
    for person in [&ada, &second, &third] {
        assert_eq!(world.get("/v1/me", person).await.refusal(), (401, "signed_out"));
        assert_eq!(
            world.refresh(&person.refresh).await.refusal(),
            (401, "signed_out")
        );
    }
    // Other devices are not touched.
    world.get("/v1/me", &phone).await.ok();
    let devices = world.get("/v1/devices", &phone).await.ok();
    assert_eq!(devices["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_token_that_was_used_long_ago_is_forgotten() {
    let (world, ada) = World::with_ada().await;
    let node = world.node();
    let pruning = Pruning::new(node.context.clone(), Arc::clone(&node.stats));
    let second = world.refresh(&ada.refresh).await.person();
    let third = world.refresh(&second.refresh).await.person();
    pruning.prune().await.unwrap();
    assert_eq!(node.stats.pruned.get(), 0, "the first one was spent just now");
    world.pass_ms(31 * 86_400_000);
    pruning.prune().await.unwrap();
    assert_eq!(node.stats.pruned.get(), 1);
    // It is good for nothing, and does not end the device's stay any more.
    assert_eq!(world.refresh(&ada.refresh).await.refusal(), (401, "signed_out"));
    world.refresh(&third.refresh).await.ok();
}

#[tokio::test]
async fn what_was_never_a_refresh_token_is_refused() {
    let (world, ada) = World::with_ada().await;
    for bad in [
        "",
        "pipit_rt_",
        "pipit_rt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        &ada.access,
        &ada.refresh[..ada.refresh.len() - 1],
        &ada.refresh.to_uppercase(),
        &format!("{} ", ada.refresh),
        "\0",
        &"x".repeat(60_000),
    ] {
        assert_eq!(world.refresh(bad).await.refusal(), (401, "signed_out"), "{bad}");
    }
    world.refresh(&ada.refresh).await.ok();
}

#[tokio::test]
async fn devices_are_listed_and_signed_out() {
    let (world, ada) = World::with_ada().await;
    world.pass_ms(1_000);
    let phone = world.sign_in("ada", PASSWORD).await.person();
    let devices = world.get("/v1/devices", &ada).await.ok();
    let shown: Vec<_> = devices["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["name"].as_str().unwrap(), &item["current"]))
        .collect();
    assert_eq!(
        shown,
        [("another device", &json!(false)), ("a test", &json!(true))]
    );

    let path = format!("/v1/devices/{}", phone.device);
    assert_eq!(world.delete(&path, &ada).await.status, 204);
    assert_eq!(world.get("/v1/me", &phone).await.refusal(), (401, "signed_out"));
    assert_eq!(world.refresh(&phone.refresh).await.refusal(), (401, "signed_out"));
    // Doing it again, or to what is not there, says so.
    for gone in [
        path.as_str(),
        &format!("/v1/devices/{}", nobody()),
        "/v1/devices/x",
    ] {
        assert_eq!(
            world.delete(gone, &ada).await.refusal(),
            (404, "not_found"),
            "{gone}"
        );
    }
    let devices = world.get("/v1/devices", &ada).await.ok();
    assert_eq!(devices["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn signing_out_ends_this_device_only() {
    let (world, ada) = World::with_ada().await;
    let phone = world.sign_in("ada", PASSWORD).await.person();
    assert_eq!(world.delete("/v1/sessions/current", &phone).await.status, 204);
    assert_eq!(
        world.delete("/v1/sessions/current", &phone).await.refusal(),
        (401, "signed_out")
    );
    world.get("/v1/me", &ada).await.ok();
}

#[tokio::test]
async fn the_key_outlives_a_restart_and_belongs_to_one_server() {
    let (world, ada) = World::with_ada().await;
    let world = world.restart().await;
    world.get("/v1/me", &ada).await.ok();
    let (other, _eve) = World::with_ada().await;
    assert_eq!(
        other.get("/v1/me", &ada).await.refusal(),
        (401, "unauthenticated")
    );
}

#[tokio::test]
async fn a_suspended_account_is_out() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let store = world.store();
    store.set_suspended(bob.user, Some(world.now())).await.unwrap();
    assert_eq!(world.get("/v1/me", &bob).await.refusal(), (403, "suspended"));
    assert_eq!(world.sign_in("bob", PASSWORD).await.refusal(), (403, "suspended"));
    // Whoever has not proved to be Bob does not learn it.
    assert_eq!(
        world.sign_in("bob", "not the password").await.refusal(),
        (401, "wrong_credentials")
    );
    assert_eq!(world.refresh(&bob.refresh).await.refusal(), (401, "signed_out"));
    store.set_suspended(bob.user, None).await.unwrap();
    world.get("/v1/me", &bob).await.ok();
}

#[tokio::test]
async fn a_stopped_server_has_ended_every_task() {
    let (world, ada) = World::with_ada().await;
    // A connection that is kept open, and one that has sent half a request.
    world.get("/v1/me", &ada).await.ok();
    let mut half = tokio::net::TcpStream::connect(world.address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut half, b"GET /healthz HTTP/1.1\r\nHost:")
        .await
        .unwrap();
    let (stopped, ..) = world.stop().await;
    assert_eq!(stopped, Stopped::Clean);
}

#[tokio::test]
async fn a_bearer_token_is_the_only_way_in() {
    let (world, ada) = World::with_ada().await;
    let token = &ada.access;
    for value in [format!("bearer {token}"), format!("BEARER {token}")] {
        let request = world
            .request(&Method::GET, "/v1/me")
            .header("authorization", value);
        world.send(request).await.ok();
    }
    for (name, value) in [
        ("authorization", token.clone()),
        ("authorization", format!("Basic {token}")),
        ("authorization", "Bearer".to_owned()),
        ("authorization", "Bearer  ".to_owned()),
        ("cookie", format!("access_token={token}")),
    ] {
        let request = world.request(&Method::GET, "/v1/me").header(name, &value);
        assert_eq!(
            world.send(request).await.refusal(),
            (401, "unauthenticated"),
            "{name}: {value}"
        );
    }
    let request = world.request(&Method::GET, &format!("/v1/me?access_token={token}"));
    assert_eq!(world.send(request).await.refusal(), (401, "unauthenticated"));
}
