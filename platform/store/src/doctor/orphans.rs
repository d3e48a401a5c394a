//! References to records that are not there. The databases hold no foreign keys: the pipeline does, and this recounts.

use tenon_model::{Object, ObjectIx, Relation, RelationShape};

use super::Patient;
use crate::db::Fault;

pub(crate) async fn find(patient: &mut Patient<'_>) -> Result<(), Fault> {
    let model = patient.model;
    for object in model.objects.iter() {
        if !patient.has(&object.table) {
            continue;
        }
        for relation in &object.relations {
            if matches!(relation.shape, RelationShape::One | RelationShape::Any) {
                for target in &relation.targets {
                    reference(patient, object, relation, *target).await?;
                }
            }
            if relation.part_of {
                part(patient, object, relation).await?;
            }
        }
    }
    for link in &model.links {
        if !patient.has(&link.table) {
            continue;
        }
        for (end, column) in [(link.source, "source"), (link.target, "target")] {
            link_end(patient, &link.table, end, column).await?;
        }
    }
    Ok(())
}

/// `not exists` a row of the target with this id; where the target has no table, nothing is there.
fn absent(patient: &Patient<'_>, target: &Object, column: &str) -> String {
    if patient.has(&target.table) {
        format!("not exists (select 1 from {} as x where x.\"id\" = {column})", patient.table(&target.table))
    } else {
        "1 = 1".to_owned()
    }
}

async fn reference(patient: &mut Patient<'_>, object: &Object, relation: &Relation, target: ObjectIx) -> Result<(), Fault> {
    let Some(target) = patient.model.object(target) else { return Ok(()) };
    let (table, name) = (patient.table(&object.table), &relation.column);
    let column = format!("t.\"{name}\"");
    let kind = relation.kind_column.as_ref().map(|kind| format!(" and t.\"{kind}\" = '{}'", target.table)).unwrap_or_default();
    let condition = format!("{column} is not null{kind} and {}", absent(patient, target, &column));
    let rows = patient.count(&format!("select count(*) from {table} as t where {condition}")).await?;
    if rows > 0 {
        let message =
            format!("{rows} records of `{}` refer by `{}` to records of `{}` that are not there", object.name, relation.name, target.name);
        patient.note("orphan/reference", message, rows, "run `tenon doctor --fix` to clear these references");
        if !relation.required {
            let kinds = relation.kind_column.as_ref().map(|kind| format!(", \"{kind}\" = null")).unwrap_or_default();
            let update = format!("update {table} as t set \"{name}\" = null{kinds} where {condition}");
            patient.remedy(update);
        }
    }
    Ok(())
}

async fn part(patient: &mut Patient<'_>, object: &Object, relation: &Relation) -> Result<(), Fault> {
    let table = patient.table(&object.table);
    let rows = patient
        .count(&format!("select count(*) from {table} as t where t.\"deleted_at\" is null and t.\"{}\" is null", relation.column))
        .await?;
    if rows > 0 {
        let message = format!("{rows} records of `{}` are parts of nothing: `{}` is empty", object.name, relation.name);
        patient.note("orphan/part", message, rows, "destroy them, or connect them to what they belong to");
    }
    Ok(())
}

async fn link_end(patient: &mut Patient<'_>, link: &str, end: ObjectIx, column: &str) -> Result<(), Fault> {
    let Some(object) = patient.model.object(end) else { return Ok(()) };
    let table = patient.table(link);
    let condition = absent(patient, object, &format!("t.\"{column}\""));
    let rows = patient.count(&format!("select count(*) from {table} as t where {condition}")).await?;
    if rows > 0 {
        let message = format!("{rows} links name records of `{}` that are not there", object.name);
        patient.note("orphan/link", message, rows, "run `tenon doctor --fix` to remove these links");
        patient.remedy(format!("delete from {table} as t where {condition}"));
    }
    Ok(())
}
