//! Backups: what a tenant was at the moment of one comes back as a tenant of its own; nothing else is touched, and no other moment
//! is taken for one.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tenon_server::{Answer, BackupPlan, Command, RestoreRequest};
use tenon_tests::{Bystander, PASSWORD, Tenant, TestServer};

use crate::both::{Clock, on_as, on_both};

on_both! { with_a_clock:
    what_was_at_the_moment_of_a_backup_comes_back_beside => a_backup_comes_back_beside_on_sqlite, a_backup_comes_back_beside_on_postgres;
    backups_are_taken_and_let_go_by_themselves => backups_take_themselves_on_sqlite, backups_take_themselves_on_postgres;
}

const HOUR: i64 = 60 * 60 * 1000;
const ACCOUNTS: &str = "{ accounts(orderBy: [{ name: ASC }]) { nodes { id version name history { nodes { version } } } } }";

async fn with_a_clock(database: tenon_tests::Database, test: impl AsyncFnOnce(&TestServer, &Clock) -> anyhow::Result<()>) {
    let clock = Clock::take();
    let read = clock.read;
    on_as(database, |config| config.clock = read, async |server| test(server, &clock).await).await;
}

/// The moments of a tenant's backups.
async fn moments(server: &TestServer, tenant: &Tenant) -> anyhow::Result<Vec<String>> {
    let backups = server.command(&Command::TenantBackups { name: tenant.name.clone() }).await.context("the backups")?;
    Ok(backups.as_array().into_iter().flatten().filter_map(|backup| backup["at"].as_str().map(str::to_owned)).collect())
}

async fn backed_up(server: &TestServer, tenant: &Tenant) -> anyhow::Result<String> {
    let taken = server.command(&Command::TenantBackup { name: tenant.name.clone() }).await.context("a backup")?;
    Ok(taken["at"].as_str().context("its moment")?.to_owned())
}

fn restore(tenant: &Tenant, at: &str, name: &str) -> Command {
    Command::TenantRestore(RestoreRequest { source: tenant.name.clone(), at: at.to_owned(), name: name.to_owned(), sandbox: true })
}

async fn account(tenant: &Tenant, name: &str) -> anyhow::Result<Value> {
    tenant.data("mutation ($name: String!) { createAccount(input: { name: $name }) { id } }", json!({ "name": name })).await
}

async fn what_was_at_the_moment_of_a_backup_comes_back_beside(server: &TestServer, clock: &Clock) -> anyhow::Result<()> {
    let ours = server.tenant(None, None, None).await?;
    let bystander = Bystander::create(server).await?;
    let untouched = bystander.look(server).await?;
    ours.metadata("mutation { createObject(input: { name: \"pet\", label: { en: \"Pet\" }, fields: [{ name: \"name\", type: text }, { name: \"chip\", type: secret }] }) { name } }", json!({})).await?;
    ours.data("mutation { createPet(input: { name: \"Rex\", chip: \"4711\" }) { id } }", json!({})).await?;
    let acme = account(&ours, "Acme").await?["createAccount"]["id"].clone();
    ours.member("ann@example.com", &["sales_rep"]).await?;
    let (then, first) = (ours.data(ACCOUNTS, json!({})).await?, backed_up(server, &ours).await?);
    clock.advance(HOUR);
    ours.data("mutation ($id: ID!) { updateAccount(id: $id, input: { name: \"Changed\" }) { id } }", json!({ "id": acme })).await?;
    account(&ours, "Later").await?;
    let (now, second) = (ours.data(ACCOUNTS, json!({})).await?, backed_up(server, &ours).await?);
    ensure!(moments(server, &ours).await? == [first.clone(), second.clone()]);

    for (at, name, wanted) in [(&first, "then", &then), (&second, "lately", &now)] {
        let restored = server.command(&restore(&ours, at, name)).await.with_context(|| format!("`{name}` is not restored"))?;
        let key = restored["apiKey"].as_str().context("a key")?.to_owned();
        let there = Tenant { name: name.to_owned(), key, ..ours.clone() };
        ensure!(there.data(ACCOUNTS, json!({})).await? == *wanted, "{name}");
        let pets = there.data("{ pets { nodes { name chip { isSet } } } }", json!({})).await?;
        ensure!(pets["pets"]["nodes"] == json!([{ "name": "Rex", "chip": { "isSet": true } }]), "{pets}");
        there.sign_in("ann@example.com", PASSWORD, None).await?;
        account(&there, "Only here").await?;
    }
    ensure!(ours.data(ACCOUNTS, json!({})).await? == now, "the first one noticed");
    refused(server, &ours, (&first, &second)).await?;
    let after = bystander.look(server).await?;
    ensure!(untouched == after, "the second tenant noticed: {}", untouched.difference(&after));
    // What was removed by mistake comes back.
    server.command(&Command::TenantDelete { name: ours.name.clone() }).await.context("removed")?;
    server.command(&restore(&ours, &second, "again")).await.context("restored after it was removed")?;
    Ok(())
}

async fn refused(server: &TestServer, ours: &Tenant, (first, second): (&str, &str)) -> anyhow::Result<()> {
    let tenants = server.command(&Command::TenantList).await;
    for (command, rule, words) in [
        (restore(ours, "2020-01-01T00:00:00.000Z", "no"), "backup_moment", first),
        (restore(ours, "2099-01-01T00:00:00.000Z", "no"), "backup_moment", second),
        (restore(ours, "yesterday", "no"), "at", "yesterday"),
        (restore(ours, first, "No name"), "tenant", "No name"),
        (restore(ours, first, &ours.name), "tenant", "exists"),
        (restore(&Tenant { name: "../..".to_owned(), ..ours.clone() }, first, "no"), "tenant", "../.."),
        (restore(&Tenant { name: "nobody".to_owned(), ..ours.clone() }, first, "no"), "backup_moment", "there are none"),
    ] {
        let Answer::Failed(declined) = server.answer(&command).await else { anyhow::bail!("{command:?} was carried out") };
        ensure!(declined.rule.as_deref() == Some(rule) && declined.message.contains(words), "{declined:?}");
    }
    ensure!(server.command(&Command::TenantList).await == tenants, "something of it remains");
    Ok(())
}

async fn backups_are_taken_and_let_go_by_themselves(server: &TestServer, clock: &Clock) -> anyhow::Result<()> {
    let (ours, others) = (server.tenant(None, None, None).await?, server.tenant(None, None, None).await?);
    let hours = |count: u64| Duration::from_secs(count * 60 * 60);
    let plan = BackupPlan { every: hours(6), keep: hours(25) };
    server.walk_backups(plan).await?;
    server.walk_backups(plan).await?;
    let first = moments(server, &ours).await?;
    ensure!(first.len() == 1 && moments(server, &others).await?.len() == 1, "one each, as none was due again: {first:?}");
    for _ in 0..5 {
        clock.advance(6 * HOUR);
        server.walk_backups(plan).await?;
    }
    let kept = moments(server, &ours).await?;
    ensure!(kept.len() == 5 && !kept.contains(&first[0]), "those of 25 hours: {kept:?}");
    clock.advance(48 * HOUR);
    server.command(&Command::TenantDelete { name: others.name.clone() }).await.context("removed")?;
    server.walk_backups(plan).await?;
    ensure!(moments(server, &ours).await?.len() == 1, "a new one, and those of before are too old");
    ensure!(moments(server, &others).await?.is_empty(), "of a removed tenant nothing is kept for longer");
    Ok(())
}
