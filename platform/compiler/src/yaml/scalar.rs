//! A plain scalar's meaning in the YAML 1.2 core schema: null, boolean, integer, float, else text.
//!
//! `on`, `no`, `yes` are text, as they are in 1.2. Invariant: no digit is lost; a number that JSON's double cannot
//! hold exactly stays the text it was written as, and every key that wants a number reads such text too.

use tenon_value::{Decimal, Json, JsonNumber};

/// The value of a scalar written without quotes.
pub(crate) fn plain(text: &str) -> Json {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Json::Null,
        "true" | "True" | "TRUE" => Json::Bool(true),
        "false" | "False" | "FALSE" => Json::Bool(false),
        _ => number(text).unwrap_or_else(|| Json::String(text.to_owned())),
    }
}

fn number(text: &str) -> Option<Json> {
    let first = *text.as_bytes().first()?;
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return None;
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let kept = text.strip_prefix('+').unwrap_or(text);
    if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        let whole = kept.parse::<i64>().map(Json::from).or_else(|_| kept.parse::<u64>().map(Json::from));
        return Some(whole.unwrap_or_else(|_| Json::String(kept.to_owned())));
    }
    is_float(unsigned).then(|| float(kept))
}

fn radix(digits: &str, radix: u32) -> Option<Json> {
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok().map(Json::from)
}

/// `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|part| !part.is_empty() && digits(part))
}

/// A float as a JSON number where that keeps every digit, else as it was written.
fn float(text: &str) -> Json {
    let written = decimal(text);
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite()).and_then(JsonNumber::from_f64);
    match number {
        Some(number) if number.to_string() == text => Json::Number(number),
        Some(number) if written.is_some() && decimal(&number.to_string()) == written => Json::Number(number),
        _ => Json::String(text.to_owned()),
    }
}

/// Reads a number as written in a file or held in JSON, exactly.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let zero = if mantissa.starts_with('.') { "0" } else { "" };
    let mantissa = mantissa.strip_suffix('.').unwrap_or(mantissa);
    let exponent = exponent.replace('+', "");
    format!("{sign}{zero}{mantissa}{exponent}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_older_yaml_are_text() {
        for word in ["on", "no", "yes", "off", "0b1", "1_000", "12:30", "2026-01-01", ".", "-", "+", "1.2.3", "e3", "0x", ".inf"] {
            assert_eq!(plain(word), Json::from(word), "{word}");
        }
    }

    #[test]
    fn numbers_keep_every_digit() {
        let check = |text: &str, expected: Json| assert_eq!(plain(text), expected, "{text}");
        check("12", Json::from(12));
        check("+007", Json::from(7));
        check("-3", Json::from(-3));
        check("0x1f", Json::from(31));
        check("0o17", Json::from(15));
        check("18446744073709551615", Json::from(u64::MAX));
        check("18446744073709551616", Json::from("18446744073709551616"));
        check("0.5", Json::from(0.5));
        check(".5", Json::from(0.5));
        check("5.", Json::from(5.0));
        check("1e-6", Json::from(0.000_001));
        check("0.30", Json::from(0.3));
        check("123456789012.3456", Json::from(123_456_789_012.345_6));
        check("123456789012.345678", Json::from("123456789012.345678"));
        check("12345678901234567.5", Json::from("12345678901234567.5"));
        check("1e999", Json::from("1e999"));
    }
}
