//! Fields as the metadata API shows them.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use tenon_model::{FieldKind, FieldRight, Link, ObjectIx};
use tenon_value::Json;

use super::can::FieldCan;
use super::door::door;
use super::scalars::Decimal;
use super::sight::Sight;
use super::words::{FieldType, State, of_word};

/// Days an old name goes on working.
const ALIAS_DAYS: i32 = 90;

/// A field of an object, or an attribute of a link; with `alias`, under a former name.
#[derive(Clone)]
pub(super) struct Field {
    pub(super) sight: Arc<Sight>,
    pub(super) owner: Owner,
    pub(super) at: u16,
    pub(super) alias: Option<usize>,
}

/// What has the field.
#[derive(Clone, Copy)]
pub(super) enum Owner {
    Object(ObjectIx),
    Link(tenon_model::LinkIx),
}

/// An option of a choice.
#[derive(SimpleObject)]
pub(super) struct FieldOption {
    name: String,
    graphql_name: String,
    label: Option<String>,
    color: Option<String>,
    closed: bool,
    state: State,
}

/// A former name that still works.
#[derive(SimpleObject)]
pub(super) struct Deprecation {
    /// Since when it is former.
    since: String,
    /// The last day on which it works.
    until: String,
    /// The name to use.
    replaced_by: String,
}

/// Whatever stands for a field that is not there: cannot be, fields come from the model itself.
fn missing() -> async_graphql::Error {
    async_graphql::Error::new("there is no such field")
}

impl Field {
    fn field(&self) -> async_graphql::Result<&tenon_model::Field> {
        let at = usize::from(self.at);
        let fields = match self.owner {
            Owner::Object(object) => self.sight.model.object(object).map(|object| &object.fields),
            Owner::Link(link) => self.sight.model.link(link).map(|link: &Link| &link.fields),
        };
        fields.and_then(|fields| fields.get(at)).ok_or_else(missing)
    }

    /// What the viewer may do with it, and whether anybody writes it there at all.
    fn right(&self) -> async_graphql::Result<(FieldRight, bool)> {
        let field = self.field()?;
        let (object, right) = match self.owner {
            Owner::Object(object) => (Some(object), self.sight.field_right(object, field)),
            Owner::Link(link) => match self.sight.model.link(link) {
                Some(link) => (Some(link.source), self.sight.policy.relation_right(link.source, link.relation)),
                None => (None, FieldRight::None),
            },
        };
        Ok((right, !field.read_only && object.is_some_and(|object| self.sight.writes(object))))
    }

    /// What is shown in part only is not asked for. To who keeps the metadata the field itself is told.
    fn is_clear(&self) -> async_graphql::Result<bool> {
        Ok(self.sight.is_whole() || self.right()?.0 >= FieldRight::Read)
    }

    fn locale(&self, ctx: &Context<'_>, locale: Option<&str>) -> tenon_value::Locale {
        locale.and_then(tenon_value::Locale::from_tag).unwrap_or(door(ctx).cx.locale)
    }
}

fn number(value: Option<tenon_value::Decimal>) -> Option<Decimal> {
    value.map(|value| Decimal(Json::from(value.to_string())))
}

/// Operators of the filter of a field type.
pub(super) fn filter_ops(kind: &FieldKind) -> Vec<&'static str> {
    const EQUAL: [&str; 5] = ["eq", "ne", "in", "notIn", "isNull"];
    const ORDERED: [&str; 5] = ["lt", "lte", "gt", "gte", "between"];
    let mut ops = match kind {
        FieldKind::Choices(_) => return vec!["hasAny", "hasAll", "hasNone", "isEmpty"],
        FieldKind::Money { .. } => return vec!["amount", "currency", "base", "isNull"],
        FieldKind::Geo => return vec!["near", "box", "isNull"],
        FieldKind::Json => return vec!["at", "eq", "isNull"],
        FieldKind::Address => return vec!["country", "region", "city", "district", "street", "postalCode", "isNull"],
        FieldKind::Secret => return Vec::new(),
        FieldKind::File | FieldKind::Image => return vec!["isNull", "name", "mimeType", "size"],
        FieldKind::Boolean => vec!["eq", "ne", "isNull"],
        _ => EQUAL.to_vec(),
    };
    match kind {
        FieldKind::Integer { .. } | FieldKind::Decimal { .. } | FieldKind::Percent { .. } | FieldKind::Duration => ops.extend(ORDERED),
        FieldKind::Date | FieldKind::DateTime => {
            ops.extend(ORDERED);
            ops.push("during");
        }
        kind if kind.is_text() => {
            ops.extend(ORDERED);
            ops.extend(["contains", "startsWith", "endsWith", "iEq", "iContains", "like"]);
        }
        _ => {}
    }
    ops
}

