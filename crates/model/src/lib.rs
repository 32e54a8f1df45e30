//! The rules of Pipit, as pure functions.
