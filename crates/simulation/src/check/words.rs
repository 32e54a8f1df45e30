//! What messages say, in open conversations and in encrypted ones.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use pipit_client::view::{ItemBody, TimelineItem, UnreadableReason};
use pipit_wire::event::EventBody;
use pipit_wire::frame::ConversationSummary;
use pipit_wire::{Content, Event, MessageId, UserId};

/// Checks that every message says what was written, to whoever was in the conversation when it was sent, and that the server has
/// no words of an encrypted one.
pub(super) fn are_what_was_said(
    user: UserId,
    items: &[TimelineItem],
    log: &[&Event],
    summary: &ConversationSummary,
) -> anyhow::Result<()> {
    let mut is_in = false;
    for (item, event) in items.iter().zip(log) {
        let EventBody::Message { content, .. } = &event.body else {
            continue;
        };
        ensure!(
            summary.encrypted == matches!(content, Content::Sealed { .. }),
            "the server has {content:?} of {}",
            event.id
        );
        match &item.body {
            ItemBody::Message { text, .. } => {
                is_in = true;
                ensure!(
                    text.starts_with(&format!("{} from device ", item.key)),
                    "{} says {text:?}",
                    item.key
                );
            }
            ItemBody::Unreadable {
                reason: UnreadableReason::BeforeYou,
            } if summary.encrypted => {
                ensure!(!is_in, "{} is not read, and one before it is", event.seq);
                ensure!(
                    has_come_later(user, log),
                    "{} is not read by somebody who was there from the beginning",
                    event.seq
                );
            }
            other => anyhow::bail!("{} is shown as {other:?}", event.seq),
        }
    }
    let last = items.iter().rev().find(|item| item.seq.is_some());
    let last = last.context("a conversation has entries")?;
    ensure!(
        !matches!(last.body, ItemBody::Unreadable { .. }),
        "the last one is not read: {:?}",
        last.body
    );
    Ok(())
}

/// What each message says, and who reacts with what, as devices show it.
pub(super) type Everywhere = BTreeMap<MessageId, (String, Vec<(String, u32)>)>;

/// Checks that a device shows of each message what the devices before it show.
pub(super) fn are_the_same<'a>(
    everywhere: &mut Everywhere,
    items: impl Iterator<Item = &'a TimelineItem>,
) -> anyhow::Result<()> {
    for item in items.filter(|item| item.seq.is_some()) {
        let ItemBody::Message { text, reactions, .. } = &item.body else {
            continue;
        };
        let reactions = reactions
            .iter()
            .map(|reaction| (reaction.emoji.clone(), reaction.count));
        let shown = (text.clone(), reactions.collect::<Vec<_>>());
        let known = everywhere.entry(item.key).or_insert_with(|| shown.clone());
        ensure!(*known == shown, "{} is {known:?}, and {shown:?}", item.key);
    }
    Ok(())
}

/// Whether this person was added after the beginning.
fn has_come_later(user: UserId, log: &[&Event]) -> bool {
    let added =
        |event: &&&Event| matches!(&event.body, EventBody::MemberAdded { member } if member.user == user);
    let from_the_beginning = log
        .first()
        .is_some_and(|event| matches!(event.body, EventBody::Created { .. }));
    !from_the_beginning || log.iter().any(|event| added(&event))
}
