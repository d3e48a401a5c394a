//! What references must obey: the target lives (and stays alive until the commit), and trees have no cycles.

use std::collections::{BTreeMap, HashMap, HashSet};

use tenon_access::Place;
use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Object, ObjectIx, RelationIx, RelationShape};
use tenon_query::{Action, Deleted};
use tenon_store::Lock;
use tenon_value::{RecordId, Uuid, Value};

use crate::attempt::Attempt;
use crate::halt::Tried;
use crate::job::Work;
use crate::resolve::no_such_target;

/// What is asked of the target of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Asked {
    /// That it lives, and who acts sees it.
    Seen,
    /// That it lives.
    Alive,
}

/// A reference to look after: the place of the work it belongs to, the relation, the target.
type Reference = (usize, RelationIx, RecordId);

impl Attempt<'_> {
    /// Checks the references that have changed.
    pub(crate) async fn keep_references(&mut self, object: ObjectIx, works: &mut [Work<'_>]) -> Tried<()> {
        let object = self.object(object)?;
        let here: HashSet<RecordId> = works.iter().filter(|work| work.old.is_none()).map(|work| work.new.id).collect();
        let mut wanted: BTreeMap<(ObjectIx, Asked), Vec<Reference>> = BTreeMap::new();
        for (at, work) in works.iter().enumerate() {
            for relation in object.active_relations() {
                let value = work.new.relation(relation.ix);
                let checked = matches!(relation.shape, RelationShape::One | RelationShape::Any);
                if !checked || value.is_null() || work.old.as_ref().is_some_and(|old| old.relation(relation.ix) == value) {
                    continue;
                }
                let target = match value {
                    Value::Ref(name, _) => self.model.object_named(name).map(|object| object.ix),
                    _ => relation.target(),
                };
                let (Some(target), Some(id)) = (target, value.as_id()) else { continue };
                let id = RecordId(id);
                let made_here = target == object.ix && here.contains(&id);
                // What the caller names he must see; what a default or the way back to a parent names need only live.
                let asked = if work.job.input.ones.iter().any(|(asked, _)| *asked == relation.ix) { Asked::Seen } else { Asked::Alive };
                if !made_here && !self.is_settled(target, id, asked) {
                    wanted.entry((target, asked)).or_default().push((at, relation.ix, id));
                }
            }
        }
        for ((target, asked), references) in wanted {
            self.settle(target, references.iter().map(|(_, _, id)| *id), asked).await?;
            let target_object = self.object(target)?;
            for (at, relation, id) in references {
                if self.is_settled(target, id, asked) {
                    continue;
                }
                let Some(work) = works.get_mut(at) else { continue };
                let name = object.relation(relation).map(|relation| relation.name.as_str().to_owned()).unwrap_or_default();
                let problem = no_such_target(target_object, InputPath::default()).field(name);
                self.report(object, work, relation, problem);
            }
        }
        match object.tree {
            Some(tree) => self.keep_tree(object, tree, works).await,
            None => Ok(()),
        }
    }

    /// Whether a record is known to live, and to be seen where that was asked.
    pub(crate) fn is_settled(&self, object: ObjectIx, id: RecordId, asked: Asked) -> bool {
        self.settled.contains(&(object, id)) || (asked == Asked::Alive && self.alive.contains(&(object, id)))
    }

    /// Locks records against deletion until the commit; those that live, and are seen where that is asked, are settled
    /// afterwards.
    pub(crate) async fn settle(&mut self, object: ObjectIx, ids: impl Iterator<Item = RecordId>, asked: Asked) -> Tried<()> {
        let mut unknown: Vec<RecordId> = ids.filter(|id| !self.is_settled(object, *id, asked)).collect();
        unknown.sort_unstable();
        unknown.dedup();
        if unknown.is_empty() {
            return Ok(());
        }
        let table = match asked {
            Asked::Seen => self.table(object, Action::Read, Place::Connect)?,
            Asked::Alive => self.whole(object, Action::Read)?,
        };
        let live = self.tx.hold(&table, &unknown, Lock::KeyShare).await?.into_iter().map(|id| (object, id));
        match asked {
            Asked::Seen => self.settled.extend(live),
            Asked::Alive => self.alive.extend(live),
        }
        Ok(())
    }

    async fn keep_tree(&mut self, object: &Object, tree: RelationIx, works: &mut [Work<'_>]) -> Tried<()> {
        let parent = |work: &Work<'_>| work.new.relation(tree).as_id();
        let moved =
            |work: &Work<'_>| parent(work).is_some() && work.old.as_ref().is_none_or(|old| old.relation(tree) != work.new.relation(tree));
        let planned: HashMap<Uuid, Option<Uuid>> = works.iter().map(|work| (work.new.id.0, parent(work))).collect();
        for at in 0..works.len() {
            let Some(work) = works.get(at).filter(|work| !work.failed && moved(work)) else { continue };
            let own = work.new.id.0;
            // Up through what this batch plans, then through what is stored.
            let (mut top, mut steps) = (parent(work), 0);
            while let Some(next) = top.filter(|id| *id != own).and_then(|id| planned.get(&id)).copied() {
                steps += 1;
                if steps > planned.len() {
                    break;
                }
                match next {
                    Some(_) => top = next,
                    None => {
                        top = None;
                    }
                }
            }
            // A new record has nothing below it: only its own id above it could close a circle.
            let is_new = work.old.is_none();
            let circle = match top {
                Some(top) if top == own => true,
                Some(top) if !is_new => self.is_above(object.ix, tree, RecordId(own), RecordId(top)).await?,
                _ => steps > planned.len(),
            };
            if let (true, Some(work)) = (circle, works.get_mut(at)) {
                let name = object.relation(tree).map(|relation| relation.name.as_str().to_owned()).unwrap_or_default();
                let problem = Problem::invalid(
                    "cycle",
                    format!("`{name}` would make the record its own ancestor"),
                    format!("`{name}` 会使记录成为自己的上级"),
                )
                .field(name);
                self.report(object, work, tree, problem);
            }
        }
        Ok(())
    }

    /// Whether a record is among the ancestors of another, which stay where they are until the commit.
    async fn is_above(&mut self, object: ObjectIx, tree: RelationIx, record: RecordId, below: RecordId) -> Tried<bool> {
        let table = self.whole(object, Action::Read)?;
        let mut above = self.tx.ancestors(&table, tree, below).await?;
        loop {
            if above.contains(&record) {
                return Ok(true);
            }
            let mut locked = above.clone();
            locked.sort_unstable();
            self.tx.load(&table, &locked, Deleted::Include, Lock::KeyShare).await?;
            // Somebody may have moved one of them before the locks held.
            let again = self.tx.ancestors(&table, tree, below).await?;
            if again == above {
                return Ok(false);
            }
            above = again;
        }
    }
}
