//! A tenant with the package, its people and pools.

use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};
use tenon_tests::{Database, Member, Setting, Tenant, TestServer};
use tenon_value::DateTime;

use crate::both::on_as;

/// Milliseconds.
pub(super) const HOUR: i64 = 3_600_000;
pub(super) const DAY: i64 = 24 * HOUR;

/// Runs a test on a server whose tenants are asked by the package's plugin.
pub(super) async fn with_sales(database: Database, test: impl AsyncFnOnce(&TestServer) -> anyhow::Result<()>) {
    on_as(database, configured, test).await;
}

/// The plugin, on a machine that may be busy.
pub(super) fn configured(config: &mut tenon_server::ServeConfig) {
    config.plugins = vec![Setting::read().component("sales").unwrap()];
    let budgets = &mut config.plugin_budgets;
    budgets.tree_wall = std::time::Duration::from_secs(60);
    for call in [&mut budgets.before, &mut budgets.within, &mut budgets.action, &mut budgets.job] {
        call.wall = std::time::Duration::from_secs(60);
    }
}

/// The package's metadata, as files.
fn metadata() -> anyhow::Result<Vec<(String, String)>> {
    let root = Setting::repository().join("plugins/sales");
    let mut found = Vec::new();
    let mut folders = vec![root.join("objects")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((relative(&root, &path)?, std::fs::read_to_string(&path)?));
            }
        }
    }
    Ok(found)
}

fn relative(root: &Path, path: &Path) -> anyhow::Result<String> {
    Ok(path.strip_prefix(root)?.to_str().context("a path that is text")?.to_owned())
}

/// A tenant with the package, a team and a pool of it.
pub(super) struct House {
    pub(super) tenant: Tenant,
    pub(super) team: String,
    pub(super) pool: String,
}

impl House {
    /// With a pool of these settings, as in `maxHeld: 2`.
    pub(super) async fn build(server: &TestServer, zone: Option<&str>, settings: &str) -> anyhow::Result<Self> {
        let tenant = server.tenant(zone, None, None).await?;
        tenant.apply(&metadata()?).await?;
        Self::furnish(tenant, settings).await
    }

    /// In a tenant that has the package.
    pub(super) async fn furnish(tenant: Tenant, settings: &str) -> anyhow::Result<Self> {
        let team = made(&tenant, "Team", "name: \"South\"").await?;
        let pool = made(&tenant, "SalesPool", &format!("name: \"South\", team: {{ connect: {{ id: \"{team}\" }} }}, {settings}")).await?;
        Ok(Self { tenant, team, pool })
    }

    /// The same house as this server serves it.
    pub(super) fn at(self, server: &TestServer) -> Self {
        Self { tenant: server.serve(&self.tenant), ..self }
    }

    /// A sales rep of the team.
    pub(super) async fn rep(&self, name: &str) -> anyhow::Result<Member> {
        let member = self.stranger(name).await?;
        let join = "mutation($id: ID!, $team: ID!) { updateUser(id: $id, input: { team: { connect: { id: $team } } }) { id } }";
        self.tenant.data(join, json!({ "id": member.user, "team": self.team })).await?;
        Ok(member)
    }

    /// A sales rep of no team.
    pub(super) async fn stranger(&self, name: &str) -> anyhow::Result<Member> {
        self.tenant.member(&format!("{name}@x.example"), &["sales_rep"]).await
    }

    /// A lead in the pool.
    pub(super) async fn lead(&self, name: &str) -> anyhow::Result<String> {
        made(&self.tenant, "Lead", &format!("name: \"{name}\", owner: null, salesPool: {{ connect: {{ id: \"{}\" }} }}", self.pool)).await
    }

    /// What an administrator reads of a lead.
    pub(super) async fn look(&self, lead: &str, fields: &str) -> anyhow::Result<Value> {
        let document = format!("query($id: ID!) {{ lead(id: $id) {{ {fields} }} }}");
        Ok(self.tenant.data(&document, json!({ "id": lead })).await?["lead"].clone())
    }

