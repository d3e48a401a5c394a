//! A file being received for a job: kept in pieces as it comes, gone again if it does not come to its end.

use tenon_automation::{DATA, PIECE_BYTES, piece};
use tenon_context::OpContext;
use tenon_diagnostics::Problem;
use tenon_records::import::{Format, RECORD_BYTES_MAX, XLSX_BYTES_MAX};
use tenon_store::{NewJob, Store, StoreError};
use tenon_value::{Json, TenantId, Uuid};

/// Bytes of a file that is imported (`import_bytes`).
pub(crate) const IMPORT_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// A file on its way in.
pub(crate) struct Receiving {
    store: Store,
    tenant: TenantId,
    job: Uuid,
    format: Format,
    waiting: Vec<u8>,
    pieces: i64,
    bytes: u64,
    line: u64,
    /// Bytes of the line at hand.
    length: u64,
    whole: bool,
}

/// Why a file is received no further.
pub(crate) enum Refused {
    Store(StoreError),
    Problem(Box<Problem>),
}

impl Refused {
    pub(crate) fn problem(self, told: &dyn Fn(&StoreError) -> Problem) -> Problem {
        match self {
            Self::Store(error) => told(&error),
            Self::Problem(problem) => *problem,
        }
    }
}

impl Receiving {
    /// A job of this kind that waits for its file.
    pub(crate) async fn begin(store: Store, cx: &OpContext, (kind, format): (&'static str, Format)) -> Result<Self, StoreError> {
        let job = NewJob { receiving: true, ..NewJob::new(cx, kind, Json::Null) };
        let tenant = cx.model.tenant;
        store.job_put(tenant, &job).await?;
        let (waiting, pieces, bytes, line, length, whole) = (Vec::new(), 0, 0, 1, 0, false);
        Ok(Self { store, tenant, job: job.id, format, waiting, pieces, bytes, line, length, whole })
    }

    /// Bytes received so far.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes what has come.
    pub(crate) async fn take(&mut self, chunk: &[u8]) -> Result<(), Refused> {
        self.bytes += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        let (limit, max) = match self.format {
            Format::Xlsx => ("xlsx_bytes", XLSX_BYTES_MAX),
            Format::Csv | Format::Jsonl | Format::Parquet => ("import_bytes", IMPORT_BYTES_MAX),
        };
        if self.bytes > max {
            return Err(Refused::Problem(Box::new(Problem::exhausted(limit, max, self.bytes))));
        }
        self.watch(chunk)?;
        self.waiting.extend_from_slice(chunk);
        while self.waiting.len() >= PIECE_BYTES {
            let rest = self.waiting.split_off(PIECE_BYTES);
            let full = std::mem::replace(&mut self.waiting, rest);
            self.keep(&full).await?;
        }
        Ok(())
    }

    /// A file that is one line is refused while it comes: no row may be longer than a line may.
    fn watch(&mut self, chunk: &[u8]) -> Result<(), Refused> {
        if matches!(self.format, Format::Xlsx | Format::Parquet) {
            return Ok(());
        }
        for (at, part) in chunk.split(|byte| *byte == b'\n').enumerate() {
            if at > 0 {
                self.line += 1;
                self.length = 0;
            }
            self.length += u64::try_from(part.len()).unwrap_or(u64::MAX);
            if self.length > RECORD_BYTES_MAX {
                let problem = Problem::exhausted("line_bytes", RECORD_BYTES_MAX, self.length).with("line", self.line);
                return Err(Refused::Problem(Box::new(problem)));
            }
        }
        Ok(())
    }

    async fn keep(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let number = self.pieces;
        self.pieces += 1;
        self.store.job_part_put(self.tenant, self.job, (DATA, number), piece(bytes)).await.map_err(Refused::Store)
    }

    /// The file has come to its end.
    pub(crate) async fn flush(&mut self) -> Result<(), Refused> {
        let rest = std::mem::take(&mut self.waiting);
        if rest.is_empty() { Ok(()) } else { self.keep(&rest).await }
    }

    /// Everything is there: the job may begin.
    pub(crate) async fn finish(mut self, payload: &Json) -> Result<Uuid, StoreError> {
        self.store.job_received(self.tenant, self.job, payload).await?;
        self.whole = true;
        Ok(self.job)
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        if self.whole {
            return;
        }
        let (store, tenant, job) = (self.store.clone(), self.tenant, self.job);
        // Who sends it may be gone; so this goes on by itself.
        tokio::spawn(async move {
            if let Err(error) = store.job_drop(tenant, job).await {
                tracing::warn!(%tenant, %job, %error, "a file that was not received whole is still kept");
            }
        });
    }
}
