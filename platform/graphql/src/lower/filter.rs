//! Filters of an object's records.

use tenon_access::Place;
use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{FieldKind, Object};
use tenon_query::{Action, Predicate};
use tenon_value::Value;

use super::operands::{negated_unless, one_or_all};
use super::{Lower, null_operand, scalars};
use crate::members;
use crate::syntax::ast::Value as Input;

impl<'a> Lower<'a> {
    /// The rows a filter selects. Siblings are joined by "and"; `[]` in `and` is true, in `or` false.
    pub(super) fn filter(&mut self, object: &'a Object, input: &Input, path: &InputPath) -> Predicate {
        if input.is_null() {
            self.wrong(path, null_operand());
            return Predicate::no();
        }
        let mut all = Vec::new();
        for (key, operand) in input.members() {
            self.count_node();
            if self.filter_nodes > crate::limits::FILTER_NODES {
                break;
            }
            let word = &*key.text;
            let path = path.key(word.to_owned());
            if operand.is_null() {
                self.wrong(&path, null_operand());
                continue;
            }
            all.push(match word {
                "and" | "or" => {
                    let parts =
                        operand.elements().iter().enumerate().map(|(at, part)| self.filter(object, part, &path.index(at))).collect();
                    if word == "and" { Predicate::All(parts) } else { Predicate::Any(parts) }
                }
                "not" => Predicate::Not(Box::new(self.filter(object, operand, &path))),
                "externalId" => self.external_id(operand, &path),
                _ => self.member(object, word, operand, &path),
            });
        }
        one_or_all(all)
    }

    fn member(&mut self, object: &'a Object, word: &str, operand: &Input, path: &InputPath) -> Predicate {
        if let Some(field) = members::field(object, word) {
            if field.kind == FieldKind::Id && operand.get("within").is_some() {
                return self.id_with_tree(object, operand, path);
            }
            return self.field_filter(field, operand, path);
        }
        if let Some(relation) = members::relation(object, word) {
            return self.reference(object, relation, operand, path);
        }
        match members::edge(object, word) {
            Some(edge) => self.edge_filter(edge, operand, path),
            None => {
                self.wrong(path, super::operands::unsupported(word));
                Predicate::no()
            }
        }
    }

    /// `id: { within: X }` on a tree includes X.
    fn id_with_tree(&mut self, object: &'a Object, operand: &Input, path: &InputPath) -> Predicate {
        let mut all = Vec::new();
        for (key, value) in operand.members() {
            let path = path.key(key.text.to_string());
            if &*key.text != "within" {
                if let Some(field) = object.field(tenon_model::system::ID) {
                    let read: &dyn Fn(&Input) -> Result<Value, Problem> = &|input| scalars::operand(field, input);
                    all.push(self.operator(tenon_query::ColumnRef::whole(field.ix), &key.text, value, (&path, read)));
                }
                continue;
            }
            let (Some(tree), Some(table)) = (self.view.tree(object), self.table(object.ix, Action::Read, Place::Filter)) else {
                self.wrong(&path, Problem::invalid("operator", "`within` needs records that form a tree", "`within` 只能用于树形数据"));
                continue;
            };
            match if value.is_null() { Err(null_operand()) } else { scalars::id(value) } {
                Ok(id) => {
                    let root = self.param(Value::Id(id));
                    all.push(Predicate::Within { table, relation: tree.ix, root, inclusive: true });
                }
                Err(problem) => self.wrong(&path, problem),
            }
        }
        one_or_all(all)
    }

    fn external_id(&mut self, operand: &Input, path: &InputPath) -> Predicate {
        let system = match operand.get("system").map(scalars::text) {
            Some(Ok(system)) => self.param(system),
            _ => {
                self.wrong(path, null_operand());
                return Predicate::no();
            }
        };
        let mut all = Vec::new();
        for (word, value) in operand.members().iter().map(|(key, value)| (&*key.text, value)).filter(|(word, _)| *word != "system") {
            let path = path.key(word.to_owned());
            if value.is_null() {
                self.wrong(&path, null_operand());
                continue;
            }
            if word == "isNull" {
                all.push(negated_unless(!value.as_bool().unwrap_or(true), Predicate::ExternalId { system, keys: None }));
            } else if let Some(keys) = self.values(value, &path, &scalars::text) {
                let keys = Some(self.param(Value::List(keys)));
                all.push(Predicate::ExternalId { system, keys });
            }
        }
        if all.is_empty() {
            all.push(Predicate::ExternalId { system, keys: None });
        }
        one_or_all(all)
    }
}
