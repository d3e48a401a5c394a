//! Filters over relations and edges; the policy of every object met is woven in.

use tenon_access::Place;
use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Edge, EdgeKind, Object, Relation, RelationShape, State};
use tenon_query::{Action, CompareOp, LinkFilter, Predicate, Quantifier, RefOp};
use tenon_value::Value;

use super::operands::{negated_unless, one_or_all, unsupported};
use super::{Lower, null_operand, scalars};
use crate::limits;
use crate::syntax::ast::Value as Input;

impl<'a> Lower<'a> {
    /// `{ eq in notIn isNull is isNot within }`, and of polymorphic ones `{ eq in isNull type … }`.
    pub(super) fn reference(&mut self, object: &'a Object, relation: &'a Relation, input: &Input, path: &InputPath) -> Predicate {
        let mut all = Vec::new();
        for (key, operand) in input.members() {
            self.count_node();
            let word = &*key.text;
            let path = path.key(word.to_owned());
            if operand.is_null() {
                self.wrong(&path, null_operand());
                continue;
            }
            match self.reference_part(object, relation, (word, operand), &path) {
                Ok(predicate) => all.push(predicate),
                Err(problem) => self.wrong(&path, problem),
            }
        }
        one_or_all(all)
    }

    fn reference_part(
        &mut self,
        object: &'a Object,
        relation: &'a Relation,
        (word, operand): (&str, &Input),
        path: &InputPath,
    ) -> Result<Predicate, Problem> {
        let seen = self.seen(relation);
        let refers = |op: RefOp| {
            let refers = Predicate::Ref { relation: relation.ix, op };
            match &seen {
                Some(seen) => Predicate::All(vec![refers, seen.clone()]),
                None => refers,
            }
        };
        let read: &dyn Fn(&Input) -> Result<Value, Problem> = &|input| scalars::id(input).map(Value::Id);
        Ok(match word {
            "eq" => refers(RefOp::Eq(self.param(read(operand)?))),
            "in" | "notIn" => {
                let ids = self.values(operand, path, read).unwrap_or_default();
                negated_unless(word == "in", refers(RefOp::In(self.param(Value::List(ids)))))
            }
            "isNull" => match &seen {
                Some(seen) => negated_unless(!operand.as_bool().unwrap_or(true), seen.clone()),
                None => negated_unless(operand.as_bool().unwrap_or(true), refers(RefOp::IsNull)),
            },
            "within" => self.within(object, relation, operand)?,
            "is" | "isNot" => {
                let target = relation.target().and_then(|target| self.view.object(target)).ok_or_else(|| unsupported(word))?;
                negated_unless(word == "is", self.through(relation, target, operand, path)?)
            }
            "type" => {
                let names = operand.get("in").map(|names| self.values(names, &path.key("in"), &scalars::text).unwrap_or_default());
                match names {
                    Some(names) => refers(RefOp::KindIn(self.param(Value::List(names)))),
                    None => Predicate::yes(),
                }
            }
            single => {
                let target =
                    self.view.targets(relation).find(|target| target.graphql.single == single).ok_or_else(|| unsupported(single))?;
                self.through(relation, target, operand, path)?
            }
        })
    }

    /// That the record referred to is visible: what is not seen is not there, so a reference to it is empty. None where
    /// all the relation may lead to is seen, and of actors, who are shown to everybody.
    pub(super) fn seen(&mut self, relation: &'a Relation) -> Option<Predicate> {
        if relation.shape == RelationShape::Actor {
            return None;
        }
        let view = self.view;
        let mut ways = Vec::new();
        let mut all = view.targets(relation).count()
            == relation
                .targets
                .iter()
                .filter(|target| view.model.object(**target).is_some_and(|object| object.state == State::Active))
                .count();
        for target in view.targets(relation) {
            let table = self.table(target.ix, Action::Read, Place::Filter)?;
            all &= table.rows().is_none();
            ways.push(Predicate::ToOne { relation: relation.ix, table, holds: Box::new(Predicate::yes()) });
        }
        (!all).then_some(Predicate::Any(ways))
    }

    fn through(&mut self, relation: &'a Relation, target: &'a Object, operand: &Input, path: &InputPath) -> Result<Predicate, Problem> {
        let table = self.table(target.ix, Action::Read, Place::Filter).ok_or_else(null_operand)?;
        let holds = Box::new(self.beyond(target, operand, path));
        Ok(Predicate::ToOne { relation: relation.ix, table, holds })
    }

    /// A filter of records one hop further. Hops count as those of a selection do: databases nest only so deep.
    fn beyond(&mut self, target: &'a Object, operand: &Input, path: &InputPath) -> Predicate {
        self.filter_hops += 1;
        let holds = if self.filter_hops > limits::DEPTH {
            self.wrong(path, Problem::exhausted("depth", limits::DEPTH, self.filter_hops));
            Predicate::no()
        } else {
            self.filter(target, operand, path)
        };
        self.filter_hops -= 1;
        holds
    }

