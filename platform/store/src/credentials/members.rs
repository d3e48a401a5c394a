//! Members: users and portal users who may sign in.

use tenon_context::ActorKind;
use tenon_value::{TenantId, Uuid, Value};

use super::{damaged, id_or_none, maybe_id, maybe_text, moment_or_none, text_or_none, texts_json, texts_of};
use crate::credentials::contract::{MemberState, StoredMember};
use crate::credentials::law::LawTx;
use crate::db::{Arg, Fault, Shape};
use crate::quota::within;
use crate::{AuditNotes, Quota, Store, StoreError};

const COLUMNS: &str = "m.\"user\", m.\"kind\", m.\"login\", m.\"email\", m.\"password\", m.\"roles\", m.\"state\", m.\"account\", \
     m.\"contact\", m.\"partner\", m.\"created_at\", m.\"last_sign_in_at\", m.\"totp_state\"";
const SHAPES: [Shape; 13] = [
    Shape::Id,
    Shape::Text,
    Shape::Text,
    Shape::Text,
    Shape::Text,
    Shape::Json,
    Shape::Text,
    Shape::Id,
    Shape::Id,
    Shape::Id,
    Shape::DateTime,
    Shape::DateTime,
    Shape::Text,
];

/// Refuses one more where the quota is used up.
async fn room_for_one(tx: &mut LawTx, max: Option<u64>) -> Result<(), StoreError> {
    if max.is_none() {
        return Ok(());
    }
    let sql = format!("select count(*) from {} as m where m.\"state\" <> 'disabled'", tx.table("member"));
    let rows = tx.ask(&sql, &[], &[Shape::Int]).await?;
    let used = rows.first().and_then(|row| row.first()).and_then(Value::as_int).and_then(|used| u64::try_from(used).ok());
    within(Quota::Members, max, (used.unwrap_or_default(), 1))
}

impl Store {
    /// Stores a new member, and what is told of him.
    ///
    /// # Errors
    /// `LoginTaken`; what the database says.
    pub async fn member_put(&self, tenant: TenantId, member: &StoredMember, told: &AuditNotes) -> Result<(), StoreError> {
        let max = self.quota(tenant, Quota::Members).await?;
        let mut tx = self.law(tenant).await?;
        if let Err(over) = room_for_one(&mut tx, max).await {
            tx.rollback().await?;
            return Err(over);
        }
        let sql = format!(
            "insert into {} (\"user\", \"kind\", \"login\", \"email\", \"password\", \"roles\", \"state\", \"account\", \"contact\", \
             \"partner\", \"created_at\", \"totp_step\", \"recovery\") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, '[]')",
            tx.table("member")
        );
        let args = [
            Arg::id(member.user),
            Arg::text(member.kind.word()),
            Arg::text(member.login.clone()),
            maybe_text(member.email.as_ref()),
            maybe_text(member.password.as_ref()),
            texts_json(&member.roles),
            Arg::text(member.state.word()),
            maybe_id(member.account),
            maybe_id(member.contact),
            maybe_id(member.partner),
            Arg::moment(member.created_at),
        ];
        match tx.tell(&sql, &args).await {
            Err(Fault::Unique(_)) => {
                tx.rollback().await?;
                Err(StoreError::LoginTaken)
            }
            Err(fault) => Err(fault.into()),
            Ok(_) => {
                tx.note(told).await?;
                // A new member takes no right from anybody, and nobody remembers that there was none.
                Ok(tx.commit().await?)
            }
        }
    }

    /// The member of a login.
    ///
    /// # Errors
    /// What the database says.
    pub async fn member_by_login(&self, tenant: TenantId, login: &str) -> Result<Option<StoredMember>, StoreError> {
        Ok(self.members_where(tenant, "where m.\"login\" = $1", &[Arg::text(login)]).await?.pop())
    }

    /// The member of a user.
    ///
    /// # Errors
    /// What the database says.
    pub async fn member(&self, tenant: TenantId, user: Uuid) -> Result<Option<StoredMember>, StoreError> {
        Ok(self.members_where(tenant, "where m.\"user\" = $1", &[Arg::id(user)]).await?.pop())
    }

    /// All members by login.
    ///
    /// # Errors
    /// What the database says.
    pub async fn members(&self, tenant: TenantId) -> Result<Vec<StoredMember>, StoreError> {
        self.members_where(tenant, "order by m.\"login\"", &[]).await
    }

