//! Links between tenants: what a tenant has agreed to give to another, or to take from one.
//!
//! Each side keeps a row of its own under the link's one id, in its own home. Invariants: no statement names two tenants;
//! what is revoked on one side never becomes active there again.

use tenon_value::{DateTime, Json, TenantId, Uuid, Value};

use crate::db::{Arg, Kind, Scalar, Shape};
use crate::quota::within;
use crate::{AuditNotes, Quota, Store, StoreError, Tx};

/// Which side of a link this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkSide {
    /// Its records are read.
    Gives,
    /// Mirrored records are written here.
    Takes,
}

/// How far a link has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkState {
    /// Nobody has accepted it yet.
    Offered,
    /// Both sides agree.
    Active,
    /// One side does not agree any more.
    Revoked,
}

impl LinkSide {
    /// The word outside and in the store.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gives => "gives",
            Self::Takes => "takes",
        }
    }
}

impl LinkState {
    /// The word outside and in the store.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Active => "active",
            Self::Revoked => "revoked",
        }
    }
}

/// One side of a link.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredLink {
    /// The same on both sides; its principal's id, too.
    pub id: Uuid,
    /// Which side.
    pub side: LinkSide,
    /// How far it has come on this side.
    pub state: LinkState,
    /// What people call it.
    pub name: String,
    /// The other side, once there is one.
    pub other: Option<TenantId>,
    /// SHA-256 of what the other side shows to accept it, in hexadecimal; on the giving side.
    pub token: Option<String>,
    /// What was agreed on: the same on both sides.
    pub agreement: Json,
    /// Where the taking side puts it.
    pub mapping: Option<Json>,
    /// When this side began.
    pub created_at: DateTime,
    /// When its state changed.
    pub changed_at: DateTime,
}

const COLUMNS: &str = "l.\"id\", l.\"side\", l.\"state\", l.\"name\", l.\"other\", l.\"token\", l.\"agreement\", l.\"mapping\", l.\"created_at\", \
     l.\"changed_at\"";
const SHAPES: [Shape; 10] =
    [Shape::Id, Shape::Text, Shape::Text, Shape::Text, Shape::Id, Shape::Text, Shape::Json, Shape::Json, Shape::DateTime, Shape::DateTime];

fn stored(row: Vec<Value>) -> Option<StoredLink> {
    let [
        Value::Id(id),
        Value::Text(side),
        Value::Text(state),
        Value::Text(name),
        other,
        token,
        Value::Json(agreement),
        mapping,
        Value::DateTime(created_at),
        Value::DateTime(changed_at),
    ] = <[Value; 10]>::try_from(row).ok()?
    else {
        return None;
    };
    Some(StoredLink {
        id,
        side: [LinkSide::Gives, LinkSide::Takes].into_iter().find(|one| one.word() == side)?,
        state: [LinkState::Offered, LinkState::Active, LinkState::Revoked].into_iter().find(|one| one.word() == state)?,
        name,
        other: other.as_id().map(TenantId),
        token: token.as_text().map(str::to_owned),
        agreement,
        mapping: if let Value::Json(mapping) = mapping { Some(mapping) } else { None },
        created_at,
        changed_at,
    })
}

