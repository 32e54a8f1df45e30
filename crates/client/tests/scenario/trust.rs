//! Whose devices are whose: what a server says of Alice's key log, and what Bob's device makes of it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use pipit_client::command::{Command, Reply, TrustCommand};
use pipit_client::io::{HttpAnswer, HttpMethod, HttpRequest, Input};
use pipit_client::view::{ItemBody, PersonTrust, SafetyOutcome, TrustChange, TrustState};
use pipit_e2ee::key_log::{entry_hash, sign_vouch};
use pipit_e2ee::{MemoryPort, Randomness, SignatureKey};
use pipit_wire::frame::ConversationSummary;
use pipit_wire::key_log::{KeyEntry, KeyHolder, KeyStep, NO_HASH};
use pipit_wire::rest::encryption as rest;
use pipit_wire::{DeviceId, Seq, Timestamp, UserId};
use serde::Serialize;
use serde_json::json;

use crate::support::{ALICE, BOB, Device, direct, session_record, user};

fn device(number: u8) -> DeviceId {
    DeviceId::from_bytes([number; 16])
}

/// The keys of a device of Alice's: the secret one is made of its number.
fn keys(number: u8) -> ([u8; 32], SignatureKey) {
    struct Fixed([u8; 32]);
    impl Randomness for Fixed {
        fn fill(&mut self, bytes: &mut [u8]) {
            let length = bytes.len();
            bytes.copy_from_slice(&self.0[..length]);
        }
    }
    let secret = [number; 32];
    let who = pipit_e2ee::Identity {
        user: user(ALICE),
        device: device(number),
    };
    let made = pipit_e2ee::Device::create(&mut MemoryPort::default(), &mut Fixed(secret), who).unwrap();
    (secret, made.signature_key())
}

/// What the server has of key logs.
#[derive(Default)]
struct Logs {
    alice: Vec<rest::KeyLogItem>,
    bob: Vec<rest::KeyLogItem>,
    /// Devices that it lists and that are in no log.
    smuggled: Vec<u8>,
}

fn append(log: &mut Vec<rest::KeyLogItem>, entry: KeyEntry) {
    let before = log.last().map_or(NO_HASH, |last| {
        STANDARD.decode(&last.hash).unwrap().try_into().unwrap()
    });
    log.push(rest::KeyLogItem {
        user: entry.user,
        number: entry.number,
        step: entry.step,
        holder: entry.holder,
        device: entry.device,
        signature_key: STANDARD.encode(entry.key),
        at: entry.at,
        vouch: entry.vouch.map(|vouch| rest::Vouch {
            by: vouch.by,
            signature: STANDARD.encode(vouch.signature),
        }),
        hash: STANDARD.encode(entry_hash(&entry, &before)),
    });
}

impl Logs {
    fn alice(&mut self, step: KeyStep, number: u8, by: Option<u8>) {
        let key = keys(number).1;
        let vouch = by.map(|by| {
            let what = (KeyHolder::Device, device(number), &key);
            sign_vouch(&keys(by).0, user(ALICE), what, device(by))
        });
        let entry = KeyEntry {
            user: user(ALICE),
            number: self.alice.len() as u64 + 1,
            step,
            holder: KeyHolder::Device,
            device: device(number),
            key: key.0,
            at: Timestamp(1),
            vouch,
        };
        append(&mut self.alice, entry);
    }

    fn of(&self, who: UserId) -> &[rest::KeyLogItem] {
        if who == user(ALICE) {
            &self.alice
        } else {
            &self.bob
        }
    }

    fn listed(&self) -> rest::DeviceKeys {
        let mut items = Vec::new();
        for log in [&self.alice, &self.bob] {
            let Some(last) = log.last() else { continue };
            let head = rest::KeyLogHead {
                number: last.number,
                hash: last.hash.clone(),
            };
            for item in log.iter().filter(|item| item.step == KeyStep::Added) {
                let gone = log
                    .iter()
                    .any(|other| other.step == KeyStep::Removed && other.device == item.device);
                if !gone {
                    items.push(rest::DeviceKey {
                        user: item.user,
                        device: item.device,
                        signature_key: item.signature_key.clone(),
                        log: head.clone(),
                    });
                }
            }
        }
        for number in &self.smuggled {
            let head = self.alice.last().unwrap();
            items.push(rest::DeviceKey {
                user: user(ALICE),
                device: device(*number),
                signature_key: STANDARD.encode(keys(*number).1.0),
                log: rest::KeyLogHead {
                    number: head.number,
                    hash: head.hash.clone(),
                },
            });
        }
        rest::DeviceKeys { items, next: None }
    }

