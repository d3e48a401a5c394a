//! Planned root fields → answers → bytes.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use tenon_context::OpContext;
use tenon_diagnostics::{Problem, Problems};
use tenon_identity::Identity;
use tenon_model::ObjectIx;
use tenon_query::{Answer, Page, Param, Params, Read, Row};
use tenon_records::RecordsError;
use tenon_store::{AuditKind, AuditNote, Prepared, Store, StoreError};
use tenon_value::{Json, RecordId, Uuid, Value};

use crate::documents::{Documents, Valid, told};
use crate::explain::{self, Question};
use crate::files::FileLinks;
use crate::jobs::{self, JobsAsked};
use crate::lower::{Named, Planned, Root, Work};
use crate::respond::Errors;
use crate::shape::{GroupShape, KeyRecords, Out, ReadInClear, Scene};
use crate::stack::deep;

/// A place to read in that is not the store's own: a transaction under way.
#[async_trait]
pub(crate) trait Elsewhere: Send + Sync {
    /// Runs a read there.
    async fn read(&self, prepared: &Prepared, params: &Params) -> Result<Answer, StoreError>;
}

/// Reads for one request.
pub(crate) struct Reader<'a> {
    pub(crate) store: &'a Store,
    pub(crate) documents: &'a Documents,
    pub(crate) valid: &'a Valid,
    pub(crate) cx: &'a OpContext,
    /// Who knows the other members.
    pub(crate) identity: Option<&'a Identity>,
    /// How links to files are made.
    pub(crate) files: FileLinks,
    /// How deep the document nests.
    pub(crate) levels: usize,
    /// Where it reads, if not in the store.
    pub(crate) elsewhere: Option<&'a dyn Elsewhere>,
}

/// Merges followed from one old id to another (`merges_followed`).
const MERGES_FOLLOWED_MAX: usize = 20;

fn rows(answer: Answer) -> Page {
    match answer {
        Answer::Page(page) => page,
        Answer::Groups(_) => Page::default(),
    }
}

