//! What files may be called.

/// Replaces what a name may not have.
const REPLACEMENT: char = '_';
/// For a file whose name says nothing.
const NAMELESS: &str = "file";
/// The longest ending that is kept where a name is shortened, in bytes.
const ENDING_BYTES_MAX: usize = 16;

/// The name of a file as it may be shown and saved: its last part, without characters that systems take for something else, that
/// cannot be seen, or that turn the direction of writing (so that `photo\u{202E}gpj.exe` does not look like `photoexe.jpg`).
/// At most `bytes_max` bytes; its ending is kept.
///
/// Never refuses: what somebody's own system calls a file is not their fault.
pub fn file_name(text: &str, bytes_max: usize) -> String {
    let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
    let cleaned: String = last
        .chars()
        .filter(|letter| !is_unseen(*letter))
        .map(clean)
        .collect();
    let cleaned = cleaned.trim_matches(|letter: char| letter.is_whitespace() || letter == '.');
    if cleaned.is_empty() {
        return NAMELESS.to_owned();
    }
    shortened(cleaned, bytes_max)
}

fn clean(letter: char) -> char {
    match letter {
        '<' | '>' | ':' | '"' | '|' | '?' | '*' => REPLACEMENT,
        letter if letter.is_whitespace() => ' ',
        letter => letter,
    }
}

/// Controls, the bidirectional ones of Unicode (UAX 9) included, and what has no width.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}'
        )
}

/// Cut in the middle, so that what the file is can still be told by its ending.
fn shortened(name: &str, bytes_max: usize) -> String {
    if name.len() <= bytes_max {
        return name.to_owned();
    }
    let ending = name
        .rfind('.')
        .and_then(|dot| name.get(dot..))
        .filter(|ending| ending.len() <= ENDING_BYTES_MAX.min(bytes_max / 2))
        .unwrap_or_default();
    let mut kept = String::new();
    for letter in name.chars() {
        if kept.len() + letter.len_utf8() + ending.len() > bytes_max {
            break;
        }
        kept.push(letter);
    }
    kept + ending
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned() {
        for (text, expect) in [
            ("cat.jpg", "cat.jpg"),
            ("Käse & Brot.txt", "Käse & Brot.txt"),
            ("猫.png", "猫.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\cat.jpg", "cat.jpg"),
            ("photo\u{202E}gpj.exe", "photogpj.exe"),
            ("a\u{200B}b\u{2066}c\u{E0061}.txt", "abc.txt"),
            ("a\0b\r\nc\u{7f}.txt", "abc.txt"),
            ("a\u{a0}b\u{3000}c", "a b c"),
            ("what? \"no\" <b>.txt", "what_ _no_ _b_.txt"),
            (" . .hidden. ", "hidden"),
            ("..", "file"),
            ("", "file"),
            ("folder/", "file"),
            ("\u{202E}\u{202D}", "file"),
        ] {
            assert_eq!(file_name(text, 255), expect, "{text:?}");
        }
    }

    #[test]
    fn long_names_keep_their_ending() {
        for (text, bytes_max, expect) in [
            ("abcdefghij.txt", 10, "abcdef.txt"),
            ("abcdefghij", 4, "abcd"),
            ("ééééé.txt", 9, "éé.txt"),
            ("a.abcdefghijklmnopqrstuvwxyz", 20, "a.abcdefghijklmnopqr"),
        ] {
            assert_eq!(file_name(text, bytes_max), expect);
            assert!(file_name(text, bytes_max).len() <= bytes_max);
        }
    }
}
