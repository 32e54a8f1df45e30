//! Taking connections: so many at a time, each with a time limit for its requests' heads, each a task that is waited for.
//!
//! Plain HTTP/1.1: browsers speak HTTP/2 only over TLS, which a proxy ends, and WebSockets begin with HTTP/1.1 anyway.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service as _;

use crate::rest::Peer;

/// How long a client may take to send a request's head, and how long it may keep an idle connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a request that is under way may take once the server stops: less than the server waits for all of them.
const STOP_TIMEOUT: Duration = Duration::from_secs(4);
/// The longest head, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1_024;
/// How long to wait when the system gives no more connections (mostly for want of file descriptors).
const RETRY: Duration = Duration::from_millis(100);

/// What connections get.
pub(super) struct Accepting {
    pub(super) router: Router,
    pub(super) connections_max: usize,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
}

impl Accepting {
    /// Takes connections for ever.
    pub(super) async fn run(&self, listener: &TcpListener) {
        let places = Arc::new(Semaphore::new(self.connections_max.min(Semaphore::MAX_PERMITS)));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let connection = serve(stream, peer, self.router.clone(), self.stop.clone(), place);
                    self.tasks.spawn(connection);
                }
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "a connection could not be taken"
                    );
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }
}

async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    stop: CancellationToken,
    place: OwnedSemaphorePermit,
) {
    // Only latency is at stake where it fails.
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        let mut router = router.clone();
        async move {
            let response = router.call(request.map(Body::new)).await;
            Ok::<_, Infallible>(response.unwrap_or_else(|never| match never {}))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(STOP_TIMEOUT, connection).await {
                Ok(ended) => ended,
                // Half a request came, and the other half does not.
                Err(_late) => Ok(()),
            }
        }
    };
    drop(place);
    if let Err(error) = ended {
        tracing::debug!(%peer, error = &error as &dyn std::error::Error, "a connection broke off");
    }
}
