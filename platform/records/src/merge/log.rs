//! What a merge moved, written down as JSON so that it can be moved back.

use std::collections::BTreeMap;

use serde_json::json;
use tenon_model::Object;
use tenon_query::Record;
use tenon_value::{Address, DateTime, Duration, ElementId, Geo, Json, Money, RecordId, Uuid, Value};

/// A record that referred to one of the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MovedRecord {
    pub(crate) object: ElementId,
    pub(crate) relation: ElementId,
    pub(crate) record: RecordId,
    /// To which it referred.
    pub(crate) from: RecordId,
}

/// A link the survivor got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MovedLink {
    /// By its table, which is nobody else's ever.
    pub(crate) link: String,
    pub(crate) source: RecordId,
    pub(crate) target: RecordId,
}

/// What a merge did.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Log {
    pub(crate) others: Vec<RecordId>,
    pub(crate) records: Vec<MovedRecord>,
    pub(crate) links: Vec<MovedLink>,
    /// External ids: whose, system, id.
    pub(crate) names: Vec<(RecordId, String, String)>,
    /// Shares: whose, with whom.
    pub(crate) shares: Vec<(RecordId, Uuid)>,
    /// What the survivor had: fields and relations by the ids of their elements.
    pub(crate) fields: Vec<(ElementId, Value)>,
    pub(crate) relations: Vec<(ElementId, Value)>,
    /// The versions that the merge made.
    pub(crate) versions: BTreeMap<RecordId, i64>,
}

impl Log {
    /// How much was moved.
    pub(crate) const fn moved(&self) -> usize {
        self.records.len() + self.links.len() + self.names.len() + self.shares.len()
    }

    /// Keeps what the survivor had.
    pub(crate) fn keep_old(&mut self, object: &Object, old: &Record, new: &Record) {
        let fields = object.fields.iter().filter(|field| !field.system && old.field(field.ix) != new.field(field.ix));
        self.fields = fields.map(|field| (field.id, old.field(field.ix).clone())).collect();
        let relations =
            object.relations.iter().filter(|relation| !relation.read_only && old.relation(relation.ix) != new.relation(relation.ix));
        self.relations = relations.map(|relation| (relation.id, old.relation(relation.ix).clone())).collect();
    }

    /// Takes out what tells of a person who is erased: values of these fields where he is the survivor, keys elsewhere.
    pub(crate) fn forget(&mut self, survivor: RecordId, (person, fields): (&[RecordId], &[ElementId])) {
        let survived = person.contains(&survivor);
        if survived {
            self.fields.retain(|(field, _)| !fields.contains(field));
        }
        self.names.retain(|(whose, ..)| !survived && !person.contains(whose));
    }

    /// What is left of it once it has been taken back: whose merge it was.
    pub(crate) fn undone(&self) -> Self {
        Self { others: self.others.clone(), ..Self::default() }
    }

    pub(crate) fn to_json(&self) -> Json {
        json!({
            "others": self.others.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "records": self.records.iter().map(|moved| json!([moved.object.to_string(), moved.relation.to_string(), moved.record.to_string(), moved.from.to_string()])).collect::<Vec<_>>(),
            "links": self.links.iter().map(|moved| json!([moved.link, moved.source.to_string(), moved.target.to_string()])).collect::<Vec<_>>(),
            "names": self.names.iter().map(|(id, system, key)| json!([id.to_string(), system, key])).collect::<Vec<_>>(),
            "shares": self.shares.iter().map(|(id, with)| json!([id.to_string(), with.to_string()])).collect::<Vec<_>>(),
            "fields": self.fields.iter().map(|(id, value)| json!([id.to_string(), kept(value)])).collect::<Vec<_>>(),
            "relations": self.relations.iter().map(|(id, value)| json!([id.to_string(), kept(value)])).collect::<Vec<_>>(),
            "versions": self.versions.iter().map(|(id, version)| json!([id.to_string(), version])).collect::<Vec<_>>(),
        })
    }

    pub(crate) fn of_json(json: &Json) -> Option<Self> {
        let rows = |name: &str| json.get(name).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        let text = |row: &Json, at: usize| row.get(at).and_then(Json::as_str).map(str::to_owned);
        let record = |row: &Json, at: usize| Some(RecordId(text(row, at)?.parse().ok()?));
        let element = |row: &Json, at: usize| Some(ElementId(text(row, at)?.parse().ok()?));
        let values = |name: &str| rows(name).iter().map(|row| Some((element(row, 0)?, read(row.get(1)?)?))).collect::<Option<Vec<_>>>();
        let moved = |row: &Json| {
            Some(MovedRecord { object: element(row, 0)?, relation: element(row, 1)?, record: record(row, 2)?, from: record(row, 3)? })
        };
        let link = |row: &Json| Some(MovedLink { link: text(row, 0)?, source: record(row, 1)?, target: record(row, 2)? });
        Some(Self {
            others: rows("others").iter().map(|id| Some(RecordId(id.as_str()?.parse().ok()?))).collect::<Option<_>>()?,
            records: rows("records").iter().map(moved).collect::<Option<_>>()?,
            links: rows("links").iter().map(link).collect::<Option<_>>()?,
            names: rows("names").iter().map(|row| Some((record(row, 0)?, text(row, 1)?, text(row, 2)?))).collect::<Option<_>>()?,
            shares: rows("shares").iter().map(|row| Some((record(row, 0)?, text(row, 1)?.parse().ok()?))).collect::<Option<_>>()?,
            fields: values("fields")?,
            relations: values("relations")?,
            versions: rows("versions").iter().map(|row| Some((record(row, 0)?, row.get(1)?.as_i64()?))).collect::<Option<_>>()?,
        })
    }
}

