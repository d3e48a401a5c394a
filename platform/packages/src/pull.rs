//! A stored layer as files: what an author would have written.

use std::collections::HashSet;

use tenon_compiler::SourceFile;
use tenon_model::{ElementPath, Layer, State};
use tenon_store::MetadataRows;

use crate::PackagesError;
use crate::elements::{SERVER_PROPERTIES, TENANT_LAYER};

/// The files of a layer; with `paths`, those among them.
pub(crate) fn files(rows: &MetadataRows, layer: &str, paths: Option<&[String]>) -> Result<Vec<SourceFile>, PackagesError> {
    let found = rows.layers.iter().find(|one| one.package.as_str() == layer);
    let authored = match found {
        Some(found) => authored(found),
        None if layer == TENANT_LAYER => return Ok(Vec::new()),
        None => return Err(PackagesError::NoLayer),
    };
    let mut files = tenon_compiler::write(&authored);
    if let Some(paths) = paths {
        files.retain(|file| paths.contains(&file.path));
    }
    Ok(files)
}

/// The layer without what only the server writes: retired elements with what hangs on them, ends of aliases.
fn authored(layer: &Layer) -> Layer {
    let retired: HashSet<&str> = layer.elements.iter().filter(|one| one.state == State::Retired).map(|one| one.path.0.as_str()).collect();
    let hangs_on_retired = |path: &ElementPath| match path.split() {
        (_, Some(("access", role))) if retired.contains(ElementPath::role(role).0.as_str()) => true,
        (object, _) => retired.contains(object),
    };
    let active = layer.elements.iter().filter(|one| one.state == State::Active && !hangs_on_retired(&one.path));
    let elements = active.cloned().map(|mut element| {
        element.properties.retain(|key, _| !SERVER_PROPERTIES.contains(&key.as_str()));
        element
    });
    Layer { package: layer.package.clone(), elements: elements.collect() }
}
