//! Attacks on subscriptions: who listens hears nothing of what happens out of his sight, now or when he comes back.
//!
//! Silence cannot be waited for. So after all that must not be heard something happens that must, a beat; whatever comes
//! before it was heard.

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tenon_value::Uuid;

use super::judge::Judge;
use super::report::Report;
use super::world::{MARKER, Whose, World, id};
use crate::{EventStream, Tenant};

/// Events that may come before a beat, all of them findings.
const EVENTS_MAX: usize = 200;

/// Listens to everything, then to one object by a filter, while records out of sight change; then comes back.
pub(super) async fn run(world: &World, judge: &Judge, report: &mut Report) -> anyhow::Result<()> {
    let account = world.place("Account").context("accounts")?;
    let objects: Vec<&str> = world.objects.iter().map(|object| object.name.as_str()).filter(|name| !name.contains(MARKER)).collect();
    let mark = world.mark;
    let parts = "kind id version changedFields cursor by { display user { id display } } node { id display version }";
    let everything = format!(
        "subscription {mark}($objects: [String!]!, $after: String) {{ told: recordsChanged(objects: $objects, after: $after) {{ object {parts} }} }}"
    );
    let filtered = format!(
        "subscription {mark}($after: String) {{ told: accountChanged(filter: {{ name: {{ isNull: false }} }}, after: $after) {{ {parts} }} }}"
    );
    for (document, variables) in [(everything, json!({ "objects": objects })), (filtered, json!({}))] {
        let mut open = world.target.subscribe(&document, variables.clone(), &[]).await?;
        let begin = heard(&mut open, world, account).await?;
        let since = begin.last().and_then(|event| event["cursor"].as_str()).context("a cursor")?.to_owned();
        stir(world).await?;
        let mut told = heard(&mut open, world, account).await?;
        drop(open);
        let mut again = variables;
        again["after"] = json!(since);
        let mut back = world.target.subscribe(&document, again, &[]).await?;
        told.extend(heard(&mut back, world, account).await?);
        report.tried("subscriptions", world.objects.len());
        for event in told {
            if let Some(leak) = Judge::leak(&judge.even(&event, &[]).to_string()) {
                report.finds("subscription", &format!("tells {leak}"));
            }
        }
    }
    Ok(())
}

/// Changes a record of each object that the attacker does not see, and one of a stranger.
async fn stir(world: &World) -> anyhow::Result<()> {
    for (place, object) in world.objects.iter().enumerate() {
        touch(&world.admin, &object.kind, &id(Whose::Hidden, place, 1)).await?;
    }
    let account = world.place("Account").context("accounts")?;
    touch(&world.stranger, "Account", &id(Whose::Foreign, account, 1)).await
}

/// What is heard up to a beat, the beat included. The twin's record beats as well: it stays as old as the target's.
async fn heard(open: &mut EventStream, world: &World, account: usize) -> anyhow::Result<Vec<Value>> {
    let record = id(Whose::Seen, account, 1);
    let version = touched(&world.target, "Account", &record).await?;
    touch(&world.twin, "Account", &record).await?;
    let mut events = Vec::new();
    while events.len() < EVENTS_MAX {
        let event = open.told().await?["data"]["told"].take();
        let is_beat = event["id"] == record && event["version"] == version;
        events.push(event);
        if is_beat {
            return Ok(events);
        }
    }
    Ok(events)
}

async fn touch(tenant: &Tenant, kind: &str, record: &str) -> anyhow::Result<()> {
    touched(tenant, kind, record).await.map(|_| ())
}

/// Changes nothing of a record but an id it has elsewhere; its version then.
async fn touched(tenant: &Tenant, kind: &str, record: &str) -> anyhow::Result<Value> {
    let document =
        format!("mutation ($id: ID!, $input: Update{kind}Input!) {{ told: update{kind}(id: $id, input: $input) {{ version }} }}");
    let input = json!({ "externalIds": [{ "system": "beat", "id": Uuid::now_v7().to_string() }] });
    let told =
        tenant.data(&document, json!({ "id": record, "input": input })).await.with_context(|| format!("touching `{kind}` {record}"))?;
    ensure!(told["told"]["version"].is_number(), "{told}");
    Ok(told["told"]["version"].clone())
}
