//! Carries bytes between a [`Session`] and a WebSocket, and keeps the time. One task a connection, none a message.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{SEC_WEBSOCKET_VERSION, UPGRADE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use bytes::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use pipit_wire::limits::FRAME_BYTES_MAX;
use pipit_wire::{ErrorCode, WireError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout};

use super::session::{Close, Session};
use super::websocket::{Incoming, ReadError, Violation, WebSocket, accept};
use crate::node::Node;

/// Frames up to here are read, so that what is somewhat too long is answered in good order; what is longer ends the connection.
const READ_BYTES_MAX: usize = 2 * FRAME_BYTES_MAX;
/// How long a client has to take a goodbye and to close its side.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

type Socket = WebSocket<TokioIo<Upgraded>>;

#[derive(Clone)]
struct Gateway {
    node: Arc<Node>,
    permits: Arc<Semaphore>,
}

/// `GET /v1/ws`.
pub fn router(node: Arc<Node>) -> Router {
    let permits = Arc::new(Semaphore::new(
        node.gateway.connections_max.min(Semaphore::MAX_PERMITS),
    ));
    Router::new()
        .route("/v1/ws", get(upgrade))
        .with_state(Gateway { node, permits })
}

async fn upgrade(State(gateway): State<Gateway>, request: Request) -> Response {
    let Gateway { node, permits } = gateway;
    let Ok(permit) = permits.try_acquire_owned() else {
        return refused("there are too many connections");
    };
    if node.shutdown.is_cancelled() {
        return refused("the server stops");
    }
    let (response, upgrade) = match accept(request) {
        Ok(accepted) => accepted,
        Err(status) => return no_handshake(status),
    };
    let tasks = node.tasks.clone();
    tasks.spawn(async move {
        match upgrade.await {
            Ok(upgraded) => {
                let socket = WebSocket::new(TokioIo::new(upgraded), READ_BYTES_MAX);
                carry(node, socket, permit).await;
            }
            Err(error) => tracing::debug!(error = &error as &dyn std::error::Error, "no upgrade"),
        }
    });
    response
}

fn refused(message: &str) -> Response {
    let error = WireError::new(ErrorCode::Unavailable, message);
    let status = StatusCode::from_u16(error.code.http_status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    (status, axum::Json(error)).into_response()
}

/// What is asked for over plain HTTP, or in another version of the protocol (RFC 6455, section 4.4).
fn no_handshake(status: StatusCode) -> Response {
    let error = WireError::new(
        ErrorCode::InvalidField,
        "this is a WebSocket: shake hands by RFC 6455",
    );
    let mut response = (status, axum::Json(error)).into_response();
    if status == StatusCode::UPGRADE_REQUIRED {
        let headers = response.headers_mut();
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    }
    response
}

/// What happens next on a connection.
enum Step {
    Received(Result<Option<Incoming>, ReadError>),
    Ready,
    Late,
    Shutdown,
}

async fn carry(node: Arc<Node>, mut socket: Socket, permit: OwnedSemaphorePermit) {
    let mut session = Session::new(Arc::clone(&node));
    let idle = Duration::from_millis(u64::from(node.context.limits.idle_ping_ms));
    let write_timeout = Duration::from_millis(node.gateway.write_timeout_ms);
    let mut pinged = false;
    let timer = sleep_until(Instant::now() + Duration::from_millis(node.gateway.hello_timeout_ms));
    tokio::pin!(timer);
    while session.closing().is_none() {
        let step = tokio::select! {
            biased;
            () = session.ready() => Step::Ready,
            received = socket.receive() => Step::Received(received),
            () = node.shutdown.cancelled(), if !session.is_open() => Step::Shutdown,
            () = &mut timer => Step::Late,
        };
        let frames = match step {
            // Boxed, so that the task of an idle connection is no larger than what it waits for.
            Step::Ready => Box::pin(session.work()).await,
            Step::Received(Ok(Some(message))) => {
                let frames = match message {
                    Incoming::Text(text) => Box::pin(session.handle(&text)).await,
                    Incoming::Ping(payload) => {
                        socket.queue_pong(payload);
                        Vec::new()
                    }
                    Incoming::Pong => Vec::new(),
                    Incoming::Close(_) => break,
                };
                if session.is_open() {
                    pinged = false;
                    timer.as_mut().reset(Instant::now() + idle);
                }
                frames
            }
            Step::Received(Err(ReadError::Violation(violation))) => session.refuse(close_for(violation)),
            Step::Received(Ok(None) | Err(ReadError::Line(_))) => break,
            Step::Late if session.is_open() && !pinged => {
                pinged = true;
                timer.as_mut().reset(Instant::now() + idle);
                socket.queue_ping();
                Vec::new()
            }
            Step::Late if session.is_open() => break,
            Step::Late => session.refuse(Close::NO_HELLO),
            Step::Shutdown => session.refuse(Close::GOING_AWAY),
        };
        let is_closing = session.closing().is_some();
        let time = if is_closing { CLOSE_TIMEOUT } else { write_timeout };
        let written = tokio::select! {
            biased;
            written = timeout(time, write(&mut socket, frames)) => matches!(written, Ok(Ok(()))),
            // What is half written stays half written until the client reads; then it gets the goodbye.
            () = session.ended(), if !is_closing => true,
        };
        if !written {
            break;
        }
    }
    Box::pin(finish(session, socket, permit)).await;
}

async fn write(socket: &mut Socket, frames: Vec<Bytes>) -> io::Result<()> {
    for frame in frames {
        socket.queue_text(frame);
    }
    socket.flush().await
}

/// Says why, closes, and waits a little for the client to have read it.
async fn finish(session: Session, mut socket: Socket, permit: OwnedSemaphorePermit) {
    let close = session.closing().unwrap_or(Close::NORMAL);
    // The hub and presence learn of it now, not when the client has taken the goodbye.
    drop(session);
    let _as_far_as_it_goes = timeout(CLOSE_TIMEOUT, say_goodbye(&mut socket, close)).await;
    drop(permit);
}

async fn say_goodbye(socket: &mut Socket, close: Close) -> io::Result<()> {
    socket.queue_close(close.code, close.reason);
    socket.flush().await?;
    loop {
        match socket.receive().await {
            Ok(Some(Incoming::Close(_)) | None) => return Ok(()),
            Ok(Some(_)) => {}
            Err(ReadError::Line(error)) => return Err(error),
            // Nothing that comes can be read, not even the answer to the close.
            Err(ReadError::Violation(_)) => return socket.drain().await,
        }
    }
}

const fn close_for(violation: Violation) -> Close {
    match violation {
        Violation::TooLarge => Close::TOO_LARGE,
        Violation::InvalidText => Close::INVALID_TEXT,
        Violation::Binary => Close::UNSUPPORTED,
        Violation::Protocol(_) => Close::PROTOCOL,
    }
}
