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

#[cfg(test)]
mod tests {
    use pipit_client_store::SqliteStorage;
    use serde_json::{Value, json};

    use super::*;

    fn open() -> Face<SqliteStorage> {
        let storage = SqliteStorage::open_in_memory().unwrap();
        Face::open(storage, Box::new(|bytes| bytes.fill(7)), Timestamp(1_000)).unwrap()
    }

    fn handle(face: &mut Face<SqliteStorage>, inputs: &Value) -> Vec<Value> {
        let outputs = face.handle(&inputs.to_string(), Timestamp(2_000)).unwrap();
        serde_json::from_str(&outputs).unwrap()
    }

    #[test]
    fn a_view_that_attaches_is_told_everything_in_json() {
        let outputs = handle(&mut open(), &json!([{ "type": "attach", "view": "tab" }]));
        assert!(
            outputs
                .iter()
                .all(|output| output["type"] == "update" && output["view"] == "tab"),
            "{outputs:?}"
        );
        let update = |name: &str| {
            outputs
                .iter()
                .find(|output| output["update"]["type"] == name)
                .unwrap()
        };
        assert_eq!(update("session")["update"]["session"]["state"], "signed_out");
        assert_eq!(update("connection")["update"]["connection"]["state"], "offline");
        assert_eq!(update("storage")["update"]["storage"], "memory");
    }

    #[test]
    fn inputs_of_one_call_are_taken_in_their_order() {
        let mut face = open();
        let outputs = handle(
            &mut face,
            &json!([
                { "type": "attach", "view": "tab" },
                { "type": "command", "view": "tab", "id": 1, "command": { "type": "get_server_info" } },
                { "type": "command", "view": "tab", "id": 2, "command": { "type": "load_more_conversations" } },
            ]),
        );
        let asked = outputs.iter().find(|output| output["type"] == "http").unwrap();
        assert_eq!(
            (&asked["method"], &asked["path"]),
            (&json!("GET"), &json!("/v1/server"))
        );
        assert!(face.wake_at().is_some(), "the request has a deadline");
        let answer = json!([{ "type": "http_done", "id": asked["id"], "answer": { "type": "unreachable" } }]);
        let replies = handle(&mut face, &answer);
        assert_eq!(replies.first().unwrap()["reply"]["error"]["code"], "offline");
    }

    #[test]
    fn what_is_no_list_of_inputs_is_a_fault_of_the_worker() {
        for inputs in ["", "{}", "[{}]", "[{\"type\":\"unknown\"}]"] {
            assert!(
                matches!(open().handle(inputs, Timestamp(0)), Err(FaceError::Input(_))),
                "{inputs}"
            );
        }
    }
}
