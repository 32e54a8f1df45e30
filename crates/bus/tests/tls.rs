//! The line to Redis, encrypted: what is checked, and what is refused.
#![allow(
    clippy::unwrap_used,
    reason = "every function here is a test or a helper of one: to panic is to fail"
)]

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pipit_bus::testing::TestRedis;
use pipit_bus::{AddressError, Bus, NodeId, RedisAddress, RedisBus, Sink, Topic};
use pipit_wire::ConversationId;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const PATIENCE: Duration = Duration::from_mins(1);

/// A certificate authority.
fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

struct Ear(mpsc::Sender<Bytes>);

impl Sink for Ear {
    fn deliver(&self, _topic: Topic, payload: Bytes) {
        self.0.try_send(payload).unwrap();
    }

    fn resumed(&self) {}
}

fn start(address: RedisAddress, number: u8, stop: &CancellationToken) -> Arc<RedisBus> {
    RedisBus::start(address, NodeId([number; 16]), &TaskTracker::new(), stop.clone())
}

#[tokio::test]
async fn the_certificate_and_the_name_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let ours = authority("ours");
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &ours)
        .unwrap();
    fs::write(file("ca.pem"), ours.pem()).unwrap();
    fs::write(file("server.pem"), certificate.pem()).unwrap();
    fs::write(file("server.key"), key.serialize_pem()).unwrap();
    let (redis, port) = TestRedis::start_tls(&[
        "--tls-cert-file",
        &file("server.pem"),
        "--tls-key-file",
        &file("server.key"),
        "--tls-ca-cert-file",
        &file("ca.pem"),
        "--tls-auth-clients",
        "no",
    ])
    .unwrap();
    let address = |host: &str, port: u16| {
        let url = format!("rediss://{host}:{port}");
        url.parse::<RedisAddress>().unwrap()
    };
    let stop = CancellationToken::new();
    let _stop = stop.clone().drop_guard();

    // Announcements go from one node to another, and the line that they go over is encrypted: there is no other port.
    let trusted = address("localhost", port)
        .trusting(ours.pem().as_bytes())
        .unwrap();
    let (one, other) = (start(trusted.clone(), 1, &stop), start(trusted, 2, &stop));
    let (sender, mut heard) = mpsc::channel(10);
    let ear: Arc<dyn Sink> = Arc::new(Ear(sender));
    other.attach(Arc::downgrade(&ear));
    assert!(one.connected_within(PATIENCE).await && other.connected_within(PATIENCE).await);
    let topic = Topic::Conversation(ConversationId::from_bytes([7; 16]));
    other.subscribe(topic);
    other.settled().await.unwrap();
    one.publish(topic, Bytes::from_static(b"sealed"));
    let payload = tokio::time::timeout(PATIENCE, heard.recv()).await.unwrap();
    assert_eq!(payload, Some(Bytes::from_static(b"sealed")));

    let stranger = authority("a stranger");
    for (what, host, authorities) in [
        ("another authority", "localhost", Some(stranger.pem())),
        ("the system's authorities", "localhost", None),
        ("another name", "127.0.0.1", Some(ours.pem())),
    ] {
        let (relay_port, mut tries) = relay(port).await;
        let mut address = address(host, relay_port);
        if let Some(authorities) = authorities {
            address = address.trusting(authorities.as_bytes()).unwrap();
        }
        let bus = start(address, 3, &stop);
        // It tries again: so it has not got in.
        for _ in 0..2 {
            tokio::time::timeout(PATIENCE, tries.recv())
                .await
                .unwrap()
                .unwrap();
        }
        assert_eq!(bus.stats().connects, 0, "{what} was taken");
    }
    drop(redis);
}

/// A port that leads to another one, and a word of each connection that comes to it.
async fn relay(port: u16) -> (u16, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own_port = listener.local_addr().unwrap().port();
    let (came, tries) = mpsc::channel(1_000);
    TaskTracker::new().spawn(async move {
        let lines = TaskTracker::new();
        while let Ok((mut from, _)) = listener.accept().await {
            let Ok(mut to) = TcpStream::connect(("127.0.0.1", port)).await else {
                return;
            };
            if came.try_send(()).is_err() {
                return;
            }
            lines.spawn(async move { tokio::io::copy_bidirectional(&mut from, &mut to).await });
        }
    });
    (own_port, tries)
}

#[test]
fn certificates_that_are_none_are_refused() {
    let ours = authority("ours").pem();
    for (address, authorities, expect) in [
        ("rediss://localhost", ours.as_str(), None),
        ("rediss+cluster://a,b", ours.as_str(), None),
        ("rediss+sentinel://a,b/pipit", ours.as_str(), None),
        ("redis://localhost", ours.as_str(), Some("TLS")),
        ("redis+cluster://a,b", ours.as_str(), Some("TLS")),
        ("redis+sentinel://a,b/pipit", ours.as_str(), Some("TLS")),
        ("unix:///run/redis.sock", ours.as_str(), Some("TLS")),
        ("rediss://localhost", "", Some("PEM")),
        ("rediss://localhost", "no certificate", Some("PEM")),
    ] {
        let outcome = address
            .parse::<RedisAddress>()
            .unwrap()
            .trusting(authorities.as_bytes());
        let error = outcome.err().map(|error: AddressError| error.to_string());
        match expect {
            None => assert_eq!(error, None, "{address}"),
            Some(expect) => assert!(error.unwrap().contains(expect), "{address} {authorities}"),
        }
    }
}
