//! Single changes of a designer, laid over a layer one after the other.

use tenon_model::{ElementPath, State};
use tenon_value::{Json, JsonMap, Locale, Name};

use crate::desired::{Desired, own_or_over, present};
use crate::elements::{Stored, element, object_of, properties_of, property, renamed};
use crate::{Change, complaint, options, rename};

/// Lays one change over the wish.
pub(crate) fn apply(stored: &mut Stored<'_>, wish: &mut Desired, change: &Change) {
    match change {
        Change::Create { path, properties } => create(stored, wish, path, properties),
        Change::Update { path, properties, rename } => update(stored, wish, path, (properties, rename.as_deref())),
        Change::Put { path, properties } => put(stored, wish, path, properties),
        Change::Retire(path) => retire(stored, wish, path),
        Change::Restore(path) => restore(stored, wish, path),
        Change::Reset(path) => reset(stored, wish, path),
        Change::Labels { locale, labels } => {
            for (path, text) in labels {
                label(stored, wish, *locale, (path, text));
            }
        }
    }
}

/// True where the element is in use in the wish, or below it.
fn in_use(stored: &Stored<'_>, wish: &Desired, path: &ElementPath) -> bool {
    wish.elements.get(path).map_or_else(|| stored.active_below(path), |element| element.state == State::Active)
}

fn is_known(stored: &Stored<'_>, wish: &Desired, path: &ElementPath) -> bool {
    wish.elements.contains_key(path) || stored.below.contains_key(path)
}

/// The object of a path must be in use; says so where it is not.
fn object_in_use(stored: &Stored<'_>, wish: &mut Desired, path: &ElementPath) -> bool {
    let object = object_of(path);
    let fine = object == *path || in_use(stored, wish, &object);
    if !fine {
        wish.diagnostics.push(if is_known(stored, wish, &object) {
            complaint::is_retired(&object)
        } else {
            unknown(stored, wish, &object)
        });
    }
    fine
}

fn unknown(stored: &Stored<'_>, wish: &Desired, path: &ElementPath) -> tenon_diagnostics::Diagnostic {
    let known = wish.elements.keys().chain(stored.below.keys().copied()).map(|known| known.0.as_str());
    complaint::unknown_element(path, known)
}

fn create(stored: &mut Stored<'_>, wish: &mut Desired, path: &ElementPath, properties: &JsonMap<String, Json>) {
    if !object_in_use(stored, wish, path) {
        return;
    }
    if is_known(stored, wish, path) {
        let taken = if in_use(stored, wish, path) { complaint::exists(path) } else { complaint::is_retired(path) };
        wish.diagnostics.push(taken);
        return;
    }
    let id = stored.new_id(path);
    wish.elements.insert(path.clone(), element(path.clone(), id, properties_of(properties)));
}

type Update<'a> = (&'a JsonMap<String, Json>, Option<&'a str>);

fn update(stored: &Stored<'_>, wish: &mut Desired, path: &ElementPath, (properties, new_name): Update<'_>) {
    if !object_in_use(stored, wish, path) {
        return;
    }
    if !in_use(stored, wish, path) {
        let missing = if is_known(stored, wish, path) { complaint::is_retired(path) } else { unknown(stored, wish, path) };
        wish.diagnostics.push(missing);
        return;
    }
    let stored_options = present(stored, wish, path, "options");
    let below = stored.below_properties(path);
    if let Some(element) = own_or_over(stored, wish, path) {
        for (key, value) in properties {
            if value.is_null() && !below.contains_key(key) {
                element.properties.shift_remove(key);
                continue;
            }
            // Over a package's element `null` takes the package's property away.
            let mut value = value.clone();
            if key == "options" {
                options::keep_retired(&mut value, stored_options.as_ref().unwrap_or(&Json::Null));
            }
            element.properties.insert(key.clone(), property(value));
        }
    }
    if let Some(name) = new_name.filter(|name| *name != path.name()) {
        give_name(stored, wish, path, name);
    }
}

fn give_name(stored: &Stored<'_>, wish: &mut Desired, path: &ElementPath, name: &str) {
    let new = renamed(path, name);
    if stored.below_id(path).is_some() {
        wish.diagnostics.push(complaint::not_own(path));
    } else if Name::check(name).is_err() {
        // The compiler says what is wrong with a name: let it meet the element.
        rename::rename(&mut wish.elements, path, &new);
    } else if is_known(stored, wish, &new) {
        wish.diagnostics.push(if in_use(stored, wish, &new) { complaint::exists(&new) } else { complaint::is_retired(&new) });
    } else {
        rename::rename(&mut wish.elements, path, &new);
        wish.renames.push((path.clone(), new));
    }
}

