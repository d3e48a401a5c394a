//! From keys to ids, in bulk: connects, connect-or-creates, creates and updates behind to-one relations.

use std::collections::HashMap;

use tenon_access::Place;
use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Object, ObjectIx, Relation, RelationIx, RelationShape, UniquePart};
use tenon_query::{Action, Deleted, OnMatch, OneWrite, RecordInput, RecordKey, Target};
use tenon_value::{RecordId, Value, fold};

use crate::attempt::Attempt;
use crate::halt::Tried;
use crate::job::{Aim, Job, Work};

/// One spelling for keys that are equal: text is compared folded, as unique keys are.
pub(crate) fn spelling(values: &[Value]) -> String {
    use std::fmt::Write;
    values.iter().fold(String::new(), |mut spelt, value| {
        match value {
            Value::Text(text) => spelt.push_str(&fold(text)),
            // Writing to a string cannot fail.
            other => write!(spelt, "{other:?}").unwrap_or_default(),
        }
        spelt.push('\u{0}');
        spelt
    })
}

/// The value of a reference to a record of an object.
pub(crate) fn reference(shape: RelationShape, object: &Object, id: RecordId) -> Value {
    match shape {
        RelationShape::Any => Value::Ref(object.name.as_str().to_owned(), id.0),
        _ => Value::Id(id.0),
    }
}

pub(crate) fn no_such_target(object: &Object, path: InputPath) -> Problem {
    let name = &object.name;
    Problem::invalid("reference", format!("there is no `{name}` with this key"), format!("没有这样的 `{name}` 记录"))
        .object(name.as_str())
        .at(path)
}

/// Questions of which equal ones are asked once.
struct Asked<K, Q> {
    questions: Vec<Q>,
    known: HashMap<K, usize>,
    /// Who asked, and which question.
    wants: Vec<(usize, usize)>,
}

impl<K, Q> Default for Asked<K, Q> {
    fn default() -> Self {
        Self { questions: Vec::new(), known: HashMap::new(), wants: Vec::new() }
    }
}

impl<K: std::hash::Hash + Eq, Q> Asked<K, Q> {
    fn ask(&mut self, who: usize, spelling: K, question: impl FnOnce() -> Q) {
        let place = *self.known.entry(spelling).or_insert_with(|| {
            self.questions.push(question());
            self.questions.len() - 1
        });
        self.wants.push((who, place));
    }

    fn answer<A: Copy>(&self, answers: &[Option<A>], places: &mut [Option<A>]) {
        for (who, question) in &self.wants {
            if let Some(slot) = places.get_mut(*who) {
                *slot = answers.get(*question).copied().flatten();
            }
        }
    }
}

/// Writes behind relations that make or change records of one object.
struct Behind<'i> {
    /// Work and relation that the result goes to.
    to: (usize, RelationIx),
    job: Job<'i>,
}

