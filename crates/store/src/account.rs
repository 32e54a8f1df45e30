//! Records of accounts, devices, tokens and invites.

use pipit_wire::frame::Profile;
use pipit_wire::frame::client::ClientInfo;
use pipit_wire::privacy::Privacy;
use pipit_wire::{ConversationId, DeviceId, InviteId, Timestamp, UserId};
use uuid::Uuid;

/// The SHA-256 of a token. Tokens have 256 random bits, so that a plain hash is enough; the token itself is never kept.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

/// A password's argon2id hash in PHC string format. Does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// The server itself, once it has been set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerRecord {
    /// What its people call it.
    pub name: String,
    /// Changes with every restore from a backup, so that devices notice.
    pub generation: Uuid,
    /// When it was set up.
    pub set_up_at: Timestamp,
}

/// Makes the first account.
#[derive(Clone, Debug)]
pub struct SetUp {
    /// What to call the server.
    pub server_name: String,
    /// The first generation.
    pub generation: Uuid,
    /// The account; `admin` must be set.
    pub account: NewUser,
    /// Its first device.
    pub device: NewDevice,
    /// When.
    pub now: Timestamp,
}

/// Why set-up was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SetUpError {
    /// It has been done before.
    #[error("the server has been set up already")]
    AlreadySetUp,
}

/// An account to make.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Its id.
    pub id: UserId,
    /// Its unique name, already lowered and checked.
    pub handle: String,
    /// The name to show, already checked.
    pub name: String,
    /// What its password is checked against.
    pub password: PasswordHash,
    /// Whether it runs the server.
    pub admin: bool,
}

/// Makes an account with its first device.
#[derive(Clone, Debug)]
pub struct CreateAccount {
    /// The account.
    pub account: NewUser,
    /// Its first device.
    pub device: NewDevice,
    /// The invite that it uses, where one is needed.
    pub invite: Option<TokenHash>,
    /// When.
    pub now: Timestamp,
}

/// Why an account was not made. An invite is used only by an account that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreateAccountError {
    /// The handle is taken.
    #[error("the handle is taken")]
    HandleTaken,
    /// The invite is unknown, expired, revoked or used up.
    #[error("the invite does not work")]
    InviteInvalid,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRecord {
    /// As others see it.
    pub profile: Profile,
    /// Whether it runs the server.
    pub admin: bool,
    /// Since when it is suspended, where it is.
    pub suspended_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An account with what its password is checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialRecord {
    /// The account.
    pub user: UserRecord,
    /// What its password is checked against.
    pub password: PasswordHash,
}

/// A device to make.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// Its id.
    pub id: DeviceId,
    /// Whose.
    pub user: UserId,
    /// Its name, already checked.
    pub name: String,
    /// What software it is.
    pub client: ClientInfo,
    /// Its first refresh token.
    pub refresh: TokenHash,
    /// When.
    pub now: Timestamp,
}

/// A device that is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRecord {
    /// Its id.
    pub id: DeviceId,
    /// Whose.
    pub user: UserId,
    /// Its name.
    pub name: String,
    /// What software it is.
    pub client: ClientInfo,
    /// When it signed in.
    pub signed_in_at: Timestamp,
    /// When it was last connected.
    pub last_seen_at: Timestamp,
}

/// What a connection that opens is judged by and begins with, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The account of the device.
    pub user: UserRecord,
    /// The ids of all conversations that it is a member of, in any order.
    pub conversations: Vec<ConversationId>,
    /// What it lets others see.
    pub privacy: Privacy,
}

/// Why a device may not be connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barred {
    /// It was signed out, or never was.
    SignedOut,
    /// Its account is suspended.
    Suspended,
}

/// Trades a refresh token for its successor.
///
/// A device has a current token and, until the current one has been presented, its predecessor stays valid, so that an answer
/// lost on the way locks nobody out:
/// * the current token: becomes the predecessor, `successor` becomes current;
/// * the predecessor: `successor` replaces the current token, which was never used;
/// * any other token that the device ever had, a replaced one that was never used included: reuse (RFC 9700, section 4.14.2).
///   The device is revoked, and its tokens are unknown from then on. So are tokens that were pruned.
#[derive(Clone, Debug)]
pub struct RotateRefresh {
    /// The token that was presented.
    pub presented: TokenHash,
    /// The token that will be handed out.
    pub successor: TokenHash,
    /// When.
    pub now: Timestamp,
}

/// Why a refresh token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RotateRefreshError {
    /// No device that is signed in has ever had it, or the account is suspended.
    #[error("no device has this token")]
    Unknown,
    /// It was used before. The device has been revoked by this very call.
    #[error("the token was used before; the device has been signed out")]
    Reused {
        /// Whose.
        user: UserId,
        /// Which one.
        device: DeviceId,
    },
}

/// An invite to make.
#[derive(Clone, Debug)]
pub struct NewInvite {
    /// Its id.
    pub id: InviteId,
    /// Its token.
    pub token: TokenHash,
    /// Who makes it.
    pub made_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// How many accounts it may make.
    pub uses: u32,
}

/// An invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteRecord {
    /// Its id.
    pub id: InviteId,
    /// Who made it.
    pub made_by: UserId,
    /// The name of who made it.
    pub made_by_name: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// How many accounts it may still make.
    pub uses_left: u32,
}
