//! Cells become values, rows become nested rows.

use tenon_query::Row;
use tenon_value::{Address, Geo, Json, Money, Uuid, Value};

use crate::lower::output::{Node, Reader};

fn cell(cells: &mut [Value], place: usize) -> Value {
    cells.get(place).cloned().unwrap_or_default()
}

fn text(cells: &[Value], place: Option<usize>) -> Option<String> {
    cells.get(place?).and_then(Value::as_text).map(str::to_owned)
}

fn point(cells: &[Value], lat: usize, lng: usize) -> Option<Geo> {
    match (cells.get(lat), cells.get(lng)) {
        (Some(Value::Float(lat)), Some(Value::Float(lng))) => Some(Geo { lat: *lat, lng: *lng }),
        _ => None,
    }
}

/// One value, put together from cells.
pub(crate) fn read(reader: &Reader, cells: &mut [Value]) -> Value {
    match reader {
        Reader::Cell(place) => cell(cells, *place),
        Reader::Own(place) => cells.get_mut(*place).map(std::mem::take).unwrap_or_default(),
        Reader::Money { amount, currency, base } => match (cell(cells, *amount).as_decimal(), text(cells, Some(*currency))) {
            (Some(amount), Some(currency)) => {
                let base = base.and_then(|base| cells.get(base)).and_then(Value::as_decimal);
                Value::Money(Money { amount, currency, base })
            }
            _ => Value::Null,
        },
        Reader::Geo { lat, lng } => point(cells, *lat, *lng).map_or(Value::Null, Value::Geo),
        Reader::Address([country, region, city, district, street, postal_code, lat, lng]) => {
            let address = Address {
                country: text(cells, *country),
                region: text(cells, *region),
                city: text(cells, *city),
                district: text(cells, *district),
                street: text(cells, *street),
                postal_code: text(cells, *postal_code),
                location: lat.zip(*lng).and_then(|(lat, lng)| point(cells, lat, lng)),
            };
            if address == Address::default() { Value::Null } else { Value::Address(Box::new(address)) }
        }
        Reader::IsSet(place) => match cells.get(*place) {
            Some(Value::Bool(true)) => Value::Bool(true),
            _ => Value::Null,
        },
        Reader::File { id, facts } => match (cells.get(*id).and_then(Value::as_id), cell(cells, *facts)) {
            (Some(id), Value::Json(Json::Object(mut facts))) => {
                facts.insert("id".to_owned(), Json::from(id.to_string()));
                Value::Json(Json::Object(facts))
            }
            _ => Value::Null,
        },
        Reader::Ref { kind, id, names } => match (cells.get(*kind).and_then(Value::as_text), cells.get(*id)) {
            (Some(kind), Some(Value::Id(id))) => {
                let name = names.iter().find(|(table, _)| table == kind).map_or(kind, |(_, name)| name);
                Value::Ref(name.to_owned(), *id)
            }
            _ => Value::Null,
        },
        Reader::Pairs(place) => match cell(cells, *place) {
            Value::Json(Json::Array(pairs)) => Value::List(pairs.iter().map(pair).collect()),
            _ => Value::List(Vec::new()),
        },
    }
}

fn pair(json: &Json) -> Value {
    let texts = json.as_array().into_iter().flatten().filter_map(Json::as_str);
    Value::List(texts.map(Value::text).collect())
}

/// A row, with the targets of its references; none where there is no record.
pub(crate) fn row(node: &Node, cells: &mut [Value]) -> Option<Row> {
    let id: Uuid = cells.get(node.id)?.as_id()?;
    Some(Row {
        id,
        values: node.slots.iter().map(|slot| read(slot, cells)).collect(),
        ones: node.ones.iter().map(|one| row(one, cells).map(Box::new)).collect(),
        manys: Vec::with_capacity(node.manys.len()),
        histories: Vec::with_capacity(node.histories.len()),
        holds: node.holds.iter().map(|place| cells.get(*place) == Some(&Value::Bool(true))).collect(),
    })
}
