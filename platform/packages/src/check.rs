//! Offline: would these files compile, over the base package, without any server?

use tenon_compiler::Manifest;
use tenon_diagnostics::Diagnostic;
use tenon_model::{Layer, Model, ModelVersion, Physical, Settings};
use tenon_value::{Name, TenantId, Uuid};

use crate::install::strays;
use crate::{BASE_PACKAGE, Bundle, SourceFile, TENANT_LAYER, crm};

/// What files come to over the base package.
pub(crate) struct Compiled {
    /// The model, where it could be made.
    pub(crate) model: Option<Model>,
    /// What `package.yaml` says; a tenant's own files have none.
    pub(crate) manifest: Option<Manifest>,
    /// All mistakes and warnings.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Compiles files over the base package and the files of other packages.
pub(crate) fn compile(files: &[SourceFile], beside: &[Vec<SourceFile>]) -> Compiled {
    let read = tenon_compiler::read(&Name::known(TENANT_LAYER), files);
    let mut diagnostics = read.diagnostics;
    let mut layers: Vec<Layer> = Vec::new();
    if read.layer.package.as_str() != BASE_PACKAGE {
        layers.push(tenon_compiler::read(&Name::known(BASE_PACKAGE), &crm::files()).layer);
    }
    layers.extend(beside.iter().map(|files| tenon_compiler::read(&Name::known(TENANT_LAYER), files).layer));
    layers.push(read.layer);
    let nobody = TenantId(Uuid::nil());
    let assembled = tenon_compiler::assemble(nobody, ModelVersion(1), &Settings::default(), &layers, &Physical::default());
    for found in assembled.diagnostics {
        if !diagnostics.contains(&found) {
            diagnostics.push(found);
        }
    }
    Compiled { model: assembled.model, manifest: read.manifest, diagnostics }
}

/// Everything that is wrong with the files of a tenant or a package, alone and together with the base package.
#[must_use]
pub fn check(files: &[SourceFile]) -> Vec<Diagnostic> {
    compile(files, &[]).diagnostics
}

/// The same of a package before it is given away, with what it names that is not its own. Of packages beside the base nothing
/// is known here: one that stands on others is told that when it is installed.
#[must_use]
pub fn check_package(bundle: &Bundle) -> Vec<Diagnostic> {
    let files = bundle.metadata();
    let mut diagnostics = check(&files);
    if bundle.manifest.requires.iter().all(|(name, _)| name == BASE_PACKAGE) {
        let base = tenon_compiler::read(&Name::known(BASE_PACKAGE), &crm::files()).layer;
        let written = tenon_compiler::read(&bundle.manifest.package, &files).layer;
        diagnostics.extend(strays(&bundle.manifest, &written, &[base], &[]));
    }
    diagnostics
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The complaints about a package that says what it requires and brings one field on an opportunity.
    fn complaints(requires: &str, field: &str) -> Vec<&'static str> {
        let manifest =
            format!("format: tenon/v1\npackage: acme_score\npublisher: acme\nversion: 1.0.0\nlabel: {{ en: A, zh: A }}\n{requires}");
        let object = format!("format: tenon/v1\nobject: opportunity\nfields:\n  {field}: {{ type: integer, label: {{ en: V, zh: V }} }}\n");
        let files = [("package.yaml", manifest), ("objects/opportunity/object.yaml", object)];
        let files: BTreeMap<_, _> = files.into_iter().map(|(path, text)| (path.to_owned(), text.into_bytes())).collect();
        check_package(&Bundle::pack(files).unwrap()).iter().map(|one| one.code).collect()
    }

    #[test]
    fn what_is_not_a_packages_own_is_told_before_it_is_given_away() {
        let crm = "requires: { crm: \"^1.0\" }\n";
        assert_eq!(complaints(crm, "acme_score_value"), [""; 0]);
        assert_eq!(complaints(crm, "value"), ["package/namespace"]);
        assert_eq!(complaints("", "acme_score_value"), ["package/not-required"]);
        // Perhaps it is a field of the other package.
        assert_eq!(complaints("requires: { crm: \"^1.0\", sales: \"^1.0\" }\n", "value"), [""; 0]);
    }

    #[test]
    fn the_base_package_and_a_file_over_it_compile() {
        assert_eq!(check(&crm::files()), []);
        let file = SourceFile::new(
            "objects/deal/object.yaml",
            "format: tenon/v1\nobject: deal\nlabel: { en: Deal, zh: 交易 }\nrelations:\n  account: { to: acount }\n",
        );
        let codes: Vec<_> = check(&[file]).iter().map(|one| one.code).collect();
        assert!(codes.contains(&"metadata/unknown-object"), "{codes:?}");
    }

    /// The examples of the book for administrators: each begins with its path.
    fn examples(book: &str) -> Vec<SourceFile> {
        let blocks = book.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
        let with_path = blocks.filter_map(|block| Some((block.lines().next()?.strip_prefix("# crm/")?, block)));
        with_path.map(|(path, block)| SourceFile::new(path, block)).collect()
    }

    #[test]
    fn the_examples_of_the_book_compile_together() {
        let files = examples(include_str!("../../../docs/tenant-admin.md"));
        assert!(files.len() >= 6, "{files:?}");
        assert_eq!(check(&files), []);
    }
}
