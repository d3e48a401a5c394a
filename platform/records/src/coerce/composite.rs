//! Values made of parts: money, points, addresses.

use tenon_diagnostics::InputPath;
use tenon_model::{Field, FieldKind, Settings};
use tenon_value::{Address, Decimal, Geo, Json, JsonMap, Money, Value, is_currency};

use super::text::{cleaned_line, too_long};
use super::{Misfit, misfit, number, wrong_type};

/// Letters of one part of an address at most.
const PART_MAX: usize = 255;

/// Money of an exact amount; its worth in the base currency is the pipeline's.
pub(super) fn money(field: &Field, amount: Decimal, currency: &str) -> Result<Value, Misfit> {
    let currency = currency.trim().to_ascii_uppercase();
    if !is_currency(&currency) {
        let name = &field.name;
        let misfit = misfit(
            field,
            "currency",
            format!("`{name}`: this is no currency of ISO 4217; write a code such as `CNY`"),
            format!("`{name}`:不是 ISO 4217 货币代码,例如 `CNY`"),
        );
        return Err(Box::new(misfit.at(InputPath::default().key("currency"))));
    }
    Ok(Value::Money(Money { amount: number::amount(field, amount)?, currency, base: None }))
}

/// Money of a text and a currency code; the tenant's currency where none is said.
pub(super) fn money_from_text(field: &Field, amount: &str, currency: Option<&str>, settings: &Settings) -> Result<Value, Misfit> {
    let amount = amount.parse::<Decimal>().map_err(|error| number::decimal_misfit(field, error))?;
    money(field, amount, currency.unwrap_or(&settings.base_currency))
}

pub(super) fn money_from_json(field: &Field, input: &Json, settings: &Settings) -> Result<Value, Misfit> {
    let expected = || wrong_type(field, "an amount of money: { amount, currency }");
    let members = input.as_object().ok_or_else(expected)?;
    known(field, members, &["amount", "currency"])?;
    let amount = match members.get("amount") {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Number(number)) => number.to_string(),
        None | Some(Json::Null) => {
            let name = &field.name;
            return Err(misfit(field, "required", format!("`{name}` needs its amount"), format!("`{name}` 缺少金额")));
        }
        Some(_) => return Err(expected()),
    };
    let currency = match members.get("currency") {
        Some(Json::String(text)) => Some(text.as_str()),
        None | Some(Json::Null) => None,
        Some(_) => return Err(expected()),
    };
    money_from_text(field, &amount, currency, settings)
}

/// A point, if it lies on earth.
pub(super) fn geo(field: &Field, lat: f64, lng: f64) -> Result<Geo, Misfit> {
    if (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lng) {
        return Ok(Geo { lat, lng });
    }
    let name = &field.name;
    Err(misfit(
        field,
        "range",
        format!("`{name}`: latitude lies between -90 and 90, longitude between -180 and 180"),
        format!("`{name}`:纬度应在 -90 与 90 之间,经度应在 -180 与 180 之间"),
    ))
}

fn point(field: &Field, input: &Json) -> Result<Geo, Misfit> {
    let expected = || wrong_type(field, "a point: { lat, lng }");
    let members = input.as_object().ok_or_else(expected)?;
    known(field, members, &["lat", "lng"])?;
    let degrees = |key: &str| members.get(key).and_then(Json::as_f64).ok_or_else(expected);
    geo(field, degrees("lat")?, degrees("lng")?)
}

pub(super) fn geo_from_json(field: &Field, input: &Json) -> Result<Value, Misfit> {
    point(field, input).map(Value::Geo)
}

pub(super) fn address_from_json(field: &Field, input: &Json) -> Result<Value, Misfit> {
    let members = input.as_object().ok_or_else(|| wrong_type(field, "an address"))?;
    known(field, members, &["country", "region", "city", "district", "street", "postalCode", "postal_code", "location"])?;
    let part = |key: &str| match members.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong_type(field, "an address of texts")),
    };
    let location = members.get("location").filter(|location| !location.is_null()).map(|location| point(field, location)).transpose()?;
    let postal_code = part("postalCode")?.or(part("postal_code")?);
    let written = Address {
        country: part("country")?,
        region: part("region")?,
        city: part("city")?,
        district: part("district")?,
        street: part("street")?,
        postal_code,
        location,
    };
    address(field, written)
}

/// An address with its parts cleaned; nothing where all are empty.
pub(super) fn address(field: &Field, written: Address) -> Result<Value, Misfit> {
    let part = |text: Option<String>| -> Result<Option<String>, Misfit> {
        let Some(text) = text else { return Ok(None) };
        let cleaned = cleaned_line(field, &text)?;
        match cleaned.as_ref().map(|text| text.chars().count()).filter(|letters| *letters > PART_MAX) {
            Some(letters) => Err(too_long(field, PART_MAX, letters)),
            None => Ok(cleaned),
        }
    };
    let country = part(written.country)?.map(|code| code.to_ascii_uppercase());
    if country.as_ref().is_some_and(|code| code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_uppercase())) {
        let name = &field.name;
        return Err(misfit(
            field,
            "pattern",
            format!("the country of `{name}` is a code of two letters, such as `CN`"),
            format!("`{name}` 的国家应为两位字母代码,例如 `CN`"),
        ));
    }
    let location = written.location.map(|place| geo(field, place.lat, place.lng)).transpose()?;
    let cleaned = Address {
        country,
        region: part(written.region)?,
        city: part(written.city)?,
        district: part(written.district)?,
        street: part(written.street)?,
        postal_code: part(written.postal_code)?,
        location,
    };
    Ok(if cleaned == Address::default() { Value::Null } else { Value::Address(Box::new(cleaned)) })
}

fn known(field: &Field, members: &JsonMap<String, Json>, keys: &[&str]) -> Result<(), Misfit> {
    debug_assert!(matches!(field.kind, FieldKind::Money { .. } | FieldKind::Geo | FieldKind::Address));
    match members.keys().find(|key| !keys.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            let (name, shown) = (&field.name, key.chars().take(80).collect::<String>());
            Err(misfit(field, "type", format!("`{name}` has no part `{shown}`"), format!("`{name}` 没有 `{shown}` 这一部分")))
        }
    }
}
