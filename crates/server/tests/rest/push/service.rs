//! A push service: what is pushed to a browser comes here, and is opened and checked like in one.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{OwnedMutexGuard, mpsc};
use tokio_util::task::TaskTracker;
use web_push_native::Auth;
use web_push_native::p256::SecretKey;
use web_push_native::p256::ecdsa::signature::Verifier as _;
use web_push_native::p256::ecdsa::{Signature, VerifyingKey};

/// The longest that anything may take before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
pub(crate) const SECRET: [u8; 16] = [9; 16];

type Answers = Arc<Mutex<VecDeque<(u16, Option<&'static str>)>>>;

/// What browsers and phones keep a line to.
pub(crate) struct PushService {
    pub(crate) address: SocketAddr,
    pushed: mpsc::Receiver<Pushed>,
    answers: Answers,
    held: Arc<tokio::sync::Mutex<()>>,
}

/// What came, as it came.
#[derive(Debug)]
pub(crate) struct Pushed {
    /// For which device.
    pub(crate) device: String,
    headers: HeaderMap,
    body: Bytes,
}

impl PushService {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, pushed) = mpsc::channel(100);
        let answers = Answers::default();
        let script = Arc::clone(&answers);
        let held = Arc::<tokio::sync::Mutex<()>>::default();
        let holding = Arc::clone(&held);
        let take = async move |uri: Uri, headers: HeaderMap, body: Bytes| {
            let device = uri.path().trim_start_matches('/').to_owned();
            let taken = Pushed {
                device,
                headers,
                body,
            };
            sender.send(taken).await.unwrap();
            drop(holding.lock().await);
            let (status, wait) = script.lock().unwrap().pop_front().unwrap_or((201, None));
            let mut headers = HeaderMap::new();
            if let Some(wait) = wait {
                headers.insert("retry-after", wait.parse().unwrap());
            }
            (StatusCode::from_u16(status).unwrap(), headers)
        };
        let app = Router::new().fallback(take);
        TaskTracker::new().spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            address,
            pushed,
            answers,
            held,
        }
    }

    /// How it answers what comes next, and whether with a time to wait; everything after that it takes.
    pub(crate) fn answer(&self, answers: &[(u16, Option<&'static str>)]) {
        self.answers.lock().unwrap().extend(answers);
    }

    /// It answers nobody while this is held.
    pub(crate) async fn hold(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.held).lock_owned().await
    }

    pub(crate) fn endpoint(&self, device: &str) -> String {
        format!("http://{}/{device}", self.address)
    }

    pub(crate) async fn next(&mut self) -> Pushed {
        let next = tokio::time::timeout(PATIENCE, self.pushed.recv()).await;
        next.expect("something is pushed").unwrap()
    }
}

pub(crate) fn device_key() -> SecretKey {
    SecretKey::from_slice(&[7; 32]).unwrap()
}

pub(crate) fn part(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

impl Pushed {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Opens it like a browser.
    pub(crate) fn open(&self) -> Value {
        assert_eq!(self.header("content-encoding"), "aes128gcm");
        assert!(self.body.len() <= 4_096);
        let opened =
            web_push_native::decrypt(self.body.to_vec(), &device_key(), &Auth::from(SECRET)).unwrap();
        assert_eq!(opened.len() % 512, 0, "its length says little");
        serde_json::from_slice(&opened).unwrap()
    }

    /// Checks the signature like a push service, and says what was signed.
    pub(crate) fn claims(&self, key: &str) -> Value {
        let (token, public) = self
            .header("authorization")
            .strip_prefix("vapid t=")
            .unwrap()
            .split_once(", k=")
            .unwrap();
        assert_eq!(public, key);
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = Signature::from_slice(&part(signature)).unwrap();
        let verifying = VerifyingKey::from_sec1_bytes(&part(public)).unwrap();
        verifying.verify(signed.as_bytes(), &signature).unwrap();
        let (head, claims) = signed.split_once('.').unwrap();
        let head: Value = serde_json::from_slice(&part(head)).unwrap();
        assert_eq!(head["alg"], "ES256");
        serde_json::from_slice(&part(claims)).unwrap()
    }
}
