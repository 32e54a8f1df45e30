//! The gateway from outside: a real server on a free port, and clients that share no code with it.

mod chat;
mod ends;
mod lossy;
mod members;
mod presence;
mod refusals;
mod resume;
mod world;
