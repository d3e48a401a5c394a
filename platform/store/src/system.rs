//! The `system` database: which tenants there are, and where. The only part that is sea-orm entities.
//!
//! SQLite: `DATA/system.db`. PostgreSQL: the schema `tenon_system`.

pub(crate) mod due;
pub(crate) mod migration;
pub(crate) mod placement;
pub(crate) mod places;
pub(crate) mod secret;
pub(crate) mod tenant;

use sea_orm::{ColumnTrait, ConnectOptions, Database as Orm, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder, Set};
use tenon_value::{DateTime, TenantId};

use crate::{Database, StoreConfig, StoreError, TenantInfo, TenantState};

/// The system database.
#[derive(Clone, Debug)]
pub(crate) struct System {
    db: DatabaseConnection,
}

fn failed(error: &DbErr) -> StoreError {
    match error {
        DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => StoreError::Unavailable(error.to_string()),
        _ => StoreError::Database(error.to_string()),
    }
}

impl System {
    pub(crate) async fn open(config: &StoreConfig) -> Result<Self, StoreError> {
        let mut options = match &config.database {
            Database::Sqlite => {
                std::fs::create_dir_all(&config.data).map_err(|error| StoreError::Unavailable(error.to_string()))?;
                ConnectOptions::new(format!("sqlite://{}?mode=rwc", config.data.join("system.db").display()))
            }
            Database::Postgres { url } => {
                let mut options = ConnectOptions::new(url.clone());
                options.set_schema_search_path(migration::SCHEMA);
                options
            }
        };
        options.max_connections(2).sqlx_logging(false);
        let db = Orm::connect(options).await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        migration::run(&db).await.map_err(|error| failed(&error))?;
        Ok(Self { db })
    }

    pub(crate) async fn ready(&self) -> Result<(), StoreError> {
        self.db.ping().await.map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    pub(crate) async fn insert(&self, tenant: &TenantInfo) -> Result<(), StoreError> {
        let row = tenant::ActiveModel {
            id: Set(tenant.id.0),
            name: Set(tenant.name.clone()),
            sandbox: Set(tenant.sandbox),
            state: Set(word(tenant.state).to_owned()),
            created_at: Set(tenant.created_at.millis()),
        };
        match tenant::Entity::insert(row).exec_without_returning(&self.db).await {
            Ok(_) => Ok(()),
            Err(error) if matches!(error.sql_err(), Some(sea_orm::SqlErr::UniqueConstraintViolation(_))) => Err(StoreError::TenantExists),
            Err(error) => Err(failed(&error)),
        }
    }

    pub(crate) async fn set_state(&self, id: TenantId, state: TenantState) -> Result<(), StoreError> {
        let change = tenant::Entity::update_many().col_expr(tenant::Column::State, word(state).into()).filter(tenant::Column::Id.eq(id.0));
        change.exec(&self.db).await.map(|_| ()).map_err(|error| failed(&error))
    }

    pub(crate) async fn remove(&self, id: TenantId) -> Result<(), StoreError> {
        self.hint(id, None).await?;
        self.unplace(id).await?;
        tenant::Entity::delete_by_id(id.0).exec(&self.db).await.map(|_| ()).map_err(|error| failed(&error))
    }

    pub(crate) async fn named(&self, name: &str) -> Result<Option<TenantInfo>, StoreError> {
        let row = tenant::Entity::find().filter(tenant::Column::Name.eq(name)).one(&self.db).await;
        row.map(|row| row.map(info)).map_err(|error| failed(&error))
    }

    pub(crate) async fn by_id(&self, id: TenantId) -> Result<Option<TenantInfo>, StoreError> {
        let row = tenant::Entity::find_by_id(id.0).one(&self.db).await;
        row.map(|row| row.map(info)).map_err(|error| failed(&error))
    }

    pub(crate) async fn all(&self) -> Result<Vec<TenantInfo>, StoreError> {
        let rows = tenant::Entity::find().order_by_asc(tenant::Column::Name).all(&self.db).await;
        rows.map(|rows| rows.into_iter().map(info).collect()).map_err(|error| failed(&error))
    }

    /// When a tenant is to be looked at for work that is due; none: there is nothing to wait for.
    pub(crate) async fn hint(&self, tenant: TenantId, at: Option<i64>) -> Result<(), StoreError> {
        let Some(at) = at else {
            return due::Entity::delete_by_id(tenant.0).exec(&self.db).await.map(|_| ()).map_err(|error| failed(&error));
        };
        let row = due::ActiveModel { tenant: Set(tenant.0), at: Set(at) };
        let known = sea_orm::sea_query::OnConflict::column(due::Column::Tenant).update_column(due::Column::At).to_owned();
        due::Entity::insert(row).on_conflict(known).exec_without_returning(&self.db).await.map(|_| ()).map_err(|error| failed(&error))
    }

    /// Tenants that are to be looked at by then.
    pub(crate) async fn hinted(&self, until: i64) -> Result<Vec<TenantId>, StoreError> {
        let rows = due::Entity::find().filter(due::Column::At.lte(until)).order_by_asc(due::Column::At).all(&self.db).await;
        rows.map(|rows| rows.into_iter().map(|row| TenantId(row.tenant)).collect()).map_err(|error| failed(&error))
    }

    /// 32 secret bytes under a name, made when first asked for.
    pub(crate) async fn secret(&self, name: &str) -> Result<[u8; 32], StoreError> {
        let made = secret::ActiveModel { name: Set(name.to_owned()), value: Set(hex::encode(rand::random::<[u8; 32]>())) };
        let nothing = sea_orm::sea_query::OnConflict::column(secret::Column::Name).do_nothing().to_owned();
        match secret::Entity::insert(made).on_conflict(nothing).exec_without_returning(&self.db).await {
            Ok(_) | Err(DbErr::RecordNotInserted) => {}
            Err(error) => return Err(failed(&error)),
        }
        let row = secret::Entity::find_by_id(name.to_owned()).one(&self.db).await.map_err(|error| failed(&error))?;
        let bytes = row.and_then(|row| hex::decode(row.value).ok()).and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(|| StoreError::Damaged("a secret of the installation".to_owned()))
    }
}

const fn word(state: TenantState) -> &'static str {
    match state {
        TenantState::Pending => "pending",
        TenantState::Active => "active",
    }
}

fn info(row: tenant::Model) -> TenantInfo {
    let state = if row.state == word(TenantState::Active) { TenantState::Active } else { TenantState::Pending };
    TenantInfo { id: TenantId(row.id), name: row.name, sandbox: row.sandbox, created_at: DateTime::from_millis(row.created_at), state }
}
