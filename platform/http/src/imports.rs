//! Imports under way on this server: their state, their files. (Durable jobs that other nodes take over come with the relay.)

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde_json::{Map, json};
use tenon_access::Policy;
use tenon_context::{OpContext, Principal};
use tenon_diagnostics::{Classify, Kind, Problem};
use tenon_graphql::problem_json;
use tenon_records::Pipeline;
use tenon_records::import::{Format, Job, Mapping, Progress, RECORD_BYTES_MAX, Report, import};
use tenon_value::{Json, TenantId, Uuid};
use tokio::sync::Semaphore;

/// Imports remembered at most; of those that ended, the oldest is forgotten for a new one.
pub const IMPORTS_MAX: usize = 200;
/// Imports that run at once; the others wait.
const RUNNING_MAX: usize = 2;
/// Bytes of one row.
pub(crate) const LINE_BYTES_MAX: u64 = RECORD_BYTES_MAX;

/// How far an import is.
#[derive(Clone, Debug)]
enum State {
    Waiting,
    Running,
    Done(Report),
    Failed(Box<Problem>),
}

/// One import.
struct Entry {
    tenant: TenantId,
    /// Who began it: what it says of rows is theirs to read.
    by: Uuid,
    object: String,
    dry_run: bool,
    /// Bytes of its file.
    size: u64,
    errors: PathBuf,
    begun: Instant,
    ended: Option<Instant>,
    progress: Arc<Progress>,
    state: State,
}

impl Entry {
    /// Whether the caller may know of it: who began it, and administrators.
    fn is_of(&self, cx: &OpContext) -> bool {
        self.tenant == cx.model.tenant && (self.by == cx.principal.id || cx.principal.has_role(Principal::ADMINISTRATOR))
    }

    /// How long it has taken so far, or took.
    fn millis(&self) -> u64 {
        let taken = self.ended.unwrap_or_else(Instant::now).duration_since(self.begun);
        u64::try_from(taken.as_millis()).unwrap_or(u64::MAX).max(1)
    }
}

/// An uploaded file: gone when nobody needs it any more, however that came.
#[derive(Debug)]
pub(crate) struct Kept(pub(crate) PathBuf);

impl Drop for Kept {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::warn!("an uploaded file could not be removed: {error}");
        }
    }
}

/// What is to be imported: an uploaded file and its mapping.
pub(crate) struct Upload {
    pub(crate) file: Kept,
    pub(crate) name: String,
    pub(crate) mapping: Mapping,
}

/// The imports of this server. Cheap to clone.
#[derive(Clone)]
pub struct ImportJobs {
    pipeline: Pipeline,
    folder: PathBuf,
    entries: Arc<Mutex<HashMap<Uuid, Entry>>>,
    running: Arc<Semaphore>,
}

impl ImportJobs {
    pub(crate) fn new(pipeline: Pipeline, folder: PathBuf) -> Self {
        Self { pipeline, folder, entries: Arc::default(), running: Arc::new(Semaphore::new(RUNNING_MAX)) }
    }

    /// A new file for an upload.
    pub(crate) async fn new_file(&self) -> std::io::Result<(Kept, tokio::fs::File)> {
        tokio::fs::create_dir_all(&self.folder).await?;
        let path = self.folder.join(format!("{}.upload", Uuid::now_v7()));
        let file = tokio::fs::File::create_new(&path).await?;
        Ok((Kept(path), file))
    }

    /// Begins an import; its id.
    pub(crate) fn begin(&self, cx: OpContext, upload: Upload) -> Result<Uuid, Problem> {
        let id = Uuid::now_v7();
        let size = std::fs::metadata(&upload.file.0).map_or(0, |file| file.len());
        let errors = self.folder.join(format!("{id}.errors.csv"));
        let progress = Arc::new(Progress::default());
        let entry = Entry {
            tenant: cx.model.tenant,
            by: cx.principal.id,
            object: upload.mapping.object().to_owned(),
            dry_run: cx.dry_run,
            size,
            errors: errors.clone(),
            begun: Instant::now(),
            ended: None,
            progress: Arc::clone(&progress),
            state: State::Waiting,
        };
        {
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            make_room(&mut entries)?;
            entries.insert(id, entry);
        }
        tokio::spawn(self.clone().run(id, cx, upload, errors, progress));
        Ok(id)
    }

    async fn run(self, id: Uuid, cx: OpContext, upload: Upload, errors: PathBuf, progress: Arc<Progress>) {
        let Ok(_permit) = self.running.acquire().await else { return };
        self.set(id, State::Running);
        let state = match self.import(&cx, &upload, errors, &progress).await {
            Ok(report) => State::Done(report),
            Err(problem) => State::Failed(problem),
        };
        drop(upload);
        self.set(id, state);
    }

