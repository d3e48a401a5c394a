//! An import from its first byte to its report.

use std::collections::HashSet;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tenon_access::Policy;
use tenon_context::OpContext;
use tenon_diagnostics::{InputPath, Kind, Problem, Problems};
use tenon_model::system;
use tenon_query::{Action, Answer, Batch, BatchMode, ColumnRef, Deleted, OnMatch, Output, Params, Predicate, Read as Plan, RecordInput, Select, Slot, Window, Write};
use tenon_value::{RecordId, Uuid, Value};

use super::bind::{self, Bound, Sink};
use super::chunk::Chunks;
use super::decode::Marks;
use super::error::ImportError;
use super::mapping::{Mapping, Missing};
use super::reader::{Format, Raw, RowReader};
use super::report::{ErrorFile, ImportReport, Progress};
use crate::{BatchRow, Mutation, Pipeline, RecordsError, Status, Step, StepOutcome};

/// What an import is told beside its mapping.
#[derive(Default)]
pub struct ImportOptions<'w> {
    /// The form of the file.
    pub format: Format,
    /// Wins over the mapping's `on_match`.
    pub on_match: Option<OnMatch>,
    /// The object the caller means; another one in the mapping is a mistake.
    pub object: Option<String>,
    /// Bytes of the file, where known: for the time to go.
    pub total_bytes: Option<u64>,
    /// Where rows that fail are written (CSV).
    pub errors: Option<&'w mut (dyn std::io::Write + Send)>,
}

/// An import: by whom, and as what mapping. A context with `dry_run` writes nothing.
#[derive(Clone, Copy)]
pub struct Import<'a> {
    /// The pipeline it goes through.
    pub pipeline: &'a Pipeline,
    /// By whom, into which tenant.
    pub cx: &'a OpContext,
    /// His rights.
    pub policy: &'a Policy,
    /// Which column goes where.
    pub mapping: &'a Mapping,
}

