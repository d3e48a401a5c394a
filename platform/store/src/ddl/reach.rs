//! Ends of references kept beside them ([`tenon_model::Reach`]): the database itself keeps them right, by triggers, so that
//! whoever writes a row (a save, an import, a hand, a server of another build) leaves them right.
//!
//! Invariants: a kept end is that of the live target, else null. Whoever changes what is kept waits for those who are just
//! referring to the record (`for update` against their `for key share`), and they for him.

use std::collections::BTreeSet;

use tenon_model::{Model, Object, Reach, Reached};

use super::quoted;
use crate::Dialect;
use crate::db::{Conn, Fault};

/// The statements that make an object's table keep ends, and tell others of its own; `there` knows which tables are. Done
/// again they put the new in place of the old.
pub(crate) fn triggers(dialect: Dialect, schema: &str, object: &Object, there: &(dyn Fn(&str) -> bool + Sync)) -> Vec<String> {
    match dialect {
        Dialect::Postgres => keeping(schema, object).into_iter().chain(telling(schema, object)).collect(),
        // A trigger that names a table which is not there yet would stop every write: whichever of two tables comes last brings
        // the triggers of both.
        Dialect::Sqlite => {
            let is_there = |table: &str| table == object.table || there(table);
            let mut statements = Vec::new();
            for (by, reaches) in by_reference(&object.reaches) {
                if let Some(target) = reaches.first().map(|reach| reach.table.as_str()).filter(|table| is_there(table)) {
                    let pairs: Vec<_> = reaches.iter().map(|reach| (reach.column.as_str(), reach.from.as_str())).collect();
                    statements.extend(kept_by_sqlite(&object.table, by, target, &pairs));
                    statements.extend(told_by_sqlite(target, &object.table, by, pairs));
                }
            }
            for (table, by, pairs) in by_follower(&object.reached).into_iter().filter(|(table, ..)| is_there(table)) {
                statements.extend(kept_by_sqlite(table, by, &object.table, &pairs));
                statements.extend(told_by_sqlite(&object.table, table, by, pairs));
            }
            statements
        }
    }
}

/// Reaches by the column of their reference.
fn by_reference(reaches: &[Reach]) -> Vec<(&str, Vec<&Reach>)> {
    let columns: BTreeSet<&str> = reaches.iter().map(|reach| reach.by.as_str()).collect();
    columns.into_iter().map(|by| (by, reaches.iter().filter(|reach| reach.by == by).collect())).collect()
}

/// Who keeps what: table, column of the reference, pairs of the column there and here.
type Follower<'r> = (&'r str, &'r str, Vec<(&'r str, &'r str)>);

fn by_follower(reached: &[Reached]) -> Vec<Follower<'_>> {
    let followers: BTreeSet<(&str, &str)> = reached.iter().map(|one| (one.table.as_str(), one.by.as_str())).collect();
    let pairs = |table: &str, by: &str| {
        let own = reached.iter().filter(|one| one.table == table && one.by == by);
        own.map(|one| (one.column.as_str(), one.from.as_str())).collect()
    };
    followers.into_iter().map(|(table, by)| (table, by, pairs(table, by))).collect()
}

/// PostgreSQL: a row that comes, or refers to another record, looks at its targets.
fn keeping(schema: &str, object: &Object) -> Vec<String> {
    if object.reaches.is_empty() {
        return Vec::new();
    }
    let table = &object.table;
    let mut body = String::new();
    let groups = by_reference(&object.reaches);
    for (by, reaches) in &groups {
        let Some(target) = reaches.first().map(|reach| format!("\"{schema}\".\"{}\"", reach.table)) else { continue };
        let nothing: String = reaches.iter().map(|reach| format!(" new.\"{}\" := null;", reach.column)).collect();
        let from: Vec<String> = reaches.iter().map(|reach| format!("t.\"{}\"", reach.from)).collect();
        let into: Vec<String> = reaches.iter().map(|reach| format!("new.\"{}\"", reach.column)).collect();
        body += &format!(
            "{nothing} if new.\"{by}\" is not null and to_regclass('{target}') is not null then select {} into {} from {target} as t \
             where t.\"id\" = new.\"{by}\" and t.\"deleted_at\" is null for key share; end if;",
            from.join(", "),
            into.join(", "),
        );
    }
    let of = quoted(groups.iter().map(|(by, _)| *by));
    vec![
        format!(
            "create or replace function \"{schema}\".\"{table}_keeps\"() returns trigger language plpgsql as $reach$ begin{body} return new; end $reach$"
        ),
        format!(
            "create or replace trigger \"keeps\" before insert or update of {of} on \"{schema}\".\"{table}\" for each row execute function \"{schema}\".\"{table}_keeps\"()"
        ),
    ]
}

