//! Between nodes: fan-out, presence and revocation.
