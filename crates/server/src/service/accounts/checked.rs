//! What people give when they sign up or in, and what they say of themselves, once it has been checked.

use pipit_model::{emoji, text};
use pipit_wire::frame::client::ClientInfo;
use pipit_wire::limits::REACTION_BYTES_MAX;
use pipit_wire::person::{FaceChange, STATUS_AHEAD_MS_MAX, Status, StatusChange};
use pipit_wire::{ErrorCode, Timestamp, WireError, rest};

use super::check_client;
use crate::error::ServiceError;

/// A new account.
pub(super) struct Account {
    pub(super) handle: String,
    pub(super) name: String,
    pub(super) password: String,
    pub(super) entrance: Entrance,
}

impl Account {
    pub(super) fn check(account: rest::NewAccount) -> Result<Self, ServiceError> {
        let handle =
            text::handle(&account.handle).map_err(|error| ServiceError::text("account.handle", error))?;
        let name = name("account.name", &account.name)?;
        text::password(&account.password).map_err(|error| {
            let refusal = WireError::new(ErrorCode::PasswordUnacceptable, format!("the password: {error}"));
            ServiceError::Refused(refusal.about("account.password"))
        })?;
        let entrance = Entrance::check("account.", &account.device_name, account.client)?;
        Ok(Self {
            handle,
            name,
            password: account.password,
            entrance,
        })
    }
}

/// A device that signs in.
pub(super) struct Entrance {
    pub(super) device_name: String,
    pub(super) client: ClientInfo,
}

impl Entrance {
    /// `place` is where the fields are: empty, or `account.`.
    pub(super) fn check(
        place: &'static str,
        device_name: &str,
        client: ClientInfo,
    ) -> Result<Self, ServiceError> {
        let (name_field, client_field) = match place {
            "" => ("device_name", "client"),
            _ => ("account.device_name", "account.client"),
        };
        let device_name = name(name_field, device_name)?;
        check_client(client_field, &client)?;
        Ok(Self { device_name, client })
    }
}

pub(super) fn name(field: &'static str, name: &str) -> Result<String, ServiceError> {
    text::name(name).map_err(|error| ServiceError::text(field, error))
}

pub(super) fn title(field: &'static str, title: &str) -> Result<String, ServiceError> {
    text::title(title).map_err(|error| ServiceError::text(field, error))
}

/// What somebody wants to show of themselves.
pub(super) fn face(change: rest::ChangeProfile, now: Timestamp) -> Result<FaceChange, ServiceError> {
    let about = change.about.map(|about| text::about(&about));
    let about = about
        .transpose()
        .map_err(|error| ServiceError::text("about", error))?;
    let status = change.status.map(|change| status(change, now)).transpose()?;
    Ok(FaceChange {
        avatar: change.avatar,
        about,
        status,
    })
}

fn status(change: StatusChange, now: Timestamp) -> Result<StatusChange, ServiceError> {
    let Some(status) = change.status else {
        return Ok(StatusChange::default());
    };
    emoji::reaction(&status.emoji, REACTION_BYTES_MAX)
        .map_err(|error| ServiceError::field("status.emoji", error))?;
    let text = text::status(&status.text).map_err(|error| ServiceError::text("status.text", error))?;
    if let Some(until) = status.until
        && !(1..=STATUS_AHEAD_MS_MAX).contains(&until.since_ms(now))
    {
        return Err(ServiceError::field("status.until", "is within a year from now"));
    }
    let status = Some(Status { text, ..status });
    Ok(StatusChange { status })
}
