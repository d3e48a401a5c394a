//! `__schema` and `__type`: a query on the table of types, answered by walking it.

use tenon_value::Json;

use super::sdl::literal;
use super::{EnumValue, FieldDef, InputDef, Schema, TypeDef, TypeKind};
use crate::collect::{Collected, Collector};
use crate::syntax::ast::{Field, TypeRef};

/// What a selection set of introspection stands on.
enum Node<'a> {
    Schema,
    Type(&'a TypeDef),
    /// A list or non-null around a type.
    Wrapped(&'a TypeRef),
    Field(&'a FieldDef),
    Input(&'a InputDef),
    Value(&'a EnumValue),
    Directive(&'static Directive),
}

enum Out<'a> {
    Leaf(Json),
    Node(Node<'a>),
    List(Vec<Node<'a>>),
}

/// A directive we know.
struct Directive {
    name: &'static str,
    description: &'static str,
    locations: &'static [&'static str],
    /// Name, type, default.
    argument: Option<(&'static str, &'static str, Option<&'static str>)>,
}

static DIRECTIVES: [Directive; 5] = [
    Directive {
        name: "deprecated",
        description: "No longer to be used.",
        locations: &["FIELD_DEFINITION", "ARGUMENT_DEFINITION", "INPUT_FIELD_DEFINITION", "ENUM_VALUE"],
        argument: Some(("reason", "String!", Some("\"No longer supported\""))),
    },
    Directive {
        name: "include",
        description: "Selected only if the argument is true.",
        locations: &["FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"],
        argument: Some(("if", "Boolean!", None)),
    },
    Directive {
        name: "oneOf",
        description: "Exactly one field must be given, and not null.",
        locations: &["INPUT_OBJECT"],
        argument: None,
    },
    Directive {
        name: "skip",
        description: "Left out if the argument is true.",
        locations: &["FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"],
        argument: Some(("if", "Boolean!", None)),
    },
    Directive {
        name: "specifiedBy",
        description: "Where the behaviour of a scalar is specified.",
        locations: &["SCALAR"],
        argument: Some(("url", "String!", None)),
    },
];

/// The answer to a root field `__schema` or `__type`.
pub(crate) fn answer(schema: &Schema, collector: &Collector<'_>, fields: &[&Field]) -> Json {
    let Some(field) = fields.first() else { return Json::Null };
    let schema = &schema.apart();
    let node = if &*field.name.text == "__schema" {
        Some(Node::Schema)
    } else {
        let name = collector.argument(field, "name").and_then(|value| value.as_text().map(str::to_owned));
        name.and_then(|name| schema.ty(&name)).map(Node::Type)
    };
    node.map_or(Json::Null, |node| Walker { schema, collector }.object(&node, fields))
}

struct Walker<'a> {
    schema: &'a Schema,
    collector: &'a Collector<'a>,
}

impl<'a> Walker<'a> {
    fn object(&self, node: &Node<'a>, fields: &[&'a Field]) -> Json {
        let selected: Vec<Collected<'a>> = self.collector.collect_below(fields, |_| true);
        let members = selected.into_iter().map(|collected| {
            let value = match collected.fields.first() {
                Some(field) if &*field.name.text == "__typename" => Json::from(type_name(node)),
                Some(field) => match self.resolve(node, field) {
                    Out::Leaf(json) => json,
                    Out::Node(node) => self.object(&node, &collected.fields),
                    Out::List(nodes) => nodes.iter().map(|node| self.object(node, &collected.fields)).collect(),
                },
                None => Json::Null,
            };
            (collected.key.to_owned(), value)
        });
        Json::Object(members.collect())
    }

    fn wants_deprecated(&self, field: &Field) -> bool {
        self.collector.argument(field, "includeDeprecated").and_then(crate::syntax::ast::Value::as_bool).unwrap_or(false)
    }

    fn named(&self, name: &str) -> Out<'a> {
        self.schema.ty(name).map_or(Out::Leaf(Json::Null), |ty| Out::Node(Node::Type(ty)))
    }

    fn type_of(&self, ty: &'a TypeRef) -> Out<'a> {
        match ty {
            TypeRef::Named(name) => self.named(name),
            wrapped => Out::Node(Node::Wrapped(wrapped)),
        }
    }

    fn resolve(&self, node: &Node<'a>, field: &'a Field) -> Out<'a> {
        let name = &*field.name.text;
        match node {
            Node::Schema => self.of_schema(name),
            Node::Type(ty) => self.of_type(ty, name, field),
            Node::Wrapped(ty) => match (ty, name) {
                (TypeRef::List(_), "kind") => leaf("LIST"),
                (_, "kind") => leaf("NON_NULL"),
                (TypeRef::List(inner) | TypeRef::NonNull(inner), "ofType") => self.type_of(inner),
                _ => Out::Leaf(Json::Null),
            },
            Node::Field(def) => match name {
                "name" => leaf(&def.name),
                "description" => maybe(def.description.as_deref()),
                "args" => self.inputs(&def.arguments, field),
                "type" => self.type_of(&def.ty),
                "isDeprecated" => Out::Leaf(Json::Bool(def.deprecated.is_some())),
                _ => maybe(def.deprecated.as_ref().map(|why| why.reason.as_str())),
            },
            Node::Input(def) => match name {
                "name" => leaf(&def.name),
                "description" => maybe(def.description.as_deref()),
                "type" => self.type_of(&def.ty),
                "defaultValue" => maybe(def.default.as_ref().map(literal).as_deref()),
                "isDeprecated" => Out::Leaf(Json::Bool(def.deprecated.is_some())),
                _ => maybe(def.deprecated.as_ref().map(|why| why.reason.as_str())),
            },
            Node::Value(def) => match name {
                "name" => leaf(&def.name),
                "description" => maybe(def.description.as_deref()),
                "isDeprecated" => Out::Leaf(Json::Bool(def.deprecated.is_some())),
                _ => maybe(def.deprecated.as_ref().map(|why| why.reason.as_str())),
            },
            Node::Directive(def) => match name {
                "name" => leaf(def.name),
                "description" => leaf(def.description),
                "isRepeatable" => Out::Leaf(Json::Bool(false)),
                "locations" => Out::Leaf(def.locations.iter().map(|location| Json::from(*location)).collect()),
                _ => self.directive_arguments(def),
            },
        }
    }

    fn directive_arguments(&self, directive: &'static Directive) -> Out<'a> {
        use std::sync::OnceLock;
        static ARGUMENTS: OnceLock<Vec<(&'static str, InputDef)>> = OnceLock::new();
        let all: &'static [(&'static str, InputDef)] = ARGUMENTS.get_or_init(|| {
            let argument = |directive: &'static Directive| {
                let (name, ty, default) = directive.argument?;
                let default = default.map(|text| crate::syntax::ast::ValueKind::Text(text.trim_matches('"').to_owned()).into());
                Some((directive.name, InputDef { default, ..InputDef::new(name, ty) }))
            };
            DIRECTIVES.iter().filter_map(argument).collect()
        });
        Out::List(all.iter().filter(|(name, _)| *name == directive.name).map(|(_, input)| Node::Input(input)).collect())
    }

    fn inputs(&self, inputs: &'a [InputDef], field: &Field) -> Out<'a> {
        let all = self.wants_deprecated(field);
        Out::List(inputs.iter().filter(|input| all || input.deprecated.is_none()).map(Node::Input).collect())
    }

    fn of_schema(&self, name: &str) -> Out<'a> {
        match name {
            "types" => {
                let mut names: Vec<&str> = self.schema.names().collect();
                names.sort_unstable();
                Out::List(names.into_iter().filter_map(|name| self.schema.ty(name)).map(Node::Type).collect())
            }
            "queryType" => self.named("Query"),
            "mutationType" => self.named("Mutation"),
            "subscriptionType" => self.named("Subscription"),
            "directives" => Out::List(DIRECTIVES.iter().map(Node::Directive).collect()),
            _ => Out::Leaf(Json::Null),
        }
    }

    fn of_type(&self, ty: &'a TypeDef, name: &str, field: &'a Field) -> Out<'a> {
        let null = Out::Leaf(Json::Null);
        match (name, &ty.kind) {
            ("kind", kind) => leaf(kind_word(kind)),
            ("name", _) => leaf(&ty.name),
            ("description", _) => maybe(ty.description.as_deref()),
            ("specifiedByURL", TypeKind::Scalar { specified_by }) => maybe(specified_by.as_deref()),
            ("fields", TypeKind::Object { fields, .. } | TypeKind::Interface { fields }) => {
                let all = self.wants_deprecated(field);
                Out::List(fields.iter().filter(|field| all || field.deprecated.is_none()).map(Node::Field).collect())
            }
            ("interfaces", TypeKind::Object { interfaces, .. }) => {
                Out::List(interfaces.iter().filter_map(|name| self.schema.ty(name)).map(Node::Type).collect())
            }
            ("interfaces", TypeKind::Interface { .. }) => Out::List(Vec::new()),
            ("possibleTypes", TypeKind::Interface { .. } | TypeKind::Union(_)) => {
                Out::List(self.schema.possible(ty).into_iter().filter_map(|name| self.schema.ty(name)).map(Node::Type).collect())
            }
            ("enumValues", TypeKind::Enum(values)) => {
                let all = self.wants_deprecated(field);
                Out::List(values.iter().filter(|value| all || value.deprecated.is_none()).map(Node::Value).collect())
            }
            ("inputFields", TypeKind::Input { fields, .. }) => self.inputs(fields, field),
            ("isOneOf", TypeKind::Input { one_of, .. }) => Out::Leaf(Json::Bool(*one_of)),
            _ => null,
        }
    }
}

fn leaf<'a>(text: &str) -> Out<'a> {
    Out::Leaf(Json::from(text))
}

fn maybe<'a>(text: Option<&str>) -> Out<'a> {
    Out::Leaf(text.map_or(Json::Null, Json::from))
}

const fn kind_word(kind: &TypeKind) -> &'static str {
    match kind {
        TypeKind::Scalar { .. } => "SCALAR",
        TypeKind::Enum(_) => "ENUM",
        TypeKind::Input { .. } => "INPUT_OBJECT",
        TypeKind::Interface { .. } => "INTERFACE",
        TypeKind::Object { .. } => "OBJECT",
        TypeKind::Union(_) => "UNION",
    }
}

const fn type_name(node: &Node<'_>) -> &'static str {
    match node {
        Node::Schema => "__Schema",
        Node::Type(_) | Node::Wrapped(_) => "__Type",
        Node::Field(_) => "__Field",
        Node::Input(_) => "__InputValue",
        Node::Value(_) => "__EnumValue",
        Node::Directive(_) => "__Directive",
    }
}
