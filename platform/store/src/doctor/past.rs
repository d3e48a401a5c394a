//! History without gaps: a record of version n has n rows, 1 to n.

use super::Patient;
use crate::db::Fault;

pub(crate) async fn find(patient: &mut Patient<'_>) -> Result<(), Fault> {
    let history = patient.table("history");
    for object in &patient.model.objects {
        if !patient.has(&object.table) {
            continue;
        }
        let table = patient.table(&object.table);
        let key = &object.table;
        let rows = patient
            .count(&format!(
                "select count(*) from (select t.\"id\" from {table} as t left join {history} as h on h.\"object\" = '{key}' and h.\"record\" = t.\"id\" \
                 group by t.\"id\", t.\"version\" having count(h.\"version\") <> t.\"version\" or min(h.\"version\") <> 1 or max(h.\"version\") <> t.\"version\") as g"
            ))
            .await?;
        if rows > 0 {
            let message = format!("{rows} records of `{}` have a history with gaps", object.name);
            patient.note("history/gap", message, rows, "what is missing cannot be made up; compare with a backup");
        }
    }
    Ok(())
}
