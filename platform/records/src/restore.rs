//! Out of the recycle bin, with what went in by the same deletion.

use std::collections::{BTreeSet, HashMap, HashSet};

use tenon_access::Place;
use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Object, ObjectIx, RelationShape, system};
use tenon_query::{Action, Deleted, Record};
use tenon_store::{Lock, OutboxEntry, RowWrite};
use tenon_value::{RecordId, Value};

use crate::Status;
use crate::attempt::Attempt;
use crate::change;
use crate::halt::Tried;
use crate::job::{Aim, Job, NOTHING, Saved, Work};
use crate::limits::CASCADE_MAX;
use crate::relations::Asked;
use crate::remove::{ByObject, goes_along, relations_to};
use crate::save::merge;

/// A record to be restored: row of the step, id, place in the request.
pub(crate) type Restoration = (usize, RecordId, InputPath);

impl Attempt<'_> {
    /// Takes records out of the recycle bin; live ones stay as they are.
    pub(crate) async fn restore(&mut self, object: ObjectIx, restorations: &[Restoration]) -> Tried<Vec<Option<Saved>>> {
        self.count(restorations.len())?;
        let table = self.table(object, Action::Restore, Place::Write)?;
        let model_object = self.object(object)?;
        let mut ids: Vec<RecordId> = restorations.iter().map(|(_, id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        let stored: HashMap<RecordId, Record> =
            self.tx.load(&table, &ids, Deleted::Include, Lock::Update).await?.into_iter().map(|record| (record.id, record)).collect();
        let mirrors = self.mirrors(&stored).await?;
        ids.retain(|id| !stored.contains_key(id));
        let absent = self.absent(&table, &ids, Deleted::Include).await?;
        let (mut saved, mut seen, mut back) = (Vec::new(), HashSet::new(), ByObject::new());
        let mut roots: HashMap<RecordId, (usize, InputPath)> = HashMap::new();
        for (root, id, path) in restorations {
            let Some(record) = stored.get(id).filter(|_| seen.insert(*id)) else {
                self.found.push(*root, absent.problem(model_object, *id).at(path.clone()));
                saved.push(None);
                continue;
            };
            if let Some(problem) = mirrors.problem(model_object, *id, path.clone()) {
                self.found.push(*root, problem);
                saved.push(None);
                continue;
            }
            let live = record.field(system::DELETED_AT).is_null();
            if !live {
                back.entry(object).or_default().insert(*id);
                roots.insert(*id, (*root, path.clone()));
            }
            saved.push(Some(Saved { id: *id, status: if live { Status::Unchanged } else { Status::Restored } }));
        }
        self.follow_back(&mut back, &mut roots, stored).await?;
        let everything = back.clone();
        for (object, ids) in back {
            self.bring_back(object, ids, &everything, &roots).await?;
        }
        Ok(saved)
    }

    /// Adds parts and cascades that were deleted at the same moment as what they belong to.
    async fn follow_back(
        &mut self,
        back: &mut ByObject,
        roots: &mut HashMap<RecordId, (usize, InputPath)>,
        mut known: HashMap<RecordId, Record>,
    ) -> Tried<()> {
        let mut fresh = back.clone();
        while let Some((target, ids)) = fresh.pop_first() {
            let ids: Vec<RecordId> = ids.into_iter().collect();
            for (child, relation) in relations_to(self.model, target).filter(|(_, relation)| goes_along(relation)) {
                let table = self.whole(child.ix, Action::Restore)?;
                let referrers = self.tx.referrers(&table, relation.ix, &ids, Deleted::Only).await?;
                let mut children: Vec<RecordId> = referrers.iter().map(|(id, _)| *id).collect();
                children.sort_unstable();
                children.dedup();
                if children.is_empty() {
                    continue;
                }
                for record in self.tx.load(&table, &children, Deleted::Only, Lock::Update).await? {
                    known.entry(record.id).or_insert(record);
                }
                for (id, parent) in referrers {
                    let moment = |id: &RecordId| known.get(id).map(|record| record.field(system::DELETED_AT).clone());
                    if moment(&id) == moment(&parent) && back.entry(child.ix).or_default().insert(id) {
                        fresh.entry(child.ix).or_default().insert(id);
                        let root = roots.get(&parent).cloned().unwrap_or_default();
                        roots.insert(id, root);
                    }
                }
                let total: usize = back.values().map(BTreeSet::len).sum();
                if total > CASCADE_MAX {
                    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
                    return Err(Problem::exhausted("cascade", number(CASCADE_MAX), number(total)).into());
                }
            }
        }
        Ok(())
    }

    async fn bring_back(
        &mut self,
        object: ObjectIx,
        ids: BTreeSet<RecordId>,
        all: &ByObject,
        roots: &HashMap<RecordId, (usize, InputPath)>,
    ) -> Tried<()> {
        let object = self.object(object)?;
        let table = self.whole(object.ix, Action::Restore)?;
        let ids: Vec<RecordId> = ids.into_iter().collect();
        let stored = self.tx.load(&table, &ids, Deleted::Only, Lock::Update).await?;
        let mut works: Vec<Work<'static>> = Vec::with_capacity(stored.len());
        for (place, old) in stored.into_iter().enumerate() {
            let mut new = old.clone();
            new.set_field(system::DELETED_AT, Value::Null);
            let (root, path) = roots.get(&old.id).cloned().unwrap_or_default();
            let job = Job::new(root, &NOTHING, Aim::Match(old.id)).at(path);
            works.push(Work { job, place, old: Some(old), new, unknown: Vec::new(), failed: false, status: Status::Restored });
        }
        self.drop_dead_references(object, &mut works, all).await?;
        self.keep_unique(object.ix, &mut works).await?;
        let (mut rows, mut records, mut changed) = (Vec::new(), Vec::new(), Vec::new());
        for work in works.into_iter().filter(|work| !work.failed) {
            let Some(old) = work.old else { continue };
            merge(&mut changed, change::names(object, Some(&old), &work.new));
            records.push((old.id, old.version() + 1));
            let row = RowWrite::Update { old, new: work.new };
            self.stir_row(object, &row);
            rows.push(row);
        }
        if !rows.is_empty() {
            self.tx.write(self.cx, &table, &rows).await?;
            self.tx.outbox(OutboxEntry { word: "restored", object: object.id, records, changed });
        }
        Ok(())
    }

    /// References to records that do not live any more: cleared, or in the way where they are required.
    async fn drop_dead_references(&mut self, object: &Object, works: &mut [Work<'_>], all: &ByObject) -> Tried<()> {
        for relation in object.active_relations().filter(|relation| matches!(relation.shape, RelationShape::One | RelationShape::Any)) {
            let target = |value: &Value| match value {
                Value::Ref(name, id) => Some((self.model.object_named(name)?.ix, RecordId(*id))),
                Value::Id(id) => Some((relation.target()?, RecordId(*id))),
                _ => None,
            };
            let targets: Vec<Option<(ObjectIx, RecordId)>> = works.iter().map(|work| target(work.new.relation(relation.ix))).collect();
            let mut by_object = ByObject::new();
            for (object, id) in targets.iter().flatten() {
                by_object.entry(*object).or_default().insert(*id);
            }
            for (target, ids) in by_object {
                self.settle(target, ids.into_iter(), Asked::Alive).await?;
            }
            for (work, target) in works.iter_mut().zip(targets) {
                let Some((target, id)) = target else { continue };
                let alive = self.is_settled(target, id, Asked::Alive) || all.get(&target).is_some_and(|ids| ids.contains(&id));
                if alive {
                    continue;
                }
                if relation.required || relation.part_of {
                    work.failed = true;
                    let name = &relation.name;
                    let problem = Problem::conflict(
                        "reference",
                        format!("its `{name}` is deleted, restore that first"),
                        format!("其 `{name}` 已被删除,请先恢复"),
                    );
                    self.found.push(work.job.root, problem.object(object.name.as_str()).field(name.as_str()).at(work.job.path.clone()));
                } else {
                    work.new.set_relation(relation.ix, Value::Null);
                }
            }
        }
        Ok(())
    }
}
