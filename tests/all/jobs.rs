//! Jobs as callers see them: imports that rest, go on and are taken back, batches of mode JOB, who sees which job.

use std::io::{Cursor, Write};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tenon_tests::{Database, Setting, Tenant, TestServer};
use zip::write::SimpleFileOptions;

use crate::both::on;

/// How long a job may take in a test.
const PATIENCE: Duration = Duration::from_secs(120);
const MAPPING: &str = "format: tenon/v1\nmapping: account\nmatch: external_id.test\ncolumns:\n  id: external_id.test\n  name: name\n  city: { to: address.city }\n";

async fn on_both(test: impl AsyncFn(&TestServer, &Tenant, &Tenant) -> anyhow::Result<()>) {
    for database in [Database::Sqlite, Database::Postgres] {
        on(database, Vec::new(), async |server: &TestServer, _: &Setting| {
            let (ours, theirs) = (server.tenant(None, None, None).await?, server.tenant(None, None, None).await?);
            test(server, &ours, &theirs).await
        })
        .await;
    }
}

/// The job at a door once it is in one of these states.
async fn until(tenant: &Tenant, door: &str, states: &[&str]) -> anyhow::Result<Value> {
    let began = Instant::now();
    loop {
        let job = tenant.request("GET", door).send(tenant.address).await?.json()?;
        if states.iter().any(|state| job["state"] == *state) {
            return Ok(job);
        }
        ensure!(began.elapsed() < PATIENCE, "{door} stays {job}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Sends files; the answer of the door.
async fn send(tenant: &Tenant, door: &str, files: &[(&str, &str, &[u8])]) -> anyhow::Result<tenon_tests::Answer> {
    let mut body = Vec::new();
    for (name, called, bytes) in files {
        body.extend_from_slice(
            format!("--xyz\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{called}\"\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--xyz--\r\n");
    let request = tenant.request("POST", door).header("content-type", "multipart/form-data; boundary=xyz");
    request.body(body).send(tenant.address).await
}

async fn begin(tenant: &Tenant, data: (&str, &[u8])) -> anyhow::Result<String> {
    let answer = send(tenant, "imports?object=account", &[("mapping", "m.yaml", MAPPING.as_bytes()), ("data", data.0, data.1)]).await?;
    ensure!(answer.status == 202, "{}: {}", answer.status, String::from_utf8_lossy(&answer.body));
    Ok(format!("imports/{}", answer.json()?["id"].as_str().context("an id")?))
}

fn rows(count: usize, city: &str) -> Vec<u8> {
    (0..count).fold("id,name,city\n".to_owned(), |text, row| text + &format!("{row},Company {row},{city}\n")).into_bytes()
}

async fn count(tenant: &Tenant, filter: Value) -> anyhow::Result<i64> {
    let found = tenant.data("query ($f: AccountFilter) { accountsAggregate(filter: $f) { count } }", json!({ "f": filter })).await?;
    found["accountsAggregate"][0]["count"].as_i64().context("a count")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_rests_goes_on_and_repeats_no_row() {
    on_both(async |_, ours, theirs| {
        let id = begin(ours, ("a.csv", &rows(6_000, "Lyon"))).await?;
        let paused = ours.request("POST", &format!("{id}/pause")).send(ours.address).await?;
        if paused.status == 200 {
            let rests = until(ours, &id, &["PAUSED", "DONE"]).await?;
            if rests["state"] == "PAUSED" {
                let again = ours.request("POST", &format!("{id}/pause")).send(ours.address).await?;
                ensure!(again.status == 409, "it rests already: {}", again.status);
                ensure!(ours.request("POST", &format!("{id}/resume")).send(ours.address).await?.status == 200);
            }
        }
        let done = until(ours, &id, &["DONE", "FAILED"]).await?;
        ensure!(
            (done["state"].clone(), done["created"].clone(), done["total"].clone()) == (json!("DONE"), json!(6000), json!(6000)),
            "{done}"
        );
        ensure!(count(ours, json!({ "address": { "city": { "eq": "Lyon" } } })).await? == 6_000);
        ensure!(theirs.request("GET", &id).send(theirs.address).await?.status == 404, "another tenant's import is not there");
        ensure!(theirs.request("POST", &format!("{id}/cancel")).send(theirs.address).await?.status == 404);
        ensure!(count(theirs, json!({})).await? == 0);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_is_taken_back_but_for_what_was_changed_since() {
    on_both(async |_, ours, _| {
        let first = begin(ours, ("a.csv", &rows(20, "Lyon"))).await?;
        until(ours, &first, &["DONE"]).await?;
        let early = begin(ours, ("a.csv", &rows(25, "Nantes"))).await?;
        let done = until(ours, &early, &["DONE"]).await?;
        ensure!((done["created"].clone(), done["updated"].clone()) == (json!(5), json!(20)), "{done}");
        let touched =
            "mutation { updateAccount(id: $id, input: { name: \"Ours\" }) { id } }".replace("mutation {", "mutation ($id: ID!) {");
        let of = async |key: &str| -> anyhow::Result<String> {
            let found = ours
                .data("query ($k: String!) { account(by: { externalId: { system: \"test\", id: $k } }) { id } }", json!({ "k": key }))
                .await?;
            Ok(found["account"]["id"].as_str().context("an account")?.to_owned())
        };
        for key in ["3", "22"] {
            ours.data(&touched, json!({ "id": of(key).await? })).await?;
        }
        let answer = ours.request("POST", &format!("{early}/undo")).send(ours.address).await?;
        ensure!(answer.status == 202, "{}", String::from_utf8_lossy(&answer.body));
        let undo = format!("imports/{}", answer.json()?["id"].as_str().context("an id")?);
        let undone = until(ours, &undo, &["DONE", "FAILED"]).await?;
        ensure!(
            (undone["updated"].clone(), undone["skipped"].clone(), undone["failed"].clone()) == (json!(23), json!(2), json!(0)),
            "{undone}"
        );
        let errors = ours.request("GET", &format!("{undo}/errors.csv")).send(ours.address).await?;
        let errors = String::from_utf8_lossy(&errors.body).into_owned();
        ensure!(errors.lines().count() == 3 && errors.contains(",CONFLICT,version,"), "{errors}");
        ensure!(count(ours, json!({ "address": { "city": { "eq": "Lyon" } } })).await? == 19, "what was changed is as it was");
        ensure!(count(ours, json!({ "address": { "city": { "eq": "Nantes" } } })).await? == 2, "what was touched stays");
        let again = ours.request("POST", &format!("{early}/undo")).send(ours.address).await?;
        ensure!(again.json()?["id"] == undo.trim_start_matches("imports/"), "once is enough");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_made_a_job_and_administrators_see_it_and_nobody_else() {
    on_both(async |_, ours, theirs| {
        let bob = ours.member("bob@mail.example", &["sales_rep"]).await?;
        let eve = ours.member("eve@mail.example", &["sales_rep"]).await?;
        let id = begin(ours, ("a.csv", &rows(3, "Lyon"))).await?;
        until(ours, &id, &["DONE"]).await?;
        let plain = id.trim_start_matches("imports/").to_owned();
        let made = bob
            .data("mutation { createAccounts(inputs: [{ name: \"B\" }], mode: JOB) { affected nodes { id } job { id kind state done __typename } } }", json!({}))
            .await?;
        let job = &made["createAccounts"]["job"];
        ensure!(job["kind"] == "batch" && job["state"] == "WAITING" && job["__typename"] == "Job", "{made}");
        let own = job["id"].as_str().context("a job")?.to_owned();
        let ask = "query ($id: ID!) { job(id: $id) { id state } jobs { nodes { id } pageInfo { hasNextPage } } }";
        let seen = bob.data(ask, json!({ "id": plain })).await?;
        ensure!(seen == json!({ "job": null, "jobs": { "nodes": [{ "id": own }], "pageInfo": { "hasNextPage": false } } }), "{seen}");
        let nothing = eve.data(ask, json!({ "id": own })).await?;
        ensure!(nothing == json!({ "job": null, "jobs": { "nodes": [], "pageInfo": { "hasNextPage": false } } }), "{nothing}");
        for door in [format!("jobs/{own}"), format!("jobs/{own}/errors.csv"), id.clone()] {
            ensure!(eve.ask("GET", &door).await?.status == 404, "{door}");
        }
        ensure!(eve.send("POST", &format!("jobs/{own}/cancel"), &json!({})).await?.status == 404);
        ensure!(theirs.request("GET", &format!("jobs/{own}")).send(theirs.address).await?.status == 404);
        let all = ours.data("{ jobs(kinds: [\"batch\", \"import\"]) { nodes { id } } }", json!({})).await?;
        ensure!(all["jobs"]["nodes"] == json!([{ "id": own }, { "id": plain }]), "{all}");
        let done = until(ours, &format!("jobs/{own}"), &["DONE", "FAILED"]).await?;
        ensure!((done["state"].clone(), done["done"].clone(), done["total"].clone()) == (json!("DONE"), json!(1), json!(1)), "{done}");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_of_mode_job_has_any_size_and_its_authors_rights() {
    on_both(async |_, ours, _| {
        let inputs: Vec<Value> = (0..3_000).map(|row| json!({ "name": if row == 7 { String::new() } else { format!("Company {row}") } })).collect();
        let create = "mutation ($i: [CreateAccountInput!]!) { createAccounts(inputs: $i, mode: JOB) { affected failed nodes { id } job { id total } } }";
        let made = ours.data(create, json!({ "i": inputs })).await?;
        ensure!(made["createAccounts"]["affected"] == 0 && made["createAccounts"]["job"]["total"] == 3_000, "{made}");
        let door = format!("jobs/{}", made["createAccounts"]["job"]["id"].as_str().context("a job")?);
        let done = until(ours, &door, &["DONE", "FAILED"]).await?;
        ensure!((done["done"].clone(), done["failed"].clone()) == (json!(3000), json!(1)), "{done}");
        let errors = ours.request("GET", &format!("{door}/errors.csv")).send(ours.address).await?;
        let errors = String::from_utf8_lossy(&errors.body).into_owned();
        ensure!(errors.lines().nth(1).is_some_and(|line| line.starts_with("7,name,INVALID,required,")), "{errors}");
        ensure!(count(ours, json!({})).await? == 2_999);

        // Nobody's rights grow by waiting: what the filter selects is what its author sees.
        let manager = ours.member("bo@mail.example", &["sales_manager"]).await?;
        let update = "mutation ($f: AccountFilter!) { updateAccounts(filter: $f, input: { name: \"Same\" }, mode: JOB) { job { id } } }";
        let every = json!({ "f": { "id": { "isNull": false } } });
        let by_manager = manager.graphql(update, every.clone()).await?;
        if let Some(id) = by_manager["data"]["updateAccounts"]["job"]["id"].as_str() {
            let done = until(ours, &format!("jobs/{id}"), &["DONE", "FAILED"]).await?;
            ensure!(done["state"] == "DONE" && done["failed"] == 0, "{done}");
        }
        let rep = ours.member("al@mail.example", &["sales_rep"]).await?;
        let refused = rep.graphql(update, every.clone()).await?;
        ensure!(refused["errors"][0]["extensions"]["rule"] == "mass_update", "{refused}");

        let made = ours.data(update, every).await?;
        let door = format!("jobs/{}", made["updateAccounts"]["job"]["id"].as_str().context("a job")?);
        let done = until(ours, &door, &["DONE", "FAILED"]).await?;
        ensure!((done["done"].clone(), done["total"].clone()) == (json!(2999), json!(2999)), "{done}");
        ensure!(count(ours, json!({ "name": { "eq": "Same" } })).await? == 2_999);
        let refused = ours.post("graphql", &json!({ "query": "mutation { deleteAccounts(filter: {}, mode: JOB) { job { id } } }" }), &[]).await?;
        ensure!(refused.json()?["errors"][0]["extensions"]["rule"] == "unbounded_filter");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_are_none_are_refused_with_their_place() {
    on_both(async |_, ours, _| {
        let line = vec![b'x'; 3 * 1024 * 1024];
        let answer = send(ours, "imports", &[("mapping", "m.yaml", MAPPING.as_bytes()), ("data", "a.csv", &line)]).await?;
        ensure!(answer.status == 413, "{}", String::from_utf8_lossy(&answer.body));
        let told = answer.json()?;
        ensure!(told["limit"] == "line_bytes" && told["line"] == 1, "{told}");

        let open = [rows(3, "Lyon"), b"9,\"never closed,Lyon\n10,x,y\n".to_vec()].concat();
        let id = begin(ours, ("a.csv", &open)).await?;
        let failed = until(ours, &id, &["DONE", "FAILED"]).await?;
        ensure!(failed["state"] == "FAILED" && failed["error"]["rule"] == "import/quote" && failed["error"]["line"] == 5, "{failed}");

        let id = begin(ours, ("a.xlsx", b"PK\x03\x04 no workbook")).await?;
        ensure!(until(ours, &id, &["FAILED"]).await?["error"]["rule"] == "import/workbook");
        let id = begin(ours, ("bomb.xlsx", &bomb()?)).await?;
        ensure!(until(ours, &id, &["FAILED"]).await?["error"]["limit"] == "xlsx_inflated_bytes");
        let id = begin(ours, ("far.xlsx", &workbook(&[(1, "A", "id"), (1, "XFD", "name")])?)).await?;
        ensure!(until(ours, &id, &["FAILED"]).await?["error"]["limit"] == "xlsx_columns");
        for (name, bytes, rule) in [
            ("a.csv", &b"\xff\xfei\0d\0,\0"[..], "import/encoding"),
            ("a.csv", b"id\0,name,city\n", "import/encoding"),
            ("a.csv.gz", b"\x1f\x8b\x08\0\0\0\0\0", "import/format"),
            ("a.jsonl", b"\x28\xb5\x2f\xfd\0", "import/format"),
        ] {
            let id = begin(ours, (name, bytes)).await?;
            let failed = until(ours, &id, &["DONE", "FAILED"]).await?;
            ensure!(failed["error"]["rule"] == rule && failed["error"]["line"] == 1, "{name}: {failed}");
        }
        let id = begin(ours, ("wide.csv", &[vec![b','; 100_000], b"\n".to_vec()].concat())).await?;
        let failed = until(ours, &id, &["DONE", "FAILED"]).await?["error"].clone();
        ensure!((failed["limit"].clone(), failed["line"].clone()) == (json!("import_columns"), json!(1)), "{failed}");
        ensure!((failed["max"].clone(), failed["actual"].clone()) == (json!(1_000), json!(100_001)), "{failed}");
        ensure!(count(ours, json!({})).await? == 0, "nothing was half written");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_full_length_are_worked_few_at_a_time() {
    on_both(async |_, ours, _| {
        // Of the last one a cell is too long for its field; the others have their length in a column that is left out.
        let long = "x".repeat(900 * 1024);
        let mut rows: String =
            (0..12).fold("id,name,city,aside\n".to_owned(), |text, row| text + &format!("{row},Company {row},Lyon,{long}\n"));
        rows += &format!("12,{long},Lyon,\n");
        let mapping = MAPPING.to_owned() + "  aside: skip\n";
        let answer = send(ours, "imports", &[("mapping", "m.yaml", mapping.as_bytes()), ("data", "a.csv", rows.as_bytes())]).await?;
        let id = format!("imports/{}", answer.json()?["id"].as_str().context("an id")?);
        let done = until(ours, &id, &["DONE", "FAILED"]).await?;
        ensure!((done["created"].clone(), done["failed"].clone()) == (json!(12), json!(1)), "{done}");
        ensure!(count(ours, json!({ "address": { "city": { "eq": "Lyon" } } })).await? == 12);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_stands_in_several_rows_is_taken_back_once() {
    on_both(async |_, ours, _| {
        let first = begin(ours, ("a.csv", &rows(2, "Lyon"))).await?;
        until(ours, &first, &["DONE"]).await?;
        // 1 is changed twice, 7 is made and changed.
        let text = b"id,name,city\n1,Company 1,Nantes\n7,Company 7,Nantes\n1,Company 1,Paris\n7,Company 7,Paris\n";
        let id = begin(ours, ("a.csv", text)).await?;
        let done = until(ours, &id, &["DONE", "FAILED"]).await?;
        ensure!((done["created"].clone(), done["updated"].clone()) == (json!(1), json!(3)), "{done}");
        let answer = ours.request("POST", &format!("{id}/undo")).send(ours.address).await?;
        let undo = format!("imports/{}", answer.json()?["id"].as_str().context("an id")?);
        let undone = until(ours, &undo, &["DONE", "FAILED"]).await?;
        ensure!(
            (undone["updated"].clone(), undone["skipped"].clone(), undone["total"].clone()) == (json!(2), json!(0), json!(2)),
            "{undone}"
        );
        ensure!(count(ours, json!({ "address": { "city": { "eq": "Lyon" } } })).await? == 2, "1 is as it was");
        ensure!(count(ours, json!({})).await? == 2, "7 is gone");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workbook_is_imported_and_its_mapping_proposed() {
    on_both(async |_, ours, _| {
        let cells = [(1, "A", "id"), (1, "B", "名称"), (2, "A", "1"), (2, "B", "上海公司"), (4, "A", "2"), (4, "B", "Acme & Co")];
        let book = workbook(&cells)?;
        let proposed = send(ours, "imports/suggest?object=account", &[("data", "a.xlsx", &book)]).await?;
        let proposed = proposed.json()?;
        ensure!(proposed["columns"][1]["to"] == "name" && proposed["columns"][1]["samples"][0] == "上海公司", "{proposed}");
        let mapping = MAPPING.replace("  name: name\n  city: { to: address.city }\n", "  名称: name\n");
        let answer = send(ours, "imports", &[("mapping", "m.yaml", mapping.as_bytes()), ("data", "a.xlsx", &book)]).await?;
        let id = format!("imports/{}", answer.json()?["id"].as_str().context("an id")?);
        let done = until(ours, &id, &["DONE", "FAILED"]).await?;
        ensure!((done["created"].clone(), done["failed"].clone()) == (json!(2), json!(0)), "{done}");
        ensure!(count(ours, json!({ "name": { "in": ["上海公司", "Acme & Co"] } })).await? == 2);
        let rep = ours.member("al@mail.example", &["engineer"]).await?;
        let refused = send(
            &Tenant { cookie: Some(rep.cookie.clone()), ..ours.clone() },
            "imports/suggest?object=account",
            &[("data", "a.xlsx", &book)],
        )
        .await?;
        ensure!([400, 403].contains(&refused.status), "{}", refused.status);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_what_its_author_sees_and_stands_in_the_trail() {
    on_both(async |_, ours, theirs| {
        let create = "mutation { createAccounts(inputs: [{ name: \"=1+1\" }, { name: \"Acme, Inc.\" }]) { created } }";
        ours.data(create, json!({})).await?;
        theirs.data(create, json!({})).await?;
        let csv = json!({ "object": "account", "format": "csv", "columns": ["name", "version"], "orderBy": [{ "name": "ASC" }] });
        let begun = export(ours, &csv).await?;
        ensure!(begun.status == 202, "{}", String::from_utf8_lossy(&begun.body));
        let id = format!("exports/{}", begun.json()?["id"].as_str().context("an id")?);
        // Read while it is made.
        let file = ours.request("GET", &format!("{id}/data")).send(ours.address).await?;
        let text = String::from_utf8_lossy(&file.body).into_owned();
        ensure!(text == "name,version\r\n'=1+1,1\r\n\"Acme, Inc.\",1\r\n", "{text}");
        let done = until(ours, &id, &["DONE", "FAILED"]).await?;
        ensure!((done["state"].clone(), done["done"].clone()) == (json!("DONE"), json!(2)), "{done}");
        ensure!(theirs.request("GET", &format!("{id}/data")).send(theirs.address).await?.status == 404);

        let lines = json!({ "object": "account", "format": "jsonl", "columns": ["name"], "filter": { "name": { "startsWith": "A" } } });
        let id = format!("exports/{}", export(ours, &lines).await?.json()?["id"].as_str().context("an id")?);
        let file = ours.request("GET", &format!("{id}/data")).send(ours.address).await?;
        ensure!(String::from_utf8_lossy(&file.body) == "{\"name\":\"Acme, Inc.\"}\n", "{}", String::from_utf8_lossy(&file.body));

        let whole = json!({ "object": "account", "format": "csv", "labels": true, "locale": "zh" });
        let id = format!("exports/{}", export(ours, &whole).await?.json()?["id"].as_str().context("an id")?);
        let file = ours.request("GET", &format!("{id}/data")).send(ours.address).await?;
        let text = String::from_utf8_lossy(&file.body).into_owned();
        ensure!(text.starts_with('\u{feff}') && text.lines().count() == 3, "{text}");

        let columnar = json!({ "object": "account", "format": "parquet" });
        let id = format!("exports/{}", export(ours, &columnar).await?.json()?["id"].as_str().context("an id")?);
        let done = until(ours, &id, &["DONE", "FAILED"]).await?;
        ensure!((done["state"].clone(), done["done"].clone()) == (json!("DONE"), json!(2)), "{done}");
        let file = ours.request("GET", &format!("{id}/data")).send(ours.address).await?;
        ensure!(file.header("content-type") == Some("application/vnd.apache.parquet"), "{:?}", file.header("content-type"));
        ensure!(file.body.starts_with(b"PAR1") && file.body.ends_with(b"PAR1"), "{} bytes", file.body.len());

        for (wrong, rule) in [
            (json!({ "object": "account", "format": "orc" }), "export/format"),
            (json!({ "object": "account", "format": "csv", "columns": ["nmae"] }), "export/column"),
            (json!({ "object": "nothing", "format": "csv" }), "export/object"),
        ] {
            let refused = export(ours, &wrong).await?;
            ensure!(refused.status == 400 && refused.json()?["rule"] == rule, "{}", String::from_utf8_lossy(&refused.body));
        }
        let engineer = ours.member("al@mail.example", &["engineer"]).await?;
        let refused = export(&Tenant { cookie: Some(engineer.cookie.clone()), ..ours.clone() }, &csv).await?;
        ensure!([400, 403].contains(&refused.status), "{}", refused.status);
        Ok(())
    })
    .await;
}

async fn export(tenant: &Tenant, request: &Value) -> anyhow::Result<tenon_tests::Answer> {
    let door = tenant.request("POST", "exports").header("content-type", "application/json");
    door.body(request.to_string()).send(tenant.address).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_node_goes_on_with_the_jobs_of_one_that_stops() {
    on(Database::Postgres, Vec::new(), async |server: &TestServer, _: &Setting| {
        let Some(other) = server.another_node().await? else { return Ok(()) };
        let ours = server.tenant(None, None, None).await?;
        let there = other.serve(&ours);
        // Received by the other node, which stops somewhere within.
        let id = begin(&there, ("a.csv", &rows(8_000, "Lyon"))).await?;
        until(&there, &id, &["RUNNING", "DONE"]).await?;
        other.stop().await?;
        let done = until(&ours, &id, &["DONE", "FAILED"]).await?;
        ensure!((done["state"].clone(), done["created"].clone()) == (json!("DONE"), json!(8000)), "{done}");
        ensure!(count(&ours, json!({})).await? == 8_000);
        Ok(())
    })
    .await;
}

/// A workbook with these cells as texts: row, column, text.
fn workbook(cells: &[(u32, &str, &str)]) -> anyhow::Result<Vec<u8>> {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let mut sheet = String::new();
    let mut rows: Vec<u32> = cells.iter().map(|(row, ..)| *row).collect();
    rows.dedup();
    for row in rows {
        let own = cells.iter().filter(|cell| cell.0 == row);
        let own: String =
            own.map(|(row, column, text)| format!(r#"<c r="{column}{row}" t="inlineStr"><is><t>{}</t></is></c>"#, escaped(text))).collect();
        sheet += &format!(r#"<row r="{row}">{own}</row>"#);
    }
    archive(&format!(
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{sheet}</sheetData></worksheet>"#
    ))
}

/// A small file that unfolds to more than is read.
fn bomb() -> anyhow::Result<Vec<u8>> {
    static MADE: OnceLock<Vec<u8>> = OnceLock::new();
    if let Some(made) = MADE.get() {
        return Ok(made.clone());
    }
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("xl/sharedStrings.xml", SimpleFileOptions::default())?;
    let nothing = vec![b' '; 1024 * 1024];
    for _ in 0..514 {
        writer.write_all(&nothing)?;
    }
    let made = writer.finish()?.into_inner();
    Ok(MADE.get_or_init(|| made).clone())
}

fn archive(sheet: &str) -> anyhow::Result<Vec<u8>> {
    let files = [
        (
            "[Content_Types].xml",
            r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#,
        ),
        (
            "_rels/.rels",
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
        ),
        (
            "xl/workbook.xml",
            r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
        ),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        writer.start_file(name, SimpleFileOptions::default())?;
        writer.write_all(text.as_bytes())?;
    }
    Ok(writer.finish()?.into_inner())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parquet_file_is_imported_row_by_row_and_taken_back() {
    let file = include_bytes!("../fixtures/accounts.parquet");
    on_both(async |_, ours, theirs| {
        let parts: [(&str, &str, &[u8]); 2] = [("mapping", "m.yaml", MAPPING.as_bytes()), ("data", "a.parquet", file)];
        let proposed = send(ours, "imports/suggest?object=account", &parts[1..]).await?.json()?;
        ensure!(proposed["columns"][1]["to"] == "name" && proposed["columns"][1]["samples"][0] == "上海公司", "{proposed}");

        let dry = send(ours, "imports?object=account&dryRun=true", &parts).await?.json()?;
        let dry = until(ours, &format!("imports/{}", dry["id"].as_str().context("an id")?), &["DONE", "FAILED"]).await?;
        ensure!((dry["created"].clone(), dry["failed"].clone()) == (json!(3), json!(1)), "{dry}");
        ensure!(count(ours, json!({})).await? == 0, "nothing is written");

        let id = begin(ours, ("a.parquet", file)).await?;
        let done = until(ours, &id, &["DONE", "FAILED"]).await?;
        ensure!((done["created"].clone(), done["failed"].clone()) == (json!(3), json!(1)), "{done}");
        ensure!(count(ours, json!({ "name": { "in": ["上海公司", "Acme, Inc.", "Kiosk"] } })).await? == 3);
        ensure!(count(ours, json!({ "address": { "city": { "eq": "Köln" } } })).await? == 1);
        let errors = ours.request("GET", &format!("{id}/errors.csv")).send(ours.address).await?;
        let errors = String::from_utf8_lossy(&errors.body).into_owned();
        ensure!(errors.lines().nth(1).is_some_and(|line| line.starts_with("2,name,") && line.ends_with(",2,,Lyon")), "{errors}");

        let again = until(ours, &begin(ours, ("a.parquet", file)).await?, &["DONE", "FAILED"]).await?;
        ensure!((again["created"].clone(), again["unchanged"].clone()) == (json!(0), json!(3)), "{again}");
        let undo = ours.request("POST", &format!("{id}/undo")).send(ours.address).await?.json()?;
        let undo = until(ours, &format!("imports/{}", undo["id"].as_str().context("an id")?), &["DONE", "FAILED"]).await?;
        ensure!(undo["updated"] == json!(3) && count(ours, json!({})).await? == 0, "{undo}");

        let cut = until(ours, &begin(ours, ("a.parquet", &file[..file.len() - 9])).await?, &["DONE", "FAILED"]).await?;
        ensure!((cut["state"].clone(), cut["error"]["rule"].clone()) == (json!("FAILED"), json!("import/parquet")), "{cut}");
        let named = until(ours, &begin(ours, ("a.csv", file)).await?, &["DONE", "FAILED"]).await?;
        ensure!(named["error"]["rule"] == "import/format", "{named}");
        ensure!(count(theirs, json!({})).await? == 0, "the other tenant is as it was");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_exported_as_parquet_is_imported_elsewhere() {
    let mapping = "format: tenon/v1\nmapping: opportunity\nmatch: external_id.test\ncolumns:\n  id: external_id.test\n  name: name\n  \
                   amount.amount: amount.amount\n  amount.currency: amount.currency\n  probability: probability\n  close_date: close_date\n  \
                   next_contact_at: next_contact_at\nread: { date: \"%d/%m/%Y\", decimal: \",\" }\n";
    let read =
        "{ opportunities(orderBy: [{ name: ASC }]) { nodes { name amount { amount currency } probability closeDate nextContactAt } } }";
    on_both(async |_, ours, theirs| {
        let inputs = json!([
            { "name": "one", "amount": { "amount": "1234.50", "currency": "CNY" }, "probability": "40", "closeDate": "2026-03-04" },
            { "name": "two", "nextContactAt": "2026-11-22T21:34:31.007Z" },
        ]);
        let create = "mutation ($inputs: [CreateOpportunityInput!]!) { createOpportunities(inputs: $inputs) { created } }";
        ours.data(create, json!({ "inputs": inputs })).await?;
        let columns = ["id", "name", "amount", "probability", "close_date", "next_contact_at"];
        let asked = json!({ "object": "opportunity", "format": "parquet", "columns": columns });
        let id = format!("exports/{}", export(ours, &asked).await?.json()?["id"].as_str().context("an id")?);
        until(ours, &id, &["DONE", "FAILED"]).await?;
        let file = ours.request("GET", &format!("{id}/data")).send(ours.address).await?.body;
        let parts: [(&str, &str, &[u8]); 2] = [("mapping", "m.yaml", mapping.as_bytes()), ("data", "o.parquet", &file)];
        let begun = send(theirs, "imports?object=opportunity", &parts).await?.json()?;
        let done = until(theirs, &format!("imports/{}", begun["id"].as_str().context("an id")?), &["DONE", "FAILED"]).await?;
        ensure!((done["created"].clone(), done["failed"].clone()) == (json!(2), json!(0)), "{done}");
        let (here, there) = (ours.data(read, json!({})).await?, theirs.data(read, json!({})).await?);
        ensure!(here == there && here["opportunities"]["nodes"][0]["amount"]["amount"] == "1234.50", "{here}\n{there}");
        Ok(())
    })
    .await;
}
