//! Two schemas compared, as texts: what a client written against the first would notice.
//!
//! Breaking is what makes a document fail that was valid, or gives an answer of another type; dangerous is what may
//! surprise one (a new value of an enum); the rest is safe.

use std::collections::BTreeMap;

use tenon_diagnostics::Problem;

use super::{FieldDef, InputDef, TypeDef, TypeKind};
use crate::syntax::ast::TypeRef;
use crate::syntax::parse_schema;

/// What a change does to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Documents that were valid fail.
    Breaking,
    /// Clients may meet what they do not expect.
    Dangerous,
    /// Nobody notices who does not look.
    Safe,
}

impl Effect {
    /// `breaking`, `dangerous`, `safe`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Dangerous => "dangerous",
            Self::Safe => "safe",
        }
    }
}

/// One change between two schemas.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchemaChange {
    /// What it does to clients.
    pub effect: Effect,
    /// `Opportunity.amount`, `OpportunityStage.WON`, `Query.opportunities(first:)`.
    pub coordinate: String,
    /// What happened: `removed`, `added`, `String became Int`.
    pub what: String,
}

/// What changed from one schema to another, the worst first.
///
/// # Errors
/// Where a text is no schema.
pub fn schema_diff(before: &str, after: &str) -> Result<Vec<SchemaChange>, Problem> {
    let named = |types: Vec<TypeDef>| -> BTreeMap<String, TypeDef> { types.into_iter().map(|ty| (ty.name.to_string(), ty)).collect() };
    let (before, after) = (named(parse_schema(before)?), named(parse_schema(after)?));
    let mut changes = Changes::default();
    for (name, old) in &before {
        match after.get(name) {
            None => changes.note(Effect::Breaking, name, "removed"),
            Some(new) => changes.of_type(name, old, new),
        }
    }
    for name in after.keys().filter(|name| !before.contains_key(*name)) {
        changes.note(Effect::Safe, name, "added");
    }
    changes.0.sort();
    Ok(changes.0)
}

#[derive(Default)]
struct Changes(Vec<SchemaChange>);

impl Changes {
    fn note(&mut self, effect: Effect, coordinate: &str, what: impl Into<String>) {
        self.0.push(SchemaChange { effect, coordinate: coordinate.to_owned(), what: what.into() });
    }

    fn of_type(&mut self, name: &str, old: &TypeDef, new: &TypeDef) {
        match (&old.kind, &new.kind) {
            (TypeKind::Scalar { .. }, TypeKind::Scalar { .. }) => {}
            (TypeKind::Enum(old), TypeKind::Enum(new)) => {
                let (old, new): (Vec<&str>, Vec<&str>) =
                    (old.iter().map(|one| &*one.name).collect(), new.iter().map(|one| &*one.name).collect());
                self.of_words(name, &old, &new);
            }
            (TypeKind::Union(old), TypeKind::Union(new)) => {
                let (old, new): (Vec<&str>, Vec<&str>) = (old.iter().map(|one| &**one).collect(), new.iter().map(|one| &**one).collect());
                self.of_words(name, &old, &new);
            }
            (TypeKind::Input { fields: old, one_of: was }, TypeKind::Input { fields: new, one_of: is }) => {
                if was != is {
                    let effect = if *is { Effect::Breaking } else { Effect::Safe };
                    self.note(effect, name, if *is { "takes one member only" } else { "takes several members" });
                }
                self.of_inputs(old, new, |member| format!("{name}.{member}"));
            }
            (TypeKind::Object { fields: old, interfaces: was }, TypeKind::Object { fields: new, interfaces: is }) => {
                for gone in was.iter().filter(|one| !is.contains(one)) {
                    self.note(Effect::Breaking, name, format!("no longer a {gone}"));
                }
                self.of_fields(name, old, new);
            }
            (TypeKind::Interface { fields: old }, TypeKind::Interface { fields: new }) => self.of_fields(name, old, new),
            _ => self.note(Effect::Breaking, name, "became another kind of type"),
        }
    }

    fn of_words(&mut self, name: &str, old: &[&str], new: &[&str]) {
        for gone in old.iter().filter(|word| !new.contains(word)) {
            self.note(Effect::Breaking, &format!("{name}.{gone}"), "removed");
        }
        for come in new.iter().filter(|word| !old.contains(word)) {
            self.note(Effect::Dangerous, &format!("{name}.{come}"), "added");
        }
    }