impl<'a> Import<'a> {
    /// Imports a file. `progress` is called after each chunk.
    ///
    /// # Errors
    /// See [`ImportError`]. Bad rows are no errors, they are counted and written to the file of errors.
    pub async fn run<R: Read + Send + 'static>(
        &self,
        source: R,
        options: ImportOptions<'_>,
        progress: &mut (dyn FnMut(&Progress) + Send),
    ) -> Result<ImportReport, ImportError> {
        self.permitted(options.object.as_deref())?;
        let begun = Instant::now();
        let marks = Marks::default();
        let (reading, format, their_marks) = (self.mapping.read.clone(), options.format, marks.clone());
        let reader = blocking(move || RowReader::open(source, format, &reading, their_marks)).await??;
        let headers = reader.headers().map(<[String]>::to_vec);
        let bound = bind::bind(&self.cx.model, self.mapping, headers.as_deref(), options.on_match).map_err(ImportError::Refused)?;
        let Some(object) = self.cx.model.object(bound.object) else { return Err(Problem::of_kind(Kind::NotFound).into()) };
        let order = bound.columns.iter().map(|column| headers.as_ref()?.iter().position(|header| *header == column.header)).collect();
        let errors = ErrorFile::new(options.errors, Some(headers.unwrap_or_else(|| vec!["row".to_owned()])), self.cx.locale);
        let mut chunks = Chunks::new(self, &bound, object, order, errors);
        let rows_max = rows_max(&bound);
        let mut next = read_chunk(reader, rows_max).await?;
        loop {
            let (reader, chunk) = next;
            if chunk.is_empty() {
                break;
            }
            // The file is read on while the database works.
            let ahead = tokio::spawn(read_chunk(reader, rows_max));
            chunks.work(chunk).await?;
            progress(&progress_of(&chunks, &marks, options.total_bytes, begun));
            next = ahead.await.map_err(std::io::Error::other)??;
        }
        let report = chunks.snapshot();
        chunks.errors.finish()?;
        Ok(report)
    }

    fn permitted(&self, object: Option<&str>) -> Result<(), ImportError> {
        if !self.policy.may_import() {
            return Err(Problem::of_kind(Kind::Forbidden).into());
        }
        match object {
            Some(object) if object != self.mapping.object => {
                let meant = &self.mapping.object;
                let problem = Problem::invalid("import/object", format!("the mapping is for `{meant}`, not for `{object}`"), format!("此映射用于 `{meant}`,而非 `{object}`"));
                Err(problem.at(InputPath::default().key("mapping")).into())
            }
            _ => Ok(()),
        }
    }

    /// Rows matched by id: those that are there are updated, the others made with the id they bring. The inputs are given back.
    pub(crate) async fn by_id(&self, bound: &Bound, inputs: Vec<RecordInput>) -> Result<(Vec<BatchRow>, Vec<RecordInput>), ImportError> {
        let (live, deleted) = self.known(bound, &inputs).await?;
        let mut outcomes: Vec<Option<BatchRow>> = inputs.iter().map(|_| None).collect();
        let (mut creates, mut updates, mut restores) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()), Vec::new());
        for (at, input) in inputs.iter().enumerate() {
            let Some(id) = input.id else { continue };
            let record = RecordId(id.0);
            if live.contains(&id.0) && bound.on_match == OnMatch::Skip {
                if let Some(slot) = outcomes.get_mut(at) {
                    *slot = Some(BatchRow { index: at, status: Status::Skipped, id: Some(record), problems: Vec::new() });
                }
            } else if live.contains(&id.0) || deleted.contains(&id.0) {
                if deleted.contains(&id.0) {
                    restores.push((record, input.path.clone()));
                }
                updates.0.push(at);
                updates.1.push((record, None, RecordInput { id: None, ..input.clone() }));
            } else {
                creates.0.push(at);
                creates.1.push(input.clone());
            }
        }
        let batch = |batch| Step { write: Write::Batch(bound.object, batch, BatchMode::Partial), answer: None };
        let mut steps = vec![batch(Batch::Create(creates.1))];
        if !restores.is_empty() {
            steps.push(batch(Batch::Restore(restores)));
        }
        steps.push(batch(Batch::UpdateEach(updates.1)));
        let mutation = Mutation { steps, idempotency: None };
        let done = self.pipeline.write(self.cx, self.policy, &mutation).await?;
        let rows = |outcome: Option<&StepOutcome>| match outcome {
            Some(StepOutcome::Batch { rows, .. }) => rows.clone(),
            _ => Vec::new(),
        };
        for (places, rows) in [(creates.0, rows(done.first())), (updates.0, rows(done.last()))] {
            for (place, row) in places.into_iter().zip(rows) {
                if let Some(slot) = outcomes.get_mut(place) {
                    *slot = Some(BatchRow { index: place, ..row });
                }
            }
        }
        let lost = |index| BatchRow { index, status: Status::Failed, id: None, problems: vec![Problem::of_kind(Kind::Internal)] };
        Ok((outcomes.into_iter().enumerate().map(|(index, row)| row.unwrap_or_else(|| lost(index))).collect(), inputs))
    }

    /// Which ids are live, and which lie in the recycle bin.
    async fn known(&self, bound: &Bound, inputs: &[RecordInput]) -> Result<(HashSet<Uuid>, HashSet<Uuid>), ImportError> {
        let mut params = Params::default();
        let ids = params.push(Value::List(inputs.iter().filter_map(|input| Some(Value::Id(input.id?.0))).collect()));
        let table = self.policy.table(&self.cx.model, bound.object, Action::Read).map_err(|_| ImportError::from(Problem::of_kind(Kind::NotFound)))?;
        let select = Select {
            table,
            filter: Some(Predicate::In { column: ColumnRef::whole(system::ID), list: ids }),
            deleted: Deleted::Include,
            order: Vec::new(),
            window: Window::All,
            output: Output { slots: vec![Slot::Field(system::DELETED_AT)], ..Output::default() },
            count: None,
        };
        let store = &self.pipeline.store;
        let prepared = store.prepare(&Arc::clone(&self.cx.model), Plan::Select(select)).map_err(RecordsError::from)?;
        let Answer::Page(page) = store.read(self.cx, &prepared, &params).await.map_err(RecordsError::from)? else { return Ok(Default::default()) };
        let (live, deleted): (Vec<_>, Vec<_>) = page.rows.into_iter().partition(|row| row.values.first().is_none_or(Value::is_null));
        let ids = |rows: Vec<tenon_query::Row>| rows.into_iter().map(|row| row.id).collect();
        Ok((ids(live), ids(deleted)))
    }
}

/// Rows of a chunk: fewer where rows may make further records, which count too.
fn rows_max(bound: &Bound) -> usize {
    let makes = |sink: &Sink| matches!(sink, Sink::One(to_one) if to_one.missing == Missing::Create);
    let makers = bound.columns.iter().flat_map(|column| &column.ways).filter(|way| makes(&way.sink)).count();
    super::CHUNK_ROWS_MAX / (1 + makers)
}

async fn read_chunk<R: Read + Send + 'static>(mut reader: RowReader<R>, rows_max: usize) -> Result<(RowReader<R>, Vec<Raw>), ImportError> {
    blocking(move || {
        let chunk = reader.chunk(rows_max)?;
        Ok((reader, chunk))
    })
    .await?
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ImportError> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?)
}

fn progress_of(chunks: &Chunks<'_, '_>, marks: &Marks, total_bytes: Option<u64>, begun: Instant) -> Progress {
    let report = chunks.snapshot();
    let seconds = begun.elapsed().as_secs_f64().max(0.001);
    let bytes = marks.read.load(Ordering::Relaxed);
    // Counts of rows and bytes are far below 2^53: nothing is lost.
    let float = |count: u64| count.to_string().parse::<f64>().unwrap_or_default();
    let eta_seconds = total_bytes.filter(|_| bytes > 0).map(|total| seconds * float(total.saturating_sub(bytes)) / float(bytes));
    Progress { rows_per_second: float(report.rows()) / seconds, bytes, total_bytes, eta_seconds, report }
}

/// All problems of a refused import, for doors that show them one by one.
impl ImportError {
    /// The problems, where the mapping, the file or the pipeline has some.
    #[must_use]
    pub fn problems(&self) -> Option<&Problems> {
        match self {
            Self::Refused(problems) | Self::Records(RecordsError::Problems { problems, .. }) => Some(problems),
            _ => None,
        }
    }
}
