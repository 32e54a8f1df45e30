//! The domain services: plain structs over store, clock and fan-out.

pub mod accounts;
pub mod devices;
pub mod invites;
pub mod passwords;
pub mod tokens;
pub mod access;
pub mod conversations;
pub mod messaging;
pub mod presence;
pub mod receipts;
