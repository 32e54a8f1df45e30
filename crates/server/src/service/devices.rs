//! Where an account is signed in, and who a token speaks for.

use std::sync::Arc;

use pipit_store::account::DeviceRecord;
use pipit_wire::{DeviceId, ErrorCode, rest};

use super::accounts::Identity;
use super::tokens::AccessTokens;
use crate::context::Context;
use crate::error::ServiceError;
use crate::fanout::hub::Hub;

/// Authenticates, lists and signs out devices.
pub struct Devices {
    context: Context,
    tokens: Arc<AccessTokens>,
    hub: Arc<Hub>,
}

impl Devices {
    /// Devices that carry these tokens; those that are signed out lose their connections in this hub.
    pub fn new(context: Context, tokens: Arc<AccessTokens>, hub: Arc<Hub>) -> Arc<Self> {
        Arc::new(Self { context, tokens, hub })
    }

    /// Who an access token speaks for. Reads the device each time, so that signing it out has effect at once, on every node.
    pub async fn authenticate(&self, token: &str) -> Result<Identity, ServiceError> {
        let claims = self.tokens.check(token, self.context.now())?;
        let signed_out = || ServiceError::refused(ErrorCode::SignedOut, "the device was signed out");
        let (device, user) = tokio::try_join!(
            self.context.store.find_device(claims.device),
            self.context.store.find_user(claims.sub),
        )?;
        device
            .filter(|device| device.user == claims.sub)
            .ok_or_else(signed_out)?;
        let user = user.ok_or_else(signed_out)?;
        if user.suspended_at.is_some() {
            return Err(ServiceError::refused(
                ErrorCode::Suspended,
                "the account is suspended",
            ));
        }
        Ok(Identity {
            user: claims.sub,
            device: claims.device,
            admin: user.admin,
            profile: user.profile,
        })
    }

    /// The devices of the account, newest sign-in first.
    pub async fn list(&self, identity: &Identity) -> Result<rest::Devices, ServiceError> {
        let devices = self.context.store.list_devices(identity.user).await?;
        Ok(rest::Devices {
            items: devices
                .into_iter()
                .map(|device| shown(device, identity.device))
                .collect(),
        })
    }

    /// Signs a device of the account out, and ends its connections.
    pub async fn sign_out(&self, identity: &Identity, device: DeviceId) -> Result<(), ServiceError> {
        let now = self.context.now();
        if !self
            .context
            .store
            .revoke_device(identity.user, device, now)
            .await?
        {
            return Err(ServiceError::refused(
                ErrorCode::NotFound,
                "there is no such device",
            ));
        }
        tracing::info!(user = %identity.user, device = %device, "a device was signed out");
        self.hub.device_signed_out(identity.user, device);
        Ok(())
    }
}

fn shown(device: DeviceRecord, current: DeviceId) -> rest::Device {
    rest::Device {
        current: device.id == current,
        id: device.id,
        name: device.name,
        client: device.client,
        signed_in_at: device.signed_in_at,
        last_seen_at: device.last_seen_at,
    }
}
