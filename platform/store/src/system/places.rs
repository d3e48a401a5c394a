//! Reading and changing where tenants lie. Each change is one statement that names what it found, so that of two who are at
//! one tenant the later one wins and the earlier one learns it.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, Set};
use tenon_value::TenantId;

use super::placement::{ActiveModel, Column, Entity, Model};
use super::{System, failed};
use crate::StoreError;
use crate::cells::MAIN_CELL;

/// Where a tenant lies, and where it is going.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placement {
    pub(crate) tenant: TenantId,
    pub(crate) cell: String,
    pub(crate) moving: Option<String>,
    pub(crate) token: String,
    pub(crate) leaving: Option<String>,
}

impl From<Model> for Placement {
    fn from(row: Model) -> Self {
        let token = row.token.unwrap_or_default();
        Self { tenant: TenantId(row.tenant), cell: row.cell, moving: row.moving, token, leaving: row.leaving }
    }
}

impl System {
    pub(crate) async fn placement(&self, tenant: TenantId) -> Result<Placement, StoreError> {
        let row = Entity::find_by_id(tenant.0).one(&self.db).await.map_err(|error| failed(&error))?;
        let main = || Placement { tenant, cell: MAIN_CELL.to_owned(), moving: None, token: String::new(), leaving: None };
        Ok(row.map_or_else(main, Placement::from))
    }

    /// Moves that were begun and not ended.
    pub(crate) async fn moves(&self) -> Result<Vec<Placement>, StoreError> {
        let unfinished = Column::Moving.is_not_null().or(Column::Leaving.is_not_null());
        let rows = Entity::find().filter(unfinished).all(&self.db).await.map_err(|error| failed(&error))?;
        Ok(rows.into_iter().map(Placement::from).collect())
    }

    /// Somebody begins to copy the tenant to a cell.
    pub(crate) async fn move_begin(&self, found: &Placement, to: &str, token: &str) -> Result<(), StoreError> {
        let row = ActiveModel {
            tenant: Set(found.tenant.0),
            cell: Set(found.cell.clone()),
            moving: Set(Some(to.to_owned())),
            token: Set(Some(token.to_owned())),
            leaving: Set(found.leaving.clone()),
        };
        let known = OnConflict::column(Column::Tenant).update_columns([Column::Moving, Column::Token]).to_owned();
        Entity::insert(row).on_conflict(known).exec_without_returning(&self.db).await.map(|_| ()).map_err(|error| failed(&error))
    }

    /// Takes over who is at it; whether it was still the one that was found.
    pub(crate) async fn move_take_over(&self, found: &Placement, token: &str) -> Result<bool, StoreError> {
        let change = Entity::update_many().col_expr(Column::Token, Expr::value(token));
        self.changed(change, found.tenant, &found.token).await
    }

    /// The tenant lies there from now on; whether it was still this one who moved it.
    pub(crate) async fn move_switch(&self, found: &Placement, to: &str, token: &str) -> Result<bool, StoreError> {
        let change = Entity::update_many()
            .col_expr(Column::Cell, Expr::value(to))
            .col_expr(Column::Leaving, Expr::value(found.cell.as_str()))
            .col_expr(Column::Moving, Expr::value(None::<String>))
            .col_expr(Column::Token, Expr::value(None::<String>));
        self.changed(change, found.tenant, token).await
    }

    /// The tenant stays where it is.
    pub(crate) async fn move_end(&self, tenant: TenantId, token: &str) -> Result<bool, StoreError> {
        let change = Entity::update_many()
            .col_expr(Column::Moving, Expr::value(None::<String>))
            .col_expr(Column::Token, Expr::value(None::<String>));
        self.changed(change, tenant, token).await
    }

    /// The old home is removed.
    pub(crate) async fn move_left(&self, tenant: TenantId) -> Result<(), StoreError> {
        let change = Entity::update_many().col_expr(Column::Leaving, Expr::value(None::<String>)).filter(Column::Tenant.eq(tenant.0));
        change.exec(&self.db).await.map(|_| ()).map_err(|error| failed(&error))
    }

    /// The tenant is gone.
    pub(crate) async fn unplace(&self, tenant: TenantId) -> Result<(), StoreError> {
        Entity::delete_by_id(tenant.0).exec(&self.db).await.map(|_| ()).map_err(|error| failed(&error))
    }

    async fn changed(&self, change: sea_orm::UpdateMany<Entity>, tenant: TenantId, token: &str) -> Result<bool, StoreError> {
        let change = change.filter(Column::Tenant.eq(tenant.0)).filter(Column::Token.eq(token));
        change.exec(&self.db).await.map(|done| done.rows_affected == 1).map_err(|error| failed(&error))
    }
}
