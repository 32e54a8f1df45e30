//! What becomes of a notification when its message does: it goes, or says something else.

use std::sync::Arc;

use pipit_server::service::expiry::Expiry;
use pipit_wire::EventId;
use pipit_wire::event::Message;
use serde_json::{Value, json};

use super::{Scene, put, subscribe};
use crate::sealed;
use crate::sockets::Socket;
use crate::world::{PASSWORD, World};

fn waiting(world: &World) -> u64 {
    world.node().stats.push_waiting.get()
}

impl Scene {
    /// Ada changes what she has said.
    async fn change(&mut self, conversation: &Value, message: &Value, number: u8, change: Value) {
        let change = json!({
            "id": format!("01999999-0000-7000-8000-2000000000{number:02x}"),
            "conversation": conversation, "message": message, "change": change,
        });
        let frame = json!({"type": "change", "id": 8, "change": change});
        self.at_adas.send(&frame).await;
        loop {
            let answer = self.at_adas.next().await.unwrap();
            assert_ne!(answer["type"], "error", "{answer}");
            if answer["type"] == "ack" {
                return;
            }
        }
    }

    async fn delete(&mut self, message: &Value) {
        let group = self.group.clone();
        self.change(&group, message, 0xff, json!({"kind": "delete"}))
            .await;
    }

    async fn edit(&mut self, message: &Value, number: u8, text: &str) {
        let content = json!({"kind": "plain", "text": text});
        let group = self.group.clone();
        self.change(
            &group,
            message,
            number,
            json!({"kind": "edit", "content": content}),
        )
        .await;
    }

    /// What was pushed has been taken, and that is noted.
    async fn settled(&self) {
        self.until(|world| waiting(world) == 0).await;
    }
}

#[tokio::test]
async fn what_is_deleted_goes_from_where_it_is_shown() {
    let mut scene = Scene::new().await;
    let first = scene.say("one").await;
    let shown = scene.service.next().await;
    scene.settled().await;
    scene.say("two").await;
    scene.service.next().await;
    scene.settled().await;
    scene.delete(&first["message"]).await;
    let gone = scene.service.next().await;
    assert_eq!(
        gone.open(),
        json!({"type": "gone", "conversation": scene.group, "seq": first["seq"]})
    );
    assert_eq!((gone.header("ttl"), gone.header("urgency")), ("604800", "normal"));
    assert_ne!(
        gone.header("topic"),
        shown.header("topic"),
        "the message that waits in the push service stays there"
    );
    scene.settled().await;
    scene.say("three").await;
    assert_eq!(scene.next().await["text"], "three");
}

/// Whoever has left on one device, or was taken out, is shown nothing of it on the others.
#[tokio::test]
async fn what_is_shown_goes_with_the_membership() {
    let mut scene = Scene::new().await;
    let said = scene.say("one").await;
    scene.service.next().await;
    scene.settled().await;
    let path = format!(
        "/v1/conversations/{}/members/{}",
        scene.group.as_str().unwrap(),
        scene.bob.user
    );
    scene.world.delete(&path, &scene.bob).await.ok();
    let cleared = scene.service.next().await.open();
    let (last, left) = (said["seq"].as_u64().unwrap(), cleared["seq"].as_u64().unwrap());
    assert_eq!(
        (&cleared["type"], &cleared["conversation"]),
        (&json!("read"), &scene.group)
    );
    assert!(left > last, "{left}: all of it");
}

#[tokio::test]
async fn what_is_not_shown_need_not_go() {
    let mut scene = Scene::new().await;
    scene.keep(&json!({"notify": "nothing"})).await;
    let quiet = scene.say("nothing").await;
    scene.keep(&json!({"notify": "all"})).await;
    scene.delete(&quiet["message"]).await;
    scene.say("all").await;
    assert_eq!(scene.next().await["text"], "all");
}

#[tokio::test]
async fn what_waits_is_not_pushed_after_its_deletion() {
    let mut scene = Scene::with(|config| config.push.active_delay_ms = 3_600_000).await;
    let laptop = scene.world.sign_in("bob", PASSWORD).await.person();
    subscribe(&scene.world, &laptop, &scene.service.endpoint("laptop")).await;
    let _at_laptop = Socket::open(&scene.world, &laptop).await;
    let ack = scene.say("one").await;
    scene.until(|world| waiting(world) == 2).await;
    scene.delete(&ack["message"]).await;
    scene.settled().await;
    assert_eq!(scene.world.node().stats.push_sent.get(), 0);
}

