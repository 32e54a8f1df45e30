//! Archives of encrypted conversations over HTTP: who may do what with them, what they leave behind, and what their devices are told.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Person, World, nobody};

const LIST: &str = "/v1/me/archives";

fn id(number: u32) -> String {
    format!("01999999-0000-7000-8000-{number:012x}")
}

fn at(number: u32, rest: &str) -> String {
    format!("{LIST}/{}{rest}", id(number))
}

fn new_archive(number: u32, purpose: &str) -> Value {
    json!({"id": id(number), "purpose": purpose, "proof": STANDARD.encode([1; 32])})
}

fn approval() -> Value {
    json!({"salt": STANDARD.encode([2; 32])})
}

fn part(number: u32, bytes: &[u8], last: bool) -> Value {
    json!({"id": id(number), "bytes": STANDARD.encode(bytes), "last": last})
}

/// Ada's first device, a second one that asks, a third, and Bob's.
struct House {
    world: World,
    giver: Person,
    asker: Person,
    other: Person,
    bob: Person,
}

impl House {
    async fn new() -> Self {
        let (world, giver) = World::with_ada().await;
        let bob = world.join(&giver, "bob").await;
        let mut more = Vec::new();
        for _ in 0..2 {
            let password = crate::world::PASSWORD;
            more.push(world.sign_in("ada", password).await.person());
        }
        let other = more.remove(1);
        let asker = more.remove(0);
        Self {
            world,
            giver,
            asker,
            other,
            bob,
        }
    }

    async fn asked(&self, number: u32) {
        let new = new_archive(number, "handover");
        self.world.post(LIST, &self.asker, new).await.ok();
    }

    async fn approved(&self, number: u32) {
        self.asked(number).await;
        self.world
            .post(&at(number, "/approval"), &self.giver, approval())
            .await
            .ok();
    }
}

#[tokio::test]
async fn a_device_gets_what_another_hands_over() {
    let house = House::new().await;
    let world = &house.world;
    house.approved(1).await;
    for (number, bytes, last) in [(2, &b"one"[..], false), (3, b"two", true)] {
        let added = world
            .post(&at(1, "/parts"), &house.giver, part(number, bytes, last))
            .await
            .ok();
        assert_eq!(added["number"], number - 1);
        let again = world
            .post(&at(1, "/parts"), &house.giver, part(number, bytes, last))
            .await
            .ok();
        assert_eq!(again["number"], number - 1);
    }
    let listed = world.get(LIST, &house.other).await.ok();
    let found = &listed["items"][0];
    assert_eq!(found["device"], json!(house.asker.device));
    assert_eq!(found["device_name"], "another device");
    assert_eq!(found["giver"], json!(house.giver.device));
    assert_eq!(
        (&found["parts"], &found["size"], &found["complete"]),
        (&json!(2), &json!(6), &json!(true))
    );
    let parts = world.get(&at(1, "/parts"), &house.asker).await.ok();
    assert_eq!(parts["items"].as_array().unwrap().len(), 2);
    let second = world.get(&at(1, "/parts/2"), &house.asker).await.ok();
    assert_eq!(second["bytes"], STANDARD.encode("two"));
    assert_eq!(
        world.objects().await.len(),
        2,
        "a repetition leaves nothing behind"
    );
    let late = world
        .post(&at(1, "/parts"), &house.giver, part(4, b"three", false))
        .await;
    assert_eq!(late.refusal(), (409, "out_of_order"));
    assert_eq!(world.objects().await.len(), 2, "nor does what is refused");
    assert_eq!(world.delete(&at(1, ""), &house.asker).await.status.as_u16(), 204);
    assert!(world.objects().await.is_empty());
    assert_eq!(world.get(LIST, &house.asker).await.ok()["items"], json!([]));
}

const GROUP: &str = "01999999-0000-7000-8000-00000000abcd";

/// An encrypted group of the giver's account, with Bob in it.
async fn den(house: &House) {
    let new = json!({"id": GROUP, "members": [house.bob.user], "encrypted": true});
    house
        .world
        .post("/v1/conversations/group", &house.giver, new)
        .await
        .ok();
}

fn new_history(number: u32) -> Value {
    json!({"id": id(number), "purpose": "history", "conversation": GROUP})
}

