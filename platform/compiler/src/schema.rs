//! JSON Schemas for editors, made of the same key tables that the checks use.

use tenon_value::{Json, JsonMap, Locale};

use crate::keys::{
    ACCESS, COMMON, FIELD_TYPES, Key, LAYOUT, LAYOUT_NAMES, MAPPING, OBJECT, PACKAGE, RELATION, ROLE, SHARING, Shape, Table, VIEW,
};
use crate::{checks::format, shape};

/// The draft that YAML language servers know best.
const DRAFT: &str = "http://json-schema.org/draft-07/schema#";
const NAME: &str = "^[a-z][a-z0-9]*(_[a-z0-9]+)*$";

/// File name and schema of each kind of file.
#[must_use]
pub fn schemas() -> Vec<(String, Json)> {
    let named = |name: &str, schema: Json| (format!("{name}.schema.json"), schema);
    vec![
        named("object", object_file()),
        named("views", group_file("views.yaml", "views", &names_of(table(&VIEW)))),
        named("layout", group_file("layout.yaml", "layouts", &layouts())),
        named("access", access_file()),
        named("role", role_file()),
        named("labels", labels_file()),
        named("package", whole("package.yaml", table(&PACKAGE))),
        named("mapping", whole("mapping.yaml", table(&MAPPING))),
    ]
}

fn map<const N: usize>(entries: [(&str, Json); N]) -> Json {
    Json::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn strings<'s>(words: impl IntoIterator<Item = &'s str>) -> Json {
    words.into_iter().collect()
}

/// A schema as a file of its own.
fn whole(title: &str, schema: Json) -> Json {
    let mut file = JsonMap::from_iter([("$schema".to_owned(), Json::from(DRAFT)), ("title".to_owned(), Json::from(title))]);
    if let Json::Object(rest) = schema {
        file.extend(rest);
    }
    Json::Object(file)
}

/// `format`, `object`, and what follows.
fn file(title: &str, properties: &[(&str, Json)], required: &[&str]) -> Json {
    file_of("object", title, properties, required)
}

/// `format`, the name of what the file is about, and what follows.
fn file_of(about: &str, title: &str, properties: &[(&str, Json)], required: &[&str]) -> Json {
    let mut all = JsonMap::new();
    all.insert("format".to_owned(), map([("const", Json::from(format::VERSION))]));
    all.insert(about.to_owned(), map([("type", Json::from("string")), ("pattern", Json::from(NAME))]));
    all.extend(properties.iter().map(|(key, schema)| ((*key).to_owned(), schema.clone())));
    whole(
        title,
        map([
            ("type", Json::from("object")),
            ("properties", Json::Object(all)),
            ("required", strings(["format", about].into_iter().chain(required.iter().copied()))),
            ("additionalProperties", Json::Bool(false)),
        ]),
    )
}

fn object_file() -> Json {
    let mut properties: Vec<(&str, Json)> =
        OBJECT.keys.iter().filter(|key| is_written(key)).map(|key| (key.name, described(key))).collect();
    properties.push(("fields", names_of(field())));
    properties.push(("relations", names_of(relation())));
    // An object of another package is added to without a label of its own.
    file("object.yaml", &properties, &[])
}

fn group_file(title: &str, group: &str, members: &Json) -> Json {
    file(title, &[(group, members.clone())], &[group])
}

fn layouts() -> Json {
    let each = LAYOUT_NAMES.iter().map(|name| ((*name).to_owned(), table(&LAYOUT))).collect();
    map([("type", Json::from("object")), ("properties", Json::Object(each)), ("additionalProperties", Json::Bool(false))])
}

/// A tenant that overrides one property of a package's role need not repeat the others.
fn partial(whole: &Table) -> Json {
    let mut schema = table(whole);
    if let Json::Object(schema) = &mut schema {
        schema.remove("required");
    }
    schema
}

fn access_file() -> Json {
    file("access.yaml", &[("roles", names_of(partial(&ACCESS))), ("sharing", names_of(partial(&SHARING)))], &[])
}

