//! `index.json`: every file with its size and digest. What a publisher signs is this text.

use sha2::{Digest, Sha256};
use tenon_compiler::Manifest;
use tenon_value::{Json, JsonMap};

use super::BundleError;

/// The form of an index.
const FORMAT: &str = "tenon/package-1";

/// What a bundle says it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// The package's name.
    pub package: String,
    /// Its version.
    pub version: String,
    /// Who publishes it, as the manifest says.
    pub publisher: Option<String>,
    /// Path, bytes and SHA-256 of every file, by path.
    pub files: Vec<(String, usize, String)>,
}

impl Index {
    /// The index of these files.
    pub(super) fn of<'f>(manifest: &Manifest, files: impl Iterator<Item = (&'f str, &'f [u8])>) -> Self {
        Self {
            package: manifest.package.to_string(),
            version: manifest.version.clone(),
            publisher: manifest.publisher.clone(),
            files: files.map(|(path, bytes)| (path.to_owned(), bytes.len(), hex::encode(Sha256::digest(bytes)))).collect(),
        }
    }

    /// The text that is signed: there is one way to write it.
    #[must_use]
    pub fn text(&self) -> String {
        let file = |(path, bytes, digest): &(String, usize, String)| {
            Json::Object(JsonMap::from_iter([
                ("path".to_owned(), Json::from(path.as_str())),
                ("bytes".to_owned(), Json::from(*bytes)),
                ("sha256".to_owned(), Json::from(digest.as_str())),
            ]))
        };
        let index = JsonMap::from_iter([
            ("format".to_owned(), Json::from(FORMAT)),
            ("package".to_owned(), Json::from(self.package.as_str())),
            ("version".to_owned(), Json::from(self.version.as_str())),
            ("publisher".to_owned(), self.publisher.as_deref().map_or(Json::Null, Json::from)),
            ("files".to_owned(), Json::Array(self.files.iter().map(file).collect())),
        ]);
        Json::Object(index).to_string()
    }

    /// Reads an index; refused where it is not written in the one way.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, BundleError> {
        let wrong = |what: &str| BundleError::Index(what.to_owned());
        let json: Json = serde_json::from_slice(bytes).map_err(|_| wrong("it is no JSON"))?;
        if json.get("format").and_then(Json::as_str) != Some(FORMAT) {
            return Err(BundleError::Index(format!("its format is not `{FORMAT}`")));
        }
        let text = |key: &str| json.get(key).and_then(Json::as_str).map(str::to_owned);
        let file = |one: &Json| {
            let path = one.get("path")?.as_str()?.to_owned();
            let bytes = usize::try_from(one.get("bytes")?.as_u64()?).ok()?;
            Some((path, bytes, one.get("sha256")?.as_str()?.to_owned()))
        };
        let files = json.get("files").and_then(Json::as_array).ok_or_else(|| wrong("`files` is missing"))?;
        let index = Self {
            package: text("package").ok_or_else(|| wrong("`package` is missing"))?,
            version: text("version").ok_or_else(|| wrong("`version` is missing"))?,
            publisher: text("publisher"),
            files: files.iter().map(file).collect::<Option<_>>().ok_or_else(|| wrong("a file lacks its path, bytes or digest"))?,
        };
        if index.text().as_bytes() != bytes {
            return Err(wrong("it is not written as an index is written"));
        }
        Ok(index)
    }

    /// SHA-256 of the text, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> String {
        hex::encode(Sha256::digest(self.text()))
    }
}
