//! What may stand in the log of an encrypted conversation. The server refuses everything else, and clients show nothing else, whatever a server says.

use pipit_wire::Content;
use pipit_wire::event::{EventBody, MessageChange};

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
