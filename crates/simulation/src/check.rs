//! What must be true when the world has healed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail, ensure};
use pipit_client::command::{Command, Reply};
use pipit_client::view::{ConnectionView, DeliveryState, TimelineItem};
use pipit_store::Store as _;
use pipit_store::log::LogRange;
use pipit_wire::event::ConversationKind;
use pipit_wire::{ConversationId, Event, EventBody, EventId, MessageId, Seq, UserId};

use crate::world::World;

mod polls;
mod words;

pub use polls::count as votes;

/// Checks everything.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn everything(world: &mut World) -> anyhow::Result<()> {
    // Also those whose making was carried out while its answer said otherwise.
    for device in 0..world.devices.len() {
        let user = state(world, device)?.user;
        let existing = world.server.truth.list_conversation_ids(user).await?;
        world.ledger.conversations.extend(existing);
    }
    let mut logs = BTreeMap::new();
    for conversation in world.ledger.conversations.clone() {
        logs.insert(conversation, log(world, conversation).await?);
    }
    acknowledged_is_in_the_log(world, &logs)?;
    let mut everywhere = words::Everywhere::new();
    let mut names = BTreeMap::new();
    for device in 0..world.devices.len() {
        let shown = device_is_up_to_date(world, device, &logs).await?;
        encrypted_groups_are_called_the_same(world, device, &mut names)?;
        queued_is_in_the_log(world, device, &logs, &shown)?;
        words::are_the_same(&mut everywhere, shown.values().flatten())?;
    }
    Ok(())
}

/// Checks that every device has every entry there is for it, and is in no conversation that it has left.
///
/// # Errors
/// What is missing, and where.
pub async fn entries(world: &World) -> anyhow::Result<()> {
    let truth = &world.server.truth;
    for (number, device) in world.devices.iter().enumerate() {
        let mut log = BTreeMap::new();
        for conversation in truth.list_conversation_ids(device.user).await? {
            let last_seq = truth.last_seq(conversation).await?.context("a log")?;
            log.insert(conversation, last_seq);
        }
        let stored = device.cursors()?;
        ensure!(
            stored == log,
            "device {number} has not reconnected, and has {stored:?} of {log:?}"
        );
    }
    Ok(())
}

/// A whole log, whoever may read it, with its numbering checked.
///
/// # Errors
/// A gap, a repetition, or an id that is there twice.
pub async fn log(world: &World, conversation: ConversationId) -> anyhow::Result<Vec<Event>> {
    let truth = &world.server.truth;
    let last_seq = truth
        .last_seq(conversation)
        .await?
        .context("a conversation that was made exists")?;
    let mut events: BTreeMap<u64, Event> = BTreeMap::new();
    // Nobody sees everything: entries before one's first are for others.
    for user in world
        .devices
        .iter()
        .map(|device| device.user)
        .collect::<BTreeSet<_>>()
    {
        let mut after = Seq::ZERO;
        while let Some(page) = truth
            .read_log(
                conversation,
                user,
                LogRange::After {
                    seq: after,
                    limit: 100,
                },
            )
            .await?
        {
            let Some(last) = page.events.last() else { break };
            after = last.seq;
            events.extend(page.events.into_iter().map(|event| (event.seq.get(), event)));
        }
    }
    let mut ids = BTreeSet::new();
    for (before, event) in events.values().zip(events.values().skip(1)) {
        ensure!(
            event.seq == before.seq.next(),
            "{conversation}: {} comes after {}",
            event.seq,
            before.seq
        );
    }
    for event in events.values() {
        ensure!(
            ids.insert(event.id),
            "{conversation}: {} is in the log twice",
            event.id
        );
    }
    if let Some((last, _)) = events.last_key_value() {
        ensure!(
            *last == last_seq.get(),
            "{conversation}: the log ends at {last}, the record at {last_seq}"
        );
    }
    Ok(events.into_values().collect())
}

fn acknowledged_is_in_the_log(
    world: &World,
    logs: &BTreeMap<ConversationId, Vec<Event>>,
) -> anyhow::Result<()> {
    for ((conversation, message), seq) in &world.ledger.acknowledged {
        let log = logs.get(conversation).context("a log")?;
        let Some(first) = log.first() else { continue };
        if *seq < first.seq {
            // Nobody is left who may read it.
            continue;
        }
        if world.ledger.votes.contains(message) {
            ensure!(
                polls::is_answered(log, *seq),
                "{message} was acknowledged at {seq}, where there is neither a vote nor a poll"
            );
            continue;
        }
        let found = log.iter().find(|event| event.id == EventId::from(*message));
        let found = found.with_context(|| format!("acknowledged {message} is not in {conversation}"))?;
        ensure!(
            found.seq == *seq,
            "{message} was acknowledged at {seq} and is at {}",
            found.seq
        );
    }
    Ok(())
}

/// What a device shows of each conversation, once that has been compared with the log.
type Shown = BTreeMap<ConversationId, Vec<TimelineItem>>;

