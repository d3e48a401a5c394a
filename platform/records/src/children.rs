//! Children behind an inverse: they are written through their own relation to the parent.

use std::collections::{HashMap, HashSet};

use tenon_access::Place;
use tenon_diagnostics::InputPath;
use tenon_model::{Object, ObjectIx, RelationIx, RelationShape};
use tenon_query::{Action, Deleted, OnMatch, RecordKey};
use tenon_value::{RecordId, Value};

use crate::attempt::Attempt;
use crate::halt::Tried;
use crate::job::{Aim, Job, NOTHING, Work};
use crate::manys::{Lists, not_there};
use crate::relations::Asked;
use crate::resolve::{no_such_target, reference};

/// A child to be connected: the place of its parent, its key, and where that stands.
type Wanted<'i> = (usize, &'i RecordKey, InputPath);

impl Attempt<'_> {
    /// Writes children in the order of the verbs: set, disconnect, delete, update, connect, connect-or-create, create.
    pub(crate) async fn save_children<'i>(
        &mut self,
        object: &Object,
        works: &mut [Work<'i>],
        (child, relation): (ObjectIx, RelationIx),
        lists: Lists<'i>,
    ) -> Tried<()> {
        let child_object = self.object(child)?;
        let shape = child_object.relation(relation).map_or(RelationShape::One, |relation| relation.shape);
        let home = |work: &Work<'_>| reference(shape, object, work.new.id);
        let mut theirs = self.children_of(works, (child, relation), &lists).await?;
        let mut out: Vec<Job<'i>> = Vec::new();
        let mut wanted: Vec<Wanted<'i>> = Vec::new();
        for (at, list) in &lists {
            let Some(work) = works.get(*at) else { continue };
            for (key, path) in list.set.iter().flatten() {
                wanted.push((*at, key, path.clone()));
            }
            for (id, path) in &list.disconnect {
                if theirs.get(id) == Some(&work.new.id) {
                    out.push(leave(work, *id, relation, path.clone()));
                } else {
                    self.found.push(work.job.root, not_there(child_object, *id, path.clone()));
                }
            }
        }
        let kept = self.set_children(works, (child, relation), &lists, &wanted, &theirs).await?;
        out.extend(kept);
        self.save(child, out).await?;

        let mut removed = Vec::new();
        let mut jobs: Vec<Job<'i>> = Vec::new();
        for (at, list) in &lists {
            let Some(work) = works.get(*at) else { continue };
            for (id, path) in &list.delete {
                if theirs.remove(id) == Some(work.new.id) {
                    removed.push((work.job.root, *id, None, path.clone()));
                } else {
                    self.found.push(work.job.root, not_there(child_object, *id, path.clone()));
                }
            }
            for (id, expected, input) in &list.update {
                if theirs.get(id) == Some(&work.new.id) {
                    jobs.push(Job::below(work, input, Aim::Update(*id, *expected)));
                } else {
                    self.found.push(work.job.root, not_there(child_object, *id, Job::below(work, input, Aim::Create).beside("id")));
                }
            }
        }
        self.remove(child, &removed).await?;
        self.save(child, jobs).await?;

        wanted.retain(|(at, _, _)| lists.iter().any(|(place, list)| place == at && list.set.is_some()));
        for (at, list) in &lists {
            wanted.extend(list.connect.iter().map(|(key, path)| (*at, key, path.clone())));
        }
        self.connect_children(works, (child, relation), &wanted, &home).await?;
        for (at, list) in &lists {
            let Some(work) = works.get(*at) else { continue };
            for (target, input) in &list.connect_or_create {
                let job = Job::below(work, input, Aim::Create).with(relation, home(work));
                self.upsert_child(child, *target, job, home(work), relation).await?;
            }
        }
        let mut made: Vec<Job<'i>> = Vec::new();
        for (at, list) in &lists {
            let Some(work) = works.get(*at) else { continue };
            made.extend(list.create.iter().map(|input| Job::below(work, input, Aim::Create).with(relation, home(work))));
        }
        self.save(child, made).await?;
        Ok(())
    }

    /// Children of the parents that were there before, by child.
    async fn children_of(
        &mut self,
        works: &[Work<'_>],
        (child, relation): (ObjectIx, RelationIx),
        lists: &Lists<'_>,
    ) -> Tried<HashMap<RecordId, RecordId>> {
        let asks = |list: &tenon_query::ManyWrite| {
            list.set.is_some() || !(list.disconnect.is_empty() && list.delete.is_empty() && list.update.is_empty())
        };
        let parents: Vec<RecordId> = lists
            .iter()
            .filter(|(_, list)| asks(list))
            .filter_map(|(at, _)| works.get(*at))
            .filter(|work| work.old.is_some())
            .map(|work| work.new.id)
            .collect();
        if parents.is_empty() {
            return Ok(HashMap::new());
        }
        let table = self.table(child, Action::Read, Place::NestedWrite)?;
        Ok(self.tx.referrers(&table, relation, &parents, Deleted::Exclude).await?.into_iter().collect())
    }

    /// Jobs that send away the children which a `set` does not name.
    async fn set_children<'i>(
        &mut self,
        works: &[Work<'i>],
        (child, relation): (ObjectIx, RelationIx),
        lists: &Lists<'i>,
        wanted: &[Wanted<'i>],
        theirs: &HashMap<RecordId, RecordId>,
    ) -> Tried<Vec<Job<'i>>> {
        let keys: Vec<&RecordKey> = wanted.iter().map(|(_, key, _)| *key).collect();
        let named: HashSet<RecordId> = if keys.is_empty() {
            HashSet::new()
        } else {
            self.find_keys(child, &keys, (Deleted::Exclude, Place::Connect)).await?.into_iter().flatten().collect()
        };
        let mut jobs = Vec::new();
        for (at, _) in lists.iter().filter(|(_, list)| list.set.is_some()) {
            let Some(work) = works.get(*at) else { continue };
            let mut gone: Vec<RecordId> =
                theirs.iter().filter(|(id, parent)| **parent == work.new.id && !named.contains(id)).map(|(id, _)| *id).collect();
            gone.sort_unstable();
            jobs.extend(gone.into_iter().map(|id| leave(work, id, relation, work.job.path.clone())));
        }
        Ok(jobs)
    }

    async fn connect_children<'i>(
        &mut self,
        works: &[Work<'i>],
        (child, relation): (ObjectIx, RelationIx),
        wanted: &[Wanted<'i>],
        home: &(dyn Fn(&Work<'_>) -> Value + Sync),
    ) -> Tried<()> {
        if wanted.is_empty() {
            return Ok(());
        }
        let child_object = self.object(child)?;
        let keys: Vec<&RecordKey> = wanted.iter().map(|(_, key, _)| *key).collect();
        let found = self.find_keys(child, &keys, (Deleted::Exclude, Place::Connect)).await?;
        self.settle(child, found.iter().flatten().copied(), Asked::Seen).await?;
        let mut jobs = Vec::new();
        for ((at, _, path), id) in wanted.iter().zip(found) {
            let Some(work) = works.get(*at) else { continue };
            match id.filter(|id| self.settled.contains(&(child, *id))) {
                Some(id) => jobs.push(Job::below(work, &NOTHING, Aim::Update(id, None)).at(path.clone()).with(relation, home(work))),
                None => self.found.push(work.job.root, no_such_target(child_object, path.clone())),
            }
        }
        self.save(child, jobs).await?;
        Ok(())
    }

    /// Connects the child that its key finds, or makes it here.
    async fn upsert_child<'i>(
        &mut self,
        child: ObjectIx,
        target: tenon_query::Target,
        job: Job<'i>,
        home: Value,
        relation: RelationIx,
    ) -> Tried<()> {
        let (root, depth, path) = (job.root, job.depth, job.path.clone());
        let saved = self.upsert(child, target, vec![job], OnMatch::Skip).await?;
        if let Some(Some(saved)) = saved.first()
            && saved.status == crate::Status::Skipped
        {
            let connect = Job { depth, ..Job::new(root, &NOTHING, Aim::Update(saved.id, None)) }.at(path).with(relation, home);
            self.save(child, vec![connect]).await?;
        }
        Ok(())
    }
}

fn leave<'i>(work: &Work<'i>, id: RecordId, relation: RelationIx, path: InputPath) -> Job<'i> {
    Job::below(work, &NOTHING, Aim::Update(id, None)).at(path).with(relation, Value::Null)
}
