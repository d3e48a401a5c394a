//! The tree of an executable document.

use tenon_value::Json;

/// Line and column, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pos {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// A name with its place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ident {
    pub(crate) text: Box<str>,
    pub(crate) pos: Pos,
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OperationKind {
    Query,
    Mutation,
    Subscription,
}

impl OperationKind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}

/// A whole document, in written order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    pub(crate) operations: Vec<Operation>,
    pub(crate) fragments: Vec<Fragment>,
}

impl Document {
    pub(crate) fn fragment(&self, name: &str) -> Option<&Fragment> {
        self.fragments.iter().find(|fragment| &*fragment.name.text == name)
    }
}

/// One operation.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) kind: OperationKind,
    pub(crate) name: Option<Ident>,
    pub(crate) variables: Vec<VariableDef>,
    pub(crate) directives: Vec<Directive>,
    pub(crate) selection: Vec<Selection>,
    pub(crate) pos: Pos,
}

/// `fragment Name on Type { … }`.
#[derive(Clone, Debug)]
pub(crate) struct Fragment {
    pub(crate) name: Ident,
    pub(crate) on: Ident,
    pub(crate) directives: Vec<Directive>,
    pub(crate) selection: Vec<Selection>,
}

/// `$name: Type = default @directives`.
#[derive(Clone, Debug)]
pub(crate) struct VariableDef {
    pub(crate) name: Ident,
    pub(crate) ty: TypeRef,
    pub(crate) default: Option<Value>,
    pub(crate) directives: Vec<Directive>,
}

/// A reference to a type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TypeRef {
    Named(Box<str>),
    List(Box<TypeRef>),
    NonNull(Box<TypeRef>),
}

impl TypeRef {
    /// Reads `[Name!]!`. Text of our own only: anything else becomes a name nothing has.
    pub(crate) fn of(text: &str) -> Self {
        if let Some(inner) = text.strip_suffix('!') {
            return Self::NonNull(Box::new(Self::of(inner)));
        }
        match text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
            Some(inner) => Self::List(Box::new(Self::of(inner))),
            None => Self::Named(text.into()),
        }
    }

    /// The named type inside.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::List(inner) | Self::NonNull(inner) => inner.name(),
        }
    }

    pub(crate) const fn is_non_null(&self) -> bool {
        matches!(self, Self::NonNull(_))
    }

    /// Without the outermost `!`.
    pub(crate) fn nullable(&self) -> &Self {
        match self {
            Self::NonNull(inner) => inner,
            other => other,
        }
    }
}

impl std::fmt::Display for TypeRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::List(inner) => write!(f, "[{inner}]"),
            Self::NonNull(inner) => write!(f, "{inner}!"),
        }
    }
}

/// `@name(arguments)`.
#[derive(Clone, Debug)]
pub(crate) struct Directive {
    pub(crate) name: Ident,
    pub(crate) arguments: Vec<Argument>,
}

/// `name: value`.
#[derive(Clone, Debug)]
pub(crate) struct Argument {
    pub(crate) name: Ident,
    pub(crate) value: Value,
}

/// A part of a selection set.
#[derive(Clone, Debug)]
pub(crate) enum Selection {
    Field(Field),
    Spread(Spread),
    Inline(Inline),
}

/// `alias: name(arguments) @directives { … }`.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) alias: Option<Ident>,
    pub(crate) name: Ident,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) directives: Vec<Directive>,
    /// None without braces; braces are never empty.
    pub(crate) selection: Option<Vec<Selection>>,
}

impl Field {
    pub(crate) fn key(&self) -> &str {
        self.alias.as_ref().map_or(&self.name.text, |alias| &alias.text)
    }

    pub(crate) fn pos(&self) -> Pos {
        self.alias.as_ref().map_or(self.name.pos, |alias| alias.pos)
    }

    pub(crate) fn argument(&self, name: &str) -> Option<&Value> {
        self.arguments.iter().find(|argument| &*argument.name.text == name).map(|argument| &argument.value)
    }

    pub(crate) fn selected(&self) -> &[Selection] {
        self.selection.as_deref().unwrap_or_default()
    }
}

/// `... Name @directives`.
#[derive(Clone, Debug)]
pub(crate) struct Spread {
    pub(crate) name: Ident,
    pub(crate) directives: Vec<Directive>,
}

/// `... on Type @directives { … }`.
#[derive(Clone, Debug)]
pub(crate) struct Inline {
    pub(crate) on: Option<Ident>,
    pub(crate) directives: Vec<Directive>,
    pub(crate) selection: Vec<Selection>,
    pub(crate) pos: Pos,
}

/// A value with its place. Values of variables have the place 0:0.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) pos: Pos,
    pub(crate) kind: ValueKind,
}

/// A value as written; numbers keep their letters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ValueKind {
    Variable(Box<str>),
    Null,
    Bool(bool),
    Int(Box<str>),
    Float(Box<str>),
    Text(String),
    Enum(Box<str>),
    List(Vec<Value>),
    Object(Vec<(Ident, Value)>),
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl PartialEq for Ident {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl From<ValueKind> for Value {
    fn from(kind: ValueKind) -> Self {
        Self { pos: Pos::default(), kind }
    }
}

impl Value {
    pub(crate) const fn is_null(&self) -> bool {
        matches!(self.kind, ValueKind::Null)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match &self.kind {
            ValueKind::Object(members) => members.iter().find(|(name, _)| &*name.text == key).map(|(_, value)| value),
            _ => None,
        }
    }

    pub(crate) fn members(&self) -> &[(Ident, Self)] {
        match &self.kind {
            ValueKind::Object(members) => members,
            _ => &[],
        }
    }

    /// Elements of a list; a single value counts as a list of itself, as the specification coerces it.
    pub(crate) fn elements(&self) -> &[Self] {
        match &self.kind {
            ValueKind::List(elements) => elements,
            ValueKind::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            ValueKind::Text(text) => Some(text),
            ValueKind::Int(text) | ValueKind::Float(text) | ValueKind::Enum(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) const fn as_bool(&self) -> Option<bool> {
        match self.kind {
            ValueKind::Bool(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn as_int(&self) -> Option<i64> {
        match &self.kind {
            ValueKind::Int(digits) => digits.parse().ok(),
            ValueKind::Float(digits) => {
                let number: f64 = digits.parse().ok()?;
                (number.fract() == 0.0 && number.abs() < 9e15).then(|| format!("{number:.0}").parse().ok()).flatten()
            }
            _ => None,
        }
    }

    pub(crate) fn as_float(&self) -> Option<f64> {
        match &self.kind {
            ValueKind::Int(digits) | ValueKind::Float(digits) => digits.parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// As JSON; a variable left inside is null.
    pub(crate) fn to_json(&self) -> Json {
        match &self.kind {
            ValueKind::Null | ValueKind::Variable(_) => Json::Null,
            ValueKind::Bool(value) => Json::Bool(*value),
            // A number of a document is one of JSON, too.
            ValueKind::Int(digits) | ValueKind::Float(digits) => digits.parse().map_or(Json::Null, Json::Number),
            ValueKind::Text(text) => Json::from(text.as_str()),
            ValueKind::Enum(text) => Json::from(&**text),
            ValueKind::List(elements) => elements.iter().map(Self::to_json).collect(),
            ValueKind::Object(members) => {
                Json::Object(members.iter().map(|(name, value)| (name.text.to_string(), value.to_json())).collect())
            }
        }
    }
}
