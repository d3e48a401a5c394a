//! A tenant with two objects that have every kind of field and relation.

use std::sync::Arc;

use sqlx::Connection;
use tenon_compiler::{SourceFile, assemble, read};
use tenon_context::{ActorKind, OpContext, OpContextParts, Principal, Via};
use tenon_model::{FieldIx, Model, ModelVersion, Object, Physical, RelationIx, Settings};
use tenon_query::{Action, Answer, AuthorizedTable, Page, Params, Predicate, Read, Record, Select};
use tenon_store::{Database, Dialect, NewTenant, RowWrite, Store, StoreConfig, StoreError};
use tenon_value::{DateTime, Decimal, Locale, Money, Name, RecordId, RequestId, TenantId, Uuid, Value};

const FILE: &str = include_str!("model.yaml");

pub(crate) fn now() -> DateTime {
    "2026-11-21T08:00:00.000Z".parse().unwrap()
}

/// A tenant of its own on one database.
pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) model: Arc<Model>,
    pub(crate) tenant: TenantId,
    pub(crate) data: tempfile::TempDir,
}

/// One house per database.
pub(crate) async fn houses() -> Vec<House> {
    let mut houses = Vec::new();
    for database in databases() {
        houses.push(House::new(database).await);
    }
    houses
}

#[expect(clippy::disallowed_methods, reason = "a test asks which databases there are")]
pub(crate) fn databases() -> Vec<Database> {
    let url = std::env::var("TENON_TEST_POSTGRES").ok();
    assert!(url.is_some() || std::env::var("CI").is_err(), "CI needs TENON_TEST_POSTGRES");
    std::iter::once(Database::Sqlite).chain(url.map(|url| Database::Postgres { url })).collect()
}

pub(crate) fn model(tenant: TenantId, version: u64, text: &str) -> Arc<Model> {
    let files: Vec<SourceFile> =
        text.split("\n---\n").enumerate().map(|(at, text)| SourceFile::new(format!("objects/o{at}/object.yaml"), text)).collect();
    let layer = read(&Name::known("tenant"), &files);
    assert!(layer.diagnostics.is_empty(), "{:#?}", layer.diagnostics);
    let assembled = assemble(tenant, ModelVersion(version), &Settings::default(), &[layer.layer], &Physical::default());
    Arc::new(assembled.model.unwrap_or_else(|| panic!("{:#?}", assembled.diagnostics)))
}

impl House {
    pub(crate) async fn new(database: Database) -> Self {
        Self::of(database, |tenant| model(tenant, 1, FILE)).await
    }

    /// A tenant of another model.
    pub(crate) async fn of(database: Database, model: impl Fn(TenantId) -> Arc<Model>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let store = Store::open(StoreConfig::new(data.path(), database)).await.unwrap();
        let name = format!("s{}", Uuid::now_v7().simple());
        let new = NewTenant { name, sandbox: false, settings: Settings::default(), created_at: now() };
        let tenant = store.tenant_create(&new).await.unwrap().id;
        let model = model(tenant);
        let mut tx = store.metadata_begin(tenant).await.unwrap();
        tx.shape(None, &model).await.unwrap();
        tx.commit(model.version).await.unwrap();
        Self { store, model, tenant, data }
    }

    #[expect(clippy::disallowed_methods, reason = "a test makes its own context")]
    pub(crate) fn cx(&self) -> OpContext {
        OpContext::assume(OpContextParts {
            model: Arc::clone(&self.model),
            principal: Principal::new(ActorKind::ApiKey, Uuid::from_u128(7), "Key".to_owned()),
            now: now(),
            deadline: None,
            request: RequestId::generate(),
            locale: Locale::En,
            via: Via::Graphql,
        })
    }

    pub(crate) fn object(&self, name: &str) -> &Object {
        self.model.object_named(name).unwrap()
    }

    pub(crate) fn field(&self, object: &str, field: &str) -> FieldIx {
        self.object(object).field_named(field).unwrap_or_else(|| panic!("{object}.{field}")).ix
    }

    pub(crate) fn relation(&self, object: &str, relation: &str) -> RelationIx {
        self.object(object).relation_named(relation).unwrap().ix
    }

    #[expect(clippy::disallowed_methods, reason = "a test decides for itself")]
    pub(crate) fn table(&self, object: &str) -> AuthorizedTable {
        AuthorizedTable::assume(self.object(object).ix, Action::Read, None)
    }

