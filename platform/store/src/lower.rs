//! Plans become SQL: one lowering for both databases, which differ only where they must.
//!
//! Invariants: a table gets into a statement only through an [`AuthorizedTable`], with its row policy and its
//! liveness; every predicate gives true, or anything that `is not true`; values are arguments, never text.

pub(crate) mod aggregate;
pub(crate) mod bind;
pub(crate) mod bucket;
pub(crate) mod columns;
pub(crate) mod fan;
mod files;
pub(crate) mod geo;
pub(crate) mod keyset;
pub(crate) mod many;
pub(crate) mod output;
pub(crate) mod predicate;
pub(crate) mod relation;
pub(crate) mod search;
pub(crate) mod select;
mod share;
pub(crate) mod statement;
pub(crate) mod tree;

use std::collections::BTreeMap;

use tenon_model::{Field, FieldIx, Link, LinkIx, Model, Object, ObjectIx, Relation, RelationIx};
use tenon_query::{AuthorizedTable, Deleted, Param};
use tenon_value::TenantId;

use crate::db::{Arg, Kind};
use crate::{Dialect, StoreError};
use bind::{Bind, Mode, Source};
use statement::Statement;

pub(crate) type Lowered<T> = Result<T, StoreError>;

/// The schema of a tenant: opaque, and derived from the id so that no plan needs to look it up.
pub(crate) fn schema_of(tenant: TenantId, dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => "main".to_owned(),
        Dialect::Postgres => {
            let id = tenant.0.simple().to_string();
            format!("t_{}", id.get(12..).unwrap_or(&id))
        }
    }
}

/// A table at hand, under its alias.
#[derive(Clone)]
pub(crate) struct Scope<'m> {
    pub(crate) alias: String,
    pub(crate) fields: &'m [Field],
    /// None for a link table.
    pub(crate) object: Option<&'m Object>,
    /// A column by which no index is to be looked for.
    pub(crate) unsought: Option<&'m str>,
}

impl<'m> Scope<'m> {
    pub(crate) fn field(&self, ix: FieldIx) -> Lowered<&'m Field> {
        self.fields.get(usize::from(ix.0)).ok_or(StoreError::Plan("no such field"))
    }

    pub(crate) fn object(&self) -> Lowered<&'m Object> {
        self.object.ok_or(StoreError::Plan("a link has no relations"))
    }

    pub(crate) fn relation(&self, ix: RelationIx) -> Lowered<&'m Relation> {
        self.object()?.relation(ix).ok_or(StoreError::Plan("no such relation"))
    }

    /// A column of it, by its physical name.
    pub(crate) fn column(&self, name: &str) -> String {
        // SQLite takes `+column` for an expression, of which it has no index.
        let plus = if self.unsought == Some(name) { "+" } else { "" };
        format!("{plus}{}.\"{name}\"", self.alias)
    }
}

/// Lowers one statement.
pub(crate) struct Lower<'m> {
    pub(crate) model: &'m Model,
    pub(crate) dialect: Dialect,
    pub(crate) schema: String,
    binds: Vec<Bind>,
    aliases: u32,
    /// Whether the columns are at hand that are kept beside what an object declares.
    pub(crate) keeps: bool,
    tables: BTreeMap<String, Vec<columns::Physical>>,
}

impl<'m> Lower<'m> {
    pub(crate) fn new(model: &'m Model, dialect: Dialect) -> Self {
        Self {
            model,
            dialect,
            schema: schema_of(model.tenant, dialect),
            binds: Vec::new(),
            aliases: 0,
            keeps: true,
            tables: BTreeMap::new(),
        }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    /// One of two texts.
    pub(crate) fn by<'t>(&self, postgres: &'t str, sqlite: &'t str) -> &'t str {
        if self.is_postgres() { postgres } else { sqlite }
    }

    pub(crate) fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("a{}", self.aliases)
    }

    /// A placeholder for an argument.
    pub(crate) fn bind(&mut self, bind: Bind) -> String {
        let place = self.binds.iter().position(|known| *known == bind).unwrap_or_else(|| {
            self.binds.push(bind);
            self.binds.len() - 1
        });
        format!("{}{}", self.by("$", "?"), place + 1)
    }

