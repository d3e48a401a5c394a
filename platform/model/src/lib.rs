//! The checked, immutable description of one tenant: objects, fields, relations, views, settings.
//!
//! Floor 2. Made by `compiler` from elements, read by everything above. Invariants: a `Model` is never changed, a
//! change makes a new one; whatever it says has been checked; no serde here, stored and wire forms live elsewhere.

mod access;
mod building;
mod element;
mod expression;
mod field;
mod kind;
mod link;
mod model;
mod object;
mod reach;
mod relation;
mod role;
mod settings;
mod view;

pub use access::{FieldRight, FieldRights, Grant, RowRules, Rule, SharingRule, Verb};
pub use building::{Building, STILL, buildings, columns_id, in_force, shadow_id};
pub use element::{Element, ElementPath, Inside, Layer, Physical, Place, Property, PropertyMap};
pub use expression::{Comparison, Expression, Fact, Leaf, Path};
pub use field::{Column, ColumnType, Field, FieldIx, Part, SortRule, State};
pub use kind::{Choice, FieldKind};
pub use link::{Link, LinkEnd, LinkIx};
pub use model::{Model, ModelVersion};
pub use object::{GraphqlNames, Object, ObjectIx, UniqueKey, UniquePart, Worth, system};
pub use reach::{GUIDES_MAX, REACHES_MAX, Reach, Reached};
pub use relation::{Edge, EdgeKind, OnDelete, Relation, RelationIx, RelationShape};
pub use role::{Role, RoleIx, Special};
pub use settings::{Settings, WeekStart};
pub use view::{Layout, View};