    async fn import(&self, cx: &OpContext, upload: &Upload, errors: PathBuf, progress: &Progress) -> Result<Report, Box<Problem>> {
        let unavailable = |error: std::io::Error| {
            tracing::error!("an import's files cannot be opened: {error}");
            Box::new(Problem::of_kind(Kind::Unavailable))
        };
        let job = Job {
            mapping: upload.mapping.clone(),
            source: Box::new(File::open(&upload.file.0).map_err(unavailable)?),
            format: Format::of_name(&upload.name),
            errors: Box::new(File::create(errors).map_err(unavailable)?),
        };
        let policy = Policy::resolve(&cx.model, &cx.principal);
        import(&self.pipeline, cx, &policy, job, progress).await.map_err(|error| {
            tracing::warn!(request = %cx.request, "an import ended early: {error}");
            Box::new(error.problem())
        })
    }

    fn set(&self, id: Uuid, state: State) {
        if let Some(entry) = self.entries.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&id) {
            entry.ended = matches!(state, State::Done(_) | State::Failed(_)).then(Instant::now);
            entry.state = state;
        }
    }

    /// An import of this tenant, as `GET …/imports/{id}` shows it.
    pub(crate) fn show(&self, cx: &OpContext, id: Uuid) -> Option<Json> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(&id).filter(|entry| entry.is_of(cx))?;
        let (word, report) = match &entry.state {
            State::Waiting => ("WAITING", entry.progress.report()),
            State::Running => ("RUNNING", entry.progress.report()),
            State::Done(report) => ("DONE", report.clone()),
            State::Failed(_) => ("FAILED", entry.progress.report()),
        };
        let mut shown = Map::new();
        for (key, value) in
            [("id", json!(id.to_string())), ("state", json!(word)), ("object", json!(entry.object)), ("dryRun", json!(entry.dry_run))]
        {
            shown.insert(key.to_owned(), value);
        }
        shown.extend(counts(&report));
        shown.extend(pace(entry, &report));
        if let State::Failed(problem) = &entry.state {
            let error = problem_json(problem, cx.locale, &cx.request);
            let mut members = error.get("extensions").and_then(Json::as_object).cloned().unwrap_or_default();
            members.insert("message".to_owned(), error.get("message").cloned().unwrap_or_default());
            shown.insert("error".to_owned(), Json::Object(members));
        }
        Some(Json::Object(shown))
    }

    /// The error file of an import of this tenant.
    pub(crate) fn errors(&self, cx: &OpContext, id: Uuid) -> Option<PathBuf> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(&id).filter(|entry| entry.is_of(cx)).map(|entry| entry.errors.clone())
    }
}

/// Forgets the oldest import that has ended, if there are too many.
fn make_room(entries: &mut HashMap<Uuid, Entry>) -> Result<(), Problem> {
    if entries.len() < IMPORTS_MAX {
        return Ok(());
    }
    let ended = entries.iter().filter(|(_, entry)| matches!(entry.state, State::Done(_) | State::Failed(_)));
    let Some(oldest) = ended.min_by_key(|(_, entry)| entry.begun).map(|(id, _)| *id) else {
        let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        return Err(Problem::exhausted("imports", count, count + 1));
    };
    if let Some(entry) = entries.remove(&oldest)
        && let Err(error) = std::fs::remove_file(&entry.errors)
    {
        tracing::debug!("an old error file could not be removed: {error}");
    }
    Ok(())
}

fn counts(report: &Report) -> Map<String, Json> {
    let replaced: Vec<Json> = report
        .replaced
        .iter()
        .map(|(column, from, to, count)| json!({ "column": column, "from": from, "to": to, "count": count }))
        .collect();
    let missing: Vec<Json> = report.missing.iter().map(|(column, count)| json!({ "column": column, "count": count })).collect();
    let counts = json!({
        "total": report.rows(), "created": report.created, "updated": report.updated, "unchanged": report.unchanged,
        "skipped": report.skipped, "failed": report.failed, "replaced": replaced, "missing": missing,
    });
    counts.as_object().cloned().unwrap_or_default()
}

/// Rows a second, and the seconds left by the bytes left; of an import that has ended, the rows a second it made.
fn pace(entry: &Entry, report: &Report) -> Map<String, Json> {
    let millis = entry.millis();
    let bytes = entry.progress.bytes();
    let running = matches!(entry.state, State::Running);
    let eta = (running && bytes > 0).then(|| entry.size.saturating_sub(bytes) * millis / bytes / 1000);
    let eta = if matches!(entry.state, State::Done(_)) { Some(0) } else { eta };
    let rows_per_second = (!matches!(entry.state, State::Waiting)).then(|| report.rows() * 1000 / millis);
    let pace = json!({ "rowsPerSecond": rows_per_second, "etaSeconds": eta });
    pace.as_object().cloned().unwrap_or_default()
}
