//! Registered documents: texts under their hashes, and who may send nothing else.

use tenon_value::{DateTime, TenantId, Uuid, Value};

use crate::db::{Arg, Shape};
use crate::{Store, StoreError};

/// Documents a tenant may register.
pub const DOCUMENTS_MAX: usize = 10_000;

/// A registered document, without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDocument {
    /// SHA-256 of the text, in hexadecimal.
    pub hash: String,
    /// How long the text is, in letters.
    pub letters: i64,
    /// When it was registered.
    pub at: DateTime,
}

impl Store {
    /// Registers documents: hash and text of each; how many are new.
    ///
    /// # Errors
    /// `Limit` where the tenant would have too many; what the database says.
    pub async fn documents_put(
        &self,
        tenant: TenantId,
        documents: &[(String, String)],
        (by, at): (Uuid, DateTime),
    ) -> Result<u64, StoreError> {
        let table = self.fixture(tenant, "document");
        let counted = self.ask(tenant, &format!("select count(*) from {table} as d"), &[], &[Shape::Int]).await?;
        let known = counted.first().and_then(|row| row.first()).and_then(Value::as_int).and_then(|known| usize::try_from(known).ok());
        if known.unwrap_or_default() + documents.len() > DOCUMENTS_MAX {
            return Err(StoreError::Limit { limit: "documents", max: u64::try_from(DOCUMENTS_MAX).unwrap_or(u64::MAX) });
        }
        let sql = format!(
            "insert into {table} (\"hash\", \"text\", \"registered\", \"by_id\") values ($1, $2, $3, $4) on conflict (\"hash\") do nothing"
        );
        let mut new = 0;
        for (hash, text) in documents {
            let args = [Arg::text(hash.clone()), Arg::text(text.clone()), Arg::moment(at), Arg::id(by)];
            new += self.tell(tenant, &sql, &args).await?;
        }
        Ok(new)
    }

    /// The registered documents, by hash.
    ///
    /// # Errors
    /// What the database says.
    pub async fn documents(&self, tenant: TenantId) -> Result<Vec<StoredDocument>, StoreError> {
        let sql = format!(
            "select d.\"hash\", length(d.\"text\"), d.\"registered\" from {} as d order by d.\"hash\"",
            self.fixture(tenant, "document")
        );
        let rows = self.ask(tenant, &sql, &[], &[Shape::Text, Shape::Int, Shape::DateTime]).await?;
        let document = |row: Vec<Value>| match <[Value; 3]>::try_from(row) {
            Ok([Value::Text(hash), Value::Int(letters), Value::DateTime(at)]) => Some(StoredDocument { hash, letters, at }),
            _ => None,
        };
        Ok(rows.into_iter().filter_map(document).collect())
    }

    /// The text registered under a hash.
    ///
    /// # Errors
    /// What the database says.
    pub async fn document(&self, tenant: TenantId, hash: &str) -> Result<Option<String>, StoreError> {
        let sql = format!("select d.\"text\" from {} as d where d.\"hash\" = $1", self.fixture(tenant, "document"));
        let rows = self.ask(tenant, &sql, &[Arg::text(hash.to_owned())], &[Shape::Text]).await?;
        Ok(rows.first().and_then(|row| row.first()).and_then(Value::as_text).map(str::to_owned))
    }

    /// Forgets a registered document; whether there was one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn document_remove(&self, tenant: TenantId, hash: &str) -> Result<bool, StoreError> {
        let sql = format!("delete from {} where \"hash\" = $1", self.fixture(tenant, "document"));
        Ok(self.tell(tenant, &sql, &[Arg::text(hash.to_owned())]).await? > 0)
    }

    /// Who may send registered documents only: ids of keys, and `portal`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn document_rules(&self, tenant: TenantId) -> Result<Vec<String>, StoreError> {
        let sql = format!("select r.\"whose\" from {} as r order by r.\"whose\"", self.fixture(tenant, "document_rule"));
        let rows = self.ask(tenant, &sql, &[], &[Shape::Text]).await?;
        Ok(rows.iter().filter_map(|row| row.first()?.as_text().map(str::to_owned)).collect())
    }

    /// Says who may send registered documents only, or no longer.
    ///
    /// # Errors
    /// What the database says.
    pub async fn document_rule_put(&self, tenant: TenantId, whose: &str, registered: bool, at: DateTime) -> Result<(), StoreError> {
        let table = self.fixture(tenant, "document_rule");
        if registered {
            let sql = format!("insert into {table} (\"whose\", \"since\") values ($1, $2) on conflict (\"whose\") do nothing");
            self.tell(tenant, &sql, &[Arg::text(whose.to_owned()), Arg::moment(at)]).await?;
        } else {
            self.tell(tenant, &format!("delete from {table} where \"whose\" = $1"), &[Arg::text(whose.to_owned())]).await?;
        }
        Ok(())
    }
}
