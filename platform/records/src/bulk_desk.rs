//! Many records of one object written by a plugin in one save: what is asked about them is asked once.
//!
//! Invariant: all of them are written or none; each goes the way of every other write.

use tenon_diagnostics::Problem;
use tenon_hooks::{Given, Wanted};
use tenon_model::ObjectIx;
use tenon_query::RecordInput;
use tenon_value::RecordId;

use crate::Status;
use crate::attempt::Attempt;
use crate::halt::Tried;
use crate::job::{Aim, Job, Saved};

/// `bulk`: records of one such request.
const BULK_MAX: usize = 200;

impl Attempt<'_> {
    /// New records.
    pub(crate) async fn create_many(&mut self, root: usize, object: ObjectIx, wanted: Vec<Wanted>) -> Tried<Given> {
        fits(wanted.len())?;
        let inputs = wanted.into_iter().map(|wanted| self.input(object, wanted)).collect::<Tried<Vec<RecordInput>>>()?;
        let jobs = inputs.iter().map(|input| Job::new(root, input, Aim::Create)).collect();
        let saved = self.save(object, jobs).await?;
        Ok(Given::Ids(saved.into_iter().flatten().map(|saved| saved.id).collect()))
    }

    /// Changes, each of its own record.
    pub(crate) async fn update_many(&mut self, root: usize, object: ObjectIx, wanted: Vec<(RecordId, Wanted)>) -> Tried<Given> {
        fits(wanted.len())?;
        let mut inputs = Vec::with_capacity(wanted.len());
        for (id, wanted) in wanted {
            inputs.push((id, self.input(object, wanted)?));
        }
        let jobs = inputs.iter().map(|(id, input)| Job::new(root, input, Aim::Update(*id, None))).collect();
        let changed = |saved: &Saved| saved.status != Status::Unchanged;
        let saved = self.save(object, jobs).await?;
        Ok(Given::Count(saved.into_iter().flatten().filter(changed).count()))
    }
}

fn fits(count: usize) -> Tried<()> {
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    if count > BULK_MAX { Err(Problem::exhausted("bulk", number(BULK_MAX), number(count)).into()) } else { Ok(()) }
}
