//! Records that a link between tenants has written: the link's own to change, and nobody else's while it is active.
//!
//! Invariant: a link changes no record but those it has made.

use std::collections::{HashMap, HashSet};

use tenon_context::ActorKind;
use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{Object, system};
use tenon_query::Record;
use tenon_value::{RecordId, Uuid, Value};

use crate::attempt::Attempt;
use crate::halt::Tried;

/// The link that made a record.
fn maker(record: &Record) -> Option<Uuid> {
    match record.relation(system::CREATED_BY) {
        Value::Ref(kind, id) if kind == ActorKind::Link.word() => Some(*id),
        _ => None,
    }
}

/// Records that are somebody else's to change.
#[derive(Debug, Default)]
pub(crate) struct Mirrors(HashSet<RecordId>);

impl Mirrors {
    /// Why a record is not changed, if it is not.
    pub(crate) fn problem(&self, object: &Object, id: RecordId, path: InputPath) -> Option<Problem> {
        let problem = || {
            Problem::forbidden(
                "mirrored",
                "this record comes from another workspace by a link and is changed there",
                "此记录由互联从另一租户同步而来,只能在来源处修改",
            )
        };
        self.0.contains(&id).then(|| problem().object(object.name.as_str()).with("id", id.to_string()).at(path))
    }
}

impl Attempt<'_> {
    /// Which of these records who acts must leave alone.
    pub(crate) async fn mirrors(&mut self, records: &HashMap<RecordId, Record>) -> Tried<Mirrors> {
        let principal = &self.cx.principal;
        if principal.kind == ActorKind::Link {
            let me = principal.id;
            return Ok(Mirrors(records.values().filter(|record| maker(record) != Some(me)).map(|record| record.id).collect()));
        }
        let mut active: HashMap<Uuid, bool> = HashMap::new();
        for link in records.values().filter_map(maker) {
            if let std::collections::hash_map::Entry::Vacant(unknown) = active.entry(link) {
                unknown.insert(self.tx.link_takes(link).await?);
            }
        }
        let theirs = records.values().filter(|record| maker(record).is_some_and(|link| active.get(&link) == Some(&true)));
        Ok(Mirrors(theirs.map(|record| record.id).collect()))
    }
}