/// PostgreSQL: a record that changes tells those who refer to it.
fn telling(schema: &str, object: &Object) -> Vec<String> {
    if object.reached.is_empty() {
        return Vec::new();
    }
    let table = &object.table;
    let mut body = String::new();
    for (follower, by, pairs) in by_follower(&object.reached) {
        let follower = format!("\"{schema}\".\"{follower}\"");
        let is = |from: &str| format!("case when tg_op = 'UPDATE' and new.\"deleted_at\" is null then new.\"{from}\" end");
        let set: Vec<String> = pairs.iter().map(|(column, from)| format!("\"{column}\" = {}", is(from))).collect();
        let differs: Vec<String> = pairs.iter().map(|(column, from)| format!("t.\"{column}\" is distinct from {}", is(from))).collect();
        body += &format!(
            " if to_regclass('{follower}') is not null then update {follower} as t set {} where t.\"{by}\" = old.\"id\" and ({}); end if;",
            set.join(", "),
            differs.join(" or "),
        );
    }
    let columns: BTreeSet<&str> = object.reached.iter().map(|one| one.from.as_str()).chain(["deleted_at"]).collect();
    let of = quoted(columns.iter().copied());
    let moved: Vec<String> = columns.iter().map(|column| format!("old.\"{column}\" is distinct from new.\"{column}\"")).collect();
    let moved = moved.join(" or ");
    let on = format!("on \"{schema}\".\"{table}\" for each row");
    vec![
        // Who is just referring to it has it locked, and is waited for: else neither would see the other.
        format!(
            "create or replace function \"{schema}\".\"{table}_waits\"() returns trigger language plpgsql as $reach$ begin \
             perform 1 from \"{schema}\".\"{table}\" as t where t.\"id\" = old.\"id\" for update; return new; end $reach$"
        ),
        format!(
            "create or replace function \"{schema}\".\"{table}_tells\"() returns trigger language plpgsql as $reach$ begin{body} return null; end $reach$"
        ),
        format!(
            "create or replace trigger \"waits\" before update of {of} {on} when ({moved}) execute function \"{schema}\".\"{table}_waits\"()"
        ),
        format!(
            "create or replace trigger \"tells\" after update of {of} {on} when ({moved}) execute function \"{schema}\".\"{table}_tells\"()"
        ),
        format!("create or replace trigger \"tells_last\" after delete {on} execute function \"{schema}\".\"{table}_tells\"()"),
    ]
}

/// A trigger of SQLite put in the place of the one of its name.
fn instead(name: &str, rest: &str) -> [String; 2] {
    [format!("drop trigger if exists \"main\".\"{name}\""), format!("create trigger \"main\".\"{name}\" {rest}")]
}

fn kept_by_sqlite(table: &str, by: &str, target: &str, pairs: &[(&str, &str)]) -> Vec<String> {
    let is = |(column, from): &(&str, &str)| {
        format!("\"{column}\" = (select t.\"{from}\" from \"{target}\" as t where t.\"id\" = new.\"{by}\" and t.\"deleted_at\" is null)")
    };
    let set: Vec<String> = pairs.iter().map(is).collect();
    let nothing: Vec<String> = pairs.iter().map(|(column, _)| format!("\"{column}\" = null")).collect();
    let change = |set: &[String]| format!("begin update \"{table}\" set {} where rowid = new.rowid; end", set.join(", "));
    let mut statements = Vec::new();
    statements.extend(instead(
        &format!("{table}_{by}_comes"),
        &format!("after insert on \"{table}\" when new.\"{by}\" is not null {}", change(&set)),
    ));
    statements.extend(instead(
        &format!("{table}_{by}_moves"),
        &format!(
            "after update of \"{by}\" on \"{table}\" when new.\"{by}\" is not null and new.\"{by}\" is not old.\"{by}\" {}",
            change(&set)
        ),
    ));
    statements.extend(instead(
        &format!("{table}_{by}_ends"),
        &format!("after update of \"{by}\" on \"{table}\" when new.\"{by}\" is null and old.\"{by}\" is not null {}", change(&nothing)),
    ));
    statements
}

