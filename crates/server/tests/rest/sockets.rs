//! What is decided over HTTP has effect on connections at once.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::world::{PASSWORD, Person, World};

pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Connects and is welcomed.
    pub(crate) async fn open(world: &World, person: &Person) -> Self {
        let (stream, _) = connect_async(format!("ws://{}/v1/ws", world.address))
            .await
            .unwrap();
        let mut socket = Self(stream);
        let hello = json!({
            "type": "hello", "id": 1, "protocol": 1, "token": person.access, "presence": "online",
            "client": {"name": "pipit-test", "version": "0.1.0"}, "cursors": [],
        });
        socket.0.send(Message::text(hello.to_string())).await.unwrap();
        while socket.next().await.unwrap()["type"] != "welcome" {}
        socket
    }

    pub(crate) async fn send(&mut self, frame: &Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// The next frame; none when the connection has ended.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            match self.0.next().await? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Whether it ends by itself, for the reason that its device was signed out.
    pub(crate) async fn ends_signed_out(mut self) -> bool {
        let mut codes = Vec::new();
        while let Some(frame) = self.next().await {
            codes.push(
                frame["code"]
                    .as_str()
                    .or_else(|| frame["reason"].as_str())
                    .unwrap_or_default()
                    .to_owned(),
            );
        }
        codes.iter().any(|code| code == "signed_out")
    }
}

#[tokio::test]
async fn signing_a_device_out_cuts_its_connection() {
    let (world, ada) = World::with_ada().await;
    let phone = world.sign_in("ada", PASSWORD).await.person();
    let on_phone = Socket::open(&world, &phone).await;
    assert_eq!(
        world
            .delete(&format!("/v1/devices/{}", phone.device), &ada)
            .await
            .status,
        204
    );
    assert!(on_phone.ends_signed_out().await);
}

#[tokio::test]
async fn a_refresh_token_that_is_used_twice_cuts_the_connection() {
    let (world, ada) = World::with_ada().await;
    let second = world.refresh(&ada.refresh).await.person();
    world.refresh(&second.refresh).await.ok();
    let connection = Socket::open(&world, &second).await;
    assert_eq!(world.refresh(&ada.refresh).await.refusal(), (401, "signed_out"));
    assert!(connection.ends_signed_out().await);
}

#[tokio::test]
async fn a_conversation_made_over_http_is_announced() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let mut at_bobs = Socket::open(&world, &bob).await;
    let made = world
        .post("/v1/conversations/direct", &ada, json!({"user": bob.user}))
        .await
        .ok();
    let event = loop {
        let frame = at_bobs.next().await.unwrap();
        if frame["type"] == "event" {
            break frame;
        }
    };
    assert_eq!(event["conversation"], made["conversation"]["id"]);
    assert_eq!(event["body"]["type"], "created");
}
