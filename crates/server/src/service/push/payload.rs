//! What a push says, as bytes.

use pipit_store::push::PushTarget;
use pipit_wire::event::{EventBody, MessageChange};
use pipit_wire::push::{PUSH_TEXT_BYTES_MAX, Previews, Push, PushedMessage};
use pipit_wire::{Content, Event};

/// Every push is filled up to a multiple of this, so that its length says little of what it says.
const BLOCK_BYTES: usize = 512;
/// The most that fits into the 4,096 bytes of a push: the head (86), the tag (16) and the mark of the last record (1) are taken off.
const BYTES_MAX: usize = 4_096 - 86 - 16 - 1;

/// What is told of a message.
pub(super) fn message(
    event: &Event,
    target: &PushTarget,
    sender: &str,
    previews: Previews,
    mention: bool,
) -> Push {
    let names = previews != Previews::Nothing;
    let (text, files) = if previews == Previews::Message {
        shown(&event.body)
    } else {
        (None, 0)
    };
    Push::Message(Box::new(PushedMessage {
        conversation: event.conversation,
        seq: event.seq,
        message: event.id.into(),
        at: event.at,
        kind: target.kind,
        title: target.title.clone().filter(|_title| names),
        sender: names.then(|| sender.to_owned()),
        text,
        files,
        mention,
    }))
}

/// Has a message say what an edit of it says. False where the edit says nothing that the server can read, or not any more.
pub(super) fn say_instead(message: &mut Event, edit: EventBody) -> bool {
    let EventBody::Message {
        content: Content::Plain { text, .. },
        ..
    } = &mut message.body
    else {
        return false;
    };
    let EventBody::MessageChanged {
        change:
            MessageChange::Edit {
                content: Content::Plain { text: new, .. },
                ..
            },
        ..
    } = edit
    else {
        return false;
    };
    *text = new;
    true
}

/// What is told of a message that says something else now.
pub(super) fn edited(event: &Event) -> Push {
    let (text, files) = shown(&event.body);
    Push::Edited {
        conversation: event.conversation,
        seq: event.seq,
        text,
        files,
    }
}

fn shown(body: &EventBody) -> (Option<String>, u32) {
    match body {
        EventBody::Message {
            content: Content::Plain {
                text, attachments, ..
            },
            ..
        } => {
            let text = (!text.is_empty()).then(|| beginning(text, PUSH_TEXT_BYTES_MAX).to_owned());
            (text, u32::try_from(attachments.len()).unwrap_or(u32::MAX))
        }
        _ => (None, 0),
    }
}

/// As many whole characters as fit.
fn beginning(text: &str, bytes_max: usize) -> &str {
    let end = text.floor_char_boundary(bytes_max);
    text.get(..end).unwrap_or_default()
}

/// As JSON, filled up with spaces. A text that takes more bytes as JSON than fit is cut further.
pub(super) fn encode(push: &Push) -> Vec<u8> {
    let mut push = push.clone();
    let mut bytes = json(&push);
    while bytes.len() > BYTES_MAX {
        let text = match &mut push {
            Push::Message(message) => &mut message.text,
            Push::Edited { text, .. } => text,
            _ => break,
        };
        let Some(text) = text else { break };
        let shorter = beginning(text, text.len() / 2).len();
        text.truncate(shorter);
        bytes = json(&push);
    }
    let filled = bytes.len().next_multiple_of(BLOCK_BYTES).min(BYTES_MAX);
    bytes.resize(filled.max(bytes.len()), b' ');
    bytes
}

fn json(push: &Push) -> Vec<u8> {
    let written = serde_json::to_vec(push);
    debug_assert!(written.is_ok(), "a push is plain data");
    written.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use pipit_wire::event::ConversationKind;
    use pipit_wire::{ConversationId, MessageId, Seq, Timestamp};

    use super::*;

    #[test]
    fn the_length_says_little_and_fits() {
        let push = |text: String| {
            Push::Message(Box::new(PushedMessage {
                conversation: ConversationId::from_bytes([1; 16]),
                seq: Seq::new(7).unwrap(),
                message: MessageId::from_bytes([2; 16]),
                at: Timestamp(1),
                kind: ConversationKind::Group,
                title: Some("Tea".to_owned()),
                sender: Some("Ada".to_owned()),
                text: Some(text),
                files: 0,
                mention: false,
            }))
        };
        assert_eq!(encode(&push(String::new())).len(), 512);
        assert_eq!(encode(&push("Yes".to_owned())).len(), 512);
        let long = push(beginning(&"ä".repeat(4_000), PUSH_TEXT_BYTES_MAX).to_owned());
        let bytes = encode(&long);
        assert_eq!(bytes.len(), 2_560);
        assert_eq!(serde_json::from_slice::<Push>(&bytes).unwrap(), long);
        // Each of these takes six bytes as JSON.
        let bytes = encode(&push("\u{1}".repeat(2_000)));
        assert!(bytes.len() <= BYTES_MAX, "{}", bytes.len());
        assert!(serde_json::from_slice::<Push>(&bytes).is_ok());
    }
}
