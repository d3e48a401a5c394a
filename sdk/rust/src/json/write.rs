//! JSON written: what actions answer, and what jobs are left with.

use std::fmt::{self, Display, Write};

use crate::{Date, DateTime, Decimal, Json};

impl Json {
    /// An object of these members.
    ///
    /// ```
    /// use tenon_sdk::Json;
    /// assert_eq!(Json::object([("name", "Li".into()), ("left", 3.into())]).to_string(), r#"{"name":"Li","left":3}"#);
    /// ```
    #[must_use]
    pub fn object<const COUNT: usize>(members: [(&str, Self); COUNT]) -> Self {
        Self::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

macro_rules! from {
    ($($type:ty, $value:ident => $json:expr;)+) => {
        $(impl From<$type> for Json {
            fn from($value: $type) -> Self {
                $json
            }
        })+
    };
}

from! {
    bool, value => Self::Boolean(value);
    i32, value => Self::Number(value.to_string());
    i64, value => Self::Number(value.to_string());
    u32, value => Self::Number(value.to_string());
    usize, value => Self::Number(value.to_string());
    &str, value => Self::Text(value.to_owned());
    String, value => Self::Text(value);
    // As the data API writes them.
    Decimal, value => Self::Text(value.to_string());
    Date, value => Self::Text(value.to_string());
    DateTime, value => Self::Text(value.to_string());
}

impl<T: Into<Self>> From<Vec<T>> for Json {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Self>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => value.fmt(f),
            Self::Number(digits) => f.write_str(digits),
            Self::Text(text) => string(f, text),
            Self::List(items) => {
                f.write_char('[')?;
                for (at, item) in items.iter().enumerate() {
                    comma(f, at)?;
                    item.fmt(f)?;
                }
                f.write_char(']')
            }
            Self::Object(members) => {
                f.write_char('{')?;
                for (at, (name, value)) in members.iter().enumerate() {
                    comma(f, at)?;
                    string(f, name)?;
                    f.write_char(':')?;
                    value.fmt(f)?;
                }
                f.write_char('}')
            }
        }
    }
}

fn comma(f: &mut fmt::Formatter<'_>, at: usize) -> fmt::Result {
    if at > 0 { f.write_char(',') } else { Ok(()) }
}

fn string(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for letter in text.chars() {
        match letter {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            letter if letter < ' ' => write!(f, "\\u{:04x}", u32::from(letter))?,
            letter => f.write_char(letter)?,
        }
    }
    f.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let json = Json::object([
            ("text", "a \"b\" \\ \n 上海 \u{1}".into()),
            ("list", vec![1, -2].into()),
            ("none", Option::<bool>::None.into()),
            ("yes", true.into()),
            ("amount", "12.50".parse::<Decimal>().unwrap().into()),
        ]);
        assert_eq!(json.to_string().parse::<Json>(), Ok(json));
    }
}
