//! The version a caller has seen against the one that is stored: who changed what meanwhile.

use std::sync::Arc;

use tenon_access::Place;
use tenon_diagnostics::Problem;
use tenon_model::Part;
use tenon_model::{Object, ObjectIx, system};
use tenon_query::{Action, Answer, Deleted, HistoryFetch, HistoryRow, Output, Params, Predicate, Read, Select, Window};
use tenon_value::{Json, RecordId, Value};

use crate::attempt::Attempt;
use crate::halt::Tried;
use crate::job::{Aim, Work};
use crate::save::merge;

/// Versions looked back over for what has changed.
const LOOK_BACK_MAX: i64 = 100;

impl Attempt<'_> {
    /// Compares the versions the callers have seen.
    pub(crate) async fn check_versions(&mut self, object: ObjectIx, works: &mut [Work<'_>]) -> Tried<()> {
        for work in works.iter_mut() {
            let (Aim::Update(id, Some(expected)), Some(old)) = (work.job.aim, &work.old) else { continue };
            if old.version() != expected {
                work.failed = true;
                let current = old.version();
                let problem = self.version_conflict(object, id, (expected, current)).await?;
                self.found.push(work.job.root, problem.at(work.job.beside("expectedVersion")));
            }
        }
        Ok(())
    }

    /// The conflict of a record whose version is not the expected one.
    pub(crate) async fn version_conflict(&mut self, object: ObjectIx, id: RecordId, (expected, current): (i64, i64)) -> Tried<Problem> {
        let model_object = self.object(object)?;
        let mut changed = Vec::new();
        let mut by = Json::Null;
        for version in self.history(object, id).await?.into_iter().filter(|version| version.version > expected) {
            let told = version.changes.into_iter().map(|change| change.field).filter(|name| self.is_known(model_object, name));
            merge(&mut changed, told.collect());
            if by.is_null() {
                let (kind, actor, display) = version.by;
                by = serde_json::json!({ "kind": kind.to_uppercase(), "id": actor.to_string(), "display": display });
            }
        }
        Ok(Problem::conflict("version", "somebody changed this record meanwhile", "记录已被他人修改")
            .object(model_object.name.as_str())
            .with("id", id.to_string())
            .with("expectedVersion", expected)
            .with("currentVersion", current)
            .with("changedFields", changed)
            .with("by", by))
    }

    /// Whether the caller may know of a field or relation.
    fn is_known(&self, object: &Object, name: &str) -> bool {
        let field = object.fields.iter().find(|field| field.name.as_str() == name);
        let relation = object.relations.iter().find(|relation| relation.name.as_str() == name);
        field.is_some_and(|field| self.policy.may_select_field(object.ix, field.ix))
            || relation.is_some_and(|relation| self.policy.may_read_relation(object.ix, relation.ix))
    }

    /// The latest versions of a record, newest first.
    async fn history(&mut self, object: ObjectIx, id: RecordId) -> Tried<Vec<HistoryRow>> {
        let mut params = Params::default();
        let (wanted, size) = (params.push(Value::Id(id.0)), params.push(Value::Int(LOOK_BACK_MAX)));
        let select = Select {
            table: self.table(object, Action::Read, Place::History)?,
            filter: Some(Predicate::equals(system::ID, Part::Whole, wanted)),
            deleted: Deleted::Include,
            order: Vec::new(),
            window: Window::One,
            output: Output { histories: vec![HistoryFetch { size, before_version: None, seen: Vec::new() }], ..Output::default() },
            count: None,
        };
        let prepared = self.pipeline.store.prepare(&Arc::clone(&self.cx.model), Read::Select(select))?;
        let Answer::Page(page) = self.tx.read(&prepared, &params).await? else { return Ok(Vec::new()) };
        Ok(page.rows.into_iter().flat_map(|row| row.histories).flat_map(|(versions, _)| versions).collect())
    }
}
