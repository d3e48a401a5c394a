//! A whole tenant as a file: taken out, brought in elsewhere, copied.
//!
//! The file is the store's lines under zstd. Secrets travel under a key that lies in a file of its own, so that who finds
//! the archive alone has none of them. Invariant: a file that bears the asked name is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenon_catalog::model_of;
use tenon_context::ActorKind;
use tenon_identity::NewKey;
use tenon_model::Model;
use tenon_store::{ArchiveContent, ArchiveIn, ArchiveOut, ArchiveReport, AuditKind, AuditNote, MetadataRows, TenantInfo};
use tenon_value::{Json, Name, TenantId};
use zstd::stream::{read::Decoder, write::Encoder};

use crate::clock;
use crate::declined::Declined;
use crate::engine::Engine;

/// How hard zstd works: the usual.
const LEVEL: i32 = 3;

/// A tenant to be brought in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRequest {
    /// The archive.
    pub file: PathBuf,
    /// Another name than it had.
    pub name: Option<String>,
    /// As another tenant, beside the first.
    pub anew: bool,
    /// As a sandbox.
    pub sandbox: bool,
    /// Where the key of its secrets lies.
    pub secrets: Option<PathBuf>,
}

/// A tenant to be copied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloneRequest {
    /// The tenant it is copied from.
    pub source: String,
    /// The name of the copy.
    pub name: String,
    /// Records and members as well, not only objects, roles and settings.
    pub data: bool,
    /// As a sandbox.
    pub sandbox: bool,
}

fn assemble(tenant: TenantId, rows: &MetadataRows) -> Option<Model> {
    model_of(tenant, rows).ok()
}

fn counted(tenant: &TenantInfo, report: &ArchiveReport) -> Json {
    json!({
        "tenant": tenant.name, "id": tenant.id.to_string(), "tables": report.tables, "rows": report.rows,
        "secrets": report.secrets, "secretsLeft": report.secrets_left,
        "files": report.blobs, "filesLost": report.blobs_lost,
    })
}

impl Engine {
    /// Writes a tenant into a file. With `secrets`, the key of its secrets into another, readable by its owner only.
    ///
    /// # Errors
    /// Where a file exists already, or cannot be written; where the database fails.
    pub(crate) async fn tenant_export(&self, name: &str, out: &Path, secrets: Option<&Path>) -> anyhow::Result<Json> {
        let tenant = self.tenant_named(name).await?;
        let key: Option<[u8; 32]> = secrets.map(|_| rand::random());
        for path in std::iter::once(out).chain(secrets) {
            if path.try_exists().with_context(|| unwritten(path))? {
                return Err(Declined::conflict("file", format!("`{}` exists already", path.display())).into());
            }
        }
        let context = self.system_context(&tenant).await?;
        let facts = json!({ "tenant": tenant.name, "format": "archive", "secrets": key.is_some() });
        self.store.audit_note(&context, AuditNote::new(AuditKind::Exported).facts(facts)).await?;
        if let (Some(path), Some(key)) = (secrets, &key) {
            let mut file = fresh(path)?;
            writeln!(file, "{}", hex::encode(key)).and_then(|()| file.sync_all()).with_context(|| unwritten(path))?;
        }
        let how = ArchiveOut { content: ArchiveContent::All, secrets: key };
        let report = self.write_archive(&tenant, &how, out).await?;
        Ok(counted(&tenant, &report))
    }

    pub(crate) async fn write_archive(&self, tenant: &TenantInfo, how: &ArchiveOut, out: &Path) -> anyhow::Result<ArchiveReport> {
        let mut part = out.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let mut sink = Encoder::new(fresh(&part)?, LEVEL).with_context(|| unwritten(out))?;
        // A bit that turned would else be a letter of somebody's name.
        sink.include_checksum(true).with_context(|| unwritten(out))?;
        let written = self.store.tenant_take_out(tenant, how, &assemble, &mut sink).await;
        let ended = match written {
            Ok(report) => sink.finish().and_then(|file| file.sync_all()).and_then(|()| fs::rename(&part, out)).map(|()| report),
            Err(error) => {
                drop(sink);
                fs::remove_file(&part).with_context(|| unwritten(&part))?;
                return Err(error.into());
            }
        };
        ended.with_context(|| unwritten(out))
    }

