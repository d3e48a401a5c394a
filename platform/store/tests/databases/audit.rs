//! The audit chain: what is linked, what a hand in the database does to it, what may be taken away.

use serde_json::json;
use tenon_query::{Deleted, Record};
use tenon_store::{
    AuditBy, AuditFilter, AuditKind, AuditNote, AuditOrder, AuditReport, Dialect, Lock, OutboxEntry, RowWrite, Store, StoreConfig, Tx,
};
use tenon_value::{DateTime, RecordId, Uuid, Value};

use crate::house::{House, by_hand, databases, houses, now};

fn entry(house: &House, word: &'static str, record: u128, version: i64) -> OutboxEntry {
    let records = vec![(RecordId(Uuid::from_u128(record)), version)];
    OutboxEntry { word, object: house.object("account").id, records, changed: vec!["name".to_owned()] }
}

async fn begun(house: &House) -> Tx {
    house.store.begin(&house.cx()).await.unwrap()
}

async fn make(house: &House, number: u128, name: &str) {
    let mut tx = begun(house).await;
    tx.outbox(entry(house, "created", number, 1));
    let record = house.record("account", number, &[("name", Value::text(name))]);
    tx.write(&house.cx(), &house.table("account"), &[RowWrite::Insert(record)]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn loaded(house: &House, tx: &mut Tx, number: u128) -> Record {
    tx.load(&house.table("account"), &[RecordId(Uuid::from_u128(number))], Deleted::Include, Lock::Update).await.unwrap().remove(0)
}

async fn rename(house: &House, number: u128, name: &str) {
    let mut tx = begun(house).await;
    let old = loaded(house, &mut tx, number).await;
    let mut new = old.clone();
    new.set_field(house.field("account", "name"), Value::text(name));
    tx.outbox(entry(house, "updated", number, old.version() + 1));
    tx.write(&house.cx(), &house.table("account"), &[RowWrite::Update { old, new }]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn verified(house: &House) -> AuditReport {
    house.store.audit_verify(house.tenant, None).await.unwrap()
}

/// Two saves and a sign-in, linked.
async fn a_trail(house: &House) {
    make(house, 1, "Acme").await;
    rename(house, 1, "Acme Ltd").await;
    let by = AuditBy { display: "Li Lei".to_owned(), ..AuditBy::system(now()) };
    let note = AuditNote::new(AuditKind::SignedIn).detail(json!({ "login": "li@acme.example" }));
    house.store.audit_note_by(house.tenant, &by, note).await.unwrap();
    let sealed = house.store.audit_seal(house.tenant).await.unwrap();
    assert_eq!((sealed.entries, sealed.more), (3, false));
}

#[tokio::test]
async fn what_is_committed_is_linked_once_and_what_is_not_is_waited_for_by_nobody() {
    for house in houses().await {
        make(&house, 1, "Acme").await;
        // On SQLite there is one writer, so nobody can be slow.
        let slow = if house.store.dialect() == Dialect::Postgres {
            let mut tx = begun(&house).await;
            tx.outbox(entry(&house, "created", 2, 1));
            let record = house.record("account", 2, &[("name", Value::text("Slow"))]);
            tx.write(&house.cx(), &house.table("account"), &[RowWrite::Insert(record)]).await.unwrap();
            Some(tx)
        } else {
            None
        };
        rename(&house, 1, "Acme Ltd").await;
        assert_eq!(house.store.audit_seal(house.tenant).await.unwrap().entries, 2);
        assert_eq!(house.store.audit_seal(house.tenant).await.unwrap().entries, 0);
        if let Some(slow) = slow {
            slow.commit().await.unwrap();
            assert_eq!(house.store.audit_seal(house.tenant).await.unwrap().entries, 1);
        }
        let report = verified(&house).await;
        assert_eq!(report.broken, None);
        assert_eq!(report.entries, if house.store.dialect() == Dialect::Postgres { 3 } else { 2 });
    }
}

#[tokio::test]
async fn a_backlog_is_linked_in_several_batches_without_losing_any() {
    for house in houses().await {
        let by = AuditBy::system(now());
        for _ in 0..3 {
            let mut tx = begun(&house).await;
            for _ in 0..400 {
                tx.audit_note(AuditNote::new(AuditKind::Exported));
            }
            tx.commit().await.unwrap();
        }
        house.store.audit_note_by(house.tenant, &by, AuditNote::new(AuditKind::Imported)).await.unwrap();
        assert_eq!(house.store.audit_seal(house.tenant).await.unwrap().entries, 1_201);
        let report = verified(&house).await;
        assert_eq!((report.entries, report.broken), (1_201, None));
        assert_eq!(report.batches, 3);
    }
}

#[tokio::test]
async fn a_bulk_write_is_one_entry_and_each_of_its_records_is_proved() {
    for house in houses().await {
        let ids = 1..=2_000_u128;
        let mut tx = begun(&house).await;
        let records = ids.clone().map(|number| (RecordId(Uuid::from_u128(number)), 1)).collect();
        tx.outbox(OutboxEntry { word: "created", object: house.object("account").id, records, changed: vec!["name".to_owned()] });
        let named = |number: u128| house.record("account", number, &[("name", Value::text(format!("Account {number}")))]);
        let rows: Vec<RowWrite> = ids.map(|number| RowWrite::Insert(named(number))).collect();
        tx.write(&house.cx(), &house.table("account"), &rows).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(house.store.audit_seal(house.tenant).await.unwrap().entries, 1);
        let report = verified(&house).await;
        assert_eq!((report.entries, report.checked, report.broken), (1, 2_001, None));
        let wanted = AuditFilter { record: Some(RecordId(Uuid::from_u128(1_999))), ..AuditFilter::default() };
        let found = house.store.audit_page(house.tenant, &wanted, AuditOrder::Newest(None), 10).await.unwrap();
        assert_eq!((found.len(), found.first().map(|entry| entry.records.len())), (1, Some(2_000)));
        by_hand(
            &house,
            "update {t}history set via = 'import' where record in (select x.record from {t}history as x order by x.record desc limit 1)",
        )
        .await;
        assert!(verified(&house).await.broken.is_some());
    }
}

#[tokio::test]
async fn a_rolled_back_transaction_and_savepoint_leave_nothing_in_the_trail() {
    for house in houses().await {
        let mut tx = begun(&house).await;
        tx.audit_note(AuditNote::new(AuditKind::Exported));
        tx.rollback().await.unwrap();
        let mut tx = begun(&house).await;
        let savepoint = tx.savepoint().await.unwrap();
        tx.audit_note(AuditNote::new(AuditKind::Exported));
        tx.rollback_to(savepoint).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(house.store.audit_seal(house.tenant).await.unwrap().entries, 0);
    }
}

#[tokio::test]
async fn a_hand_in_the_database_is_named() {
    let acts = [
        ("update {t}history set changes = '{\"f_9\":\"Beta\"}' where version = 2", Some(2), "history"),
        ("update {t}history set by_id = record where version = 1", Some(1), "history"),
        ("delete from {t}history where version = 2", Some(2), "gone"),
        ("update {t}audit set salts = '[null]' where number = 3", Some(3), "gone"),
        ("update {t}audit set detail = '{\"login\":\"han@acme.example\"}' where number = 3", Some(3), "details"),
        ("update {t}audit set payload = replace(payload, 'updated', 'created') where number = 2", Some(2), "payload"),
        ("update {t}audit set kind = 'created' where number = 2", Some(2), "searched"),
        ("update {t}audit set clock = {now} where number = 2", Some(2), "searched"),
        ("update {t}audit set digest = 'ff' where number = 2", None, "hash"),
        ("delete from {t}audit where number = 2", Some(2), "missing"),
        (
            "update {t}audit set payload = null, salt = null, kind = null, at = null, clock = null, by_kind = null, by_id = null, object = null, record = null, detail = null, salts = '[]' where number = 1",
            Some(1),
            "before its time",
        ),
        ("update {t}audit_batch set sealed_at = {now}", None, "hash"),
        ("delete from {t}audit_batch where number = 1", None, "behind"),
    ];
    for (sql, at, words) in acts {
        for house in houses().await {
            a_trail(&house).await;
            assert_eq!(verified(&house).await.broken, None);
            by_hand(&house, sql).await;
            let broken = verified(&house).await.broken.unwrap_or_else(|| panic!("{sql} went unnoticed on {:?}", house.store.dialect()));
            assert_eq!(broken.entry, at, "{sql}: {broken:?}");
            assert!(broken.what.contains(words), "{sql}: {broken:?}");
        }
    }
}

#[tokio::test]
async fn a_chain_that_was_cut_off_no_longer_has_the_hash_that_was_kept() {
    for house in houses().await {
        a_trail(&house).await;
        let head = verified(&house).await.head.unwrap();
        rename(&house, 1, "Acme Inc").await;
        house.store.audit_seal(house.tenant).await.unwrap();
        let report = house.store.audit_verify(house.tenant, Some(&head)).await.unwrap();
        assert_eq!((report.batches, report.broken), (2, None));
        by_hand(
            &house,
            "delete from {t}audit; delete from {t}audit_batch; update {t}outbox set payload = replace(payload, 'updated', 'created')",
        )
        .await;
        house.store.audit_seal(house.tenant).await.unwrap();
        assert_eq!(verified(&house).await.broken, None, "made anew from the beginning, it is whole in itself");
        let broken = house.store.audit_verify(house.tenant, Some(&head)).await.unwrap().broken.unwrap();
        assert!(broken.what.contains("cut off"), "{broken:?}");
    }
}

#[tokio::test]
async fn a_destroyed_record_leaves_the_chain_whole() {
    for house in houses().await {
        a_trail(&house).await;
        let mut tx = begun(&house).await;
        let old = loaded(&house, &mut tx, 1).await;
        tx.outbox(entry(&house, "destroyed", 1, old.version()));
        tx.write(&house.cx(), &house.table("account"), &[RowWrite::Destroy(old)]).await.unwrap();
        tx.commit().await.unwrap();
        house.store.audit_seal(house.tenant).await.unwrap();
        let report = verified(&house).await;
        assert_eq!((report.entries, report.erased, report.broken), (4, 2, None));
    }
}

#[tokio::test]
async fn what_has_expired_is_gone_and_the_chain_stays() {
    for house in houses().await {
        a_trail(&house).await;
        let bystander = House::new(databases().remove(0)).await;
        a_trail(&bystander).await;
        assert_eq!(house.store.audit_expire(house.tenant).await.unwrap(), 0, "without a setting nothing expires");
        by_hand(&house, "update {t}model set settings = '{\"audit_retention_days\":30}'").await;
        assert_eq!(house.store.audit_expire(house.tenant).await.unwrap(), 0, "nothing is that old");
        let config = StoreConfig { clock: in_a_year, ..StoreConfig::new(house.data.path(), database_of(&house)) };
        let later = Store::open(config).await.unwrap();
        assert_eq!(later.audit_expire(house.tenant).await.unwrap(), 3);
        assert_eq!(later.audit_expire(house.tenant).await.unwrap(), 0);
        later.audit_seal(house.tenant).await.unwrap();
        let report = verified(&house).await;
        assert_eq!((report.entries, report.expired, report.broken), (4, 3, None));
        assert_eq!(verified(&bystander).await.expired, 0);
    }
}

fn database_of(house: &House) -> tenon_store::Database {
    let place = usize::from(house.store.dialect() == Dialect::Postgres);
    databases().remove(place)
}

fn in_a_year() -> DateTime {
    DateTime::from_millis(now().millis() + 366 * 86_400_000)
}

#[tokio::test]
async fn two_nodes_link_one_chain() {
    for house in houses().await {
        // On SQLite there is one process: it stands for both.
        let second = if house.store.dialect() == Dialect::Postgres {
            Store::open(StoreConfig::new(house.data.path(), database_of(&house))).await.unwrap()
        } else {
            house.store.clone()
        };
        let by = AuditBy::system(now());
        for _ in 0..5 {
            for store in [&house.store, &second] {
                store.audit_note_by(house.tenant, &by, AuditNote::new(AuditKind::Exported)).await.unwrap();
            }
            let (first, other) = tokio::join!(house.store.audit_seal(house.tenant), second.audit_seal(house.tenant));
            first.unwrap();
            other.unwrap();
        }
        house.store.audit_seal(house.tenant).await.unwrap();
        let report = verified(&house).await;
        assert_eq!((report.entries, report.broken), (10, None));
    }
}

#[tokio::test]
async fn what_was_committed_before_a_kill_is_linked_by_the_next_process() {
    for house in houses().await {
        make(&house, 1, "Acme").await;
        // Killed before it could link: another process opens the same data.
        let next = Store::open(StoreConfig::new(house.data.path(), database_of(&house))).await.unwrap();
        assert_eq!(next.audit_seal(house.tenant).await.unwrap().entries, 1);
        assert_eq!(house.store.audit_seal(house.tenant).await.unwrap().entries, 0);
        assert_eq!(verified(&house).await.broken, None);
    }
}

#[tokio::test]
async fn what_tells_of_a_person_is_kept_once_and_erased_whole() {
    for house in houses().await {
        a_trail(&house).await;
        let outbox = house.store.outbox_after(house.tenant, 0, 10).await.unwrap();
        assert!(!format!("{outbox:?}").contains("li@acme.example"), "the outbox forgets it when it is linked");
        let mut tx = begun(&house).await;
        let fields = [house.field("account", "name")];
        let id = RecordId(Uuid::from_u128(1));
        let erased = tx.erase_person(&house.table("account"), id, &fields, false).await.unwrap();
        tx.audit_note(AuditNote::new(AuditKind::PersonErased).about("account", Some(id)));
        tx.commit().await.unwrap();
        assert_eq!((erased.versions, erased.entries), (2, 2));
        house.store.audit_seal(house.tenant).await.unwrap();
        let report = verified(&house).await;
        assert_eq!((report.entries, report.erased, report.broken), (4, 2, None));
        by_hand(&house, "update {t}audit set salts = '[null]' where number = 3").await;
        assert!(verified(&house).await.broken.is_some(), "the erasure of one explains nothing of another");
    }
}

#[tokio::test]
async fn a_note_that_may_wait_is_written_when_the_chain_is_looked_at() {
    for house in houses().await {
        house.store.audit_soon(&house.cx(), AuditNote::new(AuditKind::ReadInClear).about("account", None));
        assert_eq!(house.store.audit_due().await, vec![house.tenant]);
        assert_eq!(house.store.audit_seal(house.tenant).await.unwrap().entries, 1);
    }
}
