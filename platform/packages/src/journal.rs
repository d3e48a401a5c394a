//! What an apply leaves behind for whoever wants to undo it: its steps, and everything it overwrote.

use tenon_model::{Element, ModelVersion, Settings, State, WeekStart};
use tenon_store::{AuditKind, AuditNote};
use tenon_value::{Json, JsonMap};

use crate::Operation;
use crate::elements::Elements;

/// Steps that the audit trail names; of the others it says how many.
const NOTED_MAX: usize = 50;

/// An element with everything stored of it.
pub(crate) fn stored(element: &Element) -> Json {
    let properties: JsonMap<String, Json> = element.properties.iter().map(|(key, one)| (key.clone(), one.value.clone())).collect();
    let mut map = JsonMap::new();
    map.insert("path".to_owned(), Json::from(element.path.0.as_str()));
    map.insert("id".to_owned(), Json::from(element.id.0.to_string()));
    map.insert("state".to_owned(), Json::from(if element.state == State::Active { "active" } else { "retired" }));
    map.insert("properties".to_owned(), Json::Object(properties));
    Json::Object(map)
}

/// Settings as stored in a journal.
pub(crate) fn settings(settings: &Settings) -> Json {
    let mut map = JsonMap::new();
    map.insert("zone".to_owned(), Json::from(settings.zone.as_str()));
    map.insert("locale".to_owned(), Json::from(settings.locale.code()));
    map.insert("base_currency".to_owned(), Json::from(settings.base_currency.as_str()));
    map.insert("week_start".to_owned(), Json::from(if settings.week_start == WeekStart::Monday { "monday" } else { "sunday" }));
    map.insert("fiscal_year_start".to_owned(), Json::from(settings.fiscal_year_start));
    map.insert("audit_retention_days".to_owned(), settings.audit_retention_days.map_or(Json::Null, Json::from));
    map.insert("cors".to_owned(), settings.cors.iter().map(|origin| Json::from(origin.as_str())).collect());
    Json::Object(map)
}

/// The same for the audit trail: which steps, without what they carry.
pub(crate) fn noted(layer: &str, version: ModelVersion, operations: &[Operation]) -> AuditNote {
    let steps: Vec<Json> =
        operations.iter().take(NOTED_MAX).map(|step| serde_json::json!({ "path": step.path, "op": step.op.word() })).collect();
    let facts = serde_json::json!({ "layer": layer, "version": version.0, "operations": steps, "count": operations.len() });
    AuditNote::new(AuditKind::MetadataChanged).facts(facts)
}

/// The journal's row: who, which layer, the steps, and the inverse: what stood before in every path that changed.
pub(crate) fn entry(by: &str, layer: &str, operations: &[Operation], (before, after): (&Elements, &Elements)) -> Json {
    let differs = |path| before.get(path) != after.get(path);
    let overwritten: Vec<Json> = before.iter().filter(|(path, _)| differs(*path)).map(|(_, element)| stored(element)).collect();
    let new: Vec<Json> = after.keys().filter(|path| !before.contains_key(*path)).map(|path| Json::from(path.0.as_str())).collect();
    let steps: Vec<Json> = operations.iter().map(Operation::normalized).collect();
    let mut map = JsonMap::new();
    map.insert("by".to_owned(), Json::from(by));
    map.insert("layer".to_owned(), Json::from(layer));
    map.insert("operations".to_owned(), Json::Array(steps));
    map.insert("overwritten".to_owned(), Json::Array(overwritten));
    map.insert("new".to_owned(), Json::Array(new));
    Json::Object(map)
}
