//! The engine, step by step, against a server whose part the tests play.

mod connection;
mod outbox;
mod receipts;
mod session;
mod storage;
mod support;
mod sync;
mod views;
