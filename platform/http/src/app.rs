//! What the routes share.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tenon_automation::{Endpoints, JobDesk, LinkDesk, Relay};
use tenon_files::Links;
use tenon_graphql::{DataApi, MetadataApi};
use tenon_identity::{Identity, Oidc};
use tenon_store::Store;

use crate::endpoints_route::ENDPOINT_RATE;
use crate::live::{SOCKETS_MAX, SUBSCRIPTIONS_MAX, Slots};
use crate::patience::Patience;
use crate::rate::Rate;
use crate::status::Status;
use crate::traffic::Traffic;
use crate::upload_route::UPLOADS_MAX;

/// Seconds a request may take before its caller is told `time` is exhausted; the limit `time` of API.md §1.7.
pub(crate) const TIME_MAX: Duration = Duration::from_secs(10);

/// What an [`App`] is made of.
pub struct AppParts {
    /// Credential → context.
    pub identity: Identity,
    /// Signing in through identity providers.
    pub oidc: Oidc,
    /// The data API.
    pub data: DataApi,
    /// The metadata API.
    pub metadata: MetadataApi,
    /// Work that goes on after its request.
    pub jobs: JobDesk,
    /// Agreements with other tenants.
    pub tenant_links: LinkDesk,
    /// What plugins answer to those outside.
    pub endpoints: Endpoints,
    /// Files.
    pub store: Store,
    /// Signed links to files.
    pub links: Links,
    /// How long is waited for those who send.
    pub patience: Patience,
    /// Ready, draining.
    pub status: Status,
    /// What passes on changes.
    pub relay: Relay,
    /// Requests a minute and credential.
    pub rate_per_minute: u32,
    /// Where people reach this server; its origin may use sessions.
    pub public_url: String,
    /// Proxies that are believed when they say where a request comes from.
    pub proxies: Vec<IpAddr>,
}

/// What the routes share; cheap to clone, which every request does for every route and layer it passes.
#[derive(Clone)]
pub struct App(Arc<Shared>);

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// What an [`App`] shares.
pub struct Shared {
    pub(crate) identity: Identity,
    pub(crate) oidc: Oidc,
    pub(crate) data: DataApi,
    pub(crate) metadata: MetadataApi,
    pub(crate) jobs: JobDesk,
    pub(crate) tenant_links: LinkDesk,
    pub(crate) endpoints: Endpoints,
    pub(crate) endpoint_rate: Rate,
    pub(crate) store: Store,
    pub(crate) links: Links,
    pub(crate) patience: Patience,
    pub(crate) status: Status,
    pub(crate) relay: Relay,
    pub(crate) uploads: Arc<Slots>,
    pub(crate) subscriptions: Arc<Slots>,
    pub(crate) sockets: Arc<Slots>,
    pub(crate) rate: Arc<Rate>,
    pub(crate) traffic: Arc<Traffic>,
    pub(crate) public_url: Arc<str>,
    pub(crate) proxies: Arc<[IpAddr]>,
}

impl App {
    /// The shared state of a server.
    #[must_use]
    pub fn new(parts: AppParts) -> Self {
        let AppParts { identity, oidc, data, metadata, jobs, endpoints, store, links, tenant_links, .. } = parts;
        let AppParts { patience, status, relay, rate_per_minute, public_url, proxies, .. } = parts;
        Self(Arc::new(Shared {
            identity,
            oidc,
            data,
            metadata,
            jobs,
            tenant_links,
            endpoints,
            endpoint_rate: Rate::new("endpoint_rate", ENDPOINT_RATE),
            store,
            links,
            patience,
            status,
            relay,
            uploads: Slots::new("uploads", UPLOADS_MAX),
            subscriptions: Slots::new("subscriptions", SUBSCRIPTIONS_MAX),
            sockets: Slots::new("sockets", SOCKETS_MAX),
            rate: Arc::new(Rate::new("rate", rate_per_minute)),
            traffic: Arc::default(),
            public_url: public_url.into(),
            proxies: proxies.into(),
        }))
    }
}
