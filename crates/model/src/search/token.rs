//! Text to tokens.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The most tokens of one text. PostgreSQL counts positions up to 16,383; what follows in a longer text is not found.
pub const TOKENS_MAX: usize = 8_192;
/// The longest token, in characters; longer ones are cut, in texts and queries alike.
pub const TOKEN_CHARS_MAX: usize = 40;

/// What kind of token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A word between spaces or signs.
    Word,
    /// Two neighbouring characters of a script that does not separate words.
    Pair,
    /// The last character of such a stretch, so that each of them is the beginning of a token.
    Last {
        /// The stretch has no other.
        alone: bool,
    },
}

/// A part of a text that can be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// As it is compared: letters and digits only, folded.
    pub text: String,
    /// Where it stands in the text, in bytes.
    pub place: Range<usize>,
    /// What kind it is.
    pub kind: Kind,
}

/// The tokens of a text in their order, at most [`TOKENS_MAX`].
pub fn tokens(text: &str) -> Vec<Token> {
    let mut splitter = Splitter::default();
    for (start, character) in text.char_indices() {
        if splitter.tokens.len() >= TOKENS_MAX {
            break;
        }
        splitter.push(start..start + character.len_utf8(), character);
    }
    splitter.end_word();
    splitter.end_stretch();
    splitter.tokens.truncate(TOKENS_MAX);
    splitter.tokens
}

#[derive(Default)]
struct Splitter {
    tokens: Vec<Token>,
    /// The word that is being read.
    word: Option<(Range<usize>, String)>,
    /// The characters (with their marks) of the stretch without spaces that is being read.
    stretch: Vec<(Range<usize>, String)>,
}

impl Splitter {
    fn push(&mut self, place: Range<usize>, character: char) {
        if is_mark(character) {
            if let Some((known, raw)) = self.stretch.last_mut().or(self.word.as_mut()) {
                raw.push(character);
                known.end = place.end;
            }
        } else if is_unseparated(character) {
            self.end_word();
            self.stretch.push((place, character.to_string()));
        } else if character.is_alphanumeric() {
            self.end_stretch();
            let (known, raw) = self.word.get_or_insert_with(|| (place.clone(), String::new()));
            raw.push(character);
            known.end = place.end;
        } else if !is_passed_over(character) {
            self.end_word();
            self.end_stretch();
        }
    }

    fn end_word(&mut self) {
        if let Some((place, raw)) = self.word.take() {
            self.add(&raw, place, Kind::Word);
        }
    }

    fn end_stretch(&mut self) {
        let stretch = std::mem::take(&mut self.stretch);
        for pair in stretch.windows(2) {
            if let [(first, one), (second, other)] = pair {
                self.add(&format!("{one}{other}"), first.start..second.end, Kind::Pair);
            }
        }
        let alone = stretch.len() == 1;
        if let Some((place, raw)) = stretch.into_iter().next_back() {
            self.add(&raw, place, Kind::Last { alone });
        }
    }

    fn add(&mut self, raw: &str, place: Range<usize>, kind: Kind) {
        let text = fold(raw);
        if !text.is_empty() {
            self.tokens.push(Token { text, place, kind });
        }
    }
}

/// Compatible forms made one (NFKC, Unicode TR 15), case and accents taken away, at most [`TOKEN_CHARS_MAX`] characters.
pub fn fold(text: &str) -> String {
    let lowered: String = text
        .nfkd()
        .filter(|character| !is_accent(*character))
        .flat_map(char::to_lowercase)
        .nfkd()
        .filter(|character| !is_accent(*character))
        .collect();
    let mut folded = String::with_capacity(lowered.len());
    for character in lowered.chars() {
        match character {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' => folded.push('d'),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            other => folded.push(other),
        }
    }
    folded
        .nfc()
        .filter(|character| character.is_alphanumeric() || (is_mark(*character) && !character.is_ascii()))
        .take(TOKEN_CHARS_MAX)
        .collect()
}

