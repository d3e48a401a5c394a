//! Views and layouts without what a principal does not see: columns, fields and lists go, a view that asks for more goes
//! as a whole. For somebody who sees everything nothing is touched.

use tenon_model::Object;
use tenon_value::{Json, JsonMap};

use super::sight::Sight;

/// Keys of views and layouts whose value is one name, or a list of names.
const NAMES: [&str; 13] =
    ["columns", "card", "fields", "highlights", "group", "total", "end", "location", "image", "color", "path", "field", "list"];
/// Names without which a view shows nothing.
const NEEDED: [&str; 2] = ["by", "date"];
/// What stands beside names in a filter.
const JOINTS: [&str; 3] = ["and", "or", "not"];

/// A view's definition; none where it asks for what is not seen.
pub(super) fn view(sight: &Sight, object: &Object, definition: &Json) -> Option<Json> {
    if sight.is_whole() {
        return Some(definition.clone());
    }
    let map = definition.as_object()?;
    let hidden = |key: &str| map.get(key).and_then(Json::as_str).is_some_and(|name| !shows(sight, object, name));
    if NEEDED.iter().any(|key| hidden(key)) || map.get("filter").is_some_and(|filter| !may_ask(sight, object, filter)) {
        return None;
    }
    let mut kept = JsonMap::new();
    for (key, value) in map {
        match (key.as_str(), value) {
            ("order", Json::Array(order)) => {
                let asked: Json = order.iter().filter(|term| may_ask(sight, object, term)).cloned().collect();
                kept.insert(key.clone(), asked);
            }
            ("filter", _) => {
                kept.insert(key.clone(), value.clone());
            }
            _ => kept.extend(pruned(sight, object, key, value).map(|value| (key.clone(), value))),
        }
    }
    Some(Json::Object(kept))
}

/// A layout's definition.
pub(super) fn layout(sight: &Sight, object: &Object, definition: &Json) -> Json {
    if sight.is_whole() { definition.clone() } else { pruned(sight, object, "", definition).unwrap_or_default() }
}

/// A value without the names that are not seen; none where nothing is left of it. As deep as the compiler's tables.
fn pruned(sight: &Sight, object: &Object, key: &str, value: &Json) -> Option<Json> {
    let is_name = NAMES.contains(&key);
    match value {
        Json::String(name) if is_name => shows(sight, object, name).then(|| value.clone()),
        Json::Array(items) => Some(items.iter().filter_map(|item| pruned(sight, object, key, item)).collect()),
        Json::Object(map) => {
            let hidden = |key: &str| map.get(key).and_then(Json::as_str).is_some_and(|name| !shows(sight, object, name));
            if hidden("field") || hidden("list") {
                return None;
            }
            let kept = map.iter().filter_map(|(key, value)| Some((key.clone(), pruned(sight, object, key, value)?)));
            Some(Json::Object(kept.collect()))
        }
        _ => Some(value.clone()),
    }
}

/// The first word of a dotted name has to be seen, and so every further one.
fn shows(sight: &Sight, object: &Object, name: &str) -> bool {
    let mut here = object;
    let mut words = name.split('.').peekable();
    while let Some(word) = words.next() {
        if !sight.shows_name(here, word) {
            return false;
        }
        if words.peek().is_none() {
            break;
        }
        let target = here.relation_named(word).and_then(tenon_model::Relation::target).and_then(|target| sight.model.object(target));
        match target {
            Some(target) => here = target,
            // A part of a field: `amount.amount`.
            None => return true,
        }
    }
    true
}

/// Whether a filter or an order asks only for what may be read in clear.
fn may_ask(sight: &Sight, object: &Object, asked: &Json) -> bool {
    let Some(map) = asked.as_object() else { return true };
    map.iter().all(|(name, inner)| {
        if JOINTS.contains(&name.as_str()) {
            let parts = inner.as_array().map_or_else(|| std::slice::from_ref(inner), Vec::as_slice);
            return parts.iter().all(|part| may_ask(sight, object, part));
        }
        let clear = object.field_named(name).is_none_or(|field| sight.policy.may_read_field(object.ix, field.ix));
        let relation = object.relation_named(name).is_none_or(|relation| sight.policy.may_read_relation(object.ix, relation.ix));
        clear && relation && shows(sight, object, name)
    })
}
