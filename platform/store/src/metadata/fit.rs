//! Tables made by a build that kept less: they get what rules and lists find rows by when their tenant's model is loaded.
//!
//! Invariant: a model that was given out never names a column its tables do not have.

use std::collections::HashSet;

use tenon_model::Model;

use crate::db::{Arg, Shape};
use crate::ddl::object::list_names;
use crate::lower::schema_of;
use crate::{Dialect, Store, StoreError};

impl Store {
    /// Sees that the tables that are there have what rules of the model and lists find rows by; one look where they do.
    ///
    /// # Errors
    /// What the database says; `Busy` where somebody else changes the tenant's metadata for too long.
    pub async fn fit(&self, model: &Model) -> Result<(), StoreError> {
        if self.fits(model).await? {
            return Ok(());
        }
        let mut tx = self.metadata_begin(model.tenant).await?;
        if tx.version() != model.version || self.fits(model).await? {
            return tx.rollback().await;
        }
        tracing::info!(tenant = %model.tenant, "tables made by an older build get indexes for lists");
        tx.shape(None, model).await?;
        tx.commit(model.version).await
    }

    async fn fits(&self, model: &Model) -> Result<bool, StoreError> {
        let names: Vec<String> = model
            .objects
            .iter()
            .map(|object| (object, list_names(object)))
            .filter(|(_, lists)| !lists.is_empty())
            .flat_map(|(object, lists)| lists.into_iter().chain([object.table.clone()]))
            .collect();
        if names.is_empty() {
            return Ok(true);
        }
        let (sql, args) = match self.dialect() {
            Dialect::Postgres => (
                "select c.relname::text from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = any($2)",
                vec![Arg::text(schema_of(model.tenant, self.dialect())), Arg::texts(names)],
            ),
            Dialect::Sqlite => (
                "select m.name from \"main\".sqlite_schema as m where m.name in (select e.value from json_each(?1) as e)",
                vec![Arg::texts(names)],
            ),
        };
        let rows = self.ask(model.tenant, sql, &args, &[Shape::Text]).await?;
        let there: HashSet<&str> = rows.iter().filter_map(|row| row.first()?.as_text()).collect();
        let has = |object: &tenon_model::Object| {
            !there.contains(object.table.as_str()) || list_names(object).iter().all(|name| there.contains(name.as_str()))
        };
        Ok(model.objects.iter().all(|object| has(object)))
    }
}
