//! A view's filter: the GraphQL filter in `snake_case`, held against the object (API.md §1.3).
//!
//! Invariant: depth is bounded by the file's nesting, width by [`limits::FILTER_NODES`].

mod operand;
mod range;

use tenon_diagnostics::Diagnostic;
use tenon_model::{Edge, EdgeKind, Field, FieldKind, Link, Model, Object, Relation, RelationShape, State};

use crate::checks::{filter, limit, unknown_field, unknown_operator, wrong_type};
use crate::limits;
use crate::located::At;
use operand::Operand;

const COMMON: &[&str] = &["eq", "ne", "in", "not_in", "is_null"];
const ORDERED: &[&str] = &["eq", "ne", "in", "not_in", "is_null", "lt", "lte", "gt", "gte", "between"];
const TEXT: &[&str] = &[
    "eq",
    "ne",
    "in",
    "not_in",
    "is_null",
    "lt",
    "lte",
    "gt",
    "gte",
    "between",
    "contains",
    "starts_with",
    "ends_with",
    "i_eq",
    "i_contains",
    "like",
];
const TIME: &[&str] = &["eq", "ne", "in", "not_in", "is_null", "lt", "lte", "gt", "gte", "between", "during", "zone"];
const ID: &[&str] = &["eq", "ne", "in", "not_in", "is_null", "within"];
const SET: &[&str] = &["has_any", "has_all", "has_none", "is_empty"];
const REFERENCE: &[&str] = &["eq", "in", "not_in", "is_null", "is", "is_not", "within"];
const MANY: &[&str] = &["some", "none", "every"];
const LINKED: &[&str] = &["some", "none", "every", "some_link", "none_link"];

/// Checks one filter of an element.
pub(crate) struct Check<'a> {
    pub(crate) model: &'a Model,
    pub(crate) path: &'a str,
    pub(crate) report: &'a mut Vec<Diagnostic>,
    /// Conditions seen so far.
    pub(crate) nodes: usize,
}

impl<'a> Check<'a> {
    fn say(&mut self, diagnostic: Diagnostic, span: Option<tenon_diagnostics::Span>) {
        self.report.push(diagnostic.at(span).of(self.path));
    }

    /// False once there are too many conditions; said once.
    fn count(&mut self, at: &At<'_>) -> bool {
        self.nodes += 1;
        if self.nodes == limits::FILTER_NODES.max + 1 {
            self.say(limit::exceeded(limits::FILTER_NODES, self.nodes, "the filter", "conditions"), at.key_span());
        }
        self.nodes <= limits::FILTER_NODES.max
    }

    /// A filter of an object's records.
    pub(crate) fn object(&mut self, at: &At<'_>, object: &Object) {
        if !at.json.is_object() {
            self.say(wrong_type::wrong_type("filter", "a mapping", at.json), at.span());
            return;
        }
        for (name, value) in at.entries() {
            if !self.count(&value) {
                return;
            }
            match name {
                "and" | "or" if value.json.is_array() => {
                    for item in value.items() {
                        self.object(&item, object);
                    }
                }
                "and" | "or" => self.say(wrong_type::wrong_type(name, "a list", value.json), value.span()),
                "not" => self.object(&value, object),
                _ => self.member(name, &value, object),
            }
        }
    }

    fn member(&mut self, name: &str, at: &At<'_>, object: &Object) {
        // Many-to-many relations are met as edges.
        let relation = object.relation_named(name).filter(|relation| !matches!(relation.shape, RelationShape::Many(_)));
        if let Some(field) = object.field_named(name) {
            self.field(at, field);
        } else if let Some(relation) = relation {
            self.reference(at, relation);
        } else if let Some(edge) = object.edge_named(name) {
            self.many(at, edge);
        } else {
            self.unknown(name, at, object);
        }
    }

    fn unknown(&mut self, name: &str, at: &At<'_>, object: &Object) {
        let retired = object.fields.iter().any(|field| field.name.as_str() == name)
            || object.relations.iter().any(|relation| relation.name.as_str() == name)
            || object.edges.iter().any(|edge| edge.name.as_str() == name);
        let diagnostic = if retired {
            unknown_field::retired(object.name.as_str(), name)
        } else {
            unknown_field::unknown_field(object.name.as_str(), name, crate::references::members(object))
        };
        self.say(diagnostic, at.key_span());
    }