    async fn members_where(&self, tenant: TenantId, tail: &str, args: &[Arg]) -> Result<Vec<StoredMember>, StoreError> {
        let sql = format!("select {COLUMNS} from {} as m {tail}", self.fixture(tenant, "member"));
        self.ask(tenant, &sql, args, &SHAPES).await?.into_iter().map(stored).collect()
    }

    /// Changes what a member is and may do: login, mail address, roles, state, whom a portal user belongs to; not the
    /// password. Who may no longer sign in loses all sessions. False where there is no such member.
    ///
    /// # Errors
    /// `LoginTaken`; what the database says.
    pub async fn member_change(&self, tenant: TenantId, member: &StoredMember, told: &AuditNotes) -> Result<bool, StoreError> {
        let max = self.quota(tenant, Quota::Members).await?;
        let mut tx = self.law(tenant).await?;
        // Who comes back takes a place; who is there keeps his.
        let sql = format!("select 1 from {} as m where m.\"user\" = $1 and m.\"state\" = 'disabled'", tx.table("member"));
        let was_out = !tx.ask(&sql, &[Arg::id(member.user)], &[Shape::Int]).await?.is_empty();
        if was_out
            && member.state != MemberState::Disabled
            && let Err(over) = room_for_one(&mut tx, max).await
        {
            tx.rollback().await?;
            return Err(over);
        }
        let sql = format!(
            "update {} set \"login\" = $2, \"email\" = $3, \"roles\" = $4, \"state\" = $5, \"account\" = $6, \"contact\" = $7, \
             \"partner\" = $8 where \"user\" = $1",
            tx.table("member")
        );
        let args = [
            Arg::id(member.user),
            Arg::text(member.login.clone()),
            maybe_text(member.email.as_ref()),
            texts_json(&member.roles),
            Arg::text(member.state.word()),
            maybe_id(member.account),
            maybe_id(member.contact),
            maybe_id(member.partner),
        ];
        let touched = match tx.tell(&sql, &args).await {
            Err(Fault::Unique(_)) => {
                tx.rollback().await?;
                return Err(StoreError::LoginTaken);
            }
            done => done?,
        };
        if touched == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        if member.state != MemberState::Active {
            tx.end_sessions(member.user, None).await?;
        }
        tx.note(told).await?;
        tx.commit_raised().await?;
        Ok(true)
    }

    /// Gives a member another password and ends the sessions but `kept`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn member_password(
        &self,
        tenant: TenantId,
        user: Uuid,
        hash: &str,
        kept: Option<Uuid>,
        told: &AuditNotes,
    ) -> Result<(), StoreError> {
        let mut tx = self.law(tenant).await?;
        let sql = format!("update {} set \"password\" = $2 where \"user\" = $1", tx.table("member"));
        tx.tell(&sql, &[Arg::id(user), Arg::text(hash)]).await?;
        tx.end_sessions(user, kept).await?;
        tx.note(told).await?;
        Ok(tx.commit_raised().await?)
    }

    /// Removes a member with all sessions and tickets; the person's record stays. False where there is none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn member_remove(&self, tenant: TenantId, user: Uuid, told: &AuditNotes) -> Result<bool, StoreError> {
        let mut tx = self.law(tenant).await?;
        tx.end_sessions(user, None).await?;
        let sql = format!("delete from {} where \"member\" = $1", tx.table("ticket"));
        tx.tell(&sql, &[Arg::id(user)]).await?;
        let sql = format!("delete from {} where \"user\" = $1", tx.table("member"));
        if tx.tell(&sql, &[Arg::id(user)]).await? == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.note(told).await?;
        tx.commit_raised().await?;
        Ok(true)
    }
}

fn stored(row: Vec<Value>) -> Result<StoredMember, StoreError> {
    let wrong = || damaged("a member");
    let [
        Value::Id(user),
        Value::Text(kind),
        Value::Text(login),
        email,
        password,
        Value::Json(roles),
        Value::Text(state),
        account,
        contact,
        partner,
        Value::DateTime(created_at),
        signed_in,
        totp,
    ] = <[Value; 13]>::try_from(row).map_err(|_| wrong())?
    else {
        return Err(wrong());
    };
    Ok(StoredMember {
        user,
        kind: ActorKind::from_word(&kind).ok_or_else(wrong)?,
        login,
        email: text_or_none(email),
        password: text_or_none(password),
        roles: texts_of(&roles),
        state: MemberState::from_word(&state).ok_or_else(wrong)?,
        account: id_or_none(&account),
        contact: id_or_none(&contact),
        partner: id_or_none(&partner),
        created_at,
        last_sign_in_at: moment_or_none(&signed_in),
        has_totp: totp.as_text() == Some(super::second_factor::CONFIRMED),
    })
}
