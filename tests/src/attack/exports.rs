//! Attacks on exports: a file that is taken out holds what its maker sees, and no row more.

use anyhow::Context;
use serde_json::{Value, json};

use super::doors::compare;
use super::judge::Judge;
use super::report::Report;
use super::world::{MARKER, World};
use crate::Tenant;

/// How often a file is read whose reading breaks off.
const READS_MAX: usize = 5;

/// Takes every object out.
pub(super) async fn run(world: &World, judge: &Judge, report: &mut Report) -> anyhow::Result<()> {
    for object in world.objects.iter().filter(|object| !object.name.contains(MARKER)) {
        one(world, (judge, &object.name), report).await?;
    }
    Ok(())
}

/// Takes one object out, of the target and of its twin: the same lines, and nothing hidden in them.
pub(super) async fn one(world: &World, (judge, object): (&Judge, &str), report: &mut Report) -> anyhow::Result<()> {
    let mut answers = Vec::new();
    for tenant in [&world.target, &world.twin] {
        let lines = taken_out(tenant, object).await.with_context(|| format!("an export of `{object}`"))?;
        answers.push(Value::from(judge.text(&lines, &[])));
    }
    report.tried("exports", 1);
    compare(report, &format!("export of {object}"), &answers);
    Ok(())
}

/// The lines of an export, read while it is made.
async fn taken_out(tenant: &Tenant, object: &str) -> anyhow::Result<String> {
    let begun = tenant.by_key("POST", "exports", &json!({ "object": object, "format": "jsonl" })).await?;
    let told = begun.json()?;
    let id = told["id"].as_str().with_context(|| format!("status {}: {told}", begun.status))?;
    let mut broken = None;
    for _ in 0..READS_MAX {
        match tenant.request("GET", &format!("exports/{id}/data")).send(tenant.address).await {
            Ok(file) => {
                anyhow::ensure!(file.status == 200, "status {}: {}", file.status, String::from_utf8_lossy(&file.body));
                return Ok(String::from_utf8_lossy(&file.body).into_owned());
            }
            // On a busy machine a job may lose its turn and make the file anew, which ends a reading before its end.
            Err(error) => broken = Some(error),
        }
    }
    Err(broken.unwrap_or_else(|| anyhow::anyhow!("the file was not read")))
}
