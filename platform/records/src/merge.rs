//! Records become one: what refers to the others refers to the survivor, which takes from them what the rules say; the others go
//! into the recycle bin and know into whom they went.
//!
//! Rights: update of the survivor, delete of the others, each among the rows the role reaches; the survivor is saved as any
//! record is, with the rights on its fields, hooks, rules and the check of what was written. What only follows (records that
//! refer to the others) is moved by the house, as with a deletion. Invariant: everything that moved is written down, so that
//! it can be moved back.

pub(crate) mod log;
mod undo;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use tenon_access::Place;
use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{FieldKind, LinkEnd, Object, ObjectIx, RelationShape, system};
use tenon_query::{Action, AuthorizedTable, Deleted, ExternalId, MergeOf, MergeRule, Merging, Record, RecordInput};
use tenon_store::{LinkRow, Lock, NewMerge, OutboxEntry};
use tenon_value::{DateTime, Name, RecordId, Uuid, Value};

use crate::attempt::Attempt;
use crate::change;
use crate::halt::Tried;
use crate::job::{Aim, Job};
use crate::limits::{MERGE_MOVED_MAX, MERGE_OTHERS_MAX, MERGE_UNDO_DAYS};
use crate::mutation::Merged;
use crate::remove::{ByObject, relations_to};

use log::{Log, MovedLink, MovedRecord};

const DAY: i64 = 24 * 60 * 60 * 1_000;

/// An empty value: one that the survivor takes from another.
fn is_nothing(value: &Value) -> bool {
    value.is_null() || matches!(value, Value::List(elements) if elements.is_empty())
}

