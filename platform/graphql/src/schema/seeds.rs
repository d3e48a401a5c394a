//! Which types there are, and what each is made of.

use tenon_model::{EdgeKind, FieldIx, FieldKind, LinkIx, ObjectIx, RelationIx, RelationShape};
use tenon_query::Action;

use super::names::{choice_type, edge_stem, link_choice_type, relation_stem};
use super::{TypeDef, View, actions, aggregates, changes, choices, edges, filters, objects, references, roots, writes};

/// The types every object has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Family {
    Type,
    Connection,
    Edge,
    Filter,
    Order,
    Key,
    Ref,
    Many,
    Unique,
    GroupBy,
    GroupKey,
    Aggregate,
    AggregateOrder,
    Having,
    NumbersHaving,
    NumbersOrder,
    Sums,
    Averages,
    Extremes,
    Distinct,
    Change,
    CreateInput,
    UpdateInput,
    ConnectOrCreate,
    One,
    Update,
    Batch,
    Result,
    Merge,
}

/// The types around a list-valued edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EdgeFamily {
    Connection,
    Edge,
    Many,
    LinkFilter,
    LinkWrite,
    Write,
}

/// The types around a polymorphic relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum AnyFamily {
    Union,
    Ref,
    Type,
    Key,
    One,
}

/// The types around a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ChoiceFamily {
    Enum,
    Filter,
    ListFilter,
}

/// What a type is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Seed {
    /// The same for every tenant: its place in the list.
    Builtin(usize),
    Query,
    Mutation,
    Subscription,
    Object(ObjectIx, Family),
    Choice(ObjectIx, FieldIx, ChoiceFamily),
    LinkChoice(LinkIx, FieldIx, ChoiceFamily),
    Edge(ObjectIx, usize, EdgeFamily),
    Any(ObjectIx, RelationIx, AnyFamily),
    CompositeKey(ObjectIx, usize),
    Link(LinkIx),
    LinkInput(LinkIx),
    /// An action of a plugin, by its place, and whether this is what goes in.
    Action(usize, bool),
    /// A query of a plugin, the same.
    PluginQuery(usize, bool),
}

/// Names every type of the schema, with what it is made of.
pub(super) fn sow(view: &View<'_>, add: &mut dyn FnMut(&str, Seed)) {
    add("Query", Seed::Query);
    if !roots::mutations(view).is_empty() || !view.offers.actions().is_empty() {
        add("Mutation", Seed::Mutation);
    }
    add("Subscription", Seed::Subscription);
    for (at, action) in view.offers.actions().iter().enumerate() {
        add(&action.result_type(), Seed::Action(at, false));
        if !action.input.is_empty() {
            add(&action.input_type(), Seed::Action(at, true));
        }
    }
    for (at, query) in view.offers.queries().iter().enumerate() {
        add(&query.result_type(), Seed::PluginQuery(at, false));
        if !query.input.is_empty() {
            add(&query.input_type(), Seed::PluginQuery(at, true));
        }
    }
    for object in view.objects() {
        let name = object.graphql.type_name.as_str();
        let ix = object.ix;
        sow_reads(view, object, add);
        let (made, changed, batched) = (writes::is_made(view, ix), writes::is_changed(view, ix), writes::is_batched(view, ix));
        for (wanted, text, family) in [
            (made, format!("Create{name}Input"), Family::CreateInput),
            (changed, format!("Update{name}Input"), Family::UpdateInput),
            (made, format!("{name}ConnectOrCreate"), Family::ConnectOrCreate),
            (changed, format!("{name}Update"), Family::Update),
            (batched, format!("{name}Batch"), Family::Batch),
            (batched, format!("{name}Result"), Family::Result),
            (roots::is_merged(view, ix), format!("{name}Merge"), Family::Merge),
        ] {
            if wanted {
                add(&text, Seed::Object(ix, family));
            }
        }
        add(&format!("{name}One"), Seed::Object(ix, Family::One));
        add(&format!("{name}Unique"), Seed::Object(ix, Family::Unique));
        for (at, key) in references::composite_keys(view, object) {
            add(&references::composite_name(object, key), Seed::CompositeKey(ix, at));
        }
        for field in view.shown(object) {
            let in_clear = view.policy.may_read_field(ix, field.ix);
            sow_choice(&field.kind, &choice_type(object, field), &mut |text, family| {
                if in_clear || family == ChoiceFamily::Enum {
                    add(text, Seed::Choice(ix, field.ix, family));
                }
            });
        }
        for relation in view.shown_ones(object).filter(|relation| relation.shape == RelationShape::Any) {
            let stem = relation_stem(object, relation);
            for (suffix, family) in [
                ("", AnyFamily::Union),
                ("Ref", AnyFamily::Ref),
                ("Type", AnyFamily::Type),
                ("Key", AnyFamily::Key),
                ("One", AnyFamily::One),
            ] {
                add(&format!("{stem}{suffix}"), Seed::Any(ix, relation.ix, family));
            }
        }
        for (at, edge) in view.edges(object) {
            sow_edge(view, object, (at, edge), add);
        }
    }
}

