//! The second factor of a member: a sealed secret, the newest step used, recovery codes as hashes.

use tenon_value::{TenantId, Uuid, Value};

use super::{damaged, texts_json, texts_of};
use crate::credentials::contract::StoredTotp;
use crate::db::{Arg, Shape};
use crate::seal::Seal;
use crate::{AuditNotes, Store, StoreError};

/// Asked for at sign-in.
pub(super) const CONFIRMED: &str = "confirmed";
/// Waits for its first code.
const PENDING: &str = "pending";
/// What the secret is sealed for.
const SEALED_FOR: &str = "member.totp";

impl Store {
    /// A member's secret, if there is one.
    ///
    /// # Errors
    /// `Damaged` where it cannot be opened; what the database says.
    pub async fn totp(&self, tenant: TenantId, user: Uuid) -> Result<Option<StoredTotp>, StoreError> {
        let sql = format!(
            "select m.\"totp\", m.\"totp_state\", m.\"totp_step\", m.\"recovery\" from {} as m where m.\"user\" = $1 and m.\"totp\" is not null",
            self.fixture(tenant, "member")
        );
        let shapes = [Shape::Text, Shape::Text, Shape::Int, Shape::Json];
        let rows = self.ask(tenant, &sql, &[Arg::id(user)], &shapes).await?;
        let Some(row) = rows.into_iter().next() else { return Ok(None) };
        let wrong = || damaged("a second factor");
        let Ok([Value::Text(sealed), Value::Text(state), Value::Int(step), Value::Json(recovery)]) = <[Value; 4]>::try_from(row) else {
            return Err(wrong());
        };
        let sealed = hex::decode(sealed).map_err(|_| wrong())?;
        let opened = self.sealer(tenant).await?.open(&sealed_for(user), &sealed).ok_or_else(wrong)?;
        let secret = hex::decode(opened).map_err(|_| wrong())?;
        Ok(Some(StoredTotp { secret, confirmed: state == CONFIRMED, step, recovery: texts_of(&recovery) }))
    }

    /// Stores a new secret that waits for its first code; false where a confirmed one is there.
    ///
    /// # Errors
    /// What the database says.
    pub async fn totp_begin(&self, tenant: TenantId, user: Uuid, secret: &[u8]) -> Result<bool, StoreError> {
        let sealed = self.sealer(tenant).await?.seal(&sealed_for(user), &hex::encode(secret))?;
        let sql = format!(
            "update {} set \"totp\" = $2, \"totp_state\" = $3, \"totp_step\" = 0, \"recovery\" = '[]' \
             where \"user\" = $1 and (\"totp_state\" is null or \"totp_state\" = $3)",
            self.fixture(tenant, "member")
        );
        let args = [Arg::id(user), Arg::text(hex::encode(sealed)), Arg::text(PENDING)];
        Ok(self.tell(tenant, &sql, &args).await? > 0)
    }

    /// From now on the secret is asked for: its first code was right, at this step. False where another came first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn totp_confirm(
        &self,
        tenant: TenantId,
        user: Uuid,
        step: i64,
        recovery: &[String],
        told: &AuditNotes,
    ) -> Result<bool, StoreError> {
        let mut tx = self.law(tenant).await?;
        let sql = format!(
            "update {} set \"totp_state\" = $2, \"totp_step\" = $3, \"recovery\" = $4 where \"user\" = $1 and \"totp_state\" = $5",
            tx.table("member")
        );
        let args = [Arg::id(user), Arg::text(CONFIRMED), Arg::int(step), texts_json(recovery), Arg::text(PENDING)];
        if tx.tell(&sql, &args).await? == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.note(told).await?;
        tx.commit_raised().await?;
        Ok(true)
    }

    /// Uses the code of a step; false where it, or a newer one, was used before. Of two at once one is first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn totp_use(&self, tenant: TenantId, user: Uuid, step: i64) -> Result<bool, StoreError> {
        let sql = format!("update {} set \"totp_step\" = $2 where \"user\" = $1 and \"totp_step\" < $2", self.fixture(tenant, "member"));
        Ok(self.tell(tenant, &sql, &[Arg::id(user), Arg::int(step)]).await? > 0)
    }

    /// Uses up a recovery code: `left` instead of `before`; false where they are no longer those.
    ///
    /// # Errors
    /// What the database says.
    pub async fn recovery_use(
        &self,
        tenant: TenantId,
        user: Uuid,
        before: &[String],
        left: &[String],
        told: &AuditNotes,
    ) -> Result<bool, StoreError> {
        let mut tx = self.law(tenant).await?;
        let lock = if tx.is_postgres() { " for update" } else { "" };
        let sql = format!("select m.\"recovery\" from {} as m where m.\"user\" = $1{lock}", tx.table("member"));
        let rows = tx.ask(&sql, &[Arg::id(user)], &[Shape::Json]).await?;
        let Some(Value::Json(stored)) = rows.first().and_then(|row| row.first()) else { return Ok(false) };
        if texts_of(stored) != before {
            tx.rollback().await?;
            return Ok(false);
        }
        let sql = format!("update {} set \"recovery\" = $2 where \"user\" = $1", tx.table("member"));
        tx.tell(&sql, &[Arg::id(user), texts_json(left)]).await?;
        tx.note(told).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Takes the second factor away.
    ///
    /// # Errors
    /// What the database says.
    pub async fn totp_remove(&self, tenant: TenantId, user: Uuid, told: &AuditNotes) -> Result<(), StoreError> {
        let mut tx = self.law(tenant).await?;
        let sql = format!(
            "update {} set \"totp\" = null, \"totp_state\" = null, \"totp_step\" = 0, \"recovery\" = '[]' where \"user\" = $1",
            tx.table("member")
        );
        tx.tell(&sql, &[Arg::id(user)]).await?;
        tx.note(told).await?;
        Ok(tx.commit_raised().await?)
    }

    pub(crate) async fn sealer(&self, tenant: TenantId) -> Result<Seal, StoreError> {
        Seal::new(&self.inner.system.secret("seal").await?, tenant)
    }
}

/// Bound to the member: one row's secret is of no use in another's.
pub(crate) fn sealed_for(user: Uuid) -> String {
    format!("{SEALED_FOR}/{user}")
}
