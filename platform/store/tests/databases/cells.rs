//! A tenant moves to another database: all of it, once, whatever is cut short. The process ends at every step of a move.

use std::process::Command;
use std::time::Duration;

use tenon_query::{Deleted, Output, Params, Select, Window};
use tenon_store::{Cell, Database, OutboxEntry, RowWrite, Store, StoreConfig, StoreError};
use tenon_value::{TenantId, Uuid, Value};

use crate::house::{House, databases, numbers};

const TOLD: &str = "TENON_TEST_MOVE";

/// Databases of a test's own, as many as it takes.
struct Databases {
    cluster: String,
    names: Vec<String>,
}

impl Databases {
    /// None where there is no PostgreSQL.
    async fn make(count: usize) -> Option<Self> {
        let Some(Database::Postgres { url: cluster }) = databases().pop() else { return None };
        let names = (0..count).map(|nth| format!("tenon_cell_{}_{nth}", Uuid::now_v7().simple())).collect();
        let own = Self { cluster, names };
        for name in &own.names {
            own.asked(&own.cluster, &format!("create database {name} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'"))
                .await;
        }
        Some(own)
    }

    fn url(&self, nth: usize) -> String {
        let (before, _) = self.cluster.rsplit_once('/').unwrap();
        format!("{before}/{}", self.names.get(nth).unwrap())
    }

    /// The first column of the rows of a statement.
    async fn asked(&self, url: &str, sql: &str) -> Vec<String> {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        let rows = client.simple_query(sql).await.unwrap();
        drop(client);
        connection.await.unwrap().unwrap();
        let first = |message: tokio_postgres::SimpleQueryMessage| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
            _ => None,
        };
        rows.into_iter().filter_map(first).collect()
    }

    /// In which of the databases there is a home of the tenant.
    async fn homes(&self, tenant: TenantId) -> Vec<usize> {
        let schema = format!("t_{}", &tenant.0.simple().to_string()[12..]);
        let mut found = Vec::new();
        for nth in 0..self.names.len() {
            if !self.asked(&self.url(nth), &format!("select 1 from pg_namespace where nspname = '{schema}'")).await.is_empty() {
                found.push(nth);
            }
        }
        found
    }

    /// A tenant in the first of them; the others are cells `c1`, `c2`, ….
    async fn house(&self) -> House {
        let mut house = House::new(Database::Postgres { url: self.url(0) }).await;
        house.store = self.store(&house, |_| ()).await.unwrap();
        house
    }

    /// A process that begins now.
    async fn store(&self, house: &House, configure: impl FnOnce(&mut StoreConfig)) -> Result<Store, StoreError> {
        let mut config = StoreConfig::new(house.data.path(), Database::Postgres { url: self.url(0) });
        config.cells = (1..self.names.len()).map(|nth| Cell { name: format!("c{nth}"), url: self.url(nth) }).collect();
        configure(&mut config);
        Store::open(config).await
    }

    async fn gone(self) {
        for name in &self.names {
            self.asked(&self.cluster, &format!("drop database if exists {name} with (force)")).await;
        }
    }
}

async fn accounts(house: &House) -> Vec<u128> {
    let (table, output) = (house.table("account"), Output::default());
    let all = Select { table, filter: None, deleted: Deleted::Exclude, order: Vec::new(), window: Window::All, output, count: None };
    let mut ids = numbers(&house.select(all, &Params::default()).await);
    ids.sort_unstable();
    ids
}

async fn save(house: &House, number: u128) -> Result<(), StoreError> {
    let record = house.record("account", number, &[("name", Value::text(format!("Account {number}")))]);
    let mut tx = house.store.begin(&house.cx()).await?;
    let (object, records) = (house.object("account").id, vec![(record.id, 1)]);
    tx.outbox(OutboxEntry { word: "created", object, records, changed: Vec::new() });
    match tx.write(&house.cx(), &house.table("account"), &[RowWrite::Insert(record)]).await {
        Ok(()) => tx.commit().await,
        Err(error) => {
            tx.rollback().await?;
            Err(error)
        }
    }
}