impl Store {
    /// All links of a tenant, the newest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn links(&self, tenant: TenantId) -> Result<Vec<StoredLink>, StoreError> {
        let sql = format!("select {COLUMNS} from {} as l order by l.\"created_at\" desc, l.\"id\"", self.fixture(tenant, "link"));
        Ok(self.ask(tenant, &sql, &[], &SHAPES).await?.into_iter().filter_map(stored).collect())
    }

    /// One side of a link.
    ///
    /// # Errors
    /// What the database says.
    pub async fn link(&self, tenant: TenantId, id: Uuid) -> Result<Option<StoredLink>, StoreError> {
        let sql = format!("select {COLUMNS} from {} as l where l.\"id\" = $1", self.fixture(tenant, "link"));
        Ok(self.ask(tenant, &sql, &[Arg::id(id)], &SHAPES).await?.into_iter().next().and_then(stored))
    }

    /// Keeps one side of a new link, and what is told of it. False where it is there already.
    ///
    /// # Errors
    /// `Quota` where the tenant has too many; what the database says.
    pub async fn link_keep(&self, tenant: TenantId, link: &StoredLink, told: &AuditNotes) -> Result<bool, StoreError> {
        let max = self.quota(tenant, Quota::Links).await?;
        let mut tx = self.law(tenant).await?;
        let table = tx.table("link");
        let sql = format!("select count(*) from {table} as l where l.\"state\" <> 'revoked'");
        let rows = tx.ask(&sql, &[], &[Shape::Int]).await?;
        let used = rows.first().and_then(|row| row.first()).and_then(Value::as_int).and_then(|used| u64::try_from(used).ok());
        if let Err(over) = within(Quota::Links, max, (used.unwrap_or_default(), 1)) {
            tx.rollback().await?;
            return Err(over);
        }
        let sql = format!(
            "insert into {table} (\"id\", \"side\", \"state\", \"name\", \"other\", \"token\", \"agreement\", \"mapping\", \"created_at\", \
             \"changed_at\") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (\"id\") do nothing"
        );
        let args = [
            Arg::id(link.id),
            Arg::text(link.side.word()),
            Arg::text(link.state.word()),
            Arg::text(link.name.clone()),
            Arg::maybe(Kind::Id, link.other.map(|other| Scalar::Id(other.0))),
            Arg::maybe(Kind::Text, link.token.clone().map(Scalar::Text)),
            Arg::text(link.agreement.to_string()),
            Arg::maybe(Kind::Text, link.mapping.as_ref().map(|mapping| Scalar::Text(mapping.to_string()))),
            Arg::moment(link.created_at),
            Arg::moment(link.changed_at),
        ];
        if tx.tell(&sql, &args).await? == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.note(told).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// What was offered is accepted by a tenant. True again for the same tenant; false where it is another's, or revoked.
    ///
    /// # Errors
    /// What the database says.
    pub async fn link_accept(
        &self,
        tenant: TenantId,
        id: Uuid,
        (by, at): (TenantId, DateTime),
        told: &AuditNotes,
    ) -> Result<bool, StoreError> {
        let mut tx = self.law(tenant).await?;
        let table = tx.table("link");
        let sql = format!(
            "update {table} set \"state\" = 'active', \"other\" = $2, \"changed_at\" = $3 where \"id\" = $1 and \"side\" = 'gives' \
             and \"state\" = 'offered'"
        );
        if tx.tell(&sql, &[Arg::id(id), Arg::id(by.0), Arg::moment(at)]).await? > 0 {
            tx.note(told).await?;
            tx.commit().await?;
            return Ok(true);
        }
        let sql = format!("select 1 from {table} as l where l.\"id\" = $1 and l.\"state\" = 'active' and l.\"other\" = $2");
        let again = !tx.ask(&sql, &[Arg::id(id), Arg::id(by.0)], &[Shape::Int]).await?.is_empty();
        tx.rollback().await?;
        Ok(again)
    }

    /// This side agrees no longer. False where it did not before.
    ///
    /// # Errors
    /// What the database says.
    pub async fn link_revoke(&self, tenant: TenantId, id: Uuid, at: DateTime, told: &AuditNotes) -> Result<bool, StoreError> {
        let mut tx = self.law(tenant).await?;
        let sql = format!(
            "update {} set \"state\" = 'revoked', \"changed_at\" = $2 where \"id\" = $1 and \"state\" <> 'revoked'",
            tx.table("link")
        );
        if tx.tell(&sql, &[Arg::id(id), Arg::moment(at)]).await? == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.note(told).await?;
        tx.commit().await?;
        Ok(true)
    }
}

impl Tx {
    /// Whether this tenant takes by a link: what the link wrote is nobody else's to change.
    ///
    /// # Errors
    /// What the database says.
    pub async fn link_takes(&mut self, id: Uuid) -> Result<bool, StoreError> {
        let sql =
            format!("select 1 from {} as l where l.\"id\" = $1 and l.\"side\" = 'takes' and l.\"state\" = 'active'", self.table("link"));
        Ok(!self.ask(&sql, &[Arg::id(id)], &[Shape::Int]).await?.is_empty())
    }
}
