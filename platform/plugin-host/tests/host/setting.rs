//! A small model, saves of it, and the components that `cargo xtask plugins` builds.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tenon_context::{OpContext, OpContextParts, Principal, Via};
use tenon_hooks::{Asked, HookChange, HookError, Hooks, NoDesk, Operation, Pace, Phase, Verdict};
use tenon_model::{
    Field, FieldIx, FieldKind, GraphqlNames, Model, ModelVersion, Object, ObjectIx, OnDelete, Relation, RelationIx, RelationShape,
    SortRule, State, system,
};
use tenon_plugin_host::{Budgets, CallLimits, PluginHost, PluginPackage};
use tenon_query::Record;
use tenon_value::{DateTime, ElementId, Locale, Localized, Name, RecordId, RequestId, TenantId, Uuid, Value};

/// The place of `opportunity` in the model.
pub(crate) const OPPORTUNITY: ObjectIx = ObjectIx(0);
/// The moment of every save: in Shanghai it is the day after.
pub(crate) const NOW: DateTime = DateTime::from_millis(1_772_308_800_000);

/// A built component's package.
pub(crate) fn package(name: &str) -> PluginPackage {
    PluginPackage::from_file(&component(name)).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the test run says where its plugins are")]
fn component(name: &str) -> PathBuf {
    let target = || match std::env::var_os("CARGO_TARGET_DIR") {
        Some(target) => PathBuf::from(target),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target"),
    };
    let folder = std::env::var_os("TENON_TEST_PLUGINS").map_or_else(|| target().join("plugins"), PathBuf::from);
    let file = folder.join(format!("{name}.wasm"));
    assert!(file.try_exists().unwrap(), "{} is missing: run `cargo xtask plugins`", file.display());
    file
}

/// Limits that do not depend on how busy the machine is.
pub(crate) fn patient() -> Budgets {
    with_calls(CallLimits { wall: Duration::from_secs(20), ..CallLimits::BEFORE })
}

/// Budgets with these limits of a call, in which no breaker trips.
pub(crate) fn with_calls(before: CallLimits) -> Budgets {
    Budgets { before, faults_per_minute: usize::MAX, ..Budgets::default() }
}

/// A host that has these plugins for the tenant of [`model`].
pub(crate) fn host(plugins: &[&str]) -> PluginHost {
    let host = PluginHost::with_budgets(patient()).unwrap();
    for plugin in plugins {
        host.install(tenant(), package(plugin)).unwrap();
    }
    host
}

pub(crate) fn tenant() -> TenantId {
    TenantId(Uuid::from_u128(1))
}

/// One object, `opportunity`, as far as the plugins care.
pub(crate) fn model() -> Arc<Model> {
    let text = || FieldKind::Text { max: 255, min: 0, pattern: None };
    let choices = FieldKind::Choice(Vec::new());
    let own = [
        ("name", text()),
        ("stage", choices),
        ("amount", FieldKind::Money { scale: 2, min: None, max: None }),
        ("close_date", FieldKind::Date),
        ("next_step", text()),
        ("api_key", FieldKind::Secret),
    ];
    let kept = [
        ("id", FieldKind::Id),
        ("version", FieldKind::Integer { min: None, max: None }),
        ("created_at", FieldKind::DateTime),
        ("updated_at", FieldKind::DateTime),
        ("deleted_at", FieldKind::DateTime),
    ];
    let fields: Vec<Field> = kept.into_iter().chain(own).enumerate().map(|(ix, (name, kind))| field(ix, name, kind)).collect();
    let relations: Vec<Relation> = ["owner", "created_by", "updated_by", "parent"].into_iter().enumerate().map(relation).collect();
    let object = Object {
        ix: OPPORTUNITY,
        id: ElementId::derive("crm", "opportunity"),
        name: Name::known("opportunity"),
        plural: Name::known("opportunities"),
        graphql: GraphqlNames {
            type_name: "Opportunity".to_owned(),
            single: "opportunity".to_owned(),
            plural: "opportunities".to_owned(),
            plural_type: "Opportunities".to_owned(),
        },
        label: Localized::default(),
        plural_label: Localized::default(),
        about: Localized::default(),
        icon: None,
        display: None,
        table: "o_1".to_owned(),
        fields_by_name: fields.iter().map(|field| (field.name.clone(), field.ix)).collect(),
        relations_by_name: relations.iter().map(|relation| (relation.name.clone(), relation.ix)).collect(),
        fields,
        relations,
        edges: Vec::new(),
        unique: Vec::new(),
        tree: None,
        views: Vec::new(),
        layouts: Vec::new(),
        access: Vec::new(),
        sharing: Vec::new(),
        reaches: Vec::new(),
        reached: Vec::new(),
        package: Name::known("crm"),
        state: State::Active,
        aliases: Vec::new(),
    };
    let by_name = HashMap::from([(object.name.clone(), object.ix)]);
    Arc::new(Model { objects: vec![Arc::new(object)], by_name, ..Model::empty(tenant(), ModelVersion(1)) })
}

fn field(ix: usize, name: &str, kind: FieldKind) -> Field {
    let is_system = ix < system::FIELDS;
    Field {
        ix: FieldIx(u16::try_from(ix).unwrap()),
        id: ElementId::derive("crm", name),
        name: Name::known(name),
        graphql: name.to_owned(),
        label: Localized::default(),
        about: Localized::default(),
        kind,
        required: false,
        unique: false,
        read_only: is_system,
        personal: false,
        system: is_system,
        default: Value::Null,
        sort: SortRule::Fold,
        columns: Vec::new(),
        past: None,
        package: Name::known("crm"),
        state: State::Active,
        aliases: Vec::new(),
    }
}

fn relation((ix, name): (usize, &str)) -> Relation {
    Relation {
        ix: RelationIx(u16::try_from(ix).unwrap()),
        id: ElementId::derive("crm", name),
        name: Name::known(name),
        graphql: name.to_owned(),
        label: Localized::default(),
        about: Localized::default(),
        shape: RelationShape::One,
        targets: vec![OPPORTUNITY],
        required: false,
        read_only: ix < system::RELATIONS,
        system: ix < system::RELATIONS,
        on_delete: OnDelete::Clear,
        tree: false,
        part_of: false,
        column: name.to_owned(),
        kind_column: None,
        package: Name::known("crm"),
        state: State::Active,
        aliases: Vec::new(),
    }
}

#[expect(clippy::disallowed_methods, reason = "a test says who acts")]
pub(crate) fn context() -> OpContext {
    OpContext::assume(OpContextParts {
        model: model(),
        principal: Principal::system(),
        now: NOW,
        deadline: None,
        request: RequestId::generate(),
        locale: Locale::En,
        via: Via::Graphql,
    })
}

/// A record with these fields.
pub(crate) fn record(values: &[(&str, Value)]) -> Record {
    let model = model();
    let object = model.object(OPPORTUNITY).unwrap();
    let mut record = Record::empty(object, RecordId(Uuid::from_u128(7)));
    for (name, value) in values {
        record.set_field(object.field_named(name).unwrap().ix, value.clone());
    }
    record
}

/// The place of a field.
pub(crate) fn ix(name: &str) -> FieldIx {
    model().object(OPPORTUNITY).unwrap().field_named(name).unwrap().ix
}

/// Asks about new records of these names.
pub(crate) async fn create(host: &PluginHost, names: &[&str]) -> Result<Vec<Verdict>, HookError> {
    let records: Vec<Record> = names.iter().map(|name| record(&[("name", Value::text(*name))])).collect();
    let changes: Vec<HookChange<'_>> = records.iter().map(|new| HookChange { old: None, new, changed: vec!["name".to_owned()] }).collect();
    ask(host, Phase::BeforeSave, Operation::Create, &changes).await
}

/// Asks about one new record.
pub(crate) async fn create_with(host: &PluginHost, values: &[(&str, Value)]) -> Result<Vec<Verdict>, HookError> {
    let (new, changed) = (record(values), values.iter().map(|(name, _)| (*name).to_owned()).collect());
    ask(host, Phase::BeforeSave, Operation::Create, &[HookChange { old: None, new: &new, changed }]).await
}

/// Asks about one change of a record.
pub(crate) async fn update(host: &PluginHost, old: &[(&str, Value)], new: &[(&str, Value)]) -> Result<Vec<Verdict>, HookError> {
    let (old, new, changed) = (record(old), record(new), new.iter().map(|(name, _)| (*name).to_owned()).collect());
    ask(host, Phase::BeforeSave, Operation::Update, &[HookChange { old: Some(&old), new: &new, changed }]).await
}

/// Asks as the pipeline does, with nobody at the desk.
pub(crate) async fn ask(
    host: &PluginHost,
    phase: Phase,
    operation: Operation,
    changes: &[HookChange<'_>],
) -> Result<Vec<Verdict>, HookError> {
    let cx = context();
    let tree = host.enter(&cx, Pace::Save).await?;
    host.ask(&cx, Asked { phase, object: OPPORTUNITY, operation, changes }, &tree, &mut NoDesk).await
}