    /// A placeholder for a value of the request, of who asks, or of a rule of the model.
    pub(crate) fn param(&mut self, param: Param, kind: Kind, mode: Mode) -> String {
        let source = match param {
            Param::Literal(place) => Source::Written(self.model.literals.get(usize::from(place)).cloned().unwrap_or_default()),
            Param::Request(_) | Param::Mine(_) => Source::Param(param),
        };
        self.bind(Bind { source, kind, mode })
    }

    /// A placeholder for a value known now.
    pub(crate) fn fixed(&mut self, arg: Arg) -> String {
        self.bind(Bind { source: Source::Fixed(arg), kind: Kind::Text, mode: Mode::Plain })
    }

    /// A placeholder for the ids a statement is asked about, given when it runs.
    pub(crate) fn wanted(&mut self) -> String {
        self.bind(Bind { source: Source::Parents, kind: Kind::Id, mode: Mode::Plain })
    }

    /// The same for a single id.
    pub(crate) fn wanted_one(&mut self) -> String {
        self.bind(Bind { source: Source::Parent, kind: Kind::Id, mode: Mode::Plain })
    }

    pub(crate) fn object(&self, ix: ObjectIx) -> Lowered<&'m Object> {
        self.model.object(ix).ok_or(StoreError::Plan("no such object"))
    }

    pub(crate) fn link(&self, ix: LinkIx) -> Lowered<&'m Link> {
        self.model.link(ix).ok_or(StoreError::Plan("no such link"))
    }

    /// A table of every tenant, by name.
    pub(crate) fn fixture(&self, name: &str) -> String {
        format!("\"{}\".\"{name}\"", self.schema)
    }

    /// An object's table, with an alias of its own: `"s"."o_1" as a1`.
    pub(crate) fn table(&mut self, table: &AuthorizedTable) -> Lowered<(String, Scope<'m>)> {
        Ok(self.whole_table(self.object(table.object())?))
    }

    /// An object's table for rows that an authorized statement has named by their ids.
    pub(crate) fn whole_table(&mut self, object: &'m Object) -> (String, Scope<'m>) {
        let name = self.fixture(&object.table);
        self.tables.entry(name.clone()).or_insert_with(|| columns::of_object(object));
        let alias = self.alias();
        (format!("{name} as {alias}"), Scope { alias, fields: &object.fields, object: Some(object), unsought: None })
    }

    /// A link's table. The ends are authorized where they are joined.
    pub(crate) fn link_table(&mut self, link: &'m Link) -> (String, Scope<'m>) {
        let name = self.fixture(&link.table);
        self.tables.entry(name.clone()).or_insert_with(|| columns::of_link(link));
        let alias = self.alias();
        (format!("{name} as {alias}"), Scope { alias, fields: &link.fields, object: None, unsought: None })
    }

    /// Which of a table's rows count at all: alive or not, and the principal's.
    pub(crate) fn visible(&mut self, table: &AuthorizedTable, scope: &Scope<'m>, deleted: Deleted) -> Lowered<String> {
        let gone = scope.column("deleted_at");
        let mut conditions: Vec<String> = match deleted {
            Deleted::Exclude => vec![format!("{gone} is null")],
            Deleted::Only => vec![format!("{gone} is not null")],
            Deleted::Include => Vec::new(),
        };
        if let Some(rows) = table.rows() {
            conditions.push(self.predicate(scope, rows)?);
        }
        Ok(if conditions.is_empty() { self.truth(true).to_owned() } else { conditions.join(" and ") })
    }

    pub(crate) fn truth(&self, yes: bool) -> &'static str {
        match (self.dialect, yes) {
            (Dialect::Postgres, true) => "true",
            (Dialect::Postgres, false) => "false",
            (Dialect::Sqlite, true) => "1",
            (Dialect::Sqlite, false) => "0",
        }
    }

    /// `expression in (the elements of an array argument)`.
    pub(crate) fn among(&self, expression: &str, kind: Kind, array: &str) -> String {
        match (self.dialect, kind) {
            (Dialect::Postgres, _) => format!("{expression} = any({array})"),
            (Dialect::Sqlite, Kind::Id) => format!("{expression} in (select unhex(e.value) from json_each({array}) as e)"),
            (Dialect::Sqlite, _) => format!("{expression} in (select e.value from json_each({array}) as e)"),
        }
    }

    pub(crate) fn finish(self, sql: String, shapes: Vec<crate::db::Shape>) -> Statement {
        Statement::new(sql, self.binds, shapes, self.tables, self.dialect)
    }
}
