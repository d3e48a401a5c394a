//! Answers to the questions that steps ask about stored records: how many there are, and how many stand in the way.

use std::collections::HashMap;
use std::sync::Arc;

use tenon_access::Policy;
use tenon_context::{OpContext, Principal};
use tenon_model::{Model, Object, Part, RelationShape, UniquePart};
use tenon_query::{
    Action, Aggregate, Answer, AuthorizedTable, ColumnRef, CompareOp, Deleted, GroupKey, GroupTerm, Having, Measure, Params, Predicate,
    Read, RefOp,
};
use tenon_store::{AT_ONCE_MAX, MetadataTx, Store, StoreError};
use tenon_value::{DateTime, ElementId, Name, Value};

use crate::compute::Computed;
use crate::judge::{Judged, Question};
use crate::{Operation, PackagesError, Plan, Risk};

/// Sets of equal records counted at most: more are told as this many.
const DUPLICATES_COUNTED_MAX: i64 = 1_000;

const EMPTY_BEFORE_REQUIRED: &str = "fill it in these records first";
const DUPLICATES_BEFORE_UNIQUE: &str = "records have equal values: make them differ first";

/// Where records are counted.
pub(crate) enum Gauge<'a> {
    /// From outside any change, while others write: what it says may have moved when the plan is applied.
    Reading(Box<Reading<'a>>),
    /// Under the exclusive model lock. Equal records are found by the making of the index.
    Locked(&'a mut MetadataTx),
}

/// Reading on somebody's behalf, in the model as it is.
pub(crate) struct Reading<'a> {
    store: &'a Store,
    cx: OpContext,
    current: Arc<Model>,
    policy: Policy,
}

/// Answers all questions of a draft's steps: the plan.
pub(crate) async fn settle(gauge: &mut Gauge<'_>, computed: &mut Computed, now: DateTime) -> Result<Plan, PackagesError> {
    let before = Arc::clone(&computed.before);
    let mut rows = HashMap::new();
    let mut operations = Vec::with_capacity(computed.steps.len());
    for Judged { mut operation, object, questions, can_wait } in std::mem::take(&mut computed.steps) {
        let object = object.and_then(|id| before.objects.iter().find(|one| one.id == id)).filter(|_| !questions.is_empty());
        if let Some(object) = object {
            let known = match rows.get(&object.id) {
                Some(known) => *known,
                None => gauge.row_count(object).await?,
            };
            rows.insert(object.id, known);
            operation.rows = Some(known);
            let can_wait = can_wait && known > AT_ONCE_MAX;
            for question in questions.into_iter().filter(|_| known > 0) {
                // Under the lock nobody looks through many records: the job does, first of all.
                if can_wait && question.is_of_shape() {
                    operation.left_to_job();
                    if matches!(gauge, Gauge::Locked(_)) {
                        continue;
                    }
                }
                gauge.answer(&mut operation, object, question, computed.after.as_ref()).await?;
            }
        }
        operations.push(operation);
    }
    Ok(Plan::new(computed.base, operations, std::mem::take(&mut computed.diagnostics), now))
}

impl<'a> Gauge<'a> {
    pub(crate) fn reading(store: &'a Store, cx: &OpContext, current: Arc<Model>) -> Self {
        let mut cx = cx.clone();
        cx.model = Arc::clone(&current);
        let policy = Policy::resolve(&current, &Principal::system());
        Self::Reading(Box::new(Reading { store, cx, current, policy }))
    }

    async fn answer(
        &mut self,
        operation: &mut Operation,
        object: &Object,
        question: Question,
        after: Option<&Model>,
    ) -> Result<(), PackagesError> {
        match question {
            Question::Rows => {}
            Question::Ends(ends) => {
                let (ends, rows) = (ends.join("`, `"), operation.rows.unwrap_or_default());
                operation.text += &format!("; fills in `{ends}` beside each of {rows} records");
            }
            Question::NoRows(help) => {
                operation.violations = operation.rows;
                operation.blocked(help);
            }
            Question::Filled(id) => {
                let (rows, empty) = (operation.rows.unwrap_or_default(), self.empty(object, id).await?);
                operation.rows = Some(rows.saturating_sub(empty));
            }
            Question::NoNulls(id) => {
                let empty = self.empty(object, id).await;
                operation.found(counted(empty, operation.risk)?, EMPTY_BEFORE_REQUIRED);
            }
            Question::Convert | Question::Fill => operation.left_to_job(),
            Question::NoDuplicates(name) => {
                let Self::Reading(reading) = self else { return Ok(()) };
                let sets = reading.duplicates(object, &name, after).await;
                operation.found(counted(sets, operation.risk)?, DUPLICATES_BEFORE_UNIQUE);
            }
        }
        Ok(())
    }

    async fn row_count(&mut self, object: &Object) -> Result<u64, PackagesError> {
        match self {
            Self::Reading(reading) => Ok(reading.store.row_count(&reading.current, object.ix).await?),
            Self::Locked(tx) => Ok(tx.row_count(object).await?),
        }
    }

    /// Records with nothing in a field or relation.
    async fn empty(&mut self, object: &Object, id: ElementId) -> Result<u64, PackagesError> {
        match self {
            Self::Reading(reading) => reading.empty(object, id).await,
            Self::Locked(tx) => {
                let field = object.fields.iter().find(|field| field.id == id).and_then(|field| field.columns.first());
                let relation = object.relations.iter().find(|relation| relation.id == id && !relation.column.is_empty());
                let column = field.map(|column| column.name.clone()).or_else(|| relation.map(|relation| relation.column.clone()));
                match column {
                    Some(column) => Ok(tx.null_count(object, &[column]).await?),
                    None => Ok(tx.row_count(object).await?),
                }
            }
        }
    }
}

