//! Views and layouts as the metadata API shows them, and values in JSON.

use async_graphql::SimpleObject;
use tenon_value::{Json, Locale, Value};

use super::words::State;

/// A saved way to look at an object's records.
#[derive(SimpleObject, Clone)]
pub(super) struct View {
    id: async_graphql::ID,
    name: String,
    #[graphql(name = "type")]
    kind: String,
    label: Option<String>,
    /// Columns, filter, order, as in files.
    definition: Json,
    state: State,
    package: String,
}

impl View {
    pub(super) fn of(view: &tenon_model::View, definition: Json, locale: Locale) -> Self {
        Self {
            id: view.id.0.to_string().into(),
            name: view.name.to_string(),
            kind: view.kind.clone(),
            label: view.label.get(locale).map(str::to_owned),
            definition,
            state: view.state.into(),
            package: view.package.to_string(),
        }
    }
}

/// Where the fields of one record stand.
#[derive(SimpleObject, Clone)]
pub(super) struct Layout {
    id: async_graphql::ID,
    name: String,
    /// Header, tabs, sections, as in files.
    definition: Json,
    package: String,
}

impl Layout {
    pub(super) fn of(layout: &tenon_model::Layout, definition: Json) -> Self {
        Self { id: layout.id.0.to_string().into(), name: layout.name.to_string(), definition, package: layout.package.to_string() }
    }
}

/// A default as files have it; none where there is none.
pub(super) fn value_json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Int(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Decimal(number) => Json::from(number.to_string()),
        Value::Text(text) => Json::from(text.as_str()),
        Value::Date(date) => Json::from(date.to_string()),
        Value::DateTime(moment) => Json::from(moment.to_string()),
        Value::Duration(duration) => Json::from(duration.to_string()),
        Value::Id(id) | Value::Ref(_, id) => Json::from(id.to_string()),
        Value::Money(money) => {
            let parts = [("amount", money.amount.to_string()), ("currency", money.currency.clone())];
            Json::Object(parts.into_iter().map(|(key, text)| (key.to_owned(), Json::from(text))).collect())
        }
        Value::Json(json) => json.clone(),
        Value::List(items) => items.iter().filter_map(value_json).collect(),
        Value::Geo(_) | Value::Address(_) => return None,
    })
}
