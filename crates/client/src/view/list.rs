//! The list of conversations.

use pipit_wire::event::ConversationKind;
use pipit_wire::frame::{PresenceState, RequestState};
use pipit_wire::person::Status;
use pipit_wire::push::NotifyRule;
use pipit_wire::{Attachment, BlobId, ConversationId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::DeliveryState;
use crate::picture::GroupPicture;

/// A conversation in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ConversationItem {
    /// Which one.
    pub id: ConversationId,
    /// What kind it is.
    pub kind: ConversationKind,
    /// What to call it: the group's name or the other person's; empty while that is not known here.
    pub title: String,
    /// The other person of a direct conversation.
    pub peer: Option<UserId>,
    /// How they are, where that is known.
    pub presence: Option<PresenceState>,
    /// The last message, or what happened last where there is none.
    pub preview: Option<Preview>,
    /// The group's picture, or the other person's.
    pub avatar: Option<BlobId>,
    /// The picture of an encrypted group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub picture: Option<GroupPicture>,
    /// How the other person of a direct conversation is just now, as they say.
    pub status: Option<Status>,
    /// When the last thing happened: the order of the list.
    pub last_at: Timestamp,
    /// How many messages of others have not been read, counted up to 1,000.
    pub unread: u32,
    /// What oneself keeps of it.
    pub personal: PersonalView,
    /// How many people wait to be let in, where one may decide that.
    pub join_requests: u32,
    /// The names of those who are typing.
    pub typing: Vec<String>,
    /// What is in its composer and has not been sent.
    pub draft: Option<String>,
    /// Whether it is encrypted end to end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub encrypted: bool,
}

/// What oneself keeps of a conversation: the same on all of one's devices, and shown to nobody else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PersonalView {
    /// Archived: only in the list of those. A new message brings it back, unless it is muted.
    pub archived: bool,
    /// Stands at the top of the list.
    pub pinned: bool,
    /// Until when it makes no sound, by the server's clock; none where it is not muted.
    pub muted_until: Option<Timestamp>,
    /// Marked as unread by oneself, though everything was read.
    pub marked_unread: bool,
    /// Whether it is a message request: what a stranger has begun, and what was answered.
    pub request: RequestState,
    /// Of which messages one is notified.
    pub notify: NotifyRule,
}

/// Which conversations a view's list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ListFilter {
    /// All but the archived ones.
    #[default]
    All,
    /// Those with unread messages, or marked as unread; none that is archived.
    Unread,
    /// Groups that are not archived.
    Groups,
    /// Conversations of two that are not archived.
    People,
    /// The archived ones, and message requests that were refused.
    Archived,
    /// Message requests that wait for an answer. They are in none of the others.
    Requests,
}

/// What the list shows of a conversation's last message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Preview {
    /// Whose it is.
    pub sender_name: String,
    /// Whether it is one's own.
    pub mine: bool,
    /// The first characters of its text, on one line.
    pub text: String,
    /// Its files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<Attachment>>"))]
    pub attachments: Vec<Attachment>,
    /// Whether it was deleted for everyone: then there is no text.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub deleted: bool,
    /// Whether it is a poll: then the text is its question.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub poll: bool,
    /// Where it stands, where it is one's own.
    pub delivery: Option<DeliveryState>,
}