impl Reader<'_> {
    /// The statements of a plan.
    pub(crate) fn prepare(&self, read: Read) -> Result<Arc<Prepared>, StoreError> {
        let prepare = || self.documents.prepare(self.store, &self.valid.schema, read);
        deep(self.levels, prepare).unwrap_or(Err(StoreError::Busy))
    }

    async fn answer(&self, planned: Planned) -> Result<Answer, StoreError> {
        self.run(&*self.prepare(planned.read)?, &planned.params).await
    }

    async fn run(&self, prepared: &Prepared, params: &Params) -> Result<Answer, StoreError> {
        match self.elsewhere {
            Some(place) => place.read(prepared, params).await,
            None => self.store.read(self.cx, prepared, params).await,
        }
    }

    async fn page(&self, planned: Planned) -> Result<Page, StoreError> {
        self.answer(planned).await.map(rows)
    }

    /// The record that is named; where that one went into another, the other, if it is seen.
    async fn one(&self, planned: Planned, named: Option<Named>) -> Result<Page, StoreError> {
        let (prepared, mut params) = (self.prepare(planned.read)?, planned.params);
        let mut page = rows(self.run(&prepared, &params).await?);
        let Some(Named { param, mut id }) = named else { return Ok(page) };
        for _ in 0..MERGES_FOLLOWED_MAX {
            if !page.rows.is_empty() {
                break;
            }
            let Some(survivor) = self.store.survivor_of(self.cx.model.tenant, id).await? else { break };
            id = survivor;
            if let Param::Request(place) = param {
                params.put(place, Value::Id(id.0));
            }
            page = rows(self.run(&prepared, &params).await?);
        }
        Ok(page)
    }

    /// The rows of ids put into the first parameter of a plan.
    pub(crate) async fn rows_of(&self, mut planned: Planned, ids: Vec<Uuid>) -> Result<HashMap<Uuid, Row>, StoreError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        if let Some(list) = planned.params.0.first_mut() {
            *list = Value::List(ids.into_iter().map(Value::Id).collect());
        }
        Ok(self.page(planned).await?.rows.into_iter().map(|row| (row.id, row)).collect())
    }

    /// The data of a query, with the fields that each root field took. `StaleModel` is for the caller; everything else
    /// becomes errors with their paths.
    pub(crate) async fn query(&self, roots: Vec<Root<'_>>, errors: &mut Errors) -> Result<(Vec<u8>, Vec<u64>), StoreError> {
        let settings = &self.valid.schema.model.settings;
        let scene = Scene { locale: self.cx.locale, base_currency: &settings.base_currency, files: &self.files };
        let mut out = Out::begin();
        let mut is_null = false;
        let mut taken = Vec::with_capacity(roots.len());
        out.raw("{");
        for (at, root) in roots.into_iter().enumerate() {
            if at > 0 {
                out.raw(",");
            }
            let before = out.fields;
            out.fields += 1;
            out.text(root.key);
            out.raw(":");
            let place = Some((root.key, root.location));
            let done = match root.work {
                Ok(Work::Question(of, question, subs)) => match self.question(of, question).await {
                    Ok(Ok(json)) => {
                        let type_name = if json.is_array() { "AccessHolder" } else { "AccessExplanation" };
                        out.json(&explain::project(&json, &subs, type_name));
                        Ok(())
                    }
                    Ok(Err(problem)) => Err(problem.into()),
                    Err(error) => return Err(error),
                },
                Ok(Work::Called(call, shape)) => match self.documents.ask_plugin(self.cx, &self.valid.schema.policy, &call).await {
                    Ok(json) => {
                        out.called(&shape, &json);
                        Ok(())
                    }
                    Err(RecordsError::Problems { problems, .. }) => Err(problems),
                    Err(RecordsError::StaleModel) => return Err(StoreError::StaleModel),
                    Err(RecordsError::Store(error)) => Err(told(&error).into()),
                },
                Ok(work) => match self.root(work, &mut out, &scene).await {
                    Ok(()) if out.overflow => Err(overflow().into()),
                    Ok(()) => Ok(()),
                    Err(StoreError::StaleModel) => return Err(StoreError::StaleModel),
                    Err(error) => Err(told(&error).into()),
                },
                // Refused before anything ran, see `refused`.
                Err(problems) => Err::<(), Problems>(problems),
            };
            if let Err(problems) = done {
                errors.add(self.cx, place, &problems);
                out.overflow = false;
                out.null();
                is_null |= !root.nullable;
            }
            taken.push(out.fields - before);
        }
        out.raw("}");
        self.note(&out.clear);
        Ok((if is_null { b"null".to_vec() } else { out.bytes }, taken))
    }

    async fn question(&self, (object, id): (ObjectIx, RecordId), question: Question) -> Result<Result<Json, Problem>, StoreError> {
        match Box::pin(explain::answer(self, object, id, question)).await {
            Ok(json) => Ok(Ok(json)),
            Err(unanswered) => explain::problem(unanswered).map(Err),
        }
    }

    /// Tells the audit what was read in clear.
    pub(crate) fn note(&self, clear: &ReadInClear) {
        if let Some((object, facts)) = clear.facts(&self.cx.model) {
            self.store.audit_soon(self.cx, AuditNote::new(AuditKind::ReadInClear).about(&object, None).facts(facts));
        }
    }

    #[tracing::instrument(name = "graphql.read", skip_all)]
    async fn root(&self, work: Work<'_>, out: &mut Out, scene: &Scene<'_>) -> Result<(), StoreError> {
        match work {
            Work::Fixed(json) => out.json(&json),
            // Answered before, see `query`.
            Work::Question(..) | Work::Called(..) => out.null(),
            Work::Jobs(asked, subs) => {
                let found = jobs::find(self.store, self.cx, &asked).await?;
                out.json(&jobs::project(&found, &subs, if matches!(asked, JobsAsked::One(_)) { "Job" } else { "JobConnection" }));
            }
            Work::One(planned, shape, named) => {
                let page = self.one(planned, named).await?;
                out.record(&shape, page.rows.first(), scene);
            }
            Work::Page(planned, shape) => {
                let page = self.page(planned).await?;
                out.page(&shape, &page, scene);
            }
            Work::Groups(planned, shape) => self.groups(planned, *shape, out, scene).await?,
            Work::Search(mut found) => {
                let mut rows = Vec::with_capacity(found.objects.len());
                for one in &mut found.objects {
                    let planned = Planned { read: one.planned.read.clone(), params: std::mem::take(&mut one.planned.params) };
                    rows.push(self.page(planned).await?.rows);
                }
                out.hits(&found, &rows, scene);
            }
            Work::Records(reads, order) => {
                let mut found = Vec::with_capacity(reads.len());
                for (planned, shape) in reads {
                    let rows = self.page(planned).await?.rows;
                    found.push((shape, rows.into_iter().map(|row| (row.id, row)).collect::<HashMap<Uuid, Row>>()));
                }
                out.list(order, |out, (group, id)| {
                    let found = group.and_then(|group| found.get(group));
                    match found.and_then(|(shape, rows)| Some((shape, rows.get(&id)?))) {
                        Some((shape, row)) => out.record(shape, Some(row), scene),
                        None => out.null(),
                    }
                });
            }
        }
        Ok(())
    }

    async fn groups(&self, planned: Planned, mut shape: GroupShape<'_>, out: &mut Out, scene: &Scene<'_>) -> Result<(), StoreError> {
        let groups = match self.answer(planned).await? {
            Answer::Groups(groups) => groups,
            Answer::Page(_) => Vec::new(),
        };
        let mut records = KeyRecords::with_capacity(shape.records.len());
        for (key, planned, _) in &mut shape.records {
            let mut ids: Vec<Uuid> = groups.iter().filter_map(|group| group.keys.get(*key)?.as_id()).collect();
            ids.sort_unstable();
            ids.dedup();
            let planned = Planned { read: planned.read.clone(), params: std::mem::take(&mut planned.params) };
            records.push(self.rows_of(planned, ids).await?);
        }
        out.groups(&shape, &groups, &records, scene);
        Ok(())
    }
}

/// What is wrong with the inputs of root fields: then nothing is executed.
pub(crate) fn refused(cx: &OpContext, roots: &[Root<'_>]) -> Errors {
    let mut errors = Errors::default();
    for root in roots {
        if let Err(problems) = &root.work {
            errors.add(cx, Some((root.key, root.location)), problems);
        }
    }
    errors
}

fn overflow() -> Problem {
    Problem::invalid("overflow", "a sum is larger than `Long` can hold", "合计超出 `Long` 的范围")
}
