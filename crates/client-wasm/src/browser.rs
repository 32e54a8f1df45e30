//! What only exists in a browser: the store on the origin's private file system, and the class that the worker holds.

use std::cell::RefCell;
use std::panic;

use js_sys::Function;
use pipit_client::storage::StorageError;
use pipit_client_store::SqliteStorage;
use pipit_wire::Timestamp;
use sqlite_wasm_rs::WasmOsCallback;
use sqlite_wasm_vfs::sahpool::{OpfsSAHError, OpfsSAHPoolCfgBuilder, OpfsSAHPoolUtil, install};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};
use zeroize::Zeroizing;

use crate::face::{self, Face};

/// The pool's folder in the origin's private file system, and its name as a VFS of SQLite.
const POOL: &str = "pipit";
/// The same files behind the ciphers of SQLite3 Multiple Ciphers, which makes this VFS when it is asked for by this name.
const SEALED_POOL: &str = "multipleciphers-pipit";
/// The database's name inside the pool.
const DATABASE: &str = "client.db";

thread_local! {
    static ON_PANIC: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Has `report` called with the words of a panic, before the trap that follows it and says nothing.
#[wasm_bindgen]
pub fn watch_panics(report: Function) {
    ON_PANIC.with(|slot| *slot.borrow_mut() = Some(report));
    panic::set_hook(Box::new(|panic| {
        let message = JsValue::from_str(&panic.to_string());
        ON_PANIC.with(|slot| {
            if let Some(report) = &*slot.borrow() {
                // A report that throws changes nothing: the trap comes either way.
                drop(report.call1(&JsValue::NULL, &message));
            }
        });
    }));
}

/// The core, as the worker holds it.
#[wasm_bindgen]
pub struct BrowserCore {
    face: Face<SqliteStorage>,
    pool: Option<OpfsSAHPoolUtil>,
}

#[wasm_bindgen]
impl BrowserCore {
    /// Opens the core on the store that this origin has, sealed under a key of 32 bytes where there is one; or on memory.
    ///
    /// An error's message begins with a code: `store_busy` where another worker has the files, or has ended but a moment ago.
    pub async fn open(now_ms: f64, persistent: bool, key: Option<Vec<u8>>) -> Result<BrowserCore, JsError> {
        let key = key.map(Zeroizing::new);
        let (storage, pool) = if persistent {
            let pool = open_pool().await?;
            match open_store(key.as_deref()) {
                Ok(storage) => (storage, Some(pool)),
                Err(error) => {
                    drop(pool.pause());
                    return Err(storage_error(&error));
                }
            }
        } else {
            (
                SqliteStorage::open_in_memory().map_err(|error| storage_error(&error))?,
                None,
            )
        };
        let face = Face::open(storage, Box::new(fill_random), timestamp(now_ms))
            .map_err(|error| storage_error(&error))?;
        Ok(Self { face, pool })
    }

    /// Takes a JSON list of inputs; gives the JSON list of outputs. What was taken in is on disk.
    pub fn handle(&mut self, now_ms: f64, inputs: &str) -> Result<String, JsError> {
        self.face
            .handle(inputs, timestamp(now_ms))
            .map_err(|error| JsError::new(&error.to_string()))
    }

    /// When a tick is due, milliseconds since 1970.
    #[expect(clippy::cast_precision_loss, reason = "exact up to the year 287396")]
    pub fn wake_at(&self) -> Option<f64> {
        self.face.wake_at().map(|at| at.as_ms() as f64)
    }

    /// Ends the core and gives its files away.
    pub fn close(self) -> Result<(), JsError> {
        let Self { face, pool } = self;
        drop(face.into_storage());
        match pool {
            Some(pool) => pool.pause().map_err(|error| pool_error(&error)),
            None => Ok(()),
        }
    }
}

fn open_store(key: Option<&Vec<u8>>) -> Result<SqliteStorage, StorageError> {
    let Some(key) = key else {
        return SqliteStorage::open(DATABASE, Some(POOL));
    };
    let key = key.as_slice().try_into();
    let key = key.map_err(|error| StorageError::Failed(Box::new(error)))?;
    SqliteStorage::open_sealed(DATABASE, Some(SEALED_POOL), key)
}

/// Takes hold of the files. A pool that this worker has paused before is taken up again.
async fn open_pool() -> Result<OpfsSAHPoolUtil, JsError> {
    let config = OpfsSAHPoolCfgBuilder::new()
        .vfs_name(POOL)
        .directory(POOL)
        .build();
    let pool = install::<WasmOsCallback>(&config, false)
        .await
        .map_err(|error| pool_error(&error))?;
    pool.resume().await.map_err(|error| pool_error(&error))?;
    Ok(pool)
}

fn pool_error(error: &OpfsSAHError) -> JsError {
    // The one that a sync access handle is refused with while another one is open (File System Standard, section 3.4).
    let busy = matches!(error, OpfsSAHError::Opfs { message, .. } if message.starts_with("NoModificationAllowedError"));
    let code = if busy { "store_busy" } else { "store_failed" };
    JsError::new(&format!("{code}: {error}"))
}

fn storage_error(error: &StorageError) -> JsError {
    JsError::new(&format!("{}: {error}", face::storage_code(error)))
}

/// From the browser's `crypto.getRandomValues`.
#[expect(
    clippy::panic,
    reason = "a browser without randomness cannot make ids or keys: better no core than a guessable one"
)]
fn fill_random(bytes: &mut [u8]) {
    if let Err(error) = getrandom::fill(bytes) {
        panic!("no randomness: {error}");
    }
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit")]
fn timestamp(ms: f64) -> Timestamp {
    Timestamp(ms as i64)
}
