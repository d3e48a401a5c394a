//! `me` and `my`: what is known of who asks.

use std::ops::Range;

use tenon_model::{Expression, Fact, ObjectIx, Part, RelationShape};

use super::Checker;
use super::kind::Kind;
use super::operand::{Names, Operand, What};
use super::path::{meant, whole};
use crate::Fault;
use crate::fault::{TYPE, UNKNOWN_NAME};

/// The lists of `my`: word, object, the list itself, everything below its records.
const LISTS: [(&str, &str, Fact, Option<Fact>); 7] = [
    ("teams", "team", Fact::Teams, None),
    ("queues", "team", Fact::Queues, None),
    ("reports", "user", Fact::Reports, None),
    ("territories", "territory", Fact::Territories, Some(Fact::TerritoriesBelow)),
    ("departments", "department", Fact::Departments, Some(Fact::DepartmentsBelow)),
    ("partners", "partner", Fact::Partners, Some(Fact::PartnersBelow)),
    ("accounts", "account", Fact::Accounts, Some(Fact::AccountsBelow)),
];

const SUBTREE: &str = "subtree";

impl<'a> Checker<'_, 'a> {
    /// `me`, `me.region`, `me.department`.
    pub(crate) fn me(&mut self, names: &Names) -> Option<Operand<'a>> {
        let at = whole(names);
        let Some(user) = self.scope.user.and_then(|user| self.scope.at(user)) else {
            self.faults.push(Fault::new(UNKNOWN_NAME, at, "there is no object `user`, of which `me` is a record"));
            return None;
        };
        let (name, here) = match names.as_slice() {
            [_] => return Some(mine(Fact::Me, Kind::Id(vec![user.ix]), at)),
            [_, (name, here)] => (name, here.clone()),
            _ => {
                self.unsupported(at, "only fields and relations of my own record are known", Some("compare `me.<field>`"));
                return None;
            }
        };
        if let Some(field) = user.field_named(name) {
            let kind =
                Kind::of(&field.kind, Part::Whole, user.ix).filter(|kind| !field.columns.is_empty() && !matches!(kind, Kind::Whole(_)));
            let Some(kind) = kind else {
                self.unsupported(here, format!("`me.{name}` is of type `{}`, which is not known of who asks", field.kind.word()), None);
                return None;
            };
            return Some(mine(Fact::Attribute(field.ix), kind, at));
        }
        match user.relation_named(name) {
            Some(relation) if relation.shape == RelationShape::One => {
                Some(mine(Fact::Reference(relation.ix), Kind::Id(relation.targets.clone()), at))
            }
            Some(_) => {
                self.unsupported(here, format!("`me.{name}` does not point to one record of one object"), None);
                None
            }
            None => {
                let fault = Fault::new(UNKNOWN_NAME, here, format!("`user` has no field or relation `{name}`"));
                let fields = user.active_fields().map(|field| field.name.as_str());
                let fault = meant(fault, name, fields.chain(user.active_relations().map(|relation| relation.name.as_str())));
                self.faults.push(fault);
                None
            }
        }
    }

    /// `my.teams`, `my.partners.subtree`.
    pub(crate) fn my(&mut self, names: &Names) -> Option<Operand<'a>> {
        let at = whole(names);
        let (name, here) = match names.get(1) {
            Some((name, here)) => (name.as_str(), here.clone()),
            None => ("", at.clone()),
        };
        let Some((_, object, list, below)) = LISTS.into_iter().find(|(word, ..)| *word == name) else {
            let fault = Fault::new(UNKNOWN_NAME, here, format!("`my` has no `{name}`"));
            let fault = meant(fault, name, LISTS.map(|(word, ..)| word));
            let all = || format!("there are {}", LISTS.map(|(word, ..)| format!("`my.{word}`")).join(", "));
            self.faults.push(if fault.help.is_some() { fault } else { fault.help(all()) });
            return None;
        };
        let object = self.target(object, here)?;
        let fact = match (names.get(2..).unwrap_or_default(), below) {
            ([], _) => list,
            ([(word, _)], Some(below)) if word == SUBTREE => below,
            ([(word, here)], below) => {
                let fault = match below {
                    Some(_) => meant(Fault::new(UNKNOWN_NAME, here.clone(), format!("`my.{name}` has no `{word}`")), word, [SUBTREE]),
                    None => Fault::new(TYPE, here.clone(), format!("`my.{name}` is a list, with nothing behind it")),
                };
                self.faults.push(fault);
                return None;
            }
            (rest, _) => {
                let here = whole(&rest.to_vec());
                self.faults.push(Fault::new(UNKNOWN_NAME, here, format!("nothing lies that far behind `my.{name}`")));
                return None;
            }
        };
        Some(mine(fact, Kind::Ids(object), at))
    }

    fn target(&mut self, name: &str, here: Range<usize>) -> Option<ObjectIx> {
        let found = self.scope.by_name.iter().find(|(known, _)| known.as_str() == name).map(|(_, ix)| *ix);
        if found.is_none() {
            self.faults.push(Fault::new(UNKNOWN_NAME, here, format!("there is no object `{name}` here")));
        }
        found
    }
}

fn mine<'a>(fact: Fact, kind: Kind<'a>, at: Range<usize>) -> Operand<'a> {
    Operand { what: What::Known(Expression::Mine(fact), kind), at }
}
