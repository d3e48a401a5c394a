//! Which files somebody may see: those he brought, for a day; and those held by a record and field that he may read.
//!
//! Asked by the doors before bytes are given out, and by the pipeline before a file is taken by a record. What is not to be
//! seen is not there: it is answered like an id nobody has.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tenon_access::{Place, Policy};
use tenon_context::OpContext;
use tenon_diagnostics::Problem;
use tenon_model::{FieldIx, FieldKind, Object, ObjectIx, State, system};
use tenon_query::{Action, Answer, ColumnRef, Deleted, Output, Params, Predicate, Read, Select, Window};
use tenon_store::{Store, StoreError, StoredFile};
use tenon_value::{RecordId, Uuid, Value};

use crate::attempt::Attempt;
use crate::halt::Tried;
use crate::job::Work;

/// How long who brought a file sees it, whoever holds it (`file_own`).
pub const FILE_OWN: Duration = Duration::from_secs(24 * 60 * 60);
/// Records looked at that hold the files asked about (`file_holders`).
pub const FILE_HOLDERS_MAX: u32 = 1_000;
/// Files asked about at once.
const FILES_AT_ONCE: usize = 100;
/// What an `image` field takes.
const DRAWN: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Those of these files that who asks may see, by id.
///
/// # Errors
/// What the store says.
pub async fn seen(store: &Store, cx: &OpContext, policy: &Policy, ids: &[Uuid]) -> Result<HashMap<Uuid, StoredFile>, StoreError> {
    let mut files = store.files(cx.model.tenant, ids).await?;
    let mut seen = HashMap::new();
    let now = store.machine_time().millis();
    let own = i64::try_from(FILE_OWN.as_millis()).unwrap_or(i64::MAX);
    let (kind, id) = (cx.principal.kind.word(), cx.principal.id);
    files.retain(|file| {
        let is_own = file.by.0 == kind && file.by.1 == id && now.saturating_sub(file.clock.millis()) < own;
        if is_own {
            seen.insert(file.id, file.clone());
        }
        !is_own
    });
    let left: Vec<Uuid> = files.iter().map(|file| file.id).collect();
    let held = through_records(store, cx, policy, &left).await?;
    seen.extend(files.into_iter().filter(|file| held.contains(&file.id)).map(|file| (file.id, file)));
    Ok(seen)
}

/// Files held by a record that is seen, in a field that is read.
async fn through_records(store: &Store, cx: &OpContext, policy: &Policy, ids: &[Uuid]) -> Result<HashSet<Uuid>, StoreError> {
    let mut by_object: BTreeMap<ObjectIx, Vec<(Uuid, RecordId)>> = BTreeMap::new();
    for some in ids.chunks(FILES_AT_ONCE) {
        for holder in store.file_holders(cx, some, FILE_HOLDERS_MAX).await? {
            if reads(cx.model.object(holder.object), policy, holder.field) {
                by_object.entry(holder.object).or_default().push((holder.file, holder.record));
            }
        }
    }
    let mut held = HashSet::new();
    for (object, holders) in by_object {
        let records: BTreeSet<RecordId> = holders.iter().map(|(_, record)| *record).collect();
        let there = records_seen(store, cx, policy, object, &records).await?;
        held.extend(holders.into_iter().filter(|(_, record)| there.contains(&record.0)).map(|(file, _)| file));
    }
    Ok(held)
}

/// Whether a field of an object in use is read in clear.
fn reads(object: Option<&Object>, policy: &Policy, field: FieldIx) -> bool {
    let in_use = |object: &&Object| object.state == State::Active;
    object
        .filter(in_use)
        .is_some_and(|object| object.field(field).is_some_and(tenon_model::Field::is_served) && policy.may_read_field(object.ix, field))
}

/// Those of these records that are seen, in the recycle bin too.
async fn records_seen(
    store: &Store,
    cx: &OpContext,
    policy: &Policy,
    object: ObjectIx,
    records: &BTreeSet<RecordId>,
) -> Result<HashSet<Uuid>, StoreError> {
    let Ok(table) = policy.table(&cx.model, object, Action::Read, Place::Nested) else { return Ok(HashSet::new()) };
    let mut params = Params::default();
    let list = params.push(Value::List(records.iter().map(|record| Value::Id(record.0)).collect()));
    let select = Select {
        table,
        filter: Some(Predicate::In { column: ColumnRef::whole(system::ID), list }),
        deleted: Deleted::Include,
        order: Vec::new(),
        window: Window::All,
        output: Output::default(),
        count: None,
    };
    let prepared = store.prepare(&Arc::clone(&cx.model), Read::Select(select))?;
    let Answer::Page(page) = store.read(cx, &prepared, &params).await? else { return Ok(HashSet::new()) };
    Ok(page.rows.into_iter().map(|row| row.id).collect())
}

impl Attempt<'_> {
    /// A record takes a file only from who may see it, or from another record in a merge, and an image field only what is one.
    pub(crate) async fn keep_files(&mut self, object: &Object, works: &mut [Work<'_>]) -> Tried<()> {
        let fields: Vec<&tenon_model::Field> = object.active_fields().filter(|field| field.kind.is_file()).collect();
        if fields.is_empty() {
            return Ok(());
        }
        let mut taken = Vec::new();
        for (at, work) in works.iter().enumerate().filter(|(_, work)| !work.failed) {
            for field in &fields {
                let (before, after) = (work.old.as_ref().map(|old| old.field(field.ix)), work.new.field(field.ix));
                if let (Value::Id(file), true) = (after, before != Some(after)) {
                    taken.push((at, *field, *file));
                }
            }
        }
        if taken.is_empty() {
            return Ok(());
        }
        let is_moved = |at: usize| works.get(at).is_some_and(|work| work.job.of_records);
        let ids = |moved: bool| -> Vec<Uuid> {
            let of = taken.iter().filter(|(at, ..)| is_moved(*at) == moved).map(|(.., file)| *file);
            of.collect::<BTreeSet<_>>().into_iter().collect()
        };
        let (given, moved) = (ids(false), ids(true));
        let store = &self.pipeline.store;
        let mut known = seen(store, self.cx, &self.policy, &given).await?;
        // What a merge moves, or gives back, stood in a record: it need only be there still.
        known.extend(store.files(self.cx.model.tenant, &moved).await?.into_iter().map(|file| (file.id, file)));
        for (at, field, file) in taken {
            let Some(work) = works.get_mut(at) else { continue };
            let name = &field.name;
            let problem = match known.get(&file) {
                None => Problem::invalid(
                    "reference",
                    format!("there is no file with this id for `{name}`"),
                    format!("`{name}` 指定的文件不存在"),
                ),
                Some(found) if field.kind == FieldKind::Image && !DRAWN.contains(&found.mime.as_str()) => Problem::invalid(
                    "file_type",
                    format!("`{name}` takes a PNG, JPEG, GIF or WebP picture"),
                    format!("`{name}` 仅接受 PNG、JPEG、GIF 或 WebP 图片"),
                ),
                Some(_) => continue,
            };
            work.failed = true;
            let path = work.job.path.key(field.graphql.clone());
            self.found.push(work.job.root, problem.object(object.name.as_str()).field(name.as_str()).at(path));
        }
        Ok(())
    }
}
