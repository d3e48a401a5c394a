//! The editors' schemas in `docs/schemas` are those that the key tables make.
//!
//! `UPDATE=1 cargo test -p tenon-compiler --test schemas` rewrites them.

use std::fs;
use std::path::Path;

#[test]
fn the_schemas_for_editors_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas");
    #[expect(clippy::disallowed_methods, reason = "the switch for rewriting is the developer's, not configuration")]
    let update = std::env::var("UPDATE").is_ok();
    for (name, schema) in tenon_compiler::schemas() {
        let text = format!("{schema:#}\n");
        let path = folder.join(&name);
        if update {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &text).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "{name}");
    }
}
