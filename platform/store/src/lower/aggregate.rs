//! Groups: keys and measures in one pass; medians and percentiles in one ranked pass each.
//!
//! Sums are exact: `numeric` on PostgreSQL; on SQLite the upper and lower 32 bits are added apart, so that no sum of
//! 2³¹ rows overflows. Having, order and `first` are applied to the exact results, outside the database.

use tenon_model::{Column, ColumnType, Field, Part};
use tenon_query::{Aggregate, AggregateOrder, Func, GroupKey, GroupTerm, Having, Measure, Param};
use tenon_value::Decimal;

use super::fan::{End, Fan};
use super::output::{Columns, Reader};
use super::statement::Statement;
use super::{Lower, Lowered, Scope};
use crate::config::GROUPS_SCANNED_MAX;
use crate::db::Shape;
use crate::{Dialect, StoreError};

/// How a measure is read.
#[derive(Clone, Debug)]
pub(crate) enum MeasureReader {
    Cell(usize),
    /// `numeric`, or upper and lower half; of this scale and column type.
    Sum {
        cells: Vec<usize>,
        kind: ColumnType,
    },
    Avg {
        cells: Vec<usize>,
        count: usize,
        kind: ColumnType,
    },
    /// A text behind the key that orders it, with [`MARK`] between.
    Ordered(usize),
    /// Place in [`AggregatePlan::ranked`].
    Ranked(usize),
    /// Null where the group has rows without a rate.
    Rated {
        rateless: usize,
        of: Box<MeasureReader>,
    },
}

/// Stands between a text and the key that orders it; keys have none.
pub(crate) const MARK: char = '\u{1}';

/// A percentile: after the keys come rank, number of values, value.
#[derive(Debug)]
pub(crate) struct Ranked {
    pub(crate) statement: Statement,
    /// The share as a fraction.
    pub(crate) share: (i128, i128),
    pub(crate) scale: u8,
}

/// Groups, lowered.
#[derive(Debug)]
pub(crate) struct AggregatePlan {
    pub(crate) statement: Statement,
    pub(crate) keys: Vec<Reader>,
    /// How many cells the keys take, from the first.
    pub(crate) key_cells: usize,
    /// How the values of each key are ordered.
    pub(crate) orders: Vec<KeyOrder>,
    pub(crate) measures: Vec<MeasureReader>,
    /// Cells that count rows without a rate: all must be zero.
    pub(crate) rateless: Vec<usize>,
    pub(crate) ranked: Vec<Ranked>,
    pub(crate) having: Option<Having>,
    pub(crate) order: Vec<AggregateOrder>,
    pub(crate) first: Option<Param>,
}

/// How the values of a key are ordered, as a list ordered by the same field is.
#[derive(Debug)]
pub(crate) enum KeyOrder {
    /// As numbers, dates and the like are.
    Natural,
    /// Choices: by their place among these codes.
    Declared(Vec<String>),
    /// Text: folded.
    Folded,
    /// Text of `sort: zh`: by pinyin.
    Pinyin,
}

impl KeyOrder {
    fn of(field: &Field) -> Self {
        let options = field.kind.options();
        match field.order_part() {
            _ if !options.is_empty() => Self::Declared(options.iter().map(|option| option.name.to_string()).collect()),
            Part::SortKey => Self::Pinyin,
            Part::Fold => Self::Folded,
            _ => Self::Natural,
        }
    }
}

struct Grouping<'m> {
    from: String,
    condition: String,
    scope: Scope<'m>,
    columns: Columns,
    keys: Vec<Reader>,
    orders: Vec<KeyOrder>,
}

