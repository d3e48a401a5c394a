//! Files → a bundle → bytes, and back.

use std::collections::BTreeMap;

use tenon_plugin_host::{PluginPackage, Size};

use super::limits::METADATA_FILE_MAX;
use super::{Bundle, BundleError, COMPONENT, Index, MANIFEST, SecretKey, Signature, archive, manifest_of, paths, seal};

impl Bundle {
    /// A bundle of these files, not signed by anybody.
    ///
    /// # Errors
    /// `Path`, `Manifest`, `Component`, limits.
    pub fn pack(files: BTreeMap<String, Vec<u8>>) -> Result<Self, BundleError> {
        for path in files.keys() {
            paths::check(path)?;
        }
        let manifest = manifest_of(&files)?;
        let index = Index::of(&manifest, files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())));
        let bundle = Self { index, signature: None, manifest, files };
        bundle.check()?;
        Ok(bundle)
    }

    /// The same, signed.
    #[must_use]
    pub fn signed(self, key: &SecretKey) -> Self {
        let signature = Some(key.sign(&self.index));
        Self { signature, ..self }
    }

    /// Its bytes: equal bundles have equal ones.
    ///
    /// # Errors
    /// Limits.
    pub fn bytes(&self) -> Result<Vec<u8>, BundleError> {
        let index = self.index.text();
        let signature = self.signature.as_ref().map(Signature::text);
        let head = [(paths::INDEX, Some(index.as_str())), (paths::SIGNATURE, signature.as_deref())];
        let head = head.iter().filter_map(|(path, text)| Some((*path, text.as_ref()?.as_bytes())));
        let files = self.files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()));
        seal::close(&archive::write(head.chain(files))?)
    }

    /// Reads a `.tenon` file and checks it against its own index. Whether it is trusted is another question.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, BundleError> {
        let mut entries = archive::read(&seal::open(bytes)?)?.into_iter().peekable();
        let first = entries.next().filter(|(path, _)| path == paths::INDEX);
        let (_, index) = first.ok_or(BundleError::NotAPackage("it does not begin with its index"))?;
        let index = Index::read(&index)?;
        let signature = entries.next_if(|(path, _)| path == paths::SIGNATURE);
        let signature = signature.map(|(_, bytes)| Signature::read(&bytes)).transpose()?;
        let mut files = BTreeMap::new();
        for (path, bytes) in entries {
            paths::check(&path)?;
            if files.last_key_value().is_some_and(|(last, _): (&String, _)| *last >= path) {
                return Err(BundleError::Index(format!("`{path}` stands twice, or not in its order")));
            }
            files.insert(path, bytes);
        }
        let manifest = manifest_of(&files)?;
        let told = Index::of(&manifest, files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())));
        if told != index {
            return Err(BundleError::Index("it does not say what is there: a file, its bytes, the name or the version differ".to_owned()));
        }
        let bundle = Self { index, signature, manifest, files };
        bundle.check()?;
        Ok(bundle)
    }

    /// What a package must be beside being read.
    fn check(&self) -> Result<(), BundleError> {
        for (path, bytes) in &self.files {
            if paths::is_metadata(path) && bytes.len() > METADATA_FILE_MAX {
                return Err(BundleError::FileTooLarge(path.clone()));
            }
            if paths::is_metadata(path) && std::str::from_utf8(bytes).is_err() {
                return Err(BundleError::Damaged(format!("`{path}` is no text")));
            }
        }
        let lower: std::collections::HashSet<String> = self.files.keys().map(|path| path.to_ascii_lowercase()).collect();
        if lower.len() < self.files.len() {
            return Err(BundleError::Index("two paths differ in capitals only".to_owned()));
        }
        self.manifest.version.parse::<semver::Version>().map_err(|error| BundleError::Manifest(format!("`version`: {error}")))?;
        crate::install::outward_of(&self.manifest)?;
        self.host_tests()?;
        self.check_component()
    }

    /// The component is there if the manifest says so, and says the same of itself.
    fn check_component(&self) -> Result<(), BundleError> {
        let component = match (self.component(), &self.manifest.plugin) {
            (None, None) => return Ok(()),
            (Some(component), Some(_)) => component,
            (Some(_), None) => return Err(BundleError::Manifest(format!("`plugin` is missing, but there is a `{COMPONENT}`"))),
            (None, Some(_)) => return Err(BundleError::Component("it is missing: build it by `tenon plugin build`".to_owned())),
        };
        let plugin = PluginPackage::from_component(component).map_err(|error| BundleError::Component(error.to_string()))?;
        let (name, version) = (self.manifest.package.as_str(), self.manifest.version.as_str());
        if plugin.name != name || plugin.version != version {
            let title = plugin.title();
            let mend = "give `Cargo.toml` (or `package.json`) the same name and version, then build again by `tenon plugin build`";
            let words = format!("it is {title}, `{MANIFEST}` says {name}@{version}: {mend}");
            return Err(BundleError::Component(words));
        }
        self.size_of(plugin.size).map(drop)
    }

    /// The engine for its component, which asks for `own` itself: the manifest may give it more room, not less.
    ///
    /// # Errors
    /// `Manifest`, where it says less, or no size.
    pub fn size_of(&self, own: Size) -> Result<Size, BundleError> {
        let said = self.manifest.plugin.as_ref().and_then(|plugin| plugin.get("size"));
        let Some(said) = said else { return Ok(own) };
        let unknown = || BundleError::Manifest(format!("`plugin.size` is {said}: write `small` or `large`"));
        match (said.as_str().and_then(Size::from_word).ok_or_else(unknown)?, own) {
            (Size::Small, Size::Large) => {
                Err(BundleError::Manifest("`plugin.size` is small, and its component says that it needs `large`".to_owned()))
            }
            (said, _) => Ok(said),
        }
    }
}
