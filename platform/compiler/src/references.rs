//! What views and layouts name, held against the object.

use tenon_diagnostics::Diagnostic;
use tenon_model::{Model, Object};

use crate::merge::Merged;

/// Checks the fields, order and filter of a view.
pub(crate) fn of_view(_merged: &Merged<'_>, _object: &Object, _model: &Model, _report: &mut Vec<Diagnostic>) {}

/// Checks the fields and lists of a layout.
pub(crate) fn of_layout(_merged: &Merged<'_>, _object: &Object, _report: &mut Vec<Diagnostic>) {}
