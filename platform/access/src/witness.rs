//! Who can see one record: the rules asked of many principals, with the record loaded once.

use tenon_context::Principal;
use tenon_expr::{evaluate, paths};
use tenon_model::{Model, Object, ObjectIx, Path, State, Verb};
use tenon_value::Value;

use crate::held::Held;
use crate::{By, explain};

/// What must be known of a record to tell who sees it.
#[must_use]
pub fn witnesses(model: &Model, object: ObjectIx) -> Vec<Path> {
    let mut found = Vec::new();
    let Some(object) = active(model, object) else { return found };
    let reads = object.grants().filter(|grant| grant.can.contains(&Verb::Read)).filter_map(|grant| grant.rows.read.as_deref());
    for rule in reads.chain(object.shared().map(|rule| rule.rows.as_ref())) {
        for path in paths(&rule.expression) {
            if !found.contains(&path) {
                found.push(path);
            }
        }
    }
    found
}

/// By what a principal sees a record, of which `record` gives what [`witnesses`] named; `shared`: the record itself is
/// shared with him or one of his teams. None: he does not see it.
#[must_use]
pub fn sees(model: &Model, principal: &Principal, object: ObjectIx, record: &dyn Fn(&Path) -> Value, shared: bool) -> Option<By> {
    let object = active(model, object)?;
    let held = Held::of(model, principal);
    if held.administrator {
        return Some(By::Administrator);
    }
    let mut reads = object.grants().filter(|grant| held.has(grant.role) && grant.can.contains(&Verb::Read)).peekable();
    reads.peek()?;
    let holds = |rule: &tenon_model::Rule| evaluate(&rule.expression, record, &principal.standing);
    if let Some(grant) = reads.find(|grant| grant.rows.read.as_deref().is_none_or(holds)) {
        return Some(explain::role(model, &held, grant.role));
    }
    let rule = held.sharing(object).find(|rule| rule.rights.contains(&Verb::Read) && holds(&rule.rows));
    rule.map(|rule| By::Sharing(rule.name.clone())).or_else(|| shared.then_some(By::Share))
}

fn active(model: &Model, object: ObjectIx) -> Option<&Object> {
    model.object(object).filter(|object| object.state == State::Active)
}
