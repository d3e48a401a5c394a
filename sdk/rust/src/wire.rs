//! From the contract's types to the SDK's and back.

use std::rc::Rc;

use crate::bindings::tenon::plugin::types as wit;
use crate::{Address, Change, Date, DateTime, Decimal, Error, Event, Geo, Money, Operation, Record, Reference, Refusal, Value};
#[cfg(any(target_arch = "wasm32", test))]
use crate::{Problem, Saved};

pub(crate) fn change(object: &Rc<str>, operation: wit::Operation, change: wit::Change) -> Change {
    Change {
        object: Rc::clone(object),
        operation: self::operation(operation),
        id: change.id,
        old: change.old.map(fields),
        new: fields(change.new),
        changed: change.changed,
        patches: Vec::new(),
        refusals: Vec::new(),
    }
}

const fn operation(operation: wit::Operation) -> Operation {
    match operation {
        wit::Operation::Create => Operation::Create,
        wit::Operation::Update => Operation::Update,
        wit::Operation::Delete => Operation::Delete,
        wit::Operation::Restore => Operation::Restore,
    }
}

pub(crate) fn event(event: crate::guest::WitEvent) -> Event {
    Event {
        object: event.object,
        operation: operation(event.operation),
        records: event.records.into_iter().map(|record| (record.id, record.version)).collect(),
        changed: event.changed,
        at: DateTime::from_millis(event.at),
    }
}

/// What a computed field is made of: a record of which nothing else is known.
pub(crate) fn row(row: crate::guest::WitRow) -> Record {
    Record { id: row.id, version: 0, fields: fields(row.fields) }
}

pub(crate) fn verdict(change: Change) -> wit::Verdict {
    if !change.refusals.is_empty() {
        return wit::Verdict::Refuse(change.refusals.into_iter().map(refusal).collect());
    }
    if change.patches.is_empty() {
        return wit::Verdict::Keep;
    }
    let field = |(name, value)| wit::FieldValue { name, value: outgoing(value) };
    wit::Verdict::Patch(change.patches.into_iter().map(field).collect())
}

pub(crate) fn error(error: Error) -> wit::Error {
    match error {
        Error::Refused(words) => wit::Error::Refused(refusal(words)),
        Error::Failed(words) => wit::Error::Failed(words),
    }
}

#[cfg(target_arch = "wasm32")]
pub(crate) fn request(request: crate::http::Request) -> crate::bindings::tenon::plugin::http::Request {
    use crate::bindings::tenon::plugin::http;
    let piece = |piece| match piece {
        crate::http::Piece::Text(text) => http::Piece::Text(text),
        crate::http::Piece::Bytes(bytes) => http::Piece::Bytes(bytes),
        crate::http::Piece::Secret(name) => http::Piece::Secret(name),
    };
    let field = |(name, value): (String, Vec<crate::http::Piece>)| http::Field { name, value: value.into_iter().map(piece).collect() };
    let crate::http::Request { grant, method, path, query, headers, body } = request;
    http::Request {
        grant,
        method,
        path,
        query: query.into_iter().map(field).collect(),
        headers: headers.into_iter().map(field).collect(),
        body: body.into_iter().map(piece).collect(),
    }
}

#[cfg(any(target_arch = "wasm32", test))]
pub(crate) fn stored(stored: wit::Stored) -> Record {
    Record { id: stored.id, version: stored.version, fields: fields(stored.fields) }
}

#[cfg(any(target_arch = "wasm32", test))]
pub(crate) fn saved(saved: wit::Saved) -> Saved {
    Saved { id: saved.id, version: saved.version, created: saved.created }
}

#[cfg(any(target_arch = "wasm32", test))]
pub(crate) fn problem(problem: wit::Problem) -> Problem {
    let wit::Problem { code, rule, message, field } = problem;
    Problem { code, rule, message, field }
}

#[cfg(any(target_arch = "wasm32", test))]
pub(crate) fn values(values: &[(&str, Value)]) -> Vec<wit::FieldValue> {
    values.iter().map(|(name, value)| wit::FieldValue { name: (*name).to_owned(), value: outgoing(value.clone()) }).collect()
}

fn refusal(refusal: Refusal) -> wit::Refusal {
    let Refusal { rule, message, field } = refusal;
    wit::Refusal { rule, message, field }
}

fn fields(fields: Vec<wit::FieldValue>) -> Vec<(String, Value)> {
    fields.into_iter().map(|field| (field.name, incoming(field.value))).collect()
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("the host writes decimals as the contract says")
}

