//! What names and texts may look like.
//!
//! Names are shown beside other people's names and in sentences, so that nothing invisible or direction-changing may be in
//! them: a name must not make another text read differently (Unicode TR 36, section 2; TR 9, section 2). Everything is
//! brought into NFC (Unicode TR 15), so that what looks the same is the same.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation as _;

/// Why a text was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing is left after trimming.
    #[error("it is empty")]
    Empty,
    /// It is shorter than allowed.
    #[error("it has fewer than {min} characters")]
    TooShort {
        /// The least.
        min: usize,
    },
    /// It is longer than allowed.
    #[error("it is longer than {max}")]
    TooLong {
        /// The most: characters for names, bytes for message texts.
        max: usize,
    },
    /// It has a character that may not be there.
    #[error("the character U+{:04X} is not allowed", *.character as u32)]
    Character {
        /// Which one.
        character: char,
    },
}

/// The longest name of a person or device, in characters.
pub const NAME_CHARS_MAX: usize = 64;
/// The longest name of a group or server, in characters.
pub const TITLE_CHARS_MAX: usize = 128;
/// The longest topic of a group, in characters.
pub const TOPIC_CHARS_MAX: usize = pipit_wire::limits::TOPIC_CHARS_MAX;
/// The shortest and longest handle, in characters.
pub const HANDLE_CHARS: (usize, usize) = (2, 32);
/// The shortest and longest password, in characters (NIST SP 800-63B-4, section 3.1.1.2, asks for 15 where it is the only factor
/// and 8 beside another; 10 is what people bear, and 256 bounds the work of hashing).
pub const PASSWORD_CHARS: (usize, usize) = (10, 256);

/// The name of a person or device, trimmed and in NFC.
pub fn name(text: &str) -> Result<String, TextError> {
    line(text, NAME_CHARS_MAX)
}

/// The name of a group or server, trimmed and in NFC.
pub fn title(text: &str) -> Result<String, TextError> {
    line(text, TITLE_CHARS_MAX)
}

/// What a group is about, trimmed and in NFC: one line, or nothing.
pub fn topic(text: &str) -> Result<String, TextError> {
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    line(text, TOPIC_CHARS_MAX)
}

/// A line that somebody writes about themselves, trimmed and in NFC, or nothing.
pub fn about(text: &str) -> Result<String, TextError> {
    short_line(text, pipit_wire::person::ABOUT_GRAPHEMES_MAX)
}

/// The words of a status, trimmed and in NFC, or none.
pub fn status(text: &str) -> Result<String, TextError> {
    short_line(text, pipit_wire::person::STATUS_GRAPHEMES_MAX)
}

/// One line, or nothing, counted as people count: a family of four is one. A cluster may have any number of marks, so that the characters
/// are bounded as well.
fn short_line(text: &str, graphemes_max: usize) -> Result<String, TextError> {
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    let max = graphemes_max;
    let text = line(text, max * 8).map_err(|error| match error {
        TextError::TooLong { .. } => TextError::TooLong { max },
        other => other,
    })?;
    if text.graphemes(true).count() > max {
        return Err(TextError::TooLong { max });
    }
    Ok(text)
}

pub(crate) fn line(text: &str, chars_max: usize) -> Result<String, TextError> {
    // Bounded before it is normalised: one character has at most 4 bytes, and NFC rarely grows a text.
    if text.len() > chars_max * 16 {
        return Err(TextError::TooLong { max: chars_max });
    }
    let text: String = text.trim().nfc().collect();
    if let Some(character) = text.chars().find(|character| changes_other_text(*character)) {
        return Err(TextError::Character { character });
    }
    if !text.chars().any(is_visible) {
        return Err(TextError::Empty);
    }
    if text.chars().count() > chars_max {
        return Err(TextError::TooLong { max: chars_max });
    }
    Ok(text)
}

/// A handle, lowered: `a-z`, `0-9`, `_`, `.`, `-`, beginning with a letter or digit.
pub fn handle(text: &str) -> Result<String, TextError> {
    let (min, max) = HANDLE_CHARS;
    if text.len() > max {
        return Err(TextError::TooLong { max });
    }
    let text = text.to_ascii_lowercase();
    let allowed = |place: usize, character: char| {
        character.is_ascii_lowercase()
            || character.is_ascii_digit()
            || (place > 0 && matches!(character, '_' | '.' | '-'))
    };
    if let Some((_, character)) = text
        .chars()
        .enumerate()
        .find(|(place, character)| !allowed(*place, *character))
    {
        return Err(TextError::Character { character });
    }
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    if text.len() < min {
        return Err(TextError::TooShort { min });
    }
    Ok(text)
}

/// Whether a password has an acceptable length. It is not changed in any way.
pub fn password(text: &str) -> Result<(), TextError> {
    let (min, max) = PASSWORD_CHARS;
    if text.len() > max * 4 || text.chars().count() > max {
        return Err(TextError::TooLong { max });
    }
    if text.chars().count() < min {
        return Err(TextError::TooShort { min });
    }
    Ok(())
}

