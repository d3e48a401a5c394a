//! Words looked for, in the index that both databases keep alike.
//!
//! The table `search` holds one row per record: its words, each behind the column of its field, as ` f_1_acme f_2_lei `. SQLite
//! finds rows by FTS5 over that text, PostgreSQL by GIN over the same words as a `tsvector`. Points are counted from the text
//! itself, so both give the same. Invariant: a question names only the columns of fields it was given.

use std::sync::Arc;

use tenon_model::Worth;
use tenon_query::Search;
use tenon_value::Value;

use super::bind::Mode;
use super::{Lower, Lowered, Scope};
use crate::db::{Arg, Kind};
use crate::{Dialect, StoreError};

/// The words of a row of `search`, as PostgreSQL indexes them.
pub(crate) const VECTOR: &str = "array_to_tsvector(string_to_array(btrim(\"words\"), ' '))";
/// What no row has.
const NOTHING: &str = "nothing__";

/// The question to the index: each word in one of the columns.
pub(crate) fn question(words: &Value, columns: &[String], dialect: Dialect) -> String {
    let (or, and) = if dialect == Dialect::Postgres { (" | ", " & ") } else { (" OR ", " AND ") };
    let one = |word: &str, begins: bool| match (dialect, begins) {
        (Dialect::Postgres, true) => format!("'{word}':*"),
        (Dialect::Postgres, false) => format!("'{word}'"),
        (Dialect::Sqlite, true) => format!("\"{word}\" *"),
        (Dialect::Sqlite, false) => format!("\"{word}\""),
    };
    let each = words.elements().iter().filter_map(Value::as_text).map(|word| {
        let (word, begins) = word.strip_suffix('*').map_or((word, false), |word| (word, true));
        // Words hold letters and digits only; should another ever come here, it is no syntax either.
        let word: String = word.chars().filter(|letter| letter.is_alphanumeric()).collect();
        let parts: Vec<String> = columns.iter().map(|column| one(&format!("{column}_{word}"), begins)).collect();
        format!("({})", parts.join(or))
    });
    let all: Vec<String> = if columns.is_empty() { Vec::new() } else { each.collect() };
    if all.is_empty() { one(NOTHING, false) } else { all.join(and) }
}

impl<'m> Lower<'m> {
    /// Rows in which each word is found.
    pub(super) fn searched(&mut self, scope: &Scope<'m>, search: &Search) -> Lowered<String> {
        let columns = self.columns_of(scope, search)?.into_iter().map(|(column, _)| column).collect();
        let question = self.param(search.words, Kind::Text, Mode::Words(Arc::new(columns)));
        let object = self.fixed(Arg::text(scope.object()?.table.clone()));
        let (table, id) = (self.fixture("search"), scope.column("id"));
        Ok(if self.is_postgres() {
            let vector = VECTOR.replace("\"words\"", "s.\"words\"");
            format!(
                "{id} in (select s.\"record\" from {table} as s where s.\"object\" = {object} and {vector} @@ {question}::text::tsquery)"
            )
        } else {
            let found = self.fixture("search_words");
            format!(
                "{id} in (select s.\"record\" from {found} as w cross join {table} as s on s.\"seq\" = w.rowid \
                 where w.\"search_words\" match {question} and s.\"object\" = {object})"
            )
        })
    }

    /// How many points a row has: for each word the best place where it is found, the word itself twice what begins with it.
    pub(super) fn points(&mut self, scope: &Scope<'m>, search: &Search) -> Lowered<String> {
        let columns = self.columns_of(scope, search)?;
        let of = |worth: Worth| columns.iter().filter(move |(_, known)| *known == worth).map(|(column, _)| column.as_str());
        let at = self.by("strpos", "instr");
        let holds = |column: &str, tail: &str| format!("{at}(s.\"words\", ' {column}_' || rtrim(q.word, '*'){tail}) > 0");
        let mut arms = String::new();
        let whole = |column: &str| holds(column, " || ' '");
        let begun = |column: &str| holds(column, "");
        let ladder: [(u8, Vec<String>); 4] = [
            (8, of(Worth::Name).map(whole).collect()),
            (4, of(Worth::Short).map(whole).chain(of(Worth::Name).map(begun)).collect()),
            (2, of(Worth::Long).map(whole).chain(of(Worth::Short).map(begun)).collect()),
            (1, of(Worth::Long).map(begun).collect()),
        ];
        for (points, ways) in ladder.into_iter().filter(|(_, ways)| !ways.is_empty()) {
            arms += &format!(" when {} then {points}", ways.join(" or "));
        }
        if arms.is_empty() {
            // Not `0`: in an order that would be the number of a column.
            return Ok("(0 + 0)".to_owned());
        }
        let words = self.param(search.words, Kind::Text, Mode::List);
        let object = self.fixed(Arg::text(scope.object()?.table.clone()));
        let (table, id) = (self.fixture("search"), scope.column("id"));
        let opened = if self.is_postgres() {
            format!("unnest({words}) as q(word)")
        } else {
            format!("(select e.value as word from json_each({words}) as e) as q")
        };
        Ok(format!(
            "coalesce((select sum(case{arms} else 0 end) from {table} as s cross join {opened} where s.\"object\" = {object} and s.\"record\" = {id}), 0)"
        ))
    }

    fn columns_of(&self, scope: &Scope<'m>, search: &Search) -> Lowered<Vec<(String, Worth)>> {
        let column = |(field, worth): &(tenon_model::FieldIx, Worth)| {
            let field = scope.field(*field)?;
            let column = field.columns.first().ok_or(StoreError::Plan("the field is not searched"))?;
            Ok((column.name.clone(), *worth))
        };
        search.fields.iter().map(column).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_never_holds_syntax_of_its_words() {
        let words = Value::List(vec![Value::text("ac' | \"x\"*"), Value::text("张三")]);
        let columns = ["f_1".to_owned(), "f_2".to_owned()];
        assert_eq!(question(&words, &columns, Dialect::Postgres), "('f_1_acx':* | 'f_2_acx':*) & ('f_1_张三' | 'f_2_张三')");
        assert_eq!(question(&words, &columns, Dialect::Sqlite), "(\"f_1_acx\" * OR \"f_2_acx\" *) AND (\"f_1_张三\" OR \"f_2_张三\")");
        assert_eq!(question(&Value::Null, &columns, Dialect::Sqlite), "\"nothing__\"");
        assert_eq!(question(&words, &[], Dialect::Postgres), "'nothing__'");
    }
}
