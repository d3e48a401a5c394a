//! `tenon plugin typegen`: the records a package asks for, as types of its plugin's language.
//!
//! Made of the package's own files over the base package: what its manifest does not ask for has no name there.

mod rust;
mod typescript;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use plugin_build::Node;
use serde_json::json;
use tenon_packages::{GrantedObject, SourceFile};
use tenon_value::Localized;

use super::{bundle_of, package};
use crate::output::{Exit, Output};

/// Where the types go unless somewhere else is said.
const RUST: &str = "src/objects.rs";
const TYPESCRIPT: &str = "src/objects.ts";

/// Writes the types.
pub(super) fn typegen(output: &Output, dir: &Path, (out, with): (Option<&Path>, &[PathBuf])) -> anyhow::Result<Exit> {
    let files = tenon_packages::files_of(dir).with_context(|| format!("cannot read `{}`", dir.display()))?;
    let beside = with.iter().map(|file| Ok(bundle_of(file)?.metadata())).collect::<anyhow::Result<Vec<Vec<SourceFile>>>>()?;
    let objects = match tenon_packages::granted(&tenon_packages::metadata_of(&files), &beside).map_err(super::wrong)? {
        Ok(objects) => objects,
        Err(wrong) => {
            let words = wrong.first().map_or_else(String::new, ToString::to_string);
            return Err(package::refused("metadata", &format!("{}; `tenon check` shows everything that is wrong", words.trim_end())).into());
        }
    };
    if objects.is_empty() {
        return Err(package::refused("grants", "`package.yaml` asks for no records (`grants.records`)").into());
    }
    let (text, place) = if Node::is_of(dir) { (typescript::written(&objects), TYPESCRIPT) } else { (rust::written(&objects), RUST) };
    let place = out.map_or_else(|| dir.join(place), Path::to_path_buf);
    std::fs::write(&place, &text).with_context(|| format!("cannot write `{}`", place.display()))?;
    let names: Vec<&str> = objects.iter().map(|object: &GrantedObject| object.name.as_str()).collect();
    output.result(&json!({ "out": place, "objects": names }), format!("wrote {}: {}", place.display(), names.join(", ")));
    Ok(Exit::Done)
}

/// A label as a comment: in both languages, on one line.
fn label(label: &Localized, name: &str) -> String {
    label.both().unwrap_or_else(|| name.to_owned()).replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A package that asks for a little of everything.
    const PACKAGE: &str = "format: tenon/v1
package: yacht
publisher: acme
version: 1.0.0
label: { en: Yachts, zh: 游艇 }
platform: \">=0.1 <2.0\"
requires: { crm: \"^1.0\" }
grants:
  records:
    yacht_boat: { read: [\"length\", \"berth\", \"type\", \"features\", \"price\", \"built\"], write: [\"type\", \"price\"] }
";
    const BOAT: &str = "format: tenon/v1
object: yacht_boat
label: { en: Boat, zh: 船 }
fields:
  length: { type: decimal, label: { en: Length, zh: 长度 } }
  type: { type: choice, label: { en: Type, zh: 类型 }, options: [{ name: sail, label: { en: Sail, zh: 帆船 } }, { name: motor, label: { en: Motor, zh: 机动船 } }] }
  features: { type: choices, label: { en: Features, zh: 配置 }, options: [{ name: radar, label: { en: Radar, zh: 雷达 } }] }
  price: { type: money, label: { en: Price, zh: 价格 } }
  built: { type: date, label: { en: Built on, zh: 建造日期 } }
  secret_name: { type: text, label: { en: Secret name, zh: 别名 } }
relations:
  berth: { to: account, label: { en: Berth, zh: 泊位 } }
";

    fn boat() -> Vec<GrantedObject> {
        let files = [SourceFile::new("package.yaml", PACKAGE), SourceFile::new("objects/yacht_boat/object.yaml", BOAT)];
        tenon_packages::granted(&files, &[]).unwrap().unwrap()
    }

    /// The golden files are compiled and used by the tests of the SDKs.
    #[test]
    fn what_is_written_is_what_the_sdks_are_tested_with() {
        assert_eq!(rust::written(&boat()), include_str!("../../../../../sdk/rust/tests/typed/objects.rs"));
        assert_eq!(typescript::written(&boat()), include_str!("../../../../../sdk/typescript/test/objects.ts"));
    }

    #[test]
    fn what_is_not_asked_for_has_no_name() {
        let objects = boat();
        let names: Vec<&str> = objects.iter().flat_map(|object| &object.members).map(|member| member.name.as_str()).collect();
        assert_eq!(names, ["length", "type", "features", "price", "built", "berth"]);
    }
}
