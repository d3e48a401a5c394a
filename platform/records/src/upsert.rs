//! Find by key, else make: the key's values are taken from the inputs themselves.

use std::collections::HashMap;

use tenon_diagnostics::Problem;
use tenon_model::{Object, ObjectIx, UniquePart, system};
use tenon_query::{Action, Deleted, OnMatch, OneWrite, RecordInput, RecordKey, Target};
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
        let mut found = self.find_keys(object, &asked, Deleted::Include).await?.into_iter();
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
                    job.ids_free = by == Target::External && job.input.external_ids.len() == 1;
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
        let table = self.table(object, Action::Read)?;
        let loaded = self.tx.load(&table, &ids, Deleted::Exclude, Lock::KeyShare).await?;
        let live: Vec<RecordId> =
            loaded.into_iter().filter(|record| record.field(system::DELETED_AT).is_null()).map(|record| record.id).collect();
        self.settled.extend(live.iter().map(|id| (object, *id)));
        Ok(live.into_iter().map(|id| (id, ())).collect())
    }

    /// The key of each input; none where it has a problem, which is reported.
    pub(crate) async fn keys_of(&mut self, object: ObjectIx, by: Target, jobs: &[Job<'_>]) -> Tried<Vec<Option<RecordKey>>> {
        let object = self.object(object)?;
        let mut keys = Vec::with_capacity(jobs.len());
        for job in jobs {
            keys.push(match by {
                Target::External => match job.input.external_ids.first() {
                    Some(one) if one.key.is_some() => Some(RecordKey::External(one.clone())),
                    _ => {
                        self.key_missing(object, job, ("external_ids", "externalIds"));
                        None
                    }
                },
                Target::Unique(place) => self.unique_key_of(object, place, job).await?,
            });
        }
        Ok(keys)
    }

    async fn unique_key_of(&mut self, object: &Object, place: usize, job: &Job<'_>) -> Tried<Option<RecordKey>> {
        let Some(key) = object.unique.get(place) else { return Ok(None) };
        let mut values = Vec::with_capacity(key.parts.len());
        for part in &key.parts {
            let value = match part {
                UniquePart::Field(ix) => job.input.fields.iter().find(|(field, _)| field == ix).map(|(_, value)| value.clone()),
                UniquePart::Relation(ix) => match job.preset.iter().find(|(relation, _)| relation == ix) {
                    Some((_, value)) => Some(value.clone()),
                    None => self.connected(object, job, *ix).await?,
                },
            };
            match value.filter(|value| !value.is_null()) {
                Some(value) => values.push(value),
                None => {
                    let names = match part {
                        UniquePart::Field(ix) => object.field(*ix).map(|field| (field.name.as_str(), field.graphql.as_str())),
                        UniquePart::Relation(ix) => {
                            object.relation(*ix).map(|relation| (relation.name.as_str(), relation.graphql.as_str()))
                        }
                    };
                    self.key_missing(object, job, names.unwrap_or_default());
                    return Ok(None);
                }
            }
        }
        Ok(Some(RecordKey::Unique(place, values)))
    }

    /// The record that a connect within an upsert's key names.
    async fn connected(&mut self, object: &Object, job: &Job<'_>, ix: tenon_model::RelationIx) -> Tried<Option<Value>> {
        let input: &RecordInput = job.input;
        let write = input.ones.iter().find(|(relation, _)| *relation == ix).map(|(_, write)| write);
        let (Some(OneWrite::Connect(target, key)), Some(relation)) = (write, object.relation(ix)) else { return Ok(None) };
        let target_object = self.object(*target)?;
        match self.find_keys(*target, &[key], Deleted::Exclude).await?.first().copied().flatten() {
            Some(id) => Ok(Some(reference(relation.shape, target_object, id))),
            None => {
                let problem = no_such_target(target_object, job.path.key(relation.graphql.clone())).field(relation.name.as_str());
                self.found.push(job.root, problem);
                Ok(None)
            }
        }
    }

    fn key_missing(&mut self, object: &Object, job: &Job<'_>, (name, graphql): (&str, &str)) {
        let problem = Problem::invalid(
            "required",
            format!("`{name}` is the key of this upsert, it is required"),
            format!("`{name}` 是匹配键,不能为空"),
        );
        self.found.push(job.root, problem.object(object.name.as_str()).field(name).at(job.path.key(graphql.to_owned())));
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