/// Lowers an aggregate.
pub(crate) fn lower(model: &tenon_model::Model, dialect: Dialect, aggregate: &Aggregate) -> Lowered<AggregatePlan> {
    let mut lower = Lower::new(model, dialect);
    let mut grouping = lower.grouping(aggregate)?;
    let key_cells = grouping.columns.expressions.len();
    let (mut measures, mut rateless, mut ranked) = (Vec::new(), Vec::new(), Vec::new());
    for measure in &aggregate.measures {
        let share = match measure.func {
            Func::Median => Some((1, 2)),
            Func::Percentile(share) => Some(fraction(share)?),
            _ => None,
        };
        let reader = match share {
            Some(share) => {
                ranked.push(lower_ranked(model, dialect, aggregate, measure, share)?);
                MeasureReader::Ranked(ranked.len() - 1)
            }
            None => lower.measure(&grouping.scope, measure, &mut grouping.columns)?,
        };
        measures.push(match lower.rateless(&grouping.scope, measure, &mut grouping.columns)? {
            // Each currency apart: what has no rate has no sum in the base currency, and the others have theirs.
            Some(rateless) if is_by_its_currency(aggregate, measure) => MeasureReader::Rated { rateless, of: Box::new(reader) },
            Some(cell) => {
                rateless.push(cell);
                reader
            }
            None => reader,
        });
    }
    if grouping.columns.expressions.is_empty() {
        grouping.columns.add("count(*)".to_owned(), Shape::Int);
    }
    let places: Vec<String> = (1..=key_cells).map(|place| place.to_string()).collect();
    let group = if places.is_empty() { String::new() } else { format!(" group by {}", places.join(", ")) };
    let sql = format!(
        "select {} from {} where {}{group} limit {}",
        grouping.columns.expressions.join(", "),
        grouping.from,
        grouping.condition,
        GROUPS_SCANNED_MAX + 1,
    );
    let fan = lower.fanned_groups(aggregate, &grouping, &group)?;
    let statement = lower.finish(sql, grouping.columns.shapes).fanned(fan);
    Ok(AggregatePlan {
        statement,
        keys: grouping.keys,
        key_cells,
        orders: grouping.orders,
        measures,
        rateless,
        ranked,
        having: aggregate.having.clone(),
        order: aggregate.order.clone(),
        first: aggregate.first,
    })
}

/// Whether the groups of a money measure are of one currency each.
fn is_by_its_currency(aggregate: &Aggregate, measure: &Measure) -> bool {
    let is_currency = |key: &GroupKey| {
        let GroupTerm::Column(column) = key.term else { return false };
        key.hops.is_empty() && column.part == Part::Currency && measure.column.is_some_and(|measured| measured.field == column.field)
    };
    aggregate.keys.iter().any(is_currency)
}

fn fraction(share: Decimal) -> Lowered<(i128, i128)> {
    let share = share.round(6).map_err(|_| StoreError::Value("a share has six places at most"))?;
    if share < Decimal::ZERO || share > Decimal::from(1) {
        return Err(StoreError::Value("a share lies between 0 and 1"));
    }
    Ok((share.units(), 10_i128.pow(u32::from(share.scale()))))
}

fn lower_ranked(
    model: &tenon_model::Model,
    dialect: Dialect,
    aggregate: &Aggregate,
    measure: &Measure,
    share: (i128, i128),
) -> Lowered<Ranked> {
    let mut lower = Lower::new(model, dialect);
    let grouping = lower.grouping(aggregate)?;
    let (value, column) = lower.measured(&grouping.scope, measure)?;
    let filter = measure.filter.as_ref().map(|filter| lower.predicate(&grouping.scope, filter)).transpose()?;
    let filter = filter.map(|filter| format!(" and {filter}")).unwrap_or_default();
    let keys = &grouping.columns.expressions;
    let partition = if keys.is_empty() { String::new() } else { format!("partition by {}", keys.join(", ")) };
    let named: String = keys.iter().enumerate().map(|(place, key)| format!("{key} as k{place}, ")).collect();
    let names: String = (0..keys.len()).map(|place| format!("q.k{place}, ")).collect();
    let (top, bottom) = share;
    let sql = format!(
        "select {names}q.rank, q.total, q.value from (select {named}{value} as value, row_number() over ({partition} order by {value}) as rank, \
         count(*) over ({partition}) as total from {} where {} and {value} is not null{filter}) as q \
         where q.rank - 1 = {top} * (q.total - 1) / {bottom} or q.rank - 2 = {top} * (q.total - 1) / {bottom}",
        grouping.from, grouping.condition,
    );
    let mut shapes = grouping.columns.shapes.clone();
    shapes.extend([Shape::Int, Shape::Int, Shape::from(column.kind)]);
    let scale = if let ColumnType::Decimal(scale) = column.kind { scale } else { 0 };
    Ok(Ranked { statement: lower.finish(sql, shapes), share, scale })
}

