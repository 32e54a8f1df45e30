//! The rules of Pipit, as pure functions: who may do what, how long, and what names and texts may look like.
//!
//! The server decides by them; the client shows by them what a person may do. Nothing here does I/O, reads a clock or knows a
//! database.
#![warn(missing_docs)]

pub mod commitment;
pub mod emoji;
pub mod encrypted;
pub mod file;
pub mod mention;
pub mod permission;
pub mod person;
pub mod picture;
pub mod poll;
pub mod preview;
pub mod privacy;
pub mod request;
pub mod search;
pub mod text;
pub mod window;

pub use file::file_name;
pub use permission::{Action, Actor, Joiner, Place, Refusal, authorize, authorize_joining};
