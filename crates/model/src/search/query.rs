//! What was typed to what is looked for.
//!
//! ```text
//! dinner "next friday" from:ada in:"book club" has:image after:2026-01-31 before:2026-03-01
//! ```
//!
//! Every word and phrase must be there. The last word may be the beginning of one: it may still be being typed. What looks like an
//! operator but is none, or has a value that means nothing, is looked for as it stands.

use chrono::NaiveDate;
use pipit_wire::Timestamp;

use super::token::{Kind, fold, tokens};

/// The longest query, in bytes.
pub const QUERY_BYTES_MAX: usize = 512;
/// The most words, phrases and operators.
pub const PARTS_MAX: usize = 16;
/// The most tokens of all words and phrases together.
pub const QUERY_TOKENS_MAX: usize = 48;
/// The fewest characters that a beginning needs: shorter ones are looked for as whole words.
const BEGINNING_CHARS_MIN: usize = 2;

/// Why a query was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// There is nothing to look for.
    #[error("there is nothing to look for")]
    Empty,
    /// Longer than [`QUERY_BYTES_MAX`], more parts than [`PARTS_MAX`], or more tokens than [`QUERY_TOKENS_MAX`].
    #[error("it is too long")]
    TooLong,
}

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// All of these are in the text.
    pub terms: Vec<Term>,
    /// It is from one of these: handles, lowered, without `@`; `me` is whoever asks. Any, where there is none.
    pub from: Vec<String>,
    /// It is in a conversation that is named like one of these. Any, where there is none.
    pub within: Vec<String>,
    /// It has all of these.
    pub has: Vec<Has>,
    /// It was sent before this day begins.
    pub before: Option<NaiveDate>,
    /// It was sent on this day or later.
    pub after: Option<NaiveDate>,
}

/// Tokens that stand in the text one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// In their order; never empty.
    pub tokens: Vec<String>,
    /// The last one is the beginning of a token.
    pub prefix: bool,
}

/// What a message can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    /// Any file.
    File,
    /// A picture.
    Image,
    /// A film.
    Video,
    /// A sound or a voice note.
    Audio,
    /// A link.
    Link,
}

/// The names of [`Has`] in queries.
pub const HAS: [(&str, Has); 5] = [
    ("file", Has::File),
    ("image", Has::Image),
    ("video", Has::Video),
    ("audio", Has::Audio),
    ("link", Has::Link),
];

impl Query {
    /// Whether it asks for anything beyond names: then people and conversations are not what is looked for.
    pub const fn is_of_messages_alone(&self) -> bool {
        !(self.from.is_empty()
            && self.within.is_empty()
            && self.has.is_empty()
            && self.before.is_none()
            && self.after.is_none())
    }
}

/// Reads what was typed.
pub fn parse(text: &str) -> Result<Query, QueryError> {
    if text.len() > QUERY_BYTES_MAX {
        return Err(QueryError::TooLong);
    }
    let parts = split(text);
    if parts.len() > PARTS_MAX {
        return Err(QueryError::TooLong);
    }
    let mut query = Query::default();
    let last = parts.len().saturating_sub(1);
    for (number, part) in parts.into_iter().enumerate() {
        if !query.add_operator(&part) {
            query.terms.extend(term(&part, number == last));
        }
    }
    if query.terms.iter().map(|term| term.tokens.len()).sum::<usize>() > QUERY_TOKENS_MAX {
        return Err(QueryError::TooLong);
    }
    if query.terms.is_empty() && !query.is_of_messages_alone() {
        return Err(QueryError::Empty);
    }
    Ok(query)
}

impl Query {
    /// Takes what the part says as an operator. False where it is none.
    fn add_operator(&mut self, part: &Part<'_>) -> bool {
        let value = part.value.trim();
        let Some(operator) = part.operator.filter(|_| !value.is_empty()) else {
            return false;
        };
        match operator.to_ascii_lowercase().as_str() {
            "from" => self.from.push(value.trim_start_matches('@').to_ascii_lowercase()),
            "in" => self.within.push(value.to_owned()),
            "has" => match HAS.iter().find(|(name, _)| name.eq_ignore_ascii_case(value)) {
                Some((_, has)) => self.has.push(*has),
                None => return false,
            },
            "before" => match date(value) {
                Some(day) => self.before = Some(self.before.map_or(day, |known| known.min(day))),
                None => return false,
            },
            "after" => match date(value) {
                Some(day) => self.after = Some(self.after.map_or(day, |known| known.max(day))),
                None => return false,
            },
            _ => return false,
        }
        true
    }
}

