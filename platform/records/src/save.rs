//! Creating and changing records of one object, many at once, station by station.
//!
//! Invariant: each station works on all records and reports all their problems; only the sound ones are written.
//! Records behind to-one relations are saved before, records behind edges after their parents.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::Pin;

use tenon_access::Place;
use tenon_diagnostics::{Classify, Kind, Problem};
use tenon_model::{Object, ObjectIx, system};
use tenon_query::{Action, Deleted, Record};
use tenon_store::{Lock, OutboxEntry, RowWrite, StoreError};
use tenon_value::{RecordId, Value};

use crate::attempt::Attempt;
use crate::halt::{Halt, Tried};
use crate::job::{Aim, Job, Saved, Work};
use crate::law::Absent;
use crate::limits::NEST_DEPTH_MAX;
use crate::{Status, change, defaults};

pub(crate) type Pending<'s, T> = Pin<Box<dyn Future<Output = Tried<T>> + Send + 's>>;

impl Attempt<'_> {
    /// Saves records of one object; one result per job, none where it has a problem. Boxed, for it calls itself.
    pub(crate) fn save<'s, 'i: 's>(&'s mut self, object: ObjectIx, jobs: Vec<Job<'i>>) -> Pending<'s, Vec<Option<Saved>>> {
        Box::pin(self.save_all(object, jobs))
    }

    async fn save_all<'i>(&mut self, object: ObjectIx, jobs: Vec<Job<'i>>) -> Tried<Vec<Option<Saved>>> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        self.count(jobs.len())?;
        if jobs.iter().any(|job| job.depth > NEST_DEPTH_MAX) {
            let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
            return Err(Problem::exhausted("nesting", number(NEST_DEPTH_MAX), number(NEST_DEPTH_MAX + 1)).into());
        }
        let model_object = self.object(object)?;
        let (mut works, places) = self.load(model_object, jobs).await?;
        self.resolve_ones(model_object, &mut works).await?;
        self.apply_fields(model_object, &mut works);
        self.value_money(object, &mut works).await?;
        self.heed(object, &mut works).await?;
        self.value_money(object, &mut works).await?;
        self.keep_files(model_object, &mut works).await?;
        self.rules(object, &mut works).await?;
        self.number(object, &mut works).await?;
        self.put(model_object, &mut works).await?;
        self.keep_rows(model_object, &mut works).await?;
        self.name_outside(model_object, &mut works).await?;
        self.save_manys(model_object, &mut works).await?;
        let mut saved = vec![None; places];
        for (place, work) in works.into_iter().filter(|work| !work.failed).map(|work| (work.place, work)) {
            if let Some(slot) = saved.get_mut(place) {
                *slot = Some(Saved { id: work.new.id, status: work.status });
            }
        }
        Ok(saved)
    }

    /// Loads and locks what is there, in the order of ids; new records get theirs.
    #[tracing::instrument(name = "records.load", skip_all)]
    async fn load<'i>(&mut self, object: &Object, jobs: Vec<Job<'i>>) -> Tried<(Vec<Work<'i>>, usize)> {
        let places = jobs.len();
        let mut wanted: Vec<RecordId> = jobs.iter().filter_map(|job| job.aim.existing()).collect();
        let creates = places - wanted.len();
        wanted.sort_unstable();
        let mut stored: HashMap<RecordId, Record> = HashMap::new();
        let mut absent = Absent::default();
        if !wanted.is_empty() {
            let matched = jobs.iter().any(|job| matches!(job.aim, Aim::Match(_)));
            let nested = jobs.iter().any(|job| job.depth > 0);
            let place = if matched { Place::Upsert } else { place_of(nested) };
            let table = self.table(object.ix, Action::Update, place)?;
            let deleted = if matched { Deleted::Include } else { Deleted::Exclude };
            wanted.dedup();
            stored = self.tx.load(&table, &wanted, deleted, Lock::Update).await?.into_iter().map(|record| (record.id, record)).collect();
            wanted.retain(|id| !stored.contains_key(id));
            absent = self.absent(&table, &wanted, deleted).await?;
        }
        if creates > 0 {
            self.table(object.ix, Action::Create, Place::Write)?;
        }
        let mirrors = self.mirrors(&stored).await?;
        let brought = self.brought(object, &jobs).await?;
        let mut seen = HashSet::new();
        let mut works = Vec::with_capacity(places);
        for (place, job) in jobs.into_iter().enumerate() {
            if let Some(problem) = job.aim.existing().and_then(|id| mirrors.problem(object, id, job.beside("id"))) {
                self.found.push(job.root, problem);
                continue;
            }
            let id = job.aim.existing().or(job.input.id);
            if let Some(id) = id
                && !seen.insert(id)
            {
                let problem = Problem::invalid(
                    "duplicate_key_in_batch",
                    "this record is named twice in one call",
                    "同一条记录在一次调用中出现了两次",
                );
                self.found.push(job.root, problem.object(object.name.as_str()).at(job.beside("id")).with("id", id.to_string()));
                continue;
            }
            if let Some(work) = self.begin(object, job, place, (&mut stored, &brought, &absent))? {
                works.push(work);
            }
        }
        Ok((works, places))
    }

    fn begin<'i>(
        &mut self,
        object: &Object,
        job: Job<'i>,
        place: usize,
        (stored, brought, absent): (&mut HashMap<RecordId, Record>, &HashMap<RecordId, Record>, &Absent),
    ) -> Tried<Option<Work<'i>>> {
        let work = |job, old: Option<Record>, new, status| Work { job, place, old, new, unknown: Vec::new(), failed: false, status };
        let Some(id) = job.aim.existing() else {
            let id = job.input.id.unwrap_or_else(|| self.next_id(job.root));
            // An id brought by the client that is in use: either this very request came before, or it is somebody else's.
            let old = brought.get(&id).cloned();
            let new = old.clone().unwrap_or_else(|| defaults::fresh(self.cx, object, id));
            return Ok(Some(work(job, old, new, Status::Created)));
        };
        match (stored.remove(&id), job.aim) {
            (Some(old), Aim::Match(_)) if !old.field(system::DELETED_AT).is_null() => {
                // A deleted match is taken out of the recycle bin: that is a right of its own.
                if !self.policy.may(object.ix, Action::Restore) {
                    self.found.push(job.root, Problem::of_kind(Kind::Forbidden).object(object.name.as_str()).at(job.path));
                    return Ok(None);
                }
                let mut new = old.clone();
                new.set_field(system::DELETED_AT, Value::Null);
                Ok(Some(work(job, Some(old), new, Status::Restored)))
            }
            (Some(old), _) => {
                let new = old.clone();
                Ok(Some(work(job, Some(old), new, Status::Updated)))
            }
            (None, Aim::Match(_)) if absent.is_seen(id) => {
                self.found.push(job.root, absent.problem(object, id).at(job.path));
                Ok(None)
            }
            // What a key has found is gone again: look anew.
            (None, Aim::Match(_)) => Err(Halt::Store(StoreError::Serialization)),
            (None, _) => {
                self.found.push(job.root, absent.problem(object, id).at(job.beside("id")));
                Ok(None)
            }
        }
    }

    /// Records that already have an id which a client brings for a new one.
    async fn brought(&mut self, object: &Object, jobs: &[Job<'_>]) -> Tried<HashMap<RecordId, Record>> {
        let mut ids: Vec<RecordId> = jobs.iter().filter(|job| job.aim == Aim::Create).filter_map(|job| job.input.id).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        ids.sort_unstable();
        ids.dedup();
        // An id is used once in a tenant, whoever sees the record.
        let table = self.whole(object.ix, Action::Read)?;
        let loaded = self.tx.load(&table, &ids, Deleted::Include, Lock::Update).await?;
        Ok(loaded.into_iter().map(|record| (record.id, record)).collect())
    }

    #[tracing::instrument(name = "records.rules", skip_all)]
    async fn rules(&mut self, object: ObjectIx, works: &mut [Work<'_>]) -> Tried<()> {
        self.check_versions(object, works).await?;
        self.check_replays(object, works)?;
        self.require(object, works)?;
        self.keep_references(object, works).await?;
        self.keep_unique(object, works).await
    }

    /// A create with an id in use is the same request again, or a conflict.
    fn check_replays(&mut self, object: ObjectIx, works: &mut [Work<'_>]) -> Tried<()> {
        let object = self.object(object)?;
        for work in works.iter_mut().filter(|work| work.job.aim == Aim::Create && !work.failed) {
            let Some(old) = &work.old else { continue };
            let by_me = matches!(old.relation(system::CREATED_BY), Value::Ref(kind, id) if kind == self.cx.principal.kind.word() && *id == self.cx.principal.id);
            let live = old.field(system::DELETED_AT).is_null();
            if !by_me || !live || change::any(object, old, &work.new) {
                work.failed = true;
                let problem = Problem::conflict("id", "a record with this id exists already", "已存在相同标识的记录");
                let problem =
                    problem.object(object.name.as_str()).field("id").at(work.job.path.key("id")).with("id", work.new.id.to_string());
                self.found.push(work.job.root, problem);
            }
        }
        Ok(())
    }

    /// Writes the sound ones, with history and outbox. What has not changed is not written.
    #[tracing::instrument(name = "records.write", skip_all)]
    async fn put(&mut self, object: &Object, works: &mut [Work<'_>]) -> Tried<()> {
        let (mut inserts, mut updates) = (Vec::new(), Vec::new());
        let mut entries: HashMap<&'static str, OutboxEntry> = HashMap::new();
        for work in works.iter_mut().filter(|work| !work.failed) {
            let word = match (&work.old, work.status) {
                (None, _) => "created",
                (Some(old), Status::Created) => {
                    debug_assert!(!change::any(object, old, &work.new), "a replay writes nothing");
                    continue;
                }
                (Some(old), _) if !change::any(object, old, &work.new) => {
                    work.status = Status::Unchanged;
                    continue;
                }
                (Some(_), Status::Restored) => "restored",
                (Some(_), _) => "updated",
            };
            self.after_write(object, work);
            let entry =
                entries.entry(word).or_insert_with(|| OutboxEntry { word, object: object.id, records: Vec::new(), changed: Vec::new() });
            entry.records.push((work.new.id, work.old.as_ref().map_or(1, |old| old.version() + 1)));
            merge(&mut entry.changed, change::names(object, work.old.as_ref(), &work.new));
            match &work.old {
                None => inserts.push(RowWrite::Insert(work.new.clone())),
                Some(old) => updates.push(RowWrite::Update { old: old.clone(), new: work.new.clone() }),
            }
        }
        if !inserts.is_empty() || !updates.is_empty() {
            self.grow(inserts.len())?;
        }
        for row in inserts.iter().chain(&updates) {
            self.stir_row(object, row);
        }
        // Noted first, so that they are written in the same round trip.
        for entry in entries.into_values() {
            self.tx.outbox(entry);
        }
        if !inserts.is_empty() {
            let table = self.table(object.ix, Action::Create, Place::Write)?;
            self.tx.write(self.cx, &table, &inserts).await?;
        }
        if !updates.is_empty() {
            let table = self.table(object.ix, Action::Update, Place::Write)?;
            self.tx.write(self.cx, &table, &updates).await?;
        }
        self.settled.extend(works.iter().filter(|work| !work.failed).map(|work| (object.ix, work.new.id)));
        Ok(())
    }

    /// Counts new records towards what the tenant may have.
    fn grow(&mut self, records: usize) -> Tried<()> {
        let grown = self.grown.saturating_add(i64::try_from(records).unwrap_or(i64::MAX));
        let more = if records == 0 { 0 } else { u64::try_from(grown).unwrap_or_default() };
        self.memory.room.take(more).map_err(|error| Halt::from(error.problem()))?;
        self.grown = grown;
        Ok(())
    }

    /// A new version of records whose fields stayed the same, but whose links or external ids did not.
    pub(crate) async fn touch(&mut self, object: &Object, works: &mut [Work<'_>], touched: &HashSet<RecordId>, what: &str) -> Tried<()> {
        let mut rows = Vec::new();
        let mut records = Vec::new();
        for work in works.iter_mut().filter(|work| work.status == Status::Unchanged && touched.contains(&work.new.id)) {
            let Some(old) = &work.old else { continue };
            work.status = Status::Updated;
            records.push((old.id, old.version() + 1));
            rows.push(RowWrite::Update { old: old.clone(), new: work.new.clone() });
        }
        if !rows.is_empty() {
            let table = self.table(object.ix, Action::Update, Place::Write)?;
            self.tx.write(self.cx, &table, &rows).await?;
            self.tx.outbox(OutboxEntry { word: "updated", object: object.id, records, changed: vec![what.to_owned()] });
        }
        Ok(())
    }
}

/// Adds names that are not there yet.
pub(crate) fn merge(names: &mut Vec<String>, more: Vec<String>) {
    for name in more {
        if !names.contains(&name) {
            names.push(name);
        }
    }
}

/// Where a record stands that is written by its id.
const fn place_of(nested: bool) -> Place {
    if nested { Place::NestedWrite } else { Place::Write }
}

pub(crate) fn missing(object: &Object, id: RecordId) -> Problem {
    Problem::of_kind(Kind::NotFound).object(object.name.as_str()).with("id", id.to_string())
}
