//! Circles in which no first record could be saved.

use tenon_diagnostics::Diagnostic;
use tenon_model::Model;

use crate::merge::Parts;

pub(crate) fn check(_parts: &[Parts<'_>], _model: &Model, _report: &mut Vec<Diagnostic>) {}