fn told_by_sqlite(table: &str, follower: &str, by: &str, pairs: Vec<(&str, &str)>) -> Vec<String> {
    let columns: BTreeSet<&str> = pairs.iter().map(|(_, from)| *from).chain(["deleted_at"]).collect();
    let moved: Vec<String> = columns.iter().map(|column| format!("old.\"{column}\" is not new.\"{column}\"")).collect();
    let set = |is: &dyn Fn(&str) -> String| {
        let set: Vec<String> = pairs.iter().map(|(column, from)| format!("\"{column}\" = {}", is(from))).collect();
        format!("begin update \"{follower}\" set {} where \"{by}\" = old.\"id\"; end", set.join(", "))
    };
    let mut statements = Vec::new();
    statements.extend(instead(
        &format!("{table}_{follower}_{by}_tells"),
        &format!(
            "after update of {} on \"{table}\" when {} {}",
            quoted(columns.iter().copied()),
            moved.join(" or "),
            set(&|from| format!("case when new.\"deleted_at\" is null then new.\"{from}\" end")),
        ),
    ));
    statements.extend(instead(
        &format!("{table}_{follower}_{by}_tells_last"),
        &format!("after delete on \"{table}\" {}", set(&|_| "null".to_owned())),
    ));
    statements
}

/// Statements that put the kept ends of an object's rows right; those whose targets have no table yet have none.
pub(crate) fn filling(dialect: Dialect, schema: &str, object: &Object, there: &(dyn Fn(&str) -> bool + Sync)) -> Vec<String> {
    let (table, other) =
        (format!("\"{schema}\".\"{}\"", object.table), if dialect == Dialect::Postgres { "is distinct from" } else { "is not" });
    let mut statements = Vec::new();
    for (by, reaches) in by_reference(&object.reaches) {
        let Some(target) = reaches.first().filter(|reach| there(&reach.table)).map(|reach| format!("\"{schema}\".\"{}\"", reach.table))
        else {
            continue;
        };
        let set: Vec<String> = reaches.iter().map(|reach| format!("\"{}\" = t.\"{}\"", reach.column, reach.from)).collect();
        let differs: Vec<String> = reaches.iter().map(|reach| format!("o.\"{}\" {other} t.\"{}\"", reach.column, reach.from)).collect();
        let live = format!("t.\"id\" = o.\"{by}\" and t.\"deleted_at\" is null");
        statements.push(format!(
            "update {table} as o set {} from {target} as t where {live} and ({})",
            set.join(", "),
            differs.join(" or ")
        ));
        let nothing: Vec<String> = reaches.iter().map(|reach| format!("\"{}\" = null", reach.column)).collect();
        let something: Vec<String> = reaches.iter().map(|reach| format!("o.\"{}\" is not null", reach.column)).collect();
        statements.push(format!(
            "update {table} as o set {} where ({}) and not exists (select 1 from {target} as t where {live})",
            nothing.join(", "),
            something.join(" or "),
        ));
    }
    statements
}

/// Statements that count the rows whose kept ends are not right.
pub(crate) fn counting(dialect: Dialect, schema: &str, object: &Object, there: &(dyn Fn(&str) -> bool + Sync)) -> Vec<String> {
    let (table, other) =
        (format!("\"{schema}\".\"{}\"", object.table), if dialect == Dialect::Postgres { "is distinct from" } else { "is not" });
    let mut counts = Vec::new();
    for (by, reaches) in by_reference(&object.reaches) {
        let Some(target) = reaches.first().map(|reach| reach.table.as_str()).filter(|target| there(target)) else { continue };
        let differs: Vec<String> = reaches.iter().map(|reach| format!("o.\"{}\" {other} t.\"{}\"", reach.column, reach.from)).collect();
        counts.push(format!(
            "select count(*) from {table} as o left join \"{schema}\".\"{target}\" as t on t.\"id\" = o.\"{by}\" and t.\"deleted_at\" is null where {}",
            differs.join(" or ")
        ));
    }
    counts
}

/// Brings triggers and kept ends of the tables that are there to what a model says; only of objects for which that is new.
pub(crate) async fn change(
    conn: &mut Conn,
    schema: &str,
    (before, after): (Option<&Model>, &Model),
    there: &(dyn Fn(&str) -> bool + Sync),
    is_new: &(dyn Fn(&Object) -> bool + Sync),
) -> Result<(), Fault> {
    for object in after.objects.iter().filter(|object| there(&object.table)) {
        let was = before.and_then(|model| model.objects.iter().find(|old| old.table == object.table));
        let same = was.is_some_and(|old| old.reaches == object.reaches && old.reached == object.reached);
        if same && !is_new(object) {
            continue;
        }
        for statement in triggers(conn.dialect(), schema, object, there) {
            conn.script(&statement).await?;
        }
        if was.is_none_or(|old| old.reaches != object.reaches) || is_new(object) {
            for statement in filling(conn.dialect(), schema, object, there) {
                conn.execute(&statement, &[]).await?;
            }
        }
    }
    Ok(())
}
