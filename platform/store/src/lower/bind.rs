//! Arguments of a prepared statement: where each comes from, and how a value becomes what the column holds.

use std::sync::Arc;

use tenon_model::ColumnType;
use tenon_query::Param;
use tenon_value::{Decimal, Uuid, Value};

use crate::db::{Arg, Kind, Scalar};
use crate::json::canonical;
use crate::run::values::Values;
use crate::{Dialect, StoreError};

/// Where an argument comes from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    /// The request.
    Param(Param),
    /// The ids of the level above.
    Parents,
    /// The one id a statement is asked about.
    Parent,
    /// Business time.
    Now,
    /// The plan.
    Fixed(Arg),
    /// A rule of the model.
    Written(Value),
}

/// What is done to the value on the way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mode {
    /// As it is; a decimal that the column cannot hold becomes one that no row has.
    Plain,
    /// For `>` and `<=`: a decimal with more places than the column is cut downwards.
    Floor,
    /// For `<` and `>=`: cut upwards.
    Ceil,
    /// The elements of a list.
    List,
    /// A pattern of `like`, made well-formed.
    Pattern,
    /// A list of texts as a path into JSON.
    JsonPath,
    /// A JSON value in the one form both databases compare.
    Json,
    /// A list of words, as a question to the index of the search about these columns.
    Words(Arc<Vec<String>>),
    /// API names of objects, as the tables that stand for them.
    Kinds(Arc<Vec<(String, String)>>),
    /// Of a `Geo`.
    Lat,
    /// Of a `Geo`.
    Lng,
    /// A number of rows, and one more to see whether there are more; null is no limit.
    OneMore,
}

/// One argument.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bind {
    pub(crate) source: Source,
    pub(crate) kind: Kind,
    pub(crate) mode: Mode,
}

/// The value that no stored decimal or whole number has.
const NOWHERE: i64 = i64::MIN;

pub(crate) const fn kind_of(column: ColumnType) -> Kind {
    match column {
        ColumnType::Bool => Kind::Bool,
        ColumnType::Int | ColumnType::Duration => Kind::Int,
        ColumnType::Decimal(scale) => Kind::Decimal(scale),
        ColumnType::Text | ColumnType::Json | ColumnType::Codes => Kind::Text,
        ColumnType::Date => Kind::Date,
        ColumnType::DateTime => Kind::DateTime,
        ColumnType::Id => Kind::Id,
        ColumnType::Float => Kind::Float,
        ColumnType::Sealed => Kind::Bytes,
    }
}

impl Bind {
    /// The argument for one request.
    pub(crate) fn resolve(&self, values: Values<'_>, parents: &[Uuid], dialect: Dialect) -> Result<Arg, StoreError> {
        let param = match &self.source {
            Source::Fixed(arg) => return Ok(arg.clone()),
            Source::Parents => return Ok(Arg::ids(parents.iter().copied())),
            Source::Parent => return Ok(Arg::maybe(Kind::Id, parents.first().copied().map(Scalar::Id))),
            Source::Now => return Ok(Arg::moment(values.now)),
            Source::Param(param) => values.get(*param),
            Source::Written(value) => value,
        };
        let one = |scalar| Ok(Arg::One(self.kind, scalar));
        match &self.mode {
            Mode::Plain | Mode::Floor | Mode::Ceil => one(scalar(param, self.kind, &self.mode, dialect)?),
            Mode::List => {
                let elements = elements(param).iter().map(|element| scalar(element, self.kind, &Mode::Plain, dialect));
                Ok(Arg::Many(self.kind, elements.collect::<Result<_, _>>()?))
            }
            Mode::Pattern => one(Scalar::Text(pattern(text(param)?))),
            Mode::JsonPath => Ok(json_path(param, dialect)),
            Mode::Json => match param {
                Value::Json(json) => one(Scalar::Text(canonical(json))),
                Value::Null => one(Scalar::Text("null".to_owned())),
                _ => Err(StoreError::Value("json expected")),
            },
            Mode::Words(columns) => one(Scalar::Text(super::search::question(param, columns, dialect))),
            Mode::Kinds(kinds) => {
                let named = param.elements().iter().filter_map(Value::as_text);
                let tables = named.map(|name| kinds.iter().find(|(known, _)| known == name).map_or(name, |(_, table)| table));
                Ok(Arg::texts(tables.map(str::to_owned)))
            }
            Mode::Lat | Mode::Lng => match param {
                Value::Geo(geo) => one(Scalar::Float(if self.mode == Mode::Lat { geo.lat } else { geo.lng })),
                _ => Err(StoreError::Value("a point expected")),
            },
            Mode::OneMore => one(match (param.as_int(), dialect) {
                (Some(rows), _) => Scalar::Int(rows.max(0).saturating_add(1)),
                (None, Dialect::Postgres) => Scalar::Null,
                (None, Dialect::Sqlite) => Scalar::Int(-1),
            }),
        }
    }
}

