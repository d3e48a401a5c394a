//! Values of inputs → properties as the files have them. Absent leaves a property alone, null takes it away.

use async_graphql::MaybeUndefined;
use tenon_value::{Json, JsonMap};

use super::scalars::{ChoiceOption, Decimal, LocalizedText};
use super::words::{FieldType, OnDelete, word};

/// A value of an input that has a form in files.
pub(super) trait InFiles {
    /// The form in files.
    fn in_files(&self) -> Json;
}

impl InFiles for String {
    fn in_files(&self) -> Json {
        Json::from(self.as_str())
    }
}

impl InFiles for bool {
    fn in_files(&self) -> Json {
        Json::Bool(*self)
    }
}

impl InFiles for i32 {
    fn in_files(&self) -> Json {
        Json::from(*self)
    }
}

impl InFiles for Json {
    fn in_files(&self) -> Json {
        self.clone()
    }
}

impl InFiles for LocalizedText {
    fn in_files(&self) -> Json {
        self.0.clone()
    }
}

impl InFiles for ChoiceOption {
    fn in_files(&self) -> Json {
        self.0.clone()
    }
}

impl InFiles for Decimal {
    fn in_files(&self) -> Json {
        self.0.clone()
    }
}

impl InFiles for FieldType {
    fn in_files(&self) -> Json {
        Json::from(word(*self))
    }
}

impl InFiles for OnDelete {
    fn in_files(&self) -> Json {
        Json::from(word(*self))
    }
}

impl<T: InFiles> InFiles for Vec<T> {
    fn in_files(&self) -> Json {
        self.iter().map(InFiles::in_files).collect()
    }
}

/// Properties being gathered.
#[derive(Debug, Default)]
pub(super) struct Properties(pub(super) JsonMap<String, Json>);

impl Properties {
    /// Adds what an input says of a key.
    pub(super) fn put<T: InFiles>(mut self, key: &str, value: &MaybeUndefined<T>) -> Self {
        match value {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => {
                self.0.insert(key.to_owned(), Json::Null);
            }
            MaybeUndefined::Value(value) => {
                self.0.insert(key.to_owned(), value.in_files());
            }
        }
        self
    }

    /// Adds a key.
    pub(super) fn set(mut self, key: &str, value: Json) -> Self {
        self.0.insert(key.to_owned(), value);
        self
    }
}
