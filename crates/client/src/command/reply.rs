//! What commands are answered with.

use pipit_wire::frame::{Member, Profile};
use pipit_wire::preview::LinkPreview;
use pipit_wire::privacy::{BlockedPerson, Privacy};
use pipit_wire::push::{NotificationSettings, PushOutcome, PushState};
use pipit_wire::report::Report;
use pipit_wire::rest::{
    BannedPerson, BlobLink, Device, GroupInvite, GroupInviteInfo, Invite, InviteInfo, JoinRequest, ServerInfo,
};
use pipit_wire::{BlobId, ConversationId, Seq, Timestamp};
use serde::{Deserialize, Serialize};

use super::data::{CommandError, EditView, MessageReach, ReactionBy, VoteBy};
use super::picture::KeptPicture;
use crate::search::SearchResults;
use crate::view::{OwnKeys, PersonTrust, SafetyOutcome, WaitingDevice};

/// How a command went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Reply {
    /// It is done (for a message: it is queued on this device's disk).
    Done,
    /// The conversation that was made or found.
    Conversation {
        /// Which one.
        conversation: ConversationId,
    },
    /// The people that were found.
    Users {
        /// Best first.
        items: Vec<Profile>,
    },
    /// What was found.
    SearchResults {
        /// By whom, and what.
        results: SearchResults,
    },
    /// A page of members.
    Members {
        /// In the order that was asked for.
        items: Vec<Member>,
        /// For the next page.
        next: Option<String>,
    },
    /// The invite that was made, with its token.
    Invite {
        /// The invite.
        invite: Invite,
    },
    /// The invites that still work.
    Invites {
        /// Newest first.
        items: Vec<Invite>,
    },
    /// The link into a group that was made, with its token.
    GroupInvite {
        /// The link.
        invite: GroupInvite,
    },
    /// The links into a group that still work.
    GroupInvites {
        /// Newest first.
        items: Vec<GroupInvite>,
    },
    /// What a link into a group leads to.
    GroupInviteInfo {
        /// What it says.
        info: GroupInviteInfo,
    },
    /// One has joined a group, or has asked to be let in.
    Joining {
        /// The group, where one is a member now.
        conversation: Option<ConversationId>,
    },
    /// Who waits to be let in.
    JoinRequests {
        /// The oldest first.
        items: Vec<JoinRequest>,
    },
    /// Who is kept out.
    Bans {
        /// The latest first.
        items: Vec<BannedPerson>,
    },
    /// The devices.
    Devices {
        /// Newest sign-in first.
        items: Vec<Device>,
    },
    /// What a page says.
    Preview {
        /// It.
        preview: LinkPreview,
    },
    /// How much room one's own files take on the server, of what the limits allow.
    StorageUse {
        /// How many bytes, those included that are still to come.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        used_bytes: u64,
    },
    /// What a message said, oldest first, the original included.
    Edits {
        /// Each text that it had.
        items: Vec<EditView>,
    },
    /// Who reacted to a message.
    Reactions {
        /// In the order in which they did.
        items: Vec<ReactionBy>,
    },
    /// Who voted.
    Votes {
        /// In the order in which they did, the first 1,000.
        items: Vec<VoteBy>,
    },
    /// How far a message has come.
    MessageInfo {
        /// Each other member, at most 200 of them.
        items: Vec<MessageReach>,
        /// How many members there are beside oneself.
        total: u32,
    },
    /// Where in a log a moment is.
    Place {
        /// The first entry that is not older, or else the last one; without a line, of those that are here.
        seq: Seq,
    },
    /// Where files can be fetched from.
    BlobLinks {
        /// Those of them that are there.
        items: Vec<BlobLink>,
        /// When they stop working.
        expires_at: Timestamp,
        /// Those of which a small picture is kept ([`super::PictureCommand`]).
        kept: Vec<BlobId>,
    },
    /// What an invite link leads to.
    InviteInfo {
        /// What it says.
        info: InviteInfo,
    },
    /// What the server is.
    ServerInfo {
        /// What it says.
        info: ServerInfo,
    },
    /// How one is notified.
    Notifications {
        /// How.
        settings: NotificationSettings,
    },
    /// Whether, and to where, the server pushes to this device.
    Push {
        /// What the server says.
        state: PushState,
    },
    /// How a push to this device went.
    PushTested {
        /// How.
        outcome: PushOutcome,
        /// The status of the push service's answer, where there was one.
        status: Option<u16>,
    },
    /// What one lets others see of oneself and do to oneself.
    Privacy {
        /// The whole of it.
        privacy: Privacy,
    },
    /// Whom one blocks.
    Blocked {
        /// The page, the latest first.
        items: Vec<BlockedPerson>,
        /// Where the next page begins; none at the end.
        next: Option<String>,
    },
    /// The report was sent.
    Reported {
        /// How many messages it shows.
        shown: u32,
        /// How many it does not show, because they are not here, or nothing opens what their sender has committed to.
        left_out: u32,
    },
    /// A page of reports.
    Reports {
        /// The page: of open ones the oldest first, of closed ones the latest first.
        items: Vec<Report>,
        /// Where the next page begins; none at the end.
        next: Option<String>,
    },
    /// What is known of somebody's devices.
    PersonTrust {
        /// The whole of it.
        person: PersonTrust,
    },
    /// How a code compares.
    SafetyCode {
        /// How.
        outcome: SafetyOutcome,
    },
    /// What is known of one's own devices.
    OwnKeys {
        /// The whole of it.
        own: OwnKeys,
    },
    /// The device that shows a code.
    WaitingDevice {
        /// Which one.
        device: WaitingDevice,
    },
    /// A small picture that was kept.
    KeptPicture {
        /// It; none where there is none.
        picture: Option<KeptPicture>,
    },
    /// A recovery code.
    RecoveryCode {
        /// It.
        code: String,
    },
    /// It did not work.
    Failed {
        /// Why.
        error: CommandError,
    },
}
