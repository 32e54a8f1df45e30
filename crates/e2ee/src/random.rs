//! Randomness, from outside.
//!
//! What OpenMLS draws itself (ids, secrets of new leaves, the guard against reused nonces) and the device's signature key come from the source that
//! is passed in. The ephemeral keys of HPKE do not: the provider of OpenMLS keeps a generator for them that is seeded by the
//! operating system, and takes no other. So the same seed gives the same course of events, and never the same ciphertexts.

use std::cell::RefCell;
use std::convert::Infallible;

use openmls_traits::random::OpenMlsRand;

/// A source of random bytes fit for keys.
pub trait Randomness {
    /// Fills all of it.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// The source, as OpenMLS asks for it.
pub(crate) struct Rand<'a>(RefCell<&'a mut dyn Randomness>);

impl<'a> Rand<'a> {
    pub(crate) fn new(source: &'a mut dyn Randomness) -> Self {
        Self(RefCell::new(source))
    }
}

impl OpenMlsRand for Rand<'_> {
    type Error = Infallible;

    fn random_array<const N: usize>(&self) -> Result<[u8; N], Infallible> {
        let mut bytes = [0; N];
        self.0.borrow_mut().fill(&mut bytes);
        Ok(bytes)
    }

    fn random_vec(&self, len: usize) -> Result<Vec<u8>, Infallible> {
        let mut bytes = vec![0; len];
        self.0.borrow_mut().fill(&mut bytes);
        Ok(bytes)
    }
}
