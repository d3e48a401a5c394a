//! Which rows, as a condition.
//!
//! Invariant: what comes out is true for exactly the rows that hold; for others it is false or null. `not` therefore
//! asks `is not true`, and nothing else may negate.

use tenon_model::{Column, ColumnType, FieldIx, Part};
use tenon_query::{ColumnRef, CompareOp, Match, Param, Predicate, SetOp};

use super::bind::{Mode, kind_of};
use super::{Lower, Lowered, Scope, files};
use crate::StoreError;
use crate::db::Kind;

pub(crate) const fn operator(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "=",
        CompareOp::Ne => "<>",
        CompareOp::Lt => "<",
        CompareOp::Lte => "<=",
        CompareOp::Gt => ">",
        CompareOp::Gte => ">=",
    }
}

pub(crate) const fn rounding(op: CompareOp) -> Mode {
    match op {
        CompareOp::Eq | CompareOp::Ne => Mode::Plain,
        CompareOp::Lt | CompareOp::Gte => Mode::Ceil,
        CompareOp::Gt | CompareOp::Lte => Mode::Floor,
    }
}

impl<'m> Lower<'m> {
    /// A predicate over the table at hand.
    pub(crate) fn predicate(&mut self, scope: &Scope<'m>, predicate: &Predicate) -> Lowered<String> {
        Ok(match predicate {
            Predicate::All(all) => self.joined(scope, all, " and ", true)?,
            Predicate::Any(any) => self.joined(scope, any, " or ", false)?,
            Predicate::Not(inner) => format!("({}) is not true", self.predicate(scope, inner)?),
            Predicate::Compare { column, op, with } => self.compare(scope, *column, *op, *with)?,
            Predicate::In { column, list } => {
                let (name, column) = self.column(scope, *column)?;
                let kind = kind_of(column.kind);
                let array = self.param(*list, kind, Mode::List);
                self.among(&name, kind, &array)
            }
            Predicate::IsNull(column) => format!("{} is null", self.first_column(scope, *column)?),
            Predicate::Match { column, how, text } => self.matches(scope, *column, *how, *text)?,
            Predicate::Set { field, op, codes } => self.set(scope, *field, *op, *codes)?,
            Predicate::SetIsEmpty(field) => format!("{} is null", self.first_column(scope, ColumnRef::whole(*field))?),
            Predicate::JsonAt { field, path, value } => self.json_at(scope, *field, *path, *value)?,
            Predicate::Near { field, center, meters } => self.near(scope, *field, *center, *meters)?,
            Predicate::InBox { field, south_west, north_east } => self.in_box(scope, *field, *south_west, *north_east)?,
            Predicate::Ref { relation, op } => self.reference(scope, *relation, *op)?,
            Predicate::ToOne { relation, table, holds } => match self.kept_end(scope, *relation, table, holds)? {
                Some(kept) => kept,
                None => self.target_holds(scope, *relation, table, holds)?,
            },
            Predicate::ToMany { edge, table, quantifier, holds, link } => {
                let target = super::relation::Many { edge: *edge, table, holds, link: link.as_deref() };
                self.ends_hold(scope, &target, *quantifier)?
            }
            Predicate::Within { table, relation, root, inclusive } => {
                let below = self.subtree(table, *relation, *root, *inclusive)?;
                format!("{} in ({below})", scope.column("id"))
            }
            Predicate::Shared { with, right } => self.shared(scope, with, *right)?,
            Predicate::Mirrored => self.mirrored(scope),
            Predicate::Search(search) => self.searched(scope, search)?,
            Predicate::ExternalId { system, keys } => self.external_id(scope, *system, *keys)?,
        })
    }

    /// The record was made by a link that this tenant takes by.
    fn mirrored(&self, scope: &Scope<'m>) -> String {
        format!(
            "({} = 'link' and exists (select 1 from {} as k where k.\"id\" = {} and k.\"side\" = 'takes' and k.\"state\" = 'active'))",
            scope.column("created_by_kind"),
            self.fixture("link"),
            scope.column("created_by"),
        )
    }

    fn joined(&mut self, scope: &Scope<'m>, parts: &[Predicate], word: &str, none: bool) -> Lowered<String> {
        let parts: Vec<String> = parts.iter().map(|part| self.predicate(scope, part)).collect::<Lowered<_>>()?;
        Ok(match parts.as_slice() {
            [] => self.truth(none).to_owned(),
            [one] => one.clone(),
            _ => format!("({})", parts.join(word)),
        })
    }

    /// A column of the table at hand: its name under the alias, and what the model says of it.
    pub(crate) fn column(&self, scope: &Scope<'m>, column: ColumnRef) -> Lowered<(String, &'m Column)> {
        let field = scope.field(column.field)?;
        if let Some((fact, of)) = files::fact(column.part)
            && let Some(held) = field.columns.first().filter(|_| field.kind.is_file())
        {
            return Ok((self.file_fact(&scope.column(&held.name), fact), of));
        }
        let found = field.column(column.part).or_else(|| (column.part == Part::Whole).then(|| field.columns.first()).flatten());
        let found = found.ok_or(StoreError::Plan("the field has no such part"))?;
        Ok((scope.column(&found.name), found))
    }

