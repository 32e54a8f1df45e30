//! Accounts and conversations, over HTTP as any client makes them.

use anyhow::{Context as _, bail};
use pipit_client::io::{HttpAnswer, HttpId, HttpMethod, HttpRequest};
use pipit_client_net::HttpClient;
use pipit_wire::frame::client::ClientInfo;
use pipit_wire::limits::MEMBERS_PER_REQUEST_MAX;
use pipit_wire::{ConversationId, DeviceId, EventId, UserId, rest};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A person with one device that is signed in.
#[derive(Clone, Debug)]
pub struct Person {
    /// Whose account.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// Goes with each request.
    pub access_token: String,
    /// The next pair is traded for it.
    pub refresh_token: String,
}

impl From<rest::Session> for Person {
    fn from(session: rest::Session) -> Self {
        Self {
            user: session.me.profile.user,
            device: session.device,
            access_token: session.access_token,
            refresh_token: session.refresh_token,
        }
    }
}

pub(crate) fn client_info() -> ClientInfo {
    ClientInfo {
        name: "pipit-load".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Asks, and reads the answer.
async fn ask<A: DeserializeOwned>(
    http: &HttpClient,
    method: HttpMethod,
    path: String,
    bearer: Option<&str>,
    body: &impl Serialize,
) -> anyhow::Result<A> {
    let request = HttpRequest {
        id: HttpId(0),
        method,
        bearer: bearer.map(str::to_owned),
        body: Some(serde_json::to_string(body)?),
        headers: Vec::new(),
        file: None,
        path,
    };
    let path = request.path.clone();
    match http.request(request).await {
        HttpAnswer::Answered {
            status: 200..=299,
            body,
        } => serde_json::from_str(&body).with_context(|| format!("the answer of {path}")),
        HttpAnswer::Answered { status, body } => bail!("{path}: {status} {body}"),
        HttpAnswer::Received { .. } | HttpAnswer::FileGone => bail!("{path}: an answer about a file"),
        HttpAnswer::Unreachable => bail!("{path}: the server cannot be reached"),
    }
}

/// Trades a refresh token for a session.
pub async fn refresh(http: &HttpClient, refresh_token: &str) -> anyhow::Result<Person> {
    let body = rest::Refresh {
        refresh_token: refresh_token.to_owned(),
    };
    let session: rest::Session = ask(
        http,
        HttpMethod::Post,
        "/v1/sessions/refresh".to_owned(),
        None,
        &body,
    )
    .await?;
    Ok(session.into())
}

fn account(handle: String) -> rest::NewAccount {
    rest::NewAccount {
        name: handle.clone(),
        handle,
        password: "a password for a load test".to_owned(),
        device_name: "load".to_owned(),
        client: client_info(),
    }
}

/// Makes the first account with the token of the set-up link.
pub async fn set_up(http: &HttpClient, token: &str, handle: String) -> anyhow::Result<Person> {
    let body = rest::SetUp {
        token: token.to_owned(),
        server_name: "Load test".to_owned(),
        account: account(handle),
    };
    let session: rest::Session = ask(http, HttpMethod::Post, "/v1/setup".to_owned(), None, &body).await?;
    Ok(session.into())
}

/// Makes an account, with an invite where one is needed. The server hashes a password for each: some 20 ms of a core.
pub async fn sign_up(http: &HttpClient, invite: Option<&str>, handle: String) -> anyhow::Result<Person> {
    let body = rest::SignUp {
        invite: invite.map(str::to_owned),
        account: account(handle),
    };
    let session: rest::Session = ask(http, HttpMethod::Post, "/v1/accounts".to_owned(), None, &body).await?;
    Ok(session.into())
}

/// An invite that makes so many accounts (at most 1,000).
pub async fn invite(http: &HttpClient, of: &Person, uses: u32) -> anyhow::Result<String> {
    let body = rest::NewInvite {
        expires_in_s: 3_600,
        uses,
    };
    let invite: rest::Invite = ask(
        http,
        HttpMethod::Post,
        "/v1/invites".to_owned(),
        Some(&of.access_token),
        &body,
    )
    .await?;
    invite.token.context("a new invite has its token")
}

/// The conversation between two.
pub async fn direct(http: &HttpClient, of: &Person, with: UserId) -> anyhow::Result<ConversationId> {
    let body = rest::NewDirect {
        user: with,
        encrypted: false,
    };
    let path = "/v1/conversations/direct".to_owned();
    let made: rest::Conversation = ask(http, HttpMethod::Post, path, Some(&of.access_token), &body).await?;
    Ok(made.conversation.id)
}

/// A group with these members beside the one who makes it. `event_id` makes the ids that adding people needs.
pub async fn group(
    http: &HttpClient,
    of: &Person,
    id: ConversationId,
    members: &[UserId],
    mut event_id: impl FnMut() -> EventId,
) -> anyhow::Result<()> {
    let mut chunks = members.chunks(MEMBERS_PER_REQUEST_MAX);
    let body = rest::NewGroup {
        id,
        title: Some("Load".to_owned()),
        members: chunks.next().unwrap_or_default().to_vec(),
        encrypted: false,
    };
    let path = "/v1/conversations/group".to_owned();
    let _made: rest::Conversation = ask(http, HttpMethod::Post, path, Some(&of.access_token), &body).await?;
    for users in chunks {
        let body = rest::AddMembers {
            event_ids: users.iter().map(|_| event_id()).collect(),
            users: users.to_vec(),
        };
        let path = format!("/v1/conversations/{id}/members");
        let _added: serde::de::IgnoredAny =
            ask(http, HttpMethod::Post, path, Some(&of.access_token), &body).await?;
    }
    Ok(())
}
