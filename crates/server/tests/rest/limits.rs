//! How often somebody may try.

use reqwest::Method;
use serde_json::json;

use crate::world::{PASSWORD, Reply, World, account, sign_in};

#[track_caller]
fn assert_limited(reply: &Reply) {
    assert_eq!(reply.refusal(), (429, "rate_limited"));
    let wait_ms = reply.body["retry_after_ms"].as_u64().unwrap();
    assert_eq!(
        reply.headers["retry-after"].to_str().unwrap(),
        wait_ms.div_ceil(1_000).to_string()
    );
    assert_eq!(reply.body["retry"], "later");
}

#[tokio::test]
async fn one_account_is_tried_so_often_a_minute_from_anywhere() {
    let world = World::start_with(|config| {
        config.limits.attempts_per_minute_account = 3;
        config.proxy.address_header = Some("x-forwarded-for".to_owned());
    })
    .await;
    world.set_up("ada").await;
    let try_from = async |address: &str, handle: &str, password: &str| {
        let request = world
            .request(&Method::POST, "/v1/sessions")
            .header("x-forwarded-for", address);
        world.send(request.json(&sign_in(handle, password))).await
    };
    for place in 1..=3 {
        let reply = try_from(&format!("203.0.113.{place}"), "ada", "not the password").await;
        assert_eq!(reply.refusal(), (401, "wrong_credentials"));
    }
    // Even the right password does not tell that it is, and even in capitals.
    assert_limited(&try_from("203.0.113.4", "ada", PASSWORD).await);
    assert_limited(&try_from("203.0.113.5", "ADA", PASSWORD).await);
    // A handle that nobody has is limited alike, and others are not touched.
    for _ in 1..=3 {
        assert_eq!(
            try_from("203.0.113.6", "nobody", PASSWORD).await.refusal(),
            (401, "wrong_credentials")
        );
    }
    assert_limited(&try_from("203.0.113.6", "nobody", PASSWORD).await);
    world.pass_ms(20_000);
    try_from("203.0.113.7", "ada", PASSWORD).await.person();
}

#[tokio::test]
async fn one_address_tries_so_often_a_minute() {
    let world = World::start_with(|config| {
        config.limits.attempts_per_minute_address = 4;
        config.proxy.address_header = Some("x-forwarded-for".to_owned());
    })
    .await;
    let knock = async |address: &str, path: &str, body: serde_json::Value| {
        let request = world
            .request(&Method::POST, path)
            .header("x-forwarded-for", address);
        world.send(request.json(&body)).await
    };
    let home = "203.0.113.1";
    let wrong = json!({"token": "x", "server_name": "Home", "account": account("eve")});
    assert_eq!(
        knock(home, "/v1/setup", wrong.clone()).await.refusal(),
        (410, "invite_invalid")
    );
    assert_eq!(
        knock(home, "/v1/sessions", sign_in("ada", PASSWORD))
            .await
            .refusal(),
        (401, "wrong_credentials")
    );
    let guess = json!({"refresh_token": "x"});
    assert_eq!(
        knock(home, "/v1/sessions/refresh", guess.clone()).await.refusal(),
        (401, "signed_out")
    );
    let sign_up = json!({"invite": "x", "account": account("eve")});
    assert_eq!(
        knock(home, "/v1/accounts", sign_up.clone()).await.refusal(),
        (403, "invite_required")
    );
    for (path, body) in [
        ("/v1/setup", wrong),
        ("/v1/sessions", sign_in("ada", PASSWORD)),
        ("/v1/sessions/refresh", guess),
        ("/v1/accounts", sign_up),
    ] {
        assert_limited(&knock(home, path, body).await);
    }
    // The last entry counts, what a client writes before it does not; another address is another.
    assert_limited(
        &knock(
            "198.51.100.1, 203.0.113.1",
            "/v1/sessions",
            sign_in("ada", PASSWORD),
        )
        .await,
    );
    assert_eq!(
        knock("203.0.113.2", "/v1/sessions", sign_in("ada", PASSWORD))
            .await
            .refusal()
            .0,
        401
    );
    world.pass_ms(15_000);
    assert_eq!(
        knock(home, "/v1/sessions", sign_in("ada", PASSWORD))
            .await
            .refusal()
            .0,
        401
    );
}

#[tokio::test]
async fn without_a_trusted_proxy_its_header_means_nothing() {
    let world = World::start_with(|config| config.limits.attempts_per_minute_address = 1).await;
    for (place, expect) in [(1, 401), (2, 429)] {
        let request = world
            .request(&Method::POST, "/v1/sessions")
            .header("x-forwarded-for", format!("203.0.113.{place}"))
            .json(&sign_in("ada", PASSWORD));
        assert_eq!(world.send(request).await.status, expect);
    }
}

#[tokio::test]
async fn one_device_asks_so_often_a_minute() {
    let world = World::start_with(|config| config.limits.requests_per_minute_device = 5).await;
    let ada = world.set_up("ada").await;
    let phone = world.sign_in("ada", PASSWORD).await.person();
    for _ in 0..5 {
        world.get("/v1/me", &ada).await.ok();
    }
    assert_limited(&world.get("/v1/me", &ada).await);
    world.get("/v1/me", &phone).await.ok();
    world.pass_ms(12_000);
    world.get("/v1/me", &ada).await.ok();
}
