//! What changes is told: to those who may know, once, in order, whatever breaks in between.

mod feed;
mod jobs;
mod nodes;
mod slow;
mod socket;
mod streams;
mod window;

use serde_json::{Value, json};
use tenon_tests::{Member, Tenant};

/// A subscription to deals that are not won.
const OPEN: &str = r"subscription ($after: String) { opportunityChanged(filter: { stage: { ne: WON } }, after: $after) {
    kind id version changedFields cursor by { kind display } node { name stage owner { id } } } }";

/// The same tenant with a member's session instead of the key.
fn seen_by(member: &Member) -> Tenant {
    Tenant { cookie: Some(member.cookie.clone()), ..member.tenant.clone() }
}

async fn deal(tenant: &Tenant, name: &str, owner: Option<&str>) -> anyhow::Result<Value> {
    let owner = owner.map(|owner| json!({ "connect": { "id": owner } }));
    let mut input = json!({ "name": name, "stage": "PROSPECTING" });
    if let Some(owner) = owner {
        input["owner"] = owner;
    }
    let made = tenant
        .data("mutation ($input: CreateOpportunityInput!) { createOpportunity(input: $input) { id } }", json!({ "input": input }))
        .await?;
    Ok(made["createOpportunity"]["id"].clone())
}

async fn change(tenant: &Tenant, id: &Value, input: Value) -> anyhow::Result<()> {
    let document = "mutation ($id: ID!, $input: UpdateOpportunityInput!) { updateOpportunity(id: $id, input: $input) { id } }";
    tenant.data(document, json!({ "id": id, "input": input })).await?;
    Ok(())
}

/// What an event tells, short.
fn short(told: &Value) -> Value {
    let change = &told["data"]["opportunityChanged"];
    json!([change["kind"], change["id"], change["version"]])
}
