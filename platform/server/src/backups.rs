//! Backups: archives of tenants in a folder, taken by hand or regularly, and tenants made of them again.
//!
//! `FOLDER/NAME/2026-11-22T14-00-00.000Z.tenant`: an archive as `tenant export` writes it, its secrets under a key of the
//! installation. Invariants: a file with that ending is whole; a tenant made of a backup is another one, and the tenant it was
//! taken of is not touched; the moments that can be reached are those of the backups, and no other is taken for one.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenon_store::{ArchiveContent, ArchiveIn, ArchiveOut, TenantInfo};
use tenon_value::{DateTime, Json, Name};
use tokio::sync::watch;

use crate::clock;
use crate::declined::Declined;
use crate::engine::Engine;

/// How files of backups end.
const ENDING: &str = ".tenant";
/// Between two looks for tenants whose backup is due.
const LOOK: Duration = Duration::from_secs(60);

/// How often backups are taken by the server itself, and for how long they are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupPlan {
    /// From one to the next.
    pub every: Duration,
    /// How long each is kept; the newest of a tenant stays for as long as the tenant is there.
    pub keep: Duration,
}

/// A tenant to be made of a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreRequest {
    /// The tenant it was taken of.
    pub source: String,
    /// The moment of the backup.
    pub at: String,
    /// The name of the new tenant.
    pub name: String,
    /// As a sandbox.
    pub sandbox: bool,
}

/// A backup that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Backup {
    at: DateTime,
    path: PathBuf,
    bytes: u64,
}

impl Engine {
    /// Takes a backup of a tenant as it is now. Work in it goes on.
    ///
    /// # Errors
    /// Where there is none of this name, a backup of it is being taken, or the folder or database fails.
    pub(crate) async fn tenant_backup(&self, name: &str) -> anyhow::Result<Json> {
        let tenant = self.tenant_named(name).await?;
        let folder = self.folder_of(name)?;
        let Some(_alone) = alone(&folder)? else {
            return Err(Declined::conflict("backup", format!("a backup of `{name}` is being taken")).into());
        };
        self.back_up(&tenant, &folder).await
    }

    /// The backups of a tenant, of one that was removed as well, the oldest first.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub(crate) fn tenant_backups(&self, name: &str) -> anyhow::Result<Json> {
        let line = |backup: &Backup| json!({ "tenant": name, "at": backup.at.to_string(), "bytes": backup.bytes });
        Ok(found(&self.folder_of(name)?)?.iter().map(line).collect())
    }

    /// Makes another tenant of a backup.
    ///
    /// # Errors
    /// Where no backup is of that moment, the name is taken, or the archive is damaged; then nothing of it remains.
    pub(crate) async fn tenant_restore(&self, request: &RestoreRequest) -> anyhow::Result<Json> {
        let wanted: DateTime = request
            .at
            .parse()
            .map_err(|_| Declined::invalid("at", format!("`{}` is no moment such as `2026-11-22T14:00:00.000Z`", request.at)))?;
        let backups = found(&self.folder_of(&request.source)?)?;
        let Some(backup) = backups.iter().find(|backup| backup.at == wanted) else {
            return Err(Declined::invalid("backup_moment", no_such_moment(&request.source, wanted, &backups)).into());
        };
        let how = ArchiveIn {
            name: Some(request.name.clone()),
            anew: true,
            sandbox: request.sandbox.then_some(true),
            secrets: Some(self.store.backup_secret().await?),
            created_at: clock::wall(),
        };
        self.made_of(&backup.path, &how, true).await
    }

    async fn back_up(&self, tenant: &TenantInfo, folder: &Path) -> anyhow::Result<Json> {
        remove_ending(folder, ".part")?;
        let at = (self.clock)();
        let path = folder.join(format!("{}{ENDING}", file_name(at)));
        let how = ArchiveOut { content: ArchiveContent::All, secrets: Some(self.store.backup_secret().await?) };
        let report = self.write_archive(tenant, &how, &path).await?;
        let bytes = fs::metadata(&path).with_context(|| unread(&path))?.len();
        Ok(json!({
            "tenant": tenant.name, "at": at.to_string(), "bytes": bytes, "tables": report.tables, "rows": report.rows,
            "files": report.blobs, "filesLost": report.blobs_lost,
        }))
    }

    /// Takes the backups that are due and removes those that have been kept for long enough.
    ///
    /// # Errors
    /// Where the folder or the list of tenants cannot be read. What fails for one tenant is left for the next time.
    pub async fn backups_walk(&self, plan: BackupPlan) -> anyhow::Result<()> {
        let tenants = self.store.tenants().await?;
        for tenant in &tenants {
            if let Err(error) = self.back_up_if_due(tenant, plan).await {
                tracing::warn!(tenant = tenant.name, "no backup was taken: {error:#}");
            }
        }
        let folders = match fs::read_dir(&self.backups) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            folders => folders.with_context(|| unread(&self.backups))?,
        };
        for folder in folders {
            let folder = folder.with_context(|| unread(&self.backups))?.path();
            let lives = tenants.iter().any(|tenant| folder.ends_with(&tenant.name));
            expire(&folder, before((self.clock)(), plan.keep), lives)?;
        }
        Ok(())
    }

    async fn back_up_if_due(&self, tenant: &TenantInfo, plan: BackupPlan) -> anyhow::Result<()> {
        let folder = self.folder_of(&tenant.name)?;
        // Another node may be at it: it has taken one when its lock is free.
        let Some(_alone) = alone(&folder)? else { return Ok(()) };
        let due = before((self.clock)(), plan.every);
        if found(&folder)?.last().is_none_or(|newest| newest.at <= due) {
            self.back_up(tenant, &folder).await?;
        }
        Ok(())
    }

    fn folder_of(&self, name: &str) -> anyhow::Result<PathBuf> {
        Name::check(name).map_err(|reason| Declined::invalid("tenant", format!("`{name}` is no name for a tenant: {reason}")))?;
        Ok(self.backups.join(name))
    }
}

