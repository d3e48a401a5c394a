//! How a home's outbox goes along. Its rows name transactions, and another server counts those anew: what is linked into
//! the audit trail becomes older than anything there, what is not becomes the work of the copying transaction itself. What
//! the transactions were is kept beside them for as long as the rows are, so that places in the old home become places in
//! the new one (`relay/moved.rs`).

use tenon_value::{Uuid, Value};

use crate::StoreError;
use crate::audit::queue;
use crate::db::line::Line;
use crate::db::{Arg, Fault, Shape};

/// A transaction that every server has ended long ago.
const LONG_AGO: u64 = 3;
/// What sees those and nothing else.
const SEES_LONG_AGO: &str = "4:4:";

/// What the old home says of its outbox.
#[derive(Debug)]
pub(super) struct Changes {
    schema: String,
    /// Whether a row is linked, in SQL.
    linked: String,
    has_batches: bool,
    /// How far it was pruned, by number and by transaction, and which home it is.
    pruned: (i64, u64, i64),
}

impl Changes {
    pub(super) async fn read(from: &Line, schema: &str) -> Result<Self, Fault> {
        let sql = format!("select b.\"cursor\" from \"{schema}\".\"audit_batch\" as b order by b.\"number\" desc limit 1");
        let rows = from.fetch(&sql, &[], &[Shape::Text]).await?;
        let cursor = rows.first().and_then(|row| row.first()).and_then(Value::as_text);
        let linked = cursor.map(queue::parse).transpose()?.unwrap_or_default().linked_words();
        let sql = format!("select r.\"pruned\", r.\"transaction\", r.\"era\" from \"{schema}\".\"relay\" as r");
        let rows = from.fetch(&sql, &[], &[Shape::Int, Shape::Text, Shape::Int]).await?;
        let pruned = match rows.first().map(Vec::as_slice) {
            Some([Value::Int(seq), Value::Text(transaction), Value::Int(era)]) => (*seq, transaction.parse().unwrap_or(u64::MAX), *era),
            _ => (0, 0, 0),
        };
        Ok(Self { schema: schema.to_owned(), linked, has_batches: cursor.is_some(), pruned })
    }

    /// What of the outbox is selected for the copy that the transaction `own` makes.
    pub(super) fn rows(&self, columns: &[String], own: &str) -> String {
        let transaction = format!("(case when {} then '{LONG_AGO}' else '{own}' end)::xid8", self.linked);
        let selected: Vec<&str> =
            columns.iter().map(|name| if is_transaction(name) { transaction.as_str() } else { name.as_str() }).collect();
        format!("select {} from \"{}\".\"outbox\" as o", selected.join(", "), self.schema)
    }

    /// What is selected for what is kept beside: of this home, and of those before it.
    pub(super) fn transactions(&self) -> String {
        let (schema, era) = (&self.schema, self.pruned.2);
        format!(
            "select b.\"era\", b.\"row\", b.\"transaction\" from \"{schema}\".\"outbox_before\" as b \
             union all select {era}, o.\"seq\", o.\"xid\"::text from \"{schema}\".\"outbox\" as o"
        )
    }

    /// What is selected for the homes before: this one is one of them now.
    pub(super) fn homes(&self) -> String {
        let (schema, (pruned, transaction, era)) = (&self.schema, &self.pruned);
        format!(
            "select b.\"era\", b.\"transaction\", b.\"last\" from \"{schema}\".\"relay_before\" as b \
             union all select {era}, '{transaction}', coalesce((select max(o.\"seq\") from \"{schema}\".\"outbox\" as o), {pruned})"
        )
    }

    /// Says in the new home that it is another, and that what is linked stays linked.
    pub(super) async fn say(&self, to: &Line) -> Result<(), Fault> {
        let schema = &self.schema;
        if self.has_batches {
            let table = format!("\"{schema}\".\"audit_batch\"");
            let cursor = queue::beginning(Some(SEES_LONG_AGO.to_owned()))?;
            let sql = format!("update {table} set \"cursor\" = $1 where \"number\" = (select max(b.\"number\") from {table} as b)");
            to.execute(&sql, &[Arg::text(cursor)]).await?;
        }
        let (own, _) = Uuid::new_v4().as_u64_pair();
        let sql = format!(
            "insert into \"{schema}\".\"relay\" (\"id\", \"pruned\", \"transaction\", \"era\") values (1, $1, '0', $2) \
             on conflict (\"id\") do update set \"transaction\" = excluded.\"transaction\", \"era\" = excluded.\"era\""
        );
        let args = [Arg::int(self.pruned.0), Arg::int((own >> 1).cast_signed())];
        to.execute(&sql, &args).await.map(|_| ())
    }
}

/// Whether a column of the outbox is the transaction.
pub(super) fn is_transaction(column: &str) -> bool {
    column == "xid"
}

/// The transaction that a connection is in.
pub(super) async fn own_transaction(line: &Line) -> Result<String, Fault> {
    let rows = line.fetch("select pg_current_xact_id()::text", &[], &[Shape::Text]).await?;
    let text = rows.first().and_then(|row| row.first()).and_then(Value::as_text);
    Ok(text.ok_or_else(|| StoreError::Damaged("the transaction of a copy".to_owned()))?.to_owned())
}