    /// The column that is empty when the field is: addresses are empty where all of their columns are.
    fn first_column(&self, scope: &Scope<'m>, column: ColumnRef) -> Lowered<String> {
        let field = scope.field(column.field)?;
        if column.part == Part::Whole && field.column(Part::Country).is_some() {
            let columns: Vec<String> =
                field.columns.iter().filter(|column| column.part != Part::Lng).map(|column| scope.column(&column.name)).collect();
            return Ok(match self.dialect {
                crate::Dialect::Postgres => {
                    format!("coalesce({})", columns.iter().map(|column| format!("{column}::text")).collect::<Vec<_>>().join(", "))
                }
                crate::Dialect::Sqlite => format!("coalesce({})", columns.join(", ")),
            });
        }
        Ok(self.column(scope, column)?.0)
    }

    fn compare(&mut self, scope: &Scope<'m>, column: ColumnRef, op: CompareOp, with: Param) -> Lowered<String> {
        let options = scope.field(column.field)?.kind.options();
        let (name, column) = self.column(scope, column)?;
        let value = match self.written(with, options) {
            Some(written) => written,
            None => self.param(with, kind_of(column.kind), rounding(op)),
        };
        Ok(match op {
            CompareOp::Ne => format!("{name} {} {value}", self.by("is distinct from", "is not")),
            _ => format!("{name} {} {value}", operator(op)),
        })
    }

    /// What a rule compares with, where it can stand in the text: yes, no, an option of the field. So the database knows how
    /// many rows there are of it.
    fn written(&self, with: Param, options: &[tenon_model::Choice]) -> Option<String> {
        let Param::Literal(place) = with else { return None };
        match self.model.literals.get(usize::from(place))? {
            tenon_value::Value::Bool(yes) => Some(self.truth(*yes).to_owned()),
            tenon_value::Value::Text(code) => {
                let option = options.iter().find(|option| option.name.as_str() == code)?.name.as_str();
                option.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_').then(|| format!("'{option}'"))
            }
            _ => None,
        }
    }

    fn matches(&mut self, scope: &Scope<'m>, column: ColumnRef, how: Match, text: Param) -> Lowered<String> {
        let (name, _) = self.column(scope, column)?;
        let mode = if how == Match::Like { Mode::Pattern } else { Mode::Plain };
        let value = self.param(text, Kind::Text, mode);
        Ok(match (how, self.is_postgres()) {
            (Match::Contains, true) => format!("strpos({name}, {value}) > 0"),
            (Match::Contains, false) => format!("instr({name}, {value}) > 0"),
            (Match::StartsWith, true) => format!("starts_with({name}, {value})"),
            (Match::StartsWith, false) => format!("substr({name}, 1, length({value})) = {value}"),
            (Match::EndsWith, true) => format!("right({name}, length({value})) = {value}"),
            (Match::EndsWith, false) => {
                format!("(length({value}) = 0 and {name} is not null or substr({name}, -length({value})) = {value})")
            }
            // SQLite compares letters as they are because of `case_sensitive_like`.
            (Match::Like, _) => format!("{name} like {value} escape '\\'"),
        })
    }

    fn set(&mut self, scope: &Scope<'m>, field: FieldIx, op: SetOp, codes: Param) -> Lowered<String> {
        let (name, column) = self.column(scope, ColumnRef::whole(field))?;
        if column.kind != ColumnType::Codes {
            return Err(StoreError::Plan("the field is no set"));
        }
        let list = self.param(codes, Kind::Text, Mode::List);
        Ok(match (op, self.is_postgres()) {
            (SetOp::HasAny, true) => format!("{name} && {list}"),
            (SetOp::HasAll, true) => format!("coalesce({name}, '{{}}') @> {list}"),
            (SetOp::HasNone, true) => format!("({name} && {list}) is not true"),
            (SetOp::HasAny, false) => sqlite_overlap(&name, &list),
            (SetOp::HasNone, false) => format!("not {}", sqlite_overlap(&name, &list)),
            (SetOp::HasAll, false) => {
                format!(
                    "not exists (select 1 from json_each({list}) as w where w.value not in (select h.value from json_each(coalesce({name}, '[]')) as h))"
                )
            }
        })
    }

    fn json_at(&mut self, scope: &Scope<'m>, field: FieldIx, path: Param, value: Option<Param>) -> Lowered<String> {
        let (name, _) = self.column(scope, ColumnRef::whole(field))?;
        let path = self.param(path, Kind::Text, Mode::JsonPath);
        let found = if self.is_postgres() { format!("({name}::jsonb #> {path})") } else { format!("({name} -> {path})") };
        let Some(value) = value else { return Ok(format!("{found} is null")) };
        let value = self.param(value, Kind::Text, Mode::Json);
        Ok(if self.is_postgres() { format!("{found} = {value}::jsonb") } else { format!("{found} = {value}") })
    }

    fn external_id(&mut self, scope: &Scope<'m>, system: Param, keys: Option<Param>) -> Lowered<String> {
        let table = self.fixture("external_id");
        let object = self.fixed(crate::db::Arg::text(scope.object()?.table.clone()));
        let system = self.param(system, Kind::Text, Mode::Plain);
        let mut condition = format!("x.\"object\" = {object} and x.\"record\" = {} and x.\"system\" = {system}", scope.column("id"));
        if let Some(keys) = keys {
            let keys = self.param(keys, Kind::Text, Mode::List);
            condition += " and ";
            condition += &self.among("x.\"key\"", Kind::Text, &keys);
        }
        Ok(format!("exists (select 1 from {table} as x where {condition})"))
    }
}

fn sqlite_overlap(name: &str, list: &str) -> String {
    format!("exists (select 1 from json_each({name}) as h where h.value in (select w.value from json_each({list}) as w))")
}
