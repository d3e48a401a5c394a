//! The second tenant: it holds records with the same natural keys and ids as the stories, and must not notice them.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::{Value, json};

use crate::{Setting, Tenant, TestServer, outbox};

/// What a bystander looks like from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    rows: BTreeMap<String, String>,
    model_version: Option<String>,
    introspection: String,
    outbox: Vec<String>,
}

impl Look {
    /// What differs, in words for the failing test.
    #[must_use]
    pub fn difference(&self, other: &Self) -> String {
        if let Some((object, rows)) = self.rows.iter().find(|(object, rows)| other.rows.get(*object) != Some(rows)) {
            return format!("`{object}` was {rows}, is {:?}", other.rows.get(object));
        }
        if self.model_version != other.model_version {
            return format!("the model's version was {:?}, is {:?}", self.model_version, other.model_version);
        }
        if self.outbox != other.outbox {
            let new = other.outbox.iter().find(|row| !self.outbox.contains(row));
            return format!("its outbox had {} rows, has {}: {new:?}", self.outbox.len(), other.outbox.len());
        }
        "its introspection changed".to_owned()
    }
}

/// A tenant that is only looked at.
#[derive(Debug)]
pub struct Bystander {
    tenant: Tenant,
    lists: Vec<String>,
}

/// Types, fields and arguments, as far as a client could notice a change.
const INTROSPECTION: &str = "{ __schema { types { kind name
    fields(includeDeprecated: true) { name isDeprecated args { name } type { kind name ofType { kind name ofType { kind name } } } }
    inputFields { name type { kind name ofType { kind name } } } enumValues(includeDeprecated: true) { name isDeprecated } possibleTypes { name } } } }";

impl Bystander {
    /// Creates and fills it with `tests/fixtures/bystander.graphql`.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn create(server: &TestServer) -> anyhow::Result<Self> {
        let tenant = server.tenant(None, None, None).await?;
        let seed = std::fs::read_to_string(Setting::repository().join("tests/fixtures/bystander.graphql"))?;
        for document in seed.split("\n---\n") {
            tenant.data(document, json!({})).await.with_context(|| document.to_owned())?;
        }
        let found = tenant.metadata("{ objects { graphql { plural } } }", json!({})).await?;
        let objects = found["objects"].as_array().cloned().unwrap_or_default();
        let lists = objects.iter().filter_map(|object| object["graphql"]["plural"].as_str().map(str::to_owned)).collect();
        Ok(Self { tenant, lists })
    }

    /// Itself, for a test that makes it notice.
    #[must_use]
    pub const fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Ids and versions of all records, the model's version, the introspection, the outbox.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn look(&self, server: &TestServer) -> anyhow::Result<Look> {
        let lists = self.lists.iter().map(|list| {
            format!("{list}(first: 100, deleted: INCLUDE, orderBy: [{{ id: ASC }}]) {{ nodes {{ id version updatedAt }} totalCount {{ value }} }}")
        });
        let rows = self.tenant.data(&format!("{{ {} }}", lists.collect::<Vec<_>>().join("\n")), json!({})).await?;
        let rows = rows.as_object().cloned().unwrap_or_default().into_iter().map(|(list, value)| (list, value.to_string())).collect();
        let answer = self.tenant.post("graphql", &json!({ "query": INTROSPECTION }), &[]).await?;
        let model_version = answer.header("tenon-model-version").map(str::to_owned);
        let introspection = answer.json()?.get("data").map(Value::to_string).context("no introspection")?;
        let outbox = outbox::rows(server, &self.tenant.name).await.context("the outbox")?;
        anyhow::ensure!(!outbox.is_empty(), "the second tenant has saved, and its outbox is empty: it is not its outbox that was read");
        Ok(Look { rows, model_version, introspection, outbox })
    }
}