    /// `parent: { within: X }`: strictly below X. Over another relation: the target is X or lies below it.
    fn within(&mut self, object: &'a Object, relation: &'a Relation, operand: &Input) -> Result<Predicate, Problem> {
        let no_tree = || Problem::invalid("operator", "`within` needs records that form a tree", "`within` 只能用于树形数据");
        let target = match relation.shape {
            RelationShape::One => relation.target().and_then(|target| self.view.object(target)).ok_or_else(no_tree)?,
            _ => return Err(no_tree()),
        };
        let tree = self.view.tree(target).ok_or_else(no_tree)?;
        let root = scalars::id(operand).map(Value::Id)?;
        let root = self.param(root);
        let table = self.table(target.ix, Action::Read, Place::Filter).ok_or_else(no_tree)?;
        if target.ix == object.ix && relation.ix == tree.ix {
            return Ok(Predicate::Within { table, relation: tree.ix, root, inclusive: false });
        }
        let holds = Box::new(Predicate::Within { table: table.clone(), relation: tree.ix, root, inclusive: true });
        Ok(Predicate::ToOne { relation: relation.ix, table, holds })
    }

    /// `{ some none every someLink noneLink }`.
    pub(super) fn edge_filter(&mut self, edge: &'a Edge, input: &Input, path: &InputPath) -> Predicate {
        let mut all = Vec::new();
        for (key, operand) in input.members() {
            self.count_node();
            let word = &*key.text;
            let path = path.key(word.to_owned());
            if operand.is_null() {
                self.wrong(&path, null_operand());
                continue;
            }
            let (Some(target), Some(table)) = (self.view.object(edge.target), self.table(edge.target, Action::Read, Place::Filter)) else {
                continue;
            };
            let quantifier = match word {
                "some" | "someLink" => Quantifier::Some,
                "every" => Quantifier::Every,
                _ => Quantifier::None,
            };
            let (holds, link) = if word.ends_with("Link") {
                let (holds, link) = self.link_filter(edge, target, operand, &path);
                (holds, Some(Box::new(link)))
            } else {
                (self.beyond(target, operand, &path), None)
            };
            all.push(Predicate::ToMany { edge: edge.kind, table, quantifier, holds: Box::new(holds), link });
        }
        one_or_all(all)
    }

    fn link_filter(&mut self, edge: &'a Edge, target: &'a Object, input: &Input, path: &InputPath) -> (Predicate, LinkFilter) {
        let link = match edge.kind {
            EdgeKind::Linked { link, .. } => self.view.model.link(link),
            _ => None,
        };
        let mut holds = Predicate::yes();
        let mut attributes = Vec::new();
        let mut created_at = Vec::new();
        for (key, operand) in input.members() {
            let word = &*key.text;
            let path = path.key(word.to_owned());
            if word == "node" {
                holds = self.beyond(target, operand, &path);
            } else if word == "createdAt" {
                created_at = self.link_moments(operand, &path);
            } else if let Some(field) = link.and_then(|link| link.fields.iter().find(|field| field.graphql == word)) {
                attributes.push(self.field_filter(field, operand, &path));
            }
        }
        (holds, LinkFilter { attributes: one_or_all(attributes), created_at })
    }

    fn link_moments(&mut self, input: &Input, path: &InputPath) -> Vec<(CompareOp, tenon_query::Param)> {
        let mut bounds = Vec::new();
        let mut add = |lower: &mut Self, op: CompareOp, value: &Input, path: &InputPath| match scalars::moment(value) {
            Ok(moment) => bounds.push((op, lower.param(Value::DateTime(moment)))),
            Err(problem) => lower.wrong(path, if value.is_null() { null_operand() } else { problem }),
        };
        for (key, operand) in input.members() {
            let path = path.key(key.text.to_string());
            match &*key.text {
                "eq" => add(self, CompareOp::Eq, operand, &path),
                "ne" => add(self, CompareOp::Ne, operand, &path),
                "lt" => add(self, CompareOp::Lt, operand, &path),
                "lte" => add(self, CompareOp::Lte, operand, &path),
                "gt" => add(self, CompareOp::Gt, operand, &path),
                "gte" => add(self, CompareOp::Gte, operand, &path),
                "between" => {
                    if let Some(from) = operand.get("from") {
                        add(self, CompareOp::Gte, from, &path.key("from"));
                    }
                    if let Some(to) = operand.get("to") {
                        add(self, CompareOp::Lte, to, &path.key("to"));
                    }
                }
                "zone" | "during" => {}
                other => self.wrong(&path, unsupported(other)),
            }
        }
        if input.get("during").is_some() {
            match self.bounds(input, true) {
                Ok(found) => bounds.extend(found.map(|(op, value)| (op, self.param(value)))),
                Err(problem) => self.wrong(&path.key("during"), problem),
            }
        }
        bounds
    }
}