/// Each endpoint by each device that could ask: `y` it is done, `m` there is none for it.
#[tokio::test]
async fn each_device_may_do_what_the_table_says() {
    let askers = ["asker", "giver", "other", "bob"];
    let table: [(&str, &str, &str, Value, &str); 14] = [
        ("GET", "handover", "/parts", Value::Null, "ymmm"),
        ("GET", "handover", "/parts/1", Value::Null, "ymmm"),
        ("POST", "handover", "/parts", part(9, b"more", false), "mymm"),
        ("POST", "asked", "/approval", approval(), "myym"),
        ("POST", "asked", "/parts", part(9, b"more", false), "mmmm"),
        ("GET", "backup", "/parts/1", Value::Null, "yyym"),
        ("POST", "backup", "/parts", part(9, b"more", false), "yyym"),
        ("POST", "backup", "/approval", approval(), "mmmm"),
        ("DELETE", "backup", "", Value::Null, "yyym"),
        ("GET", "history", "/parts", Value::Null, "yyyy"),
        ("GET", "history", "/parts/1", Value::Null, "yyyy"),
        ("POST", "history", "/parts", part(9, b"more", false), "mymm"),
        ("POST", "history", "/approval", approval(), "mmmm"),
        ("DELETE", "history", "", Value::Null, "yyym"),
    ];
    for (method, purpose, rest, body, expect) in table {
        let mut got = String::new();
        for asker in askers {
            let house = House::new().await;
            let world = &house.world;
            match purpose {
                "asked" => house.asked(1).await,
                "backup" => {
                    let new = new_archive(1, "backup");
                    world.post(LIST, &house.giver, new).await.ok();
                }
                "history" => {
                    den(&house).await;
                    world.post(LIST, &house.giver, new_history(1)).await.ok();
                }
                _ => house.approved(1).await,
            }
            if purpose != "asked" {
                world
                    .post(&at(1, "/parts"), &house.giver, part(2, b"one", false))
                    .await
                    .ok();
            }
            let who = match asker {
                "asker" => &house.asker,
                "giver" => &house.giver,
                "other" => &house.other,
                _ => &house.bob,
            };
            let body = (!body.is_null()).then_some(&body);
            let method: Method = method.parse().unwrap();
            let reply = world.call(method, &at(1, rest), Some(&who.access), body).await;
            got.push(if reply.status.is_success() {
                'y'
            } else if reply.refusal() == (404, "not_found") {
                'm'
            } else {
                '?'
            });
            let listed = world.get(LIST, &house.bob).await.ok();
            assert_eq!(listed["items"], json!([]), "one's own alone are listed");
        }
        assert_eq!(got, expect, "{method} {purpose} {rest}");
    }
}

/// A history is begun by whoever may add people to an encrypted group, and read by nobody outside of it, whoever knows its id.
#[tokio::test]
async fn a_history_is_a_groups() {
    let house = House::new().await;
    let world = &house.world;
    let eve = world.join(&house.giver, "eve").await;
    let refused = world.post(LIST, &house.giver, new_history(1)).await;
    assert_eq!(refused.refusal(), (403, "not_member"));
    den(&house).await;
    for (who, new, expect) in [
        (&house.bob, new_history(1), (403, "forbidden")),
        (&eve, new_history(1), (403, "not_member")),
        (
            &house.giver,
            json!({"id": id(1), "purpose": "history"}),
            (400, "invalid_field"),
        ),
    ] {
        assert_eq!(world.post(LIST, who, new).await.refusal(), expect);
    }
    let mut misplaced = new_archive(1, "handover");
    misplaced["conversation"] = json!(GROUP);
    let refused = world.post(LIST, &house.asker, misplaced).await;
    assert_eq!(refused.refusal(), (400, "invalid_field"));
    let open = "01999999-0000-7000-8000-00000000abce";
    let new = json!({"id": open, "title": "Attic", "members": []});
    world
        .post("/v1/conversations/group", &house.giver, new)
        .await
        .ok();
    let of_open = json!({"id": id(1), "purpose": "history", "conversation": open});
    let refused = world.post(LIST, &house.giver, of_open).await;
    assert_eq!(refused.refusal(), (403, "forbidden"));

    for _ in 0..2 {
        world.post(LIST, &house.giver, new_history(1)).await.ok();
    }
    world
        .post(&at(1, "/parts"), &house.giver, part(2, b"one", true))
        .await
        .ok();
    let listed = world.get(LIST, &house.other).await.ok();
    assert_eq!(listed["items"], json!([]), "what others are shown is not listed");
    let found = world.get(&at(1, "/parts/1"), &house.bob).await.ok();
    assert_eq!(found["bytes"], STANDARD.encode(b"one"));
    let refused = world.get(&at(1, "/parts/1"), &eve).await;
    assert_eq!(refused.refusal(), (404, "not_found"));
    let bob = house.bob.user;
    let leave = format!("/v1/conversations/{GROUP}/members/{bob}?event_id={}", id(77));
    let left = world
        .call(Method::DELETE, &leave, Some(&house.bob.access), None)
        .await;
    assert!(left.status.is_success(), "{left:?}");
    let refused = world.get(&at(1, "/parts/1"), &house.bob).await;
    assert_eq!(refused.refusal(), (404, "not_found"), "who has left");
}

