//! SCIM resources: what a client wrote, beside what members and records hold.

use tenon_value::{TenantId, Uuid, Value};

use super::contract::{ScimKind, StoredScim};
use crate::credentials::law::LawTx;
use crate::db::{Arg, Fault, Kind, Scalar, Shape};
use crate::{Store, StoreError};

const COLUMNS: &str = "s.\"id\", s.\"name\", s.\"external_id\", s.\"body\", s.\"created_at\", s.\"changed_at\"";
const SHAPES: [Shape; 6] = [Shape::Id, Shape::Text, Shape::Text, Shape::Json, Shape::DateTime, Shape::DateTime];

impl Store {
    /// The resource of an id.
    ///
    /// # Errors
    /// What the database says.
    pub async fn scim(&self, tenant: TenantId, kind: ScimKind, id: Uuid) -> Result<Option<StoredScim>, StoreError> {
        Ok(self.scim_where(tenant, kind, "and s.\"id\" = $2", Some(Arg::id(id))).await?.pop())
    }

    /// The resource of a name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn scim_named(&self, tenant: TenantId, kind: ScimKind, name: &str) -> Result<Option<StoredScim>, StoreError> {
        Ok(self.scim_where(tenant, kind, "and s.\"name\" = $2", Some(Arg::text(name))).await?.pop())
    }

    /// The resources with a client's id; several clients may use the same.
    ///
    /// # Errors
    /// What the database says.
    pub async fn scim_external(&self, tenant: TenantId, kind: ScimKind, external: &str) -> Result<Vec<StoredScim>, StoreError> {
        self.scim_where(tenant, kind, "and s.\"external_id\" = $2 order by s.\"id\"", Some(Arg::text(external))).await
    }

    /// All resources of a kind, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn scims(&self, tenant: TenantId, kind: ScimKind) -> Result<Vec<StoredScim>, StoreError> {
        self.scim_where(tenant, kind, "order by s.\"id\"", None).await
    }

    async fn scim_where(&self, tenant: TenantId, kind: ScimKind, tail: &str, arg: Option<Arg>) -> Result<Vec<StoredScim>, StoreError> {
        let sql = format!("select {COLUMNS} from {} as s where s.\"kind\" = $1 {tail}", self.fixture(tenant, "scim"));
        let args: Vec<Arg> = [Arg::text(kind.word())].into_iter().chain(arg).collect();
        let rows = self.ask(tenant, &sql, &args, &SHAPES).await?;
        rows.into_iter().map(|row| stored(kind, row)).collect()
    }

    /// Stores a resource, instead of the one of that id. False where another has its name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn scim_put(&self, tenant: TenantId, resource: &StoredScim) -> Result<bool, StoreError> {
        let mut tx = self.law(tenant).await?;
        if !put(&mut tx, resource).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// Stores a resource within a transaction; false where another has its name, which breaks the transaction.
pub(super) async fn put(tx: &mut LawTx, resource: &StoredScim) -> Result<bool, StoreError> {
    let sql = format!(
        "insert into {} (\"id\", \"kind\", \"name\", \"external_id\", \"body\", \"created_at\", \"changed_at\") \
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (\"id\") do update set \"name\" = excluded.\"name\", \
         \"external_id\" = excluded.\"external_id\", \"body\" = excluded.\"body\", \"changed_at\" = excluded.\"changed_at\"",
        tx.table("scim")
    );
    let args = [
        Arg::id(resource.id),
        Arg::text(resource.kind.word()),
        Arg::text(resource.name.clone()),
        Arg::maybe(Kind::Text, resource.external_id.clone().map(Scalar::Text)),
        Arg::text(resource.body.to_string()),
        Arg::moment(resource.created_at),
        Arg::moment(resource.changed_at),
    ];
    match tx.tell(&sql, &args).await {
        Ok(_) => Ok(true),
        Err(Fault::Unique(_)) => Ok(false),
        Err(fault) => Err(fault.into()),
    }
}

fn stored(kind: ScimKind, row: Vec<Value>) -> Result<StoredScim, StoreError> {
    let Ok([Value::Id(id), Value::Text(name), external, Value::Json(body), Value::DateTime(created_at), Value::DateTime(changed_at)]) =
        <[Value; 6]>::try_from(row)
    else {
        return Err(StoreError::Damaged("a SCIM resource".to_owned()));
    };
    let external_id = if let Value::Text(text) = external { Some(text) } else { None };
    Ok(StoredScim { id, kind, name, external_id, body, created_at, changed_at })
}
