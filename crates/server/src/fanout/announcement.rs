//! What nodes tell each other over the bus, as bytes.
//!
//! Under a conversation's topic: one line of JSON ([`Header`]), a line feed, and the frame's text as clients get it, so that it is
//! serialised once for all nodes. Under an account's topic: a [`Control`] as JSON.

use bytes::{BufMut, Bytes, BytesMut};
use pipit_wire::frame::Receipt;
use pipit_wire::frame::server::Presence;
use pipit_wire::privacy::Privacy;
use pipit_wire::{ConversationId, DeviceId, Seq, UserId};
use serde::{Deserialize, Serialize};

use super::audience::Change;

/// What goes before a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The entry's place, where the frame is an entry of the log: a node sees by it that it has missed some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<Seq>,
    /// What the entry changes in who gets the next ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// Whether some get another text than the others: then it is made of this one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub veiled: bool,
    /// Whose connections do not get it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub except: Option<UserId>,
    /// How far a member's markers have moved: in place of a frame, because each node tells them only forward.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// Whether only the marker of what was read has moved.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_read: bool,
    /// Whether what was read is for its own account alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quiet: bool,
}

/// What concerns one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Control {
    /// It has become a member.
    Joined {
        /// Of which conversation.
        conversation: ConversationId,
        /// By which entry.
        seq: Seq,
    },
    /// A device of it has connected to the node that says so.
    Connected {
        /// Which one.
        device: DeviceId,
    },
    /// A device of it was signed out.
    SignedOut {
        /// Which one.
        device: DeviceId,
    },
    /// It was suspended.
    Suspended,
    /// How it is, for those who watch.
    Presence {
        /// The frame.
        presence: Presence,
    },
    /// What it shows of itself has changed, for those who watch.
    Profile,
    /// What it lets others see was changed.
    Privacy {
        /// The whole of it.
        privacy: Privacy,
    },
    /// Something for every connection of it.
    Told {
        /// The frame's text.
        frame: String,
    },
    /// A block between it and another account was made or lifted.
    BlockChanged {
        /// The other account.
        other: UserId,
    },
}

/// Puts a frame and what goes before it together.
pub fn encode_frame(header: Header, frame: &Bytes) -> Bytes {
    let mut bytes = BytesMut::with_capacity(frame.len() + 64).writer();
    // Writing a header to memory cannot fail.
    let written = serde_json::to_writer(&mut bytes, &header);
    debug_assert!(written.is_ok(), "a header is plain data");
    let mut bytes = bytes.into_inner();
    bytes.put_u8(b'\n');
    bytes.extend_from_slice(frame);
    bytes.freeze()
}

/// Takes them apart; none where this is not such a thing.
pub fn decode_frame(payload: &Bytes) -> Option<(Header, Bytes)> {
    let end = payload.iter().position(|byte| *byte == b'\n')?;
    let header = serde_json::from_slice(payload.get(..end)?).ok()?;
    let frame = payload.slice(end + 1..);
    std::str::from_utf8(&frame).ok()?;
    Some((header, frame))
}

/// Writes a control message.
pub fn encode_control(control: &Control) -> Bytes {
    let written = serde_json::to_vec(control);
    debug_assert!(written.is_ok(), "a control message is plain data");
    Bytes::from(written.unwrap_or_default())
}

/// Reads a control message; none where this is not one.
pub fn decode_control(payload: &Bytes) -> Option<Control> {
    serde_json::from_slice(payload).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_out_as_it_went_in() {
        let frame = Bytes::from_static(b"{\"text\":\"a\\nb\"}\n{}");
        let header = Header {
            seq: Seq::new(7),
            change: Some(Change::Removed(UserId::from_bytes([7; 16]))),
            ..Header::default()
        };
        assert_eq!(
            decode_frame(&encode_frame(header, &frame)),
            Some((header, frame.clone()))
        );
        let nothing = Header::default();
        assert_eq!(
            decode_frame(&encode_frame(nothing, &frame)),
            Some((nothing, frame))
        );
    }

    #[test]
    fn what_is_neither_is_refused() {
        for payload in [&b""[..], b"{}", b"nonsense\n{}", b"{}\n\xff"] {
            assert_eq!(decode_frame(&Bytes::from_static(payload)), None, "{payload:?}");
        }
        assert_eq!(
            decode_control(&Bytes::from_static(b"{\"type\":\"unheard of\"}")),
            None
        );
    }
}