    fn of_fields(&mut self, name: &str, old: &[FieldDef], new: &[FieldDef]) {
        for field in old {
            let at = format!("{name}.{}", field.name);
            let Some(now) = new.iter().find(|one| one.name == field.name) else {
                self.note(Effect::Breaking, &at, "removed");
                continue;
            };
            if field.ty != now.ty {
                let effect = if is_narrower(&now.ty, &field.ty) { Effect::Safe } else { Effect::Breaking };
                self.note(effect, &at, format!("{} became {}", field.ty, now.ty));
            }
            self.of_deprecation(&at, (field.deprecated.is_some(), now.deprecated.is_some()));
            self.of_inputs(&field.arguments, &now.arguments, |argument| format!("{at}({argument}:)"));
        }
        for field in new.iter().filter(|one| !old.iter().any(|other| other.name == one.name)) {
            self.note(Effect::Safe, &format!("{name}.{}", field.name), "added");
        }
    }

    fn of_inputs(&mut self, old: &[InputDef], new: &[InputDef], at: impl Fn(&str) -> String) {
        for input in old {
            let here = at(&input.name);
            let Some(now) = new.iter().find(|one| one.name == input.name) else {
                self.note(Effect::Breaking, &here, "removed");
                continue;
            };
            if input.ty != now.ty {
                // What may be given must still be taken.
                let effect = if is_narrower(&input.ty, &now.ty) { Effect::Safe } else { Effect::Breaking };
                self.note(effect, &here, format!("{} became {}", input.ty, now.ty));
            }
            if input.default != now.default {
                self.note(Effect::Dangerous, &here, "has another default");
            }
            self.of_deprecation(&here, (input.deprecated.is_some(), now.deprecated.is_some()));
        }
        for input in new.iter().filter(|one| !old.iter().any(|other| other.name == one.name)) {
            let effect = if input.is_required() { Effect::Breaking } else { Effect::Safe };
            self.note(effect, &at(&input.name), if input.is_required() { "added, and required" } else { "added" });
        }
    }

    fn of_deprecation(&mut self, at: &str, (was, is): (bool, bool)) {
        if was != is {
            self.note(Effect::Safe, at, if is { "deprecated" } else { "no longer deprecated" });
        }
    }
}

/// Whether every value of one type is one of the other: it only says `!` where the other does not.
fn is_narrower(one: &TypeRef, other: &TypeRef) -> bool {
    match (one, other) {
        (TypeRef::NonNull(one), TypeRef::NonNull(other)) => is_narrower(one, other),
        (TypeRef::NonNull(one), other) => is_narrower(one, other),
        (TypeRef::List(one), TypeRef::List(other)) => is_narrower(one, other),
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = r#"
        "A sale." type Deal implements Record { name: String amount: Int size(unit: String = "m"): Int! tags: [String!]! }
        enum Stage { OPEN WON @deprecated(reason: "No longer offered.") }
        union Any = Deal | Lead
        input DealInput { name: String size: Int! }
        type Lead { id: ID! }
    "#;

    #[track_caller]
    fn check(after: &str, expected: &[(&str, &str, &str)]) {
        let changes = schema_diff(BEFORE, after).unwrap();
        let said: Vec<(&str, &str, &str)> =
            changes.iter().map(|change| (change.effect.word(), change.coordinate.as_str(), change.what.as_str())).collect();
        assert_eq!(said, expected);
    }

    #[test]
    fn a_schema_does_not_differ_from_itself() {
        check(BEFORE, &[]);
    }

    #[test]
    fn every_change_is_told_the_worst_first() {
        let after = r#"
            type Deal implements Record { name: String! amount: String size(unit: String = "km", of: ID!): Int }
            enum Stage { OPEN LOST }
            union Any = Deal | Visit
            input DealInput { name: String @deprecated(reason: "Use title. Removed after 2027-01-01.") size: Int title: String }
            type Visit { id: ID! }
        "#;
        check(
            after,
            &[
                ("breaking", "Any.Lead", "removed"),
                ("breaking", "Deal.amount", "Int became String"),
                ("breaking", "Deal.size", "Int! became Int"),
                ("breaking", "Deal.size(of:)", "added, and required"),
                ("breaking", "Deal.tags", "removed"),
                ("breaking", "Lead", "removed"),
                ("breaking", "Stage.WON", "removed"),
                ("dangerous", "Any.Visit", "added"),
                ("dangerous", "Deal.size(unit:)", "has another default"),
                ("dangerous", "Stage.LOST", "added"),
                ("safe", "Deal.name", "String became String!"),
                ("safe", "DealInput.name", "deprecated"),
                ("safe", "DealInput.size", "Int! became Int"),
                ("safe", "DealInput.title", "added"),
                ("safe", "Visit", "added"),
            ],
        );
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        for text in ["{", "type", "query { a }", "type A { b }"] {
            assert!(schema_diff(text, "").is_err(), "{text}");
        }
    }
}