    #[expect(clippy::disallowed_methods, reason = "a test decides for itself")]
    pub(crate) fn table_of(&self, object: &str, rows: Predicate) -> AuthorizedTable {
        AuthorizedTable::assume(self.object(object).ix, Action::Read, Some(Arc::new(rows)))
    }

    /// A record of these values; relations by name as well.
    pub(crate) fn record(&self, object: &str, number: u128, values: &[(&str, Value)]) -> Record {
        let object = self.object(object);
        let mut record = Record::empty(object, RecordId(Uuid::from_u128(number)));
        for field in &object.fields {
            if matches!(field.kind, tenon_model::FieldKind::Boolean) {
                record.set_field(field.ix, Value::Bool(false));
            }
        }
        for (name, value) in values {
            match object.field_named(name) {
                Some(field) => record.set_field(field.ix, value.clone()),
                None => record.set_relation(object.relation_named(name).unwrap().ix, value.clone()),
            }
        }
        record
    }

    pub(crate) async fn write(&self, object: &str, rows: &[RowWrite]) -> Result<(), StoreError> {
        let mut tx = self.store.begin(&self.cx()).await?;
        let done = tx.write(&self.cx(), &self.table(object), rows).await;
        match done {
            Ok(()) => tx.commit().await,
            Err(error) => {
                tx.rollback().await?;
                Err(error)
            }
        }
    }

    /// The same with rows of its own, to be waited for with others.
    pub(crate) async fn write_of(&self, object: &str, rows: Vec<RowWrite>) -> Result<(), StoreError> {
        self.write(object, &rows).await
    }

    pub(crate) async fn insert(&self, object: &str, records: Vec<Record>) {
        let rows: Vec<RowWrite> = records.into_iter().map(RowWrite::Insert).collect();
        self.write(object, &rows).await.unwrap();
    }

    pub(crate) async fn select(&self, select: Select, params: &Params) -> Page {
        let prepared = self.store.prepare(&self.model, Read::Select(select)).unwrap();
        match self.store.read(&self.cx(), &prepared, params).await.unwrap_or_else(|error| panic!("{error:?}: {:#?}", prepared.statements()))
        {
            Answer::Page(page) => page,
            Answer::Groups(_) => panic!("a page"),
        }
    }

    pub(crate) async fn groups(
        &self,
        aggregate: tenon_query::Aggregate,
        params: &Params,
    ) -> Result<Vec<tenon_query::GroupRow>, StoreError> {
        let prepared = self.store.prepare(&self.model, Read::Aggregate(aggregate)).unwrap();
        match self.store.read(&self.cx(), &prepared, params).await {
            Ok(Answer::Groups(groups)) => Ok(groups),
            Ok(Answer::Page(_)) => panic!("groups"),
            Err(error @ StoreError::Database(_)) => panic!("{error:?}: {:#?}", prepared.statements()),
            Err(error) => Err(error),
        }
    }
}

pub(crate) fn id(number: u128) -> Value {
    Value::Id(Uuid::from_u128(number))
}

pub(crate) fn decimal(text: &str) -> Value {
    Value::Decimal(text.parse().unwrap())
}

pub(crate) fn money(amount: &str, currency: &str, base: Option<&str>) -> Value {
    let number = |text: &str| text.parse::<Decimal>().unwrap();
    Value::Money(Money { amount: number(amount), currency: currency.to_owned(), base: base.map(number) })
}

/// The last digits of ids, to compare.
pub(crate) fn numbers(page: &Page) -> Vec<u128> {
    page.rows.iter().map(|row| row.id.as_u128()).collect()
}

/// A hand in the database: one statement on a tenant's own tables. `{t}` stands before each table's name.
pub(crate) async fn by_hand(house: &House, sql: &str) {
    let tenant = house.tenant;
    match house.store.dialect() {
        Dialect::Sqlite => {
            let file = house.data.path().join("tenants").join(format!("{tenant}.db"));
            let mut conn = sqlx::SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
            let sql = sqlx::AssertSqlSafe(sql.replace("{t}", "").replace("{now}", "1"));
            sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
            conn.close().await.unwrap();
        }
        Dialect::Postgres => {
            let Database::Postgres { url } = databases().pop().unwrap() else { panic!("a PostgreSQL") };
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
            let connection = tokio::spawn(connection);
            let schema = format!("t_{}", &tenant.0.simple().to_string()[12..]);
            client.batch_execute(&sql.replace("{t}", &format!("{schema}.")).replace("{now}", "now()")).await.unwrap();
            drop(client);
            connection.await.unwrap().unwrap();
        }
    }
}
