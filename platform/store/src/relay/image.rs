//! Records as they were at versions: from what is stored now, and the old values that history keeps.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tenon_model::{FieldKind, Model, Object, RelationShape, system};
use tenon_query::Record;
use tenon_value::{Address, Geo, Json, Money, RecordId, TenantId, Uuid, Value};

use super::change::{Change, ChangeWord};
use crate::db::{Conn, Fault, Kind, Shape};
use crate::lower::Lower;
use crate::lower::output::Columns;
use crate::run::values::Values;
use crate::store::Weight;
use crate::tx::{image, load};
use crate::{Store, StoreError};

/// One change, with the record before and after it as far as that is known.
#[derive(Clone, Debug, Default)]
pub struct Imaged {
    /// Before; none where there was none.
    pub before: Option<Arc<Record>>,
    /// After; none where there is none.
    pub after: Option<Arc<Record>>,
    /// API names of the fields and relations that this change changed in this record.
    pub changed: Vec<String>,
}

/// The changes of a piece of the outbox, in its order.
pub type Images = Vec<Imaged>;

/// What history keeps of one version.
struct Version {
    record: Uuid,
    version: i64,
    at: Value,
    by: Value,
    old: serde_json::Map<String, Json>,
}

impl Store {
    /// Each change with the record before and after it. Changes of objects that the model does not know have neither.
    ///
    /// # Errors
    /// `StaleModel` where the tenant's tables have another shape by now; what the database says.
    pub async fn images(&self, model: &Arc<Model>, changes: &[Change]) -> Result<Images, StoreError> {
        let mut images: Images = vec![Imaged::default(); changes.len()];
        for object in &model.objects {
            let own: Vec<(usize, &Change)> = changes.iter().enumerate().filter(|(_, change)| change.is_of(object)).collect();
            if own.is_empty() {
                continue;
            }
            let known = self.known(model, object, &own).await?;
            for (place, change) in own {
                if let Some(slot) = images.get_mut(place) {
                    *slot = imaged(model, object, change, &known);
                }
            }
        }
        Ok(images)
    }

    /// Records as they were at versions; none where that is not known any more.
    ///
    /// # Errors
    /// As [`Store::images`].
    pub async fn records_at(
        &self,
        model: &Arc<Model>,
        object: &Object,
        wanted: &[(RecordId, i64)],
    ) -> Result<Vec<Option<Record>>, StoreError> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let oldest: BTreeMap<Uuid, i64> = wanted.iter().map(|(id, version)| (id.0, version + 1)).collect();
        let tenant = model.tenant;
        let mut conn = self.shared(tenant, Weight::Light).await?;
        conn.limit(None);
        conn.mark(false);
        let known = self.read_known(&mut conn, tenant, (model, object), &oldest).await?;
        conn.mark(true);
        Ok(wanted.iter().map(|(id, version)| known.at.get(&(id.0, *version)).map(|record| record.as_ref().clone())).collect())
    }

    /// The records at the versions that the changes name.
    async fn known(&self, model: &Arc<Model>, object: &Object, changes: &[(usize, &Change)]) -> Result<Known, StoreError> {
        let mut oldest: BTreeMap<Uuid, i64> = BTreeMap::new();
        for (_, change) in changes {
            let version = if change.version() == 0 { i64::MAX } else { change.version() };
            let known = oldest.entry(change.record().0).or_insert(version);
            *known = version.min(*known);
        }
        let tenant = model.tenant;
        let mut conn = self.shared(tenant, Weight::Light).await?;
        conn.limit(None);
        conn.mark(false);
        let read = self.read_known(&mut conn, tenant, (model, object), &oldest).await;
        match read {
            Err(Fault::Undefined(_)) => {
                conn.forget_statements().await?;
                self.memory(tenant).tables.forget();
                Err(StoreError::StaleModel)
            }
            Err(fault) => Err(fault.into()),
            Ok(known) => {
                conn.mark(true);
                Ok(known)
            }
        }
    }

    async fn read_known(
        &self,
        conn: &mut Conn,
        tenant: TenantId,
        (model, object): (&Arc<Model>, &Object),
        oldest: &BTreeMap<Uuid, i64>,
    ) -> Result<Known, Fault> {
        let ids: Vec<Uuid> = oldest.keys().copied().collect();
        let Some(object) = model.object(object.ix) else { return Ok(Known::default()) };
        let mut lower = Lower::new(model, self.dialect());
        let wanted = lower.wanted();
        let (from, scope) = lower.whole_table(object);
        let mut columns = Columns::default();
        let id = scope.column("id");
        columns.add(id.clone(), Shape::Id);
        let whole = load::whole(&lower, object, &scope, &mut columns)?;
        let sql = format!("select {} from {from} where {}", columns.expressions.join(", "), lower.among(&id, Kind::Id, &wanted));
        let statement = lower.finish(sql, columns.shapes);
        let there = self.memory(tenant).tables.look_at(conn, &statement).await?;
        let (params, standing) = Default::default();
        let values = Values::new(&params, &standing, tenon_value::DateTime::from_millis(0));
        let args = statement.args(values, &ids)?;
        let rows = conn.fetch(&statement.text(values, &|table| there.is_missing(table)), &args, &statement.shapes).await?;
        let now: Vec<Record> = rows.into_iter().filter_map(|mut cells| load::record(object, &whole, &mut cells)).collect();
        let first = oldest.values().copied().min().unwrap_or(i64::MAX).saturating_sub(1);
        let versions = if first >= i64::MAX - 1 { Vec::new() } else { versions(conn, (model, object), &ids, first).await? };
        Ok(Known::of(model, object, now, versions))
    }
}