/// When a day begins where the clock is so many minutes ahead of UTC.
pub fn day_begins(day: NaiveDate, utc_offset_min: i32) -> Timestamp {
    let begins = day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis();
    Timestamp(begins.saturating_sub(i64::from(utc_offset_min) * 60_000))
}

fn date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|_| text.len() == 10)
}

/// A part between spaces: a word, a phrase in quotation marks, or either after `name:`.
struct Part<'a> {
    operator: Option<&'a str>,
    value: &'a str,
    /// As it was typed, the operator included.
    whole: &'a str,
    quoted: bool,
}

const OPENING: [char; 5] = ['"', '“', '„', '«', '”'];
const CLOSING: [char; 5] = ['"', '”', '“', '»', '„'];

fn split(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() && parts.len() <= PARTS_MAX {
        let (part, after) = first(rest);
        parts.push(part);
        rest = after.trim_start();
    }
    parts
}

/// The first part, and what follows it.
fn first(text: &str) -> (Part<'_>, &str) {
    let name_end = text.find(|character: char| !character.is_ascii_alphabetic());
    let (operator, value) = match name_end.and_then(|end| text.split_at_checked(end)) {
        Some((name, rest)) if !name.is_empty() && rest.starts_with(':') => {
            (Some(name), rest.trim_start_matches(':'))
        }
        _ => (None, text),
    };
    let (value, after, quoted) = if let Some(inner) = value.strip_prefix(OPENING) {
        // Never closed: to the end.
        let (inner, after) = inner.split_once(CLOSING).unwrap_or((inner, ""));
        (inner, after, true)
    } else {
        let end = value
            .find(|character: char| character.is_whitespace() || OPENING.contains(&character))
            .unwrap_or(value.len());
        let (value, after) = value.split_at_checked(end).unwrap_or((value, ""));
        (value, after, false)
    };
    let whole = text.get(..text.len().saturating_sub(after.len())).unwrap_or(text);
    let part = Part {
        operator,
        value,
        whole,
        quoted,
    };
    (part, after)
}

fn term(part: &Part<'_>, last: bool) -> Option<Term> {
    let mut found = tokens(part.whole);
    let mut prefix = last && !part.quoted;
    match found.last().map(|token| token.kind) {
        // The pairs before it say all that it says, and it is the last character in the query alone.
        Some(Kind::Last { alone: false }) => {
            found.pop();
            prefix = false;
        }
        Some(Kind::Last { alone: true }) => prefix = true,
        Some(Kind::Word) => {
            prefix &= found
                .last()
                .is_some_and(|token| token.text.chars().count() >= BEGINNING_CHARS_MIN);
        }
        Some(Kind::Pair) | None => {}
    }
    let tokens: Vec<String> = found.into_iter().map(|token| token.text).collect();
    (!tokens.is_empty()).then_some(Term { tokens, prefix })
}

/// Whether each word of `query` is the beginning of a word of one of these names: how people and conversations are found.
pub fn is_named<'a>(query: &str, names: impl IntoIterator<Item = &'a str>) -> bool {
    let known: Vec<String> = names.into_iter().flat_map(words).collect();
    let wanted = words(query);
    !wanted.is_empty()
        && wanted.iter().all(|word| {
            known
                .iter()
                .any(|known| known.contains(word.as_str()) && is_begun(known, word))
        })
}

/// A name's words, not in pairs: what is between spaces and signs.
fn words(name: &str) -> Vec<String> {
    name.split(|character: char| character.is_whitespace() || character.is_ascii_punctuation())
        .map(fold)
        .filter(|word| !word.is_empty())
        .collect()
}

