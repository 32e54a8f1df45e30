//! Which part of a file a request wants (RFC 9110, sections 13 and 14).

use axum::http::{HeaderMap, HeaderName, header};

/// What a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Everything.
    All,
    /// From `start` up to `end`.
    Part {
        /// The first byte.
        start: u64,
        /// The byte behind the last one.
        end: u64,
    },
    /// A part that the file does not have.
    Nowhere,
    /// Nothing: the client has it.
    NotModified,
}

/// Several ranges at once, and anything else that is not understood, get everything, as the RFC allows.
pub(super) fn asked(headers: &HeaderMap, size: u64, tag: &str) -> Asked {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(known) = text(header::IF_NONE_MATCH)
        && known
            .split(',')
            .any(|known| known.trim().trim_start_matches("W/") == tag || known.trim() == "*")
    {
        return Asked::NotModified;
    }
    if text(header::IF_RANGE).is_some_and(|condition| condition != tag) {
        return Asked::All;
    }
    let Some(range) = text(header::RANGE) else {
        return Asked::All;
    };
    part(range, size).unwrap_or(Asked::All)
}

fn part(range: &str, size: u64) -> Option<Asked> {
    let (first, last) = range.strip_prefix("bytes=")?.trim().split_once('-')?;
    let number = |text: &str| -> Option<Option<u64>> {
        if text.is_empty() {
            Some(None)
        } else {
            text.parse().ok().map(Some)
        }
    };
    let (start, end) = match (number(first)?, number(last)?) {
        (None, None) => return None,
        (None, Some(length)) => (size.saturating_sub(length), if length == 0 { 0 } else { size }),
        (Some(start), None) => (start, size),
        (Some(start), Some(last)) if last < start => return None,
        (Some(start), Some(last)) => (start, last.saturating_add(1).min(size)),
    };
    Some(if start < end {
        Asked::Part { start, end }
    } else {
        Asked::Nowhere
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        let part = |start, end| Asked::Part { start, end };
        for (range, expect) in [
            ("bytes=0-3", part(0, 4)),
            ("bytes=4-", part(4, 10)),
            ("bytes=-3", part(7, 10)),
            ("bytes=-99", part(0, 10)),
            ("bytes=9-99", part(9, 10)),
            ("bytes=10-", Asked::Nowhere),
            ("bytes=99-100", Asked::Nowhere),
            ("bytes=-0", Asked::Nowhere),
            ("bytes=3-2", Asked::All),
            ("bytes=0-1,4-5", Asked::All),
            ("bytes=-", Asked::All),
            ("bytes=a-b", Asked::All),
            ("lines=1-2", Asked::All),
            ("bytes=0-99999999999999999999", Asked::All),
            ("bytes=0-18446744073709551615", part(0, 10)),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, range.parse().unwrap());
            assert_eq!(asked(&headers, 10, "\"t\""), expect, "{range}");
        }
    }

    #[test]
    fn conditions_are_looked_at() {
        for (name, value, expect) in [
            (header::IF_NONE_MATCH, "\"t\"", Asked::NotModified),
            (header::IF_NONE_MATCH, "\"a\", W/\"t\"", Asked::NotModified),
            (header::IF_NONE_MATCH, "\"a\"", Asked::Part { start: 0, end: 1 }),
            (header::IF_RANGE, "\"t\"", Asked::Part { start: 0, end: 1 }),
            (header::IF_RANGE, "\"a\"", Asked::All),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, "bytes=0-0".parse().unwrap());
            headers.insert(&name, value.parse().unwrap());
            assert_eq!(asked(&headers, 10, "\"t\""), expect, "{name}: {value}");
        }
    }
}
