//! What people give when they sign up or in, once it has been checked.

use pipit_model::text;
use pipit_wire::frame::client::ClientInfo;
use pipit_wire::{ErrorCode, WireError, rest};

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
