//! What is written is read back as it was.

use tenon_model::LinkEnd;
use tenon_query::{Deleted, ExternalId, Output, Params, Predicate, RefOp, Select, Slot, Window};
use tenon_store::{IdempotencyRow, LinkRow, Lock, OutboxEntry, RowWrite, StoreError};
use tenon_value::{Address, DateTime, Geo, Json, RecordId, Uuid, Value};

use crate::house::{House, decimal, houses, id, model, money, now};

fn full(house: &House, number: u128) -> tenon_query::Record {
    let address = Address {
        country: Some("CN".to_owned()),
        city: Some("上海".to_owned()),
        location: Some(Geo { lat: 31.2, lng: 121.5 }),
        ..Address::default()
    };
    let values = [
        ("name", Value::text("Ａlpha 100%")),
        ("title", Value::text("北京")),
        ("notes", Value::text("two\nlines")),
        ("size", Value::Int(-5)),
        ("rate", decimal("12.30")),
        ("amount", money("1234.56", "USD", Some("8888.00"))),
        ("is_key", Value::Bool(true)),
        ("close_date", Value::Date("1969-12-31".parse().unwrap())),
        ("next_call", Value::DateTime("1969-12-31T23:59:59.999Z".parse().unwrap())),
        ("effort", Value::Duration("PT1H30M".parse().unwrap())),
        ("stage", Value::text("won")),
        ("tags", Value::List(vec![Value::text("hot"), Value::text("warm")])),
        ("site", Value::Geo(Geo { lat: -33.5, lng: 179.9 })),
        ("ship_to", Value::Address(Box::new(address))),
        ("extra", Value::Json(serde_json::json!({ "b": [1, null, "x"], "a": true }))),
        ("account", id(1)),
        ("origin", Value::Ref("account".to_owned(), Uuid::from_u128(1))),
    ];
    house.record("deal", number, &values)
}