#[tokio::test]
async fn a_tenant_lies_in_one_cell_with_all_it_has_and_goes_on_there() {
    let Some(own) = Databases::make(3).await else { return };
    let house = own.house().await;
    for number in 1..=20 {
        save(&house, number).await.unwrap();
    }
    let other = own.store(&house, |_| ()).await.unwrap();
    assert_eq!(other.epoch(house.tenant).await.unwrap(), 1, "it believes where the tenant is");
    for (cell, at) in [("c1", 1), ("c2", 2), ("main", 0), ("c1", 1)] {
        let before = accounts(&house).await;
        let moved = house.store.tenant_move(house.tenant, cell).await.unwrap();
        assert!(moved.rows >= 20 && !moved.old_home_left, "{moved:?}");
        assert_eq!(own.homes(house.tenant).await, [at], "{cell}");
        assert_eq!(accounts(&house).await, before);
        assert_eq!(house.store.doctor(&house.model).await.unwrap(), []);
        assert_eq!(house.store.tenant_cell(house.tenant).await.unwrap().as_deref(), Some(cell));
        let again = House { store: other.clone(), model: house.model.clone(), tenant: house.tenant, data: tempfile::tempdir().unwrap() };
        save(&again, before.len() as u128 + 1).await.unwrap();
        assert_eq!(accounts(&house).await.len(), before.len() + 1, "another process writes there, too");
        assert_eq!(house.store.tenant_move(house.tenant, cell).await.unwrap().rows, 0, "there is nothing left to do");
    }
    assert!(house.store.tenant_delete(&house.store.tenant_by_id(house.tenant).await.unwrap().unwrap().name).await.unwrap());
    assert_eq!(own.homes(house.tenant).await, Vec::<usize>::new());
    own.gone().await;
}

#[tokio::test]
async fn who_follows_the_changes_goes_on_in_the_new_cell_without_a_gap() {
    let Some(own) = Databases::make(2).await else { return };
    let house = own.house().await;
    let begin = house.store.outbox_end(house.tenant).await.unwrap();
    for number in 1..=3 {
        save(&house, number).await.unwrap();
    }
    let middle = house.store.outbox_tail(house.tenant, Some(&begin)).await.unwrap().unwrap().next;
    for number in 4..=6 {
        save(&house, number).await.unwrap();
    }
    house.store.audit_seal(house.tenant).await.unwrap();
    let linked = house.store.audit_verify(house.tenant, None).await.unwrap();
    house.store.tenant_move(house.tenant, "c1").await.unwrap();
    let between = house.store.outbox_end(house.tenant).await.unwrap();
    save(&house, 7).await.unwrap();
    house.store.tenant_move(house.tenant, "main").await.unwrap();
    save(&house, 8).await.unwrap();
    for (place, wanted) in [(&begin, 1..=8), (&middle, 4..=8), (&between, 7..=8)] {
        let (mut told, mut place) = (Vec::new(), place.clone());
        loop {
            let tail = house.store.outbox_tail(house.tenant, Some(&place)).await.unwrap().expect("a place in the home before is one here");
            told.extend(tail.changes.iter().map(|change| change.record().0.as_u128()));
            place = tail.next;
            if !tail.more {
                break;
            }
        }
        assert_eq!(told, wanted.collect::<Vec<u128>>());
    }
    house.store.audit_seal(house.tenant).await.unwrap();
    let after = house.store.audit_verify(house.tenant, None).await.unwrap();
    assert_eq!(after.broken, None);
    assert_eq!(after.entries, linked.entries + 2, "what was linked is not linked again, and the new saves are");
    own.gone().await;
}

#[tokio::test]
async fn a_move_that_takes_too_long_or_cannot_be_is_none() {
    let Some(own) = Databases::make(2).await else { return };
    let mut house = own.house().await;
    save(&house, 1).await.unwrap();
    for (cell, word) in [("nowhere", "no cell `nowhere`"), ("c9", "no cell `c9`")] {
        let refused = house.store.tenant_move(house.tenant, cell).await.unwrap_err();
        assert!(matches!(&refused, StoreError::Cell(text) if text.contains(word)), "{refused:?}");
    }
    // Two names for one database.
    let twice = own.store(&house, |config| config.cells.push(Cell { name: "again".to_owned(), url: own.url(0) })).await.unwrap();
    let refused = twice.tenant_move(house.tenant, "again").await.unwrap_err();
    assert!(matches!(&refused, StoreError::Cell(text) if text.contains("is cell `main` already")), "{refused:?}");
    house.store = own.store(&house, |config| config.limits.move_stop = Duration::ZERO).await.unwrap();
    let refused = house.store.tenant_move(house.tenant, "c1").await.unwrap_err();
    assert!(matches!(refused, StoreError::Limit { limit: "move_stop", .. }), "{refused:?}");
    assert_eq!(own.homes(house.tenant).await, [0]);
    save(&house, 2).await.unwrap();
    assert_eq!(accounts(&house).await, [1, 2]);
    own.gone().await;
}