#[tokio::test]
async fn what_is_not_there_and_what_does_not_fit_is_refused() {
    let house = House::new().await;
    let world = &house.world;
    for (path, body) in [
        (format!("{LIST}/{}/approval", nobody()), approval()),
        (format!("{LIST}/{}/parts", nobody()), part(9, b"x", false)),
    ] {
        let refused = world.post(&path, &house.giver, body).await;
        assert_eq!(refused.refusal(), (404, "not_found"));
    }
    let short = json!({"id": id(1), "purpose": "handover", "proof": STANDARD.encode([1; 31])});
    assert_eq!(
        world.post(LIST, &house.asker, short).await.refusal(),
        (400, "invalid_field")
    );
    house.approved(1).await;
    let conflict = json!({"id": id(1), "purpose": "handover", "proof": STANDARD.encode([7; 32])});
    assert_eq!(
        world.post(LIST, &house.asker, conflict).await.refusal(),
        (409, "id_conflict")
    );
    let second = world.post(&at(1, "/approval"), &house.other, approval()).await;
    assert_eq!(second.refusal(), (409, "id_conflict"));
    let large = part(2, &vec![0; 512 * 1024 + 1], false);
    let refused = world.post(&at(1, "/parts"), &house.giver, large).await;
    assert_eq!(refused.refusal(), (413, "too_large"));
    let fits = part(2, &vec![0; 512 * 1024], false);
    world.post(&at(1, "/parts"), &house.giver, fits).await.ok();
    let ids: Vec<String> = (0..257).map(id).collect();
    let many = json!({"id": id(3), "bytes": "AAEC", "replaces": ids});
    let refused = world.post(&at(1, "/parts"), &house.giver, many).await;
    assert_eq!(refused.refusal(), (400, "invalid_field"));
}

/// What an account's archives have counts with its files, and goes when it is said to.
#[tokio::test]
async fn room_is_shared_with_files_and_given_back() {
    let world = World::start_with(|config| config.media.account_bytes_max = 1_000).await;
    let ada = world.set_up("ada").await;
    world.post(LIST, &ada, new_archive(1, "backup")).await.ok();
    world
        .post(&at(1, "/parts"), &ada, part(2, &[0; 900], false))
        .await
        .ok();
    let refused = world
        .post(&at(1, "/parts"), &ada, part(3, &[0; 200], false))
        .await;
    assert_eq!(refused.refusal(), (413, "quota_exceeded"));
    assert_eq!(world.get("/v1/uploads", &ada).await.ok()["used_bytes"], 900);
    let mut in_place = part(4, &[0; 950], false);
    in_place["replaces"] = json!([id(2)]);
    world.post(&at(1, "/parts"), &ada, in_place).await.ok();
    assert_eq!(world.objects().await.len(), 1);
    world.post(LIST, &ada, new_archive(5, "backup")).await.ok();
    assert!(world.objects().await.is_empty(), "the backup before is erased");
    assert_eq!(world.get("/v1/uploads", &ada).await.ok()["used_bytes"], 0);
}

/// Files are cleared up around archives, and hand-overs that nobody comes for are erased.
#[tokio::test]
async fn what_nobody_comes_for_is_erased() {
    let house = House::new().await;
    let world = &house.world;
    house.approved(1).await;
    world
        .post(&at(1, "/parts"), &house.giver, part(2, b"one", false))
        .await
        .ok();
    world
        .post(LIST, &house.giver, new_archive(3, "backup"))
        .await
        .ok();
    world
        .post(&at(3, "/parts"), &house.giver, part(4, b"put by", false))
        .await
        .ok();
    let far = 3 * 365 * 86_400_000;
    world.pass_ms(far);
    assert_eq!(
        world.media().clear_rubbish().await.unwrap(),
        0,
        "they are somebody's"
    );
    world.archives().clear_expired().await.unwrap();
    let left = world.objects().await;
    assert_eq!(left.len(), 1);
    assert!(left[0].starts_with(&id(3)), "the backup stays: {left:?}");
    world
        .store()
        .remove_archive(id(3).parse().unwrap(), house.giver.user)
        .await
        .unwrap();
    assert_eq!(
        world.media().clear_rubbish().await.unwrap(),
        1,
        "what no row names is rubbish"
    );
}
