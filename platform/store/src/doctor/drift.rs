//! Tables, columns and indexes against the model. A table that is not there yet is no drift: it comes at its first write.

use std::collections::BTreeSet;

use super::Patient;
use crate::ddl::fixtures;
use crate::ddl::object::indexes;
use crate::lower::columns::{self, Physical};
use crate::lower::statement::type_name;

/// Notes drift; whether every column the model wants is there.
pub(crate) fn find(patient: &mut Patient<'_>) -> bool {
    let model = patient.model;
    let mut known: BTreeSet<&str> = fixtures::names().collect();
    let mut sound = true;
    for name in fixtures::names() {
        if !patient.has(name) {
            patient.note(
                "drift/missing-table",
                format!("the table `{name}` that every tenant has is missing"),
                0,
                "restore the tenant from a backup",
            );
            sound = false;
        }
    }
    for object in &model.objects {
        known.insert(&object.table);
        if !patient.has(&object.table) {
            continue;
        }
        let shadows: Vec<&str> = object.fields.iter().filter_map(|field| model.building.get(&field.id)?.shadow.as_deref()).collect();
        sound &= columns_of(patient, object.name.as_str(), (&object.table, &shadows), &columns::of_object(object));
        for over in indexes(object) {
            let is_waited_for = !over.unique && patient.indexing.contains(&object.table);
            if !is_waited_for && !patient.catalog.indexes.contains(over.name.as_ref()) {
                let what = if over.unique { "a unique index" } else { "an index" };
                patient.note("drift/missing-index", format!("{what} of `{}` is missing", object.name), 0, "run `tenon doctor --fix`");
                patient.findings.last_mut().into_iter().for_each(|finding| finding.fixable = true);
            }
        }
    }
    for link in &model.links {
        known.insert(&link.table);
        if patient.has(&link.table) {
            let name = model.object(link.source).map_or("", |object| object.name.as_str());
            sound &= columns_of(patient, name, (&link.table, &[]), &columns::of_link(link));
        }
    }
    let extra: Vec<String> =
        patient.catalog.tables.keys().filter(|table| !known.contains(table.as_str()) && !fixtures::is_index(table)).cloned().collect();
    for table in extra {
        patient.note(
            "drift/extra-table",
            format!("the table `{table}` belongs to nothing in the model"),
            0,
            "look at what it holds before removing it by hand",
        );
    }
    sound
}

fn columns_of(patient: &mut Patient<'_>, object: &str, (table, shadows): (&str, &[&str]), wanted: &[Physical]) -> bool {
    let there = patient.catalog.tables.get(table).cloned().unwrap_or_default();
    let dialect = patient.conn.dialect();
    let mut sound = true;
    for column in wanted {
        let expected = type_name(column.kind, dialect).replace(" collate \"C\"", "").replace("timestamptz", "timestamp with time zone");
        match there.get(&column.name) {
            None => {
                sound = false;
                patient.note(
                    "drift/missing-column",
                    format!("a column of `{object}` is missing: `{}`", column.name),
                    0,
                    "run `tenon doctor --fix`",
                );
                patient.findings.last_mut().into_iter().for_each(|finding| finding.fixable = true);
            }
            Some(kind) if *kind != expected => {
                sound = false;
                let message = format!("the column `{}` of `{object}` is `{kind}` and should be `{expected}`", column.name);
                patient.note("drift/column-type", message, 0, "change its type by hand, or restore the tenant from a backup");
            }
            Some(_) => {}
        }
    }
    // A job that is under way fills them.
    let is_shadow =
        |name: &str| shadows.iter().any(|stem| name.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')));
    for name in there.keys().filter(|name| !wanted.iter().any(|column| column.name == **name) && !is_shadow(name)) {
        patient.note(
            "drift/extra-column",
            format!("the column `{name}` of `{object}` belongs to no field"),
            0,
            "a field that was removed left it; it does no harm",
        );
    }
    sound
}