async fn device_is_up_to_date(
    world: &mut World,
    device: usize,
    logs: &BTreeMap<ConversationId, Vec<Event>>,
) -> anyhow::Result<Shown> {
    let user = state(world, device)?.user;
    let connection = state(world, device)?.screen.connection;
    ensure!(
        connection == Some(ConnectionView::UpToDate),
        "device {device} is {connection:?}"
    );
    let mine: BTreeSet<_> = world
        .server
        .truth
        .list_conversation_ids(user)
        .await?
        .into_iter()
        .collect();
    while state(world, device)?.screen.has_more {
        world.command(device, Command::LoadMoreConversations)?;
        world.pass(5_000).await?;
    }
    let listed: BTreeSet<_> = state(world, device)?.shown().into_iter().collect();
    let stored: BTreeSet<_> = state(world, device)?.stored()?.into_iter().collect();
    ensure!(
        stored == mine,
        "device {device} has stored {stored:?}, and its person is in {mine:?}"
    );
    ensure!(
        listed == mine,
        "device {device} lists {listed:?}, and its person is in {mine:?}"
    );
    ordered_by_time(world, device)?;
    let mut shown = Shown::new();
    for conversation in mine {
        let log = logs.get(&conversation).context("a log")?;
        let items = whole_timeline(world, device, conversation).await?;
        let person = state(world, device)?.person;
        same_as_log(world, device, conversation, &items, log)
            .await
            .with_context(|| format!("device {device} of person {person}, conversation {conversation}"))?;
        shown.insert(conversation, items);
    }
    Ok(shown)
}

fn state(world: &World, device: usize) -> anyhow::Result<&crate::device::Device> {
    world.devices.get(device).context("a device")
}

fn ordered_by_time(world: &World, device: usize) -> anyhow::Result<()> {
    let items = &state(world, device)?.screen.conversations;
    for (above, below) in items.iter().zip(items.iter().skip(1)) {
        ensure!(
            above.last_at >= below.last_at,
            "device {device} lists an older conversation above a newer one"
        );
    }
    Ok(())
}

/// Opens a timeline afresh and scrolls to its beginning.
async fn whole_timeline(
    world: &mut World,
    device: usize,
    conversation: ConversationId,
) -> anyhow::Result<Vec<TimelineItem>> {
    world.command(device, Command::CloseTimeline)?;
    world.devices.get_mut(device).context("a device")?.screen.close();
    let open = world.command(device, Command::OpenTimeline { conversation })?;
    world.pass(5_000).await?;
    let reply = state(world, device)?.reply(open);
    ensure!(matches!(reply, Some(Reply::Done)), "a timeline opens: {reply:?}");
    for _ in 0..1_000 {
        let header = state(world, device)?.screen.header.as_ref().context("a header")?;
        ensure!(
            header.conversation == conversation,
            "the header is of the conversation that was opened"
        );
        if !header.has_older {
            return Ok(state(world, device)?.screen.timeline.clone());
        }
        world.command(device, Command::LoadOlder)?;
        world.pass(5_000).await?;
    }
    bail!("device {device} never comes to the beginning of {conversation}")
}

async fn same_as_log(
    world: &World,
    device: usize,
    conversation: ConversationId,
    items: &[TimelineItem],
    log: &[Event],
) -> anyhow::Result<()> {
    let device = state(world, device)?;
    let truth = &world.server.truth;
    let summary = truth
        .find_summary(conversation, device.user)
        .await?
        .context("a summary")?;
    let expected: Vec<&Event> = log
        .iter()
        .filter(|event| event.seq >= summary.first_seq && is_shown(world, event))
        .collect();
    let is_change = |item: &&TimelineItem| {
        let of = log.iter().find(|event| event.id == item.key.into());
        of.is_some_and(is_sealed_change)
    };
    // Whether another name of the group is said in the timeline depends on when the device came.
    let items: Vec<TimelineItem> = items.iter().filter(|item| !is_change(item)).cloned().collect();
    let items = items.as_slice();
    let shown: Vec<(Option<Seq>, EventId)> = items
        .iter()
        .map(|item| (item.seq, EventId::from(item.key)))
        .collect();
    let wanted: Vec<(Option<Seq>, EventId)> =
        expected.iter().map(|event| (Some(event.seq), event.id)).collect();
    let waiting = items
        .iter()
        .skip(wanted.len())
        .filter(|item| item.seq.is_none() && matches!(item.delivery, Some(DeliveryState::Failed { .. })));
    let failed = waiting.count();
    ensure!(
        shown.get(..shown.len().saturating_sub(failed)) == Some(wanted.as_slice()),
        "it shows {shown:?}, and the log has {wanted:?}"
    );
    words::are_what_was_said(device.user, items, &expected, &summary)?;
    polls::stand_as_voted(device.user, items, log)?;
    unread_is_a_recount(device, conversation, &expected, &summary)?;
    delivery_follows_receipts(device.user, items, &summary)?;
    ensure!(
        summary
            .members
            .iter()
            .any(|member| { member.profile.user == device.user && member.delivered_seq == summary.last_seq }),
        "everything is here, and the server does not know it: {:?}",
        summary.members
    );
    Ok(())
}