/// Whether a message's plain text is acceptable: something visible, at most `bytes_max`, no control characters but line feed
/// and tab. It is not changed: what was written is what is kept. Direction-changing characters stay, because whole
/// languages need them; clients isolate each message's direction.
pub fn message(text: &str, bytes_max: usize) -> Result<(), TextError> {
    if text.len() > bytes_max {
        return Err(TextError::TooLong { max: bytes_max });
    }
    let forbidden = |character: &char| character.is_control() && !matches!(character, '\n' | '\t');
    if let Some(character) = text.chars().find(forbidden) {
        return Err(TextError::Character { character });
    }
    if !text.chars().any(is_visible) {
        return Err(TextError::Empty);
    }
    Ok(())
}

/// Control characters, line and paragraph separators, and whatever changes the direction of the text around it.
fn changes_other_text(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{206F}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

fn is_visible(character: char) -> bool {
    !character.is_whitespace()
        && !character.is_control()
        && !matches!(character,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names() {
        for (text, expect) in [
            ("Ada", Ok("Ada")),
            ("  Ada Lovelace ", Ok("Ada Lovelace")),
            ("e\u{301}", Ok("é")),
            ("שלום", Ok("שלום")),
            ("👩\u{200d}🚀", Ok("👩\u{200d}🚀")),
            ("", Err(TextError::Empty)),
            (" \u{200b} ", Err(TextError::Empty)),
            (
                "a\u{202e}b",
                Err(TextError::Character {
                    character: '\u{202e}',
                }),
            ),
            (
                "a\u{2066}b",
                Err(TextError::Character {
                    character: '\u{2066}',
                }),
            ),
            ("a\nb", Err(TextError::Character { character: '\n' })),
            ("a\0b", Err(TextError::Character { character: '\0' })),
        ] {
            assert_eq!(name(text), expect.map(str::to_owned), "{text:?}");
        }
        assert_eq!(name(&"é".repeat(64)), Ok("é".repeat(64)));
        assert_eq!(name(&"é".repeat(65)), Err(TextError::TooLong { max: 64 }));
        assert_eq!(name(&"x".repeat(10_000_000)), Err(TextError::TooLong { max: 64 }));
        assert_eq!(title(&"x".repeat(128)), Ok("x".repeat(128)));
        assert_eq!(
            topic(" Birds, and where they are \t"),
            Ok("Birds, and where they are".to_owned())
        );
        assert_eq!(topic("  "), Ok(String::new()), "no topic");
        assert_eq!(
            topic("a\u{202e}b"),
            Err(TextError::Character {
                character: '\u{202e}'
            })
        );
        assert_eq!(topic(&"é".repeat(512)), Ok("é".repeat(512)));
        assert_eq!(topic(&"é".repeat(513)), Err(TextError::TooLong { max: 512 }));
    }

    #[test]
    fn handles() {
        for (text, expect) in [
            ("ada", Ok("ada")),
            ("Ada.L-1_x", Ok("ada.l-1_x")),
            ("42", Ok("42")),
            ("a", Err(TextError::TooShort { min: 2 })),
            ("", Err(TextError::Empty)),
            (".ada", Err(TextError::Character { character: '.' })),
            ("a b", Err(TextError::Character { character: ' ' })),
            ("adä", Err(TextError::Character { character: 'ä' })),
            ("\u{430}da", Err(TextError::Character { character: '\u{430}' })),
        ] {
            assert_eq!(handle(text), expect.map(str::to_owned), "{text:?}");
        }
        assert_eq!(handle(&"a".repeat(33)), Err(TextError::TooLong { max: 32 }));
    }

    #[test]
    fn passwords() {
        assert_eq!(password("123456789"), Err(TextError::TooShort { min: 10 }));
        assert_eq!(password("1234567890"), Ok(()));
        assert_eq!(password("пароль пароль"), Ok(()));
        assert_eq!(password(&"x".repeat(257)), Err(TextError::TooLong { max: 256 }));
    }

    #[test]
    fn messages() {
        for (text, expect) in [
            ("hi", Ok(())),
            ("two\nlines\tand a tab", Ok(())),
            ("right-to-left \u{202b}mark", Ok(())),
            ("", Err(TextError::Empty)),
            (" \n\t ", Err(TextError::Empty)),
            ("\u{200b}", Err(TextError::Empty)),
            ("nul\0", Err(TextError::Character { character: '\0' })),
            ("bell\u{7}", Err(TextError::Character { character: '\u{7}' })),
            (
                "carriage\r\nreturn",
                Err(TextError::Character { character: '\r' }),
            ),
        ] {
            assert_eq!(message(text, 100), expect, "{text:?}");
        }
        assert_eq!(
            message(&"x".repeat(101), 100),
            Err(TextError::TooLong { max: 100 })
        );
    }

    proptest! {
        #[test]
        fn an_accepted_name_is_accepted_again_unchanged(text in "\\PC{0,80}") {
            if let Ok(name_once) = name(&text) {
                prop_assert_eq!(name(&name_once), Ok(name_once));
            }
        }

        #[test]
        fn no_text_at_all_makes_a_check_panic(text in any::<String>()) {
            let _ = name(&text);
            let _ = handle(&text);
            let _ = password(&text);
            let _ = message(&text, 1_000);
        }
    }
}
