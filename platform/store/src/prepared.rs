//! A read made ready once and asked many times.

use std::sync::Arc;

use tenon_model::Model;
use tenon_query::Read;

use crate::lower::aggregate::{self, AggregatePlan};
use crate::lower::output::Node;
use crate::lower::select::{self, Probe, SelectPlan, WindowPlan};
use crate::lower::statement::Statement;
use crate::{Dialect, StoreError};

/// A read, lowered to statements for one model version. Shared by requests; holds no values.
#[derive(Debug)]
pub struct Prepared {
    model: Arc<Model>,
    pub(crate) plan: Plan,
    weight: usize,
}

#[derive(Debug)]
pub(crate) enum Plan {
    Select(Box<SelectPlan>),
    Aggregate(Box<AggregatePlan>),
}

impl Prepared {
    pub(crate) fn new(model: &Arc<Model>, dialect: Dialect, read: &Read) -> Result<Self, StoreError> {
        let plan = match read {
            Read::Select(select) => Plan::Select(Box::new(select::root(model, dialect, select)?)),
            Read::Aggregate(aggregate) => Plan::Aggregate(Box::new(aggregate::lower(model, dialect, aggregate)?)),
        };
        let mut weight = 0;
        plan.each_statement(&mut |statement| weight += statement.weight());
        Ok(Self { model: Arc::clone(model), plan, weight })
    }

    /// The model it was made for.
    #[must_use]
    pub const fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// Bytes it takes in memory, for caches that weigh.
    #[must_use]
    pub const fn weight(&self) -> usize {
        self.weight
    }

    /// The SQL of each statement, for `explain` and tests; never shown to callers of the API.
    #[must_use]
    pub fn statements(&self) -> Vec<String> {
        let mut texts = Vec::new();
        self.plan.each_statement(&mut |statement| texts.push(statement.sql.to_string()));
        texts
    }
}

impl Plan {
    pub(crate) fn each_statement(&self, visit: &mut dyn FnMut(&Statement)) {
        match self {
            Self::Select(plan) => of_select(plan, visit),
            Self::Aggregate(plan) => {
                visit(&plan.statement);
                plan.ranked.iter().for_each(|ranked| visit(&ranked.statement));
            }
        }
    }
}

fn of_select(plan: &SelectPlan, visit: &mut dyn FnMut(&Statement)) {
    visit(&plan.statement);
    if let Some((count, _)) = &plan.count {
        visit(count);
    }
    if let WindowPlan::Page { after, before, .. } = &plan.window {
        for probe in [after, before] {
            if let Some(Probe::Asked(statement)) = probe {
                visit(statement);
            }
        }
    }
    of_node(&plan.node, visit);
}

fn of_node(node: &Node, visit: &mut dyn FnMut(&Statement)) {
    node.ones.iter().for_each(|one| of_node(one, visit));
    node.manys.iter().for_each(|many| of_select(&many.select, visit));
    for history in &node.histories {
        visit(&history.versions);
        visit(&history.current);
    }
}
