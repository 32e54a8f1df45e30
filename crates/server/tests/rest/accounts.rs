//! Set-up, sign-up, sign-in, profile, people.

use pipit_server::config::Registration;
use reqwest::Method;
use serde_json::json;

use crate::world::{PASSWORD, World, account};

#[tokio::test]
async fn the_first_account_is_made_once_by_the_link() {
    let world = World::start().await;
    let server = world.call(Method::GET, "/v1/server", None, None).await.ok();
    assert_eq!(
        (&server["needs_setup"], &server["name"]),
        (&json!(true), &json!("Pipit"))
    );

    let token = world.set_up_token.clone().unwrap();
    let body = |token: &str| json!({"token": token, "server_name": " Home ", "account": account("Ada")});
    for wrong in [
        "",
        "pipit_su_",
        &token[..token.len() - 1],
        &format!("{token}A"),
        &token.replace("_su_", "_iv_"),
    ] {
        assert_eq!(
            world.knock("/v1/setup", body(wrong)).await.refusal(),
            (410, "invite_invalid"),
            "{wrong}"
        );
    }
    let ada = world.knock("/v1/setup", body(&token)).await.person();
    let me = world.get("/v1/me", &ada).await.ok();
    assert_eq!(me["profile"]["handle"], "ada");
    assert_eq!(me["admin"], true);

    assert_eq!(
        world.knock("/v1/setup", body(&token)).await.refusal(),
        (409, "already_set_up")
    );
    let server = world.call(Method::GET, "/v1/server", None, None).await.ok();
    assert_eq!(
        (&server["needs_setup"], &server["name"]),
        (&json!(false), &json!("Home"))
    );

    // A start of a server that has been set up prints no link, and the account is still there.
    let world = world.restart().await;
    assert_eq!(world.set_up_token, None);
    assert_eq!(world.get("/v1/me", &ada).await.ok(), me);
}

#[tokio::test]
async fn a_link_belongs_to_the_server_and_not_to_one_start() {
    let world = World::start().await;
    let first = world.set_up_token.clone().unwrap();
    let world = world.restart().await;
    assert_eq!(world.set_up_token.as_ref(), Some(&first));
    let other = World::start().await;
    let body = json!({"token": first, "server_name": "Home", "account": account("ada")});
    assert_eq!(
        other.knock("/v1/setup", body).await.refusal(),
        (410, "invite_invalid")
    );
    world.set_up("ada").await;
}

#[tokio::test]
async fn sign_up_takes_an_invite_where_registration_is_closed() {
    let (world, ada) = World::with_ada().await;
    let sign_up = json!({"account": account("bob")});
    assert_eq!(
        world.knock("/v1/accounts", sign_up).await.refusal(),
        (403, "invite_required")
    );
    let bob = world.join(&ada, "bob").await;
    let me = world.get("/v1/me", &bob).await.ok();
    assert_eq!(
        (&me["profile"]["name"], &me["admin"]),
        (&json!("BOB"), &json!(false))
    );
}

#[tokio::test]
async fn anybody_signs_up_where_it_is_open_but_not_before_set_up() {
    let world = World::start_with(|config| config.general.registration = Registration::Open).await;
    let sign_up = json!({"account": account("bob")});
    assert_eq!(
        world.knock("/v1/accounts", sign_up.clone()).await.refusal(),
        (403, "invite_required")
    );
    world.set_up("ada").await;
    let server = world.call(Method::GET, "/v1/server", None, None).await.ok();
    assert_eq!(server["registration_open"], true);
    world.knock("/v1/accounts", sign_up).await.person();
}

#[tokio::test]
async fn a_handle_is_one_persons_whatever_its_case() {
    let (world, ada) = World::with_ada().await;
    let invite = world.invite(&ada).await;
    let sign_up = json!({"invite": invite, "account": account("ADA")});
    let reply = world.knock("/v1/accounts", sign_up).await;
    assert_eq!(reply.refusal(), (409, "handle_taken"));
    assert_eq!(reply.body["field"], "account.handle");
    // The invite was not used up by it.
    let invites = world.get("/v1/invites", &ada).await.ok();
    assert_eq!(invites["items"][0]["uses_left"], 1000);
}

