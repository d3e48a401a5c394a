//! Descriptions: `中文 / English. Help. Required.`

use tenon_model::{Field, Object, Relation};
use tenon_value::{Locale, Localized};

fn sentence(parts: &[Option<String>]) -> Option<String> {
    let mut text = String::new();
    for part in parts.iter().flatten().filter(|part| !part.is_empty()) {
        if !text.is_empty() {
            if !text.ends_with(['.', '。', '!', '?']) {
                text.push('.');
            }
            text.push(' ');
        }
        text.push_str(part);
    }
    (!text.is_empty()).then_some(text)
}

fn about(about: &Localized) -> Option<String> {
    about.get(Locale::En).map(str::to_owned)
}

pub(super) fn of_object(object: &Object) -> Option<String> {
    sentence(&[object.label.both(), about(&object.about)])
}

pub(super) fn of_field(field: &Field) -> Option<String> {
    sentence(&[field.label.both(), about(&field.about), field.required.then(|| "Required.".to_owned())])
}

pub(super) fn of_relation(relation: &Relation) -> Option<String> {
    sentence(&[relation.label.both(), about(&relation.about), relation.required.then(|| "Required.".to_owned())])
}

pub(super) fn of_label(label: &Localized) -> Option<String> {
    label.both()
}
