//! What may stand in the log of an encrypted conversation. The server refuses everything else, and clients show nothing else, whatever a server says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_wire::Content;
use pipit_wire::event::{EventBody, MessageChange};

/// The least that something is, sealed as a part of an archive is: its version, its salt, and the tag of one segment.
const SEALED_BYTES_MIN: usize = 1 + 32 + 16;
/// The version that such a part begins with.
const SEALED_VERSION: u8 = 1;

/// Whether a draft has the form of one that is sealed (`docs/protocol.md`, "Drafts"): base64 of what is as long, and begins, as that does. Whether the server could read it after all cannot be told.
#[must_use]
pub fn is_sealed_draft(draft: &str) -> bool {
    let bytes = STANDARD.decode(draft).unwrap_or_default();
    bytes.len() >= SEALED_BYTES_MIN && bytes.first() == Some(&SEALED_VERSION)
}

/// Whether an entry says something that the server could read, or that it would have to carry without knowing in which epoch it can be read.
#[must_use]
pub const fn is_open(body: &EventBody) -> bool {
    match body {
        EventBody::Message { content, .. } => match content {
            Content::Sealed { seal, .. } => seal.is_none(),
            Content::Plain { .. } => true,
            Content::Erased {} => false,
        },
        EventBody::MessageChanged { change, .. } => match change {
            MessageChange::Edit { .. }
            | MessageChange::React { .. }
            | MessageChange::Vote { .. }
            | MessageChange::ClosePoll {} => true,
            MessageChange::Delete {} | MessageChange::Pin { .. } => false,
        },
        EventBody::SettingsChanged { change } => change.topic.is_some() || change.avatar.is_some(),
        EventBody::TitleChanged { .. } | EventBody::HistoryShown { .. } | EventBody::Unknown => true,
        EventBody::Created { .. }
        | EventBody::MemberAdded { .. }
        | EventBody::MemberRemoved { .. }
        | EventBody::RoleChanged { .. }
        | EventBody::Handshake { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_sealed_or_it_is_not() {
        let sealed = |first: u8, length: usize| {
            let mut bytes = vec![0; length];
            bytes[0] = first;
            STANDARD.encode(bytes)
        };
        assert!(is_sealed_draft(&sealed(1, SEALED_BYTES_MIN)));
        assert!(!is_sealed_draft(&sealed(1, SEALED_BYTES_MIN - 1)));
        assert!(!is_sealed_draft(&sealed(2, 500)));
        for text in [
            "",
            "Hello",
            "See you at the pier, and bring the old lamp: it gets dark at five now.",
        ] {
            assert!(!is_sealed_draft(text), "{text}");
        }
    }
}
