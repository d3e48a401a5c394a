//! The command line's way into a running server: a Unix socket in the data directory, readable by its owner only.
//!
//! One JSON command a connection, one JSON answer. Limits: a command has at most [`COMMAND_BYTES_MAX`] bytes.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenon_value::Json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use crate::archive::{CloneRequest, ImportRequest};
use crate::audit::Slice;
use crate::backups::RestoreRequest;
use crate::config::TenantRequest;
use crate::declined::Declined;
use crate::engine::Engine;
use crate::keys::KeyRequest;

/// Bytes of a command or answer at most.
const COMMAND_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How long the door rests when no connection can be taken.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What an operator asks of a data directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Make a tenant.
    TenantCreate(TenantRequest),
    /// List tenants.
    TenantList,
    /// Show one.
    TenantShow {
        /// Its name.
        name: String,
    },
    /// Remove one.
    TenantDelete {
        /// Its name.
        name: String,
    },
    /// Write one into a file.
    TenantExport {
        /// Its name.
        name: String,
        /// The file.
        out: PathBuf,
        /// Where the key of its secrets goes; without one they stay behind.
        secrets: Option<PathBuf>,
    },
    /// Make one of a file.
    TenantImport(ImportRequest),
    /// Copy one beside itself.
    TenantClone(CloneRequest),
    /// Move one to another cell.
    TenantMove {
        /// Its name.
        name: String,
        /// The cell's name.
        cell: String,
    },
    /// Show what one has and may have; change what it may have.
    TenantQuota {
        /// Its name.
        name: String,
        /// Quotas by name, each with its number; none lets the installation's hold again.
        set: Vec<(String, Option<u64>)>,
    },
    /// Take a backup of one.
    TenantBackup {
        /// Its name.
        name: String,
    },
    /// List the backups of one.
    TenantBackups {
        /// Its name.
        name: String,
    },
    /// Make another one of a backup.
    TenantRestore(RestoreRequest),
    /// Make a key.
    KeyCreate {
        /// The tenant's name.
        tenant: String,
        /// What people read in history.
        display: String,
        /// Days until it ends.
        days: Option<u32>,
        /// Roles it holds.
        roles: Vec<String>,
        /// A service: a program of the tenant's own, told apart in history.
        service: bool,
    },
    /// List keys.
    KeyList {
        /// The tenant's name.
        tenant: String,
    },
    /// Revoke a key.
    KeyRevoke {
        /// The tenant's name.
        tenant: String,
        /// The key's id.
        id: String,
    },
    /// Invite somebody.
    UserInvite {
        /// The tenant's name.
        tenant: String,
        /// His address, which is his login, too.
        email: String,
        /// What people call him.
        name: Option<String>,
        /// Roles he holds.
        roles: Vec<String>,
    },
    /// List members.
    UserList {
        /// The tenant's name.
        tenant: String,
    },
    /// Let a member sign in no longer, or again.
    UserState {
        /// The tenant's name.
        tenant: String,
        /// The member's login.
        login: String,
        /// `active` or `disabled`.
        state: String,
    },
    /// Make a link by which a member chooses another password.
    UserReset {
        /// The tenant's name.
        tenant: String,
        /// The member's login.
        login: String,
    },
    /// Walk the chain of the audit trail.
    AuditVerify {
        /// The tenant's name.
        tenant: String,
        /// A hash given before, which must still be part of it.
        head: Option<String>,
    },
    /// A piece of the audit trail.
    AuditExport {
        /// The tenant's name.
        tenant: String,
        /// From this moment or day on, by machine time.
        from: Option<String>,
        /// Before this one.
        to: Option<String>,
        /// After this entry.
        after: i64,
    },
    /// Look for what is wrong.
    Doctor {
        /// One tenant only.
        tenant: Option<String>,
        /// Mend what is safe.
        fix: bool,
    },
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Done; here is the result.
    Done(Json),
    /// Not done; here is why.
    Failed(Declined),
}

