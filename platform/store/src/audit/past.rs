//! Rows of history as parts of entries: found by their keys, in the one form that is hashed.

use std::collections::{BTreeMap, HashMap};

use tenon_value::{Json, Uuid, Value};

use crate::Dialect;
use crate::db::{Arg, Conn, Fault, Kind, Scalar, Shape};

/// Names a row of history.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) table: String,
    pub(crate) record: Uuid,
    pub(crate) version: i64,
}

const COLUMNS: &str =
    "h.\"record\", h.\"version\", h.\"at\", h.\"clock\", h.\"by_kind\", h.\"by_id\", h.\"via\", h.\"request\", h.\"reason\", h.\"changes\"";
const SHAPES: [Shape; 10] =
    [Shape::Id, Shape::Int, Shape::DateTime, Shape::DateTime, Shape::Text, Shape::Id, Shape::Text, Shape::Text, Shape::Text, Shape::Json];

/// The rows of these keys, each as it is hashed.
pub(crate) async fn rows(conn: &mut Conn, schema: &str, keys: impl IntoIterator<Item = Key>) -> Result<HashMap<Key, Json>, Fault> {
    let mut tables: BTreeMap<String, Vec<(Uuid, i64)>> = BTreeMap::new();
    for Key { table, record, version } in keys {
        tables.entry(table).or_default().push((record, version));
    }
    let mut found = HashMap::new();
    for (table, keys) in tables {
        let (sql, args) = statement(conn.dialect(), schema, &table, keys);
        for row in conn.fetch(&sql, &args, &SHAPES).await? {
            if let Some((key, part)) = read(&table, row) {
                found.insert(key, part);
            }
        }
    }
    Ok(found)
}

fn statement(dialect: Dialect, schema: &str, table: &str, keys: Vec<(Uuid, i64)>) -> (String, Vec<Arg>) {
    let history = format!("\"{schema}\".\"history\"");
    if dialect == Dialect::Postgres {
        let sql = format!(
            "select {COLUMNS} from unnest($2::uuid[], $3::bigint[]) as k(r, v) join {history} as h \
             on h.\"object\" = $1 and h.\"record\" = k.r and h.\"version\" = k.v"
        );
        let (records, versions) = keys.into_iter().map(|(record, version)| (Scalar::Id(record), Scalar::Int(version))).unzip();
        return (sql, vec![Arg::text(table), Arg::Many(Kind::Id, records), Arg::Many(Kind::Int, versions)]);
    }
    // `cross join` keeps the order of the tables: the history is looked into by its key.
    let sql = format!(
        "select {COLUMNS} from json_each(?2) as k cross join {history} as h \
         on h.\"object\" = ?1 and h.\"record\" = unhex(k.value ->> 0) and h.\"version\" = (k.value ->> 1)"
    );
    let pairs: Json = keys.into_iter().map(|(record, version)| serde_json::json!([record.simple().to_string(), version])).collect();
    (sql, vec![Arg::text(table), Arg::text(pairs.to_string())])
}

fn read(table: &str, row: Vec<Value>) -> Option<(Key, Json)> {
    let [record, version, at, clock, by_kind, by_id, via, request, reason, changes] = <[Value; 10]>::try_from(row).ok()?;
    let (record, version) = (record.as_id()?, version.as_int()?);
    let text = |value: &Value| value.as_text().map_or(Json::Null, Json::from);
    let moment = |value: &Value| if let Value::DateTime(at) = value { Json::from(at.millis()) } else { Json::Null };
    let part = serde_json::json!({
        "object": table,
        "record": record.to_string(),
        "version": version,
        "at": moment(&at),
        "clock": moment(&clock),
        "by": [text(&by_kind), by_id.as_id().map(|id| id.to_string())],
        "via": text(&via),
        "request": text(&request),
        "reason": text(&reason),
        "changes": if let Value::Json(changes) = changes { changes } else { Json::Null },
    });
    Some((Key { table: table.to_owned(), record, version }, part))
}
