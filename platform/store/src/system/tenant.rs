//! A tenant's row in `system`.
#![expect(unreachable_pub, reason = "sea-orm's derives make public items")]

use sea_orm::entity::prelude::*;

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tenant")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Its name in URLs.
    #[sea_orm(unique)]
    pub name: String,
    /// A sandbox.
    pub sandbox: bool,
    /// `pending`, `active`.
    pub state: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

/// To nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
