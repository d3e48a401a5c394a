//! One record given to a user or a team, or taken back.
//!
//! Invariants: nobody gives what he has not; with whom is somebody he sees.

use tenon_access::{Place, Rows};
use tenon_diagnostics::{InputPath, Problem};
use tenon_model::{ObjectIx, Verb};
use tenon_query::{Action, Deleted, Sharing};
use tenon_store::{AuditKind, AuditNote, Lock, OutboxEntry, Share};
use tenon_value::{DateTime, RecordId};

use crate::Status;
use crate::attempt::Attempt;
use crate::halt::Tried;
use crate::job::Saved;

/// Objects of those a record is shared with.
const HOLDERS: [&str; 2] = ["user", "team"];

impl Attempt<'_> {
    /// Gives a record to somebody, or takes it back.
    pub(crate) async fn share(&mut self, object: ObjectIx, id: RecordId, sharing: &Sharing) -> Tried<Option<Saved>> {
        let table = self.table(object, Action::Share, Place::Write)?;
        let model_object = self.object(object)?;
        let path = InputPath::default().key("id");
        let stored = self.tx.load(&table, &[id], Deleted::Exclude, Lock::KeyShare).await?;
        let absent = self.absent(&table, if stored.is_empty() { std::slice::from_ref(&id) } else { &[] }, Deleted::Exclude).await?;
        let Some(record) = stored.into_iter().next() else {
            self.found.push(0, absent.problem(model_object, id).at(path));
            return Ok(None);
        };
        let Some(holder) = self.holder(sharing.with).await? else {
            let problem = Problem::invalid("reference", "there is no user or team with this id", "没有这个用户或团队");
            self.found.push(0, problem.at(InputPath::default().key("with")));
            return Ok(None);
        };
        let changed = match &sharing.given {
            Some((rights, until)) => self.give((object, id), (sharing.with, holder), (rights, *until)).await?,
            None => self.tx.share_remove(&table, id, sharing.with.0).await?,
        };
        if !changed {
            return Ok(self.found.is_empty().then_some(Saved { id, status: Status::Unchanged }));
        }
        let word = if sharing.given.is_some() { "shared" } else { "unshared" };
        let records = vec![(id, record.version())];
        self.tx.outbox(OutboxEntry { word, object: model_object.id, records, changed: Vec::new() });
        let kind = if sharing.given.is_some() { AuditKind::Shared } else { AuditKind::Unshared };
        let words = |rights: &[Verb]| rights.iter().map(|right| right.word()).collect::<Vec<_>>();
        let given = sharing.given.as_ref();
        let facts = serde_json::json!({
            "with": sharing.with.to_string(),
            "withKind": holder,
            "rights": given.map(|(rights, _)| words(rights)),
            "until": given.and_then(|(_, until)| *until).map(|until| until.to_string()),
        });
        self.tx.audit_note(AuditNote::new(kind).about(model_object.name.as_str(), Some(id)).facts(facts));
        Ok(Some(Saved { id, status: Status::Updated }))
    }

    /// Gives rights that the giver has himself, on this very record.
    async fn give(
        &mut self,
        (object, id): (ObjectIx, RecordId),
        (with, holder): (RecordId, &str),
        (rights, until): (&[Verb], Option<DateTime>),
    ) -> Tried<bool> {
        for right in rights.iter().copied().filter(|right| *right != Verb::Read) {
            let has = match self.policy.rows_of(object, right) {
                Rows::None => false,
                Rows::All => true,
                Rows::Some(rows) => {
                    let table = self.whole(object, Action::Read)?;
                    self.tx.failing(&table, &[id], &rows).await?.is_empty()
                }
            };
            if !has {
                let problem = Problem::forbidden("share", "nobody gives a right he has not", "不能授予自己没有的权限");
                let name = self.object(object)?.name.as_str();
                self.found.push(0, problem.object(name).at(InputPath::default().key("rights")).with("right", right.word()));
                return Ok(false);
            }
        }
        if until.is_some_and(|until| until <= self.cx.now) {
            let problem = Problem::invalid("range", "a share ends in the future", "共享的截止时间应在将来");
            self.found.push(0, problem.at(InputPath::default().key("until")));
            return Ok(false);
        }
        let table = self.whole(object, Action::Share)?;
        let share = Share { with: with.0, with_kind: holder.to_owned(), rights: rights.to_vec(), until };
        self.tx.share_put(&table, id, &share).await?;
        Ok(true)
    }

    /// What the id is of: a user or a team that who acts sees.
    async fn holder(&mut self, with: RecordId) -> Tried<Option<&'static str>> {
        for name in HOLDERS {
            let Some(object) = self.model.object_named(name) else { continue };
            // Both are asked, seen or not, so that an id tells nothing by the time it takes.
            let Ok(table) = self.policy.table(self.model, object.ix, Action::Read, Place::Share) else { continue };
            if !self.tx.hold(&table, &[with], Lock::KeyShare).await?.is_empty() {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }
}
