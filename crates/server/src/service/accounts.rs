//! Accounts: set-up, sign-up, sign-in, refresh, profile, people.

mod checked;
mod setup;

use std::net::IpAddr;
use std::sync::Arc;

use pipit_store::account::{
    CreateAccount, CreateAccountError, NewDevice, NewUser, RotateRefresh, RotateRefreshError, SetUpError,
    TokenHash, UserRecord,
};
use pipit_wire::frame::Profile;
use pipit_wire::frame::client::ClientInfo;
use pipit_wire::{DeviceId, ErrorCode, PROTOCOL_VERSION, UserId, rest};
use uuid::Uuid;

use self::checked::{Account, Entrance};
use self::setup::SetUpLink;
use super::attachments;
use super::passwords::Passwords;
use super::tokens::{AccessTokens, Secret, SecretKind, presented};
use crate::config::{Limits, Registration};
use crate::context::Context;
use crate::error::ServiceError;
use crate::fanout::hub::Hub;
use crate::limit::{Limit, Network, SharedBuckets};

/// The most people in the answer to a search.
const FOUND_MAX: u32 = 20;
/// The longest text to search for, in bytes.
const QUERY_BYTES_MAX: usize = 256;

/// Who asks: what an access token was checked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Whose account.
    pub user: UserId,
    /// Which device.
    pub device: DeviceId,
    /// Whether they run the server.
    pub admin: bool,
    /// As others see them.
    pub profile: Profile,
}

/// Makes accounts and lets people in.
pub struct Accounts {
    context: Context,
    tokens: Arc<AccessTokens>,
    passwords: Passwords,
    hub: Arc<Hub>,
    registration: Registration,
    set_up: SetUpLink,
    by_address: Limit<Network>,
    by_handle: Limit<String>,
}

/// What accounts are built from.
pub struct Parts {
    /// Storage, time, randomness.
    pub context: Context,
    /// Signs access tokens.
    pub tokens: Arc<AccessTokens>,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Where the connections are.
    pub hub: Arc<Hub>,
    /// Who may sign up.
    pub registration: Registration,
    /// How often somebody may try.
    pub limits: Limits,
    /// Where nodes count attempts together.
    pub shared_buckets: SharedBuckets,
    /// The hash of the token with which the first account is made.
    pub set_up: TokenHash,
}

