//! Options of choices: lists whose items have names. One that its author leaves out is retired, because records may hold it.

use tenon_value::{Json, JsonMap};

/// The code of an option in either form.
pub(crate) fn code(option: &Json) -> Option<&str> {
    option.as_str().or_else(|| option.get("name")?.as_str())
}

/// True for an option that is no longer offered.
pub(crate) fn is_retired(option: &Json) -> bool {
    option.get("retired").and_then(Json::as_bool).unwrap_or_default()
}

/// The same option, retired.
fn retired(option: &Json) -> Json {
    let mut map = match option {
        Json::Object(map) => map.clone(),
        other => JsonMap::from_iter([("name".to_owned(), other.clone())]),
    };
    map.insert("retired".to_owned(), Json::Bool(true));
    Json::Object(map)
}

/// Adds to a written list what the stored one has beside it, retired.
pub(crate) fn keep_retired(written: &mut Json, stored: &Json) {
    let (Json::Array(written), Json::Array(stored)) = (written, stored) else { return };
    for old in stored {
        let Some(name) = code(old) else { continue };
        if !written.iter().any(|option| code(option) == Some(name)) {
            written.push(retired(old));
        }
    }
}

/// What differs between two lists of options.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct OptionChanges {
    pub(crate) added: Vec<Json>,
    pub(crate) retired: Vec<Json>,
    pub(crate) restored: Vec<Json>,
    pub(crate) changed: Vec<(Json, Json)>,
    /// The ones that stayed stand in another order.
    pub(crate) moved: bool,
}

/// Compares two lists of options.
pub(crate) fn compare(before: &Json, after: &Json) -> OptionChanges {
    let empty = Vec::new();
    let (before, after) = (before.as_array().unwrap_or(&empty), after.as_array().unwrap_or(&empty));
    let mut changes = OptionChanges::default();
    for new in after {
        let Some(name) = code(new) else { continue };
        match before.iter().find(|old| code(old) == Some(name)) {
            None => changes.added.push(new.clone()),
            Some(old) if is_retired(new) && !is_retired(old) => changes.retired.push(old.clone()),
            Some(old) if is_retired(old) && !is_retired(new) => changes.restored.push(new.clone()),
            Some(old) if old != new => changes.changed.push((old.clone(), new.clone())),
            Some(_) => {}
        }
    }
    let names = |list: &[Json], other: &[Json]| -> Vec<String> {
        let common = list.iter().filter_map(code).filter(|name| other.iter().any(|one| code(one) == Some(*name)));
        common.map(str::to_owned).collect()
    };
    changes.moved = names(before, after) != names(after, before);
    changes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_option_left_out_is_kept_retired() {
        let mut written = json!(["a"]);
        keep_retired(&mut written, &json!(["a", {"name": "b", "color": "red"}]));
        assert_eq!(written, json!(["a", {"name": "b", "color": "red", "retired": true}]));
    }

    #[test]
    fn differences_are_told_apart() {
        let before = json!(["a", "b", {"name": "c", "retired": true}]);
        let after = json!(["d", {"name": "a", "color": "red"}, {"name": "b", "retired": true}, "c"]);
        let changes = compare(&before, &after);
        assert_eq!(changes.added, [json!("d")]);
        assert_eq!(changes.retired, [json!("b")]);
        assert_eq!(changes.restored, [json!("c")]);
        assert_eq!(changes.changed, [(json!("a"), json!({"name": "a", "color": "red"}))]);
        assert!(!changes.moved);
    }
}
