//! JSON, as the data API answers it and actions take and give it. Small, so that plugins stay so.

mod write;

use std::iter::Peekable;
use std::str::Chars;

/// Levels of nesting that are read; the data API answers fewer.
const LEVELS_MAX: usize = 64;

/// What a query answered, an action is given or gives.
///
/// ```
/// use tenon_sdk::Json;
/// let data: Json = r#"{"deals":{"nodes":[{"name":"A","amount":{"amount":"12.50"}}]}}"#.parse().unwrap();
/// assert_eq!(data.at("deals.nodes.0.name").text(), Some("A"));
/// assert_eq!(data.at("deals.nodes").items().len(), 1);
/// assert!(data.at("deals.nothing.here").is_null());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// Nothing.
    Null,
    /// Yes or no.
    Boolean(bool),
    /// A number, as it is written: exact.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// Members by name, in order.
    Object(Vec<(String, Json)>),
}

/// The text is no JSON.
///
/// ```
/// assert!("{".parse::<tenon_sdk::Json>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError;

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the text is no JSON")
    }
}

impl std::error::Error for JsonError {}

impl Json {
    /// What lies at the end of a path of names and places, with dots between; `Null` where there is nothing.
    ///
    /// ```
    /// let data: tenon_sdk::Json = r#"[{"a":1}]"#.parse().unwrap();
    /// assert_eq!(data.at("0.a").integer(), Some(1));
    /// ```
    #[must_use]
    pub fn at(&self, path: &str) -> &Json {
        path.split('.').fold(self, |here, step| {
            let found = match here {
                Self::Object(members) => members.iter().find(|(name, _)| name == step).map(|(_, value)| value),
                Self::List(items) => step.parse::<usize>().ok().and_then(|place| items.get(place)),
                _ => None,
            };
            found.unwrap_or(&Self::Null)
        })
    }

    /// The elements of a list; of anything else none.
    ///
    /// ```
    /// let data: tenon_sdk::Json = "[1,2]".parse().unwrap();
    /// assert_eq!(data.items().len(), 2);
    /// ```
    #[must_use]
    pub fn items(&self) -> &[Json] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// A text.
    ///
    /// ```
    /// let data: tenon_sdk::Json = r#""\u4e0a海""#.parse().unwrap();
    /// assert_eq!(data.text(), Some("上海"));
    /// ```
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number, also one that travels as text.
    ///
    /// ```
    /// let data: tenon_sdk::Json = r#"["7", 8]"#.parse().unwrap();
    /// assert_eq!((data.at("0").integer(), data.at("1").integer()), (Some(7), Some(8)));
    /// ```
    #[must_use]
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Number(number) | Self::Text(number) => number.parse().ok(),
            _ => None,
        }
    }

    /// A decimal number, also one that travels as text (as those of money and sums do).
    ///
    /// ```
    /// let data: tenon_sdk::Json = r#"{"sum":"0.30"}"#.parse().unwrap();
    /// assert_eq!(data.at("sum").decimal().unwrap().to_string(), "0.30");
    /// ```
    #[must_use]
    pub fn decimal(&self) -> Option<crate::Decimal> {
        match self {
            Self::Number(number) | Self::Text(number) => number.parse().ok(),
            _ => None,
        }
    }

    /// A moment.
    ///
    /// ```
    /// let data: tenon_sdk::Json = r#""2026-02-28T08:00:00.000Z""#.parse().unwrap();
    /// assert_eq!(data.datetime().unwrap().to_string(), "2026-02-28T08:00:00.000Z");
    /// ```
    #[must_use]
    pub fn datetime(&self) -> Option<crate::DateTime> {
        self.text()?.parse().ok()
    }

    /// Yes or no.
    ///
    /// ```
    /// let data: tenon_sdk::Json = "true".parse().unwrap();
    /// assert_eq!(data.boolean(), Some(true));
    /// ```
    #[must_use]
    pub fn boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    /// True where there is nothing.
    ///
    /// ```
    /// assert!("null".parse::<tenon_sdk::Json>().unwrap().is_null());
    /// ```
    #[must_use]
    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }
}

impl std::str::FromStr for Json {
    type Err = JsonError;

