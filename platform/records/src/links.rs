//! Many-to-many lists: what is linked before and after, as one difference per edge.

use std::collections::{BTreeMap, HashSet};

use tenon_access::Place;
use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Link, LinkEnd, LinkIx, Object, ObjectIx, State};
use tenon_query::{Action, AuthorizedTable, Deleted, LinkWrite, RecordKey};
use tenon_store::LinkRow;
use tenon_value::{RecordId, Value};

use crate::attempt::Attempt;
use crate::halt::Tried;
use crate::job::{Aim, Job, Work};
use crate::manys::{Lists, not_there};
use crate::relations::Asked;
use crate::resolve::no_such_target;

/// Links by record at this end and record at the other, with their attributes.
type Linked = BTreeMap<(RecordId, RecordId), Vec<Value>>;

/// The edge at hand: the link, this end, and the object at the other.
#[derive(Clone, Copy)]
struct Side<'m> {
    link: &'m Link,
    here: LinkEnd,
    other: ObjectIx,
}

impl Attempt<'_> {
    /// Writes links in the order of the verbs: set, disconnect, delete, update, connect, connect-or-create, create, link.
    pub(crate) async fn save_links<'i>(
        &mut self,
        object: &Object,
        works: &mut [Work<'i>],
        (link, here): (LinkIx, LinkEnd),
        lists: Lists<'i>,
    ) -> Tried<()> {
        let Some(link) = self.model.link(link) else { return Ok(()) };
        let side = Side { link, here, other: link.object(here.other()) };
        self.settle(side.other, named(&lists), Asked::Seen).await?;
        let before = self.linked(works, side, &lists).await?;
        let mut after = before.clone();
        self.unlink(works, side, &lists, &mut after).await?;
        self.link_existing(works, side, &lists, &mut after).await?;
        self.link_new(works, side, &lists, &mut after).await?;
        let touched = self.put_links(side, &before, &after).await?;
        let name = object
            .edges
            .iter()
            .find(|edge| edge.kind == tenon_model::EdgeKind::Linked { link: side.link.ix, here })
            .map(|edge| edge.name.as_str());
        self.touch(object, works, &touched, name.unwrap_or("links")).await
    }

    async fn linked(&mut self, works: &[Work<'_>], side: Side<'_>, lists: &Lists<'_>) -> Tried<Linked> {
        let mut ids: Vec<RecordId> =
            lists.iter().filter_map(|(at, _)| works.get(*at)).filter(|work| work.old.is_some()).map(|work| work.new.id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(Linked::new());
        }
        let (source, target) = self.ends(side)?;
        let rows = self.tx.links(side.link.ix, side.here, &ids, (&source, &target)).await?;
        let ends = |row: &LinkRow| match side.here {
            LinkEnd::Source => (row.source, row.target),
            LinkEnd::Target => (row.target, row.source),
        };
        Ok(rows.into_iter().map(|row| (ends(&row), row.attributes)).collect())
    }

    /// The tables of both ends, source first. The record at this end is being saved, under the rights for that; the one
    /// at the other must be seen.
    fn ends(&self, side: Side<'_>) -> Tried<(AuthorizedTable, AuthorizedTable)> {
        let here = self.whole(side.link.object(side.here), Action::Read)?;
        let other = self.table(side.other, Action::Read, Place::NestedWrite)?;
        Ok(if side.here == LinkEnd::Source { (here, other) } else { (other, here) })
    }

    async fn unlink<'i>(&mut self, works: &[Work<'i>], side: Side<'_>, lists: &Lists<'i>, after: &mut Linked) -> Tried<()> {
        let other = self.object(side.other)?;
        let (mut removed, mut jobs) = (Vec::new(), Vec::new());
        for (at, list) in lists {
            let Some(work) = works.get(*at) else { continue };
            let own = work.new.id;
            if let Some(set) = &list.set {
                let named: HashSet<RecordId> = self.ends_of(work, side.other, set).await?.into_iter().collect();
                after.retain(|(parent, end), _| *parent != own || named.contains(end));
                for end in named {
                    after.entry((own, end)).or_insert_with(|| fresh(side.link));
                }
            }
            for (id, path) in &list.disconnect {
                if after.remove(&(own, *id)).is_none() {
                    self.found.push(work.job.root, not_there(other, *id, path.clone()));
                }
            }
            for (id, path) in &list.delete {
                if after.remove(&(own, *id)).is_some() {
                    removed.push((work.job.root, *id, None, path.clone()));
                } else {
                    self.found.push(work.job.root, not_there(other, *id, path.clone()));
                }
            }
            for (id, expected, input) in &list.update {
                if after.contains_key(&(own, *id)) {
                    jobs.push(Job::below(work, input, Aim::Update(*id, *expected)));
                } else {
                    self.found.push(work.job.root, not_there(other, *id, Job::below(work, input, Aim::Create).beside("id")));
                }
            }
        }
        self.remove(side.other, &removed).await?;
        self.save(side.other, jobs).await?;
        Ok(())
    }

    async fn link_existing<'i>(&mut self, works: &[Work<'i>], side: Side<'_>, lists: &Lists<'i>, after: &mut Linked) -> Tried<()> {
        for (at, list) in lists {
            let Some(work) = works.get(*at) else { continue };
            for end in self.ends_of(work, side.other, &list.connect).await? {
                after.entry((work.new.id, end)).or_insert_with(|| fresh(side.link));
            }
            for (target, input) in &list.connect_or_create {
                let jobs = vec![Job::below(work, input, Aim::Create)];
                for end in self.connect_or_create(side.other, *target, jobs).await?.into_iter().flatten() {
                    after.entry((work.new.id, end)).or_insert_with(|| fresh(side.link));
                }
            }
        }
        Ok(())
    }

    async fn link_new<'i>(&mut self, works: &[Work<'i>], side: Side<'_>, lists: &Lists<'i>, after: &mut Linked) -> Tried<()> {
        let (mut owners, mut jobs): (Vec<(RecordId, Option<&'i LinkWrite>)>, Vec<Job<'i>>) = (Vec::new(), Vec::new());
        for (at, list) in lists {
            let Some(work) = works.get(*at) else { continue };
            for input in &list.create {
                owners.push((work.new.id, None));
                jobs.push(Job::below(work, input, Aim::Create));
            }
            for link in &list.link {
                match &link.to {
                    Err(input) => {
                        owners.push((work.new.id, Some(link)));
                        jobs.push(Job::below(work, input, Aim::Create));
                    }
                    Ok(key) => {
                        for end in self.ends_of(work, side.other, &[(key.clone(), link.path.clone())]).await? {
                            self.describe(work, side.link, link, after.entry((work.new.id, end)).or_insert_with(|| fresh(side.link)));
                        }
                    }
                }
            }
        }
        let roots: Vec<usize> = jobs.iter().map(|job| job.root).collect();
        let saved = self.save(side.other, jobs).await?;
        for (((own, link), saved), root) in owners.into_iter().zip(saved).zip(roots) {
            let Some(saved) = saved else { continue };
            let attributes = after.entry((own, saved.id)).or_insert_with(|| fresh(side.link));
            if let (Some(link), Some(work)) = (link, works.iter().find(|work| work.new.id == own && work.job.root == root)) {
                self.describe(work, side.link, link, attributes);
            }
        }
        Ok(())
    }

    /// Sets attributes of a link; required ones must be there in the end.
    fn describe(&mut self, work: &Work<'_>, link: &Link, write: &LinkWrite, attributes: &mut [Value]) {
        for (ix, value) in &write.attributes {
            let (Some(slot), Some(field)) = (attributes.get_mut(usize::from(ix.0)), link.field(*ix)) else { continue };
            *slot = if value.is_null() { crate::coerce::cleared(field) } else { value.clone() };
        }
        for field in link.fields.iter().filter(|field| field.required && field.state == State::Active) {
            if attributes.get(usize::from(field.ix.0)).is_none_or(Value::is_null) {
                let name = &field.name;
                let problem =
                    Problem::invalid("required", format!("`{name}` of the link is required"), format!("关联的 `{name}` 为必填项"));
                self.found.push(work.job.root, problem.field(name.as_str()).at(write.path.key(field.graphql.clone())));
            }
        }
    }

    /// Live records behind keys; a missing one is a problem.
    async fn ends_of(&mut self, work: &Work<'_>, other: ObjectIx, keys: &[(RecordKey, InputPath)]) -> Tried<Vec<RecordId>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let asked: Vec<&RecordKey> = keys.iter().map(|(key, _)| key).collect();
        let found = self.find_keys(other, &asked, (Deleted::Exclude, Place::Connect)).await?;
        self.settle(other, found.iter().flatten().copied(), Asked::Seen).await?;
        let other_object = self.object(other)?;
        let mut ends = Vec::with_capacity(keys.len());
        for ((_, path), id) in keys.iter().zip(found) {
            match id.filter(|id| self.settled.contains(&(other, *id))) {
                Some(id) => ends.push(id),
                None => self.found.push(work.job.root, no_such_target(other_object, path.clone())),
            }
        }
        Ok(ends)
    }

    /// Writes the difference; says whose links it changed.
    async fn put_links(&mut self, side: Side<'_>, before: &Linked, after: &Linked) -> Tried<HashSet<RecordId>> {
        let pair = |own: RecordId, end: RecordId| match side.here {
            LinkEnd::Source => (own, end),
            LinkEnd::Target => (end, own),
        };
        let mut touched = HashSet::new();
        let (mut puts, mut gone) = (Vec::new(), Vec::new());
        for ((own, end), _) in before.iter().filter(|(key, _)| !after.contains_key(*key)) {
            gone.push(pair(*own, *end));
            touched.insert(*own);
        }
        for ((own, end), attributes) in after.iter().filter(|(key, attributes)| before.get(*key) != Some(*attributes)) {
            let (source, target) = pair(*own, *end);
            puts.push(LinkRow { source, target, attributes: attributes.clone() });
            touched.insert(*own);
        }
        self.count(puts.len() + gone.len())?;
        // A problem found on the way may have left an end unwritten; then nothing of this stays anyway.
        if self.found.is_empty() && !touched.is_empty() {
            let (source, target) = self.ends(side)?;
            self.stir_link(side.link);
            if !gone.is_empty() {
                self.tx.link_remove(side.link.ix, &gone, (&source, &target)).await?;
            }
            if !puts.is_empty() {
                self.tx.link_put(self.cx, side.link.ix, &puts, (&source, &target)).await?;
            }
        }
        Ok(touched)
    }
}

/// Records that the lists name by id: locked together, in one order.
fn named<'l>(lists: &'l Lists<'_>) -> impl Iterator<Item = RecordId> + 'l {
    let keys = lists.iter().flat_map(|(_, list)| {
        let set = list.set.iter().flatten().chain(&list.connect).map(|(key, _)| key);
        set.chain(list.link.iter().filter_map(|link| link.to.as_ref().ok()))
    });
    keys.filter_map(|key| if let RecordKey::Id(id) = key { Some(*id) } else { None })
}

/// The attributes of a new link that says nothing.
fn fresh(link: &Link) -> Vec<Value> {
    link.fields.iter().map(|field| if field.default.is_null() { crate::coerce::cleared(field) } else { field.default.clone() }).collect()
}
