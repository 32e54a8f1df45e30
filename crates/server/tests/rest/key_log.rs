//! The key logs of accounts, over HTTP: what the server takes into them, and to whom it shows them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use pipit_store::key_log::hash;
use pipit_wire::key_log::{KeyEntry, KeyHolder, KeyStep, NO_HASH, VouchBytes, vouch_bytes};
use pipit_wire::rest::encryption::{KeyLogItem, KeyLogs};
use pipit_wire::{DeviceId, UserId};
use serde_json::{Value, json};

use crate::world::{PASSWORD, Person, World};

const GROUP: &str = "01999999-0000-7000-8000-000000000001";
const KEY: &str = "/v1/devices/current/key";
const OWN_LOG: &str = "/v1/me/key-log";
const RECOVERY: &str = "/v1/me/recovery-key";

fn secret(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

fn key(number: u8) -> [u8; 32] {
    secret(number).verifying_key().to_bytes()
}

/// The vouch of `by`, who has the secret with that number, for the key with the other.
fn vouch(
    user: UserId,
    (holder, device, number): (KeyHolder, DeviceId, u8),
    (by, secret_of): (DeviceId, u8),
) -> Value {
    let signed = vouch_bytes(user, holder, device, &key(number), by);
    let signature = secret(secret_of).sign(&signed).to_bytes();
    json!({"by": by, "signature": STANDARD.encode(signature)})
}

fn vouch_for(who: &Person, number: u8, by: &Person, secret_of: u8) -> Value {
    let what = (KeyHolder::Device, who.device, number);
    vouch(who.user, what, (by.device, secret_of))
}

fn with_key(number: u8, vouch: Option<Value>) -> Value {
    let mut body = json!({"signature_key": STANDARD.encode(key(number))});
    if let Some(vouch) = vouch {
        body["vouch"] = vouch;
    }
    body
}

async fn says_key(world: &World, who: &Person, number: u8, vouch: Option<Value>) {
    let reply = world.post(KEY, who, with_key(number, vouch)).await;
    assert_eq!(reply.status.as_u16(), 204, "{}", reply.body);
}

async fn signs_in(world: &World, handle: &str) -> Person {
    world.sign_in(handle, PASSWORD).await.person()
}

fn bytes<const LENGTH: usize>(text: &str) -> [u8; LENGTH] {
    STANDARD.decode(text).unwrap().try_into().unwrap()
}

/// The entries, whose hashes are computed anew from what is shown.
fn read(log: Value) -> Vec<KeyLogItem> {
    let log: KeyLogs = serde_json::from_value(log).unwrap();
    let mut before = NO_HASH;
    for item in &log.items {
        let entry = KeyEntry {
            user: item.user,
            number: item.number,
            step: item.step,
            holder: item.holder,
            device: item.device,
            key: bytes(&item.signature_key),
            at: item.at,
            vouch: item.vouch.as_ref().map(|vouch| VouchBytes {
                by: vouch.by,
                signature: bytes(&vouch.signature),
            }),
        };
        before = hash(&entry, &before);
        assert_eq!(bytes::<32>(&item.hash), before, "{item:?}");
    }
    log.items
}

fn steps(items: &[KeyLogItem]) -> Vec<(u64, KeyStep, DeviceId, Option<DeviceId>)> {
    let step = |item: &KeyLogItem| {
        let by = item.vouch.as_ref().map(|vouch| vouch.by);
        (item.number, item.step, item.device, by)
    };
    items.iter().map(step).collect()
}

/// A phone, a laptop that it vouches for, a tablet that it vouches for later, and a recovery key for when they are gone.
#[tokio::test]
async fn devices_of_one_person_vouch_for_each_other() {
    let (world, phone) = World::with_ada().await;
    let (laptop, tablet) = (signs_in(&world, "ada").await, signs_in(&world, "ada").await);
    says_key(&world, &phone, 1, None).await;
    says_key(&world, &laptop, 2, Some(vouch_for(&laptop, 2, &phone, 1))).await;
    says_key(&world, &tablet, 3, None).await;
    let later = with_key(3, Some(vouch_for(&tablet, 3, &laptop, 2)));
    let path = format!("/v1/devices/{}/vouch", tablet.device);
    for _ in 0..2 {
        let reply = world.post(&path, &laptop, later.clone()).await;
        assert_eq!(reply.status.as_u16(), 204, "{}", reply.body);
    }
    let code: DeviceId = "01999999-0000-7000-8000-00000000c0de".parse().unwrap();
    let mut recovery = with_key(
        9,
        Some(vouch(
            phone.user,
            (KeyHolder::Recovery, code, 9),
            (phone.device, 1),
        )),
    );
    recovery["id"] = json!(code);
    for _ in 0..2 {
        let method = "PUT".parse().unwrap();
        let reply = world
            .call(method, RECOVERY, Some(&phone.access), Some(&recovery))
            .await;
        assert_eq!(reply.status.as_u16(), 204, "{}", reply.body);
    }
    for gone in [&phone, &laptop, &tablet] {
        world.delete("/v1/sessions/current", gone).await;
    }
    let restored = signs_in(&world, "ada").await;
    let what = (KeyHolder::Device, restored.device, 4);
    let by_code = vouch(restored.user, what, (code, 9));
    says_key(&world, &restored, 4, Some(by_code)).await;
    world.delete(RECOVERY, &restored).await;
    let items = read(world.get(OWN_LOG, &restored).await.ok());
    assert_eq!(
        steps(&items),
        [
            (1, KeyStep::Added, phone.device, None),
            (2, KeyStep::Added, laptop.device, Some(phone.device)),
            (3, KeyStep::Added, tablet.device, None),
            (4, KeyStep::Vouched, tablet.device, Some(laptop.device)),
            (5, KeyStep::Added, code, Some(phone.device)),
            (6, KeyStep::Removed, phone.device, None),
            (7, KeyStep::Removed, laptop.device, None),
            (8, KeyStep::Removed, tablet.device, None),
            (9, KeyStep::Added, restored.device, Some(code)),
            (10, KeyStep::Removed, code, None),
        ]
    );
    let rest = world.get("/v1/me/key-log?after=9", &restored).await.ok();
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_eq!(rest["more"], false);
}

/// A signature that is not right, of another key, or of somebody who is no device of the account.
#[tokio::test]
async fn vouches_that_are_none_are_refused() {
    let (world, phone) = World::with_ada().await;
    let (laptop, gone) = (signs_in(&world, "ada").await, signs_in(&world, "ada").await);
    let bob = world.join(&phone, "bob").await;
    says_key(&world, &phone, 1, None).await;
    says_key(&world, &gone, 3, None).await;
    says_key(&world, &bob, 5, None).await;
    world.delete("/v1/sessions/current", &gone).await;
    for (vouch, expect) in [
        (vouch_for(&laptop, 2, &phone, 9), (400, "invalid_field")),
        (vouch_for(&laptop, 9, &phone, 1), (400, "invalid_field")),
        (vouch_for(&phone, 2, &phone, 1), (400, "invalid_field")),
        (
            json!({"by": phone.device, "signature": "AAEC"}),
            (400, "invalid_field"),
        ),
        (vouch_for(&laptop, 2, &gone, 3), (403, "forbidden")),
        (vouch_for(&laptop, 2, &bob, 5), (403, "forbidden")),
        (vouch_for(&laptop, 2, &laptop, 2), (403, "forbidden")),
    ] {
        let refused = world.post(KEY, &laptop, with_key(2, Some(vouch))).await;
        assert_eq!(refused.refusal(), expect, "{}", refused.body);
    }
    says_key(&world, &laptop, 2, Some(vouch_for(&laptop, 2, &phone, 1))).await;
    let round = with_key(1, Some(vouch_for(&phone, 1, &laptop, 2)));
    let path = format!("/v1/devices/{}/vouch", phone.device);
    assert_eq!(
        world.post(&path, &laptop, round).await.refusal(),
        (403, "forbidden"),
        "they would vouch for each other"
    );
    // Another's device is none of one's own, whatever is signed.
    let others = vouch(phone.user, (KeyHolder::Device, bob.device, 5), (phone.device, 1));
    let path = format!("/v1/devices/{}/vouch", bob.device);
    let refused = world.post(&path, &phone, with_key(5, Some(others))).await;
    assert_eq!(refused.refusal(), (404, "not_found"));
    let items = read(world.get(OWN_LOG, &phone).await.ok());
    assert_eq!(items.len(), 4, "nothing of it is in the log: {items:?}");
    assert_eq!(read(world.get(OWN_LOG, &bob).await.ok()).len(), 1);
}

/// Those who are in an encrypted conversation together see each other's logs; the list of devices says how far they are.
#[tokio::test]
async fn members_read_each_others_logs() {
    let (world, ada) = World::with_ada().await;
    let (bob, carol) = (world.join(&ada, "bob").await, world.join(&ada, "carol").await);
    says_key(&world, &ada, 1, None).await;
    says_key(&world, &bob, 2, None).await;
    says_key(&world, &carol, 3, None).await;
    let laptop = signs_in(&world, "bob").await;
    says_key(&world, &laptop, 4, Some(vouch_for(&laptop, 4, &bob, 2))).await;
    let new = json!({"id": GROUP, "members": [bob.user], "encrypted": true});
    world.post("/v1/conversations/group", &ada, new).await.ok();
    let path = format!("/v1/conversations/{GROUP}/key-logs");
    let ask = |of: Value| json!({ "of": of });
    let place = |person: &Person, after: u64| json!({"user": person.user, "after": after});
    let of_bob = world
        .post(&path, &ada, ask(json!([place(&bob, 0), place(&carol, 0)])))
        .await
        .ok();
    let items = read(of_bob);
    assert_eq!(
        steps(&items),
        [
            (1, KeyStep::Added, bob.device, None),
            (2, KeyStep::Added, laptop.device, Some(bob.device)),
        ],
        "carol is no member"
    );
    let devices = world
        .get(&format!("/v1/conversations/{GROUP}/devices"), &ada)
        .await
        .ok();
    let of_bob = devices["items"].as_array().unwrap().iter();
    let of_bob = of_bob.filter(|item| item["user"] == json!(bob.user));
    for item in of_bob {
        assert_eq!(item["log"], json!({"number": 2, "hash": items[1].hash}));
    }
    for (of, expect) in [
        (json!([]), (400, "invalid_field")),
        (json!([place(&bob, 0), place(&bob, 1)]), (400, "invalid_field")),
        (
            json!((0..101).map(|_| place(&bob, 0)).collect::<Vec<_>>()),
            (400, "invalid_field"),
        ),
    ] {
        assert_eq!(world.post(&path, &ada, ask(of)).await.refusal(), expect);
    }
    let refused = world.post(&path, &carol, ask(json!([place(&bob, 0)]))).await;
    assert_eq!(refused.refusal(), (403, "not_member"));
}
