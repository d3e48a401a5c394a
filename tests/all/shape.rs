//! Change of shape beside everything else: fields become required, unique, or of another type while everybody goes on.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tenon_server::Command;
use tenon_tests::{Database, Tenant, TestServer};

use crate::both::on_as;

/// How long a job may take in a test.
const PATIENCE: Duration = Duration::from_secs(120);
/// More records than an apply looks through at once.
const MANY: usize = 1_100;

const DEAL: &str = "format: tenon/v1
object: deal
label: { en: Deal, zh: 交易 }
fields:
  name: { type: text, required: true, label: { en: Name, zh: 名称 } }
  code: { type: text, label: { en: Code, zh: 编码 } }
  size: { type: integer, label: { en: Size, zh: 规模 } }
";
const ACCESS: &str = "format: tenon/v1
object: deal
roles:
  engineer: { can: [read, update], fields: { \"*\": write } }
";

async fn on_both(test: impl AsyncFn(&TestServer, &Tenant, &Tenant) -> anyhow::Result<()>) {
    for database in [Database::Sqlite, Database::Postgres] {
        on_as(
            database,
            |_| (),
            async |server| {
                let (ours, theirs) = (server.tenant(None, None, None).await?, server.tenant(None, None, None).await?);
                for tenant in [&ours, &theirs] {
                    tenant.apply(&[("objects/deal/object.yaml".to_owned(), DEAL.to_owned())]).await?;
                    tenant.apply(&[("objects/deal/access.yaml".to_owned(), ACCESS.to_owned())]).await?;
                    tenant.data("mutation { createDeal(input: { name: \"first\", size: 7, code: \"0012\" }) { id } }", json!({})).await?;
                }
                test(server, &ours, &theirs).await?;
                // The other tenant is as it was, and nothing of any job is left in ours.
                let theirs = theirs.data("{ deals { nodes { name size code version } } }", json!({})).await?;
                ensure!(theirs["deals"]["nodes"] == json!([{ "name": "first", "size": 7, "code": "0012", "version": 1 }]), "{theirs}");
                let doctor = Command::Doctor { tenant: Some(ours.name.clone()), fix: false };
                let report = server.command(&doctor).await.context("a report")?;
                ensure!(report[0]["findings"] == json!([]), "{report}");
                Ok(())
            },
        )
        .await;
    }
}

/// Applies changes of one field, confirmed; the answer of the apply.
async fn change(tenant: &Tenant, field: &str, input: Value) -> anyhow::Result<Value> {
    let planning = "mutation ($operations: [OperationInput!]) { plan(operations: $operations) { hash risk operations { path risk api violations rows help } diagnostics { message } } }";
    let operations = json!([{ "updateField": { "object": "deal", "field": field, "input": input } }]);
    let plan = tenant.metadata(planning, json!({ "operations": operations })).await?["plan"].take();
    let applying = "mutation ($plan: String!, $confirm: [String!]) { apply(plan: $plan, confirm: $confirm) { jobs { id kind state } operations { path risk job } } }";
    let variables = json!({ "plan": plan["hash"], "confirm": [format!("deal.fields.{field}")] });
    let body = json!({ "query": applying, "variables": variables });
    let mut applied = tenant.post("metadata", &body, &[]).await?.json()?;
    applied["plan"] = plan;
    Ok(applied)
}

/// The job of the answer of an apply.
fn job_of(applied: &Value) -> anyhow::Result<String> {
    let id = applied["data"]["apply"]["jobs"][0]["id"].as_str();
    Ok(id.with_context(|| format!("no job: {applied}"))?.to_owned())
}

const JOB: &str = "query ($id: ID!) { job(id: $id) { kind state total done failed error { code message rule field } } }";

async fn until_ended(tenant: &Tenant, id: &str) -> anyhow::Result<Value> {
    let began = Instant::now();
    loop {
        let job = tenant.data(JOB, json!({ "id": id })).await?["job"].take();
        if matches!(job["state"].as_str(), Some("DONE" | "FAILED" | "CANCELLED")) {
            return Ok(job);
        }
        ensure!(began.elapsed() < PATIENCE, "{id} stays {job}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn changed(tenant: &Tenant, field: &str, input: Value) -> anyhow::Result<Value> {
    until_ended(tenant, &job_of(&change(tenant, field, input).await?)?).await
}

async fn shown(tenant: &Tenant, field: &str) -> anyhow::Result<Value> {
    let query = "{ object(name: \"deal\") { fields { name type state required unique } } }";
    let found = tenant.metadata(query, json!({})).await?;
    let fields = found["object"]["fields"].as_array().cloned().unwrap_or_default();
    fields.into_iter().find(|one| one["name"] == field).context("the field")
}

/// Many records, each with a name, code and size of its own.
async fn fill(tenant: &Tenant) -> anyhow::Result<()> {
    let inputs: Vec<Value> = (0..MANY).map(|at| json!({ "name": format!("n{at}"), "code": format!("c{at}"), "size": at })).collect();
    let create = "mutation ($inputs: [CreateDealInput!]!) { createDeals(inputs: $inputs) { created } }";
    ensure!(tenant.data(create, json!({ "inputs": inputs })).await?["createDeals"]["created"] == MANY);
    Ok(())
}

/// The job of a shape that was left last.
async fn newest(ours: &Tenant) -> anyhow::Result<String> {
    newest_of(ours, "shape").await
}

/// The job of a kind that was left last.
async fn newest_of(ours: &Tenant, kind: &str) -> anyhow::Result<String> {
    let jobs =
        ours.data("query ($kinds: [String!]) { jobs(kinds: $kinds, first: 1) { nodes { id } } }", json!({ "kinds": [kind] })).await?;
    Ok(jobs["jobs"]["nodes"][0]["id"].as_str().context("a job")?.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_becomes_text_with_its_history_and_its_old_name() {
    on_both(async |_, ours, _| {
        let rename = "mutation { updateField(object: \"deal\", field: \"size\", input: { rename: \"volume\" }) { name } }";
        ours.metadata(rename, json!({})).await?;
        let id = ours.data("{ deals { nodes { id } } }", json!({})).await?["deals"]["nodes"][0]["id"].clone();
        let update = "mutation ($id: ID!) { updateDeal(id: $id, input: { volume: 8 }) { version } }";
        ours.data(update, json!({ "id": id })).await?;
        let unconfirmed = "mutation { updateField(object: \"deal\", field: \"volume\", input: { type: text }) { name } }";
        let refused = ours.post("metadata", &json!({ "query": unconfirmed }), &[]).await?.json()?;
        ensure!(refused["errors"][0]["extensions"]["rule"] == "confirm", "a change of type breaks callers: {refused}");

        let applied = change(ours, "volume", json!({ "type": "text" })).await?;
        let step = &applied["plan"]["operations"][0];
        ensure!((&step["risk"], &step["api"], &step["rows"]) == (&json!("job"), &json!("breaking"), &json!(1)), "{step}");
        ensure!(applied["data"]["apply"]["operations"][0]["job"] == applied["data"]["apply"]["jobs"][0]["id"], "{applied}");
        let job = until_ended(ours, &job_of(&applied)?).await?;
        ensure!((&job["state"], &job["kind"]) == (&json!("DONE"), &json!("shape")), "{job}");
        let field = shown(ours, "volume").await?;
        ensure!((&field["type"], &field["state"]) == (&json!("text"), &json!("active")), "{field}");

        let read = "{ deals(filter: { volume: { startsWith: \"8\" } }) { nodes { volume size version history { nodes { version changes { field old new } } } } } }";
        // As the lowest role, by the new name and by the one of before.
        let low = ours.with_roles(&["engineer"]).await?;
        let found = low.data(read, json!({})).await?["deals"]["nodes"][0].take();
        ensure!((&found["volume"], &found["size"], &found["version"]) == (&json!("8"), &json!("8"), &json!(2)), "{found}");
        let changes = &found["history"]["nodes"][0]["changes"][0];
        ensure!((&changes["field"], &changes["old"], &changes["new"]) == (&json!("volume"), &json!(7), &json!("8")), "{found}");
        low.data("mutation ($id: ID!) { updateDeal(id: $id, input: { volume: \"eight\" }) { version } }", json!({ "id": id })).await?;
        // Back again, what stands there now is in the way: told by record, and nothing is changed.
        let job = changed(ours, "volume", json!({ "type": "integer" })).await?;
        let (state, rule, message) = (&job["state"], &job["error"]["rule"], job["error"]["message"].as_str().unwrap_or_default());
        ensure!(state == "FAILED" && rule == "type" && message.contains(id.as_str().unwrap_or("?")), "{job}");
        ensure!(job["failed"] == 1, "{job}");
        let field = shown(ours, "volume").await?;
        ensure!((&field["type"], &field["state"]) == (&json!("text"), &json!("active")), "{field}");
        low.data("mutation ($id: ID!) { updateDeal(id: $id, input: { volume: \"9\" }) { version } }", json!({ "id": id })).await?;
        ensure!(changed(ours, "volume", json!({ "type": "integer" })).await?["state"] == "DONE");
        ensure!(ours.data("{ deals { nodes { volume size } } }", json!({})).await?["deals"]["nodes"][0] == json!({ "volume": 9, "size": 9 }));
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_becomes_the_other_is_refused_with_the_reason() {
    on_both(async |_, ours, _| {
        for (field, kind) in [("size", "date"), ("size", "file"), ("code", "geo"), ("code", "money"), ("name", "auto_number")] {
            let applied = change(ours, field, json!({ "type": kind })).await?;
            let step = &applied["plan"]["operations"][0];
            let refused =
                applied["errors"][0]["extensions"]["code"] == "INVALID" || applied["errors"][0]["extensions"]["code"] == "CONFLICT";
            ensure!(
                refused && (step["risk"] == "blocked" || step.is_null() || applied["plan"]["diagnostics"] != json!([])),
                "{field} {kind}: {applied}"
            );
        }
        ensure!(shown(ours, "size").await?["type"] == "integer");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_records_become_required_and_unique_by_jobs_that_tell_first_what_is_in_the_way() {
    on_both(async |_, ours, _| {
        fill(ours).await?;
        let twice = "mutation { createDeals(inputs: [{ name: \"x\", code: \"C5\" }, { name: \"y\" }]) { created } }";
        ours.data(twice, json!({})).await?;
        let update = |input: &str| format!("mutation {{ updateField(object: \"deal\", field: \"code\", input: {{ {input} }}) {{ state unique required }} }}");
        // By the designer it is left to a job at once; the old shape answers until it has ended.
        for (wish, rule) in [("required: true", "required"), ("unique: true", "unique")] {
            let field = ours.metadata(&update(wish), json!({})).await?["updateField"].take();
            ensure!(field == json!({ "state": "building", "unique": false, "required": false }), "{field}");
            let job = until_ended(ours, &newest(ours).await?).await?;
            ensure!(job["state"] == "FAILED" && job["error"]["rule"] == rule && job["error"]["field"] == "code", "{job}");
            let field = shown(ours, "code").await?;
            ensure!(field["state"] == "active" && field["unique"] == false && field["required"] == false, "{field}");
        }
        // A plan counts it before, and is blocked.
        let applied = change(ours, "code", json!({ "unique": true })).await?;
        let step = &applied["plan"]["operations"][0];
        ensure!((&step["risk"], &step["violations"]) == (&json!("blocked"), &json!(1)), "{step}");
        ensure!(applied["errors"][0]["extensions"]["rule"] == "metadata/blocked", "{applied}");
        let fix = "mutation { updateDeals(filter: { or: [{ name: { eq: \"x\" } }, { name: { eq: \"y\" } }] }, input: { code: null }) { updated } }";
        ours.data(fix, json!({})).await?;
        let low = ours.with_roles(&["engineer"]).await?;
        ensure!(changed(ours, "code", json!({ "unique": true })).await?["state"] == "DONE");
        let clash = "mutation ($id: ID!) { updateDeal(id: $id, input: { code: \"C7\" }) { id } }";
        let id = ours.data("{ deals(filter: { name: { eq: \"x\" } }) { nodes { id } } }", json!({})).await?["deals"]["nodes"][0]["id"].clone();
        let refused = low.post("graphql", &json!({ "query": clash, "variables": { "id": id } }), &[]).await?.json()?;
        ensure!(refused["errors"][0]["extensions"]["rule"] == "unique" && refused["errors"][0]["extensions"]["field"] == "code", "{refused}");
        let found = ours.data("{ deal(by: { code: \"c9\" }) { name } }", json!({})).await?;
        ensure!(found["deal"]["name"] == "n9", "{found}");
        for (name, code) in [("x", "x1"), ("y", "y1")] {
            let fill = format!("mutation {{ updateDeals(filter: {{ name: {{ eq: \"{name}\" }} }}, input: {{ code: \"{code}\" }}) {{ updated }} }}");
            ours.data(&fill, json!({})).await?;
        }
        ensure!(changed(ours, "code", json!({ "required": true })).await?["state"] == "DONE");
        let missing = ours.post("graphql", &json!({ "query": "mutation { createDeal(input: { name: \"z\" }) { id } }" }), &[]).await?.json()?;
        ensure!(missing["errors"][0]["extensions"]["rule"] == "required", "{missing}");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_required_field_is_filled_with_its_default() {
    on_both(async |_, ours, _| {
        fill(ours).await?;
        let add = "mutation { addField(object: \"deal\", input: { name: \"tier\", type: text, required: true, default: \"plain\" }) { state required } }";
        let field = ours.metadata(add, json!({})).await?["addField"].take();
        ensure!(field == json!({ "state": "building", "required": false }), "{field}");
        let job = until_ended(ours, &newest(ours).await?).await?;
        ensure!(job["state"] == "DONE", "{job}");
        let plain = ours.data("{ dealsAggregate(filter: { tier: { eq: \"plain\" } }) { count } }", json!({})).await?;
        ensure!(plain["dealsAggregate"][0]["count"] == MANY + 1, "{plain}");
        ensure!(shown(ours, "tier").await?["required"] == true);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_meanwhile_is_there_in_the_new_shape_and_no_request_fails() {
    on_both(async |_, ours, _| {
        fill(ours).await?;
        let ids: Vec<String> =
            ours.data("{ deals(first: 200, orderBy: [{ name: ASC }]) { nodes { id } } }", json!({})).await?["deals"]["nodes"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|node| node["id"].as_str().map(str::to_owned))
                .collect();
        let job = job_of(&change(ours, "size", json!({ "type": "decimal", "scale": 2 })).await?)?;
        // The same document before and after: a number literal is a whole number as well as a decimal.
        let mut at = 0;
        let began = Instant::now();
        loop {
            let id = &ids[at % ids.len()];
            let value = 100_000 + at;
            let update = format!("mutation {{ updateDeal(id: \"{id}\", input: {{ size: {value} }}) {{ version }} }}");
            ours.data(&update, json!({})).await?;
            ours.data(&format!("mutation {{ createDeal(input: {{ name: \"w{at}\", size: {at} }}) {{ id }} }}"), json!({})).await?;
            at += 1;
            let state = ours.data(JOB, json!({ "id": job })).await?["job"]["state"].take();
            if matches!(state.as_str(), Some("DONE" | "FAILED" | "CANCELLED")) {
                ensure!(state == "DONE", "{state}");
                break;
            }
            ensure!(began.elapsed() < PATIENCE, "the job stays {state}");
        }
        for back in 1..=at.min(ids.len()) {
            let (wrote, id) = (at - back, &ids[(at - back) % ids.len()]);
            let found = ours.data("query ($id: ID!) { deal(id: $id) { size } }", json!({ "id": id })).await?;
            ensure!(found["deal"]["size"] == format!("{}.00", 100_000 + wrote), "{wrote}: {found}");
        }
        let count = ours.data("{ dealsAggregate(filter: { size: { isNull: false } }) { count } }", json!({})).await?;
        ensure!(count["dealsAggregate"][0]["count"] == MANY + 1 + at, "{count}");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_job_leaves_everything_as_it_was() {
    on_both(async |_, ours, _| {
        fill(ours).await?;
        let job = job_of(&change(ours, "size", json!({ "type": "text" })).await?)?;
        let again = change(ours, "size", json!({ "type": "decimal" })).await?;
        ensure!(again["errors"][0]["extensions"]["code"].is_string(), "a job is at it: {again}");
        let cancel = ours.request("POST", &format!("jobs/{job}/cancel")).send(ours.address).await?;
        let ended = until_ended(ours, &job).await?;
        let kind = match ended["state"].as_str() {
            Some("CANCELLED") => "integer",
            // The cancel came too late.
            Some("DONE") if cancel.status < 500 => "text",
            _ => anyhow::bail!("{ended}"),
        };
        let field = shown(ours, "size").await?;
        ensure!((&field["type"], &field["state"]) == (&json!(kind), &json!("active")), "{field}");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn indexes_over_many_records_are_left_to_jobs_and_over_few_are_made_at_once() {
    on_both(async |_, ours, theirs| {
        fill(ours).await?;
        let many = "{ jobs(kinds: [\"index\"], first: 10) { nodes { id } } }";
        // A day and a reference are found by indexes; the field is in force at once, the index comes behind it.
        let day = "mutation { addField(object: \"deal\", input: { name: \"due\", type: date }) { state } }";
        let boss = "mutation { addRelation(object: \"deal\", input: { name: \"boss\", to: [\"user\"] }) { name } }";
        ensure!(ours.metadata(day, json!({})).await?["addField"]["state"] == "active");
        let by_day = newest_of(ours, "index").await?;
        ours.data("mutation { createDeal(input: { name: \"dated\", due: \"2026-03-04\" }) { id } }", json!({})).await?;
        let job = until_ended(ours, &by_day).await?;
        ensure!((&job["state"], &job["done"], &job["total"]) == (&json!("DONE"), &json!(1), &json!(1)), "{job}");
        ours.metadata(boss, json!({})).await?;
        let job = until_ended(ours, &newest_of(ours, "index").await?).await?;
        ensure!(job["state"] == "DONE" && job["done"] == 1, "{job}");
        let found = ours.data("{ deals(filter: { due: { eq: \"2026-03-04\" } }) { nodes { name } } }", json!({})).await?;
        ensure!(found["deals"]["nodes"] == json!([{ "name": "dated" }]), "{found}");
        // Who may only read and change deals finds by it, neither makes one nor sees who did.
        let low = ours.with_roles(&["engineer"]).await?;
        let found = low.data("{ deals(filter: { due: { eq: \"2026-03-04\" } }) { nodes { name } } }", json!({})).await?;
        ensure!(found["deals"]["nodes"] == json!([{ "name": "dated" }]), "{found}");
        let refused = low.post("metadata", &json!({ "query": day.replace("due", "later") }), &[]).await?.json()?;
        ensure!(refused["errors"][0]["extensions"]["code"] == "FORBIDDEN", "{refused}");
        let seen = low.data(many, json!({})).await?;
        ensure!(seen["jobs"]["nodes"] == json!([]), "{seen}");
        // One record is no reason for a job.
        theirs.metadata(day, json!({})).await?;
        let left = theirs.data(many, json!({})).await?;
        ensure!(left["jobs"]["nodes"] == json!([]), "{left}");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_unique_field_of_many_records_is_unique_when_its_job_has_ended() {
    on_both(async |_, ours, _| {
        fill(ours).await?;
        for (name, kind) in [("serial", "text"), ("number", "auto_number")] {
            let unique = if kind == "text" { ", unique: true" } else { ", format: \"D-{0000}\"" };
            let add = format!(
                "mutation {{ addField(object: \"deal\", input: {{ name: \"{name}\", type: {kind}{unique} }}) {{ state unique }} }}"
            );
            let field = ours.metadata(&add, json!({})).await?["addField"].take();
            ensure!(field == json!({ "state": "building", "unique": false }), "{field}");
            let job = until_ended(ours, &newest(ours).await?).await?;
            ensure!(job["state"] == "DONE", "{job}");
            let field = shown(ours, name).await?;
            ensure!((&field["state"], &field["unique"]) == (&json!("active"), &json!(true)), "{field}");
        }
        let low = ours.with_roles(&["engineer"]).await?;
        let ids = ours.data("{ deals(first: 2) { nodes { id } } }", json!({})).await?["deals"]["nodes"].take();
        let update = "mutation ($id: ID!) { updateDeal(id: $id, input: { serial: \"A\" }) { id } }";
        low.data(update, json!({ "id": ids[0]["id"] })).await?;
        let refused = low.post("graphql", &json!({ "query": update, "variables": { "id": ids[1]["id"] } }), &[]).await?.json()?;
        ensure!(
            refused["errors"][0]["extensions"]["rule"] == "unique" && refused["errors"][0]["extensions"]["field"] == "serial",
            "{refused}"
        );
        Ok(())
    })
    .await;
}
