//! Many at once: ATOMIC reports all bad rows and fails, PARTIAL sets the bad ones aside and keeps the rest.
//!
//! PARTIAL works in rounds: all rows together under one savepoint; rows with problems are set aside, and the others
//! run again. So a thousand good rows cost as much as a batch, not as a thousand savepoints, and the result is the same.

use std::collections::BTreeMap;

use tenon_access::Place;
use tenon_diagnostics::{InputPath, Problem};
use tenon_model::ObjectIx;
use tenon_query::{Action, Batch, BatchMode, Deleted, Params, Predicate, RecordInput};
use tenon_value::RecordId;

use crate::attempt::Attempt;
use crate::halt::Tried;
use crate::job::{Aim, Job, Saved};
use crate::limits::BATCH_SIZE_MAX;
use crate::{BatchRow, Status};

/// The ids of a batch, each with its place in the request.
type Ids = Vec<(RecordId, InputPath)>;

/// What became of the rows tried, by index.
type Outcomes = Vec<(usize, Option<Saved>)>;

impl Attempt<'_> {
    /// Carries out a batch.
    pub(crate) async fn batch(&mut self, object: ObjectIx, batch: &Batch, mode: BatchMode) -> Tried<Vec<BatchRow>> {
        let ids = self.ids_of(object, batch).await?;
        let size = match batch {
            Batch::Create(inputs) | Batch::Upsert(_, inputs, _) => inputs.len(),
            Batch::UpdateEach(updates) => updates.len(),
            _ => ids.len(),
        };
        if size > BATCH_SIZE_MAX {
            let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
            return Err(Problem::exhausted("batch_size", number(BATCH_SIZE_MAX), number(size)).with("help", "mode: JOB").into());
        }
        let misfits = misfits(batch);
        let all: Vec<usize> = (0..size).filter(|row| !misfits.contains_key(row)).collect();
        let (outcomes, failed) = match mode {
            // One failure fails all, and every bad row is told of.
            BatchMode::Atomic => {
                for (row, problems) in misfits {
                    problems.into_iter().for_each(|problem| self.found.push(row, problem));
                }
                (self.rows(object, batch, &ids, &all).await?, BTreeMap::new())
            }
            BatchMode::Partial => self.rounds(object, batch, &ids, all, misfits).await?,
        };
        let mut rows: Vec<BatchRow> = outcomes
            .into_iter()
            .map(|(index, saved)| BatchRow {
                index,
                status: saved.map_or(Status::Failed, |saved| saved.status),
                id: saved.map(|saved| saved.id),
                problems: Vec::new(),
            })
            .chain(failed.into_iter().map(|(index, problems)| BatchRow { index, status: Status::Failed, id: None, problems }))
            .collect();
        rows.sort_by_key(|row| row.index);
        Ok(rows)
    }

    /// Rounds until a set of rows has no problem. Each sets at least one row aside.
    async fn rounds(
        &mut self,
        object: ObjectIx,
        batch: &Batch,
        ids: &Ids,
        mut alive: Vec<usize>,
        mut failed: BTreeMap<usize, Vec<Problem>>,
    ) -> Tried<(Outcomes, BTreeMap<usize, Vec<Problem>>)> {
        while !alive.is_empty() {
            let savepoint = self.tx.savepoint().await?;
            let (settled, rows, made) = ((self.settled.clone(), self.alive.clone()), (self.rows, self.grown), self.made.clone());
            let outcomes = self.rows(object, batch, ids, &alive).await?;
            let problems = self.found.take();
            if problems.is_empty() {
                self.tx.release(savepoint).await?;
                return Ok((outcomes, failed));
            }
            self.tx.rollback_to(savepoint).await?;
            ((self.settled, self.alive), (self.rows, self.grown), self.made) = (settled, rows, made);
            for (row, problem) in problems {
                failed.entry(row).or_default().push(problem);
            }
            alive.retain(|row| !failed.contains_key(row));
        }
        Ok((Vec::new(), failed))
    }

    /// Carries out some rows of a batch.
    async fn rows(&mut self, object: ObjectIx, batch: &Batch, ids: &Ids, chosen: &[usize]) -> Tried<Outcomes> {
        let of_ids = || chosen.iter().filter_map(|row| ids.get(*row).map(|(id, path)| (*row, *id, path.clone())));
        let saved = match batch {
            Batch::Create(inputs) => {
                let jobs = chosen.iter().filter_map(|row| Some(Job::new(*row, inputs.get(*row)?, Aim::Create))).collect();
                self.save(object, jobs).await?
            }
            Batch::UpdateEach(updates) => {
                let job = |row: &usize| updates.get(*row).map(|(id, expected, input)| Job::new(*row, input, Aim::Update(*id, *expected)));
                self.save(object, chosen.iter().filter_map(job).collect()).await?
            }
            Batch::Upsert(target, inputs, on_match) => {
                let jobs = chosen.iter().filter_map(|row| Some(Job::new(*row, inputs.get(*row)?, Aim::Create))).collect();
                self.upsert(object, *target, jobs, *on_match).await?
            }
            Batch::UpdateIds(_, input) | Batch::UpdateWhere(_, input) => {
                let jobs = of_ids().map(|(row, id, path)| {
                    let job = Job::new(row, input, Aim::Update(id, None));
                    if input.path.steps().is_empty() { job.at(path) } else { job.named_at(path) }
                });
                self.save(object, jobs.collect()).await?
            }
            Batch::Delete(_) | Batch::DeleteWhere(_) => {
                let removals: Vec<_> = of_ids().map(|(row, id, path)| (row, id, None, path)).collect();
                self.remove(object, &removals).await?
            }
            Batch::Restore(_) | Batch::RestoreWhere(_) => self.restore(object, &of_ids().collect::<Vec<_>>()).await?,
            Batch::Destroy(_) | Batch::DestroyWhere(_) => self.destroy(object, &of_ids().collect::<Vec<_>>()).await?,
        };
        self.heard().await?;
        Ok(chosen.iter().copied().zip(saved).collect())
    }

    /// The ids a batch names, or its filter selects.
    async fn ids_of(&mut self, object: ObjectIx, batch: &Batch) -> Tried<Ids> {
        match batch {
            Batch::UpdateIds(ids, _) | Batch::Delete(ids) | Batch::Restore(ids) | Batch::Destroy(ids) => Ok(ids.clone()),
            Batch::UpdateWhere(filter, _) => self.select(object, Action::Update, filter, Deleted::Exclude).await,
            Batch::DeleteWhere(filter) => self.select(object, Action::Delete, filter, Deleted::Exclude).await,
            Batch::RestoreWhere(filter) => self.select(object, Action::Restore, filter, Deleted::Only).await,
            Batch::DestroyWhere(filter) => self.select(object, Action::Destroy, filter, Deleted::Include).await,
            Batch::Create(_) | Batch::UpdateEach(_) | Batch::Upsert(..) => Ok(Vec::new()),
        }
    }

    async fn select(&mut self, object: ObjectIx, action: Action, (filter, params): &(Predicate, Params), deleted: Deleted) -> Tried<Ids> {
        if !self.policy.may_mass_update() {
            let problem = Problem::forbidden(
                "mass_update",
                "the role may change records by their ids, not by a filter",
                "当前角色只能按标识修改记录，不能按筛选条件批量修改",
            );
            return Err(problem.at(InputPath::default().key("filter")).into());
        }
        let table = self.table(object, action, Place::Batch)?;
        let max = u32::try_from(BATCH_SIZE_MAX + 1).unwrap_or(u32::MAX);
        let ids = self.tx.select_ids(&table, filter, params, deleted, max).await?;
        Ok(ids.into_iter().map(|id| (id, InputPath::default().key("filter"))).collect())
    }
}

/// Rows whose values do not fit, with what is wrong with them.
fn misfits(batch: &Batch) -> BTreeMap<usize, Vec<Problem>> {
    let inputs: Vec<&RecordInput> = match batch {
        Batch::Create(inputs) | Batch::Upsert(_, inputs, _) => inputs.iter().collect(),
        Batch::UpdateEach(updates) => updates.iter().map(|(_, _, input)| input).collect(),
        _ => Vec::new(),
    };
    let wrong = inputs.into_iter().enumerate().filter(|(_, input)| !input.problems.is_empty());
    wrong.map(|(row, input)| (row, input.problems.clone())).collect()
}
