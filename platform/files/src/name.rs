//! Names of files: no path, no control, nothing that turns the writing around; and how a door says them.

use unicode_normalization::UnicodeNormalization;

use crate::limits::NAME_LETTERS_MAX;

/// What a file without a name is called.
const NAMELESS: &str = "file";
/// Letters of an ending that is kept where a name is cut.
const ENDING_MAX: usize = 16;

/// A name as it is kept: the last part of a path, NFC, without letters nobody sees.
#[must_use]
pub fn clean(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: String = last.nfc().filter(|letter| !letter.is_control() && !turns(*letter)).collect();
    let trimmed = seen.trim().trim_end_matches('.').trim_end();
    if trimmed.trim_matches('.').is_empty() { NAMELESS.to_owned() } else { cut(trimmed) }
}

/// Marks of direction, invisible separators, byte order marks: with them `exe.gpj` reads as `jpg.exe`.
const fn turns(letter: char) -> bool {
    matches!(letter,
        '\u{061c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

fn cut(name: &str) -> String {
    if name.chars().count() <= NAME_LETTERS_MAX {
        return name.to_owned();
    }
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if ending.chars().count() <= ENDING_MAX => (stem, format!(".{ending}")),
        _ => (name, String::new()),
    };
    let room = NAME_LETTERS_MAX - ending.chars().count();
    stem.chars().take(room).collect::<String>() + &ending
}

/// `Content-Disposition`: the plain form for those who know no other, and the exact one (RFC 6266, RFC 8187).
#[must_use]
pub fn disposition(name: &str, inline: bool) -> String {
    let plain: String = name
        .chars()
        .map(|letter| if letter.is_ascii_graphic() || letter == ' ' { letter } else { '_' })
        .filter(|letter| !"\"\\%;".contains(*letter))
        .collect();
    let word = if inline { "inline" } else { "attachment" };
    let mut exact = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            exact.push(char::from(byte));
        } else {
            exact.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("{word}; filename=\"{plain}\"; filename*=UTF-8''{exact}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: &str) {
        assert_eq!(clean(name), expected);
    }

    #[test]
    fn only_the_last_part_of_a_path_is_kept() {
        check("../../etc/passwd", "passwd");
        check("C:\\Users\\x\\合同.pdf", "合同.pdf");
        check("..", "file");
        check("/", "file");
        check("", "file");
        check(" .. ", "file");
    }

    #[test]
    fn nobody_is_deceived_by_letters_nobody_sees() {
        check("a\r\nSet-Cookie: x.txt", "aSet-Cookie: x.txt");
        check("photo\u{202e}gpj.exe", "photogpj.exe");
        check("nul\0.txt", "nul.txt");
        check("𠮷野家.docx", "𠮷野家.docx");
        check("👨\u{200d}👩.png", "👨\u{200d}👩.png");
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let name = clean(&format!("{}.pdf", "长".repeat(500)));
        assert_eq!(name.chars().count(), NAME_LETTERS_MAX);
        assert!(name.ends_with("长.pdf"));
        assert_eq!(clean(&"x".repeat(500)).len(), NAME_LETTERS_MAX);
    }

    #[test]
    fn a_door_says_a_name_that_no_header_can_be_broken_with() {
        assert_eq!(disposition("a\"b;c.txt", false), "attachment; filename=\"abc.txt\"; filename*=UTF-8''a%22b%3Bc.txt");
        assert_eq!(disposition("合.png", true), "inline; filename=\"_.png\"; filename*=UTF-8''%E5%90%88.png");
    }
}
