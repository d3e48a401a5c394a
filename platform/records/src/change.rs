//! What differs between a record as it is stored and as it is to be. Nothing: no version, no history, no event.

use tenon_model::Object;
use tenon_query::Record;
use tenon_value::Value;

/// API names of the fields and relations that differ; of a new record those that hold something.
/// What the store keeps by itself (version, moments of writing, who did it) does not count.
pub(crate) fn names(object: &Object, old: Option<&Record>, new: &Record) -> Vec<String> {
    let differs = |before: Option<&Value>, after: &Value| match before {
        Some(before) => before != after && !(is_nothing(before) && is_nothing(after)),
        None => !is_nothing(after),
    };
    let mut names = Vec::new();
    for field in &object.fields {
        let kept_by_store = field.system && field.ix != tenon_model::system::DELETED_AT;
        if !kept_by_store && differs(old.map(|old| old.field(field.ix)), new.field(field.ix)) {
            names.push(field.name.as_str().to_owned());
        }
    }
    for relation in &object.relations {
        let kept_by_store = relation.ix == tenon_model::system::CREATED_BY || relation.ix == tenon_model::system::UPDATED_BY;
        if !kept_by_store && differs(old.map(|old| old.relation(relation.ix)), new.relation(relation.ix)) {
            names.push(relation.name.as_str().to_owned());
        }
    }
    names
}

/// Whether anything differs that a version is made for.
pub(crate) fn any(object: &Object, old: &Record, new: &Record) -> bool {
    // Images begin as clones of each other, so the common case is decided by one comparison.
    old != new && !names(object, Some(old), new).is_empty()
}

/// An empty set of choices is as good as none.
fn is_nothing(value: &Value) -> bool {
    value.is_null() || matches!(value, Value::List(elements) if elements.is_empty())
}
