//! What has become of messages, over HTTP; and the windows, by a clock that the test moves.

use serde_json::{Value, json};

use crate::sockets::Socket;
use crate::world::{Person, World, nobody};

/// The answer to a frame.
async fn answer(socket: &mut Socket, frame: &Value) -> Value {
    socket.send(frame).await;
    loop {
        let frame = socket.next().await.unwrap();
        if matches!(frame["type"].as_str(), Some("ack" | "error")) {
            return frame;
        }
    }
}

fn id(number: u8) -> String {
    format!("01999999-0000-7000-8000-0000000000{number:02x}")
}

async fn say(socket: &mut Socket, place: &str, number: u8) -> Value {
    let content = json!({"kind": "plain", "text": "hello"});
    let message = json!({"id": id(number), "conversation": place, "written_at": 1, "content": content});
    answer(socket, &json!({"type": "message", "id": 1, "message": message})).await
}

async fn change(socket: &mut Socket, place: &str, number: u8, message: u8, change: Value) -> Value {
    let change = json!({"id": id(number), "conversation": place, "message": id(message), "change": change});
    answer(socket, &json!({"type": "change", "id": 2, "change": change})).await
}

async fn direct(world: &World, one: &Person, other: &Person) -> String {
    let made = world
        .post("/v1/conversations/direct", one, json!({"user": other.user}))
        .await
        .ok();
    made["conversation"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn pins_and_reactions_are_listed() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let place = direct(&world, &ada, &bob).await;
    let mut socket = Socket::open(&world, &ada).await;
    for number in [1, 2] {
        say(&mut socket, &place, number).await;
    }
    let pins = format!("/v1/conversations/{place}/pins");
    let reactions = |message: &str| format!("/v1/conversations/{place}/messages/{message}/reactions");
    assert_eq!(
        world.get(&pins, &bob).await.ok(),
        json!({"events": [], "states": []})
    );
    assert_eq!(
        world.get(&reactions(&id(1)), &bob).await.ok(),
        json!({"items": []})
    );
    let thumb = json!({"kind": "react", "emoji": "👍", "on": true});
    change(&mut socket, &place, 3, 2, json!({"kind": "pin", "on": true})).await;
    change(&mut socket, &place, 4, 2, thumb).await;
    let listed = world.get(&pins, &bob).await.ok();
    assert_eq!(listed["events"][0]["id"], id(2));
    assert_eq!(listed["states"][0]["pinned_seq"], 4);
    assert_eq!(listed["states"][0]["reactions"][0]["users"], json!([ada.user]));
    let listed = world.get(&reactions(&id(2)), &bob).await.ok();
    assert_eq!(listed["items"][0]["emoji"], "👍");
    assert_eq!(
        (
            &listed["items"][0]["profile"]["handle"],
            &listed["items"][0]["seq"]
        ),
        (&json!("ada"), &json!(5))
    );
    for message in [nobody(), &id(3)] {
        assert_eq!(
            world.get(&reactions(message), &bob).await.refusal(),
            (404, "not_found")
        );
    }
    let carol = world.join(&ada, "carol").await;
    for path in [pins, reactions(&id(2))] {
        assert_eq!(world.get(&path, &carol).await.refusal(), (403, "not_member"));
    }
}

#[tokio::test]
async fn a_moment_has_a_place_in_the_log() {
    let (world, ada) = World::with_ada().await;
    let bob = world.join(&ada, "bob").await;
    let place = direct(&world, &ada, &bob).await;
    let mut socket = Socket::open(&world, &ada).await;
    let mut times = vec![(world.now().as_ms(), 1)];
    for number in 1..=9 {
        world.pass_ms(60_000);
        let seq = say(&mut socket, &place, number).await["seq"].as_u64().unwrap();
        times.push((world.now().as_ms(), seq));
    }
    let last = times[9];
    for (at, seq) in times {
        for (at, seq) in [(at, seq), (at + 1, (seq + 1).min(last.1))] {
            let found = world
                .get(&format!("/v1/conversations/{place}/place?at={at}"), &bob)
                .await
                .ok();
            assert_eq!(found["seq"], seq, "{at}");
        }
    }
    let path = format!("/v1/conversations/{place}/place");
    for wrong in [
        path.clone(),
        format!("{path}?at=yesterday"),
        format!("{path}?at=1&of=2"),
    ] {
        assert_eq!(world.get(&wrong, &bob).await.refusal().0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn windows_are_the_operators_and_close_to_the_millisecond() {
    let world = World::start_with(|config| {
        config.messages.edit_window_s = 60;
        config.messages.delete_window_s = 120;
    })
    .await;
    let ada = world.set_up("ada").await;
    let bob = world.join(&ada, "bob").await;
    let place = direct(&world, &ada, &bob).await;
    let limits = &world.get("/v1/server", &ada).await.ok()["limits"];
    assert_eq!(
        (&limits["edit_window_ms"], &limits["delete_window_ms"]),
        (&json!(60_000), &json!(120_000))
    );
    let mut socket = Socket::open(&world, &ada).await;
    say(&mut socket, &place, 1).await;
    let edit = json!({"kind": "edit", "content": {"kind": "plain", "text": "hello there"}});
    world.pass_ms(60_000);
    assert_eq!(
        change(&mut socket, &place, 2, 1, edit.clone()).await["type"],
        "ack"
    );
    world.pass_ms(1);
    assert_eq!(
        change(&mut socket, &place, 3, 1, edit.clone()).await["code"],
        "window_closed"
    );
    assert_eq!(
        change(&mut socket, &place, 2, 1, edit).await["seq"],
        3,
        "it was made in time"
    );
    world.pass_ms(60_000);
    let delete = json!({"kind": "delete"});
    assert_eq!(
        change(&mut socket, &place, 4, 1, delete).await["code"],
        "window_closed"
    );
}
