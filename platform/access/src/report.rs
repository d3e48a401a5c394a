//! What is told of a rule when it is saved: which columns it compares, whether an index serves it, how many rows it selects.

use tenon_context::Standing;
use tenon_expr::paths;
use tenon_model::{
    Comparison, Expression, FieldKind, Leaf, Model, Object, ObjectIx, Part, Path, RelationIx, RelationShape, Rule, UniquePart, system,
};
use tenon_query::{Action, Aggregate, AuthorizedTable};

use crate::resolve::Rules;

/// Something a rule compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// What.
    pub path: Path,
    /// Whether an index leads to the records that have a value there.
    pub indexed: bool,
}

/// What a rule compares, in the order of its text.
#[must_use]
pub fn compared(model: &Model, rule: &Rule) -> Vec<Compared> {
    let told = |path: Path| Compared { indexed: is_indexed(model, &path), path };
    paths(&rule.expression).into_iter().map(told).collect()
}

/// Whether the rule can be answered without looking at every record of the object.
#[must_use]
pub fn is_served(model: &Model, rule: &Rule) -> bool {
    serves(model, &rule.expression)
}

fn serves(model: &Model, expression: &Expression) -> bool {
    let by = |side: &Expression| matches!(side, Expression::Path(path) if is_indexed(model, path));
    match expression {
        // One part narrows for all of them; each of several ways must be narrow.
        Expression::All(parts) => parts.iter().any(|part| serves(model, part)),
        Expression::Any(parts) => parts.iter().all(|part| serves(model, part)),
        Expression::Compare(how, left, _) => *how != Comparison::NotEqual && by(left),
        Expression::In(item, _) => by(item),
        // Asked of nobody's record in particular: it costs nothing.
        other => !other.has_path() && !matches!(other, Expression::Literal(_)),
    }
}

/// Kept beside its record for rules in use (`owner`, `owner.team`, a choice), or: every relation on the way and what stands
/// at its end has an index.
fn is_indexed(model: &Model, path: &Path) -> bool {
    if is_kept(model, path) {
        return true;
    }
    let relation =
        |(object, relation): &(ObjectIx, RelationIx)| model.object(*object).is_some_and(|object| has_relation(object, *relation));
    let end = model.object(path.object).is_some_and(|object| match path.leaf {
        Leaf::Relation(relation) => has_relation(object, relation),
        Leaf::Field(system::ID, _) => true,
        Leaf::Field(field, part) => object.field(field).is_some_and(|field| {
            let by_day = !field.system && field.kind == FieldKind::Date;
            // Keys hold text as it folds, which is not how rules compare it.
            let first = object.unique.iter().any(|key| key.parts.first() == Some(&UniquePart::Field(field.ix)));
            by_day || (first && !field.kind.is_text() && matches!(part, Part::Whole | Part::Amount))
        }),
    });
    end && path.hops.iter().all(relation)
}

/// Whether rows are found by it through a column of their own object that is there for rules.
fn is_kept(model: &Model, path: &Path) -> bool {
    let (from, column) = match path.hops.as_slice() {
        [] => (path.object, model.object(path.object).and_then(|object| object.guide(path.leaf))),
        [(from, relation)] => {
            let reach = model.object(*from).and_then(|object| object.reach(*relation, path.leaf));
            (*from, reach.map(|reach| reach.column.as_str()))
        }
        _ => return false,
    };
    column.is_some_and(|column| model.object(from).is_some_and(|object| object.guides().contains(&column)))
}

fn has_relation(object: &Object, relation: RelationIx) -> bool {
    object.relation(relation).is_some_and(|relation| !relation.system && !matches!(relation.shape, RelationShape::Many(_)))
}

/// Counts the live rows that a rule selects for somebody of this standing; to be run in a context of that standing. None:
/// something is not known of him, and the rule denies.
#[must_use]
pub fn counted(model: &Model, object: ObjectIx, rule: &Rule, mine: &Standing) -> Option<Aggregate> {
    let rules = Rules { model, mine };
    if !tenon_expr::resolves(&rule.expression, mine) {
        return None;
    }
    #[expect(clippy::disallowed_methods, reason = "only their number is told, to one who may change the rule itself")]
    let table = AuthorizedTable::assume(object, Action::Read, rules.rows(Some(rule)).condition());
    Some(Aggregate::counting(table, None))
}
