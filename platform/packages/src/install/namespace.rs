//! What a package may name: its own things begin with its name; over others' it may lay properties, where it says that it
//! needs them.

use std::collections::HashSet;

use tenon_compiler::Manifest;
use tenon_diagnostics::Diagnostic;
use tenon_model::{Element, ElementPath, Layer};
use tenon_value::Json;

use crate::complaint;
use crate::elements::TENANT_LAYER;

/// Everything a package names that is not its own.
pub(crate) fn strays(manifest: &Manifest, written: &Layer, layers: &[Layer], packages: &[String]) -> Vec<Diagnostic> {
    let spaces = Spaces { manifest, layers, packages };
    let found: Vec<Diagnostic> = written.elements.iter().filter_map(|element| spaces.complaint(element)).collect();
    // An object that is not ours to name is told once, without all that hangs on it.
    let objects: HashSet<String> = found.iter().map(|one| one.path.clone()).filter(|path| !path.contains('.')).collect();
    found.into_iter().filter(|one| one.path.split_once('.').is_none_or(|(object, _)| !objects.contains(object))).collect()
}

struct Spaces<'a> {
    manifest: &'a Manifest,
    layers: &'a [Layer],
    packages: &'a [String],
}

impl Spaces<'_> {
    fn own(&self) -> &str {
        self.manifest.package.as_str()
    }

    /// Whether a name begins with ours, and not with that of a package whose name begins with ours.
    fn is_own(&self, name: &str) -> bool {
        let begins = |package: &str| name.strip_prefix(package).is_some_and(|rest| rest.starts_with('_'));
        let longer = |other: &&String| other.len() > self.own().len() && begins(other);
        begins(self.own()) && !self.packages.iter().any(|other| longer(&other))
    }

    /// The layer below that brought an element, other than ours and the tenant's.
    fn owner(&self, path: &ElementPath) -> Option<&str> {
        let other = |layer: &&Layer| layer.package != self.manifest.package && layer.package.as_str() != TENANT_LAYER;
        let has = |layer: &&Layer| layer.elements.iter().any(|one| one.path == *path);
        self.layers.iter().filter(other).find(has).map(|layer| layer.package.as_str())
    }

    /// Whether the tenant has made this by itself.
    fn is_tenants(&self, path: &ElementPath) -> bool {
        let has = |name: &str| {
            self.layers.iter().any(|layer| layer.package.as_str() == name && layer.elements.iter().any(|one| one.path == *path))
        };
        has(TENANT_LAYER) && !has(self.own()) && self.owner(path).is_none()
    }

    fn complaint(&self, element: &Element) -> Option<Diagnostic> {
        let path = &element.path;
        let (object, member) = path.split();
        let name = match (path.role_name(), member) {
            (Some(role), _) => role,
            (None, None) => object,
            (None, Some((_, name))) => name,
        };
        if self.is_tenants(path) {
            return Some(complaint::taken_by_tenant(path));
        }
        if let Some(owner) = self.owner(path) {
            return (!self.needs(owner)).then(|| complaint::not_required(path, owner));
        }
        // What hangs on an own object is own; rights are named after the role they are for.
        let is_right = member.is_some_and(|(group, _)| group == "access");
        let within_own = path.role_name().is_none() && member.is_some() && self.is_own(object);
        if let Some(inverse) = self.foreign_inverse(element) {
            return Some(complaint::outside_namespace(&ElementPath(format!("{path}.inverse.{inverse}")), self.own()));
        }
        if within_own || is_right || self.is_own(name) {
            let on = path.role_name().is_none().then(|| self.owner(&ElementPath::object(object))).flatten();
            return on.filter(|owner| !self.needs(owner)).map(|owner| complaint::not_required(path, owner));
        }
        Some(complaint::outside_namespace(path, self.own()))
    }

    /// The name a relation gives itself on somebody else's object, where it does not begin with ours.
    fn foreign_inverse<'e>(&self, element: &'e Element) -> Option<&'e str> {
        let value = |key: &str| element.properties.get(key).map(|property| &property.value);
        let named = value("inverse")?.get("name")?.as_str()?;
        let targets: Vec<&str> = match value("to")? {
            Json::String(one) => vec![one],
            Json::Array(many) => many.iter().filter_map(Json::as_str).collect(),
            _ => Vec::new(),
        };
        let foreign = targets.iter().any(|target| !self.is_own(target));
        (foreign && !self.is_own(named)).then_some(named)
    }

    fn needs(&self, owner: &str) -> bool {
        self.manifest.requires.iter().any(|(name, _)| name == owner)
    }
}
