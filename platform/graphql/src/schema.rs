//! The schema one role sees: a table of types, made from the model, each type when it is first asked for.
//!
//! Validation, SDL and introspection read it; lowering does not, it reads the model itself. Invariant: what the
//! policy hides has no type, no field and no argument here.

mod actions;
mod aggregates;
mod changes;
mod choices;
mod descriptions;
mod diff;
mod edges;
mod filters;
mod former;
mod introspect;
mod names;
mod objects;
mod references;
mod roots;
mod roster;
mod sdl;
mod seeds;
mod table;
mod view;
mod writes;

pub(crate) use changes::changed_of;
pub use diff::{Effect, SchemaChange, schema_diff};
pub(crate) use former::Deprecation;
pub(crate) use introspect::answer as introspect;
pub(crate) use names::edge_stem;
pub(crate) use references::is_composite;
pub(crate) use roots::{Verb, forbidden_mutation, mutation_named};
pub(crate) use table::{EnumValue, FieldDef, InputDef, Schema, TypeDef, TypeKind};
pub(crate) use view::View;
pub(crate) use writes::is_edge_written;
