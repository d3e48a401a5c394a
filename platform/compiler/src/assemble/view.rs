//! Views and layouts: what they name has to be there.

use std::sync::Arc;

use tenon_diagnostics::Diagnostic;
use tenon_model::{Layout, Model, State, View};
use tenon_value::{Json, JsonMap};

use super::Scope;
use crate::checks::{limit, unknown_key, unknown_word};
use crate::keys::{LAYOUT, LAYOUT_NAMES, Table, VIEW};
use crate::merge::{Merged, Parts};
use crate::{labels, limits, names, references, shape};

/// Checks all views and layouts and puts them into their objects.
pub(super) fn all(parts: &[Parts<'_>], model: &mut Model, scope: &mut Scope<'_>) {
    let mut built = Vec::with_capacity(parts.len());
    for (part, object) in parts.iter().zip(&model.objects) {
        if part.views.len() > limits::VIEWS.max {
            let diagnostic = limit::exceeded(limits::VIEWS, part.views.len(), &format!("`{}`", object.name), "views");
            scope.report.push(diagnostic.at(part.object.span()).of(part.object.path.clone()));
        }
        let views: Vec<View> = part.views.iter().take(limits::VIEWS.max).map(|member| view(member, scope)).collect();
        let layouts: Vec<Layout> =
            part.layouts.iter().filter(|member| member.state == State::Active).map(|member| layout(member, scope)).collect();
        for member in part.views.iter().take(limits::VIEWS.max) {
            references::of_view(member, object, model, &mut scope.report);
        }
        for member in &part.layouts {
            references::of_layout(member, object, model, &mut scope.report);
        }
        built.push((views, layouts));
    }
    for (object, (views, layouts)) in model.objects.iter_mut().zip(built) {
        let object = Arc::make_mut(object);
        object.views = views;
        object.layouts = layouts;
    }
}

/// Holds the properties of an element against its table of keys.
pub(super) fn check_keys(merged: &Merged<'_>, table: &Table, report: &mut Vec<Diagnostic>) {
    for (key, at) in merged.written() {
        match table.key(key) {
            Some(known) => shape::check(key, at, &known.shape, &merged.path, report),
            None => {
                let diagnostic = unknown_key::unknown_key(table.owner, key, shape::names(table.keys.iter()));
                report.push(diagnostic.at(at.key_span()).of(merged.path.clone()));
            }
        }
    }
    for known in table.keys {
        if let Some(example) = known.required
            && merged.get(known.name).is_none()
        {
            let diagnostic = crate::checks::missing_key::missing_key(table.owner, known.name, example);
            report.push(diagnostic.at(merged.span()).of(merged.path.clone()));
        }
    }
}

fn view(merged: &Merged<'_>, scope: &mut Scope<'_>) -> View {
    check_keys(merged, &VIEW, &mut scope.report);
    labels::complete(merged, &format!("view `{}`", merged.name), &["label"], &mut scope.report);
    View {
        id: merged.id,
        name: names::checked(merged.name, || merged.span(), &merged.path, &mut scope.report),
        kind: merged.text("type").unwrap_or_default().to_owned(),
        label: merged.localized("label"),
        definition: definition(merged),
        package: merged.package.clone(),
        state: merged.state,
    }
}

fn layout(merged: &Merged<'_>, scope: &mut Scope<'_>) -> Layout {
    check_keys(merged, &LAYOUT, &mut scope.report);
    if !LAYOUT_NAMES.contains(&merged.name) {
        let diagnostic = unknown_word::unknown_word("layouts", merged.name, LAYOUT_NAMES);
        scope.report.push(diagnostic.at(merged.span()).of(merged.path.clone()));
    }
    Layout {
        id: merged.id,
        name: names::checked(merged.name, || merged.span(), &merged.path, &mut scope.report),
        definition: definition(merged),
        package: merged.package.clone(),
    }
}

/// Everything but what the model holds elsewhere.
fn definition(merged: &Merged<'_>) -> Json {
    let kept = merged.effective().filter(|(key, _)| !matches!(*key, "label" | "about" | "type"));
    Json::Object(kept.map(|(key, value)| (key.to_owned(), value.clone())).collect::<JsonMap<_, _>>())
}