impl Engine {
    /// Carries out a command.
    pub async fn command(&self, command: &Command) -> Answer {
        let result = match command {
            Command::TenantCreate(request) => self.tenant_create(request).await.map(|created| json!(created)),
            Command::TenantList => self.tenant_list().await,
            Command::TenantShow { name } => self.tenant_show(name).await,
            Command::TenantDelete { name } => self.tenant_delete(name).await,
            Command::TenantExport { name, out, secrets } => self.tenant_export(name, out, secrets.as_deref()).await,
            Command::TenantImport(request) => self.tenant_import(request).await,
            Command::TenantClone(request) => self.tenant_clone(request).await,
            Command::TenantQuota { name, set } => self.tenant_quota(name, set).await,
            Command::TenantBackup { name } => self.tenant_backup(name).await,
            Command::TenantBackups { name } => self.tenant_backups(name),
            Command::TenantRestore(request) => self.tenant_restore(request).await,
            Command::TenantMove { name, cell } => self.tenant_move(name, cell).await,
            Command::KeyCreate { tenant, display, days, roles, service } => {
                let new = KeyRequest { display, days: *days, roles, is_service: *service };
                self.key_make(tenant, &new).await
            }
            Command::KeyList { tenant } => self.key_list(tenant).await,
            Command::KeyRevoke { tenant, id } => self.key_revoke(tenant, id).await,
            Command::UserInvite { tenant, email, name, roles } => self.user_invite(tenant, email, name.as_deref(), roles).await,
            Command::UserList { tenant } => self.user_list(tenant).await,
            Command::UserState { tenant, login, state } => self.user_state(tenant, login, state).await,
            Command::UserReset { tenant, login } => self.user_reset(tenant, login).await,
            Command::AuditVerify { tenant, head } => self.audit_verify(tenant, head.as_deref()).await,
            Command::AuditExport { tenant, from, to, after } => {
                self.audit_export(tenant, Slice { from: from.as_deref(), to: to.as_deref(), after: *after }).await
            }
            Command::Doctor { tenant, fix } => self.doctor(tenant.as_deref(), *fix).await,
        };
        match result {
            Ok(result) => Answer::Done(result),
            Err(error) => Answer::Failed(Declined::of(&error)),
        }
    }
}

fn socket(data: &Path) -> PathBuf {
    data.join("control.sock")
}

/// Sends a command to the server that owns a data directory; none where no server runs there.
///
/// # Errors
/// Where the server breaks off.
pub async fn send(data: &Path, command: &Command) -> anyhow::Result<Option<Answer>> {
    let mut stream = match UnixStream::connect(socket(data)).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => return Ok(None),
        Err(error) => return Err(error).context("cannot reach the running server"),
    };
    stream.write_all(&serde_json::to_vec(command)?).await?;
    stream.shutdown().await?;
    let mut answer = Vec::new();
    stream.take(COMMAND_BYTES_MAX).read_to_end(&mut answer).await?;
    serde_json::from_slice(&answer).map(Some).context("the running server broke off")
}

/// Opens the socket of a data directory; one left by a killed server is replaced (we hold the directory's lock).
pub(crate) fn open(data: &Path) -> anyhow::Result<UnixListener> {
    let path = socket(data);
    match std::fs::remove_file(&path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).context("cannot replace `control.sock`"),
    }
    let listener = UnixListener::bind(&path).with_context(|| format!("cannot open `{}`", path.display()))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers commands for as long as the server runs; one that is slow to come keeps no other waiting.
pub(crate) async fn listen(listener: UnixListener, engine: Arc<Engine>) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file handles, mostly: others must end first.
                tracing::warn!("a control connection failed: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let engine = Arc::clone(&engine);
        tokio::spawn(async move {
            if let Err(error) = answer(stream, &engine).await {
                tracing::warn!("a control connection broke off: {error:#}");
            }
        });
    }
}

async fn answer(mut stream: UnixStream, engine: &Engine) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    (&mut stream).take(COMMAND_BYTES_MAX).read_to_end(&mut bytes).await?;
    // By way of JSON: serde cannot take numbers of any precision out of a tagged enum's text.
    let answer = match serde_json::from_slice::<Json>(&bytes).and_then(serde_json::from_value) {
        Ok(command) => engine.command(&command).await,
        Err(error) => Answer::Failed(Declined::invalid("command", format!("this server does not know that command: {error}"))),
    };
    stream.write_all(&serde_json::to_vec(&answer)?).await?;
    stream.shutdown().await?;
    Ok(())
}
