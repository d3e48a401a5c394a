//! Which ends of references come to be kept with a rule: `owner.team` beside each record, so that an index finds rows by it.
//!
//! They are filled in for all records within the apply, which a plan announces.

use std::collections::HashSet;

use tenon_model::{Leaf, Model, Object, Reach, Rule};
use tenon_value::ElementId;

/// The ends that a step of rights or of sharing brings first, as its rule writes them, and the object that keeps them. Each
/// is told of once: `told` holds those that were.
pub(crate) fn brought(path: &str, (before, after): (&Model, &Model), told: &mut HashSet<String>) -> Option<(ElementId, Vec<String>)> {
    let object = after.object_named(path.split('.').next()?)?;
    let old = before.objects.iter().find(|one| one.id == object.id)?;
    let mut ends = Vec::new();
    for rule in rules_at(path, (object, after)) {
        rule.expression.each_path(&mut |one| {
            let [(from, relation)] = one.hops.as_slice() else { return };
            let kept = object.reach(*relation, one.leaf).filter(|_| *from == object.ix);
            let new = kept.filter(|reach| old.reaches.iter().all(|one| one.column != reach.column));
            ends.extend(
                new.filter(|reach| told.insert(format!("{} {}", object.table, reach.column))).and_then(|reach| words(after, object, reach)),
            );
        });
    }
    (!ends.is_empty()).then_some((object.id, ends))
}

/// The rules that a step at this path brings: of one role's rights, or of a sharing rule.
fn rules_at<'m>(path: &str, (object, model): (&'m Object, &'m Model)) -> Vec<&'m Rule> {
    let mut words = path.split('.').skip(1);
    match (words.next(), words.next()) {
        (Some("access"), Some(role)) => {
            let grants = object.grants().filter(|grant| model.role(grant.role).is_some_and(|one| one.name.as_str() == role));
            grants.flat_map(|grant| grant.rows.named()).map(|(_, rule)| rule.as_ref()).collect()
        }
        (Some("sharing"), Some(name)) => object.shared().filter(|rule| rule.name.as_str() == name).map(|rule| rule.rows.as_ref()).collect(),
        _ => Vec::new(),
    }
}

/// `owner.team`.
fn words(model: &Model, object: &Object, reach: &Reach) -> Option<String> {
    let relation = object.relation(reach.relation)?;
    let target = model.object(relation.target()?)?;
    let end = match reach.leaf {
        Leaf::Field(field, _) => target.field(field)?.name.as_str(),
        Leaf::Relation(relation) => target.relation(relation)?.name.as_str(),
    };
    Some(format!("{}.{end}", relation.name))
}
