//! Deleting, restoring, destroying, and what that does to others.

use tenon_query::{ManyWrite, OneWrite, RecordKey, Write};
use tenon_records::Status;
use tenon_value::RecordId;

use crate::house::{House, detail, everywhere, text, told};

async fn deal_of(house: &House, account: RecordId) -> RecordId {
    let deal = house.with_one(
        "deal",
        "account",
        house.input("deal", &[("name", text("D"))]),
        OneWrite::Connect(house.ix("account"), RecordKey::Id(account)),
    );
    let lines = ManyWrite { create: vec![house.input("line", &[("name", text("l"))])], ..ManyWrite::default() };
    house.one(Write::Create(house.ix("deal"), house.with_many("deal", "lines", deal, lines))).await.0
}

async fn line_of(house: &House, deal: RecordId, deleted: tenon_query::Deleted) -> RecordId {
    let table = house.policy.table(&house.cx.model, house.ix("line"), tenon_query::Action::Read, tenon_access::Place::Root).unwrap();
    let mut tx = house.store.begin(&house.cx).await.unwrap();
    let found = tx.referrers(&table, house.relation("line", "deal"), &[deal], deleted).await.unwrap();
    tx.rollback().await.unwrap();
    found[0].0
}

#[test]
fn a_record_in_use_stays() {
    everywhere(async |house| {
        let account = house.create("account", &[("name", text("A"))]).await;
        deal_of(&house, account).await;
        let problems = house.problems(Write::Delete(house.ix("account"), account, None)).await;
        assert_eq!(told(&problems[0]), "CONFLICT in_use - id");
        assert_eq!((problems[0].object.as_deref(), detail(&problems[0], "count")), (Some("deal"), 1.into()));
        assert!(house.is_live("account", account).await);
    });
}

#[test]
fn a_reference_to_a_deleted_record_is_cleared_as_a_change() {
    everywhere(async |house| {
        let account = house.create("account", &[("name", text("A"))]).await;
        let contact = house.with_one(
            "contact",
            "account",
            house.input("contact", &[("last_name", text("Li"))]),
            OneWrite::Connect(house.ix("account"), RecordKey::Id(account)),
        );
        let (contact, _) = house.one(Write::Create(house.ix("contact"), contact)).await;
        assert_eq!(house.one(Write::Delete(house.ix("account"), account, Some(1))).await.1, Status::Deleted);
        assert_eq!(house.to("contact", contact, "account").await, None);
        assert_eq!((house.get("contact", contact).await.version(), house.get("account", account).await.version()), (2, 2));
    });
}

#[test]
fn parts_go_and_come_back_with_their_whole() {
    everywhere(async |house| {
        let account = house.create("account", &[("name", text("A"))]).await;
        let deal = deal_of(&house, account).await;
        let line = line_of(&house, deal, tenon_query::Deleted::Exclude).await;
        house.one(Write::Delete(house.ix("deal"), deal, None)).await;
        assert!(!house.is_live("line", line).await);
        assert_eq!(house.one(Write::Restore(house.ix("deal"), deal)).await.1, Status::Restored);
        assert!(house.is_live("line", line).await && house.is_live("deal", deal).await);
        assert_eq!(house.one(Write::Restore(house.ix("deal"), deal)).await.1, Status::Unchanged);
    });
}

#[test]
fn a_part_without_its_whole_is_not_restored() {
    everywhere(async |house| {
        let account = house.create("account", &[("name", text("A"))]).await;
        let deal = deal_of(&house, account).await;
        let line = line_of(&house, deal, tenon_query::Deleted::Exclude).await;
        house.one(Write::Delete(house.ix("deal"), deal, None)).await;
        let problems = house.problems(Write::Restore(house.ix("line"), line)).await;
        assert_eq!(told(&problems[0]), "CONFLICT reference deal id");
    });
}

#[test]
fn a_key_taken_meanwhile_is_in_the_way_of_a_restore() {
    everywhere(async |house| {
        let first = house.create("account", &[("name", text("A")), ("code", text("K"))]).await;
        house.one(Write::Delete(house.ix("account"), first, None)).await;
        let second = house.create("account", &[("name", text("B")), ("code", text("K"))]).await;
        let problems = house.problems(Write::Restore(house.ix("account"), first)).await;
        assert_eq!(told(&problems[0]), "CONFLICT unique code id.code");
        assert_eq!(detail(&problems[0], "existing"), second.to_string());
    });
}

#[test]
fn what_is_destroyed_is_gone_with_its_parts() {
    everywhere(async |house| {
        let account = house.create("account", &[("name", text("A"))]).await;
        let deal = deal_of(&house, account).await;
        let line = line_of(&house, deal, tenon_query::Deleted::Exclude).await;
        assert_eq!(house.one(Write::Destroy(house.ix("deal"), deal)).await.1, Status::Destroyed);
        assert!(house.find("deal", deal).await.is_none() && house.find("line", line).await.is_none());
        assert_eq!(house.one(Write::Destroy(house.ix("account"), account)).await.1, Status::Destroyed);
        let problems = house.problems(Write::Destroy(house.ix("account"), account)).await;
        assert_eq!(told(&problems[0]), "NOT_FOUND - - id");
    });
}