/// Aggregates a field takes part in.
pub(super) fn aggregates(kind: &FieldKind) -> Vec<&'static str> {
    let mut functions = Vec::new();
    if kind.is_numeric() {
        functions.extend(["sum", "avg", "min", "max", "median", "percentile"]);
    } else if matches!(kind, FieldKind::Date | FieldKind::DateTime | FieldKind::Duration) || (kind.is_text() && kind.is_sortable()) {
        functions.extend(["min", "max"]);
    }
    if kind.is_groupable() && !matches!(kind, FieldKind::Choices(_) | FieldKind::Money { .. }) {
        functions.push("countDistinct");
    }
    functions
}

#[Object]
impl Field {
    async fn id(&self) -> async_graphql::Result<async_graphql::ID> {
        Ok(self.field()?.id.0.to_string().into())
    }

    async fn name(&self) -> async_graphql::Result<String> {
        let field = self.field()?;
        let alias = self.alias.and_then(|at| field.aliases.get(at)).map(|(name, _)| name);
        Ok(alias.unwrap_or(&field.name).to_string())
    }

    async fn graphql_name(&self) -> async_graphql::Result<String> {
        let field = self.field()?;
        let alias = self.alias.and_then(|at| field.aliases.get(at));
        Ok(alias.map_or_else(|| field.graphql.clone(), |(name, _)| tenon_value::camel(name.as_str())))
    }

    #[graphql(name = "type")]
    async fn kind(&self) -> async_graphql::Result<FieldType> {
        of_word(self.field()?.kind.word()).ok_or_else(missing)
    }

    async fn label(&self, ctx: &Context<'_>, locale: Option<String>) -> async_graphql::Result<Option<String>> {
        Ok(self.field()?.label.get(self.locale(ctx, locale.as_deref())).map(str::to_owned))
    }

    async fn about(&self, ctx: &Context<'_>, locale: Option<String>) -> async_graphql::Result<Option<String>> {
        Ok(self.field()?.about.get(self.locale(ctx, locale.as_deref())).map(str::to_owned))
    }

    async fn required(&self) -> async_graphql::Result<bool> {
        Ok(self.field()?.required)
    }

    /// It tells of a person: exported and erased with that person.
    async fn personal(&self) -> async_graphql::Result<bool> {
        Ok(self.field()?.personal)
    }

    async fn unique(&self) -> async_graphql::Result<bool> {
        Ok(self.field()?.unique)
    }

    async fn read_only(&self) -> async_graphql::Result<bool> {
        Ok(self.field()?.read_only)
    }

    /// One of the fields every record has.
    async fn system(&self) -> async_graphql::Result<bool> {
        Ok(self.field()?.system)
    }

    async fn default(&self) -> async_graphql::Result<Option<Json>> {
        Ok(super::views::value_json(&self.field()?.default))
    }

    async fn options(&self, ctx: &Context<'_>, locale: Option<String>) -> async_graphql::Result<Vec<FieldOption>> {
        let locale = self.locale(ctx, locale.as_deref());
        let option = |choice: &tenon_model::Choice| FieldOption {
            name: choice.name.to_string(),
            graphql_name: choice.graphql.clone(),
            label: choice.label.get(locale).map(str::to_owned),
            color: choice.color.clone(),
            closed: choice.closed,
            state: choice.state.into(),
        };
        Ok(self.field()?.kind.options().iter().map(option).collect())
    }

