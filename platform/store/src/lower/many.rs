//! Lists fetched with each row: one statement per level, for all parents at once.

use std::sync::Arc;

use tenon_model::{EdgeKind, FieldKind, Object, RelationIx};
use tenon_query::{AuthorizedTable, Deleted, FetchMany, HistoryFetch, Param};

use super::bind::Mode;
use super::output::{Columns, Reader};
use super::select::{Rows, SelectPlan, plan};
use super::statement::Statement;
use super::{Lower, Lowered, Scope};
use crate::StoreError;
use crate::config::TREE_DEPTH_MAX;
use crate::db::{Arg, Kind, Shape};

/// A list per parent, lowered. The parent's id is the first column.
#[derive(Debug)]
pub(crate) struct ManyPlan {
    pub(crate) select: SelectPlan,
}

/// History per record, lowered.
#[derive(Debug)]
pub(crate) struct HistoryPlan {
    /// The versions of the parents down to the last that is shown, newest first: record, version, at, kind, id, display, via, reason, changes.
    pub(crate) versions: Statement,
    /// The records as they are now: id, then what `now` reads.
    pub(crate) current: Statement,
    /// How each field and relation of the current row is read: stem, API name, reader.
    pub(crate) members: Arc<Vec<Member>>,
    pub(crate) size: Param,
    pub(crate) before_version: Option<Param>,
    /// API names of relations, and statements that tell which of some ids are seen.
    pub(crate) seen: Vec<(String, Vec<Statement>)>,
}

/// One thing whose changes history keeps.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// Key in the stored changes: the first column.
    pub(crate) stem: String,
    /// API name.
    pub(crate) name: String,
    pub(crate) reader: Reader,
    /// Places of a decimal's wire form.
    pub(crate) scale: u8,
}

/// What every write changes; a history of it would say nothing.
pub(crate) fn is_bookkeeping(name: &str) -> bool {
    matches!(name, "id" | "version" | "created_at" | "updated_at" | "created_by" | "updated_by")
}

/// Places of the decimals of a field's kind.
pub(crate) const fn scale_of(kind: &FieldKind) -> u8 {
    match kind {
        FieldKind::Decimal { scale, .. } | FieldKind::Percent { scale, .. } | FieldKind::Money { scale, .. } => *scale,
        _ => 0,
    }
}

impl<'m> Lower<'m> {
    /// A list behind an edge of `object`.
    pub(crate) fn many(&mut self, object: &'m Object, many: &FetchMany) -> Lowered<ManyPlan> {
        let select = plan(self.model, self.dialect, &many.select, &|lower| {
            let (from, scope) = lower.table(&many.select.table)?;
            let visible = lower.visible(&many.select.table, &scope, many.select.deleted)?;
            let filter = many.select.filter.as_ref().map(|filter| lower.predicate(&scope, filter)).transpose()?;
            let filter = filter.map(|filter| format!(" and {filter}")).unwrap_or_default();
            let parents = lower.wanted();
            let rows = |from: String, parent: String, reaches: String| Rows {
                from,
                condition: format!("{reaches}{visible}{filter}"),
                scope: scope.clone(),
                link: None,
                parent: Some(parent),
                order: None,
            };
            Ok(match many.edge {
                EdgeKind::Children { relation, .. } => {
                    let relation = scope.relation(relation)?;
                    let parent = scope.column(&relation.column);
                    let mut reaches = format!("{} and ", lower.among(&parent, Kind::Id, &parents));
                    if let Some(kind) = relation.kind_column.as_deref() {
                        let word =
                            if relation.shape == tenon_model::RelationShape::Actor { "user".to_owned() } else { object.table.clone() };
                        reaches += &format!("{} = {} and ", scope.column(kind), lower.fixed(Arg::text(word)));
                    }
                    rows(from, parent, reaches)
                }
                EdgeKind::Linked { link, here } => {
                    let (link_from, links) = lower.link_table(lower.link(link)?);
                    let parent = links.column(here.column());
                    let reaches = format!("{} and ", lower.among(&parent, Kind::Id, &parents));
                    let from = format!("{link_from} join {from} on {} = {}", scope.column("id"), links.column(here.other().column()));
                    Rows { link: Some(links), ..rows(from, parent, reaches) }
                }
                EdgeKind::Descendants { relation } => {
                    let walk = lower.alias();
                    let cte = if many.ancestors {
                        lower.walk_up(many, relation, &parents)?
                    } else {
                        lower.walk_down(many, relation, &parents)?
                    };
                    let from = format!("({cte}) as {walk} join {from} on {} = {walk}.id", scope.column("id"));
                    let order = many.ancestors.then(|| format!("{walk}.depth"));
                    Rows { order, ..rows(from, format!("{walk}.root"), format!("{walk}.depth > 0 and ")) }
                }
            })
        })?;
        Ok(ManyPlan { select })
    }

    fn roots(&self, parents: &str) -> String {
        match self.dialect {
            crate::Dialect::Postgres => format!("unnest({parents}) as r(id)"),
            crate::Dialect::Sqlite => format!("(select unhex(e.value) as id from json_each({parents}) as e) as r"),
        }
    }