fn sow_reads(view: &View<'_>, object: &tenon_model::Object, add: &mut dyn FnMut(&str, Seed)) {
    let name = object.graphql.type_name.as_str();
    for (suffix, family) in [
        ("", Family::Type),
        ("Connection", Family::Connection),
        ("Edge", Family::Edge),
        ("Filter", Family::Filter),
        ("Order", Family::Order),
        ("Key", Family::Key),
        ("Ref", Family::Ref),
        ("Many", Family::Many),
        ("GroupBy", Family::GroupBy),
        ("GroupKey", Family::GroupKey),
        ("Aggregate", Family::Aggregate),
        ("AggregateOrder", Family::AggregateOrder),
        ("Having", Family::Having),
        ("Extremes", Family::Extremes),
        ("Distinct", Family::Distinct),
        ("Change", Family::Change),
    ] {
        add(&format!("{name}{suffix}"), Seed::Object(object.ix, family));
    }
    if aggregates::numbers(view, object).next().is_some() {
        for (suffix, family) in [("NumbersHaving", Family::NumbersHaving), ("NumbersOrder", Family::NumbersOrder), ("Sums", Family::Sums)] {
            add(&format!("{name}{suffix}"), Seed::Object(object.ix, family));
        }
    }
    if aggregates::has_integers(view, object) {
        add(&format!("{name}Averages"), Seed::Object(object.ix, Family::Averages));
    }
}

fn sow_choice(kind: &FieldKind, name: &str, add: &mut dyn FnMut(&str, ChoiceFamily)) {
    match kind {
        FieldKind::Choice(_) => {
            add(name, ChoiceFamily::Enum);
            add(&format!("{name}Filter"), ChoiceFamily::Filter);
        }
        FieldKind::Choices(_) => {
            add(name, ChoiceFamily::Enum);
            add(&format!("{name}ListFilter"), ChoiceFamily::ListFilter);
        }
        _ => {}
    }
}

fn sow_edge(view: &View<'_>, object: &tenon_model::Object, (at, edge): (usize, &tenon_model::Edge), add: &mut dyn FnMut(&str, Seed)) {
    let stem = edge_stem(object, edge);
    let mut edge_type = |suffix: &str, family| add(&format!("{stem}{suffix}"), Seed::Edge(object.ix, at, family));
    let writable = writes::is_edge_written(view, edge);
    match edge.kind {
        EdgeKind::Linked { link, .. } => {
            for (suffix, family) in [
                ("Connection", EdgeFamily::Connection),
                ("Edge", EdgeFamily::Edge),
                ("Many", EdgeFamily::Many),
                ("LinkFilter", EdgeFamily::LinkFilter),
            ] {
                edge_type(suffix, family);
            }
            let Some(link) = view.model.link(link) else { return };
            let has_attributes = edges::attributes(link).next().is_some();
            if writable {
                edge_type("Write", EdgeFamily::Write);
                if has_attributes {
                    edge_type("LinkWrite", EdgeFamily::LinkWrite);
                    add(&format!("{}Input", link.graphql), Seed::LinkInput(link.ix));
                }
            }
            add(&link.graphql, Seed::Link(link.ix));
            for field in edges::attributes(link) {
                sow_choice(&field.kind, &link_choice_type(link, field), &mut |text, family| {
                    add(text, Seed::LinkChoice(link.ix, field.ix, family));
                });
            }
        }
        EdgeKind::Children { .. } => {
            if edge.target != object.ix {
                edge_type("Many", EdgeFamily::Many);
            }
            if writable {
                edge_type("Write", EdgeFamily::Write);
            }
        }
        EdgeKind::Descendants { .. } => {}
    }
}

