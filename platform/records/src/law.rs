//! Rows a role reaches: why a record is not there, and whether what was written is still within reach.
//!
//! Invariant: for a record that is not seen the same statements run as for one that does not exist.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use tenon_access::{Place, Rows};
use tenon_diagnostics::{Kind, Problem};
use tenon_model::{FieldIx, Object, RelationIx, Verb};
use tenon_query::{Action, AuthorizedTable, Deleted, Predicate};
use tenon_value::RecordId;

use crate::Status;
use crate::attempt::Attempt;
use crate::halt::Tried;
use crate::job::Work;
use crate::save::missing;

/// Records that an action did not reach: those among them that are seen.
#[derive(Debug, Default)]
pub(crate) struct Absent(HashSet<RecordId>);

impl Absent {
    /// Whether it is there to be seen, but not to be touched.
    pub(crate) fn is_seen(&self, id: RecordId) -> bool {
        self.0.contains(&id)
    }

    /// Not permitted where it is seen, else it does not exist.
    pub(crate) fn problem(&self, object: &Object, id: RecordId) -> Problem {
        if self.is_seen(id) {
            Problem::of_kind(Kind::Forbidden).object(object.name.as_str()).with("id", id.to_string())
        } else {
            missing(object, id)
        }
    }
}

impl Attempt<'_> {
    /// Which of the records that a table did not reach are seen all the same.
    pub(crate) async fn absent(&mut self, table: &AuthorizedTable, ids: &[RecordId], deleted: Deleted) -> Tried<Absent> {
        if ids.is_empty() {
            return Ok(Absent::default());
        }
        let read = self.table(table.object(), Action::Read, Place::Write)?;
        if read.rows() == table.rows() {
            return Ok(Absent::default());
        }
        Ok(Absent(self.tx.seen(&read, ids, deleted).await?.into_iter().collect()))
    }

    /// Those of these records that are seen: references to others are as good as empty.
    pub(crate) async fn seen(&mut self, table: &AuthorizedTable, ids: impl Iterator<Item = RecordId>) -> Tried<HashSet<RecordId>> {
        let ids: Vec<RecordId> = ids.collect::<BTreeSet<_>>().into_iter().collect();
        if table.rows().is_none() {
            return Ok(ids.into_iter().collect());
        }
        Ok(self.tx.seen(table, &ids, Deleted::Include).await?.into_iter().collect())
    }

    /// What was written must be among the rows its writer may write.
    pub(crate) async fn keep_rows(&mut self, object: &Object, works: &mut [Work<'_>]) -> Tried<()> {
        for action in [Action::Create, Action::Update] {
            let Some(check) = self.policy.check_rows(object.ix, action) else { continue };
            let untouched = self.untouched(object, action, &check);
            let written: HashMap<RecordId, usize> = works
                .iter()
                .enumerate()
                .filter(|(_, work)| !work.failed && is_written(work, action) && !untouched(work))
                .map(|(at, work)| (work.new.id, at))
                .collect();
            if written.is_empty() {
                continue;
            }
            let mut ids: Vec<RecordId> = written.keys().copied().collect();
            ids.sort_unstable();
            let table = self.whole(object.ix, Action::Read)?;
            for id in self.tx.failing(&table, &ids, &check).await? {
                let Some(work) = written.get(&id).and_then(|at| works.get_mut(*at)) else { continue };
                work.failed = true;
                self.found.push(work.job.root, out_of_reach(object).at(work.job.path.clone()));
            }
        }
        Ok(())
    }

    /// Whether a change cannot have moved a record out of reach: it was within the same rows before, and nothing they
    /// look at has changed.
    fn untouched(&self, object: &Object, action: Action, check: &Arc<Predicate>) -> impl Fn(&Work<'_>) -> bool + use<> {
        let same = action == Action::Update && matches!(self.policy.rows_of(object.ix, Verb::Update), Rows::Some(rows) if rows == *check);
        let mut looked_at = LookedAt::default();
        looked_at.gather(check);
        move |work| {
            let Some(old) = work.old.as_ref().filter(|_| same && !looked_at.further) else { return false };
            looked_at.fields.iter().all(|field| old.field(*field) == work.new.field(*field))
                && looked_at.relations.iter().all(|relation| old.relation(*relation) == work.new.relation(*relation))
        }
    }
}

/// Whether a record was written by this action: replays and what stays as it is are not.
fn is_written(work: &Work<'_>, action: Action) -> bool {
    match (&work.old, work.status) {
        (None, _) => action == Action::Create,
        (Some(_), Status::Created | Status::Unchanged) => false,
        (Some(_), _) => action == Action::Update,
    }
}

fn out_of_reach(object: &Object) -> Problem {
    Problem::forbidden(
        "row_check",
        "the record as it would be is not among those the role may write",
        "保存后的记录不在当前角色可写的范围内",
    )
    .object(object.name.as_str())
}

/// What of a record a predicate looks at.
#[derive(Default)]
struct LookedAt {
    fields: BTreeSet<FieldIx>,
    relations: BTreeSet<RelationIx>,
    /// It looks at more than the record itself tells.
    further: bool,
}

impl LookedAt {
    fn gather(&mut self, predicate: &Predicate) {
        match predicate {
            Predicate::All(parts) | Predicate::Any(parts) => parts.iter().for_each(|part| self.gather(part)),
            Predicate::Not(inner) => self.gather(inner),
            Predicate::Compare { column, .. }
            | Predicate::In { column, .. }
            | Predicate::IsNull(column)
            | Predicate::Match { column, .. } => {
                self.fields.insert(column.field);
            }
            Predicate::Set { field, .. } | Predicate::SetIsEmpty(field) => {
                self.fields.insert(*field);
            }
            Predicate::Ref { relation, .. } | Predicate::ToOne { relation, .. } => {
                self.relations.insert(*relation);
            }
            Predicate::Shared { .. } => {}
            _ => self.further = true,
        }
    }
}
