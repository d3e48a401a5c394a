//! The steps from a layer as it is to the layer as it is wished.

use std::collections::HashMap;

use tenon_model::{Element, ElementPath, STILL, State};
use tenon_value::{Json, JsonMap};

use crate::desired::Desired;
use crate::elements::{Elements, Stored, json_of, noun};
use crate::rename::rights_of_role;
use crate::{Op, Operation, options};

/// Keys that are told otherwise: `was` by the rename, and what the server writes.
const UNTOLD: [&str; 3] = ["was", "alias_until", STILL];

/// The steps, in the order of the wished layer.
pub(crate) fn diff(stored: &Stored<'_>, wish: &Desired) -> Vec<Operation> {
    let before = under_new_names(&stored.own, &wish.renames);
    let mut steps: Vec<Operation> = wish.renames.iter().map(|(from, to)| renaming(from, to)).collect();
    for (path, element) in &wish.elements {
        one(stored, path, (before.get(path).copied(), element), &mut steps);
    }
    for (path, element) in before.iter().filter(|(path, _)| !wish.elements.contains_key(*path)) {
        if element.state == State::Retired && element.properties.is_empty() {
            steps.push(Operation::new(path.0.as_str(), Op::Restore, format!("restore {} `{path}`", noun(path))));
            continue;
        }
        let text = format!("show the package's `{path}` again");
        let below = Json::Object(stored.below_properties(path));
        steps.push(Operation::new(path.0.as_str(), Op::Reset, text).values(Some(Json::Object(json_of(&element.properties))), Some(below)));
    }
    reorderings(&before, wish, &mut steps);
    steps
}

/// What is stored, by the paths it will have.
fn under_new_names<'e>(own: &'e Elements, renames: &[(ElementPath, ElementPath)]) -> indexmap::IndexMap<ElementPath, &'e Element> {
    let mut paths: Vec<(ElementPath, &Element)> = own.iter().map(|(path, element)| (path.clone(), element)).collect();
    for (from, to) in renames {
        let prefix = format!("{from}.");
        for (path, _) in &mut paths {
            if path == from {
                *path = to.clone();
            } else if let Some(rest) = path.0.strip_prefix(&prefix) {
                *path = ElementPath(format!("{to}.{rest}"));
            } else if let Some(moved) = rights_of_role(path, from, to) {
                *path = moved;
            }
        }
    }
    paths.into_iter().collect()
}

fn renaming(from: &ElementPath, to: &ElementPath) -> Operation {
    let kept = if noun(to) == "field" { "; the old name goes on working for 90 days" } else { "" };
    let text = format!("rename {} `{from}` to `{}`{kept}", noun(to), to.name());
    let name = |path: &ElementPath| Some(Json::Object(JsonMap::from_iter([("name".to_owned(), Json::from(path.name()))])));
    Operation::new(to.0.as_str(), Op::Rename, text).values(name(from), name(to))
}

/// The steps of one element.
fn one(stored: &Stored<'_>, path: &ElementPath, (before, after): (Option<&Element>, &Element), steps: &mut Vec<Operation>) {
    let below = stored.below_properties(path);
    let is_new = before.is_none() && !stored.below.contains_key(path);
    if is_new {
        if after.state == State::Active {
            let properties = json_of(&after.properties);
            let kind = properties.get("type").and_then(Json::as_str).map(|kind| format!(" ({kind})")).unwrap_or_default();
            let text = format!("add {} `{path}`{kind}", noun(path));
            steps.push(Operation::new(path.0.as_str(), Op::Add, text).values(None, Some(Json::Object(properties))));
        }
        return;
    }
    let was_active = before.map_or_else(|| stored.active_below(path), |element| element.state == State::Active);
    match (was_active, after.state == State::Active) {
        (true, false) => {
            steps.push(Operation::new(path.0.as_str(), Op::Retire, format!("retire {} `{path}`; kept for 30 days", noun(path))));
        }
        (false, true) => steps.push(Operation::new(path.0.as_str(), Op::Restore, format!("restore {} `{path}`", noun(path)))),
        _ => {}
    }
    let none = JsonMap::new();
    let old = before.map_or(none, |element| json_of(&element.properties));
    properties(path, (&old, &json_of(&after.properties)), &below, steps);
}

