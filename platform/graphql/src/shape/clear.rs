//! What was read in clear although some role sees it only masked: objects, fields and ids, for the audit.

use std::collections::{BTreeMap, BTreeSet};

use tenon_model::{FieldIx, Model, ObjectIx};
use tenon_value::{Json, Uuid};

/// Ids that a note names; how many there were in all is said too.
const IDS_MAX: usize = 200;

/// Reads in clear of one request.
#[derive(Debug, Default)]
pub(crate) struct ReadInClear(BTreeMap<ObjectIx, (BTreeSet<FieldIx>, BTreeSet<Uuid>)>);

impl ReadInClear {
    pub(crate) fn note(&mut self, object: ObjectIx, field: FieldIx, id: Uuid) {
        let (fields, ids) = self.0.entry(object).or_default();
        fields.insert(field);
        ids.insert(id);
    }

    /// The first object by name, and everything as facts; none where nothing was noted.
    pub(crate) fn facts(&self, model: &Model) -> Option<(String, Json)> {
        let first = model.object(*self.0.keys().next()?)?.name.to_string();
        let reads: Vec<Json> = self
            .0
            .iter()
            .filter_map(|(ix, (fields, ids))| {
                let object = model.object(*ix)?;
                let fields: Vec<&str> = fields.iter().filter_map(|field| Some(object.field(*field)?.name.as_str())).collect();
                let named: Vec<String> = ids.iter().take(IDS_MAX).map(Uuid::to_string).collect();
                Some(serde_json::json!({ "object": object.name.as_str(), "fields": fields, "ids": named, "count": ids.len() }))
            })
            .collect();
        Some((first, serde_json::json!({ "reads": reads })))
    }
}
