//! Into the recycle bin, with what belongs to it: parts and cascades go along, clears are cleared, restricts refuse.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use tenon_access::Place;
use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Model, Object, ObjectIx, OnDelete, Relation, RelationIx, RelationShape, State, system};
use tenon_query::{Action, Deleted, Record};
use tenon_store::{Lock, OutboxEntry, RowWrite};
use tenon_value::{RecordId, Value};

use crate::Status;
use crate::attempt::Attempt;
use crate::change;
use crate::halt::Tried;
use crate::job::Saved;
use crate::limits::CASCADE_MAX;
use crate::save::merge;

/// A record to be removed: row of the step, id, the version the caller has seen, place in the request.
pub(crate) type Removal = (usize, RecordId, Option<i64>, InputPath);

/// Records by object.
pub(crate) type ByObject = BTreeMap<ObjectIx, BTreeSet<RecordId>>;

/// References to be cleared: by object and record, which relations.
pub(crate) type Clears = BTreeMap<ObjectIx, BTreeMap<RecordId, Vec<RelationIx>>>;

/// What a removal takes with it, and whose references it empties.
#[derive(Default)]
pub(crate) struct Reach {
    /// Gone with it, itself included; the root row of each.
    pub(crate) gone: ByObject,
    /// Which row of the step each belongs to.
    pub(crate) roots: HashMap<RecordId, usize>,
    /// Emptied.
    pub(crate) clears: Clears,
}

/// Relations of any object that may refer to records of this one.
pub(crate) fn relations_to(model: &Model, target: ObjectIx) -> impl Iterator<Item = (&Object, &Relation)> {
    model.active_objects().flat_map(move |object| {
        let refers = move |relation: &&Relation| {
            relation.state == State::Active
                && matches!(relation.shape, RelationShape::One | RelationShape::Any)
                && relation.targets.contains(&target)
        };
        object.relations.iter().filter(refers).map(move |relation| (object, relation))
    })
}

/// Whether a record goes when the one it refers to goes.
pub(crate) const fn goes_along(relation: &Relation) -> bool {
    relation.part_of || matches!(relation.on_delete, OnDelete::Cascade)
}

