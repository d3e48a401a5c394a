//! A tenant with a small model on either database, and words to write and look with.

use std::path::Path;
use std::sync::Arc;

use tenon_access::Policy;
use tenon_compiler::{SourceFile, assemble, read, unnamed};
use tenon_context::{ActorKind, OpContext, OpContextParts, Principal, Via};
use tenon_diagnostics::{InputPath, Problem};
use tenon_hooks::{Hooks, NoHooks};
use tenon_model::{EdgeKind, FieldIx, Model, ModelVersion, Object, ObjectIx, Physical, RelationIx, Settings};
use tenon_query::{Action, Batch, BatchMode, Deleted, ManyWrite, OneWrite, Record, RecordInput, Write};
use tenon_records::{BatchRow, Mutation, Pipeline, RecordsError, Status, Step, StepOutcome};
use tenon_store::{Database, Lock, NewTenant, PhysicalKind, Store, StoreConfig};
use tenon_value::{DateTime, Json, Locale, Name, RecordId, RequestId, Uuid, Value};

const MODEL: &[(&str, &str)] = &[
    ("user", "fields:\n  name: { type: text, required: true }\n"),
    ("currency", "display: code\nfields:\n  code: { type: text, required: true, unique: true }\n"),
    (
        "exchange_rate",
        "fields:\n  date: { type: date, required: true }\n  rate: { type: decimal, scale: 6, required: true }\nrelations:\n  currency: { to: currency, required: true, on_delete: restrict }\n",
    ),
    (
        "account",
        "fields:\n  name: { type: text, required: true, max: 50 }\n  code: { type: text, unique: true }\n  size: { type: integer, min: 0 }\nrelations:\n  parent: { to: account, tree: true, on_delete: clear, inverse: { name: children } }\n",
    ),
    (
        "contact",
        "fields:\n  last_name: { type: text, required: true }\n  first_name: { type: text }\nrelations:\n  account: { to: account, on_delete: clear, inverse: { name: contacts } }\n",
    ),
    (
        "deal",
        "plural: deals\nunique: { by_account_and_name: [account, name] }\nfields:\n  name: { type: text, required: true }\n  number: { type: auto_number, format: \"D-{yyyy}-{0000}\" }\n  amount: { type: money }\n  is_key: { type: boolean }\n  stage: { type: choice, default: open, options: [open, won, lost] }\nrelations:\n  account: { to: account, on_delete: restrict, inverse: { name: deals } }\n  people: { to: contact, many: true, inverse: { name: deals }, link: { role: { type: choice, options: [buyer, user] } } }\n",
    ),
    (
        "line",
        "fields:\n  name: { type: text, required: true }\n  quantity: { type: decimal, scale: 2 }\nrelations:\n  deal: { to: deal, part_of: true, inverse: { name: lines } }\n",
    ),
];

/// A tenant on one database.
pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) pipeline: Pipeline,
    pub(crate) cx: OpContext,
    pub(crate) policy: Policy,
    _folder: tempfile::TempDir,
}

/// Runs a test on every database there is.
pub(crate) fn everywhere<F: Future<Output = ()>>(test: impl Fn(House) -> F) {
    everywhere_with(Arc::new(NoHooks), test);
}

/// The same, with hooks.
pub(crate) fn everywhere_with<F: Future<Output = ()>>(hooks: Arc<dyn Hooks>, test: impl Fn(House) -> F) {
    #[expect(clippy::disallowed_methods, reason = "where the test cluster is, only the environment knows")]
    let cluster = std::env::var("TENON_TEST_POSTGRES").ok().filter(|url| !url.is_empty());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        test(house(Database::Sqlite, Arc::clone(&hooks)).await).await;
        if let Some(url) = cluster {
            test(house(Database::Postgres { url }, hooks).await).await;
        }
    });
}

