//! What can go wrong in the store, and what a driver's error means.
//!
//! Invariant: no error shown to a caller holds SQL, a physical name or a value.

use tenon_diagnostics::{Classify, Kind, Problem};
use tenon_model::ObjectIx;
use tenon_value::Json;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Two live records would have the same unique key.
    #[error("a record with the same unique key exists")]
    Unique {
        /// The object.
        object: ObjectIx,
        /// Place of the key in `Object::unique`.
        key: usize,
    },
    /// Two live records would have the same value of what a job is making unique.
    #[error("a record with the same value exists, which is becoming unique")]
    UniqueSoon {
        /// The object.
        object: ObjectIx,
    },
    /// The id is taken.
    #[error("a record with this id exists")]
    DuplicateId {
        /// The object.
        object: ObjectIx,
    },
    /// An id in another system belongs to another record.
    #[error("this external id belongs to another record")]
    ExternalIdTaken,
    /// The idempotency key is in use by a request that is still running or just ended.
    #[error("this idempotency key is in use")]
    IdempotencyTaken,
    /// Another member signs in with this login.
    #[error("this login is taken")]
    LoginTaken,
    /// The plan was made for another version of the model.
    #[error("the model has changed")]
    StaleModel,
    /// Two transactions met; the whole mutation may run again.
    #[error("two transactions met")]
    Serialization,
    /// A lock could not be had in time; the whole mutation may run again.
    #[error("a lock could not be had in time")]
    Busy,
    /// A limit with a name.
    #[error("limit `{limit}` is {max}")]
    Limit {
        /// Its name.
        limit: &'static str,
        /// Its number.
        max: u64,
    },
    /// The tenant may not have more of something.
    #[error("quota `{}` is {max}", quota.word())]
    Quota {
        /// Of what.
        quota: crate::Quota,
        /// How much there may be.
        max: u64,
        /// How much there is.
        used: u64,
    },
    /// More groups than an aggregate may give.
    #[error("more than {max} groups")]
    TooManyGroups {
        /// How many it may give.
        max: usize,
    },
    /// A sum of money over rows of which one has no amount in the base currency.
    #[error("a rate is missing for a sum of money")]
    CurrencyRateMissing {
        /// Rows without.
        rows: u64,
    },
    /// It took longer than `time`.
    #[error("the statement took too long")]
    Timeout,
    /// Another node has the job by now.
    #[error("another node has this job")]
    LeaseLost,
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// The database is away.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A tenant of that name exists.
    #[error("a tenant of this name exists")]
    TenantExists,
    /// A file of the index without its bytes: the folder of files did not come along, or has lost them.
    #[error("the bytes of a file are gone")]
    FileGone,
    /// Writes of this tenant stand still while it is moved; or somebody else is moving it.
    #[error("this tenant is being moved to another cell")]
    Moving,
    /// A cell that is not, or not what it is taken for.
    #[error("{0}")]
    Cell(String),
    /// There is no such tenant.
    #[error("there is no such tenant")]
    NoTenant,
    /// A change of shape that cannot be made on stored rows.
    #[error("{message}")]
    Blocked {
        /// API path of the element.
        path: String,
        /// What is in the way.
        message: String,
        /// Rows in the way.
        rows: u64,
    },
    /// An archive of a tenant that cannot be brought in.
    #[error("line {line} {message}")]
    Archive {
        /// Where, from 1.
        line: u64,
        /// What is wrong there.
        message: String,
    },
    /// A value that no column takes, which a door should have refused.
    #[error("a value does not fit: {0}")]
    Value(&'static str),
    /// A plan that cannot be: a bug of the caller.
    #[error("a plan that cannot be lowered: {0}")]
    Plan(&'static str),
    /// What is stored cannot be read: a bug or damage.
    #[error("stored data cannot be read: {0}")]
    Damaged(String),
    /// Anything else the database says.
    #[error("the database said: {0}")]
    Database(String),
}

impl StoreError {
    /// True where running the whole mutation again may help.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Serialization | Self::Busy)
    }
}

