//! The root fields of a query.

use tenon_access::Place;
use tenon_context::ActorKind;
use tenon_diagnostics::{InputPath, Problem, Problems};
use tenon_model::{Object, ObjectIx, Part as ColumnPart, Special, system};
use tenon_query::{Action, Call, Deleted, Output, Param, Params, Predicate, Read, Select, SortBy, Window};
use tenon_value::{Json, RecordId, Uuid, Value};

use super::page::PageOf;
use super::search::Found;
use super::{Lower, Shared, null_operand, scalars};
use crate::collect::Collected;
use crate::explain::Question;
use crate::jobs::JobsAsked;
use crate::limits;
use crate::schema::introspect;
use crate::shape::{CalledShape, GroupShape, PageShape, RecordShape, Sub};
use crate::syntax::ast::{Operation, Value as Input};

/// A root field, planned.
pub(crate) struct Root<'a> {
    pub(crate) key: &'a str,
    pub(crate) location: (u32, u32),
    /// The field may be null, so its failure does not null the answer.
    pub(crate) nullable: bool,
    pub(crate) work: Result<Work<'a>, Problems>,
}

/// A read with its values.
pub(crate) struct Planned {
    pub(crate) read: Read,
    pub(crate) params: Params,
}

/// A record that is named by its id: which, and which value of the plan that is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named {
    pub(crate) param: Param,
    pub(crate) id: RecordId,
}

impl Named {
    fn predicate(self) -> Predicate {
        Predicate::equals(system::ID, ColumnPart::Whole, self.param)
    }
}

