//! Paths over the record: fields, parts of fields, to-one relations.

use std::ops::Range;

use tenon_model::{Expression, Field, FieldKind, Leaf, Object, ObjectIx, Part, Path, Relation, RelationIx, RelationShape, State};

use super::kind::Kind;
use super::operand::{Names, Operand, What};
use super::{Checker, HOPS_MAX};
use crate::Fault;
use crate::fault::{TYPE, UNKNOWN_NAME, UNSUPPORTED};

/// Parts that can be named behind a field.
const PARTS: [(&str, Part); 9] = [
    ("amount", Part::Amount),
    ("currency", Part::Currency),
    ("base", Part::Base),
    ("country", Part::Country),
    ("region", Part::Region),
    ("city", Part::City),
    ("district", Part::District),
    ("street", Part::Street),
    ("postal_code", Part::PostalCode),
];

impl<'a> Checker<'_, 'a> {
    pub(crate) fn path(&mut self, names: &Names) -> Option<Operand<'a>> {
        let at = whole(names);
        let mut object = self.scope.at(self.scope.object)?;
        let mut hops: Vec<(ObjectIx, RelationIx)> = Vec::new();
        for (place, (name, here)) in names.iter().enumerate() {
            let rest = names.get(place + 1..).unwrap_or_default();
            if let Some(field) = object.field_named(name) {
                return self.field(object, field, hops, rest, at);
            }
            let Some(relation) = object.relation_named(name) else {
                self.unknown(object, name, here.clone());
                return None;
            };
            if matches!(relation.shape, RelationShape::Many(_)) {
                let fault = Fault::new(TYPE, here.clone(), format!("`{name}` leads to many records"));
                self.faults.push(fault.help("a rule goes over relations to one record"));
                return None;
            }
            if rest.is_empty() {
                let path = Path { hops, object: object.ix, leaf: Leaf::Relation(relation.ix) };
                let what = What::Known(Expression::Path(path), Kind::Id(relation.targets.clone()));
                return Some(Operand { what, at });
            }
            let target = self.hop(relation, here)?;
            hops.push((object.ix, relation.ix));
            if hops.len() > HOPS_MAX {
                self.faults.push(Fault::new(UNSUPPORTED, at, format!("a path goes over {HOPS_MAX} relations at most")));
                return None;
            }
            object = target;
        }
        None
    }

    fn hop(&mut self, relation: &Relation, here: &Range<usize>) -> Option<&'a Object> {
        if relation.shape == RelationShape::Any {
            let message = format!("`{}` can point to several objects: it can be compared, not followed", relation.name);
            self.faults.push(Fault::new(UNSUPPORTED, here.clone(), message));
            return None;
        }
        let target = relation.targets.first().and_then(|target| self.scope.at(*target)).filter(|target| target.state == State::Active);
        if target.is_none() {
            self.faults.push(Fault::new(UNKNOWN_NAME, here.clone(), format!("`{}` leads to no object in use", relation.name)));
        }
        target
    }

    fn field(
        &mut self,
        object: &'a Object,
        field: &'a Field,
        hops: Vec<(ObjectIx, RelationIx)>,
        rest: &[(String, Range<usize>)],
        at: Range<usize>,
    ) -> Option<Operand<'a>> {
        let part = match rest {
            [] => Part::Whole,
            [(name, here)] => {
                let known = PARTS.into_iter().find(|(word, part)| word == name && field.column(*part).is_some());
                let Some((_, part)) = known else {
                    let names = PARTS.into_iter().filter(|(_, part)| field.column(*part).is_some()).map(|(word, _)| word);
                    let fault = Fault::new(UNKNOWN_NAME, here.clone(), format!("`{}` has no part `{name}`", field.name));
                    self.faults.push(meant(fault, name, names));
                    return None;
                };
                part
            }
            [(_, first), ..] => {
                let end = rest.last().map_or(first.end, |(_, last)| last.end);
                self.faults.push(Fault::new(UNKNOWN_NAME, first.start..end, format!("nothing lies that far behind `{}`", field.name)));
                return None;
            }
        };
        let kind = Kind::of(&field.kind, part, object.ix).filter(|_| !field.columns.is_empty() && field.kind != FieldKind::Secret);
        let Some(kind) = kind else {
            let message = format!("`{}` is of type `{}`, which no rule can look at", field.name, field.kind.word());
            self.faults.push(Fault::new(UNSUPPORTED, at, message));
            return None;
        };
        let path = Path { hops, object: object.ix, leaf: Leaf::Field(field.ix, part) };
        Some(Operand { what: What::Known(Expression::Path(path), kind), at })
    }

    fn unknown(&mut self, object: &Object, name: &str, at: Range<usize>) {
        let fault = Fault::new(UNKNOWN_NAME, at, format!("`{}` has no field or relation `{name}`", object.name));
        let fields = object.active_fields().map(|field| field.name.as_str());
        let relations = object.active_relations().map(|relation| relation.name.as_str());
        let fault = meant(fault, name, fields.chain(relations).chain(["me", "my"]));
        self.faults.push(fault);
    }
}

/// From the first name to the last.
pub(crate) fn whole(names: &Names) -> Range<usize> {
    let start = names.first().map_or(0, |(_, at)| at.start);
    start..names.last().map_or(start, |(_, at)| at.end)
}

/// With the nearest name, if there is one.
pub(crate) fn meant<'n>(fault: Fault, name: &str, known: impl IntoIterator<Item = &'n str>) -> Fault {
    match tenon_diagnostics::nearest(name, known) {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None => fault,
    }
}
