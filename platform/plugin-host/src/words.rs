//! Phases, kinds of calls and sizes in a file: by their words; and what is shared, as what it is.

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

/// What is shared between questions, as a list.
pub(crate) mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<T: Serialize, S: Serializer>(list: &Arc<[T]>, serializer: S) -> Result<S::Ok, S::Error> {
        (**list).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<[T]>, D::Error> {
        Vec::deserialize(deserializer).map(Arc::from)
    }
}
