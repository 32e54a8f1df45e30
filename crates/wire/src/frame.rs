//! What travels over the WebSocket: one JSON object a text frame, each with a `type`.

pub mod client;
pub mod server;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::event::{ConversationKind, Event, GroupSettings, Role};
use crate::ids::{ConversationId, MessageId, Seq, UserId};
use crate::person::Face;
use crate::push::NotifyRule;
use crate::scheduled::Scheduled;
use crate::time::Timestamp;

/// How far a client has a conversation's log without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// Whose log.
    pub conversation: ConversationId,
    /// The last entry it has.
    pub seq: Seq,
}

/// The two markers of a member: both only ever move forward, and `read_seq` never passes `delivered_seq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Receipt {
    /// Of which conversation.
    pub conversation: ConversationId,
    /// Whose markers.
    pub user: UserId,
    /// Everything up to here is stored on a device of theirs.
    pub delivered_seq: Seq,
    /// Everything up to here was on their screen.
    pub read_seq: Seq,
}

/// Whether a person is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PresenceState {
    /// A device of theirs is connected and in use.
    Online,
    /// A device of theirs is connected, but not in use.
    Away,
    /// No device of theirs is connected.
    Offline,
}

/// A person as others see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Profile {
    /// Who.
    pub user: UserId,
    /// The unique name, without `@`.
    pub handle: String,
    /// The name that they chose to be shown.
    pub name: String,
    /// What else they show, to those who share a conversation with them. Left out where only the names are told: then what was known
    /// stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub face: Option<Face>,
}

/// A member as a conversation's summary lists them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Member {
    /// Who it is.
    #[serde(flatten)]
    pub profile: Profile,
    /// What they are here.
    pub role: Role,
    /// Everything up to here is stored on a device of theirs.
    pub delivered_seq: Seq,
    /// Everything up to here was on their screen.
    pub read_seq: Seq,
}

/// A conversation as one of its members sees it in the list, at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ConversationSummary {
    /// Which one.
    pub id: ConversationId,
    /// What kind it is.
    pub kind: ConversationKind,
    /// The group's name; none for a direct conversation, which is shown by the other's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub title: Option<String>,
    /// Whether it is encrypted end to end: chosen when it was made, and never changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub encrypted: bool,
    /// How many members there are.
    pub member_count: u32,
    /// The members, oldest first: all of them up to [`crate::limits::SUMMARY_MEMBERS_MAX`], else the first so many.
    /// Whoever asks is always among them.
    pub members: Vec<Member>,
    /// The first entry that whoever asks may read.
    pub first_seq: Seq,
    /// The last entry of the log.
    pub last_seq: Seq,
    /// When the last entry was put there: the order of the list, newest first.
    pub last_at: Timestamp,
    /// The last message, for the preview, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub last_message: Option<Event>,
    /// How many messages of others stand after `read_seq` of whoever asks, counted up to 1,000.
    pub unread: u32,
    /// What the group is set to; left out where that is as every group begins.
    #[serde(default, skip_serializing_if = "GroupSettings::is_default")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<GroupSettings>"))]
    pub settings: GroupSettings,
    /// How many people wait to be let in, where whoever asks may decide that; else left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<u32>"))]
    pub join_requests: u32,
    /// What whoever asks keeps of it for themselves; left out where that is nothing.
    #[serde(default, skip_serializing_if = "Personal::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Personal>"))]
    pub personal: Personal,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What a person keeps of a conversation for themselves: the same on all of their devices, and shown to nobody else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default)]
pub struct Personal {
    /// When it was changed last, by the server's clock; grows with every change, so that the later of two states is known. Zero
    /// where it never was.
    pub changed_at: Timestamp,
    /// Archived up to this entry: a message after it brings the conversation back, unless it is muted then. Zero where it is not
    /// archived.
    pub archived_seq: Seq,
    /// Its place among those that are pinned to the top of the list, 1 first; zero where it is not pinned.
    pub pin: u32,
    /// Until when it makes no sound; zero where it is not muted.
    pub muted_until: Timestamp,
    /// Marked as unread by the person, though everything was read.
    pub marked_unread: bool,
    /// What is in its composer and has not been sent; empty where there is nothing. Of an encrypted conversation it is sealed, for the account's other devices.
    pub draft: String,
    /// The messages that they have deleted for themselves, by their places in the log; at most [`crate::limits::HIDDEN_MAX`].
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<BTreeSet<Seq>>"))]
    pub hidden: BTreeSet<Seq>,
    /// Whether it is a message request, and what was answered.
    pub request: RequestState,
    /// Who asks: the stranger who has begun it, or has added them to the group. It stays once that is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub asked_by: Option<UserId>,
    /// The messages that the server is to send for them, by their ids.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<BTreeMap<MessageId, Scheduled>>"))]
    pub scheduled: BTreeMap<MessageId, Scheduled>,
    /// Of which of its messages they are notified.
    pub notify: NotifyRule,
}

