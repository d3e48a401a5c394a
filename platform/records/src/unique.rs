//! Unique keys, looked up before the database refuses: so the conflict names its field, its place and the record in the way.

use std::collections::HashMap;

use tenon_access::Place;
use tenon_diagnostics::Problem;
use tenon_model::{Object, ObjectIx, UniqueKey, UniquePart};
use tenon_query::{Action, Deleted, Record, Target};
use tenon_store::StoreError;
use tenon_value::{RecordId, Value};

use crate::attempt::Attempt;
use crate::halt::{Halt, Tried};
use crate::job::Work;
use crate::resolve::spelling;

/// The values of a key in a record; none where a part is empty, for then the key binds nobody.
pub(crate) fn values(key: &UniqueKey, record: &Record) -> Option<Vec<Value>> {
    let value = |part: &UniquePart| match part {
        UniquePart::Field(field) => record.field(*field).clone(),
        UniquePart::Relation(relation) => record.relation(*relation).clone(),
    };
    let values: Vec<Value> = key.parts.iter().map(value).collect();
    (!values.iter().any(Value::is_null)).then_some(values)
}

impl Attempt<'_> {
    /// Whether the caller may know of a part of a key.
    fn is_told(&self, object: &Object, part: &UniquePart) -> bool {
        match part {
            UniquePart::Field(field) => self.policy.may_select_field(object.ix, *field),
            UniquePart::Relation(relation) => self.policy.may_read_relation(object.ix, *relation),
        }
    }

    /// Looks for records that have the same key already, stored or in this batch.
    pub(crate) async fn keep_unique(&mut self, object: ObjectIx, works: &mut [Work<'_>]) -> Tried<()> {
        let object = self.object(object)?;
        for (place, key) in object.unique.iter().enumerate() {
            let mut asked: Vec<(usize, Vec<Value>)> = Vec::new();
            let mut here: HashMap<String, RecordId> = HashMap::new();
            for (at, work) in works.iter_mut().enumerate() {
                let Some(wanted) = values(key, &work.new) else { continue };
                let kept = work.old.as_ref().is_some_and(|old| !deleted(old) && values(key, old).as_ref() == Some(&wanted));
                if kept {
                    continue;
                }
                let spelt = spelling(&wanted);
                if here.get(&spelt).is_some_and(|other| *other != work.new.id) {
                    work.failed = true;
                    self.found.push(work.job.root, conflict(object, key, work, None));
                    continue;
                }
                // What is not written for another reason is in nobody's way.
                if !work.failed {
                    here.insert(spelt, work.new.id);
                }
                asked.push((at, wanted));
            }
            if asked.is_empty() {
                continue;
            }
            // A key binds all records, seen or not; whose it is is told only of one that is seen.
            let table = self.whole(object.ix, Action::Read)?;
            let wanted: Vec<Vec<Value>> = asked.iter().map(|(_, values)| values.clone()).collect();
            let taken = self.tx.find_unique(&table, place, &wanted, Deleted::Exclude).await?;
            if taken.iter().all(Option::is_none) {
                continue;
            }
            let table = self.table(object.ix, Action::Read, Place::Unique)?;
            let seen = self.seen(&table, taken.iter().flatten().copied()).await?;
            let told = key.parts.iter().all(|part| self.is_told(object, part));
            for ((at, _), taken) in asked.into_iter().zip(taken) {
                let Some(work) = works.get_mut(at) else { continue };
                if let Some(other) = taken.filter(|other| *other != work.new.id) {
                    if work.old.is_none() && work.job.sought == Some(Target::Unique(place)) && seen.contains(&other) {
                        // Somebody has made it since the upsert looked: look again, and update that one.
                        return Err(Halt::Store(StoreError::Serialization));
                    }
                    work.failed = true;
                    let existing = Some(other).filter(|other| seen.contains(other));
                    let problem = if told { conflict(object, key, work, existing) } else { hidden_conflict(object, work) };
                    self.found.push(work.job.root, problem);
                }
            }
        }
        Ok(())
    }
}

/// The conflict of a key whose parts are not the caller's to know.
fn hidden_conflict(object: &Object, work: &Work<'_>) -> Problem {
    Problem::conflict("unique", "another record has the same key already", "已有其他记录使用了相同的键")
        .object(object.name.as_str())
        .at(work.job.path.clone())
}

fn deleted(record: &Record) -> bool {
    !record.field(tenon_model::system::DELETED_AT).is_null()
}

fn conflict(object: &Object, key: &UniqueKey, work: &Work<'_>, existing: Option<RecordId>) -> Problem {
    let single = match key.parts.as_slice() {
        [UniquePart::Field(field)] => object.field(*field).map(|field| (field.name.as_str(), field.graphql.as_str())),
        [UniquePart::Relation(relation)] => object.relation(*relation).map(|relation| (relation.name.as_str(), relation.graphql.as_str())),
        _ => None,
    };
    let (name, path) = match single {
        Some((name, graphql)) => (name, work.job.path.key(graphql.to_owned())),
        None => (key.name.as_str(), work.job.path.clone()),
    };
    let problem =
        Problem::conflict("unique", format!("another record has this `{name}` already"), format!("已有其他记录使用了相同的 `{name}`"))
            .object(object.name.as_str())
            .field(name)
            .at(path);
    match existing {
        Some(id) => problem.with("existing", id.to_string()),
        None => problem,
    }
}