    /// Answers a request as a server would, and says whether it was for key packages of these devices.
    fn answer(&mut self, bob: &mut Device, request: &HttpRequest) -> Vec<DeviceId> {
        let path = request.path.split('?').next().unwrap().to_owned();
        let after = request
            .path
            .split_once("after=")
            .map_or(0, |(_, after)| after.parse().unwrap());
        let body = || serde_json::from_str::<serde_json::Value>(request.body.as_deref().unwrap()).unwrap();
        let mut claimed = Vec::new();
        let tail = path.rsplit('/').next().unwrap();
        match (request.method, tail) {
            (HttpMethod::Post, "key") => {
                let me = session_record().device;
                let key = STANDARD
                    .decode(body()["signature_key"].as_str().unwrap())
                    .unwrap();
                let entry = KeyEntry {
                    user: user(BOB),
                    number: 1,
                    step: KeyStep::Added,
                    holder: KeyHolder::Device,
                    device: me,
                    key: key.try_into().unwrap(),
                    at: Timestamp(1),
                    vouch: None,
                };
                append(&mut self.bob, entry);
                reply(bob, request, 204, &json!(null));
            }
            (_, "key-packages") if path.contains("current") => {
                let pool = json!({"generation": "g", "publication": 1, "count": 90, "last_resort": true});
                reply(bob, request, 200, &pool);
            }
            (_, "welcomes") => reply(bob, request, 200, &json!({"items": []})),
            (_, "devices") => {
                let listed = self.listed();
                reply(bob, request, 200, &listed);
            }
            (_, "key-log") => {
                let items = self
                    .bob
                    .iter()
                    .filter(|item| item.number > after)
                    .cloned()
                    .collect();
                reply(bob, request, 200, &rest::KeyLogs { items, more: false });
            }
            (_, "key-logs") => {
                let asked: rest::ReadKeyLogs = serde_json::from_value(body()).unwrap();
                let mut items = Vec::new();
                for place in asked.of {
                    let log = self.of(place.user).iter();
                    items.extend(log.filter(|item| item.number > place.after).cloned());
                }
                reply(bob, request, 200, &rest::KeyLogs { items, more: false });
            }
            (HttpMethod::Get, "group") => reply(bob, request, 200, &json!({"epoch": 0, "count": 0})),
            (_, "key-packages") => {
                let asked: rest::ClaimKeyPackages = serde_json::from_value(body()).unwrap();
                claimed = asked.devices;
                reply(bob, request, 200, &json!({"items": []}));
            }
            _ => reply(
                bob,
                request,
                503,
                &json!({"code": "unavailable", "message": "", "retry": "later"}),
            ),
        }
        claimed
    }
}

fn reply<T: Serialize>(bob: &mut Device, request: &HttpRequest, status: u16, body: &T) {
    bob.input(Input::HttpDone {
        id: request.id,
        answer: HttpAnswer::Answered {
            status,
            body: serde_json::to_string(body).unwrap(),
        },
    });
}

/// Answers what is asked for this long. Says of which devices key packages were asked for: those that are let in.
fn serve(bob: &mut Device, logs: &mut Logs, ms: i64) -> Vec<DeviceId> {
    let mut let_in = Vec::new();
    for _ in 0..ms / 500 {
        while let Some(request) = bob.take_call() {
            let_in.extend(logs.answer(bob, &request));
        }
        bob.pass(500);
    }
    let_in
}

fn place() -> ConversationSummary {
    ConversationSummary {
        encrypted: true,
        last_seq: Seq::ZERO.next(),
        ..direct(1, 1)
    }
}

/// Bob, in an encrypted conversation with Alice, who has a phone.
fn begun(logs: &mut Logs) -> Device {
    logs.alice(KeyStep::Added, 1, None);
    let mut bob = Device::signed_in();
    bob.has_no_keys = false;
    bob.go_online(vec![place()]);
    bob.open(1);
    serve(&mut bob, logs, 20_000);
    bob
}

/// The line is made anew: what was known of devices may not be so any more.
fn looks_again(bob: &mut Device, logs: &mut Logs) {
    bob.cut();
    bob.go_online(vec![place()]);
    serve(bob, logs, 20_000);
}

fn trust_of(bob: &mut Device) -> PersonTrust {
    let ask = TrustCommand::Person { user: user(ALICE) };
    match bob.tell(Command::Trust { ask }) {
        Reply::PersonTrust { person } => person,
        other => panic!("{other:?}"),
    }
}

fn verify(bob: &mut Device, number: Option<Vec<String>>) -> Reply {
    let ask = TrustCommand::SetVerified {
        user: user(ALICE),
        number,
    };
    bob.tell(Command::Trust { ask })
}

fn said(bob: &Device) -> Vec<TrustChange> {
    let lines = bob.screen.items.iter();
    lines
        .filter_map(|item| match item.body {
            ItemBody::Trust { change } => Some(change),
            _ => None,
        })
        .collect()
}

