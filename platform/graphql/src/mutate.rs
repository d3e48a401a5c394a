//! Planned writes → the record pipeline → bytes.

use std::sync::{Arc, Mutex, PoisonError};

use tenon_access::{Place, Policy};
use tenon_context::OpContext;
use tenon_diagnostics::Problem;
use tenon_model::ObjectIx;
use tenon_query::{Action, ColumnRef, Deleted, Output, Params, Predicate, Read, Select, Window, Write};
use tenon_records::{Mutation, Pipeline, RecordsError, Step, StepAnswer, StepOutcome};
use tenon_store::StoreError;
use tenon_value::{Uuid, Value};

use crate::GraphqlRequest;
use crate::cost::Cost;
use crate::documents::told;
use crate::execute::Reader;
use crate::lower::{self, Failed, IDS, Located, MutationPlan, MutationRoot, Planned, Shared};
use crate::respond::{Errors, response};
use crate::shape::{MutationShape, Out, ReadInClear, Scene};
use crate::stack::deep;
use crate::syntax::ast::Operation;

/// What became of a mutation.
pub(crate) enum Mutated {
    /// The response, and whether it is a stored one.
    Done(Vec<u8>, bool),
    /// Nothing happened; why.
    Failed(Errors),
    /// The document's own inputs make no sense (a null operand): nothing was begun.
    Rejected(Errors),
    /// The model moved.
    Stale,
}

/// Runs a mutation.
pub(crate) async fn run(
    reader: &Reader<'_>,
    pipeline: &Pipeline,
    (shared, operation): (Shared<'_>, &Operation),
    request: &GraphqlRequest,
    cost: &Cost,
) -> Mutated {
    let cx = reader.cx;
    let plan = match plan(reader, shared, operation).await {
        Ok(Ok(plan)) => plan,
        Ok(Err(failed)) => {
            let mut errors = Errors::default();
            for (key, location, problems) in &failed {
                errors.add(cx, Some((key, *location)), problems);
            }
            let is_null = |problem: &Problem| problem.rule.as_deref() == Some("null_operand");
            let rejected = failed.iter().all(|(_, _, problems)| problems.as_slice().iter().all(is_null));
            return if rejected { Mutated::Rejected(errors) } else { Mutated::Failed(errors) };
        }
        Err(StoreError::StaleModel) => return Mutated::Stale,
        Err(error) => return one_error(cx, &told(&error)),
    };
    let mut roots = plan.roots;
    let mut mutation = Mutation { steps: Vec::new(), idempotency: request.idempotency.clone() };
    for root in &mut roots {
        let Some((mut write, answer)) = root.step.take() else { continue };
        if let Write::Later(later) = &mut write {
            later.payload = crate::jobs::payload(request, root.key);
        }
        let answer = match answer {
            Some(planned) => match reader.prepare(planned.read) {
                Ok(prepared) => Some(StepAnswer { prepared, params: planned.params, ids: IDS }),
                Err(StoreError::StaleModel) => return Mutated::Stale,
                Err(error) => return one_error(cx, &told(&error)),
            },
            None => None,
        };
        mutation.steps.push(Step { write, answer });
    }
    let policy = &reader.valid.schema.policy;
    let settings = &reader.valid.schema.model.settings;
    let scene = Scene { locale: cx.locale, base_currency: &settings.base_currency, files: &reader.files };
    let clear = Mutex::new(ReadInClear::default());
    let respond = |outcomes: &[StepOutcome]| {
        let (bytes, read) = body(cx, &roots, outcomes, &scene, cost);
        *clear.lock().unwrap_or_else(PoisonError::into_inner) = read;
        Ok::<_, Problem>(bytes)
    };
    match pipeline.run(cx, policy, &mutation, &respond).await {
        Ok(done) => {
            reader.note(&clear.into_inner().unwrap_or_else(PoisonError::into_inner));
            Mutated::Done(done.response, done.replayed)
        }
        Err(RecordsError::StaleModel) => Mutated::Stale,
        Err(error) => refused(cx, &roots, &error),
    }
}

#[tracing::instrument(name = "graphql.shape", skip_all)]
fn body(cx: &OpContext, roots: &[MutationRoot<'_>], outcomes: &[StepOutcome], scene: &Scene<'_>, cost: &Cost) -> (Vec<u8>, ReadInClear) {
    let mut out = Out::begin();
    let mut outcomes = outcomes.iter();
    let mut of_roots = Vec::with_capacity(roots.len());
    out.object(
        roots,
        |root| root.key,
        |out, root| {
            let outcome = if matches!(root.shape, MutationShape::TypeName) { None } else { outcomes.next() };
            // The field itself is counted by then.
            let before = out.fields - 1;
            out.outcome(&root.shape, outcome, scene);
            of_roots.push(out.fields - before);
        },
    );
    let cost = Cost { actual: out.fields, of_roots, ..cost.clone() };
    (response(cx, Some(&out.bytes), &Errors::default(), &cost), out.clear)
}

fn one_error(cx: &OpContext, problem: &Problem) -> Mutated {
    let mut errors = Errors::default();
    errors.push(cx, None, problem);
    Mutated::Failed(errors)
}

fn refused(cx: &OpContext, roots: &[MutationRoot<'_>], error: &RecordsError) -> Mutated {
    let mut errors = Errors::default();
    match error {
        RecordsError::Problems { step, problems } => {
            let root = step.and_then(|step| roots.iter().filter(|root| !matches!(root.shape, MutationShape::TypeName)).nth(step));
            errors.add(cx, root.map(|root| (root.key, root.location)), problems);
        }
        error => errors.push(cx, None, &told(error)),
    }
    Mutated::Failed(errors)
}

/// Plans a mutation; ids of polymorphic references are looked up first, and it is planned again.
pub(crate) async fn plan<'a>(
    reader: &Reader<'_>,
    shared: Shared<'a>,
    operation: &'a Operation,
) -> Result<Result<MutationPlan<'a>, Vec<Failed<'a>>>, StoreError> {
    let lower = |located: &Located| {
        tracing::info_span!("graphql.lower")
            .in_scope(|| deep(reader.levels, || lower::mutation(shared, operation, located)))
            .map_err(|_| StoreError::Busy)
    };
    let plan = lower(&Located::new())?;
    let unlocated = match &plan {
        Ok(plan) if !plan.unlocated.is_empty() => &plan.unlocated,
        _ => return Ok(plan),
    };
    let mut objects: Vec<(ObjectIx, Vec<Uuid>)> = Vec::new();
    for (targets, id) in unlocated {
        for target in targets {
            match objects.iter_mut().find(|(known, _)| known == target) {
                Some((_, ids)) => ids.push(*id),
                None => objects.push((*target, vec![*id])),
            }
        }
    }
    let mut located = Located::new();
    for (object, ids) in objects {
        if let Some(planned) = by_ids(&reader.valid.schema.model, &reader.valid.schema.policy, object) {
            located.extend(reader.rows_of(planned, ids).await?.into_keys().map(|id| (id, object)));
        }
    }
    lower(&located)
}

fn by_ids(model: &Arc<tenon_model::Model>, policy: &Policy, object: ObjectIx) -> Option<Planned> {
    let table = policy.table(model, object, Action::Read, Place::Connect).ok()?;
    let mut params = Params::default();
    let list = params.push(Value::List(Vec::new()));
    let filter = Some(Predicate::In { column: ColumnRef::whole(tenon_model::system::ID), list });
    let select =
        Select { table, filter, deleted: Deleted::Exclude, order: Vec::new(), window: Window::All, output: Output::default(), count: None };
    Some(Planned { read: Read::Select(select), params })
}
