//! Signing in: sessions, failures that tell nothing, invitations and resets by mail, the second factor, limits, other nodes.
//!
//! Every test runs on both databases with a second tenant on the same server, whose sessions and keys must not work.

mod doors;
mod factor;
mod letters;
mod limits;
mod nodes;
mod rights;
mod sessions;
mod standing;

use tenon_tests::{Answer, Database, Request, Setting, Tenant, TestServer};

use crate::both::on;

/// Both databases, one after the other.
const BOTH: [Database; 2] = [Database::Sqlite, Database::Postgres];

/// Runs a test on both databases, on tenants `ours` and `theirs` of one server.
async fn on_both(test: impl AsyncFn(&TestServer, &Tenant, &Tenant) -> anyhow::Result<()>) {
    for database in BOTH {
        on(database, Vec::new(), async |server: &TestServer, _: &Setting| {
            let (ours, theirs) = (server.tenant(None, None, None).await?, server.tenant(None, None, None).await?);
            test(server, &ours, &theirs).await
        })
        .await;
    }
}

/// A query every principal may ask.
const WHO: &str = r#"{"query":"{ __typename }"}"#;

/// Asks with this cookie whether it is recognized.
async fn status_of(tenant: &Tenant, cookie: &str) -> anyhow::Result<u16> {
    let request = Request::new("GET", format!("/t/{}/session", tenant.name)).header("cookie", cookie);
    Ok(request.send(tenant.address).await?.status)
}

/// What a caller can tell of an answer: everything but the id of the request and the clock.
fn visible(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let headers = answer.headers.iter().filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str())).cloned().collect();
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let body = answer.header("x-request-id").map_or(text.clone(), |id| text.replace(id, ""));
    (answer.status, headers, body)
}
