//! The entries of a conversation's log.

use serde::{Deserialize, Serialize};

use crate::encryption::{HandshakeKind, Seal};
use crate::ids::{ArchiveId, BlobId, ConversationId, DeviceId, EventId, MessageId, Seq, UserId};
use crate::media::Attachment;
use crate::poll::{Poll, PollState, Tally};
use crate::preview::LinkPreview;
use crate::time::Timestamp;

/// What kind of conversation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ConversationKind {
    /// Between two people; there is at most one for each pair.
    Direct,
    /// Between any number of people, with roles.
    Group,
}

/// What a member of a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes part. In a direct conversation both people are members.
    Member,
    /// Keeps order: removes messages and members.
    Moderator,
    /// Runs the group: settings, invites, roles below their own.
    Admin,
    /// Has the last word. A group always has at least one.
    Owner,
}

/// What a message says: text that the server can read, or bytes that it cannot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Content {
    /// Structured text that the server can search and preview.
    Plain {
        /// The text, UTF-8, in Pipit's Markdown subset. Empty only where there are attachments.
        text: String,
        /// Its files, at most [`crate::media::ATTACHMENTS_MAX`].
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attachments: Vec<Attachment>,
        /// What people choose from, where the text is the question of a poll. A poll has no files, and is never edited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        poll: Option<Box<Poll>>,
        /// What the page that a link of the text leads to says of itself, if the sender wants it there. It stays that of the message, like
        /// the files; it is shown while its link stands in the text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        preview: Option<Box<LinkPreview>>,
    },
    /// Opaque bytes. Nothing on the delivery path looks inside.
    Sealed {
        /// The name of the scheme that sealed it, such as `mls1`.
        scheme: String,
        /// The bytes, in standard base64 with padding (RFC 4648, section 4).
        bytes: String,
        /// What stands beside them in an encrypted conversation, where nothing goes without; elsewhere it is refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        seal: Option<Seal>,
        /// What its sender's device has committed to in an encrypted conversation, where nothing is taken without: HMAC-SHA256 (RFC 2104) of what is sealed after the first 32
        /// bytes, which are its key. Whoever could read it can show the server what it said ([`crate::report`]); to everybody else it says nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        commitment: Option<String>,
        /// The sealed files that belong to it, so that they are kept as long as it is, and given to those who may read it. What they are is inside.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<BlobId>>"))]
        blobs: Vec<BlobId>,
        /// What it is, as far as the server has to know, in an encrypted conversation; elsewhere anything but a message is refused.
        #[serde(default, skip_serializing_if = "SealedPurpose::is_message")]
        #[cfg_attr(feature = "ts", ts(optional, as = "Option<SealedPurpose>"))]
        purpose: SealedPurpose,
    },
    /// What was here has been erased: the message was deleted. Only the server says so; a client that sends it is refused.
    Erased {},
}

/// What something sealed is, as far as the server has to know to tell people of it, and of nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SealedPurpose {
    /// Something said: it is unread until it was read, and people are notified.
    #[default]
    Message,
    /// Something about what was said before: an edit, a reaction; or what the group is called, told to whoever has come in. Nobody is notified, and it is never unread.
    Change,
    /// Another name, topic or picture of the group: as [`Self::Change`], and only for those who may change that.
    Profile,
}

impl SealedPurpose {
    /// Whether something is said.
    pub const fn is_message(&self) -> bool {
        matches!(self, Self::Message)
    }
}

impl Content {
    /// Text and nothing else.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Plain {
            text: text.into(),
            attachments: Vec::new(),
            poll: None,
            preview: None,
        }
    }

    /// What it is, where it was sealed for the devices of an encrypted conversation.
    pub const fn sealed_purpose(&self) -> Option<SealedPurpose> {
        match self {
            Self::Sealed {
                seal: Some(_),
                purpose,
                ..
            } => Some(*purpose),
            Self::Plain { .. } | Self::Sealed { .. } | Self::Erased {} => None,
        }
    }

    /// Whether it is something sealed that changes what was said before, or what the group is called.
    pub const fn is_sealed_change(&self) -> bool {
        matches!(
            self.sealed_purpose(),
            Some(SealedPurpose::Change | SealedPurpose::Profile)
        )
    }

    /// The poll, where this is one.
    pub fn poll(&self) -> Option<&Poll> {
        match self {
            Self::Plain { poll, .. } => poll.as_deref(),
            Self::Sealed { .. } | Self::Erased {} => None,
        }
    }
}

