//! Nobody sees, changes or infers what is not his: the attack suite, on both databases.
//!
//! `TENON_ATTACK_IDS` says how many ids are tried at each kind of door: 200 unless said, 10,000 in `cargo xtask soak attack`.
//! A place of the weave that is switched off is off for the whole process: those tests run one after another.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail by panicking, and says what it did")]

use tenon_tests::{Attack, Database, Setting, Statements, TestServer};
use tokio::sync::RwLock;

/// Attacks run side by side; who switches a place of the weave off runs alone.
static TURN: RwLock<()> = RwLock::const_new(());

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_meets_what_is_not_his_on_sqlite() {
    attack(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_meets_what_is_not_his_on_postgres() {
    attack(Database::Postgres).await;
}

async fn attack(database: Database) {
    let _turn = TURN.read().await;
    let setting = Setting::read();
    Statements::listen();
    let Some(server) = TestServer::start(database, &setting).await.unwrap() else { return };
    let report =
        Attack { ids: setting.attack_ids, seed: setting.attack_seed, part: setting.attack_part.clone() }.run(&server).await.unwrap();
    server.stop().await.unwrap();
    println!("{database:?}:\n{}", report.summary());
    assert!(report.is_clean(), "on {database:?}: {}", report.findings());
    let uncovered = report.uncovered();
    if !uncovered.is_empty() {
        println!("{}", report.findings());
    }
    setting.golden("uncovered-entry-points.txt", &uncovered).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_place_of_the_weave_is_caught_when_it_forgets_its_rows_on_sqlite() {
    prove(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_place_of_the_weave_is_caught_when_it_forgets_its_rows_on_postgres() {
    prove(Database::Postgres).await;
}

async fn prove(database: Database) {
    let _turn = TURN.write().await;
    Statements::listen();
    let Some(server) = TestServer::start(database, &Setting::read()).await.unwrap() else { return };
    let caught = Attack::prove(&server).await.unwrap();
    server.stop().await.unwrap();
    let mut missed = Vec::new();
    for (place, found) in caught {
        println!("{database:?} {place}: {}", found.as_deref().unwrap_or("nothing is caught"));
        if found.is_none() {
            missed.push(place);
        }
    }
    assert!(missed.is_empty(), "switched off and not caught: {missed:?}");
}
