//! Many tenants on one server: what the last one made costs over the first, what one takes in memory that nobody asks and one
//! that was asked, and whether a page takes longer among a thousand tenants than in one alone.

use std::time::Instant;

use anyhow::Context;
use serde_json::{Value, json};

use super::driver::{self, count};
use super::table::{Table, median};
use super::workload::{Ids, LOADS, Load, opportunity};
use super::{CONNECTIONS, fill};
use crate::chance::Chance;
use crate::databases::Database;
use crate::platform::{Place, Server};
use crate::say;
use crate::wire::{Connection, Target};

/// Tenants that have records and are asked; those beyond are only there.
const TOUCHED: usize = 1_000;
/// Records of each.
const USERS: usize = 5;
const ACCOUNTS: usize = 50;
const OPPORTUNITIES: usize = 500;
/// The first and the last tenants whose making is compared.
const ENDS: usize = 20;
/// Lanes that fill tenants.
const LANES: usize = 4;
/// Among how many a page is asked for.
const CROWDS: [usize; 3] = [1, 100, 1_000];
/// What a thousand tenants asked may slow a page to: flat growth, with room for caches that get colder.
const SHARE_MIN: f64 = 0.8;

/// Measures all of it.
pub(super) async fn measure(database: &Database, tenants: usize, seconds: u64, table: &mut Table) -> anyhow::Result<()> {
    let place = database.own("crowd").await?;
    let server = place.serve().await?;
    let alone = kib(&server)?;
    let targets = make(&place, &server, tenants, table).await?;
    let touched = targets.get(..tenants.min(TOUCHED)).context("there are tenants")?.to_vec();
    say::step(&format!("  filling {} of them", touched.len()));
    fill_all(&touched).await?;
    server.kill().await?;
    let server = place.serve().await?;
    let touched: Vec<Target> = touched.into_iter().map(|target| Target { address: server.address.clone(), ..target }).collect();
    memory(&server, (alone, tenants), &touched, table).await?;
    pages(&server, &touched, seconds, table).await?;
    server.kill().await
}

/// Makes so many tenants, one after the other.
async fn make(place: &Place, server: &Server, tenants: usize, table: &mut Table) -> anyhow::Result<Vec<Target>> {
    let (mut times, mut targets) = (Vec::new(), Vec::new());
    for number in 0..tenants {
        let begun = Instant::now();
        targets.push(place.create_tenant(&format!("t{number}"), &server.address).await?);
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
        if (number + 1) % TOUCHED == 0 {
            say::step(&format!("  {} tenants", number + 1));
        }
    }
    let first = median(times.iter().copied().take(ENDS).collect());
    let last = median(times.iter().rev().copied().take(ENDS).collect());
    table.one_off("new tenant (command included), the first ones", format!("{first:.0} ms"), "≤ 150 ms", Some(first <= 150.0));
    table.one_off(&format!("the same after {tenants}"), format!("{last:.0} ms"), "≤ 150 ms", Some(last <= 150.0));
    Ok(targets)
}

async fn fill_all(targets: &[Target]) -> anyhow::Result<()> {
    let mut lanes = Vec::new();
    for lane in targets.chunks(targets.len().div_ceil(LANES).max(1)) {
        let lane = lane.to_vec();
        lanes.push(tokio::spawn(async move {
            for target in &lane {
                fill_one(target).await.with_context(|| target.path.clone())?;
            }
            anyhow::Ok(())
        }));
    }
    for lane in lanes {
        lane.await??;
    }
    Ok(())
}

async fn fill_one(target: &Target) -> anyhow::Result<()> {
    let mut connection = Connection::open(target).await?;
    let named = |what: &str, count: usize| (0..count).map(|number| json!({ "name": format!("{what} {number}") })).collect::<Vec<Value>>();
    let users = fill::batch(&mut connection, ("User", "Users"), &named("Seller", USERS)).await?;
    let accounts = fill::batch(&mut connection, ("Account", "Accounts"), &named("Account", ACCOUNTS)).await?;
    let ids = Ids { accounts: accounts.into(), opportunities: Vec::new().into(), users: users.into() };
    let deals: Vec<Value> = (0..OPPORTUNITIES).map(|number| opportunity(number, &ids)).collect();
    fill::batch(&mut connection, ("Opportunity", "Opportunities"), &deals).await.map(drop)
}

/// What tenants take that nobody asks, and what those take that were asked once.
async fn memory(server: &Server, (alone, tenants): (u64, usize), touched: &[Target], table: &mut Table) -> anyhow::Result<()> {
    let idle = kib(server)?;
    let each = count(idle.saturating_sub(alone)) / count(u64::try_from(tenants)?);
    table.one_off(&format!("memory per idle tenant, of {tenants}"), format!("{each:.1} KB"), "≤ 50 KB", Some(each <= 50.0));
    let load = page()?;
    let mut connection = Connection::open(touched.first().context("there is a tenant")?).await?;
    let (ids, mut chance) = (nothing(), Chance::new(1));
    for target in touched {
        connection.turn_to(target);
        let status = connection.post(load.body(&load.next(&ids, &mut chance)).to_string().as_bytes()).await?;
        anyhow::ensure!(status == 200, "{} answers {status}", target.path);
    }
    let mib = count(kib(server)?.saturating_sub(idle)) / 1024.0;
    let budget = 0.3 * count(u64::try_from(touched.len())?);
    let what = format!("growth over {} tenants touched", touched.len());
    table.one_off(&what, format!("{mib:.0} MB"), &format!("≤ {budget:.0} MB"), Some(mib <= budget));
    Ok(())
}

/// The same page in one tenant, and among many.
async fn pages(server: &Server, touched: &[Target], seconds: u64, table: &mut Table) -> anyhow::Result<()> {
    let mut alone = None;
    for crowd in CROWDS.into_iter().filter(|crowd| *crowd <= touched.len()) {
        let (load, ids) = (page()?, nothing());
        let make = move |chance: &mut Chance| load.body(&load.next(&ids, chance));
        let asked = touched.get(..crowd).unwrap_or_default();
        let figures = driver::run(asked, server.vitals()?, make, 1, CONNECTIONS[1], seconds).await?;
        let share = figures.rate / *alone.get_or_insert(figures.rate);
        let figure = format!("{share:.2} ({:.0} req/s, p50 {:.2}, p99 {:.2} ms)", figures.rate, figures.p50_ms, figures.p99_ms);
        let judged = (crowd > 1).then_some(share >= SHARE_MIN);
        table.one_off(&format!("W2 over {crowd} tenants, × over one"), figure, if crowd > 1 { "≥ 0.80" } else { "" }, judged);
    }
    Ok(())
}

fn page() -> anyhow::Result<&'static Load> {
    LOADS.iter().find(|load| load.name == "w2").context("there is W2")
}

/// W2 draws from no ids.
fn nothing() -> Ids {
    Ids { accounts: Vec::new().into(), opportunities: Vec::new().into(), users: Vec::new().into() }
}

fn kib(server: &Server) -> anyhow::Result<u64> {
    server.vitals()?.memory_kib()
}