/// Takes backups for as long as the server runs.
pub(crate) async fn run(engine: std::sync::Arc<Engine>, plan: BackupPlan, mut stop: watch::Receiver<bool>) {
    while tokio::time::timeout(LOOK, stop.wait_for(|stop| *stop)).await.is_err() {
        if let Err(error) = engine.backups_walk(plan).await {
            tracing::warn!("backups: {error:#}");
        }
    }
}

fn no_such_moment(source: &str, wanted: DateTime, backups: &[Backup]) -> String {
    let earlier = backups.iter().rev().find(|backup| backup.at < wanted).map(|backup| backup.at.to_string());
    let later = backups.iter().find(|backup| backup.at > wanted).map(|backup| backup.at.to_string());
    let nearest: Vec<String> = [earlier, later].into_iter().flatten().collect();
    let nearest = if nearest.is_empty() { "there are none".to_owned() } else { format!("the nearest are of {}", nearest.join(" and ")) };
    format!("no backup of `{source}` is of {wanted}, and moments between backups cannot be reached: {nearest}")
}

/// Who holds it is the only one who takes backups into a folder, which is made where it is missing.
fn alone(folder: &Path) -> anyhow::Result<Option<File>> {
    fs::create_dir_all(folder).with_context(|| unread(folder))?;
    let path = folder.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path).with_context(|| unread(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(error).with_context(|| unread(&path)),
    }
}

/// The backups in a folder, the oldest first.
fn found(folder: &Path) -> anyhow::Result<Vec<Backup>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| unread(folder))?,
    };
    let mut backups = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| unread(folder))?;
        let name = entry.file_name();
        if let Some(at) = name.to_str().and_then(|name| moment(name.strip_suffix(ENDING)?)) {
            backups.push(Backup { at, path: entry.path(), bytes: entry.metadata().with_context(|| unread(folder))?.len() });
        }
    }
    backups.sort_by_key(|backup| backup.at);
    Ok(backups)
}

/// Removes backups older than a moment; the newest stays where its tenant lives.
fn expire(folder: &Path, before: DateTime, lives: bool) -> anyhow::Result<()> {
    let mut backups = found(folder)?;
    if lives {
        backups.pop();
    }
    for backup in backups.iter().filter(|backup| backup.at < before) {
        fs::remove_file(&backup.path).with_context(|| format!("`{}` cannot be removed", backup.path.display()))?;
    }
    Ok(())
}

/// What a kill left half written.
fn remove_ending(folder: &Path, ending: &str) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| unread(folder))? {
        let path = entry.with_context(|| unread(folder))?.path();
        if path.to_string_lossy().ends_with(ending) {
            fs::remove_file(&path).with_context(|| format!("`{}` cannot be removed", path.display()))?;
        }
    }
    Ok(())
}

fn before(now: DateTime, time: Duration) -> DateTime {
    DateTime::from_millis(now.millis().saturating_sub(i64::try_from(time.as_millis()).unwrap_or(i64::MAX)))
}

/// A moment as the name of a file: without colons, which not every file system takes.
fn file_name(at: DateTime) -> String {
    at.to_string().replace(':', "-")
}

fn moment(name: &str) -> Option<DateTime> {
    let (day, time) = name.split_once('T')?;
    format!("{day}T{}", time.replace('-', ":")).parse().ok()
}

fn unread(path: &Path) -> String {
    format!("`{}` cannot be used", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    #[test]
    fn moments_survive_the_names_of_files_and_no_other_name_is_one() {
        for text in ["2026-11-22T14:00:00.000Z", "2026-01-01T00:00:59.999Z"] {
            assert_eq!(moment(&file_name(at(text))), Some(at(text)));
        }
        for wrong in ["", "lock", "2026-11-22", "2026-11-22T14", "T"] {
            assert_eq!(moment(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_newest_is_kept_for_as_long_as_its_tenant_is_there() {
        let folder = tempfile::tempdir().unwrap();
        for day in ["2026-11-01", "2026-11-10", "2026-11-20"] {
            fs::write(folder.path().join(format!("{day}T00-00-00.000Z{ENDING}")), day).unwrap();
        }
        fs::write(folder.path().join("notes.txt"), "mine").unwrap();
        let left = |lives: bool, before: &str| {
            expire(folder.path(), at(before), lives).unwrap();
            found(folder.path()).unwrap().iter().map(|backup| backup.at.to_string()[..10].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(left(true, "2026-11-10T00:00:00.000Z"), ["2026-11-10", "2026-11-20"]);
        assert_eq!(left(true, "2027-01-01T00:00:00.000Z"), ["2026-11-20"]);
        assert_eq!(left(false, "2027-01-01T00:00:00.000Z"), Vec::<String>::new());
        assert!(folder.path().join("notes.txt").try_exists().unwrap(), "what is no backup is not ours");
    }

    #[test]
    fn two_do_not_take_backups_into_one_folder() {
        let folder = tempfile::tempdir().unwrap();
        let first = alone(folder.path()).unwrap();
        assert!(first.is_some() && alone(folder.path()).unwrap().is_none());
        drop(first);
        assert!(alone(folder.path()).unwrap().is_some());
    }
}
