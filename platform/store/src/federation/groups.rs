//! Who is in which group, and the roles that follow from it: changed together.

use tenon_value::{Json, TenantId, Uuid, Value};

use super::contract::{MembershipChange, StoredScim};
use super::resources::put;
use crate::db::{Arg, Shape};
use crate::{AuditNotes, Store, StoreError};

impl Store {
    /// Every membership of a tenant: group, member.
    ///
    /// # Errors
    /// What the database says.
    pub async fn memberships(&self, tenant: TenantId) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
        self.memberships_where(tenant, "", &[]).await
    }

    /// The memberships of a group.
    ///
    /// # Errors
    /// What the database says.
    pub async fn memberships_of_group(&self, tenant: TenantId, group: Uuid) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
        self.memberships_where(tenant, "where m.\"group\" = $1", &[Arg::id(group)]).await
    }

    /// The memberships of these members.
    ///
    /// # Errors
    /// What the database says.
    pub async fn memberships_of_members(&self, tenant: TenantId, members: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
        let mut found = Vec::new();
        for member in members {
            found.extend(self.memberships_where(tenant, "where m.\"member\" = $1", &[Arg::id(*member)]).await?);
        }
        Ok(found)
    }

    async fn memberships_where(&self, tenant: TenantId, tail: &str, args: &[Arg]) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
        let table = self.fixture(tenant, "scim_member");
        let sql = format!("select m.\"group\", m.\"member\" from {table} as m {tail} order by m.\"group\", m.\"member\"");
        let rows = self.ask(tenant, &sql, args, &[Shape::Id, Shape::Id]).await?;
        let pair = |row: Vec<Value>| match <[Value; 2]>::try_from(row) {
            Ok([Value::Id(group), Value::Id(member)]) => Some((group, member)),
            _ => None,
        };
        Ok(rows.into_iter().filter_map(pair).collect())
    }

    /// Stores a group with the change of its members and of the roles that follow. False where another has its name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn group_put(
        &self,
        tenant: TenantId,
        group: &StoredScim,
        change: &MembershipChange,
        told: &AuditNotes,
    ) -> Result<bool, StoreError> {
        let mut tx = self.law(tenant).await?;
        if !put(&mut tx, group).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        let members = tx.table("scim_member");
        for member in &change.removed {
            let sql = format!("delete from {members} where \"group\" = $1 and \"member\" = $2");
            tx.tell(&sql, &[Arg::id(group.id), Arg::id(*member)]).await?;
        }
        for member in &change.added {
            let sql = format!("insert into {members} (\"group\", \"member\") values ($1, $2) on conflict do nothing");
            tx.tell(&sql, &[Arg::id(group.id), Arg::id(*member)]).await?;
        }
        for (member, roles) in &change.roles {
            let sql = format!("update {} set \"roles\" = $2 where \"user\" = $1", tx.table("member"));
            tx.tell(&sql, &[Arg::id(*member), Arg::text(Json::from(roles.clone()).to_string())]).await?;
        }
        tx.note(told).await?;
        if change.roles.is_empty() {
            tx.commit().await?;
        } else {
            tx.commit_raised().await?;
        }
        Ok(true)
    }

    /// Removes a group with its memberships, and gives its members the roles left; false where there is none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn group_remove(
        &self,
        tenant: TenantId,
        group: Uuid,
        roles: &[(Uuid, Vec<String>)],
        told: &AuditNotes,
    ) -> Result<bool, StoreError> {
        let mut tx = self.law(tenant).await?;
        let sql = format!("delete from {} where \"group\" = $1", tx.table("scim_member"));
        tx.tell(&sql, &[Arg::id(group)]).await?;
        let sql = format!("delete from {} where \"id\" = $1 and \"kind\" = 'group'", tx.table("scim"));
        let removed = tx.tell(&sql, &[Arg::id(group)]).await?;
        for (member, roles) in roles {
            let sql = format!("update {} set \"roles\" = $2 where \"user\" = $1", tx.table("member"));
            tx.tell(&sql, &[Arg::id(*member), Arg::text(Json::from(roles.clone()).to_string())]).await?;
        }
        tx.note(told).await?;
        if roles.is_empty() {
            tx.commit().await?;
        } else {
            tx.commit_raised().await?;
        }
        Ok(removed > 0)
    }
}
