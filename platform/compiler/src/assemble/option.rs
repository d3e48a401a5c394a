//! The options of a choice.

use std::collections::HashSet;

use tenon_model::{Choice, State};
use tenon_value::{Json, Localized, screaming};

use super::Scope;
use crate::checks::{duplicate_option, label_missing, limit, missing_key};
use crate::located::At;
use crate::merge::Merged;
use crate::{labels, limits, names};

/// The options in declared order.
pub(super) fn all(merged: &Merged<'_>, scope: &mut Scope<'_>) -> Vec<Choice> {
    let Some(list) = merged.get("options") else { return Vec::new() };
    let count = list.json.as_array().map_or(0, Vec::len);
    if count > limits::OPTIONS.max {
        scope.report.push(limit::options(count).at(list.key_span()).of(merged.path.clone()));
    } else if count == 0 && list.json.is_array() {
        scope
            .report
            .push(missing_key::missing_key("a choice field", "options", "[new, won, lost]").at(list.span()).of(merged.path.clone()));
    }
    let mut seen = HashSet::new();
    let mut options = Vec::with_capacity(count.min(limits::OPTIONS.max));
    for item in list.items().take(limits::OPTIONS.max) {
        let named = if item.json.is_string() { Some(item.clone()) } else { item.get("name") };
        let Some((at, code)) = named.as_ref().and_then(|at| Some((at, at.text()?))) else { continue };
        if !seen.insert(code) {
            scope.report.push(duplicate_option::duplicate_option(code).at(at.span()).of(merged.path.clone()));
        }
        options.push(option(merged, &item, at, code, scope));
    }
    options
}

fn option(merged: &Merged<'_>, item: &At<'_>, at: &At<'_>, code: &str, scope: &mut Scope<'_>) -> Choice {
    let name = names::checked_code(code, || at.span(), &merged.path, &mut scope.report);
    let label = item.get("label").map_or_else(Localized::default, |label| label.localized());
    if labels::must_be_complete(merged, "options") && (label.en.is_none() || label.zh.is_none()) {
        let locale = if label.en.is_none() { "en" } else { "zh" };
        scope.report.push(label_missing::incomplete(&format!("option `{code}`"), "label", locale).at(item.span()).of(merged.path.clone()));
    }
    let is_true = |key: &str| item.json.get(key) == Some(&Json::Bool(true));
    Choice {
        graphql: screaming(name.as_str()),
        name,
        label,
        color: item.get("color").and_then(|color| color.text().map(str::to_owned)),
        closed: is_true("closed"),
        state: if is_true("retired") { State::Retired } else { State::Active },
    }
}
