//! The part of a found text that shows why it was found.

use std::ops::Range;

use pipit_wire::Content;
use pipit_wire::rest::ExcerptPart;

use super::query::Term;
use super::token::{Token, tokens};

/// About how long an excerpt is, in characters.
pub const EXCERPT_CHARS: usize = 160;
/// How much of it comes before what was found, at most.
const LEAD_CHARS: usize = 48;

/// Parts of a text in their order; what was found is marked.
pub type Excerpt = Vec<ExcerptPart>;

/// The excerpt of what a message says: of its text, or of the name or caption of the file that was found. Empty where it cannot be read.
pub fn excerpt(content: &Content, terms: &[Term]) -> Excerpt {
    let Content::Plain { text, attachments, .. } = content else {
        return Vec::new();
    };
    let of_files = attachments.iter().flat_map(|attachment| {
        let caption = attachment.caption.as_deref();
        caption.into_iter().chain([attachment.name.as_str()])
    });
    let sources = || std::iter::once(text.as_str()).chain(of_files.clone());
    sources()
        .find_map(|source| {
            let hits = find(source, terms);
            (!hits.is_empty()).then(|| cut(source, &hits))
        })
        .or_else(|| {
            sources()
                .find(|source| !source.is_empty())
                .map(|source| cut(source, &[]))
        })
        .unwrap_or_default()
}

/// Where the terms stand in a text: in order, without overlaps.
pub fn find(text: &str, terms: &[Term]) -> Vec<Range<usize>> {
    let tokens = tokens(text);
    let mut hits = Vec::new();
    for term in terms {
        for found in tokens.windows(term.tokens.len().max(1)) {
            if matches(found, term)
                && let (Some(first), Some(last)) = (found.first(), found.last())
            {
                hits.push(first.place.start..last.place.end);
            }
        }
    }
    hits.sort_unstable_by_key(|hit| (hit.start, hit.end));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(hits.len());
    for hit in hits {
        match merged.last_mut() {
            Some(last) if hit.start <= last.end => last.end = last.end.max(hit.end),
            _ => merged.push(hit),
        }
    }
    merged
}

fn matches(found: &[Token], term: &Term) -> bool {
    let last = term.tokens.len().saturating_sub(1);
    found.len() == term.tokens.len()
        && found
            .iter()
            .zip(&term.tokens)
            .enumerate()
            .all(|(at, (found, wanted))| {
                if term.prefix && at == last {
                    found.text.starts_with(wanted.as_str())
                } else {
                    found.text == *wanted
                }
            })
}

fn cut(text: &str, hits: &[Range<usize>]) -> Excerpt {
    let first = hits.first().map_or(0, |hit| hit.start);
    let start = start_before(text, first);
    let end = text
        .get(start..)
        .and_then(|rest| rest.char_indices().nth(EXCERPT_CHARS))
        .map_or(text.len(), |(at, _)| start + at);
    let mut excerpt = Excerpt::new();
    let mut add = |range: Range<usize>, hit: bool| {
        if let Some(part) = text.get(range).filter(|part| !part.is_empty()) {
            let text = part.replace(['\n', '\t'], " ");
            excerpt.push(ExcerptPart { text, hit });
        }
    };
    let mut at = start;
    for hit in hits.iter().filter(|hit| hit.start < end) {
        add(at..hit.start, false);
        add(hit.start.max(at)..hit.end.min(end), true);
        at = hit.end.min(end);
    }
    add(at..end, false);
    if start > 0 {
        prepend(&mut excerpt);
    }
    if end < text.len() {
        append(&mut excerpt);
    }
    excerpt
}

/// Where an excerpt begins: a little before the place, at the beginning of a word where there is one.
fn start_before(text: &str, place: usize) -> usize {
    let before = text.get(..place).unwrap_or_default();
    let Some((far, _)) = before.char_indices().rev().nth(LEAD_CHARS) else {
        return 0;
    };
    let lead = before.get(far..).unwrap_or_default();
    lead.find(char::is_whitespace)
        .map_or(far, |space| far + space)
        .min(place)
}

const CUT: &str = "…";

fn prepend(excerpt: &mut Excerpt) {
    match excerpt.first_mut() {
        Some(first) if !first.hit => first.text = format!("{CUT}{}", first.text.trim_start()),
        _ => excerpt.insert(
            0,
            ExcerptPart {
                text: CUT.to_owned(),
                hit: false,
            },
        ),
    }
}

fn append(excerpt: &mut Excerpt) {
    match excerpt.last_mut() {
        Some(last) if !last.hit => last.text = format!("{}{CUT}", last.text.trim_end()),
        _ => excerpt.push(ExcerptPart {
            text: CUT.to_owned(),
            hit: false,
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::search::parse;

    fn shown(text: &str, query: &str) -> String {
        let terms = parse(query).unwrap().terms;
        excerpt(&Content::text(text), &terms)
            .into_iter()
            .map(|part| {
                if part.hit {
                    format!("[{}]", part.text)
                } else {
                    part.text
                }
            })
            .collect()
    }

    #[test]
    fn what_was_found_is_marked() {
        for (text, query, expect) in [
            ("Dinner on Friday?", "frid", "Dinner on [Friday]?"),
            ("Crème brûlée", "creme", "[Crème] brûlée"),
            ("tea and tea", "tea", "[tea] and [tea]"),
            ("one two three", "\"two three\" one", "[one] [two three]"),
            ("今日は東京都へ", "東京都", "今日は[東京都]へ"),
            ("学校", "校", "学[校]"),
            ("two\nlines", "lines", "two [lines]"),
            ("nothing of it", "has:file", "nothing of it"),
        ] {
            assert_eq!(shown(text, query), expect, "{text:?} {query:?}");
        }
    }

    #[test]
    fn long_texts_are_cut_around_it() {
        let text = format!("{} needle {}", "hay ".repeat(100), "straw ".repeat(100));
        let shown = shown(&text, "needle");
        assert!(shown.starts_with("…hay "), "{shown}");
        assert!(shown.contains("[needle] straw"), "{shown}");
        assert!(shown.ends_with("straw…"), "{shown}");
        assert!(shown.chars().count() <= EXCERPT_CHARS + 5, "{shown}");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), query in any::<String>()) {
            let terms = parse(&query).unwrap_or_default().terms;
            let excerpt = excerpt(&Content::text(text), &terms);
            prop_assert!(excerpt.iter().all(|part| !part.text.is_empty()));
        }
    }
}
