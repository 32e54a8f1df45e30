//! Whether a text is about somebody: it names them, or has one of their words.

use crate::search::token::{Kind, Token, tokens};

/// Whether a text has `@handle` in it, as a word of its own. The handle is lowered already.
pub fn mentions(text: &str, handle: &str) -> bool {
    text.match_indices('@').any(|(at, sign)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let begins = before
            .is_none_or(|before| !before.is_alphanumeric() && !matches!(before, '_' | '@' | '.' | '/' | '-'));
        let after = text.get(at + sign.len()..).unwrap_or_default();
        let end = after.find(|character| !is_of_handle(character));
        let name = after.get(..end.unwrap_or(after.len())).unwrap_or_default();
        // A full stop after a name ends the sentence.
        let is_named = name
            .get(..handle.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(handle))
            && name
                .get(handle.len()..)
                .is_some_and(|rest| rest.chars().all(|character| matches!(character, '.' | '_' | '-')));
        begins && is_named
    })
}

const fn is_of_handle(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-')
}

/// Whether a text has one of these words or phrases, without regard to case and accents, as words of their own.
pub fn has_word<'a>(text: &str, words: impl IntoIterator<Item = &'a str>) -> bool {
    let mut words = words.into_iter().map(tokens).peekable();
    if words.peek().is_none() {
        return false;
    }
    let text = tokens(text);
    words.any(|word| !word.is_empty() && text.windows(word.len()).any(|place| same(place, &word)))
}

fn same(place: &[Token], word: &[Token]) -> bool {
    place.iter().zip(word).all(|(one, other)| match other.kind {
        // Where words are not separated, the last character of one begins the pair that goes on after it.
        Kind::Last { .. } => one.text.starts_with(&other.text),
        Kind::Word | Kind::Pair => one.text == other.text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_named_is_mentioned() {
        for (text, expect) in [
            ("@ada", true),
            ("Hello @Ada!", true),
            ("(@ada)", true),
            ("@ada.", true),
            ("@ada, @bob", true),
            ("@bob @ada", true),
            ("ü@ada", false),
            ("mail@ada", false),
            ("x/@ada", false),
            ("@@ada", false),
            ("@adam", false),
            ("@ada.b", false),
            ("@ad", false),
            ("ada", false),
            ("@", false),
            ("", false),
        ] {
            assert_eq!(mentions(text, "ada"), expect, "{text}");
        }
        assert!(mentions("@a.b-c_d", "a.b-c_d"));
        assert!(!mentions("@a.b-c", "a.b-c_d"));
    }

    #[test]
    fn words_are_found_as_words() {
        let has = |text, word| has_word(text, [word]);
        assert!(has("The DEPLOY is done", "deploy"));
        assert!(!has("Redeployed", "deploy"));
        assert!(has("Un café, s'il vous plaît", "cafe"));
        assert!(has("big  Red, button", "red button"));
        assert!(!has("red and a button", "red button"));
        assert!(has("今日は雨です", "雨"));
        assert!(!has("anything", ""));
        assert!(!has("anything", "!?"));
        assert!(has_word("a b c", ["x", "c"]));
        assert!(!has_word("a b c", []));
    }
}
