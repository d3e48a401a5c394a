//! `name/ascii`: a name in another script. Labels are in any script; names are ASCII, for they become GraphQL names.
//!
//! For Chinese the pinyin is offered.

use pinyin::ToPinyin;
use tenon_diagnostics::Diagnostic;
use tenon_value::NAME_LENGTH_MAX;

pub(crate) const CODE: &str = "name/ascii";

pub(crate) fn not_ascii(name: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(CODE, format!("name `{}` has letters other than a–z, 0–9 and _", super::wrong_type::shorten(name)));
    match proposal(name) {
        Some(proposal) => diagnostic.help(format!("for example `{proposal}`; the label can be in any script")),
        None => diagnostic.help("the label can be in any script, the name is in ASCII"),
    }
}

/// Words in order: runs of ASCII letters and digits, and the pinyin of Chinese letters.
fn proposal(name: &str) -> Option<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    let mut lower_before = false;
    for letter in name.chars() {
        if letter.is_ascii_alphanumeric() {
            let begins = !open || (letter.is_ascii_uppercase() && lower_before);
            match words.last_mut() {
                Some(word) if !begins => word.push(letter.to_ascii_lowercase()),
                _ => words.push(letter.to_ascii_lowercase().to_string()),
            }
            open = true;
        } else {
            open = false;
            if let Some(sound) = letter.to_pinyin() {
                // The name rule has no ü; input methods write it as v.
                words.push(sound.plain().replace('ü', "v"));
            }
        }
        lower_before = letter.is_ascii_lowercase();
    }
    let mut proposal = words.join("_");
    if proposal.starts_with(|letter: char| letter.is_ascii_digit()) {
        proposal.insert_str(0, "n_");
    }
    while proposal.len() > NAME_LENGTH_MAX {
        proposal = proposal.rsplit_once('_')?.0.to_owned();
    }
    tenon_value::Name::check(&proposal).ok().map(|()| proposal)
}

#[cfg(test)]
mod tests {
    use crate::testing::codes;

    #[test]
    fn names_are_ascii_labels_are_not() {
        assert_eq!(codes("fields:\n  金额: { type: text, label: { zh: 金额 } }\n"), [super::CODE]);
        assert!(codes("fields:\n  jin_e: { type: text, label: { zh: 金额 } }\n").is_empty());
    }
}
