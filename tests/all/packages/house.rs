//! A server that trusts the publisher `acme`, and packages of that publisher.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tenon_packages::{Bundle, SecretKey};
use tenon_server::ServeConfig;
use tenon_tests::{Answer, Database, Setting, Tenant, TestServer};

/// The first test key of RFC 8032.
const ACME: &str = "tenon-secret-ed25519:9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

/// What the publisher signs with.
pub(crate) fn acme() -> SecretKey {
    ACME.parse().unwrap()
}

/// The server's configuration: it trusts `acme`.
pub(crate) fn trusting(config: &mut ServeConfig) {
    config.publishers = vec![format!("acme={}", acme().public())];
}

/// Runs a test on a server of its own, with two tenants. The test may end the server and begin it again, so it has it.
pub(super) async fn with_packages(database: Database, test: impl AsyncFnOnce(TestServer, Tenant, Tenant) -> anyhow::Result<TestServer>) {
    let Some(server) = TestServer::start_as(database, &Setting::read(), trusting).await.unwrap() else { return };
    let (tenant, other) = (server.tenant(None, None, None).await.unwrap(), server.tenant(None, None, None).await.unwrap());
    match test(server, tenant, other).await {
        Ok(server) => server.stop().await.unwrap(),
        Err(error) => panic!("on {database:?}: {error:#}"),
    }
}

/// A package: what its files hold.
pub(crate) struct Package {
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

impl Package {
    /// `acme_visits`, metadata only.
    pub(super) fn visits(version: &str, manifest: &str, fields: &str) -> Self {
        let mut package = Self { files: BTreeMap::new() };
        package.text(
            "package.yaml",
            &format!(
                "format: tenon/v1\npackage: acme_visits\npublisher: acme\nversion: {version}\n\
                 label: {{ en: Visits, zh: 拜访 }}\nplatform: \">=0.1 <2.0\"\nrequires: {{ crm: \"^1.0\" }}\n{manifest}"
            ),
        );
        package.text(
            "objects/acme_visits_visit/object.yaml",
            &format!(
                "format: tenon/v1\nobject: acme_visits_visit\nlabel: {{ en: Visit, zh: 拜访 }}\nfields:\n  \
                 subject: {{ type: text, required: true, max: 200, label: {{ en: Subject, zh: 主题 }} }}\n{fields}\
                 relations:\n  account: {{ to: account, label: {{ en: Account, zh: 客户 }} }}\n"
            ),
        );
        package.text(
            "objects/opportunity/object.yaml",
            "format: tenon/v1\nobject: opportunity\nfields:\n  \
             acme_visits_mood: { type: text, max: 50, label: { en: Mood, zh: 心情 } }\n",
        );
        package.text(
            "objects/acme_visits_visit/access.yaml",
            "format: tenon/v1\nobject: acme_visits_visit\nroles:\n  sales_rep: { can: [create, read, update], fields: { \"*\": write } }\n",
        );
        package
    }

    /// `hello`, the plugin of the repository, as this version.
    pub(super) fn hello(version: &str) -> anyhow::Result<Self> {
        let grants = "grants: { records: { opportunity: { read: [stage, close_date], write: [next_step] } } }\n";
        Self::of_plugin("hello", version, grants)
    }

    /// A plugin of the repository, as this version, asking for this.
    pub(super) fn of_plugin(name: &str, version: &str, grants: &str) -> anyhow::Result<Self> {
        Self::of_component(name, std::fs::read(Setting::read().component(name)?)?, version, grants)
    }

    /// Any component, as this version of what it says it is, asking for this.
    pub(crate) fn of_component(name: &str, component: Vec<u8>, version: &str, grants: &str) -> anyhow::Result<Self> {
        let mut package = Self { files: BTreeMap::from([("plugin.wasm".to_owned(), renumbered(component, "1.0.0", version)?)]) };
        package.text(
            "package.yaml",
            &format!(
                "format: tenon/v1\npackage: {name}\npublisher: acme\nversion: {version}\nlabel: {{ en: Hello, zh: 你好 }}\n\
                 plugin: {{ component: plugin.wasm }}\n{grants}"
            ),
        );
        Ok(package)
    }

