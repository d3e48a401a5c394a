//! Row rules: CEL texts, checked against the model by `tenon-expr`, their faults placed in the author's file.

use std::collections::HashMap;
use std::sync::Arc;

use tenon_diagnostics::Diagnostic;
use tenon_expr::{Fault, Scope};
use tenon_model::{Model, ObjectIx, Rule};

use crate::checks::{rule_syntax, rule_too_large, rule_type, rule_unknown_name, rule_unsupported};
use crate::located::At;

/// The rules of one object: an object's grants say the same few rules again and again.
pub(super) struct Rules<'a> {
    scope: Scope<'a>,
    known: HashMap<String, Result<Arc<Rule>, Vec<Fault>>>,
}

impl<'a> Rules<'a> {
    pub(super) fn new(model: &'a Model, object: ObjectIx) -> Self {
        let user = model.by_name.get("user").copied();
        Self { scope: Scope { objects: &model.objects, by_name: &model.by_name, object, user }, known: HashMap::new() }
    }

    /// The rule at a place; says what is wrong with it. What is no text has been reported.
    pub(super) fn check(&mut self, at: &At<'_>, path: &str, report: &mut Vec<Diagnostic>) -> Option<Arc<Rule>> {
        let source = at.text()?;
        let scope = &self.scope;
        match self.known.entry(source.to_owned()).or_insert_with(|| tenon_expr::check(source, scope).map(Arc::new)) {
            Ok(rule) => Some(Arc::clone(rule)),
            Err(faults) => {
                report.extend(faults.iter().map(|fault| diagnostic(fault).at(at.span_of(&fault.at)).of(path)));
                None
            }
        }
    }
}

/// A fault in the words of its code.
fn diagnostic(fault: &Fault) -> Diagnostic {
    let (message, help) = (fault.message.clone(), fault.help.clone());
    match fault.code {
        rule_too_large::CODE => rule_too_large::fault(message, help),
        rule_type::CODE => rule_type::fault(message, help),
        rule_unknown_name::CODE => rule_unknown_name::fault(message, help),
        rule_unsupported::CODE => rule_unsupported::fault(message, help),
        _ => rule_syntax::fault(message, help),
    }
}