async fn house(database: Database, hooks: Arc<dyn Hooks>) -> House {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(StoreConfig::new(folder.path().join("data"), database)).await.unwrap();
    let settings = Settings { sandbox: true, ..Settings::default() };
    let name = format!("t{}", Uuid::now_v7().simple());
    let now = moment("2026-03-09T04:00:00Z");
    let tenant = store.tenant_create(&NewTenant { name, sandbox: true, settings: settings.clone(), created_at: now }).await.unwrap();
    let model = Arc::new(install(&store, tenant.id, &settings).await);
    #[expect(clippy::disallowed_methods, reason = "this crate's tests stand below identity")]
    let cx = OpContext::assume(OpContextParts {
        model,
        principal: Principal {
            kind: ActorKind::ApiKey,
            id: Uuid::now_v7(),
            display: "test".to_owned(),
            roles: vec![Principal::ADMINISTRATOR.to_owned()],
            ..Principal::system()
        },
        now,
        deadline: None,
        request: RequestId::generate(),
        locale: Locale::En,
        via: Via::Graphql,
    });
    let policy = Policy::resolve(&cx.model, &cx.principal);
    House { pipeline: Pipeline::new(store.clone(), hooks), store, cx, policy, _folder: folder }
}

async fn install(store: &Store, tenant: tenon_value::TenantId, settings: &Settings) -> Model {
    let text = |(object, rest): &(&str, &str)| {
        let path = Path::new("objects").join(object).join("object.yaml");
        let label = "label: { en: X, zh: 某 }\n";
        SourceFile::new(path.to_string_lossy(), format!("format: tenon/v1\nobject: {object}\n{label}{rest}"))
    };
    let files: Vec<SourceFile> = MODEL.iter().map(text).collect();
    let read = read(&Name::known("tenant"), &files);
    assert!(read.diagnostics.iter().all(|one| one.severity != tenon_diagnostics::Severity::Error), "{:#?}", read.diagnostics);
    let mut tx = store.metadata_begin(tenant).await.unwrap();
    let version = ModelVersion(tx.version().0 + 1);
    tx.put_elements(&read.layer.package, &read.layer.elements).await.unwrap();
    let layers = [read.layer];
    let mut physical = Physical::default();
    let named = |physical: &Physical| {
        let assembled = assemble(tenant, version, settings, &layers, physical);
        assembled.model.unwrap_or_else(|| panic!("{:#?}", assembled.diagnostics))
    };
    for (id, kind) in unnamed(&named(&physical), &physical) {
        let kind = match kind {
            tenon_compiler::PhysicalKind::Table => PhysicalKind::Object,
            tenon_compiler::PhysicalKind::Link => PhysicalKind::Link,
            tenon_compiler::PhysicalKind::Column => PhysicalKind::Field,
        };
        let name = tx.new_physical(kind).await.unwrap();
        tx.put_physical(id, &name).await.unwrap();
        physical.names.insert(id, name);
    }
    let model = named(&physical);
    tx.shape(None, &model).await.unwrap();
    tx.commit(version).await.unwrap();
    model
}

pub(crate) fn moment(text: &str) -> DateTime {
    text.parse().unwrap()
}

pub(crate) fn text(text: &str) -> Value {
    Value::text(text)
}

impl House {
    pub(crate) fn object(&self, name: &str) -> &Object {
        self.cx.model.object_named(name).unwrap()
    }

    pub(crate) fn ix(&self, object: &str) -> ObjectIx {
        self.object(object).ix
    }

    pub(crate) fn field(&self, object: &str, field: &str) -> FieldIx {
        self.object(object).field_named(field).unwrap().ix
    }

    pub(crate) fn relation(&self, object: &str, relation: &str) -> RelationIx {
        self.object(object).relation_named(relation).unwrap().ix
    }

    pub(crate) fn edge(&self, object: &str, edge: &str) -> EdgeKind {
        self.object(object).edge_named(edge).unwrap().kind
    }

    pub(crate) fn key(&self, object: &str, key: &str) -> usize {
        self.object(object).unique.iter().position(|one| one.name.as_str() == key).unwrap()
    }

    /// An input with these fields, standing at `input`.
    pub(crate) fn input(&self, object: &str, fields: &[(&str, Value)]) -> RecordInput {
        let fields = fields.iter().map(|(name, value)| (self.field(object, name), value.clone())).collect();
        RecordInput { fields, path: InputPath::default().key("input"), ..RecordInput::default() }
    }

