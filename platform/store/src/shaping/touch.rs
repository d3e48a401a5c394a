//! The trigger that notes which records are written while a job is at their object.
//!
//! It fires for the columns that the job reads, so the job's own writes go unnoticed. Notes are appended and never looked up
//! by those who write: two of them never wait for each other.

use tenon_value::Uuid;

use super::contract::ShapeLook;
use crate::Dialect;
use crate::ddl::quoted;

/// What triggers of such jobs begin with.
pub(crate) const PREFIX: &str = "shape_";

/// The names of a job's triggers. PostgreSQL needs one, and a function of the same name.
pub(crate) fn names(job: Uuid) -> [String; 2] {
    let name = format!("{PREFIX}{}", job.simple());
    [format!("{name}_i"), format!("{name}_u")]
}

/// The statements that put a job's triggers on a table. They watch a column, and whether a record is deleted; where the job
/// writes nothing of its own, only records without a value are of interest.
pub(super) fn install(dialect: Dialect, schema: &str, look: &ShapeLook, job: Uuid) -> Vec<String> {
    let [insert, update] = names(job);
    let (table, column) = (look.table.as_str(), look.column.as_str());
    let of = quoted([column, "deleted_at"]);
    let when = if look.shadow.is_empty() { format!("when (new.\"{column}\" is null) ") } else { String::new() };
    let note = |schema: &str| format!("insert into {schema}\"shape_touched\" (\"job\", \"record\") values ('{job}', new.\"id\");");
    let mut statements = remove(dialect, schema, table, job);
    match dialect {
        Dialect::Postgres => {
            let body = note(&format!("\"{schema}\"."));
            statements.push(format!(
                "create function \"{schema}\".\"{insert}\"() returns trigger language plpgsql as $shape$ begin {body} return null; end $shape$"
            ));
            statements.push(format!(
                "create trigger \"{insert}\" after insert or update of {of} on \"{schema}\".\"{table}\" for each row {when}execute function \"{schema}\".\"{insert}\"()"
            ));
        }
        Dialect::Sqlite => {
            let body = note("");
            statements.push(format!("create trigger \"main\".\"{insert}\" after insert on \"{table}\" {when}begin {body} end"));
            statements.push(format!("create trigger \"main\".\"{update}\" after update of {of} on \"{table}\" {when}begin {body} end"));
        }
    }
    statements
}

/// The statements that take a job's triggers away.
pub(super) fn remove(dialect: Dialect, schema: &str, table: &str, job: Uuid) -> Vec<String> {
    let [insert, update] = names(job);
    match dialect {
        Dialect::Postgres => vec![
            format!("drop trigger if exists \"{insert}\" on \"{schema}\".\"{table}\""),
            format!("drop function if exists \"{schema}\".\"{insert}\"()"),
        ],
        Dialect::Sqlite => [insert, update].map(|name| format!("drop trigger if exists \"main\".\"{name}\"")).to_vec(),
    }
}