/// A message as its sender's device made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Made by the sending device before the message is sent; sending it again returns the first acknowledgement.
    pub id: MessageId,
    /// The conversation it goes to.
    pub conversation: ConversationId,
    /// When the person pressed send, by the device's clock. Shown to nobody as truth; `at` of the event is the server's.
    pub written_at: Timestamp,
    /// What it says.
    pub content: Content,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub reply_to: Option<MessageId>,
}

/// What newcomers to a group may read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum HistoryPolicy {
    /// What comes from their own joining on.
    #[default]
    None,
    /// Everything from the first entry on.
    All,
}

/// What a group is set to; of a direct conversation only the timer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default)]
pub struct GroupSettings {
    /// What it is about, at most [`crate::limits::TOPIC_CHARS_MAX`] characters; empty where nobody has said so.
    pub topic: String,
    /// Whether only admins and owners write.
    pub announcements: bool,
    /// What whoever joins from now on may read.
    pub history: HistoryPolicy,
    /// How long after the server has taken it a message is erased, milliseconds; zero: never.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<u32>"))]
    pub expire_after_ms: i64,
    /// Its picture, a file that its members may read; none where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub avatar: Option<BlobId>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
const fn is_zero(duration_ms: &i64) -> bool {
    *duration_ms == 0
}

impl GroupSettings {
    /// Whether it is as every group begins.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Does what a change says.
    pub fn apply(&mut self, change: &SettingsChange) {
        if let Some(topic) = &change.topic {
            self.topic.clone_from(topic);
        }
        self.announcements = change.announcements.unwrap_or(self.announcements);
        self.history = change.history.unwrap_or(self.history);
        self.expire_after_ms = change.expire_after_ms.unwrap_or(self.expire_after_ms);
        if let Some(avatar) = change.avatar {
            self.avatar = avatar.blob;
        }
    }
}

/// What is to change in a [`GroupSettings`]; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SettingsChange {
    /// See [`GroupSettings::topic`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub topic: Option<String>,
    /// See [`GroupSettings::announcements`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub announcements: Option<bool>,
    /// See [`GroupSettings::history`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub history: Option<HistoryPolicy>,
    /// See [`GroupSettings::expire_after_ms`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<u32>"))]
    pub expire_after_ms: Option<i64>,
    /// See [`GroupSettings::avatar`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub avatar: Option<AvatarChange>,
}

/// Another picture, or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct AvatarChange {
    /// The picture; left out where there is to be none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub blob: Option<BlobId>,
}

/// What happens to a message after it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum MessageChange {
    /// Its author says it differently. The edit with the greatest seq counts.
    Edit {
        /// What it says now. The files stay those of the message.
        content: Content,
        /// When it is erased with its message, where that has a time to live; set by the server, whatever a client says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        expires_at: Option<Timestamp>,
    },
    /// It is deleted for everyone: its content, and that of its edits, is erased from the log.
    Delete {},
    /// The sender of this entry reacts with an emoji, or takes that back.
    React {
        /// One emoji: a grapheme cluster of at most [`crate::limits::REACTION_BYTES_MAX`] bytes.
        emoji: String,
        /// Whether it stands now.
        on: bool,
    },
    /// It is pinned in the conversation, or is not any more.
    Pin {
        /// Whether it is pinned now.
        on: bool,
    },
    /// The sender of this entry votes in the poll that it is: in place of their vote before, where they had one.
    Vote {
        /// What they choose: places of options, from zero, in order, each once. Nothing takes the vote back.
        options: Vec<u8>,
        /// How the poll stands after this; set by the server, whatever a client says. None where it has been erased with the poll.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        tally: Option<Tally>,
        /// Whether the poll is anonymous; set by the server. Then all but the voter's own devices get this entry with the nil UUID as its
        /// sender, without a device and without options.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
        anonymous: bool,
    },
    /// The poll that it is takes no more votes.
    ClosePoll {},
}

impl MessageChange {
    /// An edit as its author's device makes it.
    pub const fn edit(content: Content) -> Self {
        Self::Edit {
            content,
            expires_at: None,
        }
    }

    /// A vote as a device makes it.
    pub const fn vote(options: Vec<u8>) -> Self {
        Self::Vote {
            options,
            tally: None,
            anonymous: false,
        }
    }
}

