//! Homes made by older builds are brought up when they are opened; those of newer builds are left alone.

use std::time::Duration;

use tenon_store::{Database, HomeVersion, Store, StoreConfig, StoreError};
use tokio_postgres::{Client, NoTls};

use crate::house::{House, by_hand, databases};

/// As the house's data looks to a process that starts now.
async fn opened_anew(house: &House, database: &Database) -> Store {
    Store::open(StoreConfig::new(house.data.path(), database.clone())).await.unwrap()
}

#[tokio::test]
async fn a_home_of_the_time_before_versions_is_brought_up_when_it_is_opened() {
    for database in databases() {
        let house = House::new(database.clone()).await;
        by_hand(&house, "drop table {t}\"home\"; drop table {t}\"share\"; drop table {t}\"external_identity\"").await;
        let (one, other) = (opened_anew(&house, &database).await, opened_anew(&house, &database).await);
        let before = one.home(house.tenant).await.unwrap();
        assert_eq!((before.version, before.readable_by), (0, 0));
        // Two processes at once: one brings it up, the other finds it done.
        let (first, second) = tokio::join!(one.epoch(house.tenant), other.epoch(house.tenant));
        assert_eq!((first.unwrap(), second.unwrap()), (1, 1));
        let HomeVersion { version, current, .. } = other.home(house.tenant).await.unwrap();
        assert_eq!(version, current);
        assert_eq!(one.doctor(&house.model).await.unwrap(), [], "every table is there again");
    }
}

#[tokio::test]
async fn a_home_that_a_newer_build_made_its_own_is_refused_and_one_it_only_added_to_is_served() {
    for database in databases() {
        let house = House::new(database.clone()).await;
        by_hand(&house, "update {t}\"home\" set \"version\" = 99").await;
        assert_eq!(opened_anew(&house, &database).await.epoch(house.tenant).await.unwrap(), 1);
        by_hand(&house, "update {t}\"home\" set \"readable_by\" = 99").await;
        let refused = opened_anew(&house, &database).await.epoch(house.tenant).await;
        assert!(matches!(&refused, Err(StoreError::Unavailable(text)) if text.contains("newer Tenon")), "{refused:?}");
    }
}

/// The tables of a schema for which this is so, by age.
async fn tables(client: &Client, schema: &str, such: &str) -> Vec<String> {
    let sql = format!(
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = '{schema}' and c.relkind = 'r' and {such} order by c.oid"
    );
    client.query(&sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_tenant_is_removed_though_its_removal_and_somebody_at_work_in_it_wait_for_each_other() {
    for database in databases() {
        // A file is there or not.
        let Database::Postgres { url } = &database else { continue };
        let house = House::new(database.clone()).await;
        let schema = format!("t_{}", &house.tenant.0.simple().to_string()[12..]);
        let (worker, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        // The removal takes the older ones first.
        let last = tables(&worker, &schema, "true").await.pop().unwrap();
        worker.batch_execute(&format!("begin; lock table {schema}.{last} in access share mode")).await.unwrap();
        let (store, tenant) = (house.store.clone(), house.tenant);
        let removal = tokio::spawn(async move {
            let name = store.tenant_by_id(tenant).await.unwrap().unwrap().name;
            store.tenant_delete(&name).await
        });
        let (looker, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let locked = |granted| {
            format!("exists (select from pg_locks where relation = c.oid and mode = 'AccessExclusiveLock' and granted = {granted})")
        };
        while tables(&looker, &schema, &locked(false)).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let taken = tables(&looker, &schema, &locked(true)).await.remove(0);
        // Each now has what the other wants. Who has waited the longest looks first, and gives way: that is the removal.
        worker.batch_execute(&format!("select from {schema}.{taken} limit 1; commit")).await.unwrap();
        assert!(removal.await.unwrap().unwrap());
        assert_eq!(tables(&looker, &schema, "true").await, Vec::<String>::new());
    }
}
