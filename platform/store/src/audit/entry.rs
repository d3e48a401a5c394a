//! An entry of the trail as it is stored: what is hashed, what can be erased, and copies to search by.

use tenon_value::{DateTime, Json, Uuid, Value};

use crate::audit::past::Key;
use crate::db::{Bulk, Kind, Scalar, Shape, Target};

/// The columns of an entry as they are read, of a table called `a`.
pub(crate) const COLUMNS: &str = "a.\"number\", a.\"batch\", a.\"kind\", a.\"at\", a.\"clock\", a.\"by_kind\", a.\"by_id\", a.\"object\", a.\"record\", a.\"payload\", a.\"detail\", a.\"salt\", a.\"salts\", a.\"digest\"";

/// What they hold.
pub(crate) const SHAPES: [Shape; 14] = [
    Shape::Int,
    Shape::Int,
    Shape::Text,
    Shape::DateTime,
    Shape::DateTime,
    Shape::Text,
    Shape::Id,
    Shape::Text,
    Shape::Id,
    Shape::Json,
    Shape::Json,
    Shape::Text,
    Shape::Json,
    Shape::Text,
];

/// One entry.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) number: i64,
    pub(crate) batch: i64,
    /// Copies of what the payload says, for those who search. Gone with the payload.
    pub(crate) found: Option<Found>,
    /// What is hashed; none once it has expired.
    pub(crate) payload: Option<Json>,
    /// The erasable part of a note.
    pub(crate) detail: Option<Json>,
    /// The salt of the payload.
    pub(crate) salt: Option<String>,
    /// The salts of the parts: rows of history, or the detail.
    pub(crate) salts: Vec<Option<String>>,
    pub(crate) digest: String,
}

/// What entries are searched by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) kind: String,
    pub(crate) at: DateTime,
    pub(crate) clock: DateTime,
    pub(crate) by_kind: String,
    pub(crate) by_id: Uuid,
    pub(crate) object: Option<String>,
    /// The record, where it is one.
    pub(crate) record: Option<Uuid>,
}

fn text(json: &Json, key: &str) -> Option<String> {
    json.get(key).and_then(Json::as_str).map(str::to_owned)
}

fn moment(json: &Json, key: &str) -> Option<DateTime> {
    json.get(key).and_then(Json::as_str).and_then(|text| text.parse().ok())
}

fn id(json: Option<&Json>) -> Option<Uuid> {
    json.and_then(Json::as_str).and_then(|text| text.parse().ok())
}

impl Found {
    /// What a payload is found by.
    pub(crate) fn of(payload: &Json) -> Option<Self> {
        let by = payload.get("by")?;
        let records = records(payload);
        let one = if let [(record, _)] = records.as_slice() { Some(*record) } else { id(payload.get("record")) };
        Some(Self {
            kind: text(payload, "kind")?,
            at: moment(payload, "at")?,
            clock: moment(payload, "clock")?,
            by_kind: text(by, "kind")?,
            by_id: id(by.get("id"))?,
            object: text(payload, "object"),
            record: one,
        })
    }
}

/// Records of a save with the version each got.
pub(crate) fn records(payload: &Json) -> Vec<(Uuid, i64)> {
    let listed = payload.get("records").and_then(Json::as_array).into_iter().flatten();
    listed.filter_map(|pair| Some((id(pair.get(0))?, pair.get(1)?.as_i64()?))).collect()
}

impl Entry {
    /// Rows of history that are parts of it, in the order of its salts.
    pub(crate) fn keys(&self) -> Vec<Key> {
        let Some(payload) = self.payload.as_ref().filter(|_| !self.is_detailed()) else { return Vec::new() };
        let Some(table) = text(payload, "table") else { return Vec::new() };
        records(payload).into_iter().map(|(record, version)| Key { table: table.clone(), record, version }).collect()
    }

