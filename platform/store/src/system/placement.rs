//! Where a tenant lies, and where it is going. A tenant without a row lies in `main`.
#![expect(unreachable_pub, reason = "sea-orm's derives make public items")]

use sea_orm::entity::prelude::*;

/// A place.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "placement")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: Uuid,
    /// The cell it lies in.
    pub cell: String,
    /// The cell it is being copied to.
    pub moving: Option<String>,
    /// Who is at it, and who was before him: words, the newest first.
    pub token: Option<String>,
    /// The cell that an old home of it is still to be removed from.
    pub leaving: Option<String>,
}

/// To nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
