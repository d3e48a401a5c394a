//! What is written is read back as the same elements.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tenon_compiler::{element, read, write};
use tenon_model::{Element, ElementPath, Layer};
use tenon_value::{ElementId, Json, JsonMap, Name};

type Plain = BTreeMap<String, (ElementId, BTreeMap<String, Json>)>;

/// Elements without places and order of files.
fn plain(layer: &Layer) -> Plain {
    let properties = |element: &Element| element.properties.iter().map(|(key, property)| (key.clone(), property.value.clone())).collect();
    layer.elements.iter().map(|element| (element.path.0.clone(), (element.id, properties(element)))).collect()
}

fn name() -> impl Strategy<Value = String> {
    "[a-z]{1,3}(_[a-z0-9]{1,2})?"
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9 :#,.{}\\[\\]'\"&*!|>%@`~?=+-]{0,12}",
        "[一-龥]{1,6}",
        any::<String>().prop_map(|text| text.replace('\0', "")),
        Just("null".to_owned()),
        Just("-1e5".to_owned()),
        Just("12345678901234567890.5".to_owned()),
    ]
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_filter("JSON has no NaN", |number| number.is_finite()).prop_map(Json::from),
        text().prop_map(Json::from),
        Just(Json::Null),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::btree_map(key(), inner, 0..5).prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

/// A key of a mapping; `<<` is no key of metadata.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![name(), text()].prop_filter("merge keys are refused", |key| key != "<<")
}

fn properties() -> impl Strategy<Value = JsonMap<String, Json>> {
    let own = |key: &String| {
        !matches!(key.as_str(), "was" | "format" | "object" | "fields" | "relations" | "views" | "layouts" | "roles" | "sharing" | "role")
    };
    prop::collection::btree_map(key().prop_filter("keys of files", own), json(), 1..5).prop_map(|map| map.into_iter().collect())
}

fn layer() -> impl Strategy<Value = Layer> {
    let group = prop_oneof![Just("fields"), Just("relations"), Just("views"), Just("layouts"), Just("access"), Just("sharing")];
    let object = (name(), properties()).prop_map(|(name, properties)| (ElementPath::object(&name), properties));
    let member =
        (name(), group, name(), properties()).prop_map(|(of, group, name, properties)| (ElementPath::child(&of, group, &name), properties));
    let role = (name(), properties()).prop_map(|(name, properties)| (ElementPath::role(&name), properties));
    prop::collection::vec(prop_oneof![object, member, role], 0..12).prop_map(|drawn| {
        let unique: BTreeMap<String, JsonMap<String, Json>> = drawn.into_iter().map(|(path, properties)| (path.0, properties)).collect();
        let elements = unique.into_iter().map(|(path, properties)| element("tenant", ElementPath(path), properties)).collect();
        Layer { package: Name::known("tenant"), elements }
    })
}

proptest! {
    #[test]
    fn what_is_pulled_is_what_was_there(layer in layer()) {
        let files = write(&layer);
        let back = read(&layer.package, &files);
        prop_assert!(back.diagnostics.is_empty(), "{:#?}\n{:#?}", back.diagnostics, files);
        prop_assert_eq!(plain(&back.layer), plain(&layer));
        prop_assert_eq!(write(&back.layer).len(), files.len());
    }
}

#[test]
fn a_field_is_a_line() {
    let file = tenon_compiler::SourceFile::new(
        "objects/deal/object.yaml",
        "format: tenon/v1\nobject: deal\nlabel: { en: Deal, zh: 商机 }\nfields:\n  name: { type: text, max: 200, label: { en: Name, zh: 名称 } }\n  rate: { type: decimal, min: 0.000001, default: \"1\" }\n",
    );
    let layer = read(&Name::known("tenant"), std::slice::from_ref(&file)).layer;
    assert_eq!(write(&layer).first().unwrap().text.replace("1e-6", "0.000001"), file.text);
}
