//! Ids of records in other systems: set per system, removed by `null`, never shared by two records.

use std::collections::{HashMap, HashSet};

use tenon_access::{Place, Rows};
use tenon_diagnostics::Problem;
use tenon_model::{Object, Verb};
use tenon_query::{Action, Deleted, ExternalId, Target};
use tenon_store::StoreError;
use tenon_value::RecordId;

use crate::Status;
use crate::attempt::Attempt;
use crate::halt::{Halt, Tried};
use crate::job::Work;

/// Letters of an external id, and of a system's name, at most.
const LETTERS_MAX: usize = 255;

impl Attempt<'_> {
    /// Sets and removes the external ids the inputs name.
    pub(crate) async fn name_outside(&mut self, object: &Object, works: &mut [Work<'_>]) -> Tried<()> {
        // Who does not see all records has not looked among all of them.
        let sees_all = self.policy.rows_of(object.ix, Verb::Read) == Rows::All;
        let mut puts: Vec<(RecordId, ExternalId)> = Vec::new();
        let (mut asked, mut known) = (Vec::new(), Vec::new());
        for (at, work) in works.iter_mut().enumerate().filter(|(_, work)| !work.failed && !work.job.input.external_ids.is_empty()) {
            let fits = |text: &str| !text.trim().is_empty() && !text.contains('\0') && text.chars().count() <= LETTERS_MAX;
            if work.job.input.external_ids.iter().any(|id| !fits(&id.system) || id.key.as_deref().is_some_and(|key| !fits(key))) {
                work.failed = true;
                let problem = Problem::invalid(
                    "length",
                    "system and id of an external id have 1 to 255 letters",
                    "外部标识的系统名和编号应为 1–255 个字符",
                );
                self.found
                    .push(work.job.root, problem.object(object.name.as_str()).field("external_ids").at(work.job.path.key("externalIds")));
                continue;
            }
            let wanted = work.job.input.external_ids.iter().map(|id| (work.new.id, id.clone()));
            if work.old.is_none() {
                puts.extend(wanted.filter(|(_, id)| id.key.is_some()));
            } else {
                known.push(work.new.id);
                puts.extend(wanted);
            }
            let sought = work.job.sought == Some(Target::External) && work.job.input.external_ids.len() == 1;
            if !(work.old.is_none() && sought && sees_all) {
                asked.extend(work.job.input.external_ids.iter().filter_map(|id| Some((at, (id.system.clone(), id.key.clone()?)))));
            }
        }
        if puts.is_empty() {
            return Ok(());
        }
        self.refuse_taken(object, works, asked).await?;
        let stored = self.stored_ids(object, &known).await?;
        let failed: HashSet<RecordId> = works.iter().filter(|work| work.failed).map(|work| work.new.id).collect();
        puts.retain(|(id, external)| !failed.contains(id) && stored.get(&(*id, external.system.clone())) != external.key.as_ref());
        if puts.is_empty() {
            return Ok(());
        }
        let table = self.table(object.ix, if known.is_empty() { Action::Create } else { Action::Update }, Place::Write)?;
        self.tx.external_put(&table, &puts).await?;
        let touched: HashSet<RecordId> = puts.into_iter().map(|(id, _)| id).collect();
        if works.iter().any(|work| work.status == Status::Unchanged) {
            self.touch(object, works, &touched, "external_ids").await?;
        }
        Ok(())
    }

    async fn stored_ids(&mut self, object: &Object, ids: &[RecordId]) -> Tried<HashMap<(RecordId, String), String>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let table = self.whole(object.ix, Action::Read)?;
        let stored = self.tx.external_ids(&table, ids).await?;
        Ok(stored.into_iter().filter_map(|(id, external)| Some(((id, external.system), external.key?))).collect())
    }

    async fn refuse_taken(&mut self, object: &Object, works: &mut [Work<'_>], asked: Vec<(usize, (String, String))>) -> Tried<()> {
        if asked.is_empty() {
            return Ok(());
        }
        // As with unique keys: they bind all records, seen or not.
        let table = self.whole(object.ix, Action::Read)?;
        let keys: Vec<(String, String)> = asked.iter().map(|(_, key)| key.clone()).collect();
        let owners = self.tx.find_external(&table, &keys, Deleted::Include).await?;
        let table = self.table(object.ix, Action::Read, Place::Unique)?;
        let seen = self.seen(&table, owners.iter().flatten().copied()).await?;
        let mut here: HashMap<&(String, String), RecordId> = HashMap::new();
        for ((at, key), owner) in asked.iter().zip(owners) {
            let Some(work) = works.get_mut(*at) else { continue };
            let first = *here.entry(key).or_insert(work.new.id);
            let other = owner.filter(|owner| *owner != work.new.id).or(Some(first).filter(|first| *first != work.new.id));
            if let Some(other) = other {
                if work.old.is_none() && work.job.sought == Some(Target::External) && seen.contains(&other) {
                    // Somebody has made it since the upsert looked: look again, and update that one.
                    return Err(Halt::Store(StoreError::Serialization));
                }
                work.failed = true;
                let problem = Problem::conflict("unique", "this external id belongs to another record", "此外部标识已属于其他记录");
                let path = work.job.path.key("externalIds");
                let problem = problem.object(object.name.as_str()).field("external_ids").at(path);
                let is_told = seen.contains(&other) || Some(other) == Some(first);
                let problem = if is_told { problem.with("existing", other.to_string()) } else { problem };
                self.found.push(work.job.root, problem);
            }
        }
        Ok(())
    }
}