/// Makes a type of its seed.
pub(super) fn grow(view: &View<'_>, seed: Seed, name: &str) -> TypeDef {
    let made = match seed {
        Seed::Builtin(_) => None,
        Seed::Query => Some(roots::query(view)),
        Seed::Mutation => Some(roots::mutation(view)),
        Seed::Subscription => Some(changes::subscription(view)),
        Seed::Object(ix, family) => view.object(ix).map(|object| of_object(view, object, family)),
        Seed::Choice(ix, field, family) => {
            view.object(ix).and_then(|object| object.field(field).map(|field| choices::grow(field, &choice_type(object, field), family)))
        }
        Seed::LinkChoice(ix, field, family) => {
            view.model.link(ix).and_then(|link| link.field(field).map(|field| choices::grow(field, &link_choice_type(link, field), family)))
        }
        Seed::Edge(ix, at, family) => {
            view.object(ix).and_then(|object| object.edges.get(at).map(|edge| edges::grow(view, object, edge, family)))
        }
        Seed::Any(ix, relation, family) => view
            .object(ix)
            .and_then(|object| object.relation(relation).map(|relation| references::grow_any(view, object, relation, family))),
        Seed::CompositeKey(ix, at) => {
            view.object(ix).and_then(|object| object.unique.get(at).map(|key| references::composite(view, object, key)))
        }
        Seed::Link(ix) => view.model.link(ix).map(edges::link),
        Seed::LinkInput(ix) => view.model.link(ix).map(edges::link_input),
        Seed::PluginQuery(at, goes_in) => view.offers.queries().get(at).map(|query| actions::grow(query, goes_in)),
        Seed::Action(at, goes_in) => view.offers.actions().get(at).map(|action| actions::grow(action, goes_in)),
    };
    made.unwrap_or_else(|| TypeDef { name: name.into(), description: None, kind: super::TypeKind::Union(Vec::new()) })
}

fn of_object(view: &View<'_>, object: &tenon_model::Object, family: Family) -> TypeDef {
    match family {
        Family::Type => objects::record(view, object),
        Family::Connection => objects::connection(object),
        Family::Edge => objects::edge(object),
        Family::Change => changes::change(object),
        Family::Filter => filters::filter(view, object),
        Family::Order => filters::order(view, object),
        Family::Many => filters::many(object),
        Family::Ref => references::reference(object),
        Family::Key => references::key(view, object),
        Family::Unique => references::unique(view, object),
        Family::GroupBy
        | Family::GroupKey
        | Family::Aggregate
        | Family::AggregateOrder
        | Family::Having
        | Family::NumbersHaving
        | Family::NumbersOrder
        | Family::Sums
        | Family::Averages
        | Family::Extremes
        | Family::Distinct => aggregates::grow(view, object, family),
        Family::CreateInput
        | Family::UpdateInput
        | Family::ConnectOrCreate
        | Family::One
        | Family::Update
        | Family::Batch
        | Family::Result
        | Family::Merge => writes::grow(view, object, family),
    }
}

/// Whether an action is permitted on an object, in the words of roots and writes.
pub(super) fn may(view: &View<'_>, object: ObjectIx, action: Action) -> bool {
    view.policy.may(object, action)
}
