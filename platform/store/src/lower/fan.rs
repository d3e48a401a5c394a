//! Rows found by why they may be seen: one arm for each way a row policy names, instead of a look at every row there is.
//!
//! A policy is `mine, or my team's, or my territory's, or shared with me`: each of these has an index (`ddl/object.rs`), in
//! the order lists are asked for. A page merges the arms and takes each row once, so it costs as much for who sees few
//! rows of many as for who sees all. Invariant: the arms give exactly the rows of the policy; where one of them has no
//! index, or they are too many, the statement is the plain one.

use tenon_model::{Leaf, Object, system};
use tenon_query::{CompareOp, Deleted, Order, Param, Predicate, RefOp, Select, SortBy, Sorting};

use super::bind::{Mode, kind_of};
use super::keyset::{Term, order_by};
use super::{Lower, Lowered, Scope};
use crate::Dialect;
use crate::config::{FAN_ARMS_MAX, FAN_EACH_MAX, FAN_LISTED_MAX};
use crate::db::{Kind, bulk::array_type};
use crate::ddl::object::{choice, day};
use crate::run::values::Values;

/// A statement whose rows come by arms; how many they are depends on who asks.
#[derive(Clone, Debug)]
pub(crate) struct Fan {
    head: String,
    arms: Vec<Arm>,
    tail: String,
    /// The columns of an arm in their order; none where order does not count.
    order: Option<String>,
    end: End,
    dialect: Dialect,
}

/// After how many rows each arm may end.
#[derive(Clone, Debug)]
pub(crate) enum End {
    Never,
    /// After as many as the statement.
    Page,
    /// An argument says.
    Count(String),
}

/// One way to a row.
#[derive(Clone, Debug)]
struct Arm {
    /// `select … from … where …`.
    before: String,
    each: Option<Each>,
    after: String,
}

/// A column that is one of a list: an arm for each element, as only one value at a time comes in order from an index.
#[derive(Clone, Debug)]
struct Each {
    column: String,
    array: String,
    list: Param,
    kind: Kind,
}

/// A condition by which an index finds rows.
struct Way {
    each: Option<Each>,
    /// The condition; of a list, what is asked beside: ` and …`.
    rest: String,
}

impl Fan {
    /// The statement for these values; none where the plain one serves better. `rows` is after how many it ends.
    pub(crate) fn text(&self, values: Values<'_>, rows: Option<i64>) -> Option<String> {
        let end = match (&self.end, rows) {
            (End::Never, _) => String::new(),
            (End::Page, rows) => format!(" limit {}", rows?.max(0).saturating_add(1)),
            (End::Count(argument), _) => format!(" limit {argument}"),
        };
        let mut arms = Vec::new();
        for arm in &self.arms {
            match &arm.each {
                None => arms.push(self.whole(&format!("{}{}", arm.before, arm.after), &end)),
                Some(each) => {
                    let elements = values.get(each.list).elements().len();
                    if elements <= FAN_EACH_MAX {
                        let one = |at: usize| self.whole(&format!("{}{}{}", arm.before, each.equals(at, self.dialect), arm.after), &end);
                        arms.extend((0..rounded(elements)).map(one));
                    } else if elements <= FAN_LISTED_MAX && self.dialect == Dialect::Postgres {
                        arms.push(self.listed(arm, each, &end));
                    } else {
                        return None;
                    }
                }
            }
        }
        if arms.len() > FAN_ARMS_MAX {
            return None;
        }
        if arms.is_empty() {
            let before = &self.arms.first()?.before;
            let never = if self.dialect == Dialect::Postgres { "false" } else { "0" };
            arms.push(self.whole(&format!("{before}{never}"), &end));
        }
        Some(format!("{}{}{}", self.head, arms.join(self.between()), self.tail_of(&end)))
    }

