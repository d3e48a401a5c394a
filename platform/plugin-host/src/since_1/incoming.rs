//! A plugin's answers as our values. Nothing in them is believed: what does not fit makes the plugin faulty.

use tenon_hooks::{Grant, Phase, Refusal, Verdict as OurVerdict, Wanted};
use tenon_model::{Field, FieldKind, Model, Object, Relation, RelationShape};
use tenon_value::{Address, Date, DateTime, Decimal, Duration, Geo, Json, Money, Value};

use super::{Error, Verdict, types};
use crate::fault::Broken;
use crate::limits::{PATCHES_PER_ROW, REFUSAL_LETTERS, REFUSALS_PER_ROW, RULE_LETTERS};

/// First and last day that a field can hold: years 1 to 9999.
const DAYS: std::ops::RangeInclusive<i32> = -719_162..=2_932_896;
const MILLIS_PER_DAY: i64 = 86_400_000;

/// What a plugin said, in our words.
pub(crate) enum Answer {
    /// One verdict per change.
    Verdicts(Vec<OurVerdict>),
    /// The whole save is refused.
    Refused(Refusal),
}

/// Checks and translates what came back for `rows` changes.
pub(crate) fn answer(
    (package, grant): (&str, &Grant),
    object: &Object,
    (rows, phase): (usize, Phase),
    said: Result<Vec<Verdict>, Error>,
) -> Result<Answer, Broken> {
    match said {
        Ok(verdicts) if phase != Phase::BeforeSave && verdicts.iter().any(|verdict| matches!(verdict, Verdict::Patch(_))) => {
            Err(Broken::answer(format!("patched in `{}`, where nothing can be patched", phase.word())))
        }
        Ok(verdicts) if verdicts.len() == rows => {
            let verdicts = verdicts.into_iter().map(|one| verdict((package, grant), object, one)).collect::<Result<_, _>>()?;
            Ok(Answer::Verdicts(verdicts))
        }
        Ok(verdicts) => Err(Broken::answer(format!("answered {} verdicts to {rows} changes", verdicts.len()))),
        Err(error) => Ok(Answer::Refused(refused(package, Some(object), error)?)),
    }
}

/// The refusal of a plugin that gives no answer; that it cannot go on is a fault.
pub(crate) fn refused(package: &str, object: Option<&Object>, error: Error) -> Result<Refusal, Broken> {
    match error {
        Error::Refused(words) => refusal(package, object, words),
        Error::Failed(words) => Err(Broken::answer(format!("said it cannot go on: {}", words.escape_debug()))),
    }
}

fn verdict((package, grant): (&str, &Grant), object: &Object, said: Verdict) -> Result<OurVerdict, Broken> {
    match said {
        Verdict::Keep => Ok(OurVerdict::Keep),
        Verdict::Patch(fields) if fields.len() > PATCHES_PER_ROW => Err(Broken::limit("output", "patched too many fields")),
        Verdict::Patch(fields) => {
            let patches = fields.into_iter().map(|field| patch(grant, object, field)).collect::<Result<Vec<_>, _>>()?;
            Ok(if patches.is_empty() { OurVerdict::Keep } else { OurVerdict::Patch(patches) })
        }
        Verdict::Refuse(refusals) if refusals.is_empty() => Err(Broken::answer("refused without a refusal")),
        Verdict::Refuse(refusals) if refusals.len() > REFUSALS_PER_ROW => Err(Broken::limit("output", "refused one record too often")),
        Verdict::Refuse(refusals) => {
            let refusals = refusals.into_iter().map(|words| refusal(package, Some(object), words)).collect::<Result<_, _>>()?;
            Ok(OurVerdict::Refuse(refusals))
        }
    }
}

/// The author's words stay as they are; a field that the object does not have is left out, forms could not show it.
fn refusal(package: &str, object: Option<&Object>, said: types::Refusal) -> Result<Refusal, Broken> {
    let types::Refusal { rule, message, field } = said;
    if message.trim().is_empty() {
        return Err(Broken::answer("refused without a word"));
    }
    let too_long = message.chars().count() > REFUSAL_LETTERS || rule.as_ref().is_some_and(|rule| rule.chars().count() > RULE_LETTERS);
    if too_long {
        return Err(Broken::limit("output", "refused in too many words"));
    }
    let is_known = |name: &String| object.is_some_and(|object| object.field_named(name).is_some() || object.relation_named(name).is_some());
    let field = field.filter(is_known);
    Ok(Refusal { package: package.to_owned(), rule, message, field })
}

fn patch(grant: &Grant, object: &Object, said: types::FieldValue) -> Result<(tenon_model::FieldIx, Value), Broken> {
    let name = said.name.escape_debug();
    let field = object.field_named(&said.name).ok_or_else(|| Broken::answer(format!("patched `{name}`, which is no field")))?;
    if field.system || field.read_only {
        return Err(Broken::answer(format!("patched `{name}`, which the system keeps")));
    }
    if !grant.changes(object.name.as_str(), field.name.as_str()) {
        return Err(Broken::answer(format!("patched `{name}`, which it was not granted to write")));
    }
    let value = incoming(field, said.value)
        .ok_or_else(|| Broken::answer(format!("patched `{name}` with something else than {}", field.kind.word())))?;
    Ok((field.ix, value))
}

