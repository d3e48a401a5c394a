//! Lists: filter, page, attributes (RFC 7644 §3.4.2), from a query or from the body of a search.

use serde_json::json;
use tenon_value::Json;

use super::error::ScimError;
use super::filter::{Filter, member};
use super::parse;
use super::project::Projection;

/// The schema of lists.
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// Resources of one page.
pub const COUNT_MAX: usize = 500;
/// Resources of one page, unless the client says how many.
const COUNT: usize = 100;

/// What a list is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListRequest {
    pub(crate) filter: Option<Filter>,
    pub(crate) projection: Projection,
    start: usize,
    count: usize,
}

/// A page, with how many there are in all.
pub(crate) struct Page {
    pub(crate) total: usize,
    pub(crate) resources: Vec<Json>,
}

/// The parameters of a request as texts.
pub(crate) fn parameter<'q>(query: &'q [(String, String)], name: &str) -> Option<&'q str> {
    query.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

/// What the caller wants to see of each resource.
pub(crate) fn projection(query: &[(String, String)]) -> Result<Projection, ScimError> {
    Projection::parse(parameter(query, "attributes"), parameter(query, "excludedAttributes"))
}

impl ListRequest {
    /// Of the parameters of a URL.
    pub(crate) fn of_query(query: &[(String, String)]) -> Result<Self, ScimError> {
        let number = |name: &str| match parameter(query, name) {
            None => Ok(None),
            Some(text) => text.trim().parse::<i64>().map(Some).map_err(|_| ScimError::value(format!("`{name}` is a whole number"))),
        };
        Self::of(parameter(query, "filter"), projection(query)?, number("startIndex")?, number("count")?)
    }

    /// Of the body of a POST to `/.search`.
    pub(crate) fn of_body(body: &Json) -> Result<Self, ScimError> {
        let names = |name: &str| match member(body, name) {
            Some(Json::Array(all)) => Some(all.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(",")),
            Some(Json::String(text)) => Some(text.clone()),
            _ => None,
        };
        let projection = Projection::parse(names("attributes").as_deref(), names("excludedAttributes").as_deref())?;
        let number = |name: &str| member(body, name).and_then(Json::as_i64);
        Self::of(member(body, "filter").and_then(Json::as_str), projection, number("startIndex"), number("count"))
    }

    fn of(filter: Option<&str>, projection: Projection, start: Option<i64>, count: Option<i64>) -> Result<Self, ScimError> {
        let filter = filter.map(parse::filter).transpose().map_err(|error| ScimError::invalid("invalidFilter", error.to_string()))?;
        // Below 1 counts as 1, a negative count as 0 (RFC 7644 §3.4.2.4).
        let start = usize::try_from(start.unwrap_or(1).max(1)).unwrap_or(usize::MAX);
        let count = count.map_or(COUNT, |count| usize::try_from(count.max(0)).unwrap_or(usize::MAX)).min(COUNT_MAX);
        Ok(Self { filter, projection, start, count })
    }

    /// The part of everything that the page shows.
    pub(crate) fn window<T>(&self, all: Vec<T>) -> Vec<T> {
        all.into_iter().skip(self.start.saturating_sub(1)).take(self.count).collect()
    }

    /// The answer.
    pub(crate) fn answer(&self, page: Page) -> Json {
        let shown: Vec<Json> = page.resources.into_iter().map(|one| self.projection.of(one)).collect();
        json!({ "schemas": [LIST], "totalResults": page.total, "startIndex": self.start, "itemsPerPage": shown.len(), "Resources": shown })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(pairs: &[(&str, &str)]) -> Result<ListRequest, ScimError> {
        let query: Vec<_> = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ListRequest::of_query(&query)
    }

    #[test]
    fn pages_count_from_one_and_have_a_limit() {
        let window = |pairs: &[(&str, &str)]| list(pairs).unwrap().window((1..=1_000).collect());
        assert_eq!(window(&[]).len(), 100);
        assert_eq!(window(&[("startIndex", "999"), ("count", "10")]), [999, 1_000]);
        assert_eq!(window(&[("startindex", "-5"), ("count", "2")]), [1, 2]);
        assert_eq!(window(&[("count", "0")]), Vec::<i32>::new());
        assert_eq!(window(&[("count", "-1")]), Vec::<i32>::new());
        assert_eq!(window(&[("count", "99999999999")]).len(), 500);
        assert!(list(&[("count", "ten")]).is_err());
        assert_eq!(list(&[("filter", "userName")]).unwrap_err().scim_type, Some("invalidFilter"));
        let empty = list(&[("count", "0")]).unwrap().answer(Page { total: 7, resources: Vec::new() });
        assert_eq!((&empty["totalResults"], &empty["itemsPerPage"]), (&json!(7), &json!(0)));
    }
}
