//! Circles in which no first record could be saved: parts of each other, or records that need each other.
//!
//! A part of its own object, or a tree that needs a parent, has a code of its own. Polymorphic relations close no circle: another target may be chosen. A required relation to its own object does.

use tenon_diagnostics::Diagnostic;
use tenon_model::{Model, Object, ObjectIx, Relation, RelationShape, State};

use crate::checks::cycle;
use crate::located::At;
use crate::merge::Parts;

/// Where the walk has been.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    Open,
    Done,
}

/// Reports each circle once, at the relation that closes it.
pub(crate) fn check(parts: &[Parts<'_>], model: &Model, report: &mut Vec<Diagnostic>) {
    let part_of = |relation: &Relation| relation.part_of;
    for (chain, ix) in circles(model, part_of).into_iter().filter(|(chain, _)| chain.len() > 1) {
        say(parts, model, &chain, ix, ("part_of", cycle::part_of), report);
    }
    // A circle of parts has been reported; the others have at least one plain link in them.
    for (chain, ix) in circles(model, |relation| relation.required) {
        if chain.iter().any(|(_, relation)| !relation.part_of && !relation.tree) {
            say(parts, model, &chain, ix, ("required", cycle::required), report);
        }
    }
}

type Chain<'m> = Vec<(&'m Object, &'m Relation)>;

fn say(
    parts: &[Parts<'_>],
    model: &Model,
    chain: &Chain<'_>,
    end: ObjectIx,
    (key, words): (&str, fn(&[&str]) -> Diagnostic),
    report: &mut Vec<Diagnostic>,
) {
    let Some((object, relation)) = chain.last() else { return };
    let mut names: Vec<&str> = chain.iter().map(|(step, _)| step.name.as_str()).collect();
    names.extend(model.object(end).map(|first| first.name.as_str()));
    let own = usize::from(relation.ix.0).checked_sub(tenon_model::system::RELATIONS);
    let member = parts.get(usize::from(object.ix.0)).and_then(|part| part.relations.get(own?));
    let Some(member) = member else { return };
    let span = member.get(key).and_then(At::key_span).or_else(|| member.span());
    report.push(words(&names).at(span).of(member.path.clone()));
}

/// Every circle of relations of one sort, with the object at which it closes. A walk with a stack of its own: an
/// object's depth in such a chain is the author's, not ours.
fn circles(model: &Model, wanted: impl Fn(&Relation) -> bool) -> Vec<(Chain<'_>, ObjectIx)> {
    let mut marks = vec![Mark::New; model.objects.len()];
    let mut found = Vec::new();
    for start in model.active_objects() {
        if marks.get(usize::from(start.ix.0)) != Some(&Mark::New) {
            continue;
        }
        let mut stack: Vec<(&Object, usize)> = vec![(start, 0)];
        set(&mut marks, start.ix, Mark::Open);
        let mut chain: Chain<'_> = Vec::new();
        while let Some((object, next)) = stack.last_mut() {
            let object = *object;
            let Some(relation) = object.relations.get(*next) else {
                set(&mut marks, object.ix, Mark::Done);
                stack.pop();
                chain.pop();
                continue;
            };
            *next += 1;
            let closes = relation.shape == RelationShape::One && relation.state == State::Active && !relation.system && wanted(relation);
            let Some(target) = relation.targets.first().filter(|_| closes).and_then(|target| model.object(*target)) else { continue };
            match marks.get(usize::from(target.ix.0)) {
                Some(Mark::New) => {
                    set(&mut marks, target.ix, Mark::Open);
                    chain.push((object, relation));
                    stack.push((target, 0));
                }
                Some(Mark::Open) => {
                    let from = chain.iter().position(|(step, _)| step.ix == target.ix).unwrap_or(chain.len());
                    let mut circle: Chain<'_> = chain.get(from..).unwrap_or_default().to_vec();
                    circle.push((object, relation));
                    found.push((circle, target.ix));
                }
                _ => {}
            }
        }
    }
    found
}

fn set(marks: &mut [Mark], at: ObjectIx, mark: Mark) {
    if let Some(place) = marks.get_mut(usize::from(at.0)) {
        *place = mark;
    }
}
