//! Text: cleaned, counted in letters, matched against its pattern. `""` is nothing.

use tenon_model::{Field, FieldKind};
use tenon_value::{Value, clean_block, clean_line};

use super::{Misfit, misfit, pattern};

/// Letters of a `long_text` or `rich_text` at most.
const BLOCK_LETTERS_MAX: usize = 100_000;
/// Letters of a secret at most.
const SECRET_LETTERS_MAX: usize = 4_096;

pub(super) fn line(field: &Field, text: &str) -> Result<Value, Misfit> {
    let Some(text) = cleaned_line(field, text)? else { return Ok(Value::Null) };
    if let FieldKind::Text { max, min, pattern } = &field.kind {
        let letters = text.chars().count();
        let (name, most, least) = (&field.name, usize::try_from(*max).unwrap_or(usize::MAX), usize::try_from(*min).unwrap_or(0));
        if letters > most {
            return Err(too_long(field, most, letters));
        }
        if letters < least {
            return Err(misfit(field, "length", format!("`{name}` has {least} letters at least"), format!("`{name}` 至少 {least} 个字符")));
        }
        if let Some(wanted) = pattern.as_deref().filter(|wanted| !pattern::matches(wanted, &text)) {
            return Err(misfit(
                field,
                "pattern",
                format!("`{name}` does not have the form `{wanted}`"),
                format!("`{name}` 不符合格式 `{wanted}`"),
            ));
        }
    }
    Ok(Value::Text(text))
}

pub(super) fn cleaned_line(field: &Field, text: &str) -> Result<Option<String>, Misfit> {
    let cleaned = clean_line(text).map_err(|_| nul(field))?;
    if cleaned.as_deref().is_some_and(|text| text.contains(['\n', '\r'])) {
        let name = &field.name;
        return Err(misfit(field, "pattern", format!("`{name}` is one line"), format!("`{name}` 只能是一行文字")));
    }
    Ok(cleaned)
}

pub(super) fn block(field: &Field, text: &str) -> Result<Value, Misfit> {
    bounded(field, text, BLOCK_LETTERS_MAX)
}

pub(super) fn secret(field: &Field, text: &str) -> Result<Value, Misfit> {
    bounded(field, text, SECRET_LETTERS_MAX)
}

fn bounded(field: &Field, text: &str, max: usize) -> Result<Value, Misfit> {
    let Some(text) = clean_block(text).map_err(|_| nul(field))? else { return Ok(Value::Null) };
    // Bytes bound letters, so most texts need no counting.
    let letters = if text.len() <= max { text.len() } else { text.chars().count() };
    if letters > max { Err(too_long(field, max, letters)) } else { Ok(Value::Text(text)) }
}

pub(super) fn too_long(field: &Field, max: usize, actual: usize) -> Misfit {
    let name = &field.name;
    let mut problem = misfit(
        field,
        "length",
        format!("`{name}` has {max} letters at most, this has {actual}"),
        format!("`{name}` 最多 {max} 个字符,实际 {actual} 个"),
    );
    problem.details = vec![("max", max.into()), ("actual", actual.into())];
    problem
}

pub(super) fn nul(field: &Field) -> Misfit {
    let name = &field.name;
    misfit(field, "pattern", format!("`{name}` cannot hold the character U+0000"), format!("`{name}` 不能包含字符 U+0000"))
}
