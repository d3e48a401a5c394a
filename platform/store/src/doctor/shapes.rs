//! What changes of shape have left: triggers, and notes of what was written, of jobs that the model knows nothing of.

use std::collections::BTreeSet;

use tenon_value::Value;

use super::Patient;
use crate::Dialect;
use crate::db::{Fault, Shape};
use crate::shaping::{PREFIX, names};

/// Notes what is left of jobs that are at nothing any more.
pub(crate) async fn find(patient: &mut Patient<'_>) -> Result<(), Fault> {
    let known: BTreeSet<String> = patient.model.building.values().flat_map(|building| names(building.job)).collect();
    let (schema, dialect) = (patient.schema.clone(), patient.conn.dialect());
    let sql = match dialect {
        Dialect::Postgres => format!(
            "select t.tgname::text from pg_catalog.pg_trigger as t join pg_catalog.pg_class as c on c.oid = t.tgrelid \
             join pg_catalog.pg_namespace as n on n.oid = c.relnamespace where n.nspname = '{schema}' and not t.tgisinternal and starts_with(t.tgname::text, '{PREFIX}')"
        ),
        Dialect::Sqlite => {
            format!(
                "select m.name from \"main\".sqlite_schema as m where m.type = 'trigger' and substr(m.name, 1, {}) = '{PREFIX}'",
                PREFIX.len()
            )
        }
    };
    for row in patient.conn.fetch(&sql, &[], &[Shape::Text]).await? {
        let Some(name) = row.first().and_then(Value::as_text).filter(|name| !known.contains(*name)) else { continue };
        patient.note("drift/shape-left", "a change of shape that has ended left a trigger".to_owned(), 0, "run `tenon doctor --fix`");
        patient.remedy(match dialect {
            Dialect::Postgres => format!("drop function if exists \"{schema}\".\"{name}\"() cascade"),
            Dialect::Sqlite => format!("drop trigger if exists \"main\".\"{name}\""),
        });
    }
    let jobs: Vec<String> = patient.model.building.values().map(|building| format!("'{}'", building.job)).collect();
    let others = if jobs.is_empty() { String::new() } else { format!(" where s.\"job\" not in ({})", jobs.join(", ")) };
    let notes = patient.table("shape_touched");
    let rows = patient.count(&format!("select count(*) from {notes} as s{others}")).await?;
    if rows > 0 {
        patient.note("drift/shape-left", "a change of shape that has ended left notes".to_owned(), rows, "run `tenon doctor --fix`");
        patient.remedy(format!("delete from {notes} as s{others}"));
    }
    Ok(())
}
