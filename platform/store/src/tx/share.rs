//! Shares: one record given to one user or team.

use tenon_context::OpContext;
use tenon_model::Verb;
use tenon_query::AuthorizedTable;
use tenon_value::{DateTime, RecordId, Uuid, Value};

use super::Tx;
use crate::db::{Arg, Kind, Scalar, Shape, Target};
use crate::{Store, StoreError};

/// A record given to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The user or team.
    pub with: Uuid,
    /// What it is: the API name of its object.
    pub with_kind: String,
    /// Beside reading: update, delete, share.
    pub rights: Vec<Verb>,
    /// When it ends; none: when it is taken back.
    pub until: Option<DateTime>,
}

/// A share as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredShare {
    /// What is given to whom.
    pub share: Share,
    /// Who gave it.
    pub by: Uuid,
    /// When.
    pub at: DateTime,
}

const RIGHTS: [(Verb, &str); 3] = [(Verb::Update, "can_update"), (Verb::Delete, "can_delete"), (Verb::Share, "can_share")];

impl Tx {
    /// Gives a record to somebody, or changes what was given before.
    ///
    /// # Errors
    /// What the database says.
    pub async fn share_put(&mut self, table: &AuthorizedTable, id: RecordId, share: &Share) -> Result<(), StoreError> {
        let object = self.object(table.object())?.id.0;
        let mut columns = vec![
            Target::new("object", Kind::Id),
            Target::new("record", Kind::Id),
            Target::new("with_id", Kind::Id),
            Target::new("with_kind", Kind::Text),
        ];
        let mut row = vec![Scalar::Id(object), Scalar::Id(id.0), Scalar::Id(share.with), Scalar::Text(share.with_kind.clone())];
        for (right, column) in RIGHTS {
            columns.push(Target::new(column, Kind::Bool));
            row.push(Scalar::Bool(share.rights.contains(&right)));
        }
        columns.extend([Target::new("until", Kind::DateTime), Target::new("by_id", Kind::Id), Target::new("at", Kind::DateTime)]);
        row.push(share.until.map_or(Scalar::Null, |until| Scalar::DateTime(until.millis())));
        row.extend([Scalar::Id(self.author.id), Scalar::DateTime(self.author.now.millis())]);
        let set: Vec<String> = columns.iter().skip(3).map(|column| format!("\"{0}\" = excluded.\"{0}\"", column.name)).collect();
        let tail = format!("on conflict (\"object\", \"record\", \"with_id\") do update set {}", set.join(", "));
        let shares = self.table("share");
        self.insert(&shares, &columns, vec![row], &tail).await.map(|_| ()).map_err(|fault| self.told(fault))
    }

    /// Takes a share back; whether there was one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn share_remove(&mut self, table: &AuthorizedTable, id: RecordId, with: Uuid) -> Result<bool, StoreError> {
        let object = self.object(table.object())?.id.0;
        let columns = [Target::new("object", Kind::Id), Target::new("record", Kind::Id), Target::new("with_id", Kind::Id)];
        let shares = self.table("share");
        let gone = self.delete(&shares, &columns, vec![vec![Scalar::Id(object), Scalar::Id(id.0), Scalar::Id(with)]]).await;
        gone.map(|rows| rows > 0).map_err(|fault| self.told(fault))
    }
}

impl Store {
    /// The shares of a record, oldest first; ended ones included until they are taken back.
    ///
    /// # Errors
    /// What the database says.
    pub async fn shares(&self, cx: &OpContext, table: &AuthorizedTable, id: RecordId) -> Result<Vec<StoredShare>, StoreError> {
        let object = cx.model.object(table.object()).ok_or(StoreError::Plan("no such object"))?.id.0;
        let tenant = cx.model.tenant;
        let sql = format!(
            "select s.\"with_id\", s.\"with_kind\", s.\"can_update\", s.\"can_delete\", s.\"can_share\", s.\"until\", s.\"by_id\", s.\"at\" \
             from {} as s where s.\"object\" = $1 and s.\"record\" = $2 order by s.\"at\", s.\"with_id\"",
            self.fixture(tenant, "share")
        );
        let shapes = [Shape::Id, Shape::Text, Shape::Bool, Shape::Bool, Shape::Bool, Shape::DateTime, Shape::Id, Shape::DateTime];
        let rows = self.ask(tenant, &sql, &[Arg::id(object), Arg::id(id.0)], &shapes).await?;
        Ok(rows.into_iter().filter_map(stored).collect())
    }
}

fn stored(row: Vec<Value>) -> Option<StoredShare> {
    let [with, kind, update, delete, share, until, by, at] = <[Value; 8]>::try_from(row).ok()?;
    let mut rights = vec![Verb::Read];
    let given = [update, delete, share].map(|given| given == Value::Bool(true));
    rights.extend(RIGHTS.iter().zip(given).filter(|(_, given)| *given).map(|((right, _), _)| *right));
    let moment = |value: &Value| if let Value::DateTime(at) = value { Some(*at) } else { None };
    let share = Share { with: with.as_id()?, with_kind: kind.as_text()?.to_owned(), rights, until: moment(&until) };
    Some(StoredShare { share, by: by.as_id()?, at: moment(&at)? })
}
