//! Two nodes over one PostgreSQL: a share that ends through one has ended at the next request on the other.
//!
//! Sessions, keys and roles are tried in `sign_in/nodes.rs`; here what the law keeps of records.

use anyhow::ensure;
use serde_json::{Value, json};
use tenon_tests::{Database, Member, Setting, Tenant, TestServer};

use crate::both::on;

/// How often: a cache that is right by chance is wrong sooner or later.
const ROUNDS: usize = 5;

const FIND: &str = "query ($id: ID!) { opportunity(id: $id) { name } opportunities { totalCount { value } } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_share_that_ends_on_one_node_has_ended_at_the_next_request_on_the_other() {
    on(Database::Postgres, Vec::new(), async |server: &TestServer, _: &Setting| {
        let Some(other) = server.another_node().await? else { return Ok(()) };
        let ours = server.tenant(None, None, None).await?;
        let result = shared(&ours, &other.serve(&ours)).await;
        other.stop().await?;
        result
    })
    .await;
}

async fn shared(ours: &Tenant, there: &Tenant) -> anyhow::Result<()> {
    let bob = ours.member("bob@mail.example", &["sales_rep"]).await?;
    let bob = Member { tenant: there.clone(), ..bob };
    let deal = ours.data(r#"mutation { createOpportunity(input: { name: "Out of sight" }) { id } }"#, json!({})).await?;
    let variables = json!({ "id": deal["createOpportunity"]["id"], "with": bob.user });
    let find = async || bob.data(FIND, json!({ "id": variables["id"] })).await;
    let nothing = json!({ "opportunity": Value::Null, "opportunities": { "totalCount": { "value": 0 } } });
    let shown = json!({ "opportunity": { "name": "Out of sight" }, "opportunities": { "totalCount": { "value": 1 } } });
    for round in 0..ROUNDS {
        ensure!(find().await? == nothing, "round {round}: before");
        let share = "mutation ($id: ID!, $with: ID!) { shareOpportunity(id: $id, with: $with, rights: [\"read\"]) { id } }";
        ours.data(share, variables.clone()).await?;
        ensure!(find().await? == shown, "round {round}: shared");
        ours.data("mutation ($id: ID!, $with: ID!) { unshareOpportunity(id: $id, with: $with) { id } }", variables.clone()).await?;
        ensure!(find().await? == nothing, "round {round}: no longer shared");
    }
    Ok(())
}
