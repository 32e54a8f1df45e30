//! Notifications of devices that are not connected: a push service in the test takes what is pushed, opens it with the device's keys, and checks
//! who has signed it.

mod changing;
mod service;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pipit_server::config::Config;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use web_push_native::p256::elliptic_curve::sec1::ToEncodedPoint as _;

pub(crate) use self::service::PushService;
use self::service::{PATIENCE, SECRET, device_key, part};
use crate::sockets::Socket;
use crate::world::{PASSWORD, Person, Reply, World};

pub(crate) fn local(config: &mut Config) {
    config.outgoing.networks = vec!["127.0.0.0/8".to_owned()];
    config.push.active_delay_ms = 0;
}

async fn put(world: &World, path: &str, person: &Person, body: &Value) -> Reply {
    world
        .call(Method::PUT, path, Some(&person.access), Some(body))
        .await
}

fn subscription(endpoint: &str) -> Value {
    let public = device_key().public_key().to_encoded_point(false);
    json!({
        "endpoint": endpoint, "silent": true,
        "p256dh": URL_SAFE_NO_PAD.encode(public.as_bytes()), "auth": URL_SAFE_NO_PAD.encode(SECRET),
    })
}

pub(crate) async fn subscribe(world: &World, person: &Person, endpoint: &str) {
    let reply = put(world, "/v1/push/subscription", person, &subscription(endpoint)).await;
    assert_eq!(reply.status, 204, "{reply:?}");
}

/// Ada, who is connected, and Bob, who is not and is pushed to.
struct Scene {
    world: World,
    service: PushService,
    ada: Person,
    bob: Person,
    at_adas: Socket,
    group: Value,
    said: u64,
}