impl Attempt<'_> {
    /// Ids of keys, in their order; equal keys are looked up once.
    pub(crate) async fn find_keys(
        &mut self,
        object: ObjectIx,
        keys: &[&RecordKey],
        (deleted, place): (Deleted, Place),
    ) -> Tried<Vec<Option<RecordId>>> {
        let mut found: Vec<Option<RecordId>> = vec![None; keys.len()];
        let mut unique: HashMap<usize, Asked<String, Vec<Value>>> = HashMap::new();
        let mut external: Asked<(String, String), (String, String)> = Asked::default();
        for (at, key) in keys.iter().enumerate() {
            match key {
                RecordKey::Id(id) => {
                    if let Some(slot) = found.get_mut(at) {
                        *slot = Some(*id);
                    }
                }
                RecordKey::Unique(place, values) => unique.entry(*place).or_default().ask(at, spelling(values), || values.clone()),
                RecordKey::External(named) => {
                    let Some(key) = &named.key else { continue };
                    let pair = (named.system.clone(), key.clone());
                    external.ask(at, pair.clone(), || pair);
                }
            }
        }
        let table = self.table(object, Action::Read, place)?;
        for (key, asked) in unique {
            let mut answers = self.tx.find_unique(&table, key, &asked.questions, deleted).await?;
            self.forget_unseen(object, key, (&asked.questions, &mut answers)).await?;
            asked.answer(&answers, &mut found);
        }
        if !external.questions.is_empty() {
            let answers = self.tx.find_external(&table, &external.questions, deleted).await?;
            external.answer(&answers, &mut found);
        }
        Ok(found)
    }

    /// A key of which a part refers to what is not seen finds nothing.
    async fn forget_unseen(
        &mut self,
        object: ObjectIx,
        key: usize,
        (questions, answers): (&[Vec<Value>], &mut [Option<RecordId>]),
    ) -> Tried<()> {
        let object = self.object(object)?;
        let parts = object.unique.get(key).map(|key| key.parts.as_slice()).unwrap_or_default();
        for (at, part) in parts.iter().enumerate() {
            let UniquePart::Relation(relation) = part else { continue };
            let Some(target) = object.relation(*relation).and_then(tenon_model::Relation::target) else { continue };
            let table = self.table(target, Action::Read, Place::Connect)?;
            if table.rows().is_none() {
                continue;
            }
            let part = |question: &Vec<Value>| question.get(at).and_then(Value::as_id).map(RecordId);
            let seen = self.seen(&table, questions.iter().filter_map(part)).await?;
            for (question, answer) in questions.iter().zip(answers.iter_mut()) {
                *answer = answer.filter(|_| part(question).is_none_or(|id| seen.contains(&id)));
            }
        }
        Ok(())
    }

    /// Carries out what the inputs ask of to-one relations, and writes the references into the images.
    pub(crate) async fn resolve_ones<'i>(&mut self, object: &Object, works: &mut [Work<'i>]) -> Tried<()> {
        let mut connects: HashMap<ObjectIx, Vec<(usize, RelationIx, &'i RecordKey)>> = HashMap::new();
        let mut saves: HashMap<ObjectIx, Vec<Behind<'i>>> = HashMap::new();
        let mut updates: HashMap<ObjectIx, Vec<Behind<'i>>> = HashMap::new();
        let mut upserts: HashMap<(ObjectIx, String), (Target, Vec<Behind<'i>>)> = HashMap::new();
        for (at, work) in works.iter_mut().enumerate() {
            let input: &'i RecordInput = work.job.input;
            for (relation_ix, write) in &input.ones {
                let Some(relation) = object.relation(*relation_ix) else { continue };
                if relation.read_only || !self.policy.may_write_relation(object.ix, *relation_ix) {
                    let name = &relation.name;
                    let problem =
                        Problem::invalid("read_only", format!("`{name}` is set by the system"), format!("`{name}` 由系统维护,不能修改"));
                    self.report(object, work, relation.ix, problem.field(name.as_str()));
                    continue;
                }
                let to = (at, *relation_ix);
                match write {
                    OneWrite::Disconnect => work.new.set_relation(*relation_ix, Value::Null),
                    OneWrite::Connect(target, key) => connects.entry(*target).or_default().push((at, *relation_ix, key)),
                    OneWrite::Create(target, input) => {
                        saves.entry(*target).or_default().push(Behind { to, job: Job::below(work, input, Aim::Create) });
                    }
                    OneWrite::ConnectOrCreate(target, by, input) => {
                        let behind = Behind { to, job: Job::below(work, input, Aim::Create) };
                        upserts.entry((*target, format!("{by:?}"))).or_insert_with(|| (*by, Vec::new())).1.push(behind);
                    }
                    OneWrite::Update(input) => match (pointed_to(work, *relation_ix), relation.target()) {
                        (Some(id), Some(target)) => {
                            let job = Job::below(work, input, Aim::Update(id, None));
                            updates.entry(target).or_default().push(Behind { to, job });
                        }
                        _ => self.points_nowhere(object, work, relation),
                    },
                }
            }
        }
        self.connect_ones(object, works, connects).await?;
        for (target, behinds) in in_order(updates) {
            saves.entry(target).or_default().extend(self.pointing_somewhere(object, works, target, behinds).await?);
        }
        for (target, behinds) in in_order(saves) {
            let (places, jobs): (Vec<_>, Vec<_>) = behinds.into_iter().map(|behind| (behind.to, behind.job)).unzip();
            let saved = self.save(target, jobs).await?;
            self.refer(object, works, target, places.into_iter().zip(saved.into_iter().map(|saved| saved.map(|saved| saved.id))))?;
        }
        for ((target, _), (by, behinds)) in upserts {
            let (places, jobs): (Vec<_>, Vec<_>) = behinds.into_iter().map(|behind| (behind.to, behind.job)).unzip();
            let saved = self.connect_or_create(target, by, jobs).await?;
            self.refer(object, works, target, places.into_iter().zip(saved))?;
        }
        Ok(())
    }

    /// Those whose target is seen; what is not seen is not there to be changed, and its id is nobody's to tell.
    async fn pointing_somewhere<'i>(
        &mut self,
        object: &Object,
        works: &mut [Work<'i>],
        target: ObjectIx,
        behinds: Vec<Behind<'i>>,
    ) -> Tried<Vec<Behind<'i>>> {
        let table = self.table(target, Action::Read, Place::NestedWrite)?;
        let seen = self.seen(&table, behinds.iter().filter_map(|behind| behind.job.aim.existing())).await?;
        let mut kept = Vec::with_capacity(behinds.len());
        for behind in behinds {
            let (at, relation) = behind.to;
            match (works.get_mut(at), object.relation(relation)) {
                (Some(work), Some(relation)) if behind.job.aim.existing().is_some_and(|id| !seen.contains(&id)) => {
                    self.points_nowhere(object, work, relation);
                }
                _ => kept.push(behind),
            }
        }
        Ok(kept)
    }

    fn points_nowhere(&mut self, object: &Object, work: &mut Work<'_>, relation: &Relation) {
        let name = &relation.name;
        let problem = Problem::invalid(
            "reference",
            format!("`{name}` points nowhere, there is nothing to change"),
            format!("`{name}` 为空,没有可修改的记录"),
        );
        self.report(object, work, relation.ix, problem.field(name.as_str()));
    }

    async fn connect_ones<'i>(
        &mut self,
        object: &Object,
        works: &mut [Work<'i>],
        connects: HashMap<ObjectIx, Vec<(usize, RelationIx, &'i RecordKey)>>,
    ) -> Tried<()> {
        for (target, wanted) in in_order(connects) {
            let keys: Vec<&RecordKey> = wanted.iter().map(|(_, _, key)| *key).collect();
            let found = self.find_keys(target, &keys, (Deleted::Exclude, Place::Connect)).await?;
            let target_object = self.object(target)?;
            for ((at, relation, _), id) in wanted.into_iter().zip(found) {
                let Some(work) = works.get_mut(at) else { continue };
                let Some(relation) = object.relation(relation) else { continue };
                match id {
                    Some(id) => work.new.set_relation(relation.ix, reference(relation.shape, target_object, id)),
                    None => {
                        let problem = no_such_target(target_object, InputPath::default()).field(relation.name.as_str());
                        self.report(object, work, relation.ix, problem);
                    }
                }
            }
        }
        Ok(())
    }

    fn refer<'i>(
        &mut self,
        object: &Object,
        works: &mut [Work<'i>],
        target: ObjectIx,
        saved: impl Iterator<Item = ((usize, RelationIx), Option<RecordId>)>,
    ) -> Tried<()> {
        let target = self.object(target)?;
        for ((at, relation), id) in saved {
            let (Some(work), Some(relation)) = (works.get_mut(at), object.relation(relation)) else { continue };
            match id {
                Some(id) => work.new.set_relation(relation.ix, reference(relation.shape, target, id)),
                // Its own problem is reported already; this record cannot be written either.
                None => {
                    work.unknown.push(relation.ix);
                    work.failed = true;
                }
            }
        }
        Ok(())
    }

    /// Records that keys find, or that are made; several with one key share the first's.
    pub(crate) async fn connect_or_create<'i>(&mut self, object: ObjectIx, by: Target, jobs: Vec<Job<'i>>) -> Tried<Vec<Option<RecordId>>> {
        let keys = self.keys_of(object, by, &jobs).await?;
        let mut first: HashMap<String, usize> = HashMap::new();
        let (mut places, mut asked) = (Vec::with_capacity(jobs.len()), Vec::new());
        for (job, key) in jobs.into_iter().zip(keys) {
            let Some(key) = key else {
                places.push(None);
                continue;
            };
            let place = *first.entry(format!("{key:?}")).or_insert_with(|| {
                asked.push(job);
                asked.len() - 1
            });
            places.push(Some(place));
        }
        let saved = self.upsert(object, by, asked, OnMatch::Skip).await?;
        Ok(places.into_iter().map(|place| saved.get(place?).copied().flatten().map(|saved| saved.id)).collect())
    }

    /// Reports a problem of a relation, whose value stays unknown.
    pub(crate) fn report(&mut self, object: &Object, work: &mut Work<'_>, relation: RelationIx, problem: Problem) {
        work.failed = true;
        work.unknown.push(relation);
        let path = match object.relation(relation) {
            Some(relation) => work.job.path.key(relation.graphql.clone()),
            None => work.job.path.clone(),
        };
        self.found.push(work.job.root, problem.object(object.name.as_str()).at(path));
    }
}

/// The record a reference led to before.
fn pointed_to(work: &Work<'_>, relation: RelationIx) -> Option<RecordId> {
    work.old.as_ref().and_then(|old| old.relation(relation).as_id()).map(RecordId)
}

/// Objects in one order for everybody, so that locks meet in one order.
fn in_order<T>(map: HashMap<ObjectIx, T>) -> Vec<(ObjectIx, T)> {
    let mut entries: Vec<_> = map.into_iter().collect();
    entries.sort_by_key(|(object, _)| *object);
    entries
}
