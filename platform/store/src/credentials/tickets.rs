//! One-time links: an invitation, or a password to be chosen anew.

use tenon_value::{DateTime, TenantId, Uuid, Value};

use crate::credentials::contract::{MemberState, StoredTicket, TicketPurpose};
use crate::db::{Arg, Shape};
use crate::{AuditNotes, Store, StoreError};

impl Store {
    /// Stores a ticket instead of those of the member that have the same purpose, and what is told of it; what has ended is
    /// cleared away.
    ///
    /// # Errors
    /// What the database says.
    pub async fn ticket_put(&self, tenant: TenantId, ticket: &StoredTicket, told: &AuditNotes) -> Result<(), StoreError> {
        let mut tx = self.law(tenant).await?;
        let table = tx.table("ticket");
        let sql = format!("delete from {table} where (\"member\" = $1 and \"purpose\" = $2) or \"expires_at\" <= $3");
        tx.tell(&sql, &[Arg::id(ticket.member), Arg::text(ticket.purpose.word()), Arg::moment(ticket.created_at)]).await?;
        let sql =
            format!("insert into {table} (\"hash\", \"member\", \"purpose\", \"created_at\", \"expires_at\") values ($1, $2, $3, $4, $5)");
        let args = [
            Arg::text(hex::encode(ticket.hash)),
            Arg::id(ticket.member),
            Arg::text(ticket.purpose.word()),
            Arg::moment(ticket.created_at),
            Arg::moment(ticket.expires_at),
        ];
        tx.tell(&sql, &args).await?;
        tx.note(told).await?;
        Ok(tx.commit().await?)
    }

    /// Whose ticket this is, if it can still be used.
    ///
    /// # Errors
    /// What the database says.
    pub async fn ticket(
        &self,
        tenant: TenantId,
        hash: &[u8; 32],
        purpose: TicketPurpose,
        now: DateTime,
    ) -> Result<Option<Uuid>, StoreError> {
        let sql = format!(
            "select t.\"member\" from {} as t where t.\"hash\" = $1 and t.\"purpose\" = $2 and t.\"used_at\" is null and t.\"expires_at\" > $3",
            self.fixture(tenant, "ticket")
        );
        let args = [Arg::text(hex::encode(hash)), Arg::text(purpose.word()), Arg::moment(now)];
        let rows = self.ask(tenant, &sql, &args, &[Shape::Id]).await?;
        Ok(rows.first().and_then(|row| row.first()).and_then(Value::as_id))
    }

    /// Uses a ticket: the member has this password from now on, an invited one is active, all sessions end. False where
    /// it was used meanwhile, or has ended; of two at once one is first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn ticket_use(
        &self,
        tenant: TenantId,
        ticket: (&[u8; 32], TicketPurpose),
        password: &str,
        now: DateTime,
        told: &AuditNotes,
    ) -> Result<bool, StoreError> {
        let (hash, purpose) = ticket;
        let mut tx = self.law(tenant).await?;
        let sql = format!(
            "update {} set \"used_at\" = $3 where \"hash\" = $1 and \"purpose\" = $2 and \"used_at\" is null and \"expires_at\" > $3 \
             returning \"member\"",
            tx.table("ticket")
        );
        let args = [Arg::text(hex::encode(hash)), Arg::text(purpose.word()), Arg::moment(now)];
        let rows = tx.ask(&sql, &args, &[Shape::Id]).await?;
        let Some(member) = rows.first().and_then(|row| row.first()).and_then(Value::as_id) else {
            tx.rollback().await?;
            return Ok(false);
        };
        let allowed = match purpose {
            TicketPurpose::Invitation => MemberState::Invited,
            TicketPurpose::Reset => MemberState::Active,
        };
        let sql = format!("update {} set \"password\" = $2, \"state\" = $3 where \"user\" = $1 and \"state\" = $4", tx.table("member"));
        let args = [Arg::id(member), Arg::text(password), Arg::text(MemberState::Active.word()), Arg::text(allowed.word())];
        if tx.tell(&sql, &args).await? == 0 {
            // Disabled meanwhile: the ticket is of no use, and stays unused without a trace.
            tx.rollback().await?;
            return Ok(false);
        }
        tx.end_sessions(member, None).await?;
        tx.note(told).await?;
        tx.commit_raised().await?;
        Ok(true)
    }
}
