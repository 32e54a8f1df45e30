//! The HTTP edge of a real server, spoken to over plain HTTP.

mod access;
mod accounts;
mod conversations;
mod document;
mod input;
mod invites;
mod limits;
mod operations;
mod sessions;
mod world;
