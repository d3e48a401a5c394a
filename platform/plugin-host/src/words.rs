//! Phases, kinds of calls and sizes in a file: by their words.

macro_rules! by_word {
    ($name:ident, $type:ty, $what:literal) => {
        pub(crate) mod $name {
            use serde::de::Error;
            use serde::{Deserialize, Deserializer, Serializer};

            pub(crate) fn serialize<S: Serializer>(value: &$type, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(value.word())
            }

            pub(crate) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<$type, D::Error> {
                let word = String::deserialize(from)?;
                <$type>::from_word(&word).ok_or_else(|| Error::custom(format!("`{word}` is no {}", $what)))
            }
        }
    };
}

by_word!(phase, tenon_hooks::Phase, "phase");
by_word!(kind, tenon_query::CallKind, "kind of call");
by_word!(size, crate::limits::Size, "size");
