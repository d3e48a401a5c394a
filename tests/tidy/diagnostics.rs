//! Every diagnostic shows the mistake it is about: a code without a wrong example cannot be believed.

use super::findings::Findings;
use super::tree::{File, Tree};

/// Where the diagnostics of the compiler are made, one file per code.
const CHECKS: &str = "platform/compiler/src/checks/";

/// Where a wrong example too long for the check's own file lies, in a folder or file named after the code.
const WRONG: &str = "tests/wrong-metadata/";

/// One file per code, named after it, with the mistake in its tests or under `tests/wrong-metadata/`.
pub(crate) fn examples(tree: &Tree, findings: &mut Findings) {
    let mut codes: Vec<(&str, &str)> = Vec::new();
    for file in tree.under(CHECKS, "rs") {
        let Some(code) = code(file) else {
            findings.add(&file.path, "has no `const CODE: &str = \"area/slug\"`");
            continue;
        };
        let words = code.replace(['/', '-'], "_");
        if words != file.stem() && !words.ends_with(&format!("_{}", file.stem())) {
            findings.add(&file.path, format!("is about `{code}`, and is not called so"));
        }
        if let Some((_, other)) = codes.iter().find(|(known, _)| *known == code) {
            findings.add(&file.path, format!("`{code}` is made in {other} too"));
        }
        codes.push((code, &file.path));
        if !file.text.contains("#[test]") && !has_example(tree, code) {
            findings.add(&file.path, format!("`{code}` has no wrong example, neither here nor in {WRONG}"));
        }
    }
    for file in tree.under("platform/compiler/src/", "rs").filter(|file| !file.path.starts_with(CHECKS)) {
        if file.shipped().contains("Diagnostic::error(\"") || file.shipped().contains("Diagnostic::warning(\"") {
            findings.add(&file.path, format!("makes a diagnostic outside {CHECKS}"));
        }
    }
}

/// The code a check is about.
fn code(file: &File) -> Option<&str> {
    let line = file.text.lines().find(|line| line.contains("const CODE: &str ="))?;
    line.split('"').nth(1)
}

/// Whether a folder or a file under the wrong examples bears the code.
fn has_example(tree: &Tree, code: &str) -> bool {
    let folded = code.replace('/', "-");
    let names = [format!("{WRONG}{code}/"), format!("{WRONG}{code}."), format!("{WRONG}{folded}/"), format!("{WRONG}{folded}.")];
    tree.all().any(|file| names.iter().any(|name| file.path.starts_with(name.as_str())))
}
