//! Search: what a person types, and what of a message is found by it.
//!
//! One place makes the tokens, so that every storage gives the same answers: SQLite on the server and on the device, and
//! PostgreSQL. They are handed words that are split, folded and separated by spaces already, and only look them up.
//!
//! * [`token`]: text to tokens: folded in case, width and accents; scripts that do not separate words (Han, kana, Hangul, Thai and
//!   others) in pairs of characters;
//! * [`query`]: what was typed to [`Query`]: words, phrases and operators;
//! * [`document`]: an entry of a log to what the index keeps of it;
//! * [`excerpt`]: the part of a found text that shows why it was found.

pub mod document;
pub mod excerpt;
pub mod query;
pub mod token;

pub use document::{Step, current_content, edited_words, step};
pub use excerpt::{Excerpt, excerpt};
pub use query::{Has, Query, QueryError, Term, day_begins, is_named, parse};
pub use token::{Token, tokens};