/// What a plugin wants a record to hold, in our words; what does not fit is a problem it can read.
pub(super) fn wanted(model: &Model, object: &Object, said: Vec<types::FieldValue>) -> Result<Wanted, types::Problem> {
    let mut wanted = Wanted::default();
    for types::FieldValue { name, value } in said {
        let problem = |message: String| types::Problem {
            code: "INVALID".to_owned(),
            rule: Some("type".to_owned()),
            message,
            field: Some(name.clone()),
        };
        if let Some(field) = object.field_named(&name) {
            let misfit = || problem(format!("`{name}` expects {}", field.kind.word()));
            wanted.fields.push((field.ix, incoming(field, value).ok_or_else(misfit)?));
        } else if let Some(relation) = object.relation_named(&name) {
            let target = match value {
                types::Value::Null => None,
                types::Value::Reference(to) => {
                    Some(target(model, relation, &to).ok_or_else(|| problem(format!("`{name}` cannot refer to that")))?)
                }
                _ => return Err(problem(format!("`{name}` expects a reference"))),
            };
            wanted.relations.push((relation.ix, target));
        } else {
            return Err(problem(format!("there is no field `{}`", name.escape_debug())));
        }
    }
    Ok(wanted)
}

fn target(model: &Model, relation: &Relation, said: &types::Reference) -> Option<(tenon_model::ObjectIx, tenon_value::RecordId)> {
    let object = model.object_named(&said.object)?.ix;
    let fits = matches!(relation.shape, RelationShape::One | RelationShape::Any) && relation.targets.contains(&object);
    Some((object, said.id.parse().ok()?)).filter(|_| fits)
}

/// The value, if it is of the field's type. Whether the field allows it is checked with everything else that is saved.
pub(crate) fn incoming(field: &Field, said: types::Value) -> Option<Value> {
    let kind = &field.kind;
    Some(match said {
        _ if matches!(kind, FieldKind::Secret) => return None,
        types::Value::Null => Value::Null,
        types::Value::Text(text) if kind.is_text() || matches!(kind, FieldKind::Choice(_)) => Value::Text(text),
        types::Value::Boolean(value) if matches!(kind, FieldKind::Boolean) => Value::Bool(value),
        types::Value::Integer(number) if matches!(kind, FieldKind::Integer { .. }) => Value::Int(number),
        types::Value::Integer(number) if is_decimal(kind) => Value::Decimal(Decimal::from(number)),
        types::Value::Decimal(text) if is_decimal(kind) => Value::Decimal(text.parse().ok()?),
        types::Value::Date(days) if matches!(kind, FieldKind::Date) && DAYS.contains(&days) => Value::Date(Date::from_days(days)),
        types::Value::Datetime(millis) if matches!(kind, FieldKind::DateTime) && is_moment(millis) => {
            Value::DateTime(DateTime::from_millis(millis))
        }
        types::Value::Duration(millis) if matches!(kind, FieldKind::Duration) => Value::Duration(Duration::from_millis(millis)),
        types::Value::Choices(codes) if matches!(kind, FieldKind::Choices(_)) => Value::List(codes.into_iter().map(Value::Text).collect()),
        types::Value::Money(money) if matches!(kind, FieldKind::Money { .. }) => {
            Value::Money(Money { amount: money.amount.parse().ok()?, currency: money.currency, base: None })
        }
        types::Value::Geo(geo) if matches!(kind, FieldKind::Geo) => Value::Geo(point(geo)?),
        types::Value::Address(parts) if matches!(kind, FieldKind::Address) => Value::Address(Box::new(address(parts)?)),
        types::Value::Json(text) if matches!(kind, FieldKind::Json) => Value::Json(text.parse::<Json>().ok()?),
        _ => return None,
    })
}

const fn is_decimal(kind: &FieldKind) -> bool {
    matches!(kind, FieldKind::Decimal { .. } | FieldKind::Percent { .. })
}

pub(super) fn is_moment(millis: i64) -> bool {
    i32::try_from(millis.div_euclid(MILLIS_PER_DAY)).is_ok_and(|days| DAYS.contains(&days))
}

fn point(said: types::Geo) -> Option<Geo> {
    let on_earth = said.lat.abs() <= 90.0 && said.lng.abs() <= 180.0;
    on_earth.then_some(Geo { lat: said.lat, lng: said.lng })
}

fn address(said: types::Address) -> Option<Address> {
    let location = match said.location {
        Some(geo) => Some(point(geo)?),
        None => None,
    };
    let types::Address { country, region, city, district, street, postal_code, .. } = said;
    Some(Address { country, region, city, district, street, postal_code, location })
}
