//! Migrations of the `system` database: numbered, each in the transaction that records it.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, EntityTrait, Schema, Set, TransactionTrait};

use super::{due, placement, secret, tenant};

/// The schema on PostgreSQL.
pub(crate) const SCHEMA: &str = "tenon_system";

/// Held while migrating, so that two processes starting at once do not meet.
const LOCK: &str = "select pg_advisory_xact_lock(7310585024216109)";

mod step {
    //! Which migrations have run.
    #![expect(unreachable_pub, reason = "sea-orm's derives make public items")]
    use sea_orm::entity::prelude::*;

    /// One migration.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "migration")]
    pub struct Model {
        /// Its number.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
    }

    /// To nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How many migrations there are.
const LATEST: i32 = 3;

/// Brings the database to the newest form.
pub(crate) async fn run(db: &DatabaseConnection) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    let transaction = db.begin().await?;
    if backend == DbBackend::Postgres {
        transaction.execute_unprepared(LOCK).await?;
        transaction.execute_unprepared(&format!("create schema if not exists {SCHEMA}")).await?;
    }
    let schema = Schema::new(backend);
    transaction.execute(schema.create_table_from_entity(step::Entity).if_not_exists()).await?;
    let done = step::Entity::find().all(&transaction).await?.into_iter().map(|step| step.number).max().unwrap_or_default();
    for number in done + 1..=LATEST {
        if number == 1 {
            transaction.execute(&schema.create_table_from_entity(tenant::Entity)).await?;
            transaction.execute(&schema.create_table_from_entity(secret::Entity)).await?;
        }
        if number == 2 {
            // A server of the build before may have made it meanwhile: nothing is lost with a hint.
            transaction.execute(schema.create_table_from_entity(due::Entity).if_not_exists()).await?;
        }
        if number == 3 {
            transaction.execute(&schema.create_table_from_entity(placement::Entity)).await?;
        }
        step::Entity::insert(step::ActiveModel { number: Set(number) }).exec_without_returning(&transaction).await?;
    }
    transaction.commit().await
}