/// Changes of a group of devices are in the log, and on no screen; those of messages are seen in what they change.
fn is_shown(world: &World, event: &Event) -> bool {
    let is_change = matches!(
        event.body,
        EventBody::Handshake { .. } | EventBody::MessageChanged { .. }
    );
    !is_change && !is_sealed_change(event) && !world.ledger.changes.contains(&event.id)
}

fn is_sealed_change(event: &Event) -> bool {
    matches!(&event.body, EventBody::Message { content, .. } if content.is_sealed_change())
}

/// What an encrypted group is called its devices know from each other alone: where one knows, all do, and the same.
fn encrypted_groups_are_called_the_same(
    world: &World,
    device: usize,
    names: &mut BTreeMap<ConversationId, String>,
) -> anyhow::Result<()> {
    let items = &state(world, device)?.screen.conversations;
    let groups = items
        .iter()
        .filter(|item| item.encrypted && item.kind == ConversationKind::Group);
    for group in groups {
        let known = names.entry(group.id).or_insert_with(|| group.title.clone());
        ensure!(
            *known == group.title,
            "device {device} calls {} {:?}, and others {known:?}",
            group.id,
            group.title
        );
    }
    Ok(())
}

fn unread_is_a_recount(
    device: &crate::device::Device,
    conversation: ConversationId,
    log: &[&Event],
    summary: &pipit_wire::frame::ConversationSummary,
) -> anyhow::Result<()> {
    let me = summary
        .members
        .iter()
        .find(|member| member.profile.user == device.user)
        .context("a member")?;
    let is_unread = |event: &&Event| {
        event.seq > me.read_seq
            && event.sender != device.user
            && matches!(event.body, EventBody::Message { .. })
    };
    let unread = log.iter().filter(|event| is_unread(event)).count();
    let item = device
        .screen
        .conversations
        .iter()
        .find(|item| item.id == conversation)
        .context("an item")?;
    ensure!(
        usize::try_from(item.unread)? == unread,
        "it shows {} unread, and there are {unread}",
        item.unread
    );
    ensure!(
        usize::try_from(summary.unread)? == unread,
        "the server counts {}, not {unread}",
        summary.unread
    );
    Ok(())
}

fn delivery_follows_receipts(
    me: UserId,
    items: &[TimelineItem],
    summary: &pipit_wire::frame::ConversationSummary,
) -> anyhow::Result<()> {
    let others: Vec<_> = summary
        .members
        .iter()
        .filter(|member| member.profile.user != me)
        .collect();
    for item in items.iter().filter(|item| item.mine) {
        let (Some(seq), Some(delivery)) = (item.seq, &item.delivery) else {
            continue;
        };
        let expected = if others.is_empty() {
            DeliveryState::Sent
        } else if others.iter().all(|member| member.read_seq >= seq) {
            DeliveryState::Read
        } else if others.iter().all(|member| member.delivered_seq >= seq) {
            DeliveryState::Delivered
        } else {
            DeliveryState::Sent
        };
        ensure!(
            *delivery == expected,
            "{} at {seq} is shown as {delivery:?}, and is {expected:?}",
            item.key
        );
    }
    Ok(())
}

/// What a device had confirmed as queued is in the log once and in the order of writing, unless its person withdrew it or it
/// is shown as refused.
fn queued_is_in_the_log(
    world: &World,
    device: usize,
    logs: &BTreeMap<ConversationId, Vec<Event>>,
    shown: &Shown,
) -> anyhow::Result<()> {
    for ((_, conversation), messages) in world
        .ledger
        .queued
        .iter()
        .filter(|((owner, _), _)| *owner == device)
    {
        // Whoever has left sees nothing any more, and what they had queued went with it.
        let Some(items) = shown.get(conversation) else {
            continue;
        };
        let log = logs.get(conversation).context("a log")?;
        let places: BTreeMap<MessageId, Seq> = log
            .iter()
            .map(|event| (MessageId::from(event.id), event.seq))
            .collect();
        let mut last = Seq::ZERO;
        for message in messages {
            let Some(seq) = places.get(message) else {
                let refused = items.iter().any(|item| {
                    item.key == *message && matches!(item.delivery, Some(DeliveryState::Failed { .. }))
                });
                let was_away = was_away(world, device, log, *conversation)?;
                ensure!(
                    refused || was_away || world.ledger.withdrawn.contains(message),
                    "device {device} had queued {message} in {conversation}; it is neither in the log nor shown as refused"
                );
                continue;
            };
            ensure!(
                *seq > last,
                "device {device} wrote {message} later, and it stands earlier: {seq} after {last}"
            );
            last = *seq;
        }
    }
    Ok(())
}

/// Whether this person was removed from the conversation at some time: what was queued then went with the conversation.
fn was_away(
    world: &World,
    device: usize,
    log: &[Event],
    conversation: ConversationId,
) -> anyhow::Result<bool> {
    let user = state(world, device)?.user;
    let removed = log
        .iter()
        .any(|event| matches!(event.body, EventBody::MemberRemoved { user: gone, .. } if gone == user));
    let first = log.first().with_context(|| format!("{conversation} has a log"))?;
    Ok(removed || first.seq > Seq::ZERO.next())
}