#[tokio::test]
async fn names_and_passwords_keep_to_the_rules() {
    let (world, ada) = World::with_ada().await;
    let invite = world.invite(&ada).await;
    for (field, value, expect) in [
        ("handle", "a", (400, "invalid_field")),
        ("handle", "a b", (400, "invalid_field")),
        ("handle", ".ada", (400, "invalid_field")),
        ("handle", "\u{430}da", (400, "invalid_field")),
        ("handle", "ada\0", (400, "invalid_field")),
        ("name", "", (400, "invalid_field")),
        ("name", " \u{200b} ", (400, "invalid_field")),
        ("name", "Ada\u{202e}nimda", (400, "invalid_field")),
        ("name", "Ada\u{2066}", (400, "invalid_field")),
        ("name", "Ada\nBob", (400, "invalid_field")),
        ("name", "Ada\u{7}", (400, "invalid_field")),
        ("password", "123456789", (422, "password_unacceptable")),
        ("password", "", (422, "password_unacceptable")),
        ("device_name", "", (400, "invalid_field")),
        ("device_name", "a\u{202e}b", (400, "invalid_field")),
    ] {
        let mut account = account("bob");
        account[field] = json!(value);
        let reply = world
            .knock("/v1/accounts", json!({"invite": invite, "account": account}))
            .await;
        assert_eq!(reply.refusal(), expect, "{field} {value:?}");
        assert_eq!(reply.body["field"], format!("account.{field}"), "{value:?}");
    }
    for (field, value) in [
        ("name", "x".repeat(65)),
        ("device_name", "x".repeat(65)),
        ("handle", "x".repeat(33)),
    ] {
        let mut account = account("bob");
        account[field] = json!(value);
        let reply = world
            .knock("/v1/accounts", json!({"invite": invite, "account": account}))
            .await;
        assert_eq!(reply.refusal(), (400, "invalid_field"), "{field}");
    }
    let mut account = account("bob");
    account["password"] = json!("x".repeat(257));
    let reply = world
        .knock("/v1/accounts", json!({"invite": invite, "account": account}))
        .await;
    assert_eq!(reply.refusal(), (422, "password_unacceptable"));
    // None of them made an account or used the invite.
    assert_eq!(
        world.get("/v1/invites", &ada).await.ok()["items"][0]["uses_left"],
        1000
    );
    assert_eq!(
        world.get("/v1/users?query=bob", &ada).await.ok()["items"],
        json!([])
    );
}

#[tokio::test]
async fn whoever_is_not_known_and_whoever_errs_hear_the_same() {
    let (world, _ada) = World::with_ada().await;
    let wrong = world.sign_in("ada", "not the password").await;
    for (handle, password) in [
        ("nobody", PASSWORD),
        ("nobody", "x"),
        ("not a handle", PASSWORD),
        ("", ""),
        ("ada", ""),
        ("ada", "short"),
        ("ada\0", PASSWORD),
        ("ada", &PASSWORD.to_uppercase()),
        ("ada", &"x".repeat(10_000)),
    ] {
        let reply = world.sign_in(handle, password).await;
        assert_eq!(
            reply.refusal(),
            (401, "wrong_credentials"),
            "{handle:?} {password:?}"
        );
        assert_eq!(reply.body, wrong.body, "{handle:?} {password:?}");
    }
    world.sign_in("Ada", PASSWORD).await.person();
}

#[tokio::test]
async fn a_name_is_changed_and_seen_changed() {
    let (world, ada) = World::with_ada().await;
    let me = world
        .patch("/v1/me", &ada, json!({"name": "  Ada L.  "}))
        .await
        .ok();
    assert_eq!(me["profile"]["name"], "Ada L.");
    assert_eq!(world.get("/v1/me", &ada).await.ok(), me);
    for bad in ["", "\u{202e}", "a\u{202e}b"] {
        assert_eq!(
            world.patch("/v1/me", &ada, json!({"name": bad})).await.refusal(),
            (400, "invalid_field")
        );
    }
}

#[tokio::test]
async fn people_are_found_by_handle_and_name() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    world
        .patch("/v1/me", &bob, json!({"name": "Robert Müller"}))
        .await
        .ok();
    for (query, found) in [
        ("bob", true),
        ("BO", true),
        ("@bob", true),
        ("mül", true),
        ("robert", true),
        ("ob", false),
        ("ada", false),
        ("", false),
        ("%", false),
        ("_", false),
        ("'", false),
    ] {
        let request = world
            .request(&Method::GET, "/v1/users")
            .query(&[("query", query)])
            .bearer_auth(&ada.access);
        let users = world.send(request).await.ok();
        assert_eq!(
            users["items"].as_array().unwrap().len(),
            usize::from(found),
            "{query}"
        );
    }
    let long = "x".repeat(257);
    assert_eq!(
        world
            .get(&format!("/v1/users?query={long}"), &ada)
            .await
            .refusal(),
        (400, "invalid_field")
    );
    assert_eq!(
        world.get("/v1/users", &ada).await.refusal(),
        (400, "invalid_field")
    );
    assert_eq!(
        world.get("/v1/users?query=a&limit=9", &ada).await.refusal(),
        (400, "unknown_field")
    );
}
