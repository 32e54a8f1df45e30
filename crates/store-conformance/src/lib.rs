//! One list of cases that every storage passes: what [`pipit_store::Store`] promises, asked for by name.
//!
//! Each case is an `async fn(Arc<dyn Store>)` that gets a storage of its own, fresh and empty. An implementation turns
//! the list into tests, so that every case shows by its name and they run side by side:
//!
//! ```ignore
//! async fn fresh_store() -> (std::sync::Arc<dyn pipit_store::Store>, tempfile::TempDir) { … }
//! pipit_store_conformance::conformance_tests!(fresh_store);
//! ```
//!
//! What `fresh_store` returns beside the storage is kept until the case has ended. The calling crate needs `tokio` with
//! `macros` and `rt-multi-thread` among its dependencies.
//!
//! Nothing here reads a clock or is random: ids and times are counted, and the properties are seeded.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "every function here is a test or a helper of one: to panic is to fail the case"
)]

pub mod account;
pub mod append;
pub mod conversation;
pub mod device;
pub mod invite;
pub mod log;
pub mod person;
pub mod property;
pub mod receipt;
pub mod summary;
pub mod world;

/// One `#[tokio::test]` for each case, in a module for each area: `conformance_tests!(fresh_store)`, where `fresh_store`
/// is an async function in scope that returns a fresh `Arc<dyn Store>` and whatever must live as long as it does.
#[macro_export]
macro_rules! conformance_tests {
    ($fresh_store:ident) => {
        $crate::case_tests! { $fresh_store;
            account {
                answers_a_ping,
                sets_up_once,
                concurrent_set_ups_make_one_administrator,
            }
        }
    };
}

/// What [`conformance_tests!`] is made of.
#[doc(hidden)]
#[macro_export]
macro_rules! case_tests {
    ($fresh_store:ident; $($area:ident { $($case:ident,)* })*) => {$(
        mod $area {
            $(
                #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let (store, _keep) = super::$fresh_store().await;
                    $crate::$area::$case(store).await;
                }
            )*
        }
    )*};
}