impl Reading<'_> {
    fn table(&self, object: &Object) -> Option<AuthorizedTable> {
        self.policy.whole(&self.current, object.ix, Action::Read).ok()
    }

    /// Live records with nothing in a field or relation.
    async fn empty(&self, object: &Object, id: ElementId) -> Result<u64, PackagesError> {
        let field = object.fields.iter().find(|field| field.id == id && !field.columns.is_empty());
        let relation = object.relations.iter().find(|relation| relation.id == id && !matches!(relation.shape, RelationShape::Many(_)));
        let filter = match (field, relation) {
            (Some(field), _) => {
                let part = field.columns.first().map_or(Part::Whole, |column| column.part);
                Predicate::IsNull(ColumnRef { field: field.ix, part })
            }
            (None, Some(relation)) => Predicate::Ref { relation: relation.ix, op: RefOp::IsNull },
            // Not there yet: every record lacks it.
            (None, None) => Predicate::yes(),
        };
        let Some(table) = self.table(object) else { return Ok(0) };
        let read = Aggregate::counting(table, Some(filter));
        let groups = self.groups(read, &Params::default()).await?;
        Ok(groups.first().and_then(|group| group.first()).map_or(0, as_count))
    }

    /// Sets of live records that agree in a unique key of the model after.
    async fn duplicates(&self, object: &Object, key: &Name, after: Option<&Model>) -> Result<u64, PackagesError> {
        let planned = after.and_then(|model| model.objects.iter().find(|one| one.id == object.id));
        let Some((planned, key)) = planned.and_then(|planned| Some((planned, planned.unique.iter().find(|one| one.name == *key)?))) else {
            return Ok(0);
        };
        let mut keys = Vec::new();
        let mut filled = Vec::new();
        for part in &key.parts {
            let Some((term, empty)) = term(object, planned, *part) else { return Ok(0) };
            keys.push(GroupKey { hops: Vec::new(), term });
            filled.push(Predicate::Not(Box::new(empty)));
        }
        let Some(table) = self.table(object) else { return Ok(0) };
        let mut params = Params::default();
        let one = params.push(Value::Int(1));
        let first = params.push(Value::Int(DUPLICATES_COUNTED_MAX));
        let read = Aggregate {
            table,
            filter: Some(Predicate::All(filled)),
            deleted: Deleted::Exclude,
            keys,
            measures: vec![Measure::count()],
            having: Some(Having::Compare { measure: 0, op: CompareOp::Gt, with: one }),
            order: Vec::new(),
            first: Some(first),
        };
        let groups = self.groups(read, &params).await?;
        Ok(u64::try_from(groups.len()).unwrap_or(u64::MAX))
    }

    /// The measures of each group.
    async fn groups(&self, read: Aggregate, params: &Params) -> Result<Vec<Vec<Value>>, PackagesError> {
        let prepared = self.store.prepare(&self.current, Read::Aggregate(read))?;
        match self.store.read(&self.cx, &prepared, params).await? {
            Answer::Groups(groups) => Ok(groups.into_iter().map(|group| group.measures).collect()),
            Answer::Page(_) => Ok(Vec::new()),
        }
    }
}

/// A part of a planned key in the model as it is, with the condition that it is empty. None where it is new too.
fn term(object: &Object, planned: &Object, part: UniquePart) -> Option<(GroupTerm, Predicate)> {
    match part {
        UniquePart::Field(ix) => {
            let id = planned.field(ix)?.id;
            let field = object.fields.iter().find(|field| field.id == id)?;
            let part = if field.column(Part::Fold).is_some() { Part::Fold } else { field.columns.first()?.part };
            let column = ColumnRef { field: field.ix, part };
            Some((GroupTerm::Column(column), Predicate::IsNull(column)))
        }
        UniquePart::Relation(ix) => {
            let id = planned.relation(ix)?.id;
            let relation = object.relations.iter().find(|relation| relation.id == id)?;
            Some((GroupTerm::Relation(relation.ix), Predicate::Ref { relation: relation.ix, op: RefOp::IsNull }))
        }
    }
}

/// A count, or none where there is more than can be looked through while somebody waits: then the job counts, first of all.
fn counted(count: Result<u64, PackagesError>, risk: Risk) -> Result<Option<u64>, PackagesError> {
    match count {
        Err(PackagesError::Store(StoreError::Limit { .. } | StoreError::Timeout)) if risk == Risk::Job => Ok(None),
        count => count.map(Some),
    }
}

fn as_count(value: &Value) -> u64 {
    match value {
        Value::Int(count) => u64::try_from(*count).unwrap_or_default(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_can_count_while_somebody_waits_is_left_to_the_job() {
        let limit = || Err(PackagesError::Store(StoreError::Limit { limit: "groups_scanned", max: 100_000 }));
        assert!(matches!(counted(limit(), Risk::Job), Ok(None)));
        assert!(matches!(counted(Err(PackagesError::Store(StoreError::Timeout)), Risk::Job), Ok(None)));
        assert!(counted(limit(), Risk::Instant).is_err(), "where no job counts, nobody would");
        assert!(matches!(counted(Ok(7), Risk::Job), Ok(Some(7))));
    }
}
