//! Everything behind the doors, put together: store, models, packages, pipeline, identity, plugins.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use tenon_automation::{
    Calendar, EVENTS_JOB, Endpoints, EventsHandler, IMPORT, ImportHandler, IndexHandler, JobDesk, JobHandler, LINK_JOB, LinkDesk,
    LinkHandler, Listening, PluginJobHandler, Relay, Runner, RunnerParts, Sandbox, Settling, ShapeHandler, ThroughPipeline, UNDO,
    UndoHandler,
};
use tenon_catalog::Catalog;
use tenon_files::Links;
use tenon_graphql::{BATCH, BatchHandler, DataApi, EXPORT, ExportHandler, MetadataApi, SchemaUsage};
use tenon_http::{App, AppParts, Patience, Status};
use tenon_identity::{Clock, Identity, IdentityParts, Oidc};
use tenon_outbound::{Client, Reach};
use tenon_packages::{Packages, Plugins, Publishers, SHAPE};
use tenon_plugin_host::{AotCache, PluginHost, PluginPackage};
use tenon_records::{PLUGIN_JOB, Pipeline};
use tenon_store::{INDEX, Store};

use crate::clock;
use crate::config::ServeConfig;
use crate::lock::DataLock;

/// Everything behind the doors. Made by the server, or by the command line while no server runs.
pub struct Engine {
    pub(crate) store: Store,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) packages: Packages,
    pub(crate) identity: Identity,
    pub(crate) pipeline: Pipeline,
    pub(crate) relay: Relay,
    /// What of the schemas is used, until it is written.
    pub(crate) usage: SchemaUsage,
    /// Who runs plugins.
    pub(crate) host: PluginHost,
    /// The way out.
    pub(crate) outbound: Client,
    /// Agreements between tenants.
    pub(crate) links: LinkDesk,
    pub(crate) uploads: PathBuf,
    pub(crate) backups: PathBuf,
    patience: Patience,
    rate_per_minute: u32,
    reach: Reach,
    public_url: String,
    proxies: Vec<IpAddr>,
    pub(crate) clock: Clock,
    _lock: DataLock,
}

impl Engine {
    /// Opens a data directory and its database.
    ///
    /// # Errors
    /// Where another process has it, or the database cannot be opened.
    pub async fn open(config: &ServeConfig) -> anyhow::Result<Self> {
        let lock = DataLock::take(&config.data).with_context(|| format!("cannot use `{}`", config.data.display()))?;
        let store = Store::open(config.store()).await.context("cannot open the database")?;
        let catalog = Arc::new(Catalog::new(store.clone()));
        let host = host(config, &store).await?;
        let outward = if config.private_outbound { Reach::Private } else { Reach::Public };
        let outbound = Client::new(outward, config.outbound);
        let pipeline = Pipeline::new(store.clone(), Arc::new(host.clone())).with_outbound(outbound.clone());
        let plugins = Plugins::new(host.clone(), publishers(config)?, Arc::new(ThroughPipeline { pipeline: pipeline.clone() }));
        let identity = Identity::new(IdentityParts {
            store: store.clone(),
            catalog: Arc::clone(&catalog),
            pipeline: pipeline.clone(),
            clock: config.clock,
            mailer: config.mailer().context("mail cannot be sent as configured")?,
            public_url: config.public_url(),
        });
        Ok(Self {
            packages: Packages::new(store.clone(), Arc::clone(&catalog), clock::wall).with_plugins(plugins),
            relay: Relay::new(store.clone()),
            usage: SchemaUsage::default(),
            host,
            outbound,
            links: LinkDesk::new(store.clone(), identity.clone(), pipeline.clone()),
            identity,
            pipeline,
            reach: if config.private_providers { Reach::Private } else { Reach::Public },
            public_url: config.public_url(),
            proxies: config.proxies.clone(),
            clock: config.clock,
            uploads: config.data.join("uploads"),
            backups: config.backups.clone().unwrap_or_else(|| config.data.join("backups")),
            patience: config.patience,
            rate_per_minute: config.rate_per_minute,
            store,
            catalog,
            _lock: lock,
        })
    }

