//! The values of one column that wait for their row group, typed, with the levels by which the format says what is empty.

use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::errors::Result;
use parquet::file::writer::SerializedColumnWriter;
use tenon_value::{Date, DateTime, Decimal, Json};

use crate::kind::Kind;

/// Levels of a list: it is empty; it has this element.
const LIST_EMPTY: i16 = 1;
const LIST_ELEMENT: i16 = 2;

/// Values of one type.
enum Typed {
    Bytes(Vec<ByteArray>),
    Longs(Vec<i64>),
    Ints(Vec<i32>),
    Floats(Vec<f64>),
    Bools(Vec<bool>),
}

/// The values of one column.
pub(crate) struct Values {
    kind: Kind,
    typed: Typed,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
}

impl Values {
    pub(crate) const fn new(kind: Kind) -> Self {
        let typed = match kind {
            Kind::Text | Kind::Texts | Kind::Json => Typed::Bytes(Vec::new()),
            Kind::Integer | Kind::Decimal { .. } | Kind::Moment => Typed::Longs(Vec::new()),
            Kind::Date => Typed::Ints(Vec::new()),
            Kind::Float => Typed::Floats(Vec::new()),
            Kind::Boolean => Typed::Bools(Vec::new()),
        };
        Self { kind, typed, definitions: Vec::new(), repetitions: Vec::new() }
    }

    /// Takes a value; the bytes it takes, or none where it is of another type.
    pub(crate) fn put(&mut self, value: Json) -> Option<usize> {
        if value.is_null() {
            self.level(0, 0);
            return Some(0);
        }
        if self.kind == Kind::Texts {
            return self.put_list(value);
        }
        let size = self.put_one(value)?;
        self.level(1, 0);
        Some(size)
    }

    fn level(&mut self, definition: i16, repetition: i16) {
        self.definitions.push(definition);
        self.repetitions.push(repetition);
    }

    fn put_one(&mut self, value: Json) -> Option<usize> {
        match &mut self.typed {
            Typed::Bytes(values) => {
                let text = match value {
                    Json::String(text) if self.kind != Kind::Json => text,
                    other => other.to_string(),
                };
                let size = text.len();
                values.push(ByteArray::from(text.into_bytes()));
                Some(size + size_of::<ByteArray>())
            }
            Typed::Longs(values) => {
                values.push(long(self.kind, &value)?);
                Some(size_of::<i64>())
            }
            Typed::Ints(values) => {
                values.push(value.as_str()?.parse::<Date>().ok()?.days());
                Some(size_of::<i32>())
            }
            Typed::Floats(values) => {
                values.push(value.as_f64()?);
                Some(size_of::<f64>())
            }
            Typed::Bools(values) => {
                values.push(value.as_bool()?);
                Some(1)
            }
        }
    }

    fn put_list(&mut self, value: Json) -> Option<usize> {
        let Json::Array(elements) = value else { return None };
        if elements.is_empty() {
            self.level(LIST_EMPTY, 0);
        }
        let mut size = 0;
        for (at, element) in elements.into_iter().enumerate() {
            size += self.put_one(element)?;
            self.level(LIST_ELEMENT, i16::from(at > 0));
        }
        Some(size)
    }

    /// Writes what has come, and is empty again.
    pub(crate) fn flush(&mut self, column: &mut SerializedColumnWriter<'_>) -> Result<()> {
        let definitions = std::mem::take(&mut self.definitions);
        let repetitions = std::mem::take(&mut self.repetitions);
        let (definitions, repetitions) = (Some(definitions.as_slice()), Some(repetitions.as_slice()));
        match &mut self.typed {
            Typed::Bytes(values) => column.typed::<ByteArrayType>().write_batch(&std::mem::take(values), definitions, repetitions),
            Typed::Longs(values) => column.typed::<Int64Type>().write_batch(&std::mem::take(values), definitions, repetitions),
            Typed::Ints(values) => column.typed::<Int32Type>().write_batch(&std::mem::take(values), definitions, repetitions),
            Typed::Floats(values) => column.typed::<DoubleType>().write_batch(&std::mem::take(values), definitions, repetitions),
            Typed::Bools(values) => column.typed::<BoolType>().write_batch(&std::mem::take(values), definitions, repetitions),
        }
        .map(drop)
    }
}

/// A whole number, the units of a decimal, or the milliseconds of a moment, as the API spells them.
fn long(kind: Kind, value: &Json) -> Option<i64> {
    let text = || value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match kind {
        Kind::Decimal { scale } => i64::try_from(text().parse::<Decimal>().ok()?.stored(scale).ok()?.units()).ok(),
        Kind::Moment => Some(value.as_str()?.parse::<DateTime>().ok()?.millis()),
        _ => value.as_i64().or_else(|| value.as_str()?.parse().ok()),
    }
}
