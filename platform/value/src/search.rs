//! Words of texts, for search: one tokenizer for both databases, so that both find the same.
//!
//! Latin (and any other) letters and digits in a row are one word, folded as [`fold`] does. Chinese, Japanese and Korean are
//! written without spaces: each letter is a word, and each two neighbours are. A question for such a run of two letters or more
//! asks for its pairs; a question for a Latin word of two letters or more finds what begins with it, too.
//! Invariant: a word holds letters and digits only, so no database's own syntax can be in it.

use std::collections::BTreeSet;

use unicode_normalization::char::is_combining_mark;

use crate::fold;

/// `search_letters`: letters of a question, at most.
pub const SEARCH_LETTERS_MAX: usize = 200;
/// `search_words`: words of a question, at most; pairs of Chinese letters count one each.
pub const SEARCH_WORDS_MAX: usize = 16;
/// Letters of a word that count; what comes after does not tell words apart.
const WORD_LETTERS_MAX: usize = 64;
/// Words of one value that are found again; those of a text as long as a book beyond them are not.
pub const INDEXED_WORDS_MAX: usize = 2_000;
/// The last digits of a phone number by which it is found, at least.
const LAST_DIGITS_MIN: usize = 4;
/// Digits of a phone number that count.
const DIGITS_MAX: usize = 20;
/// Letters of a snippet.
const SNIPPET_LETTERS: usize = 160;
/// Letters of a snippet before the first match.
const SNIPPET_BEFORE: usize = 40;

/// How a value is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wording {
    /// As text.
    Text,
    /// A phone number: by its last digits, from any of them on.
    Digits,
    /// A number of a series: by its parts, and by all of them without what stands between.
    Number,
}

/// A word that is looked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sought {
    /// The word, folded.
    pub word: String,
    /// Whether words that only begin with it are found, too.
    pub begins: bool,
}

/// Why a question cannot be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchTooLong {
    /// So many letters.
    Letters(usize),
    /// So many words.
    Words(usize),
}

/// A part of a text whose value was found, and where: start and end in UTF-16 units, as browsers count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// The part.
    pub text: String,
    /// Where the matches stand in it, in order, none touching another.
    pub ranges: Vec<(usize, usize)>,
}

/// A run of letters of one kind, by byte places in the text.
#[derive(Clone, Copy, Debug)]
struct Run {
    start: usize,
    end: usize,
    paired: bool,
}