    pub(crate) fn text(&mut self, path: &str, text: &str) {
        self.files.insert(path.to_owned(), text.as_bytes().to_vec());
    }

    /// Its file, signed by `acme`.
    pub(crate) fn signed(self) -> Vec<u8> {
        Bundle::pack(self.files).unwrap().signed(&acme()).bytes().unwrap()
    }
}

/// A component that says of itself that it is another version.
pub(super) fn renumbered(mut component: Vec<u8>, old: &str, new: &str) -> anyhow::Result<Vec<u8>> {
    // A version of the same length: a component's own words are plain bytes in it.
    let says = |version: &str| format!("\"version\":\"{version}\"").into_bytes();
    let (old, new) = (says(old), says(new));
    anyhow::ensure!(old.len() == new.len(), "the versions differ in length");
    let mut from = 0;
    while let Some(at) = component[from..].windows(old.len()).position(|window| window == old) {
        component[from + at..from + at + old.len()].copy_from_slice(&new);
        from += at + old.len();
    }
    Ok(component)
}

/// `tests/plugins/guests/src/courier`, in one of the languages it is written in: it answers alike in both.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Courier {
    InRust,
    InTypeScript,
}

impl Courier {
    /// As this version, asking for this.
    pub(super) fn package(self, version: &str, grants: &str) -> anyhow::Result<Package> {
        let component = match self {
            Self::InRust => "courier",
            Self::InTypeScript => "courier-ts",
        };
        Package::of_component("courier", std::fs::read(Setting::read().component(component)?)?, version, grants)
    }
}

/// How long an upload may take: what is in it is compiled before it is answered, and a JavaScript engine is 12 MB.
const COMPILED_WITHIN: Duration = Duration::from_secs(600);

/// Sends a file.
pub(super) async fn upload(tenant: &Tenant, file: Vec<u8>) -> anyhow::Result<Answer> {
    let request = tenant.request("POST", "packages").header("content-type", "application/vnd.tenon.package").body(file);
    request.waiting(COMPILED_WITHIN).send(tenant.address).await
}

/// The answer of the metadata API, errors or not.
pub(super) async fn ask(tenant: &Tenant, document: &str) -> anyhow::Result<Value> {
    tenant.post("metadata", &json!({ "query": document }), &[]).await?.json()
}

/// The rule of an answer's first error.
pub(super) fn rule(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["rule"].as_str().unwrap_or_default()
}

/// Uploads and installs, with everything consented to.
pub(crate) async fn install(tenant: &Tenant, file: Vec<u8>) -> anyhow::Result<()> {
    put(tenant, file).await.map(drop)
}

/// The same; the answer is what came of it.
pub(super) async fn put(tenant: &Tenant, file: Vec<u8>) -> anyhow::Result<Value> {
    let uploaded = upload(tenant, file).await?;
    anyhow::ensure!(uploaded.status == 201, "{}", String::from_utf8_lossy(&uploaded.body));
    let stored = uploaded.json()?;
    let (package, version) = (&stored["package"], &stored["version"]);
    let planning = format!(
        "mutation {{ planPackage(package: {package}, version: {version}) {{ hash grants {{ key }} metadata {{ operations {{ path risk api }} }} }} }}"
    );
    let plan = tenant.metadata(&planning, json!({})).await?["planPackage"].clone();
    let list = |value: &Value, key: &str| value.as_array().into_iter().flatten().map(|one| one[key].clone()).collect::<Vec<_>>();
    let confirm = list(&plan["metadata"]["operations"], "path");
    let installing = "mutation ($package: String!, $version: String!, $plan: String!, $grants: [String!]!, $confirm: [String!]!) {
        installPackage(package: $package, version: $version, plan: $plan, grants: $grants, confirm: $confirm) { package version moves tests { path } } }";
    let variables =
        json!({ "package": package, "version": version, "plan": plan["hash"], "grants": list(&plan["grants"], "key"), "confirm": confirm });
    Ok(tenant.metadata(installing, variables).await?["installPackage"].clone())
}