    /// Changes the pool.
    pub(super) async fn set(&self, settings: &str) -> anyhow::Result<()> {
        let document = format!("mutation($id: ID!) {{ updateSalesPool(id: $id, input: {{ {settings} }}) {{ id }} }}");
        self.tenant.data(&document, json!({ "id": self.pool })).await.map(drop)
    }

    /// Changes a lead, as an administrator.
    pub(super) async fn change(&self, lead: &str, input: &str) -> anyhow::Result<()> {
        let document = format!("mutation($id: ID!) {{ updateLead(id: $id, input: {{ {input} }}) {{ id }} }}");
        self.tenant.data(&document, json!({ "id": lead })).await.map(drop)
    }

    /// Moves the clock so many milliseconds on.
    pub(super) async fn advance(&self, millis: i64) -> anyhow::Result<()> {
        let now = self.now().await?;
        self.advance_to(DateTime::from_millis(now.millis() + millis)).await
    }

    /// Moves the clock there, a month at a time: each night on the way has its work.
    pub(super) async fn advance_to(&self, to: DateTime) -> anyhow::Result<()> {
        let document = "mutation($to: DateTime!) { advanceClock(to: $to) { now } }";
        let mut now = self.now().await?;
        loop {
            now = DateTime::from_millis(now.millis() + 30 * DAY).min(to);
            self.tenant.metadata(document, json!({ "to": now.to_string() })).await?;
            if now == to {
                return Ok(());
            }
        }
    }

    /// Where the clock stands.
    pub(super) async fn now(&self) -> anyhow::Result<DateTime> {
        let data = self.tenant.metadata("{ describe { tenant { now } } }", json!({})).await?;
        Ok(data["describe"]["tenant"]["now"].as_str().context("a moment")?.parse()?)
    }
}

/// A new record, by an administrator; its id.
pub(super) async fn made(tenant: &Tenant, object: &str, input: &str) -> anyhow::Result<String> {
    let data = tenant.data(&format!("mutation {{ made: create{object}(input: {{ {input} }}) {{ id }} }}"), json!({})).await?;
    Ok(data["made"]["id"].as_str().context("an id")?.to_owned())
}

/// A claim of a lead.
pub(super) const CLAIM: &str = "mutation($lead: ID) { salesClaim(input: { lead: $lead }) { lead pool claimsLeft held } }";

/// What came of a claim: its data, or the rule of its refusal.
pub(super) async fn claim(by: &Member, lead: &str) -> anyhow::Result<String> {
    Ok(word(&patiently(by, CLAIM, json!({ "lead": lead })).await?))
}

/// How often somebody asks again whom a busy server has sent away.
const PATIENCE: usize = 1_000;

/// The answer of a server that has time: one that has none says so, and nothing has happened.
pub(super) async fn patiently(by: &Member, document: &str, variables: Value) -> anyhow::Result<Value> {
    let mut answer = by.graphql(document, variables.clone()).await?;
    for _ in 0..PATIENCE {
        let error = &answer["errors"][0]["extensions"];
        if error["code"] != "UNAVAILABLE" && error["limit"] != "time" {
            break;
        }
        answer = by.graphql(document, variables.clone()).await?;
    }
    Ok(answer)
}

/// What came of an action: `done`, or the word of its refusal.
pub(super) fn word(answer: &Value) -> String {
    let error = &answer["errors"][0]["extensions"];
    match (error["code"].as_str(), error["rule"].as_str()) {
        (None, _) => "done".to_owned(),
        (Some("REFUSED"), Some(rule)) if error["package"] == "sales" => rule.to_owned(),
        _ => answer.to_string(),
    }
}

/// Returns a lead.
pub(super) async fn give_back(by: &Member, lead: &str, reason: &str) -> anyhow::Result<String> {
    let document = "mutation($lead: ID, $reason: String) { salesReturn(input: { lead: $lead, reason: $reason }) { lead pool } }";
    Ok(word(&by.graphql(document, json!({ "lead": lead, "reason": reason })).await?))
}