/// Letters of scripts that put no spaces between words.
const fn is_paired(letter: char) -> bool {
    matches!(letter,
        '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{30FF}' | '\u{3105}'..='\u{312F}' | '\u{31A0}'..='\u{31BF}' | '\u{31F0}'..='\u{31FF}'
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{1100}'..='\u{11FF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{FF66}'..='\u{FF9F}' | '\u{20000}'..='\u{3FFFF}')
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut open = false;
    for (at, letter) in text.char_indices() {
        let (paired, end) = (is_paired(letter), at + letter.len_utf8());
        let carries_on = open && is_combining_mark(letter);
        if !(carries_on || letter.is_alphanumeric() || paired) {
            open = false;
            continue;
        }
        match runs.last_mut().filter(|run| open && (carries_on || run.paired == paired)) {
            Some(run) => run.end = end,
            None => runs.push(Run { start: at, end, paired }),
        }
        open = true;
    }
    runs
}

/// A run as it is compared.
fn folded(text: &str, run: Run) -> Vec<char> {
    let letters = fold(text.get(run.start..run.end).unwrap_or_default());
    letters.chars().filter(|letter| letter.is_alphanumeric() || is_paired(*letter)).collect()
}

fn word(letters: &[char]) -> String {
    letters.iter().take(WORD_LETTERS_MAX).collect()
}

/// The words by which a value is found, sorted, none twice.
#[must_use]
pub fn words(text: &str, wording: Wording) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    if wording == Wording::Digits {
        let digits: Vec<char> = fold(text).chars().filter(char::is_ascii_digit).take(DIGITS_MAX).collect();
        let lasts = (0..digits.len()).filter_map(|from| digits.get(from..)).filter(|last| last.len() >= LAST_DIGITS_MIN.min(digits.len()));
        words.extend(lasts.map(word));
        return words;
    }
    for run in runs(text) {
        if words.len() >= INDEXED_WORDS_MAX {
            break;
        }
        let letters = folded(text, run);
        if run.paired {
            words.extend(letters.chunks(1).chain(letters.windows(2)).map(word).take(INDEXED_WORDS_MAX));
        } else if !letters.is_empty() {
            words.insert(word(&letters));
        }
    }
    if wording == Wording::Number {
        let whole: Vec<char> = fold(text).chars().filter(|letter| letter.is_alphanumeric()).collect();
        if !whole.is_empty() {
            words.insert(word(&whole));
        }
    }
    words
}

/// The words a question asks for, each once; none: it asks for nothing.
///
/// # Errors
/// Where it is too long, or has too many words.
pub fn sought(text: &str) -> Result<Vec<Sought>, SearchTooLong> {
    let letters = text.chars().count();
    if letters > SEARCH_LETTERS_MAX {
        return Err(SearchTooLong::Letters(letters));
    }
    let mut sought = BTreeSet::new();
    for run in runs(text) {
        let letters = folded(text, run);
        if run.paired {
            let size = letters.len().min(2);
            sought.extend(letters.windows(size.max(1)).map(|pair| Sought { word: word(pair), begins: false }));
        } else if !letters.is_empty() {
            sought.insert(Sought { word: word(&letters), begins: letters.len() >= 2 });
        }
    }
    if sought.len() > SEARCH_WORDS_MAX { Err(SearchTooLong::Words(sought.len())) } else { Ok(sought.into_iter().collect()) }
}

/// Byte places of what in a text is sought, in order, neighbours joined.
fn matches(text: &str, sought: &[Sought], wording: Wording) -> Vec<(usize, usize)> {
    let is_sought = |word: &str| sought.iter().any(|sought| *word == sought.word || sought.begins && word.starts_with(&sought.word));
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut add = |start: usize, end: usize| match found.last_mut().filter(|last| last.1 >= start) {
        Some(last) => last.1 = last.1.max(end),
        None => found.push((start, end)),
    };
    if wording == Wording::Digits {
        if words(text, wording).iter().any(|word| is_sought(word)) {
            add(0, text.len());
        }
        return found;
    }
    for run in runs(text) {
        if !run.paired {
            if is_sought(&word(&folded(text, run))) {
                add(run.start, run.end);
            }
            continue;
        }
        let places: Vec<(usize, usize)> = text
            .get(run.start..run.end)
            .unwrap_or_default()
            .char_indices()
            .map(|(at, letter)| (run.start + at, run.start + at + letter.len_utf8()))
            .collect();
        let part = |start: usize, end: usize| word(&folded(text, Run { start, end, paired: true }));
        for (at, (start, end)) in places.iter().enumerate() {
            let pair = places.get(at + 1).map(|next| next.1);
            if let Some(pair) = pair.filter(|pair| is_sought(&part(*start, *pair))) {
                add(*start, pair);
            } else if is_sought(&part(*start, *end)) {
                add(*start, *end);
            }
        }
    }
    if found.is_empty() && wording == Wording::Number && words(text, wording).iter().any(|word| is_sought(word)) {
        found.push((0, text.len()));
    }
    found
}

/// The part of a text around the first place that was sought, with all such places in it; none where there is no such place.
#[must_use]
pub fn snippet(text: &str, sought: &[Sought], wording: Wording) -> Option<Snippet> {
    let found = matches(text, sought, wording);
    let first = found.first()?.0;
    let before: Vec<usize> = text.char_indices().map(|(at, _)| at).take_while(|at| *at < first).collect();
    let start = match before.len().checked_sub(SNIPPET_BEFORE) {
        Some(from) if text.chars().count() > SNIPPET_LETTERS => before.get(from).copied().unwrap_or(first),
        _ => 0,
    };
    let rest = text.get(start..).unwrap_or_default();
    let end = rest.char_indices().nth(SNIPPET_LETTERS).map_or(text.len(), |(at, _)| start + at);
    let units = |from: usize, to: usize| text.get(from..to).unwrap_or_default().encode_utf16().count();
    let lead = usize::from(start > 0);
    let inside = found.into_iter().filter(|(from, _)| *from < end).map(|(from, to)| (from, to.min(end)));
    let ranges = inside.map(|(from, to)| (lead + units(start, from), lead + units(start, to))).collect();
    let text = text.get(start..end).unwrap_or_default();
    let (opened, closed) = (if start > 0 { "…" } else { "" }, if start + text.len() < start + rest.len() { "…" } else { "" });
    Some(Snippet { text: format!("{opened}{text}{closed}"), ranges })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Vec<String> {
        words(text, Wording::Text).into_iter().collect()
    }

    fn asked(text: &str) -> Vec<(String, bool)> {
        sought(text).unwrap().into_iter().map(|sought| (sought.word, sought.begins)).collect()
    }

    #[test]
    fn latin_words_are_folded_and_chinese_ones_paired() {
        assert_eq!(text("ＡＣＭＥ Ltd., Straße"), ["acme", "ltd", "straße"]);
        assert_eq!(text("华为Huawei技术"), ["huawei", "为", "华", "华为", "技", "技术", "术"]);
        assert_eq!(text("li.lei@acme.com"), ["acme", "com", "lei", "li"]);
        assert_eq!(text("—…!?"), Vec::<String>::new());
    }

    #[test]
    fn a_question_asks_for_pairs_and_beginnings() {
        assert_eq!(asked("Hua w"), [("hua".to_owned(), true), ("w".to_owned(), false)]);
        assert_eq!(asked("张"), [("张".to_owned(), false)]);
        assert_eq!(asked("张三丰"), [("三丰".to_owned(), false), ("张三".to_owned(), false)]);
        assert_eq!(asked("\" OR 1=1 --"), [("1".to_owned(), false), ("or".to_owned(), true)]);
        assert!(asked("*'\"()&|!:\\").is_empty());
    }

    #[test]
    fn a_phone_number_is_found_by_its_last_digits() {
        let found = words("+86 138-0013-5678", Wording::Digits);
        for last in ["5678", "00135678", "8613800135678"] {
            assert!(found.contains(last), "{last}");
        }
        assert!(!found.contains("678"), "three digits tell nothing");
    }

    #[test]
    fn what_is_too_long_is_told_with_its_length() {
        assert_eq!(sought(&"a".repeat(201)), Err(SearchTooLong::Letters(201)));
        let many: Vec<String> = (10..27).map(|number| number.to_string()).collect();
        assert_eq!(sought(&many.join(" ")), Err(SearchTooLong::Words(17)));
    }

    #[test]
    fn a_number_of_a_series_is_found_with_and_without_what_stands_between() {
        let found = words("OPP-2026-0001", Wording::Number);
        assert!(["opp", "2026", "0001", "opp20260001"].into_iter().all(|word| found.contains(word)));
    }

    #[test]
    fn snippets_count_as_browsers_do() {
        let sought = sought("华为 tech").unwrap();
        let snippet = snippet("😀 华为公司 Technology", &sought, Wording::Text).unwrap();
        // The face takes two units, and a space follows.
        assert_eq!(snippet.ranges, [(3, 5), (8, 18)]);
        assert_eq!(snippet.text, "😀 华为公司 Technology");
    }

    #[test]
    fn a_long_text_is_cut_around_its_first_match() {
        let long = format!("{}needle {}", "hay ".repeat(100), "hay ".repeat(100));
        let snippet = snippet(&long, &sought("needle").unwrap(), Wording::Text).unwrap();
        assert!(snippet.text.starts_with('…') && snippet.text.ends_with('…'));
        let (from, to) = snippet.ranges[0];
        let units: Vec<u16> = snippet.text.encode_utf16().collect();
        assert_eq!(String::from_utf16(&units[from..to]).unwrap(), "needle");
        assert!(super::snippet("nothing", &sought("needle").unwrap(), Wording::Text).is_none());
    }
}
