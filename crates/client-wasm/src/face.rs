//! The engine behind JSON.

use pipit_client::io::Input;
use pipit_client::storage::{Storage, StorageError};
use pipit_client::{Config, Engine, RandomSource};
use pipit_wire::Timestamp;
use pipit_wire::frame::client::ClientInfo;

/// What this client tells the server of itself.
const CLIENT_NAME: &str = "Pipit Web";

/// Why a call failed. Each is a fault of the program: what goes wrong in the world is in the engine's outputs.
#[derive(Debug, thiserror::Error)]
pub enum FaceError {
    /// The worker passed something that is not a list of inputs.
    #[error("core_input: {0}")]
    Input(#[source] serde_json::Error),
    /// The engine's outputs have no JSON.
    #[error("core_output: {0}")]
    Output(#[source] serde_json::Error),
}

/// The engine behind JSON.
#[derive(Debug)]
pub struct Face<S> {
    engine: Engine<S>,
}

impl<S: Storage> Face<S> {
    /// Opens the engine on a store, as it was left.
    pub fn open(storage: S, random: RandomSource, now: Timestamp) -> Result<Self, StorageError> {
        let config = Config {
            client: ClientInfo {
                name: CLIENT_NAME.to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            },
            random,
        };
        Ok(Self {
            engine: Engine::open(storage, config, now)?,
        })
    }

    /// Takes a JSON list of [`Input`]s that happened in this order, as one transaction; gives the JSON list of the outputs.
    pub fn handle(&mut self, inputs: &str, now: Timestamp) -> Result<String, FaceError> {
        let inputs: Vec<Input> = serde_json::from_str(inputs).map_err(FaceError::Input)?;
        let outputs = self.engine.handle_all(inputs, now);
        serde_json::to_string(&outputs).map_err(FaceError::Output)
    }

    /// When a tick is due.
    pub fn wake_at(&self) -> Option<Timestamp> {
        self.engine.wake_at()
    }

    /// Ends the engine; what it was told is in the store.
    pub fn into_storage(self) -> S {
        self.engine.into_storage()
    }
}

/// A stable name for why a store cannot be opened, which the views have a sentence for.
pub const fn storage_code(error: &StorageError) -> &'static str {
    match error {
        StorageError::Full => "store_full",
        StorageError::Corrupt { .. } => "store_corrupt",
        StorageError::Newer { .. } => "store_newer",
        StorageError::Locked => "store_busy",
        StorageError::Failed(_) => "store_failed",
    }
}