/// Does what the child process is for; nothing where it is not one.
#[tokio::test]
async fn the_child_that_is_killed_while_it_moves_a_tenant() {
    #[expect(clippy::disallowed_methods, reason = "the parent tells the child what to do")]
    let Ok(told) = std::env::var(TOLD) else { return };
    let [point, data, tenant, main, cell] = told.split('|').collect::<Vec<_>>().try_into().unwrap();
    let mut config = StoreConfig::new(data, Database::Postgres { url: main.to_owned() });
    config.cells = vec![Cell { name: "c1".to_owned(), url: cell.to_owned() }];
    config.crash_at = Some(point.to_owned());
    let store = Store::open(config).await.unwrap();
    store.tenant_move(tenant.parse().unwrap(), "c1").await.unwrap();
}

/// Kills a process that moves the tenant at a step.
fn killed_at(point: &str, own: &Databases, house: &House) {
    let told = format!("{point}|{}|{}|{}|{}", house.data.path().display(), house.tenant, own.url(0), own.url(1));
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "cells::the_child_that_is_killed_while_it_moves_a_tenant"])
        .env(TOLD, told)
        .output()
        .unwrap();
    assert!(!child.status.success(), "{point}: {}", String::from_utf8_lossy(&child.stdout));
}

/// What a dead process held is let go when the server notices.
async fn when_free(house: &House, cell: &str) {
    loop {
        match house.store.tenant_move(house.tenant, cell).await {
            Ok(_) => return,
            Err(StoreError::Moving | StoreError::Busy) => tokio::task::yield_now().await,
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_move_cut_short_at_any_step_goes_on_or_never_was() {
    let Some(own) = Databases::make(2).await else { return };
    for (nth, point) in Store::move_crash_points().iter().enumerate() {
        for ending in ["again", if nth % 2 == 0 { "back" } else { "start" }] {
            let mut house = own.house().await;
            save(&house, 1).await.unwrap();
            killed_at(point, &own, &house);
            let is_switched = matches!(*point, "move-switched" | "move-removed");
            assert_eq!(accounts(&house).await, [1], "{point}: it is read all the while");
            let mut saved = save(&house, 2).await;
            // For an epoch a node believes the old place, which takes no writes any more.
            while is_switched && matches!(saved, Err(StoreError::Moving)) {
                tokio::task::yield_now().await;
                saved = save(&house, 2).await;
            }
            match saved {
                Ok(()) => assert!(is_switched || *point == "move-begun", "{point}"),
                Err(error) => assert!(matches!(error, StoreError::Moving) && !is_switched, "{point}: {error:?}"),
            }
            let there = accounts(&house).await;
            match ending {
                "again" => when_free(&house, "c1").await,
                "back" => when_free(&house, if is_switched { "c1" } else { "main" }).await,
                _ => loop {
                    house.store = own.store(&house, |_| ()).await.unwrap();
                    if own.homes(house.tenant).await.len() == 1 && !matches!(save(&house, 3).await, Err(StoreError::Moving)) {
                        break;
                    }
                },
            }
            let at = usize::from(is_switched || ending == "again");
            assert_eq!(own.homes(house.tenant).await, [at], "{point}, {ending}");
            save(&house, 4).await.unwrap();
            let mut wanted = there;
            wanted.extend(if ending == "start" { vec![3, 4] } else { vec![4] });
            assert_eq!(accounts(&house).await, wanted, "{point}, {ending}");
            assert_eq!(house.store.doctor(&house.model).await.unwrap(), [], "{point}, {ending}");
        }
    }
    own.gone().await;
}