#[tokio::test]
async fn what_is_deleted_on_its_way_goes_when_it_is_there() {
    let mut scene = Scene::new().await;
    scene.say("one").await;
    scene.service.next().await;
    scene.settled().await;
    let held = scene.service.hold().await;
    let second = scene.say("two").await;
    assert_eq!(scene.next().await["text"], "two");
    scene.delete(&second["message"]).await;
    scene.settled().await;
    drop(held);
    assert_eq!(
        scene.next().await,
        json!({"type": "gone", "conversation": scene.group, "seq": second["seq"]})
    );
}

#[tokio::test]
async fn what_is_edited_says_so_where_it_is_shown() {
    let mut scene = Scene::new().await;
    let first = scene.say("teh tea").await;
    scene.service.next().await;
    scene.settled().await;
    scene.edit(&first["message"], 1, "the tea").await;
    assert_eq!(
        scene.next().await,
        json!({"type": "edited", "conversation": scene.group, "seq": first["seq"], "text": "the tea"})
    );
    scene.settled().await;
    // Who wants no texts there is told none.
    let settings = json!({"previews": "names", "keywords": []});
    put(&scene.world, "/v1/me/notifications", &scene.bob, &settings)
        .await
        .ok();
    scene.edit(&first["message"], 2, "the teapot").await;
    let second = scene.say("two").await;
    assert_eq!(scene.next().await["seq"], second["seq"]);
}

#[tokio::test]
async fn what_waits_is_pushed_as_it_is_by_then() {
    let mut scene = Scene::new().await;
    scene.service.answer(&[(503, Some("3600"))]);
    let ack = scene.say("teh tea").await;
    assert_eq!(scene.next().await["text"], "teh tea");
    scene.until(|world| world.node().stats.push_busy.get() == 1).await;
    scene.edit(&ack["message"], 1, "@bob, the tea").await;
    let pushed = scene.next().await;
    assert_eq!(
        (&pushed["seq"], &pushed["text"], &pushed["mention"]),
        (&ack["seq"], &json!("@bob, the tea"), &json!(true))
    );
}

#[tokio::test]
async fn what_has_erased_itself_goes() {
    let mut scene = Scene::new().await;
    let timer = json!({"event_id": EventId::new(scene.world.now(), [9; 10]), "expire_after_ms": 60_000});
    let path = format!("/v1/conversations/{}", scene.group.as_str().unwrap());
    scene.world.patch(&path, &scene.ada, timer).await.ok();
    let ack = scene.say("fleeting").await;
    assert_eq!(scene.next().await["text"], Value::Null);
    scene.settled().await;
    scene.edit(&ack["message"], 1, "nothing of this either").await;
    scene.world.pass_ms(60_000);
    let node = scene.world.node();
    let (context, stats) = (node.context.clone(), Arc::clone(&node.stats));
    let expiry = Expiry::new(context, stats, node.pushes.clone());
    expiry.erase().await.unwrap();
    assert_eq!(
        scene.next().await,
        json!({"type": "gone", "conversation": scene.group, "seq": ack["seq"]})
    );
}

/// The server knows that there was a deletion, and of which message. An edit there is sealed like a message: it cannot tell one from the other.
#[tokio::test]
async fn what_is_deleted_from_an_encrypted_conversation_goes() {
    let mut scene = Scene::new().await;
    let (ada, world) = (&scene.ada, &scene.world);
    let den = sealed::den(world, ada, &[&scene.bob]).await;
    let message: Message = sealed::message(world, 1, den, sealed::sealed(1, &[]));
    sealed::send(world, ada, message.clone()).await.unwrap();
    let pushed = scene.service.next().await.open();
    assert_eq!((&pushed["conversation"], pushed.get("text")), (&json!(den), None));
    scene.settled().await;
    let delete = json!({"kind": "delete"});
    scene.change(&json!(den), &json!(message.id), 2, delete).await;
    assert_eq!(
        scene.service.next().await.open(),
        json!({"type": "gone", "conversation": den, "seq": pushed["seq"]})
    );
}
