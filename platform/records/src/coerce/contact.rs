//! Ways to reach somebody, brought into one spelling each: mail, phone (E.164), web.

use tenon_model::{Field, Settings};
use tenon_value::Value;

use super::text::{cleaned_line, too_long};
use super::{Misfit, misfit};

/// Letters of a mail address at most (RFC 5321).
const EMAIL_MAX: usize = 254;
/// Letters of a web address at most.
const URL_MAX: usize = 2_048;

/// A mail address; its host in lower case.
pub(super) fn email(field: &Field, text: &str) -> Result<Value, Misfit> {
    let Some(text) = cleaned_line(field, text)? else { return Ok(Value::Null) };
    let letters = text.chars().count();
    if letters > EMAIL_MAX {
        return Err(too_long(field, EMAIL_MAX, letters));
    }
    let wrong = || malformed(field, "a mail address", "邮箱地址");
    let (local, host) = text.rsplit_once('@').ok_or_else(wrong)?;
    let sound = |part: &str| {
        !part.is_empty()
            && !part.contains(|letter: char| letter.is_whitespace() || letter.is_control() || "<>()[],;:\"\\@".contains(letter))
    };
    if !sound(local) || !sound(host) || !is_host(host) {
        return Err(wrong());
    }
    Ok(Value::Text(format!("{local}@{}", host.to_lowercase())))
}

/// A web address with its scheme; `https://` where a bare host was written.
pub(super) fn url(field: &Field, text: &str) -> Result<Value, Misfit> {
    let Some(text) = cleaned_line(field, text)? else { return Ok(Value::Null) };
    let wrong = || malformed(field, "a web address", "网址");
    let letters = text.chars().count();
    if letters > URL_MAX {
        return Err(too_long(field, URL_MAX, letters));
    }
    if text.contains(|letter: char| letter.is_whitespace() || letter.is_control() || "<>\"".contains(letter)) {
        return Err(wrong());
    }
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None => ("https".to_owned(), text.as_str()),
    };
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest.get(..host_end).unwrap_or_default();
    let bare = !text.contains("://");
    let host_name = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let without_port = host_name
        .rsplit_once(':')
        .map_or(host_name, |(name, port)| if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host_name });
    let known_host = is_host(without_port) || (!bare && (without_port == "localhost" || without_port.starts_with('[')));
    if !matches!(scheme.as_str(), "http" | "https" | "ftp") || !known_host {
        return Err(wrong());
    }
    Ok(Value::Text(format!("{scheme}://{rest}")))
}

/// A phone number in E.164. Numbers without `+` are read as of the country whose currency the tenant counts in:
/// mainland China (+86) or North America (+1); elsewhere the `+` is needed.
pub(super) fn phone(field: &Field, text: &str, settings: &Settings) -> Result<Value, Misfit> {
    let Some(text) = cleaned_line(field, text)? else { return Ok(Value::Null) };
    let wrong = || malformed(field, "a phone number such as +86 138 0013 8000", "电话号码,例如 +86 138 0013 8000");
    let mut digits = String::with_capacity(text.len());
    for (at, letter) in text.chars().enumerate() {
        match letter {
            '0'..='9' => digits.push(letter),
            // Full-width digits are typed by Chinese keyboards.
            '０'..='９' => digits.push(char::from(b'0' + u8::try_from(u32::from(letter) - 0xFF10).unwrap_or_default())),
            '+' | '＋' if at == 0 => digits.push('+'),
            ' ' | '-' | '.' | '(' | ')' | '/' | '（' | '）' | '－' | '\u{a0}' => {}
            _ => return Err(wrong()),
        }
    }
    let international = match digits.strip_prefix('+').or_else(|| digits.strip_prefix("00")) {
        Some(rest) => Some(rest.to_owned()),
        None => national(&digits, &settings.base_currency),
    };
    match international {
        Some(number) if (7..=15).contains(&number.len()) && !number.starts_with('0') && !number.contains('+') => {
            Ok(Value::Text(format!("+{number}")))
        }
        _ => Err(wrong()),
    }
}

fn national(digits: &str, currency: &str) -> Option<String> {
    match (currency, digits.len()) {
        // 138 0013 8000; 400 810 8888 and 800 numbers; 010 8888 8888 with its trunk 0.
        ("CNY", 11) if digits.starts_with('1') => Some(format!("86{digits}")),
        ("CNY", 10) if digits.starts_with("400") || digits.starts_with("800") => Some(format!("86{digits}")),
        ("CNY", 10..=12) if digits.starts_with('0') => Some(format!("86{}", digits.trim_start_matches('0'))),
        ("USD" | "CAD", 10) if !digits.starts_with(['0', '1']) => Some(format!("1{digits}")),
        ("USD" | "CAD", 11) if digits.starts_with('1') => Some(digits.to_owned()),
        _ => None,
    }
}

fn is_host(host: &str) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    labels.len() >= 2
        && labels.iter().all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
        })
}

fn malformed(field: &Field, en: &str, zh: &str) -> Misfit {
    let name = &field.name;
    misfit(field, "pattern", format!("`{name}` is not {en}"), format!("`{name}` 不是有效的{zh}"))
}