#[test]
fn what_was_verified_stays_so_while_devices_are_approved_and_not_otherwise() {
    let mut logs = Logs::default();
    let mut bob = begun(&mut logs);
    let first = trust_of(&mut bob);
    assert_eq!((first.state, first.devices.len()), (TrustState::Unverified, 1));
    let number = first.number.clone().unwrap();
    assert_eq!(number.len(), 12);
    let stale = vec!["00000".to_owned(); 12];
    assert!(matches!(verify(&mut bob, Some(stale)), Reply::Failed { .. }));
    assert_eq!(verify(&mut bob, Some(number.clone())), Reply::Done);
    assert_eq!(trust_of(&mut bob).state, TrustState::Verified);

    logs.alice(KeyStep::Added, 2, Some(1));
    logs.alice(KeyStep::Removed, 1, None);
    looks_again(&mut bob, &mut logs);
    let approved = trust_of(&mut bob);
    assert_eq!(approved.state, TrustState::Verified);
    assert_eq!(approved.number, Some(number.clone()));
    assert_eq!(said(&bob), [], "nothing is to be said");

    logs.alice(KeyStep::Added, 3, None);
    looks_again(&mut bob, &mut logs);
    let stranger = trust_of(&mut bob);
    assert_eq!(stranger.state, TrustState::Changed);
    assert_ne!(stranger.number, Some(number.clone()));
    let approvals: Vec<bool> = stranger.devices.iter().map(|device| device.approved).collect();
    assert_eq!(approvals, [true, false]);
    assert_eq!(said(&bob), [TrustChange::NewDevice]);

    // Once it is approved, the number is the one that was compared.
    logs.alice(KeyStep::Vouched, 3, Some(2));
    looks_again(&mut bob, &mut logs);
    assert_eq!(trust_of(&mut bob).number, Some(number));
    assert_eq!(trust_of(&mut bob).state, TrustState::Verified);
    let mut bob = bob.crash();
    assert_eq!(trust_of(&mut bob).state, TrustState::Verified, "it is kept");
    assert_eq!(verify(&mut bob, None), Reply::Done);
    assert_eq!(trust_of(&mut bob).state, TrustState::Unverified);
}

#[test]
fn a_log_that_does_not_go_on_is_said_once_and_nothing_new_is_believed() {
    for cut in [true, false] {
        let mut logs = Logs::default();
        let mut bob = begun(&mut logs);
        logs.alice(KeyStep::Added, 2, Some(1));
        looks_again(&mut bob, &mut logs);
        assert_eq!(trust_of(&mut bob).devices.len(), 2);
        // Another past: shorter than the one that was seen, or longer.
        let mut other = Logs {
            bob: logs.bob.clone(),
            ..Logs::default()
        };
        other.alice(KeyStep::Added, 1, None);
        if !cut {
            other.alice(KeyStep::Added, 4, None);
            other.alice(KeyStep::Added, 5, Some(4));
        }
        looks_again(&mut bob, &mut other);
        looks_again(&mut bob, &mut other);
        let broken = trust_of(&mut bob);
        assert_eq!(broken.state, TrustState::Broken, "cut: {cut}");
        let known: Vec<DeviceId> = broken.devices.iter().map(|known| known.device).collect();
        assert_eq!(known, [device(1), device(2)]);
        assert_eq!(said(&bob), [TrustChange::LogBroken]);
        let ask = TrustCommand::BeginAnew { user: user(ALICE) };
        assert_eq!(bob.tell(Command::Trust { ask }), Reply::Done);
        looks_again(&mut bob, &mut other);
        let anew = trust_of(&mut bob);
        assert_eq!(anew.state, TrustState::Unverified);
        assert_eq!(anew.devices.len(), if cut { 1 } else { 3 });
    }
}

#[test]
fn a_device_that_is_in_no_log_is_not_let_in() {
    let mut logs = Logs::default();
    logs.alice(KeyStep::Added, 1, None);
    logs.smuggled.push(7);
    let mut bob = Device::signed_in();
    bob.has_no_keys = false;
    bob.go_online(vec![place()]);
    bob.open(1);
    let let_in = serve(&mut bob, &mut logs, 60_000);
    assert!(let_in.contains(&device(1)), "{let_in:?}");
    assert!(!let_in.contains(&device(7)), "{let_in:?}");
    let known = trust_of(&mut bob).devices;
    assert_eq!(known.len(), 1);
}

#[test]
fn a_code_of_another_number_is_a_mismatch() {
    let mut logs = Logs::default();
    let mut bob = begun(&mut logs);
    let own = trust_of(&mut bob).code.unwrap();
    let check = |bob: &mut Device, code: &str| {
        let ask = TrustCommand::CheckCode {
            user: user(ALICE),
            code: code.to_owned(),
        };
        match bob.tell(Command::Trust { ask }) {
            Reply::SafetyCode { outcome } => outcome,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(check(&mut bob, &own), SafetyOutcome::Mismatch, "one's own");
    assert_eq!(check(&mut bob, "https://pipit.example"), SafetyOutcome::NotACode);
    // What Alice's screen shows has the halves the other way round.
    let bytes = STANDARD_NO_PAD
        .decode(own.strip_prefix("pipit-safety:").unwrap())
        .unwrap();
    let turned = [&bytes[..2], &bytes[34..], &bytes[2..34]].concat();
    let hers = format!("pipit-safety:{}", STANDARD_NO_PAD.encode(turned));
    assert_eq!(check(&mut bob, &hers), SafetyOutcome::Match);
}