/// The versions of records from one on, newest first.
async fn versions(conn: &mut Conn, (model, object): (&Model, &Object), ids: &[Uuid], first: i64) -> Result<Vec<Version>, Fault> {
    let mut lower = Lower::new(model, conn.dialect());
    let (table, wanted) = (lower.fixture("history"), lower.wanted());
    let key = lower.fixed(crate::db::Arg::text(object.table.clone()));
    let from = lower.fixed(crate::db::Arg::int(first));
    let among = lower.among("h.\"record\"", Kind::Id, &wanted);
    let sql = format!(
        "select h.\"record\", h.\"version\", h.\"at\", h.\"by_kind\", h.\"by_id\", h.\"changes\" from {table} as h \
         where h.\"object\" = {key} and {among} and h.\"version\" >= {from} order by h.\"version\" desc"
    );
    let shapes = vec![Shape::Id, Shape::Int, Shape::DateTime, Shape::Text, Shape::Id, Shape::Json];
    let statement = lower.finish(sql, shapes);
    let (params, standing) = Default::default();
    let values = Values::new(&params, &standing, tenon_value::DateTime::from_millis(0));
    let args = statement.args(values, ids)?;
    let rows = conn.fetch(&statement.sql, &args, &statement.shapes).await?;
    let version = |row: Vec<Value>| {
        let [record, version, at, kind, by, old] = <[Value; 6]>::try_from(row).ok()?;
        let by = Value::Ref(kind.as_text()?.to_owned(), by.as_id()?);
        let old = if let Value::Json(Json::Object(old)) = old { old } else { serde_json::Map::new() };
        Some(Version { record: record.as_id()?, version: version.as_int()?, at, by, old })
    };
    Ok(rows.into_iter().filter_map(version).collect())
}

/// Records at versions, and what each version changed.
#[derive(Default)]
struct Known {
    at: HashMap<(Uuid, i64), Arc<Record>>,
    newest: HashMap<Uuid, i64>,
    changed: HashMap<(Uuid, i64), Vec<String>>,
}

impl Known {
    /// Goes back from what is stored now, version by version.
    fn of(model: &Model, object: &Object, now: Vec<Record>, versions: Vec<Version>) -> Self {
        let mut known = Self::default();
        let mut states: HashMap<Uuid, Record> = HashMap::new();
        for record in now {
            known.newest.insert(record.id.0, record.version());
            known.at.insert((record.id.0, record.version()), Arc::new(record.clone()));
            states.insert(record.id.0, record);
        }
        for version in versions {
            let Some(state) = states.get_mut(&version.record) else { continue };
            // What was written after the record was read.
            if version.version > state.version() {
                continue;
            }
            state.set_field(system::VERSION, Value::Int(version.version));
            state.set_field(system::UPDATED_AT, version.at);
            state.set_relation(system::UPDATED_BY, version.by);
            known.at.insert((version.record, version.version), Arc::new(state.clone()));
            let changed = take_back(model, object, state, &version.old);
            known.changed.insert((version.record, version.version), changed);
            state.set_field(system::VERSION, Value::Int(version.version - 1));
            if version.version > 1 {
                known.at.insert((version.record, version.version - 1), Arc::new(state.clone()));
            }
        }
        known
    }
}

/// Puts old values back; API names of what they are of.
fn take_back(model: &Model, object: &Object, record: &mut Record, old: &serde_json::Map<String, Json>) -> Vec<String> {
    let mut changed = Vec::new();
    if old.is_empty() {
        return changed;
    }
    for field in &object.fields {
        let before = field.stem().and_then(|stem| old.get(stem));
        if let Some(before) = before {
            record.set_field(field.ix, value(&field.kind, before));
            changed.push(field.name.to_string());
        }
    }
    for relation in image::stored(object) {
        if let Some(before) = old.get(&relation.column) {
            record.set_relation(relation.ix, reference(model, relation.shape == RelationShape::One, before));
            changed.push(relation.name.to_string());
        }
    }
    changed
}

