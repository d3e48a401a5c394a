//! The selection on a record: what is fetched of its row, and where each response key finds it.

use tenon_access::Place;
use tenon_model::{Field as ModelField, FieldKind, Object, Relation, RelationShape};
use tenon_query::{Action, FetchOne, Output, Slot};

use super::Lower;
use crate::collect::{Collected, Collector};
use crate::files;
use crate::members;
use crate::shape::{ActorShape, Part, RecordShape, Show, Sub, has_mask};
use crate::syntax::ast::{Argument, Field, Value};

/// The place of a slot, made if it is not there yet.
pub(super) fn slot(output: &mut Output, wanted: Slot) -> usize {
    output.slots.iter().position(|slot| *slot == wanted).unwrap_or_else(|| {
        output.slots.push(wanted);
        output.slots.len() - 1
    })
}

/// Whether a field's output type has a selection.
pub(super) const fn is_composite(kind: &FieldKind) -> bool {
    matches!(
        kind,
        FieldKind::Money { .. }
            | FieldKind::RichText
            | FieldKind::Geo
            | FieldKind::Address
            | FieldKind::Secret
            | FieldKind::File
            | FieldKind::Image
    )
}

/// The arguments of a field, variables put in.
fn given<'a>(collector: &Collector<'a>, field: &'a Field) -> Vec<(&'a str, &'a Value)> {
    let said = |argument: &'a Argument| Some((&*argument.name.text, collector.value(&argument.value)?));
    field.arguments.iter().filter_map(said).collect()
}

impl<'a> Lower<'a> {
    /// The merged selection below fields, on a type of ours whose parts need no plan.
    pub(super) fn subs(&self, fields: &[&'a Field]) -> Vec<Sub<'a>> {
        let collected = self.collector.collect_below(fields, |_| true);
        collected
            .into_iter()
            .filter_map(|collected| {
                let field = collected.first()?;
                let argument = field.arguments.first().and_then(|argument| self.collector.value(&argument.value));
                Some(Sub {
                    key: collected.key,
                    name: &field.name.text,
                    given: given(self.collector, field),
                    argument: argument.and_then(|value| value.as_text().map(str::to_owned)),
                    below: self.subs(&collected.fields),
                })
            })
            .collect()
    }

    /// The selection below fields that lead to records of one object.
    pub(super) fn record(&mut self, object: &'a Object, fields: &[&'a Field], output: &mut Output) -> RecordShape<'a> {
        let collected = self.collector.collect_below(fields, |condition| self.applies(object, condition));
        let mut parts = Vec::with_capacity(collected.len());
        for collected in collected {
            let key = collected.key;
            if let Some(part) = self.part(object, collected, output) {
                parts.push((key, part));
            }
        }
        RecordShape { object, parts }
    }

