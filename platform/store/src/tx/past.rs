//! History: what was before each write. A creation is its own first state, so its row holds nothing.

use tenon_model::Object;
use tenon_query::Record;
use tenon_value::Json;

use super::{Tx, image};
use crate::db::{Bulk, Kind, Scalar, Target};
use crate::lower::many::{is_bookkeeping, scale_of};
use crate::wire;

impl Tx {
    /// The rows of history that go with these writes.
    pub(crate) fn past(&self, object: &Object, inserts: &[Record], updates: &[(&Record, Record)]) -> Bulk {
        let mut rows: Vec<Vec<Scalar>> =
            inserts.iter().map(|record| self.version(object, record, &Json::Object(serde_json::Map::new()))).collect();
        rows.extend(updates.iter().map(|(old, new)| self.version(object, new, &before(object, old, new))));
        let columns = vec![
            Target::new("object", Kind::Text),
            Target::new("record", Kind::Id),
            Target::new("version", Kind::Int),
            Target::new("at", Kind::DateTime),
            Target::new("clock", Kind::DateTime),
            Target::new("by_kind", Kind::Text),
            Target::new("by_id", Kind::Id),
            Target::new("by_display", Kind::Text),
            Target::new("via", Kind::Text),
            Target::new("request", Kind::Text),
            Target::new("reason", Kind::Text),
            Target::new("changes", Kind::Text),
        ];
        Bulk { table: self.table("history"), columns, rows }
    }

    fn version(&self, object: &Object, record: &Record, changes: &Json) -> Vec<Scalar> {
        let author = &self.author;
        vec![
            Scalar::Text(object.table.clone()),
            Scalar::Id(record.id.0),
            Scalar::Int(record.version()),
            Scalar::DateTime(author.now.millis()),
            Scalar::DateTime(author.clock.millis()),
            Scalar::Text(author.kind.to_owned()),
            Scalar::Id(author.id),
            Scalar::Text(author.display.clone()),
            Scalar::Text(author.via.to_owned()),
            Scalar::Text(author.request.as_str().to_owned()),
            author.reason.clone().map_or(Scalar::Null, Scalar::Text),
            Scalar::Text(changes.to_string()),
        ]
    }
}

/// Old values of what changed, in wire form, by the first column of each field or relation.
fn before(object: &Object, old: &Record, new: &Record) -> Json {
    let mut changes = serde_json::Map::new();
    for field in &object.fields {
        let Some(stem) = field.stem().filter(|_| !is_bookkeeping(field.name.as_str())) else { continue };
        if old.field(field.ix) != new.field(field.ix) {
            changes.insert(stem.to_owned(), wire::json(old.field(field.ix), scale_of(&field.kind)));
        }
    }
    for relation in image::stored(object).filter(|relation| !is_bookkeeping(relation.name.as_str())) {
        if old.relation(relation.ix) != new.relation(relation.ix) {
            changes.insert(relation.column.clone(), wire::json(old.relation(relation.ix), 0));
        }
    }
    Json::Object(changes)
}
