//! Accounts for a load test, made without hashing a password for each: 20,000 of them would take minutes.

use futures_util::{StreamExt as _, TryStreamExt as _};
use pipit_store::account::{CreateAccount, NewDevice, NewUser, PasswordHash, SetUp};
use pipit_wire::frame::client::ClientInfo;
use pipit_wire::{DeviceId, UserId};

use super::{Environment, StartError, Storage};
use crate::config::Config;
use crate::context::Context;
use crate::data_dir::DataDir;
use crate::service::tokens::{Secret, SecretKind};

/// So many accounts are on their way to the storage at once: they share commits.
const AT_ONCE: usize = 256;

/// An account that was made.
#[derive(Clone, Debug)]
pub struct Seeded {
    /// The account.
    pub user: UserId,
    /// Its one device.
    pub device: DeviceId,
    /// Signs the device in.
    pub refresh_token: String,
}

/// Sets a new server up and makes `count` accounts, each with a device that is signed in. Nobody can sign in to them by password.
/// None where the server has been set up already: nothing was changed.
pub async fn seed(
    config: &Config,
    environment: Environment,
    count: u32,
) -> Result<Option<Vec<Seeded>>, StartError> {
    let data = DataDir::open(&config.general.data)?;
    let storage = Storage::open(&config.general, &data).await?;
    let context = Context {
        store: storage.store(),
        clock: environment.clock,
        random: environment.random,
        limits: pipit_wire::Limits::default(),
        message_requests: false,
    };
    let (account, device, first) = prepare(&context, 0);
    let set_up = SetUp {
        server_name: "Load test".to_owned(),
        generation: account.id.as_uuid(),
        now: device.now,
        account,
        device,
    };
    let made = if context.store.set_up(set_up).await?.is_ok() {
        let others = (1..count).map(|number| {
            let (account, device, seeded) = prepare(&context, number);
            let create = CreateAccount {
                account,
                now: device.now,
                device,
                invite: None,
            };
            let store = &context.store;
            async move {
                store
                    .create_account(create)
                    .await
                    .map(|made| made.ok().map(|()| seeded))
            }
        });
        let others: Vec<Option<Seeded>> = futures_util::stream::iter(others)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        Some(
            std::iter::once(first)
                .chain(others.into_iter().flatten())
                .collect(),
        )
    } else {
        None
    };
    storage.close().await;
    Ok(made)
}

fn prepare(context: &Context, number: u32) -> (NewUser, NewDevice, Seeded) {
    let now = context.now();
    let secret = Secret::new(SecretKind::Refresh, &*context.random);
    let user = UserId::new(now, context.random_bytes());
    let device = DeviceId::new(now, context.random_bytes());
    let account = NewUser {
        id: user,
        handle: format!("load{number}"),
        name: format!("Load {number}"),
        // No password hashes to this.
        password: PasswordHash(String::new()),
        admin: number == 0,
    };
    let client = ClientInfo {
        name: "pipit-load".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let new_device = NewDevice {
        id: device,
        user,
        name: "load".to_owned(),
        client,
        refresh: secret.hash,
        now,
    };
    (
        account,
        new_device,
        Seeded {
            user,
            device,
            refresh_token: secret.text,
        },
    )
}
