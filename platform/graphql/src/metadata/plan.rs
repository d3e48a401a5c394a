//! Plans and what came of them, as the metadata API shows them.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, SimpleObject};
use tenon_model::{ElementPath, Model};
use tenon_value::Json;

use super::door::{Failure, door};
use super::report::{self, RuleReport};
use super::scalars::{DateTime, Long};
use super::words::{ApiEffect, Risk};

/// What would be done.
#[derive(SimpleObject)]
pub(super) struct Plan {
    hash: String,
    base: u64,
    empty: bool,
    risk: Risk,
    operations: Vec<Operation>,
    diagnostics: Vec<Diagnostic>,
    expires_at: DateTime,
}

/// One step of a plan.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct Operation {
    path: String,
    op: String,
    risk: Risk,
    api: ApiEffect,
    rows: Option<Long>,
    violations: Option<Long>,
    before: Option<Json>,
    after: Option<Json>,
    text: String,
    help: Option<String>,
    /// The job that goes on with it, once it is applied.
    job: Option<async_graphql::ID>,
    /// The model with the step carried out, where it is known.
    #[graphql(skip)]
    model: Option<Arc<Model>>,
}

#[ComplexObject]
impl Operation {
    /// What the rules it brings come to: those of a role's rights, or of a sharing rule; empty for all other steps.
    async fn report(&self, ctx: &Context<'_>) -> Result<Vec<RuleReport>, Failure> {
        match &self.model {
            Some(model) => report::of_step(door(ctx), &ElementPath(self.path.clone()), model).await,
            None => Ok(Vec::new()),
        }
    }
}

/// Steps with the model they make.
pub(super) fn operations(steps: Vec<tenon_packages::Operation>, model: Option<&Arc<Model>>) -> Vec<Operation> {
    steps.into_iter().map(|step| Operation { model: model.cloned(), ..step.into() }).collect()
}

/// What is wrong with a wish.
#[derive(SimpleObject)]
pub(super) struct Diagnostic {
    code: String,
    severity: String,
    message: String,
    path: Option<String>,
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    end_line: Option<u32>,
    end_column: Option<u32>,
    help: Option<String>,
}

/// Work that goes on in the background. The data API's `job(id)` tells how far it has come.
#[derive(SimpleObject)]
pub(super) struct Job {
    id: async_graphql::ID,
    kind: String,
    /// As it was left: `WAITING`.
    state: String,
    total: Option<Long>,
    done: Long,
    failed: Long,
}

/// The jobs that steps were left to.
pub(super) fn jobs(operations: &[tenon_packages::Operation]) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::new();
    for (step, id) in operations.iter().filter_map(|step| Some((step, step.job?))) {
        let id = async_graphql::ID(id.to_string());
        if jobs.iter().all(|known| known.id != id) {
            let state = tenon_store::JobState::Queued.outside().to_owned();
            // What is in force at once has left no more than indexes.
            let is_shape = step.risk == tenon_packages::Risk::Job;
            let kind = if is_shape { tenon_packages::SHAPE } else { tenon_store::INDEX };
            let total = step.rows.filter(|_| is_shape).map(|rows| Long(rows.saturating_mul(2)));
            jobs.push(Job { id, kind: kind.to_owned(), state, total, done: Long(0), failed: Long(0) });
        }
    }
    jobs
}

/// What was done.
#[derive(SimpleObject)]
pub(super) struct Applied {
    pub(super) version: u64,
    pub(super) operations: Vec<Operation>,
    pub(super) jobs: Vec<Job>,
}

impl From<tenon_packages::Operation> for Operation {
    fn from(one: tenon_packages::Operation) -> Self {
        Self {
            path: one.path,
            op: one.op.word().to_owned(),
            risk: one.risk.into(),
            api: one.api.into(),
            rows: one.rows.map(Long),
            violations: one.violations.map(Long),
            before: one.before,
            after: one.after,
            text: one.text,
            help: one.help,
            job: one.job.map(|id| async_graphql::ID(id.to_string())),
            model: None,
        }
    }
}

impl From<tenon_diagnostics::Diagnostic> for Diagnostic {
    fn from(one: tenon_diagnostics::Diagnostic) -> Self {
        let span = one.span.as_ref();
        Self {
            code: one.code.to_owned(),
            severity: one.severity.word().to_owned(),
            message: one.message,
            path: Some(one.path).filter(|path| !path.is_empty()),
            file: span.map(|span| span.file.clone()),
            line: span.map(|span| span.line),
            column: span.map(|span| span.column),
            end_line: span.map(|span| span.end_line),
            end_column: span.map(|span| span.end_column),
            help: one.help,
        }
    }
}

impl Plan {
    /// A plan, with the model it would make where that is known.
    pub(super) fn of(plan: tenon_packages::Plan, model: Option<Model>) -> Self {
        let model = model.map(Arc::new);
        Self {
            base: plan.base.0,
            empty: plan.is_empty(),
            risk: plan.risk().into(),
            hash: plan.hash,
            operations: operations(plan.operations, model.as_ref()),
            diagnostics: plan.diagnostics.into_iter().map(Into::into).collect(),
            expires_at: DateTime(plan.expires_at),
        }
    }
}
