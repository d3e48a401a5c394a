//! Lists below a record: edges, ancestors, history.

use std::collections::HashMap;

use tenon_access::{Place, Rows};
use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Edge, EdgeKind, FieldRight, Object, ObjectIx, RelationIx, RelationShape, Verb};
use tenon_query::{Action, AuthorizedTable, Deleted, FetchMany, HistoryFetch, Output, Select, Window};
use tenon_value::Value;

use super::Lower;
use super::page::PageOf;
use crate::collect::Collected;
use crate::limits;
use crate::schema::edge_stem;
use crate::shape::{HistoryShape, Part, Show, Withheld, has_mask};
use crate::syntax::ast::Value as Input;

/// References of an object to records that may be invisible, with the tables that show them.
type Seen = Vec<(RelationIx, Vec<AuthorizedTable>)>;

impl<'a> Lower<'a> {
    pub(super) fn many(&mut self, object: &'a Object, edge: &'a Edge, collected: &Collected<'a>, output: &mut Output) -> Option<Part<'a>> {
        let target = self.view.object(edge.target)?;
        let field = collected.first()?;
        let (type_name, edge_type) = match edge.kind {
            EdgeKind::Linked { .. } => (edge_stem(object, edge) + "Connection", edge_stem(object, edge) + "Edge"),
            _ => (format!("{}Connection", target.graphql.type_name), format!("{}Edge", target.graphql.type_name)),
        };
        let depth = self.collector.argument(field, "maxDepth").and_then(Input::as_int);
        let depth_max = match depth {
            Some(depth) if depth < 0 => {
                self.wrong(
                    &InputPath::default().key("maxDepth"),
                    Problem::invalid("range", "`maxDepth` cannot be negative", "`maxDepth` 不能为负数"),
                );
                None
            }
            depth => depth.map(|depth| self.param(Value::Int(depth))),
        };
        let link = match edge.kind {
            EdgeKind::Linked { link, .. } => self.view.model.link(link),
            _ => None,
        };
        let context = format!("{}.{}", object.id.0, edge.name);
        let of = PageOf {
            target,
            context,
            type_name,
            edge_type,
            link,
            default: limits::PAGE_NESTED_DEFAULT,
            deleted: Deleted::Exclude,
            place: Place::Nested,
        };
        let (select, shape) = self.page(of, collected)?;
        output.manys.push(FetchMany { edge: edge.kind, ancestors: false, depth_max, select });
        Some(Part::Many(output.manys.len() - 1, shape))
    }

    /// From the parent up to the top.
    pub(super) fn ancestors(&mut self, object: &'a Object, collected: &Collected<'a>, output: &mut Output) -> Option<Part<'a>> {
        let tree = self.view.tree(object)?;
        let table = self.table(object.ix, Action::Read, Place::Nested)?;
        let mut below = Output::default();
        let shape = self.record(object, &collected.fields, &mut below);
        let select =
            Select { table, filter: None, deleted: Deleted::Exclude, order: Vec::new(), window: Window::All, output: below, count: None };
        output.manys.push(FetchMany { edge: EdgeKind::Descendants { relation: tree.ix }, ancestors: true, depth_max: None, select });
        Some(Part::Ancestors(output.manys.len() - 1, shape))
    }

    pub(super) fn history(&mut self, object: &'a Object, collected: &Collected<'a>, output: &mut Output) -> Option<Part<'a>> {
        let field = collected.first()?;
        let path = InputPath::default();
        let size = self.collector.argument(field, "first").and_then(Input::as_int).unwrap_or(20);
        let size = self.size(size, &path.key("first")).unwrap_or_default();
        let signer = self.signer.bound(&format!("history|{}", object.id.0));
        let after = self.collector.argument(field, "after").filter(|after| !after.is_null());
        let before_version = match after.map(|after| signer.read(after.as_text().unwrap_or_default(), 2)) {
            None => None,
            Some(Some(values)) => values.get(1).and_then(Value::as_int),
            Some(None) => {
                self.wrong(&path.key("after"), super::page::bad_cursor());
                None
            }
        };
        let size = self.param(Value::Int(size));
        let before_version = before_version.map(|version| self.param(Value::Int(version)));
        let (withheld, seen) = self.withheld(object);
        output.histories.push(HistoryFetch { size, before_version, seen });
        let shape = HistoryShape { object, parts: self.subs(&collected.fields), signer, withheld };
        Some(Part::History(output.histories.len() - 1, shape))
    }

    /// What history does not simply show: hidden and masked fields; and references to records that may be invisible, with
    /// what shows them.
    fn withheld(&mut self, object: &'a Object) -> (HashMap<&'a str, Withheld<'a>>, Seen) {
        let (mut withheld, mut seen) = (HashMap::new(), Vec::new());
        for field in &object.fields {
            let how = match self.show(object, field) {
                None => Withheld::Hidden,
                Some(Show::Masked) if has_mask(&field.kind) => Withheld::Masked(field),
                Some(Show::Masked) => Withheld::Values,
                Some(Show::Noted) => Withheld::Noted(field),
                Some(Show::Plain) => continue,
            };
            withheld.insert(field.name.as_str(), how);
        }
        for relation in object.relations.iter().filter(|relation| relation.shape != RelationShape::Actor) {
            let policy = self.view.policy;
            let reads = |target: &ObjectIx| policy.rows_of(*target, Verb::Read);
            let how = match policy.relation_right(object.ix, relation.ix) {
                FieldRight::None => Withheld::Hidden,
                FieldRight::Mask => Withheld::Values,
                _ if relation.targets.iter().all(|target| matches!(reads(target), Rows::All)) => continue,
                _ if relation.targets.iter().all(|target| matches!(reads(target), Rows::None)) => Withheld::Hidden,
                _ => {
                    let tables = relation.targets.iter().filter(|target| policy.may(**target, Action::Read));
                    let tables: Vec<ObjectIx> = tables.copied().collect();
                    seen.push((
                        relation.ix,
                        tables.into_iter().filter_map(|target| self.table(target, Action::Read, Place::History)).collect(),
                    ));
                    continue;
                }
            };
            withheld.insert(relation.name.as_str(), how);
        }
        (withheld, seen)
    }
}
