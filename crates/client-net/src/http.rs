//! HTTP requests.

use std::convert::Infallible;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::Frame;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::rt::Executor;
use hyper::{Method, Request};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioTimer;
use pipit_client::io::{HttpAnswer, HttpMethod, HttpRequest};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::address::ServerAddress;
use crate::socket::Tls;

/// Longest time that a request may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Connections without use are closed after this.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Most bytes of an answer's body.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A part of a file goes out in pieces of so many bytes: after each it is known how far it is.
const PIECE_BYTES: usize = 64 * 1024;

/// What a request carries.
type Body = UnsyncBoxBody<Bytes, Infallible>;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Has the connections' own tasks end with everything else.
#[derive(Clone, Debug)]
struct Tracked {
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl<F> Executor<F> for Tracked
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, task: F) {
        let shutdown = self.shutdown.clone();
        self.tasks
            .spawn(async move { shutdown.run_until_cancelled(task).await });
    }
}

/// Makes requests to one server; connections are kept and used again.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: Client<HttpsConnector<HttpConnector>, Body>,
    server: ServerAddress,
}

impl HttpClient {
    /// Makes requests to this server. What it starts is tracked by `tasks` and ends with `shutdown`.
    pub fn new(server: ServerAddress, tls: &Tls, tasks: &TaskTracker, shutdown: &CancellationToken) -> Self {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls.0.as_ref().clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let executor = Tracked {
            tasks: tasks.clone(),
            shutdown: shutdown.clone(),
        };
        let client = Client::builder(executor)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self { client, server }
    }

    /// Makes a request. Whatever goes wrong on the way is "unreachable": it may or may not have been carried out.
    pub async fn request(&self, wanted: HttpRequest) -> HttpAnswer {
        match tokio::time::timeout(TIMEOUT, Box::pin(self.try_request(wanted))).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                tracing::debug!(error, "an HTTP request failed");
                HttpAnswer::Unreachable
            }
            Err(_elapsed) => {
                tracing::debug!("an HTTP request took too long");
                HttpAnswer::Unreachable
            }
        }
    }

    /// Makes a request that carries a part of a file, and calls back with how many of its bytes have gone out. It has no timeout:
    /// whoever hears nothing of it gives it up.
    pub async fn send_part(
        &self,
        wanted: HttpRequest,
        part: Bytes,
        progress: impl FnMut(u64) + Send + 'static,
    ) -> HttpAnswer {
        let checksum = format!("sha256 {}", STANDARD.encode(Sha256::digest(&part)));
        let mut wanted = wanted;
        wanted.headers.push(("upload-checksum".to_owned(), checksum));
        let length = part.len();
        let body = in_pieces(part, progress);
        Box::pin(self.make(wanted, body, Some(length)))
            .await
            .unwrap_or_else(|error| {
                tracing::debug!(error, "a part of a file did not get through");
                HttpAnswer::Unreachable
            })
    }

    async fn try_request(&self, wanted: HttpRequest) -> Result<HttpAnswer, BoxError> {
        let mut wanted = wanted;
        let json = wanted.body.take();
        if json.is_some() {
            wanted
                .headers
                .push((CONTENT_TYPE.to_string(), "application/json".to_owned()));
        }
        let body = Full::from(json.unwrap_or_default()).boxed_unsync();
        self.make(wanted, body, None).await
    }

    async fn make(
        &self,
        wanted: HttpRequest,
        body: Body,
        length: Option<usize>,
    ) -> Result<HttpAnswer, BoxError> {
        let uri = self.server.http(&wanted.path).ok_or("not a path")?;
        let mut request = Request::builder().method(method(wanted.method)).uri(uri);
        if let Some(bearer) = &wanted.bearer {
            let mut value = HeaderValue::try_from(format!("Bearer {bearer}"))?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        for (name, value) in &wanted.headers {
            request = request.header(name, value);
        }
        if let Some(length) = length {
            request = request.header(CONTENT_LENGTH, length);
        }
        let request = request.body(body)?;
        let response = self.client.request(request).await?;
        let status = response.status().as_u16();
        if response.status().is_success()
            && let Some(offset) = response.headers().get("upload-offset")
        {
            let offset = offset.to_str()?.parse()?;
            return Ok(HttpAnswer::Received { offset });
        }
        let body = Limited::new(response.into_body(), BODY_BYTES_MAX)
            .collect()
            .await?
            .to_bytes();
        Ok(HttpAnswer::Answered {
            status,
            body: String::from_utf8(body.into())?,
        })
    }
}

fn in_pieces(part: Bytes, mut progress: impl FnMut(u64) + Send + 'static) -> Body {
    let length = part.len();
    let mut left = part;
    let pieces = std::iter::from_fn(move || {
        if left.is_empty() {
            return None;
        }
        let piece = left.split_to(left.len().min(PIECE_BYTES));
        // A piece is asked for when those before it have gone out.
        progress((length - left.len() - piece.len()) as u64);
        Some(Ok(Frame::data(piece)))
    });
    StreamBody::new(stream::iter(pieces)).boxed_unsync()
}

const fn method(method: HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Post => Method::POST,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
    }
}