    /// Inputs of a batch, standing at `inputs`, each with one field.
    pub(crate) fn inputs(&self, object: &str, rows: &[&[(&str, Value)]]) -> Vec<RecordInput> {
        let at = |index: usize| InputPath::default().key("inputs").index(index);
        rows.iter().enumerate().map(|(index, fields)| RecordInput { path: at(index), ..self.input(object, fields) }).collect()
    }

    pub(crate) fn with_one(&self, object: &str, relation: &str, mut input: RecordInput, write: OneWrite) -> RecordInput {
        input.ones.push((self.relation(object, relation), write));
        input
    }

    pub(crate) fn with_many(&self, object: &str, edge: &str, mut input: RecordInput, write: ManyWrite) -> RecordInput {
        input.manys.push((self.edge(object, edge), write));
        input
    }

    pub(crate) async fn write(&self, write: Write) -> Result<StepOutcome, RecordsError> {
        let mutation = Mutation { steps: vec![Step { write, answer: None }], idempotency: None };
        self.pipeline.write(&self.cx, &self.policy, &mutation).await.map(|outcomes| outcomes.into_iter().next().unwrap())
    }

    /// One record written, that must succeed.
    pub(crate) async fn one(&self, write: Write) -> (RecordId, Status) {
        match self.write(write).await.unwrap() {
            StepOutcome::One { id, status, .. } => (id, status),
            _ => panic!("one record"),
        }
    }

    pub(crate) async fn create(&self, object: &str, fields: &[(&str, Value)]) -> RecordId {
        self.one(Write::Create(self.ix(object), self.input(object, fields))).await.0
    }

    pub(crate) async fn batch(&self, object: &str, batch: Batch, mode: BatchMode) -> Result<Vec<BatchRow>, RecordsError> {
        match self.write(Write::Batch(self.ix(object), batch, mode)).await? {
            StepOutcome::Batch { rows, .. } => Ok(rows),
            _ => panic!("a batch"),
        }
    }

    /// The problems of a write that must fail.
    pub(crate) async fn problems(&self, write: Write) -> Vec<Problem> {
        problems(self.write(write).await.unwrap_err())
    }

    /// A record as it is stored, live or deleted.
    pub(crate) async fn find(&self, object: &str, id: RecordId) -> Option<Record> {
        let table = self.policy.table(&self.cx.model, self.ix(object), Action::Read, tenon_access::Place::Root).unwrap();
        let mut tx = self.store.begin(&self.cx).await.unwrap();
        let found = tx.load(&table, &[id], Deleted::Include, Lock::None).await.unwrap();
        tx.rollback().await.unwrap();
        found.into_iter().next()
    }

    pub(crate) async fn get(&self, object: &str, id: RecordId) -> Record {
        self.find(object, id).await.unwrap()
    }

    pub(crate) async fn value(&self, object: &str, id: RecordId, field: &str) -> Value {
        self.get(object, id).await.field(self.field(object, field)).clone()
    }

    pub(crate) async fn to(&self, object: &str, id: RecordId, relation: &str) -> Option<RecordId> {
        self.get(object, id).await.relation(self.relation(object, relation)).as_id().map(RecordId)
    }

    pub(crate) async fn is_live(&self, object: &str, id: RecordId) -> bool {
        self.get(object, id).await.field(tenon_model::system::DELETED_AT).is_null()
    }

    pub(crate) async fn count(&self, object: &str) -> u64 {
        self.store.row_count(&self.cx.model, self.ix(object)).await.unwrap()
    }
}

pub(crate) fn problems(error: RecordsError) -> Vec<Problem> {
    match error {
        RecordsError::Problems { problems, .. } => problems.as_slice().to_vec(),
        other => panic!("{other:?}"),
    }
}

/// `code rule field path`, as a program reads a problem.
pub(crate) fn told(problem: &Problem) -> String {
    let path: Vec<String> = problem
        .input_path
        .to_json()
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned))
        .collect();
    let (rule, field) = (problem.rule.as_deref().or(problem.limit).unwrap_or("-"), problem.field.as_deref().unwrap_or("-"));
    format!("{} {rule} {field} {}", problem.kind.code(), path.join("."))
}

pub(crate) fn detail(problem: &Problem, name: &str) -> Json {
    problem.details.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone()).unwrap_or_default()
}