impl Classify for StoreError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unique { .. }
            | Self::UniqueSoon { .. }
            | Self::DuplicateId { .. }
            | Self::ExternalIdTaken
            | Self::IdempotencyTaken
            | Self::LoginTaken
            | Self::TenantExists => Kind::Conflict,
            Self::StaleModel | Self::Serialization | Self::Busy | Self::LeaseLost | Self::Full | Self::Moving | Self::Unavailable(_) => {
                Kind::Unavailable
            }
            Self::Limit { .. } | Self::Quota { .. } | Self::TooManyGroups { .. } | Self::Timeout => Kind::Exhausted,
            Self::CurrencyRateMissing { .. } | Self::Blocked { .. } | Self::Archive { .. } | Self::Cell(_) | Self::Value(_) => {
                Kind::Invalid
            }
            Self::NoTenant | Self::FileGone => Kind::NotFound,
            Self::Plan(_) | Self::Damaged(_) | Self::Database(_) => Kind::Internal,
        }
    }

    fn problem(&self) -> Problem {
        match self {
            Self::Unique { .. } | Self::UniqueSoon { .. } => {
                Problem::conflict("unique", "another record has this value already", "已有其他记录使用了此值")
            }
            Self::DuplicateId { .. } => Problem::conflict("id", "a record with this id exists already", "已存在相同标识的记录"),
            Self::ExternalIdTaken => {
                Problem::conflict("external_id", "this external id belongs to another record", "此外部标识已属于其他记录")
            }
            Self::IdempotencyTaken => {
                Problem::conflict("idempotency", "a request with this key is being carried out", "使用此键的请求正在处理")
            }
            Self::LoginTaken => Problem::conflict("login", "another member signs in with this login", "已有其他成员使用此登录名"),
            Self::TenantExists => Problem::conflict("tenant", "a tenant of this name exists already", "已存在同名租户"),
            Self::Limit { limit, max } => limited(limit, *max),
            Self::Quota { quota, max, used } => crate::quota::over(*quota, *max, *used),
            Self::TooManyGroups { max } => limited("groups", u64::try_from(*max).unwrap_or(u64::MAX)),
            Self::Timeout => Problem {
                limit: Some("time"),
                message: tenon_diagnostics::Message::new("this takes too long, ask for less", "查询耗时过长,请缩小范围"),
                ..Problem::of_kind(Kind::Exhausted)
            },
            Self::CurrencyRateMissing { rows } => {
                Problem::invalid("currency_rate_missing", "an exchange rate is missing for some of these records", "部分记录缺少汇率")
                    .with("rows", Json::from(*rows))
            }
            Self::Blocked { path, message, rows } => Problem::invalid("metadata/blocked", message.clone(), message.clone())
                .with("path", path.clone())
                .with("violations", Json::from(*rows)),
            Self::Archive { line, message } => {
                Problem::invalid("archive", format!("line {line} of the archive {message}"), format!("归档文件第 {line} 行有误: {message}"))
                    .with("line", Json::from(*line))
            }
            Self::Moving => Problem {
                rule: Some("moving".into()),
                message: tenon_diagnostics::Message::new(
                    "this workspace is being moved and can only be read for a moment, try again",
                    "此租户正在迁移,暂时只能读取,请稍后重试",
                ),
                ..Problem::of_kind(Kind::Unavailable)
            },
            Self::Cell(message) => Problem::invalid("cell", message.clone(), message.clone()),
            Self::Value(_) => Problem::invalid("value", "a value does not fit its field", "值与字段类型不符"),
            _ => Problem::of_kind(self.kind()),
        }
    }
}

fn limited(limit: &'static str, max: u64) -> Problem {
    let message = tenon_diagnostics::Message::new(format!("limit `{limit}` is {max}"), format!("超出限制 `{limit}`:最大 {max}"));
    Problem { limit: Some(limit), message, details: vec![("max", Json::from(max))], ..Problem::of_kind(Kind::Exhausted) }
}
