//! What a driver's error means to us.

use crate::StoreError;
use crate::cells::FENCED;

/// A failure of one statement, before anybody knows which object it is about.
#[derive(Debug)]
pub(crate) enum Fault {
    /// A unique index said no: its name (PostgreSQL), or `table.column, table.column` (SQLite).
    Unique(String),
    /// A table, column or type the statement names is not there, or a cached plan has outlived it.
    Undefined(String),
    /// Already in our words.
    Store(StoreError),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unique(constraint) => Self::Database(format!("unique constraint {constraint}")),
            Fault::Undefined(message) => Self::Database(message),
            Fault::Store(error) => error,
        }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(database) => {
                of_sqlite(database.code().and_then(|code| code.parse().ok()).unwrap_or_default(), database.message())
            }
            sqlx::Error::PoolTimedOut => Self::Store(StoreError::Unavailable("no connection became free in time".to_owned())),
            sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => Self::Store(StoreError::Full),
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed | sqlx::Error::Protocol(_) => {
                Self::Store(StoreError::Unavailable(error.to_string()))
            }
            other => Self::Store(StoreError::Database(other.to_string())),
        }
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        if let Some(said) = error.as_db_error() {
            return of_postgres(said.code().code(), said.constraint(), said.message());
        }
        let text = whole(&error);
        // The driver has no other word for it.
        Self::Store(if text.starts_with("error serializing parameter") {
            StoreError::Value("an argument cannot be encoded")
        } else {
            // Closed, broken, or not to be understood: the connection is no longer of use.
            StoreError::Unavailable(text)
        })
    }
}

/// An error with its cause.
pub(crate) fn whole(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

fn of_postgres(code: &str, constraint: Option<&str>, message: &str) -> Fault {
    Fault::Store(match code {
        "23505" => return Fault::Unique(constraint.unwrap_or_default().to_owned()),
        "0A000" | "42703" | "42P01" | "42883" | "3F000" => return Fault::Undefined(format!("{code} {message}")),
        "XX000" if message.contains("cache lookup failed") => return Fault::Undefined(message.to_owned()),
        // Only the check of a model's version divides (`tx`): arithmetic is never lowered to SQL.
        "22012" => StoreError::StaleModel,
        "40001" | "40P01" => StoreError::Serialization,
        "55P03" => StoreError::Busy,
        "57014" => StoreError::Timeout,
        FENCED => StoreError::Moving,
        "53100" => StoreError::Full,
        "22P02" | "22001" | "22003" | "22021" | "22P05" | "22025" => StoreError::Value("out of range"),
        _ if code.starts_with("08") || code.starts_with("53") || code.starts_with("57P") || code.starts_with("28") || code == "3D000" => {
            StoreError::Unavailable(message.to_owned())
        }
        _ => StoreError::Database(format!("{code} {message}")),
    })
}

/// Result codes of SQLite: the low byte is the primary code.
fn of_sqlite(code: i32, message: &str) -> Fault {
    Fault::Store(match code & 0xff {
        19 if matches!(code, 1555 | 2067 | 2579) => {
            let columns = message.rsplit_once("failed: ").map_or(message, |(_, columns)| columns);
            return Fault::Unique(columns.to_owned());
        }
        1 if message.contains("no such table") || message.contains("no such column") || message.contains("has no column named") => {
            return Fault::Undefined(message.to_owned());
        }
        5 | 6 => StoreError::Busy,
        9 => StoreError::Timeout,
        13 => StoreError::Full,
        17 => return Fault::Undefined(message.to_owned()),
        18 => StoreError::Value("too big"),
        8 | 10 | 11 | 14 | 23 | 26 => StoreError::Unavailable(message.to_owned()),
        _ => StoreError::Database(format!("{code} {message}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(code: &str) -> StoreError {
        match of_postgres(code, None, "words") {
            Fault::Store(error) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn codes_of_postgres_mean_what_the_pipeline_acts_on() {
        assert!(matches!(of_postgres("23505", Some("u_1"), ""), Fault::Unique(name) if name == "u_1"));
        for code in ["0A000", "42703", "42P01", "42883", "3F000"] {
            assert!(matches!(of_postgres(code, None, ""), Fault::Undefined(_)), "{code}");
        }
        assert!(matches!(of_postgres("XX000", None, "cache lookup failed for type 1"), Fault::Undefined(_)));
        assert!(matches!(store("40001"), StoreError::Serialization));
        assert!(matches!(store("40P01"), StoreError::Serialization));
        assert!(matches!(store("55P03"), StoreError::Busy));
        assert!(matches!(store("57014"), StoreError::Timeout));
        assert!(matches!(store("53100"), StoreError::Full));
        assert!(matches!(store("22012"), StoreError::StaleModel));
        for code in ["08006", "53300", "57P01", "57P03", "28P01", "3D000"] {
            assert!(matches!(store(code), StoreError::Unavailable(_)), "{code}");
        }
        assert!(matches!(store("XX000"), StoreError::Database(_)));
    }
}
