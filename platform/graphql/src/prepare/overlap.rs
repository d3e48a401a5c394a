//! Overlapping fields can be merged: same response key, same field, same arguments, same shape.
//!
//! Merged sets are compared level by level, each distinct set once (Adameit's formulation): polynomial for every
//! document people write; a budget of steps stops what is made to be slow.

use std::collections::{HashMap, HashSet};

use tenon_diagnostics::Problem;

use super::operations::root_type;
use super::walk::Rules;
use crate::limits;
use crate::schema::{Schema, TypeDef, TypeKind};
use crate::syntax::ast::{Document, Field, Selection, TypeRef};

/// A field with the type it stands on.
#[derive(Clone, Copy)]
struct Placed<'a> {
    field: &'a Field,
    parent: Option<&'a TypeDef>,
    ty: Option<&'a TypeRef>,
}

struct Merge<'a> {
    schema: &'a Schema,
    document: &'a Document,
    /// Sets already compared: addresses of their fields, sorted, and whether their parents may differ.
    seen: HashSet<(Vec<usize>, bool)>,
    steps: u64,
    conflict: Option<(&'a Field, &'a Field, &'static str)>,
}

pub(super) fn check(rules: &mut Rules<'_>) {
    let (schema, document) = (rules.schema, rules.document);
    let mut conflicts = Vec::new();
    let mut exhausted = None;
    let mut steps = 0;
    let roots = document.operations.iter().map(|operation| (&operation.selection, schema.ty(root_type(operation.kind))));
    let fragments = document.fragments.iter().map(|fragment| (&fragment.selection, schema.ty(&fragment.on.text)));
    for (selection, parent) in roots.chain(fragments) {
        let mut merge = Merge { schema, document, seen: HashSet::new(), steps, conflict: None };
        let mut fields = Vec::new();
        merge.gather(selection, parent, &mut fields, &mut HashSet::new());
        merge.same_shape(&fields);
        merge.mergeable(&fields);
        steps = merge.steps;
        conflicts.extend(merge.conflict);
        if steps > limits::OVERLAP_STEPS {
            exhausted = Some(steps);
            break;
        }
    }
    if let Some(steps) = exhausted {
        rules.problems.push(Problem::exhausted("cost", limits::OVERLAP_STEPS, steps));
    }
    for (one, other, why) in conflicts {
        let key = one.key();
        rules.report(
            other.pos(),
            format!(
                "Fields \"{key}\" conflict because {why} (first at {}:{}). Use different aliases on the fields to fetch both.",
                one.pos().line,
                one.pos().column
            ),
            format!("字段“{key}”冲突，请使用不同的别名"),
        );
    }
}

impl<'a> Merge<'a> {
    fn gather(
        &mut self,
        selection: &'a [Selection],
        parent: Option<&'a TypeDef>,
        fields: &mut Vec<Placed<'a>>,
        visited: &mut HashSet<&'a str>,
    ) {
        for item in selection {
            self.steps += 1;
            match item {
                Selection::Field(field) => {
                    let ty = parent.and_then(|parent| self.schema.field(parent, &field.name.text)).map(|definition| &definition.ty);
                    fields.push(Placed { field, parent, ty });
                }
                Selection::Inline(inline) => {
                    let on = inline.on.as_ref().map_or(parent, |on| self.schema.ty(&on.text));
                    self.gather(&inline.selection, on, fields, visited);
                }
                Selection::Spread(spread) => {
                    if visited.insert(&spread.name.text)
                        && let Some(fragment) = self.document.fragment(&spread.name.text)
                    {
                        self.gather(&fragment.selection, self.schema.ty(&fragment.on.text), fields, visited);
                    }
                }
            }
        }
    }

    fn is_over(&self) -> bool {
        self.conflict.is_some() || self.steps > limits::OVERLAP_STEPS
    }

