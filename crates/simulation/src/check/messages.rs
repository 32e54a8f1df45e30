//! Messages are what the log, in order, makes of them, and what was deleted is nowhere.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail, ensure};
use pipit_client::fold::{self, Folded};
use pipit_client::view::{ItemBody, TimelineItem};
use pipit_wire::event::MessageChange;
use pipit_wire::{Content, ConversationId, Event, EventBody, EventId, MessageId, Seq, UserId};

use crate::device::Device;

/// Whether an entry is a line of its own in a timeline.
pub(super) fn is_line(event: &Event) -> bool {
    match &event.body {
        EventBody::MessageChanged { change, .. } => *change == MessageChange::Pin { on: true },
        _ => true,
    }
}

fn folded(log: &[Event], message: MessageId, me: UserId) -> Folded {
    let mut folded = Folded::default();
    for event in log.iter().filter(|event| fold::target(event) == Some(message)) {
        folded.apply(event, me);
    }
    folded
}

/// Every message is shown as the whole log leaves it.
pub(super) fn as_the_log_leaves_them(
    device: &Device,
    items: &[TimelineItem],
    log: &[Event],
) -> anyhow::Result<()> {
    for item in items.iter().filter(|item| item.seq.is_some()) {
        let id = EventId::from(item.key);
        let event = log.iter().find(|event| event.id == id).context("an entry")?;
        if let EventBody::Message { content, .. } = &event.body {
            let folded = folded(log, item.key, device.user);
            same(&item.body, content, &folded).with_context(|| format!("{event:?}"))?;
        }
    }
    Ok(())
}

fn same(body: &ItemBody, content: &Content, folded: &Folded) -> anyhow::Result<()> {
    let (text, edited_at, reactions, pinned) = match body {
        ItemBody::Deleted { .. } => {
            ensure!(folded.deleted, "it is shown as deleted, and is not");
            ensure!(
                *content == Content::Erased {},
                "it is deleted, and the log has it"
            );
            return Ok(());
        }
        ItemBody::Message {
            text,
            edited_at,
            reactions,
            pinned,
            ..
        } => (text, edited_at, reactions, pinned),
        other => bail!("a message is shown as {other:?}"),
    };
    ensure!(!folded.deleted, "it is shown, and is deleted");
    let original = match content {
        Content::Plain { text, .. } => text.as_str(),
        Content::Sealed { .. } | Content::Erased {} => "",
    };
    ensure!(
        text == folded.text().unwrap_or(original),
        "it says {text:?}: {folded:?}"
    );
    let edit = folded.edit.as_ref().map(|edit| edit.at);
    ensure!(*edited_at == edit, "it was edited at {edit:?}, not {edited_at:?}");
    let is_pinned = folded.pinned_seq > Seq::ZERO;
    ensure!(*pinned == is_pinned, "pinned is {is_pinned}, not {pinned}");
    let shown: BTreeSet<_> = reactions
        .iter()
        .map(|shown| (shown.emoji.as_str(), shown.count, shown.mine))
        .collect();
    let counted: BTreeSet<_> = folded
        .reactions
        .iter()
        .map(|known| (known.emoji.as_str(), known.count, known.mine))
        .collect();
    ensure!(shown == counted, "it shows {shown:?} of {counted:?}");
    Ok(())
}

/// Nothing that a deleted message or its edits said is in the device's storage.
pub(super) fn deleted_is_erased(
    device: &Device,
    conversation: ConversationId,
    log: &[Event],
) -> anyhow::Result<()> {
    let deleted: BTreeSet<MessageId> = log
        .iter()
        .filter(|event| fold::is_deletion(event))
        .filter_map(fold::target)
        .collect();
    let concerned = |event: &Event| {
        let message = fold::target(event).unwrap_or_else(|| event.id.into());
        deleted.contains(&message)
    };
    let (entries, last) = device.kept(conversation)?;
    for event in entries.iter().chain(&last).filter(|event| concerned(event)) {
        let mut erased = event.clone();
        fold::erase(&mut erased);
        ensure!(erased == *event, "it is deleted, and still stored: {event:?}");
    }
    Ok(())
}
