//! Trees: everything below a record, everything above it. Bounded by [`crate::TREE_DEPTH_MAX`], so a cycle that
//! somehow got in costs time, never an endless statement.

use tenon_model::{Object, RelationIx};
use tenon_query::{AuthorizedTable, Deleted, Param};

use super::bind::Mode;
use super::{Lower, Lowered, columns};
use crate::config::TREE_DEPTH_MAX;
use crate::db::Kind;

impl Lower<'_> {
    /// Ids of visible records below a root of the request.
    pub(crate) fn subtree(&mut self, table: &AuthorizedTable, relation: RelationIx, root: Param, inclusive: bool) -> Lowered<String> {
        let root = self.param(root, Kind::Id, Mode::Plain);
        self.visible_below(table, relation, &root, inclusive)
    }

    /// Ids of visible records below `root`; what hangs under an invisible record is not reached.
    pub(crate) fn visible_below(&mut self, table: &AuthorizedTable, relation: RelationIx, root: &str, inclusive: bool) -> Lowered<String> {
        let (top_from, top) = self.table(table)?;
        let top_visible = self.visible(table, &top, Deleted::Exclude)?;
        let (next_from, next) = self.table(table)?;
        let next_visible = self.visible(table, &next, Deleted::Exclude)?;
        let parent = next.column(&next.relation(relation)?.column);
        let walk = self.alias();
        Ok(format!(
            "with recursive {walk}(id, depth) as (select {}, 0 from {top_from} where {} = {root} and {top_visible} \
             union all select {}, {walk}.depth + 1 from {next_from} join {walk} on {parent} = {walk}.id where {next_visible} and {walk}.depth < {TREE_DEPTH_MAX}) \
             select {walk}.id from {walk}{}",
            top.column("id"),
            top.column("id"),
            next.column("id"),
            from_depth(&walk, inclusive),
        ))
    }

    /// Ids of live records below `root`, whoever may see them: nothing of them is shown but that they stand there.
    pub(crate) fn structure_below(&mut self, object: &Object, parent: &str, root: &str, inclusive: bool) -> String {
        let table = self.fixture(&object.table);
        self.tables.entry(table.clone()).or_insert_with(|| columns::of_object(object));
        let (walk, next) = (self.alias(), self.alias());
        format!(
            "with recursive {walk}(id, depth) as (select {root}, 0 \
             union all select {next}.\"id\", {walk}.depth + 1 from {table} as {next} join {walk} on {next}.\"{parent}\" = {walk}.id \
             where {next}.\"deleted_at\" is null and {walk}.depth < {TREE_DEPTH_MAX}) select {walk}.id from {walk}{}",
            from_depth(&walk, inclusive),
        )
    }

    /// How many ancestors the record at hand has, up to the first that is not visible: above that there is nothing.
    pub(crate) fn depth_of(&mut self, table: &AuthorizedTable, parent: &str, start: &str) -> Lowered<String> {
        let (from, next) = self.table(table)?;
        let (up, above) = (next.column(parent), self.above(table, &next.column(parent))?);
        let walk = self.alias();
        Ok(format!(
            "(with recursive {walk}(id, depth) as (select {start}, 0 \
             union all select {up}, {walk}.depth + 1 from {from} join {walk} on {} = {walk}.id \
             where {up} is not null and {walk}.depth < {TREE_DEPTH_MAX}{above}) select max({walk}.depth) from {walk})",
            next.column("id"),
        ))
    }

    /// And the record above is visible: nothing to ask where all are.
    pub(crate) fn above(&mut self, table: &AuthorizedTable, parent: &str) -> Lowered<String> {
        if table.rows().is_none() {
            return Ok(String::new());
        }
        let (from, above) = self.table(table)?;
        let visible = self.visible(table, &above, Deleted::Exclude)?;
        Ok(format!(" and exists (select 1 from {from} where {} = {parent} and {visible})", above.column("id")))
    }
}

/// The walk's rows without, or with, its beginning.
fn from_depth(walk: &str, inclusive: bool) -> String {
    if inclusive { String::new() } else { format!(" where {walk}.depth > 0") }
}
