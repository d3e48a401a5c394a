//! Selections and inputs → plans of the query language, with the policy woven in, and the shape of the answer.
//!
//! Runs on validated documents, and still never panics on wrong values: custom scalars are read here, and what does
//! not fit is a problem with its `inputPath`. Every value becomes a parameter of the plan.

mod aggregate;
mod changes;
mod composite;
mod filter;
mod functions;
mod group_by;
mod having;
mod keys;
mod nested;
mod operands;
mod order;
mod page;
mod record;
mod references;
mod rights;
mod roots;
mod scalars;
mod search;
mod writes;

use tenon_access::Place;
use tenon_context::OpContext;
use tenon_diagnostics::{Classify, InputPath, Problem, Problems};
use tenon_model::{Object, ObjectIx};
use tenon_query::{Action, AuthorizedTable, Param, Params};
use tenon_value::Value;

use crate::calendar::Calendar;
use crate::collect::Collector;
use crate::cursor::Signer;
use crate::limits;
use crate::schema::{Schema, TypeKind, View};

pub(crate) use changes::{ByPart, ChangePart, Heard, Listening, Source, listening};
pub(crate) use roots::{Named, Planned, Root, Work, query};
pub(crate) use search::{Found, FoundIn, HitPart};
pub(crate) use writes::{Failed, IDS, Located, MutationPlan, MutationRoot, mutation};

/// What lowering reads and gathers. One per root field.
pub(crate) struct Lower<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) view: View<'a>,
    pub(crate) cx: &'a OpContext,
    pub(crate) collector: &'a Collector<'a>,
    pub(crate) signer: &'a Signer,
    pub(crate) calendar: Calendar,
    pub(crate) params: Params,
    pub(crate) problems: Problems,
    pub(crate) filter_nodes: u64,
    /// Relations that lead to the filter at hand.
    pub(crate) filter_hops: u64,
    pub(crate) in_job: bool,
    pub(crate) exporting: bool,
    /// What the list at hand is searched for.
    pub(crate) search: Option<tenon_query::Search>,
}

/// What lowering of a whole document shares.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) cx: &'a OpContext,
    pub(crate) collector: &'a Collector<'a>,
    pub(crate) signer: &'a Signer,
    /// A job carries out its batch: `mode: JOB` is PARTIAL, of any size.
    pub(crate) in_job: bool,
    /// Records are taken out: the root page stands at a place of its own.
    pub(crate) exporting: bool,
}

impl<'a> Lower<'a> {
    pub(crate) fn new(shared: Shared<'a>) -> Self {
        Self {
            schema: shared.schema,
            view: shared.schema.view(),
            cx: shared.cx,
            collector: shared.collector,
            signer: shared.signer,
            calendar: Calendar::of(&shared.schema.model.settings),
            params: Params::default(),
            problems: Problems::default(),
            filter_nodes: 0,
            filter_hops: 0,
            in_job: shared.in_job,
            exporting: shared.exporting,
            search: None,
        }
    }

    /// Notes a problem at a place of the input.
    pub(crate) fn wrong(&mut self, path: &InputPath, problem: Problem) {
        self.problems.push(problem.at(path.clone()));
    }

    pub(crate) fn param(&mut self, value: Value) -> Param {
        self.params.push(value)
    }

    /// The object, authorized. What is denied was already invisible in the schema, so this fails only between two models.
    pub(crate) fn table(&mut self, object: ObjectIx, action: Action, place: Place) -> Option<AuthorizedTable> {
        match self.view.policy.table(self.view.model, object, action, place) {
            Ok(table) => Some(table),
            Err(denied) => {
                self.problems.push(denied.problem());
                None
            }
        }
    }

    /// Whether a type condition holds of an object's records.
    pub(crate) fn applies(&self, object: &Object, condition: &str) -> bool {
        condition == object.graphql.type_name
            || condition == "Record"
            || matches!(self.schema.ty(condition).map(|ty| &ty.kind), Some(TypeKind::Union(members)) if members.iter().any(|member| **member == *object.graphql.type_name))
    }

    /// Counts a part of a filter.
    pub(crate) fn count_node(&mut self) {
        self.filter_nodes += 1;
        if self.filter_nodes == limits::FILTER_NODES + 1 {
            self.problems.push(Problem::exhausted("filter_nodes", limits::FILTER_NODES, self.filter_nodes));
        }
    }
}

/// An `INVALID null_operand`: null is never "no condition".
pub(crate) fn null_operand() -> Problem {
    Problem::invalid("null_operand", "null is no operand of a filter; use `isNull`", "筛选条件的值不能为 null，请使用 `isNull`")
}
