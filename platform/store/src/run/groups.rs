//! Groups: cells become keys and exact measures; having, order and `first` choose among them.

use std::cmp::Ordering;
use std::collections::HashMap;

use tenon_model::ColumnType;
use tenon_query::{AggregateOrder, CompareOp, GroupRow, Having, Sorting};
use tenon_value::{Decimal, Duration, Value, fold, sort_key};

use super::decimal::{compare, divided, joined};
use super::{Run, rows};
use crate::StoreError;
use crate::config::{GROUPS_MAX, GROUPS_SCANNED_MAX};
use crate::db::Fault;
use crate::lower::aggregate::{AggregatePlan, KeyOrder, MARK, MeasureReader, Ranked};

/// The groups of an aggregate.
pub(crate) async fn groups(runner: &mut Run<'_>, plan: &AggregatePlan) -> Result<Vec<GroupRow>, Fault> {
    let mut cells = runner.fetch_planned(&plan.statement).await?;
    if cells.len() > GROUPS_SCANNED_MAX {
        return Err(StoreError::Limit { limit: "groups_scanned", max: u64::try_from(GROUPS_SCANNED_MAX).unwrap_or(u64::MAX) }.into());
    }
    let mut ranked = Vec::new();
    for statement in &plan.ranked {
        ranked.push(percentiles(runner, plan, statement).await?);
    }
    let mut groups = Vec::with_capacity(cells.len());
    let mut rateless = 0_i64;
    for cells in &mut cells {
        rateless += plan.rateless.iter().filter_map(|place| cells.get(*place)?.as_int()).max().unwrap_or_default();
        let key = key_text(cells, plan.key_cells);
        let keys = plan.keys.iter().map(|reader| rows::read(reader, cells)).collect();
        let measures = plan
            .measures
            .iter()
            .map(|reader| measure(reader, cells, &|place| ranked.get(place)?.get(&key).cloned()))
            .collect::<Result<_, StoreError>>()?;
        groups.push(GroupRow { keys, measures });
    }
    if rateless > 0 {
        return Err(StoreError::CurrencyRateMissing { rows: u64::try_from(rateless).unwrap_or_default() }.into());
    }
    if let Some(having) = &plan.having {
        groups.retain(|group| holds(runner, having, &group.measures));
    }
    groups.sort_by(|left, right| order(plan, left, right));
    match plan.first.and_then(|first| runner.values.get(first).as_int()) {
        Some(first) => groups.truncate(usize::try_from(first).unwrap_or_default()),
        None if groups.len() > GROUPS_MAX => return Err(StoreError::TooManyGroups { max: GROUPS_MAX }.into()),
        None => {}
    }
    Ok(groups)
}

/// Key cells as a text, to find a group again.
fn key_text(cells: &[Value], key_cells: usize) -> String {
    format!("{:?}", cells.get(..key_cells).unwrap_or_default())
}

fn measure(reader: &MeasureReader, cells: &[Value], ranked: &dyn Fn(usize) -> Option<Value>) -> Result<Value, StoreError> {
    let int = |place: usize| cells.get(place).and_then(Value::as_int);
    Ok(match reader {
        MeasureReader::Cell(place) => cells.get(*place).cloned().unwrap_or_default(),
        MeasureReader::Ordered(place) => match cells.get(*place).and_then(Value::as_text).and_then(|text| text.split_once(MARK)) {
            Some((_, text)) => Value::Text(text.to_owned()),
            None => Value::Null,
        },
        MeasureReader::Ranked(place) => ranked(*place).unwrap_or_default(),
        MeasureReader::Rated { rateless, .. } if int(*rateless).unwrap_or_default() > 0 => Value::Null,
        MeasureReader::Rated { of, .. } => measure(of, cells, ranked)?,
        MeasureReader::Sum { cells: sums, kind } => match (total(sums, cells), kind) {
            (None, _) => Value::Null,
            (Some(total), ColumnType::Decimal(scale)) => Value::Decimal(Decimal::new(total, *scale)),
            (Some(total), ColumnType::Duration) => {
                Value::Duration(Duration::from_millis(i64::try_from(total).map_err(|_| StoreError::Value("a sum out of range"))?))
            }
            (Some(total), _) => i64::try_from(total).map_or_else(|_| Value::Decimal(Decimal::new(total, 0)), Value::Int),
        },
        MeasureReader::Avg { cells: sums, count, kind } => {
            let scale = if let ColumnType::Decimal(scale) = kind { *scale } else { 0 };
            match (total(sums, cells), int(*count)) {
                (Some(total), Some(count)) if count > 0 => {
                    Value::Decimal(divided(total, i128::from(count), scale, scale + 4).ok_or(StoreError::Value("a mean out of range"))?)
                }
                _ => Value::Null,
            }
        }
    })
}

/// A sum in units, of one `numeric` cell or of two halves.
fn total(places: &[usize], cells: &[Value]) -> Option<i128> {
    match places {
        [one] => Some(cells.get(*one)?.as_decimal()?.units()),
        [high, low] => Some(joined(cells.get(*high)?.as_int()?, cells.get(*low)?.as_int()?)),
        _ => None,
    }
}