impl Attempt<'_> {
    /// Makes one record of several; none where something is wrong, which is noted.
    pub(crate) async fn merge(&mut self, object: ObjectIx, merging: &Merging) -> Tried<Option<Merged>> {
        let model_object = self.object(object)?;
        let Some(stored) = self.loaded_for_merge(model_object, merging).await? else { return Ok(None) };
        let others: Vec<RecordId> = merging.others.iter().map(|(id, _)| *id).collect();
        let Some((input, relations)) = self.taken(model_object, merging, &stored)? else { return Ok(None) };
        let mut log = Log { others: others.clone(), ..Log::default() };
        let all: HashSet<RecordId> = stored.keys().copied().collect();
        self.move_referrers((model_object, merging.survivor), &all, &mut log).await?;
        self.move_links((object, merging.survivor), &all, &mut log).await?;
        self.move_names((object, merging.survivor), &mut log).await?;
        let whole = self.whole(object, Action::Share)?;
        log.shares = self.tx.shares_move(&whole, &others, merging.survivor).await?;
        let moved = log.moved();
        if moved > MERGE_MOVED_MAX {
            let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
            return Err(Problem::exhausted("merge_moved", number(MERGE_MOVED_MAX), number(moved)).into());
        }
        // Their unique values are free from here on.
        let now = Value::DateTime(self.cx.now);
        let gone = ByObject::from([(object, others.iter().copied().collect::<BTreeSet<_>>())]);
        self.mark(&gone, ("deleted", Action::Delete), Deleted::Exclude, |record| record.set_field(system::DELETED_AT, now.clone())).await?;
        let mut job = Job::new(0, &input, Aim::Update(merging.survivor, None)).of_records();
        for (relation, value) in relations {
            job = job.with(relation, value);
        }
        self.save(object, vec![job]).await?;
        if !self.found.is_empty() {
            return Ok(None);
        }
        self.write_down(model_object, (merging.survivor, &stored), log).await.map(Some)
    }

    /// The records that become one, locked, if all of them may.
    async fn loaded_for_merge(&mut self, object: &Object, merging: &Merging) -> Tried<Option<HashMap<RecordId, Record>>> {
        let path = InputPath::default().key("others");
        if merging.others.is_empty() {
            let problem = Problem::invalid("required", "name at least one other record", "请至少指定一条被合并的记录");
            self.found.push(0, problem.object(object.name.as_str()).at(path));
            return Ok(None);
        }
        if merging.others.len() > MERGE_OTHERS_MAX {
            let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
            return Err(Problem::exhausted("merge_others", number(MERGE_OTHERS_MAX), number(merging.others.len())).at(path).into());
        }
        let mut all = BTreeSet::from([merging.survivor]);
        for (id, path) in &merging.others {
            if !all.insert(*id) {
                let problem = Problem::invalid(
                    "duplicate_key_in_batch",
                    "this record is named twice in one call",
                    "同一条记录在一次调用中出现了两次",
                );
                self.found.push(0, problem.object(object.name.as_str()).at(path.clone()).with("id", id.to_string()));
            }
        }
        let keep = self.table(object.ix, Action::Update, Place::Merge)?;
        let lose = self.table(object.ix, Action::Delete, Place::Merge)?;
        let whole = self.whole(object.ix, Action::Update)?;
        let ids: Vec<RecordId> = all.iter().copied().collect();
        let stored: HashMap<RecordId, Record> =
            self.tx.load(&whole, &ids, Deleted::Exclude, Lock::Update).await?.into_iter().map(|record| (record.id, record)).collect();
        let others: Vec<RecordId> = merging.others.iter().map(|(id, _)| *id).collect();
        self.reached(object, (&keep, &[merging.survivor]), |_| InputPath::default().key("survivor")).await?;
        self.reached(object, (&lose, &others), |at| path.index(at)).await?;
        let mirrors = self.mirrors(&stored).await?;
        for id in &ids {
            if let Some(problem) = mirrors.problem(object, *id, path.clone()) {
                self.found.push(0, problem);
            }
        }
        if !self.found.is_empty() || stored.len() != all.len() {
            return Ok(None);
        }
        if let Some(tree) = object.tree {
            let table = self.whole(object.ix, Action::Read)?;
            for id in &ids {
                let above = self.tx.ancestors(&table, tree, *id).await?;
                if above.iter().any(|above| all.contains(above)) {
                    let problem = Problem::invalid(
                        "cycle",
                        "one of the records lies below another of them in the tree",
                        "其中一条记录是另一条的下级，不能合并",
                    );
                    self.found.push(0, problem.object(object.name.as_str()).at(path).with("id", id.to_string()));
                    return Ok(None);
                }
            }
        }
        Ok(Some(stored))
    }

    /// Notes which of these a table does not reach.
    async fn reached(
        &mut self,
        object: &Object,
        (table, ids): (&AuthorizedTable, &[RecordId]),
        path: impl Fn(usize) -> InputPath,
    ) -> Tried<()> {
        let there: HashSet<RecordId> = self.tx.seen(table, ids, Deleted::Exclude).await?.into_iter().collect();
        let missing: Vec<RecordId> = ids.iter().copied().filter(|id| !there.contains(id)).collect();
        let absent = self.absent(table, &missing, Deleted::Exclude).await?;
        for (at, id) in ids.iter().enumerate().filter(|(_, id)| !there.contains(id)) {
            self.found.push(0, absent.problem(object, *id).at(path(at)));
        }
        Ok(())
    }

    /// What the survivor takes: by rule, else its own, else the first of the others that has something.
    #[expect(clippy::type_complexity, reason = "an input, and the relations set beside it")]
    fn taken(
        &mut self,
        object: &Object,
        merging: &Merging,
        stored: &HashMap<RecordId, Record>,
    ) -> Tried<Option<(RecordInput, Vec<(tenon_model::RelationIx, Value)>)>> {
        if !self.rules_hold(object, merging) {
            return Ok(None);
        }
        let Some(own) = stored.get(&merging.survivor) else { return Ok(None) };
        let in_order: Vec<&Record> = merging.others.iter().filter_map(|(id, _)| stored.get(id)).collect();
        let rule = |of: MergeOf| merging.rules.iter().find(|rule| rule.of == of).and_then(|rule| stored.get(&rule.take));
        let chosen = |of: MergeOf, value: &dyn Fn(&Record) -> Value| match rule(of) {
            Some(record) => value(record),
            None => std::iter::once(&own).chain(&in_order).map(|record| value(record)).find(|value| !is_nothing(value)).unwrap_or_default(),
        };
        let mut input = RecordInput::default();
        for field in object.active_fields().filter(|field| self.is_taken(object, field)) {
            let value = chosen(MergeOf::Field(field.ix), &|record| record.field(field.ix).clone());
            if value != *own.field(field.ix) {
                input.fields.push((field.ix, value));
            }
        }
        let mut relations = Vec::new();
        for relation in object.active_relations() {
            let is_one = matches!(relation.shape, RelationShape::One | RelationShape::Any) && !relation.read_only;
            if !is_one || !self.policy.may_write_relation(object.ix, relation.ix) {
                continue;
            }
            let value = chosen(MergeOf::Relation(relation.ix), &|record| record.relation(relation.ix).clone());
            // What pointed at one of them would point at itself.
            let inward = relation.targets.contains(&object.ix) && value.as_id().is_some_and(|id| stored.contains_key(&RecordId(id)));
            let value = if inward { Value::Null } else { value };
            if value != *own.relation(relation.ix) {
                relations.push((relation.ix, value));
            }
        }
        Ok(Some((input, relations)))
    }

    fn is_taken(&self, object: &Object, field: &tenon_model::Field) -> bool {
        let kept = field.system || field.read_only || matches!(field.kind, FieldKind::AutoNumber { .. } | FieldKind::Secret);
        !kept && self.policy.may_write_field(object.ix, field.ix)
    }

    /// Whether each rule names something that may be written, and a record that is there.
    fn rules_hold(&mut self, object: &Object, merging: &Merging) -> bool {
        let mut seen = Vec::new();
        for MergeRule { of, take, path } in &merging.rules {
            let writable = match of {
                MergeOf::Field(field) => object.field(*field).is_some_and(|field| self.is_taken(object, field)),
                MergeOf::Relation(relation) => {
                    object.relation(*relation).is_some_and(|relation| !relation.read_only)
                        && self.policy.may_write_relation(object.ix, *relation)
                }
            };
            let known = *take == merging.survivor || merging.others.iter().any(|(id, _)| id == take);
            let problem = if !writable {
                Problem::of_kind(tenon_diagnostics::Kind::Forbidden).at(path.key("field"))
            } else if !known {
                Problem::invalid("reference", "take the value of one of the merged records", "只能取参与合并的记录的值")
                    .at(path.key("take"))
            } else if seen.contains(of) {
                Problem::invalid("duplicate_key_in_batch", "there is another rule for this field", "此字段有多条规则").at(path.key("field"))
            } else {
                seen.push(*of);
                continue;
            };
            self.found.push(0, problem.object(object.name.as_str()));
        }
        self.found.is_empty()
    }

    /// Whoever refers to one of the others refers to the survivor.
    async fn move_referrers(&mut self, (object, survivor): (&Object, RecordId), all: &HashSet<RecordId>, log: &mut Log) -> Tried<()> {
        let others = log.others.clone();
        let relations: Vec<_> = relations_to(self.model, object.ix).collect();
        for (child, relation) in relations {
            let table = self.whole(child.ix, Action::Read)?;
            let found = self.tx.referrers(&table, relation.ix, &others, Deleted::Include).await?;
            let found: Vec<(RecordId, RecordId)> = found.into_iter().filter(|(id, _)| child.ix != object.ix || !all.contains(id)).collect();
            if found.is_empty() {
                continue;
            }
            if log.moved() + found.len() > MERGE_MOVED_MAX {
                let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
                return Err(Problem::exhausted("merge_moved", number(MERGE_MOVED_MAX), number(log.moved() + found.len())).into());
            }
            let value = reference(relation.shape == RelationShape::Any, &object.name, survivor);
            let ids = ByObject::from([(child.ix, found.iter().map(|(id, _)| *id).collect())]);
            self.mark(&ids, ("updated", Action::Update), Deleted::Include, |record| record.set_relation(relation.ix, value.clone()))
                .await?;
            log.records.extend(found.into_iter().map(|(record, from)| MovedRecord {
                object: child.id,
                relation: relation.id,
                record,
                from,
            }));
        }
        Ok(())
    }

    /// Links of the others become links of the survivor; theirs stay with them in the recycle bin.
    async fn move_links(&mut self, (object, survivor): (ObjectIx, RecordId), all: &HashSet<RecordId>, log: &mut Log) -> Tried<()> {
        let model = self.model;
        for link in &model.links {
            for here in [LinkEnd::Source, LinkEnd::Target] {
                if link.object(here) != object || model.object(link.object(here.other())).is_none() {
                    continue;
                }
                let (source, target) = (self.whole(link.source, Action::Read)?, self.whole(link.target, Action::Read)?);
                let rows = self.tx.links(link.ix, here, &log.others, (&source, &target)).await?;
                let own = self.tx.links(link.ix, here, &[survivor], (&source, &target)).await?;
                let other_end = |row: &LinkRow| if here == LinkEnd::Source { row.target } else { row.source };
                let mut linked: HashSet<RecordId> = own.iter().map(other_end).collect();
                let mut puts = Vec::new();
                for row in rows {
                    let end = other_end(&row);
                    if (link.object(here.other()) == object && all.contains(&end)) || !linked.insert(end) {
                        continue;
                    }
                    let (source, target) = if here == LinkEnd::Source { (survivor, end) } else { (end, survivor) };
                    log.links.push(MovedLink { link: link.table.clone(), source, target });
                    puts.push(LinkRow { source, target, attributes: row.attributes });
                }
                if !puts.is_empty() {
                    self.stir_link(link);
                    self.tx.link_put(self.cx, link.ix, &puts, (&source, &target)).await?;
                }
            }
        }
        Ok(())
    }

    /// Names in other systems go to the survivor, where it has none there.
    async fn move_names(&mut self, (object, survivor): (ObjectIx, RecordId), log: &mut Log) -> Tried<()> {
        let table = self.whole(object, Action::Update)?;
        let own = self.tx.external_ids(&table, &[survivor]).await?;
        let mut systems: HashSet<String> = own.into_iter().map(|(_, id)| id.system).collect();
        let theirs: BTreeMap<RecordId, Vec<ExternalId>> =
            self.tx.external_ids(&table, &log.others).await?.into_iter().fold(BTreeMap::new(), |mut all, (id, external)| {
                all.entry(id).or_insert_with(Vec::new).push(external);
                all
            });
        for other in log.others.clone() {
            for external in theirs.get(&other).into_iter().flatten() {
                if systems.insert(external.system.clone()) {
                    self.tx.external_put(&table, &[(other, ExternalId { key: None, ..external.clone() })]).await?;
                    self.tx.external_put(&table, &[(survivor, external.clone())]).await?;
                    log.names.push((other, external.system.clone(), external.key.clone().unwrap_or_default()));
                }
            }
        }
        Ok(())
    }

    async fn write_down(
        &mut self,
        object: &Object,
        (survivor, before): (RecordId, &HashMap<RecordId, Record>),
        mut log: Log,
    ) -> Tried<Merged> {
        let table = self.whole(object.ix, Action::Read)?;
        let mut ids: Vec<RecordId> = before.keys().copied().collect();
        ids.sort_unstable();
        let after = self.tx.load(&table, &ids, Deleted::Include, Lock::None).await?;
        let mut changed = Vec::new();
        for record in &after {
            log.versions.insert(record.id, record.version());
            if let (true, Some(old)) = (record.id == survivor, before.get(&record.id)) {
                changed = change::names(object, Some(old), record);
                log.keep_old(object, old, record);
            }
        }
        let versions = log.versions.clone();
        let version = |id: &RecordId| (*id, versions.get(id).copied().unwrap_or_default());
        let records = std::iter::once(&survivor).chain(&log.others).map(version).collect();
        self.tx.outbox(OutboxEntry { word: "merged", object: object.id, records, changed });
        let merged = Merged {
            id: Uuid::now_v7(),
            survivor,
            until: DateTime::from_millis(self.cx.now.millis().saturating_add(MERGE_UNDO_DAYS * DAY)),
            moved: log.moved(),
        };
        let moved = i64::try_from(merged.moved).unwrap_or(i64::MAX);
        let new = NewMerge { id: merged.id, survivor, others: log.others.clone(), until: merged.until, moved, log: log.to_json() };
        self.tx.merge_put(&table, &new).await?;
        Ok(merged)
    }
}

/// A reference as a relation holds it.
fn reference(polymorphic: bool, object: &Name, id: RecordId) -> Value {
    if polymorphic { Value::Ref(object.as_str().to_owned(), id.0) } else { Value::Id(id.0) }
}
