//! Two nodes over one PostgreSQL: what is revoked through one is gone at the next request on the other.

use anyhow::ensure;
use serde_json::{Value, json};
use tenon_tests::{Database, PASSWORD, Setting, Tenant, TestServer};

use super::status_of;
use crate::both::on;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_revoked_on_one_node_is_gone_at_the_next_request_on_the_other() {
    on(Database::Postgres, Vec::new(), async |server: &TestServer, _: &Setting| {
        let Some(other) = server.another_node().await? else { return Ok(()) };
        let ours = server.tenant(None, None, None).await?;
        let there = other.serve(&ours);
        let ann = ours.member("ann@x.example", &["administrator"]).await?;
        let result = revoked(&ours, &there, &ann).await;
        other.stop().await?;
        result
    })
    .await;
}

async fn revoked(ours: &Tenant, there: &Tenant, ann: &tenon_tests::Member) -> anyhow::Result<()> {
    for round in 0..3 {
        let bob = ours.member(&format!("bob{round}@x.example"), &["administrator"]).await?;
        let made = ann.send("POST", "keys", &json!({ "display": "sync", "roles": ["administrator"] })).await?.json()?;
        let key = Tenant { key: made["apiKey"].as_str().unwrap_or_default().to_owned(), ..there.clone() };
        // The other node knows them both, as freshly as can be.
        ensure!(status_of(there, &bob.cookie).await? == 200 && key.by_key("GET", "session", &Value::Null).await?.status == 200);
        ensure!(ann.ask("DELETE", &format!("keys/{}", made["id"].as_str().unwrap_or_default())).await?.status == 204);
        ensure!(key.by_key("GET", "session", &Value::Null).await?.status == 401, "round {round}: the key");
        ensure!(status_of(there, &bob.cookie).await? == 200);
        ensure!(ann.send("PATCH", &format!("members/{}", bob.user), &json!({ "roles": [] })).await?.status == 200);
        let keys = tenon_tests::Member { tenant: there.clone(), ..bob.clone() }.ask("GET", "keys").await?;
        ensure!(keys.status == 403, "round {round}: the role, {}", keys.status);
        ensure!(ann.ask("DELETE", &format!("sessions?user={}", bob.user)).await?.status == 200);
        ensure!(status_of(there, &bob.cookie).await? == 401, "round {round}: the session");
        ensure!(there.sign_in(&bob.login, PASSWORD, None).await.is_ok(), "and a new one works on either");
    }
    Ok(())
}
