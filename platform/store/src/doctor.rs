//! `doctor`: what is stored, against what the model says and what refers to what.

use tenon_model::{Model, ObjectIx};

use crate::db::Shape;
use crate::{Store, StoreError};

impl Store {
    /// How many rows an object has, deleted ones included.
    ///
    /// # Errors
    /// What the database says.
    pub async fn row_count(&self, model: &Model, object: ObjectIx) -> Result<u64, StoreError> {
        let object = model.object(object).ok_or(StoreError::Plan("no such object"))?;
        let (memory, name) = (self.memory(model.tenant), self.fixture(model.tenant, &object.table));
        let mut conn = self.reader(model.tenant).await?;
        conn.mark(false);
        memory.tables.look_for(&mut conn, vec![name.clone()].into_iter().filter(|name| memory.tables.is_missing(name)).collect()).await?;
        let mut rows = Vec::new();
        if !memory.tables.is_missing(&name) {
            rows = conn.fetch(&format!("select count(*) from {name} as t"), &[], &[Shape::Int]).await?;
        }
        conn.mark(true);
        let count = rows.first().and_then(|row| row.first()).and_then(tenon_value::Value::as_int).unwrap_or_default();
        Ok(u64::try_from(count).unwrap_or_default())
    }
}
