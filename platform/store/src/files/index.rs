//! The index: files come, are looked up, and are read.

use std::ops::Range;

use bytes::Bytes;
use futures::Stream;
use tenon_context::OpContext;
use tenon_model::{FieldIx, ObjectIx};
use tenon_value::{RecordId, TenantId, Uuid, Value, fold};

use super::blobs::Picture;
use super::contract::{FileHolder, NewFile, StoredFile};
use super::staging::{Staged, Staging};
use super::{LOCK, among};
use crate::credentials::law::LawTx;
use crate::db::{Arg, Kind, Scalar, Shape};
use crate::metadata::change::lock_key;
use crate::quota::within;
use crate::{Quota, Store, StoreError};

const COLUMNS: &str = "f.\"id\", f.\"name\", f.\"mime\", f.\"size\", f.\"sha256\", f.\"by_kind\", f.\"by_id\", f.\"at\", f.\"clock\"";
const SHAPES: [Shape; 9] =
    [Shape::Id, Shape::Text, Shape::Text, Shape::Int, Shape::Text, Shape::Text, Shape::Id, Shape::DateTime, Shape::DateTime];

fn stored(row: Vec<Value>) -> Option<StoredFile> {
    let [id, name, mime, size, sha256, by_kind, by_id, at, clock] = <[Value; 9]>::try_from(row).ok()?;
    let text = |value: Value| if let Value::Text(text) = value { Some(text) } else { None };
    let moment = |value: Value| if let Value::DateTime(at) = value { Some(at) } else { None };
    Some(StoredFile {
        id: id.as_id()?,
        name: text(name)?,
        mime: text(mime)?,
        size: u64::try_from(size.as_int()?).ok()?,
        sha256: text(sha256)?,
        by: (text(by_kind)?, by_id.as_id()?),
        at: moment(at)?,
        clock: moment(clock)?,
    })
}

impl Store {
    /// Begins an upload of at most `file_bytes`; its caller counts.
    ///
    /// # Errors
    /// `Full`, `Unavailable`.
    pub async fn file_stage(&self, cx: &OpContext) -> Result<Staging, StoreError> {
        self.inner.blobs.stage(cx.model.tenant).await
    }

    /// Bytes of a file at most (`file_bytes`).
    #[must_use]
    pub fn file_bytes_max(&self) -> u64 {
        self.inner.config.limits.file_bytes
    }

    /// The secret that links to files are signed with; made once per installation.
    ///
    /// # Errors
    /// What the database says.
    pub async fn file_secret(&self) -> Result<[u8; 32], StoreError> {
        self.inner.system.secret("files").await
    }

    /// Throws an upload away that has come whole.
    ///
    /// # Errors
    /// `Unavailable`; then the sweep does it.
    pub async fn file_discard(&self, staged: Staged) -> Result<(), StoreError> {
        self.inner.blobs.remove(&staged.path).await
    }

    /// Puts an upload into the index. Its bytes are on disk under their name before its row is.
    ///
    /// # Errors
    /// `Quota` (`files_bytes`) where the tenant has no more room; `Full`, what the database says. The upload is gone then.
    pub async fn file_keep(&self, cx: &OpContext, new: NewFile, staged: Staged) -> Result<StoredFile, StoreError> {
        let path = staged.path.clone();
        let kept = self.publish(cx, new, staged).await;
        if kept.is_err()
            && let Err(error) = self.inner.blobs.remove(&path).await
        {
            tracing::warn!(%error, "an upload that was refused stays until the sweep");
        }
        kept
    }

    async fn publish(&self, cx: &OpContext, new: NewFile, staged: Staged) -> Result<StoredFile, StoreError> {
        let tenant = cx.model.tenant;
        let max = self.quota(tenant, Quota::FilesBytes).await?;
        let mut tx = self.file_lock(tenant).await?;
        let sql = format!("select cast(coalesce(sum(f.\"size\"), 0) as bigint) from {} as f", tx.table("file"));
        let rows = tx.ask(&sql, &[], &[Shape::Int]).await?;
        let used = rows.first().and_then(|row| row.first()).and_then(Value::as_int).and_then(|used| u64::try_from(used).ok());
        if let Err(over) = within(Quota::FilesBytes, max, (used.unwrap_or_default(), staged.size())) {
            tx.rollback().await?;
            return Err(over);
        }
        self.inner.blobs.publish(tenant, &staged.path, &staged.sha256).await?;
        let clock = self.machine_time();
        let file = StoredFile {
            id: new.id,
            name: new.name,
            mime: new.mime,
            size: staged.size(),
            sha256: staged.sha256,
            by: (cx.principal.kind.word().to_owned(), cx.principal.id),
            at: cx.now,
            clock,
        };
        let sql = format!(
            "insert into {} (\"id\", \"name\", \"fold\", \"mime\", \"size\", \"sha256\", \"by_kind\", \"by_id\", \"at\", \"clock\", \"since\", \"was_held\") \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)",
            tx.table("file")
        );
        let args = [
            Arg::id(file.id),
            Arg::text(file.name.clone()),
            Arg::text(fold(&file.name)),
            Arg::text(file.mime.clone()),
            Arg::int(i64::try_from(file.size).unwrap_or(i64::MAX)),
            Arg::text(file.sha256.clone()),
            Arg::text(file.by.0.clone()),
            Arg::id(file.by.1),
            Arg::moment(file.at),
            Arg::moment(clock),
            Arg::One(Kind::Bool, Scalar::Bool(false)),
        ];
        tx.tell(&sql, &args).await?;
        tx.commit().await?;
        Ok(file)
    }