impl Accounts {
    /// Accounts that are made and let in like this.
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts {
            context,
            tokens,
            passwords,
            hub,
            registration,
            limits,
            shared_buckets,
            set_up,
        } = parts;
        let accounts = Self {
            set_up: SetUpLink::new(set_up),
            by_address: Limit::per_minute(
                "address",
                limits.attempts_per_minute_address,
                Arc::clone(&context.clock),
                shared_buckets.clone(),
            ),
            by_handle: Limit::per_minute(
                "account",
                limits.attempts_per_minute_account,
                Arc::clone(&context.clock),
                shared_buckets,
            ),
            context,
            tokens,
            passwords,
            hub,
            registration,
        };
        Arc::new(accounts)
    }

    /// What a client needs to know before sign-in.
    pub async fn server(&self) -> Result<rest::ServerInfo, ServiceError> {
        let server = self.context.store.find_server().await?;
        Ok(rest::ServerInfo {
            needs_setup: server.is_none(),
            name: server.map_or_else(|| "Pipit".to_owned(), |server| server.name),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: PROTOCOL_VERSION,
            registration_open: self.registration == Registration::Open,
            limits: self.context.limits.clone(),
        })
    }

    /// Makes the first account.
    pub async fn set_up(&self, from: IpAddr, set_up: rest::SetUp) -> Result<rest::Session, ServiceError> {
        self.by_address.check(&from.into()).await?;
        let already = || ServiceError::refused(ErrorCode::AlreadySetUp, "the server has been set up already");
        if self.context.store.find_server().await?.is_some() {
            return Err(already());
        }
        if !self.set_up.is(&set_up.token) {
            return Err(ServiceError::refused(
                ErrorCode::InviteInvalid,
                "the set-up link does not work (any more)",
            ));
        }
        let server_name = checked::title("server_name", &set_up.server_name)?;
        let account = Account::check(set_up.account)?;
        let (user, device, refresh) = self.prepare(account, true).await?;
        let profile = profile_of(&user);
        let made = self
            .context
            .store
            .set_up(pipit_store::account::SetUp {
                server_name,
                generation: Uuid::from_bytes(self.context.random_bytes()),
                now: device.now,
                account: user,
                device: device.clone(),
            })
            .await?;
        match made {
            Ok(()) => {}
            Err(SetUpError::AlreadySetUp) => return Err(already()),
        }
        self.set_up.use_up();
        tracing::info!(user = %profile.user, "the server was set up");
        self.session(rest::Me { profile, admin: true }, device.id, refresh)
    }

    /// Makes an account.
    pub async fn sign_up(&self, from: IpAddr, sign_up: rest::SignUp) -> Result<rest::Session, ServiceError> {
        self.by_address.check(&from.into()).await?;
        let store = &self.context.store;
        if store.find_server().await?.is_none() {
            return Err(ServiceError::refused(
                ErrorCode::InviteRequired,
                "the server has not been set up yet",
            ));
        }
        let invalid =
            || ServiceError::refused(ErrorCode::InviteInvalid, "the invite does not work (any more)");
        let invite = match (&sign_up.invite, self.registration) {
            (Some(token), _) => Some(presented(SecretKind::Invite, token).ok_or_else(invalid)?),
            (None, Registration::Open) => None,
            (None, Registration::Invite) => {
                return Err(ServiceError::refused(
                    ErrorCode::InviteRequired,
                    "sign-up needs an invite here",
                ));
            }
        };
        let account = Account::check(sign_up.account)?;
        if let Some(token) = &invite {
            // Looked at before the work of hashing; it is used in one transaction with making the account.
            store
                .find_invite(token, self.context.now())
                .await?
                .ok_or_else(invalid)?;
        }
        let (user, device, refresh) = self.prepare(account, false).await?;
        let profile = profile_of(&user);
        let made = store
            .create_account(CreateAccount {
                account: user,
                now: device.now,
                device: device.clone(),
                invite,
            })
            .await?;
        match made {
            Ok(()) => {}
            Err(CreateAccountError::HandleTaken) => {
                let refusal = pipit_wire::WireError::new(ErrorCode::HandleTaken, "the handle is taken");
                return Err(refusal.about("account.handle").into());
            }
            Err(CreateAccountError::InviteInvalid) => return Err(invalid()),
        }
        tracing::info!(user = %profile.user, "an account was made");
        self.session(
            rest::Me {
                profile,
                admin: false,
            },
            device.id,
            refresh,
        )
    }

    /// Signs a device in.
    pub async fn sign_in(&self, from: IpAddr, sign_in: rest::SignIn) -> Result<rest::Session, ServiceError> {
        self.by_address.check(&from.into()).await?;
        let entrance = Entrance::check("", &sign_in.device_name, sign_in.client)?;
        let wrong = || ServiceError::refused(ErrorCode::WrongCredentials, "handle or password is wrong");
        // What cannot be a handle or a password goes the same way as a wrong one: by hashing.
        let handle = pipit_model::text::handle(&sign_in.handle).ok();
        let possible = pipit_model::text::password(&sign_in.password).is_ok();
        let password = if possible { sign_in.password } else { String::new() };
        let credential = match &handle {
            Some(handle) => {
                self.by_handle.check(handle).await?;
                self.context.store.find_credential(handle).await?
            }
            None => None,
        };
        let (user, hash) = credential
            .map(|credential| (credential.user, credential.password))
            .unzip();
        let fits = self.passwords.verify(password, hash).await?;
        let user = user.filter(|_user| fits && possible).ok_or_else(wrong)?;
        require_active(&user)?;
        let (device, refresh) = self.new_device(user.profile.user, entrance);
        let id = device.id;
        self.context.store.create_device(device).await?;
        tracing::info!(user = %user.profile.user, device = %id, "a device signed in");
        self.session(
            rest::Me {
                profile: user.profile,
                admin: user.admin,
            },
            id,
            refresh,
        )
    }

    /// Trades a refresh token for the next pair. One that was used before signs its device out: it may be stolen.
    pub async fn refresh(&self, from: IpAddr, refresh: rest::Refresh) -> Result<rest::Session, ServiceError> {
        self.by_address_of_refresh(from, &refresh).await?;
        let signed_out = || ServiceError::refused(ErrorCode::SignedOut, "the device was signed out");
        let presented = presented(SecretKind::Refresh, &refresh.refresh_token).ok_or_else(signed_out)?;
        let successor = Secret::new(SecretKind::Refresh, &*self.context.random);
        let rotation = RotateRefresh {
            presented,
            successor: successor.hash,
            now: self.context.now(),
        };
        let device = match self.context.store.rotate_refresh(rotation).await? {
            Ok(device) => device,
            Err(RotateRefreshError::Unknown) => return Err(signed_out()),
            Err(RotateRefreshError::Reused { user, device }) => {
                tracing::warn!(%user, %device, "a refresh token was used twice: its device was signed out");
                self.hub.device_signed_out(user, device);
                return Err(signed_out());
            }
        };
        let user = self
            .context
            .store
            .find_user(device.user)
            .await?
            .ok_or_else(signed_out)?;
        require_active(&user)?;
        self.session(
            rest::Me {
                profile: user.profile,
                admin: user.admin,
            },
            device.id,
            successor.text,
        )
    }

    /// One's own account.
    pub fn me(identity: &Identity) -> rest::Me {
        rest::Me {
            profile: identity.profile.clone(),
            admin: identity.admin,
        }
    }

    /// Changes what others see: the name, and what one shows to those who share a conversation.
    pub async fn change_profile(
        &self,
        identity: &Identity,
        change: rest::ChangeProfile,
    ) -> Result<rest::Me, ServiceError> {
        let store = &self.context.store;
        let name = change.name.as_deref().map(|name| checked::name("name", name));
        let name = name.transpose()?;
        let face = checked::face(change, self.context.now())?;
        if name.is_none() && face.is_empty() {
            return Err(ServiceError::field("name", "nothing is to change"));
        }
        if let Some(blob) = face.avatar.and_then(|avatar| avatar.blob) {
            attachments::require_picture(&self.context, identity.user, blob).await?;
        }
        let mut profile = identity.profile.clone();
        if let Some(name) = name {
            if !store.rename_user(identity.user, &name).await? {
                return Err(no_account());
            }
            profile.name = name;
        }
        if !face.is_empty() {
            let shown = store.set_face(identity.user, &face).await?;
            profile.face = Some(shown.ok_or_else(no_account)?);
        }
        Ok(rest::Me {
            profile,
            admin: identity.admin,
        })
    }

    /// People by the beginning of their handle or of a word of their name.
    pub async fn search(&self, identity: &Identity, query: &str) -> Result<rest::Users, ServiceError> {
        let query = query.trim().trim_start_matches('@');
        if query.len() > QUERY_BYTES_MAX || query.chars().any(char::is_control) {
            return Err(ServiceError::field(
                "query",
                "is at most 256 bytes without control characters",
            ));
        }
        if query.is_empty() {
            return Ok(rest::Users { items: Vec::new() });
        }
        let items = self
            .context
            .store
            .search_users(identity.user, query, FOUND_MAX)
            .await?;
        Ok(rest::Users { items })
    }

    /// A refresh that is well formed costs no attempt: it cannot be guessed, and a household's devices come back together.
    async fn by_address_of_refresh(&self, from: IpAddr, refresh: &rest::Refresh) -> Result<(), ServiceError> {
        if presented(SecretKind::Refresh, &refresh.refresh_token).is_none() {
            self.by_address.check(&from.into()).await?;
        }
        Ok(())
    }

    async fn prepare(
        &self,
        account: Account,
        admin: bool,
    ) -> Result<(NewUser, NewDevice, String), ServiceError> {
        let password = self.passwords.hash(account.password).await?;
        let user = NewUser {
            id: UserId::new(self.context.now(), self.context.random_bytes()),
            handle: account.handle,
            name: account.name,
            password,
            admin,
        };
        let (device, refresh) = self.new_device(user.id, account.entrance);
        Ok((user, device, refresh))
    }

    fn new_device(&self, user: UserId, entrance: Entrance) -> (NewDevice, String) {
        let now = self.context.now();
        let secret = Secret::new(SecretKind::Refresh, &*self.context.random);
        let device = NewDevice {
            id: DeviceId::new(now, self.context.random_bytes()),
            user,
            name: entrance.device_name,
            client: entrance.client,
            refresh: secret.hash,
            now,
        };
        (device, secret.text)
    }

    fn session(
        &self,
        me: rest::Me,
        device: DeviceId,
        refresh_token: String,
    ) -> Result<rest::Session, ServiceError> {
        let (access_token, access_expires_at) =
            self.tokens.issue(me.profile.user, device, self.context.now())?;
        Ok(rest::Session {
            me,
            device,
            access_token,
            access_expires_at,
            refresh_token,
        })
    }
}

fn profile_of(user: &NewUser) -> Profile {
    Profile {
        user: user.id,
        handle: user.handle.clone(),
        name: user.name.clone(),
        face: None,
    }
}

fn no_account() -> ServiceError {
    ServiceError::refused(ErrorCode::NotFound, "there is no such account")
}

fn require_active(user: &UserRecord) -> Result<(), ServiceError> {
    match user.suspended_at {
        None => Ok(()),
        Some(_) => Err(ServiceError::refused(
            ErrorCode::Suspended,
            "the account is suspended",
        )),
    }
}

/// What software a client is, where it keeps to the limits.
fn check_client(field: &'static str, client: &ClientInfo) -> Result<(), ServiceError> {
    let acceptable =
        |text: &str| text.len() <= 64 && pipit_model::text::name(text).is_ok_and(|name| name == text);
    if acceptable(&client.name) && acceptable(&client.version) {
        Ok(())
    } else {
        Err(ServiceError::field(
            field,
            "`name` and `version` are 1 to 64 bytes of visible text",
        ))
    }
}