    fn from_str(text: &str) -> Result<Self, JsonError> {
        let mut rest = text.chars().peekable();
        let json = value(&mut rest, 0)?;
        skip(&mut rest);
        if rest.next().is_none() { Ok(json) } else { Err(JsonError) }
    }
}

fn skip(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|letter| letter.is_ascii_whitespace()).is_some() {}
}

fn value(rest: &mut Peekable<Chars<'_>>, level: usize) -> Result<Json, JsonError> {
    skip(rest);
    match rest.peek() {
        _ if level > LEVELS_MAX => Err(JsonError),
        Some('{') => object(rest, level),
        Some('[') => list(rest, level),
        Some('"') => Ok(Json::Text(string(rest)?)),
        Some(_) => word(rest),
        None => Err(JsonError),
    }
}

fn word(rest: &mut Peekable<Chars<'_>>) -> Result<Json, JsonError> {
    let mut word = String::new();
    while let Some(letter) = rest.next_if(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(*letter)) {
        word.push(letter);
    }
    match word.as_str() {
        "null" => Ok(Json::Null),
        "true" => Ok(Json::Boolean(true)),
        "false" => Ok(Json::Boolean(false)),
        number if number.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => Ok(Json::Number(word)),
        _ => Err(JsonError),
    }
}

fn list(rest: &mut Peekable<Chars<'_>>, level: usize) -> Result<Json, JsonError> {
    rest.next();
    let mut items = Vec::new();
    loop {
        skip(rest);
        if items.is_empty() && rest.next_if_eq(&']').is_some() {
            return Ok(Json::List(items));
        }
        items.push(value(rest, level + 1)?);
        skip(rest);
        match rest.next() {
            Some(',') => {}
            Some(']') => return Ok(Json::List(items)),
            _ => return Err(JsonError),
        }
    }
}

fn object(rest: &mut Peekable<Chars<'_>>, level: usize) -> Result<Json, JsonError> {
    rest.next();
    let mut members = Vec::new();
    loop {
        skip(rest);
        if members.is_empty() && rest.next_if_eq(&'}').is_some() {
            return Ok(Json::Object(members));
        }
        let name = string(rest)?;
        skip(rest);
        rest.next_if_eq(&':').ok_or(JsonError)?;
        members.push((name, value(rest, level + 1)?));
        skip(rest);
        match rest.next() {
            Some(',') => {}
            Some('}') => return Ok(Json::Object(members)),
            _ => return Err(JsonError),
        }
    }
}

fn string(rest: &mut Peekable<Chars<'_>>) -> Result<String, JsonError> {
    rest.next_if_eq(&'"').ok_or(JsonError)?;
    let mut text = String::new();
    loop {
        match rest.next().ok_or(JsonError)? {
            '"' => return Ok(text),
            '\\' => text.push(escape(rest)?),
            letter => text.push(letter),
        }
    }
}

fn escape(rest: &mut Peekable<Chars<'_>>) -> Result<char, JsonError> {
    Ok(match rest.next().ok_or(JsonError)? {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'u' => {
            let first = unit(rest)?;
            if !(0xd800..0xdc00).contains(&first) {
                return char::from_u32(first).ok_or(JsonError);
            }
            // Two units make one letter.
            let marked = rest.next() == Some('\\') && rest.next() == Some('u');
            let second = if marked { unit(rest)? } else { return Err(JsonError) };
            let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400).ok_or(JsonError)?;
            return char::from_u32(0x10000 + ((first - 0xd800) << 10) + low).ok_or(JsonError);
        }
        letter @ ('"' | '\\' | '/') => letter,
        _ => return Err(JsonError),
    })
}

fn unit(rest: &mut Peekable<Chars<'_>>) -> Result<u32, JsonError> {
    let mut number = 0;
    for _ in 0..4 {
        number = number * 16 + rest.next().and_then(|letter| letter.to_digit(16)).ok_or(JsonError)?;
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", "[1,]", "{\"a\"}", "\"\\ud800\"", "nul", "1 2", &"[".repeat(100)] {
            assert_eq!(text.parse::<Json>(), Err(JsonError), "{text}");
        }
    }

    #[test]
    fn letters_beyond_the_first_plane_are_read() {
        assert_eq!(r#""\ud83d\ude00""#.parse::<Json>().unwrap().text(), Some("😀"));
    }
}
