//! Lists below a record: edges, ancestors, history.

use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Edge, EdgeKind, Object};
use tenon_query::{Action, Deleted, FetchMany, HistoryFetch, Output, Select, Window};
use tenon_value::Value;

use super::Lower;
use super::page::PageOf;
use crate::collect::Collected;
use crate::limits;
use crate::schema::edge_stem;
use crate::shape::{HistoryShape, Part};
use crate::syntax::ast::Value as Input;

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
        let of = PageOf { target, context, type_name, edge_type, link, default: limits::PAGE_NESTED_DEFAULT, deleted: Deleted::Exclude };
        let (select, shape) = self.page(of, collected)?;
        output.manys.push(FetchMany { edge: edge.kind, ancestors: false, depth_max, select });
        Some(Part::Many(output.manys.len() - 1, shape))
    }

    /// From the parent up to the top.
    pub(super) fn ancestors(&mut self, object: &'a Object, collected: &Collected<'a>, output: &mut Output) -> Option<Part<'a>> {
        let tree = self.view.tree(object)?;
        let table = self.table(object.ix, Action::Read)?;
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
        output.histories.push(HistoryFetch { size, before_version });
        Some(Part::History(output.histories.len() - 1, HistoryShape { parts: self.subs(&collected.fields), signer }))
    }
}
