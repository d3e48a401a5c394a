//! Plugins at the pipeline's desk, inside its transaction: they read and write as the caller within their grant.
//!
//! Invariants: a write that is declined leaves nothing; a write of a plugin goes the way of every other write, its own
//! plugins one level deeper; what the database says ends the whole try and is told to nobody but the pipeline.

use std::collections::HashSet;

use async_trait::async_trait;
use tenon_access::Place as Weave;
use tenon_context::Via;
use tenon_diagnostics::{InputPath, Kind, Problem};
use tenon_hooks::{Ask, By, Declined, Desk, Fate, Given, KvAsk, Reading, Wanted};
use tenon_model::{Object, ObjectIx};
use tenon_query::{Action, Deleted, OnMatch, OneWrite, RecordInput, RecordKey, Target};
use tenon_store::{Lock, Savepoint};
use tenon_value::{ElementId, Json, RecordId};

use crate::after::After;
use crate::attempt::Attempt;
use crate::halt::{Halt, Tried};
use crate::job::{Aim, Job, Saved};
use crate::limits::BATCH_SIZE_MAX;
use crate::queries::Place;
use crate::reading::{self, Told};
use crate::{Status, coerce, plugin_desk};

/// The rows of a step end here; those of plugins begin.
const FIRST_ROOT: usize = 1 << 32;
/// Letters of a name that is locked, or of a series.
const NAME_LETTERS: usize = 200;

/// What the try knew when a savepoint was made.
pub(crate) struct Known {
    settled: HashSet<(ObjectIx, RecordId)>,
    alive: HashSet<(ObjectIx, RecordId)>,
    rows: usize,
    grown: i64,
}

/// Where a plugin's own part of the transaction begins: made for it when it first writes.
#[derive(Default)]
pub(crate) struct Mark(Option<(Savepoint, Known)>);

#[async_trait]
impl Desk for Attempt<'_> {
    async fn serve(&mut self, by: By<'_>, ask: Ask) -> Result<Given, Declined> {
        match Box::pin(self.answer_plugin(by, ask)).await {
            Ok(Ok(given)) => Ok(given),
            Ok(Err(problem)) => Err(Declined::Told(problem)),
            Err(halt) => Err(self.stop(halt)),
        }
    }

    async fn mark(&mut self) -> Result<(), Declined> {
        self.marks.push(Mark::default());
        Ok(())
    }

    async fn settle(&mut self, fate: Fate) -> Result<(), Declined> {
        let Some(Mark(Some((savepoint, known)))) = self.marks.pop() else { return Ok(()) };
        let settled = match fate {
            Fate::Kept => self.tx.release(savepoint).await,
            Fate::Undone => {
                self.remember(known);
                self.tx.rollback_to(savepoint).await
            }
        };
        settled.map_err(|error| self.stop(Halt::Store(error)))
    }
}

