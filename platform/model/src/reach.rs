//! What rules ask for at the other end of a reference: `owner.team`, `account.territory`. Such an end is kept beside the
//! reference, so that rows are found by it in an index; and what of an object's own its rules find rows by.
//!
//! Invariant: what is named here follows from the rules in use alone, so two models with equal rules name the same.

use std::sync::Arc;

use crate::{ColumnType, Comparison, Expression, FieldKind, Leaf, Model, Object, Path, RelationIx, RelationShape};

/// Ends kept per object at most; rules that ask for more look at the target's record.
pub const REACHES_MAX: usize = 16;
/// Columns of an object's own that rows are found by, at most.
pub const GUIDES_MAX: usize = 12;

/// The end of a way over one reference, kept as a column of the object that has the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The reference.
    pub relation: RelationIx,
    /// What of its target.
    pub leaf: Leaf,
    /// The column it is kept in.
    pub column: String,
    /// Of this type.
    pub kind: ColumnType,
    /// The column of the reference.
    pub by: String,
    /// The target's table.
    pub table: String,
    /// The column there.
    pub from: String,
}

/// The same from the target's side: who keeps what of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The table that keeps it.
    pub table: String,
    /// The column of the reference there.
    pub by: String,
    /// The column it is kept in.
    pub column: String,
    /// The column here.
    pub from: String,
}

impl Expression {
    /// Tells of every path, in the order of the text.
    pub fn each_path<'e>(&'e self, note: &mut impl FnMut(&'e Path)) {
        match self {
            Self::Path(path) => note(path),
            Self::Literal(_) | Self::Mine(_) => {}
            Self::List(parts) | Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each_path(note)),
            Self::Compare(_, left, right) | Self::In(left, right) => {
                left.each_path(note);
                right.each_path(note);
            }
            Self::Not(inner) | Self::IsNull(inner) => inner.each_path(note),
        }
    }

    /// Tells of the paths that rows can be found by: those that equal something, or are among something.
    fn each_guide<'e>(&'e self, note: &mut impl FnMut(&'e Path)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each_guide(note)),
            Self::Compare(Comparison::Equal, item, _) | Self::In(item, _) => {
                if let Self::Path(path) = item.as_ref() {
                    note(path);
                }
            }
            _ => {}
        }
    }
}

/// The column a leaf stands in, where it is one that can be kept elsewhere: a reference, or a choice.
fn column_of(object: &Object, leaf: Leaf) -> Option<(&str, ColumnType)> {
    match leaf {
        Leaf::Relation(relation) => {
            let relation = object.relation(relation).filter(|relation| relation.shape == RelationShape::One)?;
            Some((&relation.column, ColumnType::Id))
        }
        Leaf::Field(field, part) => {
            let field = object.field(field).filter(|field| matches!(field.kind, FieldKind::Choice(_)))?;
            field.column(part).map(|column| (column.name.as_str(), column.kind))
        }
    }
}

impl Object {
    /// What rules find this object's rows by: columns of its own, then ends of references.
    #[must_use]
    pub fn guides(&self) -> Vec<&str> {
        let mut own = Vec::new();
        let read = self.grants().filter_map(|grant| grant.rows.read.as_deref());
        for rule in read.chain(self.shared().map(|rule| rule.rows.as_ref())) {
            rule.expression.each_guide(&mut |path| {
                if path.hops.is_empty()
                    && let Some(column) = self.guide(path.leaf)
                    && !own.contains(&column)
                {
                    own.push(column);
                }
            });
        }
        own.sort_unstable();
        own.truncate(GUIDES_MAX);
        own.extend(self.reaches.iter().map(|reach| reach.column.as_str()));
        own
    }

    /// The column rows could be found by for a leaf of the object's own, if rules may ask for it so; see [`Object::guides`].
    #[must_use]
    pub fn guide(&self, leaf: Leaf) -> Option<&str> {
        match leaf {
            Leaf::Field(field, part) => {
                let field = self.field(field).filter(|field| matches!(field.kind, FieldKind::Choice(_) | FieldKind::Boolean))?;
                field.column(part).map(|column| column.name.as_str())
            }
            relation @ Leaf::Relation(_) => column_of(self, relation).map(|(column, _)| column),
        }
    }

    /// The tables it is kept in step with.
    #[must_use]
    pub fn peers(&self) -> Vec<&str> {
        let own = self.reaches.iter().map(|reach| reach.table.as_str());
        let mut peers: Vec<&str> = own.chain(self.reached.iter().map(|one| one.table.as_str())).collect();
        peers.sort_unstable();
        peers.dedup();
        peers
    }

    /// Where the end of a way over a reference is kept, if it is.
    #[must_use]
    pub fn reach(&self, relation: RelationIx, leaf: Leaf) -> Option<&Reach> {
        self.reaches.iter().find(|reach| reach.relation == relation && reach.leaf == leaf)
    }
}

impl Model {
    /// Fills [`Object::reaches`] and [`Object::reached`] from the rules.
    pub(crate) fn gather_reaches(&mut self) {
        let all: Vec<Vec<Reach>> = self.objects.iter().map(|object| self.reaches_of(object)).collect();
        for (object, reaches) in self.objects.iter_mut().zip(all) {
            Arc::make_mut(object).reaches = reaches;
        }
        let of = |target: &Object| {
            let mut reached = Vec::new();
            for object in &self.objects {
                let here = object.reaches.iter().filter(|reach| reach.table == target.table);
                reached.extend(here.map(|reach| Reached {
                    table: object.table.clone(),
                    by: reach.by.clone(),
                    column: reach.column.clone(),
                    from: reach.from.clone(),
                }));
            }
            reached
        };
        let all: Vec<Vec<Reached>> = self.objects.iter().map(|object| of(object)).collect();
        for (object, reached) in self.objects.iter_mut().zip(all) {
            Arc::make_mut(object).reached = reached;
        }
    }

    fn reaches_of(&self, object: &Object) -> Vec<Reach> {
        let mut reaches: Vec<Reach> = Vec::new();
        for rule in object.rules() {
            rule.expression.each_path(&mut |path| {
                if let Some(reach) = self.reach_of(object, path)
                    && !reaches.contains(&reach)
                {
                    reaches.push(reach);
                }
            });
        }
        reaches.sort_by(|one, other| one.column.cmp(&other.column));
        reaches.truncate(REACHES_MAX);
        reaches
    }

    fn reach_of(&self, object: &Object, path: &Path) -> Option<Reach> {
        let [(from, relation)] = path.hops.as_slice() else { return None };
        // Within one object a row would have to be written before itself.
        let is_plain = *from == object.ix && path.object != object.ix;
        let relation = object.relation(*relation).filter(|relation| is_plain && relation.shape == RelationShape::One)?;
        let target = self.object(path.object).filter(|target| relation.target() == Some(target.ix))?;
        let (from, kind) = column_of(target, path.leaf)?;
        Some(Reach {
            relation: relation.ix,
            leaf: path.leaf,
            column: format!("{}_{from}", relation.column),
            kind,
            by: relation.column.clone(),
            table: target.table.clone(),
            from: from.to_owned(),
        })
    }
}
