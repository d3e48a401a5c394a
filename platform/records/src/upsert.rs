//! Find by key, else make: the key's values are taken from the inputs themselves.

use std::collections::{BTreeMap, HashMap};

use tenon_access::Place;
use tenon_diagnostics::Problem;
use tenon_model::{Object, ObjectIx, RelationIx, UniquePart};
use tenon_query::{Action, Deleted, OnMatch, OneWrite, RecordKey, Target};
use tenon_store::Lock;
use tenon_value::{RecordId, Value};

use crate::Status;
use crate::attempt::Attempt;
use crate::halt::Tried;
use crate::job::{Aim, Job, Saved};
use crate::resolve::{no_such_target, reference, spelling};

impl Attempt<'_> {
    /// Saves what the keys find, makes what they do not.
    pub(crate) async fn upsert<'i>(
        &mut self,
        object: ObjectIx,
        by: Target,
        jobs: Vec<Job<'i>>,
        on_match: OnMatch,
    ) -> Tried<Vec<Option<Saved>>> {
        let mut saved: Vec<Option<Saved>> = vec![None; jobs.len()];
        let keys = self.keys_of(object, by, &jobs).await?;
        let keys = self.refuse_duplicates(object, &jobs, keys)?;
        let asked: Vec<&RecordKey> = keys.iter().flatten().collect();
        let mut found = self.find_keys(object, &asked, (Deleted::Include, Place::Upsert)).await?.into_iter();
        let matched: Vec<Option<Option<RecordId>>> = keys.iter().map(|key| key.as_ref().map(|_| found.next().flatten())).collect();
        let left_alone = match on_match {
            OnMatch::Update => HashMap::new(),
            OnMatch::Skip => self.live(object, matched.iter().filter_map(|found| (*found).flatten())).await?,
        };
        let (mut places, mut begun) = (Vec::new(), Vec::new());
        for (at, (mut job, found)) in jobs.into_iter().zip(matched).enumerate() {
            match found {
                // Its key has a problem.
                None => continue,
                Some(Some(id)) if left_alone.contains_key(&id) => {
                    if let Some(slot) = saved.get_mut(at) {
                        *slot = Some(Saved { id, status: Status::Skipped });
                    }
                    continue;
                }
                Some(Some(id)) => job.aim = Aim::Match(id),
                Some(None) => {
                    job.aim = Aim::Create;
                    job.sought = Some(by);
                }
            }
            places.push(at);
            begun.push(job);
        }
        for (at, outcome) in places.into_iter().zip(self.save(object, begun).await?) {
            if let Some(slot) = saved.get_mut(at) {
                *slot = outcome;
            }
        }
        Ok(saved)
    }

    /// Which of these live: they are left alone, and stay alive until the commit.
    async fn live(&mut self, object: ObjectIx, ids: impl Iterator<Item = RecordId>) -> Tried<HashMap<RecordId, ()>> {
        let mut ids: Vec<RecordId> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let table = self.table(object, Action::Read, Place::Upsert)?;
        let live = self.tx.hold(&table, &ids, Lock::KeyShare).await?;
        self.settled.extend(live.iter().map(|id| (object, *id)));
        Ok(live.into_iter().map(|id| (id, ())).collect())
    }

    /// The key of each input; none where it has a problem, which is reported.
    pub(crate) async fn keys_of(&mut self, object: ObjectIx, by: Target, jobs: &[Job<'_>]) -> Tried<Vec<Option<RecordKey>>> {
        let object = self.object(object)?;
        let Target::Unique(place) = by else {
            let external = |job: &Job<'_>| job.input.external_ids.first().filter(|one| one.key.is_some()).cloned().map(RecordKey::External);
            return Ok(jobs
                .iter()
                .map(|job| external(job).or_else(|| self.key_missing(object, job, ("external_ids", "externalIds"))))
                .collect());
        };
        let Some(key) = object.unique.get(place) else { return Ok(vec![None; jobs.len()]) };
        let mut keys: Vec<Option<Vec<Value>>> = vec![Some(Vec::with_capacity(key.parts.len())); jobs.len()];
        for part in &key.parts {
            let (values, names) = match part {
                UniquePart::Field(ix) => {
                    let value = |job: &Job<'_>| job.input.fields.iter().find(|(field, _)| field == ix).map(|(_, value)| value.clone());
                    let names = object.field(*ix).map(|field| (field.name.as_str(), field.graphql.as_str()));
                    (jobs.iter().map(value).collect(), names)
                }
                UniquePart::Relation(ix) => {
                    let names = object.relation(*ix).map(|relation| (relation.name.as_str(), relation.graphql.as_str()));
                    (self.connected(object, jobs, *ix).await?, names)
                }
            };
            for ((key, job), value) in keys.iter_mut().zip(jobs).zip(values) {
                match (key.as_mut(), value.filter(|value| !value.is_null())) {
                    (Some(parts), Some(value)) => parts.push(value),
                    (Some(_), None) => {
                        *key = None;
                        self.key_not_found(object, job, part, names.unwrap_or_default())?;
                    }
                    (None, _) => {}
                }
            }
        }
        Ok(keys.into_iter().map(|values| values.map(|values| RecordKey::Unique(place, values))).collect())
    }

    /// The references that the inputs give a relation which is part of the key: set from outside, or by a connect.
    async fn connected(&mut self, object: &Object, jobs: &[Job<'_>], ix: RelationIx) -> Tried<Vec<Option<Value>>> {
        let Some(relation) = object.relation(ix) else { return Ok(vec![None; jobs.len()]) };
        let mut values: Vec<Option<Value>> = Vec::with_capacity(jobs.len());
        let mut asked: BTreeMap<ObjectIx, Vec<(usize, &RecordKey)>> = BTreeMap::new();
        for (at, job) in jobs.iter().enumerate() {
            values.push(job.preset.iter().find(|(preset, _)| *preset == ix).map(|(_, value)| value.clone()));
            if let Some((_, OneWrite::Connect(target, key))) = job.input.ones.iter().find(|(relation, _)| *relation == ix) {
                asked.entry(*target).or_default().push((at, key));
            }
        }
        for (target, wanted) in asked {
            let target_object = self.object(target)?;
            let keys: Vec<&RecordKey> = wanted.iter().map(|(_, key)| *key).collect();
            for ((at, _), id) in wanted.iter().zip(self.find_keys(target, &keys, (Deleted::Exclude, Place::Connect)).await?) {
                if let (Some(slot), Some(id)) = (values.get_mut(*at), id) {
                    *slot = Some(reference(relation.shape, target_object, id));
                }
            }
        }
        Ok(values)
    }

    /// A part of the key is empty, or connects to nobody.
    fn key_not_found(&mut self, object: &Object, job: &Job<'_>, part: &UniquePart, names: (&str, &str)) -> Tried<()> {
        let connect = |ix: &RelationIx| {
            job.input.ones.iter().find_map(|(relation, write)| match write {
                OneWrite::Connect(target, _) if relation == ix => Some(*target),
                _ => None,
            })
        };
        let target = match part {
            UniquePart::Relation(ix) => connect(ix),
            UniquePart::Field(_) => None,
        };
        if let Some(target) = target {
            let (name, graphql) = names;
            let problem = no_such_target(self.object(target)?, job.path.key(graphql.to_owned())).field(name);
            self.found.push(job.root, problem.object(object.name.as_str()));
        } else {
            self.key_missing(object, job, names);
        }
        Ok(())
    }

    fn key_missing(&mut self, object: &Object, job: &Job<'_>, (name, graphql): (&str, &str)) -> Option<RecordKey> {
        let problem = Problem::invalid(
            "required",
            format!("`{name}` is the key of this upsert, it is required"),
            format!("`{name}` 是匹配键,不能为空"),
        );
        self.found.push(job.root, problem.object(object.name.as_str()).field(name).at(job.path.key(graphql.to_owned())));
        None
    }

    fn refuse_duplicates(&mut self, object: ObjectIx, jobs: &[Job<'_>], keys: Vec<Option<RecordKey>>) -> Tried<Vec<Option<RecordKey>>> {
        let object = self.object(object)?;
        let mut first: HashMap<String, usize> = HashMap::new();
        let mut kept = Vec::with_capacity(keys.len());
        for (at, (job, key)) in jobs.iter().zip(keys).enumerate() {
            let Some(key) = key else {
                kept.push(None);
                continue;
            };
            let spelt = match &key {
                RecordKey::Unique(_, values) => spelling(values),
                other => format!("{other:?}"),
            };
            let earlier = *first.entry(spelt).or_insert(at);
            if earlier == at {
                kept.push(Some(key));
            } else {
                let problem = Problem::invalid(
                    "duplicate_key_in_batch",
                    "two inputs of this call have the same key",
                    "本次调用中有两条输入的匹配键相同",
                );
                self.found.push(job.root, problem.object(object.name.as_str()).at(job.path.clone()).with("first", earlier));
                kept.push(None);
            }
        }
        Ok(kept)
    }
}
