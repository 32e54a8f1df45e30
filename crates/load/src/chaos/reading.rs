//! What fresh clients read at the end: every log, by every member, from its first entry to its last.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use futures_util::StreamExt as _;
use pipit_wire::frame::ConversationSummary;
use pipit_wire::{Seq, ServerFrame, codec};
use tokio_tungstenite::tungstenite::Message as Text;

use super::device::{Socket, connect, hello, page, send};
use super::people::{Shared, index};
use crate::check::Reading;
use crate::record::{ConversationNumber, Said, UserNumber};

const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// Reads everything, each person on a new device at one node. What cannot be read is told, and the checker misses it.
pub async fn read_all(shared: &Arc<Shared>, tell: fn(&str)) -> Vec<Reading> {
    let mut readings: Vec<Reading> = Vec::new();
    for (number, _) in (0..).zip(&shared.cast.users) {
        let user = UserNumber(number);
        let node = index(number) % shared.addresses.len().max(1);
        let of_one = Box::pin(read(shared, node, user)).await;
        let of_one = of_one.unwrap_or_else(|error| {
            tell(&format!("what person {number} reads at node {node}: {error:#}"));
            Vec::new()
        });
        for mut reading in of_one {
            // Equal logs share their memory, and the checker compares them once.
            let same = readings
                .iter()
                .find(|other| other.conversation == reading.conversation && other.entries == reading.entries);
            if let Some(same) = same {
                reading.entries = Arc::clone(&same.entries);
            }
            readings.push(reading);
        }
    }
    readings
}

async fn read(shared: &Shared, node: usize, user: UserNumber) -> Result<Vec<Reading>> {
    let session = shared.sign_in(node, user).await?;
    let mut socket = connect(shared, node).await.context("connecting")?;
    if !send(&mut socket, &hello(&session, Vec::new())).await {
        bail!("the line broke at hello");
    }
    let summaries = loop {
        if let ServerFrame::Welcome(welcome) = receive(&mut socket).await? {
            break welcome.conversations;
        }
    };
    let mut readings = Vec::new();
    let mut requests = 1;
    for summary in &summaries {
        let all = (0..).zip(&shared.cast.conversations);
        let Some((number, _)) = all.into_iter().find(|(_, (id, _))| *id == summary.id) else {
            continue;
        };
        let entries = log(shared, &mut socket, summary, &mut requests).await?;
        let markers = summary.members.iter();
        readings.push(Reading {
            conversation: ConversationNumber(number),
            user,
            first_seq: summary.first_seq,
            last_seq: summary.last_seq,
            entries: Arc::new(entries),
            last: summary.last_message.as_ref().map(|last| {
                let said = shared.said(last);
                (said.event, said.hash)
            }),
            markers: markers
                .map(|member| {
                    let user = shared.user(member.profile.user);
                    (user, member.delivered_seq, member.read_seq)
                })
                .collect(),
        });
    }
    Ok(readings)
}

async fn log(
    shared: &Shared,
    socket: &mut Socket,
    summary: &ConversationSummary,
    requests: &mut u32,
) -> Result<Vec<(Seq, Said)>> {
    let mut entries: Vec<(Seq, Said)> = Vec::new();
    let mut after = summary.first_seq.previous();
    while after < summary.last_seq {
        *requests += 1;
        if !send(socket, &page(*requests, summary.id, after)).await {
            bail!("the line broke");
        }
        let found = loop {
            match receive(socket).await? {
                ServerFrame::Page(page) => break page,
                ServerFrame::Error(error) => bail!("{error}"),
                _ => {}
            }
        };
        let Some(last) = found.events.last() else { break };
        after = last.seq;
        entries.extend(found.events.iter().map(|event| (event.seq, shared.said(event))));
    }
    Ok(entries)
}

async fn receive(socket: &mut Socket) -> Result<ServerFrame> {
    loop {
        let frame = tokio::time::timeout(ANSWER_TIMEOUT, socket.next()).await;
        let frame = frame.context("no answer")?.context("the line ended")?;
        if let Text::Text(text) = frame.context("the line broke")? {
            return codec::decode_server(&text).context("a frame that cannot be read");
        }
    }
}
