//! Nobody sees, changes or infers what is not his: the attack suite, on both databases.
//!
//! `TENON_ATTACK_IDS` says how many ids are tried at each kind of door: 200 unless said, 10,000 in `cargo xtask soak attack`.
//! One test after another: a place of the weave that is switched off is off for the whole process.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail by panicking, and says what it did")]

use tenon_tests::{Attack, Database, Setting, Statements, TestServer};
use tokio::sync::Mutex;

/// Held by the test that runs.
static TURN: Mutex<()> = Mutex::const_new(());

/// Places where nothing can be caught from outside, each with its reason.
const NO_DOOR: [(&str, &str); 7] = [
    ("returning", "no role here may write a record into one that it then no longer sees"),
    ("having", "asks of groups that are woven as aggregates"),
    ("cursor", "a page begins among the rows of its list"),
    ("import", "rows come in as upserts, connects and writes"),
    ("cascade", "what goes with a record goes whoever sees it"),
    ("export", "only administrators hand out what is kept of a person"),
    ("introspection", "is made of rights, not of rows"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_meets_what_is_not_his_on_sqlite() {
    attack(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_meets_what_is_not_his_on_postgres() {
    attack(Database::Postgres).await;
}

async fn attack(database: Database) {
    let _turn = TURN.lock().await;
    let setting = Setting::read();
    Statements::listen();
    let Some(server) = TestServer::start(database, &setting).await.unwrap() else { return };
    let report = Attack { ids: setting.attack_ids, seed: setting.attack_seed }.run(&server).await.unwrap();
    server.stop().await.unwrap();
    println!("{database:?}:\n{}", report.summary());
    assert!(report.is_clean(), "on {database:?}: {}", report.findings());
    setting.golden("uncovered-entry-points.txt", &report.uncovered()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_place_of_the_weave_is_caught_when_it_forgets_its_rows() {
    let _turn = TURN.lock().await;
    Statements::listen();
    let server = TestServer::start(Database::Sqlite, &Setting::read()).await.unwrap().unwrap();
    let caught = Attack::prove(&server).await.unwrap();
    server.stop().await.unwrap();
    let mut missed = Vec::new();
    for (place, found) in caught {
        let is_reached = NO_DOOR.iter().all(|(name, _)| *name != place);
        println!("{place}: {}", found.as_deref().unwrap_or("nothing is caught"));
        if found.is_none() && is_reached {
            missed.push(place);
        }
    }
    assert!(missed.is_empty(), "switched off and not caught: {missed:?}");
}