impl Attempt<'_> {
    /// Puts records into the recycle bin.
    pub(crate) async fn remove(&mut self, object: ObjectIx, removals: &[Removal]) -> Tried<Vec<Option<Saved>>> {
        if removals.is_empty() {
            return Ok(Vec::new());
        }
        self.count(removals.len())?;
        let table = self.table(object, Action::Delete, Place::Write)?;
        let model_object = self.object(object)?;
        let mut ids: Vec<RecordId> = removals.iter().map(|(_, id, _, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        let stored: HashMap<RecordId, Record> =
            self.tx.load(&table, &ids, Deleted::Exclude, Lock::Update).await?.into_iter().map(|record| (record.id, record)).collect();
        let mirrors = self.mirrors(&stored).await?;
        ids.retain(|id| !stored.contains_key(id));
        let absent = self.absent(&table, &ids, Deleted::Exclude).await?;
        let (mut saved, mut reach, mut seen) = (Vec::with_capacity(removals.len()), Reach::default(), HashSet::new());
        for (root, id, expected, path) in removals {
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
            if let Some(expected) = expected.filter(|expected| *expected != record.version()) {
                let problem = self.version_conflict(object, *id, (expected, record.version())).await?;
                self.found.push(*root, problem.at(path.clone()));
                saved.push(None);
                continue;
            }
            reach.gone.entry(object).or_default().insert(*id);
            reach.roots.insert(*id, *root);
            saved.push(Some(Saved { id: *id, status: Status::Deleted }));
        }
        self.spread(&mut reach, Deleted::Exclude).await?;
        let refused = self.weigh(&mut reach, Deleted::Exclude, removals).await?;
        for (slot, (root, ..)) in saved.iter_mut().zip(removals) {
            if refused.contains(root) {
                *slot = None;
            }
        }
        self.before_removal(&reach, removals).await?;
        if self.found.is_empty() {
            self.clear(&reach.clears).await?;
            let now = Value::DateTime(self.cx.now);
            self.mark(&reach.gone, ("deleted", Action::Delete), Deleted::Exclude, |record| {
                record.set_field(system::DELETED_AT, now.clone());
            })
            .await?;
        }
        Ok(saved)
    }

    /// Follows parts and cascades from the records that go.
    pub(crate) async fn spread(&mut self, reach: &mut Reach, deleted: Deleted) -> Tried<()> {
        let mut fresh: ByObject = reach.gone.clone();
        let mut total: usize = fresh.values().map(BTreeSet::len).sum();
        while let Some((target, ids)) = fresh.pop_first() {
            let ids: Vec<RecordId> = ids.into_iter().collect();
            for (child, relation) in relations_to(self.model, target).filter(|(_, relation)| goes_along(relation)) {
                // The law of the whole holds for its parts: who may delete a record deletes what belongs to it.
                let table = self.whole(child.ix, Action::Delete)?;
                for (id, parent) in self.tx.referrers(&table, relation.ix, &ids, deleted).await? {
                    if reach.gone.entry(child.ix).or_default().insert(id) {
                        let root = reach.roots.get(&parent).copied().unwrap_or_default();
                        reach.roots.insert(id, root);
                        fresh.entry(child.ix).or_default().insert(id);
                        total += 1;
                    }
                }
                too_many(total)?;
            }
        }
        Ok(())
    }

    /// Looks at everybody else who refers to what goes: refuses, or plans to clear. Says which rows are refused.
    pub(crate) async fn weigh(&mut self, reach: &mut Reach, deleted: Deleted, removals: &[Removal]) -> Tried<HashSet<usize>> {
        let mut refused = HashSet::new();
        let mut cleared = 0;
        let targets: Vec<(ObjectIx, Vec<RecordId>)> =
            reach.gone.iter().map(|(object, ids)| (*object, ids.iter().copied().collect())).collect();
        for (target, ids) in targets {
            for (child, relation) in relations_to(self.model, target).filter(|(_, relation)| !goes_along(relation)) {
                let table = self.whole(child.ix, Action::Read)?;
                let holds = relation.on_delete == OnDelete::Restrict || relation.required;
                let looked_at = if holds { Deleted::Exclude } else { deleted };
                let mut users: BTreeMap<usize, Vec<RecordId>> = BTreeMap::new();
                for (id, parent) in self.tx.referrers(&table, relation.ix, &ids, looked_at).await? {
                    if reach.gone.get(&child.ix).is_some_and(|gone| gone.contains(&id)) {
                        continue;
                    }
                    if holds {
                        users.entry(reach.roots.get(&parent).copied().unwrap_or_default()).or_default().push(id);
                    } else {
                        reach.clears.entry(child.ix).or_default().entry(id).or_default().push(relation.ix);
                        cleared += 1;
                    }
                }
                too_many(cleared)?;
                for (root, ids) in users {
                    refused.insert(root);
                    let path = removals.iter().find(|(row, ..)| *row == root).map(|(.., path)| path.clone()).unwrap_or_default();
                    let problem = self.in_use(child, &ids).await?;
                    self.found.push(root, problem.at(path));
                }
            }
        }
        Ok(refused)
    }

    /// Others stand in the way: who they are, and how many, is told as far as they are seen.
    async fn in_use(&mut self, by: &Object, users: &[RecordId]) -> Tried<Problem> {
        let seen = match self.policy.table(self.model, by.ix, Action::Read, Place::Count) {
            Ok(table) => self.seen(&table, users.iter().copied()).await?.len(),
            Err(_) => 0,
        };
        Ok(if seen == 0 {
            Problem::conflict("in_use", "other records still refer to this record", "仍有其他记录引用此记录")
        } else {
            in_use(by, u64::try_from(seen).unwrap_or(u64::MAX))
        })
    }

    /// Empties references, as any change: with version, history and outbox.
    pub(crate) async fn clear(&mut self, clears: &Clears) -> Tried<()> {
        for (object, records) in clears {
            let object = self.object(*object)?;
            let ids: Vec<RecordId> = records.keys().copied().collect();
            let table = self.whole(object.ix, Action::Update)?;
            let stored = self.tx.load(&table, &ids, Deleted::Include, Lock::Update).await?;
            self.change_all(object, stored, ("updated", Action::Update), |record| {
                for relation in records.get(&record.id).into_iter().flatten() {
                    record.set_relation(*relation, Value::Null);
                }
            })
            .await?;
        }
        Ok(())
    }

    /// Changes whole sets of records alike.
    pub(crate) async fn mark(
        &mut self,
        sets: &ByObject,
        (word, action): (&'static str, Action),
        deleted: Deleted,
        change: impl Fn(&mut Record),
    ) -> Tried<()> {
        for (object, ids) in sets {
            let object = self.object(*object)?;
            let ids: Vec<RecordId> = ids.iter().copied().collect();
            let table = self.whole(object.ix, action)?;
            let stored = self.tx.load(&table, &ids, deleted, Lock::Update).await?;
            self.change_all(object, stored, (word, action), &change).await?;
        }
        Ok(())
    }

    async fn change_all(
        &mut self,
        object: &Object,
        stored: Vec<Record>,
        (word, action): (&'static str, Action),
        change: impl Fn(&mut Record),
    ) -> Tried<()> {
        let (mut rows, mut records, mut changed) = (Vec::new(), Vec::new(), Vec::new());
        for old in stored {
            let mut new = old.clone();
            change(&mut new);
            if !change::any(object, &old, &new) {
                continue;
            }
            merge(&mut changed, change::names(object, Some(&old), &new));
            records.push((old.id, old.version() + 1));
            self.settled.remove(&(object.ix, old.id));
            let row = RowWrite::Update { old, new };
            self.stir_row(object, &row);
            rows.push(row);
        }
        if !rows.is_empty() {
            let table = self.whole(object.ix, action)?;
            self.tx.write(self.cx, &table, &rows).await?;
            self.tx.outbox(OutboxEntry { word, object: object.id, records, changed });
        }
        Ok(())
    }
}

fn too_many(count: usize) -> Tried<()> {
    if count <= CASCADE_MAX {
        return Ok(());
    }
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    Err(Problem::exhausted("cascade", number(CASCADE_MAX), number(count)).into())
}

fn in_use(by: &Object, count: u64) -> Problem {
    let name = &by.name;
    Problem::conflict("in_use", format!("{count} `{name}` still refer to this record"), format!("仍有 {count} 条 `{name}` 引用此记录"))
        .object(name.as_str())
        .with("count", count)
}