impl<'m> Lower<'m> {
    /// The same groups over rows found by why they may be seen.
    fn fanned_groups(&mut self, aggregate: &Aggregate, grouping: &Grouping<'m>, group: &str) -> Lowered<Option<Fan>> {
        if aggregate.table.rows().is_none() {
            return Ok(None);
        }
        let filter = aggregate.filter.as_ref();
        let also = filter.map(|filter| self.predicate(&grouping.scope, filter)).transpose()?;
        let also = also.map(|filter| format!("{filter} and ")).unwrap_or_default();
        let (columns, from, id) = (grouping.columns.expressions.join(", "), &grouping.from, grouping.scope.column("id"));
        let head = format!("select {columns} from {from} where {also}{id} in (");
        let tail = format!("){group} limit {}", GROUPS_SCANNED_MAX + 1);
        self.fanned_ids(&aggregate.table, aggregate.deleted, filter, (head, tail, End::Never))
    }

    fn grouping(&mut self, aggregate: &Aggregate) -> Lowered<Grouping<'m>> {
        let (mut from, scope) = self.table(&aggregate.table)?;
        let mut condition = self.visible(&aggregate.table, &scope, aggregate.deleted)?;
        if let Some(filter) = &aggregate.filter {
            condition = format!("{condition} and {}", self.predicate(&scope, filter)?);
        }
        let mut columns = Columns::default();
        let (mut keys, mut orders) = (Vec::new(), Vec::new());
        for key in &aggregate.keys {
            let (reader, order) = self.key(&scope, key, &mut columns, &mut from)?;
            keys.push(reader);
            orders.push(order);
        }
        Ok(Grouping { from, condition, scope, columns, keys, orders })
    }

    fn key(&mut self, scope: &Scope<'m>, key: &GroupKey, columns: &mut Columns, joins: &mut String) -> Lowered<(Reader, KeyOrder)> {
        let mut scope = scope.clone();
        for hop in &key.hops {
            scope = self.left_join(&scope, hop.relation, &hop.table, joins)?;
        }
        Ok(match &key.term {
            GroupTerm::Column(column) => {
                let (name, model) = self.column(&scope, *column)?;
                (Reader::Cell(columns.add(name, Shape::from(model.kind))), KeyOrder::of(scope.field(column.field)?))
            }
            GroupTerm::Element(field) => {
                let (name, _) = self.column(&scope, tenon_query::ColumnRef::whole(*field))?;
                let element = self.alias();
                let value = if self.is_postgres() {
                    *joins += &format!(" left join lateral unnest({name}) as {element}(value) on true");
                    format!("{element}.value")
                } else {
                    *joins += &format!(" left join json_each({name}) as {element}");
                    format!("{element}.value")
                };
                (Reader::Cell(columns.add(value, Shape::Text)), KeyOrder::of(scope.field(*field)?))
            }
            GroupTerm::Bucket(column, bucket) => {
                let (name, model) = self.column(&scope, *column)?;
                let (expression, shape) = self.bucket(&name, model.kind, bucket)?;
                (Reader::Cell(columns.add(expression, shape)), KeyOrder::Natural)
            }
            GroupTerm::Relation(relation) => (self.whole_relation(&scope, scope.relation(*relation)?, columns), KeyOrder::Natural),
            GroupTerm::Record => (Reader::Cell(columns.add(scope.column("id"), Shape::Id)), KeyOrder::Natural),
        })
    }

    fn measured(&self, scope: &Scope<'m>, measure: &Measure) -> Lowered<(String, &'m Column)> {
        self.column(scope, measure.column.ok_or(StoreError::Plan("a measure of no column"))?)
    }

    fn only(&mut self, scope: &Scope<'m>, measure: &Measure) -> Lowered<String> {
        let filter = measure.filter.as_ref().map(|filter| self.predicate(scope, filter)).transpose()?;
        Ok(filter.map(|filter| format!(" filter (where {filter})")).unwrap_or_default())
    }

    fn measure(&mut self, scope: &Scope<'m>, measure: &Measure, columns: &mut Columns) -> Lowered<MeasureReader> {
        let only = self.only(scope, measure)?;
        Ok(match measure.func {
            Func::Count => {
                let what = if measure.column.is_some() { self.measured(scope, measure)?.0 } else { "*".to_owned() };
                MeasureReader::Cell(columns.add(format!("count({what}){only}"), Shape::Int))
            }
            Func::CountDistinct => {
                let what = match measure.relation {
                    Some(relation) => scope.column(&scope.relation(relation)?.column),
                    None => self.measured(scope, measure)?.0,
                };
                MeasureReader::Cell(columns.add(format!("count(distinct {what}){only}"), Shape::Int))
            }
            Func::Sum => {
                let (name, column) = self.measured(scope, measure)?;
                MeasureReader::Sum { cells: self.sum(&name, column.kind, &only, columns), kind: column.kind }
            }
            Func::Avg => {
                let (name, column) = self.measured(scope, measure)?;
                let cells = self.sum(&name, column.kind, &only, columns);
                MeasureReader::Avg { cells, count: columns.add(format!("count({name}){only}"), Shape::Int), kind: column.kind }
            }
            Func::Min | Func::Max => {
                let (name, column) = self.measured(scope, measure)?;
                let word = if measure.func == Func::Min { "min" } else { "max" };
                match self.ordering_key(scope, measure)? {
                    Some(key) => {
                        let mark = if self.is_postgres() { "chr(1)" } else { "char(1)" };
                        let marked = format!("{word}(replace({key}, {mark}, '') || {mark} || {name}){only}");
                        MeasureReader::Ordered(columns.add(marked, Shape::Text))
                    }
                    None => MeasureReader::Cell(columns.add(format!("{word}({name}){only}"), Shape::from(column.kind))),
                }
            }
            Func::Median | Func::Percentile(_) => return Err(StoreError::Plan("percentiles are ranked")),
        })
    }

    /// The column by which a text is ordered, where that is another one.
    fn ordering_key(&self, scope: &Scope<'m>, measure: &Measure) -> Lowered<Option<String>> {
        let Some(column) = measure.column.filter(|column| column.part == Part::Whole) else { return Ok(None) };
        let field = scope.field(column.field)?;
        let key = field.column(field.order_part()).filter(|_| matches!(field.order_part(), Part::Fold | Part::SortKey));
        Ok(key.map(|key| scope.column(&key.name)))
    }

    fn sum(&self, name: &str, kind: ColumnType, only: &str, columns: &mut Columns) -> Vec<usize> {
        if self.is_postgres() {
            let scale = if let ColumnType::Decimal(scale) = kind { scale } else { 0 };
            return vec![columns.add(format!("sum({name}){only}"), Shape::Decimal(scale))];
        }
        let halves = [format!("sum({name} >> 32){only}"), format!("sum({name} & 4294967295){only}")];
        halves.into_iter().map(|half| columns.add(half, Shape::Int)).collect()
    }

    /// Counts the rows of a money measure in the base currency that have an amount but no rate.
    fn rateless(&mut self, scope: &Scope<'m>, measure: &Measure, columns: &mut Columns) -> Lowered<Option<usize>> {
        let Some(column) = measure.column.filter(|column| column.part == Part::Base) else { return Ok(None) };
        if matches!(measure.func, Func::Count | Func::CountDistinct) {
            return Ok(None);
        }
        let field = scope.field(column.field)?;
        let (Some(amount), Some(base)) = (field.column(Part::Amount), field.column(Part::Base)) else { return Ok(None) };
        let (amount, base) = (scope.column(&amount.name), scope.column(&base.name));
        let filter = measure.filter.as_ref().map(|filter| self.predicate(scope, filter)).transpose()?;
        let filter = filter.map(|filter| format!(" and {filter}")).unwrap_or_default();
        let count = format!("count(*) filter (where {amount} is not null and {base} is null{filter})");
        Ok(Some(columns.add(count, Shape::Int)))
    }
}