#[tokio::test]
async fn a_record_of_every_type_comes_back_as_it_was() {
    for house in houses().await {
        let account = house.record("account", 1, &[("name", Value::text("Acme"))]);
        house.insert("account", vec![account]).await;
        house.insert("deal", vec![full(&house, 10), house.record("deal", 11, &[])]).await;
        let mut tx = house.store.begin(&house.cx()).await.unwrap();
        let ids = [RecordId(Uuid::from_u128(11)), RecordId(Uuid::from_u128(10)), RecordId(Uuid::from_u128(99))];
        let loaded = tx.load(&house.table("deal"), &ids, Deleted::Exclude, Lock::Update).await.unwrap();
        assert_eq!(loaded.len(), 2);
        let own = |record: &tenon_query::Record| (record.fields[5..].to_vec(), record.relations[3..].to_vec());
        assert_eq!(own(&loaded[0]), own(&full(&house, 10)));
        assert_eq!(own(&loaded[1]), own(&house.record("deal", 11, &[])));
        assert_eq!(loaded[0].version(), 1);
        assert_eq!(loaded[0].relations[1], Value::Ref("api_key".to_owned(), Uuid::from_u128(7)));
        tx.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn an_update_needs_the_version_it_saw_and_history_keeps_what_was() {
    for house in houses().await {
        house.insert("deal", vec![house.record("deal", 1, &[("name", Value::text("a")), ("rate", decimal("1.5"))])]).await;
        let table = house.table("deal");
        let mut tx = house.store.begin(&house.cx()).await.unwrap();
        let old = tx.load(&table, &[RecordId(Uuid::from_u128(1))], Deleted::Exclude, Lock::Update).await.unwrap().remove(0);
        let mut new = old.clone();
        new.set_field(house.field("deal", "name"), Value::text("b"));
        tx.write(&house.cx(), &table, &[RowWrite::Update { old: old.clone(), new: new.clone() }]).await.unwrap();
        tx.commit().await.unwrap();
        let stale = house.write("deal", &[RowWrite::Update { old, new }]).await;
        assert!(matches!(stale, Err(StoreError::Serialization)), "{stale:?}");

        let mut params = Params::default();
        let size = params.push(Value::Int(10));
        let output =
            Output { histories: vec![tenon_query::HistoryFetch { size, before_version: None, seen: Vec::new() }], ..Output::default() };
        let select = Select {
            table: house.table("deal"),
            filter: None,
            deleted: Deleted::Exclude,
            order: Vec::new(),
            window: Window::All,
            output,
            count: None,
        };
        let page = house.select(select, &params).await;
        let (entries, more) = &page.rows[0].histories[0];
        assert!(!more);
        assert_eq!(entries.iter().map(|entry| entry.version).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(entries[0].changes.len(), 1);
        assert_eq!(
            (entries[0].changes[0].field.as_str(), &entries[0].changes[0].old, &entries[0].changes[0].new),
            ("name", &Json::from("a"), &Json::from("b"))
        );
        let first: Vec<(&str, &Json)> = entries[1].changes.iter().map(|change| (change.field.as_str(), &change.new)).collect();
        assert!(first.contains(&("name", &Json::from("a"))) && first.contains(&("rate", &Json::from("1.50"))), "{first:?}");
        assert_eq!(entries[1].by, ("api_key".to_owned(), Uuid::from_u128(7), "Key".to_owned()));
    }
}

#[tokio::test]
async fn two_live_records_never_share_a_unique_key_and_a_deleted_one_frees_it() {
    for house in houses().await {
        house.insert("account", vec![house.record("account", 1, &[("name", Value::text("Acme"))])]).await;
        let twin = house.record("account", 2, &[("name", Value::text("ＡCME"))]);
        let clash = house.write("account", &[RowWrite::Insert(twin.clone())]).await;
        assert!(matches!(clash, Err(StoreError::Unique { object, key: 0 }) if object == house.object("account").ix), "{clash:?}");
        let again = house.write("account", &[RowWrite::Insert(house.record("account", 1, &[("name", Value::text("x"))]))]).await;
        assert!(matches!(again, Err(StoreError::DuplicateId { .. })), "{again:?}");

        let table = house.table("account");
        let mut tx = house.store.begin(&house.cx()).await.unwrap();
        let found = tx
            .find_unique(&table, 0, &[vec![Value::text("acme")], vec![Value::text("nobody")], vec![Value::Null]], Deleted::Exclude)
            .await
            .unwrap();
        assert_eq!(found, [Some(RecordId(Uuid::from_u128(1))), None, None]);
        let old = tx.load(&table, &[RecordId(Uuid::from_u128(1))], Deleted::Exclude, Lock::Update).await.unwrap().remove(0);
        let mut gone = old.clone();
        gone.set_field(tenon_model::system::DELETED_AT, Value::DateTime(now()));
        tx.write(&house.cx(), &table, &[RowWrite::Update { old, new: gone }]).await.unwrap();
        tx.commit().await.unwrap();
        house.write("account", &[RowWrite::Insert(twin)]).await.unwrap();
        let mut tx = house.store.begin(&house.cx()).await.unwrap();
        let found = tx.find_unique(&table, 0, &[vec![Value::text("ACME")]], Deleted::Include).await.unwrap();
        assert_eq!(found, [Some(RecordId(Uuid::from_u128(2)))]);
    }
}

#[tokio::test]
async fn links_external_ids_numbers_and_answers_are_kept() {
    for house in houses().await {
        house.insert("account", vec![house.record("account", 1, &[("name", Value::text("A"))])]).await;
        house.insert("deal", vec![house.record("deal", 5, &[])]).await;
        let cx = house.cx();
        let (deal, account) = (house.table("deal"), house.table("account"));
        let link = match house.object("deal").relation_named("partners").unwrap().shape {
            tenon_model::RelationShape::Many(link) => link,
            other => panic!("{other:?}"),
        };
        let mut tx = house.store.begin(&cx).await.unwrap();
        let (source, target) = (RecordId(Uuid::from_u128(5)), RecordId(Uuid::from_u128(1)));
        let row = |role: &str| LinkRow { source, target, attributes: vec![Value::text(role), decimal("33.5")] };
        tx.link_put(&cx, link, &[row("lead")], (&deal, &account)).await.unwrap();
        tx.link_put(&cx, link, &[row("payer")], (&deal, &account)).await.unwrap();
        assert_eq!(tx.links(link, LinkEnd::Target, &[target], (&deal, &account)).await.unwrap(), [row("payer")]);
        tx.external_put(&deal, &[(source, ExternalId { system: "erp".to_owned(), key: Some("4711".to_owned()) })]).await.unwrap();
        let keys = [("erp".to_owned(), "4711".to_owned()), ("erp".to_owned(), "1".to_owned())];
        assert_eq!(tx.find_external(&deal, &keys, Deleted::Exclude).await.unwrap(), [Some(source), None]);
        let field = house.object("deal").id;
        assert_eq!(tx.next_numbers(field, "2026", 3).await.unwrap(), 1);
        assert_eq!(tx.next_numbers(field, "2026", 1).await.unwrap(), 4);
        let answer = IdempotencyRow { body_hash: [3; 32], response: b"{}".to_vec(), at: now() };
        tx.idempotency_put("me", "k", &answer).await.unwrap();
        assert_eq!(tx.idempotency_find("me", "k", now()).await.unwrap(), Some(answer));
        let kept = tx.savepoint().await.unwrap();
        tx.outbox(OutboxEntry { word: "created", object: field, records: vec![(source, 1)], changed: vec!["name".to_owned()] });
        tx.release(kept).await.unwrap();
        let undone = tx.savepoint().await.unwrap();
        tx.link_remove(link, &[(source, target)], (&deal, &account)).await.unwrap();
        tx.outbox(OutboxEntry { word: "updated", object: field, records: vec![(source, 2)], changed: Vec::new() });
        tx.rollback_to(undone).await.unwrap();
        assert_eq!(tx.links(link, LinkEnd::Source, &[source], (&deal, &account)).await.unwrap().len(), 1);
        tx.commit().await.unwrap();
        let outbox = house.store.outbox_after(house.tenant, 0, 10).await.unwrap();
        assert_eq!(outbox.len(), 1);
        assert_eq!(outbox[0].payload["type"], "deal.created");
    }
}

#[tokio::test]
async fn a_plan_of_an_older_model_is_refused_and_a_new_field_is_there_at_once() {
    for mut house in houses().await {
        house.insert("account", vec![house.record("account", 1, &[("name", Value::text("A"))])]).await;
        let text = include_str!("model.yaml")
            .replace("  region:", "  code: { type: text, unique: true, label: { en: Code, zh: 代码 } }\n  region:");
        let after = model(house.tenant, 2, &text);
        let mut tx = house.store.metadata_begin(house.tenant).await.unwrap();
        assert_eq!(tx.version().0, 1);
        tx.shape(Some(&house.model), &after).await.unwrap();
        tx.commit(after.version).await.unwrap();
        // On PostgreSQL the beginning travels with the first statement.
        let stale = match house.store.begin(&house.cx()).await {
            Ok(mut tx) => tx
                .write(&house.cx(), &house.table("account"), &[RowWrite::Insert(house.record("account", 9, &[]))])
                .await
                .and(tx.commit().await),
            Err(error) => Err(error),
        };
        assert!(matches!(stale, Err(StoreError::StaleModel)), "{stale:?}");
        assert_eq!(house.store.row_count(&house.model, house.object("account").ix).await.unwrap(), 1);
        house.model = after;
        let account = house.record("account", 2, &[("name", Value::text("B")), ("code", Value::text("b"))]);
        house.insert("account", vec![account]).await;
        let again = house
            .write("account", &[RowWrite::Insert(house.record("account", 3, &[("name", Value::text("C")), ("code", Value::text("B"))]))])
            .await;
        assert!(matches!(again, Err(StoreError::Unique { .. })), "{again:?}");
    }
}

#[tokio::test]
async fn a_field_cannot_become_unique_over_values_that_occur_twice() {
    for house in houses().await {
        let twins = [1, 2]
            .map(|number| house.record("account", number, &[("name", Value::text(number.to_string())), ("region", Value::text("east"))]));
        house.insert("account", twins.into()).await;
        let text = include_str!("model.yaml").replace("region: { type: text,", "region: { type: text, unique: true,");
        let after = model(house.tenant, 2, &text);
        let mut tx = house.store.metadata_begin(house.tenant).await.unwrap();
        let blocked = tx.shape(Some(&house.model), &after).await;
        assert!(matches!(blocked, Err(StoreError::Blocked { rows: 1, .. })), "{blocked:?}");
        tx.rollback().await.unwrap();
        assert_eq!(house.store.model_version(house.tenant).await.unwrap().0, 1);
    }
}

#[tokio::test]
async fn a_destroyed_record_leaves_nothing_and_a_dropped_transaction_nothing_either() {
    for house in houses().await {
        let record = house.record("deal", 1, &[("name", Value::text("x"))]);
        house.insert("deal", vec![record.clone()]).await;
        {
            let mut tx = house.store.begin(&house.cx()).await.unwrap();
            tx.write(&house.cx(), &house.table("deal"), &[RowWrite::Insert(house.record("deal", 2, &[]))]).await.unwrap();
        }
        assert_eq!(house.store.row_count(&house.model, house.object("deal").ix).await.unwrap(), 1);
        house.write("deal", &[RowWrite::Destroy(record)]).await.unwrap();
        let mut tx = house.store.begin(&house.cx()).await.unwrap();
        let all = Predicate::yes();
        assert!(tx.select_ids(&house.table("deal"), &all, &Params::default(), Deleted::Include, 5).await.unwrap().is_empty());
        tx.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn a_slot_of_a_reference_is_its_id_and_the_actor_has_a_name() {
    for house in houses().await {
        house.insert("deal", vec![full(&house, 1)]).await;
        let by = house.relation("deal", "created_by");
        let slots = vec![Slot::Relation(house.relation("deal", "origin")), Slot::ActorDisplay(by), Slot::Relation(by), Slot::ExternalIds];
        let mut params = Params::default();
        let kinds = params.push(Value::List(vec![Value::text("account")]));
        let filter = Predicate::Ref { relation: house.relation("deal", "origin"), op: RefOp::KindIn(kinds) };
        let output = Output { slots, ..Output::default() };
        let select = Select {
            table: house.table("deal"),
            filter: Some(filter),
            deleted: Deleted::Exclude,
            order: Vec::new(),
            window: Window::One,
            output,
            count: None,
        };
        let page = house.select(select, &params).await;
        let expected = [
            Value::Ref("account".to_owned(), Uuid::from_u128(1)),
            Value::text("Key"),
            Value::Ref("api_key".to_owned(), Uuid::from_u128(7)),
            Value::List(Vec::new()),
        ];
        assert_eq!(page.rows[0].values, expected);
    }
}

#[tokio::test]
async fn stored_answers_end_with_their_time() {
    for house in houses().await {
        let day = i64::try_from(tenon_store::IDEMPOTENCY_KEPT.as_millis()).unwrap();
        let kept = |at: DateTime| IdempotencyRow { body_hash: [3; 32], response: b"{}".to_vec(), at };
        let (then, later) = (now(), DateTime::from_millis(now().millis() + day));
        let mut tx = house.store.begin(&house.cx()).await.unwrap();
        for number in 0..1_001 {
            tx.idempotency_put("me", &number.to_string(), &kept(then)).await.unwrap();
        }
        tx.idempotency_put("me", "young", &kept(DateTime::from_millis(then.millis() + 1))).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(house.store.idempotency_expire(house.tenant, DateTime::from_millis(later.millis() - 1)).await.unwrap(), 0);
        assert_eq!(house.store.idempotency_expire(house.tenant, later).await.unwrap(), 1_001);
        assert_eq!(house.store.idempotency_expire(house.tenant, later).await.unwrap(), 0);
        let mut tx = house.store.begin(&house.cx()).await.unwrap();
        assert!(tx.idempotency_find("me", "0", then).await.unwrap().is_none());
        assert!(tx.idempotency_find("me", "young", then).await.unwrap().is_some());
    }
}