    /// What stands between two arms: SQLite merges them itself, and takes what comes twice once.
    fn between(&self) -> &'static str {
        match (self.dialect, &self.order, &self.end) {
            (Dialect::Sqlite, Some(_), _) | (_, None, End::Count(_)) => " union ",
            _ => " union all ",
        }
    }

    fn whole(&self, arm: &str, end: &str) -> String {
        match (self.dialect, &self.order) {
            (Dialect::Postgres, Some(order)) => format!("({arm} order by {order}{end})"),
            (_, None) if !end.is_empty() => format!("select x.* from ({arm}{end}) as x"),
            _ => arm.to_owned(),
        }
    }

    /// Many elements: for each (once) as many rows as the page has, then the first of all.
    fn listed(&self, arm: &Arm, each: &Each, end: &str) -> String {
        let order = self.order.as_deref().unwrap_or("1");
        format!(
            "(select x.* from (select distinct e.v from unnest({}::{}) as e(v)) as u cross join lateral ({}{} = u.v{} order by {order}{end}) as x order by {order}{end})",
            each.array,
            array_type(each.kind),
            arm.before,
            each.column,
            arm.after,
        )
    }

    fn tail_of(&self, end: &str) -> String {
        match (&self.order, self.dialect) {
            (Some(order), Dialect::Sqlite) => format!(" order by {order}{end}{}", self.tail),
            (Some(order), Dialect::Postgres) => format!(") as f order by {order}{end}{}", self.tail),
            (None, _) => format!("{}{}", if matches!(self.end, End::Count(_)) { end } else { "" }, self.tail),
        }
    }

    pub(crate) fn weight(&self) -> usize {
        self.head.len() + self.tail.len() + self.arms.iter().map(|arm| arm.before.len() + arm.after.len() + 64).sum::<usize>()
    }
}

/// Few texts serve all: what is missing up to the next is null, and null equals nothing.
fn rounded(elements: usize) -> usize {
    if elements <= 4 { elements } else { elements.next_power_of_two() }
}

impl Each {
    fn equals(&self, at: usize, dialect: Dialect) -> String {
        let Self { column, array, kind, .. } = self;
        match (dialect, kind) {
            (Dialect::Postgres, kind) => format!("{column} = ({array}::{})[{}]", array_type(*kind), at + 1),
            (Dialect::Sqlite, Kind::Id) => format!("{column} = unhex(json_extract({array}, '$[{at}]'))"),
            (Dialect::Sqlite, _) => format!("{column} = json_extract({array}, '$[{at}]')"),
        }
    }
}

/// Whether rows come in this order from the indexes that rules find them by.
fn is_served(object: &Object, order: &[Order]) -> bool {
    let is = |order: &Order, field, sorting: &[Sorting]| {
        matches!(&order.by, SortBy::Column { field: by, .. } if *by == field) && sorting.contains(&order.sorting)
    };
    let no_nulls = [Sorting::Asc, Sorting::AscNullsFirst];
    match (order, day(object)) {
        ([only], None) => is(only, system::ID, &[Sorting::Asc, Sorting::AscNullsFirst, Sorting::Desc, Sorting::DescNullsFirst]),
        ([first, last], Some(day)) => is(first, day.ix, &[Sorting::Desc]) && is(last, system::ID, &no_nulls),
        _ => false,
    }
}

impl<'m> Lower<'m> {
    /// The page of a root select by arms: `body` is what follows its `from`, `joins` and all, over `scope`.
    pub(crate) fn fanned_page(
        &mut self,
        select: &Select,
        (head, from, tail): (&str, &str, &str),
        scope: &Scope<'m>,
        (terms, reversed): (&[Term], bool),
    ) -> Lowered<Option<Fan>> {
        let object = scope.object()?;
        if select.deleted != Deleted::Exclude || !is_served(object, &select.order) {
            return Ok(None);
        }
        let Some(rows) = select.table.rows() else { return Ok(None) };
        let (arm_from, arm_scope) = self.table(&select.table)?;
        let Some(ways) = self.ways(&arm_scope, rows, true)? else { return Ok(None) };
        let arm_terms = self.terms(&arm_scope, &select.order, &mut String::new())?;
        let mut after = self.filtered(&self.beside_ways(&arm_scope)?, select.filter.as_ref())?;
        if let tenon_query::Window::Page { after: behind, before, .. } = &select.window {
            for (cursor, forward) in [(behind, true), (before, false)] {
                if let Some(cursor) = cursor {
                    after += &format!(" and {}", self.beyond(&arm_terms, cursor, forward)?);
                }
            }
        }
        let keys: Vec<String> = arm_terms.iter().enumerate().map(|(at, term)| format!("{} as k{at}", term.expression)).collect();
        let begin = format!("select {} from {arm_from} where {} is null and ", keys.join(", "), arm_scope.column("deleted_at"));
        let positions: Vec<Term> = terms.iter().enumerate().map(|(at, term)| term.at(at + 1)).collect();
        let last = keys.len().saturating_sub(1);
        let id = scope.column("id");
        let (open, join) = match self.dialect {
            Dialect::Postgres => {
                let keys: Vec<String> = (0..keys.len()).map(|at| format!("f.k{at}")).collect();
                (format!("(select distinct {} from (", keys.join(", ")), "join")
            }
            // In the order of the page: SQLite goes through a cross join as it is written.
            Dialect::Sqlite => ("(".to_owned(), "cross join"),
        };
        Ok(Some(Fan {
            head: format!("{head} from {open}"),
            arms: ways.into_iter().map(|way| way.arm(&begin, &after)).collect(),
            tail: format!(") as p {join} {from} on {id} = p.k{last}{tail}"),
            order: Some(order_by(&positions, reversed)),
            end: End::Page,
            dialect: self.dialect,
        }))
    }