    fn part(&mut self, object: &'a Object, collected: Collected<'a>, output: &mut Output) -> Option<Part<'a>> {
        let field = collected.first()?;
        let name = &*field.name.text;
        Some(match name {
            "__typename" => Part::TypeName,
            "id" => Part::Id,
            "display" => Part::Display(self.display(object, output)),
            "externalIds" => Part::External(slot(output, Slot::ExternalIds), self.subs(&collected.fields)),
            "can" => Part::Can(self.can(object, &collected.fields, output)),
            "history" => self.history(object, &collected, output)?,
            "depth" if self.view.tree(object).is_some() => Part::Depth(slot(output, Slot::TreeDepth)),
            "ancestors" if self.view.tree(object).is_some() => self.ancestors(object, &collected, output)?,
            _ => {
                if let Some(field) = members::field(object, name) {
                    return Some(self.field_part((object, field), &collected, output));
                }
                if let Some(relation) = members::relation(object, name) {
                    // Of a masked relation nothing is shown; `owner` is there on every record, whoever may read it.
                    if !self.view.policy.may_read_relation(object.ix, relation.ix) {
                        return Some(Part::Null);
                    }
                    return self.relation_part(relation, &collected, output);
                }
                self.many(object, members::edge(object, name)?, &collected, output)?
            }
        })
    }

    fn display(&self, object: &'a Object, output: &mut Output) -> Option<(usize, &'a ModelField, Show)> {
        let field = object.field(object.display?)?;
        let show = self.show(object, field).filter(|show| *show != Show::Masked || has_mask(&field.kind))?;
        Some((slot(output, Slot::Field(field.ix)), field, show))
    }

    fn field_part(&mut self, (object, field): (&'a Object, &'a ModelField), collected: &Collected<'a>, output: &mut Output) -> Part<'a> {
        let Some(show) = self.show(object, field) else { return Part::Blank(field) };
        if show == Show::Masked && !has_mask(&field.kind) {
            return if is_composite(&field.kind) { Part::Null } else { Part::Blank(field) };
        }
        if field.kind.is_file() {
            let subs = self.subs(&collected.fields);
            for problem in files::wrong(&subs) {
                self.problems.push(problem);
            }
            return Part::Composite(slot(output, Slot::File(field.ix)), field, show, subs);
        }
        let place = slot(output, Slot::Field(field.ix));
        if is_composite(&field.kind) {
            Part::Composite(place, field, show, self.subs(&collected.fields))
        } else {
            Part::Leaf(place, field, show)
        }
    }

    fn relation_part(&mut self, relation: &'a Relation, collected: &Collected<'a>, output: &mut Output) -> Option<Part<'a>> {
        match relation.shape {
            RelationShape::Actor => return Some(self.actor(relation, collected, output)),
            RelationShape::Any => {
                let mut branches = Vec::new();
                for target in self.view.targets(relation) {
                    let mut below = Output::default();
                    let shape = self.record(target, &collected.fields, &mut below);
                    branches.push((self.fetch_one(relation, target, below, output)?, shape));
                }
                return Some(Part::Any(branches));
            }
            _ => {}
        }
        let target = self.view.target(relation)?;
        let mut below = Output::default();
        let shape = self.record(target, &collected.fields, &mut below);
        let only_id = shape.parts.iter().all(|(_, part)| matches!(part, Part::Id | Part::TypeName));
        let table = self.table(target.ix, Action::Read, Place::Nested)?;
        if only_id && table.rows().is_none() {
            return Some(Part::Reference(slot(output, Slot::Relation(relation.ix)), shape));
        }
        Some(Part::One(self.fetch_one(relation, target, below, output)?, shape))
    }

    fn fetch_one(&mut self, relation: &'a Relation, target: &'a Object, below: Output, output: &mut Output) -> Option<usize> {
        let table = self.table(target.ix, Action::Read, Place::Nested)?;
        output.ones.push(FetchOne { relation: relation.ix, table, output: below });
        Some(output.ones.len() - 1)
    }

    fn actor(&mut self, relation: &'a Relation, collected: &Collected<'a>, output: &mut Output) -> Part<'a> {
        let selected = self.collector.collect_below(&collected.fields, |condition| condition == "Actor");
        let place = slot(output, Slot::Relation(relation.ix));
        let parts: Vec<(&'a str, &'a str)> = selected.iter().filter_map(|part| Some((part.key, &*part.first()?.name.text))).collect();
        let wants = |name: &str| parts.iter().any(|(_, part)| *part == name);
        let target = relation.target().and_then(|target| self.view.object(target)).filter(|_| wants("user"));
        let display = wants("display").then(|| slot(output, Slot::ActorDisplay(relation.ix)));
        let mut shape = ActorShape { slot: place, user: None, display, parts };
        if let Some(target) = target {
            let mut below = Output::default();
            let of_user = |part: &&Collected<'a>| part.first().is_some_and(|field| &*field.name.text == "user");
            let fields: Vec<&'a Field> = selected.iter().filter(of_user).flat_map(|part| part.fields.iter().copied()).collect();
            let user = self.record(target, &fields, &mut below);
            shape.user = self.fetch_one(relation, target, below, output).map(|at| (at, user));
        }
        Part::Actor(shape)
    }
}