impl Scene {
    async fn new() -> Self {
        Self::with(|_config| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let world = World::start_with(|config| {
            local(config);
            change(config);
        })
        .await;
        let service = PushService::start().await;
        let ada = world.set_up("ada").await;
        let bob = world.join(&ada, "bob").await;
        subscribe(&world, &bob, &service.endpoint("bob")).await;
        let id = "01999999-0000-7000-8000-00000000000a";
        let new = json!({"id": id, "title": "Birds", "members": [bob.user]});
        let made = world.post("/v1/conversations/group", &ada, new).await.ok();
        let at_adas = Socket::open(&world, &ada).await;
        Self {
            group: made["conversation"]["id"].clone(),
            world,
            service,
            ada,
            bob,
            at_adas,
            said: 0,
        }
    }

    async fn say(&mut self, text: &str) -> Value {
        let group = self.group.clone();
        self.say_in(&group, text, None).await
    }

    /// Ada says something; what acknowledges it.
    async fn say_in(&mut self, conversation: &Value, text: &str, reply_to: Option<&Value>) -> Value {
        self.said += 1;
        let message = message(conversation, self.said, text, reply_to);
        let ack = say(&mut self.at_adas, &message).await;
        self.considered().await;
        ack
    }

    /// Everything that was said has been looked at, by the rules and the clock of then.
    async fn considered(&self) {
        let said = self.said;
        self.until(|world| world.node().stats.push_considered.get() == said)
            .await;
    }

    async fn keep(&self, change: &Value) {
        let mut at_bobs = Socket::open(&self.world, &self.bob).await;
        at_bobs
            .send(&json!({"type": "personal", "id": 3, "conversation": self.group, "change": change}))
            .await;
        while at_bobs.next().await.unwrap()["type"] != "personal" {}
        self.leave(at_bobs).await;
    }

    /// Closes a line, and waits until the server knows.
    async fn leave(&self, socket: Socket) {
        let before = self.world.node().stats.connections.get();
        drop(socket);
        self.until(|world| world.node().stats.connections.get() < before)
            .await;
    }

    async fn until(&self, is_so: impl Fn(&World) -> bool) {
        let waiting = async {
            while !is_so(&self.world) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .expect("it comes about");
    }

    async fn next(&mut self) -> Value {
        self.service.next().await.open()
    }
}

fn message(conversation: &Value, number: u64, text: &str, reply_to: Option<&Value>) -> Value {
    let id = format!("01999999-0000-7000-8000-1000{number:08x}");
    let mut message = json!({
        "id": id, "conversation": conversation, "written_at": 1,
        "content": {"kind": "plain", "text": text},
    });
    if let Some(reply_to) = reply_to {
        message["reply_to"] = reply_to.clone();
    }
    message
}

async fn say(socket: &mut Socket, message: &Value) -> Value {
    socket
        .send(&json!({"type": "message", "id": 7, "message": message}))
        .await;
    loop {
        let frame = socket.next().await.unwrap();
        assert_ne!(frame["type"], "error", "{frame}");
        if frame["type"] == "ack" {
            return frame;
        }
    }
}

#[tokio::test]
async fn a_message_is_pushed_encrypted_and_signed() {
    let mut scene = Scene::with(|config| {
        config.push.contact = Some("mailto:ada@example.org".to_owned());
    })
    .await;
    let state = scene.world.get("/v1/push", &scene.bob).await.ok();
    assert_eq!(state["endpoint"], scene.service.endpoint("bob"));
    let ack = scene.say("Is anybody there?").await;
    let pushed = scene.service.next().await;
    assert_eq!(pushed.device, "bob");
    assert_eq!(
        pushed.open(),
        json!({
            "type": "message", "conversation": scene.group, "seq": ack["seq"], "message": ack["message"],
            "at": ack["at"], "kind": "group", "title": "Birds", "sender": "ADA", "text": "Is anybody there?",
            "mention": false,
        })
    );
    assert_eq!(
        (pushed.header("ttl"), pushed.header("urgency")),
        ("604800", "normal")
    );
    assert_eq!(pushed.header("topic").len(), 32);
    let claims = pushed.claims(state["key"].as_str().unwrap());
    assert_eq!(claims["aud"], format!("http://{}", scene.service.address));
    assert_eq!(claims["sub"], "mailto:ada@example.org");
    let ends_in_s = claims["exp"].as_i64().unwrap() - scene.world.now().as_ms() / 1_000;
    assert!((1..=24 * 60 * 60).contains(&ends_in_s), "{ends_in_s}");
    scene.say("@bob, are you?").await;
    let second = scene.service.next().await;
    assert_eq!(second.header("urgency"), "high");
    assert_eq!(second.open()["mention"], true);
    assert_eq!(
        second.header("topic"),
        pushed.header("topic"),
        "the later one takes the place of the earlier"
    );
}

#[tokio::test]
async fn the_key_is_the_same_after_a_restart() {
    let (world, ada) = World::with_ada().await;
    let before = world.get("/v1/push", &ada).await.ok();
    let world = world.restart().await;
    let after = world.get("/v1/push", &ada).await.ok();
    assert_eq!(before, after);
    assert_eq!(part(after["key"].as_str().unwrap()).len(), 65);
}

/// It may have lost its line, or be where nobody looks: what nobody has read by then is pushed to it too.
#[tokio::test]
async fn a_device_in_use_waits_like_the_others() {
    let mut scene = Scene::new().await;
    let laptop = scene.world.sign_in("bob", PASSWORD).await.person();
    subscribe(&scene.world, &laptop, &scene.service.endpoint("laptop")).await;
    let at_laptop = Socket::open(&scene.world, &laptop).await;
    for text in ["in use", "and not"] {
        scene.say(text).await;
        let mut devices = [scene.service.next().await, scene.service.next().await].map(|pushed| {
            assert_eq!(pushed.open()["text"], text);
            pushed.device
        });
        devices.sort();
        assert_eq!(devices, ["bob", "laptop"]);
    }
    scene.leave(at_laptop).await;
}

#[tokio::test]
async fn what_is_read_where_somebody_is_need_not_be_pushed() {
    let mut scene = Scene::with(|config| config.push.active_delay_ms = 3_600_000).await;
    let laptop = scene.world.sign_in("bob", PASSWORD).await.person();
    subscribe(&scene.world, &laptop, &scene.service.endpoint("laptop")).await;
    let mut at_laptop = Socket::open(&scene.world, &laptop).await;
    let ack = scene.say("one").await;
    let waiting = |world: &World| world.node().stats.push_waiting.get();
    scene.until(|world| waiting(world) == 2).await;
    read(&mut at_laptop, &scene.group, &ack["seq"]).await;
    scene.until(|world| waiting(world) == 0).await;
    assert_eq!(scene.world.node().stats.push_sent.get(), 0);
}

async fn read(socket: &mut Socket, conversation: &Value, seq: &Value) {
    socket
        .send(&json!({
            "type": "receipt", "conversation": conversation, "delivered_seq": seq, "read_seq": seq,
        }))
        .await;
}

#[tokio::test]
async fn what_is_read_elsewhere_is_cleared_where_it_was_shown() {
    let mut scene = Scene::new().await;
    let ack = scene.say("one").await;
    let shown = scene.service.next().await;
    let laptop = scene.world.sign_in("bob", PASSWORD).await.person();
    let mut at_laptop = Socket::open(&scene.world, &laptop).await;
    let noted = scene.world.store();
    let bob = scene.bob.clone();
    // The push service has it; that it was shown is noted after its answer.
    scene
        .until(|world| world.node().stats.push_waiting.get() == 0)
        .await;
    let entry = ack["seq"].as_u64().and_then(pipit_wire::Seq::new).unwrap();
    let group = scene.group.as_str().unwrap().parse().unwrap();
    assert_eq!(noted.list_shown(bob.user, group, entry).await.unwrap().len(), 1);
    read(&mut at_laptop, &scene.group, &ack["seq"]).await;
    let cleared = scene.service.next().await;
    assert_eq!(
        cleared.open(),
        json!({"type": "read", "conversation": scene.group, "seq": ack["seq"]})
    );
    assert_eq!(cleared.device, "bob");
    assert_eq!(cleared.header("topic"), shown.header("topic"));
    // Nothing is shown any more: the next thing that is pushed is the next message.
    scene
        .until(|world| world.node().stats.push_waiting.get() == 0)
        .await;
    assert_eq!(noted.list_shown(bob.user, group, entry).await.unwrap(), []);
    scene.leave(at_laptop).await;
    scene.say("two").await;
    assert_eq!(scene.next().await["text"], "two");
}

#[tokio::test]
async fn what_is_not_taken_is_tried_again() {
    let mut scene = Scene::new().await;
    scene
        .service
        .answer(&[(503, Some("0")), (429, Some("0")), (500, Some("0"))]);
    scene.say("one").await;
    for _ in 0..4 {
        assert_eq!(scene.next().await["text"], "one");
    }
    scene.until(|world| world.node().stats.push_sent.get() == 1).await;
    assert_eq!(scene.world.node().stats.push_busy.get(), 3);
    // One that asks for more than an hour is not waited for.
    scene.service.answer(&[(429, Some("3601"))]);
    scene.say("two").await;
    assert_eq!(scene.next().await["text"], "two");
    scene
        .until(|world| world.node().stats.push_given_up.get() == 1)
        .await;
    // One that does not want it is not asked again.
    scene.service.answer(&[(400, None)]);
    scene.say("three").await;
    assert_eq!(scene.next().await["text"], "three");
    scene
        .until(|world| world.node().stats.push_refused.get() == 1)
        .await;
    scene.say("four").await;
    assert_eq!(scene.next().await["text"], "four");
}

#[tokio::test]
async fn a_device_that_its_push_service_does_not_know_is_forgotten() {
    for status in [404, 410] {
        let mut scene = Scene::new().await;
        scene.service.answer(&[(status, None)]);
        scene.say("one").await;
        scene.service.next().await;
        scene
            .until(|world| world.node().stats.push_subscriptions_dropped.get() == 1)
            .await;
        let state = scene.world.get("/v1/push", &scene.bob).await.ok();
        assert_eq!(state["endpoint"], Value::Null);
    }
}

#[tokio::test]
async fn who_is_signed_out_is_pushed_nothing() {
    let mut scene = Scene::new().await;
    let phone = scene.world.sign_in("bob", PASSWORD).await.person();
    subscribe(&scene.world, &phone, &scene.service.endpoint("phone")).await;
    let path = format!("/v1/devices/{}", scene.bob.device);
    assert_eq!(scene.world.delete(&path, &phone).await.status, 204);
    scene.say("one").await;
    assert_eq!(scene.service.next().await.device, "phone");
    let gone = scene.world.delete("/v1/push/subscription", &phone).await;
    assert_eq!(gone.status, 204);
    let tablet = scene.world.sign_in("bob", PASSWORD).await.person();
    subscribe(&scene.world, &tablet, &scene.service.endpoint("tablet")).await;
    scene.say("two").await;
    assert_eq!(scene.service.next().await.device, "tablet");
}

#[tokio::test]
async fn a_browser_is_of_who_has_signed_in_last() {
    let mut scene = Scene::new().await;
    let cyn = scene.world.join(&scene.ada, "cyn").await;
    let endpoint = scene.service.endpoint("bob");
    subscribe(&scene.world, &cyn, &endpoint).await;
    let state = scene.world.get("/v1/push", &scene.bob).await.ok();
    assert_eq!(state["endpoint"], Value::Null);
    let made = scene
        .world
        .post("/v1/conversations/direct", &scene.ada, json!({"user": cyn.user}))
        .await
        .ok();
    scene.say("for Bob").await;
    let direct = made["conversation"]["id"].clone();
    scene.say_in(&direct, "for Cyn", None).await;
    let pushed = scene.service.next().await;
    assert_eq!(pushed.header("urgency"), "high");
    let opened = pushed.open();
    assert_eq!(
        (&opened["text"], &opened["kind"], opened.get("title")),
        (&json!("for Cyn"), &json!("direct"), None)
    );
}

#[tokio::test]
async fn the_rules_of_a_conversation_hold() {
    let mut scene = Scene::new().await;
    scene.keep(&json!({"notify": "nothing"})).await;
    scene.say("@bob nothing").await;
    scene.keep(&json!({"notify": "mentions"})).await;
    let first = scene.say("nobody").await;
    scene.say("@Bob!").await;
    assert_eq!(scene.next().await["text"], "@Bob!");
    let mut at_bobs = Socket::open(&scene.world, &scene.bob).await;
    let bobs = say(&mut at_bobs, &message(&scene.group, 999, "Here", None)).await;
    scene.said += 1;
    scene.considered().await;
    scene.leave(at_bobs).await;
    let group = scene.group.clone();
    scene.say_in(&group, "to oneself", Some(&first["message"])).await;
    scene.say_in(&group, "to Bob", Some(&bobs["message"])).await;
    assert_eq!(scene.next().await["text"], "to Bob");
    let ends = scene.world.now().as_ms() + 1_000;
    scene.keep(&json!({"notify": "all", "muted_until": ends})).await;
    scene.say("muted").await;
    scene.world.pass_ms(1_000);
    scene.say("not muted").await;
    assert_eq!(scene.next().await["text"], "not muted");
}

#[tokio::test]
async fn the_settings_of_a_person_hold() {
    let mut scene = Scene::new().await;
    let path = "/v1/me/notifications";
    let kept = scene.world.get(path, &scene.bob).await.ok();
    assert_eq!(kept, json!({"previews": "message", "keywords": []}));
    // The world's clock stands at 14:13 UTC, which is 16:13 in Berlin.
    let quiet = json!({"from_min": 16 * 60, "to_min": 17 * 60, "time_zone": "Europe/Berlin"});
    let settings = json!({"previews": "names", "quiet": quiet, "keywords": [" Kingfisher ", ""]});
    let set = put(&scene.world, path, &scene.bob, &settings).await.ok();
    assert_eq!(set["keywords"], json!(["Kingfisher"]));
    assert_eq!(scene.world.get(path, &scene.bob).await.ok(), set);
    scene.keep(&json!({"notify": "mentions"})).await;
    scene.say("A kingfisher, but late").await;
    scene.world.pass_ms(60 * 60 * 1_000);
    scene.bob = scene.world.refresh(&scene.bob.refresh).await.person();
    scene.say("A heron").await;
    let seen = scene.say("A kingfisher!").await;
    let pushed = scene.next().await;
    assert_eq!(pushed["seq"], seen["seq"]);
    assert_eq!(
        (&pushed["sender"], pushed.get("text"), &pushed["mention"]),
        (&json!("ADA"), None, &json!(true))
    );
    let settings = json!({"previews": "nothing", "keywords": []});
    put(&scene.world, path, &scene.bob, &settings).await.ok();
    scene.say("@bob").await;
    let pushed = scene.next().await;
    for field in ["sender", "title", "text"] {
        assert_eq!(pushed.get(field), None, "{pushed}");
    }
}

#[tokio::test]
async fn settings_are_checked() {
    let (world, ada) = World::with_ada().await;
    let quiet = |from: u32, to: u32, zone: &str| json!({"keywords": [], "quiet": {"from_min": from, "to_min": to, "time_zone": zone}});
    let words: Vec<_> = (0..51).map(|number| format!("word{number}")).collect();
    for (settings, field) in [
        (quiet(0, 1_440, "UTC"), "quiet"),
        (quiet(1_440, 0, "UTC"), "quiet"),
        (quiet(7, 7, "UTC"), "quiet"),
        (quiet(0, 7, "Middle-earth/Bree"), "time_zone"),
        (quiet(0, 7, "../../etc/passwd"), "time_zone"),
        (quiet(0, 7, ""), "time_zone"),
        (json!({"keywords": words}), "keywords"),
        (json!({"keywords": ["x".repeat(129)]}), "keywords"),
        (json!({"keywords": ["a\nb"]}), "keywords"),
    ] {
        let reply = put(&world, "/v1/me/notifications", &ada, &settings).await;
        assert_eq!(reply.refusal(), (400, "invalid_field"), "{settings}");
        assert_eq!(reply.body["field"], field, "{settings}");
    }
}

#[tokio::test]
async fn strangers_are_not_quoted() {
    let mut scene = Scene::new().await;
    // Bob knows Cyn, and Ada does not.
    let cyn = scene.world.join(&scene.bob, "cyn").await;
    subscribe(&scene.world, &cyn, &scene.service.endpoint("cyn")).await;
    let made = scene
        .world
        .post("/v1/conversations/direct", &scene.ada, json!({"user": cyn.user}))
        .await
        .ok();
    let asked = made["conversation"]["id"].clone();
    let ack = scene.say_in(&asked, "Buy @cyn this", None).await;
    let pushed = scene.service.next().await;
    assert_eq!(
        pushed.open(),
        json!({"type": "request", "conversation": asked, "seq": ack["seq"]})
    );
}

#[tokio::test]
async fn only_push_services_are_pushed_to() {
    let world = World::start().await;
    let ada = world.set_up("ada").await;
    for endpoint in [
        "http://push.example.org/",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/",
        "ftp://push.example.org/",
        "file:///etc/passwd",
        "push.example.org",
        "",
        &format!("https://push.example.org/{}", "x".repeat(2_000)),
    ] {
        let reply = put(&world, "/v1/push/subscription", &ada, &subscription(endpoint)).await;
        assert_eq!(reply.refusal(), (400, "invalid_field"), "{endpoint}");
        assert_eq!(reply.body["field"], "endpoint");
    }
    // A name is looked up when it is pushed to: this one leads inside.
    subscribe(&world, &ada, "https://localhost/push").await;
    let tested = world.post("/v1/push/test", &ada, json!({})).await.ok();
    assert_eq!(tested, json!({"outcome": "refused"}));
    let good = subscription("https://push.example.org/x");
    for (field, value) in [
        ("p256dh", "AAAA"),
        ("p256dh", "!"),
        ("p256dh", &URL_SAFE_NO_PAD.encode([4; 65])),
        ("auth", "AAAA"),
        ("auth", "="),
    ] {
        let mut bad = good.clone();
        bad[field] = json!(value);
        let reply = put(&world, "/v1/push/subscription", &ada, &bad).await;
        assert_eq!(reply.refusal(), (400, "invalid_field"), "{field} {value}");
        assert_eq!(reply.body["field"], field);
    }
    let mut padded = good.clone();
    padded["auth"] = json!(format!("{}==", good["auth"].as_str().unwrap()));
    let reply = put(&world, "/v1/push/subscription", &ada, &padded).await;
    assert_eq!(reply.status, 204);
}

#[tokio::test]
async fn a_push_can_be_tried() {
    let mut scene = Scene::new().await;
    let test = async |person: &Person| scene.world.post("/v1/push/test", person, json!({})).await;
    assert_eq!(test(&scene.ada).await.ok(), json!({"outcome": "not_subscribed"}));
    scene
        .service
        .answer(&[(201, None), (403, None), (429, None), (410, None)]);
    for (outcome, status) in [("taken", 201), ("refused", 403), ("busy", 429), ("gone", 410)] {
        let tested = test(&scene.bob).await.ok();
        assert_eq!(tested, json!({"outcome": outcome, "status": status}));
    }
    assert_eq!(test(&scene.bob).await.ok(), json!({"outcome": "not_subscribed"}));
    for _ in 0..5 {
        test(&scene.bob).await.ok();
    }
    assert_eq!(test(&scene.bob).await.refusal(), (429, "rate_limited"));
    assert_eq!(scene.next().await, json!({"type": "test"}));
}

#[tokio::test]
async fn a_push_service_that_is_not_there_is_said_to_be() {
    let scene = Scene::new().await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nowhere = format!("http://{}/", free.local_addr().unwrap());
    drop(free);
    subscribe(&scene.world, &scene.bob, &nowhere).await;
    let tested = scene
        .world
        .post("/v1/push/test", &scene.bob, json!({}))
        .await
        .ok();
    assert_eq!(tested, json!({"outcome": "unreachable"}));
}

#[tokio::test]
async fn an_operator_may_want_no_pushes() {
    let world = World::start_with(|config| config.push.enabled = false).await;
    let ada = world.set_up("ada").await;
    assert_eq!(world.get("/v1/push", &ada).await.ok(), json!({}));
    let new = subscription("https://push.example.org/x");
    let reply = put(&world, "/v1/push/subscription", &ada, &new).await;
    assert_eq!(reply.refusal(), (404, "not_found"));
    let reply = world.post("/v1/push/test", &ada, json!({})).await;
    assert_eq!(reply.refusal(), (404, "not_found"));
}

#[tokio::test]
async fn a_device_speaks_for_itself_alone() {
    let scene = Scene::new().await;
    let phone = scene.world.sign_in("bob", PASSWORD).await.person();
    let before = scene.world.get("/v1/push", &scene.bob).await.ok();
    for other in [&phone, &scene.ada] {
        let state = scene.world.get("/v1/push", other).await.ok();
        assert_eq!(state["endpoint"], Value::Null);
        let gone = scene.world.delete("/v1/push/subscription", other).await;
        assert_eq!(gone.status, 204);
    }
    assert_eq!(scene.world.get("/v1/push", &scene.bob).await.ok(), before);
    // Settings are the account's.
    let settings = json!({"previews": "names", "keywords": ["tern"]});
    put(&scene.world, "/v1/me/notifications", &scene.bob, &settings)
        .await
        .ok();
    let path = "/v1/me/notifications";
    let same = scene.world.get(path, &phone).await.ok();
    assert_eq!(same["keywords"], json!(["tern"]));
    let adas = scene.world.get(path, &scene.ada).await.ok();
    assert_eq!(adas["keywords"], json!([]));
}