/// A change of a message as its author's device made it. Sent like a message: kept until it is acknowledged, and sent again with the
/// same id where that is in doubt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Of the entry that it becomes; made by the device, the idempotency key.
    pub id: EventId,
    /// The conversation of the message.
    pub conversation: ConversationId,
    /// Which message.
    pub message: MessageId,
    /// What happens to it.
    pub change: MessageChange,
}

/// What has become of a message, as of the last entry of a page's log (`last_seq`). Messages to which nothing has happened have none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MessageState {
    /// Which message.
    pub message: MessageId,
    /// The last edit, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub edit: Option<LastEdit>,
    /// The reactions, in the order in which each emoji first came; at most [`crate::limits::REACTIONS_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    /// The entry that pinned it; zero where it is not pinned.
    #[serde(default)]
    pub pinned_seq: Seq,
    /// How it stands with the poll, where it is one and somebody has voted in it or closed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub poll: Option<PollState>,
}

/// The edit of a message that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LastEdit {
    /// The entry that said so.
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
    /// What the message says now.
    pub content: Content,
}

/// One emoji under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Reaction {
    /// Which one.
    pub emoji: String,
    /// How many members' it is.
    pub count: u32,
    /// Whether whoever asks is one of them.
    pub mine: bool,
    /// The first of them, at most [`crate::limits::REACTION_USERS_MAX`].
    pub users: Vec<UserId>,
}

/// An entry of a conversation's log. Entries never change, but that deleted content is erased from them; later ones say what happened
/// to earlier ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Event {
    /// The idempotency key of its append; for a message, the message's id.
    pub id: EventId,
    /// Whose log it is in.
    pub conversation: ConversationId,
    /// Its place there: unique, increasing, without gaps.
    pub seq: Seq,
    /// When the server put it there, by the server's clock.
    pub at: Timestamp,
    /// Who caused it.
    pub sender: UserId,
    /// The device that caused it, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub device: Option<DeviceId>,
    /// What happened.
    pub body: EventBody,
}

/// What an entry of the log says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventBody {
    /// The conversation was made. Always the entry with seq 1.
    Created {
        /// What kind it is.
        kind: ConversationKind,
        /// The group's name; none for a direct conversation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        title: Option<String>,
        /// The first members, with their roles.
        members: Vec<MemberRole>,
        /// Whether it is encrypted end to end.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
        encrypted: bool,
    },
    /// A message.
    Message {
        /// When the person pressed send, by the device's clock.
        written_at: Timestamp,
        /// What it says.
        content: Content,
        /// The message that it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        reply_to: Option<MessageId>,
        /// When it is erased: the conversation's timer when the server took it. Stays when its content is gone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        expires_at: Option<Timestamp>,
    },
    /// Somebody was added or has joined.
    MemberAdded {
        /// Who, and as what.
        member: MemberRole,
    },
    /// Somebody left (`user` is the sender) or was removed (`user` is not).
    MemberRemoved {
        /// Who is no longer a member.
        user: UserId,
        /// Whether they are kept out from now on.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
        banned: bool,
    },
    /// Somebody's role changed.
    RoleChanged {
        /// Who, and what they are now.
        member: MemberRole,
    },
    /// The group got another name.
    TitleChanged {
        /// The new name.
        title: String,
    },
    /// What the group is set to changed.
    SettingsChanged {
        /// What of it.
        change: SettingsChange,
    },
    /// Something happened to an earlier message of this log.
    MessageChanged {
        /// To which one.
        message: MessageId,
        /// What.
        change: MessageChange,
    },
    /// Something happened, or is to happen, to the group of devices of an encrypted conversation.
    Handshake {
        /// What.
        kind: HandshakeKind,
        /// What stands beside the bytes; a commit ends its epoch.
        seal: Seal,
        /// An `MLSMessage` (RFC 9420, section 6), in standard base64 with padding.
        bytes: String,
    },
    /// Somebody shows these people, whom they have added, what was said before they came. Only ever sealed: it stands in no log as it is.
    HistoryShown {
        /// Where it is ([`crate::rest::archive::ArchivePurpose::History`]).
        archive: ArchiveId,
        /// What opens it: 32 bytes, in standard base64 with padding.
        key: String,
        /// To whom.
        users: Vec<UserId>,
    },
    /// An entry of a type that this version does not know. It keeps its place in the log; clients show nothing for it.
    #[serde(other)]
    Unknown,
}

/// A person and what they are in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MemberRole {
    /// Who.
    pub user: UserId,
    /// As what.
    pub role: Role,
}