    /// Makes a tenant of a file.
    ///
    /// # Errors
    /// Where the file is no whole archive, its name is taken here, or the database fails; then nothing of it remains.
    pub(crate) async fn tenant_import(&self, request: &ImportRequest) -> anyhow::Result<Json> {
        let secrets = request.secrets.as_deref().map(key_in).transpose()?;
        let how = ArchiveIn {
            name: request.name.clone(),
            anew: request.anew,
            sandbox: request.sandbox.then_some(true),
            secrets,
            created_at: clock::wall(),
        };
        let (tenant, report) = self.read_archive(&request.file, &how).await?;
        Ok(counted(&tenant, &report))
    }

    async fn read_archive(&self, file: &Path, how: &ArchiveIn) -> anyhow::Result<(TenantInfo, ArchiveReport)> {
        if let Some(name) = &how.name {
            Name::check(name).map_err(|reason| Declined::invalid("tenant", format!("`{name}` is no name for a tenant: {reason}")))?;
        }
        let unread = |error| Declined::invalid("file", format!("`{}` cannot be read: {error}", file.display()));
        let source = Decoder::new(File::open(file).map_err(unread)?).map_err(unread)?;
        let brought = self.store.tenant_bring_in(&mut BufReader::new(source), how, &assemble).await?;
        self.identity.forget();
        self.catalog.forget(brought.0.id);
        Ok(brought)
    }

    /// Copies a tenant beside itself: its shape, or all of it. The copy has its own id, key and audit chain.
    ///
    /// # Errors
    /// Where there is no such tenant, the name is taken, or the database fails; then nothing of the copy remains.
    pub(crate) async fn tenant_clone(&self, request: &CloneRequest) -> anyhow::Result<Json> {
        let source = self.tenant_named(&request.source).await?;
        let secrets: Option<[u8; 32]> = Some(rand::random());
        let content = if request.data { ArchiveContent::All } else { ArchiveContent::Metadata };
        let folder = self.uploads.parent().unwrap_or(&self.uploads);
        let between = folder.join(format!("clone-{}.archive", TenantId::generate()));
        self.write_archive(&source, &ArchiveOut { content, secrets }, &between).await?;
        let how = ArchiveIn {
            name: Some(request.name.clone()),
            anew: true,
            sandbox: request.sandbox.then_some(true),
            secrets,
            created_at: clock::wall(),
        };
        let made = self.made_of(&between, &how, request.data).await;
        fs::remove_file(&between).with_context(|| unwritten(&between))?;
        made
    }

    /// Makes another tenant of an archive, with a way in.
    pub(crate) async fn made_of(&self, file: &Path, how: &ArchiveIn, peopled: bool) -> anyhow::Result<Json> {
        let (tenant, report) = self.read_archive(file, how).await?;
        match self.way_in(&tenant, peopled).await {
            Ok(way_in) => {
                let mut said = counted(&tenant, &report);
                if let (Some(said), Json::Object(way_in)) = (said.as_object_mut(), way_in) {
                    said.extend(way_in);
                }
                Ok(said)
            }
            Err(error) => {
                // A tenant that nobody can enter is of no use.
                self.store.tenant_delete(&tenant.name).await?;
                Err(error)
            }
        }
    }

    /// A copy's first key; and its first administrator, unless members came along.
    async fn way_in(&self, tenant: &TenantInfo, peopled: bool) -> anyhow::Result<Json> {
        if !peopled {
            let created = self.first_people(tenant, self.first_administrator(&tenant.name).await?).await?;
            return Ok(json!({ "apiKey": created.api_key, "adminEmail": created.admin_email, "adminPassword": created.admin_password }));
        }
        let context = self.system_context(tenant).await?;
        let roles = vec![tenon_context::Principal::ADMINISTRATOR.to_owned()];
        let first = NewKey { kind: ActorKind::ApiKey, display: "first key".to_owned(), roles, expires_at: None };
        let (key, _) = self.identity.key_make(&context, first).await?;
        Ok(json!({ "apiKey": key.reveal() }))
    }
}

/// A new file that only its owner reads.
fn fresh(path: &Path) -> anyhow::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).with_context(|| unwritten(path))
}

fn unwritten(path: &Path) -> String {
    format!("`{}` cannot be written", path.display())
}

fn key_in(path: &Path) -> anyhow::Result<[u8; 32]> {
    let wrong = |what: String| Declined::invalid("secrets", format!("`{}` holds no key of an archive: {what}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let bytes = hex::decode(text.trim()).map_err(|error| wrong(error.to_string()))?;
    Ok(bytes.try_into().map_err(|_| wrong("it has another length".to_owned()))?)
}