    async fn format(&self) -> async_graphql::Result<Option<String>> {
        Ok(match &self.field()?.kind {
            FieldKind::AutoNumber { format } => Some(format.clone()),
            _ => None,
        })
    }

    async fn pattern(&self) -> async_graphql::Result<Option<String>> {
        Ok(match &self.field()?.kind {
            FieldKind::Text { pattern, .. } => pattern.clone(),
            _ => None,
        })
    }

    /// Smallest value; of text, letters at least.
    async fn min(&self) -> async_graphql::Result<Option<Decimal>> {
        Ok(match &self.field()?.kind {
            FieldKind::Text { min, .. } => Some(Decimal(Json::from(*min))),
            FieldKind::Integer { min, .. }
            | FieldKind::Decimal { min, .. }
            | FieldKind::Percent { min, .. }
            | FieldKind::Money { min, .. } => number(*min),
            _ => None,
        })
    }

    /// Largest value; of text, letters at most.
    async fn max(&self) -> async_graphql::Result<Option<Decimal>> {
        Ok(match &self.field()?.kind {
            FieldKind::Text { max, .. } => Some(Decimal(Json::from(*max))),
            FieldKind::Integer { max, .. }
            | FieldKind::Decimal { max, .. }
            | FieldKind::Percent { max, .. }
            | FieldKind::Money { max, .. } => number(*max),
            _ => None,
        })
    }

    async fn scale(&self) -> async_graphql::Result<Option<i32>> {
        Ok(match &self.field()?.kind {
            FieldKind::Decimal { scale, .. } | FieldKind::Percent { scale, .. } | FieldKind::Money { scale, .. } => Some(i32::from(*scale)),
            _ => None,
        })
    }

    /// `fold`, or `zh` for pinyin.
    async fn sort(&self) -> async_graphql::Result<Option<&'static str>> {
        let field = self.field()?;
        let word = match field.sort {
            tenon_model::SortRule::Fold => "fold",
            tenon_model::SortRule::Pinyin => "zh",
        };
        Ok(field.kind.is_text().then_some(word))
    }

    /// The expression of a computed field; this version has none.
    async fn formula(&self) -> Option<String> {
        None
    }

    async fn filter_ops(&self) -> async_graphql::Result<Vec<&'static str>> {
        let field = self.field()?;
        Ok(if self.is_clear()? { filter_ops(&field.kind) } else { Vec::new() })
    }

    async fn sortable(&self) -> async_graphql::Result<bool> {
        Ok(self.field()?.kind.is_sortable() && self.is_clear()?)
    }

    async fn groupable(&self) -> async_graphql::Result<bool> {
        Ok(self.field()?.kind.is_groupable() && self.is_clear()?)
    }

    async fn aggregates(&self) -> async_graphql::Result<Vec<&'static str>> {
        let field = self.field()?;
        Ok(if self.is_clear()? { aggregates(&field.kind) } else { Vec::new() })
    }

    async fn can(&self) -> async_graphql::Result<FieldCan> {
        let (right, writable) = self.right()?;
        Ok(FieldCan::of(right, writable))
    }

    async fn state(&self) -> async_graphql::Result<State> {
        let one = self.field()?;
        Ok(State::of(&self.sight.model, one.id, one.state))
    }

    async fn package(&self) -> async_graphql::Result<String> {
        Ok(self.field()?.package.to_string())
    }

    /// Set where this is a former name that still works.
    async fn deprecated(&self) -> async_graphql::Result<Option<Deprecation>> {
        let field = self.field()?;
        let Some((_, until)) = self.alias.and_then(|at| field.aliases.get(at)) else { return Ok(None) };
        let since = tenon_value::Date::from_days(until.days().saturating_sub(ALIAS_DAYS));
        Ok(Some(Deprecation { since: since.to_string(), until: until.to_string(), replaced_by: field.name.to_string() }))
    }
}