    fn walk_down(&mut self, many: &FetchMany, relation: RelationIx, parents: &str) -> Lowered<String> {
        let (from, next) = self.table(&many.select.table)?;
        let visible = self.visible(&many.select.table, &next, Deleted::Exclude)?;
        let parent = next.column(&next.relation(relation)?.column);
        let depth = match many.depth_max {
            Some(depth) => format!(" and w.depth < {}", self.param(depth, Kind::Int, Mode::Plain)),
            None => String::new(),
        };
        Ok(format!(
            "with recursive w(root, id, depth) as (select r.id, r.id, 0 from {} union all select w.root, {}, w.depth + 1 from {from} join w on {parent} = w.id \
             where {visible} and w.depth < {TREE_DEPTH_MAX}{depth}) select w.root as root, w.id as id, w.depth as depth from w",
            self.roots(parents),
            next.column("id"),
        ))
    }

    fn walk_up(&mut self, many: &FetchMany, relation: RelationIx, parents: &str) -> Lowered<String> {
        let (from, next) = self.table(&many.select.table)?;
        let parent = next.column(&next.relation(relation)?.column);
        let above = self.above(&many.select.table, &parent)?;
        Ok(format!(
            "with recursive w(root, id, depth) as (select r.id, r.id, 0 from {} union all select w.root, {parent}, w.depth + 1 from {from} join w on {} = w.id \
             where {parent} is not null and w.depth < {TREE_DEPTH_MAX}{above}) select w.root as root, w.id as id, w.depth as depth from w",
            self.roots(parents),
            next.column("id"),
        ))
    }

    /// The history of records of `object`.
    pub(crate) fn history(&mut self, object: &'m Object, fetch: &HistoryFetch) -> Lowered<HistoryPlan> {
        let mut lower = Lower::new(self.model, self.dialect);
        let (table, parents) = (lower.fixture("history"), lower.wanted());
        let key = lower.fixed(Arg::text(object.table.clone()));
        let columns = ["record", "version", "at", "by_kind", "by_id", "by_display", "via", "reason", "changes"]
            .map(|name| format!("h.\"{name}\""))
            .join(", ");
        let among = lower.among("h.\"record\"", Kind::Id, &parents);
        // No version is missing, so those that are shown, and the one that tells of more, are known by their numbers.
        let (from, scope) = lower.whole_table(object);
        let (id, above) = (scope.column("id"), format!("{} + 1", scope.column("version")));
        let size = lower.param(fetch.size, Kind::Int, Mode::Plain);
        let below = match fetch.before_version {
            Some(version) => {
                let version = lower.param(version, Kind::Int, Mode::Plain);
                format!("case when {version} < {above} then {version} else {above} end")
            }
            None => above,
        };
        let sql = format!(
            "select {columns} from {table} as h join {from} on {id} = h.\"record\" where h.\"object\" = {key} and {among} \
             and h.\"version\" >= {below} - 1 - {size} order by h.\"version\" desc"
        );
        let shapes =
            vec![Shape::Id, Shape::Int, Shape::DateTime, Shape::Text, Shape::Id, Shape::Text, Shape::Text, Shape::Text, Shape::Json];
        let versions = lower.finish(sql, shapes);

        let mut lower = Lower::new(self.model, self.dialect);
        let parents = lower.wanted();
        let (from, scope) = lower.whole_table(object);
        let mut columns = Columns::default();
        columns.add(scope.column("id"), Shape::Id);
        let members = lower.members(&scope, object, &mut columns)?;
        let among = lower.among(&scope.column("id"), Kind::Id, &parents);
        let sql = format!("select {} from {from} where {among}", columns.expressions.join(", "));
        let current = lower.finish(sql, columns.shapes);
        let seen = fetch.seen.iter().map(|(relation, tables)| {
            let name = object.relation(*relation).ok_or(StoreError::Plan("no such relation"))?.name.to_string();
            Ok((name, tables.iter().map(|table| self.seen(table)).collect::<Lowered<_>>()?))
        });
        let seen = seen.collect::<Lowered<_>>()?;
        Ok(HistoryPlan { seen, versions, current, members: Arc::new(members), size: fetch.size, before_version: fetch.before_version })
    }

    /// Which of the ids asked about are of records that are seen.
    fn seen(&self, table: &AuthorizedTable) -> Lowered<Statement> {
        let mut lower = Lower::new(self.model, self.dialect);
        let wanted = lower.wanted();
        let (from, scope) = lower.table(table)?;
        let visible = lower.visible(table, &scope, Deleted::Include)?;
        let id = scope.column("id");
        let sql = format!("select {id} from {from} where {} and {visible}", lower.among(&id, Kind::Id, &wanted));
        Ok(lower.finish(sql, vec![Shape::Id]))
    }

    fn members(&self, scope: &Scope<'m>, object: &'m Object, columns: &mut Columns) -> Lowered<Vec<Member>> {
        let mut members = Vec::new();
        for field in &object.fields {
            let Some(stem) = field.stem().filter(|_| !is_bookkeeping(field.name.as_str())) else { continue };
            let reader = self.whole_field(scope, field, columns)?;
            members.push(Member { stem: stem.to_owned(), name: field.name.to_string(), reader, scale: scale_of(&field.kind) });
        }
        for relation in object.relations.iter().filter(|relation| !relation.column.is_empty() && !is_bookkeeping(relation.name.as_str())) {
            let reader = self.whole_relation(scope, relation, columns);
            members.push(Member { stem: relation.column.clone(), name: relation.name.to_string(), reader, scale: 0 });
        }
        Ok(members)
    }
}
