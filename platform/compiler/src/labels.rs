//! Whether what people read is there: a label on everything, and both languages in our own package.

use tenon_diagnostics::Diagnostic;
use tenon_model::State;
use tenon_value::Locale;

use crate::checks::label_missing;
use crate::merge::Merged;

/// The package whose texts are complete by rule.
const COMPLETE: &str = "crm";

/// Whether the texts inside a property have to be complete: ours are, a tenant's over ours are the tenant's affair.
pub(crate) fn must_be_complete(merged: &Merged<'_>, key: &str) -> bool {
    merged.package.as_str() == COMPLETE && merged.is_owners(key)
}

/// Warns of a missing label; refuses an incomplete one where `keys` have to be complete.
pub(crate) fn complete(merged: &Merged<'_>, what: &str, keys: &[&str], report: &mut Vec<Diagnostic>) {
    if merged.state == State::Retired {
        return;
    }
    if merged.package.as_str() != COMPLETE {
        // An object without a label is an error of its own.
        if merged.get("label").is_none() && merged.path.contains('.') {
            report.push(label_missing::no_label(what).at(merged.span()).of(merged.path.clone()));
        }
        return;
    }
    for key in keys {
        let texts = merged.localized(key);
        for locale in Locale::ALL {
            if texts.exact(locale).is_none_or(str::is_empty) {
                report.push(label_missing::incomplete(what, key, locale.code()).at(merged.span()).of(merged.path.clone()));
            }
        }
    }
}
