//! How far a record's values and verbs are the caller's: masks, reads in clear that are noted, `can`.

use tenon_access::Rows;
use tenon_model::{Field as ModelField, FieldRight, Object, Verb, system};
use tenon_query::{Output, Predicate, Slot};
use tenon_value::Json;

use super::Lower;
use super::record::slot;
use crate::schema::is_edge_written;
use crate::shape::{Can, CanShape, Show};
use crate::syntax::ast::Field;

impl<'a> Lower<'a> {
    /// How a field's value is shown; none: not at all.
    pub(super) fn show(&self, object: &'a Object, field: &'a ModelField) -> Option<Show> {
        match self.view.policy.field_right(object.ix, field.ix) {
            FieldRight::None => None,
            FieldRight::Mask => Some(Show::Masked),
            FieldRight::Read | FieldRight::Write if self.schema.is_noted(object.ix, field.ix) => Some(Show::Noted),
            FieldRight::Read | FieldRight::Write => Some(Show::Plain),
        }
    }

    /// What the caller may do with a record, while it lives and while it lies in the recycle bin.
    pub(super) fn can(&self, object: &'a Object, fields: &[&'a Field], output: &mut Output) -> CanShape<'a> {
        let deleted = slot(output, Slot::Field(system::DELETED_AT));
        let no = || Can::Fixed(Json::Bool(false));
        let mut parts = Vec::new();
        for sub in self.subs(fields) {
            let mut may = |verb| self.may(object, verb, Json::Bool(true), output).unwrap_or_else(no);
            let (live, deleted) = match sub.name {
                "update" => (may(Verb::Update), no()),
                "delete" => (may(Verb::Delete), no()),
                "restore" => (no(), may(Verb::Restore)),
                "destroy" => (may(Verb::Destroy), may(Verb::Destroy)),
                "share" => (may(Verb::Share), no()),
                "write" => {
                    let nothing = || Can::Fixed(Json::Array(Vec::new()));
                    (self.may(object, Verb::Update, self.writable(object), output).unwrap_or_else(nothing), nothing())
                }
                "__typename" => (Can::Fixed(Json::from("RecordCan")), Can::Fixed(Json::from("RecordCan"))),
                _ => (Can::Fixed(Json::Array(Vec::new())), Can::Fixed(Json::Array(Vec::new()))),
            };
            parts.push((sub.key, live, deleted));
        }
        CanShape { deleted, parts }
    }

    /// `value` on the rows the verb reaches; none where it reaches no row.
    fn may(&self, object: &'a Object, verb: Verb, value: Json, output: &mut Output) -> Option<Can> {
        // What a link has written is shared as other records are, and changed by the link.
        let own = || Predicate::Not(Predicate::Mirrored.into());
        let predicate = match self.view.policy.rows_of(object.ix, verb) {
            Rows::None => return None,
            Rows::All if verb == Verb::Share => return Some(Can::Fixed(value)),
            Rows::All => own(),
            Rows::Some(predicate) if verb == Verb::Share => (*predicate).clone(),
            Rows::Some(predicate) => Predicate::All(vec![(*predicate).clone(), own()]),
        };
        let known = output.holds.iter().position(|held| *held == predicate);
        let place = known.unwrap_or_else(|| {
            output.holds.push(predicate);
            output.holds.len() - 1
        });
        Some(Can::Held(place, value))
    }

    /// API names of what may be written.
    fn writable(&self, object: &'a Object) -> Json {
        let fields = self.view.inputs(object).map(|field| field.name.as_str());
        let policy = self.view.policy;
        let written = self.view.ones(object).filter(|relation| !relation.read_only && policy.may_write_relation(object.ix, relation.ix));
        let lists = self.view.edges(object).map(|(_, edge)| edge).filter(|edge| is_edge_written(&self.view, edge));
        fields.chain(written.map(|relation| relation.name.as_str())).chain(lists.map(|edge| edge.name.as_str())).map(Json::from).collect()
    }
}
