//! The domain services: plain structs over store, clock and fan-out.
