//! A page of records: filter, order, window, and what is fetched of each.

use tenon_query::{Cursor, Direction, Param, Select, Window};

use super::bind::Mode;
use super::fan::End;
use super::keyset::{Term, order_by};
use super::output::{Columns, Node, Place};
use super::statement::Statement;
use super::{Lower, Lowered, Scope};
use crate::Dialect;
use crate::config::ROWS_MAX;
use crate::db::{Kind, Shape};

/// How a window is read back.
#[derive(Clone, Debug)]
pub(crate) enum WindowPlan {
    /// No pages.
    All,
    /// A page; probes say whether there is anything at or beyond the cursors.
    Page { size: Param, direction: Direction, after: Option<Probe>, before: Option<Probe> },
}

/// Whether rows lie outside the window on the side of a cursor.
#[derive(Clone, Debug)]
pub(crate) enum Probe {
    /// Nobody needs to know exactly.
    Assumed,
    /// A statement tells.
    Asked(Box<Statement>),
}

/// Records, lowered.
#[derive(Debug)]
pub(crate) struct SelectPlan {
    pub(crate) statement: Statement,
    pub(crate) node: Node,
    pub(crate) window: WindowPlan,
    pub(crate) count: Option<(Statement, Param)>,
}

/// `from` and `where` of a select, before its window.
pub(crate) struct Rows<'m> {
    pub(crate) from: String,
    pub(crate) condition: String,
    pub(crate) scope: Scope<'m>,
    pub(crate) link: Option<Scope<'m>>,
    /// The parent's id, where there is one page per parent.
    pub(crate) parent: Option<String>,
    /// Instead of the select's order.
    pub(crate) order: Option<String>,
}

/// Lowers a root select.
pub(crate) fn root(model: &tenon_model::Model, dialect: Dialect, select: &Select) -> Lowered<SelectPlan> {
    plan(model, dialect, select, &|lower| {
        let (from, scope) = lower.table(&select.table)?;
        let mut condition = lower.visible(&select.table, &scope, select.deleted)?;
        if let Some(filter) = &select.filter {
            condition = format!("{condition} and {}", lower.predicate(&scope, filter)?);
        }
        Ok(Rows { from, condition, scope, link: None, parent: None, order: None })
    })
}

/// Lowers a select over rows that `rows` names; it is asked once for each statement that is made of them.
pub(crate) fn plan(
    model: &tenon_model::Model,
    dialect: Dialect,
    select: &Select,
    rows: &dyn for<'m> Fn(&mut Lower<'m>) -> Lowered<Rows<'m>>,
) -> Lowered<SelectPlan> {
    let mut lower = Lower::new(model, dialect);
    let source = rows(&mut lower)?;
    let mut joins = String::new();
    let terms = lower.terms(&source.scope, &select.order, &mut joins)?;
    let mut columns = Columns::default();
    if let Some(parent) = &source.parent {
        columns.add(parent.clone(), Shape::Id);
    }
    let place = Place { table: &select.table, scope: &source.scope, link: source.link.as_ref(), terms: &terms };
    let node = lower.output(&place, &select.output, &mut columns, &mut joins)?;
    let mut condition = source.condition.clone();
    let mut reversed = false;
    let mut size = None;
    if let Window::Page { size: rows, direction, after, before, .. } = &select.window {
        for (cursor, forward) in [(after, true), (before, false)] {
            if let Some(cursor) = cursor {
                condition = format!("{condition} and {}", lower.beyond(&terms, cursor, forward)?);
            }
        }
        reversed = *direction == Direction::Backward;
        size = source.parent.as_ref().map(|_| lower.param(*rows, Kind::Int, Mode::OneMore));
    }
    let order = source.order.clone().unwrap_or_else(|| order_by(&terms, reversed));
    let limit = match (&select.window, size) {
        (_, Some(size)) => Some(size),
        (Window::Page { .. }, None) => None,
        (Window::One, None) => Some("1".to_owned()),
        _ => Some((ROWS_MAX + 1).to_string()),
    };
    let sql = text(&source, &columns, &joins, &condition, &order, limit.as_deref());
    let fan = match (&select.window, &source.parent) {
        (Window::Page { .. }, None) => {
            let (head, tail) = (format!("select {}", columns.expressions.join(", ")), format!("{joins} order by {order}"));
            lower.fanned_page(select, (&head, &source.from, &tail), &source.scope, (&terms, reversed))?
        }
        _ => None,
    };
    let node = node.owning(columns.shapes.len(), source.parent.as_ref().map(|_| 0));
    let mut statement = lower.finish(sql, columns.shapes).fanned(fan);
    if let (Window::Page { size, .. }, None) = (&select.window, limit) {
        statement = statement.limited(*size);
    }
    let window = window(model, dialect, select, rows)?;
    let count = select.count.map(|cap| counting(model, dialect, (select, cap), rows).map(|statement| (statement, cap))).transpose()?;
    Ok(SelectPlan { statement, node, window, count })
}

