//! Conditions on what records refer to, and on what refers to them.

use std::sync::Arc;

use tenon_model::{EdgeKind, RelationIx, RelationShape};
use tenon_query::{AuthorizedTable, Deleted, LinkFilter, Predicate, Quantifier, RefOp};

use super::bind::Mode;
use super::predicate::operator;
use super::{Lower, Lowered, Scope};
use crate::StoreError;
use crate::db::{Arg, Kind};

/// Records at the other end of an edge, and what must hold of them.
pub(crate) struct Many<'a> {
    pub(crate) edge: EdgeKind,
    pub(crate) table: &'a AuthorizedTable,
    pub(crate) holds: &'a Predicate,
    pub(crate) link: Option<&'a LinkFilter>,
}

/// What stands in a kind column for the users among actors.
const USER: &str = "user";

impl<'m> Lower<'m> {
    /// A reference by its id.
    pub(crate) fn reference(&mut self, scope: &Scope<'m>, relation: RelationIx, op: RefOp) -> Lowered<String> {
        let relation = scope.relation(relation)?;
        let column = scope.column(&relation.column);
        Ok(match op {
            RefOp::Eq(id) => format!("{column} = {}", self.param(id, Kind::Id, Mode::Plain)),
            RefOp::In(ids) => {
                let array = self.param(ids, Kind::Id, Mode::List);
                self.among(&column, Kind::Id, &array)
            }
            RefOp::IsNull => format!("{column} is null"),
            RefOp::KindIn(names) => {
                let kind = relation.kind_column.as_deref().ok_or(StoreError::Plan("the relation has one kind of target"))?;
                let kinds = relation.targets.iter().filter_map(|target| self.model.object(*target));
                let kinds = if relation.shape == RelationShape::Any {
                    kinds.map(|object| (object.name.to_string(), object.table.clone())).collect()
                } else {
                    Vec::new()
                };
                let array = self.param(names, Kind::Text, Mode::Kinds(Arc::new(kinds)));
                self.among(&scope.column(kind), Kind::Text, &array)
            }
            RefOp::Within(root) => {
                let target = self.object(relation.target().ok_or(StoreError::Plan("no tree behind a polymorphic relation"))?)?;
                let tree = target.tree.and_then(|tree| target.relation(tree)).ok_or(StoreError::Plan("the target is no tree"))?;
                let parent = tree.column.clone();
                let root = self.param(root, Kind::Id, Mode::Plain);
                let below = self.structure_below(target, &parent, &root, true);
                format!("{column} in ({below})")
            }
        })
    }

    /// `on` of a join from a reference to its target: ids meet, kinds agree.
    pub(crate) fn meets(&mut self, scope: &Scope<'m>, relation: RelationIx, target: &Scope<'m>) -> Lowered<String> {
        let relation = scope.relation(relation)?;
        let ids = format!("{} = {}", target.column("id"), scope.column(&relation.column));
        let Some(kind) = relation.kind_column.as_deref() else { return Ok(ids) };
        let word = match relation.shape {
            RelationShape::Actor => USER.to_owned(),
            _ => target.object()?.table.clone(),
        };
        let word = self.fixed(Arg::text(word));
        Ok(format!("{ids} and {} = {word}", scope.column(kind)))
    }

    /// The target of a reference exists, is visible, and holds.
    pub(crate) fn target_holds(
        &mut self,
        scope: &Scope<'m>,
        relation: RelationIx,
        table: &AuthorizedTable,
        holds: &Predicate,
    ) -> Lowered<String> {
        let (from, target) = self.table(table)?;
        let meets = self.meets(scope, relation, &target)?;
        let visible = self.visible(table, &target, Deleted::Exclude)?;
        let holds = self.predicate(&target, holds)?;
        Ok(format!("exists (select 1 from {from} where {meets} and {visible} and {holds})"))
    }

    /// Some, none or every record at the other end holds.
    pub(crate) fn ends_hold(&mut self, scope: &Scope<'m>, many: &Many<'_>, quantifier: Quantifier) -> Lowered<String> {
        let (from, target) = self.table(many.table)?;
        let visible = self.visible(many.table, &target, Deleted::Exclude)?;
        let mut holds = self.predicate(&target, many.holds)?;
        let (mut from, mut reaches) = (from, String::new());
        match many.edge {
            EdgeKind::Children { relation, .. } => reaches = self.meets(&target, relation, scope)?,
            EdgeKind::Linked { link, here } => {
                let link = self.link(link)?;
                let (link_from, links) = self.link_table(link);
                from = format!("{link_from} join {from} on {} = {}", target.column("id"), links.column(here.other().column()));
                reaches += &format!("{} = {}", links.column(here.column()), scope.column("id"));
                if let Some(filter) = many.link {
                    holds = format!("({holds} and {})", self.link_filter(&links, filter)?);
                }
            }
            EdgeKind::Descendants { relation } => {
                let below = self.visible_below(many.table, relation, &scope.column("id"), false)?;
                reaches += &format!("{} in ({below})", target.column("id"));
            }
        }
        let rows = format!("select 1 from {from} where {reaches} and {visible}");
        Ok(match quantifier {
            Quantifier::Some => format!("exists ({rows} and {holds})"),
            Quantifier::None => format!("not exists ({rows} and {holds})"),
            Quantifier::Every => format!("not exists ({rows} and ({holds}) is not true)"),
        })
    }

    fn link_filter(&mut self, links: &Scope<'m>, filter: &LinkFilter) -> Lowered<String> {
        let mut condition = self.predicate(links, &filter.attributes)?;
        for (op, with) in &filter.created_at {
            let value = self.param(*with, Kind::DateTime, Mode::Plain);
            condition += &format!(" and {} {} {value}", links.column("created_at"), operator(*op));
        }
        Ok(format!("({condition})"))
    }
}
