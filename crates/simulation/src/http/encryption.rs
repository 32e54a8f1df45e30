//! What encrypted conversations need.

use pipit_client::io::{HttpMethod, HttpRequest};
use pipit_server::error::ServiceError;
use pipit_server::node::{Authenticated, Node};
use pipit_server::service::access::Caller;
use pipit_wire::rest::encryption as keys;
use pipit_wire::{ConversationId, DeviceId, ErrorCode};

use super::{body, json, parse};

fn caller(who: Authenticated) -> Caller {
    Caller {
        user: who.user,
        device: Some(who.device),
    }
}

fn no_endpoint() -> ServiceError {
    ServiceError::refused(ErrorCode::NotFound, "there is no such endpoint")
}

/// About the device that asks.
pub(super) async fn of_device(
    node: &Node,
    who: Authenticated,
    method: HttpMethod,
    parts: &[&str],
    request: &HttpRequest,
) -> Result<String, ServiceError> {
    let (caller, service) = (caller(who), &node.encryption);
    match (method, parts) {
        (HttpMethod::Post, ["key"]) => {
            service.publish_key(caller, body(request)?).await?;
            Ok(String::new())
        }
        (HttpMethod::Get, ["key-packages"]) => json(&service.pool(caller).await?),
        (HttpMethod::Post, ["key-packages"]) => {
            json(&service.publish_packages(caller, body(request)?).await?)
        }
        (HttpMethod::Get, ["welcomes"]) => json(&service.welcomes(caller).await?),
        (HttpMethod::Delete, ["welcomes", conversation, commit]) => {
            let (conversation, commit) = (parse(conversation)?, parse(commit)?);
            service.acknowledge(caller, conversation, commit).await?;
            Ok(String::new())
        }
        _ => Err(no_endpoint()),
    }
}

/// The key log of one's own account.
pub(super) async fn own_key_log(
    node: &Node,
    who: Authenticated,
    request: &HttpRequest,
) -> Result<String, ServiceError> {
    let after = request.path.split_once("?after=").map(|(_, after)| after);
    let after = after.and_then(|after| after.parse().ok()).unwrap_or(0);
    json(&node.encryption.own_key_log(caller(who), after).await?)
}

/// A vouch for a device of one's own.
pub(super) async fn vouch(
    node: &Node,
    who: Authenticated,
    device: DeviceId,
    request: &HttpRequest,
) -> Result<String, ServiceError> {
    node.encryption.vouch(caller(who), device, body(request)?).await?;
    Ok(String::new())
}

/// About a conversation's group.
pub(super) async fn of_conversation(
    node: &Node,
    who: Authenticated,
    method: HttpMethod,
    conversation: ConversationId,
    what: &str,
    request: &HttpRequest,
) -> Result<String, ServiceError> {
    let (caller, service) = (caller(who), &node.encryption);
    match (method, what) {
        (HttpMethod::Get, "devices") => {
            let after = request.path.split_once("?after=").map(|(_, after)| after);
            let after: Option<DeviceId> = after.map(parse).transpose()?;
            json(&service.device_keys(caller, conversation, after).await?)
        }
        (HttpMethod::Post, "key-logs") => {
            json(&service.key_logs(caller, conversation, body(request)?).await?)
        }
        (HttpMethod::Post, "key-packages") => {
            json(&service.claim(caller, conversation, body(request)?).await?)
        }
        (HttpMethod::Post, "handshakes") => {
            let appended = service.handshake(caller, conversation, body(request)?).await?;
            json(&keys::HandshakeTaken {
                seq: appended.event.seq,
                at: appended.event.at,
            })
        }
        (HttpMethod::Get, "group") => json(&service.group(caller, conversation).await?),
        (HttpMethod::Post, "group") => {
            service.keep_info(caller, conversation, body(request)?).await?;
            Ok(String::new())
        }
        _ => Err(no_endpoint()),
    }
}
