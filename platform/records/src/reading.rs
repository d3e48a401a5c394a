//! What plugins read: a record by its id, and documents; as the caller within the package's grant.

use std::sync::Arc;

use async_trait::async_trait;
use tenon_access::{Granted, Place as Weave, Policy};
use tenon_context::OpContext;
use tenon_diagnostics::{Kind, Problem};
use tenon_hooks::{Ask, By, Declined, Desk, Fate, Given, Grant, KvAsk, Names, Reading};
use tenon_model::{FieldRight, Model, Object, ObjectIx, RelationShape, Verb, system};
use tenon_query::{Action, Answer, Deleted, Output, Params, Predicate, Read, Record, Row, Select, Slot, Window};
use tenon_store::StoreError;
use tenon_value::{RecordId, Value};

use crate::halt::{Halt, Tried};
use crate::queries::{Place, Source, Watched};
use crate::{Pipeline, plugin_desk};

/// The caller's rights, as far as the package's grant goes; where it acts as itself, what it was granted.
pub(crate) fn limited(model: &Model, caller: &Policy, by: By<'_>) -> Policy {
    let Grant::Records(objects) = by.grant else {
        return if by.itself { Policy::everything() } else { caller.clone() };
    };
    let granted = |object: &Object| objects.iter().find(|granted| granted.object == object.name.as_str());
    let rights: Vec<_> = model
        .objects
        .iter()
        .map(|object| {
            let granted = granted(object);
            move |name: &str| match granted {
                Some(granted) if granted.write.has(name) => FieldRight::Write,
                Some(granted) if granted.read.has(name) => FieldRight::Read,
                _ => FieldRight::None,
            }
        })
        .collect();
    let of = |object: &Object| {
        let granted = granted(object)?;
        let mut verbs = Vec::new();
        if granted.read != Names::Nothing {
            verbs.push(Verb::Read);
        }
        if granted.write != Names::Nothing {
            verbs.extend([Verb::Create, Verb::Update]);
        }
        if granted.write == Names::Everything {
            verbs.extend([Verb::Delete, Verb::Restore]);
        }
        let right = rights.get(usize::from(object.ix.0))?;
        Some(Granted { verbs, right })
    };
    let granted = Policy::granted(model, &of);
    if by.itself { granted } else { caller.within(&granted) }
}

/// What was read, or the words for the plugin.
pub(crate) type Told = Result<Given, Box<Problem>>;

/// One record; none where it is not there, or not to be seen.
pub(crate) async fn record(
    (pipeline, model): (&Pipeline, &Arc<Model>),
    policy: &Policy,
    (object, id): (ObjectIx, RecordId),
    place: Place<'_>,
) -> Tried<Told> {
    let Some(known) = model.object(object) else { return Ok(Err(Box::new(Problem::of_kind(Kind::NotFound)))) };
    let table = match policy.table(model, object, Action::Read, Weave::Root) {
        Ok(table) => table,
        Err(denied) => return Ok(Err(Box::new(tenon_diagnostics::Classify::problem(&denied).object(known.name.as_str())))),
    };
    let fields = || known.active_fields().filter(|field| policy.may_read_field(object, field.ix));
    let one = |shape| matches!(shape, RelationShape::One | RelationShape::Any);
    let relations = || known.active_relations().filter(|relation| one(relation.shape) && policy.may_read_relation(object, relation.ix));
    let slots = fields().map(|field| Slot::Field(field.ix)).chain(relations().map(|relation| Slot::Relation(relation.ix))).collect();
    let mut params = Params::default();
    let wanted = params.push(Value::Id(id.0));
    let select = Select {
        table,
        filter: Some(Predicate::equals(system::ID, tenon_model::Part::Whole, wanted)),
        deleted: Deleted::Exclude,
        order: Vec::new(),
        window: Window::One,
        output: Output { slots, ..Output::default() },
        count: None,
    };
    let prepared = pipeline.store.prepare(model, Read::Select(select))?;
    let mut source = Watched::new(place);
    let answer = source.read(&prepared, &params).await;
    if let Some(error) = source.failed {
        return Err(Halt::Store(error));
    }
    let row = match answer? {
        Answer::Page(page) => page.rows.into_iter().next(),
        Answer::Groups(_) => None,
    };
    let record = row.map(|row: Row| {
        let mut record = Record::empty(known, id);
        let mut values = row.values.into_iter();
        for field in fields() {
            record.set_field(field.ix, values.next().unwrap_or(Value::Null));
        }
        for relation in relations() {
            record.set_relation(relation.ix, values.next().unwrap_or(Value::Null));
        }
        Box::new(record)
    });
    Ok(Ok(Given::Record(record)))
}

/// What a document gives.
pub(crate) async fn document(
    (pipeline, cx): (&Pipeline, &OpContext),
    policy: &Policy,
    (document, variables): (&str, &str),
    place: Place<'_>,
) -> Tried<Told> {
    let Some(queries) = pipeline.queries.get() else {
        return Ok(Err(Box::new(Problem::of_kind(Kind::Unavailable))));
    };
    let mut source = Watched::new(place);
    let data = queries.query(cx, policy, (document, variables), &mut source).await;
    match source.failed {
        Some(error) => Err(Halt::Store(error)),
        None => Ok(data.map(|json| Given::Data(json, source.rows))),
    }
}

/// The desk outside of any transaction: it reads.
pub(crate) struct Outside<'a> {
    pub(crate) pipeline: &'a Pipeline,
    pub(crate) cx: &'a OpContext,
    pub(crate) policy: &'a Policy,
    /// What ended it all.
    pub(crate) halted: Option<StoreError>,
}

#[async_trait]
impl Desk for Outside<'_> {
    async fn serve(&mut self, by: By<'_>, ask: Ask) -> Result<Given, Declined> {
        let (pipeline, cx) = (self.pipeline, self.cx);
        let policy = limited(&cx.model, self.policy, by);
        let place = Place::Store(&pipeline.store, cx);
        let told = match ask {
            Ask::Get(object, id, Reading::Plain) => record((pipeline, &cx.model), &policy, (object, id), place).await,
            Ask::Query(text, variables) => document((pipeline, cx), &policy, (&text, &variables), place).await,
            Ask::Kv(ask @ (KvAsk::Get(_) | KvAsk::List(..))) => plugin_desk::look_up(by, &ask, place).await.map_err(Halt::Store),
            ask @ (Ask::Setting(_) | Ask::Secret(_)) => plugin_desk::given(by, &ask, place).await.map_err(Halt::Store),
            _ => {
                let problem = Problem::forbidden("phase", "a query writes nothing", "查询不能写入");
                return Err(Declined::Told(Box::new(problem)));
            }
        };
        match told {
            Ok(told) => told.map_err(Declined::Told),
            Err(Halt::Store(error)) => {
                self.halted = Some(error);
                Err(Declined::Stopped)
            }
            Err(_) => Err(Declined::Stopped),
        }
    }

    async fn mark(&mut self) -> Result<(), Declined> {
        Ok(())
    }

    async fn settle(&mut self, _: Fate) -> Result<(), Declined> {
        Ok(())
    }
}
