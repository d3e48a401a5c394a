//! Saves that change what is known of people: then the tenant's epoch is raised, so that rights change at once.
//!
//! Only what rules of this model ask for counts: a tenant whose rules know no territories waits for none.

use tenon_model::{Fact, Link, Object};
use tenon_query::Record;
use tenon_store::RowWrite;

use crate::attempt::Attempt;
use crate::change;

impl Attempt<'_> {
    /// Notes that a record of an object changes, comes (no old one) or goes (no new one).
    pub(crate) fn stir(&mut self, object: &Object, old: Option<&Record>, new: Option<&Record>) {
        if self.is_stirring(object, old, new) {
            self.tx.raise_epoch();
        }
    }

    /// The same of a row to be written.
    pub(crate) fn stir_row(&mut self, object: &Object, row: &RowWrite) {
        match row {
            RowWrite::Insert(new) => self.stir(object, None, Some(new)),
            RowWrite::Update { old, new } => self.stir(object, Some(old), Some(new)),
            RowWrite::Destroy(old) => self.stir(object, Some(old), None),
        }
    }

    /// Notes that links change.
    pub(crate) fn stir_link(&mut self, link: &Link) {
        let ends = [link.source, link.target].map(|end| self.model.object(end).map_or("", |object| object.name.as_str()));
        if ends.iter().any(|end| matches!(*end, "user" | "team" | "territory" | "department")) && ends.contains(&"user") {
            self.tx.raise_epoch();
        }
    }

    fn asks(&self, facts: &[Fact]) -> bool {
        facts.iter().any(|fact| self.model.facts.contains(fact))
    }

    fn is_stirring(&self, object: &Object, old: Option<&Record>, new: Option<&Record>) -> bool {
        let names = || match (old, new) {
            (Some(old), Some(new)) => change::names(object, Some(old), new),
            _ => Vec::new(),
        };
        let structure = |name: &String| object.relation_named(name).is_some() || name == "deleted_at";
        match object.name.as_str() {
            "user" => match (old, new) {
                (Some(_), Some(_)) => names()
                    .iter()
                    .any(|name| structure(name) || matches!(name.as_str(), "status" | "is_active") || self.is_attribute(object, name)),
                // Nobody reports to, or signs in as, somebody who is only just there; but he may report to others.
                (None, Some(new)) => object.active_relations().any(|relation| !relation.system && !new.relation(relation.ix).is_null()),
                _ => true,
            },
            // Names of teams stand in sharing rules.
            "team" => match (old, new) {
                (None, Some(new)) => object.active_relations().any(|relation| !relation.system && !new.relation(relation.ix).is_null()),
                (Some(_), Some(_)) => {
                    names().iter().any(|name| structure(name) || matches!(name.as_str(), "name" | "is_queue" | "is_active"))
                }
                _ => true,
            },
            "department" => self.asks(&[Fact::Departments, Fact::DepartmentsBelow]) && self.is_moved(object, old, new),
            "territory" => self.asks(&[Fact::Territories, Fact::TerritoriesBelow]) && self.is_moved(object, old, new),
            "partner" => self.asks(&[Fact::PartnersBelow]) && self.is_moved(object, old, new),
            "account" => self.asks(&[Fact::AccountsBelow]) && self.is_moved(object, old, new),
            _ => false,
        }
    }

    /// Whether a record comes into, leaves or moves within its tree, or another of its people changes.
    fn is_moved(&self, object: &Object, old: Option<&Record>, new: Option<&Record>) -> bool {
        let heads = |relation: &&tenon_model::Relation| {
            Some(relation.ix) == object.tree
                || relation.target().and_then(|target| self.model.object(target)).is_some_and(|target| target.name.as_str() == "user")
        };
        let relations = || object.active_relations().filter(|relation| !relation.system).filter(heads);
        match (old, new) {
            (None, Some(record)) | (Some(record), None) => relations().any(|relation| !record.relation(relation.ix).is_null()),
            (Some(old), Some(new)) => {
                let deleted = tenon_model::system::DELETED_AT;
                old.field(deleted).is_null() != new.field(deleted).is_null()
                    || relations().any(|relation| old.relation(relation.ix) != new.relation(relation.ix))
            }
            (None, None) => false,
        }
    }

    /// Whether rules ask for this field or relation of who acts.
    fn is_attribute(&self, user: &Object, name: &str) -> bool {
        self.model.facts.iter().any(|fact| match fact {
            Fact::Attribute(field) => user.field(*field).is_some_and(|field| field.name.as_str() == name),
            Fact::Reference(relation) => user.relation(*relation).is_some_and(|relation| relation.name.as_str() == name),
            _ => false,
        })
    }
}