    /// The operators of a mapping; says so where it is none.
    fn operators<'v>(&mut self, at: &At<'v>, name: &str) -> Vec<(&'v str, At<'v>)> {
        if at.json.is_object() {
            return at
                .json
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, _)| key.as_str())
                .filter_map(|key| Some((key, at.get_any(key)?)))
                .collect();
        }
        let diagnostic = wrong_type::wrong_type(name, "a comparison, as in `{ eq: … }`", at.json);
        self.say(diagnostic, at.span());
        Vec::new()
    }

    fn field(&mut self, at: &At<'_>, field: &Field) {
        let name = field.name.as_str();
        let what = format!("{} field `{name}`", field.kind.word());
        let decimal = Operand::Decimal;
        match &field.kind {
            FieldKind::Id => self.compare(at, &what, ID, &Operand::Id),
            FieldKind::Integer { .. } => self.compare(at, &what, ORDERED, &Operand::Whole),
            FieldKind::Decimal { .. } | FieldKind::Percent { .. } => self.compare(at, &what, ORDERED, &decimal),
            FieldKind::Boolean => self.compare(at, &what, &["eq", "ne"], &Operand::Flag),
            FieldKind::Date => self.compare(at, &what, TIME, &Operand::Date),
            FieldKind::DateTime => self.compare(at, &what, TIME, &Operand::DateTime),
            FieldKind::Duration => self.compare(at, &what, ORDERED, &Operand::Duration),
            FieldKind::Choice(options) => self.compare(at, &what, COMMON, &Operand::Code(options)),
            FieldKind::Choices(options) => self.compare(at, &what, SET, &Operand::Code(options)),
            FieldKind::Money { .. } => self.parts(
                at,
                &what,
                &[("amount", ORDERED, decimal), ("currency", TEXT, Operand::Text), ("base", ORDERED, Operand::Decimal)],
            ),
            FieldKind::Address => {
                let texts = ["country", "region", "city", "district", "street", "postal_code"].map(|part| (part, TEXT, Operand::Text));
                self.parts(at, &what, &texts);
            }
            FieldKind::Geo => self.compare(at, &what, &["near", "box", "is_null"], &Operand::Any),
            FieldKind::Json => self.compare(at, &what, &["at", "eq", "is_null"], &Operand::Any),
            FieldKind::Secret => self.compare(at, &what, &["is_null"], &Operand::Any),
            FieldKind::File | FieldKind::Image => {
                self.parts(
                    at,
                    &what,
                    &[("name", TEXT, Operand::Text), ("mime_type", TEXT, Operand::Text), ("size", ORDERED, Operand::Whole)],
                );
            }
            _ => self.compare(at, &what, TEXT, &Operand::Text),
        }
    }

    /// A field that is compared part by part.
    fn parts(&mut self, at: &At<'_>, what: &str, parts: &[(&str, &[&str], Operand<'_>)]) {
        for (key, value) in self.operators(at, what) {
            if key == "is_null" {
                self.operand(key, &value, &Operand::Flag);
            } else if let Some((part, operators, operand)) = parts.iter().find(|(part, _, _)| *part == key) {
                self.compare(&value, &format!("`{part}` of {what}"), operators, operand);
            } else {
                let known: Vec<&str> = parts.iter().map(|(part, _, _)| *part).chain(["is_null"]).collect();
                self.say(unknown_operator::unknown_operator(what, key, &known), value.key_span());
            }
        }
    }

    fn compare(&mut self, at: &At<'_>, what: &str, operators: &[&str], operand: &Operand<'_>) {
        for (key, value) in self.operators(at, what) {
            if !operators.contains(&key) {
                self.say(unknown_operator::unknown_operator(what, key, operators), value.key_span());
                continue;
            }
            if value.json.is_null() {
                self.say(filter::null_operand(key), value.span());
                continue;
            }
            match key {
                "in" | "not_in" | "has_any" | "has_all" | "has_none" => self.list(key, &value, operand),
                "is_null" | "is_empty" => self.operand(key, &value, &Operand::Flag),
                "between" => self.between(&value, operand),
                "during" => self.operand(key, &value, &Operand::Range),
                "contains" | "starts_with" | "ends_with" | "i_eq" | "i_contains" | "like" | "zone" => {
                    self.operand(key, &value, &Operand::Text);
                }
                _ => self.operand(key, &value, operand),
            }
        }
    }

    fn list(&mut self, key: &str, at: &At<'_>, operand: &Operand<'_>) {
        if !at.json.is_array() {
            self.say(filter::unfit(key, &format!("a list of {}", operand.words()), &wrong_type::describe(at.json)), at.span());
            return;
        }
        for item in at.items() {
            if !self.count(&item) {
                return;
            }
            self.operand(key, &item, operand);
        }
    }

    fn between(&mut self, at: &At<'_>, operand: &Operand<'_>) {
        for (end, value) in self.operators(at, "between") {
            if matches!(end, "from" | "to") {
                self.operand(end, &value, operand);
            } else {
                self.say(unknown_operator::unknown_operator("`between`", end, &["from", "to"]), value.key_span());
            }
        }
    }

    fn operand(&mut self, key: &str, at: &At<'_>, operand: &Operand<'_>) {
        if !operand.accepts(at.json) {
            self.say(filter::unfit(key, &operand.words(), &wrong_type::describe(at.json)), at.span());
        }
    }

    /// A to-one relation, of one target or of several.
    fn reference(&mut self, at: &At<'_>, relation: &Relation) {
        let what = format!("relation `{}`", relation.name);
        let several = relation.shape == RelationShape::Any;
        let target = relation.targets.first().and_then(|target| self.model.object(*target));
        for (key, value) in self.operators(at, &what) {
            let object = several.then(|| self.target(relation, key)).flatten();
            match key {
                "eq" => self.operand(key, &value, &Operand::Reference),
                "in" | "not_in" => self.list(key, &value, &Operand::Reference),
                "is_null" => self.operand(key, &value, &Operand::Flag),
                "is" | "is_not" if !several => {
                    if let Some(target) = target {
                        self.object(&value, target);
                    }
                }
                "within" if target.is_some_and(|target| target.tree.is_some()) => self.operand(key, &value, &Operand::Reference),
                "type" if several => self.types(&value, relation),
                _ => match object {
                    Some(object) => self.object(&value, object),
                    None => {
                        let known = if several { &["eq", "in", "not_in", "is_null", "type"] as &[&str] } else { REFERENCE };
                        self.say(unknown_operator::unknown_operator(&what, key, known), value.key_span());
                    }
                },
            }
        }
    }

    fn target(&self, relation: &Relation, name: &str) -> Option<&'a Object> {
        relation.targets.iter().filter_map(|target| self.model.object(*target)).find(|object| object.name.as_str() == name)
    }

    /// `type: { in: [lead] }`
    fn types(&mut self, at: &At<'_>, relation: &Relation) {
        for (key, value) in self.operators(at, "type") {
            if !matches!(key, "eq" | "in") {
                self.say(unknown_operator::unknown_operator("`type`", key, &["eq", "in"]), value.key_span());
                continue;
            }
            for item in value.one_or_many() {
                let known = item.text().is_some_and(|name| self.target(relation, name).is_some());
                if !known {
                    self.say(filter::unfit(key, "objects that the relation can point to", &wrong_type::describe(item.json)), item.span());
                }
            }
        }
    }

    fn many(&mut self, at: &At<'_>, edge: &Edge) {
        let what = format!("list `{}`", edge.name);
        let model = self.model;
        let link = match edge.kind {
            EdgeKind::Linked { link, .. } => model.link(link),
            _ => None,
        };
        let known = if link.is_some() { LINKED } else { MANY };
        let target = model.object(edge.target);
        for (key, value) in self.operators(at, &what) {
            match (key, target, link) {
                ("some" | "none" | "every", Some(target), _) => self.object(&value, target),
                ("some_link" | "none_link", Some(target), Some(link)) => self.link(&value, link, target),
                _ => self.say(unknown_operator::unknown_operator(&what, key, known), value.key_span()),
            }
        }
    }

    /// Attributes of a link; `node` is the record at the other end.
    fn link(&mut self, at: &At<'_>, link: &Link, target: &Object) {
        for (key, value) in self.operators(at, "link") {
            if !self.count(&value) {
                return;
            }
            match link.fields.iter().find(|field| field.name.as_str() == key && field.state == State::Active) {
                Some(field) => self.field(&value, field),
                None if key == "node" => self.object(&value, target),
                None if key == "created_at" => self.compare(&value, "`created_at`", TIME, &Operand::DateTime),
                None => {
                    let known = link.fields.iter().map(|field| field.name.as_str()).chain(["node", "created_at"]);
                    self.say(unknown_field::unknown_field("the link", key, known), value.key_span());
                }
            }
        }
    }
}