/// The elements of a list; one value is a list of one, nothing is a list of none.
fn elements(value: &Value) -> &[Value] {
    match value {
        Value::List(elements) => elements,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}

fn text(value: &Value) -> Result<&str, StoreError> {
    value.as_text().ok_or(StoreError::Value("text expected"))
}

/// A pattern must not end in a lone escape: PostgreSQL refuses that, SQLite matches nothing.
fn pattern(text: &str) -> String {
    let escapes = text.chars().rev().take_while(|letter| *letter == '\\').count();
    if escapes % 2 == 1 { format!("{text}\\") } else { text.to_owned() }
}

fn json_path(value: &Value, dialect: Dialect) -> Arg {
    let keys = value.elements().iter().filter_map(Value::as_text);
    match dialect {
        Dialect::Postgres => Arg::texts(keys.map(str::to_owned)),
        Dialect::Sqlite => Arg::text(keys.fold("$".to_owned(), |path, key| format!("{path}.\"{key}\""))),
    }
}

/// A value as a column of this kind holds it.
pub(crate) fn scalar(value: &Value, kind: Kind, mode: &Mode, dialect: Dialect) -> Result<Scalar, StoreError> {
    Ok(match (kind, value) {
        (_, Value::Null) => Scalar::Null,
        (Kind::Bool, Value::Bool(yes)) => Scalar::Bool(*yes),
        (Kind::Int, Value::Int(number)) => Scalar::Int(*number),
        (Kind::Int, Value::Duration(length)) => Scalar::Int(length.millis()),
        (Kind::Int, Value::Decimal(number)) => Scalar::Int(units(*number, 0, mode)),
        (Kind::Decimal(scale), value) => {
            let number = value.as_decimal().ok_or(StoreError::Value("a number expected"))?;
            match dialect {
                Dialect::Postgres => Scalar::Decimal(number),
                Dialect::Sqlite => Scalar::Int(units(number, scale, mode)),
            }
        }
        (Kind::Text, Value::Text(text)) => Scalar::Text(text.clone()),
        (Kind::Text, Value::Json(json)) => Scalar::Text(canonical(json)),
        (Kind::Date, Value::Date(date)) => Scalar::Date(date.days()),
        (Kind::DateTime, Value::DateTime(at)) => Scalar::DateTime(at.millis()),
        (Kind::Id, Value::Id(id) | Value::Ref(_, id)) => Scalar::Id(*id),
        (Kind::Float, Value::Float(number)) => Scalar::Float(*number),
        #[expect(clippy::cast_precision_loss, reason = "metres and degrees; far below 2^53")]
        (Kind::Float, Value::Int(number)) => Scalar::Float(*number as f64),
        (Kind::Float, Value::Decimal(number)) => Scalar::Float(number.to_f64()),
        _ => return Err(StoreError::Value("a value of another type")),
    })
}

/// A decimal in units of 10^-scale; where it lies between two, as the mode says.
fn units(number: Decimal, scale: u8, mode: &Mode) -> i64 {
    let clamp = |units: i128| i64::try_from(units).unwrap_or(if units < 0 { NOWHERE } else { i64::MAX });
    if number.scale() <= scale {
        let power = 10_i128.pow(u32::from(scale - number.scale()));
        return number.units().checked_mul(power).map_or(if number.units() < 0 { NOWHERE } else { i64::MAX }, clamp);
    }
    let power = 10_i128.pow(u32::from(number.scale() - scale));
    let (whole, rest) = (number.units().div_euclid(power), number.units().rem_euclid(power));
    match mode {
        _ if rest == 0 => clamp(whole),
        Mode::Floor => clamp(whole),
        Mode::Ceil => clamp(whole + 1),
        _ => NOWHERE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_more_places_than_the_column_lies_between_its_units() {
        let number = Decimal::new(12_345, 3);
        assert_eq!(units(number, 2, &Mode::Floor), 1234);
        assert_eq!(units(number, 2, &Mode::Ceil), 1235);
        assert_eq!(units(number, 2, &Mode::Plain), NOWHERE);
        assert_eq!(units(Decimal::new(-12_345, 3), 2, &Mode::Floor), -1235);
        assert_eq!(units(Decimal::new(12_340, 3), 2, &Mode::Plain), 1234);
    }

    #[test]
    fn a_pattern_never_ends_in_half_an_escape() {
        assert_eq!(pattern("a\\"), "a\\\\");
        assert_eq!(pattern("a\\\\"), "a\\\\");
    }
}
