//! The limits of a text, counted by a scan of its own before any parser sees it.
//!
//! Invariant: what passes nests and chains no deeper than the parser's stack bears. Counting is generous to nobody: each
//! operator, dot and comma outside a string counts, whatever it will turn out to mean.

use crate::Fault;
use crate::fault::TOO_LARGE;

/// Bytes of a text.
pub const SOURCE_BYTES_MAX: usize = 4096;
/// Brackets within brackets.
pub const NESTING_MAX: usize = 32;
/// Operators, dots and commas.
pub const OPERATORS_MAX: usize = 256;

/// Whether the text keeps to the limits, and how deep its brackets go.
pub(crate) fn guard(source: &str) -> Result<usize, Fault> {
    let whole = 0..source.len();
    if source.len() > SOURCE_BYTES_MAX {
        return Err(Fault::new(TOO_LARGE, whole, format!("a rule has {SOURCE_BYTES_MAX} bytes at most, this one {}", source.len())));
    }
    let (mut rest, mut nesting, mut deepest, mut operators) = (source, 0_usize, 0_usize, 0_usize);
    while let Some(first) = rest.chars().next() {
        let at = source.len() - rest.len();
        let taken = token(rest, first);
        match first {
            '(' | '[' | '{' => nesting += 1,
            ')' | ']' | '}' => nesting = nesting.saturating_sub(1),
            _ if is_operator(rest, first, taken) => operators += 1,
            _ => {}
        }
        if nesting > NESTING_MAX {
            return Err(Fault::new(TOO_LARGE, at..at + taken, format!("brackets stand within {NESTING_MAX} others at most")));
        }
        if operators > OPERATORS_MAX {
            return Err(Fault::new(TOO_LARGE, at..at + taken, format!("a rule has {OPERATORS_MAX} operators at most")));
        }
        deepest = deepest.max(nesting);
        rest = rest.get(taken..).unwrap_or_default();
    }
    Ok(deepest)
}

/// Bytes of the token the text begins with, as far as it matters here.
fn token(text: &str, first: char) -> usize {
    match first {
        '"' | '\'' => string(text, first, true),
        '/' if text.starts_with("//") => text.find('\n').unwrap_or(text.len()),
        _ if is_word(first) => {
            let word = text.find(|letter| !is_word(letter)).unwrap_or(text.len());
            // `r"…"` knows no escapes; a string that stands behind any other word is a string of its own.
            let prefix = text
                .get(..word)
                .is_some_and(|word| matches!(word, "r" | "R" | "b" | "B" | "br" | "bR" | "Br" | "BR" | "rb" | "rB" | "Rb" | "RB"));
            let rest = text.get(word..).unwrap_or_default();
            match rest.chars().next() {
                Some(quote @ ('"' | '\'')) if prefix => {
                    let raw = text.get(..word).is_some_and(|word| word.contains(['r', 'R']));
                    word + string(rest, quote, !raw)
                }
                _ => word,
            }
        }
        '&' | '|' | '=' | '!' | '<' | '>' => {
            let two = ["&&", "||", "==", "!=", "<=", ">="].iter().any(|two| text.starts_with(two));
            if two { 2 } else { 1 }
        }
        other => other.len_utf8(),
    }
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

fn is_operator(text: &str, first: char, taken: usize) -> bool {
    let comment = text.starts_with("//");
    let word = text.get(..taken).is_some_and(|word| word == "in");
    word || (first.is_ascii_punctuation() && !comment && !matches!(first, '"' | '\'' | '_'))
}

/// Bytes of a string that begins here; one that never ends takes the rest.
fn string(text: &str, quote: char, escapes: bool) -> usize {
    let triple: String = std::iter::repeat_n(quote, 3).collect();
    let end = if text.starts_with(&triple) { triple } else { quote.to_string() };
    let mut at = end.len();
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(&end) {
            return at + end.len();
        }
        if end.len() == 1 && rest.starts_with('\n') {
            return at;
        }
        let skip = if escapes && rest.starts_with('\\') { 2 } else { 1 };
        at += rest.chars().take(skip).map(char::len_utf8).sum::<usize>();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_exactly_the_limits_passes_and_one_more_does_not() {
        let nested = |depth: usize| format!("{}true{}", "(".repeat(depth), ")".repeat(depth));
        assert!(guard(&nested(NESTING_MAX)).is_ok());
        assert_eq!(guard(&nested(NESTING_MAX + 1)).unwrap_err().at, NESTING_MAX..NESTING_MAX + 1);
        let chained = |count: usize| format!("a{}", "||a".repeat(count));
        assert!(guard(&chained(OPERATORS_MAX)).is_ok());
        assert!(guard(&chained(OPERATORS_MAX + 1)).is_err());
        assert!(guard(&format!("'{}'", "x".repeat(SOURCE_BYTES_MAX - 2))).is_ok());
        assert!(guard(&format!("'{}'", "x".repeat(SOURCE_BYTES_MAX - 1))).is_err());
    }

    #[test]
    fn what_stands_in_a_string_or_a_comment_counts_for_nothing() {
        for text in [
            format!("name == '{}'", "(".repeat(100)),
            format!("name == \"\\\"{}\"", "[".repeat(100)),
            format!("name == '''it's {}'''", "{".repeat(100)),
            format!("name == r'\\' && '{}' == name", "(".repeat(100)),
            format!("true // {}\n", "(".repeat(100)),
        ] {
            assert!(guard(&text).is_ok(), "{text}");
        }
        assert!(guard(&format!("'' {}", "(".repeat(100))).is_err());
        assert!(guard(&format!("x ' \n {}", "(".repeat(100))).is_err());
    }

    #[test]
    fn chains_of_dots_and_signs_count() {
        assert!(guard(&format!("a{}", ".a".repeat(300))).is_err());
        assert!(guard(&format!("{}a", "!".repeat(300))).is_err());
        assert!(guard(&format!("a{}", " in a".repeat(300))).is_err());
        assert!(guard(&format!("[{}]", "1,".repeat(300))).is_err());
    }
}
