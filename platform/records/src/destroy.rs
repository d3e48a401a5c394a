//! Gone for good, with parts and cascades, live or deleted; history and links go too.

use std::collections::{HashMap, HashSet};

use tenon_access::Place;
use tenon_diagnostics::InputPath;
use tenon_model::ObjectIx;
use tenon_query::{Action, Deleted, Record};
use tenon_store::{Lock, OutboxEntry, RowWrite};
use tenon_value::RecordId;

use crate::Status;
use crate::attempt::Attempt;
use crate::halt::Tried;
use crate::job::Saved;
use crate::remove::{Reach, Removal};

impl Attempt<'_> {
    /// Removes records for good.
    pub(crate) async fn destroy(&mut self, object: ObjectIx, rows: &[(usize, RecordId, InputPath)]) -> Tried<Vec<Option<Saved>>> {
        self.count(rows.len())?;
        let table = self.table(object, Action::Destroy, Place::Write)?;
        let model_object = self.object(object)?;
        let mut ids: Vec<RecordId> = rows.iter().map(|(_, id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        let stored: HashMap<RecordId, Record> =
            self.tx.load(&table, &ids, Deleted::Include, Lock::Update).await?.into_iter().map(|record| (record.id, record)).collect();
        let mirrors = self.mirrors(&stored).await?;
        ids.retain(|id| !stored.contains_key(id));
        let absent = self.absent(&table, &ids, Deleted::Include).await?;
        let (mut saved, mut reach, mut seen) = (Vec::with_capacity(rows.len()), Reach::default(), HashSet::new());
        for (root, id, path) in rows {
            if let Some(problem) = mirrors.problem(model_object, *id, path.clone()) {
                self.found.push(*root, problem);
                saved.push(None);
            } else if stored.contains_key(id) && seen.insert(*id) {
                reach.gone.entry(object).or_default().insert(*id);
                reach.roots.insert(*id, *root);
                saved.push(Some(Saved { id: *id, status: Status::Destroyed }));
            } else {
                self.found.push(*root, absent.problem(model_object, *id).at(path.clone()));
                saved.push(None);
            }
        }
        self.spread(&mut reach, Deleted::Include).await?;
        let removals: Vec<Removal> = rows.iter().map(|(root, id, path)| (*root, *id, None, path.clone())).collect();
        let refused = self.weigh(&mut reach, Deleted::Include, &removals).await?;
        for (slot, (root, ..)) in saved.iter_mut().zip(rows) {
            if refused.contains(root) {
                *slot = None;
            }
        }
        self.before_removal(&reach, &removals).await?;
        if self.found.is_empty() {
            self.clear(&reach.clears).await?;
            self.wipe(&reach).await?;
        }
        Ok(saved)
    }

    async fn wipe(&mut self, reach: &Reach) -> Tried<()> {
        for (object, ids) in &reach.gone {
            let object = self.object(*object)?;
            let table = self.whole(object.ix, Action::Destroy)?;
            let ids: Vec<RecordId> = ids.iter().copied().collect();
            let stored = self.tx.load(&table, &ids, Deleted::Include, Lock::Update).await?;
            let records = stored.iter().map(|record| (record.id, record.version())).collect();
            for record in &stored {
                self.settled.remove(&(object.ix, record.id));
            }
            let rows: Vec<RowWrite> = stored.into_iter().map(RowWrite::Destroy).collect();
            for row in &rows {
                self.stir_row(object, row);
            }
            self.tx.write(self.cx, &table, &rows).await?;
            self.grown = self.grown.saturating_sub(i64::try_from(rows.len()).unwrap_or(i64::MAX));
            self.tx.outbox(OutboxEntry { word: "destroyed", object: object.id, records, changed: Vec::new() });
        }
        Ok(())
    }
}
