//! Groups: their keys, and what is computed of them.

use std::collections::HashMap;

use tenon_model::{Field, FieldKind, Object};
use tenon_query::{BucketUnit, GroupRow, Row};
use tenon_value::{DateTime, Json, Uuid, Value};

use super::{Out, RecordShape, Scene, Sub, drill, leaf};
use crate::calendar::Calendar;

/// The largest whole number JSON readers hold exactly.
const LONG_MAX: i128 = (1 << 53) - 1;
const HOUR_MILLIS: i64 = 3_600_000;

/// What a group key is, at the end of its way.
pub(crate) enum KeyTerm<'a> {
    Field(&'a Field),
    Currency(&'a Field),
    Element(&'a Field),
    Bucket(&'a Field, BucketUnit, Calendar),
    /// The record at the end of the way, which is a relation unless the way is empty.
    Record(&'a Object),
}

/// A group key: the names that lead to it, and what it is.
pub(crate) struct SpecOf<'a> {
    pub(crate) path: Vec<String>,
    pub(crate) term: KeyTerm<'a>,
}

/// The selection on groups.
pub(crate) struct GroupShape<'a> {
    pub(crate) object: &'a Object,
    pub(crate) parts: Vec<(&'a str, GroupPart<'a>)>,
    pub(crate) specs: Vec<SpecOf<'a>>,
    /// The filter of the whole, for `drillDown`.
    pub(crate) filter: Option<Json>,
    /// Records of keys: place of the key, the read by ids, and its shape.
    pub(crate) records: Vec<(usize, crate::lower::Planned, RecordShape<'a>)>,
}

/// One response key of a group.
pub(crate) enum GroupPart<'a> {
    TypeName,
    Key(String, Vec<(&'a str, KeyPart<'a>)>),
    DrillDown,
    Count(usize),
    /// The type's name, and the parts.
    Measures(String, Vec<(&'a str, MeasurePart<'a>)>),
}

/// One response key of a group's key; keys by their place, none where it is not grouped by that.
pub(crate) enum KeyPart<'a> {
    TypeName,
    Value(Option<usize>, Vec<Sub<'a>>),
    /// By the place in `GroupShape::records`.
    Record(Option<usize>),
    Below(String, Vec<(&'a str, KeyPart<'a>)>),
}

/// One computed value; measures by their place.
pub(crate) enum MeasurePart<'a> {
    TypeName,
    Count(usize),
    /// As the field writes itself.
    Leaf(usize, &'a Field),
    /// A sum of whole numbers.
    Long(usize),
    /// A mean: as many places as it has.
    Decimal(usize),
    /// Amount, its currency's key (else the base currency), the same in the base currency, and places (none: as many as it has).
    Money {
        measure: usize,
        currency: Option<usize>,
        base: usize,
        scale: Option<u8>,
        subs: Vec<Sub<'a>>,
    },
}

/// The records of keys, by place in `GroupShape::records`.
pub(crate) type KeyRecords = Vec<HashMap<Uuid, Row>>;

impl KeyPart<'_> {
    fn is_grouped(&self) -> bool {
        match self {
            Self::TypeName => false,
            Self::Value(at, _) | Self::Record(at) => at.is_some(),
            Self::Below(_, parts) => parts.iter().any(|(_, part)| part.is_grouped()),
        }
    }
}

impl Out {
    /// A list of groups.
    pub(crate) fn groups(&mut self, shape: &GroupShape<'_>, groups: &[GroupRow], records: &KeyRecords, scene: &Scene<'_>) {
        self.list(groups, |out, group| {
            let measure = |at: usize| group.measures.get(at).unwrap_or(&Value::Null);
            out.object(
                &shape.parts,
                |(key, _)| key,
                |out, (_, part)| match part {
                    GroupPart::TypeName => out.plain(format_args!("{}Aggregate", shape.object.graphql.type_name)),
                    GroupPart::Key(type_name, parts) => out.key_parts(shape, (type_name, parts), (group, records), scene),
                    GroupPart::DrillDown => out.json(&drill::down(shape, group)),
                    GroupPart::Count(at) => out.number(measure(*at).as_int().unwrap_or_default()),
                    GroupPart::Measures(type_name, parts) => out.object(
                        parts,
                        |(key, _)| key,
                        |out, (_, part)| match part {
                            MeasurePart::TypeName => out.plain(type_name),
                            part => out.measure(part, group, scene),
                        },
                    ),
                },
            );
        });
    }

    fn measure(&mut self, part: &MeasurePart<'_>, group: &GroupRow, scene: &Scene<'_>) {
        let value = |at: usize| group.measures.get(at).unwrap_or(&Value::Null);
        match part {
            MeasurePart::TypeName => {}
            MeasurePart::Count(at) => self.number(value(*at).as_int().unwrap_or_default()),
            MeasurePart::Leaf(at, field) => self.leaf(&field.kind, value(*at)),
            MeasurePart::Decimal(at) => self.value(value(*at)),
            MeasurePart::Long(at) => match value(*at).as_decimal().and_then(|number| number.rescale(0).ok()) {
                Some(number) => {
                    self.overflow |= number.units().abs() > LONG_MAX;
                    self.number(number);
                }
                None => self.null(),
            },
            MeasurePart::Money { measure, currency, base, scale, subs } => {
                let Some(amount) = value(*measure).as_decimal() else { return self.null() };
                let currency = currency.and_then(|at| group.keys.get(at)).and_then(Value::as_text).unwrap_or(scene.base_currency);
                let base = value(*base).as_decimal();
                let places = scale.unwrap_or_else(|| amount.scale());
                self.money(amount, currency, base, (places, subs));
            }
        }
    }

    fn key_parts(
        &mut self,
        shape: &GroupShape<'_>,
        (type_name, parts): (&str, &[(&str, KeyPart<'_>)]),
        (group, records): (&GroupRow, &KeyRecords),
        scene: &Scene<'_>,
    ) {
        self.object(
            parts,
            |(key, _)| key,
            |out, (_, part)| match part {
                KeyPart::TypeName => out.plain(type_name),
                KeyPart::Value(at, subs) => {
                    let found = at.and_then(|at| Some((shape.specs.get(at)?, group.keys.get(at)?)));
                    match found {
                        Some((spec, value)) => out.key_value(&spec.term, value, subs),
                        None => out.null(),
                    }
                }
                KeyPart::Record(at) => {
                    let found = at.and_then(|at| Some((shape.records.get(at)?, records.get(at)?)));
                    let row = found.and_then(|((key, _, _), rows)| rows.get(&group.keys.get(*key)?.as_id()?));
                    match found {
                        Some(((_, _, record), _)) => out.record(record, row, scene),
                        None => out.null(),
                    }
                }
                KeyPart::Below(type_name, below) => {
                    if part.is_grouped() {
                        out.key_parts(shape, (type_name, below), (group, records), scene);
                    } else {
                        out.null();
                    }
                }
            },
        );
    }

    fn key_value(&mut self, term: &KeyTerm<'_>, value: &Value, subs: &[Sub<'_>]) {
        match (term, value) {
            (_, Value::Null) => self.null(),
            (KeyTerm::Currency(_), value) => self.subs(subs, "MoneyGroupKey", |out, _| out.value(value)),
            (KeyTerm::Bucket(_, unit, calendar), value) => self.bucket(*unit, calendar, value, subs),
            (KeyTerm::Element(field), value) => self.leaf(&FieldKind::Choice(field.kind.options().to_vec()), value),
            (KeyTerm::Field(field), value) => self.leaf(&field.kind, value),
            (KeyTerm::Record(_), value) => self.value(value),
        }
    }

    fn bucket(&mut self, unit: BucketUnit, calendar: &Calendar, value: &Value, subs: &[Sub<'_>]) {
        let (start, end, start_at, end_at, label) = match value {
            Value::DateTime(at) => {
                let day = at.date_in(&calendar.zone);
                let last = DateTime::from_millis(at.millis() + HOUR_MILLIS - 1);
                let hour = (at.millis() - calendar.moment(day).millis()).div_euclid(HOUR_MILLIS);
                (day, day, *at, last, format!("{day}T{hour:02}"))
            }
            Value::Date(day) => {
                let next = calendar.step(unit, *day, 1);
                let end = tenon_value::Date::from_days(next.days() - 1);
                (*day, end, calendar.moment(*day), DateTime::from_millis(calendar.moment(next).millis() - 1), calendar.label(unit, *day))
            }
            _ => return self.null(),
        };
        self.subs(subs, "DateBucketKey", |out, sub| match sub.name {
            "start" => out.plain(start),
            "end" => out.plain(end),
            "startAt" => out.plain(start_at),
            "endAt" => out.plain(end_at),
            _ => out.plain(&label),
        });
    }

    /// A leaf as JSON, for filters of `drillDown`.
    pub(super) fn leaf_json(kind: &FieldKind, value: &Value) -> Json {
        let mut out = Self::default();
        match kind {
            FieldKind::Money { scale, .. } => match value.as_decimal() {
                Some(number) => leaf::decimal(&mut out, number, *scale),
                None => out.null(),
            },
            kind => out.leaf(kind, value),
        }
        serde_json::from_slice(&out.bytes).unwrap_or_default()
    }
}
