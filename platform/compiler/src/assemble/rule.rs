//! Row rules: CEL texts, checked against the model by `tenon-expr`, their faults placed in the author's file.
//!
//! A rule that names what has been retired since it was written is no mistake of its author's: it is told, and gives
//! nothing until somebody changes it. Invariant: what does not resolve denies.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tenon_diagnostics::Diagnostic;
use tenon_expr::{Fault, Scope};
use tenon_model::{Expression, Model, ObjectIx, Rule, State};
use tenon_value::Value;

use crate::checks::{rule_syntax, rule_too_large, rule_type, rule_unknown_name, rule_unsupported};
use crate::located::At;

/// The rules of one object: an object's grants say the same few rules again and again.
pub(super) struct Rules<'a> {
    scope: Scope<'a>,
    retired: &'a Retired<'a>,
    known: HashMap<String, Result<Arc<Rule>, Vec<Fault>>>,
}

impl<'a> Rules<'a> {
    pub(super) fn new(model: &'a Model, object: ObjectIx, retired: &'a Retired<'a>) -> Self {
        let user = model.by_name.get("user").copied();
        Self { scope: Scope { objects: &model.objects, by_name: &model.by_name, object, user }, retired, known: HashMap::new() }
    }

    /// The rule at a place; says what is wrong with it. What is no text has been reported.
    pub(super) fn check(&mut self, at: &At<'_>, path: &str, report: &mut Vec<Diagnostic>) -> Option<Arc<Rule>> {
        let source = at.text()?;
        let scope = &self.scope;
        match self.known.entry(source.to_owned()).or_insert_with(|| tenon_expr::check(source, scope).map(Arc::new)) {
            Ok(rule) => Some(Arc::clone(rule)),
            Err(faults) if faults.iter().all(|fault| self.retired.explain(source, fault)) => {
                let first = faults.first()?;
                let word = source.get(first.at.clone()).unwrap_or_default();
                report.push(rule_unknown_name::retired(word).at(at.span_of(&first.at)).of(path));
                Some(Arc::new(Rule { source: source.to_owned(), expression: Expression::Literal(Value::Bool(false)) }))
            }
            Err(faults) => {
                report.extend(faults.iter().map(|fault| diagnostic(fault).at(at.span_of(&fault.at)).of(path)));
                None
            }
        }
    }
}

/// The words that used to lead somewhere.
pub(super) struct Retired<'a>(HashSet<&'a str>);

impl<'a> Retired<'a> {
    pub(super) fn of(model: &'a Model) -> Self {
        let mut words = HashSet::new();
        for object in &model.objects {
            if object.state == State::Retired {
                words.extend([object.name.as_str(), object.plural.as_str()]);
                words.extend(WORDS_OF.iter().filter(|(name, _)| *name == object.name.as_str()).map(|(_, word)| *word));
            }
            let fields = object.fields.iter().filter(|field| field.state == State::Retired).map(|field| field.name.as_str());
            let relations =
                object.relations.iter().filter(|relation| relation.state == State::Retired).map(|relation| relation.name.as_str());
            words.extend(fields.chain(relations));
        }
        Self(words)
    }

    fn explain(&self, source: &str, fault: &Fault) -> bool {
        source.get(fault.at.clone()).is_some_and(|words| words.split('.').any(|word| self.0.contains(word)))
    }
}

/// Words of rules that are not the name of the object they stand for.
const WORDS_OF: [(&str, &str); 3] = [("team", "queues"), ("user", "reports"), ("user", "me")];

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
