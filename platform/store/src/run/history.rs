//! History as it is read: stored are the old values of what changed; what came instead is in the next version that
//! changed the same, or in the record as it is now.

use std::collections::{HashMap, HashSet};

use tenon_query::{Change, HistoryRow};
use tenon_value::{Json, Uuid, Value};

use super::{Run, rows};
use crate::db::Fault;
use crate::lower::many::HistoryPlan;
use crate::lower::statement::Statement;
use crate::wire;

type Entries = (Vec<HistoryRow>, bool);

/// The newest entries of each record, and whether there are more.
pub(crate) async fn histories(runner: &mut Run<'_>, plan: &HistoryPlan, ids: &[Uuid]) -> Result<HashMap<Uuid, Entries>, Fault> {
    let mut now: HashMap<Uuid, HashMap<String, Json>> = HashMap::new();
    for mut cells in runner.fetch(&plan.current, ids).await? {
        let Some(id) = cells.first().and_then(Value::as_id) else { continue };
        let members =
            plan.members.iter().map(|member| (member.stem.clone(), wire::json(&rows::read(&member.reader, &mut cells), member.scale)));
        now.insert(id, members.collect());
    }
    let size = runner.values.get(plan.size).as_int().and_then(|size| usize::try_from(size).ok()).unwrap_or_default();
    let below = plan.before_version.and_then(|param| runner.values.get(param).as_int()).unwrap_or(i64::MAX);
    let mut histories: HashMap<Uuid, Entries> = HashMap::new();
    // Newest first: each version's old values are what the version before it had.
    for cells in runner.fetch(&plan.versions, ids).await? {
        let Some((id, mut entry, old)) = entry(cells) else { continue };
        let values = now.entry(id).or_default();
        entry.changes = changes(plan, values, &old, entry.version == 1);
        let (entries, more) = histories.entry(id).or_default();
        if entry.version < below {
            if entries.len() < size { entries.push(entry) } else { *more = true }
        }
    }
    for (name, statements) in &plan.seen {
        forget_unseen(runner, (name, statements), &mut histories).await?;
    }
    Ok(histories)
}

/// References to what is not seen were never there.
async fn forget_unseen(
    runner: &mut Run<'_>,
    (name, statements): (&str, &[Statement]),
    histories: &mut HashMap<Uuid, Entries>,
) -> Result<(), Fault> {
    let of_relation = |change: &&mut Change| change.field == *name;
    let mut ids: Vec<Uuid> = Vec::new();
    for change in histories.values_mut().flat_map(|(entries, _)| entries).flat_map(|entry| &mut entry.changes).filter(of_relation) {
        ids.extend([&change.old, &change.new].into_iter().filter_map(id_in));
    }
    if ids.is_empty() {
        return Ok(());
    }
    ids.sort_unstable();
    ids.dedup();
    let mut seen: HashSet<Uuid> = HashSet::new();
    for statement in statements {
        seen.extend(runner.fetch(statement, &ids).await?.iter().filter_map(|row| row.first()?.as_id()));
    }
    for entry in histories.values_mut().flat_map(|(entries, _)| entries) {
        entry.changes.retain_mut(|change| {
            if change.field != name {
                return true;
            }
            for value in [&mut change.old, &mut change.new] {
                if id_in(value).is_none_or(|id| !seen.contains(&id)) {
                    *value = Json::Null;
                }
            }
            !(change.old.is_null() && change.new.is_null())
        });
    }
    Ok(())
}

/// The id in the wire form of a reference.
fn id_in(value: &Json) -> Option<Uuid> {
    value.get("id").unwrap_or(value).as_str()?.parse().ok()
}

/// What a version changed; `values` goes from what it made to what it found.
fn changes(plan: &HistoryPlan, values: &mut HashMap<String, Json>, old: &serde_json::Map<String, Json>, creation: bool) -> Vec<Change> {
    let mut changes = Vec::new();
    for member in plan.members.iter() {
        let before = match (old.get(&member.stem), creation) {
            (Some(before), _) => before.clone(),
            (None, true) => Json::Null,
            (None, false) => continue,
        };
        let after = values.insert(member.stem.clone(), before.clone()).unwrap_or_default();
        if before != after {
            changes.push(Change { field: member.name.clone(), old: before, new: after });
        }
    }
    changes
}

fn entry(cells: Vec<Value>) -> Option<(Uuid, HistoryRow, serde_json::Map<String, Json>)> {
    let [id, version, at, kind, by, display, via, reason, old] = <[Value; 9]>::try_from(cells).ok()?;
    let text = |value: &Value| value.as_text().map(str::to_owned);
    let Value::DateTime(at) = at else { return None };
    let old = if let Value::Json(Json::Object(old)) = old { old } else { serde_json::Map::new() };
    let entry = HistoryRow {
        at,
        by: (text(&kind).unwrap_or_default(), by.as_id().unwrap_or_default(), text(&display).unwrap_or_default()),
        via: text(&via).unwrap_or_default(),
        version: version.as_int()?,
        reason: text(&reason),
        changes: Vec::new(),
    };
    Some((id.as_id()?, entry, old))
}
