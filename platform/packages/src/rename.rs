//! Giving an element another name: its id stays, what hangs below it moves along, what names it is rewritten.

use tenon_model::{Element, ElementPath};
use tenon_value::Json;

use crate::elements::{Elements, object_of, property};

/// Properties whose texts are for people, or say nothing of fields.
const NOT_NAMES: [&str; 6] = ["label", "plural_label", "about", "was", "alias_until", "icon"];

/// Moves the element at `from` to `to`, with its children (a role's are its rights on every object), and leaves `was`
/// behind.
pub(crate) fn rename(elements: &mut Elements, from: &ElementPath, to: &ElementPath) {
    let prefix = format!("{from}.");
    let moved: Vec<(ElementPath, Element)> = std::mem::take(elements)
        .into_iter()
        .map(|(path, mut element)| {
            let new = if path == *from {
                element.properties.insert("was".to_owned(), property(Json::from(from.name())));
                to.clone()
            } else if let Some(rest) = path.0.strip_prefix(&prefix) {
                ElementPath(format!("{to}.{rest}"))
            } else {
                rights_of_role(&path, from, to).unwrap_or(path)
            };
            element.path = new.clone();
            (new, element)
        })
        .collect();
    elements.extend(moved);
    rewrite_references(elements, from, to);
}

/// The path of a renamed role's rights on an object.
pub(crate) fn rights_of_role(path: &ElementPath, from: &ElementPath, to: &ElementPath) -> Option<ElementPath> {
    let (old, new) = (from.role_name()?, to.role_name()?);
    match path.split() {
        (object, Some(("access", role))) if role == old => Some(ElementPath::child(object, "access", new)),
        _ => None,
    }
}

/// Parents of roles and sharing rules that name a renamed role.
fn rewrite_roles(elements: &mut Elements, old: &str, new: &str) {
    for (path, element) in elements.iter_mut() {
        let key = match path.split().1 {
            None if path.role_name().is_some() => "parent",
            Some(("sharing", _)) => "to",
            _ => continue,
        };
        let named = element.properties.get_mut(key).map(|property| &mut property.value);
        let named = if key == "to" { named.and_then(|to| to.get_mut("roles")) } else { named };
        if let Some(named) = named {
            replace_word(named, old, new);
        }
    }
}

/// Views, layouts, keys, rights and rules of the object that name a renamed field or relation; relations that point to a
/// renamed object.
fn rewrite_references(elements: &mut Elements, from: &ElementPath, to: &ElementPath) {
    let (old, new) = (from.name().to_owned(), to.name().to_owned());
    if from.role_name().is_some() {
        return rewrite_roles(elements, &old, &new);
    }
    let whole_object = from.split().1.is_none();
    let home = object_of(to);
    for (path, element) in elements.iter_mut() {
        let group = path.split().1.map(|(group, _)| group);
        let concerned = if whole_object {
            group == Some("relations")
        } else {
            object_of(path) == home && matches!(group, None | Some("views" | "layouts" | "access" | "sharing"))
        };
        if !concerned {
            continue;
        }
        for (key, property) in &mut element.properties {
            if whole_object && key != "to"
                || NOT_NAMES.contains(&key.as_str())
                || group.is_none() && !matches!(key.as_str(), "display" | "unique")
                || group == Some("access") && !matches!(key.as_str(), "rows" | "fields")
                || group == Some("sharing") && key != "rows"
            {
                continue;
            }
            if !whole_object && key == "rows" {
                in_rules(&mut property.value, &old, &new);
                continue;
            }
            replace_word(&mut property.value, &old, &new);
        }
    }
}

/// Replaces a name wherever it stands as a whole text, as the first word of a dotted text, or as a key.
fn replace_word(value: &mut Json, old: &str, new: &str) {
    match value {
        Json::String(text) if text == old => new.clone_into(text),
        Json::String(text) => {
            if let Some(rest) = text.strip_prefix(old).filter(|rest| rest.starts_with('.')) {
                *text = format!("{new}{rest}");
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| replace_word(item, old, new)),
        Json::Object(map) => {
            let entries: Vec<(String, Json)> = std::mem::take(map).into_iter().collect();
            for (key, mut inner) in entries {
                if !NOT_NAMES.contains(&key.as_str()) {
                    replace_word(&mut inner, old, new);
                }
                map.insert(if key == old { new.to_owned() } else { key }, inner);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// The same in one rule, or in a mapping of rules.
fn in_rules(value: &mut Json, old: &str, new: &str) {
    match value {
        Json::String(source) => *source = in_rule(source, old, new),
        Json::Object(rules) => rules.values_mut().for_each(|rule| in_rules(rule, old, new)),
        _ => {}
    }
}

/// A rule with a name of the record replaced: not in quoted text, and not behind a dot, where it is another's name.
fn in_rule(source: &str, old: &str, new: &str) -> String {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut text = String::with_capacity(source.len());
    let (mut quote, mut before) = (None, ' ');
    let mut rest = source;
    while let Some(letter) = rest.chars().next() {
        let length =
            if quote.is_none() && is_word(letter) { rest.find(|next| !is_word(next)).unwrap_or(rest.len()) } else { letter.len_utf8() };
        let (token, after) = rest.split_at(length);
        match quote {
            Some(open) if letter == open && before != '\\' => quote = None,
            None if matches!(letter, '\'' | '"') => quote = Some(letter),
            _ => {}
        }
        text.push_str(if quote.is_none() && token == old && before != '.' { new } else { token });
        // A backslash behind a backslash escapes nothing.
        before = if letter == '\\' && before == '\\' { ' ' } else { token.chars().next_back().unwrap_or(' ') };
        rest = after;
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rule_follows_a_renamed_field() {
        let check = |rule: &str, expected: &str| assert_eq!(in_rule(rule, "stage", "phase"), expected);
        check("stage == 'stage' && account.stage != stage", "phase == 'stage' && account.stage != phase");
        check("stages in [\"a\\\"stage\", stage]", "stages in [\"a\\\"stage\", phase]");
        check("阶段 stage", "阶段 phase");
    }

    #[test]
    fn a_name_is_replaced_where_it_names_and_not_in_labels() {
        let mut view = json!({"columns": ["size", {"field": "size", "label": {"en": "size"}}], "filter": {"size": {"gt": 1}}, "order": [{"size.amount": "asc"}], "by": "sizes"});
        replace_word(&mut view, "size", "volume");
        let expected = json!({"columns": ["volume", {"field": "volume", "label": {"en": "size"}}], "filter": {"volume": {"gt": 1}}, "order": [{"size.amount": "asc"}], "by": "sizes"});
        assert_eq!(view, expected);
    }
}
