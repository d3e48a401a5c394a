//! A merge taken back: as long as it may be, and as long as nobody has changed what it moved.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use tenon_access::Place;
use tenon_diagnostics::{InputPath, Kind, Problem};
use tenon_model::{Object, ObjectIx, RelationIx, RelationShape, system};
use tenon_query::{Action, Deleted, ExternalId, RecordInput};
use tenon_store::{Lock, StoredMerge};
use tenon_value::{Json, RecordId, Uuid, Value};

use super::log::Log;
use super::reference;
use crate::Status;
use crate::attempt::Attempt;
use crate::halt::Tried;
use crate::job::{Aim, Job, Saved};
use crate::remove::ByObject;

impl Attempt<'_> {
    /// Takes a merge back.
    pub(crate) async fn undo_merge(&mut self, id: Uuid) -> Tried<Option<Saved>> {
        let nothing = || Problem::of_kind(Kind::NotFound).with("id", id.to_string()).at(InputPath::default().key("id"));
        let Some(stored) = self.tx.merge(id).await? else {
            self.found.push(0, nothing());
            return Ok(None);
        };
        let object = self.model.active_objects().find(|object| object.id.0 == stored.object);
        let (Some(object), Some(log)) = (object, Log::of_json(&stored.log)) else {
            self.found.push(0, nothing());
            return Ok(None);
        };
        if !self.may_undo(object, (&stored, &log), nothing()).await? || !self.is_as_left(object, &stored, &log).await? {
            return Ok(None);
        }
        self.give_back(object, stored.survivor, &log).await?;
        if !self.found.is_empty() {
            return Ok(None);
        }
        self.bring_others_back(object, stored.survivor, &log).await?;
        self.tx.merge_log(id, &log.undone().to_json()).await?;
        self.tx.merge_undone(id).await?;
        Ok(Some(Saved { id: stored.survivor, status: Status::Updated }))
    }

    /// Who may merge them may take it back, within the time.
    async fn may_undo(&mut self, object: &Object, (stored, log): (&StoredMerge, &Log), nothing: Problem) -> Tried<bool> {
        let (Ok(keep), Ok(lose)) = (
            self.policy.table(self.model, object.ix, Action::Update, Place::Merge),
            self.policy.table(self.model, object.ix, Action::Delete, Place::Merge),
        ) else {
            // Of an object that is not seen there are no merges either.
            let seen = self.policy.may(object.ix, Action::Read);
            self.found.push(0, if seen { Problem::of_kind(Kind::Forbidden).object(object.name.as_str()) } else { nothing });
            return Ok(false);
        };
        let survivor = self.tx.seen(&keep, &[stored.survivor], Deleted::Include).await?;
        let others = self.tx.seen(&lose, &log.others, Deleted::Include).await?;
        let problem = if survivor.is_empty() || others.len() != log.others.len() {
            nothing
        } else if stored.undone {
            Problem::conflict("undone", "this merge has been taken back already", "此合并已被撤销")
        } else if stored.until < self.cx.now {
            Problem::conflict("undo_window", "a merge can be taken back for 30 days", "合并只能在 30 天内撤销")
        } else {
            return Ok(true);
        };
        self.found.push(0, problem.at(InputPath::default().key("id")));
        Ok(false)
    }

    /// Whether what the merge left is still so; what is not is told as far as it is seen.
    async fn is_as_left(&mut self, object: &Object, stored: &StoredMerge, log: &Log) -> Tried<bool> {
        let mut moved: BTreeMap<ObjectIx, BTreeSet<RecordId>> = BTreeMap::new();
        let whole = self.whole(object.ix, Action::Update)?;
        let mut ids: Vec<RecordId> = log.versions.keys().copied().collect();
        ids.sort_unstable();
        let there = self.tx.load(&whole, &ids, Deleted::Include, Lock::Update).await?;
        for (id, version) in &log.versions {
            let same = there.iter().any(|record| record.id == *id && record.version() == *version);
            if !same {
                moved.entry(object.ix).or_default().insert(*id);
            }
        }
        for ((child, relation), records) in self.by_relation(log) {
            let table = self.whole(child, Action::Read)?;
            let still = self.tx.referrers(&table, relation, &[stored.survivor], Deleted::Include).await?;
            let still: HashSet<RecordId> = still.into_iter().map(|(id, _)| id).collect();
            moved.entry(child).or_default().extend(records.into_iter().map(|(id, _)| id).filter(|id| !still.contains(id)));
        }
        moved.retain(|_, ids| !ids.is_empty());
        if moved.is_empty() {
            return Ok(true);
        }
        let mut told: Vec<Json> = Vec::new();
        for (ix, ids) in moved {
            let Ok(table) = self.policy.table(self.model, ix, Action::Read, Place::Merge) else { continue };
            let name = self.object(ix)?.name.as_str();
            let mut seen: Vec<RecordId> = self.seen(&table, ids.into_iter()).await?.into_iter().collect();
            seen.sort_unstable();
            told.extend(seen.into_iter().take(TOLD_MAX).map(|id| serde_json::json!({ "object": name, "id": id.to_string() })));
        }
        let problem = Problem::conflict("merge_changed", "records of the merge have been changed since", "合并涉及的记录此后已被修改");
        let problem = problem.object(object.name.as_str()).with("changed", Json::Array(told));
        self.found.push(0, problem.at(InputPath::default().key("id")));
        Ok(false)
    }

    /// What moved, by the relation it moved with: each record, and to whom it referred.
    fn by_relation(&self, log: &Log) -> BTreeMap<(ObjectIx, RelationIx), Vec<(RecordId, RecordId)>> {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for moved in &log.records {
            let child = self.model.objects.iter().find(|object| object.id == moved.object);
            let relation = child.and_then(|child| child.relations.iter().find(|relation| relation.id == moved.relation));
            if let Some((child, relation)) = child.zip(relation) {
                all.entry((child.ix, relation.ix)).or_default().push((moved.record, moved.from));
            }
        }
        all
    }

    /// The survivor is as it was before.
    async fn give_back(&mut self, object: &Object, survivor: RecordId, log: &Log) -> Tried<()> {
        let mut input = RecordInput::default();
        for (id, value) in &log.fields {
            if let Some(field) = object.active_fields().find(|field| field.id == *id) {
                input.fields.push((field.ix, value.clone()));
            }
        }
        let mut job = Job::new(0, &input, Aim::Update(survivor, None)).of_records();
        for (id, value) in &log.relations {
            if let Some(relation) = object.active_relations().find(|relation| relation.id == *id) {
                job = job.with(relation.ix, value.clone());
            }
        }
        self.save(object.ix, vec![job]).await?;
        Ok(())
    }

    /// The others come back, and with them what was theirs.
    async fn bring_others_back(&mut self, object: &Object, survivor: RecordId, log: &Log) -> Tried<()> {
        let back = ByObject::from([(object.ix, log.others.iter().copied().collect::<BTreeSet<_>>())]);
        self.mark(&back, ("restored", Action::Restore), Deleted::Only, |record| record.set_field(system::DELETED_AT, Value::Null)).await?;
        for ((child, relation), records) in self.by_relation(log) {
            let polymorphic = self.object(child)?.relation(relation).is_some_and(|relation| relation.shape == RelationShape::Any);
            let mut by_owner: BTreeMap<RecordId, BTreeSet<RecordId>> = BTreeMap::new();
            for (record, from) in records {
                by_owner.entry(from).or_default().insert(record);
            }
            for (from, records) in by_owner {
                let value = reference(polymorphic, &object.name, from);
                let sets = ByObject::from([(child, records)]);
                self.mark(&sets, ("updated", Action::Update), Deleted::Include, |record| record.set_relation(relation, value.clone()))
                    .await?;
            }
        }
        for link in &self.model.links {
            let pairs: Vec<(RecordId, RecordId)> =
                log.links.iter().filter(|moved| moved.link == link.table).map(|moved| (moved.source, moved.target)).collect();
            if !pairs.is_empty() {
                let (source, target) = (self.whole(link.source, Action::Read)?, self.whole(link.target, Action::Read)?);
                self.stir_link(link);
                self.tx.link_remove(link.ix, &pairs, (&source, &target)).await?;
            }
        }
        let table = self.whole(object.ix, Action::Update)?;
        for (other, system, key) in &log.names {
            self.tx.external_put(&table, &[(survivor, ExternalId { system: system.clone(), key: None })]).await?;
            self.tx.external_put(&table, &[(*other, ExternalId { system: system.clone(), key: Some(key.clone()) })]).await?;
        }
        self.tx.shares_return(&table, survivor, &log.shares).await?;
        Ok(())
    }
}

/// Records named in a refusal, of each object.
const TOLD_MAX: usize = 20;
