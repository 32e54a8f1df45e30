//! Fresh connections that read everything at the end, as every member.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use futures_util::{StreamExt as _, TryStreamExt as _};
use pipit_client_net::Socket;
use pipit_wire::frame::PresenceState;
use pipit_wire::frame::client::{Hello, History};
use pipit_wire::limits::PAGE_EVENTS_MAX;
use pipit_wire::{ClientFrame, ConversationId, PROTOCOL_VERSION, RequestId, Seq, ServerFrame, codec};

use super::Shared;
use super::people::{self, Person};
use crate::check::Reading;
use crate::record::{Cast, ConversationNumber, Said, UserNumber};

/// So many read at once.
const AT_ONCE: usize = 32;
/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(30);
const BUFFER_BYTES: usize = 64 * 1024;

/// Reads every log of every person. Their own devices must be gone: each device has one line.
pub(super) async fn read_all(
    shared: &Shared,
    cast: &Cast,
    people: &[Person],
) -> anyhow::Result<Vec<Reading>> {
    let mut of_user: HashMap<UserNumber, Vec<(ConversationNumber, ConversationId)>> = HashMap::new();
    for (number, (id, members)) in (0..).map(ConversationNumber).zip(&cast.conversations) {
        for member in members {
            of_user.entry(*member).or_default().push((number, *id));
        }
    }
    let people = (0..).map(UserNumber).zip(people);
    let reading = people.filter_map(|(user, person)| {
        let conversations = of_user.remove(&user)?;
        Some(async move {
            read_person(shared, user, person, &conversations)
                .await
                .with_context(|| format!("user {} reads their logs", user.0))
        })
    });
    let readings: Vec<Vec<Reading>> = futures_util::stream::iter(reading.collect::<Vec<_>>())
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let mut first: HashMap<ConversationNumber, Arc<Vec<(Seq, Said)>>> = HashMap::new();
    let mut all: Vec<Reading> = readings.into_iter().flatten().collect();
    for reading in &mut all {
        let shared = first
            .entry(reading.conversation)
            .or_insert_with(|| Arc::clone(&reading.entries));
        if *shared == reading.entries {
            reading.entries = Arc::clone(shared);
        }
    }
    Ok(all)
}

async fn read_person(
    shared: &Shared,
    user: UserNumber,
    person: &Person,
    conversations: &[(ConversationNumber, ConversationId)],
) -> anyhow::Result<Vec<Reading>> {
    let index = usize::try_from(user.0).unwrap_or_default() % shared.servers.len().max(1);
    let server = shared.servers.get(index).context("a server")?;
    let mut socket = Box::pin(Socket::connect(server, &shared.tls, BUFFER_BYTES)).await?;
    let hello = Hello {
        id: RequestId(1),
        protocol: PROTOCOL_VERSION,
        token: person.access_token.clone(),
        client: people::client_info(),
        cursors: Vec::new(),
        presence: PresenceState::Away,
    };
    send(&mut socket, ClientFrame::Hello(hello)).await?;
    let summaries = loop {
        if let ServerFrame::Welcome(welcome) = next(&mut socket).await? {
            break welcome.conversations;
        }
    };
    let mut readings = Vec::new();
    for (number, id) in conversations {
        let (first_seq, last_seq, entries) = read_log(shared, &mut socket, *id).await?;
        let summary = summaries.iter().find(|summary| summary.id == *id);
        let members = summary
            .map(|summary| summary.members.as_slice())
            .unwrap_or_default();
        let markers = members.iter().map(|member| {
            (
                shared.frames.user(member.profile.user),
                member.delivered_seq,
                member.read_seq,
            )
        });
        readings.push(Reading {
            conversation: *number,
            user,
            first_seq,
            last_seq,
            entries: Arc::new(entries),
            last: None,
            markers: markers.collect(),
        });
    }
    socket.close();
    Ok(readings)
}

async fn read_log(
    shared: &Shared,
    socket: &mut Socket,
    conversation: ConversationId,
) -> anyhow::Result<(Seq, Seq, Vec<(Seq, Said)>)> {
    let mut entries = Vec::new();
    let mut after = Seq::ZERO;
    loop {
        let history = History {
            id: RequestId(2),
            conversation,
            before_seq: None,
            after_seq: Some(after),
            limit: PAGE_EVENTS_MAX,
        };
        send(socket, ClientFrame::History(history)).await?;
        let page = loop {
            match next(socket).await? {
                ServerFrame::Page(page) if page.conversation == conversation => break Some(page),
                ServerFrame::Error(error) if error.retry_after_ms.is_some() => {
                    let wait = error.retry_after_ms.unwrap_or(1_000);
                    tokio::time::sleep(Duration::from_millis(wait.into())).await;
                    break None;
                }
                ServerFrame::Error(error) => bail!("{error}"),
                _ => {}
            }
        };
        let Some(page) = page else { continue };
        entries.extend(
            page.events
                .iter()
                .map(|event| (event.seq, shared.frames.said(event))),
        );
        match page.events.last() {
            // A page that does not move on would be asked for without end.
            Some(last) if last.seq > after && last.seq < page.last_seq => after = last.seq,
            _ => return Ok((page.first_seq, page.last_seq, entries)),
        }
    }
}

async fn send(socket: &mut Socket, frame: ClientFrame) -> anyhow::Result<()> {
    socket.feed(codec::encode_client(&frame)).await?;
    Ok(socket.flush().await?)
}

async fn next(socket: &mut Socket) -> anyhow::Result<ServerFrame> {
    let text = tokio::time::timeout(PATIENCE, socket.next())
        .await
        .context("no answer in time")?;
    let text = text.context("the line ended")??;
    match codec::decode_server(&text)? {
        ServerFrame::Goodbye(goodbye) => bail!("goodbye: {:?}", goodbye.reason),
        frame => Ok(frame),
    }
}