impl Attempt<'_> {
    fn stop(&mut self, halt: Halt) -> Declined {
        self.halted.get_or_insert(halt);
        Declined::Stopped
    }

    fn known(&self) -> Known {
        Known { settled: self.settled.clone(), alive: self.alive.clone(), rows: self.rows, grown: self.grown }
    }

    fn remember(&mut self, known: Known) {
        (self.settled, self.alive) = (known.settled, known.alive);
        (self.rows, self.grown) = (known.rows, known.grown);
    }

    async fn answer_plugin(&mut self, by: By<'_>, ask: Ask) -> Tried<Told> {
        let (pipeline, cx) = (self.pipeline, self.cx);
        let policy = reading::limited(self.model, &self.policy, by);
        match ask {
            Ask::Get(object, id, Reading::Plain) => {
                reading::record((pipeline, &cx.model), &policy, (object, id), Place::Tx(&mut self.tx)).await
            }
            Ask::Query(document, variables) => {
                reading::document((pipeline, cx), &policy, (&document, &variables), Place::Tx(&mut self.tx)).await
            }
            Ask::Kv(ask @ (KvAsk::Get(_) | KvAsk::List(..))) => Ok(plugin_desk::look_up(by, &ask, Place::Tx(&mut self.tx)).await?),
            ask @ (Ask::Setting(_) | Ask::Secret(_)) => Ok(plugin_desk::given(by, &ask, Place::Tx(&mut self.tx)).await?),
            Ask::Http(ask) => self.call_out(by, *ask),
            other => self.write_for(by, other).await,
        }
    }

    /// A write: all of it or nothing, in the plugin's own name.
    async fn write_for(&mut self, by: By<'_>, ask: Ask) -> Tried<Told> {
        let mut marks = std::mem::take(&mut self.marks);
        for Mark(mark) in marks.iter_mut().filter(|Mark(mark)| mark.is_none()) {
            *mark = Some((self.tx.savepoint().await?, self.known()));
        }
        self.marks = marks;
        let (savepoint, known) = (self.tx.savepoint().await?, self.known());
        let policy = reading::limited(self.model, &self.policy, by);
        let outer = (std::mem::replace(&mut self.policy, policy), self.found.take(), std::mem::take(&mut self.afters));
        self.tx.through(Via::Plugin).await?;
        let mut done = Box::pin(self.carry(by, ask)).await;
        if self.found.is_empty() && done.is_ok() {
            done = self.ask_after().await.and(done);
        }
        let mut problems = self.found.take().into_iter().map(|(_, problem)| problem);
        if let Some(problem) = problems.next() {
            // What else it found, and what it gave, is of a write that will not be.
            done = done.and(Err(Halt::Refuse(Box::new(problem))));
        }
        if self.tree().depth() <= 1 {
            self.tx.through(self.cx.via).await?;
        }
        (self.policy, self.afters) = (outer.0, outer.2);
        for (root, problem) in outer.1 {
            self.found.push(root, problem);
        }
        match done {
            Ok(given) => {
                self.tx.release(savepoint).await?;
                Ok(Ok(given))
            }
            Err(Halt::Refuse(problem)) => {
                self.tx.rollback_to(savepoint).await?;
                self.remember(known);
                Ok(Err(problem))
            }
            Err(halt) => Err(halt),
        }
    }

    async fn carry(&mut self, by: By<'_>, ask: Ask) -> Tried<Given> {
        let root = FIRST_ROOT + self.asks;
        self.asks += 1;
        match ask {
            Ask::Create(object, wanted) => {
                let input = self.input(object, wanted)?;
                let saved = self.save(object, vec![Job::new(root, &input, Aim::Create)]).await?;
                self.saved(object, saved.into_iter().next().flatten()).await
            }
            Ask::Update(object, id, expected, wanted) => {
                let input = self.input(object, wanted)?;
                let saved = self.save(object, vec![Job::new(root, &input, Aim::Update(id, expected))]).await?;
                self.saved(object, saved.into_iter().next().flatten()).await
            }
            Ask::CreateMany(object, wanted) => self.create_many(root, object, wanted).await,
            Ask::UpdateMany(object, wanted) => self.update_many(root, object, wanted).await,
            Ask::CreateOrGet(object, key, wanted) => {
                let place = self.object(object)?.unique.iter().position(|unique| unique.name.as_str() == key);
                let place = place.ok_or_else(|| unknown("unique key", &key))?;
                let input = self.input(object, wanted)?;
                let jobs = vec![Job::new(root, &input, Aim::Create)];
                let saved = self.upsert(object, Target::Unique(place), jobs, OnMatch::Skip).await?;
                self.saved(object, saved.into_iter().next().flatten()).await
            }
            Ask::Delete(object, id, expected) => {
                self.remove(object, &[(root, id, expected, InputPath::default())]).await?;
                Ok(Given::Done)
            }
            Ask::UpdateWhere(object, filter, wanted, limit) => self.update_where(root, object, (&filter, limit), wanted).await,
            Ask::Get(object, id, _) => {
                let table = self.table(object, Action::Update, Weave::Write)?;
                self.tx.load(&table, &[id], Deleted::Exclude, Lock::Update).await?;
                let policy = self.policy.clone();
                let place = Place::Tx(&mut self.tx);
                reading::record((self.pipeline, &self.cx.model), &policy, (object, id), place).await?.map_err(Halt::Refuse)
            }
            Ask::Lock(name) => {
                short(&name)?;
                self.tx.lock_name(&format!("{}/{name}", by.package)).await?;
                Ok(Given::Done)
            }
            Ask::NextNumber(series) => {
                short(&series)?;
                let series = ElementId::derive(by.package, &format!("series/{series}"));
                Ok(Given::Number(self.tx.next_numbers(series, "", 1).await?))
            }
            Ask::Kv(ask) => self.keep(by, ask).await,
            Ask::Start(start) => self.start(by, start).await,
            Ask::Cancel(key) => self.cancel(by, &key).await,
            Ask::Query(..) | Ask::Setting(_) | Ask::Secret(_) | Ask::Http(_) => Ok(Given::Done),
        }
    }

    /// What a plugin wants, as the input of a save: the right on each field is asked here, for no schema has.
    pub(crate) fn input(&self, object: ObjectIx, wanted: Wanted) -> Tried<RecordInput> {
        let known = self.object(object)?;
        let mut input = RecordInput::default();
        for (ix, value) in wanted.fields {
            let Some(field) = known.field(ix).filter(|field| self.policy.may_select_field(object, field.ix)) else {
                return Err(unknown("field", "").into());
            };
            if field.system || field.read_only || !self.policy.may_write_field(object, ix) {
                return Err(forbidden(known, field.name.as_str()).into());
            }
            let value = coerce::check(field, &value, &self.model.settings).map_err(|problem| problem.object(known.name.as_str()))?;
            input.fields.push((ix, value));
        }
        for (ix, target) in wanted.relations {
            let Some(relation) = known.relation(ix).filter(|relation| self.policy.may_select_relation(object, relation.ix)) else {
                return Err(unknown("relation", "").into());
            };
            if relation.read_only || !self.policy.may_write_relation(object, ix) {
                return Err(forbidden(known, relation.name.as_str()).into());
            }
            let write = target.map_or(OneWrite::Disconnect, |(to, id)| OneWrite::Connect(to, RecordKey::Id(id)));
            input.ones.push((ix, write));
        }
        Ok(input)
    }

    async fn saved(&mut self, object: ObjectIx, saved: Option<Saved>) -> Tried<Given> {
        // Without a record there is a problem, and this is never seen.
        let Some(Saved { id, status }) = saved else { return Ok(Given::Done) };
        let table = self.whole(object, Action::Read)?;
        let stored = self.tx.load(&table, &[id], Deleted::Exclude, Lock::None).await?;
        Ok(Given::Saved(id, stored.first().map_or(0, tenon_query::Record::version), status == Status::Created))
    }

    /// The same change of all that a filter selects: found, locked, and found again, for others may have moved them.
    async fn update_where(&mut self, root: usize, object: ObjectIx, (filter, limit): (&str, usize), wanted: Wanted) -> Tried<Given> {
        let limit = limit.clamp(1, BATCH_SIZE_MAX);
        let found = self.matching(object, filter, None, limit).await?;
        if found.is_empty() {
            return Ok(Given::Count(0));
        }
        let table = self.table(object, Action::Update, Weave::Batch)?;
        let mut ids = found;
        ids.sort_unstable();
        self.tx.load(&table, &ids, Deleted::Exclude, Lock::Update).await?;
        let ids = self.matching(object, filter, Some(&ids), limit).await?;
        let input = self.input(object, wanted)?;
        let jobs: Vec<Job<'_>> = ids.iter().map(|id| Job::new(root, &input, Aim::Update(*id, None))).collect();
        let saved = self.save(object, jobs).await?;
        Ok(Given::Count(saved.into_iter().flatten().filter(|saved| saved.status != Status::Unchanged).count()))
    }

    /// Ids of records that a filter of the data API selects, among these ids.
    async fn matching(&mut self, object: ObjectIx, filter: &str, among: Option<&[RecordId]>, limit: usize) -> Tried<Vec<RecordId>> {
        let known = self.object(object)?;
        let names = &known.graphql;
        let filter: Json = filter.parse().map_err(|_| Problem::invalid("type", "the filter is no JSON", "筛选条件不是 JSON"))?;
        let filter = match among {
            None => filter,
            Some(ids) => {
                let ids: Vec<Json> = ids.iter().map(|id| Json::from(id.to_string())).collect();
                serde_json::json!({ "and": [filter, { "id": { "in": ids } }] })
            }
        };
        let document = format!(
            "query($filter: {}Filter, $first: Int) {{ found: {}(filter: $filter, first: $first) {{ nodes {{ id }} }} }}",
            names.type_name, names.plural
        );
        // A page of the data API has an end of its own.
        let variables = serde_json::json!({ "filter": filter, "first": limit.min(PAGE_MAX) }).to_string();
        let (policy, cx, pipeline) = (self.policy.clone(), self.cx, self.pipeline);
        let told = reading::document((pipeline, cx), &policy, (&document, &variables), Place::Tx(&mut self.tx)).await?;
        let Given::Data(data, _) = told.map_err(Halt::Refuse)? else { return Ok(Vec::new()) };
        let data: Json = data.parse().unwrap_or(Json::Null);
        let nodes = data.pointer("/found/nodes").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        Ok(nodes.iter().filter_map(|node| node.get("id")?.as_str()?.parse().ok()).collect())
    }

    /// Notes of what was written, for those who are asked after it.
    pub(crate) fn note_after(&mut self, after: After) {
        self.afters.push(after);
    }
}

/// Records of one page of the data API.
const PAGE_MAX: usize = 200;

fn unknown(what: &str, name: &str) -> Problem {
    Problem::of_kind(Kind::NotFound).with("what", what).with("name", name)
}

fn forbidden(object: &Object, name: &str) -> Problem {
    Problem::of_kind(Kind::Forbidden).object(object.name.as_str()).field(name)
}

pub(crate) fn short(name: &str) -> Tried<()> {
    if !name.is_empty() && name.len() <= NAME_LETTERS && !name.contains('\0') {
        return Ok(());
    }
    Err(Problem::invalid("length", "a name has 1 to 200 letters", "名称长度应为 1 至 200").into())
}
