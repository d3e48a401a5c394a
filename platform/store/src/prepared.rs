//! A read made ready once and asked many times.

use std::sync::Arc;

use tenon_model::{Model, ObjectIx, system};
use tenon_query::{Answer, ColumnRef, Deleted, Output, Page, Param, Params, Predicate, Read, Row, Slot, Window};
use tenon_value::{RecordId, Value};

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
    /// Fields of records named by their ids, where a writer knows them all without reading.
    known: Option<Known>,
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
        Ok(Self { model: Arc::clone(model), plan, known: Known::of(read), weight })
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

    /// The answer, where whoever has written the records knows all of it: `version` gives a record's.
    pub(crate) fn unread(&self, params: &Params, version: &dyn Fn(ObjectIx, RecordId) -> Option<i64>) -> Option<Answer> {
        let known = self.known.as_ref()?;
        known.page(params, &|id| version(known.object, id)).map(Answer::Page)
    }

    /// The SQL of each statement, for `explain` and tests; never shown to callers of the API.
    #[must_use]
    pub fn statements(&self) -> Vec<String> {
        let mut texts = Vec::new();
        self.plan.each_statement(&mut |statement| texts.push(statement.sql.to_string()));
        texts
    }
}

/// A read of nothing but id and version, of records named by their ids, with no rule on rows.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) object: ObjectIx,
    pub(crate) ids: u16,
    /// What is asked for: true is the version.
    pub(crate) versions: Vec<bool>,
}

impl Known {
    fn of(read: &Read) -> Option<Self> {
        let Read::Select(select) = read else { return None };
        let bare = Output { slots: select.output.slots.clone(), ..Output::default() };
        let plain = select.table.rows().is_none() && select.deleted == Deleted::Include && select.window == Window::All;
        if !plain || select.count.is_some() || select.output != bare {
            return None;
        }
        let Some(Predicate::In { column, list: Param::Request(ids) }) = &select.filter else { return None };
        let versions = select.output.slots.iter().map(|slot| match slot {
            Slot::Field(field) if *field == system::ID => Some(false),
            Slot::Field(field) if *field == system::VERSION => Some(true),
            _ => None,
        });
        let versions = versions.collect::<Option<_>>()?;
        (*column == ColumnRef::whole(system::ID)).then_some(Self { object: select.object(), ids: *ids, versions })
    }

    /// The records, if `version` knows each.
    fn page(&self, params: &Params, version: &dyn Fn(RecordId) -> Option<i64>) -> Option<Page> {
        let Value::List(ids) = params.0.get(usize::from(self.ids))? else { return None };
        let row = |id: &Value| {
            let id = id.as_id()?;
            let version = version(RecordId(id))?;
            let values = self.versions.iter().map(|is_version| if *is_version { Value::Int(version) } else { Value::Id(id) }).collect();
            Some(Row { id, values, ..Row::default() })
        };
        Some(Page { rows: ids.iter().map(row).collect::<Option<_>>()?, ..Page::default() })
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
        history.seen.iter().flat_map(|(_, statements)| statements).for_each(&mut *visit);
    }
}