fn role_file() -> Json {
    let properties: Vec<(&str, Json)> = ROLE.keys.iter().filter(|key| is_written(key)).map(|key| (key.name, described(key))).collect();
    file_of("role", "roles/<name>.yaml", &properties, &[])
}

fn labels_file() -> Json {
    let texts = map([("type", Json::from("object")), ("additionalProperties", map([("type", Json::from("string"))]))]);
    file("labels/<locale>.yaml", &[("labels", texts.clone()), ("about", texts)], &[])
}

/// A mapping from API names.
fn names_of(member: Json) -> Json {
    map([("type", Json::from("object")), ("propertyNames", map([("pattern", Json::from(NAME))])), ("additionalProperties", member)])
}

fn is_written(key: &Key) -> bool {
    shape::names(std::iter::once(key)).next().is_some()
}

fn described(key: &Key) -> Json {
    let mut schema = of(&key.shape);
    if let Json::Object(schema) = &mut schema {
        schema.insert("description".to_owned(), Json::from(key.about));
    }
    schema
}

fn table(table: &Table) -> Json {
    map([
        ("type", Json::from("object")),
        ("properties", properties(table.keys.iter())),
        ("required", required(table.keys.iter())),
        ("additionalProperties", Json::Bool(false)),
    ])
}

fn properties<'k>(keys: impl Iterator<Item = &'k Key>) -> Json {
    Json::Object(keys.filter(|key| is_written(key)).map(|key| (key.name.to_owned(), described(key))).collect())
}

fn required<'k>(keys: impl Iterator<Item = &'k Key>) -> Json {
    keys.filter(|key| key.required.is_some()).map(|key| key.name).collect()
}

/// A relation, whose link attributes are fields.
fn relation() -> Json {
    let mut relation = table(&RELATION);
    if let Some(link) = relation.pointer_mut("/properties/link/additionalProperties") {
        *link = field();
    }
    relation
}

/// A field: every type's keys together, then what each type has.
fn field() -> Json {
    let mut all = JsonMap::new();
    for key in FIELD_TYPES.iter().flat_map(|kind| kind.keys) {
        all.insert(key.name.to_owned(), map([("description", Json::from(key.about))]));
    }
    for key in COMMON.iter().filter(|key| is_written(key)) {
        all.insert(key.name.to_owned(), described(key));
    }
    all.insert("type".to_owned(), map([("enum", strings(FIELD_TYPES.iter().map(|kind| kind.word)))]));
    let each = FIELD_TYPES.iter().map(|kind| {
        let is = map([("properties", map([("type", map([("const", Json::from(kind.word))]))])), ("required", strings(["type"]))]);
        let then = map([
            ("propertyNames", map([("enum", strings(shape::names(kind.all_keys())))])),
            ("properties", properties(kind.keys.iter())),
            ("required", required(kind.keys.iter())),
        ]);
        map([("if", is), ("then", then)])
    });
    map([
        ("type", Json::from("object")),
        ("properties", Json::Object(all)),
        ("required", strings(["type"])),
        ("additionalProperties", Json::Bool(false)),
        ("allOf", each.collect()),
    ])
}

fn of(shape: &Shape) -> Json {
    let typed = |word: &str| map([("type", Json::from(word))]);
    match shape {
        Shape::Any => map([]),
        Shape::Text => typed("string"),
        Shape::Flag => typed("boolean"),
        Shape::Whole => map([("type", Json::from("integer")), ("minimum", Json::from(0))]),
        Shape::Decimal => map([("type", strings(["number", "string"]))]),
        Shape::Localized => {
            let texts = Locale::ALL.iter().map(|locale| (locale.code().to_owned(), typed("string"))).collect();
            map([("type", Json::from("object")), ("properties", Json::Object(texts)), ("additionalProperties", Json::Bool(false))])
        }
        Shape::Word(words) => map([("enum", strings(words.iter().copied()))]),
        Shape::List(inner) => map([("type", Json::from("array")), ("items", of(inner))]),
        Shape::Names(inner) => map([("type", Json::from("object")), ("additionalProperties", of(inner))]),
        Shape::Table(inner) => table(inner),
        Shape::Either(shapes) => map([("anyOf", shapes.iter().map(of).collect())]),
    }
}
