//! What is kept beside references against what stands at their end: the database keeps it right, unless a hand was in it.

use super::Patient;
use crate::db::Fault;
use crate::ddl::reach;

/// Notes rows whose kept ends are not those of their targets.
pub(crate) async fn find(patient: &mut Patient<'_>) -> Result<(), Fault> {
    let model = patient.model;
    for object in model.objects.iter().filter(|object| !object.reaches.is_empty()) {
        if !patient.has(&object.table) {
            continue;
        }
        let there = |table: &str| patient.catalog.tables.contains_key(table);
        let (dialect, schema) = (patient.conn.dialect(), patient.schema.clone());
        let counts = reach::counting(dialect, &schema, object, &there);
        let remedies = reach::filling(dialect, &schema, object, &there);
        let mut rows = 0;
        for count in counts {
            rows += patient.count(&count).await?;
        }
        if rows > 0 {
            let message =
                format!("{rows} times a record of `{}` keeps something else than stands at the end of its reference", object.name);
            patient.note("drift/kept-end", message, rows, "run `tenon doctor --fix`");
            remedies.into_iter().for_each(|remedy| patient.remedy(remedy));
        }
    }
    Ok(())
}
