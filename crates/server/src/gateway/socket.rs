//! Carries bytes between a [`Session`] and a WebSocket, and keeps the time. One task a connection, none a message.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use bytes::Bytes;
use futures_util::SinkExt as _;
use pipit_wire::limits::FRAME_BYTES_MAX;
use pipit_wire::{ErrorCode, WireError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout};

use super::session::{Close, Session};
use crate::node::Node;

/// What a WebSocket reads at once, and what it gathers before it writes. Both are kept for as long as the connection stands, so
/// that they are small: an idle connection should cost less than 6 KiB.
const BUFFER_BYTES: usize = 1_024;
/// Frames up to here are read, so that what is somewhat too long is answered in good order; what is longer ends the connection.
const READ_BYTES_MAX: usize = 2 * FRAME_BYTES_MAX;
/// How long a client has to take a goodbye and to close its side.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

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

async fn upgrade(State(gateway): State<Gateway>, upgrade: WebSocketUpgrade) -> Response {
    let Gateway { node, permits } = gateway;
    let Ok(permit) = permits.try_acquire_owned() else {
        return refused("there are too many connections");
    };
    if node.shutdown.is_cancelled() {
        return refused("the server stops");
    }
    upgrade
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_message_size(READ_BYTES_MAX)
        .max_frame_size(READ_BYTES_MAX)
        .on_upgrade(move |socket| {
            let tasks = node.tasks.clone();
            tasks.track_future(carry(node, socket, permit))
        })
}

fn refused(message: &str) -> Response {
    let error = WireError::new(ErrorCode::Unavailable, message);
    let status = StatusCode::from_u16(error.code.http_status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    (status, axum::Json(error)).into_response()
}

/// What happens next on a connection.
enum Step {
    Received(Option<Result<Message, axum::Error>>),
    Ready,
    Late,
    Shutdown,
}

async fn carry(node: Arc<Node>, mut socket: WebSocket, permit: OwnedSemaphorePermit) {
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
            received = socket.recv() => Step::Received(received),
            () = node.shutdown.cancelled(), if !session.is_open() => Step::Shutdown,
            () = &mut timer => Step::Late,
        };
        let frames = match step {
            // Boxed, so that the task of an idle connection is no larger than what it waits for.
            Step::Ready => Box::pin(session.work()).await,
            Step::Received(Some(Ok(message))) => {
                let was_open = session.is_open();
                let frames = match message {
                    Message::Text(text) => Box::pin(session.handle(text.as_str())).await,
                    Message::Binary(_) => session.refuse(Close::UNSUPPORTED),
                    Message::Ping(_) | Message::Pong(_) => Vec::new(),
                    Message::Close(_) => break,
                };
                if was_open || session.is_open() {
                    pinged = false;
                    timer.as_mut().reset(Instant::now() + idle);
                }
                frames
            }
            Step::Received(Some(Err(error))) => match close_for(&error) {
                Some(close) => session.refuse(close),
                None => break,
            },
            Step::Received(None) => break,
            Step::Late if session.is_open() && !pinged => {
                pinged = true;
                timer.as_mut().reset(Instant::now() + idle);
                match timeout(write_timeout, socket.send(Message::Ping(Bytes::new()))).await {
                    Ok(Ok(())) => continue,
                    Ok(Err(_)) | Err(_) => break,
                }
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

async fn write(socket: &mut WebSocket, frames: Vec<Bytes>) -> Result<(), axum::Error> {
    for frame in frames {
        socket
            .feed(Message::Text(
                Utf8Bytes::try_from(frame).map_err(axum::Error::new)?,
            ))
            .await?;
    }
    socket.flush().await
}

/// Says why, closes, and waits a little for the client to have read it: closing with unread bytes would reset the connection.
async fn finish(session: Session, mut socket: WebSocket, permit: OwnedSemaphorePermit) {
    let close = session.closing().unwrap_or(Close {
        code: 1000,
        reason: "",
    });
    // The hub and presence learn of it now, not when the client has taken the goodbye.
    drop(session);
    let _as_far_as_it_goes = timeout(CLOSE_TIMEOUT, async {
        let frame = CloseFrame {
            code: close.code,
            reason: Utf8Bytes::from(close.reason),
        };
        if socket.send(Message::Close(Some(frame))).await.is_ok() {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    })
    .await;
    drop(permit);
}

/// How to close after an error of reading; none where the line is gone. The edge's library keeps its error's type to itself, so
/// that its words have to do; tests hold them.
fn close_for(error: &axum::Error) -> Option<Close> {
    let text = error.to_string();
    if text.starts_with("UTF-8") {
        Some(Close::INVALID_TEXT)
    } else if text.starts_with("Space limit") {
        Some(Close::TOO_LARGE)
    } else {
        None
    }
}