/// The steps of one element's properties: options one by one, the others together.
fn properties(
    path: &ElementPath,
    (old, new): (&JsonMap<String, Json>, &JsonMap<String, Json>),
    below: &JsonMap<String, Json>,
    steps: &mut Vec<Operation>,
) {
    let (mut from, mut to) = (JsonMap::new(), JsonMap::new());
    let gone = old.keys().filter(|key| !new.contains_key(*key));
    for key in new.keys().chain(gone).filter(|key| !UNTOLD.contains(&key.as_str())) {
        if old.get(key) == new.get(key) {
            continue;
        }
        let value = |own: &JsonMap<String, Json>| own.get(key).or_else(|| below.get(key)).cloned().unwrap_or_default();
        let (before, after) = (value(old), value(new));
        if key == "options" && before.is_array() && after.is_array() {
            option_steps(path, (&before, &after), steps);
            // An override that says what the package says is still an override.
            if before != after || old.contains_key(key) == new.contains_key(key) {
                continue;
            }
        }
        from.insert(key.clone(), before);
        to.insert(key.clone(), after);
    }
    if !to.is_empty() {
        let keys: Vec<String> = to.keys().map(|key| format!("`{key}`")).collect();
        let text = format!("change {} of {} `{path}`", keys.join(", "), noun(path));
        steps.push(Operation::new(path.0.as_str(), Op::Change, text).values(Some(Json::Object(from)), Some(Json::Object(to))));
    }
}

fn option_steps(path: &ElementPath, (before, after): (&Json, &Json), steps: &mut Vec<Operation>) {
    let changes = options::compare(before, after);
    let at = |option: &Json| format!("{path}.options.{}", options::code(option).unwrap_or_default());
    for option in changes.added {
        let text = format!("add option `{}`", at(&option));
        steps.push(Operation::new(at(&option), Op::Add, text).values(None, Some(option)));
    }
    for option in changes.retired {
        let text = format!("retire option `{}`; records keep it", at(&option));
        steps.push(Operation::new(at(&option), Op::Retire, text).values(Some(option), None));
    }
    for option in changes.restored {
        let text = format!("restore option `{}`", at(&option));
        steps.push(Operation::new(at(&option), Op::Restore, text).values(None, Some(option)));
    }
    for (old, new) in changes.changed {
        let text = format!("change option `{}`", at(&new));
        steps.push(Operation::new(at(&new), Op::Change, text).values(Some(old), Some(new)));
    }
    if changes.moved {
        let order =
            |list: &Json| Some(Json::Array(list.as_array().into_iter().flatten().filter_map(options::code).map(Json::from).collect()));
        let text = format!("reorder the options of `{path}`");
        steps.push(Operation::new(format!("{path}.options"), Op::Change, text).values(order(before), order(after)));
    }
}

/// Fields, relations and views that stand in another order than before.
fn reorderings(before: &indexmap::IndexMap<ElementPath, &Element>, wish: &Desired, steps: &mut Vec<Operation>) {
    let old = by_group(before.iter().filter(|(path, _)| wish.elements.contains_key(*path)).map(|(path, _)| path));
    let new = by_group(wish.elements.keys().filter(|path| before.contains_key(*path)));
    let mut groups: Vec<_> = new.into_iter().filter(|(group, names)| old.get(group).is_some_and(|old| old != names)).collect();
    groups.sort();
    for (group, names) in groups {
        let list = |names: &[&str]| Some(Json::Array(names.iter().copied().map(Json::from).collect()));
        let was = old.get(&group).and_then(|old| list(old));
        steps.push(Operation::new(group.as_str(), Op::Change, format!("reorder `{group}`")).values(was, list(&names)));
    }
}

fn by_group<'p>(paths: impl Iterator<Item = &'p ElementPath>) -> HashMap<String, Vec<&'p str>> {
    let mut groups: HashMap<String, Vec<&str>> = HashMap::new();
    for path in paths {
        if let (object, Some((group, name))) = path.split() {
            groups.entry(format!("{object}.{group}")).or_default().push(name);
        }
    }
    groups
}