fn text(source: &Rows<'_>, columns: &Columns, joins: &str, condition: &str, order: &str, limit: Option<&str>) -> String {
    let from = &source.from;
    let Some(parent) = &source.parent else {
        let order = if order.is_empty() { String::new() } else { format!(" order by {order}") };
        let limit = limit.map(|limit| format!(" limit {limit}")).unwrap_or_default();
        return format!("select {} from {from}{joins} where {condition}{order}{limit}", columns.expressions.join(", "));
    };
    let limit = limit.unwrap_or("null");
    // One page per parent: rows are numbered within their parent and cut there.
    let named: Vec<String> =
        columns.expressions.iter().enumerate().map(|(place, expression)| format!("{expression} as c{place}")).collect();
    let names: Vec<String> = (0..named.len()).map(|place| format!("p.c{place}")).collect();
    let order = if order.is_empty() { source.scope.column("id") } else { order.to_owned() };
    format!(
        "select {} from (select {}, row_number() over (partition by {parent} order by {order}) as n from {from}{joins} where {condition}) as p \
         where p.n <= {limit} order by p.n",
        names.join(", "),
        named.join(", "),
    )
}

fn window(
    model: &tenon_model::Model,
    dialect: Dialect,
    select: &Select,
    rows: &dyn for<'m> Fn(&mut Lower<'m>) -> Lowered<Rows<'m>>,
) -> Lowered<WindowPlan> {
    let Window::Page { size, direction, after, before, exact_ends } = &select.window else { return Ok(WindowPlan::All) };
    let probe = |cursor: &Option<Cursor>, forward: bool| -> Lowered<Option<Probe>> {
        let Some(cursor) = cursor else { return Ok(None) };
        if !exact_ends {
            return Ok(Some(Probe::Assumed));
        }
        let mut lower = Lower::new(model, dialect);
        let source = rows(&mut lower)?;
        let mut joins = String::new();
        let terms: Vec<Term> = lower.terms(&source.scope, &select.order, &mut joins)?;
        let beyond = lower.beyond(&terms, cursor, forward)?;
        let tail = format!("from {}{joins} where {} and ({beyond}) is not true", source.from, source.condition);
        let sql = match &source.parent {
            Some(parent) => format!("select {parent} {tail} group by {parent}"),
            None => format!("select {} {tail} limit 1", source.scope.column("id")),
        };
        Ok(Some(Probe::Asked(Box::new(lower.finish(sql, vec![Shape::Id])))))
    };
    Ok(WindowPlan::Page { size: *size, direction: *direction, after: probe(after, true)?, before: probe(before, false)? })
}

/// Counts rows, of which one more than the cap are looked at.
fn counting(
    model: &tenon_model::Model,
    dialect: Dialect,
    (select, cap): (&Select, Param),
    rows: &dyn for<'m> Fn(&mut Lower<'m>) -> Lowered<Rows<'m>>,
) -> Lowered<Statement> {
    let mut lower = Lower::new(model, dialect);
    let source = rows(&mut lower)?;
    if let Some(parent) = &source.parent {
        let sql = format!("select {parent}, count(*) from {} where {} group by {parent}", source.from, source.condition);
        return Ok(lower.finish(sql, vec![Shape::Id, Shape::Int]));
    }
    let cap = lower.param(cap, Kind::Int, Mode::OneMore);
    let sql = format!("select count(*) from (select 1 from {} where {} limit {cap}) as c", source.from, source.condition);
    let around = ("select count(*) from (".to_owned(), ") as c".to_owned(), End::Count(cap));
    let fan = lower.fanned_ids(&select.table, select.deleted, select.filter.as_ref(), around)?;
    Ok(lower.finish(sql, vec![Shape::Int]).fanned(fan))
}