/// Where a conversation that a stranger has begun, or has added somebody to, stands with whom it asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// It is no request, or one that was accepted.
    #[default]
    Accepted,
    /// It waits for an answer. Until then nobody learns anything by it: no markers, no typing, no presence.
    Waiting,
    /// It was refused, and whoever asked is blocked. A group is left by that.
    Refused,
}

impl Personal {
    /// Whether it was never changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The same with what a change says.
    #[must_use]
    pub fn with(mut self, change: &PersonalChange) -> Self {
        self.archived_seq = change.archived_seq.unwrap_or(self.archived_seq);
        self.pin = change.pin.unwrap_or(self.pin);
        self.muted_until = change.muted_until.unwrap_or(self.muted_until);
        self.marked_unread = change.marked_unread.unwrap_or(self.marked_unread);
        if let Some(draft) = &change.draft {
            self.draft.clone_from(draft);
        }
        self.hidden.extend(&change.hide);
        self.request = change.request.unwrap_or(self.request);
        self.notify = change.notify.unwrap_or(self.notify);
        for (message, entry) in &change.schedule {
            match entry {
                Some(entry) => _ = self.scheduled.insert(*message, entry.clone()),
                None => _ = self.scheduled.remove(message),
            }
        }
        self
    }
}

/// What is to change in a [`Personal`]; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct PersonalChange {
    /// See [`Personal::archived_seq`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub archived_seq: Option<Seq>,
    /// See [`Personal::pin`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub pin: Option<u32>,
    /// See [`Personal::muted_until`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub muted_until: Option<Timestamp>,
    /// See [`Personal::marked_unread`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub marked_unread: Option<bool>,
    /// See [`Personal::draft`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub draft: Option<String>,
    /// What comes to [`Personal::hidden`]. Nothing is ever taken out of that: what is deleted does not come back.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<BTreeSet<Seq>>"))]
    pub hide: BTreeSet<Seq>,
    /// See [`Personal::request`]: the answer to a request. What was accepted stays so; what was refused can still be accepted, which
    /// lifts the block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub request: Option<RequestState>,
    /// Messages of [`Personal::scheduled`] that are written or changed; none for one that is taken back. One that was sent or taken back
    /// does not come back: what is said of it later changes nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(
        feature = "ts",
        ts(optional, as = "Option<BTreeMap<MessageId, Option<Scheduled>>>")
    )]
    // A map of what may be missing is more than OpenAPI's derivation knows; the frames' schema says it.
    #[cfg_attr(feature = "schema", schema(value_type = BTreeMap<MessageId, Scheduled>))]
    pub schedule: BTreeMap<MessageId, Option<Scheduled>>,
    /// See [`Personal::notify`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub notify: Option<NotifyRule>,
}

impl PersonalChange {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Both changes, `later` where both speak of the same.
    #[must_use]
    pub fn then(self, later: Self) -> Self {
        let hide = self.hide.union(&later.hide).copied().collect();
        let mut schedule = self.schedule;
        schedule.extend(later.schedule);
        Self {
            hide,
            schedule,
            archived_seq: later.archived_seq.or(self.archived_seq),
            pin: later.pin.or(self.pin),
            muted_until: later.muted_until.or(self.muted_until),
            marked_unread: later.marked_unread.or(self.marked_unread),
            draft: later.draft.or(self.draft),
            request: later.request.or(self.request),
            notify: later.notify.or(self.notify),
        }
    }
}

/// Where a page of the list of conversations ends: the next one begins after it. Ordered by time, then id, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ListPosition {
    /// `last_at` of the last conversation of the page.
    pub last_at: Timestamp,
    /// Its id.
    pub conversation: ConversationId,
}
