//! Starting and stopping.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tenon_http::Status;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::backups;
use crate::config::{ServeConfig, TenantRequest};
use crate::control;
use crate::doors;
use crate::engine::Engine;
use crate::host_tests::{AtInstall, HostTests};
use crate::sealer;
use crate::search;
use crate::sweep;
use crate::tenants::TenantCreated;
use crate::usage;

/// How long requests under way may take to end when the server stops.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// A server under way.
pub struct Running {
    address: SocketAddr,
    engine: Arc<Engine>,
    data: PathBuf,
    status: Status,
    stop: watch::Sender<bool>,
    doors: JoinHandle<()>,
    control: JoinHandle<()>,
    sealer: JoinHandle<()>,
    runner: JoinHandle<()>,
    relay: JoinHandle<()>,
    usage: JoinHandle<()>,
}

/// Starts a server; it is ready when this returns.
///
/// # Errors
/// Where the directory, the database or the address cannot be used.
pub async fn start(mut config: ServeConfig) -> anyhow::Result<Running> {
    let listener = TcpListener::bind(config.listen).await.with_context(|| format!("cannot listen on `{}`", config.listen))?;
    let address = listener.local_addr()?;
    config.listen = address;
    let engine = Arc::new(Engine::open(&config).await?);
    let store = engine.store.clone();
    let status = Status::new(Arc::new(move || {
        let store = store.clone();
        Box::pin(async move { store.ready().await.is_ok() })
    }));
    engine.packages.test_by(Arc::new(AtInstall::new(&engine)));
    let (app, runner) = engine.app(status.clone()).await?;
    let router = tenon_http::router(app);
    let control = tokio::spawn(control::listen(control::open(&config.data)?, Arc::clone(&engine)));
    let (stop, stopped) = watch::channel(false);
    let sealer = tokio::spawn(sealer::run(engine.store.clone(), stopped.clone()));
    let runner = tokio::spawn(runner.run(stopped.clone()));
    tokio::spawn(search::catch_up(Arc::clone(&engine), stopped.clone()));
    tokio::spawn(engine.calendar().run(stopped.clone()));
    tokio::spawn(engine.listening().run(stopped.clone()));
    tokio::spawn(engine.links.linking().run(stopped.clone()));
    let relay = tokio::spawn(engine.relay.clone().run());
    let usage = tokio::spawn(usage::run(Arc::clone(&engine), stopped.clone()));
    // It ends by itself with the others; what it leaves unfinished, the next walk does.
    drop(tokio::spawn(sweep::run(Arc::clone(&engine), stopped.clone())));
    if let Some(plan) = config.backup_plan {
        drop(tokio::spawn(backups::run(Arc::clone(&engine), plan, stopped.clone())));
    }
    let doors = tokio::spawn(doors::serve(listener, router, config.patience.head, stopped));
    tracing::info!("listening on http://{address}");
    Ok(Running { address, engine, data: config.data, status, stop, doors, control, sealer, runner, relay, usage })
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is behind its doors.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Who plays host tests of packages here.
    ///
    /// # Errors
    /// As [`HostTests::new`].
    pub async fn host_tests(&self) -> anyhow::Result<HostTests> {
        HostTests::new(Arc::clone(&self.engine)).await
    }

    /// Makes a tenant.
    ///
    /// # Errors
    /// As [`Engine::tenant_create`].
    pub async fn tenant_create(&self, request: &TenantRequest) -> anyhow::Result<TenantCreated> {
        self.engine.tenant_create(request).await
    }

    /// Stops: new work is refused, work under way may end.
    ///
    /// # Errors
    /// Where the doors broke.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.status.drain();
        self.stop.send_replace(true);
        self.control.abort();
        let mut doors = self.doors;
        match tokio::time::timeout(DRAIN_MAX, &mut doors).await {
            Ok(ended) => ended.context("the doors broke")?,
            Err(_) => doors.abort(),
        }
        if tokio::time::timeout(DRAIN_MAX, self.runner).await.is_err() {
            tracing::warn!("jobs are still under way; who starts next goes on with them");
        }
        self.relay.abort();
        if tokio::time::timeout(DRAIN_MAX, self.usage).await.is_err() {
            tracing::warn!("the last usage of the schemas is not written");
        }
        if tokio::time::timeout(DRAIN_MAX, self.sealer).await.is_err() {
            tracing::warn!("the sealer of the audit trail is still at work; the next start goes on with it");
        }
        // The socket is ours: we hold the directory's lock until here.
        match std::fs::remove_file(self.data.join("control.sock")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).context("cannot remove `control.sock`"),
            _ => Ok(()),
        }
    }
}
