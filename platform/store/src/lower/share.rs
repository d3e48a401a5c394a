//! Whether a record is shared with somebody, as a condition.

use tenon_model::Verb;
use tenon_query::Param;

use super::bind::{Bind, Mode, Source};
use super::{Lower, Lowered, Scope};
use crate::StoreError;
use crate::db::{Arg, Kind};

/// The column of a share that gives a right; reading needs none, the share itself is enough.
pub(crate) const fn column_of(right: Verb) -> Option<&'static str> {
    match right {
        Verb::Update => Some("can_update"),
        Verb::Delete | Verb::Restore | Verb::Destroy => Some("can_delete"),
        Verb::Share => Some("can_share"),
        _ => None,
    }
}

impl<'m> Lower<'m> {
    /// There is a share of the record with one of these ids that gives the right and has not ended.
    pub(crate) fn shared(&mut self, scope: &Scope<'m>, with: &[Param], right: Verb) -> Lowered<String> {
        let (table, holds) = self.share_holds(scope, with, right)?;
        Ok(format!("exists (select 1 from {table} as s where s.\"record\" = {} and {holds})", scope.column("id")))
    }

    /// The ids of the records that are shared so.
    pub(crate) fn shared_records(&mut self, scope: &Scope<'m>, with: &[Param], right: Verb) -> Lowered<String> {
        let (table, holds) = self.share_holds(scope, with, right)?;
        Ok(format!("select s.\"record\" from {table} as s where {holds}"))
    }

    fn share_holds(&mut self, scope: &Scope<'m>, with: &[Param], right: Verb) -> Lowered<(String, String)> {
        if matches!(right, Verb::Create | Verb::Import | Verb::Export) {
            return Err(StoreError::Plan("a share gives no such right"));
        }
        let (table, object) = (self.fixture("share"), self.fixed(Arg::id(scope.object()?.id.0)));
        let now = self.bind(Bind { source: Source::Now, kind: Kind::DateTime, mode: Mode::Plain });
        let mut ids = Vec::with_capacity(with.len());
        for param in with {
            let list = self.param(*param, Kind::Id, Mode::List);
            ids.push(self.among("s.\"with_id\"", Kind::Id, &list));
        }
        let among = if ids.is_empty() { self.truth(false).to_owned() } else { format!("({})", ids.join(" or ")) };
        let right = column_of(right).map(|column| format!(" and s.\"{column}\"")).unwrap_or_default();
        Ok((table, format!("s.\"object\" = {object} and {among}{right} and (s.\"until\" is null or s.\"until\" > {now})")))
    }
}
