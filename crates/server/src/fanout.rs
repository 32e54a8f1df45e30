//! From an accepted entry to everybody who may read it.
