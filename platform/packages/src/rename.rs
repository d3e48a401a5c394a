//! Giving an element another name: its id stays, what hangs below it moves along, what names it is rewritten.

use tenon_model::{Element, ElementPath};
use tenon_value::Json;

use crate::elements::{Elements, object_of, property};

/// Properties whose texts are for people, or say nothing of fields.
const NOT_NAMES: [&str; 6] = ["label", "plural_label", "about", "was", "alias_until", "icon"];

/// Moves the element at `from` to `to`, with its children, and leaves `was` behind.
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
                path
            };
            element.path = new.clone();
            (new, element)
        })
        .collect();
    elements.extend(moved);
    rewrite_references(elements, from, to);
}

/// Views, layouts and keys of the object that name a renamed field or relation; relations that point to a renamed object.
fn rewrite_references(elements: &mut Elements, from: &ElementPath, to: &ElementPath) {
    let (old, new) = (from.name().to_owned(), to.name().to_owned());
    let whole_object = from.split().1.is_none();
    let home = object_of(to);
    for (path, element) in elements.iter_mut() {
        let group = path.split().1.map(|(group, _)| group);
        let concerned = if whole_object {
            group == Some("relations")
        } else {
            object_of(path) == home && matches!(group, None | Some("views" | "layouts"))
        };
        if !concerned {
            continue;
        }
        for (key, property) in &mut element.properties {
            if whole_object && key != "to"
                || NOT_NAMES.contains(&key.as_str())
                || group.is_none() && !matches!(key.as_str(), "display" | "unique")
            {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_is_replaced_where_it_names_and_not_in_labels() {
        let mut view = json!({"columns": ["size", {"field": "size", "label": {"en": "size"}}], "filter": {"size": {"gt": 1}}, "order": [{"size.amount": "asc"}], "by": "sizes"});
        replace_word(&mut view, "size", "volume");
        let expected = json!({"columns": ["volume", {"field": "volume", "label": {"en": "size"}}], "filter": {"volume": {"gt": 1}}, "order": [{"size.amount": "asc"}], "by": "sizes"});
        assert_eq!(view, expected);
    }
}