fn put(stored: &mut Stored<'_>, wish: &mut Desired, path: &ElementPath, properties: &JsonMap<String, Json>) {
    if !object_in_use(stored, wish, path) {
        return;
    }
    let id = stored.below_id(path).or_else(|| wish.elements.get(path).map(|element| element.id)).unwrap_or_else(|| stored.new_id(path));
    let new = element(path.clone(), id, properties_of(properties));
    wish.elements.insert(path.clone(), new);
}

fn retire(stored: &Stored<'_>, wish: &mut Desired, path: &ElementPath) {
    if !is_known(stored, wish, path) {
        wish.diagnostics.push(unknown(stored, wish, path));
    } else if let Some(element) = own_or_over(stored, wish, path) {
        element.state = State::Retired;
    }
}

fn restore(stored: &Stored<'_>, wish: &mut Desired, path: &ElementPath) {
    if !is_known(stored, wish, path) {
        wish.diagnostics.push(unknown(stored, wish, path));
    } else if let Some(element) = own_or_over(stored, wish, path) {
        element.state = State::Active;
    }
}

fn reset(stored: &Stored<'_>, wish: &mut Desired, path: &ElementPath) {
    if !is_known(stored, wish, path) {
        wish.diagnostics.push(unknown(stored, wish, path));
    } else if stored.below_id(path).is_none() || wish.elements.shift_remove(path).is_none() {
        wish.diagnostics.push(complaint::no_override(path));
    }
}

/// Sets the text of one language: of an element, an option of a choice, or the inverse of a relation.
fn label(stored: &Stored<'_>, wish: &mut Desired, locale: Locale, (path, text): (&str, &str)) {
    let words: Vec<&str> = path.split('.').collect();
    let (element_path, part) = match words.as_slice() {
        [object, group, name, part @ ..] => (ElementPath::child(object, group, name), part),
        _ => (ElementPath::object(path), &[] as &[&str]),
    };
    if !in_use(stored, wish, &element_path) {
        let complaint = unknown(stored, wish, &ElementPath(path.to_owned()));
        wish.diagnostics.push(complaint);
        return;
    }
    let key = match part {
        [] => "label",
        ["options", _] => "options",
        ["inverse"] => "inverse",
        [only @ ("plural_label" | "about")] => only,
        _ => {
            let complaint = unknown(stored, wish, &ElementPath(path.to_owned()));
            wish.diagnostics.push(complaint);
            return;
        }
    };
    // Labels are merged language by language; what has labels inside is one value.
    let whole = matches!(key, "options" | "inverse");
    let own = || wish.elements.get(&element_path).and_then(|element| element.properties.get(key)).map(|one| one.value.clone());
    let mut value = if whole { present(stored, wish, &element_path, key) } else { own() }.unwrap_or_default();
    match part {
        ["options", option] => label_option(&mut value, option, locale, text),
        ["inverse"] => label_inside(&mut value, locale, text),
        _ => set_text(&mut value, locale, text),
    }
    if let Some(element) = own_or_over(stored, wish, &element_path) {
        element.properties.insert(key.to_owned(), property(value));
    }
}

fn set_text(label: &mut Json, locale: Locale, text: &str) {
    if !label.is_object() {
        *label = Json::Object(JsonMap::new());
    }
    if let Json::Object(map) = label {
        map.insert(locale.code().to_owned(), Json::from(text));
    }
}

/// Sets the label of a mapping that has one.
fn label_inside(value: &mut Json, locale: Locale, text: &str) {
    if let Json::Object(map) = value {
        set_text(map.entry("label").or_insert(Json::Null), locale, text);
    }
}

fn label_option(options: &mut Json, code: &str, locale: Locale, text: &str) {
    let Some(option) = options.as_array_mut().and_then(|list| list.iter_mut().find(|one| options::code(one) == Some(code))) else { return };
    if option.is_string() {
        *option = Json::Object(JsonMap::from_iter([("name".to_owned(), option.clone())]));
    }
    label_inside(option, locale, text);
}
