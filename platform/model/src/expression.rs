//! Checked expressions: what the text of a rule means in this model. `expr` makes, evaluates and lowers them.
//!
//! Invariants: every path leads somewhere, both sides of a comparison are of one kind, nesting is bounded.

use tenon_value::Value;

use crate::{FieldIx, ObjectIx, Part, RelationIx};

/// Something known of who asks. Its value comes with the principal; where there is none, a rule that needs it denies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fact {
    /// `me`: the user's record.
    Me,
    /// `my.teams`: the teams the user belongs to or leads.
    Teams,
    /// `my.queues`: those of them that are queues.
    Queues,
    /// `my.reports`: people below the user in the manager chain, the user included.
    Reports,
    /// `my.territories`: those the user works in.
    Territories,
    /// `my.territories.subtree`.
    TerritoriesBelow,
    /// `my.departments`: the user's, and those the user heads.
    Departments,
    /// `my.departments.subtree`.
    DepartmentsBelow,
    /// `my.partners`: the portal user's own.
    Partners,
    /// `my.partners.subtree`.
    PartnersBelow,
    /// `my.accounts`: the portal user's own.
    Accounts,
    /// `my.accounts.subtree`.
    AccountsBelow,
    /// `me.region`: a field of the user's record.
    Attribute(FieldIx),
    /// `me.department`: a to-one relation of the user's record.
    Reference(RelationIx),
}

/// A way from the record at hand over to-one relations to something of the record it ends at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    /// Relations in order, each with the object it belongs to.
    pub hops: Vec<(ObjectIx, RelationIx)>,
    /// The object the way ends at.
    pub object: ObjectIx,
    /// What of it.
    pub leaf: Leaf,
}

/// The end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leaf {
    /// A field, or a part of it.
    Field(FieldIx, Part),
    /// A to-one relation: the id of what it points to.
    Relation(RelationIx),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `==`.
    Equal,
    /// `!=`: true also where one side is null.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
}

/// A checked expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A value written in the text.
    Literal(Value),
    /// A list of values.
    List(Vec<Expression>),
    /// Something of the record.
    Path(Path),
    /// Something of who asks.
    Mine(Fact),
    /// Two values compared.
    Compare(Comparison, Box<Expression>, Box<Expression>),
    /// One value among others: a list, or a fact that is one.
    In(Box<Expression>, Box<Expression>),
    /// All hold.
    All(Vec<Expression>),
    /// One holds at least.
    Any(Vec<Expression>),
    /// It does not hold.
    Not(Box<Expression>),
    /// It is empty: `x == null`.
    IsNull(Box<Expression>),
}

impl Expression {
    /// Hands every fact it needs to `note`.
    pub fn each_fact(&self, note: &mut impl FnMut(Fact)) {
        match self {
            Self::Literal(_) | Self::Path(_) => {}
            Self::Mine(fact) => note(*fact),
            Self::List(parts) | Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each_fact(note)),
            Self::Compare(_, left, right) | Self::In(left, right) => {
                left.each_fact(note);
                right.each_fact(note);
            }
            Self::Not(inner) | Self::IsNull(inner) => inner.each_fact(note),
        }
    }

    /// Hands every value written in it that a plan must know to `note`: those compared with something of a record.
    pub fn each_literal(&self, note: &mut impl FnMut(&Value)) {
        match self {
            Self::Compare(_, left, right) | Self::In(left, right) => {
                left.each_value(note);
                right.each_value(note);
            }
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each_literal(note)),
            Self::Not(inner) => inner.each_literal(note),
            Self::Literal(_) | Self::List(_) | Self::Path(_) | Self::Mine(_) | Self::IsNull(_) => {}
        }
    }

    fn each_value(&self, note: &mut impl FnMut(&Value)) {
        match self {
            Self::Literal(value) => note(value),
            Self::List(parts) => parts.iter().for_each(|part| part.each_value(note)),
            _ => {}
        }
    }

    /// Hands its largest parts that say something of who asks and nothing of a record to `note`.
    pub fn each_condition(&self, note: &mut impl FnMut(&Self)) {
        match self {
            Self::Literal(_) => {}
            whole if !whole.has_path() => note(whole),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each_condition(note)),
            Self::Not(inner) => inner.each_condition(note),
            _ => {}
        }
    }

    /// Whether it says anything of a record.
    #[must_use]
    pub fn has_path(&self) -> bool {
        match self {
            Self::Path(_) => true,
            Self::Literal(_) | Self::Mine(_) => false,
            Self::List(parts) | Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::has_path),
            Self::Compare(_, left, right) | Self::In(left, right) => left.has_path() || right.has_path(),
            Self::Not(inner) | Self::IsNull(inner) => inner.has_path(),
        }
    }
}
