//! The same path on PostgreSQL: that the storage keeps its promises is tested where it is; here, that the server runs on it.

use pipit_store_postgres::testing::TestPostgres;
use serde_json::json;

use crate::world::{PASSWORD, World};

#[tokio::test]
async fn the_server_runs_on_postgresql() {
    let postgres = TestPostgres::start().await.unwrap();
    let database = postgres.empty_database().await.unwrap();
    let world = World::start_with(|config| config.general.database = Some(database.url().to_owned())).await;
    let ada = world.set_up("ada").await;
    let bob = world.join(&ada, "bob").await;
    let group =
        json!({"id": "01999999-0000-7000-8000-000000000001", "title": "Birds", "members": [bob.user]});
    let made = world.post("/v1/conversations/group", &ada, group).await.ok();

    let world = world.restart().await;
    assert_eq!(world.set_up_token, None);
    let listed = world.get("/v1/conversations", &bob).await.ok();
    assert_eq!(listed["items"][0]["id"], made["conversation"]["id"]);
    let second = world.refresh(&bob.refresh).await.person();
    world.refresh(&second.refresh).await.person();
    assert_eq!(world.refresh(&bob.refresh).await.refusal(), (401, "signed_out"));
    assert_eq!(world.get("/v1/me", &second).await.refusal(), (401, "signed_out"));
    assert_eq!(
        world.sign_in("bob", "not the password").await.refusal(),
        (401, "wrong_credentials")
    );
    world.sign_in("bob", PASSWORD).await.person();
    world.stop().await;
}

#[tokio::test]
async fn two_nodes_of_one_database_have_one_link_and_read_each_others_tokens() {
    let postgres = TestPostgres::start().await.unwrap();
    let database = postgres.empty_database().await.unwrap();
    let url = database.url().to_owned();
    let first = World::start_with(|config| config.general.database = Some(url.clone())).await;
    let second = World::start_with(|config| config.general.database = Some(url.clone())).await;
    assert!(first.set_up_token.is_some());
    assert_eq!(first.set_up_token, second.set_up_token);
    let ada = second.set_up("ada").await;
    first.get("/v1/me", &ada).await.ok();
    first.refresh(&ada.refresh).await.person();
    first.stop().await;
    second.stop().await;
}
