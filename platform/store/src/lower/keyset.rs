//! Order, and places in it. Paging by place: the cost of a page does not grow with its distance from the start.

use tenon_model::{ColumnType, FieldKind};
use tenon_query::{ColumnRef, Cursor, Deleted, Order, SortBy, Sorting};

use super::bind::{Mode, kind_of};
use super::{Lower, Lowered, Scope};
use crate::StoreError;
use crate::db::{Kind, Shape};

/// One term of an order, lowered.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    pub(crate) expression: String,
    pub(crate) shape: Shape,
    kind: Kind,
    nullable: bool,
    sorting: Sorting,
}

impl Term {
    /// The same by the column at this place of a select.
    pub(crate) fn at(&self, place: usize) -> Self {
        Self { expression: place.to_string(), ..self.clone() }
    }

    const fn descending(&self) -> bool {
        matches!(self.sorting, Sorting::Desc | Sorting::DescNullsFirst)
    }

    const fn nulls_first(&self) -> bool {
        matches!(self.sorting, Sorting::AscNullsFirst | Sorting::DescNullsFirst)
    }

    /// The term as `order by` has it, or turned round.
    fn text(&self, reversed: bool) -> String {
        let way = if self.descending() == reversed { "asc" } else { "desc" };
        if !self.nullable {
            return format!("{} {way}", self.expression);
        }
        let nulls = if self.nulls_first() == reversed { "last" } else { "first" };
        format!("{} {way} nulls {nulls}", self.expression)
    }
}

/// `a asc, b desc nulls last`.
pub(crate) fn order_by(terms: &[Term], reversed: bool) -> String {
    terms.iter().map(|term| term.text(reversed)).collect::<Vec<_>>().join(", ")
}

impl<'m> Lower<'m> {
    /// Terms of an order; joins they need are added to `joins`.
    pub(crate) fn terms(&mut self, scope: &Scope<'m>, order: &[Order], joins: &mut String) -> Lowered<Vec<Term>> {
        order.iter().map(|order| self.term(scope, &order.by, order.sorting, joins, false)).collect()
    }

    fn term(&mut self, scope: &Scope<'m>, by: &SortBy, sorting: Sorting, joins: &mut String, joined: bool) -> Lowered<Term> {
        match by {
            SortBy::ToOne { relation, table, by } => {
                let target = self.left_join(scope, *relation, table, joins)?;
                self.term(&target, by, sorting, joins, true)
            }
            SortBy::Column { field, part } => {
                let model = scope.field(*field)?;
                let (name, column) = self.column(scope, ColumnRef { field: *field, part: *part })?;
                let always = model.system && model.name.as_str() != "deleted_at" || column.kind == ColumnType::Bool;
                let (expression, kind, shape) = match &model.kind {
                    FieldKind::Choice(_) => (self.declared_place(&name, &model.kind), Kind::Int, Shape::Int),
                    _ => (name, kind_of(column.kind), Shape::from(column.kind)),
                };
                Ok(Term { expression, shape, kind, nullable: joined || !always, sorting })
            }
        }
    }

    /// A choice's place among the options; codes are ASCII names, safe in text.
    pub(crate) fn declared_place(&self, column: &str, kind: &FieldKind) -> String {
        let options = kind.options();
        if options.is_empty() {
            return format!("case when {column} is null then null else 0 end");
        }
        let arms: String = options
            .iter()
            .enumerate()
            .map(|(place, option)| format!(" when '{}' then {place}", option.name.as_str().replace('\'', "")))
            .collect();
        format!("case when {column} is null then null else case {column}{arms} else {} end end", options.len())
    }

    /// Joins the visible target of a reference; rows without one stay, with nulls.
    pub(crate) fn left_join(
        &mut self,
        scope: &Scope<'m>,
        relation: tenon_model::RelationIx,
        table: &tenon_query::AuthorizedTable,
        joins: &mut String,
    ) -> Lowered<Scope<'m>> {
        let (from, target) = self.table(table)?;
        let meets = self.meets(scope, relation, &target)?;
        let visible = self.visible(table, &target, Deleted::Exclude)?;
        *joins += &format!(" left join {from} on {meets} and {visible}");
        Ok(target)
    }

    /// Rows strictly after a place (`forward`), or strictly before it.
    pub(crate) fn beyond(&mut self, terms: &[Term], cursor: &Cursor, forward: bool) -> Lowered<String> {
        if cursor.values.len() != terms.len() {
            return Err(StoreError::Plan("a cursor of another order"));
        }
        let (mut ways, mut same) = (Vec::new(), Vec::<String>::new());
        for (place, (term, value)) in terms.iter().zip(&cursor.values).enumerate() {
            let is_null = cursor.nulls >> place & 1 == 1;
            let expression = &term.expression;
            let nulls_last = term.nulls_first() != forward;
            let (further, equal) = if is_null {
                ((!nulls_last).then(|| format!("{expression} is not null")), format!("{expression} is null"))
            } else {
                let value = self.param(*value, term.kind, Mode::Plain);
                let sign = if term.descending() == forward { "<" } else { ">" };
                let plain = format!("{expression} {sign} {value}");
                let further = if term.nullable && nulls_last { format!("({plain} or {expression} is null)") } else { plain };
                (Some(further), format!("{expression} = {value}"))
            };
            if let Some(further) = further {
                ways.push(same.iter().cloned().chain([further]).collect::<Vec<_>>().join(" and "));
            }
            same.push(equal);
        }
        Ok(if ways.is_empty() { self.truth(false).to_owned() } else { format!("({})", ways.join(" or ")) })
    }
}
