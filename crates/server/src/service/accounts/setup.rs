//! The one-time link that makes the first account.

use std::sync::{Mutex, PoisonError};

use pipit_store::account::TokenHash;
use subtle::ConstantTimeEq as _;

use super::super::tokens::{Secret, SecretKind, presented};
use crate::clock::Random;

/// The hash of a link's token: the link is made anew by each start, and gone once it has been used.
pub(super) struct SetUpLink(Mutex<Option<TokenHash>>);

impl SetUpLink {
    /// A link, and its token.
    pub(super) fn new(random: &dyn Random) -> (Self, String) {
        let Secret { text, hash } = Secret::new(SecretKind::SetUp, random);
        (Self(Mutex::new(Some(hash))), text)
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
