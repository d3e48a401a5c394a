//! A field's type with its settings, and whether these settings can be met by any value.

use regex_lite::RegexBuilder;
use tenon_diagnostics::Diagnostic;
use tenon_model::FieldKind;
use tenon_value::{Decimal, SCALE_MAX};

use super::{Scope, option};
use crate::checks::{auto_number, limit, pattern, range};
use crate::located::At;
use crate::merge::Merged;
use crate::{limits, shape};

/// Letters of a `text` field that says no `max`.
const TEXT_MAX: u32 = 255;
/// Places of a number that says no `scale`.
const SCALE: u8 = 2;
/// Bytes a compiled pattern may take.
const PATTERN_BYTES: usize = 1 << 20;

/// The kind for the type called `word`.
pub(super) fn build(word: &str, merged: &Merged<'_>, scope: &mut Scope<'_>) -> FieldKind {
    match word {
        "long_text" => FieldKind::LongText,
        "rich_text" => FieldKind::RichText,
        "integer" => {
            let (min, max) = bounds(merged, 0, scope);
            FieldKind::Integer { min, max }
        }
        "decimal" => {
            let (scale, min, max) = scaled(merged, scope);
            FieldKind::Decimal { scale, min, max }
        }
        "percent" => {
            let (scale, min, max) = scaled(merged, scope);
            FieldKind::Percent { scale, min, max }
        }
        "money" => {
            let (scale, min, max) = scaled(merged, scope);
            FieldKind::Money { scale, min, max }
        }
        "boolean" => FieldKind::Boolean,
        "date" => FieldKind::Date,
        "datetime" => FieldKind::DateTime,
        "duration" => FieldKind::Duration,
        "choice" => FieldKind::Choice(option::all(merged, scope)),
        "choices" => FieldKind::Choices(option::all(merged, scope)),
        "email" => FieldKind::Email,
        "phone" => FieldKind::Phone,
        "url" => FieldKind::Url,
        "address" => FieldKind::Address,
        "geo" => FieldKind::Geo,
        "json" => FieldKind::Json,
        "auto_number" => FieldKind::AutoNumber { format: number_format(merged, scope) },
        "secret" => FieldKind::Secret,
        "file" => FieldKind::File,
        "image" => FieldKind::Image,
        _ => text(merged, scope),
    }
}

fn complain(merged: &Merged<'_>, at: &At<'_>, diagnostic: Diagnostic, scope: &mut Scope<'_>) {
    scope.report.push(diagnostic.at(at.span()).of(merged.path.clone()));
}

fn text(merged: &Merged<'_>, scope: &mut Scope<'_>) -> FieldKind {
    let length = |key: &str| merged.get(key).and_then(|at| at.json.as_u64()).map(|value| u32::try_from(value).unwrap_or(u32::MAX));
    let (min, max) = (length("min").unwrap_or(0), length("max").unwrap_or(TEXT_MAX));
    if let Some(at) = merged.get("max") {
        if max == 0 {
            complain(merged, at, range::bound("max", "is 0, so nothing could be written"), scope);
        } else if max as usize > limits::TEXT.max {
            let diagnostic = limit::exceeded(limits::TEXT, max as usize, "`max`", "letters").help("use `long_text`");
            complain(merged, at, diagnostic, scope);
        }
    }
    if let Some(at) = merged.get("min")
        && min > max
    {
        complain(merged, at, range::crossed(&min.to_string(), &max.to_string()), scope);
    }
    let pattern = merged.get("pattern").and_then(|at| Some((at, at.text()?)));
    if let Some((at, pattern)) = pattern {
        if pattern.len() > limits::PATTERN.max {
            complain(merged, at, limit::exceeded(limits::PATTERN, pattern.len(), "the pattern", "letters"), scope);
        } else if let Err(reason) = compile(pattern) {
            complain(merged, at, pattern_words(&reason), scope);
        }
    }
    FieldKind::Text { max, min, pattern: pattern.map(|(_, pattern)| pattern.to_owned()) }
}

/// The expression for the whole text.
pub(super) fn compile(pattern: &str) -> Result<regex_lite::Regex, regex_lite::Error> {
    // The pattern is compiled alone first: `a)(b` must not be rescued by the group around it.
    RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build()?;
    RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(PATTERN_BYTES).build()
}

/// The last line of the reason; the lines before draw the pattern once more.
fn pattern_words(reason: &regex_lite::Error) -> Diagnostic {
    let text = reason.to_string();
    let last = text.lines().last().unwrap_or_default();
    pattern::broken(last.strip_prefix("error: ").unwrap_or(last))
}

fn scaled(merged: &Merged<'_>, scope: &mut Scope<'_>) -> (u8, Option<Decimal>, Option<Decimal>) {
    let scale = match merged.get("scale").and_then(|at| Some((at, at.json.as_u64()?))) {
        None => SCALE,
        Some((at, wanted)) => u8::try_from(wanted).ok().filter(|scale| *scale <= SCALE_MAX).unwrap_or_else(|| {
            complain(merged, at, range::scale(wanted), scope);
            SCALE_MAX
        }),
    };
    let (min, max) = bounds(merged, scale, scope);
    (scale, min, max)
}

fn bounds(merged: &Merged<'_>, scale: u8, scope: &mut Scope<'_>) -> (Option<Decimal>, Option<Decimal>) {
    let mut bound = |key: &str| {
        let at = merged.get(key)?;
        let number = shape::decimal(at.json)?;
        match number.stored(scale) {
            Ok(number) => Some(number),
            Err(error) => {
                complain(merged, at, range::bound(key, &format!("{number} has {error}")), scope);
                None
            }
        }
    };
    let (min, max) = (bound("min"), bound("max"));
    if let (Some(low), Some(high), Some(at)) = (min, max, merged.get("min"))
        && low > high
    {
        complain(merged, at, range::crossed(&low.to_string(), &high.to_string()), scope);
    }
    (min, max)
}

/// A number's format: text, `{yyyy}` `{yy}` `{mm}` `{dd}`, and exactly one run of zeros for the digits.
fn number_format(merged: &Merged<'_>, scope: &mut Scope<'_>) -> String {
    let Some((at, format)) = merged.get("format").and_then(|at| Some((at, at.text()?))) else { return String::new() };
    if let Some(reason) = wrong_format(format) {
        complain(merged, at, auto_number::broken(&reason), scope);
    }
    format.to_owned()
}

fn wrong_format(format: &str) -> Option<String> {
    if format.len() > 60 {
        return Some("the format has more than 60 letters".to_owned());
    }
    let mut digits = 0;
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('{') {
        if before.contains('}') {
            return Some("the format has a `}` without `{`".to_owned());
        }
        let Some((word, tail)) = after.split_once('}') else { return Some("the format has a `{` without `}`".to_owned()) };
        match word {
            "yyyy" | "yy" | "mm" | "dd" => {}
            zeros if !zeros.is_empty() && zeros.len() <= 12 && zeros.bytes().all(|byte| byte == b'0') => digits += 1,
            _ => return Some(format!("the format does not know `{{{word}}}`")),
        }
        rest = tail;
    }
    if rest.contains('}') {
        return Some("the format has a `}` without `{`".to_owned());
    }
    (digits != 1).then(|| "the format needs one place for the digits".to_owned())
}
