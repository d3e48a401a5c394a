//! Former names in a document: told apart from mistakes, noted, and replaced by the names of now.
//!
//! Names of types are replaced before validation, which compares them; names of members after it, where each is known to
//! be one. Whatever comes behind knows the names of now only. The response keeps the keys it was asked for.

use tenon_diagnostics::{Problem, Problems};
use tenon_value::Date;

use crate::schema::{Deprecation, Schema, TypeDef, TypeKind};
use crate::syntax::ast::{Argument, Document, Field, Ident, Selection, TypeRef, Value, ValueKind};

use super::operations::root_type;

/// Former names that one request is told of.
const NOTED_MAX: usize = 100;

/// A former name that a document uses: `Opportunity.closeDay`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FormerUse {
    pub(crate) coordinate: String,
    /// The last day of it.
    pub(crate) until: Date,
}

/// Notes a use once.
pub(super) fn note(uses: &mut Vec<FormerUse>, coordinate: String, until: Date) {
    let used = FormerUse { coordinate, until };
    if uses.len() < NOTED_MAX && !uses.contains(&used) {
        uses.push(used);
    }
}

/// Replaces former names of types: in fragments, type conditions and definitions of variables.
pub(crate) fn settle_types(schema: &Schema, document: &mut Document, uses: &mut Vec<FormerUse>) {
    let mut now = |name: &mut Box<str>| {
        if !schema.has(name)
            && let Some((now, until)) = schema.former().and_then(|former| former.type_now(name))
        {
            note(uses, name.to_string(), until);
            *name = now.into();
        }
    };
    for operation in &mut document.operations {
        operation.variables.iter_mut().for_each(|variable| now(named(&mut variable.ty)));
        conditions(&mut operation.selection, &mut now);
    }
    for fragment in &mut document.fragments {
        now(&mut fragment.on.text);
        conditions(&mut fragment.selection, &mut now);
    }
}

fn named(ty: &mut TypeRef) -> &mut Box<str> {
    match ty {
        TypeRef::Named(name) => name,
        TypeRef::List(inner) | TypeRef::NonNull(inner) => named(inner),
    }
}

fn conditions(selection: &mut [Selection], now: &mut impl FnMut(&mut Box<str>)) {
    for item in selection {
        match item {
            Selection::Field(field) => conditions(field.selection.as_deref_mut().unwrap_or_default(), now),
            Selection::Inline(inline) => {
                inline.on.iter_mut().for_each(|on| now(&mut on.text));
                conditions(&mut inline.selection, now);
            }
            Selection::Spread(_) => {}
        }
    }
}

/// Replaces former names of members in a valid document.
///
/// # Errors
/// Where one input names a member twice, as it is called and as it was.
pub(crate) fn settle_members(schema: &Schema, document: &mut Document, uses: &mut Vec<FormerUse>) -> Result<(), Problems> {
    let mut settling = Settling { schema, uses, problems: Problems::default() };
    for operation in &mut document.operations {
        for variable in &mut operation.variables {
            if let Some(default) = &mut variable.default {
                settling.value(default, &variable.ty);
            }
        }
        settling.selection(&mut operation.selection, schema.ty(root_type(operation.kind)));
    }
    for fragment in &mut document.fragments {
        settling.selection(&mut fragment.selection, schema.ty(&fragment.on.text));
    }
    settling.problems.into_result()
}

struct Settling<'a, 'u> {
    schema: &'a Schema,
    uses: &'u mut Vec<FormerUse>,
    problems: Problems,
}

impl<'a> Settling<'a, '_> {
    fn selection(&mut self, selection: &mut [Selection], parent: Option<&'a TypeDef>) {
        for item in selection {
            match item {
                Selection::Field(field) => self.field(field, parent),
                Selection::Inline(inline) => {
                    let on = inline.on.as_ref().and_then(|on| self.schema.ty(&on.text)).or(parent);
                    self.selection(&mut inline.selection, on);
                }
                Selection::Spread(_) => {}
            }
        }
    }

    fn field(&mut self, field: &mut Field, parent: Option<&'a TypeDef>) {
        let Some((parent, definition)) = parent.and_then(|parent| Some((parent, self.schema.field(parent, &field.name.text)?))) else {
            return;
        };
        for Argument { name, value } in &mut field.arguments {
            if let Some(argument) = definition.arguments.iter().find(|argument| argument.name == name.text) {
                self.value(value, &argument.ty);
            }
        }
        if let Some((now, until)) = instead(definition.deprecated.as_ref()) {
            note(self.uses, format!("{}.{}", parent.name, field.name.text), until);
            let was = std::mem::replace(&mut field.name.text, now);
            field.alias.get_or_insert(Ident { text: was, pos: field.name.pos });
        }
        let below = self.schema.ty(definition.ty.name());
        self.selection(field.selection.as_deref_mut().unwrap_or_default(), below);
    }

    fn value(&mut self, value: &mut Value, ty: &TypeRef) {
        match (ty, &mut value.kind) {
            (TypeRef::NonNull(inner), _) => self.value(value, inner),
            (TypeRef::List(inner), ValueKind::List(elements)) => elements.iter_mut().for_each(|element| self.value(element, inner)),
            (TypeRef::List(inner), _) => self.value(value, inner),
            (TypeRef::Named(name), ValueKind::Object(members)) => {
                let Some(ty) = self.schema.ty(name) else { return };
                if let TypeKind::Input { fields, .. } = &ty.kind {
                    for (key, member) in &mut *members {
                        let Some(input) = fields.iter().find(|input| input.name == key.text) else { continue };
                        self.value(member, &input.ty);
                        if let Some((now, until)) = instead(input.deprecated.as_ref()) {
                            note(self.uses, format!("{name}.{}", key.text), until);
                            key.text = now;
                        }
                    }
                    self.check_once(members);
                }
            }
            (TypeRef::Named(name), ValueKind::Enum(word)) => {
                if let Some(TypeKind::Enum(values)) = self.schema.ty(name).map(|ty| &ty.kind)
                    && let Some((now, until)) =
                        values.iter().find(|value| value.name == *word).and_then(|value| instead(value.deprecated.as_ref()))
                {
                    note(self.uses, format!("{name}.{word}"), until);
                    *word = now;
                }
            }
            (TypeRef::Named(_), _) => {}
        }
    }

    fn check_once(&mut self, members: &[(Ident, Value)]) {
        for (at, (key, _)) in members.iter().enumerate() {
            if members.iter().take(at).any(|(other, _)| other.text == key.text) {
                self.problems.push(twice(&key.text, "graphql/validation").located(key.pos.line, key.pos.column));
            }
        }
    }
}

/// The name that a member has now, where it was met by a former one.
pub(super) fn instead(deprecated: Option<&Deprecation>) -> Option<(Box<str>, Date)> {
    deprecated?.instead.clone()
}

/// A member given by both of its names.
pub(super) fn twice(name: &str, rule: &'static str) -> Problem {
    Problem::invalid(rule, format!("\"{name}\" is given twice, once by its former name."), format!("“{name}”与其旧名称同时出现"))
}