    fn by_key(&mut self, fields: &[Placed<'a>]) -> Vec<Vec<Placed<'a>>> {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut groups: Vec<Vec<Placed<'a>>> = Vec::new();
        for placed in fields {
            self.steps += 1;
            let at = *places.entry(placed.field.key()).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            if let Some(group) = groups.get_mut(at) {
                group.push(*placed);
            }
        }
        groups
    }

    fn below(&mut self, group: &[Placed<'a>]) -> Vec<Placed<'a>> {
        let mut fields = Vec::new();
        let mut visited = HashSet::new();
        for placed in group {
            let ty = placed.ty.and_then(|ty| self.schema.ty(ty.name()));
            self.gather(placed.field.selected(), ty, &mut fields, &mut visited);
        }
        fields
    }

    fn first_time(&mut self, fields: &[Placed<'a>], shape: bool) -> bool {
        let mut key: Vec<usize> = fields.iter().map(|placed| std::ptr::from_ref(placed.field) as usize).collect();
        key.sort_unstable();
        key.dedup();
        self.seen.insert((key, shape))
    }

    /// All fields of one response key give the same shape of answer, whatever they stand on.
    fn same_shape(&mut self, fields: &[Placed<'a>]) {
        for group in self.by_key(fields) {
            let Some((first, others)) = group.split_first() else { continue };
            for other in others {
                self.steps += 1;
                if let (Some(one), Some(two)) = (first.ty, other.ty)
                    && !self.alike(one, two)
                {
                    self.conflict = Some((first.field, other.field, "they return conflicting types"));
                    return;
                }
            }
            let below = self.below(&group);
            if !below.is_empty() && !self.is_over() && self.first_time(&below, true) {
                self.same_shape(&below);
            }
            if self.is_over() {
                return;
            }
        }
    }

    fn alike(&self, one: &TypeRef, two: &TypeRef) -> bool {
        match (one, two) {
            (TypeRef::NonNull(one), TypeRef::NonNull(two)) | (TypeRef::List(one), TypeRef::List(two)) => self.alike(one, two),
            (TypeRef::Named(one), TypeRef::Named(two)) => {
                let composite = |name: &str| self.schema.ty(name).is_some_and(TypeDef::is_composite);
                one == two || (composite(one) && composite(two))
            }
            _ => false,
        }
    }

    /// Fields of one response key that may stand on the same object are the same field with the same arguments.
    fn mergeable(&mut self, fields: &[Placed<'a>]) {
        for group in self.by_key(fields) {
            for common in self.common_parents(&group) {
                let Some((first, others)) = common.split_first() else { continue };
                for other in others {
                    self.steps += 1;
                    if first.field.name.text != other.field.name.text {
                        self.conflict = Some((first.field, other.field, "they are different fields"));
                        return;
                    }
                    if !same_arguments(first.field, other.field) {
                        self.conflict = Some((first.field, other.field, "they have differing arguments"));
                        return;
                    }
                }
                let below = self.below(&common);
                if !below.is_empty() && !self.is_over() && self.first_time(&below, false) {
                    self.mergeable(&below);
                }
                if self.is_over() {
                    return;
                }
            }
        }
    }

    /// Fields on abstract types meet all others; fields on object types only those of the same one.
    fn common_parents(&mut self, group: &[Placed<'a>]) -> Vec<Vec<Placed<'a>>> {
        let is_object = |placed: &&Placed<'a>| placed.parent.is_some_and(|parent| matches!(parent.kind, TypeKind::Object { .. }));
        let shared: Vec<Placed<'a>> = group.iter().filter(|placed| !is_object(placed)).copied().collect();
        let mut sets: Vec<(&str, Vec<Placed<'a>>)> = Vec::new();
        for placed in group.iter().filter(is_object) {
            self.steps += 1;
            let name = placed.parent.map(|parent| &*parent.name).unwrap_or_default();
            match sets.iter_mut().find(|(known, _)| *known == name) {
                Some((_, set)) => set.push(*placed),
                None => sets.push((name, vec![*placed])),
            }
        }
        if sets.is_empty() {
            return vec![shared];
        }
        sets.into_iter()
            .map(|(_, mut set)| {
                self.steps += shared.len() as u64;
                set.extend(shared.iter().copied());
                set
            })
            .collect()
    }
}

fn same_arguments(one: &Field, other: &Field) -> bool {
    one.arguments.len() == other.arguments.len()
        && one.arguments.iter().all(|argument| other.argument(&argument.name.text).is_some_and(|value| *value == argument.value))
}