/// What a root field takes.
pub(crate) enum Work<'a> {
    /// Nothing: it is known.
    Fixed(Json),
    One(Planned, RecordShape<'a>, Option<Named>),
    Page(Planned, PageShape<'a>),
    Groups(Planned, Box<GroupShape<'a>>),
    /// Why somebody may or may not, or who may.
    Question((ObjectIx, RecordId), Question, Vec<Sub<'a>>),
    /// Jobs the caller may know of.
    Jobs(JobsAsked, Vec<Sub<'a>>),
    /// A plugin is asked.
    Called(Call, CalledShape<'a>),
    /// What is found in several objects, the best first.
    Search(Box<Found<'a>>),
    /// Records of several objects, in the order of their references.
    Records(Vec<(Planned, RecordShape<'a>)>, Vec<(Option<usize>, Uuid)>),
}

/// Plans every root field of a query.
pub(crate) fn query<'a>(shared: Shared<'a>, operation: &'a Operation) -> Vec<Root<'a>> {
    let collected = shared.collector.collect(&operation.selection, |condition| condition == "Query");
    collected.iter().filter_map(|collected| root(shared, collected)).collect()
}

fn root<'a>(shared: Shared<'a>, collected: &Collected<'a>) -> Option<Root<'a>> {
    let field = collected.first()?;
    let pos = field.pos();
    let mut lower = Lower::new(shared);
    let definition = shared.schema.ty("Query").and_then(|query| shared.schema.field(query, &field.name.text));
    let nullable = definition.is_none_or(|definition| !definition.ty.is_non_null());
    let work = lower.root(shared, collected);
    let work = match (lower.problems.into_result(), work) {
        (Err(problems), _) => Err(problems),
        (Ok(()), Some(work)) => Ok(work),
        (Ok(()), None) => Ok(Work::Fixed(Json::Null)),
    };
    Some(Root { key: collected.key, location: (pos.line, pos.column), nullable, work })
}

impl<'a> Lower<'a> {
    fn root(&mut self, shared: Shared<'a>, collected: &Collected<'a>) -> Option<Work<'a>> {
        let name = &*collected.first()?.name.text;
        match name {
            "__typename" => return Some(Work::Fixed(Json::from("Query"))),
            "__schema" | "__type" => return Some(Work::Fixed(introspect(self.schema, self.collector, &collected.fields))),
            "me" => return Some(Work::Fixed(self.me(collected))),
            "record" => return self.any_record(collected),
            "records" => return self.records(collected),
            "search" => return self.hits(collected),
            "explainAccess" | "whoCanSee" => return self.question(collected),
            "job" | "jobs" => return self.jobs(collected),
            _ => {}
        }
        let objects = self.view.objects();
        for object in objects {
            if object.graphql.single == name {
                return self.single(object, collected);
            }
            if object.graphql.plural == name {
                return self.plural(object, collected);
            }
            if name.strip_suffix("Aggregate") == Some(object.graphql.plural.as_str()) {
                return self.aggregate(object, collected);
            }
        }
        self.plugin_query(shared, name, collected)
    }

    fn deleted(&self, collected: &Collected<'a>) -> Deleted {
        let word = collected.first().and_then(|field| self.collector.argument(field, "deleted")).and_then(Input::as_text);
        match word {
            Some("ONLY") => Deleted::Only,
            Some("INCLUDE") => Deleted::Include,
            _ => Deleted::Exclude,
        }
    }

    pub(super) fn deleted_argument(&self, collected: &Collected<'a>) -> Deleted {
        self.deleted(collected)
    }

    fn plural(&mut self, object: &'a Object, collected: &Collected<'a>) -> Option<Work<'a>> {
        let name = &object.graphql.type_name;
        let of = PageOf {
            target: object,
            context: object.id.0.to_string(),
            type_name: format!("{name}Connection"),
            edge_type: format!("{name}Edge"),
            link: None,
            default: limits::PAGE_DEFAULT,
            deleted: self.deleted(collected),
            place: Place::Root,
        };
        let (select, shape) = self.page(of, collected)?;
        Some(Work::Page(self.planned(select), shape))
    }

    pub(super) fn planned(&mut self, select: Select) -> Planned {
        let joins = joins(&select);
        if joins > limits::JOINS {
            self.problems.push(Problem::exhausted("joins", limits::JOINS, joins));
        }
        Planned { read: Read::Select(select), params: std::mem::take(&mut self.params) }
    }

    fn single(&mut self, object: &'a Object, collected: &Collected<'a>) -> Option<Work<'a>> {
        let field = collected.first()?;
        let (collector, root) = (self.collector, InputPath::default());
        let given = |name: &str| collector.input(field, name).filter(|value| !value.is_null());
        let mut named = None;
        let filter = match (given("id"), given("by")) {
            (Some(id), None) => {
                named = self.named(&id, &root.key("id"));
                named.map(Named::predicate)
            }
            (None, Some(by)) => self.key(object, &by, &root.key("by")).map(|key| self.key_predicate(object, &key)),
            _ => {
                self.wrong(&root, Problem::invalid("required", "give exactly one of `id` and `by`", "`id` 和 `by` 必须且只能给一个"));
                None
            }
        };
        let deleted = self.deleted(collected);
        self.one(object, collected, (filter, deleted), named.filter(|_| deleted == Deleted::Exclude))
    }

    fn named(&mut self, id: &Input, path: &InputPath) -> Option<Named> {
        match scalars::id(id) {
            Ok(id) => Some(Named { param: self.param(Value::Id(id)), id: RecordId(id) }),
            Err(problem) => {
                self.wrong(path, problem);
                None
            }
        }
    }

    fn one(
        &mut self,
        object: &'a Object,
        collected: &Collected<'a>,
        (filter, deleted): (Option<Predicate>, Deleted),
        named: Option<Named>,
    ) -> Option<Work<'a>> {
        let table = self.table(object.ix, Action::Read, Place::Root)?;
        let mut output = Output::default();
        let shape = self.record(object, &collected.fields, &mut output);
        // Without a filter something was wrong with the key, and is already noted.
        let filter = Some(filter.unwrap_or_else(Predicate::no));
        let select = Select { table, filter, deleted, order: Vec::new(), window: Window::One, output, count: None };
        Some(Work::One(self.planned(select), shape, named))
    }

    pub(super) fn object_named(&self, name: Option<&str>) -> Option<&'a Object> {
        let object = self.view.model.object_named(name?)?;
        self.view.object(object.ix)
    }

    fn any_record(&mut self, collected: &Collected<'a>) -> Option<Work<'a>> {
        let field = collected.first()?;
        let id = self.collector.argument(field, "id")?;
        let named = self.named(id, &InputPath::default().key("id"));
        let object = self.object_named(self.collector.argument(field, "object").and_then(Input::as_text))?;
        self.one(object, collected, (named.map(Named::predicate), Deleted::Exclude), named)
    }

    fn question(&mut self, collected: &Collected<'a>) -> Option<Work<'a>> {
        let (field, collector, root) = (collected.first()?, self.collector, InputPath::default());
        let mut id = |name: &'static str| {
            let given = collector.argument(field, name).filter(|id| !id.is_null())?;
            match scalars::id(given) {
                Ok(id) => Some(id),
                Err(problem) => {
                    self.wrong(&root.key(name), problem);
                    None
                }
            }
        };
        let (record, principal, after) = (id("id"), id("principal"), id("after"));
        let question = if &*field.name.text == "whoCanSee" {
            let first = collector.argument(field, "first").and_then(Input::as_int).unwrap_or(50);
            let first = self.size(first, &root.key("first"))?;
            Question::Who(usize::try_from(first).unwrap_or_default(), after)
        } else {
            Question::Why(principal)
        };
        let subs = self.subs(&collected.fields);
        let Some(object) = self.object_named(collector.argument(field, "object").and_then(Input::as_text)) else {
            return Some(Work::Fixed(if matches!(question, Question::Who(..)) { Json::Array(Vec::new()) } else { Json::Null }));
        };
        Some(Work::Question((object.ix, RecordId(record?)), question, subs))
    }

    fn jobs(&mut self, collected: &Collected<'a>) -> Option<Work<'a>> {
        let (field, collector, root) = (collected.first()?, self.collector, InputPath::default());
        let given = |name: &str| collector.input(field, name).filter(|value| !value.is_null());
        let mut id = |text: &Input, (name, rule): (&'static str, &'static str)| match scalars::id(text) {
            Ok(id) => Some(id),
            Err(problem) => {
                let problem =
                    if rule == "cursor" { Problem::invalid("cursor", "this is no cursor of this list", "游标无效") } else { problem };
                self.wrong(&root.key(name), problem);
                None
            }
        };
        let asked = if &*field.name.text == "job" {
            JobsAsked::One(id(given("id")?.as_ref(), ("id", "id"))?)
        } else {
            let after = match given("after") {
                Some(after) => Some(id(after.as_ref(), ("after", "cursor"))?),
                None => None,
            };
            let first = given("first").and_then(|first| first.as_int()).unwrap_or(i64::try_from(limits::PAGE_DEFAULT).unwrap_or(50));
            let first = self.size(first, &root.key("first"))?;
            let words = |name: &str| -> Vec<String> {
                let list = given(name);
                list.iter().flat_map(|list| list.elements()).filter_map(Input::as_text).map(str::to_owned).collect()
            };
            JobsAsked::Page { kinds: words("kinds"), states: words("states"), after, first: u32::try_from(first).unwrap_or_default() }
        };
        Some(Work::Jobs(asked, self.subs(&collected.fields)))
    }

    fn records(&mut self, collected: &Collected<'a>) -> Option<Work<'a>> {
        let field = collected.first()?;
        let refs = self.collector.input(field, "refs")?;
        let path = InputPath::default().key("refs");
        let elements = refs.elements();
        if elements.len() as u64 > limits::IN_VALUES {
            self.wrong(&path, Problem::exhausted("in_values", limits::IN_VALUES, elements.len() as u64));
            return None;
        }
        let mut groups: Vec<(ObjectIx, Vec<Value>)> = Vec::new();
        let mut order = Vec::with_capacity(elements.len());
        for (at, element) in elements.iter().enumerate() {
            let id = match element.get("id").ok_or_else(null_operand).and_then(scalars::id) {
                Ok(id) => id,
                Err(problem) => {
                    self.wrong(&path.index(at).key("id"), problem);
                    continue;
                }
            };
            let object = self.object_named(element.get("object").and_then(Input::as_text));
            let group = object.map(|object| {
                groups.iter().position(|(known, _)| *known == object.ix).unwrap_or_else(|| {
                    groups.push((object.ix, Vec::new()));
                    groups.len() - 1
                })
            });
            if let Some((_, ids)) = group.and_then(|group| groups.get_mut(group)) {
                ids.push(Value::Id(id));
            }
            order.push((group, id));
        }
        let mut reads = Vec::with_capacity(groups.len());
        for (ix, ids) in groups {
            let object = self.view.object(ix)?;
            reads.push(self.by_ids(object, &collected.fields, ids, (Deleted::Exclude, Place::Root))?);
        }
        Some(Work::Records(reads, order))
    }

    /// Records of one object by their ids, in any order.
    pub(super) fn by_ids(
        &mut self,
        object: &'a Object,
        fields: &[&'a crate::syntax::ast::Field],
        ids: Vec<Value>,
        (deleted, place): (Deleted, Place),
    ) -> Option<(Planned, RecordShape<'a>)> {
        let outer = std::mem::take(&mut self.params);
        let table = self.table(object.ix, Action::Read, place)?;
        let list = self.param(Value::List(ids));
        let mut output = Output::default();
        let shape = self.record(object, fields, &mut output);
        let filter = Some(Predicate::In { column: tenon_query::ColumnRef::whole(system::ID), list });
        let select = Select { table, filter, deleted, order: Vec::new(), window: Window::All, output, count: None };
        let planned = self.planned(select);
        self.params = outer;
        Some((planned, shape))
    }

    fn me(&self, collected: &Collected<'a>) -> Json {
        let principal = &self.cx.principal;
        let members = self.subs(&collected.fields).into_iter().map(|sub| {
            let value = match sub.name {
                "id" => Json::from(principal.id.to_string()),
                "kind" => Json::from(principal.kind.word().to_uppercase()),
                "display" => Json::from(principal.display.as_str()),
                "locale" => Json::from(self.cx.locale.code()),
                "roles" => principal.roles.iter().map(|role| Json::from(role.as_str())).collect(),
                "rights" => self.rights().into_iter().map(Json::from).collect(),
                _ => Json::from("Me"),
            };
            (sub.key.to_owned(), value)
        });
        Json::Object(members.collect())
    }

    fn rights(&self) -> Vec<&'static str> {
        let policy = self.view.policy;
        let mut rights: Vec<&'static str> =
            Special::ALL.into_iter().filter(|special| policy.may_special(*special)).map(Special::word).collect();
        if self.cx.principal.kind != ActorKind::PortalUser && self.view.objects().any(|object| policy.may(object.ix, Action::Destroy)) {
            rights.push("destroy");
        }
        rights
    }
}

impl<'a> Lower<'a> {
    /// Records of one object by ids still to come (the first parameter), with one shape per selection over one read.
    pub(super) fn by_ids_in_shapes(
        &mut self,
        object: &'a Object,
        selections: &[Vec<&'a crate::syntax::ast::Field>],
    ) -> Option<(Planned, Vec<RecordShape<'a>>)> {
        self.by_ids_at(object, selections, (Deleted::Include, Place::Returning))
    }

    /// The same for records that somebody is told of.
    pub(super) fn by_ids_live(
        &mut self,
        object: &'a Object,
        selections: &[Vec<&'a crate::syntax::ast::Field>],
    ) -> Option<(Planned, Vec<RecordShape<'a>>)> {
        self.by_ids_at(object, selections, (Deleted::Exclude, Place::Live))
    }

    fn by_ids_at(
        &mut self,
        object: &'a Object,
        selections: &[Vec<&'a crate::syntax::ast::Field>],
        (deleted, place): (Deleted, Place),
    ) -> Option<(Planned, Vec<RecordShape<'a>>)> {
        self.params = Params::default();
        let table = self.table(object.ix, Action::Read, place)?;
        let list = self.param(Value::List(Vec::new()));
        let mut output = Output::default();
        let shapes = selections.iter().map(|fields| self.record(object, fields, &mut output)).collect();
        let filter = Some(Predicate::In { column: tenon_query::ColumnRef::whole(system::ID), list });
        let select = Select { table, filter, deleted, order: Vec::new(), window: Window::All, output, count: None };
        Some((self.planned(select), shapes))
    }
}

/// Tables that the largest statement of a selection joins: a relation to one record is a join, a list a statement of its own.
fn joins(select: &Select) -> u64 {
    fn of(output: &Output, lists: &mut u64) -> u64 {
        for many in &output.manys {
            *lists = (*lists).max(joins(&many.select));
        }
        output.ones.iter().map(|one| 1 + of(&one.output, lists)).sum()
    }
    fn hops(by: &SortBy) -> u64 {
        match by {
            SortBy::Column { .. } | SortBy::Relevance(_) => 0,
            SortBy::ToOne { by, .. } => 1 + hops(by),
        }
    }
    let mut lists = 0;
    let here = of(&select.output, &mut lists) + select.order.iter().map(|order| hops(&order.by)).sum::<u64>();
    here.max(lists)
}
