//! What the engine asks of the device's storage.
