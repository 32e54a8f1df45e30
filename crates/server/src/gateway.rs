//! The WebSocket edge.
