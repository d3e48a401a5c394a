//! The giving side: records as the link's principal sees them, read by documents of the data API.
//!
//! Invariant: what is not among the agreement's fields, outside its filter, or hidden from the role is never read.

use serde_json::json;
use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_model::{Field, FieldKind, Model};
use tenon_records::Pipeline;
use tenon_records::coerce::option_by_graphql;
use tenon_value::{Json, RecordId};

use super::agreement::{Agreement, object_of, told_field};
use super::{LINK_CHUNK, LinkError};

/// A record that is given, its values in the order of the agreement's fields.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Given {
    pub(super) id: RecordId,
    pub(super) values: Vec<Json>,
}

/// A piece of what is given, and where the next one begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Page {
    pub(super) given: Vec<Given>,
    pub(super) next: Option<String>,
}

/// Which records are asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which<'a> {
    /// All of them, a piece from a cursor on.
    After(Option<&'a str>),
    /// Those with these ids.
    Ids(&'a [RecordId]),
}

/// What is selected of a field.
fn selected(field: &Field) -> String {
    let parts = match field.kind {
        FieldKind::RichText => " { markdown }",
        FieldKind::Money { .. } => " { amount currency }",
        FieldKind::Geo => " { lat lng }",
        FieldKind::Address => " { country region city district street postalCode location { lat lng } }",
        _ => "",
    };
    format!("{}{parts}", field.graphql)
}

/// A value as a field of the same type takes it.
fn told(field: &Field, value: &Json) -> Json {
    let code = |value: &Json| value.as_str().and_then(|text| option_by_graphql(field, text)).map(|option| Json::from(option.name.as_str()));
    match (&field.kind, value) {
        (_, Json::Null) => Json::Null,
        (FieldKind::Choice(_), value) => code(value).unwrap_or(Json::Null),
        (FieldKind::Choices(_), Json::Array(values)) => values.iter().filter_map(code).collect(),
        (FieldKind::RichText, value) => value.get("markdown").cloned().unwrap_or_default(),
        (FieldKind::Address, Json::Object(parts)) => {
            Json::Object(parts.iter().filter(|(_, part)| !part.is_null()).map(|(name, part)| (name.clone(), part.clone())).collect())
        }
        (_, value) => value.clone(),
    }
}

fn document(model: &Model, agreement: &Agreement) -> Result<(String, Vec<Field>), LinkError> {
    let object = object_of(model, &agreement.object)?;
    let fields: Vec<Field> =
        agreement.fields.iter().map(|(name, _)| told_field(object, name).cloned()).collect::<Result<_, _>>().map_err(LinkError::from)?;
    let names = &object.graphql;
    let selection: Vec<String> = fields.iter().map(selected).collect();
    let document = format!(
        "query($filter: {}Filter, $first: Int, $after: String) {{ found: {}(filter: $filter, first: $first, after: $after) \
         {{ nodes {{ id {} }} pageInfo {{ hasNextPage endCursor }} }} }}",
        names.type_name,
        names.plural,
        selection.join(" ")
    );
    Ok((document, fields))
}

/// The variables of a page; without a cursor it is the first.
pub(super) fn variables(filter: &Json, after: Option<&str>) -> String {
    let variables = match after {
        Some(after) => json!({ "filter": filter, "first": LINK_CHUNK, "after": after }),
        None => json!({ "filter": filter, "first": LINK_CHUNK }),
    };
    variables.to_string()
}

/// Reads what is given.
pub(super) async fn read(pipeline: &Pipeline, cx: &OpContext, agreement: &Agreement, which: Which<'_>) -> Result<Page, LinkError> {
    let policy = Policy::resolve(&cx.model, &cx.principal);
    let (document, fields) = document(&cx.model, agreement)?;
    let mut filters: Vec<Json> = agreement.filter.iter().cloned().collect();
    let mut after = None;
    match which {
        Which::After(cursor) => after = cursor,
        Which::Ids(ids) => filters.push(json!({ "id": { "in": ids.iter().map(ToString::to_string).collect::<Vec<_>>() } })),
    }
    let variables = variables(&json!({ "and": filters }), after);
    let data = Box::pin(pipeline.read(cx, &policy, (&document, &variables))).await?;
    let nodes = data.pointer("/found/nodes").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let given = |node: &Json| {
        let values = fields.iter().map(|field| told(field, node.get(&field.graphql).unwrap_or(&Json::Null))).collect();
        Some(Given { id: node.get("id")?.as_str()?.parse().ok()?, values })
    };
    let more = data.pointer("/found/pageInfo/hasNextPage").and_then(Json::as_bool).unwrap_or_default();
    let end = data.pointer("/found/pageInfo/endCursor").and_then(Json::as_str).map(str::to_owned);
    Ok(Page { given: nodes.iter().filter_map(given).collect(), next: end.filter(|_| more) })
}