fn imaged(model: &Model, object: &Object, change: &Change, known: &Known) -> Imaged {
    let (id, version) = (change.record().0, change.version());
    let at = |version: i64| known.at.get(&(id, version)).cloned();
    match change.word() {
        ChangeWord::Destroyed => {
            let was = change.was().and_then(Json::as_object).map(|was| {
                let mut record = Record::empty(object, RecordId(id));
                record.set_field(system::ID, Value::Id(id));
                take_back(model, object, &mut record, was);
                Arc::new(record)
            });
            Imaged { before: was, after: None, changed: Vec::new() }
        }
        ChangeWord::Shared => {
            let now = known.newest.get(&id).and_then(|version| at(*version));
            Imaged { before: now.clone(), after: now, changed: Vec::new() }
        }
        word => {
            let changed = known.changed.get(&(id, version)).cloned();
            let created = word == ChangeWord::Created;
            let stored = |name: &&String| {
                object.field_named(name).is_none() && !image::stored(object).any(|relation| relation.name.as_str() == name.as_str())
            };
            let mut names = if created { change.changed().to_vec() } else { changed.unwrap_or_else(|| change.changed().to_vec()) };
            // Links and external ids stand in no history: what the save says of them holds for each of its records.
            let beside: Vec<String> = change.changed().iter().filter(stored).filter(|name| !names.contains(name)).cloned().collect();
            names.extend(beside);
            Imaged { before: if created { None } else { at(version - 1) }, after: at(version), changed: names }
        }
    }
}

/// A reference in wire form.
fn reference(model: &Model, plain: bool, json: &Json) -> Value {
    if let Some(id) = json.as_str().and_then(|id| id.parse().ok()) {
        return Value::Id(id);
    }
    let id: Option<Uuid> = json.get("id").and_then(Json::as_str).and_then(|id| id.parse().ok());
    match (id, json.get("object").and_then(Json::as_str)) {
        (Some(id), _) if plain => Value::Id(id),
        (Some(id), Some(kind)) => {
            // Older rows may name an object by its table.
            let named = model.objects.iter().find(|object| object.table == kind).map_or(kind, |object| object.name.as_str());
            Value::Ref(named.to_owned(), id)
        }
        _ => Value::Null,
    }
}

/// A value in wire form, as history keeps it.
fn value(kind: &FieldKind, json: &Json) -> Value {
    let text = || json.as_str();
    let read = match kind {
        FieldKind::Boolean => json.as_bool().map(Value::Bool),
        FieldKind::Integer { .. } => json.as_i64().map(Value::Int),
        FieldKind::Decimal { .. } | FieldKind::Percent { .. } => text().and_then(|text| text.parse().ok()).map(Value::Decimal),
        FieldKind::Date => text().and_then(|text| text.parse().ok()).map(Value::Date),
        FieldKind::DateTime => text().and_then(|text| text.parse().ok()).map(Value::DateTime),
        FieldKind::Duration => text().and_then(|text| text.parse().ok()).map(Value::Duration),
        FieldKind::Id | FieldKind::File | FieldKind::Image => text().and_then(|text| text.parse().ok()).map(Value::Id),
        FieldKind::Choices(_) => json.as_array().map(|codes| Value::List(codes.iter().filter_map(Json::as_str).map(Value::text).collect())),
        FieldKind::Money { .. } => money(json).map(Value::Money),
        FieldKind::Geo => geo(json).map(Value::Geo),
        FieldKind::Address => address(json).map(|address| Value::Address(Box::new(address))),
        FieldKind::Json => (!json.is_null()).then(|| Value::Json(json.clone())),
        // What was sealed is not there to be put back.
        FieldKind::Secret => None,
        // A number of the time before its field became text.
        _ if json.is_number() => Some(Value::text(json.to_string())),
        _ => text().map(Value::text),
    };
    read.unwrap_or_default()
}

fn money(json: &Json) -> Option<Money> {
    let decimal = |key: &str| json.get(key).and_then(Json::as_str).and_then(|text| text.parse().ok());
    Some(Money { amount: decimal("amount")?, currency: json.get("currency")?.as_str()?.to_owned(), base: decimal("base") })
}

fn geo(json: &Json) -> Option<Geo> {
    Some(Geo { lat: json.get("lat")?.as_f64()?, lng: json.get("lng")?.as_f64()? })
}

fn address(json: &Json) -> Option<Address> {
    let text = |key: &str| json.get(key).and_then(Json::as_str).map(str::to_owned);
    json.as_object()?;
    Some(Address {
        country: text("country"),
        region: text("region"),
        city: text("city"),
        district: text("district"),
        street: text("street"),
        postal_code: text("postal_code"),
        location: json.get("location").and_then(geo),
    })
}
