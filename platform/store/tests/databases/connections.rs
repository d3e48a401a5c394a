//! Connections to PostgreSQL: what breaks is replaced, what is refused leaves nothing, prepared statements do not outlive their tables.

use tenon_query::{Deleted, Output, Params, Select, Slot, Window};
use tenon_store::{Database, Lock, RowWrite, StoreError};
use tenon_value::{RecordId, Uuid, Value};
use tokio_postgres::{Client, NoTls};

use crate::house::{House, databases};

/// A house on PostgreSQL with one account, another way in, and the house's schema; none where there is no PostgreSQL.
async fn house() -> Option<(House, Client, String)> {
    for database in databases() {
        let Database::Postgres { url } = &database else { continue };
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        drop(tokio::spawn(connection));
        let house = House::new(database).await;
        house.insert("account", vec![house.record("account", 1, &[("name", Value::text("Acme"))])]).await;
        let find = "select nspname::text from pg_namespace where nspname like 't\\_%' and $1 like '%' || substr(nspname, 3) || '%'";
        let schema = client.query_one(find, &[&house.tenant.0.simple().to_string()]).await.unwrap().get(0);
        return Some((house, client, schema));
    }
    None
}

/// Names of the accounts that can be read.
async fn names(house: &House) -> Vec<Value> {
    let output = Output { slots: vec![Slot::Field(house.field("account", "name"))], ..Output::default() };
    let table = house.table("account");
    let select = Select { table, filter: None, deleted: Deleted::Exclude, order: Vec::new(), window: Window::All, output, count: None };
    let page = house.select(select, &Params::default()).await;
    page.rows.into_iter().flat_map(|row| row.values).collect()
}

fn first() -> RecordId {
    RecordId(Uuid::from_u128(1))
}

/// Ends every backend whose last statement was about this schema.
async fn end(client: &Client, schema: &str) -> i64 {
    let end = "select count(pg_terminate_backend(pid)) from pg_stat_activity where query like '%' || $1 || '%' and pid <> pg_backend_pid()";
    client.query_one(end, &[&schema]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_connection_that_the_server_ends_is_replaced_and_its_transaction_never_was() {
    let Some((house, client, schema)) = house().await else { return };
    let table = house.table("account");
    let mut tx = house.store.begin(&house.cx()).await.unwrap();
    let old = tx.load(&table, &[first()], Deleted::Exclude, Lock::Update).await.unwrap().remove(0);
    let mut new = old.clone();
    new.set_field(house.field("account", "name"), Value::text("Other"));
    assert!(end(&client, &schema).await > 0);
    let ended = match tx.write(&house.cx(), &table, &[RowWrite::Update { old, new }]).await {
        Ok(()) => tx.commit().await,
        Err(error) => Err(error),
    };
    assert!(matches!(ended, Err(StoreError::Unavailable(_))), "{ended:?}");
    assert_eq!(names(&house).await, [Value::text("Acme")]);
    house.insert("account", vec![house.record("account", 2, &[("name", Value::text("Next"))])]).await;
    end(&client, &schema).await;
    assert_eq!(names(&house).await.len(), 2);
}

#[tokio::test]
async fn what_is_refused_as_late_as_the_commit_leaves_nothing_and_is_named() {
    let Some((house, ..)) = house().await else { return };
    let table = house.table("account");
    let mut tx = house.store.begin(&house.cx()).await.unwrap();
    let twin = house.record("account", 2, &[("name", Value::text("ACME"))]);
    // Nobody asks what became of the write: it goes out with the commit, behind the check of the model.
    tx.write(&house.cx(), &table, &[RowWrite::Insert(twin)]).await.unwrap();
    let refused = tx.commit().await;
    assert!(matches!(refused, Err(StoreError::Unique { key: 0, .. })), "{refused:?}");
    assert_eq!(names(&house).await, [Value::text("Acme")]);
    house.insert("account", vec![house.record("account", 3, &[("name", Value::text("Next"))])]).await;
}

#[tokio::test]
async fn a_write_is_seen_by_the_next_read_of_its_transaction() {
    let Some((house, ..)) = house().await else { return };
    let table = house.table("account");
    let mut tx = house.store.begin(&house.cx()).await.unwrap();
    let next = house.record("account", 2, &[("name", Value::text("Next"))]);
    tx.write(&house.cx(), &table, &[RowWrite::Insert(next)]).await.unwrap();
    let second = RecordId(Uuid::from_u128(2));
    let both = tx.load(&table, &[first(), second], Deleted::Exclude, Lock::None).await.unwrap();
    assert_eq!(both.iter().map(|record| record.id).collect::<Vec<_>>(), [first(), second]);
    tx.rollback().await.unwrap();
    assert_eq!(names(&house).await, [Value::text("Acme")]);
}

#[tokio::test]
async fn a_statement_that_a_change_of_shape_has_broken_is_prepared_anew() {
    let Some((house, client, schema)) = house().await else { return };
    assert_eq!(names(&house).await, [Value::text("Acme")]);
    let account = house.object("account");
    let column = &account.field(house.field("account", "name")).unwrap().columns[0].name;
    // Another type for the same column: PostgreSQL refuses the plan it has kept.
    let change = format!("alter table \"{schema}\".\"{}\" alter column \"{column}\" type varchar(90)", account.table);
    client.batch_execute(&change).await.unwrap();
    assert_eq!(names(&house).await, [Value::text("Acme")]);
}

#[tokio::test]
async fn many_reads_at_once_share_few_connections_and_each_gets_its_own_answer() {
    let Some((house, client, schema)) = house().await else { return };
    let more = (2..=40).map(|number| house.record("account", number, &[("name", Value::text(format!("A{number}")))])).collect();
    house.insert("account", more).await;
    let mut params = Params::default();
    let ids = params.push(Value::List(Vec::new()));
    let output = Output { slots: vec![Slot::Field(house.field("account", "name"))], ..Output::default() };
    let filter = tenon_query::Predicate::In { column: tenon_query::ColumnRef::whole(tenon_model::system::ID), list: ids };
    let table = house.table("account");
    let select =
        Select { table, filter: Some(filter), deleted: Deleted::Exclude, order: Vec::new(), window: Window::All, output, count: None };
    let reads = (2..=40_u128).map(|number| {
        let (house, select) = (&house, select.clone());
        async move {
            let params = Params(vec![Value::List(vec![crate::house::id(number)])]);
            (number, house.select(select, &params).await)
        }
    });
    for (number, page) in futures::future::join_all(reads).await {
        assert_eq!(page.rows[0].values, [Value::text(format!("A{number}"))]);
    }
    let open = "select count(*) from pg_stat_activity where query like '%' || $1 || '%any($1)%limit%' and pid <> pg_backend_pid()";
    let open: i64 = client.query_one(open, &[&schema]).await.unwrap().get(0);
    assert!(open <= 4, "{open}");
}
