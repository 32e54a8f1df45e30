//! The one-time link that makes the first account.

use std::sync::{Mutex, PoisonError};

use pipit_store::account::TokenHash;
use subtle::ConstantTimeEq as _;

use super::super::tokens::{SecretKind, presented};

/// The hash of a link's token: the link belongs to the server's key, so that every node has the same, and is gone once it has
/// been used.
pub(super) struct SetUpLink(Mutex<Option<TokenHash>>);

impl SetUpLink {
    /// The link with this token.
    pub(super) const fn new(token: TokenHash) -> Self {
        Self(Mutex::new(Some(token)))
    }

    /// Whether this is the token.
    pub(super) fn is(&self, text: &str) -> bool {
        let Some(given) = presented(SecretKind::SetUp, text) else {
            return false;
        };
        self.with(|hash| hash.as_ref().is_some_and(|hash| hash.0.ct_eq(&given.0).into()))
    }

    pub(super) fn use_up(&self) {
        self.with(|hash| *hash = None);
    }

    fn with<T>(&self, act: impl FnOnce(&mut Option<TokenHash>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
