//! What may be a reaction.

use unicode_properties::{EmojiStatus, UnicodeEmoji};
use unicode_segmentation::UnicodeSegmentation as _;

/// Why something is no reaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmojiError {
    /// It is longer than allowed.
    #[error("it is longer than {max} bytes")]
    TooLong {
        /// The most, in bytes.
        max: usize,
    },
    /// It is none, or more than one.
    #[error("it is not one emoji")]
    NotOne,
}

const ZERO_WIDTH_JOINER: char = '\u{200D}';
const EMOJI_PRESENTATION: char = '\u{FE0F}';
const KEYCAP: char = '\u{20E3}';
const BLACK_FLAG: char = '\u{1F3F4}';

/// Whether this is one emoji as it is shown (Unicode TR 51): one grapheme cluster (TR 29) of nothing but emoji and what belongs to them, in
/// its colourful form. By properties and not by a list, so that the emoji of the years to come may be used before this server knows them by name.
pub fn reaction(text: &str, bytes_max: usize) -> Result<(), EmojiError> {
    if text.len() > bytes_max {
        return Err(EmojiError::TooLong { max: bytes_max });
    }
    if text.graphemes(true).count() == 1 && is_emoji(text) {
        Ok(())
    } else {
        Err(EmojiError::NotOne)
    }
}

fn is_emoji(text: &str) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let only_parts = text.chars().all(UnicodeEmoji::is_emoji_char_or_emoji_component);
    // Tags say which region's flag a black one is; elsewhere they would hide a text.
    let has_tags = text
        .chars()
        .any(|letter| ('\u{E0000}'..='\u{E007F}').contains(&letter));
    let is_whole = match first {
        '\u{1F1E6}'..='\u{1F1FF}' => text.chars().count() == 2,
        '0'..='9' | '#' | '*' => text.ends_with(KEYCAP),
        _ => first.is_emoji_char() && !text.ends_with(ZERO_WIDTH_JOINER),
    };
    let is_shown = |letter: char| {
        letter == EMOJI_PRESENTATION
            || matches!(
                letter.emoji_status(),
                EmojiStatus::EmojiPresentation
                    | EmojiStatus::EmojiPresentationAndModifierBase
                    | EmojiStatus::EmojiPresentationAndEmojiComponent
                    | EmojiStatus::EmojiPresentationAndModifierAndEmojiComponent
            )
    };
    only_parts && is_whole && (!has_tags || first == BLACK_FLAG) && text.chars().any(is_shown)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_emoji_is_a_reaction() {
        for text in [
            "👍",
            "👍🏽",
            "❤️",
            "😀",
            "🎉",
            "🇩🇪",
            "1️⃣",
            "#️⃣",
            "👩\u{200d}🚀",
            "👁️\u{200d}🗨️",
            "🏴\u{200d}☠️",
            "👨\u{200d}👩\u{200d}👧\u{200d}👦",
            "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
            "☺️",
            "✅",
        ] {
            assert_eq!(reaction(text, 64), Ok(()), "{text:?}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "",
            "a",
            "ab",
            "👍👍",
            "👍a",
            "a👍",
            " 👍",
            "👍 ",
            "1",
            "#",
            "☺",
            "🇩",
            "🇩🇪🇫",
            "e\u{301}",
            "👍\u{301}",
            "👍\u{200d}",
            "\u{200d}",
            "\u{fe0f}",
            "1\u{fe0f}",
            "👍\u{E0061}\u{E0062}",
            "\n",
            "©",
            "<b>",
            "\u{202e}👍",
        ] {
            assert_eq!(reaction(text, 64), Err(EmojiError::NotOne), "{text:?}");
        }
        let long = format!("👍{}", "\u{200d}👍".repeat(10));
        assert_eq!(reaction(&long, 64), Err(EmojiError::TooLong { max: 64 }));
    }

    proptest! {
        #[test]
        fn no_text_at_all_makes_it_panic(text in any::<String>()) {
            let _ = reaction(&text, 64);
        }

        #[test]
        fn letters_are_never_a_reaction(text in "[\\p{L}\\p{P}\\p{Nd}]{1,4}") {
            prop_assert!(reaction(&text, 64).is_err());
        }
    }
}