    /// Ids by arms, for a statement of which order does not count: `head` and `tail` stand around them.
    pub(crate) fn fanned_ids(
        &mut self,
        table: &tenon_query::AuthorizedTable,
        deleted: Deleted,
        filter: Option<&Predicate>,
        (head, tail, end): (String, String, End),
    ) -> Lowered<Option<Fan>> {
        let (Some(rows), Deleted::Exclude) = (table.rows(), deleted) else { return Ok(None) };
        let (from, scope) = self.table(table)?;
        let Some(ways) = self.ways(&scope, rows, false)? else { return Ok(None) };
        let after = self.filtered(&scope, filter)?;
        let begin = format!("select {} from {from} where {} is null and ", scope.column("id"), scope.column("deleted_at"));
        let arms = ways.into_iter().map(|way| way.arm(&begin, &after)).collect();
        Ok(Some(Fan { head, arms, tail, order: None, end, dialect: self.dialect }))
    }

    /// A scope for what is asked beside an arm's way. SQLite, which does not count rows, might go by the index of a board's
    /// columns instead, in which who sees few rows finds few.
    fn beside_ways(&self, scope: &Scope<'m>) -> Lowered<Scope<'m>> {
        let stage = choice(scope.object()?).and_then(|choice| choice.columns.first()).filter(|_| self.dialect == Dialect::Sqlite);
        Ok(Scope { unsought: stage.map(|column| column.name.as_str()), ..scope.clone() })
    }

    fn filtered(&mut self, scope: &Scope<'m>, filter: Option<&Predicate>) -> Lowered<String> {
        let filter = filter.map(|filter| self.predicate(scope, filter)).transpose()?;
        Ok(filter.map(|filter| format!(" and {filter}")).unwrap_or_default())
    }

    /// The ways of a policy; none where one of them has no index. `apart`: lists are told apart by their elements.
    fn ways(&mut self, scope: &Scope<'m>, rows: &Predicate, apart: bool) -> Lowered<Option<Vec<Way>>> {
        let one = |rest: String| Ok(Some(vec![Way { each: None, rest }]));
        match rows {
            Predicate::Any(parts) => {
                let mut all = Vec::new();
                for part in parts {
                    match self.ways(scope, part, apart)? {
                        Some(ways) => all.extend(ways),
                        None => return Ok(None),
                    }
                }
                Ok(Some(all))
            }
            Predicate::All(parts) => {
                for (place, part) in parts.iter().enumerate() {
                    let Some(mut ways) = self.ways(scope, part, apart)? else { continue };
                    for (_, other) in parts.iter().enumerate().filter(|(at, _)| *at != place) {
                        let other = self.predicate(scope, other)?;
                        ways.iter_mut().for_each(|way| way.rest += &format!(" and {other}"));
                    }
                    return Ok(Some(ways));
                }
                Ok(None)
            }
            Predicate::Shared { with, right } => {
                let shared = self.shared_records(scope, with, *right)?;
                one(format!("{} in ({shared})", scope.column("id")))
            }
            other => {
                let Some((column, kind, list)) = self.guided(scope, other)? else { return Ok(None) };
                match list.filter(|_| apart) {
                    Some(list) => {
                        let array = self.param(list, kind, Mode::List);
                        Ok(Some(vec![Way { each: Some(Each { column, array, list, kind }), rest: String::new() }]))
                    }
                    None => one(self.predicate(scope, other)?),
                }
            }
        }
    }

    /// The column a condition finds rows by, where there is an index by it; with the list of which it is one.
    fn guided(&self, scope: &Scope<'m>, condition: &Predicate) -> Lowered<Option<(String, Kind, Option<Param>)>> {
        let object = scope.object()?;
        let found = match condition {
            Predicate::Ref { relation, op } => {
                let list = match op {
                    RefOp::Eq(_) => None,
                    RefOp::In(list) => Some(*list),
                    _ => return Ok(None),
                };
                (scope.relation(*relation)?.column.clone(), Kind::Id, list)
            }
            Predicate::Compare { column, op: CompareOp::Eq, .. } => {
                let Some(column) = scope.field(column.field)?.column(column.part) else { return Ok(None) };
                (column.name.clone(), kind_of(column.kind), None)
            }
            Predicate::In { column, list } => {
                let Some(column) = scope.field(column.field)?.column(column.part) else { return Ok(None) };
                (column.name.clone(), kind_of(column.kind), Some(*list))
            }
            Predicate::ToOne { relation, table, holds } if table.rows().is_none() => {
                let (leaf, list) = match holds.as_ref() {
                    Predicate::Ref { relation, op: RefOp::Eq(_) } => (Leaf::Relation(*relation), None),
                    Predicate::Ref { relation, op: RefOp::In(list) } => (Leaf::Relation(*relation), Some(*list)),
                    Predicate::Compare { column, op: CompareOp::Eq, .. } => (Leaf::Field(column.field, column.part), None),
                    Predicate::In { column, list } => (Leaf::Field(column.field, column.part), Some(*list)),
                    _ => return Ok(None),
                };
                let Some(reach) = object.reach(*relation, leaf) else { return Ok(None) };
                (reach.column.clone(), kind_of(reach.kind), list)
            }
            _ => return Ok(None),
        };
        let (name, kind, list) = found;
        // A list that a rule writes out is not known by its place among the values of who asks.
        let list_is_known = !matches!(list, Some(Param::Literal(_)));
        Ok((list_is_known && object.guides().contains(&name.as_str())).then(|| (scope.column(&name), kind, list)))
    }

    /// A condition on the end of a reference, where that is kept beside it.
    pub(crate) fn kept_end(
        &mut self,
        scope: &Scope<'m>,
        relation: tenon_model::RelationIx,
        table: &tenon_query::AuthorizedTable,
        holds: &Predicate,
    ) -> Lowered<Option<String>> {
        let Some(object) = scope.object.filter(|_| self.keeps && table.rows().is_none()) else { return Ok(None) };
        let leaf = match holds {
            Predicate::Ref { relation, op: RefOp::Eq(_) | RefOp::In(_) } => Leaf::Relation(*relation),
            Predicate::Compare { column, op: CompareOp::Eq, .. } | Predicate::In { column, .. } => Leaf::Field(column.field, column.part),
            _ => return Ok(None),
        };
        let Some(reach) = object.reach(relation, leaf) else { return Ok(None) };
        let (name, kind) = (scope.column(&reach.column), kind_of(reach.kind));
        Ok(match holds {
            Predicate::Ref { op: RefOp::Eq(with), .. } => Some(format!("{name} = {}", self.param(*with, kind, Mode::Plain))),
            Predicate::Ref { op: RefOp::In(list), .. } | Predicate::In { list, .. } => {
                let array = self.param(*list, kind, Mode::List);
                Some(self.among(&name, kind, &array))
            }
            Predicate::Compare { with, .. } => Some(format!("{name} = {}", self.param(*with, kind, Mode::Plain))),
            _ => None,
        })
    }
}

impl Way {
    fn arm(self, begin: &str, after: &str) -> Arm {
        Arm { before: begin.to_owned(), each: self.each, after: format!("{}{after}", self.rest) }
    }
}
