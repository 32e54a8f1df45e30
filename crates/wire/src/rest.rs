//! What travels over HTTP under `/v1`: the bodies of requests and answers.
//!
//! Access tokens go in `Authorization: Bearer` (RFC 6750, section 2.1). Errors are a [`crate::WireError`] with the status of its code.

use serde::{Deserialize, Serialize};

use crate::event::{AvatarChange, ConversationKind, Event, HistoryPolicy, MemberRole, MessageState, Role};
use crate::frame::client::ClientInfo;
use crate::frame::{ConversationSummary, Member, Profile};
use crate::ids::{BlobId, ConversationId, DeviceId, EventId, InviteId, MessageId, Seq, UserId};
use crate::limits::Limits;
use crate::media::Attachment;
use crate::person::StatusChange;
use crate::time::Timestamp;

macro_rules! bodies {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
        }
    )*};
}

bodies! {
    /// `POST /v1/setup`: makes the first account, the administrator, with the one-time link's token.
    SetUp {
        /// From the link that `pipit serve` prints.
        token: String,
        /// What to call this server, shown on invites.
        server_name: String,
        /// The first account.
        account: NewAccount,
    }
    /// `POST /v1/accounts`: signs up.
    SignUp {
        /// The token of an invite link; may be missing only where the operator has opened registration.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        invite: Option<String>,
        /// The account.
        account: NewAccount,
    }
    /// An account that somebody makes.
    NewAccount {
        /// The unique name: 2 to 32 of `a-z`, `0-9`, `_`, `.`, `-`, beginning with a letter or digit. Capitals are lowered.
        handle: String,
        /// The name to show, 1 to 64 characters.
        name: String,
        /// 10 to 256 characters.
        password: String,
        /// The name of the device that signs in, such as "Firefox on Linux", 1 to 64 characters.
        device_name: String,
        /// What software it is.
        client: ClientInfo,
    }
    /// `POST /v1/sessions`: signs in.
    SignIn {
        /// The unique name.
        handle: String,
        /// The password.
        password: String,
        /// The name of the device, 1 to 64 characters.
        device_name: String,
        /// What software it is.
        client: ClientInfo,
    }
    /// `POST /v1/sessions/refresh`: trades a refresh token for the next pair.
    Refresh {
        /// The newest refresh token that the device has.
        refresh_token: String,
    }
    /// `POST /v1/invites`: makes an invite link to the server.
    NewInvite {
        /// How long it is valid, seconds; 60 to 31,536,000.
        expires_in_s: u32,
        /// How many accounts it may make, 1 to 1,000.
        uses: u32,
    }
    /// `POST /v1/conversations/direct`: the conversation with somebody, made where there is none. With oneself it is that of one's notes.
    NewDirect {
        /// With whom.
        user: UserId,
        /// Whether it is encrypted end to end. Two people may have one conversation that is and one that is not.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
        encrypted: bool,
    }
    /// `POST /v1/conversations/group`: makes a group.
    NewGroup {
        /// Made by the client; sending the same again returns the same group.
        id: ConversationId,
        /// 1 to 128 characters. None where it is encrypted: what that is called is sealed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        title: Option<String>,
        /// Who else is in it, at most [`crate::limits::MEMBERS_PER_REQUEST_MAX`]; may be empty.
        members: Vec<UserId>,
        /// Whether it is encrypted end to end. That never changes.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
        encrypted: bool,
    }
    /// `POST /v1/conversations/{id}/members`: adds people to a group.
    AddMembers {
        /// Made by the client, one a person, in the order of `users`: the idempotency keys.
        event_ids: Vec<EventId>,
        /// Who, at most [`crate::limits::MEMBERS_PER_REQUEST_MAX`].
        users: Vec<UserId>,
    }
    /// `PATCH /v1/conversations/{id}/members/{user}`: changes a member's role.
    ChangeRole {
        /// The idempotency key.
        event_id: EventId,
        /// The new role.
        role: Role,
    }
    /// `PATCH /v1/conversations/{id}`: renames a group, or changes what it is set to: `title`, or some of the others. Each of
    /// the two is an entry of the log.
    ChangeConversation {
        /// The idempotency key.
        event_id: EventId,
        /// The new name, 1 to 128 characters. What an encrypted group is called, its topic and its picture are sealed (`sealed_only`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        title: Option<String>,
        /// What it is about, at most 512 characters; empty takes it away.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        topic: Option<String>,
        /// Whether only admins and owners write.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        announcements: Option<bool>,
        /// What whoever joins from now on may read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        history: Option<HistoryPolicy>,
        /// How long after it was taken a message is erased, milliseconds: 5,000 to 31,536,000,000; zero: never. In a direct conversation,
        /// this is all that can be changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional, as = "Option<u32>"))]
        expire_after_ms: Option<i64>,
        /// Another picture, one that the caller may read, or none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        avatar: Option<AvatarChange>,
    }
    /// `POST /v1/conversations/{id}/bans`: removes a member and keeps them out.
    NewBan {
        /// The idempotency key.
        event_id: EventId,
        /// Whom.
        user: UserId,
    }
    /// `POST /v1/conversations/{id}/invites`: makes an invite link to a group.
    NewGroupInvite {
        /// How long it is valid, seconds; 60 to 31,536,000.
        expires_in_s: u32,
        /// How many people may come by it, 1 to 1,000.
        uses: u32,
        /// Whether an admin has to let each of them in.
        approval: bool,
    }
    /// `POST /v1/groups/join`: joins a group by a link, or asks to be let in.
    JoinGroup {
        /// From the link.
        token: String,
        /// The idempotency key of the entry that says so.
        event_id: EventId,
    }
    /// `POST /v1/conversations/{id}/requests/{user}`: lets somebody in who has asked.
    Approve {
        /// The idempotency key.
        event_id: EventId,
    }
    /// `POST /v1/previews`: what the page says that a link leads to.
    FindPreview {
        /// The link: `http` or `https`, at most [`crate::preview::URL_BYTES_MAX`] bytes.
        url: String,
    }
    /// `POST /v1/blobs/links`: where to fetch files from.
    NewBlobLinks {
        /// Which files, at most 100.
        blobs: Vec<BlobId>,
    }
    /// `PATCH /v1/me`: changes one's profile.
    ChangeProfile {
        /// The name to show, 1 to 64 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        name: Option<String>,
        /// Another picture, one that the caller may read, or none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        avatar: Option<AvatarChange>,
        /// A line about oneself, at most 140 characters; empty for none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        about: Option<String>,
        /// How one is just now, or that nothing is said of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        status: Option<StatusChange>,
    }
}

macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
        }
    )*};
}

answers! {
    /// `GET /v1/server`, without a token: what a client needs before sign-in.
    ServerInfo {
        /// What its people call it.
        name: String,
        /// Its version.
        version: String,
        /// The protocol version it speaks.
        protocol: u32,
        /// Whether the first account still has to be made.
        needs_setup: bool,
        /// Whether anybody may sign up without an invite.
        registration_open: bool,
        /// What it allows.
        limits: Limits,
    }
    /// The answer to set-up, sign-up, sign-in and refresh.
    Session {
        /// The account.
        me: Me,
        /// This device.
        device: DeviceId,
        /// Goes with each request; valid for 15 minutes.
        access_token: String,
        /// When it ends, by the server's clock.
        access_expires_at: Timestamp,
        /// Trade it once for the next pair. Stays valid until its successor has been used, so that a lost answer locks nobody out.
        refresh_token: String,
    }
    /// `GET /v1/me`: one's own account.
    Me {
        /// As others see it.
        profile: Profile,
        /// Whether it runs this server.
        admin: bool,
    }
    /// `GET /v1/users?query=`: people found by handle or name.
    Users {
        /// At most 20, best first.
        items: Vec<Profile>,
    }
    /// `GET /v1/devices`: where the account is signed in.
    Devices {
        /// Newest sign-in first.
        items: Vec<Device>,
    }
    /// A place where the account is signed in.
    Device {
        /// Which one.
        id: DeviceId,
        /// Its name.
        name: String,
        /// What software it is.
        client: ClientInfo,
        /// When it signed in.
        signed_in_at: Timestamp,
        /// When it was last connected, to the nearest minute.
        last_seen_at: Timestamp,
        /// Whether it is the one that asks.
        current: bool,
    }
    /// An invite as its maker sees it.
    Invite {
        /// Which one.
        id: InviteId,
        /// Goes into the link; only in the answer that makes it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        token: Option<String>,
        /// Who made it.
        made_by: UserId,
        /// When it ends.
        expires_at: Timestamp,
        /// How many accounts it may still make.
        uses_left: u32,
    }
    /// `GET /v1/invites`: the invites that still work: one's own, or all for an administrator.
    Invites {
        /// Newest first.
        items: Vec<Invite>,
    }
    /// `GET /v1/invites/{token}`, without an access token: what a link leads to.
    InviteInfo {
        /// The server's name.
        server_name: String,
        /// Who invites.
        invited_by: String,
        /// When it ends.
        expires_at: Timestamp,
    }
    /// `GET /v1/conversations`: a page of the list.
    Conversations {
        /// Newest first.
        items: Vec<ConversationSummary>,
        /// Give it as `after` for the next page; none at the end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        next: Option<String>,
    }
    /// `GET /v1/conversations/{id}/members`: a page of the members.
    Members {
        /// Oldest first.
        items: Vec<Member>,
        /// Give it as `after` for the next page; none at the end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        next: Option<String>,
    }
    /// An invite link to a group, as those who may make one see it.
    GroupInvite {
        /// Which one.
        id: InviteId,
        /// Goes into the link; only in the answer that makes it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        token: Option<String>,
        /// Who made it.
        made_by: Profile,
        /// When it ends.
        expires_at: Timestamp,
        /// How many people may still come by it.
        uses_left: u32,
        /// Whether an admin has to let each of them in.
        approval: bool,
    }
    /// `GET /v1/conversations/{id}/invites`: the links to a group that still work.
    GroupInvites {
        /// Newest first, at most [`crate::limits::GROUP_INVITES_MAX`].
        items: Vec<GroupInvite>,
    }
    /// `GET /v1/groups/invites/{token}`: what a link leads to.
    GroupInviteInfo {
        /// The group's name; empty where it is encrypted, and only its members know.
        title: String,
        /// How many members it has.
        member_count: u32,
        /// Whether an admin has to let one in.
        approval: bool,
    }
    /// The answer to `POST /v1/groups/join`.
    Joining {
        /// The group, where one is a member now; none while an admin has to decide.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        conversation: Option<ConversationSummary>,
    }
    /// `GET /v1/conversations/{id}/requests`: who wants to be let into a group.
    JoinRequests {
        /// The oldest first, at most [`crate::limits::JOIN_REQUESTS_MAX`].
        items: Vec<JoinRequest>,
    }
    /// Somebody who wants to be let into a group.
    JoinRequest {
        /// Who.
        profile: Profile,
        /// Since when.
        at: Timestamp,
    }
    /// `GET /v1/conversations/{id}/bans`: who is kept out of a group.
    Bans {
        /// The latest first, at most [`crate::limits::BANS_MAX`].
        items: Vec<BannedPerson>,
    }
    /// Somebody who is kept out of a group.
    BannedPerson {
        /// Who.
        profile: Profile,
        /// Who did it.
        by: Profile,
        /// When.
        at: Timestamp,
    }
    /// A conversation that was made or found.
    Conversation {
        /// As whoever asked sees it.
        conversation: ConversationSummary,
    }
    /// `GET /v1/uploads`: the account's uploads that are not finished, and how much it has.
    Uploads {
        /// Oldest first.
        items: Vec<Upload>,
        /// How many bytes all files of the account have, finished and not; see `account_bytes_max`.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        used_bytes: u64,
    }
    /// An upload that is not finished.
    Upload {
        /// Which one.
        blob: BlobId,
        /// What the file is called.
        name: String,
        /// How many bytes it has.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        size: u64,
        /// How many of them have come.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        received: u64,
        /// When it is given up, unless more comes.
        expires_at: Timestamp,
    }
    /// `POST /v1/uploads/{blob}/finish`: what the server found out about a file.
    FinishedUpload {
        /// The file, ready to be sent.
        attachment: Attachment,
    }
    /// `POST /v1/blobs/links`: where to fetch files from.
    BlobLinks {
        /// Those of the files that are there and may be read, in any order.
        items: Vec<BlobLink>,
        /// When they stop working; new ones are given at any time.
        expires_at: Timestamp,
    }
    /// Where to fetch a file from.
    BlobLink {
        /// Which file.
        blob: BlobId,
        /// The path and query on this server. For a smaller picture put `/thumb/320` or `/thumb/1280` before the `?`.
        path: String,
    }
    /// `GET /v1/conversations/{id}/messages/{message}/reactions`: who reacted to a message.
    MessageReactions {
        /// In the order in which they did, the first 1,000.
        items: Vec<MessageReaction>,
    }
    /// Who reacted, and with what.
    MessageReaction {
        /// With what.
        emoji: String,
        /// Who.
        profile: Profile,
        /// The entry of the log that says so.
        seq: Seq,
    }
    /// `GET /v1/conversations/{id}/messages/{message}/votes`: who voted in a poll that is not anonymous.
    PollVotes {
        /// In the order in which they did, the first 1,000.
        items: Vec<PollVote>,
    }
    /// Who voted, and for what.
    PollVote {
        /// The places of the options that they have chosen, from zero.
        options: Vec<u8>,
        /// Who.
        profile: Profile,
        /// The entry of the log that says so.
        seq: Seq,
    }
    /// `GET /v1/conversations/{id}/pins`: the pinned messages, at most 50.
    Pins {
        /// The messages, the one pinned last first.
        events: Vec<Event>,
        /// What has become of them: each is in here.
        states: Vec<MessageState>,
    }
    /// `GET /v1/conversations/{id}/place`: where in a log a moment is.
    Place {
        /// The first entry that one may read and that is not older, or else the last one; the place before the first where there is none.
        seq: Seq,
    }
    /// `GET /v1/search`: what was found of what one may read.
    Found {
        /// People by handle or name, at most 20; on the first page of a query without operators only.
        people: Vec<Profile>,
        /// Conversations of one's own by title or by the other person, newest first, at most 20; likewise.
        conversations: Vec<ConversationSummary>,
        /// Messages, newest first.
        messages: Vec<FoundMessage>,
        /// Give it as `after` for the next page of messages; none at the end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        next: Option<String>,
        /// Whether everything that was sent before the question was looked at. False while the index has to catch up; ask again.
        complete: bool,
    }
    /// A message that was found.
    FoundMessage {
        /// Where.
        conversation: ConversationId,
        /// Its place there.
        seq: Seq,
        /// Which one.
        message: MessageId,
        /// Who sent it.
        sender: Profile,
        /// When.
        at: Timestamp,
        /// The part of what it says now that shows why it was found, in order.
        excerpt: Vec<ExcerptPart>,
    }
    /// A part of an excerpt: text as it was written, never markup.
    ExcerptPart {
        /// The text.
        text: String,
        /// Whether it is what was looked for.
        hit: bool,
    }
    /// What a member is now.
    MemberChanged {
        /// Of which conversation.
        conversation: ConversationId,
        /// Who and as what.
        member: MemberRole,
        /// What kind of conversation.
        kind: ConversationKind,
    }
}

pub mod archive;
pub mod encryption;
