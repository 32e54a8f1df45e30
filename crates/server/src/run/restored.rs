//! What has to be done once after a backup was restored.

use uuid::Uuid;

use super::{Environment, StartError, Storage};
use crate::config::Config;
use crate::data_dir::DataDir;

/// Gives a server that was restored from a backup another generation, and drops what may have been given away since the backup was made. The server must not
/// run on the embedded storage meanwhile. False where it has never been set up: nothing was changed.
pub async fn restored(config: &Config, environment: Environment) -> Result<bool, StartError> {
    let data = DataDir::open(&config.general.data)?;
    let storage = Storage::open(&config.general, &data).await?;
    let store = storage.store();
    let is_set_up = store.find_server().await?.is_some();
    if is_set_up {
        let mut generation = [0; 16];
        environment.random.fill(&mut generation);
        store.renew_generation(Uuid::from_bytes(generation)).await?;
    }
    storage.close().await;
    Ok(is_set_up)
}