fn incoming(value: wit::Value) -> Value {
    match value {
        wit::Value::Null => Value::Null,
        wit::Value::Boolean(value) => Value::Boolean(value),
        wit::Value::Integer(value) => Value::Integer(value),
        wit::Value::Decimal(text) => Value::Decimal(decimal(&text)),
        wit::Value::Text(text) => Value::Text(text),
        wit::Value::Date(days) => Value::Date(Date::from_days(days)),
        wit::Value::Datetime(millis) => Value::DateTime(DateTime::from_millis(millis)),
        wit::Value::Duration(millis) => Value::Duration(millis),
        wit::Value::Choices(codes) => Value::Choices(codes),
        wit::Value::Money(money) => Value::Money(Money { amount: decimal(&money.amount), currency: money.currency }),
        wit::Value::Geo(geo) => Value::Geo(Geo { lat: geo.lat, lng: geo.lng }),
        wit::Value::Address(address) => Value::Address(Box::new(Address {
            country: address.country,
            region: address.region,
            city: address.city,
            district: address.district,
            street: address.street,
            postal_code: address.postal_code,
            location: address.location.map(|geo| Geo { lat: geo.lat, lng: geo.lng }),
        })),
        wit::Value::Json(text) => Value::Json(text),
        wit::Value::Reference(to) => Value::Reference(Reference { object: to.object, id: to.id }),
    }
}

pub(crate) fn outgoing(value: Value) -> wit::Value {
    match value {
        Value::Null => wit::Value::Null,
        Value::Boolean(value) => wit::Value::Boolean(value),
        Value::Integer(value) => wit::Value::Integer(value),
        Value::Decimal(number) => wit::Value::Decimal(number.to_string()),
        Value::Text(text) => wit::Value::Text(text),
        Value::Date(date) => wit::Value::Date(date.days()),
        Value::DateTime(moment) => wit::Value::Datetime(moment.millis()),
        Value::Duration(millis) => wit::Value::Duration(millis),
        Value::Choices(codes) => wit::Value::Choices(codes),
        Value::Money(money) => wit::Value::Money(wit::Money { amount: money.amount.to_string(), currency: money.currency }),
        Value::Geo(geo) => wit::Value::Geo(wit::Geo { lat: geo.lat, lng: geo.lng }),
        Value::Address(address) => wit::Value::Address(wit::Address {
            country: address.country,
            region: address.region,
            city: address.city,
            district: address.district,
            street: address.street,
            postal_code: address.postal_code,
            location: address.location.map(|geo| wit::Geo { lat: geo.lat, lng: geo.lng }),
        }),
        Value::Json(text) => wit::Value::Json(text),
        Value::Reference(to) => wit::Value::Reference(wit::Reference { object: to.object, id: to.id }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_as_it_went() {
        let point = Geo { lat: 31.23, lng: 121.47 };
        let values = [
            Value::Null,
            true.into(),
            7.into(),
            Value::Decimal(decimal("-0.50")),
            "上海".into(),
            Date::from_days(20_512).into(),
            DateTime::from_millis(-1).into(),
            Value::Duration(90_000),
            vec!["solar".to_owned()].into(),
            Money::new(decimal("12.50"), "CNY").into(),
            point.into(),
            Address { city: Some("Bonn".to_owned()), location: Some(point), ..Address::default() }.into(),
            Value::Json("{\"a\":1}".to_owned()),
            Reference::new("account", "7").into(),
        ];
        for value in values {
            assert_eq!(incoming(outgoing(value.clone())), value);
        }
    }

    #[test]
    fn what_the_host_tells_is_read() {
        let fields = values(&[("city", "Bonn".into())]);
        let record = stored(wit::Stored { id: "7".to_owned(), version: 2, fields });
        assert_eq!((record.text("city"), record.version), (Some("Bonn"), 2));
        let told = wit::Problem { code: "REFUSED".to_owned(), rule: None, message: "no".to_owned(), field: None };
        assert_eq!(crate::Error::from(problem(told)), crate::Error::Refused(Refusal::new("no")));
        assert!(saved(wit::Saved { id: "7".to_owned(), version: 1, created: true }).created);
    }

    #[test]
    fn refusals_come_before_patches() {
        let mut change = crate::testing::create("lead").build();
        change.set("city", "Bonn");
        assert!(matches!(verdict(change.clone()), wit::Verdict::Patch(fields) if fields.len() == 1));
        change.refuse(Refusal::new("no"));
        assert!(matches!(verdict(change), wit::Verdict::Refuse(refusals) if refusals.len() == 1));
    }
}
