//! Types for plugins in TypeScript: the names of an object's fields, for `Change<…>` and `Record<…>`, and the codes of its choices.

use std::fmt::Write as _;

use tenon_packages::GrantedObject;
use tenon_value::pascal;

use super::label;

/// The file.
pub(super) fn written(objects: &[GrantedObject]) -> String {
    let mut text = "// Made by `tenon plugin typegen`. Do not edit: make it again.\n".to_owned();
    for object in objects {
        // Writing to a string cannot fail.
        declare(&mut text, object).unwrap_or_default();
    }
    text
}

fn declare(text: &mut String, object: &GrantedObject) -> std::fmt::Result {
    let ty = &object.type_name;
    let plain = |words: String| words.replace("*/", "* /");
    let names =
        object.members.iter().map(|member| (member.name.as_str(), format!("{}: {}", label(&member.label, &member.name), member.kind)));
    let says = format!("{}: fields and relations of `{}`.", plain(label(&object.label, &object.name)), object.name);
    union(text, &says, ty, names.map(|(name, says)| (name, plain(says))))?;
    for member in object.members.iter().filter(|member| !member.options.is_empty()) {
        let codes = member.options.iter().map(|(code, says)| (code.as_str(), plain(label(says, code))));
        union(text, &format!("Codes of `{}.{}`.", object.name, member.name), &format!("{ty}{}", pascal(&member.name)), codes)?;
    }
    Ok(())
}

/// A type that is one of some words; it never is without any.
fn union<'w>(text: &mut String, says: &str, ty: &str, words: impl Iterator<Item = (&'w str, String)>) -> std::fmt::Result {
    write!(text, "\n/** {says} */\nexport type {ty} =")?;
    let mut is_none = true;
    for (word, says) in words {
        is_none = false;
        write!(text, "\n  /** {says}. */\n  | \"{word}\"")?;
    }
    writeln!(text, "{};", if is_none { " never" } else { "" })
}
