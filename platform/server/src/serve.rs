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

use crate::config::{ServeConfig, TenantRequest};
use crate::control;
use crate::engine::Engine;
use crate::sealer;
use crate::search;
use crate::tenants::TenantCreated;

/// How long requests under way may take to end when the server stops.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// A server under way.
pub struct Running {
    address: SocketAddr,
    engine: Arc<Engine>,
    data: PathBuf,
    status: Status,
    stop: watch::Sender<bool>,
    doors: JoinHandle<std::io::Result<()>>,
    control: JoinHandle<()>,
    sealer: JoinHandle<()>,
    runner: JoinHandle<()>,
    relay: JoinHandle<()>,
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
    let (app, runner) = engine.app(status.clone()).await?;
    let router = tenon_http::router(app);
    let control = tokio::spawn(control::listen(control::open(&config.data)?, Arc::clone(&engine)));
    let (stop, mut stopped) = watch::channel(false);
    let sealer = tokio::spawn(sealer::run(engine.store.clone(), stopped.clone()));
    let runner = tokio::spawn(runner.run(stopped.clone()));
    tokio::spawn(search::catch_up(Arc::clone(&engine), stopped.clone()));
    let relay = tokio::spawn(engine.relay.clone().run());
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        // Small answers must not wait for the next one.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!("cannot set TCP_NODELAY: {error}");
        }
    });
    let doors = tokio::spawn(async move {
        let until = async move {
            // The sender lives as long as the server; both ends of it mean "stop".
            drop(stopped.wait_for(|stop| *stop).await);
        };
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, service).with_graceful_shutdown(until).await
    });
    tracing::info!("listening on http://{address}");
    Ok(Running { address, engine, data: config.data, status, stop, doors, control, sealer, runner, relay })
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
            Ok(ended) => ended.context("the doors broke")??,
            Err(_) => doors.abort(),
        }
        if tokio::time::timeout(DRAIN_MAX, self.runner).await.is_err() {
            tracing::warn!("jobs are still under way; who starts next goes on with them");
        }
        self.relay.abort();
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
