//! Statements of a prepared read are run, and their rows become answers.

pub(crate) mod decimal;
pub(crate) mod groups;
pub(crate) mod history;
pub(crate) mod rows;
pub(crate) mod select;
pub(crate) mod values;

use tenon_query::Answer;
use tenon_value::{Uuid, Value};

use crate::StoreError;
use crate::db::{Conn, Fault};
use crate::lower::statement::Statement;
use crate::prepared::{Plan, Prepared};
use crate::tables::{Tables, There};
use values::Values;

/// A connection, with what is known of the tenant's tables, and the values of one request.
pub(crate) struct Runner<'a> {
    pub(crate) conn: &'a mut Conn,
    pub(crate) tables: &'a Tables,
    pub(crate) values: Values<'a>,
}

impl Runner<'_> {
    pub(crate) async fn answer(&mut self, prepared: &Prepared) -> Result<Answer, Fault> {
        let there = self.tables.look(self.conn, &prepared.plan).await?;
        let mut run = Run { conn: self.conn, there, values: self.values };
        match &prepared.plan {
            Plan::Select(plan) => Ok(Answer::Page(select::page(&mut run, plan).await?)),
            Plan::Aggregate(plan) => Ok(Answer::Groups(groups::groups(&mut run, plan).await?)),
        }
    }
}

/// One answer under way: all its statements see the same tables.
pub(crate) struct Run<'a> {
    pub(crate) conn: &'a mut Conn,
    there: There,
    pub(crate) values: Values<'a>,
}

impl Run<'_> {
    /// Rows of a statement whose text many requests share.
    pub(crate) async fn fetch(&mut self, statement: &Statement, parents: &[Uuid]) -> Result<Vec<Vec<Value>>, Fault> {
        let (args, sql) = self.bound(statement, parents)?;
        self.conn.fetch(&sql, &args, &statement.shapes).await
    }

    /// Rows of a statement that is planned with its values.
    pub(crate) async fn fetch_planned(&mut self, statement: &Statement) -> Result<Vec<Vec<Value>>, Fault> {
        let (args, sql) = self.bound(statement, &[])?;
        self.conn.fetch_planned(&sql, &args, &statement.shapes).await
    }

    fn bound(&self, statement: &Statement, parents: &[Uuid]) -> Result<(Vec<crate::db::Arg>, std::sync::Arc<str>), StoreError> {
        Ok((statement.args(self.values, parents)?, statement.text(self.values, &|table| self.there.is_missing(table))))
    }
}
