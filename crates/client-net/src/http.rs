//! HTTP requests.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::rt::Executor;
use hyper::{Method, Request};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioTimer;
use pipit_client::io::{HttpAnswer, HttpMethod, HttpRequest};
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
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
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

    async fn try_request(&self, wanted: HttpRequest) -> Result<HttpAnswer, BoxError> {
        let uri = self.server.http(&wanted.path).ok_or("not a path")?;
        let mut request = Request::builder().method(method(wanted.method)).uri(uri);
        if let Some(bearer) = &wanted.bearer {
            let mut value = HeaderValue::try_from(format!("Bearer {bearer}"))?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        if wanted.body.is_some() {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let request = request.body(Full::from(wanted.body.unwrap_or_default()))?;
        let response = self.client.request(request).await?;
        let status = response.status().as_u16();
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

const fn method(method: HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
    }
}
