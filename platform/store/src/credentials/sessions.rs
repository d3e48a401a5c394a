//! Sessions: what a cookie stands for.

use tenon_value::{DateTime, TenantId, Uuid, Value};

use super::law::LawTx;
use super::{damaged, hash_of};
use crate::credentials::contract::StoredSession;
use crate::db::{Arg, Fault, Shape};
use crate::{AuditNotes, Store, StoreError};

const COLUMNS: &str =
    "s.\"id\", s.\"member\", s.\"hash\", s.\"created_at\", s.\"seen_at\", s.\"expires_at\", s.\"user_agent\", s.\"address\"";
const SHAPES: [Shape; 8] = [Shape::Id, Shape::Id, Shape::Text, Shape::DateTime, Shape::DateTime, Shape::DateTime, Shape::Text, Shape::Text];

impl LawTx {
    /// Ends all sessions of a member but `kept`.
    pub(super) async fn end_sessions(&mut self, member: Uuid, kept: Option<Uuid>) -> Result<u64, Fault> {
        let kept_or_none = kept.unwrap_or_else(Uuid::nil);
        let sql = format!("delete from {} where \"member\" = $1 and \"id\" <> $2", self.table("session"));
        self.tell(&sql, &[Arg::id(member), Arg::id(kept_or_none)]).await
    }
}

impl Store {
    /// Begins a session: its member has signed in. Clears away those that have ended; beyond `max` the oldest end.
    ///
    /// # Errors
    /// What the database says.
    pub async fn session_put(&self, tenant: TenantId, session: &StoredSession, max: u32, told: &AuditNotes) -> Result<(), StoreError> {
        let mut tx = self.law(tenant).await?;
        let table = tx.table("session");
        let sql = format!("delete from {table} where \"member\" = $1 and \"expires_at\" <= $2");
        tx.tell(&sql, &[Arg::id(session.member), Arg::moment(session.created_at)]).await?;
        let sql = format!(
            "delete from {table} where \"id\" in (select s.\"id\" from {table} as s where s.\"member\" = $1 \
             order by s.\"seen_at\" desc, s.\"id\" desc limit 1000000 offset $2)"
        );
        let crowded = tx.tell(&sql, &[Arg::id(session.member), Arg::int(i64::from(max.saturating_sub(1)))]).await?;
        let sql = format!(
            "insert into {table} (\"id\", \"member\", \"hash\", \"created_at\", \"seen_at\", \"expires_at\", \"user_agent\", \"address\") \
             values ($1, $2, $3, $4, $5, $6, $7, $8)"
        );
        let args = [
            Arg::id(session.id),
            Arg::id(session.member),
            Arg::text(hex::encode(session.hash)),
            Arg::moment(session.created_at),
            Arg::moment(session.seen_at),
            Arg::moment(session.expires_at),
            Arg::text(session.user_agent.clone()),
            Arg::text(session.address.clone()),
        ];
        tx.tell(&sql, &args).await?;
        let sql = format!("update {} set \"last_sign_in_at\" = $2 where \"user\" = $1", tx.table("member"));
        tx.tell(&sql, &[Arg::id(session.member), Arg::moment(session.created_at)]).await?;
        tx.note(told).await?;
        // A new session takes no right from anybody; a crowded-out one does.
        if crowded > 0 { Ok(tx.commit_raised().await?) } else { Ok(tx.commit().await?) }
    }

    /// The session of a token's hash. Whether it has ended is for the caller's clock.
    ///
    /// # Errors
    /// What the database says.
    pub async fn session_by_hash(&self, tenant: TenantId, hash: &[u8; 32]) -> Result<Option<StoredSession>, StoreError> {
        Ok(self.sessions_where(tenant, "where s.\"hash\" = $1", Arg::text(hex::encode(hash))).await?.pop())
    }

    /// A member's sessions, the last used first. Ended ones are among them until the next sign-in.
    ///
    /// # Errors
    /// What the database says.
    pub async fn sessions(&self, tenant: TenantId, member: Uuid) -> Result<Vec<StoredSession>, StoreError> {
        self.sessions_where(tenant, "where s.\"member\" = $1 order by s.\"seen_at\" desc, s.\"id\"", Arg::id(member)).await
    }

    /// A session by its id.
    ///
    /// # Errors
    /// What the database says.
    pub async fn session(&self, tenant: TenantId, id: Uuid) -> Result<Option<StoredSession>, StoreError> {
        Ok(self.sessions_where(tenant, "where s.\"id\" = $1", Arg::id(id)).await?.pop())
    }

    async fn sessions_where(&self, tenant: TenantId, tail: &str, arg: Arg) -> Result<Vec<StoredSession>, StoreError> {
        let sql = format!("select {COLUMNS} from {} as s {tail}", self.fixture(tenant, "session"));
        self.ask(tenant, &sql, &[arg], &SHAPES).await?.into_iter().map(stored).collect()
    }

    /// Notes that a session is in use.
    ///
    /// # Errors
    /// What the database says.
    pub async fn session_seen(&self, tenant: TenantId, id: Uuid, at: DateTime) -> Result<(), StoreError> {
        let sql = format!("update {} set \"seen_at\" = $2 where \"id\" = $1 and \"seen_at\" < $2", self.fixture(tenant, "session"));
        self.tell(tenant, &sql, &[Arg::id(id), Arg::moment(at)]).await.map(|_| ()).map_err(StoreError::from)
    }

    /// Ends a session on every node; false where there is none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn session_end(&self, tenant: TenantId, id: Uuid, told: &AuditNotes) -> Result<bool, StoreError> {
        let mut tx = self.law(tenant).await?;
        let sql = format!("delete from {} where \"id\" = $1", tx.table("session"));
        if tx.tell(&sql, &[Arg::id(id)]).await? == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.note(told).await?;
        tx.commit_raised().await?;
        Ok(true)
    }

    /// Ends all sessions of a member on every node; how many, which is told as well.
    ///
    /// # Errors
    /// What the database says.
    pub async fn sessions_end(&self, tenant: TenantId, member: Uuid, told: impl FnOnce(u64) -> AuditNotes) -> Result<u64, StoreError> {
        let mut tx = self.law(tenant).await?;
        let ended = tx.end_sessions(member, None).await?;
        tx.note(&told(ended)).await?;
        tx.commit_raised().await?;
        Ok(ended)
    }
}

fn stored(row: Vec<Value>) -> Result<StoredSession, StoreError> {
    let wrong = || damaged("a session");
    let [
        Value::Id(id),
        Value::Id(member),
        Value::Text(hash),
        Value::DateTime(created_at),
        Value::DateTime(seen_at),
        Value::DateTime(expires_at),
        Value::Text(user_agent),
        Value::Text(address),
    ] = <[Value; 8]>::try_from(row).map_err(|_| wrong())?
    else {
        return Err(wrong());
    };
    Ok(StoredSession { id, member, hash: hash_of(&hash).ok_or_else(wrong)?, created_at, seen_at, expires_at, user_agent, address })
}