    /// A transaction in which nobody else publishes or removes bytes of the tenant.
    pub(super) async fn file_lock(&self, tenant: TenantId) -> Result<LawTx, StoreError> {
        let mut tx = self.law(tenant).await?;
        if tx.is_postgres() {
            let lock = lock_key(tenant).wrapping_add(LOCK);
            tx.ask("select 1 from (select pg_advisory_xact_lock($1)) as l", &[Arg::int(lock)], &[Shape::Int]).await?;
        }
        Ok(tx)
    }

    /// Files of the tenant by their ids, in no order; whoever asks must know whether they may be seen.
    ///
    /// # Errors
    /// What the database says.
    pub async fn files(&self, tenant: TenantId, ids: &[Uuid]) -> Result<Vec<StoredFile>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let named = among(self.dialect(), "f.\"id\"", "$1", Kind::Id);
        let sql = format!("select {COLUMNS} from {} as f where {named}", self.fixture(tenant, "file"));
        let rows = self.ask(tenant, &sql, &[Arg::ids(ids.iter().copied())], &SHAPES).await?;
        Ok(rows.into_iter().filter_map(stored).collect())
    }

    /// Records that hold files, at most so many, as far as the model knows their objects and fields.
    ///
    /// # Errors
    /// What the database says.
    pub async fn file_holders(&self, cx: &OpContext, files: &[Uuid], max: u32) -> Result<Vec<FileHolder>, StoreError> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let tenant = cx.model.tenant;
        let named = among(self.dialect(), "h.\"file\"", "$1", Kind::Id);
        let sql = format!(
            "select h.\"file\", h.\"object\", h.\"field\", h.\"record\" from {} as h where {named} order by h.\"file\", h.\"record\" limit {max}",
            self.fixture(tenant, "file_holder")
        );
        let args = [Arg::ids(files.iter().copied())];
        let rows = self.ask(tenant, &sql, &args, &[Shape::Id, Shape::Text, Shape::Text, Shape::Id]).await?;
        let holder = |row: &Vec<Value>| {
            let (table, column) = (row.get(1)?.as_text()?, row.get(2)?.as_text()?);
            let object = cx.model.objects.iter().find(|object| object.table == table)?;
            let field = object.fields.iter().find(|field| field.columns.first().is_some_and(|known| known.name == column))?;
            Some(FileHolder { file: row.first()?.as_id()?, object: object.ix, field: field.ix, record: RecordId(row.get(3)?.as_id()?) })
        };
        Ok(rows.iter().filter_map(holder).collect())
    }

    /// The files a record holds, each with its field.
    ///
    /// # Errors
    /// What the database says.
    pub async fn files_held(&self, cx: &OpContext, object: ObjectIx, record: RecordId) -> Result<Vec<(FieldIx, Uuid)>, StoreError> {
        let Some(object) = cx.model.object(object) else { return Ok(Vec::new()) };
        let tenant = cx.model.tenant;
        let sql = format!(
            "select h.\"file\", h.\"field\" from {} as h where h.\"object\" = $1 and h.\"record\" = $2 order by h.\"field\"",
            self.fixture(tenant, "file_holder")
        );
        let args = [Arg::text(object.table.clone()), Arg::id(record.0)];
        let rows = self.ask(tenant, &sql, &args, &[Shape::Id, Shape::Text]).await?;
        let held = |row: &Vec<Value>| {
            let column = row.get(1)?.as_text()?;
            let field = object.fields.iter().find(|field| field.columns.first().is_some_and(|known| known.name == column))?;
            Some((field.ix, row.first()?.as_id()?))
        };
        Ok(rows.iter().filter_map(held).collect())
    }

    /// Bytes of a file, a piece at a time.
    pub fn file_read(
        &self,
        tenant: TenantId,
        file: &StoredFile,
        range: Range<u64>,
    ) -> impl Stream<Item = Result<Bytes, StoreError>> + use<> {
        self.inner.blobs.read(tenant, &file.sha256, range)
    }

    /// A file for a decoder of pictures.
    ///
    /// # Errors
    /// `Unavailable`, `FileGone`.
    pub async fn file_picture(&self, tenant: TenantId, file: &StoredFile) -> Result<Box<dyn Picture>, StoreError> {
        self.inner.blobs.picture(tenant, &file.sha256).await
    }

    /// What was drawn of a file before.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn file_thumbnail(&self, tenant: TenantId, file: &StoredFile, width: u32) -> Result<Option<Bytes>, StoreError> {
        self.inner.blobs.thumbnail(tenant, &file.sha256, width).await
    }

    /// Keeps what was drawn of a file.
    ///
    /// # Errors
    /// `Full`, `Unavailable`.
    pub async fn file_thumbnail_keep(&self, tenant: TenantId, file: &StoredFile, width: u32, bytes: Bytes) -> Result<(), StoreError> {
        self.inner.blobs.keep_thumbnail(tenant, &file.sha256, width, bytes).await
    }
}