/// Percentiles by group: the value at the place, or the mean of its two neighbours weighed by nearness.
async fn percentiles(runner: &mut Run<'_>, plan: &AggregatePlan, ranked: &Ranked) -> Result<HashMap<String, Value>, Fault> {
    let mut neighbours: HashMap<String, (i128, Vec<(i128, i128)>)> = HashMap::new();
    for cells in runner.fetch_planned(&ranked.statement).await? {
        let [.., Value::Int(rank), Value::Int(count), value] = cells.as_slice() else { continue };
        let value = match value {
            Value::Duration(length) => i128::from(length.millis()),
            other => other.as_decimal().ok_or(StoreError::Plan("a percentile of no number"))?.units(),
        };
        let group = neighbours.entry(key_text(&cells, plan.key_cells)).or_insert_with(|| (i128::from(*count), Vec::new()));
        group.1.push((i128::from(*rank), value));
    }
    let (top, bottom) = ranked.share;
    let mut percentiles = HashMap::with_capacity(neighbours.len());
    for (key, (count, mut values)) in neighbours {
        values.sort_unstable();
        let rest = top * (count - 1) % bottom;
        let low = values.first().map_or(0, |(_, value)| *value);
        let high = values.get(1).map_or(low, |(_, value)| *value);
        let value = divided(low * bottom + (high - low) * rest, bottom, ranked.scale, ranked.scale + 4)
            .ok_or(StoreError::Value("a percentile out of range"))?;
        percentiles.insert(key, Value::Decimal(value));
    }
    Ok(percentiles)
}

fn holds(runner: &Run<'_>, having: &Having, measures: &[Value]) -> bool {
    let measure = |place: usize| measures.get(place).unwrap_or(&Value::Null);
    match having {
        Having::All(all) => all.iter().all(|having| holds(runner, having, measures)),
        Having::Any(any) => any.iter().any(|having| holds(runner, having, measures)),
        Having::Not(having) => !holds(runner, having, measures),
        Having::IsNull(place) => measure(*place).is_null(),
        Having::In { measure: place, list } => {
            let value = measure(*place);
            !value.is_null() && runner.values.get(*list).elements().iter().any(|element| compare(value, element) == Ordering::Equal)
        }
        Having::Compare { measure: place, op, with } => {
            let value = measure(*place);
            if value.is_null() {
                return *op == CompareOp::Ne;
            }
            let ordering = compare(value, runner.values.get(*with));
            match op {
                CompareOp::Eq => ordering.is_eq(),
                CompareOp::Ne => ordering.is_ne(),
                CompareOp::Lt => ordering.is_lt(),
                CompareOp::Lte => ordering.is_le(),
                CompareOp::Gt => ordering.is_gt(),
                CompareOp::Gte => ordering.is_ge(),
            }
        }
    }
}

fn order(plan: &AggregatePlan, left: &GroupRow, right: &GroupRow) -> Ordering {
    let key = |place: usize, sorting: Sorting| {
        let (left, right) = (left.keys.get(place).unwrap_or(&Value::Null), right.keys.get(place).unwrap_or(&Value::Null));
        sorted(sorting, left, right, &|left, right| by_key(plan.orders.get(place), left, right))
    };
    let asked = plan.order.iter().map(|term| match term {
        AggregateOrder::Key(place, sorting) => key(*place, *sorting),
        AggregateOrder::Measure(place, sorting) => sorted(
            *sorting,
            left.measures.get(*place).unwrap_or(&Value::Null),
            right.measures.get(*place).unwrap_or(&Value::Null),
            &compare,
        ),
    });
    let keys = (0..plan.keys.len()).map(|place| key(place, Sorting::Asc));
    asked.chain(keys).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}

fn sorted(sorting: Sorting, left: &Value, right: &Value, by: &dyn Fn(&Value, &Value) -> Ordering) -> Ordering {
    let nulls_first = matches!(sorting, Sorting::AscNullsFirst | Sorting::DescNullsFirst);
    let descending = matches!(sorting, Sorting::Desc | Sorting::DescNullsFirst);
    match (left.is_null(), right.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) => {
            if nulls_first {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (false, true) => {
            if nulls_first {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (false, false) => {
            if descending {
                by(right, left)
            } else {
                by(left, right)
            }
        }
    }
}

/// Two values of a key, as a list ordered by the same field has them; equal ones by their code points.
fn by_key(order: Option<&KeyOrder>, left: &Value, right: &Value) -> Ordering {
    let by = |spelling: fn(&str) -> String| {
        let spelt = |value: &Value| value.as_text().map(spelling);
        spelt(left).cmp(&spelt(right)).then_with(|| compare(left, right))
    };
    match order {
        None | Some(KeyOrder::Natural) => compare(left, right),
        Some(KeyOrder::Folded) => by(fold),
        Some(KeyOrder::Pinyin) => by(sort_key),
        Some(KeyOrder::Declared(codes)) => {
            let place = |value: &Value| codes.iter().position(|code| Some(code.as_str()) == value.as_text()).unwrap_or(codes.len());
            place(left).cmp(&place(right)).then_with(|| compare(left, right))
        }
    }
}