/// Marks that people leave out when they search: accents, the vowel points of Hebrew and Arabic, and the stretching of Arabic.
/// The vowel signs of Indic scripts and the tone marks of Thai are none: without them it is another word.
fn is_accent(character: char) -> bool {
    matches!(character,
        '\u{0300}'..='\u{036F}' | '\u{0591}'..='\u{05C7}' | '\u{0610}'..='\u{061A}' | '\u{0640}'
        | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{06D6}'..='\u{06ED}' | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

/// What belongs to the character before it: marks, the vowels and last consonants of decomposed Hangul, the voicing marks of narrow kana.
fn is_mark(character: char) -> bool {
    is_combining_mark(character)
        || matches!(
            character,
            '\u{1160}'..='\u{11FF}' | '\u{FF9E}' | '\u{FF9F}' | '\u{0640}'
        )
}

/// Stands inside words without ending them: apostrophes, and what is not seen.
fn is_passed_over(character: char) -> bool {
    matches!(
        character,
        '\'' | '\u{2019}' | '\u{02BC}' | '\u{FF07}' | '\u{00AD}' | '\u{200B}'
            ..='\u{200F}' | '\u{2060}' | '\u{FEFF}'
    )
}

/// Scripts that do not put spaces between words, and Hangul, whose words carry endings.
fn is_unseparated(character: char) -> bool {
    matches!(character,
        '\u{0E00}'..='\u{0EFF}' // Thai, Lao
        | '\u{1000}'..='\u{109F}' // Myanmar
        | '\u{1100}'..='\u{115F}' | '\u{AC00}'..='\u{D7AF}' // Hangul
        | '\u{1780}'..='\u{17FF}' // Khmer
        | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | '\u{30FC}'
        | '\u{31F0}'..='\u{31FF}' | '\u{FF66}'..='\u{FF9D}' // kana
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}') // Han
        && character.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn texts_are_split_and_folded() {
        for (text, expect) in [
            ("Hello, World!", vec!["hello", "world"]),
            ("don’t can't", vec!["dont", "cant"]),
            ("'quoted'", vec!["quoted"]),
            ("e-mail 3.14 a_b", vec!["e", "mail", "3", "14", "a", "b"]),
            ("Crème BRÛLÉE", vec!["creme", "brulee"]),
            ("cre\u{300}me", vec!["creme"]),
            ("Straße STRASSE ẞ", vec!["strasse", "strasse", "ss"]),
            ("İstanbul ılık", vec!["istanbul", "ilik"]),
            ("Ёлка Чай", vec!["елка", "чаи"]),
            ("ΣΊΣΥΦΟΣ σίσυφος", vec!["σισυφοσ", "σισυφοσ"]),
            ("ﬁne ＡＢＣ １２", vec!["fine", "abc", "12"]),
            ("שָׁלוֹם", vec!["שלום"]),
            ("مُحَمَّد محـــمد", vec!["محمد", "محمد"]),
            ("हिन्दी", vec!["हिन्दी"]),
            ("東京都", vec!["東京", "京都", "都"]),
            ("東", vec!["東"]),
            ("東京tower", vec!["東京", "京", "tower"]),
            ("ラーメン", vec!["ラー", "ーメ", "メン", "ン"]),
            ("ｶﾞｷﾞ", vec!["ガギ", "ギ"]),
            ("학교에서", vec!["학교", "교에", "에서", "서"]),
            ("\u{1112}\u{1161}\u{11a8}\u{1100}\u{116d}", vec!["학교", "교"]),
            ("กิน", vec!["กิน", "น"]),
            ("🎉 !? — …", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(texts(text), expect, "{text:?}");
        }
    }

    #[test]
    fn long_texts_and_words_are_cut() {
        assert_eq!(texts(&"a ".repeat(20_000)).len(), TOKENS_MAX);
        assert_eq!(texts(&"東".repeat(20_000)).len(), TOKENS_MAX);
        assert_eq!(texts(&"x".repeat(20_000)), ["x".repeat(TOKEN_CHARS_MAX)]);
    }

    proptest! {
        #[test]
        fn tokens_are_letters_and_digits_and_fold_to_themselves(text in any::<String>()) {
            for token in tokens(&text) {
                prop_assert!(token.text.chars().all(|it| !it.is_ascii() || it.is_ascii_alphanumeric()), "{:?}", token);
                prop_assert!(!token.text.contains(char::is_whitespace));
                prop_assert!(text.get(token.place.clone()).is_some());
                prop_assert_eq!(&fold(&token.text), &token.text);
            }
        }
    }
}
