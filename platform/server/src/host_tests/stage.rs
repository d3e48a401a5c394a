//! The tenant of one test: made with its packages, asked through the doors, thrown away.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::json;
use tenon_context::OpContext;
use tenon_outbound::{Answer, Method, StandIn};
use tenon_packages::{Bundle, CallPattern, Fixture, HostTest, InstallWish, TestsWish, Trace};
use tenon_store::TenantInfo;
use tenon_value::{DateTime, Json, Uuid};
use tower::Service as _;

use crate::config::TenantRequest;
use crate::engine::Engine;
use crate::keys::KeyRequest;

/// Bytes of an answer that are looked at.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// How tenants of tests are called, before an id.
const ROOM: &str = "test_";
/// What no test is played for: so long after its making its server has died.
const LEFT_BEHIND: Duration = Duration::from_secs(60 * 60);

/// Whether this is the tenant of a test that nobody plays any more.
pub(crate) fn is_left_behind(tenant: &TenantInfo, now: DateTime) -> bool {
    let id = tenant.name.strip_prefix(ROOM).and_then(|id| Uuid::try_parse(id).ok());
    tenant.sandbox
        && id.is_some_and(|id| id.get_version_num() == 7)
        && now.millis().saturating_sub(tenant.created_at.millis()) >= i64::try_from(LEFT_BEHIND.as_millis()).unwrap_or(i64::MAX)
}

/// The tenant of one test.
pub(super) struct Stage {
    engine: Arc<Engine>,
    router: Router,
    tenant: TenantInfo,
    /// Keys by role; under the empty name the administrator's.
    keys: HashMap<String, String>,
    /// The package that is tested.
    package: String,
    /// All that were installed.
    installed: Vec<String>,
    /// Its hosts, by grant.
    hosts: HashMap<String, String>,
    requests: u32,
}