/// A value with the word for what it is.
fn kept(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(yes) => json!(["bool", yes]),
        Value::Int(number) => json!(["int", number]),
        Value::Float(number) => json!(["float", number]),
        Value::Decimal(number) => json!(["decimal", number.to_string()]),
        Value::Text(text) => json!(["text", text]),
        Value::Date(date) => json!(["date", date.days()]),
        Value::DateTime(at) => json!(["moment", at.millis()]),
        Value::Duration(length) => json!(["duration", length.millis()]),
        Value::Id(id) => json!(["id", id.to_string()]),
        Value::Ref(kind, id) => json!(["ref", kind, id.to_string()]),
        Value::Money(money) => json!(["money", money.amount.to_string(), money.currency, money.base.map(|base| base.to_string())]),
        Value::Geo(geo) => json!(["geo", geo.lat, geo.lng]),
        Value::Address(address) => json!([
            "address",
            address.country,
            address.region,
            address.city,
            address.district,
            address.street,
            address.postal_code,
            address.location.map(|geo| json!([geo.lat, geo.lng]))
        ]),
        Value::Json(json) => json!(["json", json]),
        Value::List(elements) => json!(["list", elements.iter().map(kept).collect::<Vec<_>>()]),
    }
}

fn read(json: &Json) -> Option<Value> {
    if json.is_null() {
        return Some(Value::Null);
    }
    let at = |place: usize| json.get(place);
    let text = |place: usize| at(place).and_then(Json::as_str);
    let maybe = |place: usize| text(place).map(str::to_owned);
    let whole = |place: usize| at(place).and_then(Json::as_i64);
    Some(match text(0)? {
        "bool" => Value::Bool(at(1)?.as_bool()?),
        "int" => Value::Int(whole(1)?),
        "float" => Value::Float(at(1)?.as_f64()?),
        "decimal" => Value::Decimal(text(1)?.parse().ok()?),
        "text" => Value::Text(maybe(1)?),
        "date" => Value::Date(tenon_value::Date::from_days(i32::try_from(whole(1)?).ok()?)),
        "moment" => Value::DateTime(DateTime::from_millis(whole(1)?)),
        "duration" => Value::Duration(Duration::from_millis(whole(1)?)),
        "id" => Value::Id(text(1)?.parse().ok()?),
        "ref" => Value::Ref(maybe(1)?, text(2)?.parse().ok()?),
        "money" => {
            let base = text(3).map(str::parse).transpose().ok()?;
            Value::Money(Money { amount: text(1)?.parse().ok()?, currency: maybe(2)?, base })
        }
        "geo" => Value::Geo(Geo { lat: at(1)?.as_f64()?, lng: at(2)?.as_f64()? }),
        "address" => Value::Address(Box::new(Address {
            country: maybe(1),
            region: maybe(2),
            city: maybe(3),
            district: maybe(4),
            street: maybe(5),
            postal_code: maybe(6),
            location: at(7).and_then(|geo| Some(Geo { lat: geo.get(0)?.as_f64()?, lng: geo.get(1)?.as_f64()? })),
        })),
        "json" => Value::Json(at(1)?.clone()),
        "list" => Value::List(at(1)?.as_array()?.iter().map(read).collect::<Option<_>>()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_is_read_as_it_was() {
        let values = [
            Value::Null,
            Value::Bool(true),
            Value::Int(-7),
            Value::Decimal("12.30".parse().unwrap()),
            Value::text("null"),
            Value::Date("2026-11-22".parse().unwrap()),
            Value::DateTime(DateTime::from_millis(1_795_000_000_123)),
            Value::Id(Uuid::from_u128(7)),
            Value::Ref("account".to_owned(), Uuid::from_u128(8)),
            Value::Money(Money { amount: "0.10".parse().unwrap(), currency: "CNY".to_owned(), base: None }),
            Value::Geo(Geo { lat: 31.2, lng: -121.5 }),
            Value::Json(json!({ "a": [1, null] })),
            Value::List(vec![Value::text("a"), Value::text("b")]),
        ];
        for value in values {
            assert_eq!(read(&kept(&value)), Some(value));
        }
        let mut log = Log { others: vec![RecordId(Uuid::from_u128(1))], ..Log::default() };
        log.names.push((RecordId(Uuid::from_u128(1)), "erp".to_owned(), "A-1".to_owned()));
        log.versions.insert(RecordId(Uuid::from_u128(1)), 3);
        assert_eq!(Log::of_json(&log.to_json()), Some(log));
    }

    #[test]
    fn what_tells_of_who_is_erased_goes_and_the_rest_stays() {
        let [survivor, other, stranger] = [1, 2, 3].map(|number| RecordId(Uuid::from_u128(number)));
        let [name, size] = [4, 5].map(|number| ElementId(Uuid::from_u128(number)));
        let log = Log {
            others: vec![other, stranger],
            names: vec![(other, "erp".to_owned(), "A".to_owned()), (stranger, "erp".to_owned(), "B".to_owned())],
            fields: vec![(name, Value::text("Li")), (size, Value::Int(3))],
            ..Log::default()
        };
        let mut whole = log.clone();
        whole.forget(survivor, (&[survivor, other], &[name]));
        assert_eq!((whole.fields, whole.names), (vec![(size, Value::Int(3))], Vec::new()));
        let mut part = log.clone();
        part.forget(survivor, (&[other], &[name]));
        assert_eq!((part.fields, part.names.len()), (log.fields, 1), "of the survivor nothing goes");
    }
}
