//! Examples for the checks' own tests: what is said to some metadata, by code.

use tenon_model::{ModelVersion, Physical, Settings};
use tenon_value::{Name, TenantId, Uuid};

use crate::{SourceFile, assemble, read, sort_diagnostics};

/// Codes said to the files of a tenant's layer, each once, in order.
pub(crate) fn codes_of(files: &[(&str, &str)]) -> Vec<&'static str> {
    let files: Vec<SourceFile> = files.iter().map(|(path, text)| SourceFile::new(*path, *text)).collect();
    let found = read(&Name::known("tenant"), &files);
    let assembled = assemble(TenantId(Uuid::nil()), ModelVersion(1), &Settings::default(), &[found.layer], &Physical::default());
    let mut all: Vec<_> = found.diagnostics.into_iter().chain(assembled.diagnostics).collect();
    sort_diagnostics(&mut all);
    let mut codes: Vec<&str> = all.into_iter().map(|diagnostic| diagnostic.code).collect();
    codes.dedup();
    codes
}

/// Codes said to an object called `deal` of which `body` is written.
pub(crate) fn codes(body: &str) -> Vec<&'static str> {
    codes_of(&[("object.yaml", &format!("format: tenon/v1\nobject: deal\nlabel: {{ en: Deal }}\n{body}"))])
}

/// Codes said to a view of a `deal` with text `name`, number `size`, choice `stage` and a tree.
pub(crate) fn codes_of_view(view: &str) -> Vec<&'static str> {
    let object = "format: tenon/v1\nobject: deal\nlabel: { en: Deal }\nfields:\n  name: { type: text, label: { en: Name } }\n  size: { type: integer, label: { en: Size } }\n  \
                  stage: { type: choice, options: [new, won], label: { en: Stage } }\nrelations:\n  parent: { to: deal, tree: true, inverse: { name: children }, label: { en: Parent } }\n";
    let views = format!("format: tenon/v1\nobject: deal\nviews:\n  mine: {{ label: {{ en: Mine }}, {view} }}\n");
    codes_of(&[("object.yaml", object), ("views.yaml", &views)])
}

/// Codes said to `access.yaml` of a `deal` with text `name` and number `size`; there is a role `rep`.
pub(crate) fn codes_of_access(body: &str) -> Vec<&'static str> {
    let object = "format: tenon/v1\nobject: deal\nlabel: { en: Deal }\nfields:\n  name: { type: text, label: { en: Name } }\n  size: { type: integer, label: { en: Size } }\n";
    let user = "format: tenon/v1\nobject: user\nlabel: { en: User }\nfields:\n  name: { type: text, label: { en: Name } }\n";
    let access = format!("format: tenon/v1\nobject: deal\n{body}\n");
    codes_of(&[
        ("objects/user/object.yaml", user),
        ("objects/deal/object.yaml", object),
        ("objects/deal/access.yaml", &access),
        ("roles/rep.yaml", "format: tenon/v1\nrole: rep\nlabel: { en: Rep }\n"),
    ])
}

/// Codes said to a row rule of such a `deal`.
pub(crate) fn codes_of_rule(rule: &str) -> Vec<&'static str> {
    codes_of_access(&format!("roles: {{ rep: {{ can: [read], rows: {{ read: \"{rule}\" }} }} }}"))
}