    /// The doors' shared state over this engine.
    pub(crate) async fn app(&self, status: Status) -> anyhow::Result<(App, Runner)> {
        let secret = self.store.installation_secret().await.context("cannot read the server's secret")?;
        let links = Links::new(self.store.file_secret().await.context("cannot read the server's secret")?, &self.public_url);
        let data = DataApi::new(self.store.clone(), Arc::clone(&self.catalog), self.pipeline.clone())
            .with_identity(self.identity.clone())
            .with_files(links.clone())
            .with_usage(self.usage.clone());
        let runner = self.runner(data.clone());
        self.pipeline.read_by(data.for_plugins());
        let metadata =
            MetadataApi::new(self.store.clone(), Arc::clone(&self.catalog), self.packages.clone()).with_identity(self.identity.clone());
        let metadata = metadata.with_sandbox(self.sandbox()).with_usage(self.usage.clone());
        let app = App::new(AppParts {
            identity: self.identity.clone(),
            oidc: Oidc::new(self.identity.clone(), &secret, self.reach),
            data,
            metadata,
            jobs: JobDesk::new(self.store.clone()),
            tenant_links: self.links.clone(),
            endpoints: Endpoints::new(self.store.clone(), self.identity.clone(), self.pipeline.clone()),
            store: self.store.clone(),
            links,
            patience: self.patience,
            status,
            relay: self.relay.clone(),
            rate_per_minute: self.rate_per_minute,
            public_url: self.public_url.clone(),
            proxies: self.proxies.clone(),
        });
        Ok((app, runner))
    }
}

impl Engine {
    fn plugin_jobs(&self) -> Arc<dyn JobHandler> {
        Arc::new(PluginJobHandler { pipeline: self.pipeline.clone() })
    }

    /// Who leaves the jobs that the calendar starts.
    pub(crate) fn calendar(&self) -> Calendar {
        Calendar::new(self.store.clone(), self.pipeline.clone(), self.identity.clone())
    }

    /// Who wakes the plugins that listen.
    pub(crate) fn listening(&self) -> Listening {
        Listening::new(self.store.clone(), self.pipeline.clone())
    }

    /// Who moves the clocks of sandboxes.
    pub(crate) fn sandbox(&self) -> Sandbox {
        Sandbox::new(self.store.clone(), self.identity.clone(), self.calendar(), (self.plugin_jobs(), self.packages.clone()))
    }

    /// Who does what a sandbox has left to be done at once.
    pub(crate) fn settling(&self) -> Settling {
        let events = Arc::new(EventsHandler { pipeline: self.pipeline.clone() });
        Settling { sandbox: self.sandbox(), listening: self.listening(), events }
    }

    /// Who carries out jobs on this node.
    fn runner(&self, data: DataApi) -> Runner {
        let pipeline = || self.pipeline.clone();
        let handlers: HashMap<&'static str, Arc<dyn JobHandler>> = HashMap::from([
            (IMPORT, Arc::new(ImportHandler { pipeline: pipeline() }) as Arc<dyn JobHandler>),
            (UNDO, Arc::new(UndoHandler { pipeline: pipeline() })),
            (PLUGIN_JOB, self.plugin_jobs()),
            (LINK_JOB, Arc::new(LinkHandler { pipeline: pipeline(), identity: self.identity.clone() })),
            (EVENTS_JOB, Arc::new(EventsHandler { pipeline: pipeline() })),
            (SHAPE, Arc::new(ShapeHandler { packages: self.packages.clone() })),
            (INDEX, Arc::new(IndexHandler { packages: self.packages.clone() })),
            (BATCH, Arc::new(BatchHandler { api: data.clone() })),
            (EXPORT, Arc::new(ExportHandler { api: data })),
        ]);
        Runner::new(RunnerParts { store: self.store.clone(), identity: self.identity.clone(), handlers, lease: RunnerParts::LEASE })
    }
}

/// The plugins' host, with those that every tenant has.
async fn host(config: &ServeConfig, store: &Store) -> anyhow::Result<PluginHost> {
    let key = store.plugin_seal().await.context("cannot read the server's secret")?;
    let cache =
        AotCache::open(&config.data.join("compiled"), key, config.plugin_compiler.clone()).context("cannot keep compiled plugins")?;
    let host = PluginHost::with_cache(config.plugin_budgets.clone(), Some(cache)).context("cannot start the plugin host")?;
    let mut named = HashMap::new();
    for path in &config.plugins {
        let package = PluginPackage::from_file(path).with_context(|| format!("`{}` is no plugin", path.display()))?;
        // The second would take the place of the first, as a new version does.
        if let Some(other) = named.insert(package.name.clone(), path) {
            anyhow::bail!("`{}` and `{}` are both called `{}`", other.display(), path.display(), package.name);
        }
        host.install_everywhere(package).with_context(|| format!("cannot load the plugin `{}`", path.display()))?;
    }
    Ok(host)
}

/// Whose packages tenants may install.
fn publishers(config: &ServeConfig) -> anyhow::Result<Publishers> {
    let mut publishers = Publishers::default();
    for line in &config.publishers {
        publishers.trust(line).with_context(|| format!("`{line}` is no publisher"))?;
    }
    Ok(publishers.and_unsigned(config.unsigned_packages))
}
