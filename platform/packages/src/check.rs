//! Offline: would these files compile, over the base package, without any server?

use tenon_diagnostics::Diagnostic;
use tenon_model::{Layer, ModelVersion, Physical, Settings};
use tenon_value::{Name, TenantId, Uuid};

use crate::{BASE_PACKAGE, SourceFile, TENANT_LAYER, crm};

/// Everything that is wrong with the files of a tenant or a package, alone and together with the base package.
#[must_use]
pub fn check(files: &[SourceFile]) -> Vec<Diagnostic> {
    let read = tenon_compiler::read(&Name::known(TENANT_LAYER), files);
    let mut diagnostics = read.diagnostics;
    let mut layers: Vec<Layer> = Vec::new();
    if read.layer.package.as_str() != BASE_PACKAGE {
        layers.push(tenon_compiler::read(&Name::known(BASE_PACKAGE), &crm::files()).layer);
    }
    layers.push(read.layer);
    let nobody = TenantId(Uuid::nil());
    let assembled = tenon_compiler::assemble(nobody, ModelVersion(1), &Settings::default(), &layers, &Physical::default());
    for found in assembled.diagnostics {
        if !diagnostics.contains(&found) {
            diagnostics.push(found);
        }
    }
    diagnostics
}

#[cfg(test)]
mod tests {
    use super::*;

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