    /// Its one part is, or was, a detail of its own.
    pub(crate) fn is_detailed(&self) -> bool {
        self.payload.as_ref().and_then(|payload| payload.get("detailed")).and_then(Json::as_bool).unwrap_or_default()
    }

    /// The digests of its parts, in the order of its salts.
    pub(crate) fn parts(&self) -> Vec<Option<&str>> {
        let listed = self.payload.as_ref().and_then(|payload| payload.get("parts")).and_then(Json::as_array);
        listed.into_iter().flatten().map(Json::as_str).collect()
    }

    /// From a row of [`COLUMNS`].
    pub(crate) fn read(row: Vec<Value>) -> Option<Self> {
        let [number, batch, kind, at, clock, by_kind, by_id, object, record, payload, detail, salt, salts, digest] =
            <[Value; 14]>::try_from(row).ok()?;
        let text = |value: Value| if let Value::Text(text) = value { Some(text) } else { None };
        let json = |value: Value| if let Value::Json(json) = value { Some(json) } else { None };
        let moment = |value: &Value| if let Value::DateTime(at) = value { Some(*at) } else { None };
        let found = match (text(kind), moment(&at), moment(&clock), text(by_kind), by_id.as_id()) {
            (Some(kind), Some(at), Some(clock), Some(by_kind), Some(by_id)) => {
                Some(Found { kind, at, clock, by_kind, by_id, object: text(object), record: record.as_id() })
            }
            _ => None,
        };
        let salts = json(salts).and_then(|salts| salts.as_array().cloned()).unwrap_or_default();
        Some(Self {
            number: number.as_int()?,
            batch: batch.as_int()?,
            found,
            payload: json(payload),
            detail: json(detail),
            salt: text(salt),
            salts: salts.iter().map(|salt| salt.as_str().map(str::to_owned)).collect(),
            digest: text(digest)?,
        })
    }

    fn cells(&self) -> Vec<Scalar> {
        let text = |text: Option<String>| text.map_or(Scalar::Null, Scalar::Text);
        let found = self.found.as_ref();
        vec![
            Scalar::Int(self.number),
            Scalar::Int(self.batch),
            text(found.map(|found| found.kind.clone())),
            found.map_or(Scalar::Null, |found| Scalar::DateTime(found.at.millis())),
            found.map_or(Scalar::Null, |found| Scalar::DateTime(found.clock.millis())),
            text(found.map(|found| found.by_kind.clone())),
            found.map_or(Scalar::Null, |found| Scalar::Id(found.by_id)),
            text(found.and_then(|found| found.object.clone())),
            found.and_then(|found| found.record).map_or(Scalar::Null, Scalar::Id),
            text(self.payload.as_ref().map(Json::to_string)),
            text(self.detail.as_ref().map(Json::to_string)),
            text(self.salt.clone()),
            Scalar::Text(salts_json(&self.salts)),
            Scalar::Text(self.digest.clone()),
        ]
    }
}

/// Salts as stored.
pub(crate) fn salts_json(salts: &[Option<String>]) -> String {
    salts.iter().map(|salt| salt.as_deref().map_or(Json::Null, Json::from)).collect::<Json>().to_string()
}

/// Entries as rows.
pub(crate) fn bulk(table: String, entries: &[Entry]) -> Bulk {
    let columns = [
        ("number", Kind::Int),
        ("batch", Kind::Int),
        ("kind", Kind::Text),
        ("at", Kind::DateTime),
        ("clock", Kind::DateTime),
        ("by_kind", Kind::Text),
        ("by_id", Kind::Id),
        ("object", Kind::Text),
        ("record", Kind::Id),
        ("payload", Kind::Text),
        ("detail", Kind::Text),
        ("salt", Kind::Text),
        ("salts", Kind::Text),
        ("digest", Kind::Text),
    ];
    let columns = columns.iter().map(|(name, kind)| Target::new(name, *kind)).collect();
    Bulk { table, columns, rows: entries.iter().map(Entry::cells).collect() }
}
