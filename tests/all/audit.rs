//! The audit trail from outside: who did what by both clocks, old and new, verified, read by its own right; a person's
//! data handed out and erased. A second tenant's chain stays where it was.

use serde_json::{Value, json};
use tenon_server::Command;
use tenon_tests::{Database, Setting, Tenant, TestServer};

use crate::both::on;

const TRAIL: &str = "query ($filter: AuditFilter, $first: Int, $after: String) { audit(filter: $filter, first: $first, after: $after) {
    nodes { number kind at clock by { kind id display } via request reason object record changed changes { field old new } facts detail }
    hasNextPage endCursor } }";

async fn trail(tenant: &Tenant, filter: Value) -> anyhow::Result<Vec<Value>> {
    let data = tenant.metadata(TRAIL, json!({ "filter": filter })).await?;
    Ok(data["audit"]["nodes"].as_array().cloned().unwrap_or_default())
}

async fn verified(server: &TestServer, tenant: &Tenant, head: Option<&str>) -> Value {
    let command = Command::AuditVerify { tenant: tenant.name.clone(), head: head.map(str::to_owned) };
    server.command(&command).await.unwrap()
}

async fn made(tenant: &Tenant, object: &str, input: Value) -> anyhow::Result<String> {
    let document = format!("mutation ($input: Create{object}Input!) {{ made: create{object}(input: $input) {{ id }} }}");
    let data = tenant.data(&document, json!({ "input": input })).await?;
    Ok(data["made"]["id"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_is_in_the_trail_on_sqlite() {
    on(Database::Sqlite, Vec::new(), every_change_is_in_the_trail).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_is_in_the_trail_on_postgres() {
    on(Database::Postgres, Vec::new(), every_change_is_in_the_trail).await;
}

async fn every_change_is_in_the_trail(server: &TestServer, _: &Setting) -> anyhow::Result<()> {
    let tenant = server.tenant(None, None, None).await?;
    let other = server.tenant(None, None, None).await?;
    let before = verified(server, &other, None).await;
    let account = made(&tenant, "Account", json!({ "name": "Acme" })).await?;
    let body = json!({
        "query": "mutation ($id: ID!) { updateAccount(id: $id, input: { name: \"Acme Ltd\" }) { id } }",
        "variables": { "id": account },
        "extensions": { "reason": "they moved" },
    });
    let answer = tenant.post("graphql", &body, &[("x-request-id".to_owned(), "the-second-change".to_owned())]).await?;
    anyhow::ensure!(answer.json()?.get("errors").is_none(), "{:?}", answer.json());

    let entries = trail(&tenant, json!({ "record": account })).await?;
    let kinds: Vec<&str> = entries.iter().filter_map(|entry| entry["kind"].as_str()).collect();
    assert_eq!(kinds, ["updated", "created"]);
    let (updated, created) = (&entries[0], &entries[1]);
    assert_eq!(updated["changes"], json!([{ "field": "name", "old": "Acme", "new": "Acme Ltd" }]));
    assert_eq!(updated["changed"], json!(["name"]));
    assert_eq!(
        (&updated["reason"], &updated["request"], &updated["via"]),
        (&json!("they moved"), &json!("the-second-change"), &json!("graphql"))
    );
    assert_eq!((&updated["by"]["kind"], &updated["by"]["display"]), (&json!("api_key"), &json!("first key")));
    assert!(
        created["changes"].as_array().is_some_and(|all| all.contains(&json!({ "field": "name", "old": null, "new": "Acme" }))),
        "{created}"
    );

    // The sandbox's clock stands still, the machine's goes on.
    assert_eq!(created["at"], updated["at"]);
    assert!(updated["clock"].as_str() > updated["at"].as_str(), "{updated}");

    let report = verified(server, &tenant, None).await;
    assert_eq!(report["broken"], Value::Null, "{report}");
    tenant.metadata("mutation { updateSettings(input: { auditRetentionDays: 400 }) { auditRetentionDays } }", json!({})).await?;
    let changed = trail(&tenant, json!({ "kinds": ["settings_changed", "metadata_changed"] })).await?;
    assert_eq!(changed[0]["facts"]["after"]["audit_retention_days"], 400, "{}", changed[0]);
    assert_eq!(changed.last().unwrap()["kind"], "metadata_changed", "the base package was installed");
    let later = verified(server, &tenant, report["head"].as_str()).await;
    assert_eq!(later["broken"], Value::Null, "the hash of before is still part of it: {later}");
    assert_eq!(verified(server, &other, None).await, before, "the other tenant's chain moved");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trail_is_read_by_its_own_right_on_sqlite() {
    on(Database::Sqlite, Vec::new(), the_trail_is_read_by_its_own_right).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trail_is_read_by_its_own_right_on_postgres() {
    on(Database::Postgres, Vec::new(), the_trail_is_read_by_its_own_right).await;
}

const AUDITOR: &str = "format: tenon/v1\nrole: record_keeper\nlabel: { en: Record keeper, zh: 审计员 }\nspecial: [audit]\n";

async fn the_trail_is_read_by_its_own_right(server: &TestServer, _: &Setting) -> anyhow::Result<()> {
    let tenant = server.tenant(None, None, None).await?;
    tenant.apply(&[("roles/record_keeper.yaml".to_owned(), AUDITOR.to_owned())]).await?;
    let account = made(&tenant, "Account", json!({ "name": "Acme" })).await?;
    let nobody = tenant.with_roles(&["sales_rep"]).await?;
    let refused = nobody.post("metadata", &json!({ "query": "{ audit { hasNextPage } }" }), &[]).await?.json()?;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");

    let keeper = tenant.with_roles(&["record_keeper"]).await?;
    let entries = trail(&keeper, json!({ "record": account })).await?;
    assert_eq!((entries.len(), &entries[0]["kind"]), (1, &json!("created")), "who and when is the right's");
    assert_eq!(entries[0]["changes"], json!([]), "values are not: the record is not the keeper's to see");
    assert!(!trail(&keeper, json!({ "kinds": ["audit_read"] })).await?.is_empty(), "reading is an entry itself");

    let page = keeper.metadata(TRAIL, json!({ "first": 1 })).await?["audit"].clone();
    let next = keeper.metadata(TRAIL, json!({ "first": 1, "after": page["endCursor"] })).await?["audit"].clone();
    assert_eq!(page["hasNextPage"], true);
    assert_eq!(page["nodes"][0]["number"].as_i64(), next["nodes"][0]["number"].as_i64().map(|number| number + 1));
    for (query, code) in [("{ audit(first: 501) { hasNextPage } }", "EXHAUSTED"), ("{ audit(after: \"x\") { hasNextPage } }", "INVALID")] {
        let answer = keeper.post("metadata", &json!({ "query": query }), &[]).await?.json()?;
        assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{answer}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_handed_out_and_erased_on_sqlite() {
    on(Database::Sqlite, Vec::new(), a_person_is_handed_out_and_erased).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_handed_out_and_erased_on_postgres() {
    on(Database::Postgres, Vec::new(), a_person_is_handed_out_and_erased).await;
}

const EXPORT: &str = "query ($id: ID!) { exportPerson(object: \"contact\", id: $id) }";
const ERASE: &str =
    "mutation ($id: ID!, $confirm: String!) { erasePerson(object: \"contact\", id: $id, confirm: $confirm) { fields versions } }";

async fn a_person_is_handed_out_and_erased(server: &TestServer, _: &Setting) -> anyhow::Result<()> {
    let tenant = server.tenant(None, None, None).await?;
    let other = server.tenant(None, None, None).await?;
    let person = json!({ "lastName": "Han Meimei", "email": "han@acme.example", "doNotCall": true, "externalIds": [{ "system": "legacy", "id": "H-7" }] });
    let han = made(&tenant, "Contact", person.clone()).await?;
    let bystander = made(&other, "Contact", person).await?;
    let document = "mutation ($id: ID!) { updateContact(id: $id, input: { lastName: \"Han Mei\" }) { id } }";
    tenant
        .post("graphql", &json!({ "query": document, "variables": { "id": han } }), &[("idempotency-key".to_owned(), "k1".to_owned())])
        .await?;
    made(&tenant, "Contact", json!({ "lastName": "Boss", "reportsTo": { "connect": { "id": han } } })).await?;

    let known = tenant.metadata(EXPORT, json!({ "id": han })).await?["exportPerson"].clone();
    assert_eq!((&known["record"]["last_name"], &known["record"]["email"]), (&json!("Han Mei"), &json!("han@acme.example")));
    assert_eq!(known["external_ids"], json!([{ "system": "legacy", "id": "H-7" }]));
    assert_eq!(known["history"][0]["changes"], json!([{ "field": "last_name", "old": "Han Meimei", "new": "Han Mei" }]));
    assert_eq!((&known["referring"][0]["relation"], &known["referring"][0]["record"]["last_name"]), (&json!("reports_to"), &json!("Boss")));

    let unconfirmed =
        tenant.post("metadata", &json!({ "query": ERASE, "variables": { "id": han, "confirm": "yes" } }), &[]).await?.json()?;
    assert_eq!(unconfirmed["errors"][0]["extensions"]["rule"], "not_confirmed", "{unconfirmed}");
    let erased = tenant.metadata(ERASE, json!({ "id": han, "confirm": han })).await?["erasePerson"].clone();
    assert_eq!(erased["fields"], json!(["last_name", "email", "do_not_call"]));

    let whole = tenant.metadata(EXPORT, json!({ "id": han })).await?.to_string();
    for word in ["Han Mei", "han@acme.example", "H-7"] {
        assert!(!whole.contains(word), "`{word}` is still known: {whole}");
    }
    let shown = tenant
        .data(
            "query ($id: ID!) { contact(id: $id) { id lastName email version history { nodes { version changes { field old new } } } } }",
            json!({ "id": han }),
        )
        .await?;
    assert_eq!(
        (&shown["contact"]["id"], &shown["contact"]["lastName"], &shown["contact"]["version"]),
        (&json!(han), &json!("[erased]"), &json!(3))
    );
    let report = verified(server, &tenant, None).await;
    assert_eq!(report["broken"], Value::Null, "{report}");
    assert!(report["erased"].as_u64() > Some(0), "{report}");
    let kinds: Vec<Value> = trail(&tenant, json!({ "record": han })).await?.into_iter().map(|entry| entry["kind"].clone()).collect();
    assert!(kinds.contains(&json!("person_exported")) && kinds.contains(&json!("person_erased")), "{kinds:?}");

    let seen = other.data("query ($id: ID!) { contact(id: $id) { lastName } }", json!({ "id": bystander })).await?;
    assert_eq!(seen["contact"]["lastName"], "Han Meimei", "the other tenant's person is another one");
    assert_eq!(verified(server, &other, None).await["erased"], 0);
    let alone = tenant.post("metadata", &json!({ "query": format!("mutation {{ a: erasePerson(object: \"contact\", id: \"{han}\", confirm: \"{han}\") {{ fields }} b: erasePerson(object: \"contact\", id: \"{han}\", confirm: \"{han}\") {{ fields }} }}") }), &[]).await?.json()?;
    assert_eq!(alone["errors"][0]["extensions"]["rule"], "alone", "{alone}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_of_one_person_that_were_merged_are_erased_together_on_sqlite() {
    on(Database::Sqlite, Vec::new(), merged_and_erased).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_of_one_person_that_were_merged_are_erased_together_on_postgres() {
    on(Database::Postgres, Vec::new(), merged_and_erased).await;
}

async fn merged_and_erased(server: &TestServer, _: &Setting) -> anyhow::Result<()> {
    const WORDS: [&str; 5] = ["Lilei", "Lei Li", "one@acme.example", "two@acme.example", "L-1"];
    let tenant = server.tenant(None, None, None).await?;
    let create = "mutation {
        one: createContact(input: { lastName: \"Lilei\", email: \"one@acme.example\" }) { id }
        two: createContact(input: { lastName: \"Lei Li\", email: \"two@acme.example\", externalIds: [{ system: \"legacy\", id: \"L-1\" }] }) { id }
    }";
    let made = tenant.data(create, json!({})).await?;
    let (one, two) = (made["one"]["id"].clone(), made["two"]["id"].clone());
    let merge = "mutation ($one: ID!, $two: ID!) {
        mergeContacts(survivor: $one, others: [$two], rules: [{ field: \"email\", take: $two }]) { survivor { email } merge { id } } }";
    let merged = tenant.data(merge, json!({ "one": one, "two": two })).await?["mergeContacts"].take();
    assert_eq!(merged["survivor"]["email"], "two@acme.example");
    let known = tenant.metadata(EXPORT, json!({ "id": one })).await?["exportPerson"].take();
    assert_eq!((&known["merged"][0]["id"], &known["merged"][0]["record"]["last_name"]), (&two, &json!("Lei Li")), "{known}");

    // The one that went into the other is not erased alone, and nothing is done by half.
    let erase = |id: &Value| json!({ "query": ERASE, "variables": { "id": id, "confirm": id } });
    let refused = tenant.post("metadata", &erase(&two), &[]).await?.json()?;
    let why = &refused["errors"][0]["extensions"];
    assert_eq!((&why["code"], &why["rule"], &why["survivor"]), (&json!("CONFLICT"), &json!("merged"), &one), "{refused}");
    let before = written(server, &tenant).await?;
    assert!(WORDS.iter().all(|word| before.contains(word)), "a scan finds them");

    let erased = tenant.post("metadata", &erase(&one), &[]).await?.json()?;
    assert_eq!(erased["errors"], Value::Null, "{erased}");
    let after = written(server, &tenant).await?;
    for word in WORDS {
        assert!(!after.contains(word), "`{word}` is still kept");
    }
    // What was merged comes back no more with what was erased.
    let undo = json!({ "query": "mutation ($id: ID!) { undoMerge(id: $id) }", "variables": { "id": merged["merge"]["id"] } });
    let undone = tenant.post("graphql", &undo, &[]).await?.json()?;
    assert_eq!(undone["errors"][0]["extensions"]["rule"], "merge_changed", "{undone}");
    assert_eq!(verified(server, &tenant, None).await["broken"], Value::Null);
    Ok(())
}

/// Everything that is kept of a tenant, as its archive says it.
pub(crate) async fn written(server: &TestServer, tenant: &Tenant) -> anyhow::Result<String> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("archive");
    server.command(&Command::TenantExport { name: tenant.name.clone(), out: out.clone(), secrets: None }).await.unwrap();
    Ok(String::from_utf8(zstd::decode_all(std::fs::File::open(out)?)?)?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_was_merged_is_handed_out_and_erased_whole_on_sqlite() {
    on(Database::Sqlite, Vec::new(), a_merged_person_is_erased).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_was_merged_is_handed_out_and_erased_whole_on_postgres() {
    on(Database::Postgres, Vec::new(), a_merged_person_is_erased).await;
}

/// The duplicate that went into a record, what the merge keeps of both, and what a merge taken back keeps.
async fn a_merged_person_is_erased(server: &TestServer, _: &Setting) -> anyhow::Result<()> {
    let tenant = server.tenant(None, None, None).await?;
    let named = |name: &str, id: &str| json!({ "lastName": name, "email": format!("{name}@acme.example"), "externalIds": [{ "system": "legacy", "id": id }] });
    let han = made(&tenant, "Contact", named("hanmei", "H-7")).await?;
    let double = made(&tenant, "Contact", named("hanmeimei", "H-8")).await?;
    let third = made(&tenant, "Contact", named("hanmm", "H-9")).await?;
    let merge = "mutation ($keep: ID!, $lose: ID!, $rules: [MergeRule!]) { told: mergeContacts(survivor: $keep, others: [$lose], rules: $rules) { merge { id } } }";
    let rules = json!([{ "field": "email", "take": double }, { "field": "last_name", "take": double }]);
    tenant.data(merge, json!({ "keep": han, "lose": double, "rules": rules })).await?;
    let undone = tenant.data(merge, json!({ "keep": han, "lose": third, "rules": [{ "field": "email", "take": third }] })).await?;
    tenant.data("mutation ($id: ID!) { undoMerge(id: $id) }", json!({ "id": undone["told"]["merge"]["id"] })).await?;

    let known = tenant.metadata(EXPORT, json!({ "id": han })).await?["exportPerson"].clone();
    assert_eq!((&known["merged"][0]["id"], &known["merged"][0]["record"]["last_name"]), (&json!(double), &json!("hanmeimei")), "{known}");
    tenant.metadata(ERASE, json!({ "id": han, "confirm": han })).await?;
    let whole = tenant.metadata(EXPORT, json!({ "id": han })).await?.to_string();
    for word in ["hanmei", "H-7", "H-8"] {
        assert!(!whole.contains(word), "`{word}` is still known: {whole}");
    }
    let kept = tenant.data("query ($id: ID!) { contact(id: $id) { lastName } }", json!({ "id": third })).await?;
    assert_eq!(kept["contact"]["lastName"], "hanmm", "who was taken out again is somebody else");
    let report = verified(server, &tenant, None).await;
    assert_eq!(report["broken"], Value::Null, "{report}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_ins_are_in_the_trail_and_go_with_the_user_on_sqlite() {
    on(Database::Sqlite, Vec::new(), sign_ins_are_in_the_trail).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_ins_are_in_the_trail_and_go_with_the_user_on_postgres() {
    on(Database::Postgres, Vec::new(), sign_ins_are_in_the_trail).await;
}

async fn sign_ins_are_in_the_trail(server: &TestServer, _: &Setting) -> anyhow::Result<()> {
    let (login, tenant) = ("ann@acme.example", server.tenant(None, None, None).await?);
    let ann = tenant.member(login, &["sales_rep"]).await?;
    let wrong = tenant.send("POST", "session", &json!({ "login": login, "password": "a cow drinks of the well" })).await?;
    assert_eq!(wrong.status, 401);
    let entries = trail(&tenant, json!({ "record": ann.user, "kinds": ["signed_in", "sign_in_failed"] })).await?;
    let kinds: Vec<&Value> = entries.iter().map(|entry| &entry["kind"]).collect();
    assert_eq!(kinds, ["sign_in_failed", "signed_in"]);
    assert_eq!(entries[0]["detail"]["login"], login, "{}", entries[0]);

    // Who is seen through may know it, and nothing else.
    tenant.metadata("query ($id: ID!) { describe(as: $id) { version } }", json!({ "id": ann.user })).await?;
    let own = json!({ "filter": { "kinds": ["impersonated"], "record": ann.user } });
    let seen = ann.send("POST", "metadata", &json!({ "query": TRAIL, "variables": own })).await?.json()?;
    assert_eq!(seen["data"]["audit"]["nodes"].as_array().map(Vec::len), Some(1), "{seen}");
    let all = ann.send("POST", "metadata", &json!({ "query": TRAIL, "variables": {} })).await?.json()?;
    assert_eq!(all["errors"][0]["extensions"]["code"], "FORBIDDEN", "{all}");

    let erase = "mutation ($id: ID!, $again: String!) { erasePerson(object: \"user\", id: $id, confirm: $again) { fields } }";
    tenant.metadata(erase, json!({ "id": ann.user, "again": ann.user })).await?;
    let left = json!(trail(&tenant, json!({ "record": ann.user })).await?).to_string();
    assert!(!left.contains(login), "{left}");
    assert_eq!(verified(server, &tenant, None).await["broken"], Value::Null);
    assert!(tenant.sign_in(login, tenon_tests::PASSWORD, None).await.is_err());
    Ok(())
}