/// Scripts that separate words are compared from the beginning, the others anywhere.
fn is_begun(known: &str, word: &str) -> bool {
    known.starts_with(word) || tokens(word).iter().any(|token| token.kind != Kind::Word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn terms(text: &str) -> Vec<String> {
        let shown = |term: &Term| term.tokens.join("+") + if term.prefix { "*" } else { "" };
        parse(text).unwrap().terms.iter().map(shown).collect()
    }

    #[test]
    fn words_and_phrases() {
        for (text, expect) in [
            ("dinner", vec!["dinner*"]),
            ("Dinner friday ", vec!["dinner", "friday*"]),
            ("\"Next Friday\"", vec!["next+friday"]),
            ("„Nächsten Freitag“ essen", vec!["nachsten+freitag", "essen*"]),
            ("a \"never closed", vec!["a", "never+closed"]),
            ("e-mail x", vec!["e+mail", "x"]),
            ("half\"a phrase\"", vec!["half", "a+phrase"]),
            ("東京 料理", vec!["東京", "料理"]),
            ("東京都", vec!["東京+京都"]),
            ("都 x1", vec!["都*", "x1*"]),
            ("!! dinner ?", vec!["dinner"]),
            ("a'b", vec!["ab*"]),
        ] {
            assert_eq!(terms(text), expect, "{text:?}");
        }
    }

    #[test]
    fn operators() {
        let query = parse(
            "from:@Ada from:bob IN:\"Book club\" has:image has:Link after:2026-01-31 before:2026-03-01 tea",
        )
        .unwrap();
        assert_eq!(query.from, ["ada", "bob"]);
        assert_eq!(query.within, ["Book club"]);
        assert_eq!(query.has, [Has::Image, Has::Link]);
        assert_eq!(query.after, NaiveDate::from_ymd_opt(2026, 1, 31));
        assert_eq!(query.before, NaiveDate::from_ymd_opt(2026, 3, 1));
        assert_eq!(query.terms.len(), 1);
        assert!(query.is_of_messages_alone());
    }

    #[test]
    fn what_is_no_operator_is_looked_for() {
        for (text, expect) in [
            ("note:this", vec!["note+this*"]),
            ("https://example.org/a", vec!["https+example+org+a"]),
            ("has:elephants", vec!["has+elephants*"]),
            ("before:christmas", vec!["before+christmas*"]),
            ("after:2026-02-30", vec!["after+2026+02+30*"]),
            ("from: ada", vec!["from", "ada*"]),
            ("12:30", vec!["12+30*"]),
        ] {
            assert_eq!(terms(text), expect, "{text:?}");
            assert!(!parse(text).unwrap().is_of_messages_alone(), "{text:?}");
        }
    }

    #[test]
    fn bounds() {
        assert_eq!(parse(""), Err(QueryError::Empty));
        assert_eq!(parse(" \"\" — 🎉"), Err(QueryError::Empty));
        assert!(parse("has:file").is_ok());
        assert!(parse(&"x".repeat(QUERY_BYTES_MAX)).is_ok());
        assert_eq!(parse(&"x".repeat(QUERY_BYTES_MAX + 1)), Err(QueryError::TooLong));
        assert!(parse(&"ab ".repeat(PARTS_MAX)).is_ok());
        assert_eq!(parse(&"ab ".repeat(PARTS_MAX + 1)), Err(QueryError::TooLong));
        assert_eq!(
            parse(&"東".repeat(QUERY_TOKENS_MAX + 2)),
            Err(QueryError::TooLong)
        );
    }

    #[test]
    fn days_begin_by_the_askers_clock() {
        let day = NaiveDate::from_ymd_opt(1970, 1, 2).unwrap();
        for (offset, expect) in [(0, 86_400_000), (60, 82_800_000), (-330, 106_200_000)] {
            assert_eq!(day_begins(day, offset), Timestamp(expect), "{offset}");
        }
    }

    #[test]
    fn names() {
        for (query, name, expect) in [
            ("book", "The Book Club", true),
            ("club boo", "The Book Club", true),
            ("ook", "The Book Club", false),
            ("zoe", "Zoë", true),
            ("@ad", "ada", true),
            ("京都", "東京都", true),
            ("", "ada", false),
            ("book tea", "The Book Club", false),
        ] {
            assert_eq!(is_named(query, [name]), expect, "{query:?} {name:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = parse(&text);
        }
    }
}
