//! Homes made by older builds are brought up when they are opened; those of newer builds are left alone.

use tenon_store::{Database, HomeVersion, Store, StoreConfig, StoreError};

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
