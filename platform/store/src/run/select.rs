//! Pages are read level by level: a statement per list, for all parents of that list.

use std::collections::HashMap;
use std::pin::Pin;

use tenon_query::{Direction, Page, Row};
use tenon_value::{Uuid, Value};

use super::{Run, history, rows};
use crate::StoreError;
use crate::config::ROWS_MAX;
use crate::db::Fault;
use crate::lower::output::Node;
use crate::lower::select::{Probe, SelectPlan, WindowPlan};

type Filled<'f> = Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'f>>;

/// A page at the root.
pub(crate) async fn page(runner: &mut Run<'_>, plan: &SelectPlan) -> Result<Page, Fault> {
    let mut cells = runner.fetch(&plan.statement, &[]).await?;
    check(cells.len())?;
    let all: Vec<Row> = cells.iter_mut().filter_map(|cells| rows::row(&plan.node, cells)).collect();
    let mut page = cut(runner, plan, all, None);
    if let WindowPlan::Page { after, before, .. } = &plan.window {
        if let Some(Probe::Asked(statement)) = after {
            page.has_previous = page.has_previous || !runner.fetch(statement, &[]).await?.is_empty();
        }
        if let Some(Probe::Asked(statement)) = before {
            page.has_next = page.has_next || !runner.fetch(statement, &[]).await?.is_empty();
        }
    }
    if let Some((statement, cap)) = &plan.count {
        let counted = runner.fetch(statement, &[]).await?;
        let counted = counted.first().and_then(|row| row.first()).and_then(Value::as_int).unwrap_or_default();
        page.count = Some(capped(counted, runner.values.get(*cap)));
    }
    fill(runner, &plan.node, page.rows.iter_mut().collect()).await?;
    Ok(page)
}

fn check(rows: usize) -> Result<(), StoreError> {
    if rows > ROWS_MAX { Err(StoreError::Limit { limit: "nested_rows", max: u64::try_from(ROWS_MAX).unwrap_or(u64::MAX) }) } else { Ok(()) }
}

fn capped(counted: i64, cap: &Value) -> (u64, bool) {
    let counted = u64::try_from(counted).unwrap_or_default();
    match cap.as_int().and_then(|cap| u64::try_from(cap).ok()) {
        Some(cap) if counted > cap => (cap, false),
        _ => (counted, true),
    }
}

/// Takes the row too many away, and puts a page read from its end the right way round.
fn cut(runner: &Run<'_>, plan: &SelectPlan, mut rows: Vec<Row>, probes: Option<(bool, bool)>) -> Page {
    let WindowPlan::Page { size, direction, after, before } = &plan.window else {
        return Page { rows, ..Page::default() };
    };
    let size = runner.values.get(*size).as_int().and_then(|size| usize::try_from(size).ok()).unwrap_or_default();
    let more = rows.len() > size;
    rows.truncate(size);
    let assumed = |probe: &Option<Probe>| matches!(probe, Some(Probe::Assumed));
    let (at_after, at_before) = probes.unwrap_or_default();
    let (mut has_previous, mut has_next) = (assumed(after) || at_after, assumed(before) || at_before);
    match direction {
        Direction::Forward => has_next = has_next || more,
        Direction::Backward => {
            rows.reverse();
            has_previous = has_previous || more;
        }
    }
    Page { rows, has_next, has_previous, count: None }
}

/// Fetches what hangs on rows that have been read.
fn fill<'f>(runner: &'f mut Run<'_>, node: &'f Node, mut rows: Vec<&'f mut Row>) -> Filled<'f> {
    Box::pin(async move {
        if rows.is_empty() {
            return Ok(());
        }
        let mut ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        ids.sort_unstable();
        ids.dedup();
        for many in &node.manys {
            let pages = pages(runner, &many.select, &ids).await?;
            for row in &mut rows {
                row.manys.push(pages.get(&row.id).cloned().unwrap_or_else(|| none(runner, &many.select)));
            }
        }
        for plan in &node.histories {
            let histories = history::histories(runner, plan, &ids).await?;
            for row in &mut rows {
                row.histories.push(histories.get(&row.id).cloned().unwrap_or_default());
            }
        }
        for (place, one) in node.ones.iter().enumerate() {
            if !one.manys.is_empty() || !one.histories.is_empty() || !one.ones.is_empty() {
                let targets = rows.iter_mut().filter_map(|row| row.ones.get_mut(place)?.as_deref_mut()).collect();
                fill(&mut *runner, one, targets).await?;
            }
        }
        Ok(())
    })
}

fn none(runner: &Run<'_>, plan: &SelectPlan) -> Page {
    let count = plan.count.as_ref().map(|(_, cap)| capped(0, runner.values.get(*cap)));
    Page { count, ..cut(runner, plan, Vec::new(), None) }
}

/// One page per parent, with everything below.
async fn pages(runner: &mut Run<'_>, plan: &SelectPlan, parents: &[Uuid]) -> Result<HashMap<Uuid, Page>, Fault> {
    let mut cells = runner.fetch(&plan.statement, parents).await?;
    check(cells.len())?;
    let mut grouped: HashMap<Uuid, Vec<Row>> = HashMap::new();
    for cells in &mut cells {
        let parent = cells.first().and_then(Value::as_id);
        if let (Some(parent), Some(row)) = (parent, rows::row(&plan.node, cells)) {
            grouped.entry(parent).or_default().push(row);
        }
    }
    let (mut at_after, mut at_before) = (Vec::new(), Vec::new());
    if let WindowPlan::Page { after, before, .. } = &plan.window {
        for (probe, found) in [(after, &mut at_after), (before, &mut at_before)] {
            if let Some(Probe::Asked(statement)) = probe {
                found.extend(runner.fetch(statement, parents).await?.iter().filter_map(|row| row.first()?.as_id()));
            }
        }
    }
    for parent in at_after.iter().chain(&at_before) {
        grouped.entry(*parent).or_default();
    }
    let mut pages: HashMap<Uuid, Page> = HashMap::with_capacity(grouped.len());
    for (parent, rows) in grouped {
        let probes = (at_after.contains(&parent), at_before.contains(&parent));
        pages.insert(parent, cut(runner, plan, rows, Some(probes)));
    }
    if let Some((statement, cap)) = &plan.count {
        let cap = runner.values.get(*cap).clone();
        for row in runner.fetch(statement, parents).await? {
            if let [Value::Id(parent), Value::Int(counted)] = row.as_slice() {
                pages.entry(*parent).or_default().count = Some(capped(*counted, &cap));
            }
        }
    }
    fill(runner, &plan.node, pages.values_mut().flat_map(|page| page.rows.iter_mut()).collect()).await?;
    Ok(pages)
}
