//! What the world's server answers over HTTP: signing in without passwords, and the conversations service itself.

use pipit_client::io::{HttpAnswer, HttpMethod, HttpRequest};
use pipit_server::clock::Clock as _;
use pipit_server::error::ServiceError;
use pipit_server::node::{Authenticated, Node};
use pipit_server::service::access::Caller;
use pipit_store::Store as _;
use pipit_store::account::{NewDevice, RotateRefresh, RotateRefreshError};
use pipit_wire::frame::client::ClientInfo;
use pipit_wire::rest::{self, Me, Session};
use pipit_wire::{ConversationId, DeviceId, ErrorCode, EventId, Limits, PROTOCOL_VERSION, UserId, WireError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::server::Server;

mod encryption;

/// Answers a request, as this node's HTTP edge would.
pub async fn answer(server: &Server, node: usize, request: &HttpRequest) -> HttpAnswer {
    let Some(running) = server.running(node) else {
        return HttpAnswer::Unreachable;
    };
    let node = &running.node;
    let answered = route(server, node, request).await;
    if !running.life.step() {
        return HttpAnswer::Unreachable;
    }
    match answered {
        Ok(body) => HttpAnswer::Answered { status: 200, body },
        Err(error) => {
            let refusal: WireError = error.into_wire(node.context.random_bytes());
            let body = serde_json::to_string(&refusal).unwrap_or_default();
            HttpAnswer::Answered {
                status: refusal.code.http_status(),
                body,
            }
        }
    }
}

async fn route(server: &Server, node: &Node, request: &HttpRequest) -> Result<String, ServiceError> {
    let path = request.path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
    match (request.method, parts.as_slice()) {
        (HttpMethod::Get, ["server"]) => json(&server_info()),
        (HttpMethod::Post, ["sessions"]) => sign_in(server, &body(request)?).await,
        (HttpMethod::Post, ["sessions", "refresh"]) => refresh(server, node, &body(request)?).await,
        (HttpMethod::Get, ["me", "key-log"]) => {
            let who = authenticate(server, request)?;
            encryption::own_key_log(node, who, request).await
        }
        (HttpMethod::Post, ["devices", device, "vouch"]) => {
            let who = authenticate(server, request)?;
            encryption::vouch(node, who, parse(device)?, request).await
        }
        (method, ["devices", "current", rest @ ..]) => {
            let who = authenticate(server, request)?;
            encryption::of_device(node, who, method, rest, request).await
        }
        (
            method,
            [
                "conversations",
                id,
                what @ ("devices" | "key-logs" | "key-packages" | "handshakes" | "group"),
            ],
        ) => {
            let who = authenticate(server, request)?;
            encryption::of_conversation(node, who, method, parse(id)?, what, request).await
        }
        (HttpMethod::Get, ["me", "archives"]) => json(&rest::archive::Archives { items: Vec::new() }),
        (method, ["conversations", rest @ ..]) => {
            let who = authenticate(server, request)?;
            conversations(node, who, method, rest, request).await
        }
        _ => Err(ServiceError::refused(
            ErrorCode::NotFound,
            "there is no such endpoint",
        )),
    }
}

async fn conversations(
    node: &Node,
    who: Authenticated,
    method: HttpMethod,
    parts: &[&str],
    request: &HttpRequest,
) -> Result<String, ServiceError> {
    let caller = Caller {
        user: who.user,
        device: Some(who.device),
    };
    let service = &node.conversations;
    match (method, parts) {
        (HttpMethod::Post, ["direct"]) => {
            let new: rest::NewDirect = body(request)?;
            let conversation = service.create_direct(caller, new.user, new.encrypted).await?;
            json(&rest::Conversation { conversation })
        }
        (HttpMethod::Post, ["group"]) => {
            let conversation = service.create_group(caller, body(request)?).await?;
            json(&rest::Conversation { conversation })
        }
        (HttpMethod::Get, [id]) => {
            let conversation = service.summary(who.user, parse(id)?).await?;
            json(&rest::Conversation { conversation })
        }
        (HttpMethod::Get, [id, "members"]) => {
            let page = service.members(who.user, parse(id)?, None, 100).await?;
            json(&rest::Members {
                items: page.items,
                next: page.next.map(|user| user.to_string()),
            })
        }
        (HttpMethod::Post, [id, "members"]) => {
            let conversation = service.add_members(caller, parse(id)?, body(request)?).await?;
            json(&rest::Conversation { conversation })
        }
        (HttpMethod::Delete, [id, "members", user]) => {
            let (id, user): (ConversationId, UserId) = (parse(id)?, parse(user)?);
            let event = EventId::new(node.context.now(), node.context.random_bytes());
            service.remove_member(caller, id, user, event).await?;
            Ok(String::new())
        }
        (HttpMethod::Patch, [id]) => {
            let change = body(request)?;
            let conversation = service.change_conversation(caller, parse(id)?, change).await?;
            json(&rest::Conversation { conversation })
        }
        _ => Err(ServiceError::refused(
            ErrorCode::NotFound,
            "there is no such endpoint",
        )),
    }
}

fn server_info() -> rest::ServerInfo {
    rest::ServerInfo {
        name: "Simulation".to_owned(),
        version: "1".to_owned(),
        protocol: PROTOCOL_VERSION,
        needs_setup: false,
        registration_open: false,
        limits: Limits::default(),
    }
}

async fn sign_in(server: &Server, sign_in: &rest::SignIn) -> Result<String, ServiceError> {
    let now = server.clock.now();
    let found = server.truth.find_credential(&sign_in.handle).await?;
    let wrong = || ServiceError::refused(ErrorCode::WrongCredentials, "handle or password is wrong");
    let user = found.ok_or_else(wrong)?.user.profile.user;
    let (token, refresh) = server.new_refresh_token();
    let device = server.new_device_id(now);
    let client = ClientInfo {
        name: "simulation".to_owned(),
        version: "1".to_owned(),
    };
    let name = sign_in.device_name.clone();
    server
        .truth
        .create_device(NewDevice {
            id: device,
            user,
            name,
            client,
            refresh,
            now,
        })
        .await?;
    session(server, user, device, token).await
}

async fn refresh(server: &Server, node: &Node, refresh: &rest::Refresh) -> Result<String, ServiceError> {
    let (token, successor) = server.new_refresh_token();
    let rotation = RotateRefresh {
        presented: Server::hash(&refresh.refresh_token),
        successor,
        now: node.context.now(),
    };
    match node.context.store.rotate_refresh(rotation).await? {
        Ok(device) => session(server, device.user, device.id, token).await,
        Err(RotateRefreshError::Unknown | RotateRefreshError::Reused { .. }) => Err(ServiceError::refused(
            ErrorCode::SignedOut,
            "the token does not work",
        )),
    }
}

async fn session(
    server: &Server,
    user: UserId,
    device: DeviceId,
    refresh_token: String,
) -> Result<String, ServiceError> {
    let found = server.truth.find_user(user).await?;
    let record =
        found.ok_or_else(|| ServiceError::refused(ErrorCode::NotFound, "there is no such account"))?;
    let (access_token, access_expires_at) = server.access_token(user, device);
    let me = Me {
        profile: record.profile,
        admin: record.admin,
    };
    json(&Session {
        me,
        device,
        access_token,
        access_expires_at,
        refresh_token,
    })
}

fn authenticate(server: &Server, request: &HttpRequest) -> Result<Authenticated, ServiceError> {
    server.authenticate(request.bearer.as_deref().unwrap_or_default())
}

fn body<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, ServiceError> {
    serde_json::from_str(request.body.as_deref().unwrap_or_default())
        .map_err(|error| ServiceError::field("body", error))
}

fn parse<T: std::str::FromStr>(text: &str) -> Result<T, ServiceError> {
    text.parse()
        .map_err(|_not_an_id| ServiceError::refused(ErrorCode::NotFound, "not an id"))
}

fn json<T: Serialize>(value: &T) -> Result<String, ServiceError> {
    serde_json::to_string(value).map_err(|error| ServiceError::Internal("an answer", Box::new(error)))
}