/// What was answered.
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Stage {
    /// Makes the tenant: a sandbox whose clock stands where the test wants it.
    pub(super) async fn raise(engine: &Arc<Engine>, router: &Router, test: &HostTest) -> anyhow::Result<Self> {
        let name = format!("{ROOM}{}", Uuid::now_v7().simple());
        let wanted = TenantRequest { name, sandbox: true, locale: Some("en".to_owned()), ..TenantRequest::default() };
        let made = engine.tenant_create(&wanted).await?;
        let placed = async {
            let tenant = engine.tenant_named(&made.tenant).await?;
            engine.store.move_clock(tenant.id, test.time).await?;
            anyhow::Ok(tenant)
        };
        let tenant = match placed.await {
            Ok(tenant) => tenant,
            Err(error) => {
                engine.tenant_delete(&made.tenant).await?;
                return Err(error);
            }
        };
        engine.outbound.stand_in(tenant.id, Vec::new());
        engine.host.set_seed(tenant.id, Some(test.seed));
        let keys = HashMap::from([(String::new(), made.api_key)]);
        let (engine, router) = (Arc::clone(engine), router.clone());
        Ok(Self { engine, router, tenant, keys, package: String::new(), installed: Vec::new(), hosts: HashMap::new(), requests: 0 })
    }

    /// Installs the packages, sets what the test sets, and lets somebody stand in for hosts outside.
    pub(super) async fn furnish(&mut self, package: &Bundle, beside: &[Bundle], test: &HostTest) -> anyhow::Result<()> {
        for bundle in beside.iter().chain([package]) {
            self.installed.push(bundle.index.package.clone());
            self.install(bundle).await.with_context(|| format!("`{}` cannot be installed", bundle.index.package))?;
        }
        self.package.clone_from(&package.index.package);
        let granted = package.manifest.whole.pointer("/grants/http").and_then(Json::as_object);
        self.hosts = granted
            .into_iter()
            .flatten()
            .filter_map(|(name, grant)| Some((name.clone(), grant.get("host")?.as_str()?.to_owned())))
            .collect();
        let answers = test.http.iter().map(|fixture| self.stand_in(fixture)).collect::<anyhow::Result<Vec<_>>>()?;
        self.engine.outbound.stand_in(self.tenant.id, answers);
        let mut session = self.engine.packages.session(self.context().await?);
        for (name, value) in &test.settings {
            session.set_package_setting(&self.package, name, Some(value)).await?;
        }
        for (name, value) in &test.secrets {
            session.set_package_secret(&self.package, name, Some(value)).await?;
        }
        session.finish().await?;
        Ok(())
    }

    async fn install(&self, bundle: &Bundle) -> anyhow::Result<()> {
        let packages = &self.engine.packages;
        let (cx, name) = (self.context().await?, bundle.index.package.as_str());
        packages.upload(&cx, bundle.bytes()?).await?;
        let plan = packages.plan_package(&cx, name, Some(&bundle.index.version)).await?;
        let wish = InstallWish {
            package: name.to_owned(),
            version: Some(bundle.index.version.clone()),
            plan: Some(plan.hash),
            grants: plan.grants.iter().map(|(line, _)| line.key.clone()).collect(),
            confirm: plan.metadata.operations.iter().map(|one| one.path.to_string()).collect(),
            // It is being tested.
            tests: TestsWish::Skip,
            canary: None,
        };
        let mut session = packages.session(cx);
        match session.install(&wish).await {
            Ok(_) => session.finish().await.map(drop)?,
            Err(error) => {
                session.abandon().await?;
                return Err(error.into());
            }
        }
        Ok(())
    }

    async fn context(&self) -> anyhow::Result<OpContext> {
        self.engine.system_context(&self.tenant).await
    }

    fn stand_in(&self, fixture: &Fixture) -> anyhow::Result<StandIn> {
        let (method, url) = self.call(&fixture.call)?;
        let answer = Answer { status: fixture.status, headers: fixture.headers.clone(), body: fixture.body.clone().into_bytes() };
        Ok(StandIn { method, url, answer })
    }

    /// A call as it goes out. A test's hosts are spoken to with TLS, as far as anybody could tell.
    pub(super) fn call(&self, call: &CallPattern) -> anyhow::Result<(Method, String)> {
        let host = self.hosts.get(&call.grant).with_context(|| format!("there is no `grants.http.{}`", call.grant))?;
        let method = Method::ALL.into_iter().find(|method| method.word() == call.method).context("a method")?;
        Ok((method, format!("https://{host}{}", call.path)))
    }

    /// The calls that went out since the last look.
    pub(super) fn calls(&self) -> Vec<(Method, String)> {
        self.engine.outbound.stood_in_for(self.tenant.id)
    }

    /// A document of the data API; the whole answer.
    pub(super) async fn graphql(&mut self, role: Option<&str>, document: &str, variables: &Json) -> anyhow::Result<Json> {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let headers = [("content-type".to_owned(), "application/json".to_owned())];
        let answered = self.send(role, ("POST", "/graphql"), &headers, body).await?;
        serde_json::from_slice(&answered.body).with_context(|| format!("the answer ({}) is no JSON", answered.status))
    }

    /// A request at one of the package's endpoints.
    pub(super) async fn endpoint(
        &mut self,
        role: Option<&str>,
        (method, path): (&str, &str),
        headers: &[(String, String)],
        body: String,
    ) -> anyhow::Result<Answered> {
        let path = format!("/x/{}{path}", self.package);
        self.send(role, (method, &path), headers, body).await
    }

    async fn send(
        &mut self,
        role: Option<&str>,
        (method, path): (&str, &str),
        headers: &[(String, String)],
        body: String,
    ) -> anyhow::Result<Answered> {
        self.requests += 1;
        let mut request = Request::builder().method(method).uri(format!("/t/{}{path}", self.tenant.name));
        request = request.header("authorization", format!("Bearer {}", self.key(role.unwrap_or_default()).await?));
        request = request.header("x-request-id", format!("test-{}", self.requests));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(body)).context("the headers or the path make no request")?;
        let Ok(answer) = self.router.call(request).await;
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), ANSWER_BYTES_MAX).await.context("the answer is too large to look at")?;
        Ok(Answered { status, body: body.to_vec() })
    }

    /// The key of a role, made when it is first asked for.
    async fn key(&mut self, role: &str) -> anyhow::Result<String> {
        if let Some(key) = self.keys.get(role) {
            return Ok(key.clone());
        }
        let roles = [role.to_owned()];
        let wanted = KeyRequest { display: role, days: None, roles: &roles, is_service: false };
        let made = self.engine.key_make(&self.tenant.name, &wanted).await.with_context(|| format!("as `{role}`"))?;
        let key = made.get("apiKey").and_then(Json::as_str).context("a key")?.to_owned();
        self.keys.insert(role.to_owned(), key.clone());
        Ok(key)
    }

    /// Does what is left to be done at once.
    pub(super) async fn settle(&self) -> anyhow::Result<()> {
        Ok(self.engine.settling().settle(self.tenant.id).await?)
    }

    /// Moves the clock, and does what becomes due on the way.
    pub(super) async fn advance(&self, to: DateTime) -> anyhow::Result<()> {
        self.engine.sandbox().advance(&self.context().await?, to).await?;
        Ok(())
    }

    /// Fuel that the package has used so far.
    pub(super) fn fuel(&self) -> u64 {
        let usage = self.engine.host.usage(self.tenant.id);
        usage.iter().find(|(name, _)| *name == self.package).map_or(0, |(_, usage)| usage.fuel)
    }

    /// Keeps every call of the tenant's plugins from here on, or none any more; what was kept of the package that is tested.
    pub(super) fn sample(&self, on: bool) -> Vec<Arc<Trace>> {
        let mut calls = self.engine.host.sample(self.tenant.id, on);
        calls.retain(|call| call.package == self.package);
        calls
    }

    /// What its plugin logged last: faults say there why.
    pub(super) fn last_line(&self) -> Option<String> {
        let lines = self.engine.host.lines(self.tenant.id, &self.package);
        lines.last().map(|line| format!("{}: {}", line.level, line.message))
    }

    /// Throws everything away.
    pub(super) async fn strike(self) -> anyhow::Result<()> {
        let (id, name) = (self.tenant.id, &self.tenant.name);
        let gone = self.engine.tenant_delete(name).await;
        // Only once it is gone: until then nothing may go out for it.
        self.engine.host.set_seed(id, None);
        for package in &self.installed {
            let _was_there = self.engine.host.uninstall(id, package);
        }
        self.engine.outbound.stand_down(id);
        gone?;
        ensure!(self.engine.store.tenant(name).await?.is_none(), "the tenant of the test is still there");
        Ok(())
    }
}
