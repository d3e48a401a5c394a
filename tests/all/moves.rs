//! Tenants that move: from SQLite to PostgreSQL, between its cells, between two servers, and back into a file of SQLite. Their answers stay what
//! they were, byte for byte; an archive that is not whole leaves nothing behind.

use std::fs;

use serde_json::{Value, json};
use tenon_server::{CloneRequest, Command, ImportRequest};
use tenon_tests::{Bystander, Database, PASSWORD, Setting, Tenant, TestServer, run_moved};

use crate::both::on;

/// Of the stories one in so many moves here; `TENON_MOVES=1` moves all.
const NTH: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_answers_the_same_wherever_it_moves() {
    let setting = Setting::read();
    let mut servers = Vec::new();
    // Without PostgreSQL it moves from one folder to another.
    servers.extend(TestServer::start(Database::Sqlite, &setting).await.unwrap());
    servers.extend(TestServer::start_in_cells(&setting, &["north", "south"]).await.unwrap());
    servers.extend(TestServer::start(Database::Postgres, &setting).await.unwrap());
    servers.extend(TestServer::start(Database::Sqlite, &setting).await.unwrap());
    let bystander = Bystander::create(servers.get(1).unwrap()).await.unwrap();
    let before = bystander.look(servers.get(1).unwrap()).await.unwrap();
    let nth = setting.moves.unwrap_or(NTH);
    let folders = [Setting::repository().join("tests/stories")];
    let outcome = run_moved(&servers.iter().collect::<Vec<_>>(), &setting, &folders, nth).await.unwrap();
    let after = bystander.look(servers.get(1).unwrap()).await.unwrap();
    assert_eq!(before, after, "the second tenant noticed: {}", before.difference(&after));
    for server in servers {
        server.stop().await.unwrap();
    }
    assert!(outcome.passed + outcome.failures.len() > 0, "no story was played");
    assert!(
        outcome.failures.is_empty(),
        "{} stories failed, {} passed:\n\n{}",
        outcome.failures.len(),
        outcome.passed,
        outcome.failures.join("\n\n")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_an_archive_leaves_nothing_behind_on_sqlite() {
    on(Database::Sqlite, Vec::new(), half_an_archive_leaves_nothing_behind).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_an_archive_leaves_nothing_behind_on_postgres() {
    on(Database::Postgres, Vec::new(), half_an_archive_leaves_nothing_behind).await;
}

async fn half_an_archive_leaves_nothing_behind(server: &TestServer, _: &Setting) -> anyhow::Result<()> {
    let tenant = server.tenant(None, None, None).await?;
    for number in 0..20 {
        tenant
            .data(
                "mutation ($name: String) { createAccount(input: { name: $name }) { id } }",
                json!({ "name": format!("Account {number}") }),
            )
            .await?;
    }
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("whole");
    server.command(&Command::TenantExport { name: tenant.name.clone(), out: file.clone(), secrets: None }).await.unwrap();
    let tenants = server.command(&Command::TenantList).await;
    let whole = fs::read(&file)?;
    let mut wrong = vec![Vec::new(), b"format".to_vec()];
    // Cut off at ten places, and a bit turned at ten others.
    wrong.extend((1..=10).map(|tenth| whole.iter().take(whole.len() * tenth / 11).copied().collect()));
    wrong.extend((1..=10).map(|tenth| {
        let mut bytes = whole.clone();
        let at = bytes.len() * tenth / 11;
        bytes[at] ^= 0x10;
        bytes
    }));
    for (place, bytes) in wrong.iter().enumerate() {
        let broken = folder.path().join(format!("broken-{place}"));
        fs::write(&broken, bytes)?;
        let request = ImportRequest { file: broken, name: Some(format!("broken_{place}")), anew: true, ..ImportRequest::default() };
        let answer = server.command(&Command::TenantImport(request)).await;
        assert_eq!(answer, None, "archive {place} was taken for a whole one");
        assert_eq!(server.command(&Command::TenantList).await, tenants, "something of archive {place} remains");
    }
    // The same tenant cannot be there twice, a whole archive beside it can.
    let again = |anew| {
        Command::TenantImport(ImportRequest { file: file.clone(), name: Some("again".to_owned()), anew, ..ImportRequest::default() })
    };
    assert_eq!(server.command(&again(false)).await, None);
    assert!(server.command(&again(true)).await.is_some());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_a_tenant_of_its_own_on_sqlite() {
    on(Database::Sqlite, Vec::new(), a_copy_is_a_tenant_of_its_own).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_a_tenant_of_its_own_on_postgres() {
    on(Database::Postgres, Vec::new(), a_copy_is_a_tenant_of_its_own).await;
}

async fn a_copy_is_a_tenant_of_its_own(server: &TestServer, _: &Setting) -> anyhow::Result<()> {
    const ACCOUNTS: &str = "{ accounts(orderBy: [{ name: ASC }]) { nodes { id version name history { nodes { version } } } } }";
    let tenant = server.tenant(None, None, None).await?;
    tenant.metadata("mutation { createObject(input: { name: \"pet\", label: { en: \"Pet\" }, fields: [{ name: \"name\", type: text }, { name: \"chip\", type: secret }] }) { name } }", json!({})).await?;
    tenant
        .data(
            "mutation { createAccount(input: { name: \"Acme\" }) { id } createPet(input: { name: \"Rex\", chip: \"4711\" }) { id } }",
            json!({}),
        )
        .await?;
    let ann = tenant.member("ann@example.com", &["sales_rep"]).await?;
    let before = tenant.data(ACCOUNTS, json!({})).await?;

    let copy = server
        .command(&Command::TenantClone(CloneRequest { source: tenant.name.clone(), name: "copy".to_owned(), data: true, sandbox: true }))
        .await
        .unwrap();
    let copied = Tenant { name: "copy".to_owned(), key: text(&copy["apiKey"]), ..tenant.clone() };
    assert_eq!(copied.data(ACCOUNTS, json!({})).await?, before, "records and their history came along");
    let pets = copied.data("{ pets { nodes { name chip { isSet } } } }", json!({})).await?;
    assert_eq!(pets["pets"]["nodes"], json!([{ "name": "Rex", "chip": { "isSet": true } }]));
    copied.sign_in("ann@example.com", PASSWORD, None).await?;
    let foreign = Tenant { cookie: Some(ann.cookie), ..copied.clone() };
    assert!(foreign.data("{ me { id } }", json!({})).await.is_err(), "a session of the first is none of the copy");
    assert!(Tenant { key: tenant.key.clone(), ..copied.clone() }.data(ACCOUNTS, json!({})).await.is_err(), "nor is a key");
    copied.data("mutation { createAccount(input: { name: \"Only here\" }) { id } }", json!({})).await?;
    assert_eq!(tenant.data(ACCOUNTS, json!({})).await?, before, "the first does not notice");
    let chain = server.command(&Command::AuditVerify { tenant: "copy".to_owned(), head: None }).await.unwrap();
    assert_eq!(chain["broken"], Value::Null, "{chain}");

    let shape = server
        .command(&Command::TenantClone(CloneRequest { source: tenant.name.clone(), name: "shape".to_owned(), data: false, sandbox: false }))
        .await
        .unwrap();
    let shaped = Tenant { name: "shape".to_owned(), key: text(&shape["apiKey"]), ..tenant.clone() };
    let empty = shaped.data("{ accounts { nodes { id } } pets { nodes { id } } }", json!({})).await?;
    assert_eq!(empty, json!({ "accounts": { "nodes": [] }, "pets": { "nodes": [] } }));
    shaped.sign_in(shape["adminEmail"].as_str().unwrap(), shape["adminPassword"].as_str().unwrap(), None).await?;
    Ok(())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
